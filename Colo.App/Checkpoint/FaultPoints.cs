using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Colo.Checkpoint;

/// <summary>
/// Named places in the protocol at which a test can have this process killed: in builds with FAULT_POINTS only
/// (<c>dotnet publish -p:FaultPoints=true</c>). In a build for users the calls are not there.
/// <list type="bullet">
/// <item><c>COLO_FAULT_POINT=name[:n]</c>: the n-th time that this place is reached, default 1.</item>
/// <item><c>COLO_FAULT_ARM=FILE</c>: counted only while this file exists, so that a test chooses the moment.</item>
/// <item><c>COLO_FAULT_ACTION=stop</c>: SIGSTOP instead of SIGKILL; the test lets the process go on.</item>
/// </list>
/// </summary>
public static partial class FaultPoints
{
#if FAULT_POINTS
    private static readonly string[] Wanted = Environment.GetEnvironmentVariable("COLO_FAULT_POINT")?.Split(':') ?? [];
    private static readonly string? Arm = Environment.GetEnvironmentVariable("COLO_FAULT_ARM");
    private static readonly bool Stop = Environment.GetEnvironmentVariable("COLO_FAULT_ACTION") == "stop";
    private static int s_left = Wanted.Length > 1 && int.TryParse(Wanted[1], out var n) ? n : 1;

    // Straight to the kernel: what is said and done here must not give the other threads time to go on.
    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    private static unsafe partial nint write(int fd, byte* buffer, nuint length);
#endif

    /// <summary>Dies by SIGKILL here, or stops, if a test asked for it.</summary>
    [Conditional("FAULT_POINTS")]
    public static unsafe void Reach(string name)
    {
#if FAULT_POINTS
        if (Wanted.Length == 0 || name != Wanted[0] || (Arm is not null && !File.Exists(Arm)) || Interlocked.Decrement(ref s_left) != 0)
            return;
        var line = Encoding.ASCII.GetBytes($"fault point {name}\n");
        fixed (byte* start = line)
            _ = write(2, start, (nuint)line.Length);
        _ = kill(Environment.ProcessId, Stop ? 19 : 9);
        if (!Stop)
            Thread.Sleep(Timeout.Infinite);
#endif
    }
}
