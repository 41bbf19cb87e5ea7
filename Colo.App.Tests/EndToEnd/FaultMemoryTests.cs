using System.Globalization;
using System.Text.RegularExpressions;
using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>After each checkpoint the secondary's guest has the primary's memory, byte for byte.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed partial class FaultMemoryTests(ITestOutputHelper output)
{
    private const int Enough = 30;

    [FaultTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Both_guests_have_the_same_memory_after_each_checkpoint_also_of_the_survivor(int cpus) => PairFixture.Run(output, FaultBinary.Path!, f =>
    {
        foreach (var node in (char[])['a', 'b'])
            f.Pair.Environment(node)["COLO_MEMORY_PROBE"] = Directory.CreateDirectory(Path.Combine(f.Pair.Folder, $"probe-{node}")).FullName;
        f.Pair.StartProtected(PairFixture.ProtectLimit);
    }, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(Faults.Mixed with { Udp = true, Ping = true });
        f.Get(cpus == 1 ? "/load?pages=500&ms=5" : GuestHttp.Load);
        GuestHttp.AwaitWorkers(f.Pair.Network.Client, cpus, "before the checkpoints");
        AwaitCheckpoints(f, 'a');
        watch.AnnounceTakeover('b');
        f.Pair.Kill('a');
        PairFixture.GoOn(load, "after the takeover");
        f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
        f.Pair.Start('a', "secondary");
        f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
        AwaitCheckpoints(f, 'b');
        GuestHttp.AwaitWorkers(f.Pair.Network.Client, cpus, "at the survivor");
        f.Print($"longest TCP gap {load.Snapshot().LongestTcpGapUs} us");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
        AssertEqual(f, 'a');
        AssertEqual(f, 'b');
    }, new PairSettings { Overrides = [$"vm:cpus={cpus}"] });

    /// <summary>Waits for enough checkpoints to compare.</summary>
    internal static void AwaitCheckpoints(PairFixture f, char primary, int seconds = 30)
    {
        var before = f.Pair.Node(primary).TryStatus()!.Checkpoints;
        f.Pair.Wait(primary, "making checkpoints", s => s.Checkpoints >= before + Enough + 10, TimeSpan.FromSeconds(seconds) * PairFixture.Patience);
    }

    /// <summary>Holds what both nodes have told of their memory (COLO_MEMORY_PROBE) against each other.</summary>
    internal static void AssertEqual(PairFixture f, char primary)
    {
        var sent = Read(f, primary, "primary");
        var loaded = Read(f, DemoPair.Other(primary), "secondary");
        var both = sent.Keys.Intersect(loaded.Keys).Order().ToList();
        var differ = both.Where(epoch => sent[epoch] != loaded[epoch]).ToList();
        f.Print($"primary {primary}: {both.Count} epochs compared, {both.Select(e => sent[e]).Distinct().Count()} different contents, {differ.Count} differ");
        Assert.True(both.Count >= Enough, $"only {both.Count} epochs were reported by both: {sent.Count} and {loaded.Count}");
        Assert.True(differ.Count == 0,
            $"memory differs in {differ.Count} of {both.Count} epochs: {string.Join("; ", differ.Take(10).Select(epoch => $"epoch {epoch}: pages {Pages(f, primary, epoch)}"))}");
        // A checksum that never changes would prove nothing.
        Assert.True(both.Select(e => sent[e]).Distinct().Count() > both.Count / 2, "the probe gives the same checksum again and again");
    }

    /// <summary>The pages that differ, by their numbers.</summary>
    private static string Pages(PairFixture f, char primary, long epoch)
    {
        var sent = File.ReadAllBytes(Path.Combine(f.Pair.Folder, $"probe-{primary}", $"primary-{epoch}"));
        var loaded = File.ReadAllBytes(Path.Combine(f.Pair.Folder, $"probe-{DemoPair.Other(primary)}", $"secondary-{epoch}"));
        var pages = Enumerable.Range(0, sent.Length / 4).Where(page => !sent.AsSpan(page * 4, 4).SequenceEqual(loaded.AsSpan(page * 4, 4))).ToList();
        return $"{string.Join(' ', pages.Take(20).Select(page => page.ToString("x", CultureInfo.InvariantCulture)))} ({pages.Count})";
    }

    // Epochs of a node that was both are told apart by the role; nobody is primary twice here.
    private static Dictionary<long, string> Read(PairFixture f, char node, string role)
    {
        var found = new Dictionary<long, string>();
        foreach (var line in File.ReadLines(f.Pair.Files(node).Log))
        {
            if (Line().Match(line) is { Success: true } match && match.Groups[1].Value == role)
                found.Add(long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture), match.Groups[3].Value);
        }

        return found;
    }

    [GeneratedRegex("memory-probe ([a-z]+) epoch ([0-9]+) checksum ([0-9a-f]{8})")]
    private static partial Regex Line();
}
