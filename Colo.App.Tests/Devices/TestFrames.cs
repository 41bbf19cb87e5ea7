using System.Buffers.Binary;
using Colo.Devices.Net;

namespace Colo.Tests.Devices;

/// <summary>Frames as a kernel hands them over: partial checksums, large segments. Checksums are verified by a second, plain implementation.</summary>
internal static class TestFrames
{
    public static readonly byte[] Mac = [0x52, 0x54, 0, 0x12, 0x34, 0x56];

    public static byte[] Build(int version, byte protocol, int payload, byte gso = 0, ushort gsoSize = 0, bool vlan = false, byte tcpFlags = 0x18)
    {
        var ethernet = vlan ? 18 : 14;
        var ip = version == 4 ? 20 : 40;
        var transport = protocol == 6 ? 32 : 8;
        var frame = new byte[12 + ethernet + ip + transport + payload];
        var f = frame.AsSpan(12);
        Mac.CopyTo(f);
        new byte[] { 2, 0, 0, 0, 0, 1 }.CopyTo(f[6..]);
        if (vlan)
        {
            f[12] = 0x81;
            f[15] = 42;
        }

        BinaryPrimitives.WriteUInt16BigEndian(f[(ethernet - 2)..], version == 4 ? (ushort)0x0800 : (ushort)0x86DD);
        var n = f[ethernet..];
        if (version == 4)
        {
            n[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(n[2..], (ushort)n.Length);
            BinaryPrimitives.WriteUInt16BigEndian(n[4..], 0xFFFE);
            n[8] = 64;
            n[9] = protocol;
            new byte[] { 10, 0, 0, 1, 10, 0, 0, 2 }.CopyTo(n[12..]);
            BinaryPrimitives.WriteUInt16BigEndian(n[10..], (ushort)~Sum(n[..20]));
        }
        else
        {
            n[0] = 0x60;
            BinaryPrimitives.WriteUInt16BigEndian(n[4..], (ushort)(n.Length - 40));
            n[6] = protocol;
            n[7] = 64;
            for (var i = 8; i < 40; i++)
                n[i] = (byte)(i * 7);
        }

        var t = n[ip..];
        BinaryPrimitives.WriteUInt16BigEndian(t, 1234);
        BinaryPrimitives.WriteUInt16BigEndian(t[2..], 80);
        if (protocol == 6)
        {
            BinaryPrimitives.WriteUInt32BigEndian(t[4..], 0xFFFF_FF00);
            t[12] = 8 << 4;
            t[13] = tcpFlags;
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(t[4..], (ushort)t.Length);
        }

        for (var i = 0; i < payload; i++)
            t[transport + i] = (byte)(i * 31 + (i >> 8));
        // The pseudo header's sum, not inverted: what CHECKSUM_PARTIAL means.
        BinaryPrimitives.WriteUInt16BigEndian(t[(protocol == 6 ? 16 : 6)..], Pseudo(n, version, protocol, t.Length));
        new VirtioNetHeader
        {
            Flags = VirtioNetHeader.NeedsChecksum,
            GsoType = gso,
            GsoSize = gsoSize,
            HeaderLength = gso == 0 ? (ushort)0 : (ushort)(ethernet + ip + transport),
            ChecksumStart = (ushort)(ethernet + ip),
            ChecksumOffset = protocol == 6 ? (ushort)16 : (ushort)6,
        }.Write(frame);
        return frame;
    }

    /// <summary>Checks all checksums and lengths of a finished Ethernet frame.</summary>
    public static void AssertSound(ReadOnlySpan<byte> ethernet)
    {
        Assert.True(FrameLayout.TryParse(ethernet, out var layout));
        var n = ethernet[layout.NetworkOffset..];
        if (layout.Version == 4)
        {
            Assert.Equal(n.Length, BinaryPrimitives.ReadUInt16BigEndian(n[2..]));
            Assert.Equal(0xFFFF, Sum(n[..20]));
        }
        else
        {
            Assert.Equal(n.Length - 40, BinaryPrimitives.ReadUInt16BigEndian(n[4..]));
        }

        var t = ethernet[layout.TransportOffset..];
        var sum = Sum(t) + Pseudo(n, layout.Version, layout.Protocol, t.Length);
        Assert.Equal(0xFFFF, (sum & 0xFFFF) + (sum >> 16));
        if (layout.Protocol == 17)
            Assert.Equal(t.Length, BinaryPrimitives.ReadUInt16BigEndian(t[4..]));
    }

    public static ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> ethernet)
    {
        Assert.True(FrameLayout.TryParse(ethernet, out var layout));
        return ethernet[layout.PayloadOffset..];
    }

    /// <summary>Ones' complement sum of big-endian words, word by word.</summary>
    private static int Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0;
        for (var i = 0; i < bytes.Length; i += 2)
        {
            sum += (bytes[i] << 8) | (i + 1 < bytes.Length ? bytes[i + 1] : 0);
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return sum;
    }

    private static ushort Pseudo(ReadOnlySpan<byte> n, int version, byte protocol, int length)
    {
        var sum = Sum(version == 4 ? n.Slice(12, 8) : n.Slice(8, 32)) + protocol + length;
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)((sum & 0xFFFF) + (sum >> 16));
    }
}
