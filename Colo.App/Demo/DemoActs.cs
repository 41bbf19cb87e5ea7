using System.Globalization;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Demo;

/// <summary>
/// What can be done with the pair of a demo, with the checks that belong to it. One thread acts; what is read of it
/// (<see cref="Primary"/>, <see cref="Absence"/>, <see cref="LongestGapUs"/>) may be read by others.
/// </summary>
internal sealed class DemoActs(DemoPair pair, DemoReport report) : IDisposable
{
    /// <summary>How long replies may take at the end, in all.</summary>
    internal static readonly TimeSpan ReplyLimit = TimeSpan.FromSeconds(10);

    private const int TscRequests = 50;
    private const int ProgressReplies = 3;
    private static readonly TimeSpan ProtectLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan TakeoverLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SwitchoverLimit = TimeSpan.FromSeconds(30);
    private readonly WireWatch _watch = new(pair.Network);
    private readonly List<long> _takeovers = [];
    private readonly string?[] _absence = new string?[2];
    private LoadGenerator? _load;
    private long _longestGapUs;
    private volatile char _primary = 'a';

    /// <summary>Decides all that is drawn by lot.</summary>
    internal int Seed { get; } = Environment.TickCount;

    /// <summary>The node that speaks for the guest, or is about to.</summary>
    internal char Primary => _primary;

    /// <summary>The load, once <see cref="Connect"/> has opened it.</summary>
    internal LoadGenerator Load => _load ?? throw new InvalidOperationException("there is no load yet");

    /// <summary>The longest gap of any TCP connection since the load began, up to the last <see cref="Window"/>, in microseconds.</summary>
    internal long LongestGapUs => Interlocked.Read(ref _longestGapUs);

    /// <summary>Why a node is not there; null while it is.</summary>
    internal string? Absence(char node) => Volatile.Read(ref _absence[node - 'a']);

    /// <summary>Ends every wait with <see cref="OperationCanceledException"/>, from now on.</summary>
    internal void Heed(CancellationToken cancel)
    {
        pair.Cancel = cancel;
        if (_load is not null)
            _load.Cancel = cancel;
    }

    /// <summary>Starts both nodes and waits for the protection.</summary>
    internal void Protect()
    {
        report.Say($"two hosts, a client and a switch in network namespaces; seed {Seed}");
        pair.Start('a', "primary");
        pair.WaitState('a', "primary", "unprotected", ProtectLimit);
        pair.WaitServing(ProtectLimit);
        report.Say("node a runs the guest, unprotected; it answers");
        pair.Start('b', "secondary");
        pair.WaitProtected('a', ProtectLimit);
        report.Ok("protected: node a is primary, node b follows");
    }

    /// <summary>Begins the load.</summary>
    internal void Connect()
    {
        _load = new LoadGenerator(pair.Network.Client, new LoadSettings
        {
            Seed = Seed,
            Echo = 16,
            Resp = 8,
            Count = 2,
            Udp = true,
            Ping = true,
        }, pair.Cancel);
        report.Check(_load.WaitConnected(ReplyLimit), "26 TCP connections are open (16 echo, 8 key-value, 2 HTTP), UDP and ping beside them",
            () => DemoReport.Some(_load.Snapshot().Errors));
    }

    /// <summary>What the clients saw since the last call; their gaps and reply times begin anew.</summary>
    internal LoadReport Window()
    {
        var seen = Load.Snapshot(reset: true);
        Interlocked.Exchange(ref _longestGapUs, Math.Max(LongestGapUs, seen.LongestTcpGapUs));
        return seen;
    }

    /// <summary>Answers that never agree must cost checkpoints and never an answer.</summary>
    internal void Diverge()
    {
        var before = pair.Ask(_primary)?.Diverged ?? 0;
        using var tsc = new LoadGenerator(pair.Network.Client, new LoadSettings
        {
            Seed = Seed,
            Tsc = 1,
            TscRequests = TscRequests,
            Interval = TimeSpan.FromMilliseconds(2),
        }, pair.Cancel);
        tsc.WaitDone(ReplyLimit);
        var seen = tsc.Stop(TimeSpan.FromSeconds(1));
        var after = pair.Ask(_primary);
        var diverged = (after?.Diverged ?? 0) - before;
        var replies = seen.Of("tsc").Sum(f => f.Replies);
        report.Check(replies == TscRequests && seen.Errors.Count == 0 && after?.State == "protected",
            $"divergence: {diverged} among {replies} answers from /tsc, which no two machines give alike; still protected",
            () => DemoReport.Some(seen.Errors) + " status " + after?.Json);
        report.Check(diverged > 0, "the comparison noticed them", () => $"{diverged} divergences counted");
    }

    /// <summary>Kills the primary under load, watches the takeover and brings the killed node back as the secondary.</summary>
    /// <param name="alone">How long the survivor is left alone.</param>
    internal void Kill(TimeSpan alone)
    {
        var (former, before) = (_primary, pair.Ask(_primary));
        Window();
        _watch.AnnounceTakeover(DemoPair.Other(former));
        _takeovers.Add(pair.Kill(former));
        report.Say($"kill -9 of node {former} (process {pair.Node(former).Pid}), in the middle of the load");
        Alone(former, before, "killed with SIGKILL, comes back soon", alone);
    }

    /// <summary>Hands the guest over as planned; the former primary goes on as the secondary by itself.</summary>
    internal void SwitchOver()
    {
        var (former, before) = (_primary, pair.Ask(_primary));
        Window();
        _watch.AnnounceTakeover(DemoPair.Other(former));
        _takeovers.Add(MonotonicClock.Now);
        report.Say($"planned switchover from node {former}, in the middle of the load");
        if (pair.HandOver(former, SwitchoverLimit) is { } refusal)
        {
            // The window for the other voice stays open until the next announcement: nothing has to come through it.
            report.Check(pair.Ask(former) is { Role: "primary" }, $"the switchover was refused, node {former} goes on: {refusal}", () => "it does not");
            return;
        }

        _primary = DemoPair.Other(former);
        var takeoverUs = GoOn("switchover");
        pair.WaitProtected(_primary, ProtectLimit);
        report.Ok($"protected again: node {former} follows node {_primary}");
        Tally(former, before, "switchover", takeoverUs);
    }

    /// <summary>Brings a node back that has ended without the demo's doing. Where no node is left the demo is over.</summary>
    /// <param name="alone">How long the other one is left alone.</param>
    /// <exception cref="PairException">Both have ended.</exception>
    internal void Mend(TimeSpan alone)
    {
        var (primary, other) = (_primary, DemoPair.Other(_primary));
        if (pair.Node(primary).HasExited)
        {
            if (pair.Node(other).HasExited)
                throw new PairException("both nodes have ended, and the guest with them");
            report.Say($"node {primary} has ended by itself, or by somebody else's hand: status {pair.Node(primary).ExitCode}");
            _takeovers.Add(MonotonicClock.Now);
            Alone(primary, null, "ended, comes back soon", alone);
        }
        else if (pair.Node(other).HasExited)
        {
            report.Say($"node {other} has ended by itself, or by somebody else's hand: status {pair.Node(other).ExitCode}");
            Volatile.Write(ref _absence[other - 'a'], "ended, comes back soon");
            pair.Pause(alone);
            Return(other);
        }
    }

    /// <summary>Ends the load and checks what all clients and the wire saw.</summary>
    internal void Finish()
    {
        var seen = Load.Stop(ReplyLimit);
        report.Check(seen.Errors.Count == 0, $"{seen.Replies} replies, each as it should be: none lost, doubled, changed or out of order on any TCP connection",
            () => DemoReport.Some(seen.Errors));
        var outside = seen.DuplicateTimes.Count(t => !_takeovers.Any(k => t >= k && t <= k + WireRules.TakeoverWindow));
        var udp = seen.Of("udp").Concat(seen.Of("ping")).ToList();
        report.Check(outside == 0 && udp.All(f => f.Replies > 0), string.Create(CultureInfo.InvariantCulture,
            $"UDP and ping: {udp.Sum(f => f.Replies)} of {udp.Sum(f => f.Sent)} came back, {udp.Sum(f => f.Duplicates)} doubled across takeovers, none otherwise"),
            () => $"{outside} doubled at other times; " + DemoReport.Some([.. udp.Select(f => f.Error ?? $"{f.Kind}: {f.Replies} replies")]));
        var wire = _watch.Report();
        report.Check(wire.ViolationCount == 0, string.Create(CultureInfo.InvariantCulture,
            $"the wire: {wire.GuestFrames} frames of the guest, one MAC, one voice, checksums right, none doubled ({wire.Retransmissions} TCP retransmissions, {wire.TakeoverRepeats} repeated across takeovers)"),
            () => $"{wire.ViolationCount} violations: " + DemoReport.Some([.. wire.Violations.Select(v => v.ToString())]));
        if (pair.Ask(_primary) is { } last)
            report.Add(new TakeoverFigures(_primary, last, 0, 0));
    }

    /// <summary>The store's disk went through every takeover and resync: stopped in order, both nodes have the same.</summary>
    internal void Disks()
    {
        pair.StopGuest(_primary, ProtectLimit);
        var wrong = pair.CompareImages();
        report.Check(wrong is null, "the disk: both nodes' images are alike, byte for byte, after the guest was powered off", () => wrong!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _load?.Dispose();
        _watch.Dispose();
    }

    private void Alone(char former, NodeStatus? before, string how, TimeSpan alone)
    {
        Volatile.Write(ref _absence[former - 'a'], how);
        _primary = DemoPair.Other(former);
        var takeoverUs = GoOn("takeover");
        pair.Pause(alone);
        Tally(former, before, "takeover", takeoverUs);
        Return(former);
    }

    private long GoOn(string what)
    {
        var stuck = Load.WaitProgress(ProgressReplies, ReplyLimit);
        var status = pair.Wait(_primary, "primary", s => s.Role == "primary", TakeoverLimit);
        report.Check(stuck.Count == 0, string.Create(CultureInfo.InvariantCulture,
            $"{what} in {status.TakeoverMicroseconds / 1000.0:F1} ms: node {_primary} speaks, every connection goes on"),
            () => DemoReport.Some(stuck));
        return status.TakeoverMicroseconds;
    }

    private void Tally(char former, NodeStatus? before, string what, long takeoverUs)
    {
        var seen = Window();
        report.Gaps($"{what} to node {_primary}", seen);
        report.Add(new TakeoverFigures(former, before ?? new NodeStatus(), takeoverUs, seen.LongestTcpGapUs));
    }

    private void Return(char node)
    {
        Volatile.Write(ref _absence[node - 'a'], null);
        pair.Start(node, "secondary");
        report.Say($"node {node} is started again, as the secondary");
        pair.WaitProtected(_primary, ProtectLimit);
        report.Ok($"protected again: node {node} follows node {_primary}");
    }
}
