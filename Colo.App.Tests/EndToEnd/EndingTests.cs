using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>How a guest and a node end: power-off, reset, SIGTERM.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class EndingTests(ITestOutputHelper output)
{
    private const int Term = 15;
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(15);

    [PairFact]
    public void When_the_guest_powers_off_both_nodes_end_with_0() => PairFixture.Run(output, f =>
    {
        f.Get("/poweroff", mayVanish: true);
        AssertExit(f, 'a', 0);
        AssertExit(f, 'b', 0);
    });

    [PairTheory]
    [InlineData("/reset")]
    [InlineData("/triplefault")]
    public void When_the_guest_resets_both_nodes_follow_in_order(string path) => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        for (var i = 1; i <= 3; i++)
            Assert.Equal(i, int.Parse(f.Get("/count")!));
        f.Get(path, mayVanish: true);
        var (a, b) = (f.Pair.Node('a'), f.Pair.Node('b'));
        var again = "";
        Assert.True(PairFixture.Until(TimeSpan.FromSeconds(20), () => (a.HasExited && b.HasExited) || (again = TryCount(f)) == "1"),
            $"neither have both nodes ended nor does the guest count from 1 again (last answer: {again})");
        if (again == "1")
        {
            f.Print("the guest booted again");
            f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
            Assert.Equal("2", f.Get("/count"));
        }
        else
        {
            f.Print($"both nodes ended with {a.ExitCode} and {b.ExitCode}");
            Assert.InRange(a.ExitCode, 0, 1);
            Assert.Equal(a.ExitCode, b.ExitCode);
        }

        // Whatever it is, the secondary must not take a reset for a death.
        PairFixture.AssertClean(watch);
    });

    [PairTheory]
    [InlineData("/reset")]
    [InlineData("/triplefault")]
    public void A_guest_that_crashes_ends_on_both_nodes_when_that_is_wanted(string path) => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        f.Get(path, mayVanish: true);
        AssertExit(f, 'a', 0);
        AssertExit(f, 'b', 0);
        Assert.Contains("it ends ([vm] on-crash = stop)", f.LogsSince((0, 0)), StringComparison.Ordinal);
        Assert.DoesNotContain("TOOK OVER", f.LogsSince((0, 0)), StringComparison.Ordinal);
        PairFixture.AssertClean(watch);
    }, new PairSettings { Overrides = ["vm:on-crash=stop"] });

    [PairFact]
    public void A_guest_that_crashes_stays_on_both_nodes_when_that_is_wanted() => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        f.Get("/triplefault", mayVanish: true);
        var status = f.Pair.Wait('a', "attention: the guest is kept", s => s.Json.Contains("on-crash = keep", StringComparison.Ordinal), PairFixture.ReplyLimit);
        Assert.Equal("primary", status.Role);

        // It stands still, and the pair does not take that for a loss of either node.
        f.Pair.Pause(TimeSpan.FromSeconds(2) * PairFixture.Patience);
        status = f.Pair.WaitProtected('a', PairFixture.ReplyLimit);
        Assert.Contains("on-crash = keep", status.Json, StringComparison.Ordinal);
        Assert.DoesNotContain("TOOK OVER", f.LogsSince((0, 0)), StringComparison.Ordinal);
        f.Pair.StopGuest('a', ExitLimit);
        PairFixture.AssertClean(watch);
    }, new PairSettings { Overrides = ["vm:on-crash=keep"] });

    [PairFact]
    public void A_primary_that_is_terminated_hands_the_guest_over() => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(new LoadSettings { Echo = 40, Resp = 8, Count = 2, Udp = true, Ping = true });
        load.Snapshot(reset: true);
        watch.AnnounceTakeover('b');
        f.Pair.Node('a').Signal(Term);
        AssertExit(f, 'a', 0);
        f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
        PairFixture.GoOn(load, "handed over");
        f.Print("switchover", load.Snapshot(reset: true));
        f.Pair.Start('a', "secondary");
        f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void A_secondary_that_is_terminated_leaves_without_a_pause() => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(new LoadSettings { Echo = 40, Resp = 8, Count = 2, Udp = true, Ping = true });
        load.Snapshot(reset: true);
        f.Pair.Node('b').Signal(Term);
        AssertExit(f, 'b', 0);
        f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
        PairFixture.GoOn(load, "alone");
        var report = load.Snapshot(reset: true);
        f.Print("secondary left", report);
        // A parting secondary says so: the time-out of silence must not be waited for.
        Assert.True(report.LongestTcpGapUs < PairFixture.ToldGapUs, $"the clients waited {report.LongestTcpGapUs} us");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void An_unprotected_primary_that_is_terminated_powers_the_guest_off() => PairFixture.Run(output, f =>
    {
        f.Pair.Node('b').Signal(Term);
        AssertExit(f, 'b', 0);
        f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
        f.Pair.Node('a').Signal(Term);
        AssertExit(f, 'a', 0);
    });

    private static string TryCount(PairFixture f)
    {
        try
        {
            return f.Get("/count", mayVanish: true) ?? "";
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    private static void AssertExit(PairFixture f, char node, int code)
    {
        Assert.True(f.Pair.Node(node).WaitForExit(ExitLimit), $"node {node} still runs after {ExitLimit.TotalSeconds} s: {f.Pair.Node(node).TryStatus()?.Json}");
        Assert.Equal(code, f.Pair.Node(node).ExitCode);
    }
}
