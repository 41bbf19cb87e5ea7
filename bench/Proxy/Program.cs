using System.Globalization;

namespace Colo.Bench.Proxy;

/// <summary>
/// The comparer and the rewriter alone, on one core: <c>dotnet run -c Release [-- [REPEATS] [CAPTURE.pcap]...]</c>. Streams are
/// made up, and recorded: the captures of real connections that the tests have, or those that are named.
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (args.Any(a => a is "-h" or "--help" or "-?"))
        {
            Console.WriteLine("usage: colo-bench-proxy [REPEATS] [CAPTURE.pcap]...\nREPEATS: measurements of each stream, 1 to 1000 (5)\nCAPTURE: recorded connections instead of those of the tests");
            return 0;
        }
        int repeats = 5, next = 0;
        if (args.Length > 0 && int.TryParse(args[0], NumberStyles.None, CultureInfo.InvariantCulture, out repeats))
            next = 1;
        else
            repeats = 5;
        if (repeats is < 1 or > 1000)
        {
            Console.Error.WriteLine("REPEATS: 1 to 1000");
            return 2;
        }
        string[] captures = next < args.Length ? args[next..] : Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Captures"), "*.pcap");
        var bench = new Bench(repeats);
        Console.WriteLine($"medians of {repeats} (least-greatest); the goal: 2 M small frames or 10 Gbit/s of full-size ones out");
        Bench.Header();
        foreach (string capture in captures.Order(StringComparer.Ordinal))
        {
            try
            {
                Recorded.Measure(bench, capture);
            }
            catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"{capture}: {e.Message}");
                return 1;
            }
        }
        new MadeUp(bench).Run();
        return bench.Failed ? 1 : 0;
    }
}
