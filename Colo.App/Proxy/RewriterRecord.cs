using System.Buffers.Binary;
using System.Numerics;

namespace Colo.Proxy;

/// <summary>
/// The rewriter's part of a checkpoint, big endian:
/// <code>
/// 0   magic "CLRW"
/// 4   version, 16 bits: 1
/// 6   reserved, 16 bits: 0
/// 8   number of connections, 32 bits
/// 12  connections: flow key (44), sequence offset (32), timestamp offset (32)
/// …   CRC-32C of all before
/// </code>
/// Only connections with an offset are written: all others are the identity.
/// </summary>
internal static class RewriterRecord
{
    public const int HeaderSize = 12;
    public const int EntrySize = FlowKey.Size + 8;
    public const int TrailerSize = 4;
    private const uint Magic = 0x434c5257;
    private const ushort Version = 1;

    public static int SizeOf(int count) => HeaderSize + count * EntrySize + TrailerSize;

    public static void WriteHeader(Span<byte> record, int count)
    {
        BinaryPrimitives.WriteUInt32BigEndian(record, Magic);
        BinaryPrimitives.WriteUInt16BigEndian(record[4..], Version);
        BinaryPrimitives.WriteUInt16BigEndian(record[6..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(record[8..], (uint)count);
    }

    public static void WriteEntry(Span<byte> entry, RewriterFlow flow)
    {
        flow.Key.Write(entry);
        BinaryPrimitives.WriteUInt32BigEndian(entry[FlowKey.Size..], flow.Delta);
        BinaryPrimitives.WriteUInt32BigEndian(entry[(FlowKey.Size + 4)..], flow.TimestampDelta);
    }

    public static void Seal(Span<byte> record) =>
        BinaryPrimitives.WriteUInt32BigEndian(record[^TrailerSize..], Crc(record[..^TrailerSize]));

    /// <summary>Checks everything in the record and returns the number of connections.</summary>
    /// <exception cref="InvalidDataException">The record is not one of this version, or damaged.</exception>
    public static int Check(ReadOnlySpan<byte> record, int capacity)
    {
        if (record.Length < HeaderSize + TrailerSize || BinaryPrimitives.ReadUInt32BigEndian(record) != Magic)
            throw new InvalidDataException("not a rewriter record");
        ushort version = BinaryPrimitives.ReadUInt16BigEndian(record[4..]);
        if (version != Version)
            throw new InvalidDataException($"rewriter record of version {version}; {Version} is known");
        uint count = BinaryPrimitives.ReadUInt32BigEndian(record[8..]);
        if (BinaryPrimitives.ReadUInt16BigEndian(record[6..]) != 0 || count > capacity || record.Length != SizeOf((int)count))
            throw new InvalidDataException($"rewriter record of {record.Length} bytes with {count} connections");
        if (BinaryPrimitives.ReadUInt32BigEndian(record[^TrailerSize..]) != Crc(record[..^TrailerSize]))
            throw new InvalidDataException("rewriter record with a wrong checksum");
        for (int i = 0; i < count; i++)
        {
            if (!FlowKey.TryRead(Entry(record, i), out _))
                throw new InvalidDataException($"rewriter record: entry {i} names no TCP connection");
        }
        return (int)count;
    }

    public static ReadOnlySpan<byte> Entry(ReadOnlySpan<byte> record, int index) =>
        record.Slice(HeaderSize + index * EntrySize, EntrySize);

    private static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        for (; data.Length >= 8; data = data[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (byte value in data)
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
