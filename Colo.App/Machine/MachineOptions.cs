using Colo.Kvm;

namespace Colo.Machine;

/// <summary>How KVM's dirty log is kept.</summary>
public enum DirtyLogKind
{
    /// <summary>The ring where KVM has it and runs on EPT or NPT, else the bitmap.</summary>
    Auto,

    /// <summary>A ring of dirty pages a vCPU (KVM_CAP_DIRTY_LOG_RING_ACQ_REL): costs by what is dirty.</summary>
    Ring,

    /// <summary>A bitmap a memory slot (KVM_GET_DIRTY_LOG): costs by the size of memory.</summary>
    Bitmap,
}

/// <summary>What a <see cref="Machine"/> is made of.</summary>
/// <param name="Cpus">vCPUs, 1 to 254.</param>
public sealed record MachineOptions(int Cpus)
{
    /// <summary>The CPU that the guest sees; a level that the host lacks is refused.</summary>
    public CpuModel Model { get; init; } = CpuModel.Host;

    /// <summary>Hides RDRAND and RDSEED from the guest: fewer differences between the two VMs of a pair.</summary>
    public bool MaskRandom { get; init; }

    /// <summary>The host's time of day, which the guest's real-time clock begins with.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How dirty pages are found.</summary>
    public DirtyLogKind DirtyLog { get; init; } = DirtyLogKind.Auto;

    /// <summary>Entries of each vCPU's dirty ring: a power of two, 1,024 to 65,536.</summary>
    public int DirtyRingEntries { get; init; } = 65536;
}

/// <summary>What a kernel is told of the machine by tables in its memory.</summary>
public enum FirmwareTables
{
    /// <summary>An MP table; devices are for the command line.</summary>
    Mp,

    /// <summary>ACPI tables with the virtio devices, and an MP table.</summary>
    Acpi,

    /// <summary>ACPI tables, and an MP table; virtio devices are for the command line.</summary>
    AcpiWithoutVirtio,
}

/// <summary>How the guest's run ended.</summary>
public enum MachineEvent
{
    /// <summary>The guest powered itself off.</summary>
    PowerOff = 1,

    /// <summary>The guest asked for a reset.</summary>
    Reset = 2,

    /// <summary>A triple fault: on hardware a reset too.</summary>
    TripleFault = 3,

    /// <summary>KVM cannot go on (internal error, failed entry) or a device failed; the text says what.</summary>
    Crash = 4,

    /// <summary>The guest's kernel said that it has crashed (<see cref="Devices.Legacy.PanicPort"/>).</summary>
    Panic = 5,
}
