using System.Text.Json;
using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>A keeper's connection and the roles of the node to which it leads come and go apart from each other.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class KeeperPairTests(ITestOutputHelper output)
{
    /// <summary>After a switchover the former primary goes on in the same process, with everything made anew.</summary>
    [PairFact]
    public void After_a_switchover_the_new_primarys_keeper_is_heard() => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed);
        var primary = 'a';
        for (var round = 1; round <= 2; round++)
        {
            watch.AnnounceTakeover(DemoPair.Other(primary));
            if (f.Pair.HandOver(primary, PairFixture.ProtectLimit) is { } refusal)
                Assert.Fail(refusal);
            primary = DemoPair.Other(primary);
            f.Pair.WaitProtected(primary, PairFixture.ProtectLimit);
        }

        // Its keeper has called again by then.
        f.Pair.Pause(TimeSpan.FromSeconds(1) * PairFixture.Patience);
        Assert.Contains("told by its keeper", FreezeTests.TakeoverByDeath(f, load, watch, () => f.Pair.Kill(primary), primary), StringComparison.Ordinal);
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    /// <summary>Both nodes die; a new pair is there while the keeper of the old primary still looks for somebody to tell.</summary>
    [PairFact]
    public void What_a_keeper_of_an_earlier_pair_forwards_is_no_input() => PairFixture.Run(output, f =>
    {
        var keeper = FreezeTests.Keeper(f, 'a');
        f.Pair.Kill('b');
        f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
        f.Pair.Kill('a');
        Assert.True(f.Pair.Node('a').WaitForExit(PairFixture.TakeoverLimit));
        f.Pair.StartProtected(PairFixture.ProtectLimit);
        f.Print(Directory.Exists($"/proc/{keeper}") ? "the old keeper is there" : "the old keeper has ended already: nothing is shown");
        Assert.True(PairFixture.Patience > 1 || Directory.Exists($"/proc/{keeper}"));
        using var load = f.Load(Faults.Mixed);
        // Longer than that keeper lives.
        for (var second = 0; second < 11; second++)
        {
            var before = Received(f, 'b');
            PairFixture.GoOn(load, $"second {second}", replies: 5);
            f.Pair.Pause(TimeSpan.FromSeconds(1));
            Assert.True(Received(f, 'b') > before, $"the SVM gets no input any more: {before} frames");
        }

        using (var watch = f.Watch())
        {
            FreezeTests.TakeoverByDeath(f, load, watch, () => f.Pair.Kill('a'));
            PairFixture.AssertClean(watch);
            // Nothing but what was under way.
            var repeated = watch.Report().TakeoverRepeats;
            f.Print($"{repeated} frames repeated");
            Assert.True(repeated < 200, $"{repeated} frames were repeated at the takeover");
        }

        f.AssertClean(load);
    });

    private static long Received(PairFixture f, char node)
    {
        using var status = JsonDocument.Parse(f.Pair.Node(node).TryStatus()?.Json ?? throw new PairException($"node {node} does not answer"));
        return status.RootElement.GetProperty("nic")[0].GetProperty("rx_packets").GetInt64();
    }
}
