using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;
using Colo.Proxy;

namespace Colo.Tests.Proxy;

/// <summary>
/// Real connections, recorded: the server's side is both guests. The secondary's has other initial numbers, another
/// timestamp clock, another segmentation and another pace.
/// </summary>
public sealed class CaptureTests
{
    private static string Folder([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "Captures");

    private static List<byte[]> Read(string name)
    {
        byte[] file = File.ReadAllBytes(Path.Combine(Folder(), name));
        Assert.Equal(0xa1b2c3d4, BinaryPrimitives.ReadUInt32LittleEndian(file));
        var frames = new List<byte[]>();
        for (int at = 24; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 8));
            frames.Add([.. new byte[12], .. file.AsSpan(at + 16, length)]);
            at += 16 + length;
        }
        return frames;
    }

    /// <summary>A capture shows frames before the device completes their checksums: say so, as a guest would.</summary>
    private static byte[] Describe(byte[] frame)
    {
        if (!FrameParser.Parse(frame, out FrameInfo info) || info.Kind != FrameKind.Tcp)
            return frame;
        ulong pseudo = Checksum.PseudoHeader(frame, info.L3, info.V6, 6, info.End - info.L4);
        if (Checksum.Fold(Checksum.Add(pseudo, frame.AsSpan(info.L4, info.End - info.L4))) == 0xffff)
            return frame;
        int size = info.PayloadLength > 1428 ? 1428 : 0;
        TcpFrameWriter.MakeSegment(frame, in info, info.Seq, info.TcpFlags, info.PayloadLength,
            size == 0 ? (byte)0 : info.V6 ? VirtioNetHeader.GsoTcp6 : VirtioNetHeader.GsoTcp4, (ushort)size, 0);
        return frame[..info.End];
    }

    private static bool FromServer(byte[] frame)
    {
        FrameParser.Parse(frame, out FrameInfo info);
        return info.EtherType switch
        {
            0x0800 => frame.AsSpan(info.L3 + 12, 4).SequenceEqual(IPAddress.Parse("10.77.0.10").GetAddressBytes()),
            0x86dd => frame.AsSpan(info.L3 + 8, 16).SequenceEqual(IPAddress.Parse("fd00::10").GetAddressBytes())
                || (frame[info.L3 + 8] == 0xfe && frame[info.L3 + 7] == 255 && info.Protocol == 58 && frame[info.L4] == 136),
            _ => frame.AsSpan(info.L3 + 14, 4).SequenceEqual(IPAddress.Parse("10.77.0.10").GetAddressBytes()),
        };
    }

    private static List<byte[]> Split(byte[] frame, Random random)
    {
        FrameParser.Parse(frame, out FrameInfo info);
        var parts = new List<byte[]>();
        if (info.Kind != FrameKind.Tcp || info.PayloadLength < 2 || info.Has(TcpFlag.Syn) || random.Next(3) == 0)
            return [frame];
        for (int at = 0; at < info.PayloadLength;)
        {
            int size = Math.Min(random.Next(1, 3000), info.PayloadLength - at);
            bool last = at + size == info.PayloadLength;
            byte[] part = [.. frame[..info.Payload], .. frame.AsSpan(info.Payload + at, size)];
            TcpFrameWriter.MakeSegment(part, in info, info.Seq + (uint)at,
                last ? info.TcpFlags : (byte)(info.TcpFlags & ~(TcpFlag.Fin | TcpFlag.Psh)), size, 0, 0, 0);
            parts.Add(part);
            at += size;
        }
        return parts;
    }

    private static void Shift(byte[] frame, uint seq, uint timestamp)
    {
        if (!FrameParser.Parse(frame, out FrameInfo info) || info.Kind != FrameKind.Tcp || (info.Has(TcpFlag.Rst) && info.Seq == 0))
            return;
        ushort before = TcpFrameWriter.BeginChange(frame, in info);
        TcpFrameWriter.SetSeq(frame, in info, info.Seq + seq);
        if (info.Timestamp != 0)
            TcpFrameWriter.SetTimestamp(frame, in info, TcpFrameWriter.Timestamp(frame, in info) + timestamp);
        TcpFrameWriter.EndChange(frame, in info, before);
    }

    [Theory]
    [InlineData("curl.pcap")]
    [InlineData("redis.pcap")]
    [InlineData("loss.pcap")]
    [InlineData("upload.pcap")]
    public void A_real_server_seen_twice_leaves_once(string name)
    {
        for (int round = 0; round < 10; round++)
            Replay(name, Random.Shared.Next());
    }

    private static void Replay(string name, int seed)
    {
        var random = new Random(seed);
        string what = $"{name} seed {seed}";
        using var h = new ComparerHarness();
        uint seqShift = (uint)random.Next(), timestampShift = (uint)random.Next();
        var primary = new SequenceRewriter(live: true);
        var secondary = new SequenceRewriter(live: false);
        var expected = new Dictionary<string, SortedSet<uint>>();
        var lastAck = new Dictionary<string, uint>();
        var late = new Queue<byte[]>();
        int others = 0;

        void Flush(int keep)
        {
            while (late.Count > keep)
            {
                byte[] frame = late.Dequeue();
                RewriteResult result = secondary.FromGuest(frame, h.Now);
                Assert.True(result.Action != RewriteAction.Withhold, $"{what}: withheld");
                h.S(frame, pending: result.Action == RewriteAction.SendPending);
            }
        }

        foreach (byte[] captured in Read(name))
        {
            byte[] frame = Describe(captured);
            FrameParser.Parse(frame, out FrameInfo info);
            if (!FromServer(frame))
            {
                Flush(0);
                h.Comparer.FromClient(frame, h.Now);
                byte[] inbound = [.. frame];
                secondary.ToGuest(inbound, h.Now);
                if (info.Kind == FrameKind.Tcp && info.Has(TcpFlag.Ack) && !info.Has(TcpFlag.Rst))
                    Assert.True(WireSegment.Parse(inbound)!.Ack == info.Ack + seqShift, $"{what}: acknowledgement not translated");
                continue;
            }
            List<byte[]> mine = Split(frame, random), theirs = Split(frame, random);
            theirs = theirs.ConvertAll(part => (byte[])[.. part]);
            foreach (byte[] part in theirs)
                Shift(part, seqShift, timestampShift);
            bool first = random.Next(2) == 0;
            foreach (byte[] part in theirs)
                late.Enqueue(part);
            if (first)
                Flush(random.Next(3));
            if (info.Kind == FrameKind.Tcp)
            {
                string flow = FrameParser.Key(frame, in info, true).ToString();
                if (!expected.TryGetValue(flow, out SortedSet<uint>? positions))
                    expected[flow] = positions = [];
                for (uint i = 0; i < info.PayloadLength; i++)
                    positions.Add(info.Seq + i);
                if (info.Has(TcpFlag.Ack))
                    lastAck[flow] = info.Ack;
            }
            else
            {
                others++;
            }
            foreach (byte[] part in mine)
            {
                byte[] copy = [.. part];
                RewriteResult result = primary.FromGuest(copy, h.Now);
                Assert.Equal(RewriteAction.Send, result.Action);
                Assert.True(copy.AsSpan().SequenceEqual(part), $"{what}: the first primary is the identity");
                if (result.IsSyn)
                    secondary.LearnWireIsn(result.Flow, result.WireIsn, result.WireTimestamp, result.HasTimestamp, h.Now);
                h.P(copy);
            }
            Flush(random.Next(6));
        }
        Flush(0);
        foreach (byte[] frame in h.Released)
        {
            FrameParser.Parse(frame, out FrameInfo info);
            if (info.Kind != FrameKind.Tcp)
            {
                others--;
                continue;
            }
            WireSegment.Parse(frame);
            string flow = FrameParser.Key(frame, in info, true).ToString();
            for (uint i = 0; i < info.PayloadLength; i++)
                expected[flow].Remove(info.Seq + i);
            if (lastAck.TryGetValue(flow, out uint ack) && ack == info.Ack)
                lastAck.Remove(flow);
        }
        DivergenceRecord? divergence = h.Comparer.Statistics.RecentDivergences().Select(d => (DivergenceRecord?)d).FirstOrDefault();
        Assert.True(h.Requests.Count == 0, $"{what}: {divergence}");
        Assert.True(expected.Values.All(p => p.Count == 0), $"{what}: payload did not leave");
        // Of acknowledgements each connection's last must have left; others may have been overtaken.
        Assert.True(lastAck.Count == 0, $"{what}: last acknowledgement did not leave");
        Assert.True(h.Comparer.Statistics.Held == 0 && h.Comparer.WaitingFlows == 0, $"{what}: {h.Comparer.Statistics.Held} held, {h.Comparer.WaitingFlows} wait");
        Assert.True(h.Comparer.ConfirmedIndex == h.Index, $"{what}: confirmed {h.Comparer.ConfirmedIndex} of {h.Index}");
        Assert.True(others == 0, $"{what}: {others} other frames did not leave");
        Assert.True(h.Comparer.RentedBuffers == 0, $"{what}: buffers out");
    }
}
