using Colo.Linux;

namespace Colo.Demo;

/// <summary>One conversation of a load with the guest. All members are called on the load's thread.</summary>
internal abstract class LoadFlow(LoadGenerator owner, string kind, int index)
{
    private long _longest;
    private long _nextSend;
    private bool _paused;

    internal string Kind { get; } = kind;

    internal int Index { get; } = index;

    internal string? Error { get; private set; }

    internal long Sent { get; set; }

    internal long Replies { get; set; }

    internal long Duplicates { get; set; }

    /// <summary>Requests without a reply.</summary>
    internal abstract int Outstanding { get; }

    /// <summary>Whether requests can be sent; false while a connection is being made.</summary>
    internal abstract bool IsReady { get; }

    protected LoadGenerator Owner { get; } = owner;

    // An own generator for each flow: what one sends does not depend on how fast the others are.
    protected Random Random { get; } = new(unchecked((StableHash(kind) * 7919) + (index * 104729)) ^ owner.Settings.Seed);

    /// <summary>Requests after which it sends no more.</summary>
    protected long Limit { get; init; } = long.MaxValue;

    /// <summary>Requests that may be without a reply when another is sent.</summary>
    protected int Depth { get; init; } = 1;

    internal void Pause() => _paused = true;

    /// <summary>Whether all it will ask has been answered.</summary>
    internal bool IsDone => Error is not null || (Outstanding == 0 && (_paused || Sent >= Limit));

    /// <summary>Sends what is due.</summary>
    /// <returns>When it wants to be called next.</returns>
    internal long Tick(long now)
    {
        if (Error is not null || !IsReady || _paused || Sent >= Limit || Outstanding >= Depth)
            return long.MaxValue;
        if (now >= _nextSend)
        {
            // Requests that were not sent because the guest did not answer are not made up for.
            var interval = Owner.Settings.Interval.Ticks * 100;
            _nextSend = Math.Max(_nextSend, now - interval) + (long)(interval * (0.5 + Random.NextDouble()));
            Sent++;
            Send(now);
        }

        return Outstanding >= Depth ? long.MaxValue : _nextSend;
    }

    internal FlowReport Report(long now, bool reset)
    {
        var waiting = Outstanding > 0 && Error is null ? (now - WaitingSince) / 1000 : 0;
        var report = new FlowReport(Kind, Index, Sent, Replies, Outstanding, Math.Max(_longest, waiting), Duplicates, Error);
        if (reset)
            _longest = 0;
        return report;
    }

    internal void Fail(string reason)
    {
        if (Error is not null)
            return;
        Error = $"{Kind} {Index}: {reason} (request {Sent}, reply {Replies})";
        Close();
    }

    internal abstract void Close();

    protected abstract void Send(long now);

    /// <summary>Since when a reply is due, while any is.</summary>
    protected abstract long WaitingSince { get; }

    protected void Answered(long sentNs, long dueSinceNs)
    {
        var now = MonotonicClock.Now;
        _longest = Math.Max(_longest, (now - dueSinceNs) / 1000);
        Replies++;
        Owner.Histogram(Kind).Add((now - sentNs) / 1000);
    }

    protected static int StableHash(string text)
    {
        var hash = 17;
        foreach (var c in text)
            hash = unchecked((hash * 31) + c);
        return hash;
    }
}
