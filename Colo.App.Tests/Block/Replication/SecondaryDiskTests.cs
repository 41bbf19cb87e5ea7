using Colo.Block;
using Colo.Block.Replication;

namespace Colo.Tests.Block.Replication;

/// <summary>What the faces of a secondary's disk show, and when.</summary>
public sealed class SecondaryDiskTests : IDisposable
{
    private const int Size = 4 << 20;
    private readonly SecondaryFixture _f = new();

    public void Dispose() => _f.Dispose();

    [Fact]
    public void The_primary_s_writes_are_seen_by_nobody_until_their_mark_is_committed()
    {
        _f.StartRunning(Size);
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(4096, 1)));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 8192, Fill(4096, 2)));
        Assert.Equal(0, _f.Zero(_f.Disk.Mirror, 0, 512));
        Assert.Equal((8704, 8704), (_f.On(() => _f.Disk.ReceivedBytes), 4096 + 4096 + 512));
        Assert.Equal(new byte[16384], _f.Read(_f.Disk.Guest, 0, 16384));
        Assert.Equal(new byte[16384], _f.Read(_f.Disk.Mirror, 0, 16384));
        Assert.Equal(0, _f.Commit(8192, 2));
        Assert.Equal([.. Fill(4096, 1), .. new byte[4096], .. Fill(4096, 2)], _f.Read(_f.Disk.Guest, 0, 12288));
        Assert.Equal(1, _f.On(() => _f.Disk.HeldRequests));
        Assert.Equal(0, _f.Commit(8704, 3));
        Assert.Equal([.. new byte[512], .. Fill(3584, 1)], _f.Read(_f.Disk.Guest, 0, 4096));
        Assert.Equal((0, 0L, 3UL), _f.On(() => (_f.Disk.HeldRequests, _f.Disk.HeldMemory, _f.Disk.Epoch)));
    }

    [Fact]
    public void A_mark_is_reached_when_all_before_it_are_held_and_never_in_the_middle_of_a_request()
    {
        var image = default(Interposer)!;
        _f.StartRunning(Size, wrap: inner => image = new Interposer(inner) { Hold = r => r is { Operation: BlockOperation.Reserve, Offset: 0 } });
        var first = _f.Submit(_f.Disk.Mirror, BlockOperation.Write, 0, Fill(4096, 1));
        var second = _f.Submit(_f.Disk.Mirror, BlockOperation.Write, 8192, Fill(4096, 1));
        List<string> reached = [];
        _f.On(() =>
        {
            _f.Disk.WhenReceived(8192, () => reached.Add("8192"));
            _f.Disk.WhenReceived(4096, () => reached.Add("4096"));
            _f.Disk.WhenReceived(6000, () => reached.Add("6000"));
            _f.Disk.WhenReceived(0, () => reached.Add("0"));
        });
        // What is done first does not count before what came first.
        Assert.Equal(0, second.Wait());
        Assert.False(first.IsDone);
        Assert.Equal((0L, false), _f.On(() => (_f.Disk.ReceivedBytes, _f.Disk.Received(4096))));
        Assert.Equal(22, _f.Commit(4096, 2));
        _f.On(() => image.Release(0));
        Assert.Equal(0, first.Wait());
        Assert.Equal((8192L, true, true, false, false), _f.On(() =>
            (_f.Disk.ReceivedBytes, _f.Disk.Received(4096), _f.Disk.Received(8192), _f.Disk.Received(6000), _f.Disk.Received(9000))));
        Assert.Equal(["0", "8192", "4096"], _f.On(() => reached.ToArray()));
        Assert.Equal(22, _f.Commit(6000, 2));
        Assert.Equal(0, _f.Commit(4096, 2));
        Assert.Equal(22, _f.Commit(0, 3));
        Assert.Equal([.. Fill(4096, 1), .. new byte[8192]], _f.Read(_f.Disk.Mirror, 0, 12288));
    }

    [Fact]
    public void A_direct_first_synchronisation_writes_in_order_until_holding_begins()
    {
        _f.Start(Size, FirstSync.Direct, content: Fill(Size, 9));
        List<Pending> all = [];
        for (var i = 1; i <= 20; i++)
            all.Add(_f.Submit(_f.Disk.Mirror, BlockOperation.Write, 1024 * (i % 3), Fill(65536, (byte)i)));
        all.Add(_f.Submit(_f.Disk.Mirror, BlockOperation.Discard, 65536, 65536));
        Assert.Equal(0, _f.Flush(_f.Disk.Mirror));
        Assert.All(all, pending => Assert.Equal(0, pending.Wait()));
        const int direct = 21 * 65536;
        Assert.Equal((direct, false, 0), _f.On(() => ((int)_f.Disk.ReceivedBytes, _f.Disk.Unsynced, _f.Disk.HeldRequests)));
        Assert.Equal([.. Fill(1024, 18), .. Fill(1024, 19), .. Fill(63488, 20), .. new byte[65536], 9], _f.Read(_f.Image, 0, 131073));
        // The secondary's VM does not run before the first commit.
        var guest = _f.Submit(_f.Disk.Guest, BlockOperation.Read, 0, new byte[512]);
        _f.On(_f.Disk.BeginHolding);
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 77)));
        Assert.Equal(18, _f.Read(_f.Image, 0, 1)[0]);
        Assert.Equal(22, _f.Commit(direct - 65536, 1));
        Assert.False(guest.IsDone);
        Assert.Equal(0, _f.Commit(direct, 1));
        Assert.Equal(0, guest.Wait());
        Assert.Equal((18, 1), (guest.Data[0], _f.On(() => _f.Disk.HeldRequests)));
        Assert.Equal(0, _f.Commit(direct + 512, 2));
        Assert.Equal(77, _f.Read(_f.Disk.Guest, 0, 1)[0]);
    }

    [Fact]
    public void The_vm_sees_its_own_writes_over_the_image_until_a_commit_drops_them()
    {
        _f.StartRunning(Size, content: Fill(Size, 9));
        var guest = _f.Disk.Guest;
        Assert.Equal(0, _f.Write(guest, 4096, Fill(4096, 1)));
        Assert.Equal(0, _f.Write(guest, 6144, Fill(512, 2)));
        Assert.Equal(0, _f.Zero(guest, 0, 512));
        Assert.Equal(0, _f.Submit(guest, BlockOperation.Discard, 512, 512).Wait());
        byte[] expected = [.. new byte[1024], .. Fill(3072, 9), .. Fill(2048, 1), .. Fill(512, 2), .. Fill(1536, 1), .. Fill(512, 9)];
        Assert.Equal(expected, _f.Read(guest, 0, expected.Length, pieces: 7));
        // All of it in the log: the image need not be asked.
        Assert.Equal(expected[4096..8192], _f.Read(guest, 4096, 4096, pieces: 3));
        Assert.Equal(Fill(Size, 9), _f.Read(_f.Image, 0, Size));
        Assert.Equal([(0, 1024), (4096, 4096)], _f.On(_f.Disk.GuestWritten));
        Assert.Equal(0, _f.Commit(0, 2));
        Assert.Equal(Fill(Size, 9), _f.Read(guest, 0, Size));
        Assert.Empty(_f.On(_f.Disk.GuestWritten));
    }

    [Fact]
    public void Requests_of_the_vm_wait_during_a_commit_and_none_may_be_under_way_before_it()
    {
        var image = default(Interposer)!;
        var log = default(Interposer)!;
        _f.StartRunning(
            Size,
            wrap: inner => image = new Interposer(inner),
            wrapFile: (path, inner) => path.EndsWith("log", StringComparison.Ordinal) ? log = new Interposer(inner) : inner);
        _f.On(() => log.Hold = r => r.Operation == BlockOperation.Write);
        var write = _f.Submit(_f.Disk.Guest, BlockOperation.Write, 0, Fill(512, 5));
        _f.Until(() => log.Held.Count == 1, "the write is in the log's hands");
        Assert.Throws<InvalidOperationException>(() => _f.On(() => _f.Disk.Commit(0, 2, _ => { })));
        _f.On(() => log.Release(0));
        Assert.Equal(0, write.Wait());
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 6)));

        _f.On(() =>
        {
            log.Hold = _ => false;
            image.Hold = r => r.Operation == BlockOperation.Write;
        });
        int? committed = null;
        _f.On(() => _f.Disk.Commit(512, 2, error => committed = error));
        var read = _f.Submit(_f.Disk.Guest, BlockOperation.Read, 0, new byte[512]);
        var mirrored = _f.Submit(_f.Disk.Mirror, BlockOperation.Read, 0, new byte[512]);
        // Also during a commit more is received.
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 512, Fill(512, 8)));
        Assert.Throws<InvalidOperationException>(() => _f.On(() => _f.Disk.Commit(1024, 3, _ => { })));
        Assert.Equal((null, false, false), _f.On(() => (committed, read.IsDone, mirrored.IsDone)));
        _f.On(() => image.Release(0));
        Assert.Equal((0, 0), (read.Wait(), mirrored.Wait()));
        Assert.Equal((0, 6, 6), ((int)_f.On(() => committed)!, (int)read.Data[0], (int)mirrored.Data[0]));
    }

    [Fact]
    public void Writes_of_the_vm_are_completed_in_the_order_of_the_log_so_that_a_replay_has_them()
    {
        var log = default(Interposer)!;
        _f.StartRunning(Size, wrapFile: (path, inner) => path.EndsWith("log", StringComparison.Ordinal) ? log = new Interposer(inner) : inner);
        _f.On(() => log.Hold = r => r.Operation == BlockOperation.Write);
        var first = _f.Submit(_f.Disk.Guest, BlockOperation.Write, 0, Fill(512, 1));
        var second = _f.Submit(_f.Disk.Guest, BlockOperation.Write, 4096, Fill(512, 2));
        var over = _f.Submit(_f.Disk.Guest, BlockOperation.Write, 0, Fill(1024, 3));
        _f.Until(() => log.Held.Count == 2, "two writes, and one that waits for the first");
        _f.On(() => log.Release(1));
        Assert.Equal(0, _f.Flush(_f.Disk.Guest));
        Assert.False(second.IsDone);
        Assert.Equal(new byte[512], _f.Read(_f.Disk.Guest, 4096, 512));
        _f.On(() => log.Release(0));
        Assert.Equal((0, 0), (first.Wait(), second.Wait()));
        _f.Until(() => log.Held.Count == 1, "the overlapping write");
        _f.On(() => log.Release(0));
        Assert.Equal(0, over.Wait());
        Assert.Equal(Fill(1024, 3), _f.Read(_f.Disk.Guest, 0, 1024));
    }

    [Fact]
    public void The_vm_may_change_its_memory_once_a_write_is_submitted()
    {
        var log = default(Interposer)!;
        _f.StartRunning(Size, wrapFile: (path, inner) => path.EndsWith("log", StringComparison.Ordinal) ? log = new Interposer(inner) : inner);
        _f.On(() => log.Hold = r => r.Operation == BlockOperation.Write);
        var write = _f.Submit(_f.Disk.Guest, BlockOperation.Write, 512, Fill(4096, 1), pieces: 5);
        _f.Until(() => log.Held.Count == 1, "the write");
        Array.Fill(write.Data, (byte)99);
        _f.On(() => log.Release(0));
        Assert.Equal(0, write.Wait());
        Assert.Equal(0, _f.TakeOver());
        Assert.Equal(Fill(4096, 1), _f.Read(_f.Image, 512, 4096));
    }

    [Fact]
    public void A_flush_of_the_vm_makes_the_log_durable_and_the_image_if_a_commit_is_not()
    {
        var image = default(Interposer)!;
        var log = default(Interposer)!;
        _f.StartRunning(
            Size,
            wrap: inner => image = new Interposer(inner),
            wrapFile: (path, inner) => path.EndsWith("log", StringComparison.Ordinal) ? log = new Interposer(inner) : inner);
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 0, Fill(512, 1)));
        Assert.Equal(0, _f.Flush(_f.Disk.Guest));
        Assert.Equal((0, 1), Flushes(image, log));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 1)));
        Assert.Equal(0, _f.Commit(512, 2));
        Assert.True(_f.On(() => _f.Disk.Unsynced));
        // Durable: the same as a flush after it.
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 0, Fill(512, 1), request => request.Durable = true));
        Assert.Equal((1, 2), Flushes(image, log));
        Assert.False(_f.On(() => _f.Disk.Unsynced));
        Assert.Equal(0, _f.Flush(_f.Disk.Guest));
        Assert.Equal((1, 3), Flushes(image, log));

        // A sync that began before a commit does not cover it.
        _f.On(() => image.Hold = r => r.Operation == BlockOperation.Flush);
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 2)));
        Assert.Equal(0, _f.Commit(1024, 3));
        int? synced = null;
        _f.On(() => _f.Disk.Sync(error => synced = error));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 3)));
        Assert.Equal(0, _f.Commit(1536, 4));
        _f.On(() => image.Release(0));
        _f.Until(() => synced == 0, "the sync");
        Assert.True(_f.On(() => _f.Disk.Unsynced));
        _f.On(() => image.Hold = _ => false);
        Assert.Equal(0, _f.Do(_f.Disk.Sync));
        Assert.False(_f.On(() => _f.Disk.Unsynced));
    }

    [Fact]
    public void A_hole_is_not_made_where_a_later_write_has_its_space()
    {
        var image = default(Interposer)!;
        _f.StartRunning(Size, wrap: inner => image = new Interposer(inner));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 4096, Fill(4096, 1)));
        Assert.Equal(0, _f.Zero(_f.Disk.Mirror, 0, 1 << 20));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 65536, Fill(4096, 2)));
        Assert.Equal(0, _f.Zero(_f.Disk.Mirror, 1 << 20, 8192, unmap: false));
        _f.On(() => image.Seen.Clear());
        // The write that needs the space is not a part of the commit that makes the hole.
        Assert.Equal(0, _f.Commit(4096 + (1 << 20), 2));
        Assert.Equal(
            ["Write 4096 4096", "WriteZeroes 0 65536 unmap", "WriteZeroes 65536 4096", $"WriteZeroes 69632 {(1 << 20) - 69632} unmap"],
            _f.On(() => image.Seen.ToArray()));
        _f.On(() => image.Seen.Clear());
        // It has its space still, and the earlier one has lost it.
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 65536, Fill(512, 3)));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 4096, Fill(512, 4)));
        Assert.Equal(["Reserve 4096 4096"], _f.On(() => image.Seen.ToArray()));
    }

    [Fact]
    public void Writes_for_which_there_is_no_memory_go_through_the_journal()
    {
        _f.StartRunning(Size, heldBytes: 20_000);
        for (var i = 0; i < 64; i++)
            Assert.Equal(0, _f.Write(_f.Disk.Mirror, i * 3000, Fill(4000, (byte)(i + 1))));
        // Each takes a little, wherever its data is.
        Assert.InRange(_f.On(() => _f.Disk.HeldMemory), 4096, 20_000 + (64 * 64));
        Assert.InRange(new FileInfo(_f.At("journal")).Length, SecondaryFiles.FileSize, long.MaxValue);
        var id = _f.On(() => _f.Disk.JournalId);
        Assert.Equal(0, _f.Commit(32 * 4000, 2));
        Assert.Equal(id, _f.On(() => _f.Disk.JournalId));
        Assert.Equal(0, _f.Commit(64 * 4000, 3));
        Assert.NotEqual(id, _f.On(() => _f.Disk.JournalId));
        var expected = new byte[(63 * 3000) + 4000];
        for (var i = 0; i < 64; i++)
            Fill(4000, (byte)(i + 1)).CopyTo(expected, i * 3000);
        Assert.Equal(expected, _f.Read(_f.Disk.Guest, 0, expected.Length));
        Assert.Equal(0, _f.On(() => _f.Disk.HeldMemory));
    }

    [Fact]
    public void A_takeover_drops_what_is_held_and_hands_over_what_comes_meanwhile()
    {
        var image = default(Interposer)!;
        var log = default(Interposer)!;
        _f.StartRunning(
            Size, content: Fill(Size, 9),
            wrap: inner => image = new Interposer(inner),
            wrapFile: (path, inner) => path.EndsWith("log", StringComparison.Ordinal) ? log = new Interposer(inner) : inner);
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 1)));
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 512, Fill(512, 2)));
        _f.On(() => log.Hold = r => r.Operation == BlockOperation.Write);
        var under = _f.Submit(_f.Disk.Guest, BlockOperation.Write, 1024, Fill(512, 3));
        _f.Until(() => log.Held.Count == 1, "the write");
        int? taken = null;
        _f.On(() => _f.Disk.TakeOver(error => taken = error));
        var waits = _f.Submit(_f.Disk.Guest, BlockOperation.Write, 1536, Fill(512, 4));
        Assert.Equal(5, _f.Write(_f.Disk.Mirror, 0, Fill(512, 5)));
        Assert.Throws<InvalidOperationException>(() => _f.On(() => _f.Disk.TakeOver(_ => { })));
        Assert.Null(_f.On(() => taken));
        _f.On(() => log.Release(0));
        Assert.Equal(0, under.Wait());
        _f.Until(() => taken == 0, "the takeover");
        Assert.Equal([.. Fill(512, 9), .. Fill(512, 2), .. Fill(512, 3), .. Fill(512, 9)], _f.Read(_f.Image, 0, 2048));
        Assert.Equal("Flush 0 0", _f.On(() => image.Seen.Last(seen => !seen.StartsWith("Read", StringComparison.Ordinal))));
        Assert.Equal([waits.Request], _f.On(_f.Disk.TakeWaiting));
        Assert.False(waits.IsDone);
        _f.On(() => _f.Image.Submit(waits.Request));
        Assert.Equal(0, waits.Wait());
        Assert.Empty(_f.Failures);
    }

    [Fact]
    public void A_takeover_that_comes_during_a_commit_goes_on_from_that_checkpoint()
    {
        var image = default(Interposer)!;
        _f.StartRunning(Size, wrap: inner => image = new Interposer(inner));
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 0, Fill(512, 7)));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 1)));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(512, 2)));
        _f.On(() => image.Hold = r => r.Operation == BlockOperation.Write);
        List<string> done = [];
        _f.On(() =>
        {
            _f.Disk.Commit(512, 2, error => done.Add($"commit {error}"));
            _f.Disk.TakeOver(error => done.Add($"takeover {error}"));
        });
        Assert.Empty(_f.On(() => done.ToArray()));
        _f.On(() =>
        {
            image.Hold = _ => false;
            image.Release(0);
        });
        _f.Until(() => done.Count == 2, "both");
        Assert.Equal(["commit 0", "takeover 0"], done);
        Assert.Equal(Fill(512, 1), _f.Read(_f.Image, 0, 512));
    }

    [Fact]
    public void An_end_in_order_leaves_the_primary_s_disk_and_an_abandoned_one_that_of_the_last_commit()
    {
        _f.StartRunning(Size);
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 0, Fill(512, 7)));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 512, Fill(512, 1)));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 1024, Fill(512, 2)));
        Assert.Equal(22, _f.Do(done => _f.Disk.EndInOrder(700, done)));
        Assert.Equal(0, _f.Do(done => _f.Disk.EndInOrder(512, done)));
        Assert.Equal([.. new byte[512], .. Fill(512, 1), .. new byte[512]], _f.Read(_f.Image, 0, 1536));
        Assert.Equal((false, 0), _f.On(() => (_f.Disk.Unsynced, _f.Disk.HeldRequests)));
        Assert.Equal(5, _f.Write(_f.Disk.Mirror, 0, Fill(512, 5)));

        using var other = new SecondaryFixture();
        other.StartRunning(Size);
        Assert.Equal(0, other.Write(other.Disk.Guest, 0, Fill(512, 7)));
        Assert.Equal(0, other.Write(other.Disk.Mirror, 512, Fill(512, 1)));
        Assert.Equal(0, other.Do(other.Disk.Abandon));
        Assert.Equal(new byte[1024], other.Read(other.Image, 0, 1024));
    }

    [Fact]
    public void The_files_are_the_owner_s_alone_and_go_with_the_disk_unless_a_replay_needs_them()
    {
        File.WriteAllText(_f.At("log"), "of another life");
        _f.StartRunning(Size);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_f.At("log")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_f.At("journal")));
        _f.On(_f.Disk.Dispose);
        Assert.False(File.Exists(_f.At("log")) || File.Exists(_f.At("journal")));

        using var other = new SecondaryFixture();
        other.StartRunning(Size);
        Assert.Equal(0, other.TakeOver());
        Assert.True(other.On(() => other.Disk.KeepFiles));
        other.On(other.Disk.Dispose);
        Assert.True(File.Exists(other.At("log")) && File.Exists(other.At("journal")));
    }

    [Fact]
    public void A_disk_that_is_disposed_answers_the_primary_and_tells_when_the_image_is_free()
    {
        var image = default(Interposer)!;
        _f.StartRunning(Size, heldBytes: 4096, wrap: inner => image = new Interposer(inner));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(4096, 1)));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 4096, Fill(4096, 2)));
        _f.On(() => image.Hold = r => r.Operation is BlockOperation.Write or BlockOperation.Reserve);
        var waits = _f.Submit(_f.Disk.Mirror, BlockOperation.Write, 1 << 20, Fill(4096, 1));
        var flush = _f.Submit(_f.Disk.Mirror, BlockOperation.Flush, 0, 0);
        _f.On(() => _f.Disk.Commit(8192, 2, _ => Assert.Fail("a commit is done on a disk that is disposed")));
        var read = _f.Submit(_f.Disk.Mirror, BlockOperation.Read, 0, new byte[512]);
        _f.Until(() => image.Held.Count >= 2, "a reservation and a write");
        var idle = false;
        _f.On(() =>
        {
            _f.Disk.Dispose();
            _f.Disk.WhenImageIdle(() => idle = true);
        });
        Assert.Equal((5, 5, 5), (waits.Wait(), flush.Wait(), read.Wait()));
        Assert.False(_f.On(() => idle));
        _f.On(() =>
        {
            while (image.Held.Count > 0)
                image.Release(0);
        });
        _f.Until(() => idle, "the image is free");
        Assert.Equal(5, _f.Write(_f.Disk.Mirror, 0, Fill(512, 1)));
    }

    private static byte[] Fill(int length, byte value) => SecondaryFixture.Filled(length, value);

    private (int Image, int Log) Flushes(Interposer image, Interposer log) =>
        _f.On(() => (image.Seen.Count(seen => seen == "Flush 0 0"), log.Seen.Count(seen => seen == "Flush 0 0")));
}
