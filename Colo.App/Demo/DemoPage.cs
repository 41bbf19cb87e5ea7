using System.Globalization;
using Colo.Linux;

namespace Colo.Demo;

/// <summary>The demo on a terminal: a page that is drawn anew each second. k kills the primary, q ends.</summary>
internal sealed class DemoPage(DemoPair pair, CancellationToken cancel)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly List<string> _events = [];
    private readonly long _start = MonotonicClock.Now;

    // With the terminal's own screen the shell's scroll-back stays as it was.
    internal int Run()
    {
        Console.WriteLine("two hosts, a client and the guest are being made…");
        using var watch = new WireWatch(pair.Network);
        pair.StartProtected(Limit);
        using var load = new LoadGenerator(pair.Network.Client, new LoadSettings { Echo = 16, Resp = 8, Count = 2, Udp = true, Ping = true }, cancel);
        load.WaitConnected(TimeSpan.FromSeconds(10));
        Note("protected: node a is primary, node b follows");
        Console.Write("\e[?1049h\e[?25l");
        try
        {
            Loop(load, watch);
        }
        finally
        {
            Console.Write("\e[?25h\e[?1049l");
        }

        var report = load.Stop(TimeSpan.FromSeconds(5));
        var wire = watch.Report();
        foreach (var problem in report.Errors.Concat(wire.Violations.Select(v => v.ToString())).Take(20))
            Console.WriteLine(problem);
        Console.WriteLine($"{report.Replies} replies, {report.Errors.Count} errors; {wire.GuestFrames} frames, {wire.ViolationCount} violations");
        return report.Errors.Count == 0 && wire.ViolationCount == 0 ? 0 : 1;
    }

    private void Loop(LoadGenerator load, WireWatch watch)
    {
        var primary = 'a';
        char? returning = null;
        while (true)
        {
            var statuses = ((char[])['a', 'b']).Select(n => pair.Node(n).HasExited ? null : pair.Node(n).TryStatus()).ToArray();
            if (statuses[DemoPair.Other(primary) - 'a'] is { Role: "primary" })
                primary = DemoPair.Other(primary);
            var status = statuses[primary - 'a'];
            if (returning is { } dead && status is { Role: "primary", State: "unprotected" })
            {
                Note($"node {primary} has taken over in {status.TakeoverMicroseconds / 1000.0:F1} ms; node {dead} comes back as its secondary");
                pair.Start(dead, "secondary");
                returning = null;
            }

            Draw(statuses, load.Snapshot(reset: true), watch.Report());
            var end = MonotonicClock.Now + 1_000_000_000;
            while (MonotonicClock.Now < end)
            {
                switch (Console.KeyAvailable ? Console.ReadKey(intercept: true).KeyChar : '\0')
                {
                    case 'q':
                        return;
                    case 'k' when status is { State: "protected" } && returning is null:
                        watch.AnnounceTakeover(DemoPair.Other(primary));
                        pair.Kill(primary);
                        Note($"kill -9 of node {primary}");
                        returning = primary;
                        end = 0;
                        break;
                    case 'k':
                        Note("not protected at the moment: there would be nobody to take over");
                        break;
                }

                pair.Pause(TimeSpan.FromMilliseconds(30));
            }
        }
    }

    private void Draw(NodeStatus?[] statuses, LoadReport report, WireReport wire)
    {
        var page = new System.Text.StringBuilder("\e[H\e[2J");
        page.AppendLine("colo demo      k  kill -9 of the primary      q  end").AppendLine();
        for (var i = 0; i < statuses.Length; i++)
        {
            var s = statuses[i];
            page.AppendLine(s is null
                ? $"  node {(char)('a' + i)}   gone"
                : string.Create(CultureInfo.InvariantCulture,
                    $"  node {(char)('a' + i)}   {s.Role,-9} {s.State,-11} {s.Checkpoints,5} checkpoints, pause {s.PauseP50 / 1000.0:F2} ms, 99 % {s.PauseP99 / 1000.0:F2} ms"));
        }

        page.AppendLine();
        foreach (var (kind, times) in report.ByKind)
        {
            var gap = report.Of(kind).Max(f => f.LongestGapUs);
            page.AppendLine(string.Create(CultureInfo.InvariantCulture,
                $"  {kind,-5} {report.Of(kind).Count(),3} clients {times.Count / report.Seconds,8:F0} replies/s   median {times.P50 / 1000.0,7:F2} ms   longest {gap / 1000.0,8:F1} ms"));
        }

        page.AppendLine().AppendLine($"  errors {report.Errors.Count}   wire: {wire.GuestFrames} frames, {wire.ViolationCount} violations").AppendLine();
        foreach (var line in _events.TakeLast(10))
            page.AppendLine("  " + line);
        Console.Write(page.ToString());
    }

    private void Note(string what) => _events.Add(string.Create(CultureInfo.InvariantCulture,
        $"[{(MonotonicClock.Now - _start) * 1e-9,6:F1} s] {what}"));
}
