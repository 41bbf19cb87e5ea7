using System.Globalization;

namespace Colo.Bench.Pair;

/// <summary>Throughput that is kept under protection, where both sides' replies agree.</summary>
internal static class ThroughputPart
{
    private const int Megabytes = 128;

    private sealed record Load(string Name, Func<IGuestSide, Runner, LoadResult> Run);

    internal static void Run(Runner runner)
    {
        var loads = new List<Load>();
        foreach (var command in (string[])["ping_mbulk", "get", "set"])
        {
            foreach (var (connections, pipeline) in (ReadOnlySpan<(int, int)>)[(1, 1), (50, 1), (50, 16)])
                loads.Add(new($"redis {command}, {connections} conn., pipeline {pipeline}", (side, r) => Redis(side, r, command, connections, pipeline)));
        }

        foreach (var connections in (int[])[1, 50])
            loads.Add(new($"HTTP /, {connections} conn.", (side, r) => Tools.Wrk(side.Client, r.Settings.Pinning, "/", connections, r.Settings.Window, r.Settings.Limit)));
        loads.Add(new("UDP echo, 64 B, one at a time", (side, r) =>
        {
            var (rate, times) = r.Settings.Pinning.Run(Pinning.Part.Clients, () => side.Client.Run(() => GuestClient.EchoDatagrams(r.Settings.Window, r.Cancel)));
            return new(rate, times.Part(0.99) / 1000);
        }));
        LoadTable.Run(runner, "Throughput kept", Megabytes, [.. loads.Select(l => (l.Name, l.Run))], alone: true);
    }

    // About as many requests as the window takes: what a short first run does a second tells how many.
    private static LoadResult Redis(IGuestSide side, Runner runner, string command, int connections, int pipeline)
    {
        var limit = runner.Settings.Window + runner.Settings.Limit;
        var first = Tools.Redis(side.Client, runner.Settings.Pinning, command, connections, pipeline, 50 * connections * pipeline, limit);
        var requests = Math.Clamp(first.PerSecond * runner.Settings.Window.TotalSeconds, 100, 50_000_000);
        return Tools.Redis(side.Client, runner.Settings.Pinning, command, connections, pipeline, (int)requests, limit);
    }
}

/// <summary>Replies that never agree: each needs a checkpoint.</summary>
internal static class TscPart
{
    internal static void Run(Runner runner) => LoadTable.Run(runner, "Always diverging", 128,
        [.. ((int[])[1, 8]).Select(connections => ($"HTTP /tsc, {connections} conn.",
            (Func<IGuestSide, Runner, LoadResult>)((side, r) => Tools.Wrk(side.Client, r.Settings.Pinning, "/tsc", connections, r.Settings.Window, r.Settings.Limit))))], alone: true);
}

/// <summary>Loads by ways.</summary>
internal static class LoadTable
{
    internal static void Run(Runner runner, string title, int megabytes, IReadOnlyList<(string Name, Func<IGuestSide, Runner, LoadResult> Run)> loads, bool alone)
    {
        var ways = runner.Ways(alone, @protected: true);
        var rates = ways.Select(_ => loads.Select(_ => new Figures()).ToList()).ToList();
        var tails = ways.Select(_ => loads.Select(_ => new Figures()).ToList()).ToList();
        for (var repeat = 0; repeat < runner.Settings.Repeats; repeat++)
        {
            for (var w = 0; w < ways.Count; w++)
            {
                runner.With(ways[w], megabytes, title, (side, _) =>
                {
                    for (var l = 0; l < loads.Count; l++)
                    {
                        runner.Try($"{ways[w].Name}, {loads[l].Name}", () =>
                        {
                            var result = loads[l].Run(side, runner);
                            rates[w][l].Add(result.PerSecond);
                            tails[w][l].Add(result.P99Ms);
                        });
                    }
                });
            }
        }

        var table = new Table(
            $"{title}, {megabytes} MiB guest; medians of {runner.Settings.Repeats} (least-greatest)",
            "load", "way", "replies/s", "p99 ms", "kept of alone", "p99 added, ms", "colo over qemu");
        int Find(bool isColo, bool isProtected) => ways.ToList().FindIndex(way => way.IsColo == isColo && way.Protected == isProtected);
        for (var l = 0; l < loads.Count; l++)
        {
            for (var w = 0; w < ways.Count; w++)
            {
                var (same, peer) = (Find(ways[w].IsColo, false), ways[w].IsColo ? Find(false, ways[w].Protected) : -1);
                var added = ways[w].Protected && same >= 0 ? tails[w][l].Median - tails[same][l].Median : double.NaN;
                table.Row(loads[l].Name, ways[w].Name, rates[w][l].ToString(), tails[w][l].ToString(),
                    ways[w].Protected && same >= 0 ? Figures.Ratio(rates[w][l], rates[same][l]) : "", ways[w].Protected ? Figures.Short(added) : "",
                    peer >= 0 ? Figures.Ratio(rates[w][l], rates[peer][l]) : "");
            }
        }

        table.Print(runner.Output);
        runner.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} processors for two monitors, two vCPUs and the client; {runner.Settings.Pinning.Text ?? "pinned to none"}."));
    }
}
