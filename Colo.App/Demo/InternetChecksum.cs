using System.Buffers.Binary;

namespace Colo.Demo;

/// <summary>The checksum of IPv4, ICMP, UDP and TCP (RFC 1071).</summary>
internal static class InternetChecksum
{
    /// <summary>The checksum to be written; over a message that holds its own, 0 when it is right.</summary>
    internal static ushort Of(ReadOnlySpan<byte> data, uint start = 0)
    {
        ulong sum = start;
        for (; data.Length >= 2; data = data[2..])
            sum += BinaryPrimitives.ReadUInt16BigEndian(data);
        if (data.Length == 1)
            sum += (uint)data[0] << 8;
        while (sum > 0xFFFF)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }

    /// <summary>The sum of the pseudo header (RFC 9293, 3.1) of an IPv4 packet, not folded.</summary>
    internal static uint PseudoHeader(ReadOnlySpan<byte> addresses, byte protocol, int length) =>
        (uint)(BinaryPrimitives.ReadUInt16BigEndian(addresses) + BinaryPrimitives.ReadUInt16BigEndian(addresses[2..])
            + BinaryPrimitives.ReadUInt16BigEndian(addresses[4..]) + BinaryPrimitives.ReadUInt16BigEndian(addresses[6..])
            + protocol + length);
}
