using System.Text.Json;

namespace Colo.Tests.Guest;

/// <summary>The built-in guest on machines with one and with several CPUs.</summary>
public sealed class SmpTests
{
    private static readonly string[] Requests =
        ["/", "/load?pages=300&ms=1", "/count", "/dirty?pages=1000", "/count", "/load?pages=7&ms=3", "/dirty?pages=1", "/nothing", "/load?pages=0"];

    [QemuTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Each_cpu_but_the_first_writes_its_part_of_the_load(int cpus)
    {
        const int Pages = 401;
        using var network = new GuestNetwork();
        using var guest = new QemuGuest(network, cpus: cpus);
        Assert.EndsWith(cpus == 1 ? ", 1 CPU" : $", {cpus} CPUs", guest.WaitFor("started"), StringComparison.Ordinal);
        Assert.Equal(cpus > 1, guest.Console.Contains($"{cpus} of {cpus} CPUs run", StringComparison.Ordinal));

        Assert.Equal($"load {Pages} pages every 2 ms\n", Get(network, $"/load?pages={Pages}&ms=2"));
        var writers = cpus == 1 ? [0] : Enumerable.Range(1, cpus - 1).ToArray();
        var stats = Until(network, s => writers.All(cpu => s.Written[cpu] > 10 * Pages), "each worker writes");
        Assert.Equal(cpus, stats.Written.Length);
        Get(network, "/load?pages=0");
        stats = Until(network, s => s.Same(Stats(network)), "the load has ended");
        for (var i = 0; i < 20; i++)
            Get(network, "/count");
        Assert.Equal(stats.Written, Stats(network).Written);

        for (var cpu = 0; cpu < cpus; cpu++)
        {
            var at = Array.IndexOf(writers, cpu);
            var part = at < 0 ? 0 : (Pages * (at + 1) / writers.Length) - (Pages * at / writers.Length);
            Assert.InRange(stats.Written[cpu], 0, stats.Rounds * part);
        }

        if (cpus == 1)
            Assert.Equal((stats.Rounds * Pages, 0), (stats.Written[0], stats.Late));
        Assert.Equal("dirtied 100 pages\n", Get(network, "/dirty?pages=100"));
        Assert.Equal(stats.Written[0] + 100, Stats(network).Written[0]);
    }

    [QemuFact]
    public void Answers_are_the_same_however_many_cpus_there_are()
    {
        var answers = new[] { 1, 4 }.Select(cpus =>
        {
            using var network = new GuestNetwork();
            using var guest = new QemuGuest(network, cpus: cpus);
            return Requests.Select(path => Exchange.Text(network.Connect(80), $"GET {path} HTTP/1.0\r\n\r\n")).ToArray();
        }).ToArray();
        Assert.Equal(answers[0], answers[1]);
        Assert.All(answers[0].SkipLast(2), answer => Assert.StartsWith("HTTP/1.1 200 OK", answer, StringComparison.Ordinal));
    }

    [QemuFact]
    public void Cpus_without_work_sleep()
    {
        using var network = new GuestNetwork();
        using var guest = new QemuGuest(network, cpus: 4);
        Get(network, "/load?pages=100&ms=1");
        Until(network, s => s.Written.Skip(1).All(pages => pages > 1000), "each worker writes");
        Get(network, "/load?pages=0");
        Until(network, s => s.Same(Stats(network)), "the load has ended");
        var before = guest.ProcessorTime;
        Thread.Sleep(1000);
        var used = guest.ProcessorTime - before;
        // One that spins takes a second of it, or its share of what the machine has.
        Assert.True(used < TimeSpan.FromMilliseconds(200), $"4 CPUs with nothing to do took {used.TotalMilliseconds} ms in a second");
    }

    // The MP table that SeaBIOS writes for these names one CPU of the package.
    [QemuFact]
    public void Cpus_that_acpi_alone_names_are_found()
    {
        using var guest = new QemuGuest(null, cpus: 3, machine: "q35");
        Assert.EndsWith(", 3 CPUs", guest.WaitFor("started"), StringComparison.Ordinal);
        guest.WaitFor("3 of 3 CPUs run");
    }

    private static string Get(GuestNetwork network, string path) =>
        Exchange.Text(network.Connect(80), $"GET {path} HTTP/1.0\r\n\r\n").Split("\r\n\r\n", 2)[1];

    private static LoadStats Until(GuestNetwork network, Func<LoadStats, bool> reached, string what)
    {
        var end = Environment.TickCount64 + 20_000;
        while (true)
        {
            var stats = Stats(network);
            if (reached(stats))
                return stats;
            Assert.True(Environment.TickCount64 < end, $"not within 20 s: {what}: {stats}");
        }
    }

    private static LoadStats Stats(GuestNetwork network)
    {
        using var last = JsonDocument.Parse(Get(network, "/stats").TrimEnd().Split('\n')[^1]);
        var root = last.RootElement;
        var written = root.GetProperty("load_written").EnumerateArray().Select(pages => pages.GetInt64()).ToArray();
        Assert.Equal(root.GetProperty("cpus").GetInt32(), written.Length);
        return new LoadStats(root.GetProperty("load_rounds").GetInt64(), root.GetProperty("load_late").GetInt64(), written);
    }

    private sealed record LoadStats(long Rounds, long Late, long[] Written)
    {
        public bool Same(LoadStats other) => Rounds == other.Rounds && Written.SequenceEqual(other.Written);

        public override string ToString() => $"{Rounds} rounds, {Late} late, written {string.Join(' ', Written)}";
    }
}
