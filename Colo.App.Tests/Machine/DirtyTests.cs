using Colo.Machine;
using Colo.Memory;
using Xunit.Abstractions;

namespace Colo.Tests.Machine;

public sealed class DirtyTests(ITestOutputHelper output)
{
    [KvmTheory]
    [InlineData(DirtyLogKind.Ring, 65536)]
    [InlineData(DirtyLogKind.Ring, 1024)]
    [InlineData(DirtyLogKind.Bitmap, 0)]
    public void Finds_exactly_the_written_pages(DirtyLogKind kind, int entries)
    {
        var options = new MachineOptions(1) { DirtyLog = kind };
        if (entries != 0)
            options = options with { DirtyRingEntries = entries };
        using var guest = new TestGuest(options);
        Assert.Equal(kind == DirtyLogKind.Ring, guest.Machine.Dirty.UsesRing);
        guest.Program(TestGuest.TouchPages, 3000, 0x100_0000);
        guest.Start();
        guest.NextSent();
        guest.Stop();
        using var dirty = new PageBitmap(guest.Memory.Pages);
        Assert.Throws<InvalidOperationException>(() => guest.Machine.Dirty.Harvest(dirty));
        guest.Machine.Dirty.Enable();
        guest.Machine.Dirty.Harvest(dirty);
        Assert.Equal(0UL, dirty.Count());

        for (var round = 0; round < 5; round++)
        {
            // A set of pages of its own each round, and one that a device writes.
            var state = guest.Machine.StateOf(0);
            state.CaptureRegisters();
            var first = 0x1000UL + (ulong)(round * 512);
            state.Regs.rip = TestGuest.Code;
            state.Regs.rsi = first * 4096;
            state.Regs.rdi = 3000;
            state.ApplyRegisters();
            guest.Memory.MarkDirty(0x300_0800, 0x1000);
            guest.Resume();
            while (guest.Sent.TryTake(out _))
            {
            }

            guest.NextSent();
            guest.NextSent();
            guest.Stop();
            dirty.Clear();
            guest.Machine.Dirty.Harvest(dirty);
            // KVM may write to the TSS (at 0) and set accessed and dirty bits in the guest's page tables.
            var expected = 3000UL;
            for (var page = first; page < first + 3000; page++)
                Assert.True(dirty.IsSet(page), $"page {page} in round {round}");
            for (var page = 0UL; page < dirty.Pages; page++)
            {
                var wanted = (page >= first && page < first + 3000) || page is 0x3000 or 0x3001;
                if (dirty.IsSet(page) && !wanted)
                {
                    Assert.True(page is 0 or (>= 2 and < 0x10), $"page {page} in round {round} was not written");
                    expected++;
                }
            }

            Assert.Equal(expected + 2, dirty.Count());
            dirty.Clear();
            guest.Machine.Dirty.Harvest(dirty);
            Assert.Equal(0UL, dirty.Count());
        }

        output.WriteLine($"{kind} {entries}: ring-full exits {guest.Machine.Dirty.RingFullExits}");
        if (entries == 1024)
            Assert.True(guest.Machine.Dirty.RingFullExits > 0);
        guest.Machine.Dirty.Disable();
        guest.Machine.Dirty.Enable();
        dirty.Clear();
        guest.Machine.Dirty.Harvest(dirty);
        Assert.Equal(0UL, dirty.Count());
    }

    [KvmTheory]
    [InlineData(DirtyLogKind.Ring, 1024, 1, false)]
    [InlineData(DirtyLogKind.Ring, 65536, 2, false)]
    [InlineData(DirtyLogKind.Bitmap, 1024, 1, false)]
    [InlineData(DirtyLogKind.Auto, 1024, 2, true)]
    [InlineData(DirtyLogKind.Ring, 1024, 2, true)]
    public unsafe void Copy_that_is_streamed_while_it_runs_is_whole_after_the_stop(DirtyLogKind kind, int entries, int cpus, bool kernel)
    {
        using var guest = new TestGuest(new MachineOptions(cpus) { DirtyLog = kind, DirtyRingEntries = entries });
        for (var i = 0; i < cpus; i++)
            guest.Program(TestGuest.TouchPages, 2000, 0x100_0000 + ((ulong)i * 0x100_0000), i, TestGuest.Code + ((ulong)i * 0x2_0000), kernel);
        using var copy = GuestMemory.Create(guest.Memory.Size);
        using var dirty = new PageBitmap(guest.Memory.Pages);
        guest.Start();
        guest.NextSent();
        for (var checkpoint = 0; checkpoint < 3; checkpoint++)
        {
            if (checkpoint == 0)
            {
                guest.Machine.Dirty.Enable();
                Copy(guest.Memory.Base, copy.Base, guest.Memory.Size);
            }

            for (var i = 0; i < 20; i++)
                CopyDirty();
            guest.Stop();
            CopyDirty();
            Assert.True(
                new Span<byte>(guest.Memory.Base, (int)guest.Memory.Size).SequenceEqual(new Span<byte>(copy.Base, (int)copy.Size)),
                $"checkpoint {checkpoint}: the copy is not the memory");
            guest.Resume();
        }

        guest.Stop();
        output.WriteLine($"ring-full exits {guest.Machine.Dirty.RingFullExits}");

        void CopyDirty()
        {
            dirty.Clear();
            guest.Machine.Dirty.Harvest(dirty);
            for (var page = 0UL; page < dirty.Pages; page++)
            {
                if (dirty.IsSet(page))
                    Copy(guest.Memory.Base + (page * 4096), copy.Base + (page * 4096), 4096);
            }
        }

        static void Copy(byte* from, byte* to, ulong size) => System.Runtime.InteropServices.NativeMemory.Copy(from, to, (nuint)size);
    }

    [KvmFact]
    public void Memory_above_the_hole_is_tracked_at_its_place()
    {
        // 3 GiB and 16 MiB; only what is touched takes host memory.
        using var guest = new TestGuest(size: GuestMemory.HoleStart + (16 << 20));
        guest.Program(TestGuest.TouchPages, 100, GuestMemory.HoleEnd + 0x2000);
        guest.Machine.Dirty.Enable();
        guest.Start();
        guest.NextSent();
        guest.Stop();
        using var dirty = new PageBitmap(guest.Memory.Pages);
        guest.Machine.Dirty.Harvest(dirty);
        var high = GuestMemory.HoleStart / 4096;
        for (var page = 0UL; page < 100; page++)
            Assert.True(dirty.IsSet(high + 2 + page));
        Assert.False(dirty.IsSet(high + 1));
        Assert.False(dirty.IsSet(high + 102));
        Assert.NotEqual(0UL, guest[GuestMemory.HoleEnd + 0x2000]);
    }
}
