using System.Buffers.Binary;
using Colo.Memory;

namespace Colo.Boot;

/// <summary>
/// A table of the MultiProcessor Specification 1.4: vCPUs, I/O APIC, and interrupt sources as an ISA bus, which makes
/// every input edge triggered, active high. Input n of the I/O APIC is interrupt n, as KVM routes them.
/// </summary>
internal static class MpTable
{
    /// <summary>Where the table stands: at the start of the firmware's last 64 KiB, where kernels look for it.</summary>
    internal const ulong Address = 0xF_0000;

    /// <summary>APIC numbers are 8 bits, 255 means all, and the I/O APIC has one too.</summary>
    internal const int MostCpus = 254;

    private const int Inputs = 24;
    private const int IsaInputs = 24;

    internal static void Write(GuestMemory memory, int cpus)
    {
        var size = 16 + 44 + (cpus * 20) + 8 + 8 + (IsaInputs * 8) + 16;
        if (!memory.TryGetSpan(Address, (uint)size, out var all))
            throw new BootException("RAM ends before 1 MiB: raise [vm] memory");
        all.Clear();
        var pointer = all[..16];
        "_MP_"u8.CopyTo(pointer);
        BinaryPrimitives.WriteUInt32LittleEndian(pointer[4..], (uint)Address + 16);
        pointer[8] = 1; // length in 16 bytes
        pointer[9] = 4; // 1.4
        pointer[10] = Checksum(pointer);

        var table = all[16..];
        "PCMP"u8.CopyTo(table);
        BinaryPrimitives.WriteUInt16LittleEndian(table[4..], (ushort)table.Length);
        table[6] = 4;
        "COLO    COLO        "u8.CopyTo(table[8..]);
        BinaryPrimitives.WriteUInt16LittleEndian(table[34..], (ushort)(cpus + 2 + IsaInputs + 2));
        BinaryPrimitives.WriteUInt32LittleEndian(table[36..], 0xFEE0_0000);
        var entry = table[44..];
        for (var i = 0; i < cpus; i++)
            AddCpu(ref entry, i);
        var ioApic = (byte)cpus;
        Take(ref entry, 8, 1)[1..].Clear(); // bus 0
        "ISA   "u8.CopyTo(table[(44 + (cpus * 20) + 2)..]);
        var chip = Take(ref entry, 8, 2);
        (chip[1], chip[2], chip[3]) = (ioApic, 0x11, 1);
        BinaryPrimitives.WriteUInt32LittleEndian(chip[4..], 0xFEC0_0000);
        for (byte i = 0; i < IsaInputs; i++)
            AddInterrupt(ref entry, 3, 0, i, ioApic, i);
        AddInterrupt(ref entry, 4, 3, 0, 0, 0); // the 8259s on LINT0 of the first vCPU
        AddInterrupt(ref entry, 4, 1, 0, 0xFF, 1); // NMI on LINT1 of all
        table[7] = Checksum(table);
    }

    private static void AddCpu(ref Span<byte> entry, int index)
    {
        var cpu = Take(ref entry, 20, 0);
        (cpu[1], cpu[2], cpu[3]) = ((byte)index, 0x14, (byte)(index == 0 ? 3 : 1)); // enabled, boot CPU
        BinaryPrimitives.WriteUInt32LittleEndian(cpu[4..], 0x600);
        BinaryPrimitives.WriteUInt32LittleEndian(cpu[8..], 0x201); // FPU and APIC
    }

    private static void AddInterrupt(ref Span<byte> entry, byte kind, byte type, byte source, byte chip, byte input)
    {
        var line = Take(ref entry, 8, kind);
        (line[1], line[5], line[6], line[7]) = (type, source, chip, input);
    }

    private static Span<byte> Take(ref Span<byte> entries, int size, byte kind)
    {
        var taken = entries[..size];
        entries = entries[size..];
        taken[0] = kind;
        return taken;
    }

    /// <summary>What makes the sum of all bytes zero, modulo 256.</summary>
    internal static byte Checksum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (var one in bytes)
            sum += one;
        return (byte)-sum;
    }
}
