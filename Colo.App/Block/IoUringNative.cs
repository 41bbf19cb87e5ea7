using System.Runtime.InteropServices;

namespace Colo.Block;

// Laid out as linux/io_uring.h has them, names included; a test compiles a C program against that header and compares
// sizes and offsets.
#pragma warning disable CA1815

[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct io_uring_sqe
{
    [FieldOffset(0)]
    internal byte opcode;

    [FieldOffset(1)]
    internal byte flags;

    [FieldOffset(2)]
    internal ushort ioprio;

    [FieldOffset(4)]
    internal int fd;

    [FieldOffset(8)]
    internal ulong off;

    [FieldOffset(16)]
    internal ulong addr;

    [FieldOffset(24)]
    internal uint len;

    [FieldOffset(32)]
    internal ulong user_data;
}

[StructLayout(LayoutKind.Sequential)]
internal struct io_uring_cqe
{
    internal ulong user_data;
    internal int res;
    internal uint flags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct io_sqring_offsets
{
    internal uint head, tail, ring_mask, ring_entries, flags, dropped, array, resv1;
    internal ulong resv2;
}

[StructLayout(LayoutKind.Sequential)]
internal struct io_cqring_offsets
{
    internal uint head, tail, ring_mask, ring_entries, overflow, cqes, flags, resv1;
    internal ulong resv2;
}

[StructLayout(LayoutKind.Explicit, Size = 120)]
internal struct io_uring_params
{
    [FieldOffset(0)]
    internal uint sq_entries;

    [FieldOffset(4)]
    internal uint cq_entries;

    [FieldOffset(8)]
    internal uint flags;

    [FieldOffset(20)]
    internal uint features;

    [FieldOffset(40)]
    internal io_sqring_offsets sq_off;

    [FieldOffset(80)]
    internal io_cqring_offsets cq_off;
}

/// <summary>Numbers of linux/io_uring.h. A test compares each with the C header.</summary>
internal static class IoUringValue
{
    internal const uint IORING_OP_READV = 1;
    internal const uint IORING_OP_WRITEV = 2;
    internal const uint IORING_ENTER_GETEVENTS = 1;
    internal const uint IORING_FEAT_SINGLE_MMAP = 1;
    internal const uint IORING_FEAT_NODROP = 2;
    internal const uint IORING_FEAT_SUBMIT_STABLE = 4;
    internal const uint IORING_FEAT_FAST_POLL = 0x20;
    internal const uint IORING_OFF_SQ_RING = 0;
    internal const uint IORING_OFF_SQES = 0x10000000;
    internal const uint IORING_REGISTER_EVENTFD = 4;
    internal const uint IORING_SETUP_COOP_TASKRUN = 0x100;
}

/// <summary>The calls of io_uring, which the C library does not have (x86-64's numbers, asm/unistd_64.h).</summary>
internal static unsafe partial class IoUringNative
{
    internal const long SYS_io_uring_setup = 425;
    internal const long SYS_io_uring_enter = 426;
    internal const long SYS_io_uring_register = 427;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long io_uring_setup(long number, uint entries, io_uring_params* parameters);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long io_uring_enter(long number, int fd, uint submit, uint complete, uint flags, void* sigset, nuint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long io_uring_register(long number, int fd, uint opcode, void* argument, uint count);
}
