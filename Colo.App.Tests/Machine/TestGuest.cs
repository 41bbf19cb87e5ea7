using System.Collections.Concurrent;
using System.Diagnostics;
using Colo.Kvm;
using Colo.Linux;
using Colo.Machine;
using Colo.Memory;

namespace Colo.Tests.Machine;

/// <summary>
/// A machine with a running event loop and a small program in long mode at CPL 3, with RAM mapped one to one. The tables
/// are at 0x2000 to 0x6FFF, the code at 0x10000, the stack below 0x20000.
/// </summary>
internal sealed unsafe class TestGuest : IDisposable
{
    internal const ulong Code = 0x1_0000;
    internal const ulong Counter = 0x9_8000;

    /// <summary>inc qword [Counter]; jmp</summary>
    internal static readonly byte[] CountForever = [0x48, 0xFF, 0x04, 0x25, 0x00, 0x80, 0x09, 0x00, 0xEB, 0xF6];

    /// <summary>Each round: rdi pages from rsi are incremented at their start, then "x" goes to the serial port.</summary>
    internal static readonly byte[] TouchPages =
    [
        0x48, 0x89, 0xF3, // mov rbx, rsi
        0x48, 0x89, 0xF9, // mov rcx, rdi
        0x48, 0xFF, 0x03, // 1: inc qword [rbx]
        0x48, 0x81, 0xC3, 0, 0x10, 0, 0, // add rbx, 4096
        0x48, 0xFF, 0xC9, // dec rcx
        0x75, 0xF1, // jnz 1b
        0x66, 0xBA, 0xF8, 0x03, // mov dx, 0x3f8
        0xB0, 0x78, // mov al, 'x'
        0xEE, // out dx, al
        0xEB, 0xE0, // jmp start
    ];

    private readonly Thread _thread;

    internal TestGuest(MachineOptions? options = null, GuestMemory? memory = null, ulong size = 64 << 20)
    {
        Memory = memory ?? GuestMemory.Create(size);
        Loop = new EventLoop { OnError = Errors.Add };
        Machine = new Colo.Machine.Machine(options ?? new MachineOptions(1), Memory, Loop);
        Machine.OnEvent = (how, text) => Events.Add((how, text));
        Machine.Serial.Output = Sent.Add;
        _thread = new Thread(Loop.Run) { Name = "test loop" };
        _thread.Start();
    }

    internal GuestMemory Memory { get; }

    internal EventLoop Loop { get; }

    internal Colo.Machine.Machine Machine { get; }

    internal BlockingCollection<(MachineEvent How, string Text)> Events { get; } = [];

    internal BlockingCollection<byte> Sent { get; } = [];

    internal BlockingCollection<Exception> Errors { get; } = [];

    internal ref ulong this[ulong guestPhysical]
    {
        get
        {
            Assert.True(Memory.TryGetPointer(guestPhysical, 8, out var pointer));
            return ref *(ulong*)pointer;
        }
    }

    public void Dispose()
    {
        Machine.Dispose();
        Loop.Stop();
        _thread.Join();
        Loop.Dispose();
        Memory.Dispose();
        Assert.Empty(Errors);
    }

    /// <summary>Puts a program and its tables into RAM and a vCPU at its start.</summary>
    internal void Program(ReadOnlySpan<byte> code, ulong rdi = 0, ulong rsi = 0, int vcpu = 0, ulong at = Code, bool kernel = false)
    {
        WriteTables();
        Assert.True(Memory.TryGetSpan(at, (uint)code.Length, out var target));
        code.CopyTo(target);
        var state = Machine.StateOf(vcpu);
        state.CaptureRegisters();
        state.Regs = new kvm_regs { rip = at, rsp = at + 0x1_0000, rflags = 2, rdi = rdi, rsi = rsi };
        ref var s = ref state.Sregs;
        s.cs = new kvm_segment { limit = uint.MaxValue, selector = 0x33, type = 11, present = 1, dpl = 3, s = 1, l = 1, g = 1 };
        s.ds = s.es = s.fs = s.gs = s.ss =
            new kvm_segment { limit = uint.MaxValue, selector = 0x2B, type = 3, present = 1, dpl = 3, db = 1, s = 1, g = 1 };
        if (kernel)
        {
            (s.cs.selector, s.cs.dpl) = (8, 0);
            (s.ss.selector, s.ss.dpl) = (0x10, 0);
        }

        s.gdt = new kvm_dtable { @base = 0x6000, limit = 0x3F };
        (s.cr3, s.cr4, s.cr0, s.efer) = (0x2000, 0x620, 0x8005_0033, 0xD01);
        state.ApplyRegisters();
        if (vcpu != 0)
            state.SetRunnable();
    }

    /// <summary>Sleeps at CPL 0 and counts interrupts of input 5 at Counter; Counter + 8 is 1 when it is ready.</summary>
    internal void ProgramInterrupts()
    {
        // The 8259s are masked, the I/O APIC sends input 5 as vector 0x40 to APIC 0, and its handler counts.
        Program(
            [
                0xB0, 0xFF, 0xE6, 0x21, 0xE6, 0xA1, // mov al, 0xff; out 0x21, al; out 0xa1, al
                0xBB, 0x00, 0x00, 0xC0, 0xFE, // mov ebx, 0xfec00000
                0xC7, 0x03, 0x1B, 0, 0, 0, 0xC7, 0x43, 0x10, 0, 0, 0, 0, // redirection 5, high: to APIC 0
                0xC7, 0x03, 0x1A, 0, 0, 0, 0xC7, 0x43, 0x10, 0x40, 0, 0, 0, // low: vector 0x40, edge
                0xBB, 0xF0, 0x00, 0xE0, 0xFE, 0xC7, 0x03, 0xFF, 0x01, 0, 0, // local APIC on
                0xFF, 0x04, 0x25, 0x08, 0x80, 0x09, 0x00, // inc dword [Counter + 8]: ready
                0xFB, 0xF4, 0xEB, 0xFC, // 1: sti; hlt; jmp 1b
            ],
            kernel: true);
        byte[] handler =
        [
            0xFF, 0x04, 0x25, 0x00, 0x80, 0x09, 0x00, // inc dword [Counter]
            0xB8, 0xB0, 0x00, 0xE0, 0xFE, 0xC7, 0x00, 0, 0, 0, 0, // mov eax, 0xfee000b0; mov dword [rax], 0: end of interrupt
            0x48, 0xCF, // iretq
        ];
        Assert.True(Memory.TryGetSpan(0x1_2000, (uint)handler.Length, out var at));
        handler.CopyTo(at);
        this[0x7000 + (0x40 * 16)] = 0x0001_8E00_0008_2000;
        this[0x7000 + (0x40 * 16) + 8] = 0;
        var state = Machine.StateOf(0);
        state.Sregs.idt = new kvm_dtable { @base = 0x7000, limit = 0xFFF };
        state.ApplyRegisters();
    }

    internal void WriteTables()
    {
        this[0x2000] = 0x3007;
        for (var i = 0UL; i < 5; i++)
            this[0x3000 + (i * 8)] = (0x8000 + (i * 0x1000)) | 7;
        // 5 GiB in pages of 2 MiB.
        for (var i = 0UL; i < 5 * 512; i++)
            this[0x8000 + (i * 8)] = (i << 21) | 0x87;
        this[0x6008] = 0x00AF_9B00_0000_FFFF;
        this[0x6010] = 0x00CF_9300_0000_FFFF;
        this[0x6028] = 0x00CF_F300_0000_FFFF;
        this[0x6030] = 0x00AF_FB00_0000_FFFF;
    }

    internal void Start() => Loop.Invoke(Machine.Start);

    internal void Resume() => Loop.Invoke(Machine.Resume);

    /// <summary>Stops the machine; fails when it takes longer than 10 seconds.</summary>
    internal void Stop()
    {
        using var stopped = new ManualResetEventSlim();
        var onLoop = false;
        Loop.Invoke(() => Machine.RequestStop(() =>
        {
            onLoop = Loop.IsLoopThread && Machine.IsStopped;
            stopped.Set();
        }));
        Assert.True(stopped.Wait(TimeSpan.FromSeconds(10)), "the machine does not stop");
        Assert.True(onLoop);
    }

    /// <summary>Waits until the guest has made something true.</summary>
    internal static void Await(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        var spin = default(SpinWait);
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"not within 20 s: {what}");
            spin.SpinOnce();
        }
    }

    internal (MachineEvent How, string Text) NextEvent()
    {
        Assert.True(Events.TryTake(out var next, TimeSpan.FromSeconds(20)), "no event within 20 s");
        return next;
    }

    internal byte NextSent()
    {
        if (!Sent.TryTake(out var next, TimeSpan.FromSeconds(20)))
            Assert.Fail($"nothing sent within 20 s; events: {string.Join("; ", Events)}");
        return next;
    }
}
