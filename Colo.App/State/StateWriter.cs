using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Colo.State;

/// <summary>
/// Writes the versioned records of which checkpoints and snapshots are made. All integers little endian.
/// <code>
/// record  := tag (4 ASCII bytes) version (u16) reserved (u16, 0) length (u32, of the body) body
/// body    := fields in the order that tag and version define; a record may hold records
/// </code>
/// </summary>
public sealed class StateWriter
{
    private readonly ArrayBufferWriter<byte> _buffer;

    /// <summary>Makes an empty writer.</summary>
    public StateWriter(int initialCapacity = 16 * 1024) => _buffer = new ArrayBufferWriter<byte>(initialCapacity);

    /// <summary>What was written so far.</summary>
    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    /// <summary>Forgets what was written and keeps the memory.</summary>
    public void Clear() => _buffer.ResetWrittenCount();

    /// <summary>Begins a record; end it with <see cref="End"/>.</summary>
    /// <param name="tag">Four ASCII characters.</param>
    /// <param name="version">The version of the body's layout, from 1.</param>
    /// <returns>The mark to give to <see cref="End"/>.</returns>
    public int Begin(string tag, ushort version)
    {
        if (tag.Length != 4)
            throw new ArgumentException("a record's tag has four characters", nameof(tag));
        var header = _buffer.GetSpan(12)[..12];
        Encoding.ASCII.GetBytes(tag, header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], 0);
        _buffer.Advance(12);
        return _buffer.WrittenCount;
    }

    /// <summary>Ends the record that began at <paramref name="mark"/> by filling in its length.</summary>
    public void End(int mark)
    {
        var written = System.Runtime.InteropServices.MemoryMarshal.AsMemory(_buffer.WrittenMemory).Span;
        BinaryPrimitives.WriteUInt32LittleEndian(written[(mark - 4)..], (uint)(written.Length - mark));
    }

    /// <summary>Writes one byte.</summary>
    public void U8(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
    }

    /// <summary>Writes a truth value as one byte, 0 or 1.</summary>
    public void Bool(bool value) => U8(value ? (byte)1 : (byte)0);

    /// <summary>Writes 16 bits.</summary>
    public void U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.GetSpan(2), value);
        _buffer.Advance(2);
    }

    /// <summary>Writes 32 bits.</summary>
    public void U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
    }

    /// <summary>Writes 64 bits.</summary>
    public void U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
    }

    /// <summary>Writes bytes as they are, with no length before them.</summary>
    public void Raw(ReadOnlySpan<byte> bytes) => _buffer.Write(bytes);

    /// <summary>Writes a u32 length and the bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        U32((uint)bytes.Length);
        Raw(bytes);
    }

    /// <summary>Writes a u32 length and the string as UTF-8.</summary>
    public void Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));
}
