using System.Buffers.Binary;

namespace Colo.Node;

/// <summary>
/// The frames by which a survivor tells switches and neighbours that the guest's MAC address is behind this port now:
/// gratuitous ARP (RFC 5227, 3), unsolicited neighbour advertisement (RFC 4861, 4.4) and, for a guest whose addresses are
/// not known, RARP as hypervisors send it.
/// </summary>
internal static class Announcement
{
    private const int NetHeader = 12;
    private static readonly byte[] Broadcast = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    private static readonly byte[] AllNodesMac = [0x33, 0x33, 0, 0, 0, 1];

    /// <summary>Sends all announcements for a NIC.</summary>
    internal static void Send(ReadOnlySpan<byte> mac, GuestAddresses addresses, Action<ReadOnlySpan<byte>> send)
    {
        Span<byte> frame = stackalloc byte[NetHeader + 128];
        // RARP first: it needs no address, and the switch learns the port from any frame.
        send(Arp(frame, mac, 0x8035, 3, 0));
        foreach (var address in addresses.V4)
        {
            if (address != 0)
                send(Arp(frame, mac, 0x0806, 1, address));
        }

        foreach (var address in addresses.V6)
        {
            if (address != UInt128.Zero)
                send(NeighbourAdvertisement(frame, mac, address));
        }
    }

    private static ReadOnlySpan<byte> Arp(Span<byte> frame, ReadOnlySpan<byte> mac, ushort etherType, ushort operation, uint address)
    {
        frame.Clear();
        var at = Ethernet(frame, Broadcast, mac, etherType);
        BinaryPrimitives.WriteUInt16BigEndian(at, 1);
        BinaryPrimitives.WriteUInt16BigEndian(at[2..], 0x0800);
        at[4] = 6;
        at[5] = 4;
        BinaryPrimitives.WriteUInt16BigEndian(at[6..], operation);
        mac.CopyTo(at[8..]);
        BinaryPrimitives.WriteUInt32BigEndian(at[14..], address);
        if (etherType == 0x8035)
            mac.CopyTo(at[18..]);
        BinaryPrimitives.WriteUInt32BigEndian(at[24..], address);
        // 60 bytes: the least an Ethernet frame has.
        return frame[..(NetHeader + 60)];
    }

    private static ReadOnlySpan<byte> NeighbourAdvertisement(Span<byte> frame, ReadOnlySpan<byte> mac, UInt128 address)
    {
        frame.Clear();
        var ip = Ethernet(frame, AllNodesMac, mac, 0x86DD);
        const int icmpLength = 32;
        ip[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], icmpLength);
        ip[6] = 58;
        ip[7] = 255;
        BinaryPrimitives.WriteUInt128BigEndian(ip[8..], address);
        ip[24] = 0xFF;
        ip[25] = 0x02;
        ip[39] = 1;
        var icmp = ip[40..];
        icmp[0] = 136;
        icmp[4] = 0x20; // override, not solicited
        BinaryPrimitives.WriteUInt128BigEndian(icmp[8..], address);
        icmp[24] = 2;
        icmp[25] = 1;
        mac.CopyTo(icmp[26..]);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], Icmp6Checksum(ip[8..40], icmp[..icmpLength]));
        return frame[..(NetHeader + 14 + 40 + icmpLength)];
    }

    private static Span<byte> Ethernet(Span<byte> frame, ReadOnlySpan<byte> destination, ReadOnlySpan<byte> mac, ushort etherType)
    {
        var ethernet = frame[NetHeader..];
        destination.CopyTo(ethernet);
        mac.CopyTo(ethernet[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(ethernet[12..], etherType);
        return ethernet[14..];
    }

    private static ushort Icmp6Checksum(ReadOnlySpan<byte> addresses, ReadOnlySpan<byte> message)
    {
        uint sum = (uint)message.Length + 58;
        for (var i = 0; i < addresses.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(addresses[i..]);
        for (var i = 0; i < message.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(message[i..]);
        while (sum >> 16 != 0)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }
}
