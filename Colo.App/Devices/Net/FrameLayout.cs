using System.Buffers.Binary;

namespace Colo.Devices.Net;

/// <summary>Where the headers of an unfragmented TCP or UDP frame lie. All offsets in bytes from the start of the Ethernet frame.</summary>
public readonly struct FrameLayout
{
    /// <summary>Bytes of an Ethernet header without VLAN tags.</summary>
    public const int EthernetHeader = 14;

    /// <summary>IP protocol number of TCP.</summary>
    public const byte Tcp = 6;

    /// <summary>IP protocol number of UDP.</summary>
    public const byte Udp = 17;

    private FrameLayout(int network, int version, int transport, byte protocol, int payload)
    {
        NetworkOffset = network;
        Version = version;
        TransportOffset = transport;
        Protocol = protocol;
        PayloadOffset = payload;
    }

    /// <summary>Where the IP header begins.</summary>
    public int NetworkOffset { get; }

    /// <summary>4 or 6.</summary>
    public int Version { get; }

    /// <summary>Where the TCP or UDP header begins.</summary>
    public int TransportOffset { get; }

    /// <summary><see cref="Tcp"/> or <see cref="Udp"/>.</summary>
    public byte Protocol { get; }

    /// <summary>Where the payload begins; at most the frame's length.</summary>
    public int PayloadOffset { get; }

    /// <summary>Finds the headers of a TCP or UDP frame, behind up to two VLAN tags.</summary>
    /// <returns>False for anything else, and for frames whose headers are cut off or whose packet is a fragment.</returns>
    public static bool TryParse(ReadOnlySpan<byte> frame, out FrameLayout layout)
    {
        layout = default;
        var at = 12;
        ushort type = 0;
        for (var tags = 0; tags <= 2; tags++)
        {
            if (at + 2 > frame.Length)
                return false;
            type = BinaryPrimitives.ReadUInt16BigEndian(frame[at..]);
            if (type is not (0x8100 or 0x88A8))
                break;
            at += 4;
        }

        var network = at + 2;
        int transport;
        byte protocol;
        if (type == 0x0800)
        {
            if (network + 20 > frame.Length || frame[network] >> 4 != 4)
                return false;
            var header = (frame[network] & 15) * 4;
            // More fragments, or an offset: no transport header, or not all of the payload.
            if (header < 20 || (BinaryPrimitives.ReadUInt16BigEndian(frame[(network + 6)..]) & 0x3FFF) != 0)
                return false;
            transport = network + header;
            protocol = frame[network + 9];
        }
        else if (type == 0x86DD)
        {
            if (network + 40 > frame.Length || frame[network] >> 4 != 6)
                return false;
            transport = network + 40;
            protocol = frame[network + 6];
            // Hop-by-hop, routing, destination options (RFC 8200, 4): type, length in 8 bytes beyond the first.
            while (protocol is 0 or 43 or 60)
            {
                if (transport + 8 > frame.Length)
                    return false;
                protocol = frame[transport];
                transport += 8 + (frame[transport + 1] * 8);
            }
        }
        else
        {
            return false;
        }

        int payload;
        if (protocol == Udp)
        {
            payload = transport + 8;
        }
        else if (protocol == Tcp)
        {
            if (transport + 20 > frame.Length)
                return false;
            var header = (frame[transport + 12] >> 4) * 4;
            if (header < 20)
                return false;
            payload = transport + header;
        }
        else
        {
            return false;
        }

        if (payload > frame.Length)
            return false;
        layout = new FrameLayout(network, type == 0x0800 ? 4 : 6, transport, protocol, payload);
        return true;
    }
}
