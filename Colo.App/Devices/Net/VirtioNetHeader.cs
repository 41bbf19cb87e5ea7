using System.Runtime.InteropServices;

namespace Colo.Devices.Net;

/// <summary>
/// struct virtio_net_hdr_v1, the 12 bytes before every frame in this program (virtio 1.2, 5.1.6). Little endian, as
/// the machines this program runs on are.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct VirtioNetHeader
{
    /// <summary>Bytes of the header.</summary>
    public const int Size = 12;

    /// <summary>VIRTIO_NET_HDR_F_NEEDS_CSUM: the checksum at <see cref="ChecksumStart"/> + <see cref="ChecksumOffset"/> is partial.</summary>
    public const byte NeedsChecksum = 1;

    /// <summary>VIRTIO_NET_HDR_F_DATA_VALID: the checksum has been verified.</summary>
    public const byte DataValid = 2;

    /// <summary>VIRTIO_NET_HDR_GSO_NONE: an ordinary frame.</summary>
    public const byte GsoNone = 0;

    /// <summary>VIRTIO_NET_HDR_GSO_TCPV4.</summary>
    public const byte GsoTcp4 = 1;

    /// <summary>VIRTIO_NET_HDR_GSO_TCPV6.</summary>
    public const byte GsoTcp6 = 4;

    /// <summary>VIRTIO_NET_HDR_GSO_UDP_L4 (linux/virtio_net.h).</summary>
    public const byte GsoUdpL4 = 5;

    /// <summary>VIRTIO_NET_HDR_GSO_ECN, added to a TCP type.</summary>
    public const byte GsoEcn = 0x80;

    /// <summary>Most segments that one frame may ask for: 64 KiB with the smallest segment size Linux uses (48) are fewer.</summary>
    public const int SegmentsMaximum = 2048;

    /// <summary><see cref="NeedsChecksum"/>, <see cref="DataValid"/>.</summary>
    public byte Flags;

    /// <summary>One of the Gso… values.</summary>
    public byte GsoType;

    /// <summary>Bytes of headers before the payload; a hint.</summary>
    public ushort HeaderLength;

    /// <summary>Payload bytes of a segment.</summary>
    public ushort GsoSize;

    /// <summary>Where the checksummed part begins, in bytes from the start of the Ethernet frame.</summary>
    public ushort ChecksumStart;

    /// <summary>Where the checksum is, in bytes from <see cref="ChecksumStart"/>.</summary>
    public ushort ChecksumOffset;

    /// <summary>How many receive buffers the frame takes.</summary>
    public ushort Buffers;

    /// <summary>Whether the frame is to be segmented.</summary>
    public readonly bool IsLarge => GsoType != GsoNone;

    /// <summary>Reads the header at the start of a frame of at least 12 bytes.</summary>
    public static VirtioNetHeader Read(ReadOnlySpan<byte> frame) => MemoryMarshal.Read<VirtioNetHeader>(frame);

    /// <summary>Writes the header to the start of a frame.</summary>
    public readonly void Write(Span<byte> frame) => MemoryMarshal.Write(frame, in this);

    /// <summary>Whether the header makes sense for this frame: every offset inside of it, the segmentation type its protocol's.</summary>
    /// <param name="ethernet">The frame behind the header.</param>
    public readonly bool Fits(ReadOnlySpan<byte> ethernet)
    {
        if (ethernet.Length < FrameLayout.EthernetHeader)
            return false;
        if ((Flags & NeedsChecksum) != 0
            && (ChecksumStart < FrameLayout.EthernetHeader || ChecksumStart + ChecksumOffset + 2 > ethernet.Length))
        {
            return false;
        }

        if (GsoType == GsoNone)
            return true;
        return GsoSize != 0
            && HeaderLength <= ethernet.Length
            && FrameLayout.TryParse(ethernet, out var layout)
            && (GsoType & ~GsoEcn) switch
            {
                GsoTcp4 => layout is { Version: 4, Protocol: FrameLayout.Tcp },
                GsoTcp6 => layout is { Version: 6, Protocol: FrameLayout.Tcp },
                GsoUdpL4 => GsoType == GsoUdpL4 && layout.Protocol == FrameLayout.Udp,
                _ => false,
            }
            && ((Flags & NeedsChecksum) == 0 || ChecksumStart == layout.TransportOffset)
            && layout.PayloadOffset < ethernet.Length
            && (ethernet.Length - layout.PayloadOffset) / GsoSize < SegmentsMaximum;
    }
}
