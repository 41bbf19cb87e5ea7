namespace Colo.Devices.Net;

/// <summary>
/// Where a virtual NIC meets the host's network. Frames begin with the 12 bytes of virtio_net_hdr_v1 (virtio 1.2,
/// 5.1.6), so partial checksums and segmentation offload pass through as they are. Used on the event loop's thread.
/// </summary>
public interface INetworkBackend : IDisposable
{
    /// <summary>Readable when a frame is there. Another process that holds it too can go on reading where this one stopped.</summary>
    int Descriptor { get; }

    /// <summary>Takes the next frame that came for the guest.</summary>
    /// <param name="frame">At least 12 + 65,550 bytes.</param>
    /// <param name="length">Header and frame, in bytes.</param>
    /// <returns>False when none is waiting.</returns>
    bool TryReceive(Span<byte> frame, out int length);

    /// <summary>Sends a frame of the guest. What the host's network cannot take at the moment is dropped and counted, as on a wire.</summary>
    void Send(ReadOnlySpan<byte> frame);
}

/// <summary>Takes the frames that a virtual NIC's guest sends.</summary>
public interface INetworkOutput
{
    /// <summary>Takes one frame (12 bytes of virtio_net_hdr_v1 before it).</summary>
    /// <returns>False when it cannot take it now: the NIC leaves it in its queue and waits for its ResumeTransmit.</returns>
    bool Transmit(ReadOnlySpan<byte> frame);
}
