using static Colo.Protection.PrimaryAction;
using static Colo.Protection.PrimaryEvent;
using static Colo.Protection.PrimaryPhase;

namespace Colo.Protection;

/// <summary>Where the node that speaks as the guest stands with its secondary.</summary>
internal enum PrimaryPhase
{
    /// <summary>Runs alone, and may always speak.</summary>
    Alone,

    /// <summary>A secondary receives the guest for the first time; it can never take over.</summary>
    Syncing,

    /// <summary>The first checkpoint is on its way: the secondary may have it whole. Nothing leaves until it says so.</summary>
    Offered,

    /// <summary>
    /// As offered, but the secondary is silent, and whoever has the other node fenced goes on: it may have loaded what was offered.
    /// </summary>
    OfferedAsking,

    /// <summary>The secondary can take over; this node speaks within its lease (<see cref="Lease"/>).</summary>
    Protected,

    /// <summary>As protected, but this process stood still: it listens for the timeout before it draws a conclusion from silence.</summary>
    Listening,

    /// <summary>It has listened and heard nothing: the other node is asked whether it is the primary now.</summary>
    Confirming,

    /// <summary>As protected, but the secondary is silent, and a third (arbiter, fence) is asked who goes on.</summary>
    Asking,

    /// <summary>The secondary was told that it is the primary: this node is silent, whatever happens, until it knows that it is not.</summary>
    HandedOver,

    /// <summary>The other node speaks as the guest.</summary>
    Yielded,

    /// <summary>The guest has ended, and the secondary is told.</summary>
    Ending,

    /// <summary>The guest has ended.</summary>
    Ended,
}

/// <summary>What a primary learns. Guards are part of an event: who raises it has looked at clocks and settings.</summary>
internal enum PrimaryEvent
{
    /// <summary>A secondary that fits has opened all channels, and none was there before.</summary>
    Paired,

    /// <summary>A secondary that fits has opened all channels: the pairing before is given up by that, or its process is another one.</summary>
    Replaced,

    /// <summary>The first checkpoint is about to be sent.</summary>
    FirstSent,

    /// <summary>The secondary has acknowledged the first checkpoint.</summary>
    FirstReceived,

    /// <summary>The secondary says that it leaves, or that it is dismissed: it will never take over.</summary>
    GivenUp,

    /// <summary>The secondary's process is gone: its keeper says so, or a call to it was refused or answered by another process.</summary>
    Died,

    /// <summary>The same, after the lease has run out, and a third decides: it may have been permitted, and spoken, before it died.</summary>
    DiedLateThird,

    /// <summary>The connections have ended, without the peer's word.</summary>
    LinkLost,

    /// <summary>A call was answered by the process that was known.</summary>
    CallAlive,

    /// <summary>A call was not answered.</summary>
    CallUnanswered,

    /// <summary>The other node answers that it is the primary.</summary>
    PeerLeads,

    /// <summary>The other node answers that it is not the primary, or does not answer.</summary>
    PeerDoesNotLead,

    /// <summary>No echo for the timeout, or none that came soon enough to speak on; listened for long enough, and no third decides.</summary>
    Silent,

    /// <summary>The same, and a third decides that knows what both nodes have agreed on: the arbiter.</summary>
    SilentThird,

    /// <summary>The same, and a third decides that knows nothing of pairings: the fence-command.</summary>
    SilentFence,

    /// <summary>This process finds that it stood still.</summary>
    StoodStill,

    /// <summary>An echo of a beat that was sent within the timeout.</summary>
    HeardOfLate,

    /// <summary>An echo that is early enough to speak on, of a secondary that is not dismissed, and nothing that was asked of the third can take effect.</summary>
    HeardUnasked,

    /// <summary>The third says that this node goes on, and the secondary is still silent, or dismissed.</summary>
    PermissionGiven,

    /// <summary>The third says that this node goes on, but the secondary is heard again.</summary>
    PermissionSpent,

    /// <summary>The third says that the other node goes on.</summary>
    PermissionDenied,

    /// <summary>The secondary says that it speaks as the guest.</summary>
    TakenOver,

    /// <summary>The operator, or SIGTERM, wants the other node to be the primary. While a third is asked: raised within the lease only.</summary>
    SwitchoverAsked,

    /// <summary>The checkpoint of a planned switchover is acknowledged; the guest stands still.</summary>
    PlannedReceived,

    /// <summary>The operator says that the secondary is gone.</summary>
    OperatorAlone,

    /// <summary>The same, with force.</summary>
    OperatorAloneForced,

    /// <summary>The secondary fails the guest: its disks, or it is too slow.</summary>
    SecondaryFails,

    /// <summary>The dismissal was not acknowledged within the timeout, and no third decides.</summary>
    DismissUnanswered,

    /// <summary>The same, and the arbiter decides.</summary>
    DismissUnansweredThird,

    /// <summary>The same, and the fence-command decides.</summary>
    DismissUnansweredFence,

    /// <summary>The guest has powered off, or the operator stops it.</summary>
    GuestEnded,

    /// <summary>The secondary knows that the guest has ended, or does not answer.</summary>
    EndSettled,
}

/// <summary>What a primary does.</summary>
internal enum PrimaryAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Begins the first sync.</summary>
    BeginSync,

    /// <summary>Records that the secondary is current, and speaks within the lease.</summary>
    BecomeProtected,

    /// <summary>Records that the secondary is current; what leaves does so within the lease.</summary>
    BecomeCurrent,

    /// <summary>Records that it goes on without the secondary, then speaks without a lease.</summary>
    GoAlone,

    /// <summary>Calls the secondary's process.</summary>
    Call,

    /// <summary>Asks the other node what it is.</summary>
    AskPeer,

    /// <summary>Asks the third who goes on.</summary>
    AskThird,

    /// <summary>Goes on as before; the spent permission is renewed.</summary>
    Rearm,

    /// <summary>Goes on as before: the question to the third is withdrawn, and was none.</summary>
    Withdraw,

    /// <summary>Is silent for good; records that it is outdated, and begins anew as secondary (or exits).</summary>
    Yield,

    /// <summary>Tells the secondary that it is not current any more.</summary>
    Dismiss,

    /// <summary>Ends the session.</summary>
    FailSession,

    /// <summary>Takes the checkpoint of a planned switchover.</summary>
    TakePlanned,

    /// <summary>Is silent, and tells the secondary that it is the primary.</summary>
    HandOver,

    /// <summary>Tells the secondary that the guest has ended.</summary>
    TellEnd,

    /// <summary>The node ends.</summary>
    End,
}

/// <summary>
/// The primary's half of the protection. What it stands on (invariants 5 and 6): whoever speaks without the other has taken
/// care that the other never will, and a primary without a third never waits for longer than the timeout.
/// </summary>
internal static class PrimaryProtection
{
    /// <summary>Phases in which the secondary may be able to take over.</summary>
    private static readonly PrimaryPhase[] Succeedable = [.. Enum.GetValues<PrimaryPhase>().Where(MayBeSucceeded)];

    /// <summary>All transitions.</summary>
    internal static readonly TransitionTable<PrimaryPhase, PrimaryEvent, PrimaryAction> Table = Build();

    /// <summary>Whether a secondary may be able to take over from a primary in this phase, as far as that one knows.</summary>
    internal static bool MayBeSucceeded(PrimaryPhase phase) => phase is Offered or OfferedAsking || HasLease(phase);

    /// <summary>Whether a primary in this phase has a secondary of which it does not know that it has everything.</summary>
    internal static bool IsSyncing(PrimaryPhase phase) => phase is Syncing or Offered or OfferedAsking;

    /// <summary>Whether a primary in this phase knows that its secondary has everything, and speaks within its lease.</summary>
    internal static bool HasLease(PrimaryPhase phase) => phase is >= Protected and <= Asking;

    private static TransitionTable<PrimaryPhase, PrimaryEvent, PrimaryAction> Build()
    {
        var table = new TransitionTable<PrimaryPhase, PrimaryEvent, PrimaryAction>();
        const string NoGuest = "the guest is not here any more";
        const string NoPair = "there is no secondary";

        table.On(Paired)
            .Go([Alone], Syncing, BeginSync, "a secondary is there")
            .ElseNothing("raised without a secondary only");
        table.On(Replaced)
            .Go([Syncing, .. Succeedable, HandedOver], Alone, GoAlone, "who pairs anew has given the pairing before up; one that was handed the guest has not read that")
            .Go([Ending], Ended, End, "nobody is left to be told")
            .ElseNothing(NoGuest);
        table.On(FirstSent)
            .Go([Syncing], Offered, None, "from here on the secondary may have everything, also if this node never hears of it")
            .ElseNothing("only the first checkpoint of a pairing");
        table.On(FirstReceived)
            .Go([Offered], Protected, BecomeProtected, "the secondary has everything")
            .Go([OfferedAsking], Asking, BecomeCurrent, "the secondary has everything, and whether it is off is still asked")
            .ElseNothing("not under way");
        table.On(GivenUp)
            .Go([Syncing, .. Succeedable, HandedOver], Alone, GoAlone, "it will never take over")
            .Go([Ending], Ended, End, "nobody is left to be told")
            .ElseNothing(NoPair);
        table.On(Died)
            .Go([Syncing, .. Succeedable, HandedOver], Alone, GoAlone, "nobody but this node has the guest")
            .Go([Ending], Ended, End, "nobody is left to be told")
            .ElseNothing(NoPair);
        table.On(DiedLateThird)
            .Go([Syncing, Offered, OfferedAsking, HandedOver], Alone, GoAlone, "nobody but this node has the guest")
            .Go([Protected, Listening, Confirming], Asking, AskThird, "what it may have said with the third's permission is not undone by its death")
            .Go([Ending], Ended, End, "nobody is left to be told")
            .ElseNothing("asked already, or there is no secondary");
        table.On(LinkLost)
            .Go([Syncing], Alone, GoAlone, "a secondary that does not have everything never takes over")
            .Do([.. Succeedable, HandedOver, Ending], Call, "a cut link looks like a death; a call may tell")
            .ElseNothing(NoPair);
        table.On(CallAlive)
            .Do([.. Succeedable, HandedOver], AskPeer, "it lives: it may have taken over, and its word may be lost")
            .ElseNothing("nobody waits for it");
        table.On(CallUnanswered)
            .ElseNothing("no answer is silence: the timeout decides");
        table.On(PeerLeads)
            .Go([.. Succeedable, HandedOver], Yielded, Yield, "there is one voice, and it is the other's")
            .ElseNothing("nobody asked");
        table.On(PeerDoesNotLead)
            .Go([Confirming], Alone, GoAlone, "silent for twice the timeout, and not the primary as far as can be known")
            .ElseNothing("the timeout decides, or a new pairing");
        table.On(PrimaryEvent.Silent)
            .Go([Syncing, Offered, Protected], Alone, GoAlone, "the lease has run out; with no third that is the primary's right")
            .Go([Listening], Confirming, AskPeer, "this process stood still: the secondary may have taken over meanwhile")
            .Do([HandedOver], Call, "silence does not say whether it has read the message")
            .Go([Ending], Ended, End, "nobody answers")
            .ElseNothing("silence is known, or nobody has to be heard");
        table.On(SilentThird)
            .Go([Syncing, Offered], Alone, GoAlone, "the third knows nothing of this pairing yet, so it gives the secondary no permission")
            .Go([Protected, Listening, Confirming], Asking, AskThird, "whoever is permitted goes on")
            .Do([HandedOver], Call, "silence does not say whether it has read the message")
            .Go([Ending], Ended, End, "nobody answers")
            .ElseNothing("asked already, or nobody has to be heard");
        table.On(SilentFence)
            .Go([Syncing], Alone, GoAlone, "a secondary that does not have everything never takes over")
            .Go([Offered], OfferedAsking, AskThird, "the secondary may have everything, and takes over once it has fenced this node")
            .Go([Protected, Listening, Confirming], Asking, AskThird, "whoever has fenced the other goes on")
            .Do([HandedOver], Call, "silence does not say whether it has read the message")
            .Go([Ending], Ended, End, "nobody answers")
            .ElseNothing("asked already, or nobody has to be heard");
        table.On(StoodStill)
            .Go([Protected, Confirming], Listening, None, "what was said meanwhile is heard first")
            .ElseNothing("listens as long, but has nothing to ask");
        table.On(HeardOfLate)
            .Go([Listening, Confirming], Protected, None, "the secondary still follows")
            .ElseNothing("as before");
        table.On(HeardUnasked)
            .Go([Asking], Protected, Withdraw, "the secondary follows, and the token that both know is as it was")
            .Go([OfferedAsking], Offered, Withdraw, "the secondary is there, and its acknowledgement may come yet")
            .ElseNothing("nothing is asked, or what was asked is to be answered first");
        table.On(PermissionGiven)
            .Go([Asking, OfferedAsking], Alone, GoAlone, "the secondary will not get it")
            .ElseNothing("the question is void");
        table.On(PermissionSpent)
            .Go([Asking], Protected, Rearm, "the silence has ended before anything was decided on it")
            .Go([OfferedAsking], Alone, GoAlone, "it is off for certain, and had said nothing")
            .ElseNothing("the question is void");
        table.On(PermissionDenied)
            .Go([Asking, OfferedAsking], Yielded, Yield, "the secondary has got it")
            .ElseNothing("the question is void");
        table.On(TakenOver)
            .Go([.. Succeedable, HandedOver], Yielded, Yield, "there is one voice, and it is the other's")
            .ElseNothing("from a pairing that has ended");
        table.On(SwitchoverAsked)
            .Do([Protected, Listening, Confirming, Asking], TakePlanned, "the secondary can take over")
            .ElseNothing("refused: there is no secondary that could take over, or it is silent");
        table.On(PlannedReceived)
            .Go([Protected, Listening, Confirming, Asking], HandedOver, HandOver, "to give the voice away is safe at any time; a question to the third is void with it")
            .ElseNothing("not under way");
        table.On(OperatorAlone)
            .Go([HandedOver], Alone, GoAlone, "his word that the other node is down")
            .ElseNothing("refused: there is no silent secondary that has the guest");
        table.On(OperatorAloneForced)
            .Go([HandedOver, Asking, OfferedAsking], Alone, GoAlone, "his word that the other node is down, against the third's silence")
            .ElseNothing("refused: there is no silent secondary that has the guest");
        table.On(SecondaryFails)
            .Do([Syncing], FailSession, "it has nothing that it could go on with")
            .Do([.. Succeedable], Dismiss, "it is told first, so that it never takes over with what is outdated")
            .Do([HandedOver], Dismiss, "it may still be loading what it is to go on from, and gives the guest back then; otherwise it speaks")
            .ElseNothing("it is not needed any more");
        table.On(DismissUnanswered)
            .Go([Syncing, Offered, Protected], Alone, GoAlone, "an echo sent after the dismissal would have been its acknowledgement, so the lease has run out")
            .ElseNothing("silence decides, after listening");
        table.On(DismissUnansweredThird)
            .Go([Syncing, Offered], Alone, GoAlone, "the third knows nothing of this pairing yet")
            .Go([Protected, Listening, Confirming], Asking, AskThird, "it may be asking, too")
            .ElseNothing("asked already, or not needed");
        table.On(DismissUnansweredFence)
            .Go([Syncing], Alone, GoAlone, "a secondary that does not have everything never takes over")
            .Go([Offered], OfferedAsking, AskThird, "it may have everything, and be about to fence this node")
            .Go([Protected, Listening, Confirming], Asking, AskThird, "it may be about to fence this node")
            .ElseNothing("asked already, or not needed");
        table.On(GuestEnded)
            .Go([Alone], Ended, End, "nobody has to be told")
            .Go([Syncing, .. Succeedable], Ending, TellEnd, "what is held leaves when the secondary has said that it will never take over")
            .ElseNothing(NoGuest);
        table.On(EndSettled)
            .Go([Ending], Ended, End, "the guest has ended, and its last output may leave")
            .ElseNothing("has ended");
        return table;
    }
}
