using System.Buffers.Binary;
using System.Net.Sockets;
using Colo.Block;
using Colo.Block.Nbd;
using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Tests.Block;

/// <summary>Servers that break the protocol: the client ends the connection and completes everything, once.</summary>
public sealed class NbdHostileServerTests : IDisposable
{
    private readonly NbdFixture _fixture = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly NbdAddress.Unix _address;

    public NbdHostileServerTests()
    {
        _address = new NbdAddress.Unix(_fixture.Path("evil.sock"));
        _listener.Bind(_address.EndPoint);
        _listener.Listen();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public void Replies_of_any_kind_end_in_an_answer_or_an_error()
    {
        var seed = Environment.TickCount;
        for (var i = 0; i < 200; i++)
        {
            var random = new Random(seed + i);
            var server = Task.Run(() => Misbehave(random));
            using var loop = new Colo.Tests.Devices.LoopThread(new Colo.Linux.EventLoop());
            NbdClient? client = null;
            loop.Do(() => client = new NbdClient(_address.Connect(TimeSpan.FromSeconds(5)), Session(), loop.Loop));
            var disk = new SyncDisk(loop.Loop, client!);
            // A hang fails within SyncDisk; what comes back is the server's business.
            _ = disk.Error(BlockOperation.Read, 4096, new byte[8192]);
            _ = disk.Status(0, 1 << 20);
            _ = disk.Write(0, new byte[512]);
            Assert.True(client!.InFlight == 0, $"seed {seed + i}");
            loop.Do(client.Dispose);
            server.Wait();
        }
    }

    [Theory]
    [InlineData("another cookie")]
    [InlineData("data beyond what was asked for")]
    [InlineData("too little data")]
    [InlineData("a simple reply to a read")]
    [InlineData("an endless chunk")]
    [InlineData("an error with a length that lies")]
    public void An_answer_that_does_not_fit_is_an_error_and_ends_the_connection(string fault)
    {
        var server = Task.Run(() =>
        {
            using var peer = _listener.Accept();
            var request = new byte[28];
            Receive(peer, request);
            var cookie = BinaryPrimitives.ReadUInt64BigEndian(request.AsSpan(8));
            peer.Send(fault switch
            {
                "another cookie" => Chunk(ChunkNone, ChunkFlagDone, cookie + 1, []),
                "data beyond what was asked for" => Chunk(ChunkOffsetData, ChunkFlagDone, cookie, [.. Long(4096 + 8000), .. new byte[500]]),
                "too little data" => Chunk(ChunkOffsetData, ChunkFlagDone, cookie, [.. Long(4096), .. new byte[100]]),
                "a simple reply to a read" => [0x67, 0x44, 0x66, 0x98, 0, 0, 0, 0, .. Long((long)cookie)],
                "an endless chunk" => Chunk(ChunkOffsetData, 0, cookie, [], uint.MaxValue),
                _ => Chunk(ChunkError, ChunkFlagDone, cookie, [0, 0, 0, 5, 0xff, 0xff]),
            });
            // Until the client leaves.
            while (peer.Receive(new byte[100]) > 0)
            {
            }
        });
        NbdClient? client = null;
        _fixture.Loop.Do(() => client = new NbdClient(_address.Connect(TimeSpan.FromSeconds(5)), Session(), _fixture.Loop.Loop));
        Assert.Equal(107, new SyncDisk(_fixture.Loop.Loop, client!).Error(BlockOperation.Read, 4096, new byte[8192]));
        Assert.Contains("breaks the protocol", client!.Failure, StringComparison.Ordinal);
        _fixture.Loop.Do(client.Dispose);
        Assert.True(server.Wait(20_000));
    }

    [Theory]
    [InlineData("no NBD server")]
    [InlineData("old style")]
    [InlineData("closed")]
    [InlineData("takes longer")]
    public void A_handshake_that_is_none_is_an_error(string expected)
    {
        using var done = new ManualResetEventSlim();
        var server = Task.Run(() =>
        {
            using var peer = _listener.Accept();
            switch (expected)
            {
                case "no NBD server":
                    peer.Send("SSH-2.0-OpenSSH_9.2p1 Debian-2\n"u8.ToArray());
                    break;
                case "old style":
                    peer.Send([.. Long((long)InitMagic), .. Long(0x00420281861253)]);
                    break;
                case "closed":
                    return;
            }

            done.Wait(20_000);
        });
        var error = Assert.Throws<NbdException>(() => _fixture.Connect(_address, new NbdClientOptions { Timeout = TimeSpan.FromMilliseconds(500) }));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        done.Set();
        server.Wait();
    }

    private static NbdSession Session() => new()
    {
        Size = 1 << 20,
        Flags = TransmitHasFlags | TransmitFlush,
        Structured = true,
        AllocationContext = 1,
    };

    private void Misbehave(Random random)
    {
        using var peer = _listener.Accept();
        // A client that still waits for the rest of an answer is let go.
        peer.ReceiveTimeout = 200;
        try
        {
            var request = new byte[28];
            for (var n = random.Next(4); n >= 0; n--)
            {
                if (!Receive(peer, request))
                    return;
                var cookie = BinaryPrimitives.ReadUInt64BigEndian(request.AsSpan(8));
                for (var chunks = random.Next(1, 4); chunks > 0; chunks--)
                {
                    var payload = new byte[random.Next(40)];
                    random.NextBytes(payload);
                    if (payload.Length > 8 && random.Next(2) == 0)
                        Long(4096 + random.Next(9000)).CopyTo(payload, 0);
                    ushort[] types = [ChunkNone, ChunkOffsetData, ChunkOffsetHole, ChunkBlockStatus, ChunkBlockStatusExtended, ChunkError, ChunkErrorOffset, 77];
                    var chunk = Chunk(types[random.Next(8)], (ushort)random.Next(2), cookie, payload);
                    if (random.Next(4) == 0)
                        chunk[random.Next(chunk.Length)] ^= (byte)(1 << random.Next(8));
                    peer.Send(chunk);
                }
            }
        }
        catch (SocketException)
        {
            // The client has left.
        }
    }

    private static bool Receive(Socket peer, byte[] into)
    {
        for (var at = 0; at < into.Length;)
        {
            var received = peer.Receive(into.AsSpan(at));
            if (received == 0)
                return false;
            at += received;
        }

        return true;
    }

    private static byte[] Long(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Chunk(ushort type, ushort flags, ulong cookie, byte[] payload, uint? length = null)
    {
        var bytes = new byte[20];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, StructuredReplyMagic);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), flags);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), type);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), cookie);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(16), length ?? (uint)payload.Length);
        return [.. bytes, .. payload];
    }
}
