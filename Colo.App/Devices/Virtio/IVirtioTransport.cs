namespace Colo.Devices.Virtio;

/// <summary>What a virtio device needs of its transport. Called on the device's event loop thread.</summary>
public interface IVirtioTransport
{
    /// <summary>A used buffer notification is due: the guest gets an interrupt.</summary>
    void NotifyUsed();

    /// <summary>The configuration space has changed: the guest gets an interrupt, and reads a new generation.</summary>
    void NotifyConfiguration();

    /// <summary>The guest has broken the format: DEVICE_NEEDS_RESET is set and the guest told (virtio 1.2, 2.1.2).</summary>
    void RequireReset();

    /// <summary>The device goes on after a standstill; an interrupt that a restored state still owes is raised now.</summary>
    void Resumed();
}
