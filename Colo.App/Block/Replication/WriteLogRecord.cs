using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Colo.Block.Replication;

/// <summary>What a record of a write log says.</summary>
internal enum WriteLogOperation : uint
{
    /// <summary>The record's data is written at its offset.</summary>
    Write = 1,

    /// <summary>The range reads as zeroes and keeps its space.</summary>
    Zeroes = 2,

    /// <summary>The range reads as zeroes; its space may be given back.</summary>
    Unmap = 3,

    /// <summary>The end of a journal that is whole: how many of the records before it count, and their bytes.</summary>
    Seal = 4,
}

/// <summary>
/// A write log: the file in which a secondary keeps writes to a disk beside the image. Records follow each other from
/// byte 0 on, each a header of 512 bytes and, for a write, its data, which takes a multiple of 512 bytes of the file:
/// <code>
/// 0 magic u64 "COLOWLOG" | 8 version u32 | 12 operation u32 | 16 id of the log, 16 bytes | 32 epoch u64 | 40 sequence u64
/// 48 offset i64 | 56 length i64 | 64 CRC-32C of the data u32 | 68 zero ... | 508 CRC-32C of bytes 0 to 507 u32
/// </code>
/// Numbers are little endian. The sequence counts from 0. The log ends before the first record that is not exactly the
/// next one: its id, epoch or sequence is another, or a checksum does not fit. So what an earlier epoch left in the file
/// is never taken for a part of this one, and a record that was cut off by a crash ends it. A log has an epoch above 0; a
/// journal has epoch 0 and counts only with its seal: offset = number of records before it that count, length = the sum
/// of their lengths.
/// </summary>
/// <param name="Log">Which log it belongs to.</param>
/// <param name="Epoch">And which epoch of it.</param>
/// <param name="Sequence">Its number in the epoch.</param>
/// <param name="Operation">What it says.</param>
/// <param name="Offset">First byte on the disk, not negative.</param>
/// <param name="Length">Bytes, not negative; of a write at most <see cref="MaxData"/>.</param>
/// <param name="DataChecksum">Of a write's data.</param>
internal readonly record struct WriteLogRecord(
    Guid Log, ulong Epoch, ulong Sequence, WriteLogOperation Operation, long Offset, long Length, uint DataChecksum)
{
    /// <summary>Bytes of a header.</summary>
    internal const int HeaderSize = 512;

    /// <summary>The most data in one record.</summary>
    internal const int MaxData = 32 << 20;

    private const ulong Magic = 0x474F_4C57_4F4C_4F43;
    private const uint Version = 1;
    private const int ChecksumAt = HeaderSize - sizeof(uint);

    /// <summary>Bytes in the file after the header.</summary>
    internal long Stored => Operation == WriteLogOperation.Write ? StoredSize(Length) : 0;

    /// <summary>Bytes in the file that so much data takes.</summary>
    internal static long StoredSize(long length) => (length + HeaderSize - 1) & ~(HeaderSize - 1L);

    /// <summary>Writes the header.</summary>
    internal void WriteTo(Span<byte> header)
    {
        header[..HeaderSize].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], (uint)Operation);
        _ = Log.TryWriteBytes(header[16..]);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], Epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], Offset);
        BinaryPrimitives.WriteInt64LittleEndian(header[56..], Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[64..], DataChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(header[ChecksumAt..], Checksum(header[..ChecksumAt]));
    }

    /// <summary>Reads a header, if it is the one that has to come next.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> header, Guid log, ulong epoch, ulong sequence, out WriteLogRecord record)
    {
        record = new WriteLogRecord(
            new Guid(header[16..32]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[40..]),
            (WriteLogOperation)BinaryPrimitives.ReadUInt32LittleEndian(header[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[48..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[56..]),
            BinaryPrimitives.ReadUInt32LittleEndian(header[64..]));
        return BinaryPrimitives.ReadUInt64LittleEndian(header) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) == Version
            && BinaryPrimitives.ReadUInt32LittleEndian(header[ChecksumAt..]) == Checksum(header[..ChecksumAt])
            && record.Log == log && record.Epoch == epoch && record.Sequence == sequence
            && record.Operation is >= WriteLogOperation.Write and <= WriteLogOperation.Seal
            && record.Offset >= 0 && record.Length >= 0 && record.Length <= long.MaxValue - record.Offset
            && (record.Operation != WriteLogOperation.Write || record.Length <= MaxData);
    }

    /// <summary>CRC-32C (Castagnoli) of a block.</summary>
    internal static uint Checksum(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(data))
            crc = BitOperations.Crc32C(crc, word);
        foreach (var value in data[(data.Length & ~7)..])
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
