using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Colo.Devices.Net;

/// <summary>The checksum of IP, TCP and UDP (RFC 1071). Sums are kept in machine byte order, which the arithmetic allows.</summary>
public static class InternetChecksum
{
    /// <summary>Adds bytes to a sum. A span that is not the last one has an even length.</summary>
    public static ulong Add(ulong sum, ReadOnlySpan<byte> bytes)
    {
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            sum += word;
            // End-around carry.
            if (sum < word)
                sum++;
        }

        var rest = bytes[(bytes.Length & ~7)..];
        ulong last = 0;
        for (var i = 0; i < rest.Length; i++)
            last |= (ulong)rest[i] << (8 * i);
        sum += last;
        return sum < last ? sum + 1 : sum;
    }

    /// <summary>The checksum to store, in machine byte order, of a sum.</summary>
    public static ushort Fold(ulong sum)
    {
        sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }

    /// <summary>The sum of the pseudo header: addresses, protocol and length (RFC 9293, 3.1; RFC 8200, 8.1).</summary>
    public static ulong PseudoHeader(ReadOnlySpan<byte> ethernet, in FrameLayout layout, int length)
    {
        var addresses = layout.Version == 4
            ? ethernet.Slice(layout.NetworkOffset + 12, 8)
            : ethernet.Slice(layout.NetworkOffset + 8, 32);
        var sum = Add(0, addresses);
        var swapped = BinaryPrimitives.ReverseEndianness((uint)length);
        // Folded first, so that these additions cannot overflow.
        return (sum & 0xFFFF_FFFF) + (sum >> 32)
            + BinaryPrimitives.ReverseEndianness((ushort)layout.Protocol) + (swapped & 0xFFFF) + (swapped >> 16);
    }

    /// <summary>
    /// Finishes a partial checksum: the field holds the pseudo header's sum, and becomes the checksum from
    /// <paramref name="start"/> to the end of the frame.
    /// </summary>
    /// <param name="ethernet">The frame; start + offset + 2 lie inside of it.</param>
    /// <param name="start">Where the checksummed part begins.</param>
    /// <param name="offset">Where the checksum is, from <paramref name="start"/>.</param>
    public static void Complete(Span<byte> ethernet, int start, int offset)
    {
        var checksum = Fold(Add(0, ethernet[start..]));
        // Zero means "no checksum" in UDP; all ones are the same number, and right in TCP too.
        MemoryMarshal.Write(ethernet[(start + offset)..], checksum == 0 ? (ushort)0xFFFF : checksum);
    }
}
