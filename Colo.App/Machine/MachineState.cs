using Colo.Devices;
using Colo.Kvm;
using Colo.State;

namespace Colo.Machine;

/// <content>
/// The state record of a machine: everything but RAM.
/// <code>
/// MACH v1 := MHDR VCPU × n CHIP PIT2 CLCK DEVS
/// MHDR v1 := vCPUs (u32) bytes of RAM (u64) TSC rate in kHz (u32) how it ended (u8, 0: it has not) what of it was said (text)
/// DEVS v1 := count (u32) { name (text) state (u32 length, the device's own record) }
/// </code>
/// VCPU to CLCK: see <see cref="VcpuState"/> and <see cref="VmState"/>.
/// </content>
public sealed unsafe partial class Machine
{
    private const int PvclockSize = 32;
    private const int MostDeviceState = 1 << 20;
    private const int MostText = 4096;

    // What was captured last, and what is being loaded: two sets, so that a load that KVM refuses can be taken back.
    private VcpuState[] _states = [];
    private VcpuState[] _incoming = [];
    private GuestTsc _tsc = null!;
    private VmState _vmState = null!;
    private VmState _incomingVm = null!;
    private readonly StateWriter _deviceScratch = new();

    /// <summary>Writes the state of a stopped machine. Devices have no request under way.</summary>
    public void SaveState(StateWriter writer)
    {
        RefuseRunning();
        CaptureKvm();
        var machine = writer.Begin("MACH", 1);
        var record = writer.Begin("MHDR", 1);
        writer.U32((uint)_vcpus.Length);
        writer.U64(_memory.Size);
        writer.U32(TscKhz);
        writer.U8((byte)_ended);
        writer.Text(_endText.Length <= 1000 ? _endText : _endText[..1000]);
        writer.End(record);
        foreach (var state in _states)
            state.Save(writer);
        _vmState.Save(writer);
        record = writer.Begin("DEVS", 1);
        writer.U32((uint)_stateful.Count);
        foreach (var (name, state) in _stateful)
        {
            writer.Text(name);
            _deviceScratch.Clear();
            state.Save(_deviceScratch);
            writer.Bytes(_deviceScratch.Written);
        }

        writer.End(record);
        writer.End(machine);
    }

    /// <summary>
    /// Reads the state of a machine with the same devices into this stopped one, whether it has run or not. All is read
    /// and checked before anything is changed; what a device or KVM then refuses is taken back.
    /// </summary>
    /// <exception cref="StateFormatException">The record is damaged, or of another kind of machine. Nothing is changed.</exception>
    public void LoadState(ref StateReader reader) => Load(ref reader, powerOn: false);

    private void Load(ref StateReader reader, bool powerOn)
    {
        RefuseRunning();
        var record = reader.Record("MACH", 1, out _);
        var (ended, text, tscKhz) = LoadHeader(ref record, powerOn);
        foreach (var state in _incoming)
            state.Load(ref record);
        _incomingVm.Load(ref record);
        var devices = ReadDevices(ref record);
        record.Finish();

        CaptureKvm();
        var tscKhzBefore = TscKhz;
        var loaded = 0;
        var before = new byte[devices.Length][];
        try
        {
            for (; loaded < devices.Length; loaded++)
            {
                before[loaded] = SaveDevice(_stateful[loaded].State);
                LoadDevice(_stateful[loaded], devices[loaded]);
            }

            SetTscRate(tscKhz);
            ApplyKvm(_incoming, _incomingVm);
        }
        catch (Exception e)
        {
            SetTscRate(tscKhzBefore);
            ApplyKvm(_states, _vmState);

            // The one that refused may have changed part of itself, too.
            for (var i = Math.Min(loaded, devices.Length - 1); i >= 0; i--)
                LoadDevice(_stateful[i], before[i]);
            throw e as StateFormatException ?? new StateFormatException($"the machine's state is refused: {e.Message}");
        }

        (_states, _incoming) = (_incoming, _states);
        (_vmState, _incomingVm) = (_incomingVm, _vmState);
        lock (Gate)
            (_ended, _endText, _endReported) = (ended, text, false);
    }

    /// <summary>
    /// A reset: the state of power on, saved before the machine first ran, but for what a battery keeps. The clock goes on: a guest
    /// that boots again reads the time of day from it, and what it has set it to.
    /// </summary>
    /// <inheritdoc cref="LoadState"/>
    public void LoadPowerOn(ref StateReader reader)
    {
        var battery = _clock.TakeBattery();
        Load(ref reader, powerOn: true);
        _clock.Reset(battery);
    }

    /// <summary>Whether a load gives the time-stamp counters exactly the values that were captured (<see cref="GuestTsc"/>).</summary>
    internal bool TscIsExact => _tsc.Exact;

    /// <summary>A vCPU's state while the machine stands still, for tests and boot.</summary>
    internal VcpuState StateOf(int vcpu) => _states[vcpu];

    private static byte[] SaveDevice(IStatefulDevice device)
    {
        var writer = new StateWriter(512);
        device.Save(writer);
        return writer.Written.ToArray();
    }

    private static void LoadDevice((string Name, IStatefulDevice State) device, byte[] bytes)
    {
        var reader = new StateReader(bytes, device.Name);
        device.State.Load(ref reader);
        reader.Finish();
    }

    private void ApplyKvm(VcpuState[] vcpus, VmState vm)
    {
        // All counters first: KVM lets its clock go by them only while they are equal.
        _tsc.Apply(vcpus);
        vm.ApplyClock();
        foreach (var vcpu in vcpus)
        {
            vcpu.Apply(tsc: !_tsc.Exact);
            // Told where the clock is, KVM has looked it up for writing: over an image the page is now the guest's own, and
            // it writes, and logs that, not before the vCPU runs.
            if (vcpu.ClockAddress is { } clock)
                _memory.MarkDirty(clock, PvclockSize);
        }

        vm.ApplyChips();
    }

    private void CaptureKvm()
    {
        foreach (var state in _states)
            state.Capture();
        _vmState.CaptureChips();
        // The two clocks side by side, so that they keep their distance.
        _tsc.Capture(_states);
        _vmState.CaptureClock();
    }

    // Before anything has run: KVM refuses another CPUID afterwards, and a guest that starts anew reads the rate from there. The
    // values of the counters, which this changes, are set with the state.
    private void SetTscRate(uint khz)
    {
        if (khz == TscKhz)
            return;
        foreach (var vcpu in _vcpus)
            vcpu.SetTscKhz(khz);
        TscKhz = khz;
        _cpuid = GuestCpuid.WithTscRate(_cpuid, khz);
        SetCpuid();
    }

    private (MachineEvent Ended, string Text, uint TscKhz) LoadHeader(ref StateReader reader, bool powerOn)
    {
        var header = reader.Record("MHDR", 1, out _);
        var cpus = header.U32();
        var size = header.U64();
        var khz = header.U32();
        var ended = header.U8();
        var text = header.Text(MostText);
        header.Finish();
        if (cpus != _vcpus.Length)
            throw header.Bad($"{cpus} vCPUs, this machine has {_vcpus.Length}: set the same [vm] cpus on both nodes");
        if (size != _memory.Size)
            throw header.Bad($"{size} bytes of RAM, this machine has {_memory.Size}: set the same [vm] memory on both nodes");
        // A guest that starts anew keeps the rate that it came with: CPUID says it, and KVM takes no other one any more.
        var same = powerOn || TscRate.IsSame(khz, TscKhz);
        if (!same && (khz == 0 || !TakesTscRates))
            throw header.Bad($"time-stamp counter at {khz} kHz, this machine's at {TscKhz}: use hosts with the same rate, or with processors that scale it");
        if (ended > (byte)MachineEvent.Panic)
            throw header.Bad($"end {ended}");
        return ((MachineEvent)ended, text, same ? TscKhz : khz);
    }

    private byte[][] ReadDevices(ref StateReader reader)
    {
        var record = reader.Record("DEVS", 1, out _);
        var count = record.U32();
        if (count != _stateful.Count)
            throw record.Bad($"{count} devices, this machine has {_stateful.Count}");
        var devices = new byte[_stateful.Count][];
        for (var i = 0; i < devices.Length; i++)
        {
            var name = record.Text(MostText);
            if (name != _stateful[i].Name)
                throw record.Bad($"device '{name}' where '{_stateful[i].Name}' is expected");
            devices[i] = record.Bytes(MostDeviceState).ToArray();
        }

        record.Finish();
        return devices;
    }

    private void RefuseRunning()
    {
        if (!IsStopped)
            throw new InvalidOperationException("the machine is not stopped");
    }

    private void MakeStates()
    {
        _states = [.. _vcpus.Select(vcpu => new VcpuState(_system, vcpu, CpuIdentity.Xsave(_cpuid)))];
        _incoming = [.. _vcpus.Select(vcpu => new VcpuState(_system, vcpu, CpuIdentity.Xsave(_cpuid)))];
        _tsc = new GuestTsc(_vcpus, TscKhz);
        _tsc.MakeEqual();
        _vmState = new VmState(_vm);
        _incomingVm = new VmState(_vm);
    }

    private void FreeStates()
    {
        foreach (var state in _states)
            state.Dispose();
        foreach (var state in _incoming)
            state.Dispose();
    }
}
