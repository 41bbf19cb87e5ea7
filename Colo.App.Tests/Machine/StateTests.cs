using System.Diagnostics;
using Colo.Devices;
using Colo.Machine;
using Colo.Memory;
using Colo.State;
using Xunit.Abstractions;

namespace Colo.Tests.Machine;

public sealed unsafe partial class StateTests(ITestOutputHelper output)
{
    /// <summary>xmm0 counts beside the counter: paddq xmm0, xmm1 each time, stored behind it after each 1,000.</summary>
    private static readonly byte[] CountInXmm =
    [
        0xB8, 1, 0, 0, 0, 0x66, 0x0F, 0x6E, 0xC8, 0x66, 0x0F, 0xEF, 0xC0, // mov eax, 1; movd xmm1, eax; pxor xmm0, xmm0
        0xB9, 0xE8, 0x03, 0, 0, // 1: mov ecx, 1000
        0x48, 0xFF, 0x04, 0x25, 0, 0x80, 9, 0, // 2: inc qword [Counter]
        0x66, 0x0F, 0xD4, 0xC1, // paddq xmm0, xmm1
        0xFF, 0xC9, 0x75, 0xF0, // dec ecx; jnz 2b
        0x66, 0x0F, 0xD6, 0x04, 0x25, 8, 0x80, 9, 0, // movq [Counter + 8], xmm0
        0xE6, 0x10, // out 0x10, al
        0xEB, 0xDE, // jmp 1b
    ];

    [KvmTheory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    public void Goes_on_in_another_machine(bool otherHasRun, int cpus)
    {
        const ulong Second = TestGuest.Counter + 0x18;
        using var a = new TestGuest(new MachineOptions(cpus));
        using var b = new TestGuest(new MachineOptions(cpus));
        a.Program(CountInXmm);
        if (cpus == 2)
        {
            // In b the second vCPU still waits to be started when a's state comes. 1: inc qword [Second]; jmp 1b
            a.Program([0x48, 0xFF, 0x04, 0x25, 0x18, 0x80, 0x09, 0x00, 0xEB, 0xF6], vcpu: 1, at: 0x3_0000);
        }

        a.Start();
        TestGuest.Await(() => Volatile.Read(ref a[TestGuest.Counter + 8]) > 100_000, "a counts");
        if (otherHasRun)
        {
            b.Program(TestGuest.TouchPages, 100, 0x100_0000);
            b.Start();
            b.NextSent();
            b.Stop();
        }

        for (var round = 0; round < 5; round++)
        {
            a.Stop();
            Transfer(a, b);
            var at = b[TestGuest.Counter];
            Assert.Equal(a[TestGuest.Counter], at);
            b.Resume();
            TestGuest.Await(() => Volatile.Read(ref b[TestGuest.Counter + 8]) > at + 10_000, "b counts on");
            if (cpus == 2)
            {
                var second = a[Second];
                TestGuest.Await(() => Volatile.Read(ref b[Second]) > second, "b's second vCPU counts on");
            }

            b.Stop();

            // Where b stopped between two stores, the register is ahead of memory by less than a round.
            Assert.InRange(b[TestGuest.Counter] - b[TestGuest.Counter + 8], 0UL, 1000UL);
            a.Resume();
        }

        Assert.Empty(a.Events);
        Assert.Empty(b.Events);
    }

    [KvmFact]
    public void Same_state_comes_out_as_went_in()
    {
        using var a = new TestGuest(new MachineOptions(2));
        using var b = new TestGuest(new MachineOptions(2));
        a.Program(CountInXmm);
        a.Start();
        TestGuest.Await(() => Volatile.Read(ref a[TestGuest.Counter]) > 1000, "a counts");
        a.Stop();
        var saved = Save(a);
        Transfer(a, b);
        var again = Save(b);
        Assert.Equal(saved.Length, again.Length);

        // Time goes on in: TSC and the TSC's adjustment, kvmclock, timers, the RTC. All else is equal.
        var different = Enumerable.Range(0, saved.Length).Count(i => saved[i] != again[i]);
        output.WriteLine($"{saved.Length} bytes, {different} differ");
        Assert.InRange(different, 0, 100);

        var clock = Stopwatch.StartNew();
        var writer = new StateWriter();
        for (var i = 0; i < 1000; i++)
        {
            writer.Clear();
            a.Machine.SaveState(writer);
        }

        output.WriteLine($"save, 2 vCPUs: {clock.Elapsed.TotalMicroseconds / 1000:F1} µs");
        clock.Restart();
        for (var i = 0; i < 1000; i++)
        {
            var reader = new StateReader(saved, "test");
            b.Machine.LoadState(ref reader);
        }

        output.WriteLine($"load, 2 vCPUs: {clock.Elapsed.TotalMicroseconds / 1000:F1} µs");
    }

    [KvmFact]
    public void The_guest_s_clock_goes_on_and_a_load_writes_nothing_into_memory()
    {
        const ulong clock = 0x9_8100, wall = 0x9_8200;
        byte[] program =
        [
            0xB9, 0x01, 0x4D, 0x56, 0x4B, 0xB8, 0x01, 0x81, 0x09, 0x00, 0x31, 0xD2, 0x0F, 0x30, // MSR_KVM_SYSTEM_TIME_NEW = clock | 1
            0xB9, 0x00, 0x4D, 0x56, 0x4B, 0xB8, 0x00, 0x82, 0x09, 0x00, 0x0F, 0x30, // MSR_KVM_WALL_CLOCK_NEW = wall
            .. TestGuest.CountForever,
        ];
        using var a = new TestGuest();
        using var b = new TestGuest(memory: GuestMemory.CreateOverImage(64 << 20));
        a.Program(program, kernel: true);
        a.Start();
        TestGuest.Await(() => Volatile.Read(ref a[TestGuest.Counter]) > 1000, "a counts");
        Assert.NotEqual(0UL, a[wall + 4]);
        b.Program(program, kernel: true);
        b.Start();
        for (var round = 0; round < 20; round++)
        {
            // Later than its boot, or a wall clock written by a load would look the same.
            Thread.Sleep(round == 0 ? 20 : 1);
            a.Stop();
            b.Stop();
            var (before, started) = (Time(a), Stopwatch.GetTimestamp());
            Transfer(a, b);
            Assert.True(new ReadOnlySpan<byte>(a.Memory.Base, (int)a.Memory.Size).SequenceEqual(new ReadOnlySpan<byte>(b.Memory.Base, (int)b.Memory.Size)), "the load has changed memory");
            var from = b[TestGuest.Counter];
            b.Resume();
            TestGuest.Await(() => Volatile.Read(ref b[TestGuest.Counter]) > from + 1000, "b counts on");
            b.Stop();
            var (after, took) = (Time(b), Stopwatch.GetElapsedTime(started));
            output.WriteLine($"{after - before} ns of the guest in {took.TotalNanoseconds} ns");
            Assert.InRange(after - before, 0, took.TotalNanoseconds + 1_000_000);
            a.Resume();
            b.Resume();
        }

        // struct pvclock_vcpu_time_info (arch/x86/include/asm/pvclock-abi.h), and the counter now.
        static long Time(TestGuest guest)
        {
            var (mul, shift) = ((uint)guest[clock + 24], (sbyte)(guest[clock + 24] >> 32));
            var delta = Tsc(guest) - guest[clock + 8];
            delta = shift >= 0 ? delta << shift : delta >> -shift;
            return (long)(guest[clock + 16] + (ulong)(((UInt128)delta * mul) >> 32));
        }
    }

    [KvmFact]
    public void Tsc_and_clock_are_carried_over()
    {
        using var a = new TestGuest();
        using var b = new TestGuest();
        a.Program(TestGuest.CountForever);
        var saved = Save(a);
        var captured = a.Machine.StateOf(0).Tsc;
        var tsc = Tsc(a);
        var old = Tsc(b);
        var reader = new StateReader(saved, "test");
        b.Machine.LoadState(ref reader);
        var now = Tsc(b);
        output.WriteLine($"a {captured} captured, then {tsc}; b before {old}, b after {now}; exact: {a.Machine.TscIsExact}");
        // Where KVM has offsets, b has what was captured, though a is further by now and b itself was, too.
        if (a.Machine.TscIsExact)
            Assert.True(now >= captured && now - captured < 1_000_000_000, "the TSC of a, as captured, goes on in b");
        else
            Assert.True(now >= old && now - tsc < 1_000_000_000, "the TSC of a goes on in b");
    }

    [KvmFact]
    public void Every_flipped_byte_is_refused_or_harmless()
    {
        using var guest = new TestGuest();
        guest.Program(CountInXmm);
        guest.Start();
        TestGuest.Await(() => Volatile.Read(ref guest[TestGuest.Counter]) > 1000, "it counts");
        guest.Stop();
        var good = Save(guest);
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        int refused = 0, taken = 0;
        for (var at = 0; at < good.Length; at++)
        {
            var bad = (byte[])good.Clone();
            bad[at] ^= (byte)random.Next(1, 256);
            try
            {
                var reader = new StateReader(bad, "flipped");
                guest.Machine.LoadState(ref reader);
                taken++;
            }
            catch (StateFormatException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, byte {at}: {e}");
            }
        }

        output.WriteLine($"seed {seed}: {good.Length} bytes, {refused} refused, {taken} taken");
        Assert.True(refused > 100);
        var whole = new StateReader(good, "good");
        guest.Machine.LoadState(ref whole);
        var seen = guest[TestGuest.Counter];
        guest.Resume();
        TestGuest.Await(() => Volatile.Read(ref guest[TestGuest.Counter]) > seen, "the good state runs after all of that");
        guest.Stop();
    }

    [KvmFact]
    public void Truncated_and_refused_records_change_nothing()
    {
        using var guest = new TestGuest();
        var device = new TestDevice { Value = 1 };
        guest.Machine.AddMmioDevice(device, device, 0x100);
        guest.Program(CountInXmm);
        guest.Start();
        TestGuest.Await(() => Volatile.Read(ref guest[TestGuest.Counter]) > 1000, "it counts");
        guest.Stop();
        var good = Save(guest);
        device.Value = 2;
        guest.Resume();
        var seen = Volatile.Read(ref guest[TestGuest.Counter]);
        TestGuest.Await(() => Volatile.Read(ref guest[TestGuest.Counter]) > seen, "it counts");
        guest.Stop();

        // It may have stopped at the same instruction both times: a register that its program leaves alone tells.
        var changed = guest.Machine.StateOf(0);
        changed.CaptureRegisters();
        changed.Regs.r12 = 77;
        changed.ApplyRegisters();
        var now = Registers(guest);
        for (var length = 0; length < good.Length; length += length < 64 ? 1 : 61)
        {
            Assert.Throws<StateFormatException>(() =>
            {
                var reader = new StateReader(good.AsSpan(0, length), "cut");
                guest.Machine.LoadState(ref reader);
            });
        }

        Assert.Equal(2, device.Value);
        Assert.Equal(now, Registers(guest));

        // Refused by KVM after the devices have taken theirs: CR0 with PG and without PE.
        var bad = (byte[])good.Clone();
        var sregs = IndexOf(bad, "SREG"u8) + 12;
        var cr0 = sregs + (8 * 24) + 32;
        Assert.Equal(0x33, bad[cr0]);
        bad[cr0] = 0x32;
        Assert.Throws<StateFormatException>(() =>
        {
            var reader = new StateReader(bad, "bad");
            guest.Machine.LoadState(ref reader);
        });
        Assert.Equal(2, device.Value);
        Assert.Equal(now, Registers(guest));

        // Refused by the device.
        device.Refuse = true;
        Assert.Throws<StateFormatException>(() =>
        {
            var reader = new StateReader(good, "good");
            guest.Machine.LoadState(ref reader);
        });
        device.Refuse = false;
        Assert.Equal(2, device.Value);
        Assert.Equal(now, Registers(guest));

        var last = new StateReader(good, "good");
        guest.Machine.LoadState(ref last);
        Assert.Equal(1, device.Value);
        Assert.NotEqual(now, Registers(guest));
    }

    [KvmFact]
    public void Other_machines_are_refused_by_name()
    {
        using var one = new TestGuest();
        using var two = new TestGuest(new MachineOptions(2));
        using var large = new TestGuest(size: 128 << 20);
        var state = Save(one);
        Assert.Contains("[vm] cpus", Refusal(two, state), StringComparison.Ordinal);
        Assert.Contains("[vm] memory", Refusal(large, state), StringComparison.Ordinal);
        state[4] = 2; // the version of the outermost record
        Assert.Contains("version 2", Refusal(one, state), StringComparison.Ordinal);
    }

    [KvmFact]
    public void Running_machine_is_not_saved()
    {
        using var guest = new TestGuest();
        guest.Program(TestGuest.CountForever);
        guest.Start();
        Assert.Throws<InvalidOperationException>(() => Save(guest));
        Assert.Throws<InvalidOperationException>(() => guest.Machine.Resume());
        guest.Stop();
    }

    [KvmFact]
    public void Interrupt_that_came_while_it_stood_still_arrives_in_the_other_machine()
    {
        using var a = new TestGuest();
        using var b = new TestGuest();
        a.ProgramInterrupts();
        var line = a.Machine.ReserveMmio(0x200).Interrupt;
        a.Start();
        TestGuest.Await(() => Volatile.Read(ref a[TestGuest.Counter + 8]) == 1 || a.Events.Count > 0, "it is ready");
        for (var i = 1UL; i <= 20; i++)
        {
            a.Stop();
            line.Raise();
            Transfer(a, b);
            b.Resume();
            TestGuest.Await(() => Volatile.Read(ref b[TestGuest.Counter]) == i || b.Events.Count > 0, $"interrupt {i} in b");
            b.Stop();
            a.Resume();
            TestGuest.Await(() => Volatile.Read(ref a[TestGuest.Counter]) == i, $"interrupt {i} in a");
        }

        Assert.Empty(b.Events);
    }

    [KvmFact]
    public void Ended_machine_runs_again_with_another_state()
    {
        using var guest = new TestGuest();
        guest.Program(CountInXmm);
        var good = Save(guest);
        guest.Program([0x66, 0xBA, 0x04, 0x06, 0x66, 0xB8, 0x00, 0x20, 0x66, 0xEF, 0xEB, 0xFE]);
        guest.Start();
        Assert.Equal(MachineEvent.PowerOff, guest.NextEvent().How);
        guest.Stop();
        var off = Save(guest);

        Assert.True(guest.Memory.TryGetSpan(TestGuest.Code, (uint)CountInXmm.Length, out var code));
        CountInXmm.CopyTo(code);
        var reader = new StateReader(good, "good");
        guest.Machine.LoadState(ref reader);
        guest.Resume();
        TestGuest.Await(() => Volatile.Read(ref guest[TestGuest.Counter]) > 1000, "it runs again");
        guest.Stop();

        // A state that was saved after the end tells of it again.
        reader = new StateReader(off, "off");
        guest.Machine.LoadState(ref reader);
        guest.Resume();
        Assert.Equal(MachineEvent.PowerOff, guest.NextEvent().How);
        Assert.True(guest.Machine.IsStopped);
    }

    [KvmFact]
    public void Runs_over_an_image_and_back_to_it()
    {
        using var memory = new TestGuest(memory: GuestMemory.CreateOverImage(64 << 20));
        memory.Program(TestGuest.TouchPages, 1000, 0x100_0000);
        new Span<byte>(memory.Memory.Base, 0x10_0000).CopyTo(new Span<byte>(memory.Memory.Image, 0x10_0000));
        var before = Save(memory);
        memory.Start();
        memory.NextSent();
        memory.Stop();
        Assert.NotEqual(0UL, memory[0x100_0000]);
        Assert.Equal(0UL, *(ulong*)(memory.Memory.Image + 0x100_0000));

        // A commit: the image changes, private pages are dropped, state is loaded.
        *(ulong*)(memory.Memory.Image + 0x100_0000) = 5000;
        const int DontNeed = 4;
        Assert.Equal(0, Colo.Linux.Native.madvise(memory.Memory.Base, (nuint)memory.Memory.Size, DontNeed));
        var reader = new StateReader(before, "before");
        memory.Machine.LoadState(ref reader);
        memory.Machine.ForgetTranslations();
        Assert.Equal(5000UL, memory[0x100_0000]);
        while (memory.Sent.TryTake(out _))
        {
        }

        memory.Resume();
        memory.NextSent();
        memory.Stop();
        Assert.True(memory[0x100_0000] > 5000 && memory[0x100_1000] < 5000);
        Assert.Equal(5000UL, *(ulong*)(memory.Memory.Image + 0x100_0000));
    }

    [KvmFact]
    public void Page_tables_changed_by_the_host_are_seen_after_a_flush()
    {
        using var guest = new TestGuest();
        guest.Program([0x48, 0x8B, 0x03, 0x48, 0x89, 0x04, 0x25, 0x00, 0x80, 0x09, 0x00, 0xEB, 0xF3]); // 1: mov rax, [rbx]; mov [Counter], rax
        var state = guest.Machine.StateOf(0);
        state.Regs.rbx = 0x4000_0000;
        state.ApplyRegisters();
        guest[0x3008] = 0x50007;
        guest[0x50000] = 0x51007;
        guest[0x51000] = 0x30_0007;
        guest[0x30_0000] = 111;
        guest[0x40_0000] = 222;
        guest.Start();
        TestGuest.Await(() => Volatile.Read(ref guest[TestGuest.Counter]) == 111, "the first mapping");
        guest.Stop();
        guest[0x51000] = 0x40_0007;
        guest[TestGuest.Counter] = 0;
        guest.Machine.ForgetTranslations();
        guest.Resume();
        TestGuest.Await(() => Volatile.Read(ref guest[TestGuest.Counter]) == 222, "the second mapping");
        guest.Stop();
    }

    private static string Refusal(TestGuest guest, byte[] state) => Assert.Throws<StateFormatException>(() =>
    {
        var reader = new StateReader(state, "test");
        guest.Machine.LoadState(ref reader);
    }).Message;

    private static string Registers(TestGuest guest)
    {
        var state = guest.Machine.StateOf(0);
        state.CaptureRegisters();
        return $"{state.Regs.rip:x} {state.Regs.rcx:x} {state.Regs.r12:x} {state.Regs.rflags:x} {state.Sregs.cr0:x} {guest[TestGuest.Counter]}";
    }

    private static ulong Tsc(TestGuest guest)
    {
        var state = guest.Machine.StateOf(0);
        state.Capture();
        return state.Msr(0x10);
    }

    private static int IndexOf(byte[] bytes, ReadOnlySpan<byte> tag) => bytes.AsSpan().IndexOf(tag);

    private static byte[] Save(TestGuest guest)
    {
        var writer = new StateWriter();
        guest.Machine.SaveState(writer);
        return writer.Written.ToArray();
    }

    private static void Transfer(TestGuest from, TestGuest to)
    {
        var state = Save(from);
        new Span<byte>(from.Memory.Base, (int)from.Memory.Size).CopyTo(new Span<byte>(to.Memory.Base, (int)to.Memory.Size));
        var reader = new StateReader(state, "test");
        to.Machine.LoadState(ref reader);
        reader.Finish();
        to.Machine.ForgetTranslations();
    }

    private sealed class TestDevice : IRegisterDevice, IStatefulDevice
    {
        public int Value { get; set; }

        public bool Refuse { get; set; }

        public void Read(ulong offset, Span<byte> data) => data.Clear();

        public void Write(ulong offset, ReadOnlySpan<byte> data)
        {
        }

        public void Save(StateWriter writer)
        {
            var record = writer.Begin("TEST", 1);
            writer.U32((uint)Value);
            writer.End(record);
        }

        public void Load(ref StateReader reader)
        {
            var record = reader.Record("TEST", 1, out _);
            var value = (int)record.U32();
            record.Finish();
            if (Refuse && value != Value)
                throw record.Bad("refused");
            Value = value;
        }
    }
}
