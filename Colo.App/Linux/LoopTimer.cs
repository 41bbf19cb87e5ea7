namespace Colo.Linux;

/// <summary>A one-shot timer of an <see cref="EventLoop"/>; its members are called on the loop's thread only.</summary>
public sealed class LoopTimer : IDisposable
{
    private readonly EventLoop _loop;

    internal LoopTimer(EventLoop loop, Action elapsed)
    {
        _loop = loop;
        Elapsed = elapsed;
    }

    internal Action Elapsed { get; }

    /// <summary>When it fires, in <see cref="MonotonicClock"/> nanoseconds; <see cref="long.MaxValue"/>: not armed.</summary>
    public long DeadlineNs { get; internal set; } = long.MaxValue;

    /// <summary>Arms it for a point in time, in place of an earlier setting.</summary>
    /// <param name="deadlineNs"><see cref="MonotonicClock"/> nanoseconds; <see cref="long.MaxValue"/> disarms.</param>
    public void SetAt(long deadlineNs) => DeadlineNs = deadlineNs;

    /// <summary>Arms it for a time from now; what is beyond the clock's 292 years never comes.</summary>
    public void SetAfter(TimeSpan delay)
    {
        var now = MonotonicClock.Now;
        DeadlineNs = delay.Ticks < (long.MaxValue - now) / 100 ? now + (delay.Ticks * 100) : long.MaxValue;
    }

    /// <summary>Disarms it.</summary>
    public void Cancel() => DeadlineNs = long.MaxValue;

    /// <summary>Disarms it and takes it out of its loop.</summary>
    public void Dispose()
    {
        Cancel();
        _loop.Forget(this);
    }
}
