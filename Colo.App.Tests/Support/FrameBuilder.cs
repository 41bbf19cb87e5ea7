using System.Buffers.Binary;
using System.Net;
using Colo.Demo;

namespace Colo.Tests.Support;

/// <summary>Builds whole Ethernet frames with right checksums.</summary>
internal static class FrameBuilder
{
    internal const ulong GuestMac = 0x52540077000a;
    internal const ulong ClientMac = 0x020000000001;

    internal static readonly uint Guest = Number("10.77.0.10");
    internal static readonly uint Client = Number("10.77.0.1");

    internal static uint Number(string address) => BinaryPrimitives.ReadUInt32BigEndian(IPAddress.Parse(address).GetAddressBytes());

    internal static byte[] Tcp(bool fromGuest, ushort clientPort, uint seq, uint ack, byte flags, byte[] data, uint? timestamp = null, ushort id = 1)
    {
        var optionBytes = timestamp is null ? 0 : 12;
        var segment = new byte[20 + optionBytes + data.Length];
        BinaryPrimitives.WriteUInt16BigEndian(segment, fromGuest ? (ushort)7 : clientPort);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), fromGuest ? clientPort : (ushort)7);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(4), seq);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(8), ack);
        segment[12] = (byte)((20 + optionBytes) / 4 << 4);
        segment[13] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(14), 1000);
        if (timestamp is { } value)
        {
            (segment[20], segment[21], segment[22], segment[23]) = (1, 1, 8, 10);
            BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(24), value);
        }

        data.CopyTo(segment, 20 + optionBytes);
        return Ip(fromGuest, 6, segment, 16, id);
    }

    internal static byte[] Udp(bool fromGuest, byte[] data, ushort id = 1)
    {
        var datagram = new byte[8 + data.Length];
        BinaryPrimitives.WriteUInt16BigEndian(datagram, fromGuest ? (ushort)7 : (ushort)4000);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), fromGuest ? (ushort)4000 : (ushort)7);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(4), (ushort)datagram.Length);
        data.CopyTo(datagram, 8);
        return Ip(fromGuest, 17, datagram, 6, id);
    }

    internal static byte[] Arp(ulong mac, uint address)
    {
        var frame = new byte[60];
        WriteMac(frame, 0xFFFFFFFFFFFF);
        WriteMac(frame.AsSpan(6), mac);
        Convert.FromHexString("08060001080006040002").CopyTo(frame, 12);
        WriteMac(frame.AsSpan(22), mac);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(28), address);
        return frame;
    }

    private static byte[] Ip(bool fromGuest, byte protocol, byte[] payload, int checksumAt, ushort id)
    {
        var frame = new byte[34 + payload.Length];
        WriteMac(frame, fromGuest ? ClientMac : GuestMac);
        WriteMac(frame.AsSpan(6), fromGuest ? GuestMac : ClientMac);
        frame[12] = 8;
        var ip = frame.AsSpan(14);
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(20 + payload.Length));
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], id);
        ip[8] = 64;
        ip[9] = protocol;
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], fromGuest ? Guest : Client);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], fromGuest ? Client : Guest);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Of(ip[..20]));
        BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(checksumAt),
            InternetChecksum.Of(payload, InternetChecksum.PseudoHeader(ip[12..20], protocol, payload.Length)));
        payload.CopyTo(ip[20..]);
        return frame;
    }

    private static void WriteMac(Span<byte> target, ulong mac)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target, (uint)(mac >> 16));
        BinaryPrimitives.WriteUInt16BigEndian(target[4..], (ushort)mac);
    }
}
