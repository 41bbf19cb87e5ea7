using Colo.Linux;

namespace Colo.Checkpoint;

/// <summary>A growing array outside of the managed heap, so that large checkpoints cost no garbage collection; and outside of cores.</summary>
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
        _items = (T*)(_items == null ? UndumpedMemory.Map(SizeOf(capacity)) : UndumpedMemory.Resize((byte*)_items, SizeOf(_capacity), SizeOf(capacity)));
        _capacity = capacity;
    }

    /// <summary>Gives memory beyond so many items back; call it when the array is empty.</summary>
    internal void ShrinkTo(int capacity)
    {
        if (_capacity <= capacity || Count > 0)
            return;
        _items = (T*)UndumpedMemory.Resize((byte*)_items, SizeOf(_capacity), SizeOf(capacity));
        _capacity = capacity;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        UndumpedMemory.Unmap(_items, SizeOf(_capacity));
        _items = null;
        _capacity = 0;
        Count = 0;
    }

    private static nuint SizeOf(int capacity) => checked((nuint)capacity * (nuint)sizeof(T));
}
