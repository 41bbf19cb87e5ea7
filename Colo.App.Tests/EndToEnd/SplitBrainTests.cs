using System.Globalization;
using Colo.Demo;
using Colo.Soak.Faults;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>
/// Cables are pulled, in all combinations, at different moments of the pair's life. The switch never carries two nodes that speak as
/// the guest; who may go on does; and when the cables are back, so are protection and every connection.
/// <para>
/// A run takes a few combinations that are drawn (the seed is printed; COLO_TEST_SEED gives it); COLO_TEST_CUTS=all takes them all.
/// </para>
/// </summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class SplitBrainTests(ITestOutputHelper output)
{
    private const int Drawn = 3;

    [Flags]
    private enum Cables
    {
        None = 0,
        Link = 1,
        LanA = 2,
        LanB = 4,
        ArbiterA = 8,
        ArbiterB = 16,
    }

    public enum Moment
    {
        /// <summary>Protected, and next to nothing is asked of the guest.</summary>
        Idle,

        /// <summary>Protected, under load.</summary>
        Load,

        /// <summary>Protected, and one divergence follows the other: some part of a checkpoint is always under way.</summary>
        Checkpoint,

        /// <summary>The secondary has just come back.</summary>
        FirstSync,

        /// <summary>The primary has just died.</summary>
        Takeover,
    }

    [ArbiterTheory]
    [InlineData(Moment.Idle)]
    [InlineData(Moment.Load)]
    [InlineData(Moment.Checkpoint)]
    [InlineData(Moment.FirstSync)]
    [InlineData(Moment.Takeover)]
    public void With_an_arbiter_one_node_at_most_speaks_whatever_is_cut(Moment moment) =>
        Torment(moment, withArbiter: true, Cables.Link | Cables.LanA | Cables.LanB | Cables.ArbiterA | Cables.ArbiterB);

    [PairTheory]
    [InlineData(Moment.Load)]
    [InlineData(Moment.Checkpoint)]
    [InlineData(Moment.FirstSync)]
    [InlineData(Moment.Takeover)]
    public void Without_an_arbiter_one_node_at_most_speaks_whatever_is_cut(Moment moment) =>
        Torment(moment, withArbiter: false, Cables.Link | Cables.LanA | Cables.LanB);

    private void Torment(Moment moment, bool withArbiter, Cables all) => ArbiterPair.Run(
        output, withArbiter, (f, arbiter) => new Scene(f, arbiter, moment).Play(Combinations(f.Seed, all)),
        name: $"Split_brain_{moment}_{(withArbiter ? "arbiter" : "alone")}");

    private static IReadOnlyList<Cables> Combinations(int seed, Cables all)
    {
        var every = Enumerable.Range(1, (int)all).Select(c => (Cables)c).Where(c => (c & ~all) == 0).ToArray();
        if (Environment.GetEnvironmentVariable("COLO_TEST_CUTS") == "all")
            return every;
        new Random(seed).Shuffle(every);
        // The link alone is in each run: there both have all they need, except each other.
        return [Cables.Link, .. every.Where(c => c != Cables.Link).Take(Drawn - 1)];
    }

    /// <summary>One pair, one moment, one combination of cables after the other.</summary>
    private sealed class Scene(PairFixture f, ArbiterHost? arbiter, Moment moment)
    {
        private readonly Random _random = new(f.Seed);
        private char _primary = 'a';

        private char Secondary => DemoPair.Other(_primary);

        internal void Play(IReadOnlyList<Cables> combinations)
        {
            using var watch = new WireWatch(f.Pair.Network, minimumRto: TimeSpan.Zero, patience: PairFixture.Patience);
            using var load = f.Load(moment switch
            {
                Moment.Idle => new LoadSettings { Echo = 2, Interval = TimeSpan.FromMilliseconds(400) },
                Moment.Checkpoint => new LoadSettings { Echo = 4, Tsc = 4, Interval = TimeSpan.FromMilliseconds(2) },
                _ => new LoadSettings { Echo = 10, Resp = 2, Count = 1 },
            });
            foreach (var cables in combinations)
            {
                var what = string.Create(CultureInfo.InvariantCulture, $"{cables} at {moment}, node {_primary} being primary");
                Prepare(watch);
                SetCables(cables, up: false);
                if (moment == Moment.Takeover)
                    f.Pair.Start(_primary, "secondary", ArbiterPair.Settings(_primary, arbiter is not null));
                Suffer(cables, what);
                SetCables(cables, up: true);
                var now = WaitProtected(what);
                f.Print($"{what}: node {now} is primary afterwards");
                if (moment is Moment.FirstSync)
                    Assert.True(now == _primary, $"{what}: node {now} leads, which had not all of the guest");
                else if (moment is not Moment.Takeover && (cables & Cables.Link) == 0)
                    Assert.True(now == _primary, $"{what}: node {now} leads now, although both saw each other all the time");
                _primary = now;
                PairFixture.GoOn(load, what);
            }

            f.AssertClean(load);
            PairFixture.AssertClean(watch);
        }

        // Up to the moment at which the cables are pulled.
        private void Prepare(WireWatch watch)
        {
            if (arbiter is not null)
                ArbiterPair.WaitKnown(f, _primary);
            f.Pair.Pause(TimeSpan.FromMilliseconds(_random.Next(100, 600)));
            switch (moment)
            {
                case Moment.FirstSync:
                    f.Pair.Kill(Secondary);
                    f.Pair.WaitState(_primary, "primary", "unprotected", PairFixture.TakeoverLimit);
                    f.Pair.Start(Secondary, "secondary", ArbiterPair.Settings(Secondary, arbiter is not null));
                    f.Pair.Wait(_primary, "syncing or done", s => s.State is "syncing" or "protected", PairFixture.ProtectLimit);
                    break;
                case Moment.Takeover:
                    watch.AnnounceTakeover(Secondary);
                    f.Pair.Kill(_primary);
                    f.Pair.Pause(TimeSpan.FromMilliseconds(_random.Next(0, 4)));
                    return;
            }

            // With an arbiter, and who has it, a node may go on for the other; without one nobody may.
            if (arbiter is not null && moment is not Moment.FirstSync)
                watch.PermitTakeover(Secondary);
        }

        // For three times the failover timeout: until then all that can be decided has been.
        private void Suffer(Cables cables, string what)
        {
            for (var i = 0; i < 15; i++)
            {
                f.Pair.Pause(TimeSpan.FromMilliseconds(100 * PairFixture.Patience));
                Assert.False(ArbiterPair.GoesOnAlone(f, 'a') && ArbiterPair.GoesOnAlone(f, 'b'), $"{what}: both go on");
            }

            if (moment == Moment.Takeover || arbiter is null || (cables & Cables.Link) == 0)
                return;
            var reachable = (cables & (Cables.ArbiterA | Cables.ArbiterB)) != (Cables.ArbiterA | Cables.ArbiterB);
            if (moment != Moment.FirstSync && !reachable)
                Assert.False(ArbiterPair.GoesOnAlone(f, 'a') || ArbiterPair.GoesOnAlone(f, 'b'), $"{what}: a node goes on without permission");
            if (moment != Moment.FirstSync && reachable)
                Assert.True(PairFixture.Until(PairFixture.TakeoverLimit, () => ArbiterPair.GoesOnAlone(f, 'a') || ArbiterPair.GoesOnAlone(f, 'b')), $"{what}: nobody goes on although the arbiter can be reached");
        }

        private char WaitProtected(string what)
        {
            var now = '?';
            Assert.True(
                PairFixture.Until(PairFixture.ProtectLimit, () => (now = IsProtected('a') ? 'a' : IsProtected('b') ? 'b' : '?') != '?'),
                $"{what}: not protected again; node a: {f.Pair.Node('a').TryStatus()?.Json}\nnode b: {f.Pair.Node('b').TryStatus()?.Json}");
            return now;
        }

        private bool IsProtected(char node) =>
            f.Pair.Node(node).TryStatus() is { Role: "primary", State: "protected" } && f.Pair.Node(DemoPair.Other(node)).TryStatus() is { Role: "secondary", State: "protected" };

        private void SetCables(Cables cables, bool up)
        {
            var network = f.Pair.Network;
            if ((cables & Cables.Link) != 0)
                DemoNetwork.SetLink(network.HostA, up);
            foreach (var (cable, node) in ((Cables, char)[])[(Cables.LanA, 'a'), (Cables.LanB, 'b')])
            {
                if ((cables & cable) != 0)
                    DemoNetwork.SetPort(network, node, up);
            }

            if (up)
                arbiter?.Mend();
            else if (arbiter is not null)
                CutArbiter(cables);
        }

        private void CutArbiter(Cables cables)
        {
            if ((cables & Cables.ArbiterA) != 0)
                arbiter!.Cut('a');
            if ((cables & Cables.ArbiterB) != 0)
                arbiter!.Cut('b');
        }
    }
}
