using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Colo.Checkpoint;

/// <summary>
/// The stream of checkpoints from the primary to the secondary: one direction of an authenticated connection.
/// <code>
/// primary                                  secondary
///   Pages*           streamed while the PVM runs    -> staging (first sync: the image itself)
///   -- the PVM stops, the rest is copied, it runs on --
///   FinalPages*      what was dirty at the stop     -> staging, checksum verified
///   State            vCPUs, chips, devices, proxy   -> memory, checksum verified
///   End              how much there must be         -> complete: acknowledged on the control channel, then loaded
///   Pages* of the next checkpoint ...
/// </code>
/// Every message is a header of 32 bytes (little endian) and a payload:
/// <code>
/// 0 magic u32 | 4 type u16 | 6 flags u16 (0) | 8 epoch u64 | 16 count u32 | 20 length u32 | 24 checksum u32 | 28 zero u32
/// </code>
/// Pages, FinalPages: count page numbers (u64 each), then count pages of 4096 bytes; length covers both.
/// The checksum of Pages covers the page numbers, that of FinalPages the numbers and the content: a page of Pages may have
/// been written to while it was sent; it is then dirty again and comes again. What comes later for a page replaces what
/// came before. Pages and FinalPages have epoch 0; State and End have that of the checkpoint, which only rises.
/// End: count = pages of all FinalPages, length = 8: the u64 number of all pages of this checkpoint.
/// A receiver ends the connection at the first header that is not exactly so; nothing that is not complete is ever applied.
/// </summary>
public static class CheckpointFormat
{
    /// <summary>Bytes of a header.</summary>
    public const int HeaderSize = 32;

    /// <summary>The most pages in one message: 1 MiB of them.</summary>
    public const int MaxPagesPerMessage = 256;

    /// <summary>The most bytes of a state record. vCPU state is some 20 KiB each, proxy tables 64 bytes a flow.</summary>
    public const int MaxStateLength = 64 << 20;

    /// <summary>The first four bytes of each header: "CKP1".</summary>
    public const uint Magic = 0x31504B43;

    /// <summary>Writes a header.</summary>
    internal static void WriteHeader(Span<byte> target, CheckpointMessage type, ulong epoch, uint count, uint length, uint checksum)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(target[4..], (ushort)type);
        BinaryPrimitives.WriteUInt16LittleEndian(target[6..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(target[16..], count);
        BinaryPrimitives.WriteUInt32LittleEndian(target[20..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(target[24..], checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(target[28..], 0);
    }

    /// <summary>CRC-32C of a block, continued from <paramref name="seed"/>. Three lanes, because one CRC instruction waits for the one before it.</summary>
    internal static uint Checksum(ReadOnlySpan<byte> data, uint seed)
    {
        uint a = seed, b = 0x9E3779B9, c = 0x85EBCA6B;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        var i = 0;
        for (; i + 3 <= words.Length; i += 3)
        {
            a = BitOperations.Crc32C(a, words[i]);
            b = BitOperations.Crc32C(b, words[i + 1]);
            c = BitOperations.Crc32C(c, words[i + 2]);
        }

        for (; i < words.Length; i++)
            a = BitOperations.Crc32C(a, words[i]);
        for (var k = words.Length * 8; k < data.Length; k++)
            a = BitOperations.Crc32C(a, data[k]);
        return BitOperations.Crc32C(BitOperations.Crc32C(a, b), c);
    }
}

/// <summary>The types of messages of a checkpoint stream.</summary>
public enum CheckpointMessage : ushort
{
    /// <summary>Pages sent while the PVM runs.</summary>
    Pages = 1,

    /// <summary>Pages as they were at the stop.</summary>
    FinalPages = 2,

    /// <summary>The state record.</summary>
    State = 3,

    /// <summary>The checkpoint is whole.</summary>
    End = 4,
}
