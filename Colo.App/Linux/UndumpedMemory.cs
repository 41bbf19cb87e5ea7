namespace Colo.Linux;

/// <summary>
/// Memory that is left out when the kernel writes a core of this process. What holds the guest's data has to be: from Linux 5.16
/// on a robust mutex is let go only when the core is written (kernel/exit.c, coredump_task_exit), so the keeper would tell the
/// other node of a crash only after that, and for as long the guest would be unheard; and a core is no place for its secrets.
/// /proc/PID/coredump_filter does not do it: a private mapping of a file that has been written to counts as anonymous there.
/// </summary>
internal static unsafe class UndumpedMemory
{
    private const int MADV_DONTDUMP = 16;
    private const int MREMAP_MAYMOVE = 1;
    private const int PROT_READ_WRITE = 3;
    private const int MAP_PRIVATE_ANONYMOUS = 0x2 | 0x20;
    private const nuint Page = 4096;

    /// <summary>Leaves a mapping out of cores. It is not worth failing for: nothing depends on it but the size of a core.</summary>
    internal static void LeaveOut(void* address, nuint length) => _ = Native.madvise(address, length, MADV_DONTDUMP);

    /// <summary>Maps zeroed memory, page-aligned.</summary>
    /// <param name="size">Bytes; rounded up to pages.</param>
    internal static byte* Map(nuint size)
    {
        var address = Native.mmap(null, RoundUp(size), PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
        if ((nint)address == -1)
            throw new OutOfMemoryException($"{size} bytes");
        LeaveOut(address, RoundUp(size));
        return (byte*)address;
    }

    /// <summary>Makes a mapping longer or shorter; it may move. What it holds stays, what is new is zeroed.</summary>
    /// <param name="address">From <see cref="Map"/>.</param>
    /// <param name="before">The size it was mapped with.</param>
    /// <param name="size">The size that it is to have.</param>
    internal static byte* Resize(byte* address, nuint before, nuint size)
    {
        // The advice goes along: it is a flag of the mapping.
        var moved = Native.mremap(address, RoundUp(before), RoundUp(size), MREMAP_MAYMOVE);
        return (nint)moved != -1 ? (byte*)moved : throw new OutOfMemoryException($"{size} bytes");
    }

    /// <summary>Gives memory back.</summary>
    /// <param name="address">From <see cref="Map"/>, or null.</param>
    /// <param name="size">The size it has.</param>
    internal static void Unmap(void* address, nuint size)
    {
        if (address != null)
            _ = Native.munmap(address, RoundUp(size));
    }

    private static nuint RoundUp(nuint size) => checked(size + Page - 1) & ~(Page - 1);
}
