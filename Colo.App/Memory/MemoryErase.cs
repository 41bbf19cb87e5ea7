using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Memory;

/// <summary>
/// Makes the guest's memory what it is at power on, for a reset: all zero, and given back to the host rather than written, for to
/// write zeroes takes as long as the guest has memory and has the host find all of it. Of private memory over an image the image
/// goes, too: a hole in the guest's mapping would show it. (So only where nobody needs it any more, on a survivor.) Address and
/// memory slots stay: KVM hears of mappings that change (mmu notifiers).
/// <para>
/// Dirty are the pages that were not zero. Those that were are at the secondary what they were at the last checkpoint, or in the
/// dirty log. While the vCPUs and devices stand still; on any thread, piece by piece, for the kernel holds locks meanwhile that
/// the loop's thread may want.
/// </para>
/// </summary>
internal sealed unsafe class MemoryErase : IDisposable
{
    // 64 MiB: some milliseconds.
    private const int Slice = 16384;

    private readonly GuestMemory _memory;
    private readonly PageMap? _copies;
    private readonly ulong[] _entries = new ulong[Slice];
    private readonly bool[] _held = new bool[Slice];

    /// <param name="memory">The memory. Must outlive this.</param>
    internal MemoryErase(GuestMemory memory)
    {
        _memory = memory;
        try
        {
            _copies = memory.Image == null ? null : new PageMap(memory);
        }
        catch (LinuxException)
        {
            // Then all pages are looked at.
        }
    }

    /// <summary>Erases all of it.</summary>
    /// <param name="stop">Asked now and then; true ends it in the middle.</param>
    /// <returns>Pages that were not zero.</returns>
    /// <exception cref="LinuxException">The kernel refuses.</exception>
    internal ulong Run(Func<bool> stop)
    {
        ulong changed = 0;
        for (ulong first = 0; first < _memory.Pages && !stop(); first += Slice)
        {
            var count = (int)Math.Min(Slice, _memory.Pages - first);
            FindHeld(first, count);
            _memory.Erase(first, (ulong)count);
            // After the change, or the page could be sent as it was and count as sent.
            for (var i = 0; i < count; i++)
            {
                if (!_held[i])
                    continue;
                _memory.DeviceDirty.Set(first + (ulong)i);
                changed++;
            }
        }

        return changed;
    }

    /// <inheritdoc/>
    public void Dispose() => _copies?.Dispose();

    /// <summary>Finds the pages that are not zero, and looks only at those that the host has any memory for.</summary>
    private void FindHeld(ulong first, int count)
    {
        var held = _held.AsSpan(0, count);
        if (_memory.Image != null && _copies is null)
        {
            held.Fill(true);
        }
        else
        {
            held.Clear();
            MarkData(first, held);
            MarkCopies(first, held);
        }

        for (var i = 0; i < count; i++)
        {
            held[i] = held[i] &&
                new ReadOnlySpan<byte>(_memory.Base + ((first + (ulong)i) * GuestMemory.PageSize), GuestMemory.PageSize).IndexOfAnyExcept((byte)0) >= 0;
        }
    }

    private void MarkData(ulong first, Span<bool> held)
    {
        var start = (long)first * GuestMemory.PageSize;
        var end = start + (held.Length * (long)GuestMemory.PageSize);
        // The memfd's position is used by nobody. What is swapped out counts as data.
        for (var at = start; at < end;)
        {
            var data = NativeFile.lseek(_memory.MemFd, at, NativeFile.SEEK_DATA);
            if (data < 0 && Marshal.GetLastPInvokeError() != NativeFile.ENXIO)
                throw LinuxException.FromLastError("lseek(SEEK_DATA) in the guest's memory");
            if (data < 0 || data >= end)
                return;
            at = Math.Min(end, LinuxException.ThrowIfNegative(NativeFile.lseek(_memory.MemFd, data, NativeFile.SEEK_HOLE), "lseek(SEEK_HOLE) in the guest's memory"));
            held[(int)((data - start) / GuestMemory.PageSize)..(int)((at - start + GuestMemory.PageSize - 1) / GuestMemory.PageSize)].Fill(true);
        }
    }

    private void MarkCopies(ulong first, Span<bool> held)
    {
        if (_copies is not { } copies)
            return;
        var entries = _entries.AsSpan(0, held.Length);
        copies.Read(first, entries);
        for (var i = 0; i < held.Length; i++)
            held[i] |= PageMap.IsCopy(entries[i]);
    }
}
