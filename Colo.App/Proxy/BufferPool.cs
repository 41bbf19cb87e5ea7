using System.Runtime.InteropServices;

namespace Colo.Proxy;

/// <summary>
/// Buffers for frames, outside the garbage-collected heap, in size classes with free lists. Memory is taken in slabs,
/// kept until <see cref="Dispose"/> and reused, so that a steady state allocates nothing. Not thread-safe.
/// </summary>
internal sealed unsafe class BufferPool : IDisposable
{
    /// <summary>Largest frame: 64 KiB of IP, Ethernet with two VLAN tags and the virtio-net header, rounded up.</summary>
    public const int MaxLength = 69632;

    private static readonly int[] Sizes = [256, 2048, 9216, 36864, MaxLength];

    private readonly nint[] _free = new nint[5];
    private readonly List<nint> _slabs = [];
    private bool _disposed;

    /// <summary>Buffers that are out now: after everything was released it must be 0.</summary>
    public int Rented { get; private set; }

    /// <summary>Takes a buffer of at least <paramref name="length"/> bytes, at most <see cref="MaxLength"/>.</summary>
    public byte* Rent(int length, out byte sizeClass)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)MaxLength);
        byte index = 0;
        while (Sizes[index] < length)
            index++;
        if (_free[index] == 0)
            Grow(index);
        nint taken = _free[index];
        _free[index] = *(nint*)taken;
        Rented++;
        sizeClass = index;
        return (byte*)taken;
    }

    /// <summary>Gives a buffer back.</summary>
    public void Return(byte* buffer, byte sizeClass)
    {
        *(nint*)buffer = _free[sizeClass];
        _free[sizeClass] = (nint)buffer;
        Rented--;
    }

    private void Grow(int index)
    {
        int size = Sizes[index];
        int count = Math.Max(4, 262144 / size);
        byte* slab = (byte*)NativeMemory.AlignedAlloc((nuint)(size * count), 64);
        _slabs.Add((nint)slab);
        for (int i = 0; i < count; i++)
        {
            *(nint*)(slab + (long)i * size) = _free[index];
            _free[index] = (nint)(slab + (long)i * size);
        }
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (nint slab in _slabs)
            NativeMemory.AlignedFree((void*)slab);
        _slabs.Clear();
    }
}
