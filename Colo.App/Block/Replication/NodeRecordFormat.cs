using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Colo.Block.Replication;

/// <summary>A disk as the node's record knows it.</summary>
/// <param name="Name">Name of its section; 1 to <see cref="NodeRecordFormat.NameLimit"/> bytes as UTF-8.</param>
/// <param name="Size">Bytes, above 0, at most <see cref="NodeRecordFormat.MaxDiskSize"/>.</param>
public readonly record struct RecordDisk(string Name, long Size)
{
    /// <summary>What differs between two lists of disks, in words; null: nothing.</summary>
    /// <param name="before">For example what the record has.</param>
    /// <param name="now">For example what is configured.</param>
    public static string? Difference(IReadOnlyList<RecordDisk> before, IReadOnlyList<RecordDisk> now)
    {
        for (var i = 0; i < Math.Max(before.Count, now.Count); i++)
        {
            if (i >= before.Count)
                return $"disk '{now[i].Name}' is not in it";
            if (i >= now.Count)
                return $"it has disk '{before[i].Name}', which is not configured";
            if (before[i].Name != now[i].Name)
                return $"disk {i + 1} is '{before[i].Name}' there and '{now[i].Name}' in the configuration";
            if (before[i].Size != now[i].Size)
                return $"disk '{now[i].Name}' had {before[i].Size} bytes and has {now[i].Size}";
        }

        return null;
    }
}

/// <summary>
/// The file of a <see cref="NodeRecord"/>. All integers little endian, all checksums CRC-32C.
/// <code>
/// file  := slot slot block*            (4096 bytes each; the blocks of the first disk, then of the next, …)
/// slot  := "COLONODE" version u32 (1) | checksum u32 | sequence u64
///          cluster (16 bytes) | generation u64 | data (16) | parent (16)
///          state u8 | peer outdated u8 | ended u8 | disks u8 | replay kind u8 | replay then u8 | zero u16
///          replay id (16) | replay epoch u64 | bytes of an extent u32 (1 MiB) | extents of a block u32 (32704)
///          per disk: size u64 | name length u8 | name (UTF-8)
///          zeroes; the checksum covers all 4096 bytes, its own four as zeroes
/// block := 4088 bytes, a bit an extent, lowest first; 1: the peer's image may differ there
///          checksum u32 of these bytes, begun with disk and number of the block | zero u32
/// </code>
/// The valid slot with the highest sequence counts. A change is written to the other slot and synced; then the first slot gets
/// a copy too, so that a later damage to one of the two does not bring back what was before a decision. A block whose
/// checksum is wrong (torn, damaged) counts as all ones: more is compared than need be, and nothing is missed.
/// </summary>
public static class NodeRecordFormat
{
    /// <summary>The most disks.</summary>
    public const int MaxDisks = 64;

    /// <summary>The most bytes of a disk's name.</summary>
    public const int NameLimit = 32;

    /// <summary>The most bytes of a disk: 1 PiB.</summary>
    public const long MaxDiskSize = 1L << 50;

    internal const uint Version = 1;
    internal const int SlotSize = 4096;
    internal const int BlockSize = 4096;
    internal const int BlockWords = 511;
    internal const int BlockExtents = BlockWords * 64;
    internal const int BlocksAt = 2 * SlotSize;

    private const int DisksAt = 120;
    private const int ChecksumAt = 12;
    private static ReadOnlySpan<byte> Magic => "COLONODE"u8;

    /// <summary>What a slot holds.</summary>
    internal sealed record Slot(ulong Sequence, NodeData Data, RecordDisk[] Disks);

    /// <summary>Throws <see cref="ArgumentException"/> for disks that a record cannot have.</summary>
    internal static void Check(IReadOnlyList<RecordDisk> disks)
    {
        if (disks.Count is 0 or > MaxDisks)
            throw new ArgumentException($"{disks.Count} disks; 1 to {MaxDisks} are possible");
        foreach (var disk in disks)
        {
            if (Encoding.UTF8.GetByteCount(disk.Name) is 0 or > NameLimit)
                throw new ArgumentException($"disk '{disk.Name}': a name has 1 to {NameLimit} bytes");
            if (disk.Size is <= 0 or > MaxDiskSize)
                throw new ArgumentException($"disk '{disk.Name}': {disk.Size} bytes; 1 to {MaxDiskSize} are possible");
        }
    }

    internal static long Extents(long size) => (size + ChangedExtents.ExtentBytes - 1) / ChangedExtents.ExtentBytes;

    internal static int Blocks(long size) => (int)((Extents(size) + BlockExtents - 1) / BlockExtents);

    internal static long FileSize(IEnumerable<RecordDisk> disks) =>
        BlocksAt + disks.Sum(disk => (long)Blocks(disk.Size) * BlockSize);

    internal static void WriteSlot(Span<byte> slot, ulong sequence, NodeData data, IReadOnlyList<RecordDisk> disks)
    {
        slot.Clear();
        Magic.CopyTo(slot);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[8..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[16..], sequence);
        data.Cluster.TryWriteBytes(slot[24..]);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[40..], data.Generation);
        data.Data.TryWriteBytes(slot[48..]);
        data.Parent.TryWriteBytes(slot[64..]);
        slot[80] = (byte)data.State;
        slot[81] = data.PeerOutdated ? (byte)1 : (byte)0;
        slot[82] = data.Ended ? (byte)1 : (byte)0;
        slot[83] = (byte)disks.Count;
        slot[84] = (byte)data.Replay.Kind;
        slot[85] = (byte)data.Replay.Then;
        data.Replay.Id.TryWriteBytes(slot[88..]);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[104..], data.Replay.Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[112..], ChangedExtents.ExtentBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[116..], BlockExtents);
        var at = DisksAt;
        foreach (var disk in disks)
        {
            BinaryPrimitives.WriteInt64LittleEndian(slot[at..], disk.Size);
            slot[at + 8] = (byte)Encoding.UTF8.GetBytes(disk.Name, slot[(at + 9)..]);
            at += 9 + slot[at + 8];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(slot[ChecksumAt..], SlotChecksum(slot));
    }

    /// <summary>Reads a slot; null when it is torn or damaged.</summary>
    /// <exception cref="NotSupportedException">It is whole, and of a later version; the message says so.</exception>
    internal static Slot? ReadSlot(ReadOnlySpan<byte> slot)
    {
        if (!slot[..8].SequenceEqual(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(slot[ChecksumAt..]) != SlotChecksum(slot))
            return null;
        // A later version keeps magic, version and checksum where they are.
        var version = BinaryPrimitives.ReadUInt32LittleEndian(slot[8..]);
        if (version != Version)
            throw new NotSupportedException($"the record has version {version}, and this program knows version {Version}");
        if (slot[81] > 1 || slot[82] > 1 ||
            BinaryPrimitives.ReadUInt32LittleEndian(slot[112..]) != ChangedExtents.ExtentBytes ||
            BinaryPrimitives.ReadUInt32LittleEndian(slot[116..]) != BlockExtents)
            return null;
        var data = new NodeData
        {
            Cluster = new Guid(slot.Slice(24, 16)),
            Generation = BinaryPrimitives.ReadUInt64LittleEndian(slot[40..]),
            Data = new Guid(slot.Slice(48, 16)),
            Parent = new Guid(slot.Slice(64, 16)),
            State = (DataState)slot[80],
            PeerOutdated = slot[81] != 0,
            Ended = slot[82] != 0,
            Replay = new ReplayTarget(
                (ReplayKind)slot[84], new Guid(slot.Slice(88, 16)), BinaryPrimitives.ReadUInt64LittleEndian(slot[104..]), (DataState)slot[85]),
        };
        return data.IsSound && ReadDisks(slot) is { } disks
            ? new Slot(BinaryPrimitives.ReadUInt64LittleEndian(slot[16..]), data, disks)
            : null;
    }

    private static RecordDisk[]? ReadDisks(ReadOnlySpan<byte> slot)
    {
        if (slot[83] is 0 or > MaxDisks)
            return null;
        var disks = new RecordDisk[slot[83]];
        var at = DisksAt;
        for (var i = 0; i < disks.Length; i++)
        {
            // 64 disks with the longest names end within the slot.
            var length = slot[at + 8];
            var size = BinaryPrimitives.ReadInt64LittleEndian(slot[at..]);
            if (length is 0 or > NameLimit || size is <= 0 or > MaxDiskSize)
                return null;
            disks[i] = new RecordDisk(Encoding.UTF8.GetString(slot.Slice(at + 9, length)), size);
            at += 9 + length;
        }

        return disks;
    }

    /// <summary>Fills in what follows a block's bits.</summary>
    internal static void EndBlock(Span<byte> block, int disk, int number)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(block[(BlockWords * 8)..], BlockChecksum(block, disk, number));
        BinaryPrimitives.WriteUInt32LittleEndian(block[((BlockWords * 8) + 4)..], 0);
    }

    /// <summary>Whether a block's bits are what was written.</summary>
    internal static bool IsBlockValid(ReadOnlySpan<byte> block, int disk, int number) =>
        BinaryPrimitives.ReadUInt32LittleEndian(block[(BlockWords * 8)..]) == BlockChecksum(block, disk, number) &&
        BinaryPrimitives.ReadUInt32LittleEndian(block[((BlockWords * 8) + 4)..]) == 0;

    private static uint BlockChecksum(ReadOnlySpan<byte> block, int disk, int number) =>
        ~Crc(BitOperations.Crc32C(uint.MaxValue, ((ulong)(uint)disk << 32) | (uint)number), block[..(BlockWords * 8)]);

    internal static uint SlotChecksum(ReadOnlySpan<byte> slot)
    {
        var crc = Crc(uint.MaxValue, slot[..8]);
        crc = BitOperations.Crc32C(crc, (ulong)BinaryPrimitives.ReadUInt32LittleEndian(slot[8..]));
        return ~Crc(crc, slot[16..SlotSize]);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> words)
    {
        for (; words.Length >= 8; words = words[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(words));
        return crc;
    }
}
