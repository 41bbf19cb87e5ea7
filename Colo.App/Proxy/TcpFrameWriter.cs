using System.Buffers.Binary;

namespace Colo.Proxy;

/// <summary>Changes TCP frames in place: header fields with the checksum kept right, and parts of a longer frame.</summary>
internal static class TcpFrameWriter
{
    /// <summary>
    /// The one's complement sum of the TCP header, to hand to <see cref="EndChange"/> after changing it; 0 when the
    /// checksum is left to the device, whose partial sum does not cover the header.
    /// </summary>
    public static ushort BeginChange(ReadOnlySpan<byte> frame, in FrameInfo info) =>
        (frame[VirtioNetHeader.Flags] & VirtioNetHeader.NeedsChecksum) != 0
            ? (ushort)0
            : Checksum.Fold(Checksum.Add(0, frame[info.L4..info.Payload]));

    /// <summary>Corrects the checksum for what changed in the header: a wrong one stays wrong by as much.</summary>
    public static void EndChange(Span<byte> frame, in FrameInfo info, ushort before)
    {
        if ((frame[VirtioNetHeader.Flags] & VirtioNetHeader.NeedsChecksum) != 0)
            return;
        ushort after = Checksum.Fold(Checksum.Add(0, frame[info.L4..info.Payload]));
        Span<byte> field = frame[(info.L4 + 16)..];
        BinaryPrimitives.WriteUInt16BigEndian(field,
            Checksum.Update(BinaryPrimitives.ReadUInt16BigEndian(field), before, after));
    }

    public static void SetSeq(Span<byte> frame, in FrameInfo info, uint seq) =>
        BinaryPrimitives.WriteUInt32BigEndian(frame[(info.L4 + 4)..], seq);

    public static void SetAck(Span<byte> frame, in FrameInfo info, uint ack) =>
        BinaryPrimitives.WriteUInt32BigEndian(frame[(info.L4 + 8)..], ack);

    public static void SetWindow(Span<byte> frame, in FrameInfo info, ushort window) =>
        BinaryPrimitives.WriteUInt16BigEndian(frame[(info.L4 + 14)..], window);

    public static uint Timestamp(ReadOnlySpan<byte> frame, in FrameInfo info) =>
        BinaryPrimitives.ReadUInt32BigEndian(frame[info.Timestamp..]);

    public static void SetTimestamp(Span<byte> frame, in FrameInfo info, uint value) =>
        BinaryPrimitives.WriteUInt32BigEndian(frame[info.Timestamp..], value);

    /// <summary>
    /// Makes the frame a segment with the given number of payload bytes: lengths, flags, segmentation, and a partial
    /// checksum that the device or the kernel completes (so the payload is not walked through here).
    /// </summary>
    /// <param name="frame">Header and payload; bytes behind the payload are ignored.</param>
    /// <param name="info">The frame's parse result; only the offsets of its headers are used.</param>
    /// <param name="seq">Sequence number.</param>
    /// <param name="flags">TCP flags.</param>
    /// <param name="payload">Payload bytes, not more than the frame had.</param>
    /// <param name="gsoType">The guest's segmentation type.</param>
    /// <param name="gsoSize">The guest's segment size; used when the payload is longer.</param>
    /// <param name="ipIdAdd">Added to the IPv4 identification.</param>
    /// <returns>The length of the frame.</returns>
    public static int MakeSegment(Span<byte> frame, in FrameInfo info, uint seq, byte flags, int payload,
        byte gsoType, ushort gsoSize, int ipIdAdd)
    {
        bool segmented = (gsoType & ~VirtioNetHeader.GsoEcn) != VirtioNetHeader.GsoNone && payload > gsoSize;
        frame[VirtioNetHeader.Flags] = VirtioNetHeader.NeedsChecksum;
        frame[VirtioNetHeader.GsoType] = segmented ? gsoType : VirtioNetHeader.GsoNone;
        VirtioNetHeader.SetU16(frame, VirtioNetHeader.HeaderLength, (ushort)(segmented ? info.Payload - VirtioNetHeader.Size : 0));
        VirtioNetHeader.SetU16(frame, VirtioNetHeader.GsoSize, segmented ? gsoSize : (ushort)0);
        VirtioNetHeader.SetU16(frame, VirtioNetHeader.ChecksumStart, (ushort)(info.L4 - VirtioNetHeader.Size));
        VirtioNetHeader.SetU16(frame, VirtioNetHeader.ChecksumOffset, 16);
        int transport = info.Payload - info.L4 + payload;
        if (info.V6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame[(info.L3 + 4)..], (ushort)(info.L4 - info.L3 - 40 + transport));
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame[(info.L3 + 2)..], (ushort)(info.L4 - info.L3 + transport));
            Span<byte> id = frame[(info.L3 + 4)..];
            BinaryPrimitives.WriteUInt16BigEndian(id, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(id) + ipIdAdd));
            Checksum.SetIpv4(frame[info.L3..info.L4]);
        }
        SetSeq(frame, in info, seq);
        frame[info.L4 + 13] = flags;
        if ((flags & TcpFlag.Urg) == 0)
            frame[info.L4 + 18] = frame[info.L4 + 19] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(frame[(info.L4 + 16)..],
            Checksum.Fold(Checksum.PseudoHeader(frame, info.L3, info.V6, IpProtocol.Tcp, transport)));
        return info.Payload + payload;
    }
}
