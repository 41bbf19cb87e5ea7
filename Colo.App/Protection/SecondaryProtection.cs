using static Colo.Protection.SecondaryAction;
using static Colo.Protection.SecondaryEvent;
using static Colo.Protection.SecondaryPhase;

namespace Colo.Protection;

/// <summary>Where a node that follows stands.</summary>
internal enum SecondaryPhase
{
    /// <summary>Looks for a primary.</summary>
    Waiting,

    /// <summary>Receives the guest for the first time; can never take over.</summary>
    Syncing,

    /// <summary>Has the guest, and hears the primary.</summary>
    Following,

    /// <summary>Has the guest; the connections have ended, and what that means is not known yet.</summary>
    Severed,

    /// <summary>Has the guest; the primary is silent, and nobody but the operator decides.</summary>
    Silent,

    /// <summary>Has the guest; the primary is silent, and a third is to say who goes on. Nothing that was asked can take effect any more.</summary>
    Asking,

    /// <summary>The same, and what was asked may take effect without this node's knowing: only the answer ends this.</summary>
    Claiming,

    /// <summary>
    /// Was handed the guest, and loads the checkpoint that it goes on from: nothing is said yet, so the guest can still be given back.
    /// </summary>
    Entrusted,

    /// <summary>Takes over; says so, and takes what is still on its way from the primary.</summary>
    TakingOver,

    /// <summary>This pairing is over.</summary>
    Over,
}

/// <summary>What a secondary learns. Guards are part of an event: who raises it has looked at clocks and settings.</summary>
internal enum SecondaryEvent
{
    /// <summary>The primary takes this node as its secondary.</summary>
    Accepted,

    /// <summary>The first checkpoint is loaded and acknowledged.</summary>
    FirstLoaded,

    /// <summary>The connections have ended, without the peer's word.</summary>
    LinkLost,

    /// <summary>The primary has closed the connections in order.</summary>
    Goodbye,

    /// <summary>A call was refused or answered by another process, inside the window in which the primary cannot have gone on alone.</summary>
    CallDeadInWindow,

    /// <summary>The same, later.</summary>
    CallDeadLate,

    /// <summary>A call was answered by the primary's process.</summary>
    CallAlive,

    /// <summary>A call was not answered.</summary>
    CallUnanswered,

    /// <summary>Nothing heard for the timeout: only the operator decides.</summary>
    Silence,

    /// <summary>Nothing heard for the timeout, and a third decides.</summary>
    SilenceThird,

    /// <summary>Nothing heard for the timeout, and the operator has said beforehand that this node takes over then.</summary>
    SilenceTakeover,

    /// <summary>The primary is heard again on the same connection.</summary>
    HeardAgain,

    /// <summary>The primary's keeper says that it died while this node was current.</summary>
    NoticeCurrent,

    /// <summary>The primary's keeper says that it died, and that this node was not current.</summary>
    NoticeOutdated,

    /// <summary>The primary says that this node is the primary.</summary>
    Handover,

    /// <summary>The checkpoint that came last is loaded.</summary>
    Loaded,

    /// <summary>The primary says that this node is not current any more.</summary>
    Dismissed,

    /// <summary>The operator asks for a takeover, and the primary is silent.</summary>
    OperatorTakes,

    /// <summary>The same, and a third decides.</summary>
    OperatorTakesThird,

    /// <summary>The operator forces it, and the primary is silent.</summary>
    OperatorForces,

    /// <summary>The operator asks for it, and the primary is heard.</summary>
    OperatorTakesAlive,

    /// <summary>The operator forces it, and the primary is heard.</summary>
    OperatorForcesAlive,

    /// <summary>The third says that this node goes on.</summary>
    PermissionGiven,

    /// <summary>The third says that the other node goes on.</summary>
    PermissionDenied,

    /// <summary>The question is on its way to the third.</summary>
    ClaimSent,

    /// <summary>The question had no effect, and can have none any more.</summary>
    ClaimVoid,

    /// <summary>The other node answers: it speaks as the guest, without this node.</summary>
    PeerWentAlone,

    /// <summary>The primary's process answers, and does not speak without this node, or not yet.</summary>
    PeerAlive,

    /// <summary>The other node was started anew; its record says that it never went on without this one, and now never will.</summary>
    PeerYielded,

    /// <summary>The other node does not answer, or its answer decides nothing.</summary>
    PeerUnknown,

    /// <summary>The guest has ended.</summary>
    GuestEnded,

    /// <summary>What the primary sends cannot be used.</summary>
    StreamBroken,

    /// <summary>This node's disks fail.</summary>
    DisksFailed,

    /// <summary>SIGTERM: this node is to end.</summary>
    Terminated,

    /// <summary>All that the primary had sent is taken, or will not come.</summary>
    Settled,
}

/// <summary>What a secondary does.</summary>
internal enum SecondaryAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Begins to receive.</summary>
    BeginSync,

    /// <summary>Can take over from now on.</summary>
    BecomeProtected,

    /// <summary>Calls the primary's process.</summary>
    Call,

    /// <summary>Asks the other node what it is.</summary>
    AskPeer,

    /// <summary>The same, in a moment.</summary>
    AskPeerLater,

    /// <summary>Tells the operator that the primary is silent, and goes on asking the other node.</summary>
    TellSilence,

    /// <summary>Tells the operator that the silence has ended.</summary>
    TellHeard,

    /// <summary>Asks the third who goes on; echoes nothing any more.</summary>
    AskThird,

    /// <summary>Asks the primary for the guest.</summary>
    RequestHandover,

    /// <summary>Takes over as soon as the checkpoint is loaded that it is to go on from.</summary>
    FinishLoading,

    /// <summary>Takes over: echoes nothing any more, and says so to the primary.</summary>
    TakeOver,

    /// <summary>Records the takeover, then speaks as the guest.</summary>
    Speak,

    /// <summary>Gives up what it has, and begins anew as secondary.</summary>
    Restart,

    /// <summary>Says that it will never take over, then begins anew.</summary>
    AcceptDismissal,

    /// <summary>Leaves, and the node ends: it is of no use as it is.</summary>
    LeaveAndEnd,

    /// <summary>Says that it will never take over; the node ends.</summary>
    LeaveInOrder,

    /// <summary>Says that it knows; the node ends.</summary>
    AcknowledgeEnd,
}

/// <summary>
/// The secondary's half of the protection. What it stands on (invariants 2 and 5): it takes over only on the primary's word, on
/// evidence that the primary is gone and cannot have gone on alone before, with the third's permission, or on the operator's word.
/// </summary>
internal static class SecondaryProtection
{
    /// <summary>Phases in which it has all that it needs to take over.</summary>
    private static readonly SecondaryPhase[] WithGuest = [.. Enum.GetValues<SecondaryPhase>().Where(HasGuest)];

    /// <summary>The pairing goes on, and nothing that was asked of a third may take effect unseen: it may be given up at any time.</summary>
    private static readonly SecondaryPhase[] Free = [Waiting, Syncing, Following, Severed, SecondaryPhase.Silent, Asking];

    /// <summary>All transitions.</summary>
    internal static readonly TransitionTable<SecondaryPhase, SecondaryEvent, SecondaryAction> Table = Build();

    /// <summary>Whether a secondary in this phase has all that it needs to take over.</summary>
    internal static bool HasGuest(SecondaryPhase phase) => phase is >= Following and <= Claiming;

    private static TransitionTable<SecondaryPhase, SecondaryEvent, SecondaryAction> Build()
    {
        var table = new TransitionTable<SecondaryPhase, SecondaryEvent, SecondaryAction>();
        const string NoGuest = "it has nothing to go on with";
        const string Decided = "it is decided already, or there is nothing to decide";

        table.On(Accepted)
            .Go([Waiting], Syncing, BeginSync, "the primary takes it")
            .ElseNothing("a pairing begins once");
        table.On(FirstLoaded)
            .Go([Syncing], Following, BecomeProtected, "it has everything")
            .ElseNothing("only the first checkpoint of a pairing");
        table.On(LinkLost)
            .Go([Waiting, Syncing], Over, Restart, NoGuest)
            .Go([Following], Severed, Call, "a cut link looks like a death; a call may tell")
            .Do([SecondaryPhase.Silent, Asking, Claiming], Call, "a cut link looks like a death; a call may tell")
            .ElseNothing(Decided);
        table.On(Goodbye)
            .Go(Free, Over, Restart, "the primary goes on alone")
            .ElseNothing("the answer of the third decides");
        table.On(CallDeadInWindow)
            .Go(WithGuest, TakingOver, TakeOver, "the primary is gone, and cannot have gone on alone before")
            .ElseNothing(Decided);
        table.On(CallDeadLate)
            .ElseNothing("the primary is gone, but may have gone on alone before: as good as silence");
        table.On(CallAlive)
            .Go([Following, Severed, SecondaryPhase.Silent, Asking], Over, Restart, "the primary lives: it goes on, alone or with this node paired anew")
            .ElseNothing("the answer of the third decides: this node may be the one that is permitted");
        table.On(CallUnanswered)
            .ElseNothing("no answer is silence: the timeout decides");
        table.On(Silence)
            .Go([Following, Severed], SecondaryPhase.Silent, TellSilence, "a cut cable looks the same as a dead host")
            .Do([SecondaryPhase.Silent], AskPeer, "it may answer again")
            .ElseNothing(Decided);
        table.On(SilenceThird)
            .Go([Following, Severed, SecondaryPhase.Silent], Asking, AskThird, "whoever is permitted goes on")
            .Do([Asking, Claiming], AskPeer, "it may answer again")
            .ElseNothing(Decided);
        table.On(SilenceTakeover)
            .Go([Following, Severed, SecondaryPhase.Silent], TakingOver, TakeOver, "silence = takeover: the operator's risk, by name")
            .ElseNothing(Decided);
        table.On(HeardAgain)
            .Go([SecondaryPhase.Silent], Following, TellHeard, "a short silence: nothing was decided on it")
            .ElseNothing("as before");
        table.On(NoticeCurrent)
            .Go([Waiting, Syncing], Over, Restart, NoGuest)
            .Go(WithGuest, TakingOver, TakeOver, "the primary is dead, and had not gone on without this node")
            .ElseNothing(Decided);
        table.On(NoticeOutdated)
            .Go([.. Free, Claiming], Over, Restart, "the primary had gone on without this node")
            .ElseNothing(Decided);
        table.On(Handover)
            .Go(WithGuest, Entrusted, FinishLoading, "the primary's word: it is silent from there on")
            .ElseNothing(Decided);
        table.On(Loaded)
            .Go([Entrusted], TakingOver, TakeOver, "nothing is missing any more")
            .ElseNothing("it follows, or has what it was decided on");
        table.On(Dismissed)
            .Go([.. Free, Entrusted], Over, AcceptDismissal, "the primary goes on alone as soon as it knows that this node has heard it")
            .ElseNothing("the answer of the third decides: the primary will ask it, too");
        table.On(OperatorTakes)
            .Go([Following, Severed, SecondaryPhase.Silent], TakingOver, TakeOver, "his word that the other node is down")
            .ElseNothing("refused: no guest here");
        table.On(OperatorTakesThird)
            .ElseNothing("refused: the third decides, unless forced");
        table.On(OperatorForces)
            .Go(WithGuest, TakingOver, TakeOver, "his word that the other node is down, against everything")
            .ElseNothing("refused: no guest here; one that syncs never takes over, not even by force");
        table.On(OperatorTakesAlive)
            .ElseNothing("refused: a planned switchover is asked for at the primary");
        table.On(OperatorForcesAlive)
            .Do([Following], RequestHandover, "in order, through the primary")
            .ElseNothing("refused: no guest here");
        table.On(PermissionGiven)
            .Go([Asking, Claiming], TakingOver, TakeOver, "the primary will not get it")
            .ElseNothing("the question is void");
        table.On(PermissionDenied)
            .Go([Asking, Claiming], Over, Restart, "the primary has got it, and goes on alone")
            .ElseNothing("the question is void");
        table.On(ClaimSent)
            .Go([Asking], Claiming, None, "from here on it may have been permitted without knowing it")
            .ElseNothing("the question is void");
        table.On(ClaimVoid)
            .Go([Claiming], Asking, None, "it is known that nothing has taken effect")
            .ElseNothing("the question is void");
        table.On(PeerWentAlone)
            .Go([Severed, SecondaryPhase.Silent, Asking, Claiming], Over, Restart, "it went on alone, so the third has not permitted this node, or the operator has overruled it")
            .ElseNothing(Decided);
        table.On(PeerAlive)
            .Go([Severed, SecondaryPhase.Silent, Asking], Over, Restart, "the primary lives: it goes on, alone or with this node paired anew")
            .Do([Claiming], AskPeerLater, "the answer of the third decides: this node may be the one that is permitted")
            .ElseNothing(Decided);
        table.On(PeerYielded)
            .Go([Severed, SecondaryPhase.Silent, Asking, Claiming], TakingOver, TakeOver, "nobody has the guest but this node")
            .ElseNothing(Decided);
        table.On(PeerUnknown)
            .Do([Severed, SecondaryPhase.Silent, Asking, Claiming], AskPeerLater, "it may answer then")
            .ElseNothing(Decided);
        table.On(GuestEnded)
            .Go([.. Free, Claiming], Over, AcknowledgeEnd, "nobody takes over a guest that has ended")
            .ElseNothing(Decided);
        table.On(StreamBroken)
            .Go(Free, Over, Restart, "it cannot follow")
            .ElseNothing(Decided);
        table.On(DisksFailed)
            .Go([.. Free, Claiming, Entrusted, TakingOver], Over, LeaveAndEnd, "to try again at once would end the same way, and with them nothing can be taken over")
            .ElseNothing(Decided);
        table.On(Terminated)
            .Go([.. Free, Entrusted], Over, LeaveInOrder, "it is over before the primary hears of it: whoever has said that it leaves takes nothing over")
            .ElseNothing("first it is known whether the guest is this node's; then that is done which a primary does at SIGTERM");
        table.On(Settled)
            .Go([TakingOver], Over, Speak, "recorded first")
            .ElseNothing(Decided);
        return table;
    }
}
