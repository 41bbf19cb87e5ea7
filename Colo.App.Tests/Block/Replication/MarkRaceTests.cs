using Colo.Block.Replication;

namespace Colo.Tests.Block.Replication;

/// <summary>Marks that come and go while others are being written, and what a power failure leaves of them.</summary>
public sealed class MarkRaceTests : IDisposable
{
    private const long Extent = RecordFixture.Extent;

    private readonly RecordFixture _fixture = new();
    private readonly NodeRecord _record;
    private readonly byte[] _start;

    public MarkRaceTests()
    {
        _record = _fixture.Open();
        _start = RecordFixture.Contents(_fixture.Path);
    }

    private ChangedExtents Changed => _record.Changed(1);

    private FaultyFile Marks => _fixture.Files[1];

    public void Dispose()
    {
        Marks.Gate.Set();
        _fixture.Close(_record);
        _fixture.Dispose();
    }

    private Task<int> Mark(int extent, int count = 1) => _fixture.Begin(done => Changed.Mark(extent * Extent, count * Extent, done));

    /// <summary>Marks an extent and lets its writing stand still before it is durable.</summary>
    private async Task<Task<int>> Stuck(int extent)
    {
        while (Marks.Syncing.Wait(0))
            continue;
        Marks.Gate.Reset();
        var told = Mark(extent);
        Assert.True(await Marks.Syncing.WaitAsync(TimeSpan.FromMinutes(2)));
        return told;
    }

    private async Task Durable(int extent, ulong epoch)
    {
        Assert.Equal(0, await Mark(extent));
        _fixture.Do(() => Changed.Touched(extent * Extent, 1, epoch));
    }

    private int Forget(ulong epoch) => _fixture.Get(() => Changed.ForgetBefore(epoch, 0, 0));

    /// <summary>What is marked after a power failure now, in the worst case: nothing that was not synced is there.</summary>
    private IReadOnlyList<ExtentRun> AfterPowerFailure()
    {
        var bytes = _start.ToArray();
        Marks.LosePower(bytes, new NoneRandom());
        var path = _fixture.Path + ".after";
        File.WriteAllBytes(path, bytes);
        using var other = new RecordFixture();
        var record = other.Open(path);
        var runs = record.Changed(1).Runs(1000);
        other.Close(record);
        File.Delete(path);
        return runs;
    }

    private sealed class NoneRandom : Random
    {
        public override int Next(int maxValue) => maxValue - 1;
    }

    [Fact]
    public async Task AnExtentMarkedAgainWhileItsClearingIsWrittenWaitsForItsMark()
    {
        await Durable(3, 1);
        Assert.Equal(1, Forget(2));
        var other = await Stuck(50);
        var again = Mark(3);
        _fixture.Do(() => Assert.False(Changed.Covers(3 * Extent, 1)));
        Assert.False(again.IsCompleted);
        Marks.Gate.Set();
        Assert.Equal(0, await other);
        Assert.Equal(0, await again);
        Assert.True(_fixture.Get(() => Changed.Covers(3 * Extent, 1)));
        Assert.Equal([new ExtentRun(3, 1), new ExtentRun(50, 1)], AfterPowerFailure());
    }

    [Fact]
    public async Task AnExtentMarkedAgainBeforeItsClearingIsWrittenIsDurableAtOnce()
    {
        await Durable(3, 1);
        var syncs = Marks.Syncs;
        Assert.Equal(1, Forget(2));
        Assert.False(_fixture.Get(() => Changed.Covers(3 * Extent, 1)));
        Assert.Equal(0, await Mark(3));
        Assert.Equal(syncs, Marks.Syncs);
        Assert.Equal([new ExtentRun(3, 1)], AfterPowerFailure());
        Assert.Equal(0, await Mark(4));
        Assert.Equal([new ExtentRun(3, 2)], AfterPowerFailure());
    }

    [Fact]
    public async Task AnExtentForgottenAndMarkedWhileItsMarkIsWrittenAgainStaysDurable()
    {
        await Durable(3, 1);
        var other = await Stuck(50);
        Assert.Equal(1, Forget(2));
        // The block under way holds the mark still, as the disk does.
        var again = Mark(3);
        Assert.True(again.IsCompletedSuccessfully);
        Marks.Gate.Set();
        Assert.Equal(0, await other);
        Assert.Equal(0, await Mark(60));
        Assert.Equal([new ExtentRun(3, 1), new ExtentRun(50, 1), new ExtentRun(60, 1)], AfterPowerFailure());
    }

    [Fact]
    public async Task WhoWaitsForAMarkKeepsTheMarksItHadAlready()
    {
        await Durable(3, 1);
        while (Marks.Syncing.Wait(0))
            continue;
        Marks.Gate.Reset();
        var both = Mark(3, 2);
        Assert.True(await Marks.Syncing.WaitAsync(TimeSpan.FromMinutes(2)));
        Assert.Equal(0, Forget(2));
        Marks.Gate.Set();
        Assert.Equal(0, await both);
        Assert.True(_fixture.Get(() => Changed.Covers(3 * Extent, 2 * Extent)));
    }

    [Fact]
    public async Task WhoWaitsForAMarkGetsItThoughAllIsClearedMeanwhile()
    {
        var mark = await Stuck(7);
        var clear = _fixture.Begin(Changed.Clear);
        Assert.False(clear.IsCompleted);
        Marks.Gate.Set();
        Assert.Equal(0, await clear);
        Assert.Equal(0, await mark);
        Assert.True(_fixture.Get(() => Changed.Covers(7 * Extent, 1)));
        Assert.Equal([new ExtentRun(7, 1)], AfterPowerFailure());
    }

    [Fact]
    public async Task MarksThatComeWhileOneIsWrittenAreWrittenTogether()
    {
        var first = await Stuck(0);
        var syncs = Marks.Syncs;
        var more = Enumerable.Range(1, 20).Select(i => Mark(i * 1000)).Append(Mark(0)).ToArray();
        Assert.All(more, task => Assert.False(task.IsCompleted));
        Marks.Gate.Set();
        Assert.All(await Task.WhenAll(more.Append(first)), error => Assert.Equal(0, error));
        Assert.Equal(syncs + 2, Marks.Syncs);
        Assert.Equal(21, AfterPowerFailure().Count);
    }

    [Fact]
    public async Task WhoIsToldMayMarkTheNextAtOnce()
    {
        var tasks = new List<Task<int>>();
        for (var i = 0; i < 5; i++)
        {
            var told = new TaskCompletionSource<int>();
            tasks.Add(told.Task);
            _fixture.Do(() => Next(i * 100, 20, told));
        }

        Assert.All(await Task.WhenAll(tasks), error => Assert.Equal(0, error));
        Assert.Equal(100, Changed.CountMarked);

        void Next(int extent, int left, TaskCompletionSource<int> told) => Changed.Mark(extent * Extent, 1, error =>
        {
            if (error == 0 && left > 1)
                Next(extent + 1, left - 1, told);
            else
                told.SetResult(error);
        });
    }

    [Fact]
    public async Task AFailedSyncIsToldAndTheNextTryWritesAllAgain()
    {
        await Durable(3, 1);
        Marks.FailSyncs = 5;
        Assert.Equal(5, await Mark(4));
        Assert.False(_fixture.Get(() => Changed.Covers(4 * Extent, 1)));
        Assert.True(_fixture.Get(() => Changed.Covers(3 * Extent, 1)));
        Assert.Equal(5, await Mark(4));
        Marks.FailSyncs = 0;
        Marks.FailWrites = 28;
        Assert.Equal(28, await Mark(4));
        Assert.Equal(28, await _fixture.Begin(Changed.MarkAll));
        Marks.FailWrites = 0;
        Assert.Equal(0, await Mark(4));
        Assert.True(_fixture.Get(() => Changed.Covers(4 * Extent, 1)));
        Assert.Equal([new ExtentRun(0, 40_000)], AfterPowerFailure());
    }

    [Fact]
    public void AnyHistoryWithAPowerFailureKeepsWhatWasToldToBeDurable()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var fixture = new RecordFixture { Disks = [new("a", 70 * Extent), new("b", 33_000 * Extent)] };
        for (var round = 0; round < 40; round++)
        {
            var path = Path.Combine(fixture.Folder, $"{round}.colo");
            var record = fixture.Open(path);
            var start = RecordFixture.Contents(path);
            var marks = fixture.Files[1];
            var sure = new HashSet<(int Disk, int Extent)>();
            ulong epoch = 1;
            for (var step = random.Next(1, 120); step > 0; step--)
            {
                var disk = random.Next(2);
                var changed = record.Changed(disk);
                var first = disk == 0 ? random.Next(60) : 32_690 + random.Next(30);
                var count = random.Next(1, 5);
                marks.FailSyncs = random.Next(12) == 0 ? 5 : 0;
                // A round of the loop each: batches end in between, or do not.
                fixture.Do(() =>
                {
                    switch (random.Next(8))
                    {
                        case < 4:
                            changed.Mark(first * Extent, count * Extent, error => Told(changed, disk, first, count, error));
                            break;
                        case 4 when changed.Covers(first * Extent, count * Extent):
                            Told(changed, disk, first, count, 0);
                            break;
                        case 5:
                            epoch++;
                            break;
                        case 6:
                            changed.ForgetBefore(epoch, 0, 0);
                            sure.RemoveWhere(one => one.Disk == disk && !changed.IsMarked(one.Extent));
                            break;
                        case 7 when random.Next(4) == 0:
                            changed.Clear(_ => { });
                            sure.RemoveWhere(one => one.Disk == disk);
                            break;
                    }
                });
            }

            (int Disk, int Extent)[] before = [];
            fixture.Do(() =>
            {
                // At one moment: who is told after the power failure was told nothing.
                marks.LosePower(start, random);
                before = [.. sure];
                Assert.All(before, one => Assert.True(record.Changed(one.Disk).IsMarked(one.Extent)));
            });

            // Closed in order, with nobody waiting any more: neither a mark too few nor one too many.
            // Twice, because who was cleared while it waited is marked again and waits for the batch after.
            marks.FailSyncs = 0;
            Assert.Equal(0, fixture.Wait(done => record.Changed(0).Merge([], done)));
            Assert.Equal(0, fixture.Wait(done => record.Changed(0).Merge([], done)));
            IReadOnlyList<ExtentRun>[] memory = [];
            fixture.Do(() =>
            {
                record.Changed(0).ForgetBefore(epoch, 0, 0);
                memory = [record.Changed(0).Runs(1000), record.Changed(1).Runs(1000)];
            });
            fixture.Close(record);
            record = fixture.Open(path);
            for (var disk = 0; disk < 2; disk++)
                Assert.True(memory[disk].SequenceEqual(record.Changed(disk).Runs(1000)), $"seed {seed}, round {round}, disk {disk}");
            fixture.Close(record);
            File.WriteAllBytes(path, start);
            record = fixture.Open(path);
            foreach (var (disk, extent) in before)
                Assert.True(record.Changed(disk).IsMarked(extent), $"seed {seed}, round {round}: disk {disk}, extent {extent}");
            fixture.Close(record);

            void Told(ChangedExtents changed, int disk, int first, int count, int error)
            {
                if (error != 0)
                    return;
                Assert.True(changed.Covers(first * Extent, count * Extent), $"seed {seed}, round {round}");
                changed.Touched(first * Extent, count * Extent, epoch);
                for (var i = first; i < first + count; i++)
                    sure.Add((disk, i));
            }
        }
    }
}
