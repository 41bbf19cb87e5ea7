using System.Buffers.Binary;
using Colo.Kvm;
using Colo.Memory;

namespace Colo.Boot;

/// <summary>
/// Puts a kernel and the boot information of the PVH protocol into RAM (Xen's docs/misc/pvh.pandoc and
/// public/arch-x86/hvm/start_info.h, struct hvm_start_info version 1). Places: <see cref="BootMemory"/>.
/// </summary>
internal static class PvhLoader
{
    private const ulong StartInfoAddress = 0x6000;
    private const ulong ModulesAddress = 0x6040;
    private const ulong MemoryMapAddress = 0x7000;
    private const ulong InitrdLimit = 0x8000_0000;
    private const uint Magic = 0x336E_C578;

    /// <summary>Loads it.</summary>
    /// <param name="kernel">What was found in <paramref name="file"/>.</param>
    /// <param name="file">The ELF file.</param>
    /// <param name="initrd">An initial RAM disk, or empty.</param>
    /// <param name="commandLine">ASCII.</param>
    /// <param name="memory">Where to.</param>
    /// <param name="rsdp">The address of the ACPI tables' root; 0: there are none.</param>
    internal static void Load(
        PvhKernel kernel, ReadOnlySpan<byte> file, ReadOnlySpan<byte> initrd, string commandLine, GuestMemory memory, ulong rsdp)
    {
        foreach (var segment in kernel.Segments)
        {
            var target = BootMemory.At(memory, segment.Address, segment.MemorySize);
            file.Slice((int)segment.Offset, (int)segment.FileSize).CopyTo(target);
            target[(int)segment.FileSize..].Clear();
            memory.MarkDirty(segment.Address, segment.MemorySize);
        }

        var initrdAddress = BootMemory.PlaceInitrd(memory, initrd, kernel.End, InitrdLimit);
        BootMemory.WriteCommandLine(memory, commandLine, uint.MaxValue);
        WriteStartInfo(memory, initrdAddress, (ulong)initrd.Length, rsdp, WriteMemoryMap(memory, rsdp != 0));
        // Null, code, data, task state.
        BootMemory.WriteGdt(memory, [0, 0x00CF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0x0000_8B00_0000_0067]);
    }

    /// <summary>The registers of the first vCPU by the protocol: 32-bit protected mode, flat segments, paging off, ebx to the start info.</summary>
    internal static void SetEntry(ref kvm_regs regs, ref kvm_sregs2 sregs, uint entry)
    {
        regs = new kvm_regs { rip = entry, rbx = StartInfoAddress, rflags = 2 };
        sregs.cs = Flat(8, 0xB);
        sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = Flat(0x10, 3);
        sregs.tr = new kvm_segment { limit = 0x67, selector = 0x18, type = 0xB, present = 1 };
        sregs.ldt = new kvm_segment { type = 2, present = 1 };
        sregs.gdt = new kvm_dtable { @base = BootMemory.GdtAddress, limit = 31 };
        sregs.idt = default;
        (sregs.cr0, sregs.cr2, sregs.cr3, sregs.cr4, sregs.efer) = (0x11, 0, 0, 0, 0); // PE and ET
        sregs.flags = 0;
    }

    private static kvm_segment Flat(ushort selector, byte type) => new()
    {
        limit = 0xFFFF_FFFF, selector = selector, type = type, present = 1, db = 1, s = 1, g = 1,
    };

    private static int WriteMemoryMap(GuestMemory memory, bool acpi)
    {
        var ranges = BootMemory.Map(memory, acpi);
        var map = BootMemory.At(memory, MemoryMapAddress, (ulong)ranges.Length * 24);
        map.Clear();
        for (var i = 0; i < ranges.Length; i++)
        {
            // struct hvm_memmap_table_entry.
            var entry = map[(i * 24)..];
            BinaryPrimitives.WriteUInt64LittleEndian(entry, ranges[i].Address);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], ranges[i].Size);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[16..], ranges[i].Kind);
        }

        return ranges.Length;
    }

    private static void WriteStartInfo(GuestMemory memory, ulong initrd, ulong initrdSize, ulong rsdp, int mapEntries)
    {
        var info = BootMemory.At(memory, StartInfoAddress, 56);
        info.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(info, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(info[4..], 1); // version
        BinaryPrimitives.WriteUInt32LittleEndian(info[12..], initrd != 0 ? 1U : 0);
        BinaryPrimitives.WriteUInt64LittleEndian(info[16..], initrd != 0 ? ModulesAddress : 0);
        BinaryPrimitives.WriteUInt64LittleEndian(info[24..], BootMemory.CommandLineAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(info[32..], rsdp);
        BinaryPrimitives.WriteUInt64LittleEndian(info[40..], MemoryMapAddress);
        BinaryPrimitives.WriteUInt32LittleEndian(info[48..], (uint)mapEntries);

        // struct hvm_modlist_entry.
        var module = BootMemory.At(memory, ModulesAddress, 32);
        module.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(module, initrd);
        BinaryPrimitives.WriteUInt64LittleEndian(module[8..], initrdSize);
    }
}
