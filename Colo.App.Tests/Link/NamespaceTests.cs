using System.Diagnostics;
using System.Net;
using Colo.Link;
using Colo.Linux;
using Xunit.Abstractions;

namespace Colo.Tests.Link;

/// <summary>Two hosts as network namespaces with a cable between them, which can be cut.</summary>
public sealed class NamespaceTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _a = $"link-{Environment.ProcessId}-a";
    private readonly string _b = $"link-{Environment.ProcessId}-b";
    private readonly List<IDisposable> _owned = [];
    private readonly LinkKey _key = LinkKey.Generate();
    private LoopThread? _loopA;
    private LoopThread? _loopB;

    private LoopThread A => _loopA!;

    private LoopThread B => _loopB!;

    private static IPEndPoint AddressOfB => new(IPAddress.Parse("10.99.7.2"), 9990);

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
        if (_loopA is null)
            return;
        Run("ip", $"netns del {_a}");
        Run("ip", $"netns del {_b}");
    }

    private void Make()
    {
        Run("ip", $"netns add {_a}");
        Run("ip", $"netns add {_b}");
        Run("ip", $"-n {_a} link add cable type veth peer name cable netns {_b}");
        Run("ip", $"-n {_a} addr add 10.99.7.1/24 dev cable");
        Run("ip", $"-n {_b} addr add 10.99.7.2/24 dev cable");
        Run("ip", $"-n {_a} link set cable up");
        Run("ip", $"-n {_b} link set cable up");
        _owned.Add(_loopA = new LoopThread(_a));
        _owned.Add(_loopB = new LoopThread(_b));
    }

    private static void Run(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {arguments}: {error}");
    }

    private void Nft(string host, string rule)
    {
        Run("ip", $"netns exec {host} nft add table inet t");
        Run("ip", $"netns exec {host} nft add chain inet t c {{ type filter hook input priority 0 ; }}");
        Run("ip", $"netns exec {host} nft add rule inet t c {rule}");
    }

    private LinkIdentity Identity(LinkNode node) => new() { VmName = "web1", Node = node, Instance = LinkInstance.New(), Key = _key };

    private LinkDialResult Dial(LinkOptions options, LinkKind kind = LinkKind.Control, IPEndPoint? address = null)
    {
        var done = new TaskCompletionSource<LinkDialResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        A.Loop.Invoke(() => new LinkDialer(A.Loop, address ?? AddressOfB, Identity(LinkNode.A), options, kind, default, done.SetResult).Start());
        Assert.True(done.Task.Wait(LinkTestBase.Limit), "the call did not end");
        return done.Task.Result;
    }

    private sealed class Side
    {
        internal Recorder Recorder { get; } = new();
        internal LinkConnection Connection = null!;
        internal LinkHeartbeat Heartbeat = null!;
        internal long SilentAt;
        internal long HeardAgainAt;
        internal long Epoch;

        internal void Open(LoopThread thread, LinkChannel channel) => thread.Loop.Invoke(() =>
        {
            Connection = channel.Open(thread.Loop, Recorder);
            Heartbeat = new LinkHeartbeat(
                thread.Loop,
                Connection,
                new Heartbeat(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(20), MonotonicClock.Now),
                () => new HeartbeatStatus((ulong)Volatile.Read(ref Epoch), 0, 0),
                () => Volatile.Write(ref SilentAt, MonotonicClock.Now))
            {
                HeardAgain = () => Volatile.Write(ref HeardAgainAt, MonotonicClock.Now),
            };
        });
    }

    private (Side A, Side B) Pair()
    {
        Make();
        var options = new LinkOptions { ConnectTimeout = TimeSpan.FromSeconds(8) };
        var accepted = new TaskCompletionSource<LinkChannel>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = B.Get(() => new LinkListener(B.Loop, AddressOfB, Identity(LinkNode.B), options, _ => null, accepted.SetResult));
        var result = Dial(options);
        Assert.True(result.Outcome == LinkDialOutcome.Connected, result.Text);
        var a = new Side { Epoch = 11 };
        var b = new Side { Epoch = 22 };
        a.Open(A, result.Channel!);
        b.Open(B, accepted.Task.Result);
        LinkTestBase.Until(() => A.Get(() => a.Heartbeat.Beats.LastEchoedSendTimeNs > 0 && a.Heartbeat.Beats.PeerStatus.Epoch == 22), "no beat was echoed");
        LinkTestBase.Until(() => B.Get(() => b.Heartbeat.Beats.LastEchoedSendTimeNs > 0 && b.Heartbeat.Beats.PeerStatus.Epoch == 11), "no beat was echoed");
        _owned.Add(new Ending(() =>
        {
            A.Loop.Invoke(a.Connection.Dispose);
            B.Loop.Invoke(b.Connection.Dispose);
            B.Loop.Invoke(listener.Dispose);
        }));
        return (a, b);
    }

    private sealed class Ending(Action action) : IDisposable
    {
        public void Dispose() => action();
    }

    private void CutAndMend(Action cut, Action mend)
    {
        var (a, b) = Pair();
        output.WriteLine($"rtt {A.Get(() => a.Heartbeat.Beats.SmoothedRttNs) / 1000} us, least {A.Get(() => a.Heartbeat.Beats.MinimumRttNs) / 1000} us");
        cut();
        var cutAt = MonotonicClock.Now;
        LinkTestBase.Until(() => Volatile.Read(ref a.SilentAt) != 0 && Volatile.Read(ref b.SilentAt) != 0, "the silence was not noticed");
        // Silence counts from the last beat, at most an interval before the cut.
        Assert.InRange((a.SilentAt - cutAt) / 1_000_000, 200, 5_000);
        Assert.InRange((b.SilentAt - cutAt) / 1_000_000, 200, 5_000);
        output.WriteLine($"silence after {(a.SilentAt - cutAt) / 1_000_000} and {(b.SilentAt - cutAt) / 1_000_000} ms");
        Assert.True(A.Get(() => a.Heartbeat.Beats.ReleaseUntilNs) < MonotonicClock.Now, "the window is still open");
        Assert.True(A.Get(() => a.Heartbeat.Beats.ReleaseUntilNs) < B.Get(() => b.Heartbeat.Beats.LostAtNs));
        Assert.True(A.Get(() => a.Connection.IsOpen) && B.Get(() => b.Connection.IsOpen), "silence closes nothing by itself");
        Assert.False(a.Recorder.Closed.Task.IsCompleted || b.Recorder.Closed.Task.IsCompleted);
        mend();
        var mendedAt = MonotonicClock.Now;
        LinkTestBase.Until(() => Volatile.Read(ref a.HeardAgainAt) != 0 && Volatile.Read(ref b.HeardAgainAt) != 0, "nobody was heard again");
        output.WriteLine($"heard again after {(a.HeardAgainAt - mendedAt) / 1_000_000} and {(b.HeardAgainAt - mendedAt) / 1_000_000} ms");
        Assert.Equal(0, a.Recorder.ClosedCalls + b.Recorder.ClosedCalls);
    }

    [RootFact]
    public void A_cable_pulled_out_is_silence_and_the_same_connection_goes_on_when_it_is_back() => CutAndMend(
        () => Run("ip", $"-n {_a} link set cable down"),
        () => Run("ip", $"-n {_a} link set cable up"));

    [RootFact]
    public void A_firewall_that_drops_is_silence() => CutAndMend(
        () => Nft(_b, "drop"),
        () => Run("ip", $"netns exec {_b} nft delete table inet t"));

    /// <summary>Nothing is ever said on it as long as both nodes live, and a host that lost its power says no goodbye.</summary>
    [RootFact]
    public void A_keepers_connection_to_a_host_that_is_gone_is_cleared_away()
    {
        Make();
        var options = new LinkOptions { ConnectTimeout = TimeSpan.FromSeconds(8), IdleProbe = TimeSpan.FromSeconds(1), UserTimeout = TimeSpan.FromSeconds(2) };
        var accepted = new TaskCompletionSource<LinkChannel>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = B.Get(() => new LinkListener(B.Loop, AddressOfB, Identity(LinkNode.B), options, _ => null, accepted.SetResult));
        var result = Dial(options, LinkKind.Keeper);
        Assert.True(result.Outcome == LinkDialOutcome.Connected, result.Text);
        var (atA, atB) = (new Recorder(), new Recorder());
        var a = A.Get(() => result.Channel!.Open(A.Loop, atA));
        var b = B.Get(() => accepted.Task.Result.Open(B.Loop, atB));
        // Longer than it would take to be given up: a host that is there answers.
        Thread.Sleep(TimeSpan.FromSeconds(5));
        Assert.Equal(0, atA.ClosedCalls + atB.ClosedCalls);
        Run("ip", $"-n {_a} link set cable down");
        atB.End();
        atA.End();
        A.Loop.Invoke(a.Dispose);
        B.Loop.Invoke(b.Dispose);
        B.Loop.Invoke(listener.Dispose);
    }

    [RootFact]
    public void Refused_silent_and_unreachable_are_told_apart()
    {
        Make();
        var options = new LinkOptions { ConnectTimeout = TimeSpan.FromMilliseconds(400) };
        // Patient, because a cable that has just come up may lose the first packet, which TCP repeats after a second.
        var patient = new LinkOptions { ConnectTimeout = TimeSpan.FromSeconds(8) };
        Assert.Equal(LinkDialOutcome.Refused, Dial(patient, LinkKind.Probe).Outcome);
        Assert.Equal(LinkDialOutcome.Refused, Dial(options, LinkKind.Probe).Outcome);
        Assert.Equal(LinkDialOutcome.Unreachable, Dial(options, LinkKind.Probe, new IPEndPoint(IPAddress.Parse("10.98.0.1"), 9990)).Outcome);
        Nft(_b, "drop");
        var watch = Stopwatch.StartNew();
        Assert.Equal(LinkDialOutcome.TimedOut, Dial(options, LinkKind.Probe).Outcome);
        Assert.InRange(watch.ElapsedMilliseconds, 390, 10_000);
    }

    [RootFact]
    public void Dialling_from_the_configured_address()
    {
        Make();
        Run("ip", $"-n {_a} addr add 10.99.7.11/24 dev cable");
        var accepted = new TaskCompletionSource<LinkChannel>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = B.Get(() => new LinkListener(B.Loop, AddressOfB, Identity(LinkNode.B), new LinkOptions(), _ => null, accepted.SetResult));
        var result = Dial(new LinkOptions { ConnectTimeout = TimeSpan.FromSeconds(8), LocalAddress = IPAddress.Parse("10.99.7.11") });
        Assert.True(result.Outcome == LinkDialOutcome.Connected, result.Text);
        result.Channel!.Dispose();
        Assert.Equal("10.99.7.11", accepted.Task.Result.Peer.Address.Address.ToString());
        accepted.Task.Result.Dispose();
        B.Loop.Invoke(listener.Dispose);
    }
}
