using Colo.Block;
using Colo.Devices.Virtio;

namespace Colo.Node;

/// <summary>One disk of the guest: the virtual device and the image behind it. On the loop's thread.</summary>
internal sealed class GuestDisk(string name, VirtioBlock device, VirtioMmio transport, IBlockBackend backend) : IDisposable
{
    internal string Name { get; } = name;

    internal VirtioBlock Device { get; } = device;

    internal long Size => backend.Size;

    /// <inheritdoc/>
    public void Dispose()
    {
        transport.Disconnect();
        Device.Dispose();
        backend.Dispose();
    }
}
