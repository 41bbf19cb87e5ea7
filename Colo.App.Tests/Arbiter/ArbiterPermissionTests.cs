using Colo.Arbiter;
using Colo.Configuration;
using Colo.Linux;
using Colo.Protection;
using Colo.Tests.Devices;

namespace Colo.Tests.Arbiter;

public sealed class ArbiterPermissionTests(EtcdSharedFixture fixture) : IClassFixture<EtcdSharedFixture>
{
    private string _key = NewKey();

    private EtcdProcess Etcd => fixture.Etcd!;

    [EtcdFact]
    public void Of_two_that_ask_with_the_same_token_exactly_one_may_go_on()
    {
        using var a = new Asker(Etcd.Uri, _key, NodeId.A);
        using var b = new Asker(Etcd.Uri, _key, NodeId.B);
        var winners = new HashSet<NodeId>();
        for (var round = 0; round < 40; round++)
        {
            var token = a.Renew();
            Assert.Equal((ulong)(2 * round) + 1, token.Generation);
            b.Expect(token, a);
            var later = round % 3;
            var other = Task.Run(() =>
            {
                Thread.Sleep(later);
                return b.Ask();
            });
            bool?[] answers = [a.Ask(), other.Result];
            Assert.Single(answers, may => may == true);
            Assert.Single(answers, may => may == false);
            winners.Add(answers[0] == true ? NodeId.A : NodeId.B);
            // The token is spent for both.
            Assert.Null(a.Ask(0));
            Assert.Null(b.Ask(0));
        }
    }

    [EtcdFact]
    public void Without_a_token_nobody_may_and_with_an_old_one_neither()
    {
        using var a = new Asker(Etcd.Uri, _key, NodeId.A);
        using var b = new Asker(Etcd.Uri, _key, NodeId.B);
        Assert.Null(b.Ask(0));
        Assert.Contains("knows nothing of this pairing", b.Stuck.Single(), StringComparison.Ordinal);
        var old = a.Renew();
        var token = a.Renew();
        Assert.True(token.Generation > old.Generation);
        b.Expect(old, a);
        Assert.False(b.Ask());
        Assert.True(a.Ask());
    }

    /// <summary>Two pairs on one record: neither of the two nodes has lost anything to the other, and neither gives the guest up for it.</summary>
    [EtcdFact]
    public void A_record_of_somebody_else_gives_permission_to_nobody_and_takes_it_from_nobody()
    {
        using var a = new Asker(Etcd.Uri, _key, NodeId.A);
        using var b = new Asker(Etcd.Uri, _key, NodeId.B);
        using var other = new ArbiterNode(Etcd.Uri, _key, NodeId.B);
        b.Expect(a.Renew(), a);
        var found = other.Read().Record!.Owner;
        var theirs = new ArbiterRecord(new(found.Generation + 1, NodeId.B), "a-run-of-another-pair", DateTimeOffset.UtcNow, new string('c', 32));
        Etcd.Put(_key, System.Text.Encoding.UTF8.GetString(theirs.ToJson()));
        Assert.Null(a.Ask(1));
        Assert.Null(b.Ask(1));
        Assert.Contains("a-run-of-another-pair", a.Stuck[^1], StringComparison.Ordinal);
        Assert.Contains("a-run-of-another-pair", b.Stuck[^1], StringComparison.Ordinal);
        // They hear each other again: the record is theirs again, and decides.
        b.Loop.Invoke(b.Permission.Cancel);
        b.Expect(a.Renew(), a);
        Assert.True(b.Ask());
        Assert.False(a.Ask());
    }

    [EtcdFact]
    public void What_another_etcd_cluster_says_is_no_permission()
    {
        using var elsewhere = new EtcdProcess();
        using var a = new Asker(Etcd.Uri, _key, NodeId.A);
        using var b = new Asker(elsewhere.Uri, _key, NodeId.B, TimeSpan.FromSeconds(2));
        var token = a.Renew();
        // By chance the same token stands there, too.
        using var writer = new ArbiterNode(elsewhere.Uri, _key, NodeId.A);
        Assert.Equal(ClaimKind.Won, writer.Claim(null, token.Generation).Kind);
        b.Expect(token, a);
        Assert.Null(b.Ask(1));
        Assert.Contains("different etcd clusters", b.Stuck[^1], StringComparison.Ordinal);
        Assert.True(a.Ask());
    }

    [EtcdFact]
    public void A_question_before_there_is_a_token_waits_for_it_and_does_not_end_the_search() => WithinTime.Try(TimeSpan.FromMilliseconds(500), limit =>
    {
        _key = NewKey();
        using var relay = new EtcdRelay(Etcd.Address);
        using var a = new Asker(relay.Uri, _key, NodeId.A, limit);
        relay.Fault = () => RelayFault.SwallowRequest;
        var renewed = Task.Run(() => a.Renew());
        Assert.True(SpinWait.SpinUntil(() => a.StuckCount > 0, TimeSpan.FromSeconds(60)), "nobody is told that there is no token");
        // Asked, and withdrawn: the token is still looked for.
        Assert.Null(a.Ask(0));
        a.Loop.Invoke(() =>
        {
            Assert.False(a.Permission.MayTakeEffect);
            a.Permission.Withdraw();
        });
        var asked = Task.Run(() => a.Ask());
        Assert.True(SpinWait.SpinUntil(() => a.Stuck.Count(text => text.Contains("knows nothing of this pairing", StringComparison.Ordinal)) == 2, TimeSpan.FromSeconds(60)), "nobody is told that the question waits");
        Assert.False(asked.IsCompleted || renewed.IsCompleted);
        relay.Fault = () => RelayFault.None;
        Assert.True(asked.Result);
        Assert.Contains($"\"generation\":{renewed.Result.Generation + 1},", Etcd.Value(_key), StringComparison.Ordinal);
    });

    [EtcdFact]
    public void While_the_arbiter_is_frozen_nobody_may_and_then_one()
    {
        var limit = TimeSpan.FromMilliseconds(300);
        using var a = new Asker(Etcd.Uri, _key, NodeId.A, limit);
        using var b = new Asker(Etcd.Uri, _key, NodeId.B, limit);
        var token = a.Renew();
        b.Expect(token, a);
        Task<bool?> first, second;
        using (Etcd.Freeze())
        {
            first = Task.Run(() => a.Ask());
            second = Task.Run(() => b.Ask());
            Assert.True(SpinWait.SpinUntil(() => a.StuckCount > 0 && b.StuckCount > 0, TimeSpan.FromSeconds(60)), "nobody is told that there is no answer");
            Assert.False(first.IsCompleted || second.IsCompleted, "an answer came from a frozen arbiter");
        }

        Assert.Equal([false, true], new[] { first.Result, second.Result }.Order());
    }

    [EtcdFact]
    public void A_question_that_was_void_and_took_effect_all_the_same_spends_the_token_and_renewing_makes_up_for_it() => WithinTime.Try(TimeSpan.FromMilliseconds(500), limit =>
    {
        _key = NewKey();
        using var relay = new EtcdRelay(Etcd.Address);
        using var a = new Asker(relay.Uri, _key, NodeId.A, limit);
        using var b = new Asker(Etcd.Uri, _key, NodeId.B);
        var token = a.Renew();
        // It is carried out, and the answer is lost; the two nodes hear each other again meanwhile.
        relay.Fault = () => RelayFault.SwallowAnswer;
        Assert.Null(a.Ask(1));
        a.Loop.Invoke(a.Permission.Cancel);
        relay.Fault = () => RelayFault.None;
        var renewed = a.Renew();
        Assert.Equal(token.Generation + 2, renewed.Generation);
        b.Expect(renewed, a);
        Assert.True(b.Ask());
        Assert.False(a.Ask());
    });

    [EtcdFact]
    public void A_claim_of_an_earlier_pairing_answers_nothing_of_this_one() => WithinTime.Try(TimeSpan.FromMilliseconds(500), limit =>
    {
        _key = NewKey();
        using var relay = new EtcdRelay(Etcd.Address);
        using var a = new Asker(Etcd.Uri, _key, NodeId.A);
        using var b = new Asker(relay.Uri, _key, NodeId.B, limit);
        var before = a.Renew();
        b.Expect(before, a);
        relay.Fault = () => RelayFault.SwallowRequest;
        Assert.Null(b.Ask(1));
        b.Loop.Invoke(b.Permission.Cancel);
        relay.Fault = () => RelayFault.None;
        var token = a.Renew();
        b.Expect(token, a);
        // Its old request may still be carried out: it is settled first, and its being lost is no answer to the new question.
        Assert.True(b.Ask());
        relay.Deliver(Assert.Single(relay.Swallowed.Take(1)));
        Assert.Equal(1, Etcd.Value(_key).Split("\"owner\":\"b\"").Length - 1);
        Assert.False(a.Ask());
    });

    [Fact]
    public void The_fence_command_gives_permission_when_it_has_succeeded_and_not_before()
    {
        var folder = Directory.CreateTempSubdirectory("colo-fence-");
        using var loop = new LoopThread(new EventLoop());
        var script = Path.Combine(folder.FullName, "fence");
        File.WriteAllText(script, $"#!/bin/sh\necho \"$COLO_VM $COLO_PEER $COLO_REASON\" >> {folder.FullName}/calls\ntest -e {folder.FullName}/off || {{ echo not off; exit 1; }}\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        FencePermission permission = null!;
        using var answered = new ManualResetEventSlim();
        using var stuck = new ManualResetEventSlim();
        string? why = null;
        loop.Loop.Invoke(() =>
        {
            permission = new FencePermission(loop.Loop, new Fence(loop.Loop, script), "web1", "192.0.2.1:9990", () => TimeSpan.FromMilliseconds(10));
            permission.Ask(
                "no sign of it",
                may =>
                {
                    Assert.True(may);
                    answered.Set();
                },
                text =>
                {
                    why = text;
                    stuck.Set();
                });
        });
        Assert.True(stuck.Wait(TimeSpan.FromSeconds(60)));
        Assert.Contains("not off", why, StringComparison.Ordinal);
        Assert.False(answered.IsSet);
        File.WriteAllText(Path.Combine(folder.FullName, "off"), "");
        Assert.True(answered.Wait(TimeSpan.FromSeconds(60)), "it is not tried again");
        Assert.All(File.ReadAllLines(Path.Combine(folder.FullName, "calls")), line => Assert.Equal("web1 192.0.2.1:9990 no sign of it", line));
        // A question that is void before the command was run is no reason to run it.
        loop.Loop.Invoke(() =>
        {
            File.Delete(Path.Combine(folder.FullName, "calls"));
            permission.Ask("void", _ => Assert.Fail("answered"), _ => Assert.Fail("stuck"));
            permission.Cancel();
        });
        Thread.Sleep(100);
        Assert.False(File.Exists(Path.Combine(folder.FullName, "calls")));
        loop.Loop.Invoke(permission.Dispose);
        folder.Delete(recursive: true);
    }

    private static string NewKey() => ArbiterClient.KeyOf("web1", Guid.NewGuid().ToString("N"));

    private static string RunOf(NodeId node) => $"run-of-{node}";

    /// <summary>A node that asks, on a loop of its own.</summary>
    private sealed class Asker : IDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
        private readonly LoopThread _loop = new(new EventLoop());
        private readonly List<string> _stuck = [];

        public Asker(Uri etcd, string key, NodeId own, TimeSpan? limit = null) => Loop.Invoke(() => Permission = new ArbiterPermission(
            Loop, new ArbiterConfiguration([etcd], null, null, null), key, own, RunOf(own), _ => { }, limit ?? TimeSpan.FromSeconds(30)));

        public EventLoop Loop => _loop.Loop;

        public ArbiterPermission Permission { get; private set; } = null!;

        public IReadOnlyList<string> Stuck
        {
            get
            {
                lock (_stuck)
                    return [.. _stuck];
            }
        }

        public int StuckCount => Stuck.Count;

        public void Expect(ArbiterOwner token, Asker primary)
        {
            Loop.Invoke(() => Permission.Expect(token, RunOf(NodeId.A), primary.Permission.EtcdCluster));
        }

        public ArbiterOwner Renew(string? peer = null)
        {
            using var done = new ManualResetEventSlim();
            ArbiterOwner token = default;
            Loop.Invoke(() => Permission.Renew(
                peer ?? RunOf(NodeId.B),
                t =>
                {
                    token = t;
                    done.Set();
                },
                Note));
            Assert.True(done.Wait(Patience), string.Join("; ", Stuck));
            return token;
        }

        /// <summary>Asks; null when, within so many refusals to answer, there was no answer.</summary>
        public bool? Ask(int? stuckLimit = null)
        {
            using var done = new ManualResetEventSlim();
            bool? answer = null;
            var stuck = 0;
            Loop.Invoke(() => Permission.Ask(
                "the test says so",
                may =>
                {
                    answer = may;
                    done.Set();
                },
                why =>
                {
                    Note(why);
                    if (++stuck >= stuckLimit || (stuckLimit is not null && stuckLimit == 0))
                        done.Set();
                }));
            Assert.True(done.Wait(Patience), $"no answer: {string.Join("; ", Stuck)}");
            return answer;
        }

        public void Dispose()
        {
            Loop.Invoke(Permission.Dispose);
            _loop.Dispose();
        }

        private void Note(string why)
        {
            lock (_stuck)
                _stuck.Add(why);
        }
    }
}
