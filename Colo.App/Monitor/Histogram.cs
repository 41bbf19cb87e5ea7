namespace Colo.Monitor;

/// <summary>
/// Counts of samples by size since the start, for Prometheus: beside <see cref="PercentileWindow"/>, which knows the last
/// ones exactly. One thread adds, without locks or allocation; any thread reads. A reader may miss the samples that are
/// being added, and a count once read never goes down.
/// </summary>
public sealed class Histogram
{
    private readonly long[] _bounds;
    private readonly long[] _counts;
    private long _sum;

    /// <param name="bounds">Upper bounds of the buckets, each included, in growing order, in the unit of the samples.</param>
    public Histogram(params ReadOnlySpan<long> bounds)
    {
        for (var i = 1; i < bounds.Length; i++)
        {
            if (bounds[i] <= bounds[i - 1])
                throw new ArgumentException("bounds have to grow", nameof(bounds));
        }

        _bounds = bounds.ToArray();
        _counts = new long[bounds.Length + 1];
    }

    /// <summary>Upper bounds of the buckets; above the last there is one more bucket without a bound.</summary>
    public ReadOnlySpan<long> Bounds => _bounds;

    /// <summary>Adds a sample. Called by one thread only.</summary>
    public void Add(long sample)
    {
        var index = Array.BinarySearch(_bounds, sample);
        ref var count = ref _counts[index >= 0 ? index : ~index];
        Volatile.Write(ref _sum, _sum + sample);
        Volatile.Write(ref count, count + 1);
    }

    /// <summary>The counts up to and with each bound, the last being all, and the sum of all samples.</summary>
    /// <param name="cumulative">One longer than <see cref="Bounds"/>.</param>
    public long Read(Span<long> cumulative)
    {
        var all = 0L;
        for (var i = 0; i < _counts.Length; i++)
            cumulative[i] = all += Volatile.Read(ref _counts[i]);
        return Volatile.Read(ref _sum);
    }
}

/// <summary>What the checkpoints of a node cost, by size; the first sync excluded.</summary>
public sealed class CheckpointHistograms
{
    // Half a millisecond to ten seconds: from the goal for a pause to what the failover timeout forbids.
    private static readonly long[] Times =
        [500, 1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000, 20_000, 30_000, 50_000, 75_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000];

    /// <summary>How long the primary's vCPUs did not run, microseconds.</summary>
    public Histogram PauseUs { get; } = new(Times);

    /// <summary>From the pause's start to the secondary's acknowledgement, microseconds.</summary>
    public Histogram CommitUs { get; } = new(Times);

    /// <summary>Pages of 4 KiB sent for one checkpoint.</summary>
    public Histogram DirtyPages { get; } = new(16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576);
}
