using Colo.Link;
using Colo.Linux;
using Colo.Monitor;
using Colo.Protection;

namespace Colo.Node;

/// <content>What a primary learns from echoes and from their absence: its lease, and whom it asks when that has run out.</content>
internal sealed partial class PrimaryRole
{
    private readonly LoopTimer _silenceTimer;
    private long _silenceDueNs;
    private long _listenUntilNs;
    private long _muteSinceNs;
    private bool _unansweredTold;

    /// <summary>Whether permission to go on without the secondary is asked for and not given yet.</summary>
    internal bool Asking => _phase is PrimaryPhase.Asking or PrimaryPhase.OfferedAsking;

    /// <summary>Which of three events it is, by who decides on silence.</summary>
    private PrimaryEvent OnSilence(PrimaryEvent nobody, PrimaryEvent arbiter, PrimaryEvent fence) =>
        _node.Permission is null ? nobody : _node.Arbiter is not null ? arbiter : fence;

    /// <summary>An echo of a heartbeat has come: this node may speak for a while longer.</summary>
    internal void OnEcho()
    {
        if (_session is not { } session)
            return;
        if (_phase == PrimaryPhase.OfferedAsking && Lease.SpeaksUntil(session.LastEchoedSendNs, _settings.TimeoutNs, _settings.MarginNs) > MonotonicClock.Now)
            HearUnasked();
        if (State != PrimaryState.Protected)
            return;
        _voice.Until(Lease.SpeaksUntil(session.LastEchoedSendNs, _settings.TimeoutNs, _settings.MarginNs));
        // Only a beat of late says that the other one still follows; an echo may have lain in the socket while this node slept.
        if (_listenUntilNs != 0 && Lease.LostAt(session.LastEchoedSendNs, _settings.TimeoutNs) > MonotonicClock.Now)
        {
            _listenUntilNs = 0;
            Raise(PrimaryEvent.HeardOfLate);
        }

        if (_phase == PrimaryPhase.Asking && _voice.MaySpeak)
            HearUnasked();

        foreach (var nic in _nics)
        {
            nic.OpenGate();
            nic.Comparer.SetRoundTrip(session.RoundTripNs);
        }
    }

    /// <summary>
    /// While a third is asked the secondary is heard, early enough to speak on: if nothing was asked yet (the third cannot be
    /// reached), or it is known that nothing of it can take effect, the pair needs nobody to decide. The other one cannot have asked,
    /// either: who asks echoes no more, and it asks no earlier than the timeout after the beat that it has echoed.
    /// </summary>
    private void HearUnasked()
    {
        if (_dismissReason.Length > 0 || _node.Permission is not { MayTakeEffect: false })
            return;
        // Known to speak again: what was mute until now does not count any more.
        _ = IsMute(MonotonicClock.Now);
        Raise(PrimaryEvent.HeardUnasked);
    }

    /// <summary>What the heartbeats say of this node: how old the newest echoed one is, so that the secondary knows the window.</summary>
    internal HeartbeatStatus BeatStatus(PrimarySession session)
    {
        var ageUs = Math.Clamp((MonotonicClock.Now - session.LastEchoedSendNs + 999) / 1000, 0, uint.MaxValue);
        return new HeartbeatStatus(_epoch, (uint)ageUs, session == _session && State == PrimaryState.Protected ? 1u : 0u);
    }

    /// <summary>Calls the secondary: whether its process is gone.</summary>
    private void CallSecondary(string reason)
    {
        if (_session is not { } session)
            return;
        // After a handover it is called for as long as it does not answer: told once.
        if (!_unansweredTold)
            _node.Events.Info($"connection to the secondary: {reason}; calling it");
        _node.Probe(session.Peer.Instance, verdict =>
        {
            if (session != _session)
                return;
            switch (verdict)
            {
                case PeerVerdict.Dead:
                    RaiseDied(session, "its process is gone");
                    break;
                case PeerVerdict.Alive:
                    Raise(PrimaryEvent.CallAlive, reason);
                    break;
                case PeerVerdict.Unknown when _phase == PrimaryPhase.HandedOver:
                    TellUnanswered();
                    Raise(PrimaryEvent.CallUnanswered);
                    break;
                default:
                    Log.Info("the secondary's process may live; waiting for it until the failover timeout");
                    Raise(PrimaryEvent.CallUnanswered);
                    break;
            }
        });
    }

    /// <summary>Asks the secondary's node whether it is the primary now. If so this one is outdated, whatever it had heard before.</summary>
    private void AskPeer(string reason)
    {
        if (_session is not { } session)
            return;
        _node.Ask(result =>
        {
            if (session != _session)
                return;
            if (result.Report?.Role == "primary")
            {
                Raise(PrimaryEvent.PeerLeads);
                return;
            }

            // After a handover that does not say that it has not read the message; when it has not, it begins a new pairing,
            // and that does.
            if (Raise(PrimaryEvent.PeerDoesNotLead, reason) == PrimaryAction.None && !_unansweredTold)
                Log.Info("the secondary's process lives, and is not the primary as far as it says; waiting for it until the failover timeout");
        });
    }

    private void OnDismissUnanswered()
    {
        // This timer may come before the one that finds that this process stood still: then it listens first.
        CheckSilence();
        Raise(OnSilence(PrimaryEvent.DismissUnanswered, PrimaryEvent.DismissUnansweredThird, PrimaryEvent.DismissUnansweredFence), _dismissReason);
    }

    /// <summary>
    /// Draws the conclusion when the lease has run out: no echo for the timeout. But if it was this process that stood still, the
    /// secondary may have taken over meanwhile: then it first listens for as long again, silent, because its lease has run out.
    /// </summary>
    private void CheckSilence()
    {
        if (_session is not { } session)
            return;
        var now = MonotonicClock.Now;
        if (now - _silenceDueNs > 2 * _settings.Heartbeat.Ticks * 100)
        {
            _node.Events.Warning($"this process stood still for {(now - _silenceDueNs) / 1_000_000} ms; it listens before it speaks");
            _listenUntilNs = now + _settings.TimeoutNs;
            Raise(PrimaryEvent.StoodStill);
        }

        if (now >= Lease.LostAt(session.LastEchoedSendNs, _settings.TimeoutNs))
        {
            // It may be this node that was away: what the other one has said meanwhile counts first. (After SIGCONT the
            // loop's wait ends with EINTR, and timers come before the sockets.)
            session.DrainControl();
            if (session != _session || _phase == PrimaryPhase.Yielded)
                return;
        }

        if (_disks.Overdue(now, _settings.TimeoutNs, _settings.Slow.Ticks * 100) is { } overdue)
        {
            _disks.GiveUp();
            OnDisksFailed(overdue);
            if (session != _session)
                return;
        }

        var mute = IsMute(now);
        var lost = Lease.LostAt(session.LastEchoedSendNs, _settings.TimeoutNs);
        var next = now + (_settings.Heartbeat.Ticks * 100);
        if ((now >= lost || mute) && (now >= _listenUntilNs || _phase == PrimaryPhase.HandedOver))
        {
            if (_phase == PrimaryPhase.HandedOver)
                TellUnanswered();
            Raise(
                OnSilence(PrimaryEvent.Silent, PrimaryEvent.SilentThird, PrimaryEvent.SilentFence),
                now >= lost
                    ? $"no sign of it for {(now - session.LastEchoedSendNs) / 1_000_000} ms"
                    : $"its answers have come too late to speak on for {(now - _muteSinceNs) / 1_000_000} ms");
            if (session == _session)
                WatchSilenceAt(_phase == PrimaryPhase.HandedOver ? now + _settings.TimeoutNs + 1_000_000_000 : next);
            return;
        }

        WatchSilenceAt(lost > now ? Math.Min(next, lost) : next);
    }

    /// <summary>
    /// After a handover nobody may speak until the other node does: that it has not answered for the timeout is told, once. The
    /// change of state that its answer brings takes it back.
    /// </summary>
    private void TellUnanswered()
    {
        if (_unansweredTold)
            return;
        _unansweredTold = true;
        _node.Events.Error(
            "THE GUEST WAS HANDED OVER, AND THE OTHER NODE DOES NOT ANSWER: it may have the guest, so this node stays silent and calls it. " +
            "If the other host is down for certain: colo failover here");
        _node.Tell("silent", "the guest was handed over, and the other node does not answer", Attentions.HandoverUnanswered());
    }

    /// <summary>
    /// Whether no echo has come soon enough to speak on, for the timeout: that is no better than none, and the secondary knows as
    /// little of this node then.
    /// </summary>
    private bool IsMute(long now)
    {
        if (State != PrimaryState.Protected || _voice.MaySpeak)
            _muteSinceNs = now;
        return now - _muteSinceNs >= _settings.TimeoutNs;
    }

    private void WatchSilenceAt(long ns)
    {
        _silenceDueNs = ns;
        _silenceTimer.SetAt(ns);
    }

    /// <summary>Tells the arbiter of this protection, and the secondary what the arbiter knows.</summary>
    private void RenewToken()
    {
        if (_node.Arbiter is not { } arbiter || _session is not { } session)
            return;
        arbiter.Renew(
            session.Peer.Instance.ToString(),
            token =>
            {
                if (session != _session || State != PrimaryState.Protected)
                    return;
                Span<byte> body = stackalloc byte[17];
                BitConverter.TryWriteBytes(body, token.Generation);
                body[8] = (byte)(token.Owner == Configuration.NodeId.A ? 0 : 1);
                BitConverter.TryWriteBytes(body[9..], arbiter.EtcdCluster);
                session.SendControl(ControlMessage.ArbiterToken, body);
                if (!Asking)
                    _node.Attention = null;
            },
            why =>
            {
                if (session == _session && !Asking)
                    _node.Attention = Attentions.NoToken(why);
            });
    }

    /// <summary>
    /// The secondary is silent, or does not say that it is dismissed: somebody else is asked who goes on. Until that is known this
    /// node speaks only within its lease, as before.
    /// </summary>
    private void AskPermission(string reason)
    {
        var session = _session!;
        _node.Events.Warning($"the secondary is silent ({reason}): this node is, too, until it has permission to go on alone");
        _node.Tell("silent", $"the secondary is silent: {reason}", Attentions.SecondarySilent());
        _node.Permission!.Ask(
            reason,
            may =>
            {
                if (session != _session)
                    return;
                if (!may)
                    Raise(PrimaryEvent.PermissionDenied);
                else if (_dismissReason.Length > 0 || IsMute(MonotonicClock.Now) || MonotonicClock.Now >= Lease.LostAt(session.LastEchoedSendNs, _settings.TimeoutNs))
                    Raise(PrimaryEvent.PermissionGiven, $"{reason}; permission to go on alone was given");
                else
                    Raise(PrimaryEvent.PermissionSpent);
            },
            why =>
            {
                if (session == _session && Asking)
                    _node.TellNoPermission("THE SECONDARY IS SILENT, and there is no permission to go on alone", "This node is silent, too", why);
            });
    }

    /// <summary>A short silence has ended before anything was asked: the token is as it was.</summary>
    private void Withdraw()
    {
        _node.Permission!.Withdraw();
        _node.Events.Info("the secondary is heard again; nobody is asked any more who goes on");
        _node.Tell(_node.StateName, "the secondary is heard again", null);
        // An answer that came in this very moment has spent it.
        if (_node.Arbiter is { Token: null, Renewing: false })
            RenewToken();
    }

    /// <summary>A short silence has ended before anything was decided on it, and the token is spent.</summary>
    private void Rearm()
    {
        _node.Events.Info("the secondary is heard again");
        _node.Tell("protected", "the secondary is heard again", null);
        RenewToken();
    }
}
