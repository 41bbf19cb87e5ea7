using Colo.Block.Replication;
using Colo.Link;
using Colo.Linux;
using Colo.Machine;
using Colo.Monitor;
using Colo.Protection;

namespace Colo.Node;

/// <content>
/// When this node may take the guest over, and how it does. The evidence that suffices (peers.md's rules): the primary's
/// own word (handover), its keeper's death notice for this very session, a closed link that a call back confirms inside
/// the window in which the primary cannot have gone alone, or the operator.
/// </content>
internal sealed partial class SecondaryRole
{
    private const int SettleMs = 20;
    private static readonly TimeSpan CallAgainAfter = TimeSpan.FromSeconds(2);

    private readonly LoopTimer _silenceTimer;
    private readonly LoopTimer _settleTimer;
    private (string Reason, bool Planned)? _deferred;
    private bool _silenceTold;
    private Takeover? _takeover;
    private ulong _expectedFrames;
    private long _settleUntilNs;

    private sealed record Takeover(string Reason, bool Planned, long StartedNs);

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

        if (!current || _state != SecondaryState.Protected)
        {
            Log.Error("the primary died while this node was not current; it cannot take over");
            Restart("the primary died before the first sync was complete");
            return;
        }

        _expectedFrames = mirrored;
        TakeOver("the primary's process died (told by its keeper)", planned: false);
    }

    /// <summary>The operator's word. Refused while the primary is alive, unless forced.</summary>
    /// <returns>Null, or why not.</returns>
    internal string? Failover(bool force)
    {
        if (_state != SecondaryState.Protected)
            return _state == SecondaryState.Syncing
                ? "this node is still syncing: it does not have the whole guest and can never take over from here"
                : "this node has no guest to take over";
        if (_control is { IsOpen: true } control && !IsSilent)
        {
            if (!force)
                return "the primary is alive; a planned switchover is asked for there (colo failover on the primary), or --force here";
            control.TrySend((ushort)ControlMessage.HandoverRequest, [], []);
            return null;
        }

        if (_node.Permission is not null && !force)
            return "the primary is silent, and this node has no permission to take over (colo status says why). If the other host is down for certain: colo failover --force";
        TakeOver(force ? "the operator forced it" : "the operator asked for it; the primary is gone", planned: false);
        return null;
    }

    /// <summary>The operator's stop, asked of this node.</summary>
    internal bool RequestStop() => _control is { IsOpen: true } control && control.TrySend((ushort)ControlMessage.StopRequest, [], []);

    /// <summary>Leaves in order: the primary goes on without a pause.</summary>
    internal void Leave()
    {
        _control?.TrySend((ushort)ControlMessage.Leave, [], []);
        _control?.Flush();
    }

    private bool IsSilent => _heartbeat is null || MonotonicClock.Now >= _heartbeat.Beats.LostAtNs;

    /// <summary>
    /// How long the primary cannot have gone alone: it may speak for the timeout after the sending of its newest echoed
    /// beat, and tells that beat's age in every beat. Of the way to here no more is known than the round trip.
    /// </summary>
    private long WindowEndNs =>
        _heartbeat is not { } heart
            ? 0
            : heart.Beats.LastHeardNs - (heart.Beats.PeerStatus.State * 1000L) - (2 * heart.Beats.SmoothedRttNs) +
              _node.Settings.TimeoutNs - _node.Settings.MarginNs;

    private void OnLinkLost(LinkClosedReason reason, string text)
    {
        if (_state != SecondaryState.Protected || reason == LinkClosedReason.Goodbye)
        {
            if (!(_loading || _applying) || reason == LinkClosedReason.Goodbye)
                Restart($"the link to the primary ended: {text}");
            return;
        }

        if (_takeover is not null || _probing)
            return;
        _probing = true;
        var window = WindowEndNs;
        Log.Info($"connection to the primary: {text}; calling it");
        _node.Probe(_control!.Peer.Instance, verdict =>
        {
            _probing = false;
            if (_state != SecondaryState.Protected || _takeover is not null)
                return;
            switch (verdict)
            {
                case PeerVerdict.Dead when MonotonicClock.Now < window:
                    TakeOver("the primary's process is gone", planned: false);
                    break;
                case PeerVerdict.Alive:
                    Restart("the link was cut and the primary lives");
                    break;
                default:
                    Log.Info(verdict == PeerVerdict.Dead
                        ? "the primary's process is gone, but it may have gone on alone before: this node cannot know that it is current"
                        : "the primary does not answer");
                    _silenceTimer.SetAt(Math.Max(MonotonicClock.Now, _heartbeat?.Beats.LostAtNs ?? 0));
                    break;
            }
        });
    }

    private bool _probing;

    private void OnSilence()
    {
        if (_state != SecondaryState.Protected || _takeover is not null)
            return;
        if (_node.Permission is { } permission)
        {
            AskPermission(permission);
            return;
        }

        if (_node.Settings.SilenceTakeover)
        {
            TakeOver("the primary is silent, and [failover] silence = takeover", planned: false);
            return;
        }

        if (!Connected)
            CallAgain();
        if (_silenceTold)
            return;
        _silenceTold = true;
        Log.Error(
            "THE PRIMARY IS SILENT. A cut cable looks the same as a dead host, so this node stays silent too. " +
            "If the other host is down for certain: colo failover");
        _node.Tell("silent", "the primary is silent", Attentions.PrimarySilent());
    }

    /// <summary>Somebody else is asked who goes on: whatever the answer is, this pairing ends with it.</summary>
    private void AskPermission(IPermission permission)
    {
        if (!Connected)
            CallAgain();
        if (_asking)
            return;
        _asking = true;
        // An echo sent from here on would open the primary's window again.
        _heartbeat?.Dispose();
        Log.Warning("THE PRIMARY IS SILENT; this node asks for permission to take the guest over");
        _node.Tell("silent", "the primary is silent", Attentions.PrimarySilentAsked());
        permission.Ask(
            "the primary is silent",
            may =>
            {
                if (_state != SecondaryState.Protected || _takeover is not null)
                    return;
                if (may)
                    TakeOver("the primary is silent, and permission to take over was given", planned: false);
                else
                    Restart("the primary is silent, and has gone on alone: it was given permission first");
            },
            why => _node.TellNoPermission("THE PRIMARY IS SILENT, and there is no permission to take over", "This node stays silent", why));
    }

    private bool _asking;

    private void OnToken(ReadOnlySpan<byte> body)
    {
        if (_node.Arbiter is not { } arbiter)
            return;
        var (generation, cluster) = (BitConverter.ToUInt64(body), BitConverter.ToUInt64(body[9..]));
        if (arbiter.EtcdCluster != 0 && arbiter.EtcdCluster != cluster)
        {
            arbiter.Token = null;
            Log.Error($"the two nodes ask different etcd clusters ({arbiter.EtcdCluster:x} here, {cluster:x} there): nobody could decide between them. Make [failover] arbiter alike");
            return;
        }

        arbiter.Token = new Arbiter.ArbiterOwner(generation, body[8] == 0 ? Configuration.NodeId.A : Configuration.NodeId.B);
    }

    /// <summary>
    /// Asks again and again. A primary that answers has gone on alone long since. Its node that was started anew says by its record
    /// whether it did: if it has yielded, with the data that this node holds, then nobody spoke without this one, and nobody will.
    /// </summary>
    private void CallAgain()
    {
        if (_probing || _control is not { } control)
            return;
        _probing = true;
        _node.Ask(result =>
        {
            _probing = false;
            if (_state != SecondaryState.Protected || _takeover is not null)
                return;
            if (result.Peer?.Instance == control.Peer.Instance)
                Restart("the primary is heard again and has gone on alone");
            else if (result.Report?.Role == "primary")
                Restart("the primary's node was started again and speaks as the guest");
            else if (result.Report is { Role: "secondary", Data: { State: DataState.Copy } theirs } && theirs.Identity != Guid.Empty && theirs.Identity == _node.History.Data.Data)
                TakeOver("the primary's node was started again, and its record says that it never went on without this one", planned: false);
            else
                _silenceTimer.SetAfter(CallAgainAfter);
        });
    }

    private void TakeOver(string reason, bool planned)
    {
        if (_state != SecondaryState.Protected || _takeover is not null)
            return;
        if (_loading || _applying)
        {
            // A checkpoint that is acknowledged is gone on from; it is loaded in a moment.
            _deferred ??= (reason, planned);
            return;
        }

        _takeover = new Takeover(reason, planned, MonotonicClock.Now);
        Checkpoint.FaultPoints.Reach("secondary-takeover");
        // An echo sent from here on would open the primary's window again.
        _heartbeat?.Dispose();
        _control?.DrainNow();
        // Also to a primary that was only frozen: it hears this before anything else, and stays silent.
        _control?.TrySend((ushort)ControlMessage.HandoverTaken, [], []);
        _control?.Flush();
        _settleUntilNs = MonotonicClock.Now + (SettleMs * 1_000_000L);
        FinishTakeover();
    }

    private void FinishTakeover()
    {
        if (_takeover is not { } takeover || _state != SecondaryState.Protected)
            return;
        // What the primary has mirrored before it died is on its way or in the socket.
        _packets?.DrainNow();
        if (_framesReceived < _expectedFrames && _packets is { IsOpen: true } && MonotonicClock.Now < _settleUntilNs)
        {
            _settleTimer.SetAfter(TimeSpan.FromMilliseconds(1));
            return;
        }

        // Decided and on the disk before anything is said.
        var disks = TakeDisks()!;
        disks.Decide(_epoch);
        Checkpoint.FaultPoints.Reach("secondary-before-speaking");
        _state = SecondaryState.Ended;
        foreach (var nic in _vm.Nics)
        {
            nic.DiscardArrived();
            nic.Rewriter.BecomeLive(MonotonicClock.Now);
        }

        _vm.Machine.Dirty.Disable();
        var primary = new PrimaryRole(_node, _vm, _epoch, disksReady: false);
        foreach (var nic in _vm.Nics)
            Announcement.Send(nic.Mac, nic.Addresses, nic.Backend.Send);
        var replayed = 0;
        foreach (var nic in _nics)
            replayed += nic.SendKept();
        primary.Adopt(Detach());
        _node.TookOver(this, primary, takeover.Reason, MonotonicClock.Now - takeover.StartedNs, replayed);
        if (_vmEnded is { } ended)
            primary.OnMachineEvent(ended, "before the takeover");
        // While the guest speaks already: what it has written since the checkpoint becomes the images' content.
        disks.BecomePrimary(primary.Disks, () =>
        {
            primary.OnDisksReady();
            disks.Dispose();
        });
        // Last, for it joins the receiver's thread.
        Dispose();
    }

    /// <summary>Gives the waiting input away: to the primary that this node becomes.</summary>
    private PendingInput Detach()
    {
        var input = _pending;
        _pending = new PendingInput(1024);
        return input;
    }

    private void Restart(string reason)
    {
        if (_state == SecondaryState.Ended)
            return;
        // A primary that hears it goes on at once instead of waiting for the failover timeout.
        Leave();
        _state = SecondaryState.Ended;
        _node.RestartSecondary(this, reason);
    }
}
