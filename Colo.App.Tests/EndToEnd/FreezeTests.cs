using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>Processes of a node stand still (SIGSTOP), or its keeper dies, alone or with it. <c>silence = wait</c> throughout.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class FreezeTests(ITestOutputHelper output)
{
    private const int Kill = 9;
    private const int Stop = 19;
    private const int Continue = 18;

    [PairFact]
    public void A_primary_that_stood_still_for_two_seconds_goes_on_as_the_only_voice() => PairFixture.Run(output, f =>
    {
        // The guest's timers ran on: what it sends again when it wakes may follow the first copy, which was held, closely.
        using var watch = new WireWatch(f.Pair.Network, minimumRto: TimeSpan.Zero, patience: PairFixture.Patience);
        using var load = f.Load(Faults.Mixed);
        load.Snapshot(reset: true);
        f.Pair.Node('a').Signal(Stop);
        f.Pair.Pause(TimeSpan.FromSeconds(2));
        Assert.True(f.Pair.Node('b').TryStatus() is { Role: "secondary" }, "the secondary did not wait: " + f.Pair.Node('b').TryStatus()?.Json);
        f.Pair.Node('a').Signal(Continue);
        PairFixture.GoOn(load, "after the freeze");
        f.Print($"longest TCP gap {load.Snapshot(reset: true).LongestTcpGapUs} us");
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        // Protected indeed.
        watch.AnnounceTakeover('b');
        f.Pair.Kill('a');
        PairFixture.GoOn(load, "after the death of the primary");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void A_secondary_that_stood_still_is_left_behind_and_comes_back() => PairFixture.Run(output, f =>
    {
        // Output is held for longer than the guest's own retransmission time-out: what its TCP then sends again may follow the first copy closely.
        using var watch = new WireWatch(f.Pair.Network, minimumRto: TimeSpan.Zero, patience: PairFixture.Patience);
        using var load = f.Load(Faults.Mixed);
        load.Snapshot(reset: true);
        f.Pair.Node('b').Signal(Stop);
        f.Pair.WaitState('a', "primary", "unprotected", TimeSpan.FromSeconds(5));
        PairFixture.GoOn(load, "alone", replies: 10);
        var gap = load.Snapshot(reset: true).LongestTcpGapUs;
        f.Print($"longest TCP gap {gap} us");
        Assert.True(gap <= PairFixture.SilenceGapUs, $"the clients waited {gap} us");
        f.Pair.Node('b').Signal(Continue);
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        watch.AnnounceTakeover('b');
        f.Pair.Kill('a');
        PairFixture.GoOn(load, "after the death of the primary");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void A_secondary_that_slept_through_the_primarys_going_alone_does_not_take_over_its_death() => PairFixture.Run(output, f =>
    {
        // Output is held for longer than the guest's own retransmission time-out: what its TCP then sends again may follow the first copy closely.
        using var watch = new WireWatch(f.Pair.Network, minimumRto: TimeSpan.Zero, patience: PairFixture.Patience);
        using var load = f.Load(Faults.Mixed);
        f.Pair.Node('b').Signal(Stop);
        f.Pair.WaitState('a', "primary", "unprotected", TimeSpan.FromSeconds(5));
        PairFixture.GoOn(load, "alone", replies: 10);
        f.Pair.Kill('a');
        Assert.True(f.Pair.Node('a').WaitForExit(PairFixture.TakeoverLimit));
        f.Pair.Node('b').Signal(Continue);
        // Clients have answers that this node's guest has never given: the guest is lost, and must not come back older.
        for (var i = 0; i < 8; i++)
        {
            f.Pair.Pause(TimeSpan.FromMilliseconds(200));
            Assert.True(f.Pair.Node('b').TryStatus() is { Role: "secondary" }, "the outdated node: " + f.Pair.Node('b').TryStatus()?.Json);
        }

        PairFixture.AssertClean(watch);
    });

    [PairTheory]
    [InlineData('a')]
    [InlineData('b')]
    public void A_keeper_that_is_killed_is_started_again_and_nothing_else_happens(char node) => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        load.Snapshot(reset: true);
        for (var round = 1; round <= 3; round++)
        {
            var keeper = Keeper(f, node);
            Assert.Equal(0, NativeDemo.kill(keeper, Kill));
            Assert.True(PairFixture.Until(TimeSpan.FromSeconds(5), () => f.Pair.Node(node).Keeper() is { } other && other != keeper), "no other keeper came");
            PairFixture.GoOn(load, $"round {round}");
        }

        var gap = load.Snapshot(reset: true).LongestTcpGapUs;
        f.Print($"longest TCP gap {gap} us");
        Assert.True(gap < PairFixture.ToldGapUs, $"the clients waited {gap} us");
        f.Pair.WaitProtected('a', TimeSpan.FromSeconds(2));
        Assert.Equal(0, f.Pair.Node('a').TryStatus()!.Failovers);
        if (node == 'a')
        {
            // The new one does its work.
            f.Pair.Pause(TimeSpan.FromMilliseconds(500));
            Assert.Contains("told by its keeper", TakeoverByDeath(f, load, watch, () => f.Pair.Kill('a')), StringComparison.Ordinal);
        }

        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void A_keeper_that_stands_still_harms_nothing_and_the_call_back_does_its_work() => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        load.Snapshot(reset: true);
        var keeper = Keeper(f, 'a');
        try
        {
            Assert.Equal(0, NativeDemo.kill(keeper, Stop));
            PairFixture.GoOn(load, "without a keeper", replies: 30);
            f.Pair.WaitProtected('a', TimeSpan.FromSeconds(2));
            Assert.Contains("process is gone", TakeoverByDeath(f, load, watch, () => f.Pair.Kill('a')), StringComparison.Ordinal);
            // It wakes when all is over, and tells of a death that everybody knows.
            Assert.Equal(0, NativeDemo.kill(keeper, Continue));
            PairFixture.GoOn(load, "after the keeper woke", replies: 10);
        }
        finally
        {
            _ = NativeDemo.kill(keeper, Continue);
        }

        f.Pair.Start('a', "secondary");
        f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void Keeper_and_node_die_at_once_and_the_call_back_brings_the_takeover() => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        var primary = 'a';
        for (var round = 1; round <= 3; round++)
        {
            load.Snapshot(reset: true);
            var keeper = Keeper(f, primary);
            var dying = primary;
            // The keeper first: it could still tell in the moment between.
            Assert.Contains("process is gone", TakeoverByDeath(f, load, watch, () =>
            {
                _ = NativeDemo.kill(keeper, Kill);
                f.Pair.Kill(dying);
            }, primary), StringComparison.Ordinal);
            f.Pair.Start(primary, "secondary");
            primary = DemoPair.Other(primary);
            f.Pair.WaitProtected(primary, PairFixture.ProtectLimit);
        }

        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    /// <summary>Has the primary die, and gives what the survivor's log says of its takeover.</summary>
    internal static string TakeoverByDeath(PairFixture f, LoadGenerator load, WireWatch watch, Action death, char primary = 'a')
    {
        var survivor = DemoPair.Other(primary);
        var mark = f.MarkLogs();
        load.Snapshot(reset: true);
        watch.AnnounceTakeover(survivor);
        death();
        PairFixture.GoOn(load, "after the takeover");
        var status = f.Pair.WaitState(survivor, "primary", "unprotected", PairFixture.TakeoverLimit);
        var line = f.LogsSince(mark).Split('\n').FirstOrDefault(l => l.Contains("TOOK OVER", StringComparison.Ordinal)) ?? "";
        f.Print($"takeover in {status.TakeoverMicroseconds} us, longest TCP gap {load.Snapshot(reset: true).LongestTcpGapUs} us: {line}");
        return line;
    }

    internal static int Keeper(PairFixture f, char node)
    {
        int? keeper = null;
        Assert.True(PairFixture.Until(TimeSpan.FromSeconds(2), () => (keeper = f.Pair.Node(node).Keeper()) is not null), $"node {node} has no keeper");
        return keeper!.Value;
    }
}
