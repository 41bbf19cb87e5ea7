using Colo.Configuration;
using Colo.Linux;

namespace Colo.Arbiter;

/// <summary>Whether the arbiter could be asked, at one check.</summary>
/// <param name="Reachable">True when it answered and its record can be relied on.</param>
/// <param name="Reason">Why not, for the operator; empty when it could.</param>
/// <param name="Latency">From the question to the answer, or to giving up.</param>
/// <param name="AtNs">When the check ended; <see cref="MonotonicClock"/> nanoseconds.</param>
/// <param name="Record">What stood there; null when nothing did or it could not be asked.</param>
/// <param name="EtcdCluster">Id of the etcd cluster; 0 when none has answered yet.</param>
public sealed record ArbiterHealth(bool Reachable, string Reason, TimeSpan Latency, long AtNs, ArbiterRecord? Record, ulong EtcdCluster);

/// <summary>
/// Asks the arbiter from time to time whether it is there, so that its loss is known before it is needed. It has connections
/// of its own and never stands in the way of a claim. All members are for the loop's thread.
/// </summary>
public sealed class ArbiterWatch : IDisposable
{
    private readonly ArbiterClient _client;
    private readonly LoopTimer _next;
    private readonly Action<ArbiterHealth> _checked;
    private readonly TimeSpan _interval;
    private long _asked;

    /// <summary>Makes the first check at once, when the loop runs.</summary>
    /// <param name="loop">Its thread is the caller.</param>
    /// <param name="configuration">Where the etcd is.</param>
    /// <param name="key">The pair's key, from <see cref="ArbiterClient.KeyOf"/>.</param>
    /// <param name="done">Gets the result of each check.</param>
    /// <param name="interval">From the end of one check to the next; null: 10 s.</param>
    /// <param name="limit">How long a check may take; null: <see cref="ArbiterClient.DefaultLimit"/>.</param>
    /// <exception cref="IOException">A certificate or key cannot be read.</exception>
    public ArbiterWatch(
        EventLoop loop, ArbiterConfiguration configuration, string key, Action<ArbiterHealth> done, TimeSpan? interval = null, TimeSpan? limit = null)
    {
        _client = new ArbiterClient(loop, configuration, key, limit);
        _checked = done;
        _interval = interval ?? TimeSpan.FromSeconds(10);
        _next = loop.AddTimer(Check);
        _next.SetAfter(TimeSpan.Zero);
    }

    /// <summary>The result of the last check; null before the first has ended.</summary>
    public ArbiterHealth? Last { get; private set; }

    /// <summary>Ends the checks.</summary>
    public void Dispose()
    {
        _next.Dispose();
        _client.Dispose();
    }

    private void Check()
    {
        _asked = MonotonicClock.Now;
        _client.Read(Checked);
    }

    private void Checked(ArbiterReading reading)
    {
        var now = MonotonicClock.Now;
        var health = new ArbiterHealth(
            reading.Kind != ArbiterReadKind.Unknown, reading.Reason, TimeSpan.FromTicks((now - _asked) / 100), now, reading.Record, _client.EtcdCluster);
        Last = health;
        _next.SetAfter(_interval);
        _checked(health);
    }
}
