using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary><c>--role auto</c>: nobody says who is what.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class AutoTests(ITestOutputHelper output)
{
    private const int Kill = 9;

    [PairFact]
    public void Two_nodes_find_their_roles_at_the_first_start_after_a_death_and_after_the_death_of_both() => Run(f =>
    {
        // At the very first start it waits for the other one; then node a leads.
        f.Pair.Start('b', "auto");
        StaysUndecided(f, 'b', "the other node does not answer");
        f.Pair.Start('a', "auto");
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        using (var sets = new AcknowledgedSets(f, 4))
        {
            sets.WaitMore(50, PairFixture.ReplyLimit, "protected");
            f.Pair.Kill('a');
            f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
            sets.WaitMore(50, PairFixture.ReplyLimit, "after the takeover");
            f.Pair.Start('a', "auto");
            f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
            sets.WaitMore(50, PairFixture.ReplyLimit, "protected again");
            // Both die, the primary last: it has what nobody else has.
            f.Pair.Kill('a');
            f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
            sets.WaitMore(50, PairFixture.ReplyLimit, "alone");
            sets.Stop();
            f.Pair.Kill('b');
            Assert.True(f.Pair.Node('b').WaitForExit(PairFixture.TakeoverLimit));
            f.Pair.Start('a', "auto");
            StaysUndecided(f, 'a', "this one's data is not current");
            f.Pair.Start('b', "auto");
            f.Pair.WaitServing(PairFixture.ProtectLimit);
            f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
            sets.Verify(f, "after the death of both");
        }

        // Alone it goes on by itself: nobody else can have its data.
        f.Pair.Kill('a');
        f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
        f.Pair.Kill('b');
        Assert.True(f.Pair.Node('b').WaitForExit(PairFixture.TakeoverLimit));
        f.Pair.Start('b', "auto");
        f.Pair.WaitState('b', "primary", "unprotected", PairFixture.ProtectLimit);
        // And an outdated one is refused the role when it is told to have it.
        f.Pair.Start('a', "primary");
        Assert.True(f.Pair.Node('a').WaitForExit(PairFixture.ProtectLimit));
        Assert.Equal(3, f.Pair.Node('a').ExitCode);
    });

    [PairFact]
    public void A_secondary_that_heard_nothing_goes_on_when_the_primarys_host_is_back_and_has_yielded() => Run(f =>
    {
        f.Pair.Start('a', "auto");
        f.Pair.Start('b', "auto");
        f.Pair.WaitServing(PairFixture.ProtectLimit);
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        using var watch = new WireWatch(f.Pair.Network, minimumRto: TimeSpan.Zero, patience: PairFixture.Patience);
        using var load = f.Load(new LoadSettings { Echo = 10, Resp = 2, Count = 1 });
        watch.AnnounceTakeover('b');
        // As when the host loses power: nobody is left to tell of the death, and nothing answers.
        DemoNetwork.SetLink(f.Pair.Network.HostA, up: false);
        var keeper = FreezeTests.Keeper(f, 'a');
        _ = NativeDemo.kill(keeper, Kill);
        f.Pair.Kill('a');
        Assert.True(f.Pair.Node('a').WaitForExit(PairFixture.TakeoverLimit));
        Assert.True(
            PairFixture.Until(PairFixture.TakeoverLimit, () => f.LogsSince((0, 0)).Contains("THE PRIMARY IS SILENT", StringComparison.Ordinal)), "the silence is not told");
        Assert.True(f.Pair.Node('b').TryStatus() is { Role: "secondary" } status && status.Json.Contains("the primary is silent", StringComparison.Ordinal), "status says nothing of it");
        DemoNetwork.SetLink(f.Pair.Network.HostA, up: true);
        f.Pair.Start('a', "auto");
        f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
        PairFixture.GoOn(load, "after the host came back");
        f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void The_operators_word_decides_where_nothing_else_can() => Run(f =>
    {
        f.Pair.Start('b', "auto");
        StaysUndecided(f, 'b', "the other node does not answer");
        Assert.Equal(3, Colo("failover", f, 'b').Code);
        Assert.Equal(0, Colo("failover", f, 'b', "--force").Code);
        f.Pair.WaitServing(PairFixture.ProtectLimit);
        f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
        f.Pair.Start('a', "auto");
        f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
    });

    private void Run(Action<PairFixture> test, [System.Runtime.CompilerServices.CallerMemberName] string name = "") =>
        PairFixture.Run(output, PairBinary.Path!, _ => { }, test, new PairSettings { Disk = true }, name);

    private static (int Code, string Output) Colo(string command, PairFixture f, char node, params string[] more) =>
        ChildProcess.Capture(PairBinary.Path!, [command, "--config", f.Pair.Files(node).Config, .. more]);

    private static void StaysUndecided(PairFixture f, char node, string why)
    {
        f.Pair.Wait(node, $"undecided: {why}", s => s.State == "waiting" && s.Json.Contains(why.Replace("'", "\\u0027", StringComparison.Ordinal), StringComparison.Ordinal), PairFixture.ProtectLimit);
        f.Pair.Pause(TimeSpan.FromSeconds(2));
        Assert.Equal("waiting", f.Pair.Node(node).TryStatus()?.State);
    }
}
