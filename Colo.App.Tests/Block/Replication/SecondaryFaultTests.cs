using Colo.Block;
using Colo.Block.Nbd;
using Colo.Block.Replication;
using Colo.Linux;

namespace Colo.Tests.Block.Replication;

/// <summary>Errors of storage, and storage that is full.</summary>
public sealed partial class SecondaryFaultTests : IDisposable
{
    private const int Size = 1 << 20;
    private readonly SecondaryFixture _f = new();
    private readonly List<string> _mounts = [];
    private Interposer _image = null!;
    private Interposer _log = null!;
    private Interposer _journal = null!;

    public void Dispose()
    {
        _f.On(() =>
        {
            if (_image is not null)
                _f.Disk.Dispose();
        });
        foreach (var mount in _mounts)
            Tools.Run("umount", "--lazy", mount);
        _f.Dispose();
    }

    [Fact]
    public void An_error_of_the_log_is_never_the_guest_s_and_is_told_once()
    {
        Start();
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 0, Fill(512, 1)));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 2)));
        _f.On(() => _log.Fail = r => r.Operation == BlockOperation.Write ? 5 : 0);
        var write = _f.Submit(_f.Disk.Guest, BlockOperation.Write, 512, Fill(512, 1));
        var failure = Failure();
        Assert.Contains($"disk vda: write the log {_f.At("log")}: ", failure, StringComparison.Ordinal);
        Assert.Contains("(errno 5)", failure, StringComparison.Ordinal);
        var read = _f.Submit(_f.Disk.Guest, BlockOperation.Read, 0, new byte[512]);
        Assert.Equal(5, _f.Write(_f.Disk.Mirror, 0, Fill(512, 2)));
        Assert.Equal(5, _f.Flush(_f.Disk.Mirror));
        // What the guest was told is done can be read, and is all that counts.
        Assert.Equal(0, _f.TakeOver());
        Assert.Equal(Fill(512, 1), _f.Read(_f.Image, 0, 512));
        Assert.Equal((false, false, 0), (write.IsDone, read.IsDone, _f.On(() => _f.Disk.GuestUnderWay)));
        Assert.Equal([write.Request, read.Request], _f.On(_f.Disk.TakeWaiting));
        Assert.Single(_f.Failures);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_a_vm_that_is_at_rest_for_good_no_request_waits_for_a_disk_that_has_failed(bool before)
    {
        const int EIO = 5;
        Start();
        _f.On(() => _log.Hold = r => r.Operation == BlockOperation.Write);
        var under = _f.Submit(_f.Disk.Guest, BlockOperation.Write, 0, Fill(512, 1));
        _f.Until(() => _log.Held.Count == 1, "the write is in the log's hands");
        if (before)
            _f.On(_f.Disk.EndGuest);
        _f.On(() =>
        {
            var write = _log.Held[0];
            _log.Held.Clear();
            write.Complete(EIO);
        });
        Assert.Contains("write the log", Failure(), StringComparison.Ordinal);
        var late = _f.Submit(_f.Disk.Guest, BlockOperation.Read, 0, new byte[512]);
        if (!before)
        {
            Assert.Equal((false, false), _f.On(() => (under.IsDone, late.IsDone)));
            _f.On(_f.Disk.EndGuest);
        }

        Assert.Equal((EIO, EIO), (under.Wait(), late.Wait()));
        Assert.Empty(_f.On(_f.Disk.TakeWaiting));
    }

    [Fact]
    public void Nor_for_a_commit_that_has_failed_and_for_one_that_has_not_it_is_carried_out()
    {
        Start();
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 1)));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 512, Fill(512, 2)));
        _f.On(() => _image.Hold = r => r.Operation == BlockOperation.Write);
        int? first = null, second = null;
        _f.On(() => _f.Disk.Commit(512, 2, error => first = error));
        var read = _f.Submit(_f.Disk.Guest, BlockOperation.Read, 0, new byte[512]);
        _f.On(_f.Disk.EndGuest);
        Assert.False(_f.On(() => read.IsDone));
        _f.On(() => _image.Release(0));
        Assert.Equal((0, 1), (read.Wait(), (int)read.Data[0]));
        Assert.Equal(0, _f.On(() => first));
        _f.On(() => _f.Disk.Commit(1024, 3, error => second = error));
        read = _f.Submit(_f.Disk.Guest, BlockOperation.Read, 0, new byte[512]);
        _f.On(() =>
        {
            var write = _image.Held[0];
            _image.Held.Clear();
            write.Complete(5);
        });
        Assert.Equal((5, 5), (read.Wait(), _f.On(() => second)));
    }

    [Theory]
    [InlineData(BlockOperation.Flush)]
    [InlineData(BlockOperation.Read)]
    public void Nor_is_one_of_its_flush_or_of_reading(BlockOperation operation)
    {
        Start();
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 0, Fill(512, 1)));
        _f.On(() => _log.Fail = r => r.Operation == operation ? 5 : 0);
        var pending = operation == BlockOperation.Flush
            ? _f.Submit(_f.Disk.Guest, operation, 0, 0) : _f.Submit(_f.Disk.Guest, operation, 0, new byte[1024]);
        Assert.Contains(_f.At("log"), Failure(), StringComparison.Ordinal);
        Assert.False(pending.IsDone);
    }

    [Fact]
    public void An_image_that_cannot_be_read_is_not_told_to_the_guest()
    {
        Start();
        _f.On(() => _image.Fail = r => r.Operation == BlockOperation.Read ? 5 : 0);
        var read = _f.Submit(_f.Disk.Guest, BlockOperation.Read, 0, new byte[512]);
        Assert.Contains(_f.ImagePath, Failure(), StringComparison.Ordinal);
        Assert.Equal([read.Request], _f.On(_f.Disk.TakeWaiting));
        Assert.Same(read, read.Request.Completion);
    }

    [Fact]
    public void An_image_that_cannot_be_written_fails_the_commit_and_nothing_goes_on_from_it()
    {
        Start();
        for (var i = 0; i < 100; i++)
            Assert.Equal(0, _f.Write(_f.Disk.Mirror, i * 512, Fill(512, 1)));
        _f.On(() => _image.Fail = r => r is { Operation: BlockOperation.Write, Offset: 20 * 512 } ? 5 : 0);
        Assert.Equal(5, _f.Commit(100 * 512, 2));
        Assert.Contains("apply a checkpoint", Failure(), StringComparison.Ordinal);
        var read = _f.Submit(_f.Disk.Guest, BlockOperation.Read, 0, new byte[512]);
        Assert.Throws<InvalidOperationException>(() => _f.On(() => _f.Disk.TakeOver(_ => { })));
        Assert.False(read.IsDone);
    }

    [Fact]
    public void A_takeover_that_waits_for_a_commit_which_fails_fails_for_good()
    {
        Start();
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 1)));
        _f.On(() => _image.Hold = r => r.Operation == BlockOperation.Write);
        _f.On(() => _f.Disk.Commit(512, 2, _ => { }));
        _f.Until(() => _image.Held.Count == 1, "the checkpoint is being applied");
        var error = -1;
        _f.On(() => _f.Disk.TakeOver(result => error = result));
        _f.On(() =>
        {
            _image.Hold = _ => false;
            _image.Held[0].Complete(5);
        });
        _f.Until(() => error == 5, "the takeover fails");
        Assert.Equal(5, _f.Do(_f.Disk.TakeOverAgain));
    }

    [Fact]
    public void A_sync_that_fails_is_an_error_and_no_takeover_follows()
    {
        Start();
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 1)));
        Assert.Equal(0, _f.Commit(512, 2));
        _f.On(() => _image.Fail = r => r.Operation == BlockOperation.Flush ? 5 : 0);
        var flush = _f.Submit(_f.Disk.Guest, BlockOperation.Flush, 0, 0);
        Assert.Contains("flush", Failure(), StringComparison.Ordinal);
        Assert.False(flush.IsDone);
        Assert.Equal(5, _f.Do(_f.Disk.Sync));
        Assert.True(_f.On(() => _f.Disk.Unsynced));
        Assert.Equal(5, _f.TakeOver());
    }

    [Fact]
    public void A_journal_that_cannot_be_written_ends_the_mirror_and_what_was_received_can_be_committed()
    {
        Start(heldBytes: 0);
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 1)));
        _f.On(() => _journal.Fail = r => r.Operation == BlockOperation.Write ? 28 : 0);
        Assert.Equal(28, _f.Write(_f.Disk.Mirror, 512, Fill(512, 2)));
        Assert.Contains($"make room in {_f.Directory}", Failure(), StringComparison.Ordinal);
        Assert.Equal(5, _f.Write(_f.Disk.Mirror, 512, Fill(512, 2)));
        Assert.Equal((512L, true, false), _f.On(() => (_f.Disk.ReceivedBytes, _f.Disk.Received(512), _f.Disk.Received(1024))));
        // The checkpoint with this mark may have been acknowledged.
        Assert.Equal(0, _f.Commit(512, 2));
        Assert.Equal([.. Fill(512, 1), .. new byte[512]], _f.Read(_f.Disk.Guest, 0, 1024));
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 512, Fill(512, 3)));
        Assert.Equal(0, _f.TakeOver());
        Assert.Equal([.. Fill(512, 1), .. Fill(512, 3)], _f.Read(_f.Image, 0, 1024));
    }

    [Fact]
    public void A_journal_that_reads_as_it_was_not_written_is_found_before_it_is_applied()
    {
        Start(heldBytes: 0);
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 1)));
        SecondaryFixture.Spoil(_f.At("journal"), 600);
        Assert.Equal(74, _f.Commit(512, 2));
        Assert.Contains(_f.At("journal"), Failure(), StringComparison.Ordinal);
        Assert.Equal(new byte[512], _f.Read(_f.Image, 0, 512));
    }

    [Fact]
    public void A_log_that_reads_as_it_was_not_written_fails_the_takeover()
    {
        Start();
        for (var i = 0; i < 3; i++)
            Assert.Equal(0, _f.Write(_f.Disk.Guest, i * 512, Fill(512, 1)));
        SecondaryFixture.Spoil(_f.At("log"), 2048 + 600);
        Assert.Equal(74, _f.TakeOver());
        Assert.Contains(_f.At("log"), Failure(), StringComparison.Ordinal);
    }

    [RootFact]
    public void Space_for_a_held_write_is_there_when_it_is_applied_and_without_space_it_is_not_held()
    {
        var place = Mount("4m");
        Start(size: 64 << 20, imagePath: Path.Combine(place, "disk.img"));
        const int held = 1 << 20;
        for (var i = 0; i < 2; i++)
            Assert.Equal(0, _f.Write(_f.Disk.Mirror, i * (8L << 20), Fill(held, (byte)(i + 1))));
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 40 << 20, Fill(65536, 7)));
        Assert.Equal(0, _f.Zero(_f.Disk.Mirror, 20 << 20, 8 << 20));
        // A request with space and one without, at once.
        var good = _f.Submit(_f.Disk.Mirror, BlockOperation.Write, 32 << 20, Fill(4096, 3));
        var bad = _f.Submit(_f.Disk.Mirror, BlockOperation.Write, 48 << 20, Fill(3 << 20, 4));
        Assert.Equal((0, 28), (good.Wait(), bad.Wait()));
        var failure = Failure();
        Assert.Contains("No space left on device (errno 28)", failure, StringComparison.Ordinal);
        Assert.Contains($"make room in {place}", failure, StringComparison.Ordinal);
        Assert.Equal(5, _f.Write(_f.Disk.Mirror, 0, Fill(512, 1)));

        // Others take what is left.
        FillUp(Path.Combine(place, "filler"));
        var mark = (2 * held) + (8 << 20) + 4096;
        Assert.Equal(0, _f.Commit(mark, 2));
        for (var i = 0; i < 2; i++)
            Assert.Equal(Fill(held, (byte)(i + 1)), _f.Read(_f.Image, i * (8L << 20), held));
        Assert.Equal(Fill(4096, 3), _f.Read(_f.Image, 32 << 20, 4096));
    }

    [RootFact]
    public void What_the_vm_has_written_has_its_space_in_the_image_at_a_takeover()
    {
        var place = Mount("4m");
        Start(size: 64 << 20, imagePath: Path.Combine(place, "disk.img"));
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 40 << 20, Fill(1 << 20, 7)));
        FillUp(Path.Combine(place, "filler"));
        Assert.Equal(0, _f.TakeOver());
        Assert.Equal(Fill(1 << 20, 7), _f.Read(_f.Image, 40 << 20, 1 << 20));
    }

    [RootFact]
    public void A_log_for_which_there_is_no_space_ends_the_pairing_and_the_guest_sees_nothing()
    {
        var place = Mount("2m");
        _f.Files = new SecondaryFiles(Path.Combine(place, "log"), _f.At("journal")) { ImagePath = _f.ImagePath };
        Start(size: 64 << 20);
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 0, Fill(1 << 20, 1)));
        var write = _f.Submit(_f.Disk.Guest, BlockOperation.Write, 1 << 20, Fill(2 << 20, 2));
        var failure = Failure();
        Assert.Contains($"write the log {place}/log: No space left on device (errno 28); make room in {place}", failure, StringComparison.Ordinal);
        Assert.False(write.IsDone);
        Assert.Equal([write.Request], _f.On(_f.Disk.TakeWaiting));
    }

    [Fact]
    public void A_log_that_has_grown_large_gives_its_space_back_and_writes_what_comes_meanwhile_where_it_may()
    {
        using var buffers = new Buffers();
        var file = new Sink();
        using var log = new WriteLogFile("log", file, Guid.NewGuid(), 1, buffers.Pool);
        var done = 0;
        for (var i = 0; i < 9; i++)
            buffers.Append(log, i, 32 << 20, () => done++);
        Assert.Throws<InvalidOperationException>(() => log.Reset(log.Id, 2));
        file.CompleteAll();
        Assert.Equal(9, done);
        log.Reset(log.Id, 2);
        Assert.Equal((0L, 2UL), (log.End, log.Epoch));
        var discard = Assert.Single(file.Waiting);
        Assert.Equal((BlockOperation.Discard, 16L << 20, (9 * ((32L << 20) + 512)) - (16 << 20)), (discard.Operation, discard.Offset, discard.Length));
        buffers.Append(log, 0, 8 << 20, () => done++);
        buffers.Append(log, 1, 32 << 20, () => done++);
        buffers.Append(log, 2, 4096, () => done++);
        Assert.Equal(2, file.Waiting.Count);
        file.CompleteAll();
        Assert.Equal([8 << 20 | 512, (40 << 20) + 1024], file.Waiting.Select(request => (int)request.Offset));
        file.CompleteAll();
        Assert.Equal(12, done);
        // Small ones stay as they are.
        log.Reset(log.Id, 3);
        Assert.Empty(file.Waiting);
    }

    private void Start(long heldBytes = 64 << 20, long size = Size, string? imagePath = null) => _f.StartRunning(
        size, heldBytes,
        wrap: inner => _image = new Interposer(inner),
        wrapFile: (path, inner) => path.EndsWith("log", StringComparison.Ordinal) ? _log = new Interposer(inner) : _journal = new Interposer(inner),
        imagePath: imagePath);

    private string Failure()
    {
        _f.Until(() => _f.Failures.Count > 0, "a failure");
        return Assert.Single(_f.On(() => _f.Failures.ToArray()));
    }

    private string Mount(string size)
    {
        var place = _f.At("mount");
        Directory.CreateDirectory(place);
        Tools.Run("mount", "-t", "tmpfs", "-o", $"size={size}", "colo-test", place);
        _mounts.Add(place);
        return place;
    }

    private static void FillUp(string path)
    {
        using var file = File.Create(path, 1);
        foreach (var size in new[] { 65536, 4096 })
        {
            var part = new byte[size];
            try
            {
                while (true)
                    file.Write(part);
            }
            catch (IOException)
            {
                // Full: what is wanted.
            }
        }
    }

    private static byte[] Fill(int length, byte value) => SecondaryFixture.Filled(length, value);

    /// <summary>A file that takes requests, and completes them when told.</summary>
    private sealed class Sink : IBlockBackend
    {
        public List<BlockRequest> Waiting { get; } = [];

        public long Size => 1L << 40;

        public bool ReadOnly => false;

        public void Submit(BlockRequest request) => Waiting.Add(request);

        public void CompleteAll()
        {
            var all = Waiting.ToArray();
            Waiting.Clear();
            foreach (var request in all)
                request.Complete(0);
        }

        public void Dispose()
        {
        }
    }

    private sealed unsafe class Buffers : IDisposable
    {
        public NbdBufferPool Pool { get; } = new(long.MaxValue, 0);

        public void Append(WriteLogFile log, int number, int length, Action done) =>
            log.Append(WriteLogOperation.Write, (long)number * length, length, Pool.TryRent((uint)length), 0, this, append =>
            {
                Assert.Equal(0, append.Error);
                done();
            });

        public void Dispose()
        {
            Assert.Equal(0, Pool.Rented);
            Pool.Dispose();
        }
    }

    /// <summary>A test that mounts a file system.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class RootFactAttribute : FactAttribute
    {
        public RootFactAttribute() => Skip = Native.geteuid() != 0 ? "needs root: it mounts a small tmpfs" : Tools.Missing(["mount", "umount"]);
    }
}
