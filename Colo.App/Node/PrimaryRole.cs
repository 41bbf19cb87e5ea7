using Colo.Configuration;
using Colo.Linux;
using Colo.Machine;
using Colo.Monitor;
using Colo.Protection;
using Colo.Proxy;
using Colo.State;

namespace Colo.Node;

/// <summary>States of a primary (interface: States).</summary>
internal enum PrimaryState
{
    /// <summary>Runs alone.</summary>
    Unprotected,

    /// <summary>A secondary is there and does not have everything yet.</summary>
    Syncing,

    /// <summary>The secondary can take over at any moment.</summary>
    Protected,

    /// <summary>The guest has ended, or is the other node's.</summary>
    Stopped,
}

/// <summary>
/// The node that speaks as the guest. Alone it passes frames through; with a secondary it mirrors what comes in, holds
/// what goes out until both VMs have sent it or a checkpoint covers it, and takes those checkpoints. All on the loop's
/// thread, but for the sender's thread in the session.
/// </summary>
internal sealed partial class PrimaryRole : INicPath, IDisposable
{
    private readonly NodeContext _node;
    private readonly GuestVm _vm;
    private readonly NodeSettings _settings;
    private readonly PrimaryNic[] _nics;
    private readonly Voice _voice = new();
    private readonly CheckpointFigures _figures;
    private readonly PrimaryDisks _disks;
    private readonly LoopTimer _compareTimer;
    private readonly LoopTimer _endTimer;
    private readonly PowerDown _powerDown;
    private PrimarySession? _session;
    private PrimaryPhase _phase;
    private PendingInput? _adopted;
    private long _bytesBefore;
    private bool _endKnown;
    private bool _disksReady;
    private MachineEvent _endEvent;

    /// <summary>Takes over the guest's NICs and disks; <paramref name="vm"/> may run already.</summary>
    /// <param name="node">Its node.</param>
    /// <param name="vm">The guest.</param>
    /// <param name="epoch">The epoch it runs in.</param>
    /// <param name="disksReady">Whether the images are whole; otherwise <see cref="OnDisksReady"/> tells when they are.</param>
    internal PrimaryRole(NodeContext node, GuestVm vm, ulong epoch, bool disksReady)
    {
        _node = node;
        _vm = vm;
        _settings = node.Settings;
        _figures = node.Figures;
        _bytesBefore = _figures.BytesSent;
        _epoch = epoch;
        _disksReady = disksReady;
        _disks = new PrimaryDisks(node, vm, epoch, disksReady)
        {
            Failed = OnDisksFailed,
            Crowded = () => RequestCheckpoint(CheckpointReason.Queue),
        };
        _nics = [.. vm.Nics.Select(nic => new PrimaryNic(nic, _voice, RequestCheckpoint))];
        _scheduleTimer = node.Loop.AddTimer(Schedule);
        _intervalTimer = node.Loop.AddTimer(() => RequestCheckpoint(CheckpointReason.Interval));
        _slowTimer = node.Loop.AddTimer(OnSlow);
        _compareTimer = node.Loop.AddTimer(OnCompareTimer);
        _endTimer = node.Loop.AddTimer(() => Raise(PrimaryEvent.EndSettled, "the secondary did not answer"));
        _dismissTimer = node.Loop.AddTimer(OnDismissUnanswered);
        _powerDown = new PowerDown(vm, node.Events, node.Settings.StopTimeout, () => EndGuest(MachineEvent.PowerOff));
        _silenceTimer = node.Loop.AddTimer(CheckSilence);
        _voice.Alone();
        node.Loop.AddAfterRound(AfterRound);
        vm.SetPath(this);
    }

    internal PrimaryState State => _phase switch
    {
        PrimaryPhase.Alone => PrimaryState.Unprotected,
        var phase when PrimaryProtection.IsSyncing(phase) => PrimaryState.Syncing,
        var phase when PrimaryProtection.HasLease(phase) => PrimaryState.Protected,
        _ => PrimaryState.Stopped,
    };

    internal ulong Epoch => _epoch;

    internal PrimarySession? Session => _session;

    internal IReadOnlyList<PrimaryNic> Nics => _nics;

    internal PrimaryDisks Disks => _disks;

    /// <summary>After a takeover: the images are whole, and another secondary can be taken.</summary>
    internal void OnDisksReady() => _disksReady = true;

    /// <inheritdoc/>
    public bool FromGuest(GuestNic nic, Span<byte> frame)
    {
        var mine = _nics[nic.Index];
        if (!mine.CanTake)
        {
            mine.Refused = true;
            if (PrimaryProtection.MayBeSucceeded(_phase))
                RequestCheckpoint(CheckpointReason.Queue);
            return false;
        }

        var now = MonotonicClock.Now;
        var result = nic.Rewriter.FromGuest(frame, now);
        if (result.Action == RewriteAction.Withhold)
            return true;
        if (result.IsSyn && _session is { Mirroring: true } session)
            session.SendWireIsn(_epoch, nic.Index, in result);
        mine.Comparer.FromPrimary(frame, now);
        return true;
    }

    /// <inheritdoc/>
    public bool FromWire(GuestNic nic, ReadOnlySpan<byte> frame)
    {
        if (!nic.Device.Active || State == PrimaryState.Stopped)
            return true;
        return (_adopted is null || PumpAdopted()) && Take(nic, frame);
    }

    /// <inheritdoc/>
    public void ReceiveReady(GuestNic nic) => PumpAdopted();

    /// <summary>Input that a takeover has left: it comes before what the network brings.</summary>
    internal void Adopt(PendingInput input)
    {
        _adopted = input;
        PumpAdopted();
    }

    private bool Take(GuestNic nic, ReadOnlySpan<byte> frame)
    {
        var mirror = _session is { Mirroring: true } ? _session : null;
        if (mirror is not null && !mirror.CanSendFrame(frame.Length))
            return false;
        var now = MonotonicClock.Now;
        // Mirrored is what the PVM takes, in the order and the epoch in which it takes it.
        if (!nic.Deliver(frame, now))
            return false;
        _nics[nic.Index].Comparer.FromClient(frame, now);
        mirror?.SendFrame(_epoch, nic.Index, frame);
        return true;
    }

    /// <summary>The machine's guest has ended or stopped by itself.</summary>
    internal void OnMachineEvent(MachineEvent what, string text)
    {
        if (IsEnding)
            return;
        switch (what)
        {
            case MachineEvent.Reset or MachineEvent.TripleFault or MachineEvent.Panic:
                GuestCrash.Handle(
                    _settings.OnCrash, what, text, _vm, _node.Events,
                    end: () => EndGuest(what), keep: () => _node.TellKept(text), restarted: OnRestarted);
                break;
            case MachineEvent.PowerOff:
                _node.Events.Info($"guest powered off {text}");
                EndGuest(what);
                break;
            default:
                _node.Events.Error($"the machine failed: {text}");
                // A secondary has a guest that runs: it goes on there, told by the keeper, when this process is gone.
                _node.Exit(1, orderly: !PrimaryProtection.MayBeSucceeded(_phase));
                break;
        }
    }

    /// <summary>The operator's stop: the guest is told by its power button, and ended when it does not end itself in time.</summary>
    /// <param name="insist">Whether one that was told already is ended now.</param>
    internal void StopGuest(bool insist)
    {
        if (State != PrimaryState.Stopped && _powerDown.Request(insist))
            RequestCheckpoint(CheckpointReason.Divergence); // the other VM's button is pressed, too
    }

    /// <summary>After a takeover: goes on with a stop that the operator has asked of the node that was the primary.</summary>
    internal void TakeUpStop() => _powerDown.TakeUp();

    /// <summary>Ends the guest on both nodes at once: it has ended itself, or did not listen.</summary>
    internal void EndGuest(MachineEvent what)
    {
        if (IsEnding)
            return;
        _endEvent = what;
        Raise(PrimaryEvent.GuestEnded);
    }

    private bool IsEnding => _phase is PrimaryPhase.Ending or PrimaryPhase.Ended;

    private void TellEnd(PrimarySession session)
    {
        // What is held may leave when the secondary has said that it will never take over.
        if (_disks.Count == 0)
        {
            SendGuestEnded(session);
            return;
        }

        // The disks of both nodes are to end alike: what is under way is finished and sent before.
        _endTimer.SetAfter(_settings.Slow);
        _vm.StopAndQuiesce(() =>
        {
            if (_session == session)
                SendGuestEnded(session);
        });
    }

    private void SendGuestEnded(PrimarySession session)
    {
        var body = new StateWriter(256);
        body.U8((byte)_endEvent);
        _disks.WriteMarks(body);
        session.SendControl(ControlMessage.GuestEnded, body.Written);
        _endTimer.SetAfter(_disks.Count == 0 ? _settings.Timeout : _settings.Slow);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _node.Loop.RemoveAfterRound(AfterRound);
        foreach (var timer in new[] { _scheduleTimer, _intervalTimer, _slowTimer, _compareTimer, _endTimer, _dismissTimer, _silenceTimer })
            timer.Dispose();
        _powerDown.Dispose();
        _disks.Dispose();
        _session?.Dispose();
        _adopted?.Dispose();
        foreach (var nic in _nics)
            nic.Dispose();
    }

    private void FinishEnd(string warning)
    {
        // Within the lease also when it is not known whether the secondary has heard of the end: it may take over yet.
        var dropped = 0;
        foreach (var nic in _nics)
        {
            nic.Comparer.SetProtected(false);
            nic.OpenGate();
            dropped += nic.Waiting;
        }

        if (warning.Length > 0 && dropped == 0)
            _node.Events.Warning($"{warning}; the guest's last output is released all the same, for it has ended");
        else if (dropped > 0)
            _node.Events.Warning($"{(warning.Length > 0 ? warning : "the secondary is silent")}; {dropped} frames of the guest's last output are dropped, for the other node may speak");
        else if (_endKnown)
            _node.GuestEnded();
        _node.Exit(_endEvent == MachineEvent.Crash ? 1 : 0, orderly: true);
    }

    private void OnCompareTimer()
    {
        var now = MonotonicClock.Now;
        foreach (var nic in _nics)
        {
            if (nic.Comparer.NextDeadlineNs <= now)
                nic.Comparer.OnTimer(now);
        }
    }

    private bool PumpAdopted()
    {
        while (_adopted is { } input)
        {
            if (!input.TryPeek(out var epoch, out var kind, out var frame))
            {
                _adopted.Dispose();
                _adopted = null;
                return true;
            }

            var (type, nic) = ((PacketMessage)(kind & 0xFF), _vm.Nics[kind >> 8]);
            if (type == PacketMessage.WireIsn && epoch <= _epoch)
                WireIsn.Apply(nic.Rewriter, frame);
            else if (type == PacketMessage.Frame && !Take(nic, frame))
                return false;
            input.RemoveFirst();
        }

        return true;
    }

    /// <summary>Once a round of the loop: what frames have changed is told in one message rather than in one a frame.</summary>
    private void AfterRound()
    {
        var deadline = long.MaxValue;
        ConfirmCommitted();
        for (var i = 0; i < _nics.Length; i++)
        {
            var nic = _nics[i];
            if (_session is { Mirroring: true } session && _step is Step.Idle or Step.Stopping && nic.TakeConfirmed(out var index))
                session.SendConfirmed(_epoch, i, index);
            deadline = Math.Min(deadline, nic.Comparer.NextDeadlineNs);
            if (nic.Refused && nic.CanTake)
            {
                nic.Refused = false;
                _vm.Nics[i].ResumeTransmit();
            }
        }

        _compareTimer.SetAt(deadline);
        if (_session is { } s && s.TakeRoom())
        {
            foreach (var nic in _vm.Nics)
                nic.ResumeReceive();
        }

        if (_session is { } mirrored && PrimaryProtection.MayBeSucceeded(_phase))
            _node.Keeper?.SetMirrored(mirrored.MirroredSent);
    }
}
