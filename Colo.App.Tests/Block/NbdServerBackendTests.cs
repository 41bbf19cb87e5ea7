using Colo.Block;
using Colo.Block.Nbd;
using Colo.Linux;
using Colo.Tests.Devices;

namespace Colo.Tests.Block;

/// <summary>What the server asks of a backend, and when it answers: with a backend that completes requests when told.</summary>
public sealed class NbdServerBackendTests : IDisposable
{
    private const long Size = 1L << 30;
    private readonly LoopThread _loop = new(new EventLoop());
    private readonly string _directory = Directory.CreateTempSubdirectory("colo-nbd-").FullName;
    private readonly Gate _gate = new();
    private readonly List<string> _answered = [];
    private readonly List<NbdClient> _clients = [];
    private NbdServer _server = null!;
    private NbdListener _listener = null!;

    public void Dispose()
    {
        _loop.Do(() =>
        {
            foreach (var client in _clients)
                client.Dispose();
            _listener.Dispose();
            _server.Dispose();
        });
        _loop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void Requests_are_in_the_backend_together_and_answered_as_they_are_done()
    {
        var client = Start();
        Submit(client, "a", BlockOperation.Write, 0, 4096);
        Submit(client, "b", BlockOperation.Read, 4096, 4096);
        Submit(client, "c", BlockOperation.Flush, 0, 0);
        WaitFor(3);
        Assert.Equal([BlockOperation.Write, BlockOperation.Read, BlockOperation.Flush], On(() => _gate.Waiting.Select(r => r.Operation).ToArray()));
        Complete(2);
        WaitAnswered("c 0");
        Complete(0, 28);
        WaitAnswered("c 0", "a 28");
        Complete(0, 5);
        WaitAnswered("c 0", "a 28", "b 5");
    }

    [Fact]
    public void Flags_reach_the_backend_and_only_the_last_slice_is_durable()
    {
        var client = Start();
        Submit(client, "w", BlockOperation.Write, 0, 4096, r => r.Durable = true);
        WaitFor(1);
        Assert.True(On(() => _gate.Waiting[0].Durable));
        Complete(0);
        WaitAnswered("w 0");
        Submit(client, "z", BlockOperation.WriteZeroes, 0, 600 << 20, r => (r.Durable, r.MayUnmap, r.OnlyIfFast) = (true, false, true));
        var slices = new List<(long, long, bool, bool, bool)>();
        for (var i = 0; i < 3; i++)
        {
            WaitFor(1);
            slices.Add(On(() => (_gate.Waiting[0].Offset, _gate.Waiting[0].Length, _gate.Waiting[0].Durable, _gate.Waiting[0].MayUnmap, _gate.Waiting[0].OnlyIfFast)));
            Complete(0);
        }

        Assert.Equal([(0, 256 << 20, false, false, true), (256 << 20, 256 << 20, false, false, true), (512 << 20, 88 << 20, true, false, true)], slices);
        WaitAnswered("w 0", "z 0");
        Submit(client, "f", BlockOperation.WriteZeroes, 0, 600 << 20, r => r.MayUnmap = true);
        WaitFor(1);
        Assert.True(On(() => _gate.Waiting[0] is { MayUnmap: true, OnlyIfFast: false }));
        Complete(0, 28);
        WaitAnswered("w 0", "z 0", "f 28");
    }

    [Fact]
    public void A_client_that_vanishes_leaves_its_requests_to_the_backend_and_their_memory_until_then()
    {
        var client = Start();
        Submit(client, "w", BlockOperation.Write, 0, 1 << 20);
        Submit(client, "z", BlockOperation.WriteZeroes, 0, Size);
        WaitFor(2);
        _loop.Do(client.Dispose);
        Assert.True(SpinWait.SpinUntil(() => On(() => _server.Connections) is 0 or 1, 10_000));
        Assert.Equal((2, 1 << 20), On(() => (_server.RequestsHeld, (int)_server.BytesHeld)));
        Complete(0);
        Complete(0);
        Assert.True(SpinWait.SpinUntil(() => On(() => _server.Connections == 0 && _server.RequestsHeld == 0), 10_000));
        Assert.Equal(0, On(() => _server.BytesHeld));
    }

    [Fact]
    public void A_stop_waits_for_the_backend_then_flushes()
    {
        var client = Start();
        Submit(client, "w", BlockOperation.Write, 0, 4096);
        WaitFor(1);
        int? result = null;
        _loop.Do(() => _server.Stop(error => result = error));
        Submit(client, "late", BlockOperation.Write, 4096, 4096);
        Assert.Null(On(() => result));
        Complete(0);
        WaitAnswered("w 0", "late 107");
        WaitFor(1);
        Assert.Equal(BlockOperation.Flush, On(() => _gate.Waiting[0].Operation));
        Assert.Null(On(() => result));
        Complete(0, 5);
        Assert.Equal(5, On(() => result));
    }

    [Fact]
    public void A_backend_that_does_not_tell_allocation_is_all_data()
    {
        var client = Start();
        var extents = new BlockExtent[4];
        var request = Submit(client, "s", BlockOperation.Status, 512, 1 << 20, r => r.Extents = extents);
        WaitFor(1);
        Complete(0, 95);
        WaitAnswered("s 0");
        Assert.Equal((1, new BlockExtent(1 << 20, false)), (request.ExtentCount, extents[0]));
    }

    private NbdClient Start()
    {
        var address = new NbdAddress.Unix(Path.Combine(_directory, "s"));
        _loop.Do(() =>
        {
            _server = new NbdServer([new NbdExport("", _gate)], new NbdServerOptions(), _loop.Loop);
            _listener = new NbdListener(address, _loop.Loop, _server.Serve);
        });
        var socket = address.Connect(TimeSpan.FromSeconds(10));
        var session = NbdClientHandshake.Run(socket, new NbdClientOptions());
        _loop.Do(() => _clients.Add(new NbdClient(socket, session, _loop.Loop)));
        return _clients[0];
    }

    private unsafe BlockRequest Submit(NbdClient client, string name, BlockOperation operation, long offset, long length, Action<BlockRequest>? set = null)
    {
        var data = operation is BlockOperation.Read or BlockOperation.Write ? GC.AllocateArray<byte>((int)length, pinned: true) : [];
        var request = new BlockRequest(1, new Answer(this, name, data));
        request.Begin(operation, offset, length);
        if (data.Length > 0)
            request.Add(new BlockVector(System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(data, 0), (nuint)length));
        set?.Invoke(request);
        _loop.Do(() => client.Submit(request));
        return request;
    }

    private T On<T>(Func<T> value)
    {
        T result = default!;
        _loop.Do(() => result = value());
        return result;
    }

    private void WaitFor(int count) =>
        Assert.True(SpinWait.SpinUntil(() => On(() => _gate.Waiting.Count) == count, 10_000), $"{On(() => _gate.Waiting.Count)} requests, not {count}");

    private void Complete(int index, int error = 0) => _loop.Do(() =>
    {
        var request = _gate.Waiting[index];
        _gate.Waiting.RemoveAt(index);
        request.Complete(error);
    });

    private void WaitAnswered(params string[] expected)
    {
        SpinWait.SpinUntil(() => On(() => _answered.Count) >= expected.Length, 10_000);
        Assert.Equal(expected, On(() => _answered.ToArray()));
    }

    private sealed class Answer(NbdServerBackendTests test, string name, byte[] data) : IBlockCompletion
    {
        public void Completed(BlockRequest request)
        {
            GC.KeepAlive(data);
            test._answered.Add($"{name} {request.Error}");
        }
    }

    private sealed class Gate : IBlockBackend
    {
        public List<BlockRequest> Waiting { get; } = [];

        public long Size => NbdServerBackendTests.Size;

        public bool ReadOnly => false;

        public void Submit(BlockRequest request) => Waiting.Add(request);

        public void Dispose()
        {
        }
    }
}
