using System.Numerics;
using Colo.Linux;

namespace Colo.Link;

/// <summary>
/// A ring whose memory is mapped twice, one mapping behind the other: any part of it, up to its capacity, is one
/// span, also across the end. Pages take memory when they are first used. Not freed by the garbage collector.
/// </summary>
internal sealed unsafe class MirroredBuffer : IDisposable
{
    private const int PROT_NONE = 0;
    private const int PROT_READ_WRITE = 3;
    private const int MAP_SHARED = 1;
    private const int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x2 | 0x20 | 0x4000;
    private const int MAP_FIXED = 0x10;
    private const uint MFD_CLOEXEC = 1;

    private byte* _memory;

    /// <param name="capacity">At least so many bytes; rounded up to a power of two and a page.</param>
    internal MirroredBuffer(int capacity)
    {
        Capacity = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 4096));
        FileDescriptor fd;
        fixed (byte* name = "colo-link"u8)
            fd = FileDescriptor.FromResult(Native.memfd_create(name, MFD_CLOEXEC), "memfd_create");
        using (fd)
        {
            LinuxException.ThrowIfNegative(Native.ftruncate(fd.Number, Capacity), "ftruncate a ring");
            var memory = Map(null, 2 * (nuint)Capacity, PROT_NONE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1);
            _memory = memory;
            try
            {
                Map(memory, (nuint)Capacity, PROT_READ_WRITE, MAP_SHARED | MAP_FIXED, fd.Number);
                Map(memory + Capacity, (nuint)Capacity, PROT_READ_WRITE, MAP_SHARED | MAP_FIXED, fd.Number);
                // The guest's frames and disk data pass through.
                UndumpedMemory.LeaveOut(memory, 2 * (nuint)Capacity);
            }
            catch
            {
                Dispose();
                throw;
            }
        }
    }

    /// <summary>Bytes, a power of two.</summary>
    internal int Capacity { get; }

    /// <summary>The memory at a position that counts bytes since the start; valid for <see cref="Capacity"/> bytes.</summary>
    internal byte* At(long position) => _memory + (position & (Capacity - 1));

    /// <summary>A part of the ring.</summary>
    internal Span<byte> Span(long position, int length) => new(At(position), length);

    public void Dispose()
    {
        if (_memory is null)
            return;
        _ = Native.munmap(_memory, 2 * (nuint)Capacity);
        _memory = null;
    }

    private static byte* Map(byte* at, nuint length, int protection, int flags, int fd)
    {
        var memory = Native.mmap(at, length, protection, flags, fd, 0);
        return (nint)memory != -1 ? (byte*)memory : throw LinuxException.FromLastError("mmap a ring");
    }
}
