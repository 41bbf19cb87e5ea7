using Colo.Devices;

namespace Colo.Kvm;

/// <summary>A level-triggered input of the in-kernel interrupt controllers.</summary>
internal sealed class IrqLevel(KvmVm vm, uint gsi) : IInterruptLevel
{
    /// <inheritdoc/>
    public void Set(bool asserted) => vm.SetIrqLine(gsi, asserted);
}

/// <summary>
/// An edge-triggered input of the in-kernel interrupt controllers. Not an irqfd: that hands the edge to a kernel worker
/// for the I/O APIC, so a checkpoint taken in between would lose it. KVM_IRQ_LINE has put it into the controllers'
/// state when it returns.
/// </summary>
internal sealed class IrqLine(KvmVm vm, uint gsi) : IInterruptLine
{
    /// <inheritdoc/>
    public void Raise()
    {
        vm.SetIrqLine(gsi, true);
        vm.SetIrqLine(gsi, false);
    }
}
