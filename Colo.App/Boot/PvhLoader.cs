using System.Buffers.Binary;
using System.Text;
using Colo.Kvm;
using Colo.Memory;

namespace Colo.Boot;

/// <summary>
/// Puts a kernel, its initial RAM disk, its command line and the boot information of the PVH protocol into RAM
/// (Xen's docs/misc/pvh.pandoc and public/arch-x86/hvm/start_info.h, struct hvm_start_info version 1).
/// <code>
/// 0x500    GDT            0x6000  hvm_start_info, module list at 0x6040
/// 0x7000   memory map     0x20000 command line        0xF0000 MP table
/// </code>
/// </summary>
internal static class PvhLoader
{
    private const ulong GdtAddress = 0x500;
    private const ulong StartInfoAddress = 0x6000;
    private const ulong ModulesAddress = 0x6040;
    private const ulong MemoryMapAddress = 0x7000;
    private const ulong CommandLineAddress = 0x2_0000;
    private const int MostCommandLine = 0x1_0000;
    private const ulong EndOfBase = 0xA_0000;
    private const ulong HighestInitrd = 0x8000_0000;
    private const uint Magic = 0x336E_C578;
    private const uint MapRam = 1;
    private const uint MapReserved = 2;

    internal static void Load(
        PvhKernel kernel, ReadOnlySpan<byte> file, ReadOnlySpan<byte> initrd, string commandLine, GuestMemory memory, int cpus)
    {
        if (memory.LowSize < 2 << 20)
            throw new BootException($"{memory.Size} bytes of RAM are too few to boot: set [vm] memory to 2M or more");
        if (commandLine.Length >= MostCommandLine || !Ascii.IsValid(commandLine) || commandLine.Contains('\0'))
            throw new BootException($"the kernel command line must be ASCII and shorter than {MostCommandLine} characters");
        foreach (var segment in kernel.Segments)
        {
            var target = At(memory, segment.Address, segment.MemorySize);
            file.Slice((int)segment.Offset, (int)segment.FileSize).CopyTo(target);
            target[(int)segment.FileSize..].Clear();
            memory.MarkDirty(segment.Address, segment.MemorySize);
        }

        var initrdAddress = PlaceInitrd(kernel, initrd, memory);
        var text = At(memory, CommandLineAddress, (ulong)commandLine.Length + 1);
        Encoding.ASCII.GetBytes(commandLine, text);
        text[commandLine.Length] = 0;
        WriteStartInfo(memory, initrdAddress, (ulong)initrd.Length, WriteMemoryMap(memory));
        WriteGdt(memory);
        MpTable.Write(memory, cpus);
        memory.MarkDirty(0, PvhKernel.LowestAddress);
    }

    /// <summary>The registers of the first vCPU by the protocol: 32-bit protected mode, flat segments, paging off, ebx to the start info.</summary>
    internal static void SetEntry(ref kvm_regs regs, ref kvm_sregs2 sregs, uint entry)
    {
        regs = new kvm_regs { rip = entry, rbx = StartInfoAddress, rflags = 2 };
        sregs.cs = Flat(8, 0xB);
        sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = Flat(0x10, 3);
        sregs.tr = new kvm_segment { limit = 0x67, selector = 0x18, type = 0xB, present = 1 };
        sregs.ldt = new kvm_segment { type = 2, present = 1 };
        sregs.gdt = new kvm_dtable { @base = GdtAddress, limit = 31 };
        sregs.idt = default;
        (sregs.cr0, sregs.cr2, sregs.cr3, sregs.cr4, sregs.efer) = (0x11, 0, 0, 0, 0); // PE and ET
        sregs.flags = 0;
    }

    private static kvm_segment Flat(ushort selector, byte type) => new()
    {
        limit = 0xFFFF_FFFF, selector = selector, type = type, present = 1, db = 1, s = 1, g = 1,
    };

    private static void WriteGdt(GuestMemory memory)
    {
        var gdt = At(memory, GdtAddress, 32);
        BinaryPrimitives.WriteUInt64LittleEndian(gdt, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(gdt[8..], 0x00CF_9B00_0000_FFFF);
        BinaryPrimitives.WriteUInt64LittleEndian(gdt[16..], 0x00CF_9300_0000_FFFF);
        BinaryPrimitives.WriteUInt64LittleEndian(gdt[24..], 0x0000_8B00_0000_0067);
    }

    private static ulong PlaceInitrd(PvhKernel kernel, ReadOnlySpan<byte> initrd, GuestMemory memory)
    {
        if (initrd.IsEmpty)
            return 0;
        var top = Math.Min(memory.LowSize, HighestInitrd);
        var length = (ulong)initrd.Length;
        var address = length <= top ? (top - length) & ~0xFFFUL : 0;
        if (address < kernel.End)
        {
            throw new BootException(
                $"the initial RAM disk of {length} bytes does not fit between the kernel's end 0x{kernel.End:x} and 0x{top:x}: raise [vm] memory");
        }

        initrd.CopyTo(At(memory, address, length));
        memory.MarkDirty(address, length);
        return address;
    }

    private static int WriteMemoryMap(GuestMemory memory)
    {
        var map = At(memory, MemoryMapAddress, 4 * 24);
        map.Clear();
        var count = 0;
        Add(map, ref count, 0, EndOfBase, MapRam);
        Add(map, ref count, MpTable.Address, PvhKernel.LowestAddress - MpTable.Address, MapReserved);
        Add(map, ref count, PvhKernel.LowestAddress, memory.LowSize - PvhKernel.LowestAddress, MapRam);
        if (memory.HighSize > 0)
            Add(map, ref count, GuestMemory.HoleEnd, memory.HighSize, MapRam);
        return count;
    }

    // struct hvm_memmap_table_entry.
    private static void Add(Span<byte> map, ref int count, ulong address, ulong size, uint type)
    {
        var entry = map[(count++ * 24)..];
        BinaryPrimitives.WriteUInt64LittleEndian(entry, address);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], size);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[16..], type);
    }

    private static void WriteStartInfo(GuestMemory memory, ulong initrd, ulong initrdSize, int mapEntries)
    {
        var info = At(memory, StartInfoAddress, 56);
        info.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(info, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(info[4..], 1); // version
        BinaryPrimitives.WriteUInt32LittleEndian(info[12..], initrd != 0 ? 1U : 0);
        BinaryPrimitives.WriteUInt64LittleEndian(info[16..], initrd != 0 ? ModulesAddress : 0);
        BinaryPrimitives.WriteUInt64LittleEndian(info[24..], CommandLineAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(info[40..], MemoryMapAddress);
        BinaryPrimitives.WriteUInt32LittleEndian(info[48..], (uint)mapEntries);

        // struct hvm_modlist_entry.
        var module = At(memory, ModulesAddress, 32);
        module.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(module, initrd);
        BinaryPrimitives.WriteUInt64LittleEndian(module[8..], initrdSize);
    }

    private static Span<byte> At(GuestMemory memory, ulong address, ulong length) =>
        length <= int.MaxValue && memory.TryGetSpan(address, (uint)length, out var span)
            ? span
            : throw new BootException($"0x{length:x} bytes at 0x{address:x} are not in RAM: raise [vm] memory");
}
