namespace Colo.Linux;

/// <summary>
/// The clock all time limits run on. CLOCK_BOOTTIME: no administrator sets it back, and it goes on while the host is suspended, in
/// which CLOCK_MONOTONIC stands still: a primary whose host slept would count its lease as good for what was left of it, beside a
/// secondary that has taken over. (In the vDSO, so no system call; it was not before Linux 5.3, clock_gettime(2).) A wait for a
/// descriptor or a lock does stand still meanwhile, so a timer may be late after a resume by what was left of it.
/// </summary>
public static unsafe class MonotonicClock
{
    /// <summary>Nanoseconds since an arbitrary start (boot of the host); equal in all processes of the host.</summary>
    public static long Now
    {
        get
        {
            Native.Timespec time;
            Native.clock_gettime(Native.CLOCK_BOOTTIME, &time);
            return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
        }
    }
}
