using System.Numerics;
using Colo.Boot;
using Colo.Devices;
using Colo.Devices.Legacy;
using Colo.Devices.Virtio;
using Colo.Kvm;
using Colo.Linux;
using Colo.Memory;
using Colo.Monitor;

namespace Colo.Machine;

/// <summary>
/// A virtual machine: RAM, vCPUs on threads of their own, in-kernel interrupt controllers and timer, the few devices of
/// a PC that any guest expects, and added devices. Knows how to stop with nothing half done, to save its state and to
/// go on from one. Everything but RAM, which is the caller's. Members are for the loop's thread unless they say otherwise.
/// </summary>
public sealed unsafe partial class Machine : IDisposable
{
    // Inputs of the I/O APIC for added devices: what serial port (4), RTC (8), keyboard (1, 12), timer (0, 2) and
    // power button (13) do not use.
    private static readonly uint[] DeviceGsis = [5, 6, 7, 9, 10, 11, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];

    private readonly EventLoop _loop;
    private readonly GuestMemory _memory;
    private readonly KvmSystem _system;
    private readonly KvmVm _vm;
    private readonly KvmVcpu[] _vcpus;
    private readonly VcpuThread[] _threads;
    private readonly List<(ulong Address, uint Value, EventFd Fd)> _doorbells = [];
    private readonly Queue<Action> _onStopped = new();
    private readonly List<(string Name, IStatefulDevice State)> _stateful = [];
    private kvm_cpuid_entry2[] _cpuid; // as the first vCPU sees it
    private readonly List<VirtioWindow> _virtio = [];
    private readonly RealTimeClock _clock;
    private PowerEvents _powerEvents = null!;
    private int _addedDevices;
    private ulong _nextBase = MemoryLayout.DevicesStart;
    private bool _started;
    private volatile bool _stop;
    private volatile bool _exiting;
    private MachineEvent _ended;
    private bool _endReported;
    private string _endText = "";
    private bool _disposed;

    /// <summary>Makes a machine that does not run yet.</summary>
    /// <exception cref="KvmException">This host cannot do it; the message names the mend.</exception>
    public Machine(MachineOptions options, GuestMemory memory, EventLoop loop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Cpus, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Cpus, MpTable.MostCpus);
        (_memory, _loop) = (memory, loop);
        _system = KvmSystem.Open();
        _vcpus = new KvmVcpu[options.Cpus];
        _threads = new VcpuThread[options.Cpus];
        try
        {
            var most = _system.Check(KvmCapability.KVM_CAP_MAX_VCPUS);
            if (options.Cpus > most)
                throw new KvmException($"this host's KVM has at most {most} vCPUs a guest, {options.Cpus} are asked for: lower [vm] cpus");
            var ring = ChooseRing(options);
            var manual = _system.Check(KvmCapability.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2) > 0;
            _vm = new KvmVm(_system, ring, manual);
            MapRam(log: false);
            for (var i = 0; i < _vcpus.Length; i++)
                _vcpus[i] = new KvmVcpu(_system, _vm, i, ring);
            TscKhz = _vcpus[0].TscKhz();
            // As the first vCPU sees it: what KVM says to this thread has the numbers of the host CPU it happens to run on.
            _cpuid = GuestCpuid.ForVcpu(
                GuestCpuid.Build(
                    _system.SupportedCpuid(), options.Model, options.MaskRandom,
                    _system.Check(KvmCapability.KVM_CAP_TSC_DEADLINE_TIMER) > 0, TscKhz,
                    memory.HighSize > 0 ? GuestMemory.HoleEnd + memory.HighSize : memory.LowSize),
                0,
                _vcpus.Length);
            CpuDescription = CpuIdentity.Describe(_cpuid, options.Model);
            SetCpuid();
            foreach (var vcpu in _vcpus)
                _threads[vcpu.Index] = new VcpuThread(this, vcpu);

            Dirty = new DirtyTracker(_vm, memory, _vcpus, ring > 0, manual, MapRam);
            MakeStates();
            Serial = new SerialPort(new IrqLine(_vm, SerialPort.Gsi));
            _clock = new RealTimeClock(memory.Size, options.Time);
            AddLegacyDevices();
        }
        catch
        {
            Free();
            throw;
        }
    }

    /// <summary>Called on the loop's thread when the guest's run has ended by itself; the text is for the log.</summary>
    public Action<MachineEvent, string>? OnEvent { get; set; }

    /// <summary>Whether it stands still with nothing half done: before <see cref="Start"/>, after a stop, after its end.</summary>
    public bool IsStopped
    {
        get
        {
            lock (Gate)
                return AllParked;
        }
    }

    /// <summary>Whether the guest's run has ended by itself: it stays stopped until a state is loaded.</summary>
    public bool HasEnded
    {
        get
        {
            lock (Gate)
                return _ended != 0;
        }
    }

    /// <summary>The pages that the guest and its devices write.</summary>
    public DirtyTracker Dirty { get; private set; } = null!;

    /// <summary>Number of vCPUs.</summary>
    public int VcpuCount => _vcpus.Length;

    /// <summary>The serial port at 0x3f8.</summary>
    public SerialPort Serial { get; private set; } = null!;

    /// <summary>How many vCPUs it has.</summary>
    public int Cpus => _vcpus.Length;

    /// <summary>The rate of the guest's time-stamp counter, kHz.</summary>
    public uint TscKhz { get; private set; }

    /// <summary>Whether it can take a guest whose counter has another rate (<see cref="LoadState"/>): the processor scales, and nothing has run yet.</summary>
    public bool TakesTscRates => !_started && _system.Check(KvmCapability.KVM_CAP_TSC_CONTROL) > 0;

    /// <summary>The CPU that the guest sees, but for the rate of its counter: the same text on two hosts that can take over from each other.</summary>
    public string CpuDescription { get; }

    /// <summary>Whether KVM shadows guest page tables on this host: see <see cref="ForgetTranslations"/>.</summary>
    public static bool UsesShadowPaging => KvmSystem.UsesShadowPaging;

    /// <summary>Whether the loaded kernel says (note "colo", type 1) that its page tables are fixed after boot, so no flush is needed.</summary>
    public bool PageTablesFixed { get; private set; }

    internal object Gate { get; } = new();

    internal Bus Ports { get; } = new();

    internal Bus Mmio { get; } = new();

    internal bool StopRequested => _stop;

    internal bool Exiting => _exiting;

    private bool AllParked
    {
        get
        {
            if (!_started)
                return true;
            if (!_stop)
                return false;
            foreach (var thread in _threads)
            {
                if (!thread.Parked)
                    return false;
            }

            return true;
        }
    }

    /// <summary>Reserves registers and an interrupt for a device that is made with them. Before <see cref="Start"/>.</summary>
    /// <param name="size">Bytes of registers, a multiple of 4, at most 1 MiB.</param>
    /// <param name="name">Its name in state records, or null for <c>mmio0</c> and so on.</param>
    public MmioSlot ReserveMmio(ulong size, string? name = null)
    {
        RefuseStarted();
        if (size is 0 or > 1 << 20 || size % 4 != 0)
            throw new ArgumentOutOfRangeException(nameof(size), size, "device registers are 4 bytes to 1 MiB");
        if (_addedDevices == DeviceGsis.Length)
            throw new InvalidOperationException($"a machine takes {DeviceGsis.Length} devices: use fewer disks and network cards");
        var gsi = DeviceGsis[_addedDevices];
        var slot = new MmioSlot(this, name ?? $"mmio{_addedDevices}", _nextBase, size, gsi, new IrqLine(_vm, gsi));
        _addedDevices++;
        _nextBase += (size + 0xFFF) & ~0xFFFUL;
        return slot;
    }

    /// <summary>Adds a device that needs to know nothing of its place. Before <see cref="Start"/>.</summary>
    /// <param name="device">Called on vCPU threads.</param>
    /// <param name="state">What of it is in checkpoints, or null.</param>
    /// <param name="size">Bytes of registers.</param>
    public MmioSlot AddMmioDevice(IRegisterDevice device, IStatefulDevice? state, ulong size)
    {
        var slot = ReserveMmio(size);
        Attach(slot, device, state);
        return slot;
    }

    /// <summary>Puts a kernel into RAM and the first vCPU at its entry. Before <see cref="Start"/>.</summary>
    /// <param name="kernel">A Linux bzImage (<see cref="BzImage"/>), or an ELF file with a PVH note (<see cref="PvhKernel"/>).</param>
    /// <param name="initrd">An initial RAM disk, or empty.</param>
    /// <param name="commandLine">ASCII.</param>
    /// <param name="tables">How it learns of the machine.</param>
    /// <exception cref="BootException">Something does not fit; the message names it.</exception>
    public void LoadKernel(ReadOnlySpan<byte> kernel, ReadOnlySpan<byte> initrd, string commandLine, FirmwareTables tables = FirmwareTables.Mp)
    {
        RefuseStarted();
        var entry = WriteKernel(kernel, initrd, commandLine, tables);
        PageTablesFixed = entry.PageTablesFixed;
        var state = _states[0];
        state.CaptureRegisters();
        entry.Set(ref state.Regs, ref state.Sregs);
        state.ApplyRegisters();
        EnableFastStrings();
    }

    /// <summary>Puts a kernel into RAM that is clear, and leaves the vCPUs as they are: for a reset of a stopped machine.</summary>
    /// <inheritdoc cref="LoadKernel"/>
    internal BootEntry WriteKernel(ReadOnlySpan<byte> kernel, ReadOnlySpan<byte> initrd, string commandLine, FirmwareTables tables) => BootLoader.Load(
        kernel, initrd, commandLine, _memory,
        new Platform(_vcpus.Length, tables != FirmwareTables.Mp, tables == FirmwareTables.Acpi ? _virtio : []));

    /// <summary>Presses the power button. From any thread.</summary>
    /// <returns>False, and nothing is done, when the guest does not listen to it or has ended.</returns>
    public bool PressPowerButton() => !HasEnded && _powerEvents.Press();

    /// <summary>Whether the guest's power button was pressed since it started; a checkpoint carries it. From any thread.</summary>
    public bool PowerButtonPressed => _powerEvents.Pressed;

    /// <summary>Lets the vCPUs run, each on a thread of its own.</summary>
    public void Start()
    {
        lock (Gate)
        {
            RefuseStarted();
            _started = true;
            _stop = _ended != 0;
        }

        foreach (var thread in _threads)
            thread.Start();
        ReportLoadedEnd();
    }

    /// <summary>
    /// Asks all vCPUs to stand still. <paramref name="onStopped"/> is run on the loop's thread, later, when all do,
    /// with no half-done exit. A vCPU may meanwhile wait for the loop (<see cref="EventLoop.Invoke"/>), so the loop goes
    /// on serving. Several requests are served in order; each may resume the machine.
    /// </summary>
    public void RequestStop(Action onStopped)
    {
        lock (Gate)
        {
            _onStopped.Enqueue(onStopped);
            if (_started)
                StopAll();
            if (AllParked)
                _loop.Post(RunOnStopped);
        }
    }

    /// <summary>Lets a stopped machine run on; one that has never run starts. A machine that has ended stays stopped.</summary>
    /// <exception cref="InvalidOperationException">It is not stopped.</exception>
    public void Resume()
    {
        if (!_started)
        {
            Start();
            return;
        }

        lock (Gate)
        {
            if (!AllParked)
                throw new InvalidOperationException("the machine is not stopped");
            if (_ended == 0)
            {
                _stop = false;
                foreach (var thread in _threads)
                    thread.Unpark();
                System.Threading.Monitor.PulseAll(Gate);
            }
        }

        ReportLoadedEnd();
    }

    /// <summary>Tells the guest, when it runs on, that it stood still for long while its time-stamp counters went on. The machine stands still.</summary>
    public void TellPaused()
    {
        RefuseRunning();
        foreach (var vcpu in _vcpus)
            vcpu.TellPaused();
    }

    /// <summary>
    /// After the host has changed page tables in RAM below a guest that had run: makes KVM forget its shadows of them
    /// (<see cref="KvmVm.FlushShadowPages"/>), and processors the translations that they have kept of them. The machine stands still.
    /// </summary>
    /// <remarks>
    /// With EPT or NPT a processor keeps what it has translated by the guest's tables until the guest itself, or KVM, tells it
    /// otherwise; KVM does when a control register that paging depends on changes (__set_sregs of arch/x86/kvm/x86.c), not for a
    /// load with the same ones. It does, too, when it protects pages that were dirty: see <see cref="DirtyTracker.Protected"/>.
    /// </remarks>
    public void ForgetTranslations()
    {
        RefuseRunning();
        if (UsesShadowPaging)
        {
            _vm.FlushShadowPages();
            return;
        }

        foreach (var vcpu in _vcpus)
        {
            var sregs = vcpu.Get<kvm_sregs>(KvmIoctl.KVM_GET_SREGS, "KVM_GET_SREGS");
            var changed = sregs;
            changed.cr3 ^= GuestMemory.PageSize;
            vcpu.Set(KvmIoctl.KVM_SET_SREGS, changed, "KVM_SET_SREGS");
            vcpu.Set(KvmIoctl.KVM_SET_SREGS, sregs, "KVM_SET_SREGS");
        }
    }

    /// <summary>
    /// Ends the vCPU threads and frees everything but RAM. Not on the loop's thread while a vCPU runs that may wait for
    /// the loop: stop the machine first.
    /// </summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        lock (Gate)
        {
            _exiting = true;
            StopAll();
            System.Threading.Monitor.PulseAll(Gate);
        }

        foreach (var thread in _threads)
        {
            if (_started && !thread.Join(TimeSpan.FromSeconds(10)))
            {
                Log.Error("a vCPU thread does not end: it waits for the event loop that disposes its machine; its resources stay");
                return;
            }
        }

        Free();
    }

    internal void Attach(MmioSlot slot, IRegisterDevice device, IStatefulDevice? state)
    {
        RefuseStarted();
        Mmio.Add(slot.Base, slot.Size, device);
        if (device is VirtioMmio)
            _virtio.Add(new VirtioWindow(slot.Base, slot.Size, slot.Gsi));
        if (state is not null)
            _stateful.Add((slot.Name, state));
    }

    internal EventFd AddDoorbell(ulong address, uint value)
    {
        RefuseStarted();
        var fd = new EventFd();
        try
        {
            _vm.AddIoEventFd(address, value, fd.Number);
        }
        catch
        {
            fd.Dispose();
            throw;
        }

        _doorbells.Add((address, value, fd));
        return fd;
    }

    /// <summary>Called by a vCPU's thread that has parked, under the lock.</summary>
    internal void OnParked()
    {
        if (_onStopped.Count > 0 && AllParked)
            _loop.Post(RunOnStopped);
    }

    /// <summary>Ends the guest's run, from any thread; the first reason counts.</summary>
    internal void End(MachineEvent how, string text)
    {
        lock (Gate)
        {
            if (_ended != 0)
                return;
            (_ended, _endText, _endReported) = (how, text, true);
            if (how == MachineEvent.Crash)
                Log.Error(text);
            StopAll();
        }

        _loop.Post(() => OnEvent?.Invoke(how, text));
    }

    private void RunOnStopped()
    {
        while (true)
        {
            Action next;
            lock (Gate)
            {
                if (_onStopped.Count == 0)
                    return;
                if (!AllParked)
                {
                    // One of them has resumed the machine, and others are still waiting for a stop of theirs.
                    StopAll();
                    return;
                }

                next = _onStopped.Dequeue();
            }

            next();
        }
    }

    private void StopAll()
    {
        _stop = true;
        foreach (var thread in _threads)
            thread?.Kick();
    }

    private void ReportLoadedEnd()
    {
        lock (Gate)
        {
            if (_ended == 0 || _endReported)
                return;
            _endReported = true;
        }

        var (how, text) = (_ended, _endText);
        _loop.Post(() => OnEvent?.Invoke(how, text));
    }

    private void RefuseStarted()
    {
        if (_started)
            throw new InvalidOperationException("the machine has started");
    }

    private void SetCpuid()
    {
        foreach (var vcpu in _vcpus)
            vcpu.SetCpuid(GuestCpuid.ForVcpu(_cpuid, vcpu.Index, _vcpus.Length));
    }

    private int ChooseRing(MachineOptions options)
    {
        var most = _system.Check(KvmCapability.KVM_CAP_DIRTY_LOG_RING_ACQ_REL) / sizeof(kvm_dirty_gfn);
        // Not by itself where KVM has no hardware for paging: KVM-PVM overruns the ring (see DirtyTracker).
        if (options.DirtyLog == DirtyLogKind.Bitmap || (options.DirtyLog == DirtyLogKind.Auto && (most < 1024 || UsesShadowPaging)))
            return 0;
        if (most < 1024)
            throw new KvmException("this host's KVM lacks KVM_CAP_DIRTY_LOG_RING_ACQ_REL: use Linux 6.1 or later, or the bitmap");
        if (options.DirtyRingEntries is < 1024 or > 65536 || !BitOperations.IsPow2(options.DirtyRingEntries))
            throw new ArgumentOutOfRangeException(nameof(options), options.DirtyRingEntries, "a dirty ring has 1,024 to 65,536 entries, a power of two");
        return Math.Min(most, options.DirtyRingEntries);
    }

    private void MapRam(bool log)
    {
        var flags = log ? KvmValue.KVM_MEM_LOG_DIRTY_PAGES : 0;
        _vm.SetMemory(MemoryLayout.LowSlot, flags, 0, _memory.LowSize, _memory.Base);
        if (_memory.HighSize > 0)
            _vm.SetMemory(MemoryLayout.HighSlot, flags, GuestMemory.HoleEnd, _memory.HighSize, _memory.Base + _memory.LowSize);
    }

    // As firmware leaves it. KVM's reset value has the bit clear (kvm_vcpu_reset of arch/x86/kvm/x86.c), and then Linux on an Intel
    // CPU takes ERMS and REP_GOOD back (early_init_intel of arch/x86/kernel/cpu/intel.c). Where KVM does not give or take the MSR,
    // it is left as it is.
    private void EnableFastStrings()
    {
        foreach (var vcpu in _vcpus)
            _ = vcpu.TrySetMsrBits(KvmValue.MSR_IA32_MISC_ENABLE, KvmValue.MSR_IA32_MISC_ENABLE_FAST_STRING);
    }

    private void AddLegacyDevices()
    {
        AddPort(SerialPort.Port, SerialPort.Size, "serial", Serial);
        AddPort(RealTimeClock.Port, RealTimeClock.Ports, "rtc", _clock);
        var keyboard = new KeyboardController(
            new IrqLine(_vm, 1), () => End(MachineEvent.Reset, "the guest asked the keyboard controller for a reset"));
        AddPort(0x60, 1, null, keyboard.DataPort);
        AddPort(KeyboardController.CommandPortNumber, 1, null, keyboard.CommandPort);
        _stateful.Add(("i8042", keyboard));
        AddPort(PowerPort.Port, PowerPort.Size, "power", new PowerPort(() => End(MachineEvent.PowerOff, "by its power management register")));
        _powerEvents = new PowerEvents(new IrqLevel(_vm, PowerEvents.Gsi));
        AddPort(PowerEvents.Port, PowerEvents.Size, "power-events", _powerEvents);
        AddPort(PanicPort.Port, PanicPort.Size, null, new PanicPort(
            () => End(MachineEvent.Panic, "pvpanic; its console says why"),
            () => Log.Warning("the guest's kernel has crashed, and its crash kernel goes on (pvpanic)")));
    }

    private void AddPort<T>(ulong port, ulong size, string? name, T device)
        where T : IRegisterDevice
    {
        Ports.Add(port, size, device);
        if (name is not null && device is IStatefulDevice state)
            _stateful.Add((name, state));
    }

    private void Free()
    {
        FreeStates();
        Dirty?.Dispose();
        foreach (var (_, _, fd) in _doorbells)
            fd.Dispose();
        foreach (var vcpu in _vcpus)
            vcpu?.Dispose();
        _vm?.Dispose();
        _system.Dispose();
    }
}
