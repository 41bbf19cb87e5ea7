using Colo.Linux;

namespace Colo.Monitor;

/// <summary>
/// Lets at most a few messages a second of one kind into the log: what a guest or a peer can cause as often as it
/// likes must not fill the operator's disk. Used from one thread.
/// </summary>
public sealed class LogLimiter(int burst = 5, int perSecond = 1)
{
    private double _tokens = burst;
    private long _last = MonotonicClock.Now;
    private long _suppressed;

    /// <summary>Writes a warning, or counts it when there were too many.</summary>
    public void Warning(string message)
    {
        var now = MonotonicClock.Now;
        _tokens = Math.Min(burst, _tokens + ((now - _last) * 1e-9 * perSecond));
        _last = now;
        if (_tokens < 1)
        {
            _suppressed++;
            return;
        }

        _tokens--;
        Log.Warning(_suppressed == 0 ? message : $"{message} ({_suppressed} like it not shown)");
        _suppressed = 0;
    }
}
