using Colo.Block.Replication;

namespace Colo.Node;

/// <summary>What a node with <c>--role auto</c> does next.</summary>
internal enum StartDecision
{
    /// <summary>Asks again in a moment.</summary>
    Wait,

    /// <summary>Boots the guest.</summary>
    Lead,

    /// <summary>Waits for the other node's guest.</summary>
    Follow,

    /// <summary>Records that its data is a copy of what the other node has in memory, and follows.</summary>
    Yield,

    /// <summary>Ends: only the operator can choose.</summary>
    Refuse,
}

/// <summary>What <see cref="StartRules.Decide"/> has decided.</summary>
/// <param name="Decision">What to do.</param>
/// <param name="Rule">Name of the rule.</param>
/// <param name="Text">Why, and what the operator can do where it is his turn.</param>
internal sealed record StartVerdict(StartDecision Decision, string Rule, string Text);

/// <summary>What is known of the other node.</summary>
/// <param name="Role"><c>primary</c>, <c>secondary</c>, <c>undecided</c>; null: it does not answer.</param>
/// <param name="State">Its state in that role.</param>
/// <param name="Data">Its record; null when it keeps none.</param>
internal sealed record PeerView(string? Role, string State, NodeData? Data);

/// <summary>
/// Which role a node takes that was not told one (<c>--role auto</c>). A table: the first rule that fits counts. O is this
/// node's record, P the peer's; no record counts as an empty one; "may lead" is defined below.
/// <code>
/// rule            the peer            and                                    then
/// peer-leads      is a primary                                               Follow
/// peer-ends       is a primary        its guest has ended                    Wait
/// peer-has-all    is a secondary with O.Data = P.Data, O current or a copy   Yield: this node spoke no word without it
///                 the guest in memory
/// peer-outdated   the same            O may lead over P                      Lead: this node went on alone
/// peer-holds      the same                                                   Wait: for the operator at the other node
/// peer-syncs      is a secondary that is still syncing                       Wait: it begins anew in a moment
/// tie             is undecided        both may lead                          Lead on node a, Follow on node b
/// lead            waits               O may lead                             Lead
/// follow          is undecided        P may lead                             Follow
/// told-otherwise  was told to follow  P may lead                             Wait: for the operator
/// conflict        waits               nobody may lead                        Refuse
/// unshared        does not answer     O current, and nobody else has it      Lead, after a grace for a peer that boots
/// cold            does not answer                                            Wait: for the peer, or the operator's word
/// </code>
/// X may lead over Y if X is current, or the copy of a guest that ended by its own wish, and
/// <see cref="PairingRules.Judge"/> of X as primary and Y as secondary does not refuse; with two empty records anybody may.
/// <para>
/// Two undecided nodes decide alike, for they look at the same two records from both sides, and a record does not change while
/// a node is undecided. peer-has-all is what makes it safe that a secondary with the guest in memory takes over when the primary's
/// node comes back: whoever goes on without its peer takes a new identity of the data before any output leaves
/// (<see cref="NodeData.GoAlone"/>), so the same identity says that it never did, and the record of the yielding, that it never will.
/// </para>
/// </summary>
internal static class StartRules
{
    /// <summary>Decides. Pure.</summary>
    /// <param name="isNodeA">Whether this is node a.</param>
    /// <param name="own">This node's record; null when it keeps none.</param>
    /// <param name="peer">The other node.</param>
    internal static StartVerdict Decide(bool isNodeA, NodeData? own, PeerView peer)
    {
        var o = own ?? NodeData.New;
        var p = peer.Data ?? NodeData.New;
        switch (peer.Role)
        {
            case "primary" when peer.State == "stopped":
                return Wait("peer-ends", "the guest has just ended on the other node");
            case "primary":
                return new(StartDecision.Follow, "peer-leads", "the other node runs the guest");
            case "secondary" when peer.State == "protected":
                return DecideHeld(o, p, kept: own is not null && peer.Data is not null);
            case "secondary" when peer.State == "syncing":
                return Wait("peer-syncs", "the other node is in the middle of a first sync with a primary that is gone");
            case "secondary" or "undecided":
                return DecideIdle(isNodeA, o, p, told: peer.Role == "secondary");
            default:
                return IsUnshared(o)
                    ? new(StartDecision.Lead, "unshared", "this node ran the guest last, alone, so nobody else has its data; the other node does not answer")
                    : Wait("cold", $"the other node does not answer, and {Cold(o)}. Start the other node; or, if it is lost for good, say so here: colo failover --force");
        }
    }

    /// <summary>Whether a node with this record has what no other node has, and may go on with it without asking.</summary>
    internal static bool IsUnshared(NodeData data) => data.Resolved == DataState.Current && data.PeerOutdated && !data.IsOffered;

    /// <summary>What a record says of its images, for <see cref="Monitor.UndecidedStatus.Record"/>.</summary>
    internal static string Worth(NodeData data) => data.Resolved switch
    {
        DataState.Empty => "empty",
        DataState.Current => "current",
        DataState.Copy when data.Ended => "ended",
        _ => "outdated",
    };

    private static StartVerdict DecideHeld(NodeData o, NodeData p, bool kept)
    {
        const string Text = "the other node has the guest in memory, as secondary of a primary that is gone";
        if (kept && o.Resolved is DataState.Current or DataState.Copy && o.Data == p.Data)
            return new(StartDecision.Yield, "peer-has-all", $"{Text}: this node never went on without it, so that one goes on");
        if (kept && MayLead(o, p))
            return new(StartDecision.Lead, "peer-outdated", $"{Text}, and is outdated: this node went on alone since");
        return Wait("peer-holds", $"{Text}, and no record tells who is newer. Say there that it goes on: colo failover");
    }

    private static StartVerdict DecideIdle(bool isNodeA, NodeData o, NodeData p, bool told)
    {
        var (mine, theirs) = (MayLead(o, p), MayLead(p, o));
        if (mine && theirs && !told)
            return isNodeA
                ? new(StartDecision.Lead, "tie", "either node could; node a does")
                : new(StartDecision.Follow, "tie", "either node could; node a does");
        if (mine)
            return new(StartDecision.Lead, "lead", "this node's data is current");
        if (theirs)
        {
            return told
                ? Wait("told-otherwise", "the other node's data is current, this one's is not, but that one was told to be the secondary. Start it with --role auto, or with --role primary")
                : new(StartDecision.Follow, "follow", "the other node's data is current");
        }

        return new(StartDecision.Refuse, "conflict", Conflict(AsPrimary(o), AsPrimary(p)));
    }

    private static string Conflict(NodeData o, NodeData p)
    {
        const string Choose = "Choose the node whose data is to be kept; stop the other one, remove its record (the image's path with .colo behind it, or NAME.colo in its " +
            "state-dir), and start it again";
        if (o.Resolved != DataState.Current && p.Resolved != DataState.Current)
            return $"neither node's data is current: each was the secondary last, or its first sync was never complete. {Choose}; if the one that is kept refuses, too, check its images and remove its record as well";
        if (o.Cluster != p.Cluster && o.Cluster != Guid.Empty && p.Cluster != Guid.Empty)
            return $"the two nodes hold different guests ({o.Cluster} and {p.Cluster}). {Choose}";
        return $"both nodes have run the guest without the other, and each has data that the other lacks. {Choose}";
    }

    private static bool MayLead(NodeData x, NodeData y)
    {
        if (x.Resolved == DataState.Empty)
            return y.Resolved == DataState.Empty;
        return (x.Resolved == DataState.Current || (x.Resolved == DataState.Copy && x.Ended))
            && PairingRules.Judge(AsPrimary(x), y).Kind != SyncKind.Refuse;
    }

    /// <summary>As the record is once that node is the primary.</summary>
    private static NodeData AsPrimary(NodeData x) => x with { State = x.Resolved == DataState.Copy && x.Ended ? DataState.Current : x.Resolved, Replay = default };

    private static string Cold(NodeData o) => o.Resolved switch
    {
        DataState.Empty => "this one knows of no guest yet: that one may",
        DataState.Current => "it may have taken over from this one since",
        DataState.Copy when o.Ended => "it may have run the guest since it ended",
        _ => "this one's data is not current",
    };

    private static StartVerdict Wait(string rule, string text) => new(StartDecision.Wait, rule, text);
}
