using Colo.Configuration;

namespace Colo.Node;

/// <summary>What a node acts by (interface: [checkpoint], [failover], and what [vm] says of the guest's end).</summary>
/// <param name="Interval">Longest time between two checkpoints.</param>
/// <param name="Minimum">Shortest time between two checkpoints.</param>
/// <param name="Heartbeat">Between two beats.</param>
/// <param name="Timeout">Silence after which the peer counts as lost.</param>
/// <param name="Slow">A secondary further behind than this is dismissed.</param>
/// <param name="SilenceTakeover">Whether the secondary takes over on silence alone: the operator's choice of risk.</param>
internal sealed record NodeSettings(
    TimeSpan Interval, TimeSpan Minimum, TimeSpan Heartbeat, TimeSpan Timeout, TimeSpan Slow, bool SilenceTakeover)
{
    /// <summary>What is left of the lease for a send that is under way and for the clocks: a tenth of the timeout.</summary>
    internal long MarginNs => Timeout.Ticks * 100 / 10;

    /// <summary>How long the guest has after its power button was pressed.</summary>
    internal TimeSpan StopTimeout { get; init; }

    /// <summary>What becomes of a guest that crashes or asks for a reset.</summary>
    internal CrashPolicy OnCrash { get; init; }

    internal long TimeoutNs => Timeout.Ticks * 100;
}
