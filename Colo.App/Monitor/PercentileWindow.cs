namespace Colo.Monitor;

/// <summary>
/// The last 1,000 samples of a quantity. One thread adds, without locks or allocation; any thread reads, and pays
/// for the sorting. A reader may see a few samples of the next round among those of this one, never a torn value.
/// </summary>
public sealed class PercentileWindow
{
    /// <summary>How many samples count.</summary>
    public const int Capacity = 1000;

    private readonly long[] _samples = new long[Capacity];
    private long _count;

    /// <summary>How many samples were ever added.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Adds a sample, in the unit of the caller. Called by one thread only.</summary>
    public void Add(long sample)
    {
        var count = _count;
        Volatile.Write(ref _samples[(int)(count % Capacity)], sample);
        // Published after the sample, so that a reader never takes a slot that was not written yet.
        Volatile.Write(ref _count, count + 1);
    }

    /// <summary>The percentiles of what is in the window, by nearest rank; all zero when it is empty.</summary>
    public Percentiles Read()
    {
        var count = Volatile.Read(ref _count);
        if (count == 0)
            return default;
        var last = Volatile.Read(ref _samples[(int)((count - 1) % Capacity)]);
        var sorted = new long[(int)Math.Min(count, Capacity)];
        for (var i = 0; i < sorted.Length; i++)
            sorted[i] = Volatile.Read(ref _samples[i]);
        Array.Sort(sorted);
        return new(last, Rank(sorted, 50), Rank(sorted, 99), sorted[^1]);
    }

    /// <summary>The median and the tail of what is in the window.</summary>
    public MedianAndTail ReadMedianAndTail()
    {
        var all = Read();
        return new(all.P50, all.P99);
    }

    // Nearest rank: the smallest sample that at least so many in a hundred do not exceed.
    private static long Rank(long[] sorted, int percent) =>
        sorted[Math.Max(0, (((sorted.Length * percent) + 99) / 100) - 1)];
}
