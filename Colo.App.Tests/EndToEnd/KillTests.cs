using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>A node dies by SIGKILL under load.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class KillTests(ITestOutputHelper output)
{
    // COLO_TEST_KILLS asks for more.
    private static readonly int SmpRounds = int.TryParse(Environment.GetEnvironmentVariable("COLO_TEST_KILLS"), out var rounds) ? rounds : 4;

    [PairFact]
    public void Fifty_connections_go_on_over_five_kills_of_the_primary_and_the_wire_is_clean() => PairFixture.Run(output, f =>
    {
        var random = new Random(f.Seed);
        using var watch = f.Watch();
        using var load = f.Load(new LoadSettings { Echo = 40, Resp = 8, Count = 2, Udp = true, Ping = true });
        var primary = 'a';
        for (var round = 1; round <= 5; round++)
        {
            f.Pair.Pause(TimeSpan.FromMilliseconds(random.Next(100, 1_500)));
            primary = KillPrimary(f, load, watch, primary, $"round {round}");
            f.Pair.Start(DemoPair.Other(primary), "secondary");
            f.Pair.WaitProtected(primary, PairFixture.ProtectLimit);
        }

        PairFixture.GoOn(load, "at the end");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void The_primary_goes_on_when_the_secondary_is_killed() => PairFixture.Run(output, f =>
    {
        var random = new Random(f.Seed);
        using var watch = f.Watch();
        using var load = f.Load(new LoadSettings { Echo = 40, Resp = 8, Count = 2, Udp = true, Ping = true });
        for (var round = 1; round <= 5; round++)
        {
            f.Pair.Pause(TimeSpan.FromMilliseconds(random.Next(100, 1_500)));
            load.Snapshot(reset: true);
            f.Pair.Kill('b');
            PairFixture.GoOn(load, $"round {round}");
            f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
            var report = load.Snapshot(reset: true);
            f.Print($"round {round}", report);
            Assert.True(report.LongestTcpGapUs <= PairFixture.ToldGapUs, $"round {round}: the clients waited {report.LongestTcpGapUs} us, allowed are {PairFixture.ToldGapUs}");
            f.Pair.Start('b', "secondary");
            f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        }

        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void The_same_guest_lives_through_ten_kills() => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        var random = new Random(f.Seed);
        // The counts go on without a gap over all takeovers, on connections that stay open: a guest that had
        // booted again, or gone back to an older state, would show in any of them.
        using var load = f.Load(new LoadSettings { Echo = 4, Resp = 4, Count = 2 });
        var primary = 'a';
        for (var round = 1; round <= 10; round++)
        {
            f.Pair.Pause(TimeSpan.FromMilliseconds(random.Next(50, 400)));
            primary = KillPrimary(f, load, watch, primary, $"kill {round}");
            f.Pair.Start(DemoPair.Other(primary), "secondary");
            f.Pair.WaitProtected(primary, PairFixture.ProtectLimit);
        }

        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairTheory]
    [InlineData(2)]
    [InlineData(4)]
    public void A_guest_of_several_vcpus_goes_on_with_all_of_them_over_kills_of_the_primary(int cpus) => PairFixture.Run(output, f =>
    {
        var random = new Random(f.Seed);
        using var watch = f.Watch();
        // Few connections: the load is the vCPUs' writing.
        using var load = f.Load(new LoadSettings { Echo = 8, Resp = 4, Count = 2, Interval = TimeSpan.FromMilliseconds(20 * PairFixture.Patience) });
        f.Get(GuestHttp.Load);
        GuestHttp.AwaitWorkers(f.Pair.Network.Client, cpus, "at the beginning");
        var primary = 'a';
        for (var round = 1; round <= SmpRounds; round++)
        {
            f.Pair.Pause(TimeSpan.FromMilliseconds(random.Next(50, 800)));
            primary = KillPrimary(f, load, watch, primary, $"kill {round}");
            GuestHttp.AwaitWorkers(f.Pair.Network.Client, cpus, $"after kill {round}");
            f.Pair.Start(DemoPair.Other(primary), "secondary");
            f.Pair.WaitProtected(primary, PairFixture.ProtectLimit);
        }

        PairFixture.GoOn(load, "at the end");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    }, new PairSettings { Overrides = [$"vm:cpus={cpus}"] });

    [PairFact]
    public void Killed_in_the_middle_of_divergences_it_loses_no_answer() => PairFixture.Run(output, f =>
    {
        var random = new Random(f.Seed);
        using var watch = f.Watch();
        using var load = f.Load(new LoadSettings { Echo = 8, Tsc = 8, Interval = TimeSpan.FromMilliseconds(5) });
        f.Pair.Pause(TimeSpan.FromMilliseconds(random.Next(500, 1_000)));
        KillPrimary(f, load, watch, 'a', "while diverging");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void Killed_while_syncing_the_secondary_harms_nothing() => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(new LoadSettings { Echo = 20, Count = 1 });
        var random = new Random(f.Seed);
        f.Pair.Kill('b');
        f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
        for (var round = 1; round <= 5; round++)
        {
            f.Pair.Start('b', "secondary");
            f.Pair.Pause(TimeSpan.FromMilliseconds(random.Next(20, 600)));
            f.Pair.Kill('b');
            PairFixture.GoOn(load, $"round {round}");
        }

        f.Pair.Start('b', "secondary");
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    private static char KillPrimary(PairFixture f, LoadGenerator load, WireWatch watch, char primary, string round)
    {
        var survivor = DemoPair.Other(primary);
        load.Snapshot(reset: true);
        watch.AnnounceTakeover(survivor);
        f.Pair.Kill(primary);
        PairFixture.GoOn(load, round);
        var status = f.Pair.WaitState(survivor, "primary", "unprotected", PairFixture.TakeoverLimit);
        var report = load.Snapshot(reset: true);
        f.Print($"{round}, takeover by {survivor} in {status.TakeoverMicroseconds} us, longest TCP gap {report.LongestTcpGapUs} us");
        return survivor;
    }
}
