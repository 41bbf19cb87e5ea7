using System.Diagnostics;
using Colo.Kvm;
using Colo.Machine;
using Colo.Memory;
using Colo.State;

namespace Colo.Tests.Machine;

/// <content>What a state meets on another host, at a reset and after a long stand-still; and memory above 4 GiB.</content>
public sealed unsafe partial class StateTests
{
    [KvmFact]
    public void A_guest_with_a_counter_of_another_rate_goes_on_where_the_processor_scales_it()
    {
        using var a = new TestGuest();
        using var b = new TestGuest();
        a.Program(TestGuest.CountForever);
        a.Start();
        TestGuest.Await(() => Volatile.Read(ref a[TestGuest.Counter]) > 1000, "a counts");
        a.Stop();
        var own = b.Machine.TscKhz;
        var saved = Save(a);

        // MACH, MHDR, number of vCPUs, bytes of RAM: then the rate.
        const int At = 12 + 12 + 4 + 8;
        Assert.Equal(own, BitConverter.ToUInt32(saved, At));
        BitConverter.TryWriteBytes(saved.AsSpan(At), own + (own / 10_000));
        var reader = new StateReader(saved, "as another boot measures it");
        b.Machine.LoadState(ref reader);
        Assert.Equal(own, b.Machine.TscKhz);

        var slower = own / 4 * 3;
        BitConverter.TryWriteBytes(saved.AsSpan(At), slower);
        if (!b.Machine.TakesTscRates)
        {
            output.WriteLine("this host's processor does not scale: refused");
            Assert.Contains("kHz", Refusal(b, saved), StringComparison.Ordinal);
            Assert.Equal(own, b.Machine.TscKhz);
            return;
        }

        new Span<byte>(a.Memory.Base, (int)a.Memory.Size).CopyTo(new Span<byte>(b.Memory.Base, (int)b.Memory.Size));
        var powerOn = Save(b);
        reader = new StateReader(saved, "slower");
        b.Machine.LoadState(ref reader);
        Assert.Equal(slower, b.Machine.TscKhz);
        var (from, clock) = (Tsc(b), Stopwatch.StartNew());
        Thread.Sleep(200);
        var rate = (Tsc(b) - from) / clock.Elapsed.TotalMilliseconds;
        Assert.InRange(rate, slower * 0.95, slower * 1.05);
        var seen = b[TestGuest.Counter];
        b.Resume();
        TestGuest.Await(() => Volatile.Read(ref b[TestGuest.Counter]) > seen, "b counts on");
        b.Stop();

        // Once it has run it keeps its rate: over a reset, and other ones are refused.
        Assert.False(b.Machine.TakesTscRates);
        reader = new StateReader(powerOn, "power on");
        b.Machine.LoadPowerOn(ref reader);
        Assert.Equal(slower, b.Machine.TscKhz);
        Assert.Contains("kHz", Refusal(b, powerOn), StringComparison.Ordinal);
    }

    [KvmFact]
    public void A_guest_that_stood_still_is_told_by_its_clock()
    {
        const ulong clock = 0x9_8100;
        byte[] program =
        [
            0xB9, 0x01, 0x4D, 0x56, 0x4B, 0xB8, 0x01, 0x81, 0x09, 0x00, 0x31, 0xD2, 0x0F, 0x30, // MSR_KVM_SYSTEM_TIME_NEW = clock | 1
            .. TestGuest.CountForever,
        ];
        using var guest = new TestGuest();
        guest.Program(program, kernel: true);
        guest.Machine.TellPaused(); // no clock yet: nobody to tell
        guest.Start();
        TestGuest.Await(() => Volatile.Read(ref guest[TestGuest.Counter]) > 1000, "it counts");
        guest.Stop();
        const ulong stopped = 2UL << 40; // PVCLOCK_GUEST_STOPPED of the flags, byte 29 (arch/x86/include/asm/pvclock-abi.h)
        Assert.Equal(0UL, guest[clock + 24] & stopped);
        guest.Machine.TellPaused();
        var seen = guest[TestGuest.Counter];
        guest.Resume();
        TestGuest.Await(() => Volatile.Read(ref guest[TestGuest.Counter]) > seen, "it counts on");
        guest.Stop();
        Assert.Equal(stopped, guest[clock + 24] & stopped);
    }

    [KvmTheory]
    [InlineData(CpuModel.X86_64_V2)]
    [InlineData(CpuModel.X86_64_V3)]
    public void A_guest_of_a_level_goes_on_in_another_machine(CpuModel level)
    {
        try
        {
            using var a = new TestGuest(new MachineOptions(2) { Model = level });
            using var b = new TestGuest(new MachineOptions(2) { Model = level });
            Assert.Equal(a.Machine.CpuDescription, b.Machine.CpuDescription);
            output.WriteLine(a.Machine.CpuDescription);
            a.Program(CountInXmm);
            a.Start();
            TestGuest.Await(() => Volatile.Read(ref a[TestGuest.Counter + 8]) > 100_000, "a counts");
            a.Stop();
            Transfer(a, b);
            var at = b[TestGuest.Counter];
            b.Resume();
            TestGuest.Await(() => Volatile.Read(ref b[TestGuest.Counter + 8]) > at + 10_000, "b counts on");
            b.Stop();
            Assert.InRange(b[TestGuest.Counter] - b[TestGuest.Counter + 8], 0UL, 1000UL);
        }
        catch (KvmException e) when (e.Message.Contains("this host lacks", StringComparison.Ordinal))
        {
            output.WriteLine(e.Message);
        }
    }

    [KvmFact]
    public void Memory_above_the_hole_is_restored_with_the_rest()
    {
        // 3 GiB and 16 MiB, over an image as a secondary has it; only what is touched takes host memory.
        const ulong size = GuestMemory.HoleStart + (16 << 20);
        using var a = new TestGuest(size: size);
        using var b = new TestGuest(memory: GuestMemory.CreateOverImage(size));
        a.Program(TestGuest.TouchPages, 100, GuestMemory.HoleEnd + 0x2000);
        a.Machine.Dirty.Enable();
        a.Start();
        for (var round = 0; round < 3; round++)
        {
            // A whole round of its program at least.
            a.NextSent();
            a.NextSent();
            a.Stop();
            using var dirty = new PageBitmap(a.Memory.Pages);
            a.Machine.Dirty.Harvest(dirty);
            var (low, high) = (0, 0);
            for (var page = 0UL; page < dirty.Pages; page++)
            {
                // What lies below the tables is set up without the guest's doing.
                if (!dirty.IsSet(page) && (round > 0 || page > 0x20))
                    continue;
                new Span<byte>(a.Memory.Base + (page * 4096), 4096).CopyTo(new Span<byte>(b.Memory.Base + (page * 4096), 4096));
                _ = page < GuestMemory.HoleStart / 4096 ? low++ : high++;
            }

            Assert.Equal(100, high);
            var reader = new StateReader(Save(a), "test");
            b.Machine.LoadState(ref reader);
            b.Machine.ForgetTranslations();
            var first = b[GuestMemory.HoleEnd + 0x2000];
            Assert.Equal(a[GuestMemory.HoleEnd + 0x2000], first);
            while (b.Sent.TryTake(out _))
            {
            }

            // Its program goes on in the pages above the hole.
            b.Resume();
            b.NextSent();
            b.NextSent();
            b.Stop();
            Assert.True(b[GuestMemory.HoleEnd + 0x2000 + (99 * 4096)] > a[GuestMemory.HoleEnd + 0x2000 + (99 * 4096)], "b counts on above the hole");
            // Back to the checkpoint's before the next one.
            foreach (var page in Enumerable.Range(0, 100).Select(n => GuestMemory.HoleEnd + 0x2000 + ((ulong)n * 4096)))
                b[page] = a[page];
            while (a.Sent.TryTake(out _))
            {
            }

            a.Resume();
        }

        a.Stop();
    }

    [KvmFact]
    public void A_loaded_kernel_finds_fast_strings_enabled_on_every_vcpu()
    {
        // Linux on an Intel CPU gives up ERMS and REP_GOOD where IA32_MISC_ENABLE has the bit clear, as KVM's reset value has.
        using var guest = new TestGuest(new MachineOptions(2));
        guest.Machine.LoadKernel(Boot.BzImageFile.Make([0xF4]), [], "");
        _ = Save(guest);
        for (var i = 0; i < 2; i++)
        {
            var state = guest.Machine.StateOf(i);
            output.WriteLine(state.Has(0x1A0) ? $"vCPU {i}: IA32_MISC_ENABLE 0x{state.Msr(0x1A0):x}" : "this KVM has no IA32_MISC_ENABLE");
            if (state.Has(0x1A0))
                Assert.Equal(1UL, state.Msr(0x1A0) & 1);
        }
    }

    [KvmFact]
    public void The_time_of_day_goes_on_over_a_reset()
    {
        var time = new SetTime { Now = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero) };
        using var guest = new TestGuest(new MachineOptions(1) { Time = time });
        guest.Program(TestGuest.CountForever);
        var powerOn = Save(guest);
        time.Now += TimeSpan.FromDays(3) + TimeSpan.FromHours(1);
        guest.Start();
        guest.Stop();
        var reader = new StateReader(powerOn, "power on");
        guest.Machine.LoadPowerOn(ref reader);
        Assert.Equal((0x25, 0x13), (Cmos(7), Cmos(4)));

        int Cmos(byte register)
        {
            Span<byte> value = [register];
            guest.Machine.Ports.Write(0x70, value);
            guest.Machine.Ports.Read(0x71, value);
            return value[0];
        }
    }

    private sealed class SetTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
