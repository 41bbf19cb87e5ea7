using Colo.Block.Replication;
using Colo.State;

namespace Colo.Tests.Block.Replication;

public sealed class DiskHistoryTests
{
    private static DiskHistory Sample() => new(RecordFixture.Sample(4),
    [
        new DiskMarks("root", 10 << 20, [new(0, 2), new(4, 1), new(9, 1)]),
        new DiskMarks("größe", 1, []),
        new DiskMarks("all", 1L << 50, [new(0, 1u << 30)]),
    ]);

    private static byte[] Bytes(DiskHistory history)
    {
        var writer = new StateWriter();
        history.Write(writer);
        return writer.Written.ToArray();
    }

    private static DiskHistory Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new StateReader(bytes, "history");
        var history = DiskHistory.Read(ref reader);
        reader.Finish();
        return history;
    }

    private static void AssertSame(DiskHistory expected, DiskHistory found)
    {
        Assert.Equal(expected.Node, found.Node);
        Assert.Equal(expected.Disks.Select(d => (d.Name, d.Size)), found.Disks.Select(d => (d.Name, d.Size)));
        Assert.Equal(expected.Disks.SelectMany(d => d.Runs), found.Disks.SelectMany(d => d.Runs));
    }

    [Fact]
    public void WhatANodeTellsIsRead() => AssertSame(Sample(), Read(Bytes(Sample())));

    [Fact]
    public void ANewNodeTellsThatItIsEmpty()
    {
        var history = new DiskHistory(NodeData.New, [new DiskMarks("root", 512, [])]);
        AssertSame(history, Read(Bytes(history)));
        Assert.Null(history.Difference([new RecordDisk("root", 512)]));
        Assert.Contains("'root' had 512 bytes and has 1024", history.Difference([new RecordDisk("root", 1024)]));
    }

    [Fact]
    public void TheMostThatIsPossibleIsRead()
    {
        var runs = Enumerable.Range(0, DiskHistory.MaxRuns).Select(i => new ExtentRun((uint)i * 2, 1)).ToArray();
        var history = new DiskHistory(RecordFixture.Sample(1), [.. Enumerable.Range(0, 64).Select(i => new DiskMarks($"{i:D32}", 1L << 40, runs))]);
        AssertSame(history, Read(Bytes(history)));
    }

    [Fact]
    public void ANodeWithoutDisksHasAHistoryToo() => AssertSame(DiskHistory.None, Read(Bytes(DiskHistory.None)));

    [Fact]
    public void MoreThanIsPossibleIsNotWritten()
    {
        var disk = new DiskMarks("a", 1 << 20, []);
        Assert.Throws<ArgumentException>(() => Bytes(new DiskHistory(NodeData.New, [.. Enumerable.Repeat(disk, 65)])));
        Assert.Throws<ArgumentException>(() => Bytes(new DiskHistory(NodeData.New, [disk with { Runs = new ExtentRun[801] }])));
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(9, 2)]
    [InlineData(0, 0)]
    [InlineData(1, uint.MaxValue)]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    public void ARunBeyondTheDiskIsRefused(uint first, uint count) =>
        Assert.Throws<StateFormatException>(() => Read(Bytes(new DiskHistory(NodeData.New, [new DiskMarks("a", 10 << 20, [new(first, count)])]))));

    [Fact]
    public void RunsThatDoNotRiseAreRefused()
    {
        foreach (var (a, b) in new[] { (new ExtentRun(4, 1), new ExtentRun(3, 1)), (new(4, 2), new(5, 1)), (new(4, 2), new(6, 1)) })
            Assert.Throws<StateFormatException>(() => Read(Bytes(new DiskHistory(NodeData.New, [new DiskMarks("a", 10 << 20, [a, b])]))));
    }

    [Fact]
    public void StatesThatNoNodeHasAreRefused()
    {
        var good = RecordFixture.Sample(1);
        foreach (var bad in new[]
        {
            good with { State = (DataState)6, Replay = default },
            good with { State = DataState.Current },
            good with { Replay = default },
            good with { Replay = good.Replay with { Then = DataState.Mirror } },
            good with { Replay = good.Replay with { Kind = (ReplayKind)3 } },
            good with { Cluster = Guid.Empty },
            good with { Data = Guid.Empty },
            good with { Generation = 0 },
        })
            Assert.Throws<StateFormatException>(() => Read(Bytes(Sample() with { Node = bad })));
    }

    [Fact]
    public void EveryTruncationIsRefused()
    {
        var whole = Bytes(Sample());
        for (var length = 0; length < whole.Length; length++)
            Assert.Throws<StateFormatException>(() => Read(whole.AsSpan(0, length)));
        Assert.Throws<StateFormatException>(() => Read([.. whole, 0]));
    }

    [Fact]
    public void RandomDamageThrowsNothingElse()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Bytes(Sample());
            for (var n = random.Next(1, 4); n > 0; n--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                Assert.All(Read(bytes).Disks, disk => Assert.All(disk.Runs, run =>
                    Assert.True(run.Count > 0 && run.First + (long)run.Count <= (disk.Size + (1 << 20) - 1) >> 20)));
            }
            catch (StateFormatException)
            {
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, round {round}: {e}");
            }
        }
    }
}
