using Colo.Block.Replication;

namespace Colo.Tests.Block.Replication;

public sealed class ExtentIndexTests
{
    private const int Unit = 512;
    private const int Units = (3 << 20) / Unit;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_found_is_what_was_set_last(bool positions)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var index = new ExtentIndex((long)Units * Unit, positions);
        var model = new long?[Units];
        long next = 0;
        for (var step = 0; step < 3000; step++)
        {
            var length = random.Next(20) == 0 ? random.Next(1, Units) : random.Next(1, 40);
            var at = random.Next(Units - length + 1);
            if (!positions && random.Next(3) == 0)
            {
                var value = model[at] ?? 1;
                index.Remove((long)at * Unit, (long)length * Unit, value);
                for (var i = at; i < at + length; i++)
                    model[i] = model[i] == value ? null : model[i];
            }
            else
            {
                var value = positions ? random.Next(4) == 0 ? ExtentIndex.Zeroes : next : random.Next(1, 5);
                next += (long)length * Unit + (random.Next(2) * Unit);
                index.Set((long)at * Unit, (long)length * Unit, value);
                for (var i = 0; i < length; i++)
                    model[at + i] = positions && value != ExtentIndex.Zeroes ? value + ((long)i * Unit) : value;
            }

            if (step % 10 == 0)
                Check(index, model, random.Next(Units), random.Next(1, 3000), positions, $"seed {seed}, step {step}");
            if (step % 1000 == 999)
            {
                Check(index, model, 0, Units, positions, $"seed {seed}, step {step}, all");
                index.Clear();
                Array.Clear(model);
                Assert.Equal(0, index.Count);
                Assert.Empty(index.All());
            }
        }
    }

    [Fact]
    public void A_hundred_thousand_scattered_extents_are_each_found()
    {
        const long size = 1L << 37;
        var index = new ExtentIndex(size, positions: true);
        var random = new Random(1);
        var set = new Dictionary<long, long>();
        for (var i = 0; i < 100_000; i++)
        {
            // Half of them crowd into few regions.
            var at = i % 2 == 0 ? random.NextInt64(size / 4096) * 4096 : random.NextInt64(60_000) * 4096;
            set[at] = (long)i * 8192;
            index.Set(at, 4096, (long)i * 8192);
        }

        Assert.Equal(set.Count, index.Count);
        List<IndexedExtent> found = [];
        foreach (var (at, value) in set)
        {
            found.Clear();
            index.Find(at, 4096, found);
            Assert.Equal([new IndexedExtent(at, 4096, value)], found);
        }

        index.Set(0, size, ExtentIndex.Zeroes);
        Assert.Equal([new IndexedExtent(0, size, ExtentIndex.Zeroes)], index.All());
    }

    [Fact]
    public void Neighbours_on_disk_and_in_the_log_are_one()
    {
        var index = new ExtentIndex(4 << 20, positions: true);
        index.Set(4096, 4096, 1000);
        index.Set(12288, 4096, 9192);
        index.Set(8192, 4096, 5096);
        Assert.Equal(1, index.Count);
        index.Set(1 << 20, 4096, 0);
        index.Set((1 << 20) - 512, 512, -1);
        index.Set((1 << 20) - 1024, 512, -1);
        Assert.Equal([new(4096, 12288, 1000), new((1 << 20) - 1024, 1024, -1), new(1 << 20, 4096, 0)], index.All());
        index.Set(6144, 512, 77);
        Assert.Equal(5, index.Count);
        Assert.Equal(new IndexedExtent(6656, 9728, 3560), index.All()[2]);
    }

    [Fact]
    public void Allocated_blocks_are_those_that_were_covered_whole()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        const long size = (40 << 20) + 1536;
        const int block = AllocatedMap.Block;
        var map = new AllocatedMap(size);
        var model = new bool[(size + block - 1) / block];
        for (var step = 0; step < 3000; step++)
        {
            var length = random.Next(4) == 0 ? random.NextInt64(1, size) : random.NextInt64(1, 40_000);
            var at = random.Next(8) == 0 ? size - length : random.NextInt64(size - length + 1);
            long first = at / block, last = (at + length - 1) / block;
            switch (random.Next(3))
            {
                case 0:
                    map.Add(at, length);
                    for (var i = first; i <= last; i++)
                        model[i] |= i * block >= at && Math.Min(size, (i + 1) * block) <= at + length;
                    break;
                case 1:
                    map.Remove(at, length);
                    Array.Clear(model, (int)first, (int)(last - first + 1));
                    break;
                default:
                    Assert.True(Enumerable.Range((int)first, (int)(last - first + 1)).All(i => model[i]) == map.Contains(at, length), $"seed {seed}, step {step}");
                    break;
            }
        }
    }

    private static void Check(ExtentIndex index, long?[] model, int at, int count, bool positions, string what)
    {
        count = Math.Min(count, Units - at);
        List<IndexedExtent> found = [];
        index.Find((long)at * Unit, (long)count * Unit, found);
        var actual = new long?[count];
        long end = -1;
        foreach (var extent in found)
        {
            Assert.True(extent.Offset >= end && extent.Length > 0, what);
            end = extent.End;
            for (long done = 0; done < extent.Length; done += Unit)
                actual[((extent.Offset + done) / Unit) - at] = positions && extent.Value != ExtentIndex.Zeroes ? extent.Value + done : extent.Value;
        }

        Assert.True(model.AsSpan(at, count).SequenceEqual(actual), what);
    }
}
