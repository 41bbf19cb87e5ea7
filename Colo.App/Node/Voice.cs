using Colo.Linux;

namespace Colo.Node;

/// <summary>
/// Whether this node may send as the guest, at this moment. Asked before every frame, so a process that was frozen and
/// goes on finds out before it sends. One thread.
/// <para>
/// A node without a secondary that could take over may always speak. A primary with a current secondary may speak until
/// the sending time of its newest echoed heartbeat + timeout - margin: the secondary takes it for lost no earlier than
/// timeout after the last beat that it received, and that was sent no earlier.
/// </para>
/// </summary>
internal sealed class Voice
{
    private long _untilNs = long.MinValue;

    /// <summary>Whether a frame may be sent now.</summary>
    internal bool MaySpeak => _untilNs == long.MaxValue || MonotonicClock.Now < _untilNs;

    /// <summary>This node alone is the guest.</summary>
    internal void Alone() => _untilNs = long.MaxValue;

    /// <summary>This node is not the guest, or no longer.</summary>
    internal void Silent() => _untilNs = long.MinValue;

    /// <summary>This node is the guest until a point in time (<see cref="MonotonicClock"/>).</summary>
    internal void Until(long ns) => _untilNs = ns;
}
