using System.Text.Json;
using Colo.Demo;
using Colo.Tests.Packaging;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>A real pair whose nodes nobody starts and ends but the resource agent, called as a cluster calls it.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class ClusterTests(ITestOutputHelper output)
{
    private const int Success = 0, Generic = 1, NotRunning = 7, RunningPromoted = 8;

    [PairFact]
    public void A_pair_is_started_promoted_switched_over_and_recovered_by_a_cluster() => Run(c =>
    {
        // Nobody has a guest yet: the two find out by themselves, the cluster follows.
        c.StartBoth();
        Assert.Equal(("1000", Success, Success), (c.Score('a'), c.Monitor('a', "Unpromoted"), c.Monitor('b', "Unpromoted")));
        c.Expect(Success, 'a', "promote");
        c.Fixture.Pair.WaitServing(PairFixture.ProtectLimit);
        c.WaitProtected('a');
        Assert.Equal((RunningPromoted, Success), (c.Monitor('a', "Promoted"), c.Monitor('b', "Unpromoted")));
        Assert.Equal(("1000", "500"), (c.Score('a'), c.Score('b')));
        using var sets = new AcknowledgedSets(c.Fixture, 4);
        sets.WaitMore(50, PairFixture.ReplyLimit, "protected");

        // A switchover. Whenever a monitor falls into it, the node is there, in one role or the other.
        using (var watch = new Monitoring(c, 'a'))
        {
            c.Expect(Success, 'a', "demote");
            watch.Stop();
        }

        c.WaitState('b', "primary");
        Assert.Equal((Success, RunningPromoted), (c.Monitor('a', "Unpromoted"), c.Monitor('b', "Promoted")));
        c.Expect(Success, 'b', "promote");
        c.WaitProtected('b');
        sets.WaitMore(50, PairFixture.ReplyLimit, "switched over");

        // The primary's process dies: the survivor is healthy throughout, and what the cluster does next is a name only.
        c.Kill('b');
        c.WaitState('a', "primary");
        Assert.Equal((Success, "1000"), (c.Monitor('a', "Unpromoted"), c.Score('a')));
        Assert.Equal(NotRunning, c.Monitor('b', "Promoted"));
        Assert.Null(c.Score('b'));
        c.Expect(Success, 'b', "demote", NotRunning);
        c.Expect(Success, 'b', "stop");
        c.Expect(Success, 'b', "start");
        c.Expect(Success, 'a', "promote");
        Assert.Equal((RunningPromoted, Success), (c.Monitor('a', "Promoted"), c.Monitor('b', "Unpromoted")));
        c.WaitProtected('a');
        sets.WaitMore(50, PairFixture.ReplyLimit, "recovered");
        sets.Stop();
        sets.Verify(c.Fixture, "at the end");

        // The cluster stops the primary first: the other one has the guest. Then that one, which powers it off.
        c.Expect(Success, 'a', "stop");
        c.WaitState('b', "primary");
        Assert.Equal((NotRunning, RunningPromoted), (c.Monitor('a', "Stopped"), c.Monitor('b', "Promoted")));
        c.Expect(Success, 'b', "stop");
        Assert.Equal(NotRunning, c.Monitor('b', "Stopped"));
    });

    [PairFact]
    public void After_a_takeover_and_the_end_of_both_hosts_the_node_with_the_old_data_is_not_promoted() => Run(c =>
    {
        c.StartBoth();
        c.Expect(Success, 'a', "promote");
        c.Fixture.Pair.WaitServing(PairFixture.ProtectLimit);
        c.WaitProtected('a');
        using var sets = new AcknowledgedSets(c.Fixture, 4);
        sets.WaitMore(50, PairFixture.ReplyLimit, "protected");
        c.Kill('a');
        c.WaitState('b', "primary");
        sets.WaitMore(50, PairFixture.ReplyLimit, "written by the survivor alone");
        sets.Stop();
        c.Kill('b');
        c.Boot();

        // The old one is first, and waits; its own record does not know of the takeover.
        c.Expect(Success, 'a', "start");
        Assert.Equal(("secondary", "10"), (c.Ask('a')?.Role, c.Score('a')));
        c.Expect(Success, 'b', "start");
        // The cluster insists on the wrong one, at once.
        c.Expect(Generic, 'a', "promote", limit: TimeSpan.FromSeconds(15) * PairFixture.Patience);
        Assert.Equal("secondary", c.Ask('a')?.Role);
        c.WaitState('b', "primary");
        Assert.Equal(Success, c.Monitor('a', "Unpromoted"));
        Assert.Equal("1000", c.Score('b'));
        c.Expect(Success, 'b', "promote");
        c.Fixture.Pair.WaitServing(PairFixture.ProtectLimit);
        c.WaitProtected('b');
        sets.Verify(c.Fixture, "after both hosts came back");

        // The same with both at once.
        c.Kill('b');
        c.WaitState('a', "primary");
        c.Kill('a');
        c.Boot();
        c.StartBoth();
        c.Expect(Generic, 'b', "promote", limit: TimeSpan.FromSeconds(15) * PairFixture.Patience);
        c.WaitState('a', "primary");
        c.Expect(Success, 'a', "promote");
        c.Fixture.Pair.WaitServing(PairFixture.ProtectLimit);
        c.WaitProtected('a');
        sets.Verify(c.Fixture, "after both hosts came back once more");
    });

    [PairFact]
    public void A_host_whose_other_one_is_fenced_is_promoted_with_what_it_has() => Run(c =>
    {
        // A new node alone is the operator's to begin with: it may be a replaced one.
        c.Expect(Success, 'a', "start");
        Assert.Equal("-INFINITY", c.Score('a'));
        c.Expect(Generic, 'a', "promote", limit: TimeSpan.FromSeconds(6));
        c.Expect(Success, 'b', "start");
        c.WaitState('a', "primary");
        c.Expect(Success, 'a', "promote");
        c.Fixture.Pair.WaitServing(PairFixture.ProtectLimit);
        c.WaitProtected('a');
        using var sets = new AcknowledgedSets(c.Fixture, 4);
        sets.WaitMore(50, PairFixture.ReplyLimit, "protected");

        // The primary's host falls silent, and is fenced. The secondary waits for the cluster's word.
        DemoNetwork.SetLink(c.Fixture.Pair.Network.HostA, up: false);
        c.KillWithKeeper('a');
        Assert.True(PairFixture.Until(PairFixture.TakeoverLimit, () => c.Ask('b')?.Json.Contains("the primary is silent", StringComparison.Ordinal) == true), "the silence is not told");
        Assert.Equal((Success, "500"), (c.Monitor('b', "Unpromoted"), c.Score('b')));
        c.Expect(Success, 'b', "promote");
        c.WaitState('b', "primary");
        sets.WaitMore(50, PairFixture.ReplyLimit, "taken over on the cluster's word");
        DemoNetwork.SetLink(c.Fixture.Pair.Network.HostA, up: true);
        c.Boot('a');
        c.Expect(Success, 'a', "start");
        c.WaitProtected('b');
        sets.WaitMore(50, PairFixture.ReplyLimit, "protected again");
        sets.Stop();

        // Both are gone at once; of the one that comes back nothing proves that it is current, and the other one is fenced.
        c.Freeze('a');
        c.Kill('b');
        c.Kill('a');
        c.Boot();
        c.Expect(Success, 'b', "start");
        Assert.Equal(("secondary", "10"), (c.Ask('b')?.Role, c.Score('b')));
        c.Expect(Success, 'b', "promote");
        Assert.Equal(RunningPromoted, c.Monitor('b', "Promoted"));
        c.Fixture.Pair.WaitServing(PairFixture.ProtectLimit);
        sets.Verify(c.Fixture, "after the cluster's word");
        c.Expect(Success, 'a', "start");
        c.WaitProtected('b');
    });

    private void Run(Action<Cluster> test, [System.Runtime.CompilerServices.CallerMemberName] string name = "") =>
        PairFixture.Run(output, PairBinary.Path!, _ => { }, f => test(new Cluster(f)), new PairSettings { Disk = true }, name);

    /// <summary>The agent on both hosts: each call runs in the network namespace of its host, and so does the node that it starts.</summary>
    private sealed class Cluster
    {
        private const int SIGKILL = 9, SIGSTOP = 19;
        private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(120) * PairFixture.Patience;
        private readonly ResourceAgent[] _agents;

        internal Cluster(PairFixture fixture)
        {
            Fixture = fixture;
            foreach (var node in (char[])['a', 'b'])
                Configure(fixture.Pair.Files(node).Config);
            _agents = [.. ((char[])['a', 'b']).Select(node => fixture.Pair.Files(node)).Select(files =>
                new ResourceAgent(Path.Combine(files.Folder, "host"), PairBinary.Path!, files.Config, files.Log))];
        }

        internal PairFixture Fixture { get; }

        internal string? Score(char node) => Agent(node).Score;

        internal NodeStatus? Ask(char node) => Fixture.Pair.Ask(node);

        internal void Expect(int exit, char node, string action, int or = -1, TimeSpan? limit = null)
        {
            var (code, text) = Act(node, action, limit ?? Timeout);
            Fixture.Print($"{action} on {node}: {code} {text.Trim()}");
            Assert.True(code == exit || code == or, $"{action} on {node}: {code}, expected {exit}: {text}");
        }

        /// <summary>As Pacemaker starts a clone: all instances at the same time, and nothing is promoted before all of them are there.</summary>
        internal void StartBoth()
        {
            var b = Task.Run(() => Act('b', "start", Timeout));
            Expect(Success, 'a', "start");
            Assert.True(b.Result.Exit == Success, b.Result.Text);
            foreach (var node in (char[])['a', 'b'])
            {
                // The agent's own idea of the process, and the node's.
                using var status = JsonDocument.Parse(Ask(node)?.Json ?? "{}");
                Assert.Equal(Agent(node).Pid, status.RootElement.GetProperty("pid").GetInt32());
            }
        }

        /// <summary>What a recurring monitor says; <paramref name="role"/> is what the cluster takes the node for.</summary>
        internal int Monitor(char node, string role)
        {
            var (code, text) = Act(node, "monitor", TimeSpan.FromSeconds(20) * PairFixture.Patience, ("OCF_RESKEY_CRM_meta_interval", "5000"), ("OCF_RESKEY_CRM_meta_role", role));
            if (text.Length > 0)
                Fixture.Print($"monitor on {node}: {code} {text.Trim()}");
            return code;
        }

        internal int Probe(char node) => Act(node, "monitor", TimeSpan.FromSeconds(20) * PairFixture.Patience, ("OCF_RESKEY_CRM_meta_interval", "0")).Exit;

        internal void Kill(char node)
        {
            var pid = Agent(node).Pid!.Value;
            Signal(node, SIGKILL);
            Assert.True(PairFixture.Until(PairFixture.TakeoverLimit, () => !DemoNetwork.IsAlive(pid)), $"node {node} lives after its death");
        }

        internal void Freeze(char node) => Signal(node, SIGSTOP);

        /// <summary>As when the host loses power: nobody is left to tell of the death.</summary>
        internal void KillWithKeeper(char node)
        {
            var children = Directory.EnumerateDirectories($"/proc/{Agent(node).Pid}/task")
                .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray();
            foreach (var child in children)
                _ = NativeDemo.kill(int.Parse(child, System.Globalization.CultureInfo.InvariantCulture), SIGKILL);
            Kill(node);
        }

        /// <summary>The hosts start anew: /run is empty, the cluster knows of no score.</summary>
        internal void Boot(params ReadOnlySpan<char> nodes)
        {
            foreach (var node in nodes.IsEmpty ? ['a', 'b'] : nodes)
            {
                Agent(node).Forget();
                // The keeper of a killed node goes on for a while; that of a host that has booted does not.
                foreach (var pid in Fixture.Pair.Network.Host(node).Processes())
                    _ = NativeDemo.kill(pid, SIGKILL);
                Assert.Equal(NotRunning, Probe(node));
            }
        }

        internal void WaitState(char primary, string role) => Assert.True(
            PairFixture.Until(PairFixture.TakeoverLimit, () => Ask(primary)?.Role == role), $"node {primary} is no {role}: {Ask(primary)?.Json}");

        internal void WaitProtected(char primary)
        {
            foreach (var (node, role) in new[] { (primary, "primary"), (DemoPair.Other(primary), "secondary") })
            {
                Assert.True(
                    PairFixture.Until(PairFixture.ProtectLimit, () => Ask(node) is { State: "protected" } status && status.Role == role),
                    $"node {node} is no protected {role}: {Ask(node)?.Json}");
            }
        }

        internal (int Exit, string Text) Act(char node, string action, TimeSpan limit, params (string Name, string Value)[] environment) =>
            Fixture.Pair.Network.Host(node).Run(() => Agent(node).Act(action, limit, environment));

        private ResourceAgent Agent(char node) => _agents[node - 'a'];

        private void Signal(char node, int signal) => _ = NativeDemo.kill(Agent(node).Pid!.Value, signal);

        /// <summary>What other tests tell the nodes by --set, which the agent does not know.</summary>
        private static void Configure(string file)
        {
            foreach (var section in PairSettings.Stretched(PairFixture.Patience).Select(set => set.Split(':', 2)).GroupBy(set => set[0], set => set[1]))
                File.AppendAllText(file, $"\n[{section.Key}]\n{string.Join('\n', section)}\n");
        }
    }

    /// <summary>Asks again and again what a node is, as monitors that fall into everything else.</summary>
    private sealed class Monitoring : IDisposable
    {
        private readonly Thread _thread;
        private readonly List<int> _codes = [];
        private volatile bool _stop;

        internal Monitoring(Cluster cluster, char node)
        {
            _thread = new Thread(() =>
            {
                try
                {
                    while (!_stop)
                        _codes.Add(cluster.Probe(node));
                }
                catch (TimeoutException)
                {
                    _codes.Add(-1);
                }
            });
            _thread.Start();
        }

        internal void Stop()
        {
            Dispose();
            Assert.NotEmpty(_codes);
            Assert.All(_codes, code => Assert.True(code is Success or RunningPromoted, $"a monitor said {code}: {string.Join(' ', _codes)}"));
        }

        public void Dispose()
        {
            _stop = true;
            _thread.Join();
        }
    }
}
