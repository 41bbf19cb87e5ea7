using System.Runtime.InteropServices;

namespace Colo.Checkpoint;

/// <summary>A growing array outside of the managed heap, so that large checkpoints cost no garbage collection.</summary>
/// <typeparam name="T">What it holds.</typeparam>
internal sealed unsafe class NativeArray<T> : IDisposable
    where T : unmanaged
{
    private T* _items;
    private int _capacity;

    internal int Count { get; private set; }

    internal int Capacity => _capacity;

    internal Span<T> Span => new(_items, Count);

    internal T* Pointer => _items;

    internal void Clear() => Count = 0;

    internal void Add(T item)
    {
        if (Count == _capacity)
            Reserve(Math.Max(1024, _capacity * 2));
        _items[Count++] = item;
    }

    internal void SetCount(int count)
    {
        Reserve(count);
        Count = count;
    }

    internal void Reserve(int capacity)
    {
        if (capacity <= _capacity)
            return;
        _items = (T*)NativeMemory.AlignedRealloc(_items, checked((nuint)capacity * (nuint)sizeof(T)), 4096);
        _capacity = capacity;
    }

    /// <summary>Gives memory beyond so many items back; call it when the array is empty.</summary>
    internal void ShrinkTo(int capacity)
    {
        if (_capacity <= capacity || Count > 0)
            return;
        NativeMemory.AlignedFree(_items);
        _items = null;
        _capacity = 0;
        Reserve(capacity);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_items);
        _items = null;
        _capacity = 0;
        Count = 0;
    }
}
