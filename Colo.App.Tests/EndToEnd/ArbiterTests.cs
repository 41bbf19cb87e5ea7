using Colo.Demo;
using Colo.Soak.Faults;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>Two nodes that lose each other, and a real etcd that each of them reaches or does not.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class ArbiterTests(ITestOutputHelper output)
{
    private const int Term = 15;
    private const int Continue = 18;
    private const int Stop = 19;

    [ArbiterTheory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Of_two_nodes_that_lose_each_other_one_at_most_goes_on_and_they_pair_again(bool reachedByA, bool reachedByB) => Run((f, net) =>
    {
        using var watch = new WireWatch(f.Pair.Network, minimumRto: TimeSpan.Zero, patience: PairFixture.Patience);
        using var load = f.Load(new LoadSettings { Echo = 10, Resp = 2, Count = 1 });
        // Both know the token: a checkpoint more, and nothing to complain of.
        ArbiterPair.WaitKnown(f, 'a');
        f.Pair.Pause(TimeSpan.FromMilliseconds(500));
        if (!reachedByA)
            net.Cut('a');
        if (!reachedByB)
            net.Cut('b');
        if (reachedByB)
            watch.AnnounceTakeover('b');
        DemoNetwork.SetLink(f.Pair.Network.HostA, up: false);
        var survivor = 'a';
        if (reachedByA || reachedByB)
        {
            Assert.True(PairFixture.Until(PairFixture.TakeoverLimit, () => ArbiterPair.GoesOnAlone(f, 'a') || ArbiterPair.GoesOnAlone(f, 'b')), "nobody goes on although the arbiter can be reached");
            survivor = ArbiterPair.GoesOnAlone(f, 'a') ? 'a' : 'b';
            Assert.True(survivor == 'a' ? reachedByA : reachedByB, $"node {survivor} goes on without the arbiter");
            PairFixture.GoOn(load, "with the link cut", replies: 10);
        }

        for (var i = 0; i < 6; i++)
        {
            f.Pair.Pause(TimeSpan.FromMilliseconds(300));
            Assert.False(ArbiterPair.GoesOnAlone(f, 'a') && ArbiterPair.GoesOnAlone(f, 'b'), "both go on");
            if (!reachedByA && !reachedByB)
                Assert.False(ArbiterPair.GoesOnAlone(f, 'a') || ArbiterPair.GoesOnAlone(f, 'b'), "a node goes on without permission");
        }

        if (!reachedByA && !reachedByB)
        {
            foreach (var node in (char[])['a', 'b'])
            {
                Assert.Contains("there is no permission to go on without it", f.Pair.Node(node).TryStatus()!.Json, StringComparison.Ordinal);
                Assert.Equal(3, ChildProcess.Capture(PairBinary.Path!, ["failover", "--config", f.Pair.Files(node).Config]).Code);
            }
        }

        // Both are silent and both ask: whose question the arbiter gets first when its cables are back goes on, before the link is.
        if (!reachedByA && !reachedByB)
            watch.PermitTakeover('b');
        net.Mend();
        DemoNetwork.SetLink(f.Pair.Network.HostA, up: true);
        Assert.True(
            PairFixture.Until(PairFixture.ProtectLimit, () => Protected(f, 'a') || Protected(f, 'b')), $"not protected again:\n{f.Pair.Logs(30)}");
        if (reachedByA || reachedByB)
            Assert.True(Protected(f, survivor), $"node {survivor} had gone on, and the other one leads now");
        PairFixture.GoOn(load, "paired again");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [ArbiterTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_blip_of_the_secondary_while_the_arbiter_is_away_leaves_a_pair_that_can_switch_over(bool arbiterBack) => Run((f, net) =>
    {
        using var watch = new WireWatch(f.Pair.Network, minimumRto: TimeSpan.Zero, patience: PairFixture.Patience);
        using var load = f.Load(new LoadSettings { Echo = 10, Resp = 2, Count = 1 });
        // A protection that the arbiter never hears of.
        net.Cut('a');
        net.Cut('b');
        f.Pair.Kill('b');
        Assert.True(f.Pair.Node('b').WaitForExit(PairFixture.TakeoverLimit));
        f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
        f.Pair.Start('b', "secondary", ArbiterPair.Settings('b', withArbiter: true));
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        f.Pair.Node('b').Signal(Stop);
        Assert.True(PairFixture.Until(PairFixture.TakeoverLimit, () => AsksInVain(f)), "it does not ask for permission");
        f.Pair.Node('b').Signal(Continue);
        Assert.True(PairFixture.Until(PairFixture.TakeoverLimit, () => Protected(f, 'a') && !AsksInVain(f)), "it still asks although it hears its secondary");
        PairFixture.GoOn(load, "with the secondary heard again");
        if (arbiterBack)
        {
            net.Mend();
            ArbiterPair.WaitKnown(f, 'a');
        }

        watch.AnnounceTakeover('b');
        f.Pair.Node('a').Signal(Term);
        Assert.True(f.Pair.Node('a').WaitForExit(PairFixture.TakeoverLimit), "the primary does not hand the guest over");
        Assert.Equal(0, f.Pair.Node('a').ExitCode);
        f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
        PairFixture.GoOn(load, "at the other node");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    private static bool AsksInVain(PairFixture f) =>
        f.Pair.Node('a').TryStatus()?.Json.Contains("there is no permission to go on without it", StringComparison.Ordinal) == true;

    private static bool Protected(PairFixture f, char node) => f.Pair.Node(node).TryStatus() is { Role: "primary", State: "protected" };

    private void Run(Action<PairFixture, ArbiterHost> test, [System.Runtime.CompilerServices.CallerMemberName] string name = "") =>
        ArbiterPair.Run(output, withArbiter: true, (f, arbiter) => test(f, arbiter!), name);
}

/// <summary>A test of two nodes with a real guest and a real etcd.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ArbiterTheoryAttribute : TheoryAttribute
{
    public ArbiterTheoryAttribute() => Skip = Requirement.Pair ?? (ArbiterHost.Etcd is null ? "needs etcd (package etcd-server)" : null);
}
