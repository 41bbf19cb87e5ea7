using System.Buffers.Binary;

namespace Colo.Tests.Proxy;

/// <summary>What a host on the wire sees of a TCP frame; checks the frame as its receiver would.</summary>
public sealed record WireSegment(bool V6, ushort SourcePort, ushort DestinationPort, uint Seq, uint Ack, byte Flags, ushort Window,
    byte[] Options, byte[] Payload)
{
    public bool Has(byte flag) => (Flags & flag) != 0;

    public uint? TimestampValue => Option(8) is { } o ? BinaryPrimitives.ReadUInt32BigEndian(o.AsSpan(2)) : null;
    public uint? TimestampEcho => Option(8) is { } o ? BinaryPrimitives.ReadUInt32BigEndian(o.AsSpan(6)) : null;

    public uint[] SackEdges => Option(5) is { } o
        ? Enumerable.Range(0, (o.Length - 2) / 4).Select(i => BinaryPrimitives.ReadUInt32BigEndian(o.AsSpan(2 + i * 4))).ToArray()
        : [];

    public byte[]? Option(byte kind)
    {
        for (int i = 0; i < Options.Length && Options[i] != 0;)
        {
            if (Options[i] == 1)
            {
                i++;
                continue;
            }
            int length = Options[i + 1];
            Assert.True(length >= 2 && i + length <= Options.Length, "malformed option left");
            if (Options[i] == kind)
                return Options[i..(i + length)];
            i += length;
        }
        return null;
    }

    /// <summary>Parses; fails the test when lengths or checksums are wrong.</summary>
    public static WireSegment? Parse(ReadOnlySpan<byte> frame)
    {
        int at = 24;
        ushort type = BinaryPrimitives.ReadUInt16BigEndian(frame[at..]);
        while (type is 0x8100 or 0x88a8)
        {
            at += 4;
            type = BinaryPrimitives.ReadUInt16BigEndian(frame[at..]);
        }
        int l3 = at + 2, l4, end;
        uint pseudo;
        bool v6 = type == 0x86dd;
        if (v6)
        {
            end = l3 + 40 + BinaryPrimitives.ReadUInt16BigEndian(frame[(l3 + 4)..]);
            byte next = frame[l3 + 6];
            l4 = l3 + 40;
            while (next is 0 or 43 or 60)
            {
                next = frame[l4];
                l4 += (frame[l4 + 1] + 1) * 8;
            }
            if (next != 6)
                return null;
            pseudo = FrameBuilder.Sum(frame.Slice(l3 + 8, 32));
        }
        else if (type == 0x0800)
        {
            int header = (frame[l3] & 15) * 4;
            l4 = l3 + header;
            end = l3 + BinaryPrimitives.ReadUInt16BigEndian(frame[(l3 + 2)..]);
            Assert.Equal(0xffff, FrameBuilder.Fold(FrameBuilder.Sum(frame.Slice(l3, header))));
            if (frame[l3 + 9] != 6)
                return null;
            pseudo = FrameBuilder.Sum(frame.Slice(l3 + 12, 8));
        }
        else
        {
            return null;
        }
        Assert.Equal(end, frame.Length);
        ReadOnlySpan<byte> tcp = frame[l4..];
        pseudo += 6 + (uint)tcp.Length;
        if ((frame[0] & 1) != 0)
        {
            Assert.Equal(l4 - 12, BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]));
            Assert.Equal(16, BinaryPrimitives.ReadUInt16LittleEndian(frame[8..]));
            Assert.Equal(FrameBuilder.Fold(pseudo), BinaryPrimitives.ReadUInt16BigEndian(tcp[16..]));
        }
        else
        {
            Assert.Equal(0xffff, FrameBuilder.Fold(pseudo + FrameBuilder.Sum(tcp)));
        }
        int data = tcp[12] / 16 * 4;
        if (frame[1] != 0)
        {
            Assert.Equal(1, frame[0] & 1);
            int size = BinaryPrimitives.ReadUInt16LittleEndian(frame[4..]);
            Assert.True(size > 0 && tcp.Length - data > size, "segmentation asked for what fits");
        }
        return new WireSegment(v6, BinaryPrimitives.ReadUInt16BigEndian(tcp), BinaryPrimitives.ReadUInt16BigEndian(tcp[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]), BinaryPrimitives.ReadUInt32BigEndian(tcp[8..]), tcp[13],
            BinaryPrimitives.ReadUInt16BigEndian(tcp[14..]), tcp[20..data].ToArray(), tcp[data..].ToArray());
    }
}
