using System.Buffers.Binary;
using Colo.Memory;

namespace Colo.Boot;

/// <summary>
/// An ELF64 kernel with a PVH note: where its segments go and where it starts. Formats: System V gABI, chapters 4 and 5;
/// Xen's public/elfnote.h (XEN_ELFNOTE_PHYS32_ENTRY, name "Xen"). Every field is checked before it is used.
/// A note named "colo" of type 1 with a u32 of 1 says that the kernel's page tables are fixed after boot.
/// </summary>
internal sealed class PvhKernel
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int MostProgramHeaders = 256;
    private const uint PtLoad = 1;
    private const uint PtNote = 4;
    private const uint Phys32Entry = 18;

    private PvhKernel(uint entry, Segment[] segments, bool pageTablesFixed) =>
        (Entry, Segments, PageTablesFixed) = (entry, segments, pageTablesFixed);

    /// <summary>The guest-physical address of the 32-bit entry.</summary>
    internal uint Entry { get; }

    internal IReadOnlyList<Segment> Segments { get; }

    internal bool PageTablesFixed { get; }

    /// <summary>The first guest-physical address behind all segments.</summary>
    internal ulong End => Segments.Max(segment => segment.Address + segment.MemorySize);

    internal static PvhKernel Parse(ReadOnlySpan<byte> file, GuestMemory memory)
    {
        RefuseOthers(file);
        if (file.Length < HeaderSize)
            throw Bad("the ELF header is cut off");
        if (file[4] != 2 || file[5] != 1 || file[6] != 1)
            throw Bad("it is not a 64-bit little-endian ELF file of version 1; a kernel for x86-64 is needed");
        var machine = U16(file, 18);
        if (machine != 62)
            throw Bad($"it is for ELF machine {KernelFile.MachineName(machine)}; a kernel for x86-64 (62) is needed");
        var type = U16(file, 16);
        if (type is not (2 or 3))
            throw Bad($"it is ELF type {type}, not an executable (2)");
        if (U32(file, 20) != 1 || U16(file, 52) < HeaderSize)
            throw Bad("the ELF header has an unknown version or size");
        var at = U64(file, 32);
        int size = U16(file, 54), count = U16(file, 56);
        if (count is 0 or > MostProgramHeaders || size != ProgramHeaderSize)
            throw Bad($"{count} program headers of {size} bytes; 1 to {MostProgramHeaders} of {ProgramHeaderSize} are accepted");
        if (at > (ulong)file.Length || (ulong)(count * size) > (ulong)file.Length - at)
            throw Bad("the program headers lie outside of the file");

        var segments = new List<Segment>();
        uint? entry = null;
        var fixedTables = false;
        for (var i = 0; i < count; i++)
        {
            var header = file.Slice((int)at + (i * size), size);
            var kind = U32(header, 0);
            ulong offset = U64(header, 8), fileSize = U64(header, 32);
            if (kind is not (PtLoad or PtNote))
                continue;
            if (offset > (ulong)file.Length || fileSize > (ulong)file.Length - offset)
                throw Bad($"program header {i}: {fileSize} bytes at {offset} lie outside of the file of {file.Length}");
            if (kind == PtNote)
                ReadNotes(file.Slice((int)offset, (int)fileSize), U64(header, 48), ref entry, ref fixedTables);
            else if (U64(header, 40) != 0)
                segments.Add(CheckSegment(header, i, segments, memory));
        }

        if (segments.Count == 0)
            throw Bad("nothing in it is to be loaded");
        if (entry is not { } start)
            throw Bad("it has no PVH entry (ELF note XEN_ELFNOTE_PHYS32_ENTRY); give the bzImage of the same build, or build Linux with CONFIG_PVH=y");
        if (!segments.Exists(segment => start >= segment.Address && start - segment.Address < segment.FileSize))
            throw Bad($"its PVH entry 0x{start:x} is in no loaded segment");
        return new PvhKernel(start, [.. segments], fixedTables);
    }

    private static Segment CheckSegment(ReadOnlySpan<byte> header, int number, List<Segment> others, GuestMemory memory)
    {
        var segment = new Segment(U64(header, 24), U64(header, 8), U64(header, 32), U64(header, 40));
        var what = $"program header {number}: 0x{segment.MemorySize:x} bytes at 0x{segment.Address:x}";
        if (segment.FileSize > segment.MemorySize)
            throw Bad($"{what} hold 0x{segment.FileSize:x} bytes of the file");
        if (segment.Address < BootMemory.LowestKernel)
            throw Bad($"{what} begin below 1 MiB, where the boot information is");
        if (segment.Address > memory.LowSize || segment.MemorySize > memory.LowSize - segment.Address)
            throw Bad($"{what} lie outside of RAM (0x{memory.LowSize:x} bytes below the devices): raise [vm] memory");
        foreach (var other in others)
        {
            if (segment.Address < other.Address + other.MemorySize && other.Address < segment.Address + segment.MemorySize)
                throw Bad($"{what} overlap the segment at 0x{other.Address:x}");
        }

        return segment;
    }

    private static void ReadNotes(ReadOnlySpan<byte> notes, ulong alignment, ref uint? entry, ref bool fixedTables)
    {
        // 4 is what all tools write; a header may say 8, and then descriptors are padded so.
        var align = alignment == 8 ? 8UL : 4UL;
        while (notes.Length >= 12)
        {
            ulong nameSize = U32(notes, 0), valueSize = U32(notes, 4);
            var type = U32(notes, 8);
            var value = (12 + nameSize + align - 1) & ~(align - 1);
            var next = (value + valueSize + align - 1) & ~(align - 1);
            if (value + valueSize > (ulong)notes.Length)
                throw Bad("a note runs over its end");
            var name = notes.Slice(12, (int)nameSize);
            var bytes = notes.Slice((int)value, (int)valueSize);
            if (name.SequenceEqual("Xen\0"u8) && type == Phys32Entry)
            {
                if (bytes.Length is not (4 or 8) || (bytes.Length == 8 && U32(bytes, 4) != 0))
                    throw Bad("its PVH entry is no 32-bit address");
                entry = U32(bytes, 0);
            }
            else if (name.SequenceEqual("colo\0"u8) && type == 1 && bytes.Length == 4)
            {
                fixedTables = U32(bytes, 0) == 1;
            }

            notes = next >= (ulong)notes.Length ? default : notes[(int)next..];
        }
    }

    private static void RefuseOthers(ReadOnlySpan<byte> file)
    {
        if (file is not [0x7F, (byte)'E', (byte)'L', (byte)'F', ..])
            throw Bad(KernelFile.Describe(file));
    }

    private static BootException Bad(string what) => new($"kernel: {what}");

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    /// <summary>One part of the file and its place in RAM.</summary>
    internal readonly record struct Segment(ulong Address, ulong Offset, ulong FileSize, ulong MemorySize);
}
