using Colo.Block;
using Colo.Linux;
using Colo.Tests.Devices;

namespace Colo.Tests.Block;

/// <summary>Images over each engine, cached and direct: what a request means is the same.</summary>
public sealed unsafe class ImageFileTests
{
    private const int Size = 4 << 20;

    public static TheoryData<string> Engines => ImageHarness.Engines;

    [Fact]
    public void This_kernel_s_images_use_io_uring()
    {
        using var loop = new EventLoop();
        using var file = new TemporaryFile(1 << 20);
        using var image = new ImageFileBackend(file.Path, 0, false, loop);
        Assert.Equal(ImageHarness.Available, image.UsesIoUring);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Random_requests_at_once_agree_with_a_model(string engine)
    {
        // Twice what all requests under way can cover: there is always a free place.
        const int size = 16 << 20;
        var seed = Environment.TickCount;
        using var disk = new ImageHarness(engine, size, capacity: 16);
        var run = new ImageRandomRun(disk, seed, size);
        Assert.True(run.Go(requests: 3000, depth: 48), $"seed {seed}: {run.Problem ?? "not completed"}");
        Assert.Equal(0, disk.Do(BlockOperation.Flush, 0, 0));
        Assert.True(run.Model.AsSpan().SequenceEqual(disk.File()), $"seed {seed}");
        Assert.True(run.Largest > 1024, $"seed {seed}: more vectors than one call takes");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Many_more_requests_than_the_ring_has_places_are_each_completed_once(string engine)
    {
        const int count = 5000;
        using var disk = new ImageHarness(engine, Size, capacity: 4);
        var completed = new int[count];
        var left = count;
        using var all = new ManualResetEventSlim();
        for (var i = 0; i < count; i++)
            disk.Memory.Slice(i % 1024 * 512, 512).Fill((byte)(i % 1024));
        disk.Loop.Do(() =>
        {
            for (var i = 0; i < count; i++)
            {
                var index = i;
                var request = new BlockRequest(1, new ImageHarness.Completion(r =>
                {
                    completed[index] += r.Error == 0 ? 1 : 1000;
                    if (--left == 0)
                        all.Set();
                }));
                request.Begin(BlockOperation.Write, i % 1024 * 512, 512);
                request.Add(disk.Vector(i % 1024 * 512, 512));
                disk.Image.Submit(request);
            }
        });
        Assert.True(all.Wait(30_000), $"{left} are left");
        disk.Loop.Do(() => { });
        Assert.All(completed, times => Assert.Equal(1, times));
        for (var i = 0; i < 1024; i++)
            Assert.Equal((byte)i, disk.Read(i * 512, 512)[511]);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Dispose_waits_for_what_is_under_way_and_completes_none_of_it(string engine)
    {
        using var disk = new ImageHarness(engine, Size, capacity: 64);
        disk.Memory[..Size].Fill(0xAA);
        Assert.Equal(0, disk.Do(BlockOperation.Write, 0, Size, [disk.Vector(0, Size)]));
        var completed = 0;
        for (var round = 0; round < 20; round++)
        {
            disk.Loop.Do(() =>
            {
                var before = completed;
                // More than the ring has places: the kernel has them before the round ends.
                for (var i = 0; i < 256; i++)
                {
                    var flush = i % 16 == 15;
                    var request = new BlockRequest(1, new ImageHarness.Completion(_ => completed++));
                    request.Begin(flush ? BlockOperation.Flush : BlockOperation.Read, flush ? 0 : i * 16384, flush ? 0 : 4096);
                    if (!flush)
                        request.Add(disk.Vector(i * 4096, 4096));
                    disk.Image.Submit(request);
                }

                Assert.Equal(disk.Engine == ImageEngineKind.IoUring ? 64 : 0, disk.Image.UnderWayInRing);
                disk.Image.Dispose();
                Assert.Equal(0, disk.Image.UnderWayInRing);
                // Nobody writes here any more, nor tells of it. Short, for what is late to come after it.
                disk.Memory[..(1 << 20)].Fill(0x55);
                Assert.Equal(before, completed);
            });
            var after = 0;
            disk.Loop.Do(() => after = completed);
            disk.Open(0, 64);
            Assert.Equal(0, disk.Do(BlockOperation.Read, 0, 1 << 20, [disk.Vector(8 << 20, 1 << 20)]));
            Assert.True(disk.Memory[..(1 << 20)].IndexOfAnyExcept((byte)0x55) < 0);
            Assert.Equal(after, completed);
            Assert.True(disk.Memory.Slice(8 << 20, 1 << 20).IndexOfAnyExcept((byte)0xAA) < 0);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_completion_may_dispose_the_image(string engine)
    {
        using var disk = new ImageHarness(engine, Size);
        using var first = new ManualResetEventSlim();
        var completed = 0;
        disk.Loop.Do(() =>
        {
            for (var i = 0; i < 32; i++)
            {
                var request = new BlockRequest(1, new ImageHarness.Completion(_ =>
                {
                    if (++completed == 1)
                        disk.Image.Dispose();
                    first.Set();
                }));
                request.Begin(BlockOperation.Read, i * 512, 512);
                request.Add(disk.Vector(i * 512, 512));
                disk.Image.Submit(request);
            }
        });
        Assert.True(first.Wait(20_000));
        disk.Open(0);
        Assert.Equal(512, disk.Read(0, 512).Length);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Requests_submitted_before_the_loop_runs_and_at_the_end_of_a_round_are_carried_out(string engine)
    {
        using var disk = new ImageHarness(engine, Size);
        using var late = new ManualResetEventSlim();
        var asked = false;
        disk.Loop.Do(() => disk.Loop.Loop.AddAfterRound(() =>
        {
            if (asked)
                return;
            asked = true;
            disk.Image.Submit(Read(late, disk.Vector(0, 512)));
        }));
        Assert.True(late.Wait(20_000));

        disk.Loop.Do(disk.Image.Dispose);
        using var early = new ManualResetEventSlim();
        var loop = new EventLoop();
        using var image = new ImageFileBackend(disk.Path, 0, false, loop, 4, disk.Direct, disk.Engine);
        image.Submit(Read(early, disk.Vector(0, 512)));
        using (var running = new LoopThread(loop))
        {
            Assert.True(early.Wait(20_000));
            running.Do(image.Dispose);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Ranges_and_read_only_images_are_kept(string engine)
    {
        using var disk = new ImageHarness(engine, Size);
        Assert.Equal(disk.Unit, disk.Image.Alignment);
        Assert.Equal(22, disk.Do(BlockOperation.Read, Size, 512, [disk.Vector(0, 512)]));
        Assert.Equal(22, disk.Do(BlockOperation.Write, -512, 512, [disk.Vector(0, 512)]));
        Assert.Equal(22, disk.Do(BlockOperation.Read, long.MaxValue - 511, 512, [disk.Vector(0, 512)]));
        Assert.Equal(disk.Direct ? 22 : 0, disk.Do(BlockOperation.Write, 1, 511, [disk.Vector(0, 511)]));
        Assert.Equal(disk.Direct ? 22 : 0, disk.Do(BlockOperation.WriteZeroes, 0, 511, null, r => r.MayUnmap = true));
        Assert.Equal(0, disk.Do(BlockOperation.Read, Size, 0));
        Assert.Equal(0, disk.Do(BlockOperation.Write, 0, 0, [disk.Vector(0, 0)], r => r.Durable = true));
        Assert.Equal(0, disk.Do(BlockOperation.Discard, 0, 0, null, r => r.Durable = true));
        disk.Loop.Do(disk.Image.Dispose);

        disk.Open(0, readOnly: true);
        using var other = new ImageFileBackend(disk.Path, 0, true, new EventLoop(), 4, disk.Direct, disk.Engine);
        Assert.Equal(13, disk.Do(BlockOperation.Write, 0, 512, [disk.Vector(0, 512)]));
        Assert.Equal(13, disk.Do(BlockOperation.WriteZeroes, 0, 512));
        Assert.Equal(0, disk.Do(BlockOperation.Flush, 0, 0));
        Assert.Equal(512, disk.Read(0, 512).Length);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_file_that_was_cut_is_an_error_and_what_is_left_is_read(string engine)
    {
        using var disk = new ImageHarness(engine, Size);
        var data = new byte[Size];
        new Random(3).NextBytes(data);
        Assert.Equal(0, disk.Write(0, data));
        using (var file = new Microsoft.Win32.SafeHandles.SafeFileHandle(NativeFile.open(disk.Path, NativeFile.O_RDWR | NativeFile.O_CLOEXEC, 0), ownsHandle: true))
            RandomAccess.SetLength(file, (1 << 20) + 700);
        // The call gives less than it was asked for, then nothing.
        Assert.Equal(5, disk.Do(BlockOperation.Read, (1 << 20) - 4096, 8192, [disk.Vector(0, 3072), disk.Vector(4096, 5120)]));
        Assert.True(data.AsSpan((1 << 20) - 4096, 3072).SequenceEqual(disk.Memory[..3072]));
        Assert.Equal(5, disk.Do(BlockOperation.Read, 2 << 20, 512, [disk.Vector(0, 512)]));
        Assert.True(data.AsSpan(0, 1 << 20).SequenceEqual(disk.Read(0, 1 << 20)));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void After_a_sync_that_failed_nothing_is_durable_any_more(string engine)
    {
        using var disk = new ImageHarness(engine, Size);
        Assert.Equal(0, disk.Do(BlockOperation.Flush, 0, 0));
        Assert.Equal(0, disk.Write(0, new byte[512], r => r.Durable = true));
        // A disk that loses writes is not to be had in a test: the step of the failed sync, as the engines take it.
        var request = new BlockRequest(1, new ImageHarness.Completion(_ => { }));
        request.Begin(BlockOperation.Flush, 0, 0);
        Assert.Equal(new ImageStep(ImageStepKind.Done, 28), new ImageStep(ImageStepKind.Sync).After(disk.Image.File, request, 28));
        Assert.Equal(5, disk.Do(BlockOperation.Flush, 0, 0));
        Assert.Equal(5, disk.Do(BlockOperation.Flush, 0, 0));
        Assert.Equal(5, disk.Write(0, new byte[512], r => r.Durable = true));
        Assert.Equal(5, disk.Do(BlockOperation.Discard, 0, 512, null, r => r.Durable = true));
        Assert.Equal(0, disk.Write(0, new byte[512]));
        Assert.Equal(512, disk.Read(0, 512).Length);
        // One that ran beside it and was told nothing of it.
        Assert.Equal(new ImageStep(ImageStepKind.Done, 5), new ImageStep(ImageStepKind.Sync).After(disk.Image.File, request, 0));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Where_the_file_system_cannot_zero_it_is_written_unless_it_has_to_be_fast(string engine)
    {
        // tmpfs makes holes and knows no zero range.
        if (new DriveInfo("/dev/shm").DriveFormat != "tmpfs")
            return;
        using var disk = new ImageHarness(engine.Replace(" direct", "", StringComparison.Ordinal), Size, directory: "/dev/shm");
        var data = new byte[Size];
        Array.Fill(data, (byte)7);
        Assert.Equal(0, disk.Write(0, data));
        Assert.Equal(95, disk.Do(BlockOperation.WriteZeroes, 4096, 8192, null, r => r.OnlyIfFast = true));
        Assert.True(data.AsSpan().SequenceEqual(disk.Read(0, Size)));
        Assert.Equal(0, disk.Do(BlockOperation.WriteZeroes, 4097, (3 << 20) + 1, null, r => r.Durable = true));
        data.AsSpan(4097, (3 << 20) + 1).Clear();
        Assert.True(data.AsSpan().SequenceEqual(disk.Read(0, Size)));
        Assert.Equal(0, disk.Do(BlockOperation.WriteZeroes, 0, 4096, null, r => r.MayUnmap = r.OnlyIfFast = true));
        var extents = new BlockExtent[4];
        var count = 0;
        Assert.Equal(0, disk.Do(BlockOperation.Status, 0, 8192, null, r =>
        {
            r.Extents = extents;
            r.Completion = new Chain(r.Completion, () => count = r.ExtentCount);
        }));
        Assert.Equal([new BlockExtent(4096, true), new BlockExtent(4096, false)], extents[..count]);
    }

    [Theory]
    [InlineData(ImageEngineKindName.Threads)]
    [InlineData(ImageEngineKindName.IoUring)]
    public void Direct_i_o_is_what_the_kernel_does_and_where_it_cannot_the_error_names_the_setting(string engine)
    {
        if (engine == ImageEngineKindName.IoUring && !ImageHarness.Available)
            return;
        using var disk = new ImageHarness(engine + " direct", Size);
        // O_DIRECT as the kernel prints flags: octal.
        var flags = File.ReadAllLines($"/proc/self/fdinfo/{disk.Image.File.Number}").Single(line => line.StartsWith("flags:", StringComparison.Ordinal));
        Assert.NotEqual(0, Convert.ToInt32(flags[6..].Trim(), 8) & NativeFile.O_DIRECT);
        // A file system that never does it: procfs.
        using var loop = new EventLoop();
        var error = Assert.Throws<IOException>(() => new ImageFileBackend("/proc/version", 0, true, loop, direct: true));
        Assert.Contains("/proc/version: its file system does no direct I/O (O_DIRECT); set direct = off", error.Message, StringComparison.Ordinal);
    }

    [IoUringFact]
    public void The_ring_s_way_allocates_nothing()
    {
        const int warm = 2000, counted = 20_000;
        using var disk = new ImageHarness("io_uring", Size, capacity: 16);
        using var done = new ManualResetEventSlim();
        var left = warm + counted;
        long before = 0, allocated = 0;
        var requests = new List<BlockRequest>();
        var completion = new ImageHarness.Completion(request =>
        {
            if (--left == counted)
                before = GC.GetAllocatedBytesForCurrentThread();
            if (left <= 0)
            {
                if (left == 0)
                    allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                done.Set();
                return;
            }

            var vector = request.Vectors[0];
            request.Begin(left % 2 == 0 ? BlockOperation.Read : BlockOperation.Write, left % 512 * 4096, 4096);
            request.Add(vector);
            disk.Image.Submit(request);
        });
        disk.Loop.Do(() =>
        {
            for (var i = 0; i < 32; i++)
            {
                var request = new BlockRequest(1, completion);
                request.Begin(BlockOperation.Read, 0, 4096);
                request.Add(disk.Vector(i * 4096, 4096));
                disk.Image.Submit(request);
            }
        });
        Assert.True(done.Wait(30_000));
        Assert.InRange(allocated, 0, 1024);
    }

    private static BlockRequest Read(ManualResetEventSlim done, BlockVector vector)
    {
        var request = new BlockRequest(1, new ImageHarness.Completion(r =>
        {
            Assert.Equal(0, r.Error);
            done.Set();
        }));
        request.Begin(BlockOperation.Read, 0, (long)vector.Length);
        request.Add(vector);
        return request;
    }

    private static class ImageEngineKindName
    {
        internal const string Threads = "threads";
        internal const string IoUring = "io_uring";
    }

    private sealed class Chain(IBlockCompletion next, Action action) : IBlockCompletion
    {
        public void Completed(BlockRequest request)
        {
            action();
            next.Completed(request);
        }
    }

    private sealed class IoUringFactAttribute : FactAttribute
    {
        public IoUringFactAttribute() => Skip = ImageHarness.Available ? null : "needs io_uring (kernel.io_uring_disabled = 0, no seccomp filter)";
    }

    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(long size)
        {
            using var file = File.Create(Path);
            file.SetLength(size);
        }

        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"colo-image-{Guid.NewGuid():N}.img");

        public void Dispose() => File.Delete(Path);
    }
}
