using System.Numerics;

namespace Colo.Demo;

/// <summary>Counts times in buckets of 1/16 of a power of two: percentiles are right to 6 percent, whatever their size.</summary>
internal sealed class LatencyHistogram
{
    private const int Steps = 16;
    private readonly long[] _buckets = new long[64 * Steps];
    private long _count;
    private long _max;

    internal void Add(long microseconds)
    {
        microseconds = Math.Max(1, microseconds);
        _buckets[Bucket(microseconds)]++;
        _count++;
        _max = Math.Max(_max, microseconds);
    }

    internal void Clear()
    {
        Array.Clear(_buckets);
        _count = 0;
        _max = 0;
    }

    internal LatencySummary Summary() => new(_count, Percentile(0.50), Percentile(0.99), _max);

    private static int Bucket(long value)
    {
        var octave = BitOperations.Log2((ulong)value);
        var step = octave >= 4 ? (int)((value >> (octave - 4)) & 15) : (int)((value << (4 - octave)) & 15);
        return (octave * Steps) + step;
    }

    private long Percentile(double part)
    {
        var left = (long)Math.Ceiling(_count * part);
        for (var i = 0; i < _buckets.Length; i++)
        {
            left -= _buckets[i];
            if (left <= 0 && _count > 0)
                return Math.Min(_max, (long)(Math.Pow(2, i / Steps) * (1 + (((i % Steps) + 1) / (double)Steps))));
        }

        return 0;
    }
}
