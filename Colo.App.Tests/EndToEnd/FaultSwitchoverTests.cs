using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>A planned switchover (SIGTERM of the primary) in the middle of which a node dies or stands still.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class FaultSwitchoverTests(ITestOutputHelper output)
{
    private const int Term = 15;
    private const int Continue = 18;

    [FaultFact]
    public void The_secondary_dies_before_it_has_the_planned_checkpoint_and_the_guest_goes_on_at_the_primary() => PairFixture.Run(output, FaultBinary.Path!, StandsStillAt('a', "primary-captured-for-handover"), f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        f.Pair.Node('a').Signal(Term);
        Faults.AssertStopped(f, 'a', "primary-captured-for-handover");
        f.Pair.Kill('b');
        Assert.True(f.Pair.Node('b').WaitForExit(PairFixture.TakeoverLimit));
        f.Pair.Node('a').Signal(Continue);
        GoesOnAt(f, load, watch, 'a');
        SwitchOverAgain(f, load, watch);
    });

    [FaultTheory]
    [InlineData("secondary-takeover")]
    public void The_secondary_dies_when_it_is_given_the_guest_and_the_guest_goes_on_at_the_primary(string point) => PairFixture.Run(output, FaultBinary.Path!, f =>
    {
        Faults.Prepare(f, 'b', point);
        Faults.Arm(f);
        f.Pair.StartProtected(PairFixture.ProtectLimit);
    }, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        load.Snapshot(reset: true);
        f.Pair.Node('a').Signal(Term);
        Faults.AssertFell(f, 'b', point);
        GoesOnAt(f, load, watch, 'a');
        SwitchOverAgain(f, load, watch);
    });

    [FaultTheory]
    [InlineData("primary-captured-for-handover")]
    [InlineData("primary-before-handover")]
    [InlineData("primary-after-handover")]
    public void The_primary_dies_in_the_switchover_and_the_guest_goes_on_at_the_secondary(string point) => PairFixture.Run(output, FaultBinary.Path!, f =>
    {
        Faults.Prepare(f, 'a', point);
        Faults.Arm(f);
        f.Pair.StartProtected(PairFixture.ProtectLimit);
    }, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        load.Snapshot(reset: true);
        watch.AnnounceTakeover('b');
        f.Pair.Node('a').Signal(Term);
        Faults.AssertFell(f, 'a', point);
        GoesOnAt(f, load, watch, 'b');
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [FaultFact]
    public void A_primary_that_stands_still_after_the_handover_does_not_speak_again() => PairFixture.Run(output, FaultBinary.Path!, StandsStillAt('a', "primary-after-handover"), f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        load.Snapshot(reset: true);
        watch.AnnounceTakeover('b');
        f.Pair.Node('a').Signal(Term);
        Faults.AssertStopped(f, 'a', "primary-after-handover");
        GoesOnAt(f, load, watch, 'b');
        // Longer than the failover timeout: when it wakes, it has heard nothing for that long.
        f.Pair.Pause(TimeSpan.FromSeconds(1));
        f.Pair.Node('a').Signal(Continue);
        EndsInOrder(f, 'a', "the former primary does not end");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [FaultFact]
    public void With_the_link_cut_after_the_handover_the_former_primary_stays_silent() => PairFixture.Run(output, FaultBinary.Path!, StandsStillAt('b', "secondary-takeover"), f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        watch.AnnounceTakeover('b');
        f.Pair.Node('a').Signal(Term);
        // It has read the handover and answers into the cut link: the primary cannot know whether it was heard.
        Faults.AssertStopped(f, 'b', "secondary-takeover");
        DemoNetwork.SetLink(f.Pair.Network.HostA, up: false);
        f.Pair.Node('b').Signal(Continue);
        GoesOnAt(f, load, watch, 'b');
        // Longer than any time limit of the configuration.
        f.Pair.Pause(TimeSpan.FromSeconds(3));
        DemoNetwork.SetLink(f.Pair.Network.HostA, up: true);
        EndsInOrder(f, 'a', "the former primary does not end when it hears of the other one");
        PairFixture.GoOn(load, "with the link whole again");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [FaultFact]
    public void A_primary_that_is_told_to_end_while_the_operator_hands_the_guest_over_ends_with_that() => PairFixture.Run(output, FaultBinary.Path!, StandsStillAt('b', "secondary-takeover"), f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        load.Snapshot(reset: true);
        watch.AnnounceTakeover('b');
        var failover = Task.Run(() => ChildProcess.Capture(FaultBinary.Path!, ["failover", "--config", f.Pair.Files('a').Config]));
        Faults.AssertStopped(f, 'b', "secondary-takeover");
        f.Pair.Node('a').Signal(Term);
        f.Pair.Node('a').Signal(Term);
        f.Pair.Pause(TimeSpan.FromMilliseconds(200));
        Assert.False(f.Pair.Node('a').HasExited, "it does not wait for the other node's word");
        f.Pair.Node('b').Signal(Continue);
        GoesOnAt(f, load, watch, 'b');
        Assert.Equal(0, failover.Result.Code);
        EndsInOrder(f, 'a', "the former primary goes on as a secondary although it was told to end");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [FaultFact]
    public void A_secondary_that_is_told_to_end_in_the_middle_of_a_handover_makes_no_second_voice() => PairFixture.Run(output, FaultBinary.Path!, f =>
    {
        Faults.Prepare(f, 'a', "primary-after-handover", stop: true);
        Faults.Prepare(f, 'b', "secondary-acknowledged", stop: true);
        f.Pair.StartProtected(PairFixture.ProtectLimit);
    }, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        watch.PermitTakeover('b');
        Faults.Arm(f);
        // With the next checkpoint it stands still, and is told to end before it reads anything more.
        Faults.AssertStopped(f, 'b', "secondary-acknowledged");
        f.Pair.Node('a').Signal(Term);
        f.Pair.Node('b').Signal(Term);
        f.Pair.Pause(TimeSpan.FromMilliseconds(100));
        f.Pair.Node('b').Signal(Continue);
        if (PairFixture.Until(TimeSpan.FromSeconds(2), () => Faults.IsStopped(f.Pair.Node('a').Pid)))
            f.Pair.Node('a').Signal(Continue);
        EndsInOrder(f, 'b', "the secondary does not end");
        // Either it had left before it was handed the guest, and that goes on at the primary, or it had it and has powered it off.
        Assert.True(
            PairFixture.Until(PairFixture.TakeoverLimit, () => f.Pair.Node('a').HasExited || f.Pair.Node('a').TryStatus() is { Role: "primary", State: "unprotected" }),
            $"nobody has the guest:\n{f.Pair.Logs(30)}");
        f.Print(f.Pair.Node('a').HasExited ? "the secondary had the guest, and has ended it" : "the guest stayed at the primary");
        PairFixture.AssertClean(watch);
    });

    [FaultFact]
    public void The_primary_is_killed_right_after_it_was_told_to_hand_over() => PairFixture.Run(output, FaultBinary.Path!, f => f.Pair.StartProtected(PairFixture.ProtectLimit), f =>
    {
        var random = new Random(f.Seed);
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        var primary = 'a';
        for (var round = 1; round <= 6; round++)
        {
            var survivor = DemoPair.Other(primary);
            load.Snapshot(reset: true);
            watch.AnnounceTakeover(survivor);
            f.Pair.Node(primary).Signal(Term);
            var delay = random.Next(0, 8_000);
            var until = Colo.Linux.MonotonicClock.Now + (delay * 1_000L);
            while (Colo.Linux.MonotonicClock.Now < until)
                Thread.SpinWait(20);
            f.Pair.Kill(primary);
            Assert.True(f.Pair.Node(primary).WaitForExit(PairFixture.TakeoverLimit));
            f.Print($"round {round}: killed {delay} us after SIGTERM, it ended with {f.Pair.Node(primary).ExitCode}");
            GoesOnAt(f, load, watch, survivor);
            f.Pair.Start(primary, "secondary");
            f.Pair.WaitProtected(survivor, PairFixture.ProtectLimit);
            primary = survivor;
        }

        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    /// <summary>A protected pair of which one node stands still as soon as it comes to a place.</summary>
    private static Action<PairFixture> StandsStillAt(char node, string point) => f =>
    {
        Faults.Prepare(f, node, point, stop: true);
        Faults.Arm(f);
        f.Pair.StartProtected(PairFixture.ProtectLimit);
    };

    private static void EndsInOrder(PairFixture f, char node, string otherwise)
    {
        Assert.True(f.Pair.Node(node).WaitForExit(PairFixture.TakeoverLimit), otherwise);
        Assert.Equal(0, f.Pair.Node(node).ExitCode);
    }

    private static void GoesOnAt(PairFixture f, LoadGenerator load, WireWatch watch, char node)
    {
        PairFixture.GoOn(load, $"at node {node}");
        f.Pair.WaitState(node, "primary", "unprotected", PairFixture.TakeoverLimit);
        f.Print($"the guest goes on at node {node}, longest TCP gap {load.Snapshot(reset: true).LongestTcpGapUs} us, {watch.Report().GuestFrames} frames so far");
    }

    /// <summary>What was begun and failed can be done once more.</summary>
    private static void SwitchOverAgain(PairFixture f, LoadGenerator load, WireWatch watch)
    {
        Faults.Disarm(f);
        Faults.Forget(f, 'b');
        f.Pair.Start('b', "secondary");
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        watch.AnnounceTakeover('b');
        f.Pair.Node('a').Signal(Term);
        EndsInOrder(f, 'a', "the second SIGTERM did not end the primary");
        GoesOnAt(f, load, watch, 'b');
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    }
}
