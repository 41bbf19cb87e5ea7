using System.Diagnostics;
using Colo.Devices;
using Colo.Kvm;
using Colo.Machine;
using Xunit.Abstractions;

namespace Colo.Tests.Machine;

public sealed class RunTests(ITestOutputHelper output)
{
    [KvmFact]
    public void Counts_only_while_it_runs()
    {
        using var guest = new TestGuest();
        guest.Program(TestGuest.CountForever);
        Assert.True(guest.Machine.IsStopped);
        guest.Start();
        for (var i = 0; i < 5; i++)
        {
            var seen = Volatile.Read(ref guest[TestGuest.Counter]);
            TestGuest.Await(() => Volatile.Read(ref guest[TestGuest.Counter]) > seen, "the counter goes on");
            guest.Stop();
            var stood = Volatile.Read(ref guest[TestGuest.Counter]);
            Thread.Yield();
            Assert.Equal(stood, Volatile.Read(ref guest[TestGuest.Counter]));
            Assert.True(guest.Machine.IsStopped);
            guest.Resume();
        }
    }

    [KvmTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Ten_thousand_stops_and_resumes(int cpus)
    {
        const int Rounds = 10_000;
        using var guest = new TestGuest(new MachineOptions(cpus));
        for (var i = 0; i < cpus; i++)
        {
            // Counts, with a port write now and then so that stops also meet half-done exits.
            byte[] code =
            [
                0xB9, 0x00, 0x04, 0, 0, // mov ecx, 1024
                0x48, 0xFF, 0x04, 0x25, (byte)(i * 8), 0x80, 0x09, 0x00, // 1: inc qword [Counter + 8 i]
                0xFF, 0xC9, 0x75, 0xF4, // dec ecx; jnz 1b
                0xE6, 0x10, // out 0x10, al
                0xEB, 0xEB, // jmp start
            ];
            guest.Program(code, vcpu: i, at: TestGuest.Code + ((ulong)i * 0x2_0000));
        }

        var times = new double[Rounds];
        var lost = 0;
        using var done = new ManualResetEventSlim();
        var round = 0;
        long asked = 0;
        var last = new ulong[cpus];
        void Stop()
        {
            asked = Stopwatch.GetTimestamp();
            guest.Machine.RequestStop(OnStopped);
        }

        void OnStopped()
        {
            times[round] = Stopwatch.GetElapsedTime(asked).TotalMicroseconds;
            if (!guest.Machine.IsStopped)
                lost++;
            guest.Machine.Resume();
            if (++round == Rounds)
                done.Set();
            else
                guest.Loop.Post(Stop);
        }

        guest.Start();
        guest.Loop.Post(Stop);
        Assert.True(done.Wait(TimeSpan.FromSeconds(120)), $"stuck in round {round}");
        Assert.Equal(0, lost);
        for (var i = 0; i < cpus; i++)
        {
            var at = TestGuest.Counter + ((ulong)i * 8);
            var seen = Volatile.Read(ref guest[at]);
            Assert.NotEqual(0UL, seen);
            TestGuest.Await(() => Volatile.Read(ref guest[at]) != seen, $"vCPU {i} runs after the last resume");
        }

        Array.Sort(times);
        output.WriteLine(
            $"{cpus} vCPU: stop p50 {times[Rounds / 2]:F1} µs, p99 {times[Rounds * 99 / 100]:F1} µs, max {times[^1]:F1} µs");
        Assert.Empty(guest.Events);
    }

    [KvmFact]
    public void Stops_and_serves_a_vcpu_that_waits_for_the_loop()
    {
        using var guest = new TestGuest();
        var device = new LoopDevice(guest);
        var slot = guest.Machine.AddMmioDevice(device, null, 0x200);
        Assert.Equal(0xD000_0000UL, slot.Base);
        Assert.Equal(5U, slot.Gsi);

        // mov rbx, base; 1: inc dword [Counter]; mov eax, [Counter]; mov [rbx + 8], eax; mov ecx, [rbx + 8]; jmp 1b
        guest.Program([
            0xBB, 0, 0, 0, 0xD0,
            0xFF, 0x04, 0x25, 0x00, 0x80, 0x09, 0x00,
            0x8B, 0x04, 0x25, 0x00, 0x80, 0x09, 0x00,
            0x89, 0x43, 0x08,
            0x8B, 0x4B, 0x08,
            0x39, 0xC8, 0x74, 0xE8, // cmp eax, ecx; je 1b
            0xF4]); // hlt: #GP without an IDT is a triple fault
        guest.Start();
        for (var i = 0; i < 200; i++)
        {
            var seen = Volatile.Read(ref device.Last);
            TestGuest.Await(() => Volatile.Read(ref device.Last) != seen || guest.Events.Count > 0, "accesses go on");
            guest.Stop();
            guest.Resume();
        }

        Assert.Empty(guest.Events);
    }

    [KvmFact]
    public void Halted_vcpu_stops_and_wakes_by_an_interrupt()
    {
        using var guest = new TestGuest();
        var slot = guest.Machine.AddMmioDevice(new LoopDevice(guest), null, 0x200);

        guest.ProgramInterrupts();
        guest.Start();
        TestGuest.Await(() => Volatile.Read(ref guest[TestGuest.Counter + 8]) == 1 || guest.Events.Count > 0, "it is ready");
        for (var i = 1UL; i <= 50; i++)
        {
            guest.Stop();

            // While it stands still an interrupt stays in the controllers, and is part of the saved state.
            slot.Interrupt.Raise();
            guest.Resume();
            TestGuest.Await(() => Volatile.Read(ref guest[TestGuest.Counter]) == i || guest.Events.Count > 0, $"interrupt {i}");
            Assert.Empty(guest.Events);
        }
    }

    [KvmFact]
    public void Power_port_ends_the_run()
    {
        using var guest = new TestGuest();
        guest.Program([0x66, 0xBA, 0x04, 0x06, 0x66, 0xB8, 0x00, 0x20, 0x66, 0xEF, 0xEB, 0xFE]);
        guest.Start();
        Assert.Equal(MachineEvent.PowerOff, guest.NextEvent().How);
        guest.Stop();
        guest.Resume();
        Assert.True(guest.Machine.IsStopped);
        Assert.Empty(guest.Events);
    }

    [KvmFact]
    public void Keyboard_controller_resets()
    {
        using var guest = new TestGuest();
        guest.Program([0xB0, 0xFE, 0xE6, 0x64, 0xEB, 0xFE]);
        guest.Start();
        Assert.Equal(MachineEvent.Reset, guest.NextEvent().How);
    }

    [KvmFact]
    public void Triple_fault_is_reported()
    {
        using var guest = new TestGuest();
        guest.Program([0x0F, 0x0B]); // ud2 without an IDT
        guest.Start();
        var (how, text) = guest.NextEvent();
        Assert.Equal(MachineEvent.TripleFault, how);
        Assert.Contains("rip 33:10000", text, StringComparison.Ordinal);
    }

    [KvmFact]
    public void Device_that_throws_is_a_crash()
    {
        using var guest = new TestGuest();
        guest.Machine.AddMmioDevice(new ThrowingDevice(), null, 0x1000);
        guest.Program([0xBB, 0, 0, 0, 0xD0, 0x8B, 0x03, 0xEB, 0xFE]);
        guest.Start();
        var (how, text) = guest.NextEvent();
        Assert.Equal(MachineEvent.Crash, how);
        Assert.Contains("broken device", text, StringComparison.Ordinal);
    }

    [KvmFact]
    public void Nothing_answers_with_ones_and_strings_reach_the_port()
    {
        using var guest = new TestGuest();
        "hello"u8.CopyTo(guest.Memory.TryGetSpan(0x9_9000, 5, out var text) ? text : default);
        guest.Program([
            0x66, 0xBA, 0x00, 0x04, 0xED, // in eax, 0x400 (nothing there)
            0x89, 0x04, 0x25, 0x00, 0x80, 0x09, 0x00, // mov [Counter], eax
            0xBB, 0, 0, 0, 0xE0, 0x48, 0x8B, 0x03, // mov rax, [0xe0000000] (nothing there)
            0x48, 0x89, 0x04, 0x25, 0x08, 0x80, 0x09, 0x00,
            0x48, 0x89, 0x03, // mov [rbx], rax
            0xBE, 0x00, 0x90, 0x09, 0x00, 0xB9, 5, 0, 0, 0, // mov esi, text; mov ecx, 5
            0x66, 0xBA, 0xF8, 0x03, 0xF3, 0x6E, // rep outsb to the serial port
            0xEB, 0xFE]);
        guest.Start();
        var got = string.Concat(Enumerable.Range(0, 5).Select(_ => (char)guest.NextSent()));
        Assert.Equal("hello", got);
        Assert.Equal(0xFFFF_FFFFUL, guest[TestGuest.Counter]);
        Assert.Equal(ulong.MaxValue, guest[TestGuest.Counter + 8]);
    }

    [KvmFact]
    public void Doorbell_signals_its_eventfd_and_the_device_sees_other_values()
    {
        using var guest = new TestGuest();
        var device = new LoopDevice(guest);
        var slot = guest.Machine.AddMmioDevice(device, null, 0x200);
        var bell = slot.AddDoorbell(0x50, 1);
        var rung = new TaskCompletionSource<ulong>(TaskCreationOptions.RunContinuationsAsynchronously);
        guest.Loop.Invoke(() => guest.Loop.Add(bell.Number, 1, new Handler(() => rung.TrySetResult(bell.Drain()))));
        guest.Program([
            0xBB, 0, 0, 0, 0xD0,
            0xB8, 1, 0, 0, 0, 0x89, 0x43, 0x50, // queue 1: the eventfd
            0xB8, 7, 0, 0, 0, 0x89, 0x43, 0x50, // queue 7: the device
            0xEB, 0xFE]);
        guest.Start();
        TestGuest.Await(() => Volatile.Read(ref device.Last) != 0, "the write of 7");
        Assert.Equal(7U, device.Last);
        Assert.True(rung.Task.Wait(TimeSpan.FromSeconds(20)));
        Assert.Equal(1UL, rung.Task.Result);
        guest.Loop.Invoke(() => guest.Loop.Remove(bell.Number));
    }

    [KvmFact]
    public void Several_stop_requests_are_served_each_with_a_stopped_machine()
    {
        using var guest = new TestGuest();
        guest.Program(TestGuest.CountForever);
        guest.Start();
        using var done = new CountdownEvent(3);
        var bad = 0;
        guest.Loop.Invoke(() =>
        {
            for (var i = 0; i < 3; i++)
            {
                guest.Machine.RequestStop(() =>
                {
                    if (!guest.Machine.IsStopped)
                        bad++;
                    guest.Machine.Resume();
                    done.Signal();
                });
            }
        });
        Assert.True(done.Wait(TimeSpan.FromSeconds(10)));
        Assert.Equal(0, bad);
    }

    [KvmFact]
    public void Missing_kvm_is_explained()
    {
        var none = Assert.Throws<KvmException>(() => KvmSystem.Open("/dev/no-kvm"));
        Assert.Contains("load kvm_intel or kvm_amd", none.Message, StringComparison.Ordinal);
        var other = Assert.Throws<KvmException>(() => KvmSystem.Open("/dev/null"));
        Assert.Contains("API version", other.Message, StringComparison.Ordinal);
    }

    private sealed class Handler(Action action) : Colo.Linux.IEventHandler
    {
        public void OnReady(uint events) => action();
    }

    private sealed class ThrowingDevice : IRegisterDevice
    {
        public void Read(ulong offset, Span<byte> data) => throw new InvalidOperationException("broken device");

        public void Write(ulong offset, ReadOnlySpan<byte> data) => throw new InvalidOperationException("broken device");
    }

    /// <summary>Serves every access on the loop, as the virtio transport does.</summary>
    private sealed class LoopDevice(TestGuest guest) : IRegisterDevice
    {
        public uint Last;

        public void Read(ulong offset, Span<byte> data)
        {
            uint value = 0;
            guest.Loop.Invoke(() => value = Last);
            BitConverter.TryWriteBytes(data, value);
        }

        public void Write(ulong offset, ReadOnlySpan<byte> data)
        {
            var value = BitConverter.ToUInt32(data);
            guest.Loop.Invoke(() => Volatile.Write(ref Last, value));
        }
    }
}
