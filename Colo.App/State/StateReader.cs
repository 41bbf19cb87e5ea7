using System.Buffers.Binary;
using System.Text;

namespace Colo.State;

/// <summary>A record that cannot be read: damaged, foreign, or of a version this program does not know.</summary>
public sealed class StateFormatException(string message) : FormatException(message);

/// <summary>
/// Reads the records of <see cref="StateWriter"/>. Every read is checked against the end of the record; what is
/// wrong throws <see cref="StateFormatException"/> that names the record, so a damaged or hostile record harms nothing.
/// </summary>
public ref struct StateReader
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly string _name;
    private int _at;

    /// <summary>Reads from the start of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">The records.</param>
    /// <param name="name">What this is, for messages.</param>
    public StateReader(ReadOnlySpan<byte> bytes, string name)
    {
        _bytes = bytes;
        _name = name;
    }

    /// <summary>The bytes that are left.</summary>
    public readonly int Left => _bytes.Length - _at;

    /// <summary>Whether another record with this tag comes next.</summary>
    public readonly bool NextIs(string tag) => Left >= 12 && Encoding.ASCII.GetString(_bytes.Slice(_at, 4)) == tag;

    /// <summary>The tag of the record that comes next, or null at the end.</summary>
    public readonly string? NextTag => Left >= 12 ? Encoding.ASCII.GetString(_bytes.Slice(_at, 4)) : null;

    /// <summary>Opens the next record, which must have this tag and a version from 1 to <paramref name="newest"/>.</summary>
    /// <returns>A reader of the body only.</returns>
    public StateReader Record(string tag, ushort newest, out ushort version)
    {
        if (Left < 12)
            throw Bad($"record '{tag}' is missing");
        var found = Encoding.ASCII.GetString(Take(4));
        version = U16();
        var reserved = U16();
        var length = U32();
        if (found != tag)
            throw Bad($"expected record '{tag}', found '{found}'");
        if (version < 1 || version > newest || reserved != 0)
            throw Bad($"record '{tag}' has version {version}; this program knows 1 to {newest}");
        if (length > (uint)Left)
            throw Bad($"record '{tag}' says {length} bytes, {Left} are there");
        return new StateReader(Take((int)length), tag);
    }

    /// <summary>Skips the next record, whatever it is.</summary>
    public void Skip()
    {
        if (Left < 12)
            throw Bad("truncated record header");
        _at += 8;
        var length = U32();
        if (length > (uint)Left)
            throw Bad($"a record says {length} bytes, {Left} are there");
        _at += (int)length;
    }

    /// <summary>Throws unless all bytes were read.</summary>
    public readonly void Finish()
    {
        if (Left != 0)
            throw Bad($"{Left} bytes too many");
    }

    /// <summary>Reads one byte.</summary>
    public byte U8() => Take(1)[0];

    /// <summary>Reads a truth value, which must be 0 or 1.</summary>
    public bool Bool() => U8() switch { 0 => false, 1 => true, var b => throw Bad($"truth value {b}") };

    /// <summary>Reads 16 bits.</summary>
    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    /// <summary>Reads 32 bits.</summary>
    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <summary>Reads 64 bits.</summary>
    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Reads <paramref name="count"/> bytes as they are.</summary>
    public ReadOnlySpan<byte> Raw(int count) => Take(count);

    /// <summary>Reads a u32 length, which may not be above <paramref name="most"/>, and so many bytes.</summary>
    public ReadOnlySpan<byte> Bytes(int most)
    {
        var length = U32();
        return length <= (uint)most ? Take((int)length) : throw Bad($"{length} bytes where {most} are allowed");
    }

    /// <summary>Reads a string of at most <paramref name="most"/> bytes.</summary>
    public string Text(int most) => Encoding.UTF8.GetString(Bytes(most));

    /// <summary>Makes the exception for a value that a caller found wrong.</summary>
    public readonly StateFormatException Bad(string what) => new($"{_name}: {what} (at byte {_at})");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > Left)
            throw Bad($"{count} bytes wanted, {Left} are there");
        var taken = _bytes.Slice(_at, count);
        _at += count;
        return taken;
    }
}
