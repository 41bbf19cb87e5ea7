using Colo.State;

namespace Colo.Devices;

/// <summary>One interrupt input of the guest's interrupt controller. May be raised from any thread.</summary>
public interface IInterruptLine
{
    /// <summary>Pulses the line: one edge (an irqfd of KVM).</summary>
    void Raise();
}

/// <summary>One interrupt input of the guest's interrupt controller that is held. May be set from any thread.</summary>
public interface IInterruptLevel
{
    /// <summary>Asserts the line, or lets go of it.</summary>
    void Set(bool asserted);
}

/// <summary>A device with registers in memory (MMIO) or ports. Called on the vCPU thread that made the access.</summary>
public interface IRegisterDevice
{
    /// <summary>The guest reads 1, 2, 4 or 8 bytes; what a device does not know reads as zero.</summary>
    /// <param name="offset">Bytes from the start of the device's range.</param>
    /// <param name="data">Filled by the device.</param>
    void Read(ulong offset, Span<byte> data);

    /// <summary>The guest writes 1, 2, 4 or 8 bytes; what a device does not know is ignored.</summary>
    /// <param name="offset">Bytes from the start of the device's range.</param>
    /// <param name="data">What the guest wrote.</param>
    void Write(ulong offset, ReadOnlySpan<byte> data);
}

/// <summary>A device whose state is part of a checkpoint. Called while the vCPUs and the device stand still.</summary>
public interface IStatefulDevice
{
    /// <summary>Writes one record with a tag and version of the device's own.</summary>
    void Save(StateWriter writer);

    /// <summary>Reads the record of <see cref="Save"/>. Throws <see cref="StateFormatException"/> on what it does not know, and then may have changed nothing that runs.</summary>
    void Load(ref StateReader reader);
}
