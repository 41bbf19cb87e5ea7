using System.Text;
using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>A node dies by SIGKILL at each step of the checkpoint protocol, under load and in the first sync.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class FaultTests(ITestOutputHelper output)
{
    [FaultTheory]
    [InlineData("primary-in-pages")]
    [InlineData("primary-stopped")]
    [InlineData("primary-captured")]
    [InlineData("primary-before-final")]
    [InlineData("primary-in-final")]
    [InlineData("primary-before-state")]
    [InlineData("primary-before-end")]
    [InlineData("primary-after-end")]
    [InlineData("primary-acknowledged")]
    [InlineData("primary-released")]
    [InlineData("primary-loaded")]
    public void The_primary_dies_in_a_checkpoint_and_every_connection_goes_on(string point) => PairFixture.Run(output, FaultBinary.Path!, f =>
    {
        Faults.Prepare(f, 'a', point, Pass(f, point));
        f.Pair.StartProtected(PairFixture.ProtectLimit);
    }, f =>
    {
        using var watch = f.Watch();
        using var load = Begin(f, point);
        load.Snapshot(reset: true);
        watch.AnnounceTakeover('b');
        Faults.Arm(f);
        Faults.AssertFell(f, 'a', point);
        PairFixture.GoOn(load, point);
        var status = f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
        var gap = load.Snapshot(reset: true).LongestTcpGapUs;
        f.Print($"{point}: takeover in {status.TakeoverMicroseconds} us, longest TCP gap {gap} us");
        Faults.Forget(f, 'a');
        f.Pair.Start('a', "secondary");
        f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
        PairFixture.GoOn(load, "protected again");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [FaultTheory]
    [InlineData("secondary-in-pages")]
    [InlineData("secondary-in-final")]
    [InlineData("secondary-after-state")]
    [InlineData("secondary-before-complete")]
    [InlineData("secondary-before-acknowledgement")]
    [InlineData("secondary-acknowledged")]
    [InlineData("secondary-applied")]
    [InlineData("secondary-loaded")]
    public void The_secondary_dies_in_a_checkpoint_comes_back_and_takes_over(string point) => PairFixture.Run(output, FaultBinary.Path!, f =>
    {
        Faults.Prepare(f, 'b', point, Pass(f, point));
        f.Pair.StartProtected(PairFixture.ProtectLimit);
    }, f =>
    {
        using var watch = f.Watch();
        using var load = Begin(f, point);
        load.Snapshot(reset: true);
        Faults.Arm(f);
        Faults.AssertFell(f, 'b', point);
        PairFixture.GoOn(load, point);
        f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
        var lost = load.Snapshot(reset: true).LongestTcpGapUs;
        Faults.Forget(f, 'b');
        f.Pair.Start('b', "secondary");
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        PairFixture.GoOn(load, "protected again");
        load.Snapshot(reset: true);
        watch.AnnounceTakeover('b');
        f.Pair.Kill('a');
        PairFixture.GoOn(load, "after the death of the other node");
        f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
        f.Print($"{point}: longest TCP gap {lost} us at the loss of the secondary, {load.Snapshot(reset: true).LongestTcpGapUs} us at the takeover");
        Assert.True(lost <= PairFixture.SilenceGapUs, $"the clients waited {lost} us");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    // Up to the last point before the end mark is sent (less the pages of the stop, of which the first checkpoint may have none): from there on the secondary may have the whole guest, and then it may take over.
    [FaultTheory]
    [InlineData("primary-in-sync")]
    [InlineData("primary-stopped")]
    [InlineData("primary-before-state")]
    [InlineData("primary-before-end")]
    public void The_primary_dies_in_the_first_sync_and_the_secondary_never_takes_over(string point) => PairFixture.Run(output, FaultBinary.Path!, f =>
    {
        Faults.Prepare(f, 'a', point);
        Faults.Arm(f);
        f.Pair.Start('a', "primary");
        f.Pair.WaitServing(PairFixture.ProtectLimit);
    }, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(new LoadSettings { Echo = 4 });
        // Or the first checkpoint might have no pages left for its stop.
        f.Get("/load?pages=300&ms=5");
        f.Pair.Start('b', "secondary");
        Faults.AssertFell(f, 'a', point);
        // Longer than any time limit of the configuration.
        for (var i = 0; i < 8; i++)
        {
            f.Pair.Pause(TimeSpan.FromMilliseconds(200));
            var status = f.Pair.Node('b').TryStatus();
            Assert.True(status is { Role: "secondary", State: "waiting" or "syncing" }, $"the secondary is {status?.Json ?? "gone"}");
        }

        PairFixture.AssertClean(watch);
        // It is still of use: to the next primary.
        Faults.Forget(f, 'a');
        f.Pair.Start('a', "primary");
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
    });

    [FaultFact]
    public void The_secondary_dies_at_each_step_of_the_first_sync_and_the_primary_goes_on() => PairFixture.Run(output, FaultBinary.Path!, f =>
    {
        f.Pair.Start('a', "primary");
        f.Pair.WaitServing(PairFixture.ProtectLimit);
    }, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        Faults.Arm(f);
        foreach (var point in (string[])
            ["secondary-in-sync", "secondary-in-final", "secondary-after-state", "secondary-before-complete",
             "secondary-before-acknowledgement", "secondary-acknowledged", "secondary-applied", "secondary-loaded"])
        {
            load.Snapshot(reset: true);
            Faults.Prepare(f, 'b', point);
            f.Pair.Start('b', "secondary");
            Faults.AssertFell(f, 'b', point);
            PairFixture.GoOn(load, point);
            f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
            var gap = load.Snapshot(reset: true).LongestTcpGapUs;
            f.Print($"{point}: longest TCP gap {gap} us");
            Assert.True(gap <= PairFixture.SilenceGapUs, $"{point}: the clients waited {gap} us");
        }

        Faults.Forget(f, 'b');
        f.Pair.Start('b', "secondary");
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [FaultFact]
    public void The_binary_for_users_knows_no_fault_points()
    {
        // A managed string is UTF-16 in the executable, though the linker's packing may cut one: hence several, and not all.
        Assert.Empty(Traces(PairBinary.Path!));
        // The same search finds them where they are.
        Assert.InRange(Traces(FaultBinary.Path!).Count, Words.Length / 2, Words.Length);
    }

    [FaultFact]
    public void The_binary_for_users_heeds_no_fault_variables() => PairFixture.Run(output, PairBinary.Path!, f =>
    {
        foreach (var (node, point) in (ReadOnlySpan<(char, string)>)[('a', "primary-captured"), ('b', "secondary-loaded")])
        {
            f.Pair.Environment(node)["COLO_FAULT_POINT"] = point;
            f.Pair.Environment(node)["COLO_MEMORY_PROBE"] = "1";
        }

        f.Pair.StartProtected(PairFixture.ProtectLimit);
    }, f =>
    {
        f.Pair.Wait('a', "making checkpoints", s => s.State == "protected" && s.Checkpoints > 3, TimeSpan.FromSeconds(10));
        Assert.DoesNotContain("memory-probe", File.ReadAllText(f.Pair.Files('a').Log) + File.ReadAllText(f.Pair.Files('b').Log), StringComparison.Ordinal);
    });

    /// <summary>
    /// The load, under way. Pages are streamed between checkpoints that are rare, and only those that are not written all
    /// the time; everything else is reached the sooner the more there is to do.
    /// </summary>
    private static LoadGenerator Begin(PairFixture f, string point)
    {
        var streaming = point.EndsWith("-in-pages", StringComparison.Ordinal);
        var load = f.Load(streaming ? Faults.Mixed with { Echo = 12, Tsc = 0 } : Faults.Mixed);
        if (!streaming)
            f.Get("/load?pages=300&ms=5");
        f.Pair.Pause(TimeSpan.FromMilliseconds(200));
        return load;
    }

    private static int Pass(PairFixture f, string point) =>
        new Random(f.Seed).Next(1, point.EndsWith("-in-pages", StringComparison.Ordinal) ? 4 : 12);

    private static string[] Words { get; } = ["COLO_FAULT", "COLO_MEM", "memory-probe", "primary-captured", "primary-before", "secondary-bef", "secondary-in"];

    private static List<string> Traces(string binary)
    {
        var bytes = File.ReadAllBytes(binary);
        return [.. Words.Where(word => bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(word)) >= 0)];
    }
}
