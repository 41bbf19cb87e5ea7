using System.Buffers.Binary;
using Colo.Linux;

namespace Colo.Node;

/// <summary>
/// A queue of byte records in one bounded block of native memory: frames that wait in order. Nothing is allocated after
/// the block has reached the size it needs. One thread.
/// </summary>
internal sealed unsafe class FrameRing : IDisposable
{
    private const int Head = 16;
    private readonly int _most;
    private byte* _block;
    private int _capacity;
    private int _start;
    private int _used;

    /// <param name="mostBytes">The most bytes it holds, heads of 16 bytes a record included; a power of two.</param>
    internal FrameRing(int mostBytes)
    {
        if (!System.Numerics.BitOperations.IsPow2(mostBytes))
            throw new ArgumentOutOfRangeException(nameof(mostBytes));
        _most = mostBytes;
        _capacity = Math.Min(mostBytes, 256 * 1024);
        _block = UndumpedMemory.Map((nuint)_capacity);
    }

    /// <summary>Records in it.</summary>
    internal int Count { get; private set; }

    /// <summary>Bytes in it, heads included.</summary>
    internal int UsedBytes => _used;

    /// <summary>Puts a record at the end.</summary>
    /// <param name="tag">A number kept with it.</param>
    /// <param name="kind">A second, small number kept with it.</param>
    /// <param name="data">The bytes.</param>
    /// <returns>False when it does not fit, and after <see cref="Dispose"/>.</returns>
    internal bool TryAdd(ulong tag, ushort kind, ReadOnlySpan<byte> data)
    {
        var needed = (Head + data.Length + 7) & ~7;
        if (!Reserve(needed))
            return false;
        Span<byte> head = stackalloc byte[Head];
        BinaryPrimitives.WriteUInt64LittleEndian(head, tag);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], data.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(head[12..], kind);
        Write(_used, head);
        Write(_used + Head, data);
        _used += needed;
        Count++;
        return true;
    }

    /// <summary>Looks at the first record.</summary>
    /// <param name="tag">Its number.</param>
    /// <param name="kind">Its second number.</param>
    /// <param name="length">The length of its bytes.</param>
    /// <returns>False when there is none.</returns>
    internal bool TryPeek(out ulong tag, out ushort kind, out int length)
    {
        tag = 0;
        kind = 0;
        length = 0;
        if (Count == 0)
            return false;
        Span<byte> head = stackalloc byte[Head];
        Read(0, head);
        tag = BinaryPrimitives.ReadUInt64LittleEndian(head);
        length = BinaryPrimitives.ReadInt32LittleEndian(head[8..]);
        kind = BinaryPrimitives.ReadUInt16LittleEndian(head[12..]);
        return true;
    }

    /// <summary>Copies the bytes of the first record, whose length <see cref="TryPeek"/> told.</summary>
    internal void CopyFirst(Span<byte> target) => Read(Head, target);

    /// <summary>Takes the first record away.</summary>
    internal void RemoveFirst()
    {
        if (!TryPeek(out _, out _, out var length))
            return;
        var size = (Head + length + 7) & ~7;
        _start = (_start + size) & (_capacity - 1);
        _used -= size;
        Count--;
    }

    /// <summary>Takes all records away.</summary>
    internal void Clear()
    {
        _start = 0;
        _used = 0;
        Count = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        UndumpedMemory.Unmap(_block, (nuint)_capacity);
        _block = null;
        Clear();
        _capacity = 0;
    }

    private bool Reserve(int needed)
    {
        if (_block == null || (long)_used + needed > _most)
            return false;
        if (_used + needed <= _capacity)
            return true;
        var capacity = _capacity;
        while (capacity < _used + needed)
            capacity *= 2;
        var block = UndumpedMemory.Map((nuint)capacity);
        Read(0, new Span<byte>(block, _used));
        UndumpedMemory.Unmap(_block, (nuint)_capacity);
        _block = block;
        _capacity = capacity;
        _start = 0;
        return true;
    }

    private void Write(int offset, ReadOnlySpan<byte> data)
    {
        var at = (_start + offset) & (_capacity - 1);
        var first = Math.Min(data.Length, _capacity - at);
        data[..first].CopyTo(new Span<byte>(_block + at, first));
        data[first..].CopyTo(new Span<byte>(_block, _capacity));
    }

    private void Read(int offset, Span<byte> target)
    {
        var at = (_start + offset) & (_capacity - 1);
        var first = Math.Min(target.Length, _capacity - at);
        new ReadOnlySpan<byte>(_block + at, first).CopyTo(target);
        new ReadOnlySpan<byte>(_block, target.Length - first).CopyTo(target[first..]);
    }
}
