using System.Buffers.Binary;
using System.Text;
using Colo.Boot;
using Colo.Kvm;
using Colo.Memory;
using Colo.Tests.Machine;
using Colo.Tests.Support;

namespace Colo.Tests.Boot;

public sealed class BzImageTests
{
    // 64-bit: the first characters of command line and initial RAM disk, the number of e820 entries and the loader's type
    // go to the serial port; then power off.
    private static readonly byte[] Hello =
    [
        0x66, 0xBA, 0xF8, 0x03, // mov dx, 0x3f8
        0x8B, 0x9E, 0x28, 2, 0, 0, 0x8A, 0x03, 0xEE, // mov ebx, [rsi + 0x228]; mov al, [rbx]; out dx, al
        0x8B, 0x9E, 0x18, 2, 0, 0, 0x8A, 0x03, 0xEE, // mov ebx, [rsi + 0x218]; mov al, [rbx]; out dx, al
        0x8A, 0x86, 0xE8, 1, 0, 0, 0xEE, // mov al, [rsi + 0x1e8]; out dx, al
        0x8A, 0x86, 0x10, 2, 0, 0, 0xEE, // mov al, [rsi + 0x210]; out dx, al
        0x66, 0xBA, 0x04, 0x06, 0x66, 0xB8, 0x00, 0x20, 0x66, 0xEF, 0xF4,
    ];

    [KvmFact]
    public void Boots_in_64_bit_mode_with_command_line_and_initrd()
    {
        using var guest = new TestGuest();
        guest.Machine.LoadKernel(BzImageFile.Make(Hello), "Z"u8, "console=ttyS0");
        guest.Start();
        Assert.Equal((byte)'c', guest.NextSent());
        Assert.Equal((byte)'Z', guest.NextSent());
        Assert.Equal(3, guest.NextSent());
        Assert.Equal(0xFF, guest.NextSent());
        Assert.Equal(Colo.Machine.MachineEvent.PowerOff, guest.NextEvent().How);
    }

    [Theory]
    [InlineData(0x1FE, 0, 1, "signature")]
    [InlineData(0x207, 1, 1, "2.12 or later")]
    [InlineData(0x236, 2, 1, "x86-64")]
    [InlineData(0x211, 0, 1, "zImage")]
    [InlineData(0x200, 0, 1, "impossible length")]
    [InlineData(0x201, 0x20, 1, "impossible length")]
    [InlineData(0x1F4, 0, 2, "0 bytes")]
    [InlineData(0x1F4, 0xFFFF_FFFF, 4, "cut off")]
    [InlineData(0x1F1, 200, 1, "cut off")]
    [InlineData(0x238, 0, 4, "no command line")]
    [InlineData(0x230, 0x1001, 4, "alignment")]
    [InlineData(0x230, 0x8000_0000, 4, "alignment")]
    [InlineData(0x260, 0x7000_0000, 4, "raise [vm] memory")]
    public void Wrong_fields_are_named(int at, uint value, int size, string what)
    {
        using var memory = GuestMemory.Create(64 << 20);
        var file = BzImageFile.Make(Hello);
        for (var i = 0; i < size; i++)
            file[at + i] = (byte)(value >> (8 * i));
        var error = Assert.Throws<BootException>(() => BzImage.Parse(file, memory));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_goes_where_it_prefers_and_else_as_low_as_it_may()
    {
        var file = BzImageFile.Make(Hello);
        using var large = GuestMemory.Create(64 << 20);
        Assert.Equal(BzImageFile.Preferred, BzImage.Parse(file, large).LoadAddress);
        Assert.Equal(BzImageFile.Preferred + BzImageFile.InitSize, BzImage.Parse(file, large).End);

        using var small = GuestMemory.Create(16 << 20);
        Assert.Equal(0x20_0000UL, BzImage.Parse(file, small).LoadAddress);
        file[0x234] = 0; // it cannot move
        Assert.Contains("18 MiB", Assert.Throws<BootException>(() => BzImage.Parse(Needing(file, 18 << 20), small)).Message, StringComparison.Ordinal);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(0x258), 0x8_0000);
        Assert.Contains("CONFIG_RELOCATABLE", Assert.Throws<BootException>(() => BzImage.Parse(file, small)).Message, StringComparison.Ordinal);

        file[0x234] = 1;
        Assert.Equal(0x20_0000UL, BzImage.Parse(file, small).LoadAddress); // below 1 MiB is not for it
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(0x258), 0xFFFF_FFFF_FFFF_F000);
        Assert.Equal(0x20_0000UL, BzImage.Parse(file, small).LoadAddress);
    }

    [Fact]
    public void A_last_unit_that_is_not_whole_and_what_follows_the_kernel_do_no_harm()
    {
        using var memory = GuestMemory.Create(64 << 20);
        var file = BzImageFile.Make(Hello);
        var size = file.Length - BzImageFile.Offset;
        Assert.Equal(size - 15, BzImage.Parse(file[..^15], memory).Size);
        Assert.Contains("cut off", Assert.Throws<BootException>(() => BzImage.Parse(file[..^16], memory)).Message, StringComparison.Ordinal);
        Assert.Equal(size, BzImage.Parse([.. file, .. new byte[4096]], memory).Size); // a signature
    }

    [Fact]
    public void Boot_params_say_what_is_where()
    {
        using var memory = GuestMemory.Create(5UL << 30);
        var file = BzImageFile.Make(Hello);
        var initrd = Encoding.ASCII.GetBytes(new string('i', 5000));
        var entry = BootLoader.Load(file, initrd, "console=ttyS0", memory, new Platform(2, true, []));
        Assert.Equal(new BootEntry(BzImageFile.Preferred, true, false), entry);

        var zero = Span(memory, 0x7000, 4096);
        Assert.True(file.AsSpan(0x202, 14).SequenceEqual(zero[0x202..0x210]));
        Assert.Equal(0, zero[0x1EF]); // the sentinel: nothing but the header was copied
        Assert.Equal(0xE_0000UL, U64(zero, 0x70));
        Assert.Equal(0UL, U64(zero, 0x250));
        Assert.Equal("console=ttyS0\0"u8, Span(memory, U32(zero, 0x228), 14));
        var at = U32(zero, 0x218);
        Assert.Equal(5000U, U32(zero, 0x21C));
        Assert.Equal(0x7FFF_E000U, at); // below initrd_addr_max, by pages
        Assert.True(Span(memory, at, 5000).SequenceEqual(initrd));
        Assert.True(Span(memory, BzImageFile.Preferred, (uint)file.Length - BzImageFile.Offset).SequenceEqual(file.AsSpan(BzImageFile.Offset)));

        var map = Enumerable.Range(0, zero[0x1E8]).Select(i => Entry(memory, 0x7000 + 0x2D0 + (ulong)(i * 20))).ToArray();
        Assert.Equal(
            [
                (0UL, 0xA_0000UL, 1U), (0xE_0000UL, 0x2_0000UL, 2U), (0x10_0000UL, 0xBFF0_0000UL, 1U),
                (0x1_0000_0000UL, 2UL << 30, 1U),
            ],
            map);

        // As the MMU walks them.
        foreach (var address in new ulong[] { 0, 0x20_0000, BzImageFile.Preferred, 0x7FFF_E000, 0xBFE0_0000, 0xFEE0_0000 })
        {
            var pointers = U64(Span(memory, 0x9000, 4096), 0);
            var directory = U64(Span(memory, pointers & ~0xFFFUL, 4096), (int)(address >> 30) * 8);
            var page = U64(Span(memory, directory & ~0xFFFUL, 4096), (int)((address >> 21) & 511) * 8);
            Assert.Equal(3UL, pointers & directory & 0xFFF);
            Assert.Equal((address & ~0x1F_FFFFUL) | 0x83, page);
        }
    }

    [Fact]
    public void The_entry_is_in_64_bit_mode_with_the_selectors_of_the_protocol()
    {
        using var memory = GuestMemory.Create(64 << 20);
        var entry = BootLoader.Load(BzImageFile.Make(Hello), default, "", memory, new Platform(1, false, []));
        kvm_regs regs = default;
        kvm_sregs2 sregs = default;
        entry.Set(ref regs, ref sregs);
        Assert.Equal((BzImageFile.Preferred + 0x200, 0x7000UL, 2UL), (regs.rip, regs.rsi, regs.rflags));
        Assert.Equal((0x10, 1, 0), (sregs.cs.selector, sregs.cs.l, sregs.cs.db));
        Assert.Equal((0x18, 0x18, 0x18), (sregs.ds.selector, sregs.es.selector, sregs.ss.selector));
        Assert.Equal((0x8000_0011UL, 0x9000UL, 0x20UL, 0x500UL), (sregs.cr0, sregs.cr3, sregs.cr4, sregs.efer));

        // What the registers hold without looking, the table says too.
        var gdt = Span(memory, sregs.gdt.@base, (uint)sregs.gdt.limit + 1);
        Assert.Equal((0x00AF_9B00_0000_FFFFUL, 0x00CF_9300_0000_FFFFUL), (U64(gdt, 0x10), U64(gdt, 0x18)));
        Assert.Equal(0UL, U64(Span(memory, 0x7000, 4096), 0x70)); // no ACPI
    }

    [Fact]
    public void Command_line_and_initrd_that_the_kernel_does_not_take_are_refused()
    {
        using var memory = GuestMemory.Create(64 << 20);
        var platform = new Platform(1, false, []);
        var file = BzImageFile.Make(Hello);
        BzImageFile.U32(file, 0x238, 20);
        BootLoader.Load(file, default, new string('x', 20), memory, platform);
        var error = Assert.Throws<BootException>(() => BootLoader.Load(file, default, new string('x', 21), memory, platform));
        Assert.Contains("this kernel takes 20", error.Message, StringComparison.Ordinal);
        Assert.Throws<BootException>(() => BootLoader.Load(file, default, "ä", memory, platform));

        BzImageFile.U32(file, 0x22C, (uint)BzImageFile.Preferred + BzImageFile.InitSize + 0xFFF);
        BootLoader.Load(file, new byte[4096], "", memory, platform);
        error = Assert.Throws<BootException>(() => BootLoader.Load(file, new byte[4097], "", memory, platform));
        Assert.Contains("make it smaller", error.Message, StringComparison.Ordinal);
        BzImageFile.U32(file, 0x22C, 0xFFFF_FFFF);
        error = Assert.Throws<BootException>(() => BootLoader.Load(file, new byte[47 << 20], "", memory, platform));
        Assert.Contains("raise [vm] memory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_flipped_or_cut_file_is_refused_or_loaded()
    {
        using var memory = GuestMemory.Create(64 << 20);
        var platform = new Platform(1, true, []);
        var good = BzImageFile.Make(Hello);
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        int refused = 0, loaded = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var bad = good[..(i % 4 == 0 ? random.Next(good.Length) : good.Length)];
            for (var flips = random.Next(1, 4); flips > 0 && bad.Length > 0; flips--)
                bad[Math.Min(bad.Length - 1, random.Next(0x1F1, 0x270))] = (byte)random.Next(256);
            try
            {
                BootLoader.Load(bad, "initrd"u8, "console=ttyS0", memory, platform);
                loaded++;
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

        Assert.True(refused > 5000 && loaded > 1000, $"seed {seed}: {refused} refused, {loaded} loaded");
    }

    [GuestFilesFact]
    public void A_real_kernel_is_loaded_either_way()
    {
        using var memory = GuestMemory.Create(128 << 20);
        var platform = new Platform(1, true, []);
        var entry = BootLoader.Load(File.ReadAllBytes(GuestFiles.BzImage), new byte[1 << 20], "console=ttyS0", memory, platform);
        Assert.Equal(new BootEntry(0x100_0000, true, false), entry);
        entry = BootLoader.Load(File.ReadAllBytes(GuestFiles.Vmlinux), new byte[1 << 20], "console=ttyS0", memory, platform);
        Assert.False(entry.IsLinux64);
        Assert.True(entry.Address >= 0x100_0000);
    }

    [DistributionKernelFact]
    public void A_distribution_s_kernel_is_loaded()
    {
        using var memory = GuestMemory.Create(256 << 20);
        foreach (var file in GuestFiles.DistributionKernels)
        {
            var entry = BootLoader.Load(File.ReadAllBytes(file), new byte[1 << 20], "console=ttyS0 root=/dev/vda1 ro", memory, new Platform(2, true, []));
            Assert.True(entry is { IsLinux64: true, PageTablesFixed: false } && entry.Address >= 0x10_0000, $"{file}: {entry}");
        }
    }

    private static byte[] Needing(byte[] file, uint size)
    {
        byte[] other = [.. file];
        BzImageFile.U32(other, 0x260, size);
        return other;
    }

    private static (ulong, ulong, uint) Entry(GuestMemory memory, ulong at)
    {
        var entry = Span(memory, at, 20);
        return (U64(entry, 0), U64(entry, 8), U32(entry, 16));
    }

    private static Span<byte> Span(GuestMemory memory, ulong at, uint length)
    {
        Assert.True(memory.TryGetSpan(at, length, out var span));
        return span;
    }

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
}
