using System.Globalization;
using Colo.Block;
using Colo.Block.Replication;
using Colo.Demo;

namespace Colo.Tests.Block.Replication;

/// <summary>What a secondary's disk takes of memory and of the file system, however long it is written to.</summary>
public sealed class SecondarySpaceTests : IDisposable
{
    private const int MiB = 1 << 20;
    private const long Size = 64 * MiB;
    private readonly SecondaryFixture _f = new();
    private readonly byte[] _data = new byte[MiB];
    private readonly byte[] _written = new byte[Size / MiB];
    private long _mark;

    public void Dispose() => _f.Dispose();

    [Theory]
    [InlineData(FirstSync.Direct)]
    [InlineData(FirstSync.Journal)]
    public void An_epoch_larger_than_memory_is_applied_without_coming_into_memory_as_a_whole(FirstSync first)
    {
        const int writes = 160;
        var most = 0L;
        _f.Start(Size, first, heldBytes: 4 * MiB, wrap: inner => new Interposer(inner) { Before = _ => most = Math.Max(most, _f.Disk.BufferBytes) });
        if (first == FirstSync.Direct)
            Assert.Equal(0, _f.Commit(0, 1));
        Write(writes);
        _f.On(() => most = 0);
        if (first == FirstSync.Journal)
            Assert.Equal(0, _f.Do(done => _f.Disk.SealJournal(done)));
        Assert.Equal(0, _f.Commit(_mark, 2));
        Assert.InRange(_f.On(() => most), MiB, (4 + 32) * MiB);
        Assert.Equal((0, 0L, 0L), _f.On(() => (_f.Disk.HeldRequests, _f.Disk.HeldMemory, _f.Disk.BufferBytes)));
        AssertWritten();
    }

    [Fact]
    public void Memory_is_free_again_for_what_comes_while_an_epoch_is_applied()
    {
        var image = default(Interposer)!;
        _f.StartRunning(Size, heldBytes: 16 * MiB, wrap: inner => image = new Interposer(inner));
        Write(15);
        _f.On(() => image.Hold = r => r is { Operation: BlockOperation.Write, Offset: >= 10 * MiB });
        int? done = null;
        _f.On(() => _f.Disk.Commit(_mark, 2, error => done = error));
        _f.Until(() => image.Held.Count == 5 && _f.Disk.HeldRequests == 5, "ten writes are applied and five are not");
        Assert.InRange(_f.On(() => _f.Disk.HeldMemory), 5 * MiB, 6 * MiB);
        Write(5);
        Assert.False(JournalIsUsed());
        _f.On(() =>
        {
            image.Hold = _ => false;
            while (image.Held.Count > 0)
                image.Release(image.Held.Count - 1);
        });
        _f.Until(() => done == 0, "the commit");
        Assert.Equal(0, _f.Commit(_mark, 3));
        AssertWritten();
    }

    [Fact]
    public void A_journal_in_which_something_always_waits_does_not_grow_with_what_goes_through_it()
    {
        const int epochs = 24, each = 32;
        _f.StartRunning(Size, heldBytes: MiB);
        Write(each);
        var most = 0L;
        for (ulong epoch = 2; epoch < epochs + 2; epoch++)
        {
            var mark = _mark;
            // What comes before the commit stays in the journal beyond it.
            Write(each);
            Assert.Equal(0, _f.Commit(mark, epoch));
            most = Math.Max(most, JournalBlocks());
        }

        Assert.InRange(most, each * MiB, 320 * MiB);
        Assert.Equal(0, _f.Commit(_mark, epochs + 2));
        AssertWritten();
    }

    [Fact]
    public void A_journal_gives_back_what_one_large_epoch_took()
    {
        _f.StartRunning(Size, heldBytes: 0);
        Write(400);
        Assert.InRange(JournalBlocks(), 400 * MiB, 410 * MiB);
        var mark = _mark;
        Write(1);
        Assert.Equal(0, _f.Commit(mark, 2));
        Assert.True(SpinWait.SpinUntil(() => JournalBlocks() <= 330 * MiB, 30_000), $"{JournalBlocks()} bytes");
        Assert.Equal(0, _f.Commit(_mark, 3));
        AssertWritten();
        Write(3);
        Assert.Equal(0, _f.Commit(_mark, 4));
        AssertWritten();
    }

    [Fact]
    public void Requests_that_rest_take_no_object_each()
    {
        const int requests = 20_000;
        _f.StartRunning(Size, heldBytes: MiB);
        List<Pending> pending = [];
        for (var i = 0; i < requests; i++)
        {
            pending.Add(i % 10 == 0
                ? _f.Submit(_f.Disk.Mirror, BlockOperation.Write, i * 512L, SecondaryFixture.Filled(512, (byte)i))
                : _f.Submit(_f.Disk.Mirror, BlockOperation.Discard, i * 512L, 512));
            if (pending.Count < 200)
                continue;
            Assert.All(pending, one => Assert.Equal(0, one.Wait()));
            pending.Clear();
        }

        Assert.Equal(requests, _f.On(() => _f.Disk.HeldRequests));
        Assert.InRange(_f.On(() => _f.Disk.HeldObjects), 1, 1000);
        // They count, though they are not in the journal.
        Assert.InRange(_f.On(() => _f.Disk.HeldMemory), requests * 32, (2 * MiB) + (requests * 96));
        Assert.Equal(0, _f.Commit(requests * 512L, 2));
        Assert.Equal(0, _f.On(() => _f.Disk.HeldMemory));
        for (var i = 0; i < requests; i += 1999)
            Assert.Equal(i % 10 == 0 ? (byte)i : 0, _f.Read(_f.Disk.Guest, i * 512L, 512)[17]);
    }

    [Fact]
    public void Zeroes_are_answered_at_once_until_too_much_is_under_way_but_those_that_may_be_slices()
    {
        const int many = 1500;
        const long slice = 256 * MiB;
        var image = default(Interposer)!;
        _f.StartRunning(2 * slice, wrap: inner => image = new Interposer(inner) { Hold = r => r.Operation == BlockOperation.Reserve });
        List<Pending> pending = [];
        for (var i = 0; i < many; i++)
            pending.Add(_f.Submit(_f.Disk.Mirror, BlockOperation.WriteZeroes, i * 4096L, 4096));
        var large = _f.Submit(_f.Disk.Mirror, BlockOperation.WriteZeroes, slice, slice);
        Assert.Equal(0, large.Wait());
        Assert.InRange(_f.On(() => pending.Count(one => one.IsDone)), 1000, 1100);
        Assert.Equal(0, _f.On(() => _f.Disk.ReceivedBytes));
        _f.On(() =>
        {
            image.Hold = _ => false;
            while (image.Held.Count > 0)
                image.Release(image.Held.Count - 1);
        });
        Assert.All(pending, one => Assert.Equal(0, one.Wait()));
        _f.WaitReceived((many * 4096L) + slice);
    }

    private void Write(int count)
    {
        for (var i = 0; i < count; i++)
        {
            // Another than what is there, and than what was in the journal in its place before.
            var value = (byte)(1 + (_mark / MiB % 251));
            Array.Fill(_data, value);
            Assert.Equal(0, _f.Write(_f.Disk.Mirror, i * (long)MiB % Size, _data));
            _written[i % _written.Length] = value;
            _mark += MiB;
        }
    }

    /// <summary>What was written last is the image's content.</summary>
    private void AssertWritten()
    {
        for (var i = 0; i < _written.Length; i++)
        {
            var at = i * (long)MiB;
            Assert.Equal((_written[i], _written[i]), (_f.Read(_f.Disk.Guest, at, 1)[0], _f.Read(_f.Disk.Guest, at + MiB - 1, 1)[0]));
        }
    }

    private bool JournalIsUsed() => JournalBlocks() > 0;

    private long JournalBlocks()
    {
        var (code, output) = ChildProcess.Capture("/usr/bin/du", ["--block-size=1", _f.At("journal")]);
        Assert.Equal(0, code);
        return long.Parse(output.Split('\t')[0], CultureInfo.InvariantCulture);
    }
}
