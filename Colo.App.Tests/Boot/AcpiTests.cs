using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using Colo.Boot;
using Colo.Memory;
using Colo.Tests.Block;

namespace Colo.Tests.Boot;

/// <summary>The ACPI tables as a guest finds them, and as ACPICA's compiler reads them.</summary>
public sealed class AcpiTests : IDisposable
{
    private static readonly VirtioWindow[] Devices = [new(0xD000_0000, 0x1000, 5), new(0xD000_1000, 0x1000, 16)];

    private readonly string _folder = Directory.CreateTempSubdirectory("colo-acpi-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 2)]
    [InlineData(64, 16)]
    [InlineData(254, 16)]
    public void Every_table_is_reached_from_the_root_and_sums_to_zero(int cpus, int devices)
    {
        using var memory = GuestMemory.Create(4 << 20);
        AcpiTables.Write(memory, new Platform(cpus, true, [.. Enumerable.Range(0, devices).Select(i => new VirtioWindow(0xD000_0000 + ((ulong)i << 12), 0x1000, 5))]));
        var tables = Tables(memory);
        Assert.Equal(["XSDT", "FACP", "APIC", "DSDT", "FACS"], tables.Keys);
        foreach (var (name, table) in tables)
        {
            if (name != "FACS")
                Assert.True(table.Aggregate((byte)0, (sum, one) => (byte)(sum + one)) == 0, name);
        }

        Assert.Equal(276, tables["FACP"].Length);
        Assert.Equal(64, tables["FACS"].Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void The_madt_names_each_vcpu_the_io_apic_and_how_the_power_button_is_wired(int cpus)
    {
        using var memory = GuestMemory.Create(4 << 20);
        AcpiTables.Write(memory, new Platform(cpus, true, []));
        var madt = Tables(memory)["APIC"];
        Assert.Equal((0xFEE0_0000U, 1U), (U32(madt, 36), U32(madt, 40)));
        var entries = new List<string>();
        for (var at = 44; at < madt.Length; at += madt[at + 1])
            entries.Add(Convert.ToHexString(madt.AsSpan(at, madt[at + 1])));
        Assert.Equal(
            [
                .. Enumerable.Range(0, cpus).Select(i => $"0008{i:X2}{i:X2}01000000"), // local APICs, enabled
                $"010C{cpus:X2}000000C0FE00000000", // I/O APIC behind them at 0xfec00000
                "020A000D0D0000000D00", // ISA 13: active high, level
                "0406FF000001", // NMI on LINT1
            ],
            entries);
    }

    [Fact]
    public void The_fadt_has_the_registers_that_the_machine_has()
    {
        using var memory = GuestMemory.Create(4 << 20);
        AcpiTables.Write(memory, new Platform(1, true, []));
        var fadt = Tables(memory)["FACP"];
        Assert.Equal((13, 0x600U, 0x604U, 4, 2), (fadt[46], U32(fadt, 56), U32(fadt, 64), fadt[88], fadt[89]));
        Assert.Equal("01200002" + "0006000000000000", Convert.ToHexString(fadt.AsSpan(148, 12)));
        Assert.Equal("01100002" + "0406000000000000", Convert.ToHexString(fadt.AsSpan(172, 12)));
        Assert.Equal("01080001" + "6400000000000000" + "FE", Convert.ToHexString(fadt.AsSpan(116, 13)));
        var flags = U32(fadt, 112);
        Assert.Equal(0U, flags & (1 << 4 | 1 << 20)); // a power button in fixed hardware, and not hardware-reduced
        Assert.NotEqual(0U, flags & 1 << 10); // the reset register
        Assert.Equal(0U, U32(fadt, 48)); // no SMI command: ACPI mode is always on
        Assert.Equal(U64(fadt, 140), U32(fadt, 40));
    }

    [Fact]
    public void Tables_that_do_not_fit_are_refused()
    {
        using var memory = GuestMemory.Create(4 << 20);
        var many = Enumerable.Repeat(new VirtioWindow(0xD000_0000, 0x1000, 5), 3000).ToArray();
        Assert.Throws<BootException>(() => AcpiTables.Write(memory, new Platform(1, true, many)));
    }

    // iasl reads each table, writes it as source, and makes the same bytes of it again, without a word of complaint.
    [ToolFact("iasl")]
    public void Acpica_reads_every_table_and_makes_the_same_of_it()
    {
        using var memory = GuestMemory.Create(4 << 20);
        AcpiTables.Write(memory, new Platform(2, true, Devices));
        foreach (var (name, table) in Tables(memory))
        {
            var file = Path.Combine(_folder, name);
            File.WriteAllBytes(file + ".dat", table);
            var said = Iasl("-d", file + ".dat");
            Assert.DoesNotMatch("(?i)warning|error|invalid|unknown|bad checksum", Regex.Replace(said, "(?m)^.*/.*$", ""));
            File.Delete(file + ".dat");
            said = Iasl("-oa", file + ".dsl");
            Assert.Contains("0 Errors, 0 Warnings, 0 Remarks", name == "DSDT" ? said : Regex.Replace(said, "Compilation successful.*", "0 Errors, 0 Warnings, 0 Remarks"), StringComparison.Ordinal);
            var made = File.ReadAllBytes(file + ".aml");
            Assert.Equal(Convert.ToHexString(Without(table)), Convert.ToHexString(Without(made)));
        }
    }

    [ToolFact("iasl")]
    public void The_dsdt_names_the_devices_with_their_resources()
    {
        using var memory = GuestMemory.Create(4 << 20);
        AcpiTables.Write(memory, new Platform(2, true, Devices));
        var source = Source(Tables(memory)["DSDT"]);
        Assert.Contains("Name (\\_S5, Package (0x04) { Zero, Zero, Zero, Zero })", source, StringComparison.Ordinal);
        Assert.Contains("Device (C001) { Name (_HID, \"ACPI0007\" /* Processor Device */) Name (_UID, One)", source, StringComparison.Ordinal);
        Assert.Contains(
            "Device (COM1) { Name (_HID, EisaId (\"PNP0501\") /* 16550A-compatible COM Serial Port */) Name (_UID, Zero) Name (_CRS, ResourceTemplate () " +
            "{ IO (Decode16, 0x03F8, 0x03F8, 0x01, 0x08, ) IRQNoFlags () {4} }) }",
            source,
            StringComparison.Ordinal);
        Assert.Contains("EisaId (\"PNP0B00\")", source, StringComparison.Ordinal);
        Assert.Contains("Name (_HID, \"QEMU0001\") Name (_CRS, ResourceTemplate () { IO (Decode16, 0x0505, 0x0505, 0x01, 0x01, ) })", source, StringComparison.Ordinal);
        Assert.Contains(
            "Device (V001) { Name (_HID, \"LNRO0005\") Name (_UID, One) Name (_CCA, One) Name (_CRS, ResourceTemplate () " +
            "{ Memory32Fixed (ReadWrite, 0xD0001000, 0x00001000, ) Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive, ,, ) { 0x00000010, } }) }",
            source,
            StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(source, "LNRO0005"));

        AcpiTables.Write(memory, new Platform(1, true, []));
        Assert.DoesNotContain("LNRO0005", Source(Tables(memory)["DSDT"]), StringComparison.Ordinal);
    }

    // Comments of the disassembler and its layout aside.
    private string Source(byte[] dsdt)
    {
        var file = Path.Combine(_folder, "dsdt");
        File.WriteAllBytes(file + ".dat", dsdt);
        Iasl("-d", file + ".dat");
        var text = Regex.Replace(File.ReadAllText(file + ".dsl"), @"//[^\n]*", " ");
        return Regex.Replace(Regex.Replace(text, @"\s+", " "), @"\( ", "(");
    }

    private static string Iasl(params string[] args)
    {
        var (exit, output, error) = ColoBinary.RunProgram("iasl", args);
        Assert.True(exit == 0, $"iasl {string.Join(' ', args)}: {exit}\n{output}\n{error}");
        return output + error;
    }

    // The compiler puts its own name and version into a header, which changes its sum, too.
    private static byte[] Without(byte[] table) => [.. table[..9], .. table[10..28], .. table[36..]];

    private static Dictionary<string, byte[]> Tables(GuestMemory memory)
    {
        var root = Bytes(memory, 0xE_0000, 36);
        Assert.Equal("RSD PTR ", Encoding.ASCII.GetString(root, 0, 8));
        Assert.Equal(0, root.Take(20).Sum(one => one) & 0xFF);
        Assert.Equal(0, root.Sum(one => one) & 0xFF);
        var tables = new Dictionary<string, byte[]>();
        var xsdt = Add(tables, memory, U64(root, 24));
        for (var at = 36; at < xsdt.Length; at += 8)
            Add(tables, memory, U64(xsdt, at));
        Add(tables, memory, U64(tables["FACP"], 140));
        var facs = U32(tables["FACP"], 36);
        Assert.Equal(0U, facs % 64);
        Add(tables, memory, facs);
        return tables;
    }

    private static byte[] Add(Dictionary<string, byte[]> tables, GuestMemory memory, ulong at)
    {
        var table = Bytes(memory, at, U32(Bytes(memory, at, 8), 4));
        tables.Add(Encoding.ASCII.GetString(table, 0, 4), table);
        Assert.InRange(at + (ulong)table.Length, 0xE_0000UL, 0xF_0000UL);
        return table;
    }

    private static byte[] Bytes(GuestMemory memory, ulong at, uint length)
    {
        Assert.True(memory.TryGetSpan(at, length, out var span));
        return span.ToArray();
    }

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static ulong U64(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
}
