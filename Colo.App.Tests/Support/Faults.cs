using Colo.Demo;

namespace Colo.Tests.Support;

/// <summary>Has a node of the binary with fault points die, or stop, at a named place.</summary>
internal static class Faults
{
    internal const int Killed = 128 + 9;

    /// <summary>Twenty connections; two of them ask for what always differs, so that checkpoints are frequent.</summary>
    internal static LoadSettings Mixed { get; } = new() { Echo = 10, Resp = 6, Count = 2, Tsc = 2, Interval = TimeSpan.FromMilliseconds(10) };

    private static string ArmFile(PairFixture f) => Path.Combine(f.Pair.Folder, "armed");

    /// <summary>This node, from its next start on, falls at the n-th pass of a point after <see cref="Arm"/>.</summary>
    internal static void Prepare(PairFixture f, char node, string point, int n = 1, bool stop = false)
    {
        var environment = f.Pair.Environment(node);
        environment["COLO_FAULT_POINT"] = $"{point}:{n}";
        environment["COLO_FAULT_ARM"] = ArmFile(f);
        environment["COLO_FAULT_ACTION"] = stop ? "stop" : "kill";
    }

    /// <summary>From its next start on this node falls no more.</summary>
    internal static void Forget(PairFixture f, char node) => f.Pair.Environment(node).Clear();

    /// <summary>From now on passes count.</summary>
    internal static void Arm(PairFixture f) => File.WriteAllText(ArmFile(f), "");

    /// <summary>Passes count no more.</summary>
    internal static void Disarm(PairFixture f) => File.Delete(ArmFile(f));

    /// <summary>Waits until the node has died there, and nowhere else.</summary>
    internal static void AssertFell(PairFixture f, char node, string point)
    {
        Assert.True(f.Pair.Node(node).WaitForExit(PairFixture.TakeoverLimit), $"node {node} has not reached {point}");
        Assert.Equal(Killed, f.Pair.Node(node).ExitCode);
        Assert.True(PairFixture.Until(TimeSpan.FromSeconds(2), () => f.Pair.Node(node).LogTail(50).Contains($"fault point {point}", StringComparison.Ordinal)),
            $"node {node} died, and not at {point}");
    }

    /// <summary>Waits until the node has stopped there.</summary>
    internal static void AssertStopped(PairFixture f, char node, string point) =>
        Assert.True(
            PairFixture.Until(PairFixture.TakeoverLimit, () => IsStopped(f.Pair.Node(node).Pid) && f.Pair.Node(node).LogTail(50).Contains($"fault point {point}", StringComparison.Ordinal)),
            $"node {node} does not stand at {point}");

    /// <summary>Whether a process is stopped by a signal.</summary>
    internal static bool IsStopped(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[stat.LastIndexOf(')') + 2] == 'T';
    }
}
