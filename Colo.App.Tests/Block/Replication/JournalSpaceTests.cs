using Colo.Block.Replication;

namespace Colo.Tests.Block.Replication;

/// <summary>Where records of a journal go: compared with a list of what is needed.</summary>
public sealed class JournalSpaceTests
{
    private const long Part = JournalSpace.PartSize;
    private readonly JournalSpace _space = new();
    private readonly List<(long At, long Size)> _needed = [];

    [Fact]
    public void Without_reuse_records_follow_each_other_and_nothing_is_written_over()
    {
        long end = 0;
        foreach (var size in new[] { 512, Part - 1024, 4608, Part, 512 })
        {
            Assert.Equal(end, Take(size));
            end += size;
        }

        while (_needed.Count > 1)
            Release(0);
        Assert.False(_space.TryGiveBack(out _));
        Assert.Equal(end, Take(512));
    }

    [Fact]
    public void With_reuse_the_first_part_that_is_free_is_written_to_again()
    {
        for (var i = 0; i < 6; i++)
            Take(Part);
        _space.Reuse = true;
        Assert.Equal(6 * Part, Take(512));
        Release(2);
        Release(1);
        Assert.Equal(Part, Take(Part));
        Assert.Equal(2 * Part, Take(Part / 2));
        // None is free: on at the end, and over the border of two parts that follow each other.
        Assert.Equal(7 * Part, Take(Part - 512));
        Assert.Equal((8 * Part) - 512, Take(1024));
        // A part in which nothing is needed begins anew.
        Release(_needed.Count - 1);
        Assert.Equal(8 * Part, Take(512));
    }

    [Fact]
    public void Only_what_lies_beyond_the_first_parts_is_given_back_and_nothing_is_placed_there_meanwhile()
    {
        for (var i = 0; i < 8; i++)
            Take(Part);
        Assert.False(_space.TryGiveBack(out _));
        while (_needed.Count > 0)
            Release(0);
        Assert.True(_space.IsEmpty);
        Assert.False(_space.TryGiveBack(out _));
        _space.Reuse = true;
        // The one in which the last record was is the place of the next.
        List<long> left = [];
        while (_space.TryGiveBack(out var at))
            left.Add(at);
        Assert.Equal([4 * Part, 5 * Part, 6 * Part], left);
        for (var i = 0; i < JournalSpace.Kept; i++)
            Assert.Equal(i * Part, Take(Part));
        Assert.Equal(7 * Part, Take(Part));
        _space.GaveBack(5 * Part);
        Assert.Equal(5 * Part, Take(Part));
        foreach (var _ in Enumerable.Range(0, 6))
            Release(0);
        _space.Restart();
        Assert.True(_space.TryGiveBack(out var again));
        Assert.Equal(5 * Part, again);
        Assert.True(_space.TryGiveBack(out again));
        Assert.Equal(7 * Part, again);
        Assert.False(_space.TryGiveBack(out _));
        Assert.Equal(0, Take(512));
    }

    [Fact]
    public void Whatever_comes_and_goes_no_two_records_lie_in_one_place_and_the_file_is_as_large_as_what_is_needed()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        _space.Reuse = true;
        HashSet<long> leaving = [];
        long end = 0, bytes = 0, most = 0;
        for (var step = 0; step < 60_000; step++)
        {
            // It fills and drains, in order but for the last few: as epochs do.
            var filling = step / 500 % 2 == 0;
            if (_needed.Count == 0 || random.Next(10) < (filling ? 7 : 3))
            {
                var size = random.Next(20) == 0 ? (32L << 20) + 512 : (1 + random.Next(2049)) * 512L;
                var at = Take(size);
                Assert.True(_needed.SkipLast(1).All(other => other.At + other.Size <= at || at + size <= other.At), $"seed {seed}, step {step}: {size} at {at}");
                Assert.True(leaving.All(part => part + Part <= at || at + size <= part), $"seed {seed}, step {step}: {size} at {at} is being given back");
                bytes += size;
                most = Math.Max(most, bytes);
                end = Math.Max(end, at + size);
            }
            else
            {
                bytes -= Release(random.Next(Math.Min(32, _needed.Count)));
            }

            if (random.Next(4) == 0 && _space.TryGiveBack(out var part))
            {
                Assert.True(leaving.Add(part) && part >= JournalSpace.Kept * Part, $"seed {seed}, step {step}: part at {part}");
                Assert.True(_needed.All(other => other.At + other.Size <= part || part + Part <= other.At), $"seed {seed}, step {step}: part at {part}");
            }

            if (leaving.Count > 0 && random.Next(8) == 0)
            {
                var given = leaving.First();
                leaving.Remove(given);
                _space.GaveBack(given);
            }
        }

        // Half of a part is lost at most where a large record does not fit.
        Assert.True(end <= (2 * most) + (6 * Part), $"seed {seed}: {end >> 20} MiB of file where {most >> 20} MiB were needed at most");
    }

    private long Take(long size)
    {
        var at = _space.Take(size);
        _needed.Add((at, size));
        return at;
    }

    private long Release(int index)
    {
        var (at, size) = _needed[index];
        _needed.RemoveAt(index);
        _space.Release(at, size);
        return size;
    }
}
