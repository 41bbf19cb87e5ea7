using Colo.Block;
using Colo.Block.Replication;
using Colo.Linux;

namespace Colo.Tests.Block.Replication;

/// <summary>The primary's disk, and the sync of a secondary.</summary>
public sealed class PrimaryDiskTests : IDisposable
{
    private const int Size = 12 << 20;
    private readonly ReplicaFixture _f = new();

    public void Dispose() => _f.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void While_the_guest_writes_a_sync_of_each_kind_ends_with_equal_images(bool journal)
    {
        var first = journal ? FirstSync.Journal : FirstSync.Direct;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var ours = Random(random, Size);
        // Most is alike, some is not, some is zero on one side.
        var theirs = (byte[])ours.Clone();
        for (var i = 0; i < 60; i++)
            random.NextBytes(theirs.AsSpan(random.Next(Size - 9000), random.Next(1, 9000)));
        ours.AsSpan(3 << 20, 100_000).Clear();
        theirs.AsSpan(5 << 20, 100_000).Clear();
        _f.Start(Size, ours);
        _f.Secondary.Start(Size, first, heldBytes: 1 << 20, content: theirs);
        // Some are under way when the secondary comes.
        var under = Write(random, 40);
        _f.Attach();
        Assert.Equal(0, _f.Secondary.Do(_f.Changed.MarkAll));
        var (wrong, sync) = _f.Sync(blank: false, () => under.AddRange(Write(random, 300)));
        Assert.Null(wrong);
        Finish(under, seed);
        Assert.InRange(sync.SentBytes, 1, Size / 2);
        _f.CommitFirst(first);
        _f.AssertAlike($"seed {seed}, after the sync");
        for (ulong epoch = 2; epoch < 6; epoch++)
        {
            _f.Secondary.On(() => _f.Disk.Epoch = epoch);
            Finish(Write(random, 60), seed);
            _f.Checkpoint(epoch);
            _f.AssertAlike($"seed {seed}, checkpoint {epoch}");
        }

        Assert.Empty(_f.Lost);
    }

    [Fact]
    public void Only_blocks_that_differ_are_sent_and_none_where_both_are_alike()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var content = Random(random, Size);
        _f.Start(Size, content);
        _f.Secondary.Start(Size, FirstSync.Direct, content: content);
        _f.Attach();
        Assert.Equal(0, _f.Secondary.Do(_f.Changed.MarkAll));
        Assert.Equal(0, _f.Sync(blank: false).Sync.SentBytes);
        Assert.Equal(0, _f.Secondary.On(() => _f.Disk.SentBytes));
        // Alone, one in a hundred blocks changes.
        _f.Secondary.On(_f.Disk.Detach);
        Assert.Equal(0, _f.Secondary.Do(done => _f.Changed.Clear(done)));
        HashSet<int> blocks = [];
        while (blocks.Count < Size / BlockHashes.Block / 100)
            blocks.Add(random.Next(Size / BlockHashes.Block));
        foreach (var block in blocks)
            Assert.Equal(0, _f.Secondary.Write(_f.Disk, (long)block * BlockHashes.Block, Random(random, 512)));
        _f.Attach();
        var (wrong, sync) = _f.Sync(blank: false);
        Assert.Null(wrong);
        Assert.Equal(blocks.Count * (long)BlockHashes.Block, sync.SentBytes);
        Assert.InRange(sync.TotalBytes, 1, Size);
        _f.CommitFirst(FirstSync.Direct);
        _f.AssertAlike($"seed {seed}");
    }

    [Fact]
    public void Holes_stay_holes_in_an_empty_image()
    {
        const long size = 256 << 20;
        _f.Start(size);
        _f.Secondary.Start(size, FirstSync.Direct);
        Assert.Equal(0, _f.Secondary.Write(_f.Disk, 100 << 20, SecondaryFixture.Filled(10_240, 7)));
        _f.Attach();
        Assert.Equal(0, _f.Secondary.Do(_f.Changed.MarkAll));
        var (wrong, sync) = _f.Sync(blank: true);
        Assert.Null(wrong);
        Assert.Equal(3 * 4096, sync.SentBytes);
        _f.CommitFirst(FirstSync.Direct);
        _f.AssertAlike("a sparse image");
        var (code, output) = Colo.Demo.ChildProcess.Capture("/usr/bin/du", ["--block-size=1", _f.Secondary.ImagePath]);
        Assert.True(code == 0 && long.Parse(output.Split('\t')[0], System.Globalization.CultureInfo.InvariantCulture) < 1 << 20, output);
    }

    [Fact]
    public void Both_images_get_the_same_bytes_though_the_guest_changes_its_buffer_meanwhile()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        _f.Start(Size);
        _f.Secondary.Start(Size, FirstSync.Direct);
        _f.Attach();
        List<Pending> under = [];
        for (var i = 0; i < 50; i++)
        {
            var pending = _f.Secondary.Submit(_f.Disk, BlockOperation.Write, random.Next(2000) * 512L, Random(random, 64 << 10));
            under.Add(pending);
            Thread.SpinWait(random.Next(3000));
            random.NextBytes(pending.Data);
        }

        Finish(under, seed);
        _f.CommitFirst(FirstSync.Direct);
        _f.AssertAlike($"seed {seed}");
    }

    [Fact]
    public void Before_the_image_is_touched_the_extents_are_marked_durably()
    {
        _f.Start(Size);
        List<bool> covered = [];
        _f.Image.Before = request =>
        {
            if (request.Operation is BlockOperation.Write or BlockOperation.WriteZeroes)
                covered.Add(_f.Changed.Covers(request.Offset, request.Length));
        };
        Assert.Equal(0, _f.Secondary.Write(_f.Disk, (1 << 20) - 512, new byte[1024]));
        Assert.Equal(0, _f.Secondary.Zero(_f.Disk, 4 << 20, 3 << 20));
        Assert.Equal(0, _f.Secondary.Submit(_f.Disk, BlockOperation.Discard, 9 << 20, 512).Wait());
        Assert.Equal([true, true, true], covered);
        Assert.Equal(6, _f.Changed.CountMarked);
        // A discard reads as zeroes, or the two images might differ.
        Assert.Contains(_f.Image.Seen, line => line.StartsWith($"WriteZeroes {9 << 20} 512", StringComparison.Ordinal));
    }

    [Fact]
    public void A_flush_waits_for_the_secondary_and_goes_on_when_it_is_given_up()
    {
        _f.Start(Size);
        // A secondary that holds every reservation back, and so answers no write.
        Interposer? theirs = null;
        _f.Secondary.Start(Size, FirstSync.Direct, wrap: image => theirs = new Interposer(image) { Hold = request => request.Operation == BlockOperation.Write });
        _f.Attach();
        Assert.Equal(0, _f.Secondary.Write(_f.Disk, 0, SecondaryFixture.Filled(4096, 1)));
        Assert.Equal(long.MaxValue, _f.Secondary.On(() => _f.Disk.WaitingSinceNs));
        var flush = _f.Secondary.Submit(_f.Disk, BlockOperation.Flush, 0, 0);
        _f.Secondary.Until(() => _f.Disk.WaitingSinceNs != long.MaxValue, "the flush waits for the secondary alone");
        Assert.False(flush.IsDone);
        _f.Secondary.On(() => theirs!.Release(0));
        Assert.Equal(0, flush.Wait());
        // And again, but this time it never answers.
        Assert.Equal(0, _f.Secondary.Write(_f.Disk, 0, SecondaryFixture.Filled(4096, 2)));
        flush = _f.Secondary.Submit(_f.Disk, BlockOperation.Flush, 0, 0);
        _f.Secondary.Until(() => _f.Disk.WaitingSinceNs != long.MaxValue, "the second flush waits");
        Assert.False(flush.IsDone);
        _f.Secondary.On(_f.Disk.Detach);
        Assert.Equal(0, flush.Wait());
        Assert.Equal(0, _f.Secondary.Write(_f.Disk, 0, SecondaryFixture.Filled(4096, 3)));
        Assert.Equal(SecondaryFixture.Filled(4096, 3), _f.Secondary.Read(_f.Disk, 0, 4096));
        _f.Secondary.On(() =>
        {
            theirs!.Hold = _ => false;
            while (theirs.Held.Count > 0)
                theirs.Release(0);
        });
    }

    [Fact]
    public void A_secondary_that_answers_may_take_longer_than_one_that_does_not()
    {
        const long stall = 500, wait = 5000;
        const long ms = 1_000_000;
        _f.Start(Size);
        Interposer? theirs = null;
        _f.Secondary.Start(Size, FirstSync.Direct, wrap: image => theirs = new Interposer(image) { Hold = request => request.Operation == BlockOperation.Write });
        _f.Attach();
        for (var i = 0; i < 4; i++)
            Assert.Equal(0, _f.Secondary.Write(_f.Disk, i * 4096, SecondaryFixture.Filled(4096, 1)));
        // Nobody waits, however long it takes.
        Assert.Null(Overdue(MonotonicClock.Now + (60_000 * ms)));
        var flush = _f.Secondary.Submit(_f.Disk, BlockOperation.Flush, 0, 0);
        _f.Secondary.Until(() => _f.Disk.WaitingSinceNs != long.MaxValue && theirs!.Held.Count == 4, "the flush waits");
        var began = _f.Secondary.On(() => _f.Disk.WaitingSinceNs);
        Assert.Null(Overdue(began + (499 * ms)));
        Assert.Contains("disk root has not answered for 500 ms", Overdue(began + (500 * ms)), StringComparison.Ordinal);
        // An answer, though not the last that is waited for: the time without one begins anew.
        while (MonotonicClock.Now < began + (5 * ms))
            Thread.Sleep(1);
        var before = MonotonicClock.Now;
        _f.Secondary.On(() => theirs!.Release(0));
        _f.Secondary.Until(() => _f.Disk.OutstandingBytes == 3 * 4096, "an answer");
        var after = MonotonicClock.Now;
        Assert.False(flush.IsDone);
        Assert.Null(Overdue(before + (499 * ms)));
        Assert.NotNull(Overdue(after + (500 * ms)));
        // But the wait as a whole is bounded, too.
        Assert.Null(_f.Secondary.On(() => _f.Disk.Overdue(began + (4999 * ms), 60_000 * ms, wait * ms)));
        Assert.Contains("waited for the secondary's disk root for 5000 ms", _f.Secondary.On(() => _f.Disk.Overdue(began + (5000 * ms), 60_000 * ms, wait * ms)), StringComparison.Ordinal);
        _f.Secondary.On(() =>
        {
            theirs!.Hold = _ => false;
            while (theirs.Held.Count > 0)
                theirs.Release(0);
        });
        Assert.Equal(0, flush.Wait());
        Assert.Null(Overdue(MonotonicClock.Now + (60_000 * ms)));

        string? Overdue(long now) => _f.Secondary.On(() => _f.Disk.Overdue(now, stall * ms, wait * ms));
    }

    [Fact]
    public void What_the_secondary_holds_makes_a_checkpoint_due_once_an_epoch()
    {
        var told = 0;
        _f.MostHeldRequests = 10;
        _f.Start(2L << 30);
        _f.Secondary.Start(2L << 30, FirstSync.Direct);
        _f.Disk.Crowded = () => told++;
        for (var i = 0; i < 20; i++)
            Assert.Equal(0, _f.Secondary.Zero(_f.Disk, i * 512, 512));
        _f.Attach();
        Zero(10, 512);
        Assert.Equal(0, _f.Secondary.On(() => told));
        Zero(10, 512);
        _f.Secondary.Until(() => told == 1, "ten requests are too many");
        _f.Secondary.On(() => _f.Disk.Epoch = 2);
        Zero(9, 512);
        Assert.Equal(1, _f.Secondary.On(() => told));
        // Or too many bytes.
        _f.Secondary.On(() => _f.Disk.Epoch = 3);
        Zero(1, PrimaryDisk.MostHeldBytes);
        Assert.Equal(1, _f.Secondary.On(() => told));
        Zero(1, 512);
        _f.Secondary.Until(() => told == 2, "more than a GiB");

        void Zero(int count, long length)
        {
            for (var i = 0; i < count; i++)
                Assert.Equal(0, _f.Secondary.Zero(_f.Disk, i * 512, length));
        }
    }

    [Fact]
    public void A_durable_write_waits_for_the_secondary_as_a_flush_does()
    {
        _f.Start(Size);
        Interposer? theirs = null;
        _f.Secondary.Start(Size, FirstSync.Direct, wrap: image => theirs = new Interposer(image) { Hold = request => request.Operation == BlockOperation.Write });
        _f.Attach();
        List<Pending> durable = [];
        for (var i = 0; i < 3; i++)
            durable.Add(_f.Secondary.Submit(_f.Disk, BlockOperation.Write, i * 4096, SecondaryFixture.Filled(4096, 1), request => request.Durable = true));
        _f.Secondary.Until(() => _f.Disk.WaitingSinceNs != long.MaxValue && theirs!.Held.Count == 3, "the writes wait for the secondary alone");
        Assert.All(durable, pending => Assert.False(pending.IsDone));
        var since = _f.Secondary.On(() => _f.Disk.WaitingSinceNs);
        _f.Secondary.On(() => theirs!.Release(1));
        Assert.Equal(0, durable[1].Wait());
        Assert.NotEqual(long.MaxValue, _f.Secondary.On(() => _f.Disk.WaitingSinceNs));
        _f.Secondary.On(() => theirs!.Release(1));
        Assert.Equal(0, durable[2].Wait());
        _f.Secondary.On(_f.Disk.Detach);
        Assert.Equal(0, durable[0].Wait());
        Assert.Equal(long.MaxValue, _f.Secondary.On(() => _f.Disk.WaitingSinceNs));
        Assert.InRange(since, 1, MonotonicClock.Now);
        _f.Secondary.On(() =>
        {
            theirs!.Hold = _ => false;
            while (theirs.Held.Count > 0)
                theirs.Release(0);
        });
    }

    [Fact]
    public void What_waits_for_a_secondary_that_answers_nothing_is_bounded()
    {
        const long size = 1L << 30;
        _f.Start(size);
        Interposer? theirs = null;
        _f.Secondary.Start(size, FirstSync.Direct, wrap: image => theirs = new Interposer(image) { Hold = request => request.Operation == BlockOperation.Write });
        _f.Attach();
        var data = new byte[1 << 20];
        List<Pending> under = [];
        for (var i = 0; i < 100; i++)
            under.Add(_f.Secondary.Submit(_f.Disk, BlockOperation.Write, (long)i << 20, data));
        _f.Secondary.Until(() => _f.Disk.WaitingSinceNs != long.MaxValue, "a write waits for room");
        Assert.InRange(_f.Secondary.On(() => _f.Disk.OutstandingBytes), 1, PrimaryDisk.MostOutstanding + data.Length);
        Assert.Contains(under, pending => !pending.IsDone);
        _f.Secondary.On(_f.Disk.Detach);
        foreach (var pending in under)
            Assert.Equal(0, pending.Wait());
        _f.Secondary.On(() =>
        {
            theirs!.Hold = _ => false;
            while (theirs.Held.Count > 0)
                theirs.Release(0);
        });
    }

    [Fact]
    public void A_write_that_waited_for_room_while_its_extent_was_forgotten_is_marked_again_before_it_is_done()
    {
        const long size = 1L << 30;
        const long rested = 900L << 20;
        _f.Start(size);
        Interposer? theirs = null;
        _f.Secondary.Start(size, FirstSync.Direct, wrap: image => theirs = new Interposer(image) { Hold = request => request is { Operation: BlockOperation.Write, Offset: < rested } });
        _f.Attach();
        // Written once, and marked therefore.
        Assert.Equal(0, _f.Secondary.Write(_f.Disk, rested, SecondaryFixture.Filled(4096, 1)));
        var data = new byte[1 << 20];
        List<Pending> under = [];
        for (var i = 0; i < 70; i++)
            under.Add(_f.Secondary.Submit(_f.Disk, BlockOperation.Write, (long)i << 20, data));
        _f.Secondary.Until(() => _f.Disk.WaitingSinceNs != long.MaxValue, "a write waits for room");
        List<bool> covered = [];
        _f.Secondary.On(() => _f.Image.Before = request =>
        {
            if (request is { Operation: BlockOperation.Write, Offset: rested })
                covered.Add(_f.Changed.Covers(request.Offset, request.Length));
        });
        var late = _f.Secondary.Submit(_f.Disk, BlockOperation.Write, rested, SecondaryFixture.Filled(4096, 2));
        // The secondary has all of the epoch in which it was written before.
        Assert.InRange(_f.Secondary.On(() => _f.Changed.ForgetBefore(1, 0, 0)), 1, 1000);
        Assert.False(_f.Secondary.On(() => _f.Changed.IsMarked(rested >> 20)));
        Assert.False(late.IsDone);
        _f.Secondary.On(() =>
        {
            theirs!.Hold = _ => false;
            while (theirs.Held.Count > 0)
                theirs.Release(0);
        });
        Assert.Equal(0, late.Wait());
        foreach (var pending in under)
            Assert.Equal(0, pending.Wait());
        Assert.Equal([true], covered);
        Assert.Empty(_f.Lost);
    }

    [Fact]
    public void Writes_under_way_to_the_image_are_known_by_the_oldest_epoch()
    {
        _f.Start(Size);
        _f.Image.Hold = request => request.Operation is BlockOperation.Write or BlockOperation.WriteZeroes;
        Assert.Equal(ulong.MaxValue, _f.Secondary.On(() => _f.Disk.OldestUnderWay));
        List<Pending> under = [];
        for (var i = 0; i < 4; i++)
        {
            _f.Secondary.On(() => _f.Disk.Epoch = (ulong)i + 5);
            under.Add(_f.Secondary.Submit(_f.Disk, i % 2 == 0 ? BlockOperation.Write : BlockOperation.Discard, i << 20, new byte[512]));
            _f.Secondary.Until(() => _f.Image.Held.Count == i + 1, "it is on its way");
        }

        List<ulong> oldest = [];
        foreach (var index in (int[])[1, 0, 1, 0])
        {
            oldest.Add(_f.Secondary.On(() => _f.Disk.OldestUnderWay));
            _f.Secondary.On(() => _f.Image.Release(index));
            _f.Secondary.Until(() => under.Count(pending => pending.IsDone) == oldest.Count, "one is done");
        }

        Assert.Equal([5UL, 5UL, 7UL, 7UL], oldest);
        Assert.Equal(ulong.MaxValue, _f.Secondary.On(() => _f.Disk.OldestUnderWay));
    }

    [Fact]
    public void The_guest_sees_errors_of_its_own_image_and_none_of_the_secondary()
    {
        const int EIO = 5, ENOSPC = 28;
        _f.Start(Size);
        _f.Secondary.Start(Size, FirstSync.Direct, wrap: image => new Interposer(image) { Fail = request => request is { Operation: BlockOperation.Write, Offset: 8192 } ? ENOSPC : 0 });
        _f.Attach();
        _f.Image.Fail = request => request is { Operation: BlockOperation.Write, Offset: 4096 } ? EIO : 0;
        Assert.Equal(EIO, _f.Secondary.Write(_f.Disk, 4096, new byte[512]));
        Assert.Empty(_f.Lost);
        Assert.Equal(0, _f.Secondary.Write(_f.Disk, 8192, SecondaryFixture.Filled(512, 5)));
        _f.Secondary.Until(() => _f.Lost.Count > 0, "the secondary's failure is told");
        Assert.Contains("disk root", Assert.Single(_f.Lost), StringComparison.Ordinal);
        Assert.Contains("No space left", _f.Lost[0], StringComparison.Ordinal);
        Assert.False(_f.Secondary.On(() => _f.Disk.Attached));
        Assert.Equal(0, _f.Secondary.Write(_f.Disk, 8192, SecondaryFixture.Filled(512, 6)));
        Assert.Equal(SecondaryFixture.Filled(512, 6), _f.Secondary.Read(_f.Disk, 8192, 512));
    }

    [Fact]
    public void A_write_waits_while_its_chunk_is_compared_and_others_do_not()
    {
        _f.Start(Size, Random(new Random(1), Size));
        _f.Secondary.Start(Size, FirstSync.Direct);
        _f.Attach();
        Assert.Equal(0, _f.Secondary.Do(_f.Changed.MarkAll));
        _f.Image.Hold = request => request is { Operation: BlockOperation.Read, Length: DiskSync.Chunk, Offset: 0 };
        Pending? inside = null;
        var (wrong, _) = _f.Sync(blank: false, () =>
        {
            _f.Secondary.Until(() => _f.Image.Held.Count > 0, "the first chunk is read");
            inside = _f.Secondary.Submit(_f.Disk, BlockOperation.Write, 4096, SecondaryFixture.Filled(4096, 3));
            Assert.Equal(0, _f.Secondary.Write(_f.Disk, 11 << 20, SecondaryFixture.Filled(4096, 4)));
            Assert.False(inside.IsDone);
            Assert.DoesNotContain("Write 4096 4096", _f.Image.Seen);
            _f.Secondary.On(() =>
            {
                _f.Image.Hold = _ => false;
                _f.Image.Release(0);
            });
        });
        Assert.Null(wrong);
        Assert.Equal(0, inside!.Wait());
        _f.CommitFirst(FirstSync.Direct);
        _f.AssertAlike("after the sync");
    }

    [Fact]
    public void A_sync_that_cannot_read_the_image_says_so()
    {
        _f.Start(Size, Random(new Random(1), Size));
        _f.Secondary.Start(Size, FirstSync.Direct);
        _f.Attach();
        Assert.Equal(0, _f.Secondary.Do(_f.Changed.MarkAll));
        _f.Image.Fail = request => request is { Operation: BlockOperation.Read, Offset: 5 << 20 } ? 5 : 0;
        var (wrong, _) = _f.Sync(blank: false);
        Assert.Contains("disk root: the image cannot be read at 5242880", wrong, StringComparison.Ordinal);
        // The range is not locked any more.
        _f.Image.Fail = _ => 0;
        Assert.Equal(0, _f.Secondary.Write(_f.Disk, 5 << 20, new byte[4096]));
    }

    private List<Pending> Write(Random random, int count)
    {
        List<Pending> under = [];
        for (var i = 0; i < count; i++)
        {
            // In a few places, so that many overlap; and over the borders of chunks.
            var offset = random.Next(4) * (3L << 20) - (random.Next(2) * 8192) + (random.Next(64) * 512);
            offset = Math.Clamp(offset, 0, Size - (80 << 10));
            var length = random.Next(1, 100) * 512;
            under.Add(random.Next(6) switch
            {
                0 => _f.Secondary.Submit(_f.Disk, BlockOperation.WriteZeroes, offset, length, r => r.MayUnmap = (i & 1) != 0),
                1 => _f.Secondary.Submit(_f.Disk, BlockOperation.Discard, offset, length),
                2 when i % 10 == 0 => _f.Secondary.Submit(_f.Disk, BlockOperation.Flush, 0, 0),
                3 => _f.Secondary.Submit(_f.Disk, BlockOperation.Write, offset, Random(random, length), r => r.Durable = true),
                _ => _f.Secondary.Submit(_f.Disk, BlockOperation.Write, offset, Random(random, length), pieces: random.Next(1, 4)),
            });
        }

        return under;
    }

    private static void Finish(List<Pending> under, int seed)
    {
        foreach (var pending in under)
            Assert.True(pending.Wait() == 0, $"seed {seed}: {pending.Request.Operation} at {pending.Request.Offset}: errno {pending.Request.Error}");
    }

    private static byte[] Random(Random random, int length)
    {
        var data = new byte[length];
        random.NextBytes(data);
        return data;
    }
}
