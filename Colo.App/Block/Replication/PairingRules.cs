namespace Colo.Block.Replication;

/// <summary>How a secondary's images become the primary's.</summary>
public enum SyncKind
{
    /// <summary>They differ at most where one of the two nodes has a mark; nothing is to do where neither has.</summary>
    Changed,

    /// <summary>They may differ everywhere.</summary>
    Everything,

    /// <summary>Not at all: the secondary holds what the primary lacks, and nobody but the operator may give that up.</summary>
    Refuse,
}

/// <summary>What <see cref="PairingRules.Judge"/> decides.</summary>
/// <param name="Kind">How the images are brought into step.</param>
/// <param name="Rule">Name of the rule.</param>
/// <param name="Text">The reason, for a log; for a refusal with the mend.</param>
public sealed record PairingDecision(SyncKind Kind, string Rule, string Text);

/// <summary>
/// What two nodes that meet do with their images. A table: the first rule that fits counts. P is the primary's record, S the
/// secondary's; a state Replay counts as what the replay leads to.
/// <code>
/// rule                  if                                                  then
/// primary-not-current   P is not Current                                    Refuse: there is nothing to copy from
/// secondary-empty       S is Empty or Partial                               Everything: nothing is lost
/// other-guest           S.Cluster ≠ P.Cluster                               Refuse: a foreign guest
/// secondary-promoted    S.Generation > P.Generation                         Refuse: P is outdated
/// same-data             S.Data = P.Data                                     Changed: P's writes since, S's stray ones
/// went-alone            S.Data = P.Parent                                   Changed: P went on alone or took over from S
/// secondary-ahead       S.Parent = P.Data                                   Refuse: P is what S once was
/// both-went-alone       S is Current and PeerOutdated                       Refuse: each has what the other lacks
/// same-generation       S is Current and S.Generation = P.Generation        Refuse: unrelated, nobody is the younger
/// secondary-old         (all that is left)                                  Everything: an old state that P's includes
/// </code>
/// The rules are true for nodes that change their records by the methods of <see cref="NodeData"/> only, each before what it
/// announces. Then: whoever speaks as the guest without its peer has an identity of the data that the peer does not have.
/// So equal data, or data that is the primary's parent, says that the secondary spoke no word of its own since, and all that
/// differs was marked by one of the two; went-alone stands before both-went-alone, because a primary whose last record
/// was written before it was protected may still say PeerOutdated. A primary that died while protected has not PeerOutdated:
/// what it wrote after the last checkpoint nobody has seen, and it is overwritten.
/// </summary>
public static class PairingRules
{
    /// <summary>Decides. Pure; the secondary need not be asked.</summary>
    /// <param name="primary">The node that runs the guest, or is about to.</param>
    /// <param name="secondary">The node whose images are to be overwritten.</param>
    public static PairingDecision Judge(NodeData primary, NodeData secondary)
    {
        var p = primary;
        var s = secondary;
        if (p.Resolved != DataState.Current)
            return Refuse("primary-not-current", $"the primary's images are {Name(p.Resolved)}: there is nothing to copy from. Start the other node as the primary");
        if (s.Resolved is DataState.Empty or DataState.Partial)
            return Everything("secondary-empty", $"the secondary's images are {Name(s.Resolved)}: everything is copied that differs");
        if (s.Cluster != p.Cluster)
            return Refuse("other-guest", $"the secondary's images belong to another guest ({s.Cluster}, this one is {p.Cluster}). {GiveUpSecondary}");
        if (s.Generation > p.Generation)
            return Refuse("secondary-promoted", $"the secondary has taken over from this primary (generation {s.Generation}, here {p.Generation}): " +
                $"this primary's images are outdated. Start the other node as the primary and this one as the secondary. {GiveUpSecondary}");
        if (s.Data == p.Data)
            return Changed("same-data", "the secondary was in step: what is marked as changed since is copied");
        if (s.Data == p.Parent)
            return Changed("went-alone", "the secondary was in step until this node went on alone: what is marked as changed since is copied");
        if (s.Parent == p.Data)
            return Refuse("secondary-ahead", $"the secondary's data is younger than this primary's, which it is made from. Start the other node as the primary. {GiveUpSecondary}");
        if (s.Resolved == DataState.Current && s.PeerOutdated)
            return Refuse("both-went-alone", $"both nodes have run the guest without the other, and each has data that the other lacks: choose one. {GiveUp}");
        if (s.Resolved == DataState.Current && s.Generation == p.Generation)
            return Refuse("same-generation", $"both nodes have run the guest and their data has no past in common that is known: choose one. {GiveUp}");
        return Everything("secondary-old", "the secondary's images are an old state: everything is copied that differs");
    }

    private const string GiveUpSecondary =
        "If the secondary's data may be overwritten, stop it, remove its record (the image's path with .colo behind it, or NAME.colo in its state-dir) and start it again";

    private const string GiveUp =
        "Stop the node whose data is to be given up, remove its record (the image's path with .colo behind it, or NAME.colo in its state-dir), and start it as the secondary of the other";

    private static string Name(DataState state) => state switch
    {
        DataState.Empty => "empty",
        DataState.Current => "current",
        DataState.Copy => "an older copy",
        DataState.Mirror => "a mirror",
        _ => "overwritten in part",
    };

    private static PairingDecision Changed(string rule, string text) => new(SyncKind.Changed, rule, text);

    private static PairingDecision Everything(string rule, string text) => new(SyncKind.Everything, rule, text);

    private static PairingDecision Refuse(string rule, string text) => new(SyncKind.Refuse, rule, text);
}
