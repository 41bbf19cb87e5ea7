using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Colo.Link;
using Colo.Linux;
using Xunit.Abstractions;

namespace Colo.Tests.Link;

/// <summary>The byte stream over a pair of sockets, without a handshake.</summary>
public sealed unsafe class LinkByteStreamTests(ITestOutputHelper output) : IDisposable
{
    private const int Eagain = -11;
    private const int Ebadmsg = -74;
    private const int Econnreset = -104;
    private readonly List<IDisposable> _owned = [];
    private readonly byte[] _there = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _back = RandomNumberGenerator.GetBytes(32);

    public void Dispose() => _owned.ForEach(owned => owned.Dispose());

    [Theory]
    [InlineData(LinkProtection.Plain)]
    [InlineData(LinkProtection.Sealed)]
    public void Whatever_the_pieces_it_arrives_whole_through_the_smallest_buffers(LinkProtection protection)
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var (first, second) = Sockets(buffer: 1);
        var a = Stream(first, protection, _there, _back);
        var b = Stream(second, protection, _back, _there);
        var flows = new[] { new Flow(a, b, new Random(seed)), new Flow(b, a, new Random(seed + 1)) };
        var deadline = Environment.TickCount64 + 20_000;
        while (flows.Any(flow => !flow.Done))
        {
            Assert.True(Environment.TickCount64 < deadline, $"seed {seed}: it stands still");
            foreach (var flow in flows)
            {
                flow.Send();
                flow.Receive();
            }
        }

        foreach (var flow in flows)
        {
            Assert.True(flow.Arrived, $"seed {seed}");
            Assert.True(flow.FullSeen > 10, $"{flow.FullSeen}");
            // A plain stream keeps nothing back.
            Assert.Equal(protection == LinkProtection.Sealed, flow.PendingSeen > 10);
        }

        Assert.Equal((Flow.Length, Flow.Length), (a.BytesSent, a.BytesReceived));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(200)]
    [InlineData(4 + 300)]
    [InlineData(4 + 300 + 15)]
    public void A_record_with_a_changed_byte_gives_nothing_and_ends_the_stream(int at)
    {
        var (raw, cipher, stream) = Peer();
        var bad = Record(cipher, 300);
        // The length: less by one, so that enough bytes are there.
        bad[at] ^= (byte)(at == 0 ? (300 & 255) ^ (299 & 255) : 1);
        Write(raw, bad);
        AssertForged(stream, 0);
    }

    [Fact]
    public void What_came_before_a_forged_record_is_handed_out()
    {
        var (raw, cipher, stream) = Peer();
        var good = Record(cipher, 500);
        var bad = Record(cipher, 300);
        bad[50] ^= 1;
        Write(raw, [.. good, .. bad, .. Record(cipher, 10)]);
        AssertForged(stream, 500);
    }

    [Fact]
    public void A_repeated_record_and_one_left_out_are_forged()
    {
        var (raw, cipher, stream) = Peer();
        var record = Record(cipher, 300);
        Write(raw, [.. record, .. record]);
        AssertForged(stream, 300);
        (raw, cipher, stream) = Peer();
        Record(cipher, 300);
        Write(raw, Record(cipher, 300));
        AssertForged(stream, 0);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(256u * 1024 + 1)]
    [InlineData(0x8000_0000u)]
    [InlineData(0xFFFF_FFFFu)]
    public void An_impossible_length_is_not_waited_for(uint length)
    {
        var (raw, _, stream) = Peer();
        Write(raw, BitConverter.GetBytes(length));
        AssertForged(stream, 0);
    }

    [Fact]
    public void The_longest_record_arrives_in_pieces_and_comes_out_when_it_is_whole()
    {
        const int length = 256 * 1024;
        var (raw, cipher, stream) = Peer();
        var record = Record(cipher, length);
        for (var at = 0; at < record.Length; at += 50_000)
        {
            Assert.Equal(Eagain, Receive(stream, new byte[100]));
            Write(raw, record[at..Math.Min(record.Length, at + 50_000)]);
        }

        var all = new byte[length + 1];
        Assert.Equal(length, Receive(stream, all));
        Assert.True(all.AsSpan(0, length).SequenceEqual(Content(length)));
        Assert.Equal(Eagain, Receive(stream, all));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(150)]
    [InlineData(4 + 300 + 15)]
    public void An_end_within_a_record_is_told_from_one_between_records(int cut)
    {
        var (raw, cipher, stream) = Peer();
        Write(raw, Record(cipher, 200));
        Write(raw, Record(cipher, 300)[..cut]);
        var into = new byte[1000];
        Assert.Equal(200, Receive(stream, into));
        Assert.Equal(Eagain, Receive(stream, into));
        raw.Dispose();
        Array.Fill(into, (byte)0xEE);
        for (var i = 0; i < 3; i++)
            Assert.Equal(cut == 0 ? 0 : Econnreset, Receive(stream, into));
        Assert.All(into, b => Assert.Equal(0xEE, b));
    }

    [Fact]
    public void A_plain_stream_ends_where_its_bytes_end()
    {
        var (raw, other) = Sockets();
        var stream = Stream(other, LinkProtection.Plain, _back, _there);
        Write(raw, [1, 2, 3]);
        raw.Dispose();
        var into = new byte[10];
        Assert.Equal(3, Receive(stream, into));
        Assert.Equal([1, 2, 3], into[..3]);
        Assert.Equal(0, Receive(stream, into));
    }

    [Theory]
    [InlineData(LinkProtection.Plain)]
    [InlineData(LinkProtection.Sealed)]
    public void A_peer_that_has_gone_is_an_error_of_sending_also_for_what_is_pending(LinkProtection protection)
    {
        var (raw, other) = Sockets();
        var stream = Stream(other, protection, _back, _there);
        while (Send(stream, new byte[100_000]) > 0)
        {
        }

        Assert.Equal(protection == LinkProtection.Sealed, stream.SendPending);
        Assert.Equal(protection == LinkProtection.Sealed ? Eagain : 0, stream.Flush());
        raw.Dispose();
        if (protection == LinkProtection.Sealed)
            Assert.Contains((int)stream.Flush(), new[] { -32, Econnreset });
        // A reset is told once; after it the pipe is broken.
        Assert.Contains((int)Send(stream, [1]), new[] { -32, Econnreset });
        Assert.Equal(-32, Send(stream, [1]));
        Assert.Equal(protection == LinkProtection.Sealed, stream.SendPending);
    }

    [Fact]
    public void Abort_ends_it_for_both_and_a_disposed_stream_says_so()
    {
        var (first, second) = Sockets();
        var a = Stream(first, LinkProtection.Sealed, _there, _back);
        var b = Stream(second, LinkProtection.Sealed, _back, _there);
        a.Abort();
        Assert.Equal((0, 0), ((int)Receive(a, new byte[1]), (int)Receive(b, new byte[1])));
        Assert.Equal(-32, Send(a, [1]));
        a.Dispose();
        a.Abort();
        Assert.Throws<ObjectDisposedException>(() => Receive(a, new byte[1]));
        Assert.Throws<ObjectDisposedException>(() => Send(a, [1]));
        Assert.False(a.SendPending);
    }

    [Fact]
    public void Nothing_is_allocated_per_call()
    {
        var (first, second) = Sockets();
        var a = Stream(first, LinkProtection.Sealed, _there, _back);
        var b = Stream(second, LinkProtection.Sealed, _back, _there);
        var bytes = new byte[5000];
        long before = 0;
        for (var i = 0; i < 2_000; i++)
        {
            if (i == 1_000)
                before = GC.GetAllocatedBytesForCurrentThread();
            if (Send(a, bytes) != bytes.Length || Receive(b, bytes) != bytes.Length)
                Assert.Fail("a message did not pass");
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000);
    }

    private void AssertForged(LinkByteStream stream, int before)
    {
        var into = new byte[4096];
        Array.Fill(into, (byte)0xEE);
        if (before > 0)
            Assert.Equal(before, Receive(stream, into));
        for (var i = 0; i < 2; i++)
            Assert.Equal(Ebadmsg, Receive(stream, into));
        Assert.Equal((Ebadmsg, Ebadmsg), ((int)Send(stream, [1]), (int)stream.Flush()));
        Assert.All(into[before..], b => Assert.Equal(0xEE, b));
    }

    private static nint Receive(LinkByteStream stream, byte[] into)
    {
        fixed (byte* start = into)
        {
            var vector = new IoVector((nint)start, (nuint)into.Length);
            return stream.Receive(&vector, 1);
        }
    }

    private static nint Send(LinkByteStream stream, byte[] bytes)
    {
        fixed (byte* start = bytes)
        {
            var vector = new IoVector((nint)start, (nuint)bytes.Length);
            return stream.Send(&vector, 1);
        }
    }

    /// <summary>A stream and a bare socket with its peer's cipher.</summary>
    private (FileDescriptor Raw, RecordCipher Cipher, LinkByteStream Stream) Peer()
    {
        var (raw, other) = Sockets();
        var cipher = new RecordCipher(_there);
        _owned.Add(cipher);
        return (raw, cipher, Stream(other, LinkProtection.Sealed, _back, _there));
    }

    private static byte[] Content(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i % 251))];

    private static byte[] Record(RecordCipher cipher, int length)
    {
        byte[] record = [.. BitConverter.GetBytes(length), .. Content(length), .. new byte[16]];
        cipher.Seal(record.AsSpan(0, 4), record.AsSpan(4, length), record.AsSpan(4 + length));
        return record;
    }

    private static void Write(FileDescriptor socket, byte[] bytes)
    {
        fixed (byte* start = bytes)
            Assert.Equal(bytes.Length, NativeSocket.send(socket.Number, start, (nuint)bytes.Length, 0));
    }

    private LinkByteStream Stream(FileDescriptor fd, LinkProtection protection, byte[] send, byte[] receive)
    {
        var peer = new LinkPeer
        {
            Kind = LinkKind.Disk,
            Node = LinkNode.B,
            Instance = LinkInstance.New(),
            Session = new LinkSession(1, 1),
            Version = 1,
            Versions = (1, 1),
            Protection = protection,
            Address = new IPEndPoint(IPAddress.Loopback, 1),
            Dialled = true,
        };
        var stream = new LinkByteStream(
            fd, peer, protection == LinkProtection.Plain ? null : (new RecordCipher(send), new RecordCipher(receive)));
        _owned.Add(stream);
        return stream;
    }

    private (FileDescriptor First, FileDescriptor Second) Sockets(int buffer = 0)
    {
        var numbers = stackalloc int[2];
        LinuxException.ThrowIfNegative(NativeSocket.socketpair(1, NativeSocket.SOCK_STREAM | NativeSocket.SOCK_CLOEXEC, 0, numbers), "socketpair");
        var pair = (First: new FileDescriptor(numbers[0]), Second: new FileDescriptor(numbers[1]));
        foreach (var fd in new[] { pair.First, pair.Second })
        {
            _owned.Add(fd);
            if (buffer > 0)
                LinkSocket.Set(fd, NativeSocket.SOL_SOCKET, NativeSocket.SO_SNDBUF, buffer);
        }

        return pair;
    }

    /// <summary>Random bytes one way, in random pieces at both ends.</summary>
    private sealed class Flow(LinkByteStream from, LinkByteStream to, Random random)
    {
        internal const long Length = 2 << 20;
        private readonly byte[] _source = GC.AllocateArray<byte>((int)Length, pinned: true);
        private readonly byte[] _target = GC.AllocateArray<byte>((int)Length, pinned: true);
        private byte[]? _expected;
        private int _sent;
        private int _received;

        internal int PendingSeen { get; private set; }

        internal int FullSeen { get; private set; }

        internal bool Done => _received == Length && !from.SendPending;

        internal bool Arrived => _target.AsSpan().SequenceEqual(_expected);

        /// <summary>Sends until nothing goes any more.</summary>
        internal void Send()
        {
            while (SendOnce())
            {
            }
        }

        private bool SendOnce()
        {
            if (_expected is null)
            {
                random.NextBytes(_source);
                _expected = [.. _source];
            }

            PendingSeen += from.SendPending ? 1 : 0;
            if (_sent == Length)
            {
                Assert.Contains((int)from.Flush(), new[] { 0, Eagain });
                return false;
            }

            var vectors = stackalloc IoVector[40];
            var (count, _) = Pieces(_source, _sent, vectors);
            var sent = from.Send(vectors, count);
            FullSeen += sent == Eagain ? 1 : 0;
            Assert.True(sent is > 0 or Eagain, $"{sent}");
            if (sent < 0)
                return false;
            // The memory is not needed any more.
            _source.AsSpan(_sent, (int)sent).Fill(0xEE);
            _sent += (int)sent;
            return true;
        }

        internal void Receive()
        {
            if (_received == Length)
                return;
            var vectors = stackalloc IoVector[40];
            var (count, room) = Pieces(_target, _received, vectors);
            var received = to.Receive(vectors, count);
            Assert.True(received == Eagain || (received > 0 && received <= room), $"{received} of {room}");
            _received += Math.Max(0, (int)received);
        }

        private (int Count, int Bytes) Pieces(byte[] memory, int at, IoVector* into)
        {
            var count = 0;
            var start = at;
            var wanted = random.Next(1, 41);
            while (count < wanted)
            {
                var piece = random.Next(4) switch { 0 => 0, 1 => random.Next(40_000), _ => random.Next(3_000) };
                // Room for one byte there is always.
                piece = Math.Min(count == 0 ? piece + 1 : piece, memory.Length - at);
                into[count++] = new IoVector(Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0) + at, (nuint)piece);
                at += piece;
            }

            return (count, at - start);
        }
    }
}
