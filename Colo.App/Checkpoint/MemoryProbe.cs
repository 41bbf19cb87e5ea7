using System.Diagnostics;
using Colo.Memory;

namespace Colo.Checkpoint;

/// <summary>
/// For tests, in builds with FAULT_POINTS and when COLO_MEMORY_PROBE is set: writes a checksum of all guest memory to
/// standard error at each stop of the PVM and after each commit on the secondary, so that a test can see that both are equal.
/// </summary>
public static class MemoryProbe
{
#if FAULT_POINTS
    private static readonly bool On = Environment.GetEnvironmentVariable("COLO_MEMORY_PROBE") is not null;
#endif

    /// <summary>Writes the checksum of memory as this node's guest sees it. The guest stands still.</summary>
    [Conditional("FAULT_POINTS")]
    public static unsafe void Report(string role, ulong epoch, GuestMemory memory)
    {
#if FAULT_POINTS
        if (!On)
            return;
        uint sum = 0;
        for (ulong page = 0; page < memory.Pages; page++)
            sum = CheckpointFormat.Checksum(new ReadOnlySpan<byte>(memory.Base + (page * GuestMemory.PageSize), GuestMemory.PageSize), sum);
        Console.Error.WriteLine($"memory-probe {role} epoch {epoch} checksum {sum:x8}");
#endif
    }
}
