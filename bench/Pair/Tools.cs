using System.Globalization;
using System.Text.RegularExpressions;
using Colo.Demo;

namespace Colo.Bench.Pair;

/// <summary>What a load saw.</summary>
/// <param name="PerSecond">Replies a second.</param>
/// <param name="P99Ms">The reply time that 99 of 100 do not exceed, in milliseconds.</param>
internal readonly record struct LoadResult(double PerSecond, double P99Ms);

/// <summary>Known load programs, run in the client's namespace.</summary>
internal static partial class Tools
{
    /// <summary>redis-benchmark of one command.</summary>
    /// <param name="client">Where it runs.</param>
    /// <param name="pinning">On which processors.</param>
    /// <param name="command">ping_mbulk, get or set.</param>
    /// <param name="connections">How many.</param>
    /// <param name="pipeline">Requests ahead of their replies.</param>
    /// <param name="requests">How many in all.</param>
    /// <param name="limit">Ends it with an error.</param>
    internal static LoadResult Redis(NetworkNamespace client, Pinning pinning, string command, int connections, int pipeline, int requests, TimeSpan limit)
    {
        var output = Run(client, pinning, limit, "redis-benchmark", "-h", DemoNetwork.GuestAddress.ToString(), "-t", command, "-c", Text(connections), "-P", Text(pipeline),
            "-n", Text(requests), "--csv");
        // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
        var rows = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(',').Select(cell => cell.Trim().Trim('"')).ToArray()).ToList();
        var (head, row) = (rows.Find(r => r.Contains("rps")), rows.FindLast(r => r.Length > 1));
        if (head is null || row is null || row == head)
            throw new PairException("redis-benchmark says: " + output);
        double Cell(string name) => Number(row[Array.IndexOf(head, name)]);
        return new(Cell("rps"), Cell("p99_latency_ms"));
    }

    /// <summary>wrk on one path.</summary>
    internal static LoadResult Wrk(NetworkNamespace client, Pinning pinning, string path, int connections, TimeSpan window, TimeSpan limit)
    {
        var output = Run(client, pinning, window + limit, "wrk", "-t1", "-c" + Text(connections), string.Create(CultureInfo.InvariantCulture, $"-d{(int)window.TotalSeconds}s"), "--latency", "--timeout", "30s",
            $"http://{DemoNetwork.GuestAddress}{path}");
        var (rate, tail) = (WrkRate().Match(output), WrkTail().Match(output));
        if (!rate.Success || !tail.Success)
            throw new PairException("wrk says: " + output);
        var unit = tail.Groups["unit"].Value switch { "us" => 1e-3, "ms" => 1, "s" => 1e3, _ => 60e3 };
        return new(Number(rate.Groups["n"].Value), Number(tail.Groups["n"].Value) * unit);
    }

    private static string Run(NetworkNamespace client, Pinning pinning, TimeSpan limit, string program, params string[] arguments)
    {
        var (code, output) = pinning.Run(Pinning.Part.Clients, () => client.Run(() => Demo.ChildProcess.Capture(program, arguments, (int)limit.TotalMilliseconds)));
        return code == 0 ? output : throw new PairException($"{program} {string.Join(' ', arguments)}: exit status {code}: {output.Trim()}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : throw new PairException($"not a number: {text}");

    [GeneratedRegex(@"Requests/sec:\s+(?<n>[0-9.]+)")]
    private static partial Regex WrkRate();

    [GeneratedRegex(@"99%\s+(?<n>[0-9.]+)(?<unit>us|ms|s|m)")]
    private static partial Regex WrkTail();
}
