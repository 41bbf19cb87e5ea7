namespace Colo.Devices.Net;

/// <summary>What a network backend takes (Send…) and may hand over (Receive…) beyond plain finished frames.</summary>
[Flags]
public enum NetworkOffloads
{
    /// <summary>Plain frames only.</summary>
    None = 0,

    /// <summary>Takes frames with partial checksums.</summary>
    SendChecksum = 1,

    /// <summary>Takes TCP over IPv4 to be segmented.</summary>
    SendTso4 = 2,

    /// <summary>Takes TCP over IPv6 to be segmented.</summary>
    SendTso6 = 4,

    /// <summary>Takes TCP with ECN to be segmented.</summary>
    SendEcn = 8,

    /// <summary>Takes UDP to be segmented.</summary>
    SendUso = 0x10,

    /// <summary>May hand over frames with partial or already verified checksums.</summary>
    ReceiveChecksum = 0x100,

    /// <summary>May hand over large TCP frames over IPv4.</summary>
    ReceiveTso4 = 0x200,

    /// <summary>May hand over large TCP frames over IPv6.</summary>
    ReceiveTso6 = 0x400,

    /// <summary>May hand over large TCP frames with ECN.</summary>
    ReceiveEcn = 0x800,

    /// <summary>May hand over large UDP frames over IPv4.</summary>
    ReceiveUso4 = 0x1000,

    /// <summary>May hand over large UDP frames over IPv6.</summary>
    ReceiveUso6 = 0x2000,

    /// <summary>All but UDP segmentation, which only newer kernels have (6.2).</summary>
    AllTcp = SendChecksum | SendTso4 | SendTso6 | SendEcn | ReceiveChecksum | ReceiveTso4 | ReceiveTso6 | ReceiveEcn,

    /// <summary>Everything.</summary>
    All = AllTcp | SendUso | ReceiveUso4 | ReceiveUso6,
}

/// <summary>A backend that knows offloads. A backend that does not implement this takes and hands over plain frames.</summary>
public interface IOffloadBackend
{
    /// <summary>What it can do.</summary>
    NetworkOffloads Offloads { get; }

    /// <summary>
    /// Tells it what the guest takes (Receive… bits). It should finish other frames itself; where it cannot, the
    /// virtual NIC does so in software.
    /// </summary>
    void SetReceiveOffloads(NetworkOffloads taken);

    /// <summary>Frames counted since it was opened.</summary>
    BackendStatistics Statistics { get; }
}

/// <summary>What a backend could not pass on.</summary>
/// <param name="ReceiveDropped">Frames from the host that were too large or not understood.</param>
/// <param name="SendDropped">Frames of the guest that the host did not take: no buffer, link down, interface gone, refused.</param>
public readonly record struct BackendStatistics(long ReceiveDropped, long SendDropped);
