namespace Colo.Proxy;

/// <summary>One divergence: the flow, why, and the first bytes that differ.</summary>
/// <param name="Flow">The flow.</param>
/// <param name="Cause">What differs.</param>
/// <param name="Offset">Byte offset in the stream (from the initial sequence number) or in the frame; -1 when none.</param>
/// <param name="Primary">Up to 8 bytes of the primary from there, the first in the lowest byte.</param>
/// <param name="Secondary">Up to 8 bytes of the secondary from there.</param>
/// <param name="AtNs">Monotonic time, nanoseconds.</param>
public readonly record struct DivergenceRecord(FlowKey Flow, DivergenceCause Cause, long Offset, ulong Primary, ulong Secondary, long AtNs);

/// <summary>What differed, or why output could not be matched.</summary>
public enum DivergenceCause
{
    /// <summary>Payload bytes of a stream.</summary>
    Payload,
    /// <summary>A datagram or other frame.</summary>
    Datagram,
    /// <summary>Flags or options of a SYN.</summary>
    Syn,
    /// <summary>The position of a FIN.</summary>
    Fin,
    /// <summary>The position of a RST.</summary>
    Rst,
    /// <summary>No counterpart in time.</summary>
    Timeout,
    /// <summary>The secondary's VM has closed its window while the primary's is open.</summary>
    Window,
    /// <summary>A new connection on the same ports before the old one was compared to its end.</summary>
    Reuse,
    /// <summary>The flow table is full.</summary>
    Table,
}

/// <summary>Counts of the comparer since it was made.</summary>
public sealed class ComparerStatistics
{
    private readonly DivergenceRecord[] _divergences;
    private long _divergenceCount;

    internal ComparerStatistics(int divergencesKept) => _divergences = new DivergenceRecord[Math.Max(1, divergencesKept)];

    /// <summary>Frames handed to the wire, those that the comparer made itself included.</summary>
    public long Released { get; internal set; }

    /// <summary>Frames of the primary released because the secondary's VM had produced the equivalent.</summary>
    public long Matched { get; internal set; }

    /// <summary>Divergences found (not time-outs).</summary>
    public long Diverged { get; internal set; }

    /// <summary>Requests because output found no counterpart in time.</summary>
    public long TimedOut { get; internal set; }

    /// <summary>Frames of the primary held now.</summary>
    public long Held { get; internal set; }

    /// <summary>Bytes of the primary's frames held now.</summary>
    public long HeldBytes { get; internal set; }

    /// <summary>Bytes of the secondary's output kept now.</summary>
    public long SecondaryBytes { get; internal set; }

    /// <summary>Flows in the table.</summary>
    public int Flows { get; internal set; }

    /// <summary>Acknowledgements and window updates that the comparer made itself.</summary>
    public long Acknowledgements { get; internal set; }

    /// <summary>Frames of the secondary dropped because of their epoch, or because their index was not the next.</summary>
    public long SecondaryDropped { get; internal set; }

    /// <summary>Frames too short for an Ethernet header, or longer than any: dropped.</summary>
    public long Malformed { get; internal set; }

    /// <summary>Retransmissions dropped because the data they repeat is still held.</summary>
    public long RepeatsDropped { get; internal set; }

    /// <summary>Flows thrown out of the full table.</summary>
    public long Evicted { get; internal set; }

    /// <summary>Times for which released frames were held, in microseconds.</summary>
    public HoldHistogram HoldMicroseconds { get; } = new();

    internal void Record(in DivergenceRecord divergence) => _divergences[_divergenceCount++ % _divergences.Length] = divergence;

    /// <summary>The newest divergences, the newest first.</summary>
    public IEnumerable<DivergenceRecord> RecentDivergences()
    {
        long count = Math.Min(_divergenceCount, _divergences.Length);
        for (long i = 1; i <= count; i++)
            yield return _divergences[(_divergenceCount - i) % _divergences.Length];
    }
}
