using Colo.Demo;
using Colo.Linux;
using Colo.Soak;
using Colo.Soak.Faults;
using Colo.Soak.Registers;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>Short campaigns of faults (<c>./build.sh soak</c>), and one guest that is handed to and fro.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class SoakTests(ITestOutputHelper output)
{
    private static int s_number;

    [SoakFact]
    public void A_campaign_with_a_fixed_seed_violates_nothing() => Torment(20261126, arbiter: false);

    [SoakFact]
    public void A_campaign_with_a_seed_that_nobody_knows_violates_nothing() => Torment(Random.Shared.Next(1, 1_000_000), arbiter: null);

    [PairFact]
    public void One_guest_lives_through_twenty_alternating_takeovers_with_its_connections_open_from_the_first_to_the_last() => PairFixture.Run(output, PairBinary.Path!, f =>
    {
        f.Pair.Start('a', "auto");
        f.Pair.Start('b', "auto");
        f.Pair.WaitServing(PairFixture.ProtectLimit);
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
    }, f =>
    {
        const int takeovers = 20;
        var random = new Random(f.Seed);
        var gaps = new GapStatistics();
        var history = new RegisterHistory(MonotonicClock.Now);
        using var watch = f.Watch();
        // None of these connections is ever opened anew: the first that breaks fails the test. A guest that had booted would
        // count from one again.
        using var load = f.Load(new LoadSettings { Echo = 20, Resp = 6, Count = 2, Udp = true, Ping = true, Interval = TimeSpan.FromMilliseconds(20) * PairFixture.Patience });
        using var registers = new RegisterClients(f.Pair.Network.Client, history, new(f.Seed, 3, TimeSpan.FromMilliseconds(10) * PairFixture.Patience, PairFixture.ReplyLimit * 3));
        var primary = 'a';
        for (var round = 1; round <= takeovers; round++)
        {
            f.Pair.Pause(TimeSpan.FromMilliseconds(random.Next(50, 500)));
            load.Snapshot(reset: true);
            var survivor = DemoPair.Other(primary);
            watch.AnnounceTakeover(survivor);
            f.Pair.Kill(primary);
            PairFixture.GoOn(load, $"takeover {round}");
            Assert.True(PairFixture.Until(PairFixture.TakeoverLimit, () => f.Pair.Ask(survivor) is { Role: "primary" }), $"takeover {round}: node {survivor} is no primary");
            f.Pair.Start(primary, "auto");
            Assert.True(
                PairFixture.Until(PairFixture.ProtectLimit, () => f.Pair.Ask(survivor)?.State == "protected" && f.Pair.Ask(primary) is { Role: "secondary", State: "protected" }),
                $"takeover {round}: not protected again; node {survivor}: {f.Pair.Ask(survivor)?.Json}; node {primary}: {f.Pair.Ask(primary)?.Json}");
            primary = survivor;
            gaps.Add(FaultKind.KillPrimary, moved: true, load.Snapshot(reset: true).LongestTcpGapUs / 1000.0, 0);
            registers.Rotate();
        }

        Assert.Equal(takeovers, watch.Report().FirstFrames.Count);
        Assert.True(registers.Stop(PairFixture.ReplyLimit), "a request to the store is never answered");
        Assert.Empty(registers.TakeErrors());
        Assert.Empty(history.Judge(history.Keys()));
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
        var (longest, median) = gaps.TakeoverGaps();
        f.Print($"{gaps.LongestLife} takeovers of one guest, longest gap {longest:F0} ms, median {median:F0} ms; {history.Answered} reads and writes");
        f.Pair.StopGuest(primary, PairFixture.ProtectLimit);
        Assert.Null(f.Pair.CompareImages());
    }, new PairSettings { Disk = true });

    private void Torment(int seed, bool? arbiter)
    {
        var folder = Path.Combine(Environment.GetEnvironmentVariable("COLO_TEST_LOGS") ?? Path.Combine(AppContext.BaseDirectory, "TestResults", "logs"), $"soak-{seed}");
        var text = new StringWriter();
        try
        {
            DemoPair.RemoveLeftovers(SoakSettings.Prefix);
            using var campaign = new Campaign(
                new SoakSettings
                {
                    Seed = seed,
                    Duration = TimeSpan.FromSeconds(25) * PairFixture.Patience,
                    Binary = PairBinary.Path!,
                    Folder = folder,
                    Patience = PairFixture.Patience,
                    Arbiter = arbiter,
                    Number = Interlocked.Increment(ref s_number),
                },
                text, default);
            var violations = campaign.Run();
            Assert.True(violations.Count == 0, $"seed {seed}, logs in {folder}:\n{string.Join('\n', violations)}");
        }
        finally
        {
            output.WriteLine(text.ToString());
        }
    }

    /// <summary>A test of two nodes with a real guest that needs what makes the faults.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class SoakFactAttribute : FactAttribute
    {
        public SoakFactAttribute() => Skip = Requirement.Pair ?? LinkFaults.Missing;
    }
}
