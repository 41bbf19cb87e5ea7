using Colo.Devices;

namespace Colo.Machine;

/// <summary>
/// An address space of devices, ports or memory: sorted ranges that do not overlap, found by binary search with no
/// allocation and no lock. An access that no range holds whole reads as all ones and is written nowhere, as on a
/// bus where nobody answers.
/// </summary>
internal sealed class Bus
{
    private ulong[] _starts = [];
    private ulong[] _ends = [];
    private IRegisterDevice[] _devices = [];

    /// <summary>Adds a device. Before any vCPU runs.</summary>
    internal void Add(ulong start, ulong size, IRegisterDevice device)
    {
        ArgumentOutOfRangeException.ThrowIfZero(size);
        var end = checked(start + size);
        var at = _starts.AsSpan().BinarySearch(start);
        if (at < 0)
            at = ~at;
        else
            throw new ArgumentException($"a device is at 0x{start:x} already", nameof(start));
        if ((at > 0 && _ends[at - 1] > start) || (at < _starts.Length && _starts[at] < end))
            throw new ArgumentException($"range 0x{start:x} to 0x{end:x} overlaps another device's", nameof(start));
        _starts = [.. _starts[..at], start, .. _starts[at..]];
        _ends = [.. _ends[..at], end, .. _ends[at..]];
        _devices = [.. _devices[..at], device, .. _devices[at..]];
    }

    /// <summary>Replaces the device of a range that was added.</summary>
    internal void Replace(ulong start, IRegisterDevice device) => _devices[_starts.AsSpan().BinarySearch(start)] = device;

    internal void Read(ulong address, Span<byte> data)
    {
        var at = Find(address, data.Length);
        if (at < 0)
        {
            data.Fill(0xFF);
            return;
        }

        data.Clear();
        _devices[at].Read(address - _starts[at], data);
    }

    internal void Write(ulong address, ReadOnlySpan<byte> data)
    {
        var at = Find(address, data.Length);
        if (at >= 0)
            _devices[at].Write(address - _starts[at], data);
    }

    private int Find(ulong address, int length)
    {
        int low = 0, high = _starts.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            if (address < _starts[middle])
                high = middle - 1;
            else if (address >= _ends[middle])
                low = middle + 1;
            else
                return (ulong)length <= _ends[middle] - address ? middle : -1;
        }

        return -1;
    }
}
