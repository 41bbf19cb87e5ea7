namespace Colo.Proxy;

/// <summary>How a frame is compared.</summary>
internal enum FrameKind : byte
{
    /// <summary>Not IP, or not consistent with itself: compared as a whole.</summary>
    Opaque,
    Tcp,
    Udp,
    Icmp,
    /// <summary>A fragment of IPv4 or IPv6.</summary>
    Fragment,
    /// <summary>IP with another protocol.</summary>
    OtherIp,
}

/// <summary>IP protocol numbers (IANA).</summary>
internal static class IpProtocol
{
    public const byte Icmp = 1;
    public const byte Tcp = 6;
    public const byte Udp = 17;
    public const byte IcmpV6 = 58;
}

/// <summary>TCP flags (RFC 9293, 3.1).</summary>
internal static class TcpFlag
{
    public const byte Fin = 0x01;
    public const byte Syn = 0x02;
    public const byte Rst = 0x04;
    public const byte Psh = 0x08;
    public const byte Ack = 0x10;
    public const byte Urg = 0x20;
    public const byte Ece = 0x40;
    public const byte Cwr = 0x80;
}

/// <summary>What the parser found in a frame; all offsets count from the first byte of the virtio-net header.</summary>
internal struct FrameInfo
{
    public FrameKind Kind;
    public bool V6;
    public byte Protocol;
    /// <summary>TCP flags, the low eight.</summary>
    public byte TcpFlags;
    /// <summary>Window scale option of a SYN; -1 when absent.</summary>
    public sbyte WindowScale;
    /// <summary>Up to two VLAN identifiers, 13 bits each of which the highest says that the tag is there.</summary>
    public uint Vlans;
    /// <summary>The last EtherType.</summary>
    public ushort EtherType;
    public ushort SourcePort;
    public ushort DestinationPort;
    /// <summary>The window field, unscaled.</summary>
    public ushort Window;
    /// <summary>Offset of the IP header.</summary>
    public int L3;
    /// <summary>Offset of the transport header.</summary>
    public int L4;
    /// <summary>Offset of the TCP payload.</summary>
    public int Payload;
    /// <summary>One past the last byte of the IP datagram; bytes behind are Ethernet padding.</summary>
    public int End;
    /// <summary>Offset of TSval in the TCP options; 0 when absent. TSecr follows.</summary>
    public int Timestamp;
    /// <summary>Offset of the first SACK block; 0 when absent.</summary>
    public int Sack;
    /// <summary>Number of SACK blocks.</summary>
    public int SackBlocks;
    /// <summary>Offset of the fragment header's identification (IPv6 fragments); 0 otherwise.</summary>
    public int FragmentId;
    public uint Seq;
    public uint Ack;

    public readonly int PayloadLength => End - Payload;
    public readonly bool Has(byte flag) => (TcpFlags & flag) != 0;
}
