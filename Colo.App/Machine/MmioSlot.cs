using Colo.Devices;
using Colo.Linux;

namespace Colo.Machine;

/// <summary>
/// The place of an added device: its registers' address, its interrupt, and doorbells that signal an eventfd
/// without leaving the guest's run for the vCPU's thread.
/// </summary>
public sealed class MmioSlot
{
    private readonly Machine _machine;

    internal MmioSlot(Machine machine, string name, ulong baseAddress, ulong size, uint gsi, IInterruptLine interrupt) =>
        (_machine, Name, Base, Size, Gsi, Interrupt) = (machine, name, baseAddress, size, gsi, interrupt);

    /// <summary>The device's name in state records: <c>mmio0</c> and so on in the order of adding, or its own.</summary>
    public string Name { get; }

    /// <summary>The guest-physical address of the registers.</summary>
    public ulong Base { get; }

    /// <summary>Bytes of registers.</summary>
    public ulong Size { get; }

    /// <summary>The number of the interrupt, as the guest's I/O APIC counts it.</summary>
    public uint Gsi { get; }

    /// <summary>The interrupt line, edge triggered.</summary>
    public IInterruptLine Interrupt { get; }

    /// <summary>What the kernel command line of a Linux guest says of a virtio-mmio device here.</summary>
    public string LinuxParameter => $"virtio_mmio.device=0x{Size:x}@0x{Base:x}:{Gsi}";

    /// <summary>
    /// Makes an eventfd that KVM signals when the guest writes <paramref name="value"/> as 32 bits at
    /// <paramref name="offset"/>; the device then does not see that write. The machine owns it. A signal that has
    /// come when the machine stops is in no state record: a device looks at its queues again after a resume or load.
    /// </summary>
    /// <param name="offset">Bytes from <see cref="Base"/>.</param>
    /// <param name="value">The value written: for virtio the number of the queue.</param>
    public EventFd AddDoorbell(ulong offset, uint value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Size - 4);
        return _machine.AddDoorbell(Base + offset, value);
    }

    /// <summary>Puts the device behind the registers, where the slot was reserved before the device was made.</summary>
    /// <param name="device">Called on vCPU threads.</param>
    /// <param name="state">What of it is in checkpoints, or null.</param>
    public void Attach(IRegisterDevice device, IStatefulDevice? state) => _machine.Attach(this, device, state);
}
