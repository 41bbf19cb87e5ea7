using Colo.Configuration;
using Colo.Link;
using Colo.Linux;
using Colo.Machine;
using Colo.Monitor;
using Colo.Protection;
using Colo.Proxy;

namespace Colo.Node;

/// <content>
/// The secondary comes, is protected against, is lost, or takes the guest over. What follows from what is decided by
/// <see cref="PrimaryProtection"/> alone: here events are raised, and actions carried out.
/// </content>
internal sealed partial class PrimaryRole
{
    private readonly LoopTimer _dismissTimer;
    private string _dismissReason = "";
    private Action<bool>? _switched;
    private bool _endsProtected;

    /// <summary>From the guest's stop for a planned switchover to the answer that the other node speaks; null while there is none.</summary>
    internal long? SwitchoverNs { get; private set; }

    /// <summary>A secondary has opened all channels and fits: the first sync begins.</summary>
    internal void Attach(PrimarySession session)
    {
        if (_session is not null)
            Raise(PrimaryEvent.Replaced, "it has begun a new pairing, and given the one before up");
        if (_phase != PrimaryPhase.Alone)
        {
            // Its last word in the pairing before was still to be read. Not from within the session's own call.
            _node.Loop.Post(session.Dispose);
            return;
        }

        _session = session;
        _listenUntilNs = 0;
        _dismissReason = "";
        Raise(PrimaryEvent.Paired);
    }

    /// <summary>The first sync has little left: the first checkpoint can be taken.</summary>
    internal void OnMemorySynced(PrimarySession session)
    {
        if (session != _session)
            return;
        session.MemorySynced = true;
        RequestCheckpoint(CheckpointReason.Sync);
    }

    /// <summary>A message of the secondary on the Control channel.</summary>
    internal void OnControl(PrimarySession session, ControlMessage type, ReadOnlySpan<byte> body)
    {
        if (session != _session)
            return;
        switch (type)
        {
            case ControlMessage.CheckpointReceived when body.Length == 8:
                OnCheckpointReceived(BitConverter.ToUInt64(body));
                break;
            case ControlMessage.CheckpointLoaded when body.Length == 16:
                OnCheckpointLoaded(BitConverter.ToUInt64(body), BitConverter.ToInt64(body[8..]));
                break;
            case ControlMessage.VmEnded when body.Length == 1 && _vm.Machine.HasEnded && _settings.OnCrash == CrashPolicy.Keep:
                // Both stand still: a checkpoint would only make it end there again.
                break;
            case ControlMessage.VmEnded when body.Length == 1:
                Log.Info($"the secondary's VM stopped by itself ({(MachineEvent)body[0]}); a checkpoint brings it back");
                RequestCheckpoint(CheckpointReason.Divergence);
                break;
            case ControlMessage.GuestEndedAcknowledged:
                _endKnown = _endsProtected;
                // The lease is not renewed while the guest ends, and may have run out; the secondary never speaks from here on.
                if (_phase == PrimaryPhase.Ending)
                    _voice.Alone();
                Raise(PrimaryEvent.EndSettled);
                break;
            case ControlMessage.Leave:
                Raise(PrimaryEvent.GivenUp, "it left in order");
                break;
            case ControlMessage.DismissAcknowledged:
                Raise(PrimaryEvent.GivenUp, _dismissReason);
                break;
            case ControlMessage.HandoverTaken:
                Raise(PrimaryEvent.TakenOver);
                break;
            case ControlMessage.HandoverRequest:
                if (!TrySwitchover(_node.OnSwitchedOver))
                    _node.Events.Warning(_switched is null
                        ? "the secondary's operator asks for the guest; declined: this node does not count the secondary as one that can take it over now"
                        : "the secondary's operator asks for the guest; it is being handed over already");
                break;
            case ControlMessage.DiskHashes or ControlMessage.DisksReady or ControlMessage.DisksDurable:
                _disks.OnControl(session, type, body);
                break;
            case ControlMessage.StopRequest:
                StopGuest(insist: true);
                break;
            default:
                session.Fail($"unexpected message {(ushort)type} of {body.Length} bytes");
                break;
        }
    }

    /// <summary>A frame of the SVM.</summary>
    internal void OnOutput(ulong epoch, int nic, SecondaryFrameFlags flags, ulong index, ReadOnlySpan<byte> frame) =>
        _nics[nic].Comparer.FromSecondary(epoch, index, flags, frame, MonotonicClock.Now);

    /// <summary>The connections ended. That may be the secondary's death, or only the link's.</summary>
    internal void OnSessionClosed(PrimarySession session, string reason)
    {
        if (session == _session)
            Raise(PrimaryEvent.LinkLost, reason);
    }

    /// <summary>The secondary's keeper says that its node is dead.</summary>
    internal void OnDeathNotice(LinkInstance instance)
    {
        if (_session is not { } session || session.Peer.Instance != instance)
            return;
        // Its last word may be that it speaks as the guest.
        session.DrainControl();
        if (session == _session)
            RaiseDied(session, "its process died (told by its keeper)");
    }

    /// <summary>A secondary does not fit. The operator sees it until one is taken; told once, however often that one comes again.</summary>
    internal void TellRefused(System.Net.IPEndPoint address, string reason)
    {
        var attention = Attentions.Refused(address.Address.ToString(), reason);
        if (State == PrimaryState.Unprotected && _node.Attention?.What != attention.What)
            _node.Tell("refused", $"the secondary at {address} was refused: {reason}", attention);
    }

    /// <summary>Whether a node that wants to be the secondary is welcome.</summary>
    /// <returns>Null, or why not.</returns>
    internal string? JudgePairing(LinkInstance instance)
    {
        if (!_disksReady)
            return "its disks are still being brought to the state of the takeover";
        var known = _session?.Peer.Instance == instance;
        if (_phase is PrimaryPhase.Yielded or PrimaryPhase.Ending or PrimaryPhase.Ended || (_phase == PrimaryPhase.HandedOver && !known))
            return "the guest is being handed over or has ended";
        // One that was handed the guest and wants to pair has not read the message, and will not any more.
        if (known || _session is not { } session || PrimaryProtection.IsSyncing(_phase))
            return null;
        if (session.Connected && MonotonicClock.Now - session.LastHeardNs < _settings.TimeoutNs)
            return "this node has a current secondary";
        return IsLateThird(session) ? "it is not decided yet whether this node goes on: the secondary before may have been permitted to take over" : null;
    }

    /// <summary>
    /// Whether the lease has run out and a third decides: the secondary may have been permitted to speak, whatever became of it. (A
    /// secondary that was told no token, or one that this node has spent, gets no permission from the arbiter.)
    /// </summary>
    private bool IsLateThird(PrimarySession session) =>
        (_node.Arbiter is { } arbiter ? arbiter.Token is not null : _node.Permission is not null) && MonotonicClock.Now >= Lease.LostAt(session.LastEchoedSendNs, _settings.TimeoutNs);

    private void RaiseDied(PrimarySession session, string reason) =>
        Raise(IsLateThird(session) ? PrimaryEvent.DiedLateThird : PrimaryEvent.Died, reason);

    /// <summary>While a third is asked, a secondary that is not heard cannot be given the guest.</summary>
    private bool CanSwitch => PrimaryProtection.Table[_phase, PrimaryEvent.SwitchoverAsked].Action == PrimaryAction.TakePlanned &&
        (_phase != PrimaryPhase.Asking || _voice.MaySpeak);

    /// <summary>Whether the guest is being given to the other node, or is its already: who wants this node to end waits for that.</summary>
    internal bool IsSwitching => _phase is PrimaryPhase.HandedOver or PrimaryPhase.Yielded || (_switched is not null && CanSwitch);

    /// <summary>Planned switchover: the secondary becomes the primary.</summary>
    /// <param name="done">Called with true when the secondary speaks as the guest, with false when the guest stayed here.</param>
    /// <returns>False if there is no protected secondary.</returns>
    internal bool TrySwitchover(Action<bool> done)
    {
        if (_switched is not null || !CanSwitch || Raise(PrimaryEvent.SwitchoverAsked) != PrimaryAction.TakePlanned)
            return false;
        _switched = done;
        RequestCheckpoint(CheckpointReason.Planned);
        return true;
    }

    /// <summary>On a primary whose secondary does not answer: the operator says that it is gone.</summary>
    /// <param name="force">Also while somebody else is asked for permission.</param>
    /// <returns>False: it has a secondary, or none that could be given up.</returns>
    internal bool GoAlone(bool force) =>
        Raise(force ? PrimaryEvent.OperatorAloneForced : PrimaryEvent.OperatorAlone, "the operator said so") == PrimaryAction.GoAlone;

    /// <summary>Takes the transition that the table has for an event, and does what it says.</summary>
    /// <param name="what">The event.</param>
    /// <param name="reason">For logs and the operator.</param>
    /// <returns>What was done; the caller may have the rest of it to do.</returns>
    private PrimaryAction Raise(PrimaryEvent what, string reason = "")
    {
        // Before it goes on alone, for whatever reason: the secondary may have said that it speaks, while this process stood still or
        // in this very round. (Its own word that it gives up comes after all else that it said.)
        if (what != PrimaryEvent.GivenUp && PrimaryProtection.Table[_phase, what].Next == PrimaryPhase.Alone &&
            (_phase == PrimaryPhase.HandedOver || PrimaryProtection.MayBeSucceeded(_phase)))
            _session?.DrainControl();
        var from = _phase;
        var transition = PrimaryProtection.Table[from, what];
        _phase = transition.Next;
        switch (transition.Action)
        {
            case PrimaryAction.BeginSync:
                BeginSync();
                break;
            case PrimaryAction.BecomeProtected:
                BecomeProtected();
                break;
            case PrimaryAction.BecomeCurrent:
                BecomeCurrent();
                break;
            case PrimaryAction.GoAlone:
                GoOnAlone(from, reason);
                break;
            case PrimaryAction.Call:
                CallSecondary(reason);
                break;
            case PrimaryAction.AskPeer:
                AskPeer(reason);
                break;
            case PrimaryAction.AskThird:
                AskPermission(reason);
                break;
            case PrimaryAction.Rearm:
                Rearm();
                break;
            case PrimaryAction.Withdraw:
                Withdraw();
                break;
            case PrimaryAction.Yield:
                Yield(from);
                break;
            case PrimaryAction.Dismiss:
                Dismiss(reason);
                break;
            case PrimaryAction.FailSession:
                _session?.Fail(reason);
                break;
            case PrimaryAction.HandOver:
                HandOver();
                break;
            case PrimaryAction.TellEnd:
                _endsProtected = !PrimaryProtection.IsSyncing(from);
                TellEnd(_session!);
                break;
            case PrimaryAction.End:
                if (from == PrimaryPhase.Ending && what is not (PrimaryEvent.EndSettled or PrimaryEvent.SilentThird or PrimaryEvent.SilentFence))
                    LoseSessionAtEnd();
                FinishEnd(what == PrimaryEvent.EndSettled ? reason : "");
                break;
        }

        return transition.Action;
    }

    private void BeginSync()
    {
        _node.StateChanged("syncing", "a secondary is there; its first sync begins", Attentions.Syncing());
        _session!.Start(this);
        WatchSilenceAt(MonotonicClock.Now + (_settings.Heartbeat.Ticks * 100));
    }

    private void BecomeProtected()
    {
        _node.PeerIsCurrent();
        OnEcho();
        _node.StateChanged("protected", "protected");
        RenewToken();
        // It stood still while the first checkpoint was on its way.
        if (_listenUntilNs != 0)
            Raise(PrimaryEvent.StoodStill);
    }

    /// <summary>The acknowledgement of the first checkpoint has come after all, while it is made sure that the secondary is off.</summary>
    private void BecomeCurrent()
    {
        // Known on disk before what rests on it leaves.
        _node.PeerIsCurrent();
        _node.StateChanged("protected", "protected, and the secondary is silent", Attentions.SecondarySilent());
        OnEcho();
    }

    /// <summary>The secondary is dead for certain, or can never take over, or this node may go on without it.</summary>
    private void GoOnAlone(PrimaryPhase from, string reason)
    {
        var session = _session!;
        // First of all the keeper: whatever happens from here, nobody may take this guest over.
        _node.Keeper?.SetFlags(KeeperPage.NodeFlags.Speaks);
        _session = null;
        _unansweredTold = false;
        _node.Permission?.Cancel();
        _disks.Detach();
        // Its checkpoint is taken and not acknowledged: the guest stands still for it.
        var stopped = _handover || from == PrimaryPhase.HandedOver;
        _dismissTimer.Cancel();
        _silenceTimer.Cancel();
        ResetCheckpoints();
        if (stopped)
        {
            // In the middle of a switchover: the guest is still here, stopped.
            _node.Events.Warning("the secondary was lost before it had taken the guest over; the guest goes on here");
            _vm.Machine.Resume();
            _vm.Thaw();
            _vm.Release();
        }

        // Known on disk before the world sees anything that the secondary has not shared.
        _node.Alone();
        _voice.Alone();
        foreach (var nic in _nics)
        {
            nic.Comparer.SetProtected(false);
            nic.OpenGate();
        }

        _bytesBefore = _figures.BytesSent;
        foreach (var nic in _vm.Nics)
            nic.ResumeReceive();
        _node.StateChanged("unprotected", $"the secondary is lost: {reason}; the guest goes on unprotected", Attentions.SecondaryLost(reason));
        // Joins the sender's thread; after everything that the guest waits for.
        session.Dispose();
        _vm.Machine.Dirty.Disable();
        var switched = _switched;
        _switched = null;
        switched?.Invoke(false);
    }

    /// <summary>The guest has ended, and the secondary is lost before it has said that it knows: the last output leaves all the same.</summary>
    private void LoseSessionAtEnd()
    {
        _node.Keeper?.SetFlags(KeeperPage.NodeFlags.Speaks);
        var session = _session;
        _session = null;
        _disks.Detach();
        ResetCheckpoints();
        _node.Alone();
        _voice.Alone();
        session?.Dispose();
    }

    /// <summary>The secondary's disks fail or hold the guest up: the guest goes on, and the secondary is dismissed.</summary>
    private void OnDisksFailed(string reason)
    {
        // One that takes over ends its disks' connections: after a handover only its slowness counts.
        if (_phase == PrimaryPhase.HandedOver || PrimaryProtection.Table[_phase, PrimaryEvent.SecondaryFails].Action == PrimaryAction.None)
            return;
        _node.Events.Error($"{reason}; the secondary is dismissed");
        Raise(PrimaryEvent.SecondaryFails, reason);
    }

    private void Dismiss(string reason)
    {
        _dismissReason = reason;
        _session!.SendControl(ControlMessage.Dismiss, []);
        _dismissTimer.SetAfter(_settings.Timeout);
    }

    /// <summary>The message that lets the other node speak, sent after the last frame; from here on this node is silent.</summary>
    private void HandOver()
    {
        _handover = false;
        _unansweredTold = false;
        _node.StateEntered();
        // With the message a question to the arbiter is void; if it takes effect all the same, only the token is spent.
        _node.Permission?.Cancel();
        foreach (var nic in _nics)
            nic.OpenGate();
        // What has arrived for the guest meanwhile, and what it had not taken, is the secondary's to give to it.
        foreach (var nic in _vm.Nics)
            nic.DrainTo(frame => _session!.SendFrame(_epoch, nic.Index, frame));
        // From here on nothing leaves: the message that lets the other node speak is sent after the last frame. The keeper
        // goes on watching: if this node dies before the message is read, the other one takes over all the same.
        _voice.Silent();
        Checkpoint.FaultPoints.Reach("primary-before-handover");
        _session!.SendControl(ControlMessage.Handover, BitConverter.GetBytes(_epoch));
        Checkpoint.FaultPoints.Reach("primary-after-handover");
        _node.Events.Info("the guest is handed over");
    }

    /// <summary>The other node speaks as the guest: as it was told to, or while this node was away.</summary>
    private void Yield(PrimaryPhase from)
    {
        if (from == PrimaryPhase.HandedOver)
        {
            SwitchoverNs = MonotonicClock.Now - _pauseStartNs;
        }
        else
        {
            _node.Events.Error("the other node has taken the guest over while this one did not answer; this one is silent, and begins anew as secondary");
            _voice.Silent();
            _node.Keeper?.SetFlags(KeeperPage.NodeFlags.None);
            _vm.RequestStop(static () => { });
            _switched ??= _node.OnSwitchedOver;
        }

        ResetCheckpoints();
        _vm.Given = true;
        _node.Permission?.Cancel();
        _disks.Detach();
        _node.Outdated();
        _vm.Release();
        _node.StateChanged("handed-over", "the other node speaks as the guest");
        var done = _switched;
        _switched = null;
        done?.Invoke(true);
    }
}
