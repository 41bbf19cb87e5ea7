using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Colo.Block;
using Colo.Block.Nbd;
using Colo.Link;
using Colo.Linux;
using Colo.Node;
using Colo.Tests.Link;
using Xunit.Abstractions;

namespace Colo.Tests.Block;

/// <summary>Client and server of NBD over an authenticated Disk channel, each on a loop of its own.</summary>
public sealed unsafe class NbdOverLinkTests : LinkTestBase
{
    private const int Size = 8 << 20;
    private readonly ITestOutputHelper _output;
    private readonly string _directory = Directory.CreateTempSubdirectory("colo-nbd-").FullName;
    private readonly byte* _memory = (byte*)NativeMemory.AllocZeroed(Size);
    private readonly List<NbdClient> _clients = [];
    private readonly List<NbdRelay> _relays = [];
    private IBlockBackend? _backend;
    private NbdServer? _server;

    public NbdOverLinkTests(ITestOutputHelper output) => _output = output;

    private string Image => Path.Combine(_directory, "disk.img");

    public override void Dispose()
    {
        A.Loop.Invoke(() => _clients.ForEach(client => client.Dispose()));
        // First the backend: it waits for what is under way in the server's memory.
        B.Loop.Invoke(() => _backend?.Dispose());
        B.Loop.Invoke(() => _server?.Dispose());
        base.Dispose();
        _relays.ForEach(relay => relay.Dispose());
        NativeMemory.Free(_memory);
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(LinkProtection.Plain, 0)]
    [InlineData(LinkProtection.Sealed, 0)]
    [InlineData(LinkProtection.Sealed, 16 << 10)]
    public void Many_requests_at_once_leave_the_disk_as_the_model_says(LinkProtection protection, int buffer)
    {
        var seed = Environment.TickCount;
        _output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var client = Connect(Serve(protection, buffer), protection, buffer);
        var model = new byte[Size];
        for (var round = 0; round < (buffer > 0 ? 3 : 8); round++)
        {
            // No two of one round overlap, so their order does not matter.
            var batch = new Batch();
            var ranges = new List<(int At, int Length)>();
            for (var at = random.Next(20_000); at < Size && batch.Requests.Count < 100; at += random.Next(60_000))
            {
                var length = Math.Min(random.Next(4) == 0 ? random.Next(1, 400_000) : random.Next(1, 9_000), Size - at);
                var part = model.AsSpan(at, length);
                var operation = random.Next(5) switch { 0 => BlockOperation.WriteZeroes, < 3 => BlockOperation.Write, _ => BlockOperation.Read };
                if (operation == BlockOperation.Write)
                    random.NextBytes(part);
                else if (operation == BlockOperation.WriteZeroes)
                    part.Clear();
                if (operation == BlockOperation.Write)
                    part.CopyTo(new Span<byte>(_memory + at, length));
                else
                    new Span<byte>(_memory + at, length).Fill(0xEE);
                var request = batch.Add(operation, at, length, _memory + at, pieces: random.Next(1, 4));
                request.MayUnmap = random.Next(2) == 0;
                request.Durable = random.Next(16) == 0;
                if (operation == BlockOperation.Read)
                    ranges.Add((at, length));
                at += length;
            }

            batch.Run(A.Loop, client);
            Assert.All(batch.Errors(), error => Assert.Equal(0, error));
            foreach (var (at, length) in ranges)
                Assert.True(model.AsSpan(at, length).SequenceEqual(new ReadOnlySpan<byte>(_memory + at, length)), $"seed {seed}, round {round}, {length} bytes at {at}");
        }

        var disk = new SyncDisk(A.Loop, client);
        Assert.True(model.AsSpan().SequenceEqual(disk.Read(0, Size, 100)), $"seed {seed}");
        Assert.Equal(0, disk.Flush());
        Assert.True(model.AsSpan().SequenceEqual(NbdFixture.ReadImage(Image)), $"seed {seed}");
        Assert.Equal((0, 0L), B.Get(() => (_server!.RequestsHeld, _server.BytesHeld)));
    }

    [Fact]
    public void A_stop_in_the_middle_answers_or_ends_every_request_and_keeps_what_it_answered()
    {
        var client = Connect(Serve(LinkProtection.Sealed), LinkProtection.Sealed);
        var failed = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        A.Loop.Invoke(() => client.Failed = failed.SetResult);
        new Span<byte>(_memory, Size).Fill(0x5A);
        var batch = new Batch();
        for (var i = 0; i < Size; i += 128 << 10)
            batch.Add(BlockOperation.Write, i, 128 << 10, _memory + i, 1);
        batch.Submit(A.Loop, client);
        Until(() => B.Get(() => _server!.RequestsHeld) > 0 || batch.IsDone, "nothing came");
        var stopped = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        B.Loop.Invoke(() => _server!.Stop(stopped.SetResult));
        batch.Wait();
        Assert.True(stopped.Task.Wait(Limit) && failed.Task.Wait(Limit));
        Assert.Equal(0, stopped.Task.Result);
        // A socket closed with requests unread in it resets its connection.
        Assert.Matches("closed the connection|errno 104", failed.Task.Result);
        Assert.Equal(0, A.Get(() => client.InFlight));
        var image = NbdFixture.ReadImage(Image);
        foreach (var request in batch.Requests)
        {
            Assert.Contains(request.Error, new[] { 0, 107 });
            if (request.Error == 0)
                Assert.Equal(0x5A, image[request.Offset]);
        }

        Assert.Equal(107, new SyncDisk(A.Loop, client).Flush());
    }

    [Fact]
    public void A_peer_that_vanishes_in_the_middle_of_a_record_ends_every_request_once()
    {
        var (client, relay, failed) = ConnectThroughRelay(LinkProtection.Sealed);
        // A record's plaintext has at most 64 KiB: this is in the middle of one.
        relay.ToClient.CutAfter(100_000);
        var batch = Mixed();
        batch.Run(A.Loop, client);
        Assert.All(batch.Errors(), error => Assert.Contains(error, new[] { 0, 107 }));
        Assert.Contains(107, batch.Errors());
        Assert.True(failed.Task.Wait(Limit));
        Assert.Contains("errno 104", failed.Task.Result);
        Assert.Equal(0, A.Get(() => client.InFlight));
        var late = Mixed();
        late.Run(A.Loop, client);
        Assert.All(late.Errors(), error => Assert.Equal(107, error));
        Until(() => B.Get(() => _server!.Connections == 0 && _server.RequestsHeld == 0 && _server.BytesHeld == 0), "the server keeps what has ended");
    }

    [Fact]
    public void A_byte_changed_on_the_path_to_the_client_ends_every_request_and_gives_no_data()
    {
        var (client, relay, failed) = ConnectThroughRelay(LinkProtection.Sealed);
        // In the first record of the answers.
        relay.ToClient.ChangeAt(50);
        new Span<byte>(_memory, Size).Fill(0xEE);
        var batch = new Batch();
        for (var i = 0; i < 16; i++)
            batch.Add(BlockOperation.Read, i * 100_000, 100_000, _memory + (i * 100_000), 1);
        batch.Run(A.Loop, client);
        Assert.All(batch.Errors(), error => Assert.Equal(107, error));
        Assert.True(failed.Task.Wait(Limit));
        Assert.Contains("damaged or forged", failed.Task.Result);
        Assert.False(new ReadOnlySpan<byte>(_memory, Size).ContainsAnyExcept((byte)0xEE));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_write_that_was_cut_off_or_changed_on_its_way_is_not_carried_out(bool cut)
    {
        var (client, relay, failed) = ConnectThroughRelay(LinkProtection.Sealed);
        if (cut)
            relay.ToServer.CutAfter(300_000);
        else
            relay.ToServer.ChangeAt(300_000);
        new Span<byte>(_memory, Size).Fill(0x5A);
        var batch = new Batch();
        batch.Add(BlockOperation.Write, 0, 1 << 20, _memory, 1);
        batch.Run(A.Loop, client);
        Assert.Equal([107], batch.Errors());
        Assert.True(failed.Task.Wait(Limit));
        Until(() => B.Get(() => _server!.Connections == 0 && _server.RequestsHeld == 0), "the server goes on with it");
        Assert.False(NbdFixture.ReadImage(Image).AsSpan().ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Who_has_not_the_key_neither_reads_nor_writes_an_export()
    {
        var options = new LinkOptions { CheckpointProtection = LinkProtection.Sealed, HandshakeTimeout = TimeSpan.FromMilliseconds(300) };
        var address = Serve(LinkProtection.Sealed, options: options);
        var wrong = Dial(address, LinkKind.Disk, options, Identity(LinkNode.A, LinkKey.Generate()));
        Assert.Equal((LinkDialOutcome.Rejected, LinkRefusal.WrongKey), (wrong.Outcome, wrong.Failure!.Reason));
        Assert.Null(wrong.Channel);
        TakeFailure();

        // An ordinary NBD client waits for a greeting that does not come.
        using (var socket = new NbdAddress.Tcp(address.Address, address.Port).Connect(TimeSpan.FromSeconds(5)))
            Assert.Contains("closed the connection", Assert.Throws<NbdException>(() => NbdClientHandshake.Run(socket, new NbdClientOptions())).Message);
        Assert.Equal(LinkRefusal.TimedOut, TakeFailure().Reason);

        // One that sends blindly: its flags, the export's name, and a write.
        using var blind = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 20_000 };
        blind.Connect(address);
        blind.Send([0, 0, 0, 3, .. "IHAVEOPT"u8, 0, 0, 0, 1, 0, 0, 0, 0, 0x25, 0x60, 0x95, 0x13, 0, 0, 0, 1, .. new byte[18], 2, 0, .. Enumerable.Repeat((byte)0x5A, 512)]);
        Assert.Equal(LinkRefusal.NotThisProtocol, TakeFailure().Reason);
        Assert.Equal(0, B.Get(() => _server!.Connections));
        Assert.False(NbdFixture.ReadImage(Image).AsSpan().ContainsAnyExcept((byte)0));
    }

    [Theory]
    [InlineData(LinkProtection.Plain)]
    [InlineData(LinkProtection.Sealed)]
    public void Throughput_of_large_requests_over_loopback(LinkProtection protection)
    {
        var client = Connect(Serve(protection, backend: new Nothing()), protection);
        var watch = Stopwatch.StartNew();
        const int rounds = 12;
        for (var round = 0; round < rounds; round++)
        {
            var batch = new Batch();
            for (var i = 0; i < 64; i++)
                batch.Add(BlockOperation.Write, 0, 512 << 10, _memory, 1);
            batch.Run(A.Loop, client);
        }

        var rate = rounds * 64 * (512 << 10) / watch.Elapsed.TotalSeconds / 1e6;
        _output.WriteLine($"{protection}: {rate:0} MB/s");
        Assert.True(rate > 20, $"{rate:0} MB/s");
    }

    private (NbdClient Client, NbdRelay Relay, TaskCompletionSource<string> Failed) ConnectThroughRelay(LinkProtection protection)
    {
        var relay = new NbdRelay(Serve(protection));
        _relays.Add(relay);
        var client = Connect(relay.Address, protection);
        var failed = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        A.Loop.Invoke(() => client.Failed = failed.SetResult);
        // Nothing is under way any more when the relay begins to count.
        Assert.Equal(new byte[512], new SyncDisk(A.Loop, client).Read(0, 512));
        return (client, relay, failed);
    }

    private Batch Mixed()
    {
        var batch = new Batch();
        for (var i = 0; i < 16; i++)
        {
            batch.Add(BlockOperation.Read, i * 400_000, 200_000, _memory + (i * 400_000), 2);
            batch.Add(BlockOperation.Write, (i * 400_000) + 200_000, 10_000, _memory + (i * 400_000) + 200_000, 1);
            batch.Add(BlockOperation.WriteZeroes, (i * 400_000) + 300_000, 10_000, _memory, 1);
        }

        batch.Add(BlockOperation.Flush, 0, 0, _memory, 0);
        return batch;
    }

    private IPEndPoint Serve(LinkProtection protection, int buffer = 0, LinkOptions? options = null, IBlockBackend? backend = null)
    {
        B.Loop.Invoke(() =>
        {
            _backend = backend ?? new ImageFileBackend(Image, Size, readOnly: false, B.Loop);
            _server = new NbdServer([new NbdExport("vda", _backend)], new NbdServerOptions(), B.Loop);
        });
        return Listen(options ?? new LinkOptions { CheckpointProtection = protection }, accepted: channel =>
        {
            Assert.Equal(LinkKind.Disk, channel.Peer.Kind);
            _server!.Serve(Transport(channel, buffer), channel.Peer.Address.ToString());
        }).Address;
    }

    private NbdClient Connect(IPEndPoint address, LinkProtection protection, int buffer = 0)
    {
        var result = Dial(address, LinkKind.Disk, new LinkOptions { CheckpointProtection = protection });
        Assert.True(result.Outcome == LinkDialOutcome.Connected, result.Text);
        var transport = Transport(result.Channel!, buffer);
        var session = NbdClientHandshake.Run(transport, new NbdClientOptions { Export = "vda" });
        var client = A.Get(() => new NbdClient(transport, session, A.Loop));
        _clients.Add(client);
        return client;
    }

    private static LinkNbdTransport Transport(LinkChannel channel, int buffer)
    {
        var transport = new LinkNbdTransport(channel.OpenBytes());
        if (buffer > 0)
            Assert.Equal(0, NativeSocket.setsockopt(transport.Descriptor, NativeSocket.SOL_SOCKET, NativeSocket.SO_SNDBUF, &buffer, sizeof(int)));
        return transport;
    }

    /// <summary>Requests that are submitted together.</summary>
    private sealed class Batch : IBlockCompletion
    {
        private readonly ManualResetEventSlim _done = new();
        private int _completed;

        internal List<BlockRequest> Requests { get; } = [];

        internal bool IsDone => _done.IsSet;

        internal BlockRequest Add(BlockOperation operation, long at, long length, byte* memory, int pieces)
        {
            var request = new BlockRequest(Math.Max(1, pieces), this);
            request.Begin(operation, at, length);
            for (var i = 0; i < pieces && operation is BlockOperation.Read or BlockOperation.Write; i++)
            {
                long from = length * i / pieces, to = length * (i + 1) / pieces;
                request.Add(new BlockVector((nint)(memory + from), (nuint)(to - from)));
            }

            Requests.Add(request);
            return request;
        }

        internal void Submit(Colo.Linux.EventLoop loop, NbdClient client) => loop.Post(() => Requests.ForEach(client.Submit));

        internal void Wait() => Assert.True(_done.Wait(30_000), $"{_completed} of {Requests.Count} requests are completed");

        internal void Run(Colo.Linux.EventLoop loop, NbdClient client)
        {
            Submit(loop, client);
            Wait();
        }

        internal int[] Errors() => [.. Requests.Select(request => request.Error)];

        public void Completed(BlockRequest request)
        {
            // More completions than requests would show in the next batch, or throw here.
            if (++_completed > Requests.Count)
                throw new InvalidOperationException("a request was completed twice");
            if (_completed == Requests.Count)
                _done.Set();
        }
    }

    /// <summary>A disk that takes everything at once.</summary>
    private sealed class Nothing : IBlockBackend
    {
        public long Size => NbdOverLinkTests.Size;

        public bool ReadOnly => false;

        public void Submit(BlockRequest request) => request.Complete(0);

        public void Dispose()
        {
        }
    }
}
