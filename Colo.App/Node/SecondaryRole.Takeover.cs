using Colo.Block.Replication;
using Colo.Linux;
using Colo.Machine;
using Colo.Monitor;
using Colo.Protection;

namespace Colo.Node;

/// <content>How this node takes the guest over once that is decided.</content>
internal sealed partial class SecondaryRole
{
    private const int SettleMs = 20;

    private readonly LoopTimer _settleTimer;
    private string? _deferred;
    private Takeover? _takeover;
    private ulong _expectedFrames;
    private long _settleUntilNs;

    private sealed record Takeover(string Reason, long StartedNs);

    /// <summary>Whether a checkpoint that is acknowledged is not wholly loaded yet: it is gone on from.</summary>
    private bool IsLoading => _loading || _applying;

    /// <summary>Whether it has said that it speaks from now on, or as soon as it can.</summary>
    internal bool TakesOver => _phase == SecondaryPhase.TakingOver;

    private void BeginTakeover(string reason)
    {
        if (_deferred is null)
            Announce();
        if (IsLoading)
        {
            // In a moment: the primary knows already.
            _deferred = reason;
            return;
        }

        _takeover = new Takeover(reason, MonotonicClock.Now);
        _settleUntilNs = MonotonicClock.Now + (SettleMs * 1_000_000L);
        FinishTakeover();
    }

    /// <summary>
    /// The first thing of all, also where a checkpoint has to be loaded before this node can speak: a primary that was only frozen may
    /// wake up meanwhile.
    /// </summary>
    private void Announce()
    {
        Checkpoint.FaultPoints.Reach("secondary-takeover");
        // An echo sent from here on would open the primary's window again.
        _heartbeat?.Dispose();
        _control?.DrainNow();
        // Also to a primary that was only frozen: it hears this before anything else, and stays silent.
        _control?.TrySend((ushort)ControlMessage.HandoverTaken, [], []);
        _control?.Flush();
    }

    private void FinishTakeover()
    {
        if (_takeover is null || _phase != SecondaryPhase.TakingOver)
            return;
        // What the primary has mirrored before it died is on its way or in the socket.
        _packets?.DrainNow();
        if (_framesReceived < _expectedFrames && _packets is { IsOpen: true } && MonotonicClock.Now < _settleUntilNs)
        {
            _settleTimer.SetAfter(TimeSpan.FromMilliseconds(1));
            return;
        }

        Raise(SecondaryEvent.Settled);
    }

    private void Speak()
    {
        var takeover = _takeover!;
        // Decided and on the disk before anything is said.
        var disks = TakeDisks()!;
        disks.Decide(_epoch);
        Checkpoint.FaultPoints.Reach("secondary-before-speaking");
        // The link may have lain still for the timeout, and the loading of a checkpoint have held this thread up.
        var stall = (uint)Math.Min((_node.Settings.Timeout + _node.Settings.Slow).TotalMilliseconds, 600_000);
        foreach (var nic in _vm.Nics)
        {
            nic.DiscardArrived();
            nic.Rewriter.BecomeLive(MonotonicClock.Now, stall);
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
        primary.TakeUpStop();
        if (_vmEnded is { } ended)
            primary.OnMachineEvent(ended, "before the takeover");
        // While the guest speaks already: what it has written since the checkpoint becomes the images' content.
        disks.BecomePrimary(primary.Disks.Connect, _node.TellDisks, () =>
        {
            primary.OnDisksReady();
            disks.Dispose();
        });
        // Late, for it joins the receiver's thread.
        Dispose();
        // The receiver wrote into the image.
        _vm.ReclaimImage();
    }

    /// <summary>Gives the waiting input away: to the primary that this node becomes.</summary>
    private PendingInput Detach()
    {
        var input = _pending;
        _pending = new PendingInput(1024);
        // What does not fit is lost as on a wire that is too slow.
        for (; _forwarded.TryPeek(out var epoch, out var kind, out var frame) && input.TryAdd(epoch, kind, frame); _forwarded.RemoveFirst())
        {
        }

        return input;
    }
}
