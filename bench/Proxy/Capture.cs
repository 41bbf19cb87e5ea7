using System.Buffers.Binary;
using Colo.Proxy;

namespace Colo.Bench.Proxy;

/// <summary>The TCP frames of a capture file (pcap, microseconds, little endian, Ethernet), each with a virtio-net header before it.</summary>
internal static class Capture
{
    private const int FileHeader = 24, RecordHeader = 16, LongestFrame = 65_600;

    /// <exception cref="InvalidDataException">It is not such a file, or holds no TCP connection from its begin.</exception>
    internal static List<(byte[] Frame, bool FromServer)> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        if (file.Length < FileHeader || BinaryPrimitives.ReadUInt32LittleEndian(file) != 0xa1b2c3d4 || BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(20)) != 1)
            throw new InvalidDataException("not a pcap file of an Ethernet, as `tcpdump -w` makes it");
        var frames = new List<(byte[] Frame, bool FromServer)>();
        // Who opens a connection is the client; its first segment tells.
        var clients = new HashSet<string>();
        for (int at = FileHeader; at + RecordHeader <= file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 8));
            if (length < 0 || length > LongestFrame || length > file.Length - at - RecordHeader)
                throw new InvalidDataException($"the record at byte {at} has {length} bytes");
            byte[] frame = [.. new byte[VirtioNetHeader.Size], .. file.AsSpan(at + RecordHeader, length)];
            at += RecordHeader + length;
            if (!FrameParser.Parse(frame, out FrameInfo info) || info.Kind != FrameKind.Tcp)
                continue;
            if (info.Has(TcpFlag.Syn) && !info.Has(TcpFlag.Ack))
                clients.Add(FrameParser.Key(frame, in info, fromGuest: false).ToString());
            if (clients.Contains(FrameParser.Key(frame, in info, fromGuest: true).ToString()))
                frames.Add((Describe(frame, info), true));
            else if (clients.Contains(FrameParser.Key(frame, in info, fromGuest: false).ToString()))
                frames.Add((Describe(frame, info), false));
        }
        return frames.Exists(f => f.FromServer) ? frames : throw new InvalidDataException("no TCP connection in it, from its first segment on");
    }

    /// <summary>A capture shows frames before the device cuts them and completes their checksums: this says so, as a guest does.</summary>
    private static byte[] Describe(byte[] frame, FrameInfo info)
    {
        ulong pseudo = Checksum.PseudoHeader(frame, info.L3, info.V6, IpProtocol.Tcp, info.End - info.L4);
        if (Checksum.Fold(Checksum.Add(pseudo, frame.AsSpan(info.L4, info.End - info.L4))) == 0xffff)
            return frame;
        ushort size = (ushort)(info.PayloadLength > 1428 ? 1428 : 0);
        TcpFrameWriter.MakeSegment(frame, in info, info.Seq, info.TcpFlags, info.PayloadLength,
            size == 0 ? VirtioNetHeader.GsoNone : info.V6 ? VirtioNetHeader.GsoTcp6 : VirtioNetHeader.GsoTcp4, size, 0);
        return frame[..info.End];
    }
}
