using Colo.Linux;

namespace Colo.Checkpoint;

/// <summary>What checkpoints ask of the kernel's memory management.</summary>
internal static unsafe class LinuxMemory
{
    private const int MADV_DONTNEED = 4;

    /// <summary>Drops the private copies of a range of a MAP_PRIVATE mapping: it then shows the file's pages.</summary>
    internal static void DropPrivate(byte* address, nuint length) =>
        LinuxException.ThrowIfNegative(Native.madvise(address, length, MADV_DONTNEED), "madvise(MADV_DONTNEED)");

    /// <summary>Allocates the pages of a range of a memfd.</summary>
    internal static void Allocate(int memfd, long offset, long length) =>
        LinuxException.ThrowIfNegative(NativeFile.fallocate(memfd, 0, offset, length), "fallocate guest image");
}
