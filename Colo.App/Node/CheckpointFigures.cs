using Colo.Proxy;

namespace Colo.Node;

/// <summary>What the primary measured of its checkpoints. Written on the loop's thread, read under the same lock by the monitor.</summary>
internal sealed class CheckpointFigures
{
    internal const int Kept = 1000;
    private readonly Lock _gate = new();
    private readonly double[] _pause = new double[Kept];
    private readonly double[] _commit = new double[Kept];
    private readonly double[] _pages = new double[Kept];
    private readonly long[] _byReason = new long[5];
    private int _next;
    private int _used;

    internal long Count { get; private set; }

    internal long BytesSent { get; set; }

    /// <summary>Counts a checkpoint that the secondary has acknowledged.</summary>
    /// <param name="reason">Why it was taken.</param>
    /// <param name="pauseUs">How long the PVM stood still, microseconds.</param>
    /// <param name="commitUs">From the pause's start to the acknowledgement, microseconds.</param>
    /// <param name="pages">Pages sent for it, streamed and at the stop.</param>
    internal void Add(CheckpointReason reason, double pauseUs, double commitUs, long pages)
    {
        lock (_gate)
        {
            Count++;
            _byReason[(int)reason]++;
            if (reason == CheckpointReason.Sync)
                return;
            _pause[_next] = pauseUs;
            _commit[_next] = commitUs;
            _pages[_next] = pages;
            _next = (_next + 1) % Kept;
            _used = Math.Min(Kept, _used + 1);
        }
    }

    internal long ByReason(CheckpointReason reason)
    {
        lock (_gate)
            return _byReason[(int)reason];
    }

    internal (double Last, double P50, double P99, double Max) Pause => Percentiles(_pause);

    internal (double Last, double P50, double P99, double Max) Commit => Percentiles(_commit);

    internal (double Last, double P50, double P99, double Max) DirtyPages => Percentiles(_pages);

    private (double Last, double P50, double P99, double Max) Percentiles(double[] values)
    {
        lock (_gate)
        {
            if (_used == 0)
                return default;
            var sorted = values[.._used];
            Array.Sort(sorted);
            return (values[(_next + Kept - 1) % Kept], sorted[_used / 2], sorted[Math.Min(_used - 1, _used * 99 / 100)], sorted[^1]);
        }
    }
}
