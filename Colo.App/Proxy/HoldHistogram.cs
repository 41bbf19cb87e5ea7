using System.Numerics;

namespace Colo.Proxy;

/// <summary>A histogram of times in microseconds with a relative error below 7 %: 8 buckets for each power of two.</summary>
public sealed class HoldHistogram
{
    private readonly long[] _buckets = new long[8 * 40];

    /// <summary>Number of times recorded.</summary>
    public long Count { get; private set; }

    internal void Record(long microseconds)
    {
        _buckets[Bucket(Math.Max(0, microseconds))]++;
        Count++;
    }

    /// <summary>Counts what another one has counted, too.</summary>
    internal void Add(HoldHistogram other)
    {
        for (int i = 0; i < _buckets.Length; i++)
            _buckets[i] += other._buckets[i];
        Count += other.Count;
    }

    /// <summary>The time in microseconds that the given share of the recorded times does not exceed; 0 when empty.</summary>
    /// <param name="share">0 to 1.</param>
    public long Percentile(double share)
    {
        long rank = (long)Math.Ceiling(Math.Clamp(share, 0, 1) * Count), seen = 0;
        if (Count == 0)
            return 0;
        for (int i = 0; i < _buckets.Length; i++)
        {
            seen += _buckets[i];
            if (seen >= rank && seen > 0)
                return Upper(i);
        }
        return Upper(_buckets.Length - 1);
    }

    private int Bucket(long value)
    {
        if (value < 8)
            return (int)value;
        int exponent = BitOperations.Log2((ulong)value);
        return Math.Min(_buckets.Length - 1, ((exponent - 2) << 3) + (int)(value >> (exponent - 3) & 7));
    }

    private static long Upper(int bucket)
    {
        if (bucket < 8)
            return bucket;
        int exponent = (bucket >> 3) + 2;
        return ((8L + (bucket & 7) + 1) << (exponent - 3)) - 1;
    }
}
