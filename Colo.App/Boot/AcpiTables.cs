using System.Buffers.Binary;
using Colo.Devices.Legacy;
using Colo.Memory;

namespace Colo.Boot;

/// <summary>
/// ACPI tables (ACPI specification 6.3, chapter 5.2): RSDP, XSDT, FADT, FACS, MADT and DSDT, one behind the other.
/// <para>
/// The machine has the fixed hardware of a PC rather than the hardware-reduced kind: Linux then keeps the 8259s and the
/// timer that KVM has, and a power button costs four bytes of registers. There is no power management timer and no
/// general-purpose event; ACPI mode is always on. The interrupt controllers' inputs are wired one to one, so the only
/// override is that of the SCI.
/// </para>
/// </summary>
internal static class AcpiTables
{
    /// <summary>Where the tables are: in the firmware's range, below the MP table.</summary>
    internal const ulong Address = 0xE_0000;

    /// <summary>The address of the root (RSDP): where kernels search for it that are not told.</summary>
    internal const ulong Rsdp = Address;

    private const ulong Facs = Address + 0x40;
    private const ulong First = Address + 0x80;
    private const int HeaderSize = 36;
    private const byte IoSpace = 1;

    /// <summary>Writes all of them.</summary>
    /// <exception cref="BootException">They do not fit.</exception>
    internal static void Write(GuestMemory memory, Platform platform)
    {
        var room = BootMemory.At(memory, Address, MpTable.Address - Address);
        room.Clear();
        var next = First;
        var dsdt = Put(room, ref next, Dsdt(platform));
        var fadt = Put(room, ref next, Fadt(dsdt));
        var madt = Put(room, ref next, Madt(platform.Cpus));
        var xsdt = Put(room, ref next, Xsdt(fadt, madt));

        var facs = room[(int)(Facs - Address)..][..64];
        "FACS"u8.CopyTo(facs);
        BinaryPrimitives.WriteUInt32LittleEndian(facs[4..], 64);
        facs[32] = 2; // version

        var root = room[..36];
        "RSD PTR "u8.CopyTo(root);
        "COLO  "u8.CopyTo(root[9..]);
        root[15] = 2; // revision
        BinaryPrimitives.WriteUInt32LittleEndian(root[20..], 36);
        BinaryPrimitives.WriteUInt64LittleEndian(root[24..], xsdt);
        root[8] = MpTable.Checksum(root[..20]);
        root[32] = MpTable.Checksum(root);
    }

    private static ulong Put(Span<byte> room, ref ulong next, byte[] table)
    {
        var at = next;
        if (next + (ulong)table.Length > MpTable.Address)
            throw new BootException("the ACPI tables do not fit below the MP table: use fewer vCPUs or devices");
        table.CopyTo(room[(int)(at - Address)..]);
        next = (at + (ulong)table.Length + 15) & ~15UL;
        return at;
    }

    private static byte[] Table(ReadOnlySpan<byte> signature, byte revision, ReadOnlySpan<byte> name, ReadOnlySpan<byte> body)
    {
        var table = new byte[HeaderSize + body.Length];
        signature.CopyTo(table);
        BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(4), table.Length);
        table[8] = revision;
        "COLO  "u8.CopyTo(table.AsSpan(10));
        name.CopyTo(table.AsSpan(16));
        BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(24), 1); // OEM revision
        "COLO"u8.CopyTo(table.AsSpan(28));
        BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(32), 1); // creator revision
        body.CopyTo(table.AsSpan(HeaderSize));
        table[9] = MpTable.Checksum(table);
        return table;
    }

    private static byte[] Xsdt(params ReadOnlySpan<ulong> tables)
    {
        var body = new byte[tables.Length * 8];
        for (var i = 0; i < tables.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(body.AsSpan(i * 8), tables[i]);
        return Table("XSDT"u8, 1, "COLOXSDT"u8, body);
    }

    // Offsets are those of the specification, from the start of the table.
    private static byte[] Fadt(ulong dsdt)
    {
        const uint WriteBackInvalidate = 1 << 0, AllC1 = 1 << 2, NoFixedSleepButton = 1 << 5, NoRtcWake = 1 << 6, ResetRegister = 1 << 10;
        const ushort LegacyDevices = 1 << 0, NoVga = 1 << 2, NoMsi = 1 << 3;
        var all = new byte[276];
        var fadt = all.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(fadt[36..], (uint)Facs);
        BinaryPrimitives.WriteUInt32LittleEndian(fadt[40..], (uint)dsdt);
        fadt[45] = 4; // preferred profile: server
        BinaryPrimitives.WriteUInt16LittleEndian(fadt[46..], PowerEvents.Gsi);
        BinaryPrimitives.WriteUInt32LittleEndian(fadt[56..], PowerEvents.Port);
        BinaryPrimitives.WriteUInt32LittleEndian(fadt[64..], PowerPort.Port);
        fadt[88] = PowerEvents.Size;
        fadt[89] = PowerPort.Size;
        BinaryPrimitives.WriteUInt16LittleEndian(fadt[96..], 0xFFFF); // C2 and C3: none
        BinaryPrimitives.WriteUInt16LittleEndian(fadt[98..], 0xFFFF);
        fadt[108] = 0x32; // the century in CMOS memory
        // The i8042 is not told of: nothing is connected to it, and a kernel need not look for keyboards.
        BinaryPrimitives.WriteUInt16LittleEndian(fadt[109..], LegacyDevices | NoVga | NoMsi);
        BinaryPrimitives.WriteUInt32LittleEndian(fadt[112..], WriteBackInvalidate | AllC1 | NoFixedSleepButton | NoRtcWake | ResetRegister);
        Register(fadt[116..], KeyboardController.CommandPortNumber, 1, 1);
        fadt[128] = KeyboardController.ResetCommand;
        fadt[131] = 3; // 6.3
        BinaryPrimitives.WriteUInt64LittleEndian(fadt[140..], dsdt);
        Register(fadt[148..], PowerEvents.Port, PowerEvents.Size, 2);
        Register(fadt[172..], PowerPort.Port, PowerPort.Size, 2);
        return Table("FACP"u8, 6, "COLOFACP"u8, fadt[HeaderSize..]);
    }

    // Generic address structure (5.2.3.2).
    private static void Register(Span<byte> at, ushort port, int bytes, byte accessSize)
    {
        (at[0], at[1], at[3]) = (IoSpace, (byte)(bytes * 8), accessSize);
        BinaryPrimitives.WriteUInt64LittleEndian(at[4..], port);
    }

    private static byte[] Madt(int cpus)
    {
        const ushort ActiveHighLevel = 0xD;
        var body = new byte[8 + (cpus * 8) + 12 + 10 + 6];
        BinaryPrimitives.WriteUInt32LittleEndian(body, 0xFEE0_0000);
        body[4] = 1; // there are 8259s, too
        var at = body.AsSpan(8);
        for (var i = 0; i < cpus; i++, at = at[8..])
            (at[0], at[1], at[2], at[3], at[4]) = (0, 8, (byte)i, (byte)i, 1); // local APIC, enabled
        (at[0], at[1], at[2]) = (1, 12, (byte)cpus); // I/O APIC from interrupt 0 on
        BinaryPrimitives.WriteUInt32LittleEndian(at[4..], 0xFEC0_0000);
        at = at[12..];
        (at[0], at[1], at[3]) = (2, 10, (byte)PowerEvents.Gsi); // interrupt source override, ISA
        BinaryPrimitives.WriteUInt32LittleEndian(at[4..], PowerEvents.Gsi);
        BinaryPrimitives.WriteUInt16LittleEndian(at[8..], ActiveHighLevel);
        at = at[10..];
        (at[0], at[1], at[2], at[5]) = (4, 6, 0xFF, 1); // NMI on LINT1 of all
        return Table("APIC"u8, 4, "COLOAPIC"u8, body);
    }

    private static byte[] Dsdt(Platform platform)
    {
        var aml = new AmlWriter();
        aml.NamePackage("\\_S5_", PowerPort.SleepTypeOff, PowerPort.SleepTypeOff, 0, 0);
        aml.Scope("\\_SB_", system =>
        {
            for (var i = 0; i < platform.Cpus; i++)
            {
                var number = (ulong)i;
                system.Device($"C{i:X3}", cpu =>
                {
                    cpu.Name("_HID", "ACPI0007");
                    cpu.Name("_UID", number);
                });
            }

            system.Device("COM1", serial =>
            {
                serial.EisaHardwareId("PNP0501");
                serial.Name("_UID", 0);
                serial.Resources(r =>
                {
                    r.Ports(SerialPort.Port, SerialPort.Size);
                    r.IsaInterrupt((int)SerialPort.Gsi);
                });
            });
            system.Device("RTC_", clock =>
            {
                clock.EisaHardwareId("PNP0B00");
                clock.Resources(r => r.Ports(RealTimeClock.Port, RealTimeClock.Ports));
            });
            system.Device("PANC", panic =>
            {
                panic.Name("_HID", "QEMU0001");
                panic.Resources(r => r.Ports(PanicPort.Port, PanicPort.Size));
            });
            for (var i = 0; i < platform.Virtio.Count; i++)
            {
                var (window, number) = (platform.Virtio[i], (ulong)i);
                system.Device($"V{i:X3}", device =>
                {
                    device.Name("_HID", "LNRO0005");
                    device.Name("_UID", number);
                    device.Name("_CCA", 1); // sees the caches' content
                    device.Resources(r =>
                    {
                        r.Memory(checked((uint)window.Base), checked((uint)window.Size));
                        r.Interrupt(window.Gsi);
                    });
                });
            }
        });
        return Table("DSDT"u8, 2, "COLODSDT"u8, aml.ToArray());
    }
}
