using Colo.Configuration;
using Colo.Link;
using Colo.Linux;
using Colo.Machine;
using Colo.Monitor;
using Colo.Protection;
using Colo.Proxy;

namespace Colo.Node;

/// <content>The secondary comes, is protected against, is lost, or takes the guest over as planned.</content>
internal sealed partial class PrimaryRole
{
    private readonly LoopTimer _dismissTimer;
    private readonly LoopTimer _silenceTimer;
    private long _silenceDueNs;
    private long _listenUntilNs;
    private string _dismissReason = "";
    private Action<bool>? _switched;
    private bool _taken;

    /// <summary>A secondary has opened all channels and fits: the first sync begins.</summary>
    internal void Attach(PrimarySession session)
    {
        if (_session is not null)
            SecondaryLost("it has begun a new pairing, and given the one before up");
        _session = session;
        _listenUntilNs = 0;
        _dismissReason = "";
        _state_ = PrimaryState.Syncing;
        _node.StateChanged("syncing", "a secondary is there; its first sync begins", Attentions.Syncing());
        session.Start(this);
        WatchSilenceAt(MonotonicClock.Now + (_settings.Heartbeat.Ticks * 100));
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
            case ControlMessage.GuestEndedAcknowledged when _ended:
                _endAcknowledged = _state_ == PrimaryState.Protected;
                FinishEnd(null);
                break;
            case ControlMessage.Leave:
                SecondaryLost("it left in order");
                break;
            case ControlMessage.DismissAcknowledged:
                SecondaryLost(_dismissReason);
                break;
            case ControlMessage.HandoverTaken when !_ended:
                OnTakenOver();
                break;
            case ControlMessage.HandoverRequest:
                if (!TrySwitchover(_node.OnSwitchedOver))
                    Log.Warning("the secondary's operator asks for the guest; not protected yet");
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

    /// <summary>An echo of a heartbeat has come: this node may speak for a while longer.</summary>
    internal void OnEcho()
    {
        if (_state_ != PrimaryState.Protected || _session is not { } session)
            return;
        _voice.Until(session.LastEchoedSendNs + _settings.TimeoutNs - _settings.MarginNs);
        // Only a beat of late says that the other one still follows; an echo may have lain in the socket while this node slept.
        if (session.LastEchoedSendNs + _settings.TimeoutNs > MonotonicClock.Now)
            _listenUntilNs = 0;
        foreach (var nic in _nics)
        {
            nic.OpenGate();
            nic.Comparer.SetRoundTrip(session.RoundTripNs);
        }
    }

    /// <summary>The secondary's node is dead for certain, or can never take over: goes on alone at once.</summary>
    internal void SecondaryLost(string reason)
    {
        if (_session is not { } session || _taken)
            return;
        // First of all the keeper: whatever happens from here, nobody may take this guest over.
        _node.Keeper?.SetFlags(KeeperPage.NodeFlags.Speaks);
        _session = null;
        StopAsking();
        _disks.Detach();
        var was = _state_;
        // Its checkpoint is taken and not acknowledged: the guest stands still for it.
        var stopped = _handover || was == PrimaryState.Stopped;
        _dismissTimer.Cancel();
        _silenceTimer.Cancel();
        ResetCheckpoints();
        if (was == PrimaryState.Stopped && _ended)
        {
            session.Dispose();
            FinishEnd(null);
            return;
        }

        if (stopped)
        {
            // In the middle of a switchover: the guest is still here, stopped.
            Log.Warning("the secondary was lost before it had taken the guest over; the guest goes on here");
            _vm.Machine.Resume();
            _vm.Thaw();
            _vm.Release();
        }

        _state_ = PrimaryState.Unprotected;
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
        if (_ended)
            FinishEnd(null);
    }

    /// <summary>What the heartbeats say of this node: how old the newest echoed one is, so that the secondary knows the window.</summary>
    internal HeartbeatStatus BeatStatus(PrimarySession session)
    {
        var ageUs = Math.Clamp((MonotonicClock.Now - session.LastEchoedSendNs) / 1000, 0, uint.MaxValue);
        return new HeartbeatStatus(_epoch, (uint)ageUs, session == _session && _state_ == PrimaryState.Protected ? 1u : 0u);
    }

    /// <summary>The connections ended. That may be the secondary's death, or only the link's.</summary>
    internal void OnSessionClosed(PrimarySession session, string reason)
    {
        if (session != _session || _taken)
            return;
        // A secondary that does not have everything never takes over. Any other may have, unless it said that it leaves.
        if (_state_ == PrimaryState.Syncing)
        {
            SecondaryLost(reason);
            return;
        }

        Log.Info($"connection to the secondary: {reason}; calling it");
        AskWhetherTaken(session);
    }

    /// <summary>Calls the secondary: whether its process is gone, and after a handover whether it is the primary now.</summary>
    private void AskWhetherTaken(PrimarySession session) => _node.Probe(session.Peer.Instance, verdict =>
    {
        if (session != _session || _taken)
            return;
        if (verdict == PeerVerdict.Dead)
            SecondaryLost("its process is gone");
        else if (verdict == PeerVerdict.Alive)
            AskWhetherPrimary(session, () =>
            {
                // It lives and is not the primary. After a handover that does not say that it has not read the message; when it
                // has not, it begins a new pairing, and that does. Otherwise it begins one too, or the timeout decides.
                Log.Info("the secondary's process lives; waiting for it until the failover timeout");
            });
        else
            Log.Info("the secondary's process may live; waiting for it until the failover timeout");
    });

    /// <summary>
    /// Asks the secondary's node whether it is the primary now. If so this one is outdated, whatever it had heard before.
    /// </summary>
    private void AskWhetherPrimary(PrimarySession session, Action not) => _node.AskWhetherPrimary(primary =>
    {
        if (session != _session || _taken || _ended)
            return;
        if (primary)
            OnTakenOver();
        else
            not();
    });

    /// <summary>Whether a node that wants to be the secondary is welcome.</summary>
    /// <returns>Null, or why not.</returns>
    internal string? JudgePairing(LinkInstance instance)
    {
        if (!_disksReady)
            return "its disks are still being brought to the state of the takeover";
        var known = _session?.Peer.Instance == instance;
        if (_state_ == PrimaryState.Stopped)
            // One that was handed the guest and wants to pair has not read the message, and will not any more.
            return HandedOver && known && !_taken ? null : "the guest is being handed over or has ended";
        return _state_ == PrimaryState.Protected && !known && _session is { Connected: true } session &&
               MonotonicClock.Now - session.LastHeardNs < _settings.TimeoutNs
            ? "this node has a current secondary"
            : null;
    }

    /// <summary>The secondary's keeper says that its node is dead.</summary>
    internal void OnDeathNotice(LinkInstance instance)
    {
        if (_session is not { } session || session.Peer.Instance != instance)
            return;
        // Its last word may be that it speaks as the guest.
        session.DrainControl();
        SecondaryLost("its process died (told by its keeper)");
    }

    /// <summary>Planned switchover: the secondary becomes the primary.</summary>
    /// <param name="done">Called with true when the secondary speaks as the guest, with false when the guest stayed here.</param>
    /// <returns>False if there is no protected secondary.</returns>
    internal bool TrySwitchover(Action<bool> done)
    {
        if (_state_ != PrimaryState.Protected || _switched is not null || _ended || _asking)
            return false;
        _switched = done;
        RequestCheckpoint(CheckpointReason.Planned);
        return true;
    }

    /// <summary>On a primary whose secondary does not answer: the operator says that it is gone.</summary>
    /// <param name="force">Also while somebody else is asked for permission.</param>
    /// <returns>False: it has a secondary, or none that could be given up.</returns>
    internal bool GoAlone(bool force)
    {
        // One that syncs is a secondary that comes, not one that is lost.
        if (_session is null || _state_ == PrimaryState.Syncing || (_state_ == PrimaryState.Protected && !(_asking && force)))
            return false;
        SecondaryLost("the operator said so");
        return true;
    }

    private void BecomeProtected()
    {
        _state_ = PrimaryState.Protected;
        _node.PeerIsCurrent();
        OnEcho();
        _node.StateChanged("protected", "protected");
        RenewToken();
    }

    /// <summary>Tells the arbiter of this protection, and the secondary what the arbiter knows.</summary>
    private void RenewToken()
    {
        if (_node.Arbiter is not { } arbiter || _session is not { } session)
            return;
        arbiter.Renew(
            token =>
            {
                if (session != _session || _state_ != PrimaryState.Protected)
                    return;
                Span<byte> body = stackalloc byte[17];
                BitConverter.TryWriteBytes(body, token.Generation);
                body[8] = (byte)(token.Owner == Configuration.NodeId.A ? 0 : 1);
                BitConverter.TryWriteBytes(body[9..], arbiter.EtcdCluster);
                session.SendControl(ControlMessage.ArbiterToken, body);
                if (!_asking)
                    _node.Attention = null;
            },
            why =>
            {
                if (session == _session && !_asking)
                    _node.Attention = Attentions.NoToken(why);
            });
    }

    private bool _asking;

    /// <summary>Whether permission to go on without the secondary is asked for and not given yet.</summary>
    internal bool Asking => _asking;

    /// <summary>
    /// The secondary is silent, or does not say that it is dismissed: somebody else is asked who goes on. Until that is known this
    /// node speaks only within its lease, as before.
    /// </summary>
    private void AskPermission(PrimarySession session, IPermission permission, string reason)
    {
        if (_asking)
            return;
        _asking = true;
        Log.Warning($"the secondary is silent ({reason}): this node is, too, until it has permission to go on alone");
        _node.Tell("silent", reason, Attentions.SecondarySilent());
        permission.Ask(
            reason,
            may =>
            {
                _asking = false;
                if (session != _session || _taken)
                    return;
                if (!may)
                    OnTakenOver();
                else if (_dismissReason.Length > 0 || MonotonicClock.Now - session.LastEchoedSendNs >= _settings.TimeoutNs)
                    SecondaryLost($"{reason}; permission to go on alone was given");
                else
                    Rearm();
            },
            why => _node.TellNoPermission("THE SECONDARY IS SILENT, and there is no permission to go on alone", "This node is silent, too", why));
    }

    /// <summary>A short silence has ended before anything was decided on it, and the token is spent.</summary>
    private void Rearm()
    {
        Log.Info("the secondary is heard again");
        _node.Tell("protected", "the secondary is heard again", null);
        RenewToken();
    }

    private void StopAsking()
    {
        _asking = false;
        _node.Permission?.Cancel();
    }

    private void CompleteHandover()
    {
        _handover = false;
        _state_ = PrimaryState.Stopped;
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
        Log.Info($"the guest is handed over with checkpoint {_epoch}");
    }

    /// <summary>Whether the message is sent with which the other node speaks: until it is known not to, this one is silent for good.</summary>
    private bool HandedOver => _state_ == PrimaryState.Stopped && !_ended;

    /// <summary>The secondary says that it speaks as the guest: as it was told to, or while this node was frozen.</summary>
    private void OnTakenOver()
    {
        if (_state_ == PrimaryState.Stopped)
        {
            FinishSwitchover();
            return;
        }

        Log.Error("the other node has taken the guest over while this one did not answer; this one is silent, and begins anew as secondary");
        _state_ = PrimaryState.Stopped;
        _voice.Silent();
        _node.Keeper?.SetFlags(KeeperPage.NodeFlags.None);
        ResetCheckpoints();
        _vm.RequestStop(static () => { });
        _switched ??= _node.OnSwitchedOver;
        FinishSwitchover();
    }

    private void FinishSwitchover()
    {
        Log.Info("the other node speaks as the guest");
        _taken = true;
        _disks.Detach();
        _node.Outdated();
        _vm.Release();
        var done = _switched;
        _switched = null;
        done?.Invoke(true);
    }

    /// <summary>The secondary's disks fail or hold the guest up: the guest goes on, and the secondary is dismissed.</summary>
    private void OnDisksFailed(string reason)
    {
        if (_session is not { } session || HandedOver)
            return;
        Log.Error($"{reason}; the secondary is dismissed");
        if (_state_ == PrimaryState.Syncing)
            session.Fail(reason);
        else
            Dismiss(reason);
    }

    private void Dismiss(string reason)
    {
        if (_session is null)
            return;
        _dismissReason = reason;
        _session.SendControl(ControlMessage.Dismiss, []);
        _dismissTimer.SetAfter(_settings.Timeout);
    }

    /// <summary>
    /// Goes alone when the lease has run out: no echo for the timeout. With no arbiter that is the primary's right. But if it
    /// was this process that stood still, the secondary may have taken over meanwhile: then it first listens for as long again,
    /// silent, because its lease has run out.
    /// </summary>
    private void CheckSilence()
    {
        if (_session is not { } session)
            return;
        var now = MonotonicClock.Now;
        if (now - _silenceDueNs > 2 * _settings.Heartbeat.Ticks * 100)
        {
            Log.Warning($"this process stood still for {(now - _silenceDueNs) / 1_000_000} ms; it listens before it speaks");
            _listenUntilNs = now + _settings.TimeoutNs;
        }

        if (now - session.LastEchoedSendNs >= _settings.TimeoutNs)
        {
            // It may be this node that was away: what the other one has said meanwhile counts first. (After SIGCONT the
            // loop's wait ends with EINTR, and timers come before the sockets.)
            session.DrainControl();
            if (session != _session || _taken)
                return;
        }

        if (_disks.WaitingSinceNs is var since && since != long.MaxValue && now - since >= _settings.TimeoutNs)
        {
            _disks.GiveUp();
            OnDisksFailed($"the secondary's disks have not answered for {(now - since) / 1_000_000} ms");
            if (session != _session)
                return;
        }

        var silence = now - session.LastEchoedSendNs;
        if (silence >= _settings.TimeoutNs && HandedOver)
        {
            // Silence says nothing of whether it speaks; only it, its death or the operator does.
            Log.Warning("the guest was handed over and the other node does not answer: this one stays silent and calls it (if it is down for certain: colo failover here)");
            AskWhetherTaken(session);
            WatchSilenceAt(now + _settings.TimeoutNs + 1_000_000_000);
            return;
        }

        if (silence >= _settings.TimeoutNs && now >= _listenUntilNs)
        {
            var reason = $"no sign of it for {silence / 1_000_000} ms";
            if (_state_ == PrimaryState.Protected && _node.Permission is { } permission)
            {
                AskPermission(session, permission, reason);
                WatchSilenceAt(now + (_settings.Heartbeat.Ticks * 100));
                return;
            }

            // It was this process that stood still: the other one is asked before this one speaks.
            if (_listenUntilNs != 0)
                AskWhetherPrimary(session, () => SecondaryLost(reason));
            else
                SecondaryLost(reason);
            return;
        }

        var next = now + (_settings.Heartbeat.Ticks * 100);
        var lost = session.LastEchoedSendNs + _settings.TimeoutNs;
        WatchSilenceAt(lost > now ? Math.Min(next, lost) : next);
    }

    private void WatchSilenceAt(long ns)
    {
        _silenceDueNs = ns;
        _silenceTimer.SetAt(ns);
    }
}
