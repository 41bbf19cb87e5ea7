using System.Diagnostics;
using Colo.Memory;

namespace Colo.Checkpoint;

/// <summary>
/// For tests, in builds with FAULT_POINTS and when COLO_MEMORY_PROBE names a folder: writes a checksum of all guest memory to
/// standard error at each stop of the PVM and after each commit on the secondary, and those of its pages to a file ROLE-EPOCH in
/// that folder, so that a test can see that both are equal, and where they are not.
/// </summary>
public static class MemoryProbe
{
#if FAULT_POINTS
    private static readonly string? Folder = Environment.GetEnvironmentVariable("COLO_MEMORY_PROBE");
#endif

    /// <summary>Writes the checksum of memory as this node's guest sees it. The guest stands still.</summary>
    [Conditional("FAULT_POINTS")]
    public static unsafe void Report(string role, ulong epoch, GuestMemory memory)
    {
#if FAULT_POINTS
        if (Folder is null)
            return;
        var pages = new uint[memory.Pages];
        for (ulong page = 0; page < memory.Pages; page++)
            pages[page] = CheckpointFormat.Checksum(new ReadOnlySpan<byte>(memory.Base + (page * GuestMemory.PageSize), GuestMemory.PageSize), 0);
        var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(pages.AsSpan());
        File.WriteAllBytes(Path.Combine(Folder, $"{role}-{epoch}"), bytes);
        Console.Error.WriteLine($"memory-probe {role} epoch {epoch} checksum {CheckpointFormat.Checksum(bytes, 0):x8}");
#endif
    }
}
