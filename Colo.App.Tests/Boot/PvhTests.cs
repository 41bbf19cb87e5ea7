using System.Buffers.Binary;
using System.Text;
using Colo.Boot;
using Colo.Memory;
using Colo.Tests.Machine;

namespace Colo.Tests.Boot;

public sealed class PvhTests
{
    private const ulong Load = 0x10_0000;

    // 32-bit: mov dx, 0x3f8; then the magic of the start info, the last byte of the command line's first four and of
    // the module's first four go out; then power off.
    private static readonly byte[] Hello =
    [
        0x66, 0xBA, 0xF8, 0x03, // mov dx, 0x3f8
        0x8B, 0x03, 0xEE, // mov eax, [ebx]; out dx, al
        0x8B, 0x73, 0x18, 0x8A, 0x06, 0xEE, // mov esi, [ebx + 24] (command line); mov al, [esi]; out dx, al
        0x8B, 0x73, 0x10, 0x8B, 0x36, 0x8A, 0x06, 0xEE, // mov esi, [ebx + 16]; mov esi, [esi] (module); mov al, [esi]; out
        0x8A, 0x43, 0x30, 0xEE, // mov al, [ebx + 48] (entries of the memory map); out
        0x66, 0xBA, 0x04, 0x06, 0x66, 0xB8, 0x00, 0x20, 0x66, 0xEF, 0xF4,
    ];

    [KvmFact]
    public void Boots_with_command_line_and_initrd()
    {
        using var guest = new TestGuest();
        guest.Machine.LoadKernel(Elf(Hello), "Z"u8, "console=ttyS0");
        Assert.False(guest.Machine.PageTablesFixed);
        guest.Start();
        Assert.Equal(0x78, guest.NextSent());
        Assert.Equal((byte)'c', guest.NextSent());
        Assert.Equal((byte)'Z', guest.NextSent());
        Assert.Equal(3, guest.NextSent());
        Assert.Equal(Colo.Machine.MachineEvent.PowerOff, guest.NextEvent().How);
    }

    [KvmFact]
    public void Colo_note_is_read()
    {
        using var guest = new TestGuest();
        guest.Machine.LoadKernel(Elf(Hello, fixedTables: true), default, "");
        Assert.True(guest.Machine.PageTablesFixed);
    }

    [Theory]
    [InlineData(4, 1, "64-bit")]
    [InlineData(16, 1, "type 1")]
    [InlineData(18, 3, "machine 3")]
    [InlineData(56, 0, "0 program headers")]
    [InlineData(54, 40, "of 40 bytes")]
    [InlineData(39, 0x80, "outside of the file")]
    [InlineData(64 + 24 + 2, 0x00, "below 1 MiB")]
    [InlineData(64 + 24 + 4, 0x01, "outside of RAM")]
    [InlineData(64 + 40 + 7, 0x80, "outside of RAM")]
    [InlineData(64 + 8 + 7, 0x80, "outside of the file")]
    [InlineData(64 + 40 + 1, 0x00, "bytes of the file")]
    public void Wrong_fields_are_named(int at, byte value, string what)
    {
        using var memory = GuestMemory.Create(4 << 20);
        var elf = Elf(Hello);
        elf[at] = value;
        var error = Assert.Throws<BootException>(() => PvhKernel.Parse(elf, memory));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Overlapping_segments_are_refused()
    {
        using var memory = GuestMemory.Create(4 << 20);
        var elf = Elf(Hello);
        // The note's header becomes a second segment at the same place.
        elf.AsSpan(64, 56).CopyTo(elf.AsSpan(64 + 56));
        var error = Assert.Throws<BootException>(() => PvhKernel.Parse(elf, memory));
        Assert.Contains("overlap", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_note_is_explained()
    {
        using var memory = GuestMemory.Create(4 << 20);
        var elf = Elf(Hello);
        elf[64 + 56] = 0; // the note's header becomes PT_NULL
        Assert.Contains("CONFIG_PVH", Assert.Throws<BootException>(() => PvhKernel.Parse(elf, memory)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Initrd_and_command_line_that_do_not_fit_are_refused()
    {
        using var memory = GuestMemory.Create(4 << 20);
        var elf = Elf(Hello);
        var kernel = PvhKernel.Parse(elf, memory);
        Assert.Throws<BootException>(() => PvhLoader.Load(kernel, elf, new byte[4 << 20], "", memory, 0));
        Assert.Throws<BootException>(() => PvhLoader.Load(kernel, elf, default, new string('x', 1 << 16), memory, 0));
        Assert.Throws<BootException>(() => PvhLoader.Load(kernel, elf, default, "ä", memory, 0));
    }

    [Fact]
    public void Any_flipped_or_cut_file_is_refused_or_parsed()
    {
        using var memory = GuestMemory.Create(4 << 20);
        var good = Elf(Hello, fixedTables: true);
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var bad = good[..(i % 4 == 0 ? random.Next(good.Length) : good.Length)];
            for (var flips = random.Next(1, 4); flips > 0 && bad.Length > 0; flips--)
                bad[random.Next(Math.Min(bad.Length, 300))] = (byte)random.Next(256);
            try
            {
                PvhLoader.Load(PvhKernel.Parse(bad, memory), bad, default, "", memory, 0);
            }
            catch (BootException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, round {i}: {e}");
            }
        }

        Assert.True(refused > 5000, $"seed {seed}: {refused} refused");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(254)]
    public void Mp_table_is_found_and_sums_to_zero(int cpus)
    {
        using var memory = GuestMemory.Create(4 << 20);
        MpTable.Write(memory, cpus);
        Assert.True(memory.TryGetSpan(0xF_0000, 0x1_0000, out var rom));
        Assert.True(rom.StartsWith("_MP_"u8));
        Assert.Equal(0, Sum(rom[..16]));
        Assert.Equal(0xF_0010U, BinaryPrimitives.ReadUInt32LittleEndian(rom[4..]));
        var length = BinaryPrimitives.ReadUInt16LittleEndian(rom[(16 + 4)..]);
        var table = rom.Slice(16, length);
        Assert.Equal(0, Sum(table));

        // Walk it as a kernel does.
        var count = BinaryPrimitives.ReadUInt16LittleEndian(table[34..]);
        var seen = new int[5];
        var at = 44;
        for (var i = 0; i < count; i++)
        {
            if (table[at] == 0)
            {
                // APIC n is vCPU n, enabled; the first is the boot CPU.
                Assert.Equal((seen[0], seen[0] == 0 ? 3 : 1), (table[at + 1], table[at + 3]));
            }

            seen[table[at]]++;
            if (table[at] == 1)
                Assert.Equal("ISA   ", Encoding.ASCII.GetString(table.Slice(at + 2, 6)));
            at += table[at] == 0 ? 20 : 8;
        }

        Assert.Equal(length, at);
        Assert.Equal([cpus, 1, 1, 24, 2], seen);
    }

    /// <summary>An ELF file with one segment at 1 MiB and a note.</summary>
    internal static byte[] Elf(ReadOnlySpan<byte> code, bool fixedTables = false)
    {
        const int Headers = 64 + (2 * 56);
        var notes = new byte[fixedTables ? 44 : 20];
        BinaryPrimitives.WriteUInt32LittleEndian(notes, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(notes.AsSpan(4), 4);
        BinaryPrimitives.WriteUInt32LittleEndian(notes.AsSpan(8), 18);
        "Xen"u8.CopyTo(notes.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(notes.AsSpan(16), (uint)Load);
        if (fixedTables)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(notes.AsSpan(20), 5);
            BinaryPrimitives.WriteUInt32LittleEndian(notes.AsSpan(24), 4);
            BinaryPrimitives.WriteUInt32LittleEndian(notes.AsSpan(28), 1);
            "colo"u8.CopyTo(notes.AsSpan(32));
            notes[40] = 1;
        }

        var file = new byte[Headers + notes.Length + code.Length];
        byte[] start = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        start.CopyTo(file, 0);
        file[16] = 2;
        file[18] = 62;
        file[20] = 1;
        file[32] = 64;
        file[52] = 64;
        file[54] = 56;
        file[56] = 2;
        Header(file.AsSpan(64), 1, Headers + notes.Length, Load, code.Length, 0x2001);
        Header(file.AsSpan(64 + 56), 4, Headers, 0, notes.Length, notes.Length);
        file[64 + 56 + 48] = 4;
        notes.CopyTo(file, Headers);
        code.CopyTo(file.AsSpan(Headers + notes.Length));
        return file;
    }

    private static void Header(Span<byte> header, uint type, int offset, ulong address, int fileSize, int memorySize)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], (ulong)offset);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], (ulong)fileSize);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], (ulong)memorySize);
    }

    private static byte Sum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (var one in bytes)
            sum += one;
        return sum;
    }
}
