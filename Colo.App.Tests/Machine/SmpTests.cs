using System.Buffers.Binary;
using System.Text;
using Colo.Boot;
using Colo.Guest;
using Colo.Kvm;
using Colo.Machine;
using Colo.State;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.Machine;

/// <summary>Several vCPUs: their start, their interrupts among themselves and their time, also over a change of the machine.</summary>
public sealed unsafe class SmpTests(ITestOutputHelper output)
{
    // Of the programs below: what the last vCPU has seen of time, and how often that was in the future.
    private const ulong Stamp = TestGuest.Counter + 0x40;
    private const ulong Warps = TestGuest.Counter + 0x80;
    private const int Rounds = 20;

    /// <summary>
    /// Reads the newest time, then the own counter, which cannot be less; says so, and leaves the own time there. Counts its
    /// rounds at [rdi].
    /// </summary>
    private static readonly byte[] CompareCounters =
    [
        0x48, 0x8B, 0x1C, 0x25, 0x40, 0x80, 9, 0, // 1: mov rbx, [Stamp]
        0x0F, 0xAE, 0xE8, 0x0F, 0x31, 0x0F, 0xAE, 0xE8, // lfence; rdtsc; lfence
        0x48, 0xC1, 0xE2, 0x20, 0x48, 0x09, 0xD0, // shl rdx, 32; or rax, rdx
        0x48, 0x39, 0xD8, 0x73, 0x09, // cmp rax, rbx; jae 2f
        0xF0, 0x48, 0xFF, 0x04, 0x25, 0x80, 0x80, 9, 0, // lock inc qword [Warps]
        0x48, 0x89, 0x04, 0x25, 0x40, 0x80, 9, 0, // 2: mov [Stamp], rax
        0x48, 0xFF, 0x07, // inc qword [rdi]
        0xEB, 0xCE, // jmp 1b
    ];

    [KvmTheory]
    [InlineData(2)]
    [InlineData(4)]
    public void Counters_are_equal_at_the_start_and_in_the_next_machine(int cpus)
    {
        using var a = new TestGuest(new MachineOptions(cpus));
        using var b = new TestGuest(new MachineOptions(cpus));
        Compare(a, cpus);
        AssertCounters(a, cpus, [.. new long[cpus]], "a, new");
        a.Start();
        AwaitRounds(a, cpus, 1000);
        a.Stop();
        Assert.Equal(0UL, a[Warps]);

        // b's counters are seconds apart before a's state comes, and a's own are as long as b had them.
        var apart = Save(b);
        for (var i = 0; i < cpus; i++)
            SetCounter(apart, i, (ulong)(1 + i) * 10_000_000_000);
        Load(b, apart);
        AssertCounters(b, cpus, [.. Enumerable.Range(0, cpus).Select(i => i * 10_000_000_000L)], "b, set apart");
        for (var round = 0; round < 3; round++)
        {
            Transfer(a, b);
            AssertCounters(b, cpus, [.. new long[cpus]], $"b, round {round}");
            b.Resume();
            AwaitRounds(b, cpus, 1000);
            b.Stop();
            Assert.Equal(0UL, b[Warps]);
            Transfer(b, a);
            AssertCounters(a, cpus, [.. new long[cpus]], $"a, round {round}");
            a.Resume();
            AwaitRounds(a, cpus, 1000);
            a.Stop();
            Assert.Equal(0UL, a[Warps]);
        }
    }

    [KvmFact]
    public void Counters_that_the_guest_set_apart_stay_so_and_the_comparison_sees_it()
    {
        using var a = new TestGuest(new MachineOptions(2));
        Compare(a, 2);
        var state = Save(a);
        var first = Counter(state, 0);
        // Farther than what KVM takes for a try to synchronise, and than what reading one after the other can make.
        SetCounter(state, 1, first + 20_000_000_000);
        Load(a, state);
        AssertCounters(a, 2, [0, 20_000_000_000], "set apart");
        a.Start();
        TestGuest.Await(() => Volatile.Read(ref a[Warps]) > 0, "the programs see it");
        a.Stop();
    }

    [KvmFact]
    public void Time_stands_still_from_the_capture_to_the_load()
    {
        using var a = new TestGuest(new MachineOptions(2));
        using var b = new TestGuest(new MachineOptions(2));
        Compare(a, 2);
        a.Start();
        AwaitRounds(a, 2, 1000);
        a.Stop();
        var state = Save(a);
        var captured = Counter(state, 0);
        Assert.True(captured >= a[Stamp], "the capture is later than all that the guest has seen");
        for (var round = 0; round < 3; round++)
        {
            // Twice in one machine, within a second of what it has: KVM's guess would let time go on.
            Load(b, state);
            var now = Counter(Save(b), 0);
            output.WriteLine($"captured {captured}, loaded and captured again {now}");
            Assert.InRange(now - captured, 0UL, b.Machine.TscKhz * 1000UL / 2);
        }
    }

    [KvmFact]
    public void Records_of_the_first_version_are_loaded_with_equal_counters()
    {
        using var a = new TestGuest(new MachineOptions(2));
        Compare(a, 2);
        var state = Save(a);
        // As they were captured: each record with its own moment.
        SetVersion(state, 0, 1);
        SetVersion(state, 1, 1);
        SetCounter(state, 1, Counter(state, 0) + (a.Machine.TscKhz / 5));
        Load(a, state);
        AssertCounters(a, 2, [0, 0], "after an old record");
        SetVersion(state, 1, 3);
        Assert.Contains("version 3", Assert.Throws<StateFormatException>(() => Load(a, state)).Message, StringComparison.Ordinal);
    }

    [KvmFact]
    public void One_vcpu_writes_the_first_version()
    {
        using var a = new TestGuest();
        a.Program(TestGuest.CountForever);
        var state = Save(a);
        Assert.Equal(1, BinaryPrimitives.ReadUInt16LittleEndian(state.AsSpan(Find(state, "VCPU"u8, 0) + 4)));
    }

    [KvmFact]
    public void A_start_that_is_under_way_at_the_stop_happens_in_the_next_machine()
    {
        using var a = new TestGuest(new MachineOptions(2));
        using var b = new TestGuest(new MachineOptions(2));

        // The first starts the second again and again, and waits each time until it has begun: one lost start ends it.
        a.Program(
            [
                // KVM counts the second's APIC in only when the first is switched on.
                0xBB, 0xF0, 0x00, 0xE0, 0xFE, 0xC7, 0x03, 0xFF, 0x01, 0, 0, // mov ebx, 0xfee000f0; mov dword [rbx], 0x1ff
                0xBB, 0x00, 0x03, 0xE0, 0xFE, // mov ebx, 0xfee00300
                0xC7, 0x43, 0x10, 0, 0, 0, 1, // 1: mov dword [rbx + 0x10], APIC 1
                0xC7, 0x03, 0x00, 0x45, 0, 0, // mov dword [rbx], INIT
                0xC7, 0x03, 0x40, 0x46, 0, 0, // mov dword [rbx], start at 0x40000
                0xF3, 0x90, // 2: pause
                0x48, 0x8B, 0x04, 0x25, 0x08, 0x80, 9, 0, // mov rax, [Counter + 8]
                0x48, 0x39, 0xC8, 0x74, 0xF1, // cmp rax, rcx; je 2b
                0x48, 0x89, 0xC1, // mov rcx, rax
                0x48, 0xFF, 0x04, 0x25, 0x00, 0x80, 9, 0, // inc qword [Counter]
                0xEB, 0xD1, // jmp 1b
            ],
            kernel: true);
        Put(a, 0x4_0000, [0xB8, 0x00, 0x98, 0x8E, 0xD8, 0x66, 0xFF, 0x06, 0x08, 0x00, 0xF4, 0xEB, 0xFD]); // mov ax, 0x9800; mov ds, ax; inc dword [8]; 1: hlt; jmp 1b
        GoesOnBetween(a, b, "starts");
    }

    [KvmFact]
    public void An_interrupt_between_vcpus_that_is_under_way_at_the_stop_arrives_in_the_next_machine()
    {
        using var a = new TestGuest(new MachineOptions(2));
        using var b = new TestGuest(new MachineOptions(2));
        a.Program(
            [
                0x83, 0x3C, 0x25, 0x10, 0x80, 9, 0, 1, 0x75, 0xF6, // 0: cmp dword [Counter + 16], 1; jne 0b
                0xBB, 0x00, 0x03, 0xE0, 0xFE, // mov ebx, 0xfee00300
                0xC7, 0x43, 0x10, 0, 0, 0, 1, // mov dword [rbx + 0x10], APIC 1
                0xC7, 0x03, 0x40, 0x40, 0, 0, // 1: mov dword [rbx], vector 0x40
                0xF3, 0x90, // 2: pause
                0x48, 0x8B, 0x04, 0x25, 0x08, 0x80, 9, 0, // mov rax, [Counter + 8]
                0x48, 0x39, 0xC8, 0x74, 0xF1, // cmp rax, rcx; je 2b
                0x48, 0x89, 0xC1, // mov rcx, rax
                0x48, 0xFF, 0x04, 0x25, 0x00, 0x80, 9, 0, // inc qword [Counter]
                0xEB, 0xDE, // jmp 1b
            ],
            kernel: true);
        a.Program(
            [
                0xBB, 0xF0, 0x00, 0xE0, 0xFE, 0xC7, 0x03, 0xFF, 0x01, 0, 0, // mov ebx, 0xfee000f0; mov dword [rbx], 0x1ff: APIC on
                0xFF, 0x04, 0x25, 0x10, 0x80, 9, 0, // inc dword [Counter + 16]: ready
                0xFB, 0xF4, 0xEB, 0xFC, // 1: sti; hlt; jmp 1b
            ],
            vcpu: 1, at: 0x3_0000, kernel: true);
        Put(a, 0x1_2000, [
            0xFF, 0x04, 0x25, 0x08, 0x80, 9, 0, // inc dword [Counter + 8]
            0x50, 0xB8, 0xB0, 0x00, 0xE0, 0xFE, 0xC7, 0x00, 0, 0, 0, 0, 0x58, // push rax; mov eax, 0xfee000b0; mov dword [rax], 0; pop rax
            0x48, 0xCF]); // iretq
        a[0x7000 + (0x40 * 16)] = 0x0001_8E00_0008_2000;
        a[0x7000 + (0x40 * 16) + 8] = 0;
        var second = a.Machine.StateOf(1);
        second.CaptureRegisters();
        second.Sregs.idt = new kvm_dtable { @base = 0x7000, limit = 0xFFF };
        second.ApplyRegisters();
        GoesOnBetween(a, b, "interrupts");
    }

    [KvmFact]
    public void The_built_in_guest_goes_on_without_a_cpu_that_does_not_start()
    {
        using var guest = new TestGuest(new MachineOptions(2));
        guest.Machine.LoadKernel(BuiltinGuest.Load(), [], "ip=10.9.0.10/24");
        MpTable.Write(guest.Memory, 3); // one more than there are
        guest.Start();
        var console = new StringBuilder();
        while (!console.ToString().Contains("ready", StringComparison.Ordinal))
            console.Append((char)guest.NextSent());
        output.WriteLine(console.ToString());
        Assert.Contains("CPU with APIC 2 has not started", console.ToString(), StringComparison.Ordinal);
        Assert.Contains("2 of 3 CPUs run", console.ToString(), StringComparison.Ordinal);
        guest.Stop();
        Assert.Empty(guest.Events);
    }

    // A program that goes on only while nothing between its two vCPUs is lost moves from a to b at many moments.
    private void GoesOnBetween(TestGuest a, TestGuest b, string what)
    {
        a.Start();
        Await(a, 3, $"{what} in a");
        for (var round = 0; round < Rounds; round++)
        {
            a.Stop();
            Transfer(a, b);
            var from = b[TestGuest.Counter];
            b.Resume();
            Await(b, from + 2, $"round {round}: {what} in b");
            b.Stop();
            a.Resume();
            Await(a, from, $"round {round}: {what} in a");
        }

        a.Stop();
        output.WriteLine($"{a[TestGuest.Counter]} {what}");
    }

    // Says where the two stand when they do not go on.
    private static void Await(TestGuest guest, ulong counted, string what)
    {
        if (!PairFixture.Until(TimeSpan.FromSeconds(20), () => Volatile.Read(ref guest[TestGuest.Counter]) > counted || guest.Events.Count > 0) || guest.Events.Count > 0)
        {
            guest.Stop();
            Save(guest);
            var where = Enumerable.Range(0, 2).Select(guest.Machine.StateOf).Select(s => $"cs {s.Sregs.cs.@base:x} rip {s.Regs.rip:x} rcx {s.Regs.rcx:x} rax {s.Regs.rax:x} cr0 {s.Sregs.cr0:x}");
            Assert.Fail($"{what}: {counted} were counted, now {guest[TestGuest.Counter]} and {guest[TestGuest.Counter + 8]}; {string.Join("; ", where)}; {string.Join("; ", guest.Events)}");
        }
    }

    private static void Compare(TestGuest guest, int cpus)
    {
        for (var i = 0; i < cpus; i++)
            guest.Program(CompareCounters, rdi: Done(i), vcpu: i, at: TestGuest.Code + ((ulong)i * 0x2_0000));
    }

    private static ulong Done(int cpu) => TestGuest.Counter + 0x100 + ((ulong)cpu * 0x40);

    private static void AwaitRounds(TestGuest guest, int cpus, ulong rounds)
    {
        for (var i = 0; i < cpus; i++)
        {
            var from = Volatile.Read(ref guest[Done(i)]);
            TestGuest.Await(() => Volatile.Read(ref guest[Done(i)]) > from + rounds || guest.Events.Count > 0, $"vCPU {i} goes on");
        }

        Assert.Empty(guest.Events);
    }

    // How far each vCPU's counter is from the first's.
    private void AssertCounters(TestGuest guest, int cpus, long[] expected, string when)
    {
        var state = Save(guest);
        var distances = Enumerable.Range(0, cpus).Select(i => (long)(Counter(state, i) - Counter(state, 0))).ToArray();
        var exact = BinaryPrimitives.ReadUInt16LittleEndian(state.AsSpan(Find(state, "VCPU"u8, 0) + 4)) == 2;
        output.WriteLine($"{when}: {string.Join(' ', distances)}{(exact ? "" : ", each of its own moment")}");
        // Without the offsets all that shows is what was read one after the other.
        for (var i = 0; i < cpus; i++)
            Assert.InRange(distances[i] - expected[i], exact ? 0 : -guest.Machine.TscKhz, exact ? 0 : guest.Machine.TscKhz * 500L);
    }

    private static void Put(TestGuest guest, ulong at, ReadOnlySpan<byte> code)
    {
        Assert.True(guest.Memory.TryGetSpan(at, (uint)code.Length, out var target));
        code.CopyTo(target);
    }

    private static byte[] Save(TestGuest guest)
    {
        var writer = new StateWriter();
        guest.Machine.SaveState(writer);
        return writer.Written.ToArray();
    }

    private static void Load(TestGuest guest, byte[] state)
    {
        var reader = new StateReader(state, "test");
        guest.Machine.LoadState(ref reader);
        reader.Finish();
    }

    private static void Transfer(TestGuest from, TestGuest to)
    {
        var state = Save(from);
        new Span<byte>(from.Memory.Base, (int)from.Memory.Size).CopyTo(new Span<byte>(to.Memory.Base, (int)to.Memory.Size));
        Load(to, state);
        to.Machine.ForgetTranslations();
    }

    private static int Find(byte[] state, ReadOnlySpan<byte> tag, int number)
    {
        var at = state.AsSpan().IndexOf(tag);
        for (; number > 0; number--)
            at += 4 + state.AsSpan(at + 4).IndexOf(tag);
        return at;
    }

    private static Span<byte> CounterOf(byte[] state, int cpu)
    {
        var msrs = state.AsSpan(Find(state, "MSRS"u8, cpu) + 12);
        for (var i = 0; i < BinaryPrimitives.ReadInt32LittleEndian(msrs); i++)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(msrs[(4 + (i * 12))..]) == KvmValue.MSR_IA32_TSC)
                return msrs.Slice(8 + (i * 12), 8);
        }

        throw new InvalidOperationException("no time-stamp counter in the record");
    }

    private static ulong Counter(byte[] state, int cpu) => BinaryPrimitives.ReadUInt64LittleEndian(CounterOf(state, cpu));

    private static void SetCounter(byte[] state, int cpu, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(CounterOf(state, cpu), value);

    private static void SetVersion(byte[] state, int cpu, ushort version) =>
        BinaryPrimitives.WriteUInt16LittleEndian(state.AsSpan(Find(state, "VCPU"u8, cpu) + 4), version);
}
