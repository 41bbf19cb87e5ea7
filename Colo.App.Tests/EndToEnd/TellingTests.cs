using System.Text.Json;
using Colo.Demo;
using Colo.Soak.Faults;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>What the operator of a pair is told: by the notify-command, by the log, and by what status asks him to look at.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class TellingTests(ITestOutputHelper output)
{
    private const int Continue = 18;

    // The arbiter is looked for every ten seconds, and given a while to answer.
    private static readonly TimeSpan ArbiterLimit = TimeSpan.FromSeconds(60) * PairFixture.Patience;

    [PairFact]
    public void The_notify_command_hears_of_every_change_in_order_over_deaths_and_new_protection()
    {
        using var notify = new NotifyScript();
        Run(notify, f =>
        {
            string[] a = ["unprotected primary unprotected", "syncing primary syncing", "protected primary protected"];
            string[] b = ["waiting secondary waiting", "syncing secondary syncing", "protected secondary protected"];
            notify.WaitFor('a', PairFixture.TakeoverLimit, a);
            notify.WaitFor('b', PairFixture.TakeoverLimit, b);
            var mark = f.MarkLogs();
            f.Pair.Kill('a');
            b = [.. b, "took-over primary unprotected"];
            var told = notify.WaitFor('b', PairFixture.TakeoverLimit, b);
            Assert.Contains("the primary's process died", told[^1].Reason, StringComparison.Ordinal);
            // The line of the log is a warning, with the guest and the epoch that the command was told.
            Assert.Contains(
                f.LogsSince(mark).Split('\n'),
                line => line.Contains("warning", StringComparison.Ordinal) && line.Contains("demo: TOOK OVER", StringComparison.Ordinal)
                    && line.EndsWith($"(epoch {told[^1].Epoch})", StringComparison.Ordinal));
            Start(f, notify, 'a', "secondary");
            f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
            a = [.. a, "waiting secondary waiting", "syncing secondary syncing", "protected secondary protected"];
            b = [.. b, "syncing primary syncing", "protected primary protected"];
            notify.WaitFor('a', PairFixture.TakeoverLimit, a);
            notify.WaitFor('b', PairFixture.TakeoverLimit, b);
            f.Pair.Kill('a');
            b = [.. b, "unprotected primary unprotected"];
            told = notify.WaitFor('b', PairFixture.TakeoverLimit, b);
            Assert.StartsWith("the secondary is lost: ", told[^1].Reason, StringComparison.Ordinal);
            Start(f, notify, 'a', "secondary");
            f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
            a = [.. a, "waiting secondary waiting", "syncing secondary syncing", "protected secondary protected"];
            b = [.. b, "syncing primary syncing", "protected primary protected"];
            notify.WaitFor('a', PairFixture.TakeoverLimit, a);
            told = notify.WaitFor('b', PairFixture.TakeoverLimit, b);

            Assert.All(told, t => Assert.Equal(("demo", $"10.78.0.1:{NodeFiles.LinkPort}"), (t.Vm, t.Peer)));
            Assert.All(notify.Read('a'), t => Assert.Equal($"10.78.0.2:{NodeFiles.LinkPort}", t.Peer));
            // One process all along: its epochs and times only grow, and from its first protection on there is one.
            Assert.Equal(told.Select(t => t.Epoch).Order(), told.Select(t => t.Epoch));
            Assert.Equal(told.Select(t => t.At).Order(), told.Select(t => t.At));
            Assert.True(told[2].Epoch > 0, "protected, and in no epoch");
            Assert.InRange(told[^1].At, DateTimeOffset.UtcNow.AddMinutes(-10 * PairFixture.Patience), DateTimeOffset.UtcNow.AddSeconds(1));
        });
    }

    [PairFact]
    public void Status_says_what_to_look_at_after_the_death_of_either_node_and_nothing_when_all_is_well() => PairFixture.Run(output, f =>
    {
        Assert.Null(Attention(f, 'a'));
        Assert.Null(Attention(f, 'b'));
        f.Pair.Kill('b');
        f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
        var lost = Attention(f, 'a');
        Assert.StartsWith("the secondary is lost: ", lost?.What, StringComparison.Ordinal);
        Assert.Contains("without protection", lost!.Did, StringComparison.Ordinal);
        Assert.Contains("start the other node", lost.Todo, StringComparison.Ordinal);
        f.Pair.Start('b', "secondary");
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        Assert.Null(Attention(f, 'a'));
        Assert.Null(Attention(f, 'b'));

        f.Pair.Kill('a');
        f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
        var taken = Attention(f, 'b');
        Assert.StartsWith("this node has taken the guest over: ", taken?.What, StringComparison.Ordinal);
        Assert.Contains("start the other node", taken!.Todo, StringComparison.Ordinal);
        f.Pair.Start('a', "secondary");
        f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
        Assert.Null(Attention(f, 'a'));
        Assert.Null(Attention(f, 'b'));
    });

    [ArbiterTheory]
    [InlineData("its host stands still", true)]
    [InlineData("its cable to node a is cut", false)]
    public void A_pair_that_has_lost_its_arbiter_says_so_and_stays_protected(string what, bool both) => ArbiterPair.Run(output, withArbiter: true, (f, arbiter) =>
    {
        ArbiterPair.WaitKnown(f, 'a');
        if (both)
            arbiter!.Freeze();
        else
            arbiter!.Cut('a');
        try
        {
            foreach (var node in (char[])(both ? ['a', 'b'] : ['a']))
            {
                Assert.True(
                    PairFixture.Until(ArbiterLimit, () => Attention(f, node)?.What.StartsWith("the arbiter cannot be reached: ", StringComparison.Ordinal) == true),
                    $"{what}: node {node} does not say so");
                Assert.Contains("neither goes on by itself", Attention(f, node)!.Todo, StringComparison.Ordinal);
            }

            if (!both)
                Assert.Null(Attention(f, 'b'));
            f.Pair.WaitProtected('a', PairFixture.TakeoverLimit);
        }
        finally
        {
            arbiter.Thaw();
            arbiter.Mend();
        }

        Assert.True(PairFixture.Until(ArbiterLimit, () => Attention(f, 'a') is null && Attention(f, 'b') is null), $"{what}: it is over, and not taken back");
    }, nameof(A_pair_that_has_lost_its_arbiter_says_so_and_stays_protected));

    [FaultFact]
    public void A_handover_that_is_not_answered_is_told_once_and_taken_back_by_the_answer()
    {
        using var notify = new NotifyScript();
        Run(notify, FaultBinary.Path!, f =>
        {
            Faults.Prepare(f, 'b', "secondary-takeover", stop: true);
            Faults.Arm(f);
        }, f =>
        {
            using var watch = f.Watch();
            watch.AnnounceTakeover('b');
            var mark = f.MarkLogs();
            var before = notify.Read('a').Count;
            var asked = Task.Run(() => f.Pair.HandOver('a', TimeSpan.FromSeconds(60)));
            // It has read the handover, and neither answers nor speaks: nobody does.
            Faults.AssertStopped(f, 'b', "secondary-takeover");
            Assert.True(PairFixture.Until(PairFixture.TakeoverLimit, () => Attention(f, 'a') is not null), "status says nothing of it");
            Assert.StartsWith("the guest was handed over, and the other node does not answer", Attention(f, 'a')!.What, StringComparison.Ordinal);
            Assert.Contains("colo failover here", Attention(f, 'a')!.Todo, StringComparison.Ordinal);
            f.Pair.WaitState('a', "primary", "stopped", TimeSpan.FromSeconds(2));
            // Several calls later it is still told once.
            f.Pair.Pause(TimeSpan.FromSeconds(5) * PairFixture.Patience);
            Assert.Equal(["silent primary stopped"], notify.Read('a').Skip(before).Select(t => $"{t.Event} {t.Role} {t.State}"));
            Assert.Single(f.LogsSince(mark).Split('\n'), line => line.Contains("THE GUEST WAS HANDED OVER", StringComparison.Ordinal));
            f.Pair.Node('b').Signal(Continue);
            // How it answers is told elsewhere: on a slow machine it has given up waiting by now.
            _ = asked.Result;
            f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
            Assert.True(PairFixture.Until(PairFixture.TakeoverLimit, () => notify.Read('a').Count >= before + 5), "the command does not hear how it went on");
            Assert.Equal(
                ["silent primary stopped", "handed-over primary stopped", "waiting secondary waiting", "syncing secondary syncing", "protected secondary protected"],
                notify.Read('a').Skip(before).Select(t => $"{t.Event} {t.Role} {t.State}"));
            Assert.Null(Attention(f, 'a'));
            PairFixture.AssertClean(watch);
        });
    }

    private static Colo.Monitor.Attention? Attention(PairFixture f, char node)
    {
        // As an operator's script reads it.
        var (code, json, error) = ChildProcess.CaptureBoth(PairBinary.Path!, ["status", "--json", "--config", f.Pair.Files(node).Config], 10_000 * PairFixture.Patience);
        Assert.True(code == 0, $"node {node} does not answer: {error}");
        var attention = JsonDocument.Parse(json).RootElement.GetProperty("attention");
        return attention.ValueKind == JsonValueKind.Null
            ? null
            : new(Text("what"), Text("did"), Text("todo"), attention.GetProperty("since").GetDateTimeOffset());

        string Text(string name) => attention.GetProperty(name).GetString()!;
    }

    private static void Start(PairFixture f, NotifyScript notify, char node, string role) => f.Pair.Start(node, role, notify.SettingFor(node));

    private void Run(NotifyScript notify, Action<PairFixture> test, [System.Runtime.CompilerServices.CallerMemberName] string name = "") =>
        Run(notify, PairBinary.Path!, _ => { }, test, name);

    private void Run(NotifyScript notify, string binary, Action<PairFixture> prepare, Action<PairFixture> test, [System.Runtime.CompilerServices.CallerMemberName] string name = "") =>
        PairFixture.Run(output, binary, f =>
        {
            prepare(f);
            Start(f, notify, 'a', "primary");
            Start(f, notify, 'b', "secondary");
            f.Pair.WaitServing(PairFixture.ProtectLimit);
            f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        }, test, name: name);
}
