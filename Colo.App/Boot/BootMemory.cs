using System.Buffers.Binary;
using System.Text;
using Colo.Memory;

namespace Colo.Boot;

/// <summary>
/// What both boot protocols put into RAM alike, and where things lie below 1 MiB.
/// <code>
/// 0x500    GDT                                    0x6000   hvm_start_info, module list at 0x6040 (PVH)
/// 0x7000   memory map (PVH), boot_params (Linux)  0x9000   page tables (Linux), to 0xEFFF
/// 0x20000  command line                           0xE0000  ACPI tables
/// 0xF0000  MP table
/// </code>
/// </summary>
internal static class BootMemory
{
    internal const ulong GdtAddress = 0x500;
    internal const ulong CommandLineAddress = 0x2_0000;

    /// <summary>With its end; longer than any kernel takes.</summary>
    internal const int MostCommandLine = 0x1_0000;

    /// <summary>RAM below this belongs to the boot information, to which a kernel does not load.</summary>
    internal const ulong LowestKernel = 0x10_0000;

    private const ulong EndOfBase = 0xA_0000;

    /// <summary>A range of the guest's memory map; kinds are numbered alike in e820 and in the PVH protocol.</summary>
    internal readonly record struct Range(ulong Address, ulong Size, uint Kind)
    {
        internal const uint Ram = 1;
        internal const uint Reserved = 2;
    }

    /// <summary>The guest's memory map: RAM on both sides of the hole for devices, and the place of firmware tables.</summary>
    /// <param name="memory">Its RAM.</param>
    /// <param name="acpi">Whether ACPI tables are among what is reserved.</param>
    internal static Range[] Map(GuestMemory memory, bool acpi)
    {
        var tables = acpi ? AcpiTables.Address : MpTable.Address;
        Range[] low =
        [
            new(0, EndOfBase, Range.Ram),
            new(tables, LowestKernel - tables, Range.Reserved),
            new(LowestKernel, memory.LowSize - LowestKernel, Range.Ram),
        ];
        return memory.HighSize == 0 ? low : [.. low, new(GuestMemory.HoleEnd, memory.HighSize, Range.Ram)];
    }

    /// <summary>Writes the command line with its end.</summary>
    /// <param name="memory">Where to.</param>
    /// <param name="commandLine">ASCII.</param>
    /// <param name="most">Characters that the kernel takes.</param>
    /// <exception cref="BootException">It is longer, or not ASCII.</exception>
    internal static void WriteCommandLine(GuestMemory memory, string commandLine, uint most)
    {
        most = Math.Min(most, MostCommandLine - 1);
        if (!Ascii.IsValid(commandLine) || commandLine.Contains('\0'))
            throw new BootException("the kernel command line must be ASCII: change [vm] cmdline");
        if (commandLine.Length > most)
        {
            throw new BootException(
                $"the kernel command line has {commandLine.Length} characters with what is added for the devices, this kernel takes {most}: shorten [vm] cmdline");
        }

        var text = At(memory, CommandLineAddress, (ulong)commandLine.Length + 1);
        Encoding.ASCII.GetBytes(commandLine, text);
        text[commandLine.Length] = 0;
    }

    /// <summary>Puts an initial RAM disk as high as it may be.</summary>
    /// <param name="memory">Where to.</param>
    /// <param name="initrd">Empty: nothing is done.</param>
    /// <param name="kernelEnd">The end of what the kernel needs at its start.</param>
    /// <param name="limit">The end of the addresses that the kernel takes for it.</param>
    /// <returns>Its address; 0 without one.</returns>
    internal static ulong PlaceInitrd(GuestMemory memory, ReadOnlySpan<byte> initrd, ulong kernelEnd, ulong limit)
    {
        if (initrd.IsEmpty)
            return 0;
        var top = Math.Min(memory.LowSize, limit);
        var length = (ulong)initrd.Length;
        var address = length <= top ? (top - length) & ~0xFFFUL : 0;
        if (address < kernelEnd)
        {
            throw new BootException(
                $"the initial RAM disk of {length} bytes does not fit between the kernel's end 0x{kernelEnd:x} and 0x{top:x}: " +
                (memory.LowSize < limit ? "raise [vm] memory" : "make it smaller, this kernel takes none above"));
        }

        initrd.CopyTo(At(memory, address, length));
        memory.MarkDirty(address, length);
        return address;
    }

    /// <summary>Writes a table of segment descriptors.</summary>
    internal static void WriteGdt(GuestMemory memory, ReadOnlySpan<ulong> descriptors)
    {
        var gdt = At(memory, GdtAddress, (ulong)descriptors.Length * 8);
        for (var i = 0; i < descriptors.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(gdt[(i * 8)..], descriptors[i]);
    }

    /// <summary>A range of RAM that has to be there.</summary>
    internal static Span<byte> At(GuestMemory memory, ulong address, ulong length) =>
        length <= int.MaxValue && memory.TryGetSpan(address, (uint)length, out var span)
            ? span
            : throw new BootException($"0x{length:x} bytes at 0x{address:x} are not in RAM: raise [vm] memory");
}
