using System.Globalization;
using System.Runtime.InteropServices;
using Colo.Kvm;
using Colo.Linux;

namespace Colo.Machine;

/// <summary>
/// The thread of one vCPU: runs the guest, serves its exits, and parks when the machine stops, with nothing half done:
/// KVM finishes an instruction whose access was served only at the next KVM_RUN, which with immediate_exit does just that.
/// </summary>
internal sealed unsafe class VcpuThread
{
    private readonly Machine _machine;
    private readonly KvmVcpu _vcpu;
    private readonly Thread _thread;
    private int _threadId;

    internal VcpuThread(Machine machine, KvmVcpu vcpu)
    {
        _machine = machine;
        _vcpu = vcpu;
        _thread = new Thread(Main) { Name = string.Create(CultureInfo.InvariantCulture, $"vcpu{vcpu.Index}") };
    }

    /// <summary>Whether it stands still. Under the machine's lock.</summary>
    internal bool Parked { get; private set; }

    internal void Start() => _thread.Start();

    internal bool Join(TimeSpan limit) => _thread.Join(limit);

    /// <summary>Gets it out of the guest, or keeps it out. Under the machine's lock.</summary>
    internal void Kick()
    {
        // For a thread that is about to enter; the signal is for one that is inside.
        Volatile.Write(ref _vcpu.Shared->immediate_exit, 1);
        if (_threadId != 0 && !Parked)
            VcpuKick.Send(_threadId);
    }

    /// <summary>Lets it run. Under the machine's lock, which is pulsed afterwards.</summary>
    internal void Unpark()
    {
        Parked = false;
        Volatile.Write(ref _vcpu.Shared->immediate_exit, 0);
    }

    private void Main()
    {
        var mask = VcpuKick.BlockInThisThread();
        _vcpu.SetSignalMask(mask);
        lock (_machine.Gate)
            _threadId = NativeKvm.gettid();
        while (WaitToRun())
        {
            try
            {
                while (!_machine.StopRequested)
                    Step();
                Settle();
            }
            catch (Exception e)
            {
                // The guest is lost; the node, which may have a peer to tell, is not.
                _machine.End(MachineEvent.Crash, $"vCPU {_vcpu.Index}: {e}");
            }
        }
    }

    // False at the end of the machine.
    private bool WaitToRun()
    {
        VcpuKick.Drain();
        lock (_machine.Gate)
        {
            if (_machine.StopRequested)
            {
                Parked = true;
                _machine.OnParked();
                while (Parked && !_machine.Exiting)
                    System.Threading.Monitor.Wait(_machine.Gate);
            }

            if (!_machine.Exiting)
                return true;
            // Nobody may signal a thread that has ended.
            Parked = true;
            return false;
        }
    }

    private void Step()
    {
        switch (_vcpu.Run())
        {
            case 0:
                ServeExit();
                break;
            case Errno.EINTR:
                VcpuKick.Drain();
                break;
            case Errno.EAGAIN:
                // A vCPU that waits for its start was woken.
                break;
            case var errno:
                _machine.End(MachineEvent.Crash, Describe($"KVM_RUN: {Marshal.GetPInvokeErrorMessage(errno)}"));
                break;
        }
    }

    private void Settle()
    {
        // An access that was split (a page border, a wide register) leads to the next piece before it is done.
        for (var pieces = 0; pieces < 4096; pieces++)
        {
            Volatile.Write(ref _vcpu.Shared->immediate_exit, 1);
            var errno = _vcpu.Run();
            if (errno == 0)
            {
                ServeExit();
            }
            else if (errno != Errno.EAGAIN)
            {
                if (errno != Errno.EINTR)
                    _machine.End(MachineEvent.Crash, Describe($"KVM_RUN: {Marshal.GetPInvokeErrorMessage(errno)}"));
                return;
            }
        }

        _machine.End(MachineEvent.Crash, Describe("an access that never ends"));
    }

    private void ServeExit()
    {
        var run = _vcpu.Shared;
        switch (run->exit_reason)
        {
            case KvmExit.KVM_EXIT_IO:
                ServePort(run);
                break;
            case KvmExit.KVM_EXIT_MMIO:
                ServeMemory(run);
                break;
            case KvmExit.KVM_EXIT_DIRTY_RING_FULL:
                _machine.Dirty.OnRingFull(_vcpu);
                break;
            case KvmExit.KVM_EXIT_INTR or KvmExit.KVM_EXIT_HLT or KvmExit.KVM_EXIT_IRQ_WINDOW_OPEN:
                break;
            case KvmExit.KVM_EXIT_SHUTDOWN:
                _machine.End(MachineEvent.TripleFault, Describe("triple fault"));
                break;
            case KvmExit.KVM_EXIT_SYSTEM_EVENT:
                _machine.End(
                    run->system_event_type switch
                    {
                        KvmExit.KVM_SYSTEM_EVENT_SHUTDOWN => MachineEvent.PowerOff,
                        KvmExit.KVM_SYSTEM_EVENT_RESET => MachineEvent.Reset,
                        _ => MachineEvent.Crash,
                    },
                    $"system event {run->system_event_type}");
                break;
            case KvmExit.KVM_EXIT_INTERNAL_ERROR:
                _machine.End(MachineEvent.Crash, Describe(InternalError(run)));
                break;
            case KvmExit.KVM_EXIT_FAIL_ENTRY:
                _machine.End(
                    MachineEvent.Crash, Describe($"the CPU refused to enter the guest, reason 0x{run->fail_entry_reason:x}"));
                break;
            default:
                _machine.End(MachineEvent.Crash, Describe($"KVM exit {run->exit_reason}"));
                break;
        }
    }

    private void ServePort(kvm_run* run)
    {
        int size = run->io_size;
        var bytes = (ulong)size * run->io_count;
        if (size is not (1 or 2 or 4) || run->io_data_offset > (ulong)_vcpu.MapSize || bytes > (ulong)_vcpu.MapSize - run->io_data_offset)
        {
            _machine.End(MachineEvent.Crash, "KVM described a port access that cannot be");
            return;
        }

        // Several for a string instruction with a repeat prefix.
        var data = new Span<byte>((byte*)run + run->io_data_offset, (int)bytes);
        try
        {
            for (; data.Length > 0; data = data[size..])
            {
                if (run->io_direction == 1)
                    _machine.Ports.Write(run->io_port, data[..size]);
                else
                    _machine.Ports.Read(run->io_port, data[..size]);
            }
        }
        catch (Exception e)
        {
            _machine.End(MachineEvent.Crash, $"port 0x{run->io_port:x}: {e}");
        }
    }

    private void ServeMemory(kvm_run* run)
    {
        var length = (int)Math.Min(run->mmio_len, 8);
        var data = new Span<byte>(&run->mmio_data, length);
        try
        {
            if (run->mmio_is_write != 0)
                _machine.Mmio.Write(run->mmio_phys_addr, data);
            else
                _machine.Mmio.Read(run->mmio_phys_addr, data);
        }
        catch (Exception e)
        {
            _machine.End(MachineEvent.Crash, $"device memory 0x{run->mmio_phys_addr:x}: {e}");
        }
    }

    private static string InternalError(kvm_run* run)
    {
        var what = run->internal_suberror switch
        {
            1 => "an instruction that KVM cannot emulate",
            2 => "simultaneous exceptions",
            3 => "an exception while delivering an event",
            4 => "an unexpected exit",
            var other => $"suberror {other}",
        };
        var text = $"KVM internal error: {what}";
        for (var i = 0; i < Math.Min(run->internal_ndata, 16); i++)
            text += $" {run->internal_data[i]:x}";
        return text;
    }

    private string Describe(string what)
    {
        try
        {
            var regs = _vcpu.Get<kvm_regs>(KvmIoctl.KVM_GET_REGS, "KVM_GET_REGS");
            var sregs = _vcpu.Get<kvm_sregs>(KvmIoctl.KVM_GET_SREGS, "KVM_GET_SREGS");
            return string.Create(
                CultureInfo.InvariantCulture,
                $"vCPU {_vcpu.Index}: {what}; rip {sregs.cs.selector:x}:{regs.rip:x} rsp {sregs.ss.selector:x}:{regs.rsp:x} rflags {regs.rflags:x} rax {regs.rax:x} rbx {regs.rbx:x} rcx {regs.rcx:x} rdx {regs.rdx:x} rsi {regs.rsi:x} rdi {regs.rdi:x} rbp {regs.rbp:x} cr0 {sregs.cr0:x} cr2 {sregs.cr2:x} cr3 {sregs.cr3:x} cr4 {sregs.cr4:x} efer {sregs.efer:x}");
        }
        catch (LinuxException e)
        {
            return $"vCPU {_vcpu.Index}: {what}; no registers: {e.Message}";
        }
    }
}
