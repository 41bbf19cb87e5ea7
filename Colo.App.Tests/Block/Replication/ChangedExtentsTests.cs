using Colo.Block.Replication;

namespace Colo.Tests.Block.Replication;

public sealed class ChangedExtentsTests : IDisposable
{
    private const long Extent = RecordFixture.Extent;

    private readonly RecordFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private static void Ignore(int error)
    {
    }

    [Fact]
    public void AMarkIsDurableWhenItsMakerIsTold()
    {
        var record = _fixture.Open();
        var changed = record.Changed(1);
        Assert.False(_fixture.Get(() => changed.Covers(5 * Extent, 1)));
        Assert.Equal(0, _fixture.Wait(done => changed.Mark((6 * Extent) - 1, Extent + 2, done)));
        Assert.True(_fixture.Get(() => changed.Covers(5 * Extent, 3 * Extent)));
        Assert.False(_fixture.Get(() => changed.Covers((5 * Extent) - 1, 2)));
        Assert.False(_fixture.Get(() => changed.Covers((8 * Extent) - 1, 2)));
        Assert.Equal([new ExtentRun(5, 3)], changed.Runs(10));
        Assert.Equal((3, 0), (changed.CountMarked, record.Changed(0).CountMarked));
        // Marked already: nothing to wait for, nothing to write.
        var syncs = _fixture.Files[1].Syncs;
        var told = false;
        _fixture.Do(() =>
        {
            changed.Mark(6 * Extent, Extent, error => told = error == 0);
            Assert.True(told);
        });
        Assert.Equal(syncs, _fixture.Files[1].Syncs);
        _fixture.Close(record);

        record = _fixture.Open();
        Assert.Equal([new ExtentRun(5, 3)], record.Changed(1).Runs(10));
        Assert.Equal((3, 0), (record.Changed(1).CountMarked, record.Changed(0).CountMarked));
        Assert.True(_fixture.Get(() => record.Changed(1).Covers(5 * Extent, 3 * Extent)));
        _fixture.Close(record);
    }

    [Fact]
    public void RangesBeyondTheDiskAreRefusedAndEmptyOnesAreCovered()
    {
        var record = _fixture.Open();
        _fixture.Do(() =>
        {
            var changed = record.Changed(1);
            var size = _fixture.Disks[1].Size;
            foreach (var (offset, length) in new[] { (-1L, 1L), (0, -1), (size, 1), (size + 1, 0), (1, size), (long.MaxValue, long.MaxValue) })
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => changed.Covers(offset, length));
                Assert.Throws<ArgumentOutOfRangeException>(() => changed.Mark(offset, length, Ignore));
                Assert.Throws<ArgumentOutOfRangeException>(() => changed.Touched(offset, length, 1));
            }

            var told = -1;
            changed.Mark(size, 0, error => told = error);
            Assert.Equal(0, told);
            Assert.True(changed.Covers(0, 0));
            Assert.True(changed.Covers(size, 0));
            Assert.Equal(0, changed.CountMarked);
        });
        Assert.Equal(0, _fixture.Wait(done => record.Changed(1).Mark(_fixture.Disks[1].Size - 1, 1, done)));
        Assert.Equal([new ExtentRun(39_999, 1)], record.Changed(1).Runs(1));
        _fixture.Close(record);
    }

    [Fact]
    public void AllIsMarkedAndAllIsClearedDurably()
    {
        var record = _fixture.Open();
        Assert.Equal(0, _fixture.Wait(record.Changed(0).MarkAll));
        Assert.Equal(0, _fixture.Wait(record.Changed(1).MarkAll));
        _fixture.Close(record);
        record = _fixture.Open();
        Assert.Equal([new ExtentRun(0, 100)], record.Changed(0).Runs(3));
        Assert.Equal([new ExtentRun(0, 40_000)], record.Changed(1).Runs(3));
        Assert.True(_fixture.Get(() => record.Changed(1).Covers(0, _fixture.Disks[1].Size)));
        var start = RecordFixture.Contents(_fixture.Path);
        Assert.Equal(0, _fixture.Wait(record.Changed(1).Clear));
        _fixture.Files[1].LosePower(start, new Random(1));
        Assert.Equal(0, record.Changed(1).CountMarked);
        _fixture.Close(record);
        File.WriteAllBytes(_fixture.Path, start);
        record = _fixture.Open();
        Assert.Equal((100, 0), (record.Changed(0).CountMarked, record.Changed(1).CountMarked));
        // Nothing to clear: told all the same.
        Assert.Equal(0, _fixture.Wait(record.Changed(1).Clear));
        _fixture.Close(record);
    }

    [Fact]
    public void ThePeersMarksAreAddedOrRefusedAsAWhole()
    {
        var record = _fixture.Open();
        var changed = record.Changed(0);
        Assert.Equal(0, _fixture.Wait(done => changed.Mark(3 * Extent, 1, done)));
        Assert.Equal(0, _fixture.Wait(done => changed.Merge([new(98, 2), new(0, 1), new(2, 3)], done)));
        Assert.Equal([new ExtentRun(0, 1), new ExtentRun(2, 3), new ExtentRun(98, 2)], changed.Runs(10));
        foreach (var bad in new ExtentRun[] { new(99, 2), new(100, 1), new(5, 0), new(1, uint.MaxValue), new(uint.MaxValue, 1) })
            Assert.Throws<ArgumentException>(() => _fixture.Do(() => changed.Merge([new(50, 1), bad], Ignore)));
        Assert.Equal(6, changed.CountMarked);
        Assert.Equal(0, _fixture.Wait(done => changed.Merge([], done)));
        Assert.True(_fixture.Get(() => changed.Covers(98 * Extent, 2 * Extent)));
        _fixture.Close(record);
    }

    [Fact]
    public void TooManyRunsAreJoinedOverTheSmallestGaps()
    {
        var record = _fixture.Open();
        var changed = record.Changed(0);
        Assert.Empty(changed.Runs(1));
        ExtentRun[] runs = [new(1, 1), new(4, 2), new(7, 1), new(20, 1), new(22, 3), new(60, 40)];
        Assert.Equal(0, _fixture.Wait(done => changed.Merge(runs, done)));
        Assert.Equal(runs, changed.Runs(6));
        Assert.Equal([new ExtentRun(1, 7), new ExtentRun(20, 5), new ExtentRun(60, 40)], changed.Runs(3));
        Assert.Equal([new ExtentRun(1, 24), new ExtentRun(60, 40)], changed.Runs(2));
        Assert.Equal([new ExtentRun(1, 99)], changed.Runs(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => changed.Runs(0));
        _fixture.Close(record);
    }

    [Fact]
    public void RunsCoverEveryMarkForAnyLimit()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var record = _fixture.Open();
        var changed = record.Changed(1);
        for (var round = 0; round < 30; round++)
        {
            _fixture.Wait(changed.Clear);
            _fixture.Do(() =>
            {
                for (var n = random.Next(1, 300); n > 0; n--)
                    changed.Mark(random.Next(39_990) * Extent, (random.Next(8) * Extent) + 1, Ignore);
            });
            var exact = changed.Runs(int.MaxValue);
            Assert.Equal(changed.CountMarked, exact.Sum(run => run.Count));
            Assert.All(exact, run => Assert.True(changed.IsMarked(run.First) && changed.IsMarked(run.First + run.Count - 1) &&
                !changed.IsMarked(run.First + run.Count) && !changed.IsMarked(run.First - 1L)));
            for (var most = 1; most <= exact.Count + 1; most += random.Next(1, 20))
            {
                var runs = changed.Runs(most);
                Assert.Equal(Math.Min(most, exact.Count), runs.Count);
                var gaps = exact.Skip(1).Zip(exact, (b, a) => b.First - a.First - (long)a.Count).Order();
                var joined = gaps.Take(exact.Count - runs.Count).Sum();
                Assert.True(runs.Sum(run => run.Count) == changed.CountMarked + joined, $"seed {seed}, round {round}, most {most}");
                Assert.True(exact.All(run => runs.Any(r => r.First <= run.First && r.First + r.Count >= run.First + run.Count)), $"seed {seed}, round {round}");
            }
        }

        _fixture.Close(record);
    }

    [Fact]
    public void OnlyOldIdleExtentsWithAKnownEpochAreForgotten()
    {
        var record = _fixture.Open();
        var changed = record.Changed(0);
        Assert.Equal(0, _fixture.Wait(done => changed.Mark(0, 4 * Extent, done)));
        _fixture.Do(() =>
        {
            changed.Touched(0, Extent, 5);
            changed.Touched(Extent, 2 * Extent, 6);
            changed.Touched(2 * Extent, 1, 5);
            Assert.Equal(0, changed.ForgetBefore(5, 0, 100));
            Assert.Equal(1, changed.ForgetBefore(6, 0, 100));
            Assert.False(changed.IsMarked(0));
            Assert.False(changed.Covers(0, 1));
            // Idle since it was seen first, not since any earlier time.
            Assert.Equal(0, changed.ForgetBefore(7, 50, 1000));
            Assert.Equal(0, changed.ForgetBefore(7, 50, 1049));
            changed.Touched(Extent, 1, 6);
            Assert.Equal(1, changed.ForgetBefore(7, 50, 1050));
            Assert.Equal(0, changed.ForgetBefore(7, 50, 1099));
            Assert.Equal(1, changed.ForgetBefore(7, 50, 1100));
            // The fourth was never touched: nobody knows when it was in step.
            Assert.Equal(0, changed.ForgetBefore(ulong.MaxValue, 0, 5000));
            Assert.Equal((1, true), (changed.CountMarked, changed.IsMarked(3)));
            changed.TouchMarked(9);
            Assert.Equal(0, changed.ForgetBefore(9, 0, 5000));
            Assert.Equal(1, changed.ForgetBefore(10, 0, 5000));
        });
        _fixture.Close(record);
        record = _fixture.Open();
        Assert.Equal(0, record.Changed(0).CountMarked);
        _fixture.Close(record);
    }

    [Fact]
    public void EpochsOfAnEarlierSessionCountNoMore()
    {
        var record = _fixture.Open();
        var changed = record.Changed(0);
        Assert.Equal(0, _fixture.Wait(done => changed.Mark(0, 2 * Extent, done)));
        _fixture.Do(() =>
        {
            changed.Touched(0, 2 * Extent, 500);
            changed.ForgetEpochs();
            changed.Touched(Extent, 1, 3);
            Assert.Equal(1, changed.ForgetBefore(1000, 0, 0));
            Assert.True(changed.IsMarked(0));
        });
        _fixture.Close(record);
    }

    [Fact]
    public void DamagedMarksCountAsAllChanged()
    {
        var record = _fixture.Open();
        Assert.Equal(0, _fixture.Wait(done => record.Changed(1).Mark(0, 1, done)));
        _fixture.Close(record);
        var bytes = RecordFixture.Contents(_fixture.Path);
        var random = new Random(5);
        for (var block = 0; block < 3; block++)
        {
            for (var n = 0; n < 12; n++)
            {
                var damaged = bytes.ToArray();
                damaged[8192 + (block * 4096) + random.Next(4096)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(_fixture.Path, damaged);
                record = _fixture.Open();
                Assert.Equal(block == 0 ? 100 : 0, record.Changed(0).CountMarked);
                Assert.Equal(block switch { 0 => 1, 1 => 32_704, _ => 40_000 - 32_704 + 1 }, record.Changed(1).CountMarked);
                Assert.Contains(block == 0 ? "'root'" : "'data'", record.Repaired);
                _fixture.Close(record);
                record = _fixture.Open();
                Assert.Null(record.Repaired);
                _fixture.Close(record);
            }
        }
    }

    [Fact]
    public void EveryFlippedByteOfABlockIsNoticed()
    {
        var block = new byte[4096];
        new Random(1).NextBytes(block.AsSpan(0, 4088));
        NodeRecordFormat.EndBlock(block, 3, 4);
        Assert.True(NodeRecordFormat.IsBlockValid(block, 3, 4));
        Assert.False(NodeRecordFormat.IsBlockValid(block, 3, 5));
        Assert.False(NodeRecordFormat.IsBlockValid(block, 4, 4));
        Assert.False(NodeRecordFormat.IsBlockValid(new byte[4096], 0, 0));
        for (var i = 0; i < block.Length * 8; i++)
        {
            block[i / 8] ^= (byte)(1 << (i % 8));
            Assert.False(NodeRecordFormat.IsBlockValid(block, 3, 4));
            block[i / 8] ^= (byte)(1 << (i % 8));
        }
    }
}
