using System.Buffers.Binary;

namespace Colo.Proxy;

/// <summary>
/// Whether two frames say the same: everything but checksums, the IPv4 identification, the IPv6 flow label (both are
/// random on many systems) and Ethernet padding. Frames that are not IP must be equal as they are.
/// </summary>
internal static class DatagramComparer
{
    /// <summary>The first offset at which they differ; -1 when they are equivalent.</summary>
    public static int Difference(ReadOnlySpan<byte> a, in FrameInfo infoA, ReadOnlySpan<byte> b, in FrameInfo infoB)
    {
        // num_buffers (the last two bytes) has no meaning for what a guest sends.
        int gso = a[..6].CommonPrefixLength(b[..6]);
        if (infoA.Kind != infoB.Kind || infoA.L3 != infoB.L3 || infoA.L4 != infoB.L4)
            return infoA.L3;
        if (infoA.Kind == FrameKind.Opaque)
        {
            if (!a[..10].SequenceEqual(b[..10]))
                return gso;
            return Range(a, b, VirtioNetHeader.Size, Math.Max(a.Length, b.Length));
        }
        if (a[VirtioNetHeader.GsoType] != b[VirtioNetHeader.GsoType]
            || VirtioNetHeader.U16(a, VirtioNetHeader.GsoSize) != VirtioNetHeader.U16(b, VirtioNetHeader.GsoSize))
            return VirtioNetHeader.GsoType;
        a = a[..infoA.End];
        b = b[..infoB.End];
        int end = Math.Max(a.Length, b.Length);
        int l3 = infoA.L3, at;
        if (infoA.V6)
        {
            if (((BinaryPrimitives.ReadUInt32BigEndian(a[l3..]) ^ BinaryPrimitives.ReadUInt32BigEndian(b[l3..])) & 0xfff00000) != 0)
                return l3;
            if (infoA.FragmentId != 0)
            {
                at = Range(a, b, l3 + 4, infoA.FragmentId);
                return at >= 0 ? at : Range(a, b, infoA.FragmentId + 4, end);
            }
            at = Range(a, b, l3 + 4, infoA.L4);
        }
        else
        {
            at = Range(a, b, l3, l3 + 4);
            if (at < 0)
                at = Range(a, b, l3 + 6, l3 + 10);
            if (at < 0)
                at = Range(a, b, l3 + 12, infoA.L4);
        }
        if (at >= 0)
            return at;
        int checksum = infoA.Kind switch { FrameKind.Udp => 6, FrameKind.Icmp => 2, _ => -1 };
        if (checksum < 0)
            return Range(a, b, infoA.L4, end);
        at = Range(a, b, infoA.L4, infoA.L4 + checksum);
        return at >= 0 ? at : Range(a, b, infoA.L4 + checksum + 2, end);
    }

    private static int Range(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, int from, int to)
    {
        ReadOnlySpan<byte> first = from < a.Length ? a[from..Math.Min(to, a.Length)] : default;
        ReadOnlySpan<byte> second = from < b.Length ? b[from..Math.Min(to, b.Length)] : default;
        int common = first.CommonPrefixLength(second);
        return common == first.Length && common == second.Length ? -1 : from + common;
    }
}
