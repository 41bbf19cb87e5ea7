using System.Buffers.Binary;

namespace Colo.Proxy;

/// <summary>
/// Parses Ethernet (with up to two VLAN tags), IPv4, IPv6 with extension headers, TCP, UDP and ICMP. Nothing in the
/// frame is trusted: what is cut short, contradicts itself, or contradicts its virtio-net header is
/// <see cref="FrameKind.Opaque"/>, and an opaque frame is compared byte for byte.
/// </summary>
internal static class FrameParser
{
    private const int EthernetHeader = 14;
    /// <summary>Shortest frame that has an Ethernet header.</summary>
    public const int MinimumFrame = VirtioNetHeader.Size + EthernetHeader;
    /// <summary>Extension headers looked at; more than any real sender uses.</summary>
    private const int MaxExtensionHeaders = 8;

    /// <summary>Parses a frame; false when it is too short for an Ethernet header.</summary>
    public static bool Parse(ReadOnlySpan<byte> frame, out FrameInfo info)
    {
        info = default;
        info.WindowScale = -1;
        info.End = frame.Length;
        if (frame.Length < MinimumFrame)
            return false;
        int at = VirtioNetHeader.Size + 12;
        ushort type = U16(frame, at);
        at += 2;
        for (int tags = 0; tags < 2 && type is 0x8100 or 0x88a8 && frame.Length >= at + 4; tags++)
        {
            info.Vlans = info.Vlans << 13 | (U16(frame, at) & 0xfffu) | 0x1000;
            type = U16(frame, at + 2);
            at += 4;
        }
        info.EtherType = type;
        info.L3 = at;
        bool parsed = type switch
        {
            0x0800 => ParseIpv4(frame, ref info),
            0x86dd => ParseIpv6(frame, ref info),
            _ => false,
        };
        if (!parsed || !HeaderAgrees(frame, in info))
        {
            info.Kind = FrameKind.Opaque;
            info.End = frame.Length;
        }
        return true;
    }

    /// <summary>The key of the flow of a frame that was sent by the guest, or to it.</summary>
    public static FlowKey Key(ReadOnlySpan<byte> frame, in FrameInfo info, bool fromGuest)
    {
        if (info.Kind == FrameKind.Opaque)
        {
            ulong destination = Mac(frame, VirtioNetHeader.Size);
            ulong source = Mac(frame, VirtioNetHeader.Size + 6);
            return new FlowKey(0, fromGuest ? source : destination, 0, fromGuest ? destination : source,
                info.EtherType, 0, 0, FrameKind.Opaque, false, info.Vlans);
        }
        ulong sourceHigh = 0, sourceLow, destinationHigh = 0, destinationLow;
        if (info.V6)
        {
            sourceHigh = BinaryPrimitives.ReadUInt64BigEndian(frame[(info.L3 + 8)..]);
            sourceLow = BinaryPrimitives.ReadUInt64BigEndian(frame[(info.L3 + 16)..]);
            destinationHigh = BinaryPrimitives.ReadUInt64BigEndian(frame[(info.L3 + 24)..]);
            destinationLow = BinaryPrimitives.ReadUInt64BigEndian(frame[(info.L3 + 32)..]);
        }
        else
        {
            sourceLow = BinaryPrimitives.ReadUInt32BigEndian(frame[(info.L3 + 12)..]);
            destinationLow = BinaryPrimitives.ReadUInt32BigEndian(frame[(info.L3 + 16)..]);
        }
        // ICMP has no ports of its own: its type and identifier do not change places with the direction.
        bool swap = !fromGuest;
        bool swapPorts = swap && info.Kind != FrameKind.Icmp;
        return new FlowKey(
            swap ? destinationHigh : sourceHigh, swap ? destinationLow : sourceLow,
            swap ? sourceHigh : destinationHigh, swap ? sourceLow : destinationLow,
            swapPorts ? info.DestinationPort : info.SourcePort, swapPorts ? info.SourcePort : info.DestinationPort,
            info.Protocol, info.Kind, info.V6, info.Vlans);
    }

    /// <summary>
    /// Finds the TCP header in the datagram that an ICMP error quotes; only its first 8 bytes need to be there
    /// (RFC 792). The quoted datagram was sent by the guest.
    /// </summary>
    public static bool InnerTcp(ReadOnlySpan<byte> frame, int at, bool v6, in FrameInfo outer, out int tcp, out FlowKey key)
    {
        tcp = 0;
        key = default;
        var inner = new FrameInfo { L3 = at, V6 = v6, Vlans = outer.Vlans, Kind = FrameKind.Tcp, Protocol = IpProtocol.Tcp };
        if (v6)
        {
            if (frame.Length < at + 48 || frame[at] >> 4 != 6 || frame[at + 6] != IpProtocol.Tcp)
                return false;
            tcp = at + 40;
        }
        else
        {
            if (frame.Length < at + 28 || frame[at] >> 4 != 4 || frame[at + 9] != IpProtocol.Tcp || (U16(frame, at + 6) & 0x1fff) != 0)
                return false;
            int header = (frame[at] & 15) * 4;
            tcp = at + header;
            if (header < 20 || frame.Length < tcp + 8)
                return false;
        }
        inner.SourcePort = U16(frame, tcp);
        inner.DestinationPort = U16(frame, tcp + 2);
        key = Key(frame, in inner, fromGuest: true);
        return true;
    }

    private static bool ParseIpv4(ReadOnlySpan<byte> frame, ref FrameInfo info)
    {
        int l3 = info.L3;
        if (frame.Length < l3 + 20 || frame[l3] >> 4 != 4)
            return false;
        int header = (frame[l3] & 15) * 4;
        int total = U16(frame, l3 + 2);
        if (header < 20 || total < header || total > frame.Length - l3)
            return false;
        info.L4 = l3 + header;
        info.End = l3 + total;
        info.Protocol = frame[l3 + 9];
        if ((U16(frame, l3 + 6) & 0x3fff) != 0)
        {
            info.Kind = FrameKind.Fragment;
            return true;
        }
        return ParseTransport(frame, ref info);
    }

    private static bool ParseIpv6(ReadOnlySpan<byte> frame, ref FrameInfo info)
    {
        int l3 = info.L3;
        if (frame.Length < l3 + 40 || frame[l3] >> 4 != 6)
            return false;
        int payload = U16(frame, l3 + 4);
        if (payload > frame.Length - l3 - 40)
            return false;
        info.V6 = true;
        info.End = l3 + 40 + payload;
        byte next = frame[l3 + 6];
        int at = l3 + 40;
        for (int count = 0; next is 0 or 43 or 44 or 60; count++)
        {
            if (count == MaxExtensionHeaders || at + 8 > info.End)
                return false;
            if (next == 44)
            {
                info.Protocol = frame[at];
                info.FragmentId = at + 4;
                info.L4 = at + 8;
                info.Kind = FrameKind.Fragment;
                return true;
            }
            next = frame[at];
            at += (frame[at + 1] + 1) * 8;
            if (at > info.End)
                return false;
        }
        info.Protocol = next;
        info.L4 = at;
        return ParseTransport(frame, ref info);
    }

    private static bool ParseTransport(ReadOnlySpan<byte> frame, ref FrameInfo info)
    {
        int l4 = info.L4;
        int length = info.End - l4;
        switch (info.Protocol)
        {
            case IpProtocol.Tcp:
                return ParseTcp(frame, ref info);
            case IpProtocol.Udp:
                if (length < 8)
                    return false;
                info.Kind = FrameKind.Udp;
                info.SourcePort = U16(frame, l4);
                info.DestinationPort = U16(frame, l4 + 2);
                return true;
            case IpProtocol.Icmp when !info.V6:
            case IpProtocol.IcmpV6 when info.V6:
                if (length < 4)
                    return false;
                info.Kind = FrameKind.Icmp;
                info.SourcePort = frame[l4];
                if ((info.V6 ? frame[l4] is 128 or 129 : frame[l4] is 0 or 8) && length >= 6)
                    info.DestinationPort = U16(frame, l4 + 4);
                return true;
            default:
                info.Kind = FrameKind.OtherIp;
                return true;
        }
    }

    private static bool ParseTcp(ReadOnlySpan<byte> frame, ref FrameInfo info)
    {
        int l4 = info.L4;
        if (info.End - l4 < 20)
            return false;
        int header = (frame[l4 + 12] >> 4) * 4;
        if (header < 20 || header > info.End - l4)
            return false;
        info.Kind = FrameKind.Tcp;
        info.SourcePort = U16(frame, l4);
        info.DestinationPort = U16(frame, l4 + 2);
        info.Seq = BinaryPrimitives.ReadUInt32BigEndian(frame[(l4 + 4)..]);
        info.Ack = BinaryPrimitives.ReadUInt32BigEndian(frame[(l4 + 8)..]);
        info.TcpFlags = frame[l4 + 13];
        info.Window = U16(frame, l4 + 14);
        info.Payload = l4 + header;
        if (header > 20)
            TcpOptions.Parse(frame, ref info);
        return true;
    }

    /// <summary>Whether the virtio-net header describes the frame that follows it.</summary>
    private static bool HeaderAgrees(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        byte flags = frame[VirtioNetHeader.Flags];
        byte gso = (byte)(frame[VirtioNetHeader.GsoType] & ~VirtioNetHeader.GsoEcn);
        bool needsChecksum = (flags & VirtioNetHeader.NeedsChecksum) != 0;
        if (needsChecksum)
        {
            int start = VirtioNetHeader.Size + VirtioNetHeader.U16(frame, VirtioNetHeader.ChecksumStart);
            int offset = VirtioNetHeader.U16(frame, VirtioNetHeader.ChecksumOffset);
            if (start != info.L4 || info.Kind switch { FrameKind.Tcp => offset != 16, FrameKind.Udp => offset != 6, _ => true })
                return false;
        }
        if (gso == VirtioNetHeader.GsoNone)
            return true;
        if (VirtioNetHeader.U16(frame, VirtioNetHeader.GsoSize) == 0)
            return false;
        return info.Kind switch
        {
            FrameKind.Tcp => needsChecksum && gso == (info.V6 ? VirtioNetHeader.GsoTcp6 : VirtioNetHeader.GsoTcp4),
            FrameKind.Udp => gso is 3 or 5,
            _ => false,
        };
    }

    private static ulong Mac(ReadOnlySpan<byte> frame, int at) =>
        (ulong)U16(frame, at) << 32 | BinaryPrimitives.ReadUInt32BigEndian(frame[(at + 2)..]);

    private static ushort U16(ReadOnlySpan<byte> frame, int at) => BinaryPrimitives.ReadUInt16BigEndian(frame[at..]);
}
