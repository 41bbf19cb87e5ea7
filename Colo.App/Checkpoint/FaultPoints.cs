using System.Diagnostics;

namespace Colo.Checkpoint;

/// <summary>
/// Named places in the protocol at which a test can have this process killed: builds with FAULT_POINTS only, by
/// <c>COLO_FAULT_POINT=name[:n]</c> (the n-th time it is reached, default 1). In a build for users the calls are not there.
/// </summary>
public static class FaultPoints
{
#if FAULT_POINTS
    private static readonly string? Name = Environment.GetEnvironmentVariable("COLO_FAULT_POINT")?.Split(':')[0];

    private static int _left =
        int.TryParse(Environment.GetEnvironmentVariable("COLO_FAULT_POINT")?.Split(':').ElementAtOrDefault(1), out var n) ? n : 1;
#endif

    /// <summary>Dies by SIGKILL here if a test asked for it.</summary>
    [Conditional("FAULT_POINTS")]
    public static void Reach(string name)
    {
#if FAULT_POINTS
        if (name == Name && Interlocked.Decrement(ref _left) == 0)
        {
            Console.Error.WriteLine($"fault point {name}");
            Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite);
        }
#endif
    }
}
