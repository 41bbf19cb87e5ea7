namespace Colo.Protection;

/// <summary>
/// Who may conclude what from which beat. Pure; times are nanoseconds of one host's clock (in a model: ticks), and no
/// time of one host is ever compared with one of the other.
/// <code>
/// primary                        secondary
///    │ beat n, sent at S             │
///    │ ────────────────────────────► │ heard at L, which is after S: the primary counts as silent from L + timeout on
///    │ echo n                        │
///    │ ◄──────────────────────────── │
///    speaks until S + timeout − margin; goes on alone from S + timeout on
/// </code>
/// </summary>
internal static class Lease
{
    /// <summary>Until when a protected primary may speak.</summary>
    /// <param name="echoedSend">Sending time of its newest beat that was echoed.</param>
    /// <param name="timeout">The failover timeout.</param>
    /// <param name="margin">For the difference of the clocks' rates, and from the last look at the clock to the frame on the wire.</param>
    internal static long SpeaksUntil(long echoedSend, long timeout, long margin) => echoedSend + timeout - margin;

    /// <summary>From when on a primary may take the secondary for lost.</summary>
    internal static long LostAt(long echoedSend, long timeout) => echoedSend + timeout;

    /// <summary>From when on a secondary may take the primary for silent.</summary>
    /// <param name="heard">When the newest beat or echo of the primary was received.</param>
    /// <param name="timeout">The failover timeout.</param>
    internal static long SilentAt(long heard, long timeout) => heard + timeout;

    /// <summary>
    /// Until when, on the secondary's clock, the primary cannot have gone on alone for want of echoes. The primary says in every
    /// beat and echo how old its own newest echoed beat is. What it says in the answer to a beat of the secondary it has said after
    /// that beat was sent, however long the answer took to be read: a secondary that slept does not take an old answer for a new one.
    /// </summary>
    /// <param name="ownEchoedSend">Sending time of the secondary's newest beat that the primary has echoed; 0: none, so nothing is known.</param>
    /// <param name="age">The age that the primary gave with that echo or later.</param>
    /// <param name="timeout">The failover timeout.</param>
    /// <param name="margin">For the difference of the clocks' rates.</param>
    internal static long WindowEnd(long ownEchoedSend, long age, long timeout, long margin) =>
        ownEchoedSend == 0 ? 0 : ownEchoedSend - age + timeout - margin;
}
