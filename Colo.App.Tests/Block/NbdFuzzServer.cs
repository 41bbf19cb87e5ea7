using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Tests.Block;

/// <summary>A server that breaks the protocol: most handshakes succeed, or there would be no requests to answer wrongly.</summary>
internal sealed class NbdFuzzServer(Random random, long size) : NbdFuzzPeer(random)
{
    private readonly List<(ulong Cookie, int Type, ulong Offset, ulong Length)> _asked = [];
    private bool _extended;
    private bool _structured;

    /// <summary>One conversation, which this ends.</summary>
    public void Serve(Socket listener)
    {
        using var peer = listener.Accept();
        // A client that waits for the rest of an answer is let go.
        peer.ReceiveTimeout = 100;
        peer.SendTimeout = 5000;
        try
        {
            var spoil = OneIn(3) ? 6 : 1000;
            Send(peer, Spoil([.. B64(InitMagic), .. B64(OptionMagic), .. B16(OneIn(30) ? Random.Next(65536) : 3)], spoil));
            Receive(peer, 4);
            while (Negotiate(peer, spoil))
            {
            }

            for (var n = Random.Next(4, 30); n > 0; n--)
                Answer(peer);
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException)
        {
            // The client has left, or waits.
        }
    }

    private bool Negotiate(Socket peer, int spoil)
    {
        var head = Receive(peer, 16);
        var option = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(8));
        Receive(peer, (int)BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(12)));
        switch (option)
        {
            case OptionExtendedHeaders or OptionStructuredReply:
                var take = OneIn(2);
                _extended |= take && option == OptionExtendedHeaders;
                _structured |= take;
                Send(peer, Spoil(Reply(option, take ? ReplyAck : ReplyErrorUnsupported, []), spoil));
                return true;
            case OptionSetMetaContext:
                if (!OneIn(5))
                    Send(peer, Spoil(Reply(option, ReplyMetaContext, [.. B32(7), .. Encoding.ASCII.GetBytes(OneIn(8) ? "other" : "base:allocation")]), spoil));
                Send(peer, Spoil(Reply(option, ReplyAck, []), spoil));
                return true;
            case OptionGo:
                var flags = TransmitHasFlags | TransmitFlush | (Random.Next(65536) & ~TransmitReadOnly);
                Send(peer, Spoil(Reply(option, ReplyInfo, [.. B16(InfoExport), .. B64(OneIn(30) ? (ulong)Random.NextInt64(long.MinValue, 0) : (ulong)size), .. B16(flags)]), spoil));
                if (OneIn(3))
                    Send(peer, Spoil(Reply(option, ReplyInfo, [.. B16(InfoBlockSize), .. B32(Pick<uint>(1, 512, 4096, 3)), .. B32(4096), .. B32(Pick<uint>(4096, 32 << 20, 1))]), spoil));
                if (OneIn(6))
                    Send(peer, Reply(option, ReplyInfo, [.. B16(Random.Next(9)), .. Noise(100)]));
                Send(peer, Spoil(Reply(option, ReplyAck, []), spoil));
                return false;
            default:
                Send(peer, Spoil(Reply(option, ReplyErrorUnsupported, Noise(20)), spoil));
                return option != OptionExportName;
        }
    }

    private byte[] Reply(uint option, uint type, byte[] data) => OneIn(150)
        ? [.. B64(OptionReplyMagic), .. B32(option), .. B32(type), .. B32(Pick<uint>(uint.MaxValue, 1 << 20, 65536, (uint)data.Length + 1)), .. data]
        : [.. B64(OptionReplyMagic), .. B32(OneIn(150) ? option + 1 : option), .. B32(type), .. B32((uint)data.Length), .. data];

    private void Answer(Socket peer)
    {
        // Several are gathered at times, so that answers can change their order.
        while (_asked.Count == 0 || (peer.Available > 0 && OneIn(2)))
            TakeRequest(peer);
        var index = Random.Next(_asked.Count);
        var (cookie, type, offset, length) = _asked[index];
        // Now and then it is answered twice, or as another.
        if (!OneIn(25))
            _asked.RemoveAt(index);
        if (OneIn(30))
            cookie += (ulong)Random.Next(1, 3);
        if (!_structured)
        {
            var error = OneIn(6) ? Pick<uint>(1, 5, 22, 28, 999) : 0;
            Send(peer, Spoil([.. B32(SimpleReplyMagic), .. B32(error), .. B64(cookie), .. type == CommandRead && error == 0 ? new byte[length] : []], 10));
            return;
        }

        byte[] Chunk(int kind, bool done, byte[] payload)
        {
            var says = OneIn(40) ? Pick<ulong>(uint.MaxValue, 0, (ulong)payload.Length + 1, MaxPayload + 9) : (ulong)payload.Length;
            return _extended
                ? [.. B32(ExtendedReplyMagic), .. B16(done ? 1 : 0), .. B16(kind), .. B64(cookie), .. B64(offset), .. B64(says), .. payload]
                : [.. B32(StructuredReplyMagic), .. B16(done ? 1 : 0), .. B16(kind), .. B64(cookie), .. B32((uint)says), .. payload];
        }

        if (OneIn(8))
        {
            Send(peer, Spoil(Chunk(Pick<int>(ChunkError, ChunkErrorOffset, ChunkErrorBit + 99), true, [.. B32(Pick<uint>(1, 5, 22, 28)), .. B16(OneIn(5) ? 60000 : 3), .. Noise(11)]), 8));
            return;
        }

        if (type == CommandRead)
        {
            // In chunks from either end, some of them holes, some of them not of this request.
            var cut = (ulong)Random.NextInt64((long)length + 1);
            byte[] first = Chunk(ChunkOffsetData, false, [.. B64(OneIn(20) ? offset + length : offset), .. new byte[cut]]);
            byte[] second = OneIn(3)
                ? Chunk(ChunkOffsetHole, false, [.. B64(offset + cut), .. B32((uint)(length - cut))])
                : Chunk(ChunkOffsetData, false, [.. B64(offset + cut), .. new byte[length - cut]]);
            foreach (var chunk in OneIn(2) ? new[] { first, second } : [second, first])
            {
                // An empty one is no valid chunk; sent all the same at times.
                if (!OneIn(20) && (cut == 0 || cut == length) && ReferenceEquals(chunk, cut == 0 ? first : second))
                    continue;
                Send(peer, Spoil(chunk, 20));
            }
        }
        else if (type == CommandBlockStatus)
        {
            var count = OneIn(10) ? 0 : Random.Next(1, 5);
            byte[] body = _extended ? [.. B32(7), .. B32((uint)count)] : [.. B32(OneIn(10) ? 8U : 7)];
            for (var i = 0; i < count; i++)
                body = _extended ? [.. body, .. B64((ulong)Random.Next(1 << 14)), .. B64((ulong)Random.Next(4))] : [.. body, .. B32((uint)Random.Next(1 << 14)), .. B32((uint)Random.Next(4))];
            Send(peer, Spoil(Chunk(_extended ? ChunkBlockStatusExtended : ChunkBlockStatus, OneIn(2), body), 10));
        }

        Send(peer, Spoil(Chunk(OneIn(25) ? Random.Next(9) : ChunkNone, !OneIn(15), OneIn(25) ? Noise(20) : []), 15));
    }

    private void TakeRequest(Socket peer)
    {
        var head = Receive(peer, _extended ? ExtendedRequest : CompactRequest);
        int type = BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(6));
        var length = _extended ? BinaryPrimitives.ReadUInt64BigEndian(head.AsSpan(24)) : BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(24));
        if (type == CommandWrite)
            Receive(peer, (int)length);
        _asked.Add((BinaryPrimitives.ReadUInt64BigEndian(head.AsSpan(8)), type, BinaryPrimitives.ReadUInt64BigEndian(head.AsSpan(16)), length));
    }

    private void Send(Socket peer, byte[] message)
    {
        Messages++;
        for (var at = 0; at < message.Length;)
        {
            var part = OneIn(4) ? Random.Next(1, message.Length - at + 1) : message.Length - at;
            at += peer.Send(message.AsSpan(at, part));
        }
    }

    private static byte[] Receive(Socket peer, int length)
    {
        var bytes = new byte[length];
        for (var at = 0; at < length;)
        {
            var received = peer.Receive(bytes.AsSpan(at));
            if (received == 0)
                throw new EndOfStreamException();
            at += received;
        }

        return bytes;
    }
}
