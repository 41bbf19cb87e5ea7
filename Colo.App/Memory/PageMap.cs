using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Memory;

/// <summary>
/// Which pages of a private mapping of a memfd have a copy of their own, by the page tables of this process: /proc/self/pagemap
/// (Documentation/admin-guide/mm/pagemap.rst). Asking touches no page. A copy that is being made at this moment may not be seen.
/// One thread.
/// </summary>
internal sealed unsafe class PageMap : IDisposable
{
    private const ulong Present = 1UL << 63, Swapped = 1UL << 62, FileOrShared = 1UL << 61;

    // An entry has 8 bytes, and to get one costs nearly as much as to get a few dozen.
    private const int Window = 64;

    private readonly FileDescriptor _file;
    private readonly GuestMemory _memory;
    private readonly ulong[] _window = new ulong[Window];
    private ulong _windowFirst = ulong.MaxValue;

    /// <exception cref="LinuxException">The page tables may not be read.</exception>
    internal PageMap(GuestMemory memory)
    {
        if (memory.Image == null)
            throw new ArgumentException("memory without an image", nameof(memory));
        _memory = memory;
        _file = FileDescriptor.FromResult(NativeFile.open("/proc/self/pagemap", NativeFile.O_RDONLY | NativeFile.O_CLOEXEC, 0), "open /proc/self/pagemap");
    }

    /// <summary>Whether an entry is that of a copy, in memory or swapped out.</summary>
    internal static bool IsCopy(ulong entry) => (entry & (Present | Swapped)) != 0 && (entry & FileOrShared) == 0;

    /// <summary>Forgets what <see cref="HasCopy"/> has read: from here on it tells what is there now.</summary>
    internal void Renew() => _windowFirst = ulong.MaxValue;

    /// <summary>Whether a page has a copy, at the first question for it or a neighbour since <see cref="Renew"/>.</summary>
    /// <exception cref="LinuxException">The page tables cannot be read.</exception>
    internal bool HasCopy(ulong page)
    {
        var first = page & ~(ulong)(Window - 1);
        if (first != _windowFirst)
        {
            Read(first, _window.AsSpan(0, (int)Math.Min(Window, _memory.Pages - first)));
            _windowFirst = first;
        }

        return IsCopy(_window[page - first]);
    }

    /// <summary>Reads the entries of pages that follow each other.</summary>
    /// <exception cref="LinuxException">The page tables cannot be read.</exception>
    internal void Read(ulong first, Span<ulong> entries)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + (ulong)entries.Length, _memory.Pages, nameof(entries));
        var bytes = MemoryMarshal.AsBytes(entries);
        var offset = (long)((((ulong)_memory.Base / GuestMemory.PageSize) + first) * sizeof(ulong));
        while (bytes.Length > 0)
        {
            nint got;
            fixed (byte* at = bytes)
                got = NativeFile.pread(_file.Number, at, (nuint)bytes.Length, offset);
            if (got < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR)
                continue;
            if (got <= 0)
                throw LinuxException.FromLastError("read /proc/self/pagemap");
            bytes = bytes[(int)got..];
            offset += got;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
