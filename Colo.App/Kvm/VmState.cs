using System.Runtime.InteropServices;
using Colo.State;

namespace Colo.Kvm;

/// <summary>
/// The state of a VM that is not a vCPU's: interrupt controllers, timer, clock. Bodies are KVM's structures.
/// <code>
/// CHIP v1 := 3 × struct kvm_irqchip (both 8259s, then the I/O APIC)
/// PIT2 v1 := struct kvm_pit_state2
/// CLCK v1 := nanoseconds of the guest's kvmclock (u64)
/// </code>
/// </summary>
internal sealed unsafe class VmState(KvmVm vm)
{
    private const int Chips = 3;
    private readonly kvm_irqchip[] _chips = new kvm_irqchip[Chips];
    private kvm_pit_state2 _pit;
    private ulong _clock;

    /// <summary>Reads the interrupt controllers and the timer from KVM.</summary>
    internal void CaptureChips()
    {
        for (var i = 0; i < Chips; i++)
        {
            _chips[i].chip_id = (uint)i;
            fixed (kvm_irqchip* chip = &_chips[i])
                vm.Do(KvmIoctl.KVM_GET_IRQCHIP, chip, "KVM_GET_IRQCHIP");
        }

        kvm_pit_state2 pit;
        vm.Do(KvmIoctl.KVM_GET_PIT2, &pit, "KVM_GET_PIT2");
        _pit = pit;
    }

    /// <summary>Reads the clock from KVM.</summary>
    internal void CaptureClock()
    {
        kvm_clock_data clock;
        vm.Do(KvmIoctl.KVM_GET_CLOCK, &clock, "KVM_GET_CLOCK");
        _clock = clock.clock;
    }

    /// <summary>Gives the clock to KVM; before the vCPUs' MSRs, which hold the kvmclock's place in guest memory.</summary>
    internal void ApplyClock()
    {
        var clock = new kvm_clock_data { clock = _clock };
        vm.Do(KvmIoctl.KVM_SET_CLOCK, &clock, "KVM_SET_CLOCK");
    }

    /// <summary>Gives the interrupt controllers and the timer to KVM; after the LAPICs, which the I/O APIC addresses.</summary>
    internal void ApplyChips()
    {
        for (var i = 0; i < Chips; i++)
        {
            fixed (kvm_irqchip* chip = &_chips[i])
                vm.Do(KvmIoctl.KVM_SET_IRQCHIP, chip, "KVM_SET_IRQCHIP");
        }

        var pit = _pit;
        vm.Do(KvmIoctl.KVM_SET_PIT2, &pit, "KVM_SET_PIT2");
    }

    internal void Save(StateWriter writer)
    {
        var record = writer.Begin("CHIP", 1);
        writer.Raw(MemoryMarshal.AsBytes(_chips.AsSpan()));
        writer.End(record);
        record = writer.Begin("PIT2", 1);
        var pit = _pit;
        writer.Raw(new ReadOnlySpan<byte>(&pit, sizeof(kvm_pit_state2)));
        writer.End(record);
        record = writer.Begin("CLCK", 1);
        writer.U64(_clock);
        writer.End(record);
    }

    internal void Load(ref StateReader reader)
    {
        var record = reader.Record("CHIP", 1, out _);
        for (var i = 0; i < Chips; i++)
        {
            _chips[i] = MemoryMarshal.Read<kvm_irqchip>(record.Raw(sizeof(kvm_irqchip)));
            if (_chips[i].chip_id != i)
                throw record.Bad($"interrupt controller {_chips[i].chip_id} where {i} is expected");
        }

        record.Finish();
        record = reader.Record("PIT2", 1, out _);
        _pit = MemoryMarshal.Read<kvm_pit_state2>(record.Raw(sizeof(kvm_pit_state2)));
        record.Finish();
        record = reader.Record("CLCK", 1, out _);
        _clock = record.U64();
        record.Finish();
    }
}
