namespace Colo.Linux;

/// <summary>The clock all time limits run on: CLOCK_MONOTONIC, which no administrator sets back.</summary>
public static unsafe class MonotonicClock
{
    /// <summary>Nanoseconds since an arbitrary start (boot of the host); equal in all processes of the host.</summary>
    public static long Now
    {
        get
        {
            Native.Timespec time;
            Native.clock_gettime(Native.CLOCK_MONOTONIC, &time);
            return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
        }
    }
}
