using Colo.Block;
using Colo.Block.Replication;

namespace Colo.Tests.Block.Replication;

/// <summary>Logs and journals that a crash has left, whole and not.</summary>
public sealed class ReplayTests : IDisposable
{
    private const int Size = 1 << 20;
    private const int Record = 512 + 4096;
    private readonly SecondaryFixture _f = new();

    public void Dispose() => _f.Dispose();

    [Fact]
    public void Each_step_of_a_replay_is_told_and_what_was_told_is_durable_piece_by_piece()
    {
        const long size = 256 << 20;
        _f.StartRunning(size);
        // Records of much ground and few bytes.
        for (var i = 0; i < 8; i++)
            Assert.Equal(0, _f.Zero(_f.Disk.Guest, i * (32L << 20), 32 << 20));
        var id = _f.On(() => _f.Disk.LogId);
        var log = _f.At("log.copy");
        SecondaryFixture.Copy(_f.At("log"), log, 1 << 20);
        using (var copy = File.Create(_f.At("copy")))
            copy.SetLength(size);
        Interposer image = null!;
        IBlockBackend Watched(IBlockBackend inner) => image = new Interposer(inner);
        int Flushes() => image.Seen.Count(seen => seen.StartsWith("Flush", StringComparison.Ordinal));

        var steps = 0;
        var result = _f.Replay(log, id, 1, _f.At("copy"), () => steps++, Watched);
        Assert.Equal((0, 8L), (result.Error, result.Records));
        // Of 64 MiB each, and the last one.
        Assert.Equal(5, Flushes());
        Assert.True(steps >= 8 + 5 + 1, $"{steps} steps were told");

        // Whom nobody waits for need not stop on the way.
        Assert.Equal(0, _f.Replay(log, id, 1, _f.At("copy"), wrap: Watched).Error);
        Assert.Equal(1, Flushes());
    }

    [Fact]
    public void A_replay_whose_image_stands_still_tells_of_no_progress()
    {
        _f.StartRunning(Size);
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 0, Fill(4096, 1)));
        var id = _f.On(() => _f.Disk.LogId);
        var log = _f.At("log.copy");
        SecondaryFixture.Copy(_f.At("log"), log, 1 << 20);
        File.WriteAllBytes(_f.At("copy"), new byte[Size]);
        Interposer image = null!;
        var steps = 0;
        var before = -1;
        var during = -1;
        using var waited = new Timer(
            _ =>
            {
                during = Volatile.Read(ref steps);
                _f.On(() => image.Release(0));
            },
            null, Timeout.Infinite, Timeout.Infinite);
        var result = _f.Replay(log, id, 1, _f.At("copy"), () => Interlocked.Increment(ref steps), inner => image = new Interposer(inner)
        {
            Hold = request =>
            {
                if (request.Operation != BlockOperation.Write)
                    return false;
                before = steps;
                waited.Change(200, Timeout.Infinite);
                return true;
            },
        });
        Assert.Equal((0, before), (result.Error, during));
        Assert.True(steps > during, "its end is progress");
    }

    [Theory]
    [InlineData("whole", 5)]
    [InlineData("cut in the last data", 4)]
    [InlineData("cut in the last header", 4)]
    [InlineData("cut after the last header", 4)]
    [InlineData("last data changed", 4)]
    [InlineData("header in the middle changed", 2)]
    [InlineData("data in the middle changed", 2)]
    [InlineData("empty", 0)]
    public void A_log_counts_up_to_its_first_record_that_is_not_whole(string damage, int good)
    {
        _f.StartRunning(Size);
        for (var i = 0; i < 5; i++)
            Assert.Equal(0, _f.Write(_f.Disk.Guest, i * 2048, Fill(4096, (byte)(i + 1))));
        var id = _f.On(() => _f.Disk.LogId);
        var log = _f.At("log.copy");
        SecondaryFixture.Copy(_f.At("log"), log, damage switch
        {
            "cut in the last data" => (5 * Record) - 1024,
            "cut in the last header" => (4 * Record) + 100,
            "cut after the last header" => (4 * Record) + 512,
            "empty" => 512,
            _ => 1 << 20,
        });
        if (damage == "cut in the last header")
            Extend(log, (4 * Record) + 512);
        if (damage == "last data changed")
            SecondaryFixture.Spoil(log, (5 * Record) - 1);
        if (damage == "header in the middle changed")
            SecondaryFixture.Spoil(log, (2 * Record) + 50);
        if (damage == "data in the middle changed")
            SecondaryFixture.Spoil(log, (2 * Record) + 512);
        var expected = Fill(Size, 9);
        File.WriteAllBytes(_f.At("copy"), expected);
        for (var i = 0; i < good; i++)
            Fill(4096, (byte)(i + 1)).CopyTo(expected, i * 2048);
        for (var i = 0; i < 2; i++)
        {
            var result = _f.Replay(log, id, 1, _f.At("copy"));
            Assert.Equal((0, good, good * 4096), (result.Error, (int)result.Records, (int)result.Bytes));
            Assert.Contains($"{good} records", result.Text, StringComparison.Ordinal);
            Assert.Equal(expected, File.ReadAllBytes(_f.At("copy")));
        }
    }

    [Fact]
    public void What_an_earlier_epoch_or_another_log_has_left_is_never_a_part_of_this_one()
    {
        _f.StartRunning(Size);
        for (var i = 0; i < 4; i++)
            Assert.Equal(0, _f.Write(_f.Disk.Guest, i * 4096, Fill(4096, 1)));
        var id = _f.On(() => _f.Disk.LogId);
        Assert.Equal(0, _f.Commit(0, 2));
        SecondaryFixture.Copy(_f.At("log"), _f.At("none"), 1 << 20);
        // The next record of the old epoch follows exactly, with the right number.
        Assert.Equal(0, _f.Write(_f.Disk.Guest, 0, Fill(4096, 2)));
        SecondaryFixture.Copy(_f.At("log"), _f.At("one"), 1 << 20);
        Assert.Equal(
            [(0, 0), (0, 1), (0, 0), (0, 0)],
            new[] { ("none", id, 2UL), ("one", id, 2UL), ("one", id, 1UL), ("one", Guid.NewGuid(), 2UL) }.Select(test =>
            {
                File.WriteAllBytes(_f.At("copy"), Fill(Size, 9));
                var result = _f.Replay(_f.At(test.Item1), test.Item2, test.Item3, _f.At("copy"));
                Assert.Equal([.. Fill(4096, (byte)(result.Records == 0 ? 9 : 2)), .. Fill(Size - 4096, 9)], File.ReadAllBytes(_f.At("copy")));
                return (result.Error, (int)result.Records);
            }));
        // A log is no journal.
        Assert.Equal(74, _f.Replay(_f.At("one"), id, 0, _f.At("copy")).Error);
    }

    [Fact]
    public void Zeroes_and_writes_of_any_size_are_replayed_in_order()
    {
        const int large = 48 << 20;
        _f.StartRunning(large);
        var big = new byte[large];
        new Random(3).NextBytes(big);
        // More than one record holds, and more than is read at once.
        Assert.Equal(0, _f.Submit(_f.Disk.Guest, BlockOperation.Write, 0, big, pieces: 3).Wait());
        Assert.Equal(0, _f.Zero(_f.Disk.Guest, 4096, 8 << 20));
        Assert.Equal(0, _f.Zero(_f.Disk.Guest, 16 << 20, 4096, unmap: false));
        for (var i = 0; i < 200; i++)
            Assert.Equal(0, _f.Write(_f.Disk.Guest, 8192 + (i * 512), Fill(1024, (byte)i)));
        var expected = _f.Read(_f.Disk.Guest, 0, large);
        Assert.Equal((0, 199, big[^1]), (expected[4096], expected[8192 + (200 * 512)], expected[^1]));
        Assert.Equal(0, _f.TakeOver());
        Assert.True(expected.AsSpan().SequenceEqual(_f.Read(_f.Image, 0, large)));
        var (id, epoch) = _f.On(() => (_f.Disk.LogId, _f.Disk.Epoch));
        _f.On(_f.Disk.Dispose);
        File.WriteAllBytes(_f.At("copy"), new byte[large]);
        var result = _f.Replay(_f.At("log"), id, epoch, _f.At("copy"));
        Assert.Equal((0, 204L), (result.Error, result.Records));
        Assert.True(expected.AsSpan().SequenceEqual(File.ReadAllBytes(_f.At("copy"))));
    }

    [Fact]
    public void A_journal_counts_only_when_it_is_sealed_and_then_up_to_its_mark()
    {
        var old = Fill(Size, 9);
        _f.Start(Size, FirstSync.Journal, content: old);
        for (var i = 0; i < 10; i++)
            Assert.Equal(0, _f.Write(_f.Disk.Mirror, i * 1000, Fill(3000, (byte)(i + 1))));
        Assert.Equal(0, _f.Zero(_f.Disk.Mirror, 2000, 1000));
        const int mark = 31_000;
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(3000, 77)));
        Assert.Throws<InvalidOperationException>(() => _f.On(() => _f.Disk.Commit(mark, 1, _ => { })));
        var id = _f.On(() => _f.Disk.JournalId);
        SecondaryFixture.Copy(_f.At("journal"), _f.At("unsealed"), 1 << 20);
        Assert.Equal(22, _f.Do(done => _f.Disk.SealJournal(done, 500)));
        Assert.Equal(0, _f.Do(done => _f.Disk.SealJournal(done, mark)));
        Assert.Equal(0, _f.Write(_f.Disk.Mirror, 0, Fill(3000, 78)));
        SecondaryFixture.Copy(_f.At("journal"), _f.At("sealed"), 1 << 20);
        Assert.Equal(old, _f.Read(_f.Image, 0, Size));
        Assert.True(_f.On(() => _f.Disk.KeepFiles));

        File.WriteAllBytes(_f.At("copy"), old);
        var result = _f.Replay(_f.At("unsealed"), id, 0, _f.At("copy"));
        Assert.Equal((74, 0L), (result.Error, result.Records));
        Assert.Contains("no seal", result.Text, StringComparison.Ordinal);
        Assert.Equal(old, File.ReadAllBytes(_f.At("copy")));
        SecondaryFixture.Copy(_f.At("sealed"), _f.At("damaged"), 1 << 20);
        SecondaryFixture.Spoil(_f.At("damaged"), 600);
        Assert.Equal(74, _f.Replay(_f.At("damaged"), id, 0, _f.At("copy")).Error);
        Assert.Equal(74, _f.Replay(_f.At("sealed"), Guid.NewGuid(), 0, _f.At("copy")).Error);
        Assert.Equal(old, File.ReadAllBytes(_f.At("copy")));

        Assert.Equal(0, _f.Commit(mark, 1));
        var committed = _f.Read(_f.Image, 0, Size);
        Assert.Equal([.. Fill(1000, 1), .. Fill(1000, 2), .. new byte[1000], .. Fill(1000, 4)], committed[..4000]);
        for (var i = 0; i < 2; i++)
        {
            result = _f.Replay(_f.At("sealed"), id, 0, _f.At("copy"));
            Assert.Equal((0, 11L, (long)mark), (result.Error, result.Records, result.Bytes));
            Assert.Equal(committed, File.ReadAllBytes(_f.At("copy")));
        }

        // As long as a replay of it may come, nothing is written over it.
        Assert.Equal(0, _f.Commit(mark + 6000, 2));
        Assert.Equal(id, _f.On(() => _f.Disk.JournalId));
        SecondaryFixture.Copy(_f.At("journal"), _f.At("later"), 1 << 20);
        Assert.Equal(0, _f.Replay(_f.At("later"), id, 0, _f.At("copy")).Error);
        _f.On(() => _f.Disk.KeepFiles = false);
        Assert.Equal(0, _f.Commit(mark + 6000, 3));
        Assert.NotEqual(id, _f.On(() => _f.Disk.JournalId));
    }

    [Fact]
    public void A_log_of_another_image_and_a_file_that_is_not_there_are_errors_that_say_so()
    {
        _f.StartRunning(Size);
        Assert.Equal(0, _f.Write(_f.Disk.Guest, Size - 4096, Fill(4096, 1)));
        var id = _f.On(() => _f.Disk.LogId);
        SecondaryFixture.Copy(_f.At("log"), _f.At("log.copy"), 1 << 20);
        File.WriteAllBytes(_f.At("copy"), Fill(Size / 2, 9));
        var result = _f.Replay(_f.At("log.copy"), id, 1, _f.At("copy"));
        Assert.Equal(22, result.Error);
        Assert.Contains("another image", result.Text, StringComparison.Ordinal);
        result = _f.Replay(_f.At("nowhere"), id, 1, _f.At("copy"));
        Assert.Equal(2, result.Error);
        Assert.Contains(_f.At("nowhere"), result.Text, StringComparison.Ordinal);
    }

    private static byte[] Fill(int length, byte value) => SecondaryFixture.Filled(length, value);

    private static void Extend(string path, long length)
    {
        using var file = File.OpenWrite(path);
        file.SetLength(length);
    }
}
