using Colo.Block;
using Colo.Block.Nbd;

namespace Colo.Tests.Block;

/// <summary>The same over threads, where io_uring is what an image gets.</summary>
public sealed class NbdClientServerOverThreadsTests() : NbdClientServerTests(ImageEngineKind.Threads);

/// <summary>The client against the server, in every mode of the protocol.</summary>
public class NbdClientServerTests : IDisposable
{
    private const int Size = 6 << 20;
    private readonly NbdFixture _fixture;

    public NbdClientServerTests()
        : this(ImageEngineKind.Automatic)
    {
    }

    private protected NbdClientServerTests(ImageEngineKind engine) => _fixture = new NbdFixture(engine);

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _fixture.Dispose();
    }

    [Theory]
    [InlineData(true, true, false)]
    [InlineData(false, true, true)]
    [InlineData(false, false, false)]
    [InlineData(true, true, true)]
    public void What_is_written_on_several_connections_at_once_is_read_back_and_in_the_file(bool extended, bool structured, bool tcp)
    {
        var address = _fixture.Serve(Size, tcp: tcp);
        var options = new NbdClientOptions { ExtendedHeaders = extended, StructuredReplies = structured };
        var seed = Environment.TickCount;
        var model = new byte[Size];
        var threads = 3;
        var failures = new List<string>();
        // Each connection has a stripe of its own, at odd offsets, so that the model needs no order between them.
        var workers = Enumerable.Range(0, threads).Select(t => new Thread(() =>
        {
            try
            {
                Work(_fixture.Connect(address, options), new Random(seed + t), model, t * (Size / threads), Size / threads);
            }
            catch (Exception e)
            {
                lock (failures)
                    failures.Add(e.ToString());
            }
        })).ToArray();
        foreach (var worker in workers)
            worker.Start();
        foreach (var worker in workers)
            worker.Join();
        Assert.True(failures.Count == 0, $"seed {seed}: {string.Join('\n', failures)}");
        var check = _fixture.Connect(address, options);
        Assert.Equal((extended && structured, structured), (check.Client.Session.Extended, check.Client.Session.Structured));
        Assert.True(model.AsSpan().SequenceEqual(check.Read(0, Size, 200)), $"seed {seed}");
        Assert.Equal(0, check.Flush());
        Assert.True(model.AsSpan().SequenceEqual(_fixture.ReadImage()), $"seed {seed}");
    }

    [Fact]
    public void Data_of_more_than_the_protocol_s_limit_goes_in_several_commands()
    {
        const int large = 70 << 20;
        var disk = _fixture.Connect(_fixture.Serve(large, new NbdServerOptions { MemoryBudget = 40 << 20 }));
        var data = new byte[large - 4096];
        new Random(1).NextBytes(data);
        Assert.Equal(0, disk.Write(1024, data, durable: true, pieces: 97));
        Assert.True(data.AsSpan().SequenceEqual(disk.Read(1024, data.Length, 5)));
        Assert.Equal(0, _fixture.On(() => _fixture.Server!.RequestsHeld));
        Assert.Equal(0, _fixture.On(() => _fixture.Server!.BytesHeld));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Holes_are_told_made_and_kept(bool extended)
    {
        var disk = _fixture.Connect(_fixture.Serve(64 << 20), new NbdClientOptions { ExtendedHeaders = extended });
        Assert.Equal([new BlockExtent(64 << 20, true)], disk.Status(0, 64 << 20).Extents);
        var data = new byte[1 << 20];
        Array.Fill(data, (byte)7);
        Assert.Equal(0, disk.Write(8 << 20, data));
        Assert.Equal(0, disk.Write(16 << 20, data));
        Assert.Equal(
            [new(8 << 20, true), new(1 << 20, false), new(7 << 20, true), new(1 << 20, false), new(47 << 20, true)],
            disk.Status(0, 64 << 20).Extents);
        Assert.Equal([new BlockExtent(4096, false)], disk.Status(8 << 20, 4096).Extents);
        Assert.Equal(0, disk.Discard(8 << 20, 1 << 20));
        Assert.Equal(0, disk.Zero(16 << 20, 512 << 10, unmap: true, fast: true));
        Assert.Equal(
            [new((16 << 20) + (512 << 10), true), new(512 << 10, false), new(47 << 20, true)], disk.Status(0, 64 << 20).Extents);
        // Zeroes without a hole: they take their space, and read as zeroes.
        var before = Blocks();
        Assert.Equal(0, disk.Zero(32 << 20, 4 << 20, unmap: false));
        Assert.True(Blocks() - before >= (4 << 20) / 512, $"{before} blocks, then {Blocks()}");
        Assert.Equal(new byte[4 << 20], disk.Read(32 << 20, 4 << 20));
        Assert.Equal(new byte[1 << 20], disk.Read(8 << 20, 1 << 20));
        Assert.Equal(0, disk.Zero(0, 64 << 20, unmap: true));
        Assert.Equal([new BlockExtent(64 << 20, true)], disk.Status(0, 64 << 20).Extents);
    }

    [Fact]
    public void A_huge_image_is_zeroed_and_trimmed_in_slices()
    {
        const long huge = 1L << 40;
        var disk = _fixture.Connect(_fixture.Serve(huge));
        Assert.Equal(0, disk.Write(huge - 4096, new byte[4096]));
        Assert.Equal(0, disk.Write(123, [1, 2, 3]));
        Assert.Equal(0, disk.Zero(0, huge, unmap: true));
        Assert.Equal(0, disk.Discard(0, huge));
        Assert.Equal([new BlockExtent(huge, true)], disk.Status(0, huge).Extents);
    }

    [Fact]
    public void Errors_are_those_of_the_specification()
    {
        var disk = _fixture.Connect(_fixture.Serve(Size, change: export => export with { MinimumBlock = 512 }));
        // The client checks by itself; the server is asked past it in NbdHostileClientTests.
        Assert.Equal(22, disk.Write(1, new byte[512]));
        Assert.Equal(22, disk.Write(Size, new byte[512]));
        Assert.Equal(22, disk.Error(BlockOperation.Read, -512, new byte[512]));
        Assert.Equal(0, disk.Write(Size, []));
        Assert.Equal(512U, disk.Client.Session.MinimumBlock);
    }

    [Fact]
    public void A_read_only_export_is_read_and_not_written()
    {
        File.WriteAllBytes(_fixture.Image, [.. Enumerable.Range(0, 8192).Select(i => (byte)(i / 512))]);
        var disk = _fixture.Connect(_fixture.Serve(0, readOnly: true));
        Assert.True(disk.Client.ReadOnly);
        Assert.Equal(5, disk.Read(5 * 512, 1)[0]);
        Assert.Equal(13, disk.Write(0, new byte[512]));
        Assert.Equal(0, disk.Flush());
    }

    [Fact]
    public void A_stop_finishes_what_was_begun_and_ends_the_connections()
    {
        var disk = _fixture.Connect(_fixture.Serve(64 << 20));
        using var failed = new ManualResetEventSlim();
        _fixture.Loop.Do(() => disk.Client.Failed = _ => failed.Set());
        var counter = new Counter();
        var memory = new BlockVector(0, 0);
        unsafe
        {
            memory = new BlockVector((nint)System.Runtime.InteropServices.NativeMemory.AllocZeroed(1 << 20), 1 << 20);
        }

        try
        {
            _fixture.Loop.Do(() =>
            {
                for (var i = 0; i < 64; i++)
                {
                    var request = new BlockRequest(1, counter);
                    request.Begin(BlockOperation.Write, (long)i << 20, 1 << 20);
                    request.Add(memory);
                    disk.Client.Submit(request);
                }
            });
            Assert.Equal(0, _fixture.Stop());
            Assert.True(failed.Wait(20_000));
            // Every one is completed, once: done, or ended with the connection.
            Assert.Equal(64, _fixture.On(() => counter.Done + counter.Broken));
            Assert.Equal(107, disk.Flush());
        }
        finally
        {
            unsafe
            {
                System.Runtime.InteropServices.NativeMemory.Free((void*)memory.Pointer);
            }
        }
    }

    private long Blocks() => long.Parse(Tools.Run("stat", "-c", "%b", _fixture.Image), System.Globalization.CultureInfo.InvariantCulture);

    private static void Work(SyncDisk disk, Random random, byte[] model, int from, int room)
    {
        for (var i = 0; i < 150; i++)
        {
            var length = random.Next(4) == 0 ? random.Next(1, 300_000) : random.Next(1, 9000);
            var at = from + random.Next(room - length);
            var part = model.AsSpan(at, length);
            switch (random.Next(6))
            {
                case 0 or 1:
                    random.NextBytes(part);
                    Assert.Equal(0, disk.Write(at, part.ToArray(), random.Next(8) == 0, random.Next(1, 6)));
                    break;
                case 2:
                    part.Clear();
                    Assert.Equal(0, disk.Zero(at, length, random.Next(2) == 0));
                    break;
                case 3:
                    // After a discard anything may be there: it is written anew.
                    Assert.Equal(0, disk.Discard(at, length));
                    Assert.Equal(0, disk.Write(at, part.ToArray()));
                    break;
                default:
                    Assert.True(part.SequenceEqual(disk.Read(at, length, random.Next(1, 6))), $"{length} bytes at {at}, round {i}");
                    break;
            }
        }
    }

    private sealed class Counter : IBlockCompletion
    {
        public int Done { get; private set; }

        public int Broken { get; private set; }

        public void Completed(BlockRequest request)
        {
            if (request.Error == 0)
                Done++;
            else
                Broken++;
        }
    }
}
