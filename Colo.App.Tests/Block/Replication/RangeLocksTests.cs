using Colo.Block.Replication;

namespace Colo.Tests.Block.Replication;

public sealed class RangeLocksTests
{
    private readonly RangeLocks _locks = new();
    private readonly List<string> _granted = [];

    [Fact]
    public void Ranges_that_touch_do_not_overlap_and_are_granted_at_once()
    {
        Ask("a", 0, 10);
        Ask("b", 10, 10);
        Ask("empty", 5, 0);
        Assert.Equal(["a", "b", "empty"], _granted);
        Assert.Equal((2, 0), (_locks.Held, _locks.Waiting));
    }

    [Fact]
    public void An_overlapping_range_waits_and_nobody_passes_an_earlier_one_that_it_overlaps()
    {
        Ask("a", 0, 10);
        Ask("b", 5, 20);
        Ask("c", 20, 10);
        Ask("d", 30, 10);
        Assert.Equal(["a", "d"], _granted);
        _locks.Release(30, 10);
        Assert.Equal(["a", "d"], _granted);
        _locks.Release(0, 10);
        Assert.Equal(["a", "d", "b"], _granted);
        _locks.Release(5, 20);
        Assert.Equal(["a", "d", "b", "c"], _granted);
        _locks.Release(20, 10);
        Assert.Equal((0, 0), (_locks.Held, _locks.Waiting));
    }

    [Fact]
    public void What_is_granted_may_release_and_ask_at_once()
    {
        Ask("a", 0, 10);
        for (var i = 0; i < 5; i++)
        {
            var name = $"w{i}";
            _locks.Acquire(0, 10, () =>
            {
                _granted.Add(name);
                _locks.Release(0, 10);
                if (name == "w1")
                    Ask("late", 0, 10);
            });
        }

        _locks.Release(0, 10);
        Assert.Equal(["a", "w0", "w1", "w2", "w3", "w4", "late"], _granted);
        Assert.Throws<InvalidOperationException>(() => _locks.Release(0, 11));
    }

    [Fact]
    public void Never_do_two_overlap_and_each_comes_after_every_earlier_one_that_it_overlaps()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        List<(long Offset, long Length, int Number)> asked = [], held = [];
        var done = new HashSet<int>();
        for (var i = 0; i < 2000; i++)
        {
            if (held.Count > 0 && random.Next(2) == 0)
            {
                var at = random.Next(held.Count);
                var (offset, length, number) = held[at];
                held.RemoveAt(at);
                done.Add(number);
                _locks.Release(offset, length);
            }
            else
            {
                var range = (Offset: (long)random.Next(300), Length: (long)random.Next(1, 40), Number: i);
                asked.Add(range);
                _locks.Acquire(range.Offset, range.Length, () =>
                {
                    foreach (var earlier in asked)
                    {
                        if (earlier.Number < range.Number && earlier.Offset < range.Offset + range.Length && range.Offset < earlier.Offset + earlier.Length)
                            Assert.True(done.Contains(earlier.Number), $"seed {seed}: {range} is granted before {earlier} is released");
                    }

                    held.Add(range);
                });
            }
        }

        while (held.Count > 0)
        {
            var (offset, length, number) = held[^1];
            held.RemoveAt(held.Count - 1);
            done.Add(number);
            _locks.Release(offset, length);
        }

        Assert.Equal((asked.Count, 0), (done.Count, _locks.Waiting));
    }

    private void Ask(string name, long offset, long length) => _locks.Acquire(offset, length, () => _granted.Add(name));
}
