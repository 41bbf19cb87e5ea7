using System.Globalization;
using Colo.Linux;

namespace Colo.Demo;

/// <summary>
/// The story of the headless demo: protection, load, divergence, kill -9 of the primary, takeover, a new secondary,
/// the same once more, and the comparison of both disks after the end. It checks every step; one that failed does not keep the next from being tried, as long
/// as there is a guest.
/// </summary>
internal sealed class DemoStory(DemoPair pair, TimeSpan duration, TextWriter output, CancellationToken cancel)
{
    private const int TscRequests = 50;
    private const int ProgressReplies = 3;
    private static readonly TimeSpan ProtectLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan TakeoverLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReplyLimit = TimeSpan.FromSeconds(10);
    private readonly long _start = MonotonicClock.Now;
    private readonly List<string> _failures = [];
    private readonly List<Figures> _figures = [];
    private readonly List<long> _kills = [];
    private readonly int _seed = Environment.TickCount;

    internal int Run()
    {
        Say($"two hosts, a client and a switch in network namespaces; seed {_seed}");
        using var watch = new WireWatch(pair.Network);
        pair.Start('a', "primary");
        pair.WaitState('a', "primary", "unprotected", ProtectLimit);
        pair.WaitServing(ProtectLimit);
        Say("node a runs the guest, unprotected; it answers");
        pair.Start('b', "secondary");
        pair.WaitProtected('a', ProtectLimit);
        Ok("protected: node a is primary, node b follows");

        using var load = new LoadGenerator(pair.Network.Client, new LoadSettings
        {
            Seed = _seed,
            Echo = 16,
            Resp = 8,
            Count = 2,
            Udp = true,
            Ping = true,
        }, cancel);
        Check(load.WaitConnected(ReplyLimit), "26 TCP connections are open (16 echo, 8 key-value, 2 HTTP), UDP and ping beside them",
            () => Some(load.Snapshot().Errors));
        pair.Pause(duration * 0.3);
        ShowGaps("protected", load.Snapshot(reset: true));

        Diverge();
        Switch('a', load, watch);
        Switch('b', load, watch);
        Finish(load, watch);
        Disks('a');
        Table();
        if (_failures.Count == 0)
        {
            Say("all of it held");
            return 0;
        }

        Say($"{_failures.Count} did not hold:");
        foreach (var failure in _failures)
            output.WriteLine("  " + failure);
        output.WriteLine(pair.Logs());
        return 1;
    }

    /// <summary>Answers that never agree must cost checkpoints and never an answer.</summary>
    private void Diverge()
    {
        var before = pair.Node('a').TryStatus()?.Diverged ?? 0;
        using var tsc = new LoadGenerator(pair.Network.Client, new LoadSettings
        {
            Seed = _seed,
            Tsc = 1,
            TscRequests = TscRequests,
            Interval = TimeSpan.FromMilliseconds(2),
        }, cancel);
        tsc.WaitDone(ReplyLimit);
        var report = tsc.Stop(TimeSpan.FromSeconds(1));
        var after = pair.Node('a').TryStatus();
        var diverged = (after?.Diverged ?? 0) - before;
        var replies = report.Of("tsc").Sum(f => f.Replies);
        Check(replies == TscRequests && report.Errors.Count == 0 && after?.State == "protected",
            $"divergence: {replies} answers from /tsc, which no two machines give alike; {diverged} divergences, still protected",
            () => Some(report.Errors) + " status " + after?.Json);
        Check(diverged > 0, "the comparison noticed them", () => $"{diverged} divergences counted");
    }

    /// <summary>Kills the primary under load, watches the takeover and brings the killed node back as the secondary.</summary>
    private void Switch(char primary, LoadGenerator load, WireWatch watch)
    {
        var survivor = DemoPair.Other(primary);
        var before = pair.Node(primary).TryStatus() ?? new NodeStatus();
        load.Snapshot(reset: true);
        pair.Pause(TimeSpan.FromMilliseconds(new Random(_seed + primary).Next(1, 200)));
        watch.AnnounceTakeover(survivor);
        _kills.Add(pair.Kill(primary));
        Say($"kill -9 of node {primary} (process {pair.Node(primary).Pid}), in the middle of the load");
        var stuck = load.WaitProgress(ProgressReplies, ReplyLimit);
        var status = pair.WaitState(survivor, "primary", "unprotected", TakeoverLimit);
        Check(stuck.Count == 0, $"takeover: node {survivor} speaks for the guest, every connection goes on",
            () => Some(stuck));
        pair.Pause(duration * 0.15);
        var report = load.Snapshot(reset: true);
        ShowGaps($"takeover by node {survivor}", report);
        _figures.Add(new Figures(primary, before, status.TakeoverMicroseconds, report.LongestTcpGapUs));

        pair.Start(primary, "secondary");
        pair.WaitProtected(survivor, ProtectLimit);
        Ok($"protected again: node {primary} follows node {survivor}");
        pair.Pause(duration * 0.2);
        ShowGaps("new protection", load.Snapshot(reset: true));
    }

    private void Finish(LoadGenerator load, WireWatch watch)
    {
        var report = load.Stop(ReplyLimit);
        Check(report.Errors.Count == 0, $"{report.Replies} replies, each as it should be: none lost, doubled, changed or out of order on any TCP connection",
            () => Some(report.Errors));
        var outside = report.DuplicateTimes.Count(t => !_kills.Any(k => t >= k && t <= k + WireRules.TakeoverWindow));
        var udp = report.Of("udp").Concat(report.Of("ping")).ToList();
        Check(outside == 0 && udp.All(f => f.Replies > 0), string.Create(CultureInfo.InvariantCulture,
            $"UDP and ping: {udp.Sum(f => f.Replies)} of {udp.Sum(f => f.Sent)} came back, {udp.Sum(f => f.Duplicates)} doubled across takeovers, none otherwise"),
            () => $"{outside} doubled at other times; " + Some([.. udp.Select(f => f.Error ?? $"{f.Kind}: {f.Replies} replies")]));
        var wire = watch.Report();
        Check(wire.ViolationCount == 0, string.Create(CultureInfo.InvariantCulture,
            $"the wire: {wire.GuestFrames} frames of the guest, one MAC, one voice, checksums right, none doubled ({wire.Retransmissions} TCP retransmissions, {wire.TakeoverRepeats} repeated across takeovers)"),
            () => $"{wire.ViolationCount} violations: " + Some([.. wire.Violations.Select(v => v.ToString())]));
        if (pair.Node('a').TryStatus() is { } last)
            _figures.Add(new Figures('a', last, 0, 0));
    }

    /// <summary>The store's disk went through two takeovers and two resyncs: stopped in order, both nodes have the same.</summary>
    private void Disks(char primary)
    {
        pair.StopGuest(primary, ProtectLimit);
        var wrong = pair.CompareImages();
        Check(wrong is null, "the disk: both nodes' images are alike, byte for byte, after the guest was powered off", () => wrong!);
    }

    private void ShowGaps(string phase, LoadReport report)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"           {phase}, {report.Seconds:F1} s"));
        foreach (var (kind, times) in report.ByKind)
        {
            var flows = report.Of(kind).ToList();
            var gaps = flows.Select(f => f.LongestGapUs).Order().ToList();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"             {kind,-5} {flows.Count,3} clients  {times.Count,7} replies  median {times.P50 / 1000.0,7:F2} ms  p99 {times.P99 / 1000.0,8:F2} ms  longest gap {gaps[0] / 1000.0:F1} to {gaps[^1] / 1000.0:F1} ms"));
        }
    }

    private void Table()
    {
        output.WriteLine();
        output.WriteLine("  primary  checkpoints  pause p50  pause p99  divergences   released   takeover  longest gap");
        foreach (var (node, status, takeover, gap) in _figures)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {node,-7}  {status.Checkpoints,11}  {Ms(status.PauseP50),9}  {Ms(status.PauseP99),9}  {status.Diverged,11}  {status.Released,9}  {Ms(takeover),9}  {Ms(gap),11}"));
        }

        output.WriteLine();
    }

    private static string Some(IReadOnlyList<string> reasons) =>
        reasons.Count <= 5 ? string.Join("; ", reasons) : string.Join("; ", reasons.Take(5)) + $" and {reasons.Count - 5} more";

    private static string Ms(long microseconds) =>
        microseconds == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1000.0:F2} ms");

    private void Check(bool held, string what, Func<string> why)
    {
        if (held)
        {
            Ok(what);
            return;
        }

        var reason = why();
        _failures.Add($"{what}: {reason}");
        Say($"FAILED  {what}: {reason}");
    }

    private void Ok(string what) => Say("ok      " + what);

    private void Say(string what) => output.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"[{(MonotonicClock.Now - _start) * 1e-9,6:F2} s] {what}"));

    private sealed record Figures(char Node, NodeStatus Status, long TakeoverUs, long GapUs);
}
