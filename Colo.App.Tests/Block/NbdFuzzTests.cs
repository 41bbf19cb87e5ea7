using System.Net.Sockets;
using System.Runtime.InteropServices;
using Colo.Block;
using Colo.Block.Nbd;
using Colo.Linux;
using Colo.Tests.Devices;
using Xunit.Abstractions;

namespace Colo.Tests.Block;

/// <summary>Peers that send what a generator makes: valid, cut off, oversized, out of order, and noise. A printed seed repeats a run.</summary>
public sealed class NbdFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int Size = 1 << 20;
    private readonly NbdFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void A_server_outlives_thousands_of_wrong_messages_within_its_memory()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var limits = new NbdServerOptions { MemoryBudget = 40 << 20, ConnectionBudget = 34 << 20 };
        var address = _fixture.Serve(Size, limits);
        long most = 0;
        _fixture.Loop.Do(() => _fixture.Loop.Loop.AddAfterRound(() => most = Math.Max(most, _fixture.Server!.BytesHeld)));
        var messages = Attack(address, seed, conversations: 400);
        Assert.True(SpinWait.SpinUntil(() => _fixture.On(() => _fixture.Server!.Connections == 0 && _fixture.Server.RequestsHeld == 0), 20_000), $"seed {seed}");
        Assert.Equal(0, _fixture.On(() => _fixture.Server!.BytesHeld));
        output.WriteLine($"{messages} messages; at most {most} bytes held");
        Assert.InRange(most, 1, limits.MemoryBudget);
        Assert.True(messages > 4000, $"seed {seed}: {messages}");
        Serves(address);
    }

    [ColoBinaryFact]
    public void The_executable_outlives_them_too()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        using var colo = new NbdProcess(_fixture.Path("b.sock"), [], "--image", _fixture.Image, "--size", "1M");
        Serves(colo.Address);
        var before = colo.PeakMemory;
        var messages = Attack(colo.Address, seed, conversations: 400);
        Serves(colo.Address);
        output.WriteLine($"{messages} messages; memory {before >> 20} MiB, then at most {colo.PeakMemory >> 20} MiB");
        // Four connections at once, each with the longest message that is allowed.
        Assert.True(colo.PeakMemory - before < 160 << 20, $"seed {seed}: {colo.PeakMemory}");
        colo.Stop();
    }

    [Fact]
    public void A_client_ends_every_request_whatever_the_server_sends()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var address = new NbdAddress.Unix(_fixture.Path("evil.sock"));
        listener.Bind(address.EndPoint);
        listener.Listen();
        using var loop = new LoopThread(new EventLoop());
        var (entered, refused, fitting, messages) = (0, 0, 0, 0);
        // By the two threads of the client: others of this process run other tests.
        long Allocated()
        {
            var onLoop = 0L;
            loop.Do(() => onLoop = GC.GetAllocatedBytesForCurrentThread());
            return onLoop + GC.GetAllocatedBytesForCurrentThread();
        }

        var allocated = Allocated();
        for (var i = 0; i < 500; i++)
        {
            var peer = new NbdFuzzServer(new Random(seed + i), Size);
            var serving = Task.Run(() => peer.Serve(listener));
            try
            {
                var transport = address.Connect(TimeSpan.FromSeconds(5));
                try
                {
                    var session = NbdClientHandshake.Run(transport, new NbdClientOptions { Timeout = TimeSpan.FromSeconds(5) });
                    entered++;
                    fitting += Use(loop, transport, session, new Random(seed - i), $"seed {seed}, conversation {i}");
                }
                catch (Exception e) when (e is NbdException)
                {
                    refused++;
                    transport.Dispose();
                }
            }
            finally
            {
                Assert.True(serving.Wait(20_000), $"seed {seed}, conversation {i}");
                messages += peer.Messages;
            }
        }

        allocated = Allocated() - allocated;
        output.WriteLine($"{messages} messages, {entered} handshakes, {refused} refused, {fitting} answers that fit; {allocated >> 20} MiB allocated");
        Assert.True(entered > 100 && refused > 30 && fitting > 100, $"seed {seed}: {entered}, {refused}, {fitting}");
        Assert.True(messages > 3000, $"seed {seed}: {messages}");
        // A length that the peer names, without sending as much, allocates nothing of that size.
        Assert.True(allocated < 1L << 30, $"seed {seed}: {allocated}");
    }

    /// <summary>Several clients at once, each with its own numbers; how many messages they sent.</summary>
    private int Attack(NbdAddress address, int seed, int conversations)
    {
        var messages = 0;
        var answers = 0L;
        Parallel.For(0, conversations, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            var client = new NbdFuzzClient(new Random(seed + i), Size);
            try
            {
                client.Run(address);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, conversation {i}: {e}");
            }

            Interlocked.Add(ref messages, client.Messages);
            Interlocked.Add(ref answers, client.Answers);
        });
        output.WriteLine($"{answers} bytes of answers");
        Assert.True(answers > 300_000, $"seed {seed}: {answers} bytes of answers: hardly anything was understood");
        return messages;
    }

    private void Serves(NbdAddress address)
    {
        var disk = _fixture.Connect(address);
        Assert.Equal(0, disk.Write(1000, [5, 6, 7]));
        Assert.Equal([5, 6, 7], disk.Read(1000, 3));
        _fixture.Loop.Do(disk.Client.Dispose);
    }

    /// <summary>Submits several requests at once; each is completed once, with whatever. How many without an error.</summary>
    private static unsafe int Use(LoopThread loop, INbdTransport transport, NbdSession session, Random random, string what)
    {
        const int count = 10, room = 16384;
        var memory = (byte*)NativeMemory.AllocZeroed(count * room);
        NbdClient? client = null;
        try
        {
            var times = new int[count];
            var fitting = 0;
            var left = count;
            using var all = new ManualResetEventSlim();
            loop.Do(() =>
            {
                client = new NbdClient(transport, session, loop.Loop);
                for (var i = 0; i < count; i++)
                {
                    var index = i;
                    var request = new BlockRequest(1, new ImageHarness.Completion(r =>
                    {
                        times[index]++;
                        fitting += r.Error == 0 ? 1 : 0;
                        if (--left == 0)
                            all.Set();
                    }));
                    var operation = (BlockOperation)random.Next(6);
                    var length = operation == BlockOperation.Flush ? 0 : 512 * random.Next(1, room / 512);
                    request.Begin(operation, 512 * random.Next(100), length);
                    request.Extents = new BlockExtent[8];
                    if (operation is BlockOperation.Read or BlockOperation.Write)
                        request.Add(new BlockVector((nint)(memory + (i * room)), (nuint)length));
                    client.Submit(request);
                }
            });
            Assert.True(all.Wait(20_000), $"{what}: {left} requests hang");
            loop.Do(() => { });
            Assert.All(times, n => Assert.Equal(1, n));
            Assert.Equal(0, client!.InFlight);
            return fitting;
        }
        finally
        {
            loop.Do(() => client?.Dispose());
            NativeMemory.Free(memory);
        }
    }
}
