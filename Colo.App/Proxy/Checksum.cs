using System.Buffers.Binary;

namespace Colo.Proxy;

/// <summary>The Internet checksum (RFC 1071) and its incremental update (RFC 1624).</summary>
internal static class Checksum
{
    /// <summary>Adds big-endian 16-bit words to a running sum; an odd last byte counts as the high half of a word.</summary>
    public static ulong Add(ulong sum, ReadOnlySpan<byte> data)
    {
        while (data.Length >= 4)
        {
            sum += BinaryPrimitives.ReadUInt32BigEndian(data);
            data = data[4..];
        }
        if (data.Length >= 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(data);
            data = data[2..];
        }
        if (data.Length > 0)
            sum += (uint)data[0] << 8;
        return sum;
    }

    /// <summary>Folds a running sum to 16 bits, not complemented.</summary>
    public static ushort Fold(ulong sum)
    {
        sum = (sum & 0xffffffff) + (sum >> 32);
        sum = (sum & 0xffffffff) + (sum >> 32);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)((sum & 0xffff) + (sum >> 16));
    }

    /// <summary>The checksum after the covered bytes went from one folded sum to another (RFC 1624, equation 3).</summary>
    public static ushort Update(ushort checksum, ushort oldSum, ushort newSum) =>
        (ushort)~Fold((ulong)(ushort)~checksum + (ushort)~oldSum + newSum);

    /// <summary>The sum of the pseudo header of IPv4 (RFC 9293, 3.1) or IPv6 (RFC 8200, 8.1), not complemented.</summary>
    public static ulong PseudoHeader(ReadOnlySpan<byte> frame, int l3, bool v6, byte protocol, int length)
    {
        ulong sum = v6 ? Add(0, frame.Slice(l3 + 8, 32)) : Add(0, frame.Slice(l3 + 12, 8));
        return sum + protocol + (uint)length;
    }

    /// <summary>Writes the checksum of an IPv4 header.</summary>
    public static void SetIpv4(Span<byte> header)
    {
        header[10] = header[11] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], (ushort)~Fold(Add(0, header)));
    }
}
