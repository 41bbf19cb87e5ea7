using System.Buffers.Binary;
using System.Numerics;
using Colo.Memory;

namespace Colo.Boot;

/// <summary>
/// A Linux bzImage: what its setup header says (Linux's Documentation/arch/x86/boot.rst), and where it goes by the 64-bit
/// boot protocol. The kernel unpacks itself, so what it is compressed with does not matter. Every field is checked before
/// it is used.
/// </summary>
internal sealed class BzImage
{
    /// <summary>Where the setup header begins, in the file and in boot_params alike.</summary>
    internal const int HeaderStart = 0x1F1;

    /// <summary>The 64-bit entry, from the start of what is loaded.</summary>
    internal const ulong EntryOffset = 0x200;

    // xloadflags and all that the 64-bit protocol needs are there since this version (Linux 3.8).
    private const int LeastVersion = 0x20C;
    private const int FieldsEnd = 0x264;
    private const int MostHeaderEnd = 0x290; // in boot_params other things follow
    private const int Sector = 512;

    private BzImage()
    {
    }

    /// <summary>The end of the setup header in the file, at most 0x290.</summary>
    internal int HeaderEnd { get; private init; }

    /// <summary>Where what is loaded begins in the file.</summary>
    internal int Offset { get; private init; }

    /// <summary>Bytes of the file to load.</summary>
    internal int Size { get; private init; }

    /// <summary>The guest-physical address to load to.</summary>
    internal ulong LoadAddress { get; private init; }

    /// <summary>The end of the memory that the kernel needs until it reads its memory map.</summary>
    internal ulong End { get; private init; }

    /// <summary>Characters of the command line that it takes.</summary>
    internal uint CommandLineSize { get; private init; }

    /// <summary>The end of the addresses at which an initial RAM disk may lie.</summary>
    internal ulong InitrdLimit { get; private init; }

    /// <summary>The version of the boot protocol, for example 0x20F.</summary>
    internal int Version { get; private init; }

    /// <summary>Whether a file has the header's magic.</summary>
    internal static bool Is(ReadOnlySpan<byte> file) => file.Length >= 0x206 && file.Slice(0x202, 4).SequenceEqual("HdrS"u8);

    /// <summary>Reads and checks the header, and chooses the place.</summary>
    /// <exception cref="BootException">It cannot be booted here; the message says why and what would do.</exception>
    internal static BzImage Parse(ReadOnlySpan<byte> file, GuestMemory memory)
    {
        if (!Is(file) || file.Length < FieldsEnd)
            throw Bad("the setup header is cut off");
        if (U16(file, 0x1FE) != 0xAA55)
            throw Bad("its boot sector has no signature 0x55 0xaa: the file is damaged");
        var version = U16(file, 0x206);
        if (version < LeastVersion)
            throw Bad($"its boot protocol is {version >> 8}.{version & 0xFF:d2}, 2.{LeastVersion & 0xFF:d2} or later is needed: use Linux 3.8 or later");
        if ((U16(file, 0x236) & 1) == 0)
            throw Bad("it has no 64-bit entry (XLF_KERNEL_64): give a kernel for x86-64 (amd64), not one for i386");
        if ((file[0x211] & 1) == 0)
            throw Bad("it is a zImage, which loads below 1 MiB: build a bzImage");
        var headerEnd = 0x202 + file[0x201];
        if (file[0x200] != 0xEB || headerEnd < FieldsEnd || headerEnd > file.Length)
            throw Bad("its setup header has an impossible length: the file is damaged");

        var sectors = file[HeaderStart] == 0 ? 4 : file[HeaderStart];
        var offset = (sectors + 1) * Sector;
        var size = U32(file, 0x1F4) * 16UL;
        if (size <= EntryOffset)
            throw Bad($"its protected-mode part has {size} bytes: the file is damaged");
        // The size is in units of 16 bytes; the last need not be whole in the file.
        var there = (ulong)Math.Max(0, file.Length - offset);
        if (size > there + 15)
            throw Bad($"it is cut off: {size} bytes from byte {offset} are announced, {there} are there");
        size = Math.Min(size, there);

        var (address, end) = Place(file, size, memory);
        var commandLine = U32(file, 0x238);
        if (commandLine == 0)
            throw Bad("it takes no command line (cmdline_size 0): the file is damaged");
        return new BzImage
        {
            HeaderEnd = Math.Min(headerEnd, MostHeaderEnd),
            Offset = offset,
            Size = (int)size,
            LoadAddress = address,
            End = end,
            CommandLineSize = commandLine,
            InitrdLimit = U32(file, 0x22C) + 1UL,
            Version = version,
        };
    }

    // Where it wants to be if that is RAM; else, if it may move, as low as it may.
    private static (ulong Address, ulong End) Place(ReadOnlySpan<byte> file, ulong size, GuestMemory memory)
    {
        var preferred = U64(file, 0x258);
        var alignment = U32(file, 0x230);
        var needs = Math.Max(size, U32(file, 0x260));
        var moves = file[0x234] != 0;
        if (moves && (!BitOperations.IsPow2(alignment) || alignment is < GuestMemory.PageSize or > 1 << 30))
            throw Bad($"it is relocatable with an alignment of 0x{alignment:x}: the file is damaged");
        if (Fits(preferred) && (!moves || preferred % alignment == 0))
            return (preferred, preferred + needs);
        var lowest = moves ? Math.Max(BootMemory.LowestKernel, alignment) : preferred;
        if (moves && Fits(lowest))
            return (lowest, lowest + needs);
        if (!moves && (preferred < BootMemory.LowestKernel || preferred % GuestMemory.PageSize != 0))
            throw Bad($"it loads to 0x{preferred:x} and nowhere else, where the boot information is: build it with CONFIG_RELOCATABLE=y");
        throw Bad(
            $"it needs {(needs + 0xF_FFFF) >> 20} MiB of RAM from 0x{lowest:x} on to start, there are 0x{memory.LowSize:x} bytes below the devices: " +
            "raise [vm] memory");

        bool Fits(ulong at) =>
            at >= BootMemory.LowestKernel && at % GuestMemory.PageSize == 0 && at <= memory.LowSize && needs <= memory.LowSize - at;
    }

    private static BootException Bad(string what) => new($"kernel: a bzImage that cannot be booted: {what}");

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
}
