namespace Colo.Arbiter;

/// <summary>What a read of the arbiter's record found.</summary>
public enum ArbiterReadKind
{
    /// <summary>There is a record.</summary>
    Found,

    /// <summary>There is none: nobody ever claimed anything for this pair.</summary>
    Absent,

    /// <summary>The arbiter could not be asked, or what it has cannot be relied on.</summary>
    Unknown,
}

/// <summary>The arbiter's record, as it was at some moment between the request and this answer (a linearizable read).</summary>
/// <param name="Kind">What was found.</param>
/// <param name="Record">The record; null unless it was found.</param>
/// <param name="ModRevision">etcd's revision of the key; grows with every change; 0 unless it was found.</param>
/// <param name="Reason">For the operator, when it is unknown; else empty.</param>
public sealed record ArbiterReading(ArbiterReadKind Kind, ArbiterRecord? Record, long ModRevision, string Reason);

/// <summary>How a claim ended.</summary>
public enum ClaimKind
{
    /// <summary>The record is the claimant's: of all claims on the same record, this is the only one that was won.</summary>
    Won,

    /// <summary>Somebody else's record stands there; this claim has not taken effect and never will.</summary>
    Lost,

    /// <summary>It is not known. Never to be taken as won.</summary>
    Unknown,
}

/// <summary>How a claim ended, and what stands there instead.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Current">When won: the record as it was written. When lost: the record that was found; null when there was none. Else null.</param>
/// <param name="MayStillTakeEffect">
/// Only with <see cref="ClaimKind.Unknown"/>: the request was sent, and may be carried out later, or has been. Until
/// <see cref="ArbiterClient.Resolve"/> has given Won or Lost this node has to be silent as if it had lost, while others may
/// have to take it for the owner.
/// </param>
/// <param name="Reason">For the operator, unless it was won; else empty.</param>
public sealed record ClaimOutcome(ClaimKind Kind, ArbiterRecord? Current, bool MayStillTakeEffect, string Reason);
