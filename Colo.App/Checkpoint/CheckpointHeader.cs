using System.Buffers.Binary;

namespace Colo.Checkpoint;

/// <summary>A checked header of a checkpoint stream (layout: <see cref="CheckpointFormat"/>).</summary>
internal readonly struct CheckpointHeader
{
    private CheckpointHeader(CheckpointMessage type, ulong epoch, uint count, uint length, uint checksum)
    {
        Type = type;
        Epoch = epoch;
        Count = (int)count;
        Length = (int)length;
        Checksum = checksum;
    }

    internal CheckpointMessage Type { get; }

    internal ulong Epoch { get; }

    internal int Count { get; }

    internal int Length { get; }

    internal uint Checksum { get; }

    /// <summary>Reads and checks a header.</summary>
    /// <exception cref="InvalidDataException">It is not one, or its count and length do not fit its type.</exception>
    internal static CheckpointHeader Parse(ReadOnlySpan<byte> bytes)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != CheckpointFormat.Magic)
            throw new InvalidDataException("checkpoint stream: bad magic");
        var type = (CheckpointMessage)BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
        var epoch = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        var count = BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]);
        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]);
        var zero = BinaryPrimitives.ReadUInt32LittleEndian(bytes[28..]);
        var good = flags == 0 && zero == 0 && type switch
        {
            CheckpointMessage.Pages or CheckpointMessage.FinalPages =>
                count is > 0 and <= CheckpointFormat.MaxPagesPerMessage && length == count * (8 + 4096),
            CheckpointMessage.State => count == 0 && length is > 0 and <= CheckpointFormat.MaxStateLength,
            CheckpointMessage.End => length == 8,
            _ => false,
        };
        return good
            ? new CheckpointHeader(type, epoch, count, length, checksum)
            : throw new InvalidDataException($"checkpoint stream: bad header (type {(ushort)type}, count {count}, length {length})");
    }
}
