using Colo.Block.Replication;
using Colo.Link;
using Colo.Linux;
using Colo.Machine;
using Colo.Monitor;
using Colo.Protection;

namespace Colo.Node;

/// <content>
/// What a secondary learns of its primary, and whom it asks. What follows from what is decided by <see cref="SecondaryProtection"/>
/// alone: here events are raised, and actions carried out.
/// </content>
internal sealed partial class SecondaryRole
{
    private static readonly TimeSpan CallAgainAfter = TimeSpan.FromSeconds(2);

    private readonly LoopTimer _silenceTimer;
    private bool _probing;
    private bool _asked;

    /// <summary>The primary's keeper says that its node is dead.</summary>
    /// <param name="instance">The node it watched.</param>
    /// <param name="session">The session in which that node counted this one as current, if it did.</param>
    /// <param name="current">Whether it did.</param>
    /// <param name="mirrored">Frames that it had mirrored in that session.</param>
    internal void OnDeathNotice(LinkInstance instance, LinkSession session, bool current, ulong mirrored)
    {
        if (_control is not { } control || control.Peer.Instance != instance || control.Peer.Session != session)
        {
            Log.Info("a keeper tells of the death of a primary that this node is not paired with");
            return;
        }

        if (current)
            _expectedFrames = mirrored;
        if (Raise(current ? SecondaryEvent.NoticeCurrent : SecondaryEvent.NoticeOutdated, current
                ? "the primary's process died (told by its keeper)"
                : "the primary died after it had gone on alone, or before the first sync was complete") == SecondaryAction.Restart)
            _node.Events.Error("the primary died while this node was not current; it cannot take over");
    }

    /// <summary>The operator's word. Refused while the primary is alive, unless forced: then the primary is asked for the guest.</summary>
    /// <returns>Null when it is begun (<see cref="NodeContext.Takeovers"/> tells of its end), or why not.</returns>
    internal string? Failover(bool force)
    {
        if (_phase == SecondaryPhase.Syncing)
            return "this node is still syncing: it does not have the whole guest and can never take over from here";
        if (State != SecondaryState.Protected)
            return "this node has no guest to take over";
        if (_control is { IsOpen: true } control && !IsSilent)
        {
            if (Raise(force ? SecondaryEvent.OperatorForcesAlive : SecondaryEvent.OperatorTakesAlive) != SecondaryAction.RequestHandover)
                return "the primary is alive; a planned switchover is asked for there (colo failover on the primary), or --force here";
            return control.TrySend((ushort)ControlMessage.HandoverRequest, [], [])
                ? null
                : "the primary is alive, and the link to it so far behind that it cannot be asked now; try again, or colo failover on the primary";
        }

        var what = force ? SecondaryEvent.OperatorForces
            : _node.Permission is null ? SecondaryEvent.OperatorTakes
            : SecondaryEvent.OperatorTakesThird;
        return Raise(what, force ? "the operator forced it" : "the operator asked for it; the primary is gone") == SecondaryAction.TakeOver || _phase is SecondaryPhase.Entrusted or SecondaryPhase.TakingOver
            ? null
            : "the primary is silent, and this node has no permission to take over (colo status says why). If the other host is down for certain: colo failover --force";
    }

    /// <summary>The operator's stop, asked of this node.</summary>
    internal bool RequestStop() => _control is { IsOpen: true } control && control.TrySend((ushort)ControlMessage.StopRequest, [], []);

    /// <summary>SIGTERM. One that may be the node that goes on finds that out first; everybody else leaves now.</summary>
    /// <returns>Whether the node ends now; otherwise it does when this role has ended, or is a primary's.</returns>
    internal bool Terminate() => Raise(SecondaryEvent.Terminated) == SecondaryAction.LeaveInOrder;

    /// <summary>The node ends, for whatever reason: what comes from now on leads to no takeover any more.</summary>
    internal void End() => _phase = SecondaryPhase.Over;

    /// <summary>Leaves in order: the primary goes on without a pause.</summary>
    private void Leave()
    {
        _control?.TrySend((ushort)ControlMessage.Leave, [], []);
        _control?.Flush();
    }

    /// <summary>The process of the primary that this node follows, or followed last; null before the first pairing.</summary>
    internal LinkInstance? PrimaryInstance => _control?.Peer.Instance;

    private bool IsSilent => _heartbeat is null || MonotonicClock.Now >= _heartbeat.Beats.LostAtNs;

    /// <summary>How long the primary cannot have gone alone for want of echoes.</summary>
    private long WindowEndNs => _heartbeat is not { } heart
        ? 0
        : Lease.WindowEnd(heart.Beats.LastEchoedSendTimeNs, heart.Beats.PeerStatus.State * 1000L, _node.Settings.TimeoutNs, _node.Settings.MarginNs);

    /// <summary>Takes the transition that the table has for an event, and does what it says.</summary>
    /// <param name="what">The event.</param>
    /// <param name="reason">For logs and the operator.</param>
    /// <returns>What was done; the caller may have the rest of it to do.</returns>
    private SecondaryAction Raise(SecondaryEvent what, string reason = "")
    {
        if (_phase is SecondaryPhase.Asking or SecondaryPhase.Claiming)
        {
            var known = _node.Permission is { MayTakeEffect: true } ? SecondaryEvent.ClaimSent : SecondaryEvent.ClaimVoid;
            _phase = SecondaryProtection.Table[_phase, known].Next;
        }

        var transition = SecondaryProtection.Table[_phase, what];
        _phase = transition.Next;
        switch (transition.Action)
        {
            case SecondaryAction.BecomeProtected:
                _node.Keeper?.SetFlags(KeeperPage.NodeFlags.None);
                _node.StateChanged("protected", "protected: can take over");
                break;
            case SecondaryAction.Call:
                Call(reason);
                break;
            case SecondaryAction.AskPeer:
                CallAgain();
                break;
            case SecondaryAction.AskPeerLater:
                _silenceTimer.SetAfter(CallAgainAfter);
                break;
            case SecondaryAction.TellSilence:
                TellSilence();
                break;
            case SecondaryAction.TellHeard:
                _node.Events.Info("the primary is heard again");
                _node.Tell("protected", "the primary is heard again", null);
                break;
            case SecondaryAction.AskThird:
                AskPermission();
                break;
            case SecondaryAction.FinishLoading:
                if (!IsLoading)
                    Raise(SecondaryEvent.Loaded, reason);
                break;
            case SecondaryAction.TakeOver:
                BeginTakeover(reason);
                break;
            case SecondaryAction.Speak:
                Speak();
                break;
            case SecondaryAction.Restart:
                Restart(reason);
                break;
            case SecondaryAction.AcceptDismissal:
                _node.Events.Warning("the primary has dismissed this node: it is no longer current, and begins anew");
                _control!.TrySend((ushort)ControlMessage.DismissAcknowledged, [], []);
                _control.Flush();
                Restart(reason);
                break;
            case SecondaryAction.LeaveAndEnd:
                Leave();
                _node.Exit(1, orderly: true);
                break;
            case SecondaryAction.LeaveInOrder:
                Leave();
                _node.Exit(0, orderly: true);
                break;
        }

        return transition.Action;
    }

    private void OnLinkLost(LinkClosedReason reason, string text)
    {
        // A first checkpoint that is whole is loaded first: then it is told (OnLoaded).
        if (reason == LinkClosedReason.Goodbye)
            Raise(SecondaryEvent.Goodbye, $"the link to the primary ended: {text}");
        else if (_phase != SecondaryPhase.Syncing || !(_loading || _applying))
            Raise(SecondaryEvent.LinkLost, $"the link to the primary ended: {text}");
    }

    private void Call(string reason)
    {
        if (_probing)
            return;
        _probing = true;
        var window = WindowEndNs;
        Log.Info($"{reason}; calling it");
        _node.Probe(_control!.Peer.Instance, verdict =>
        {
            _probing = false;
            switch (verdict)
            {
                case PeerVerdict.Dead when MonotonicClock.Now < window:
                    Raise(SecondaryEvent.CallDeadInWindow, "the primary's process is gone");
                    break;
                case PeerVerdict.Alive:
                    Raise(SecondaryEvent.CallAlive, "the link was cut and the primary lives");
                    break;
                case PeerVerdict.Dead:
                    Log.Info("the primary's process is gone, but it may have gone on alone before: this node cannot know that it is current");
                    Raise(SecondaryEvent.CallDeadLate);
                    break;
                default:
                    Log.Info("the primary does not answer");
                    Raise(SecondaryEvent.CallUnanswered);
                    break;
            }

            if (SecondaryProtection.HasGuest(_phase))
                _silenceTimer.SetAt(Math.Max(MonotonicClock.Now, _heartbeat?.Beats.LostAtNs ?? 0));
        });
    }

    /// <summary>Nothing was heard of the primary for the timeout, and perhaps not for long.</summary>
    private void OnSilence()
    {
        if (!SecondaryProtection.HasGuest(_phase))
            return;
        if (!IsSilent)
        {
            // The deadline was set before the beats that have come since: as long as they come, the primary has its lease.
            if (_phase == SecondaryPhase.Silent && _packets is { IsOpen: true })
                Raise(SecondaryEvent.HeardAgain);
            else if (_phase is SecondaryPhase.Severed or SecondaryPhase.Silent)
                Call("the link to the primary ended, and it is still heard");
            return;
        }

        if (_node.Permission is not null)
            Raise(SecondaryEvent.SilenceThird);
        else if (_node.Settings.SilenceTakeover)
            Raise(SecondaryEvent.SilenceTakeover, "the primary is silent, and [failover] silence = takeover");
        else
            Raise(SecondaryEvent.Silence);
    }

    private void TellSilence()
    {
        CallAgain();
        _node.Events.Error(
            "THE PRIMARY IS SILENT. A cut cable looks the same as a dead host, so this node stays silent too. " +
            "If the other host is down for certain: colo failover here");
        _node.Tell("silent", "the primary is silent", Attentions.PrimarySilent());
    }

    /// <summary>Somebody else is asked who goes on: whatever the answer is, this pairing ends with it.</summary>
    private void AskPermission()
    {
        _asked = true;
        CallAgain();
        // An echo sent from here on would open the primary's window again.
        _heartbeat?.Dispose();
        _node.Events.Warning("THE PRIMARY IS SILENT; this node asks for permission to take the guest over");
        _node.Tell("silent", "the primary is silent", Attentions.PrimarySilentAsked());
        _node.Permission!.Ask(
            "the primary is silent",
            may =>
            {
                if (may)
                    Raise(SecondaryEvent.PermissionGiven, "the primary is silent, and permission to take over was given");
                else
                    Raise(SecondaryEvent.PermissionDenied, "the primary is silent, and has gone on alone: it was given permission first");
            },
            why =>
            {
                _node.TellNoPermission("THE PRIMARY IS SILENT, and there is no permission to take over", "This node stays silent", why);
                _node.TerminateAgain();
            });
    }

    /// <summary>
    /// Asks again and again, while there is no connection. A primary's process that answers has gone on alone, or will. Its node that
    /// was started anew says by its record whether it did: if it has yielded, with the data that this node holds, then nobody spoke
    /// without this one, and nobody will.
    /// </summary>
    private void CallAgain()
    {
        if (_probing || _control is not { } control || (Connected && _phase == SecondaryPhase.Silent))
            return;
        _probing = true;
        _node.Ask(result =>
        {
            _probing = false;
            if (!SecondaryProtection.HasGuest(_phase))
                return;
            var known = result.Peer?.Instance == control.Peer.Instance;
            switch (result.Report)
            {
                // What it says of itself when it asks a third who goes on, or has yielded to this node, is neither of these two.
                case { Role: "primary", State: "unprotected" or "syncing" }:
                    Raise(SecondaryEvent.PeerWentAlone, known ? "the primary is heard again and has gone on alone" : "the primary's node was started again and speaks as the guest");
                    break;
                case { Role: "primary" } when known:
                    Raise(SecondaryEvent.PeerAlive, "the primary is heard again and goes on alone");
                    break;
                case { Role: "secondary", Data: { State: DataState.Copy } theirs } when !known && theirs.Identity != Guid.Empty && theirs.Identity == _node.History.Data.Data:
                    Raise(SecondaryEvent.PeerYielded, "the primary's node was started again, and its record says that it never went on without this one");
                    break;
                default:
                    Raise(SecondaryEvent.PeerUnknown);
                    break;
            }
        });
    }

    private void OnToken(ReadOnlySpan<byte> body)
    {
        if (_node.Arbiter is not { } arbiter)
            return;
        var token = new Arbiter.ArbiterOwner(BitConverter.ToUInt64(body), body[8] == 0 ? Configuration.NodeId.A : Configuration.NodeId.B);
        arbiter.Expect(token, _control!.Peer.Instance.ToString(), BitConverter.ToUInt64(body[9..]));
        _node.CompareArbiters();
    }

    private void Restart(string reason)
    {
        // A primary that hears it goes on at once instead of waiting for the failover timeout.
        Leave();
        _node.RestartSecondary(this, reason);
    }
}
