using Colo.Block;
using Colo.Block.Replication;
using Colo.Devices.Virtio;

namespace Colo.Node;

/// <summary>
/// One disk of the guest: the virtual device, the image, and between them what the node's role makes of its requests. On
/// the loop's thread.
/// </summary>
/// <param name="name">NAME of its section.</param>
/// <param name="path">The image's path.</param>
/// <param name="device">The virtual disk, connected with <paramref name="front"/>.</param>
/// <param name="transport">Its transport.</param>
/// <param name="front">Where its requests arrive; with no target yet.</param>
/// <param name="image">The image.</param>
internal sealed class GuestDisk(string name, string path, VirtioBlock device, VirtioMmio transport, DiskFront front, IBlockBackend image) : IDisposable
{
    internal string Name { get; } = name;

    internal string Path { get; } = path;

    internal VirtioBlock Device { get; } = device;

    internal DiskFront Front { get; } = front;

    internal IBlockBackend Image { get; } = image;

    internal long Size => Image.Size;

    /// <summary>Whether the image was all holes when it was opened: it reads as zeroes.</summary>
    internal bool Blank { get; init; }

    /// <summary>Whether the guest can write it: then the other node has to have what it writes.</summary>
    internal bool Replicated => !Image.ReadOnly;

    /// <inheritdoc/>
    public void Dispose()
    {
        transport.Disconnect();
        Device.Dispose();
        Front.Dispose();
        Image.Dispose();
    }
}
