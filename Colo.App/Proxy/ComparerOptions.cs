namespace Colo.Proxy;

/// <summary>Why a checkpoint is taken; <c>by_reason</c> in the status.</summary>
public enum CheckpointReason
{
    /// <summary>The two VMs' outputs differ, or one lacks its counterpart for longer than the time-out.</summary>
    Divergence,
    /// <summary>The interval has passed.</summary>
    Interval,
    /// <summary>A queue or table has reached its bound.</summary>
    Queue,
    /// <summary>A planned switchover.</summary>
    Planned,
    /// <summary>The first one of a new secondary.</summary>
    Sync,
}

/// <summary>What travels with a frame of the secondary's VM.</summary>
[Flags]
public enum SecondaryFrameFlags : byte
{
    /// <summary>Nothing special: the frame is in wire numbering.</summary>
    None = 0,
    /// <summary>
    /// The wire's initial sequence number of the flow is not known yet: a SYN, SYN-ACK or RST in the guest's own
    /// numbering, to be compared relative to it.
    /// </summary>
    SequencePending = 1,
}

/// <summary>What the comparer asks of the node; called on the event-loop thread, from inside its methods.</summary>
public interface IComparerOutput
{
    /// <summary>Sends a frame to the wire now. The span is valid only during the call.</summary>
    void Release(ReadOnlySpan<byte> frame);

    /// <summary>Asks for a checkpoint; at most once until the next <see cref="OutputComparer.CheckpointTaken"/>.</summary>
    void RequestCheckpoint(CheckpointReason reason);
}

/// <summary>Bounds and times of the comparer. Times in nanoseconds.</summary>
public sealed record ComparerOptions
{
    /// <summary>Shortest time that output waits for its counterpart.</summary>
    public long TimeoutFloorNs { get; init; } = 5_000_000;

    /// <summary>Longest time that output waits for its counterpart.</summary>
    public long TimeoutCapNs { get; init; } = 200_000_000;

    /// <summary>The time-out in round trips between the nodes, between floor and cap.</summary>
    public int TimeoutRoundTrips { get; init; } = 8;

    /// <summary>
    /// Shortest time that an acknowledgement waits for the secondary's VM to reach it; a TCP may delay one by 40 ms
    /// (Linux's usual delay) on one side and not on the other, and that is no divergence.
    /// </summary>
    public long AcknowledgementTimeoutNs { get; init; } = 60_000_000;

    /// <summary>Most bytes of the primary's output held; at half of it a checkpoint is asked for.</summary>
    public long MaxHeldBytes { get; init; } = 16 << 20;

    /// <summary>Most frames of the primary's output held; at half of it a checkpoint is asked for.</summary>
    public int MaxHeldFrames { get; init; } = 16384;

    /// <summary>Most bytes of the secondary's output kept for comparison.</summary>
    public long MaxSecondaryBytes { get; init; } = 16 << 20;

    /// <summary>Most flows in the table.</summary>
    public int MaxFlows { get; init; } = 32768;

    /// <summary>Divergences remembered for the status.</summary>
    public int DivergencesKept { get; init; } = 16;
}
