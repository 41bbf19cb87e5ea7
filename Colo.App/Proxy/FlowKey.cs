using System.Buffers.Binary;

namespace Colo.Proxy;

/// <summary>
/// Names a flow from the guest's point of view, the same for both directions: VLAN, protocol, the guest's and the
/// remote address and port. IPv4 addresses stand in the low 32 bits.
/// </summary>
public readonly record struct FlowKey
{
    /// <summary>Bytes that <see cref="Write"/> writes.</summary>
    public const int Size = 44;

    internal readonly ulong GuestHigh, GuestLow, RemoteHigh, RemoteLow;
    internal readonly ulong Meta;
    internal readonly uint Vlans;

    internal FlowKey(ulong guestHigh, ulong guestLow, ulong remoteHigh, ulong remoteLow, ushort guestPort, ushort remotePort,
        byte protocol, FrameKind kind, bool v6, uint vlans)
    {
        GuestHigh = guestHigh;
        GuestLow = guestLow;
        RemoteHigh = remoteHigh;
        RemoteLow = remoteLow;
        Meta = (ulong)guestPort << 48 | (ulong)remotePort << 32 | (ulong)protocol << 24
            | (ulong)((byte)kind | (v6 ? 0x80 : 0)) << 16;
        Vlans = vlans;
    }

    private FlowKey(ulong guestHigh, ulong guestLow, ulong remoteHigh, ulong remoteLow, ulong meta, uint vlans)
    {
        GuestHigh = guestHigh;
        GuestLow = guestLow;
        RemoteHigh = remoteHigh;
        RemoteLow = remoteLow;
        Meta = meta;
        Vlans = vlans;
    }

    /// <summary>The guest's port; for ICMP the message type, for frames that are not IP the EtherType.</summary>
    public ushort GuestPort => (ushort)(Meta >> 48);

    /// <summary>The remote port; for ICMP echo the identifier.</summary>
    public ushort RemotePort => (ushort)(Meta >> 32);

    /// <summary>The IP protocol number; 0 for frames that are not IP.</summary>
    public byte Protocol => (byte)(Meta >> 24);

    /// <summary>Whether the addresses are IPv6.</summary>
    public bool IsV6 => (Meta & 0x800000) != 0;

    internal FrameKind Kind => (FrameKind)(Meta >> 16 & 0x7f);

    /// <summary>Writes the key in its wire form.</summary>
    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, GuestHigh);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], GuestLow);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], RemoteHigh);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], RemoteLow);
        BinaryPrimitives.WriteUInt64BigEndian(destination[32..], Meta);
        BinaryPrimitives.WriteUInt32BigEndian(destination[40..], Vlans);
    }

    /// <summary>Reads the key of a TCP flow; false when the bytes are too few or name no TCP flow.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out FlowKey key)
    {
        key = default;
        if (source.Length < Size)
            return false;
        var read = new FlowKey(BinaryPrimitives.ReadUInt64BigEndian(source), BinaryPrimitives.ReadUInt64BigEndian(source[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[16..]), BinaryPrimitives.ReadUInt64BigEndian(source[24..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[32..]), BinaryPrimitives.ReadUInt32BigEndian(source[40..]));
        if (read.Kind != FrameKind.Tcp || read.Protocol != IpProtocol.Tcp)
            return false;
        if (!read.IsV6 && (read.GuestHigh | read.RemoteHigh | read.GuestLow >> 32 | read.RemoteLow >> 32) != 0)
            return false;
        key = read;
        return true;
    }

    /// <summary>A hash that a remote host cannot steer: the seed is secret.</summary>
    internal uint Hash(ulong seed)
    {
        ulong h = seed;
        h = Mix(h ^ GuestHigh, 0x9e3779b97f4a7c15);
        h = Mix(h ^ GuestLow, 0xc2b2ae3d27d4eb4f ^ seed);
        h = Mix(h ^ RemoteHigh, 0x165667b19e3779f9);
        h = Mix(h ^ RemoteLow, 0xd6e8feb86659fd93 ^ seed);
        h = Mix(h ^ Meta ^ Vlans, 0xa0761d6478bd642f);
        return (uint)(h ^ h >> 32);
    }

    private static ulong Mix(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b | 1, out ulong low);
        return high ^ low;
    }

    /// <summary>Readable form for logs and the list of divergences.</summary>
    public override string ToString()
    {
        string name = Kind switch
        {
            FrameKind.Tcp => "tcp",
            FrameKind.Udp => "udp",
            FrameKind.Icmp => "icmp",
            FrameKind.Fragment => $"fragment/{Protocol}",
            FrameKind.OtherIp => $"ip/{Protocol}",
            _ => $"ethertype 0x{GuestPort:x4}",
        };
        if (Kind == FrameKind.Opaque)
            return $"{name} {GuestLow:x12} > {RemoteLow:x12}";
        return $"{name} {Address(GuestHigh, GuestLow)}:{GuestPort} > {Address(RemoteHigh, RemoteLow)}:{RemotePort}";
    }

    private string Address(ulong high, ulong low)
    {
        if (!IsV6)
            return new System.Net.IPAddress(BinaryPrimitives.ReverseEndianness((uint)low)).ToString();
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, high);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], low);
        return $"[{new System.Net.IPAddress(bytes)}]";
    }
}
