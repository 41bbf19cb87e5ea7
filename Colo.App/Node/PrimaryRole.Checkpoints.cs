using Colo.Checkpoint;
using Colo.Linux;
using Colo.Monitor;
using Colo.Protection;
using Colo.Proxy;
using Colo.State;

namespace Colo.Node;

/// <content>
/// When checkpoints are taken, and the steps of one: idle → stopping (the vCPUs come to rest) → sent (the PVM runs on,
/// the secondary receives) → loading (acknowledged, the SVM is being set to it) → idle.
/// </content>
internal sealed partial class PrimaryRole
{
    private readonly StateWriter _state = new(256 * 1024);
    private readonly LoopTimer _scheduleTimer;
    private readonly LoopTimer _intervalTimer;
    private readonly LoopTimer _slowTimer;
    private Step _step;
    private CheckpointReason? _wanted;
    private CheckpointReason _reason;
    private ulong _epoch;
    private long _earliestNs;
    private long _pauseStartNs;
    private long _pauseNs;
    private long _pages;
    private bool _handover;

    // A guest that starts anew has all that it had in memory changed: as long as it takes to boot, that may be sent beside it.
    private static readonly TimeSpan RefillLimit = TimeSpan.FromSeconds(30);
    private PrimarySession? _refilling;
    private long _refillEndsNs;

    private enum Step
    {
        Idle,
        Stopping,
        Sent,
        Loading,
    }

    private void RequestCheckpoint(CheckpointReason reason)
    {
        if (_session is not { MemorySynced: true })
            return;
        // A planned one outranks what is waiting: it is also what that asked for.
        if (_wanted is null || reason == CheckpointReason.Planned)
            _wanted = reason;
        Schedule();
    }

    /// <summary>The guest has started anew. What that has changed is sent before the checkpoint, not in its pause.</summary>
    private void OnRestarted()
    {
        if (_session is { MemorySynced: true, Sender: { } sender } session)
        {
            _refilling = session;
            _refillEndsNs = MonotonicClock.Now + (RefillLimit.Ticks * 100);
            sender.StreamNow(() => _node.Loop.Post(() =>
            {
                if (_refilling != session)
                    return;
                _refilling = null;
                Schedule();
            }));
        }

        RequestCheckpoint(CheckpointReason.Divergence);
    }

    private void Schedule()
    {
        if (_step != Step.Idle || _wanted is not { } reason || IsEnding || IsGiven || _disks.Broken || _vm.Resetting)
            return;
        var now = MonotonicClock.Now;
        if (_refilling is not null && now < _refillEndsNs)
        {
            _scheduleTimer.SetAt(_refillEndsNs);
            return;
        }

        _refilling = null;
        if (now < _earliestNs && reason is not (CheckpointReason.Planned or CheckpointReason.Sync))
        {
            _scheduleTimer.SetAt(_earliestNs);
            return;
        }

        _step = Step.Stopping;
        _reason = reason;
        _wanted = null;
        _pauseStartNs = now;
        _slowTimer.SetAfter(_settings.Slow);
        _vm.RequestStop(OnStopped);
    }

    /// <summary>The guest is the other node's, or will be: here it stands still for good, unless it is taken back.</summary>
    private bool IsGiven => _phase is PrimaryPhase.HandedOver or PrimaryPhase.Yielded;

    private void OnStopped()
    {
        if (IsGiven)
        {
            // Asked for before that was known. To let it run on would be to write to images that are a copy by now.
            if (_step == Step.Stopping)
                _step = Step.Idle;
            return;
        }

        var session = _session;
        if (session is not { Sender: not null, MemorySynced: true } || _step != Step.Stopping || _disks.Broken)
        {
            // The secondary was lost on the way, or given up; another one may be there already, which has not even the memory.
            _step = Step.Idle;
            _vm.Machine.Resume();
            return;
        }

        FaultPoints.Reach("primary-stopped");
        _vm.Freeze();
        _epoch++;
        _disks.Epoch = _epoch;
        var now = MonotonicClock.Now;
        foreach (var nic in _nics)
        {
            // From the first checkpoint's stop on output waits.
            nic.Comparer.SetProtected(true);
            nic.Comparer.CheckpointTaken(_epoch, now);
        }

        _state.Clear();
        _disks.WriteMarks(_state);
        _vm.Save(_state);
        HeldOutput.Write(_state, _nics);
        if (_phase == PrimaryPhase.Syncing)
        {
            // From here on everything waits for this checkpoint: a secondary that has it whole may take over from it, even
            // if this node dies before it hears of that.
            _node.Keeper?.SetSession(session.Token);
            _node.Keeper?.SetFlags(KeeperPage.NodeFlags.Speaks | KeeperPage.NodeFlags.Protected);
            Raise(PrimaryEvent.FirstSent);
        }

        var (remainder, streamed) = session.Sender.Capture(_epoch, _state.Written);
        _pages = remainder + streamed;
        session.Mirroring = true;
        MemoryProbe.Report("primary", _epoch, _vm.Memory);
        _handover = _reason == CheckpointReason.Planned;
        if (_handover)
        {
            // Nobody else may let it run again.
            _vm.Reserve();
        }
        else
        {
            _vm.Machine.Resume();
            _vm.Thaw();
        }

        _pauseNs = MonotonicClock.Now - _pauseStartNs;
        _step = Step.Sent;
        FaultPoints.Reach("primary-captured");
        if (_handover)
            FaultPoints.Reach("primary-captured-for-handover");
    }

    private void OnCheckpointReceived(ulong epoch)
    {
        if (_step != Step.Sent || epoch != _epoch)
        {
            if (_phase != PrimaryPhase.Yielded)
                _session?.Fail($"acknowledgement of epoch {epoch} where {_epoch} is under way");
            return;
        }

        FaultPoints.Reach("primary-acknowledged");
        _step = Step.Loading;
        var now = MonotonicClock.Now;
        _figures.BytesSent = _bytesBefore + _session!.Sender!.BytesSent;
        _figures.Add(_reason, _pauseNs, now - _pauseStartNs, _pages);
        // The lease before the release: after a freeze just here the secondary may have taken over already.
        Raise(PrimaryEvent.FirstReceived);
        foreach (var nic in _nics)
        {
            nic.Comparer.CheckpointCommitted(epoch, now);
            nic.OweCommitted();
        }

        ConfirmCommitted();
        FaultPoints.Reach("primary-released");
        if (_handover)
            Raise(PrimaryEvent.PlannedReceived);
    }

    /// <summary>Tells the secondary that what waited for the checkpoint of this epoch has left: it need not send that any more.</summary>
    private void ConfirmCommitted()
    {
        // While one is on its way the epoch is that one's already, and its output waits.
        if (_step == Step.Sent || _session is not { Mirroring: true } session)
            return;
        for (var i = 0; i < _nics.Length; i++)
        {
            if (_nics[i].TakeCommitted())
                session.SendConfirmed(_epoch, i, 0);
        }
    }

    private void OnCheckpointLoaded(ulong epoch, long loadNs)
    {
        if (_step != Step.Loading || epoch != _epoch)
        {
            if (_phase != PrimaryPhase.Yielded)
                _session?.Fail($"epoch {epoch} loaded where {_epoch} is under way");
            return;
        }

        FaultPoints.Reach("primary-loaded");
        _step = Step.Idle;
        _slowTimer.Cancel();
        // Never more than half of the time in checkpoints: as long as this one held the two VMs up, the next one waits.
        // What the other side says is no reason to put the next one off for longer than it may take at all.
        var cost = Math.Max(_pauseNs + Math.Clamp(loadNs, 0, _settings.Slow.Ticks * 100), _settings.Minimum.Ticks * 100);
        _earliestNs = MonotonicClock.Now + cost;
        _intervalTimer.SetAfter(_settings.Interval);
        Schedule();
    }

    private void ResetCheckpoints()
    {
        // A stop under way ends in OnStopped, which finds no session and lets the machine run on.
        if (_step != Step.Stopping)
            _step = Step.Idle;
        _wanted = null;
        _refilling = null;
        _handover = false;
        _earliestNs = 0;
        _scheduleTimer.Cancel();
        _intervalTimer.Cancel();
        _slowTimer.Cancel();
    }

    private void OnSlow()
    {
        // Also after a handover: nobody speaks until it has loaded what it was given, or has given it back.
        if (_step == Step.Idle)
            return;
        if (_step == Step.Stopping && _vm.Resetting)
        {
            // It waits for this node's own guest.
            _slowTimer.SetAfter(_settings.Slow);
            return;
        }

        _node.Events.Warning($"the secondary is further behind than {_settings.Slow.TotalSeconds:0.#} s with this checkpoint; it is dismissed ([failover] slow)");
        Raise(PrimaryEvent.SecondaryFails, "too slow");
    }
}
