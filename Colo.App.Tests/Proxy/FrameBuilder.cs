using System.Buffers.Binary;
using System.Net;

namespace Colo.Tests.Proxy;

/// <summary>Builds frames with complete checksums, written apart from the code under test.</summary>
public static class FrameBuilder
{
    public static readonly byte[] GuestMac = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
    public static readonly byte[] ClientMac = [2, 0, 0, 0, 0, 1];
    public static readonly IPAddress Guest4 = IPAddress.Parse("10.77.0.10"), Client4 = IPAddress.Parse("10.77.0.1");
    public static readonly IPAddress Guest6 = IPAddress.Parse("fd00::10"), Client6 = IPAddress.Parse("fd00::1");

    public const byte Fin = 1, Syn = 2, Rst = 4, Psh = 8, Ack = 16, Urg = 32;

    public sealed record TcpSpec
    {
        public bool FromGuest { get; init; } = true;
        public bool V6 { get; init; }
        public ushort GuestPort { get; init; } = 80;
        public ushort ClientPort { get; init; } = 40000;
        public uint Seq { get; init; }
        public uint AckNumber { get; init; }
        public byte Flags { get; init; } = Ack;
        public ushort Window { get; init; } = 1000;
        public byte[] Options { get; init; } = [];
        public byte[] Payload { get; init; } = [];
        public ushort[] Vlans { get; init; } = [];
        public bool Partial { get; init; }
        public ushort GsoSize { get; init; }
        public ushort IpId { get; init; }
        public byte[] Ipv4Options { get; init; } = [];
        public byte[] ExtensionHeaders { get; init; } = [];
        public byte FirstExtension { get; init; }
        public ushort Urgent { get; init; }
    }

    public static byte[] Tcp(TcpSpec s)
    {
        int header = 20 + (s.Options.Length + 3) / 4 * 4;
        var tcp = new byte[header + s.Payload.Length];
        U16(tcp, 0, s.FromGuest ? s.GuestPort : s.ClientPort);
        U16(tcp, 2, s.FromGuest ? s.ClientPort : s.GuestPort);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(4), s.Seq);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(8), s.AckNumber);
        tcp[12] = (byte)(header / 4 << 4);
        tcp[13] = s.Flags;
        U16(tcp, 14, s.Window);
        U16(tcp, 18, s.Urgent);
        s.Options.CopyTo(tcp, 20);
        s.Payload.CopyTo(tcp, header);
        byte[] frame = Ip(6, tcp, s.FromGuest, s.V6, s.Vlans, s.IpId, s.Ipv4Options, s.ExtensionHeaders, s.FirstExtension);
        int l4 = frame.Length - tcp.Length;
        ushort pseudo = Pseudo(frame, l4, tcp.Length, s.V6, s.FromGuest, 6);
        if (s.Partial || s.GsoSize > 0)
        {
            U16(frame, l4 + 16, pseudo);
            frame[0] = 1;
            L16(frame, 6, (ushort)(l4 - 12));
            L16(frame, 8, 16);
        }
        else
        {
            U16(frame, l4 + 16, (ushort)~Fold(pseudo + Sum(frame.AsSpan(l4))));
        }
        if (s.GsoSize > 0)
        {
            frame[1] = (byte)(s.V6 ? 4 : 1);
            L16(frame, 2, (ushort)(l4 + header - 12));
            L16(frame, 4, s.GsoSize);
        }
        return frame;
    }

    public static byte[] Udp(byte[] payload, ushort guestPort = 7, ushort clientPort = 5000, bool v6 = false, ushort ipId = 0, ushort[]? vlans = null)
    {
        var udp = new byte[8 + payload.Length];
        U16(udp, 0, guestPort);
        U16(udp, 2, clientPort);
        U16(udp, 4, (ushort)udp.Length);
        payload.CopyTo(udp, 8);
        byte[] frame = Ip(17, udp, true, v6, vlans ?? [], ipId, [], [], 0);
        int l4 = frame.Length - udp.Length;
        U16(frame, l4 + 6, (ushort)~Fold(Pseudo(frame, l4, udp.Length, v6, true, 17) + Sum(frame.AsSpan(l4))));
        return frame;
    }

    public static byte[] IcmpEcho(ushort id, ushort seq, byte[] payload, bool reply = true)
    {
        var icmp = new byte[8 + payload.Length];
        icmp[0] = (byte)(reply ? 0 : 8);
        U16(icmp, 4, id);
        U16(icmp, 6, seq);
        payload.CopyTo(icmp, 8);
        U16(icmp, 2, (ushort)~Fold(Sum(icmp)));
        return Ip(1, icmp, true, false, [], 0, [], [], 0);
    }

    public static byte[] Arp(byte last)
    {
        var frame = new byte[12 + 14 + 28];
        ClientMac.CopyTo(frame, 12);
        GuestMac.CopyTo(frame, 18);
        U16(frame, 24, 0x0806);
        frame[^1] = last;
        return frame;
    }

    /// <summary>An IPv4 fragment of the given offset in bytes.</summary>
    public static byte[] Fragment(byte[] payload, int offset, bool more, ushort id)
    {
        byte[] frame = Ip(17, payload, true, false, [], id, [], [], 0);
        U16(frame, 26 + 6, (ushort)(offset / 8 | (more ? 0x2000 : 0)));
        U16(frame, 26 + 10, 0);
        U16(frame, 26 + 10, (ushort)~Fold(Sum(frame.AsSpan(26, 20))));
        return frame;
    }

    public static byte[] Ip(byte protocol, byte[] transport, bool fromGuest, bool v6, ushort[] vlans, ushort id,
        byte[] options, byte[] extensions, byte firstExtension)
    {
        var bytes = new List<byte>(new byte[12]);
        bytes.AddRange(fromGuest ? ClientMac : GuestMac);
        bytes.AddRange(fromGuest ? GuestMac : ClientMac);
        for (int i = 0; i < vlans.Length; i++)
        {
            bytes.AddRange(i == 0 && vlans.Length > 1 ? [0x88, 0xa8] : [0x81, 0x00]);
            bytes.Add((byte)(vlans[i] >> 8));
            bytes.Add((byte)vlans[i]);
        }
        IPAddress guest = v6 ? Guest6 : Guest4, client = v6 ? Client6 : Client4;
        byte[] source = (fromGuest ? guest : client).GetAddressBytes(), destination = (fromGuest ? client : guest).GetAddressBytes();
        if (v6)
        {
            bytes.AddRange([0x86, 0xdd]);
            var ip = new byte[40];
            ip[0] = 0x60;
            U16(ip, 4, (ushort)(extensions.Length + transport.Length));
            ip[6] = extensions.Length > 0 ? firstExtension : protocol;
            ip[7] = 64;
            source.CopyTo(ip, 8);
            destination.CopyTo(ip, 24);
            bytes.AddRange(ip);
            bytes.AddRange(extensions);
        }
        else
        {
            bytes.AddRange([0x08, 0x00]);
            var ip = new byte[20 + options.Length];
            ip[0] = (byte)(0x40 | ip.Length / 4);
            U16(ip, 2, (ushort)(ip.Length + transport.Length));
            U16(ip, 4, id);
            U16(ip, 6, 0x4000);
            ip[8] = 64;
            ip[9] = protocol;
            source.CopyTo(ip, 12);
            destination.CopyTo(ip, 16);
            options.CopyTo(ip, 20);
            U16(ip, 10, (ushort)~Fold(Sum(ip)));
            bytes.AddRange(ip);
        }
        bytes.AddRange(transport);
        return bytes.ToArray();
    }

    public static byte[] Timestamps(uint value, uint echo)
    {
        var options = new byte[12];
        options[0] = options[1] = 1;
        options[2] = 8;
        options[3] = 10;
        BinaryPrimitives.WriteUInt32BigEndian(options.AsSpan(4), value);
        BinaryPrimitives.WriteUInt32BigEndian(options.AsSpan(8), echo);
        return options;
    }

    public static byte[] Sack(params uint[] edges)
    {
        var options = new byte[4 + edges.Length * 4];
        options[0] = options[1] = 1;
        options[2] = 5;
        options[3] = (byte)(2 + edges.Length * 4);
        for (int i = 0; i < edges.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(options.AsSpan(4 + i * 4), edges[i]);
        return options;
    }

    /// <summary>MSS 1460, SACK permitted, timestamps, window scale.</summary>
    public static byte[] SynOptions(byte scale, uint timestamp = 1, uint echo = 0, ushort mss = 1460) =>
        [2, 4, (byte)(mss >> 8), (byte)mss, 4, 2, .. Timestamps(timestamp, echo)[2..], 1, 3, 3, scale];

    public static void U16(byte[] b, int at, ushort v) => BinaryPrimitives.WriteUInt16BigEndian(b.AsSpan(at), v);
    private static void L16(byte[] b, int at, ushort v) => BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(at), v);

    public static uint Sum(ReadOnlySpan<byte> data)
    {
        uint sum = 0;
        for (int i = 0; i < data.Length; i++)
            sum += (i & 1) == 0 ? (uint)data[i] << 8 : data[i];
        return sum;
    }

    public static ushort Fold(uint sum)
    {
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)sum;
    }

    private static ushort Pseudo(byte[] frame, int l4, int length, bool v6, bool fromGuest, byte protocol)
    {
        IPAddress guest = v6 ? Guest6 : Guest4, client = v6 ? Client6 : Client4;
        return Fold(Sum(guest.GetAddressBytes()) + Sum(client.GetAddressBytes()) + protocol + (uint)length);
    }
}
