using System.Runtime.InteropServices;
using System.Text;
using Colo.Linux;

namespace Colo.Memory;

/// <summary>
/// The RAM of the guest: one host mapping of a memfd. Below 3 GiB guest-physical and host offsets are equal; what is
/// more than 3 GiB lies above 4 GiB, because devices live in between.
/// <para>
/// Two kinds. <see cref="Create"/>: the guest writes the memfd itself (primary, standalone).
/// <see cref="CreateOverImage"/>: the guest runs on a private, copy-on-write mapping; the memfd, seen through
/// <see cref="Image"/>, keeps the last checkpoint, so the secondary needs one guest's memory plus what its VM has changed.
/// </para>
/// <para>
/// Safe because every access goes through <see cref="TryGetPointer"/>, which checks the whole range, and the mapping
/// lives as long as this object; devices stop before it is disposed.
/// </para>
/// </summary>
public sealed unsafe class GuestMemory : IDisposable
{
    /// <summary>Bytes in a page.</summary>
    public const int PageSize = 4096;

    /// <summary>Where the hole for devices begins: RAM ends here at the latest and goes on at 4 GiB.</summary>
    public const ulong HoleStart = 0xC000_0000;

    /// <summary>Where RAM goes on behind the hole for devices.</summary>
    public const ulong HoleEnd = 0x1_0000_0000;

    private const int ProtReadWrite = 3;
    private const int MapShared = 1;
    private const int MapPrivate = 2;
    private const int MapFixed = 0x10;
    private const int MapAnonymous = 0x20;
    private const int MapNoReserve = 0x4000;
    private const uint MfdCloexec = 1;

    private readonly FileDescriptor _memfd;
    private bool _disposed;

    private GuestMemory(ulong size, bool overImage)
    {
        if (size == 0 || size % PageSize != 0 || size > 1UL << 46)
            throw new ArgumentOutOfRangeException(nameof(size), size, "guest memory is whole pages, at most 64 TiB");
        Size = size;
        fixed (byte* name = Encoding.ASCII.GetBytes("guest-ram\0"))
            _memfd = FileDescriptor.FromResult(Native.memfd_create(name, MfdCloexec), "memfd_create");
        LinuxException.ThrowIfNegative(Native.ftruncate(_memfd.Number, (long)size), "ftruncate guest RAM");
        Image = overImage ? Map(MapShared) : null;
        Base = Map((overImage ? MapPrivate : MapShared) | MapNoReserve);
        DeviceDirty = new PageBitmap(Pages);
    }

    /// <summary>Bytes of RAM.</summary>
    public ulong Size { get; }

    /// <summary>Pages of RAM. Page n is at host offset n × 4096 (see <see cref="PageToGuestPhysical"/>).</summary>
    public ulong Pages => Size / PageSize;

    /// <summary>The guest's mapping, which KVM runs on.</summary>
    public byte* Base { get; }

    /// <summary>The memfd's own mapping below a private one (the last checkpoint on a secondary), or null.</summary>
    public byte* Image { get; }

    /// <summary>The descriptor of the memfd.</summary>
    public int MemFd => _memfd.Number;

    /// <summary>RAM below the hole for devices, in bytes; begins at guest-physical 0.</summary>
    public ulong LowSize => Math.Min(Size, HoleStart);

    /// <summary>RAM above the hole for devices, in bytes; begins at guest-physical 4 GiB.</summary>
    public ulong HighSize => Size - LowSize;

    /// <summary>Pages that devices have written: KVM's dirty log knows only what vCPUs write.</summary>
    public PageBitmap DeviceDirty { get; }

    /// <summary>RAM of a guest that writes the memfd itself.</summary>
    /// <param name="size">Bytes, a multiple of 4096.</param>
    public static GuestMemory Create(ulong size) => new(size, overImage: false);

    /// <summary>RAM of a guest on private copies over an image of the last checkpoint.</summary>
    /// <param name="size">Bytes, a multiple of 4096.</param>
    public static GuestMemory CreateOverImage(ulong size) => new(size, overImage: true);

    /// <summary>Finds the host address of a guest-physical range that lies wholly in RAM.</summary>
    /// <returns>False if any byte of the range is outside of RAM; a length of 0 needs only a valid address or the end.</returns>
    public bool TryGetPointer(ulong guestPhysical, ulong length, out byte* pointer)
    {
        if (guestPhysical < HoleStart)
        {
            pointer = Base + guestPhysical;
            return guestPhysical <= LowSize && length <= LowSize - guestPhysical;
        }

        pointer = null;
        if (guestPhysical < HoleEnd)
            return false;
        var offset = guestPhysical - HoleEnd;
        if (offset > HighSize || length > HighSize - offset)
            return false;
        pointer = Base + LowSize + offset;
        return true;
    }

    /// <summary>Finds a guest-physical range that lies wholly in RAM, as a span.</summary>
    public bool TryGetSpan(ulong guestPhysical, uint length, out Span<byte> span)
    {
        if (length <= int.MaxValue && TryGetPointer(guestPhysical, length, out var pointer))
        {
            span = new Span<byte>(pointer, (int)length);
            return true;
        }

        span = default;
        return false;
    }

    /// <summary>Marks the pages of a range in RAM as written by a device. Call it after the write.</summary>
    public void MarkDirty(ulong guestPhysical, ulong length)
    {
        if (length == 0 || !TryGetPointer(guestPhysical, length, out var pointer))
            return;
        var first = (ulong)(pointer - Base) / PageSize;
        var last = ((ulong)(pointer - Base) + length - 1) / PageSize;
        for (var page = first; page <= last; page++)
            DeviceDirty.Set(page);
    }

    /// <summary>The guest-physical address of a page number.</summary>
    public ulong PageToGuestPhysical(ulong page)
    {
        var offset = page * PageSize;
        return offset < LowSize ? offset : offset - LowSize + HoleEnd;
    }

    /// <summary>Gives pages of the memfd back to the host: it has zeroes there. Private copies above them stay (fallocate(2) of shmem).</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="LinuxException">The kernel refuses.</exception>
    internal void FreeImage(ulong first, ulong count)
    {
        while (NativeFile.fallocate(MemFd, NativeFile.FALLOC_FL_PUNCH_HOLE | NativeFile.FALLOC_FL_KEEP_SIZE, (long)(first * PageSize), (long)(count * PageSize)) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.EINTR)
                throw LinuxException.FromLastError("fallocate(FALLOC_FL_PUNCH_HOLE) of the guest's memory");
        }
    }

    /// <summary>Makes pages zero, and gives what they took back to the host; where the mapping is private, the image's too.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="LinuxException">The kernel refuses.</exception>
    internal void Erase(ulong first, ulong count)
    {
        if (Image != null)
        {
            var at = Base + (first * PageSize);
            var length = (nuint)(count * PageSize);
            // In the place of what was there, in one step: whoever reads just now sees the one or the other.
            if (Native.mmap(at, length, ProtReadWrite, MapPrivate | MapAnonymous | MapFixed | MapNoReserve, -1, 0) != at)
                throw LinuxException.FromLastError("mmap in the place of the guest's memory");
            UndumpedMemory.LeaveOut(at, length);
        }

        FreeImage(first, count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Twice would unmap what another has mapped there meanwhile.
        if (_disposed)
            return;
        _disposed = true;
        _ = Native.munmap(Base, (nuint)Size);
        if (Image != null)
            _ = Native.munmap(Image, (nuint)Size);
        _memfd.Dispose();
        DeviceDirty.Dispose();
    }

    private byte* Map(int flags)
    {
        var address = Native.mmap(null, (nuint)Size, ProtReadWrite, flags, _memfd.Number, 0);
        if ((nint)address == -1)
            throw LinuxException.FromLastError($"mmap {Size} bytes of guest RAM");
        UndumpedMemory.LeaveOut(address, (nuint)Size);
        return (byte*)address;
    }
}
