namespace Colo.Boot;

/// <summary>What the tables of the firmware say of a machine.</summary>
/// <param name="Cpus">vCPUs, 1 to 254; local APIC n is vCPU n.</param>
/// <param name="Acpi">Whether there are ACPI tables beside the MP table.</param>
/// <param name="Virtio">The virtio-mmio devices that the ACPI tables name.</param>
internal sealed record Platform(int Cpus, bool Acpi, IReadOnlyList<VirtioWindow> Virtio);

/// <summary>The place of a virtio-mmio device.</summary>
/// <param name="Base">Guest-physical address of its registers, below 4 GiB.</param>
/// <param name="Size">Bytes of registers.</param>
/// <param name="Gsi">Its input of the I/O APIC, edge triggered, active high.</param>
internal readonly record struct VirtioWindow(ulong Base, ulong Size, uint Gsi);
