using System.Net.Sockets;
using Colo.Block;
using Colo.Block.Nbd;
using Colo.Linux;

namespace Colo.Tests.Block;

/// <summary>Client and server over a transport that holds back what it was given to send, and what has come in.</summary>
public sealed unsafe class NbdHeldBackTests : IDisposable
{
    private const int Size = 2 << 20;
    private readonly NbdFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Nothing_stays_in_a_transport_that_holds_back(bool atClient, bool atServer)
    {
        var address = _fixture.Serve(Size, wrap: atServer ? transport => new HeldBack(transport, 700) : null);
        var disk = _fixture.Connect(address, wrap: atClient ? transport => new HeldBack(transport, 700) : null);
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var model = new byte[Size];
        for (var i = 0; i < 60; i++)
        {
            var length = random.Next(1, 20_000);
            var at = random.Next(Size - length);
            if (random.Next(2) == 0)
            {
                random.NextBytes(model.AsSpan(at, length));
                Assert.Equal(0, disk.Write(at, model[at..(at + length)], pieces: random.Next(1, 5)));
            }
            else
            {
                Assert.True(model.AsSpan(at, length).SequenceEqual(disk.Read(at, length, random.Next(1, 5))), $"seed {seed}, round {i}");
            }
        }

        Assert.Equal(0, disk.Flush());
        Assert.True(model.AsSpan().SequenceEqual(_fixture.ReadImage()), $"seed {seed}");
        Assert.Null(_fixture.On(() => disk.Client.Failure));
    }

    [Fact]
    public void A_handshake_that_goes_out_byte_by_byte_is_done()
    {
        var address = _fixture.Serve(Size, wrap: transport => new HeldBack(transport, 1));
        var disk = _fixture.Connect(address, wrap: transport => new HeldBack(transport, 1));
        Assert.Equal(Size, disk.Client.Size);
        Assert.True(disk.Client.Session.Extended);
    }

    [Fact]
    public void A_connection_is_closed_when_the_last_answer_has_gone_out_not_before()
    {
        var address = _fixture.Serve(Size, wrap: transport => new HeldBack(transport, 1));
        using var abort = NbdFixture.Raw(address);
        var greeting = Receive(abort, 18);
        Assert.Equal("NBDMAGIC", System.Text.Encoding.ASCII.GetString(greeting, 0, 8));
        // Client flags, then ABORT with no data; the answer is an acknowledgement.
        abort.Send([0, 0, 0, 3, .. "IHAVEOPT"u8, 0, 0, 0, 2, 0, 0, 0, 0]);
        var answer = Receive(abort, 20);
        Assert.Equal((2, 1, 0), (answer[11], answer[15], answer[19]));
        Assert.Equal(0, abort.Receive(new byte[1]));
        WaitForNoConnections();

        // In a session: a read, and at once the goodbye. The read is answered whole.
        using var read = NbdFixture.Raw(address);
        Receive(read, 18);
        read.Send([0, 0, 0, 3, .. "IHAVEOPT"u8, 0, 0, 0, 1, 0, 0, 0, 0]);
        Receive(read, 10);
        byte[] request = [0x25, 0x60, 0x95, 0x13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0];
        byte[] goodbye = [0x25, 0x60, 0x95, 0x13, 0, 0, 0, 2, .. new byte[20]];
        read.Send([.. request, .. goodbye]);
        Assert.Equal(9, Receive(read, 16 + 4096)[15]);
        Assert.Equal(0, read.Receive(new byte[1]));
        WaitForNoConnections();
    }

    [Fact]
    public void A_stop_sends_what_is_held_back_first()
    {
        var disk = _fixture.Connect(_fixture.Serve(Size, wrap: transport => new HeldBack(transport, 3)));
        var answered = new Answers();
        var memory = GC.AllocateArray<byte>(4096, pinned: true);
        memory.AsSpan().Fill(7);
        _fixture.Loop.Do(() =>
        {
            for (var i = 0; i < 16; i++)
            {
                var request = new BlockRequest(1, answered);
                request.Begin(BlockOperation.Write, i * 4096, 4096);
                request.Add(new BlockVector(System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0), 4096));
                disk.Client.Submit(request);
            }
        });
        // All have come whole, for they are written (the server counts a request from its head on): every one is answered before the end.
        Assert.True(SpinWait.SpinUntil(() => _fixture.ReadImage().AsSpan(0, 16 * 4096).IndexOfAnyExcept((byte)7) < 0, 10_000));
        Assert.Equal(0, _fixture.Stop());
        Assert.True(SpinWait.SpinUntil(() => _fixture.On(() => answered.Count) == 16, 10_000));
        Assert.Equal(0, _fixture.On(() => answered.Errors));
    }

    private static byte[] Receive(Socket socket, int length)
    {
        var bytes = new byte[length];
        for (var at = 0; at < length;)
        {
            var got = socket.Receive(bytes, at, length - at, SocketFlags.None);
            Assert.True(got > 0, $"the end after {at} of {length} bytes");
            at += got;
        }

        return bytes;
    }

    private void WaitForNoConnections() =>
        Assert.True(SpinWait.SpinUntil(() => _fixture.On(() => _fixture.Server!.Connections) == 0, 10_000));

    private sealed class Answers : IBlockCompletion
    {
        internal int Count { get; private set; }

        internal int Errors { get; private set; }

        public void Completed(BlockRequest request)
        {
            Count++;
            Errors += request.Error == 0 ? 0 : 1;
        }
    }

    /// <summary>
    /// Takes what it is given and lets out a few bytes at a time; takes in what there is and hands out a few bytes at a
    /// time. As a sealed transport does with its records, and at every byte.
    /// </summary>
    private sealed class HeldBack(INbdTransport inner, int portion) : INbdTransport
    {
        private readonly byte[] _out = new byte[4096];
        private readonly byte[] _in = new byte[64 << 10];
        private int _outFrom;
        private int _outTo;
        private int _inFrom;
        private int _inTo;
        private bool _full;

        public int Descriptor => inner.Descriptor;

        public bool SendPending => _outFrom < _outTo;

        public nint Receive(BlockVector* into, int count)
        {
            if (_inFrom == _inTo)
            {
                fixed (byte* start = _in)
                {
                    var all = new BlockVector((nint)start, (nuint)_in.Length);
                    var received = inner.Receive(&all, 1);
                    if (received <= 0)
                        return received;
                    (_inFrom, _inTo) = (0, (int)received);
                }
            }

            nint total = 0;
            for (var i = 0; i < count && total < portion; i++)
            {
                var part = (int)Math.Min(Math.Min(into[i].Length, (nuint)(portion - total)), (nuint)(_inTo - _inFrom));
                _in.AsSpan(_inFrom, part).CopyTo(new Span<byte>((void*)into[i].Pointer, part));
                _inFrom += part;
                total += part;
            }

            return total;
        }

        public nint Send(BlockVector* from, int count)
        {
            var flushed = Flush();
            if (flushed < 0)
                return flushed;
            (_outFrom, _outTo) = (0, 0);
            for (var i = 0; i < count; i++)
            {
                var part = (int)Math.Min(from[i].Length, (nuint)(_out.Length - _outTo));
                new ReadOnlySpan<byte>((void*)from[i].Pointer, part).CopyTo(_out.AsSpan(_outTo));
                _outTo += part;
            }

            return _outTo;
        }

        public nint Flush()
        {
            // Every other time there is no room, whatever epoll says.
            _full = !_full;
            if (SendPending && _full)
                return -Errno.EAGAIN;
            fixed (byte* start = _out)
            {
                var part = new BlockVector((nint)start + _outFrom, (nuint)Math.Min(portion, _outTo - _outFrom));
                var sent = SendPending ? inner.Send(&part, 1) : 0;
                if (sent < 0)
                    return sent;
                _outFrom += (int)sent;
            }

            return SendPending ? -Errno.EAGAIN : 0;
        }

        public void Dispose() => inner.Dispose();
    }
}
