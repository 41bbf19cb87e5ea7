using System.Buffers.Binary;
using Colo.Kvm;
using Colo.Memory;

namespace Colo.Boot;

/// <summary>
/// Puts a bzImage and struct boot_params ("zero page") into RAM, and the first vCPU at the 64-bit entry (Linux's
/// Documentation/arch/x86/boot.rst, "64-bit Boot Protocol", and zero-page.rst). Places: <see cref="BootMemory"/>.
/// </summary>
internal static class BzImageLoader
{
    private const ulong BootParamsAddress = 0x7000;
    private const ulong PageTablesAddress = 0x9000;
    private const int MappedGib = 4; // everything that a kernel can find before it makes tables of its own
    private const byte UnregisteredLoader = 0xFF;
    private const ulong PresentWritable = 3;
    private const ulong LargePage = 0x80;

    // The kernel names these selectors: __BOOT_CS and __BOOT_DS.
    private const ushort CodeSelector = 0x10;
    private const ushort DataSelector = 0x18;
    private const ushort TaskSelector = 0x20;

    /// <summary>Loads it.</summary>
    /// <param name="kernel">What was found in <paramref name="file"/>.</param>
    /// <param name="file">The bzImage.</param>
    /// <param name="initrd">An initial RAM disk, or empty.</param>
    /// <param name="commandLine">ASCII.</param>
    /// <param name="memory">Where to.</param>
    /// <param name="rsdp">The address of the ACPI tables' root; 0: there are none.</param>
    internal static void Load(
        BzImage kernel, ReadOnlySpan<byte> file, ReadOnlySpan<byte> initrd, string commandLine, GuestMemory memory, ulong rsdp)
    {
        file.Slice(kernel.Offset, kernel.Size).CopyTo(BootMemory.At(memory, kernel.LoadAddress, (ulong)kernel.Size));
        memory.MarkDirty(kernel.LoadAddress, (ulong)kernel.Size);
        var initrdAddress = BootMemory.PlaceInitrd(memory, initrd, kernel.End, kernel.InitrdLimit);
        BootMemory.WriteCommandLine(memory, commandLine, kernel.CommandLineSize);
        WriteBootParams(kernel, file, memory, initrdAddress, (uint)initrd.Length, rsdp);
        WritePageTables(memory);
        // Null, nothing, 64-bit code, data, task state in two.
        BootMemory.WriteGdt(memory, [0, 0, 0x00AF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0x0000_8B00_0000_0067, 0]);
    }

    /// <summary>The registers of the first vCPU by the protocol: 64-bit mode, memory mapped one to one, flat segments, interrupts off, rsi to boot_params.</summary>
    internal static void SetEntry(ref kvm_regs regs, ref kvm_sregs2 sregs, ulong loadAddress)
    {
        regs = new kvm_regs { rip = loadAddress + BzImage.EntryOffset, rsi = BootParamsAddress, rflags = 2 };
        sregs.cs = new kvm_segment { limit = 0xFFFF_FFFF, selector = CodeSelector, type = 0xB, present = 1, l = 1, s = 1, g = 1 };
        sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss =
            new kvm_segment { limit = 0xFFFF_FFFF, selector = DataSelector, type = 3, present = 1, db = 1, s = 1, g = 1 };
        sregs.tr = new kvm_segment { limit = 0x67, selector = TaskSelector, type = 0xB, present = 1 };
        sregs.ldt = new kvm_segment { type = 2, present = 1 };
        sregs.gdt = new kvm_dtable { @base = BootMemory.GdtAddress, limit = 47 };
        sregs.idt = default;
        // PG, PE and ET; PAE; long mode enabled and active.
        (sregs.cr0, sregs.cr2, sregs.cr3, sregs.cr4, sregs.efer) = (0x8000_0011, 0, PageTablesAddress, 0x20, 0x500);
        sregs.flags = 0;
    }

    private static void WriteBootParams(
        BzImage kernel, ReadOnlySpan<byte> file, GuestMemory memory, ulong initrd, uint initrdSize, ulong rsdp)
    {
        var zero = BootMemory.At(memory, BootParamsAddress, GuestMemory.PageSize);
        zero.Clear();
        file[BzImage.HeaderStart..kernel.HeaderEnd].CopyTo(zero[BzImage.HeaderStart..]);
        BinaryPrimitives.WriteUInt64LittleEndian(zero[0x70..], rsdp); // acpi_rsdp_addr, read by Linux 5.0 and later; others search
        BinaryPrimitives.WriteUInt16LittleEndian(zero[0x1FA..], 0xFFFF); // vid_mode: normal
        zero[0x210] = UnregisteredLoader;
        BinaryPrimitives.WriteUInt32LittleEndian(zero[0x214..], (uint)kernel.LoadAddress); // code32_start
        BinaryPrimitives.WriteUInt32LittleEndian(zero[0x218..], (uint)initrd);
        BinaryPrimitives.WriteUInt32LittleEndian(zero[0x21C..], initrdSize);
        BinaryPrimitives.WriteUInt32LittleEndian(zero[0x228..], (uint)BootMemory.CommandLineAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(zero[0x250..], 0); // setup_data: none, whatever the file says

        var ranges = BootMemory.Map(memory, rsdp != 0);
        zero[0x1E8] = (byte)ranges.Length;
        for (var i = 0; i < ranges.Length; i++)
        {
            // struct boot_e820_entry.
            var entry = zero[(0x2D0 + (i * 20))..];
            BinaryPrimitives.WriteUInt64LittleEndian(entry, ranges[i].Address);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], ranges[i].Size);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[16..], ranges[i].Kind);
        }
    }

    // One to one, in pages of 2 MiB: PML4, page directory pointers, a page directory a GiB.
    private static void WritePageTables(GuestMemory memory)
    {
        const int Page = GuestMemory.PageSize;
        var tables = BootMemory.At(memory, PageTablesAddress, (2 + MappedGib) * Page);
        tables.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(tables, (PageTablesAddress + Page) | PresentWritable);
        for (var gib = 0; gib < MappedGib; gib++)
        {
            var directory = (ulong)(2 + gib) * Page;
            BinaryPrimitives.WriteUInt64LittleEndian(tables[(Page + (gib * 8))..], (PageTablesAddress + directory) | PresentWritable);
            for (var i = 0; i < 512; i++)
            {
                var address = ((ulong)gib << 30) + ((ulong)i << 21);
                BinaryPrimitives.WriteUInt64LittleEndian(tables[((int)directory + (i * 8))..], address | LargePage | PresentWritable);
            }
        }
    }
}
