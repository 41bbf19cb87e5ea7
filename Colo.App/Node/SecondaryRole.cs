using System.Buffers.Binary;
using Colo.Block.Replication;
using Colo.Checkpoint;
using Colo.Link;
using Colo.Linux;
using Colo.Machine;
using Colo.Monitor;
using Colo.Protection;
using Colo.Proxy;

namespace Colo.Node;

/// <summary>States of a secondary (interface: States).</summary>
internal enum SecondaryState
{
    /// <summary>No primary yet.</summary>
    Waiting,

    /// <summary>Receives the guest for the first time; can never take over.</summary>
    Syncing,

    /// <summary>Can take over.</summary>
    Protected,

    /// <summary>Has taken over, or its time is over.</summary>
    Ended,
}

/// <summary>
/// The node whose VM runs silently in parallel: it gets the primary's input, sends its output to be compared, and is set
/// to each checkpoint. One pairing long: when that ends without a takeover, the node begins anew with an empty VM. All on
/// the loop's thread, but for the receiver's.
/// </summary>
internal sealed partial class SecondaryRole : INicPath, ILinkHandler, IDisposable
{
    private const int PendingBytes = 64 << 20;
    private const string PlannedSwitchover = "planned switchover";

    private readonly NodeContext _node;
    private readonly GuestVm _vm;
    private readonly SecondaryNic[] _nics;
    private readonly PendingInput _forwarded = new(PendingBytes);
    private PendingInput _pending = new(PendingBytes);
    private readonly ImageCommit _commit;
    private readonly MachineDirtySource _dirty;
    private readonly PairDialer _dialer;
    private readonly byte[] _head = new byte[PacketHead.Size + 8];
    private LinkConnection? _control;
    private LinkConnection? _packets;
    private PairSession? _channels;
    private LinkCheckpointStream? _stream;
    private LinkHeartbeat? _heartbeat;
    private CheckpointReceiver? _receiver;
    private SecondaryDisks? _disks;
    private SecondaryPhase _phase;
    private ulong _epoch;
    private ulong _framesReceived;
    private ulong _acknowledged;
    private bool _loading;
    private bool _applying;
    private MachineEvent? _vmEnded;
    private string _lastAttempt = "";
    private bool _guestEndKnown;
    private Action? _onSettled;

    internal SecondaryRole(NodeContext node, GuestVm vm)
    {
        _node = node;
        _vm = vm;
        _nics = [.. vm.Nics.Select(nic => new SecondaryNic(nic))];
        _commit = new ImageCommit(vm.Memory);
        _dirty = new MachineDirtySource(vm.Machine.Dirty);
        _silenceTimer = node.Loop.AddTimer(OnSilence);
        _settleTimer = node.Loop.AddTimer(() => (_onSettled ?? FinishTakeover)());
        _dialer = new PairDialer(node.Loop, node.PeerAddress, node.Identity, node.LinkOptions, vm.Disks.Count(disk => disk.Replicated), OnPaired)
        {
            AttemptFailed = OnAttemptFailed,
        };
        // Of an earlier pairing.
        if (node.Arbiter is { } arbiter)
            arbiter.Forget();
        vm.SetPath(this);
    }

    internal SecondaryState State => _phase switch
    {
        SecondaryPhase.Waiting => SecondaryState.Waiting,
        SecondaryPhase.Syncing => SecondaryState.Syncing,
        SecondaryPhase.Over => SecondaryState.Ended,
        _ => SecondaryState.Protected,
    };

    internal ulong Epoch => _epoch;

    internal LinkHeartbeat? Heartbeat => _heartbeat;

    internal bool Connected => _control is { IsOpen: true };

    internal CheckpointReceiver? Receiver => _receiver;

    /// <summary>The disks, once the primary has taken this node.</summary>
    internal SecondaryDisks? Disks => _disks;

    /// <summary>Begins to look for the primary.</summary>
    internal void Start() => _dialer.Start();

    /// <inheritdoc/>
    public bool FromGuest(GuestNic nic, Span<byte> frame)
    {
        var mine = _nics[nic.Index];
        if (mine.Refused || _phase == SecondaryPhase.Over)
            return false;
        var result = nic.Rewriter.FromGuest(frame, MonotonicClock.Now);
        if (result.Action == RewriteAction.Withhold)
            return true;
        var flags = result.Action == RewriteAction.SendPending ? SecondaryFrameFlags.SequencePending : SecondaryFrameFlags.None;
        if (!mine.TryKeep(flags, frame, out var index))
            return false;
        PacketHead.Write(_head, _epoch, nic.Index, (byte)flags);
        BinaryPrimitives.WriteUInt64LittleEndian(_head.AsSpan(PacketHead.Size), index);
        // When it does not fit, the primary sees a gap in the numbers and takes a checkpoint.
        // To a dead primary nothing is sent: its host's reset would discard what it had still mirrored.
        if (!TakesOver)
            _ = _packets?.TrySend((ushort)PacketMessage.Output, _head, frame);
        return true;
    }

    /// <inheritdoc/>
    public bool FromWire(GuestNic nic, ReadOnlySpan<byte> frame) => true; // The primary's port has it; here it is a copy.

    /// <inheritdoc/>
    public void ReceiveReady(GuestNic nic) => PumpInput();

    /// <summary>The SVM has stopped by itself.</summary>
    internal void OnMachineEvent(MachineEvent what, string text)
    {
        if (_vmEnded is not null || _phase == SecondaryPhase.Over)
            return;
        _vmEnded = what;
        Log.Debug($"the secondary's VM stopped by itself: {what} {text}");
        _control?.TrySend((ushort)ControlMessage.VmEnded, [(byte)what], []);
    }

    /// <inheritdoc/>
    public void OnMessage(LinkConnection connection, ushort type, ReadOnlySpan<byte> body)
    {
        if (_phase == SecondaryPhase.Over)
            return;
        if (connection == _control)
            OnControl((ControlMessage)type, body);
        else
            OnPacket((PacketMessage)type, body);
    }

    /// <inheritdoc/>
    public void OnClosed(LinkConnection connection, LinkClosedReason reason, string text)
    {
        if (_phase != SecondaryPhase.Over && reason != LinkClosedReason.Local)
            OnLinkLost(reason, text);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_asked)
            _node.Permission?.Cancel();
        _phase = SecondaryPhase.Over;
        _silenceTimer.Dispose();
        _settleTimer.Dispose();
        _dialer.Dispose();
        CloseLinks("the secondary ends");
        TakeDisks()?.Dispose();
        foreach (var nic in _nics)
            nic.Dispose();
        _pending.Dispose();
        _forwarded.Dispose();
        _commit.Dispose();
    }

    /// <summary>Gives the disks away: what they hold may have to be finished after the links are closed.</summary>
    internal SecondaryDisks? TakeDisks()
    {
        var disks = _disks;
        _disks = null;
        return disks;
    }

    private void CloseLinks(string text)
    {
        _heartbeat?.Dispose();
        _control?.Close(LinkClosedReason.Local, text);
        _packets?.Close(LinkClosedReason.Local, text);
        _receiver?.Dispose();
        _receiver = null;
        _stream?.Dispose();
        _stream = null;
        _channels?.Dispose();
        _channels = null;
    }

    private void OnAttemptFailed(LinkDialResult result)
    {
        if (result.Text == _lastAttempt)
            return;
        _lastAttempt = result.Text;
        _node.Events.Info($"waiting for the primary: {result.Text}");
        _node.Attention = Attentions.NoPrimary(result.Text);
    }

    private void OnPaired(PairSession channels)
    {
        if (_phase == SecondaryPhase.Over)
        {
            // The node ends meanwhile: a primary that takes it would sync it for nothing.
            channels.Dispose();
            return;
        }

        _channels = channels;
        _control = channels.Control.Open(_node.Loop, this);
        _packets = channels.Packets.Open(_node.Loop, this);
        var beats = new Heartbeat(_node.Settings.Heartbeat, _node.Settings.Timeout, TimeSpan.FromTicks(_node.Settings.MarginNs / 100), MonotonicClock.Now);
        _heartbeat = new LinkHeartbeat(_node.Loop, _control, beats, () => new HeartbeatStatus(_epoch, 0, 0), OnSilence)
        {
            HeardAgain = () => Raise(SecondaryEvent.HeardAgain),
        };
        var writer = new State.StateWriter();
        _vm.Offer.Write(writer);
        var disks = _vm.Disks.Where(disk => disk.Replicated).ToArray();
        _node.History.Tell.Write(writer);
        var blank = 0;
        for (var i = 0; i < disks.Length; i++)
            blank |= disks[i].Blank ? 1 << i : 0;
        writer.U8((byte)blank);
        _control.TrySend((ushort)ControlMessage.PairRequest, writer.Written, []);
    }

    private void OnControl(ControlMessage type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case ControlMessage.PairAccept when _phase == SecondaryPhase.Waiting:
                BeginSync(body);
                break;
            case ControlMessage.DiskHashRequest when _disks is { } disks && _phase == SecondaryPhase.Syncing:
                disks.OnHashRequest(body, _control!);
                break;
            case ControlMessage.DisksSent when _disks is { } disks && _phase == SecondaryPhase.Syncing:
                var sent = new State.StateReader(body, "marks of the disks");
                disks.OnSent(CheckpointMarks.Read(ref sent, disks.Count), () => _control?.TrySend((ushort)ControlMessage.DisksReady, [], []));
                break;
            case ControlMessage.ArbiterToken when body.Length == 17 && body[8] <= 1:
                OnToken(body);
                break;
            case ControlMessage.PairRefuse:
                _node.Events.Error($"the primary refuses this node: {System.Text.Encoding.UTF8.GetString(body)}");
                _node.Exit(3, orderly: true);
                break;
            case ControlMessage.GuestEnded when body.Length > 1:
                OnGuestEnded(body);
                break;
            case ControlMessage.Handover when body.Length == 8 && State == SecondaryState.Protected && BinaryPrimitives.ReadUInt64LittleEndian(body) == _acknowledged:
                Raise(SecondaryEvent.Handover, PlannedSwitchover);
                break;
            case ControlMessage.Dismiss:
                Raise(SecondaryEvent.Dismissed, "dismissed by the primary");
                break;
            default:
                throw new FormatException($"unexpected message {(ushort)type} of {body.Length} bytes on the Control channel");
        }
    }

    private void OnGuestEnded(ReadOnlySpan<byte> body)
    {
        _node.Events.Info($"the guest has ended ({(MachineEvent)body[0]})");
        var reader = new State.StateReader(body[1..], "marks of the disks");
        var marks = CheckpointMarks.Read(ref reader, _disks?.Count ?? 0);
        var whole = SecondaryProtection.HasGuest(_phase);
        if (Raise(SecondaryEvent.GuestEnded) != SecondaryAction.AcknowledgeEnd)
            return;
        _node.Keeper?.SetFlags(Protection.KeeperPage.NodeFlags.Orderly);
        if (_disks is not { Count: > 0 } disks || !whole)
        {
            Acknowledge();
            return;
        }

        // A primary that dies just now sends no more of what it has promised.
        _settleTimer.SetAfter(_node.Settings.Slow);
        _onSettled = Acknowledge;
        // The SVM's own writes are dropped: nothing of it may be under way.
        _vm.StopAndQuiesce(() => disks.End(marks, Acknowledge));

        void Acknowledge()
        {
            if (_guestEndKnown)
                return;
            _guestEndKnown = true;
            _control?.TrySend((ushort)ControlMessage.GuestEndedAcknowledged, [], []);
            _control?.Flush();
            _node.Exit(0, orderly: true);
        }
    }

    private void BeginSync(ReadOnlySpan<byte> accept)
    {
        var reader = new State.StateReader(accept, "the primary's answer");
        var primary = DiskHistory.Read(ref reader).Node;
        var kind = reader.U8();
        reader.Finish();
        if (kind is not ((byte)SyncKind.Changed or (byte)SyncKind.Everything))
            throw reader.Bad($"kind of sync {kind}");
        Raise(SecondaryEvent.Accepted);
        _node.StateChanged("syncing", "receives the guest for the first time", Attentions.Receiving());
        try
        {
            _disks = new SecondaryDisks(_node, _vm, _channels!.Disks, primary, (SyncKind)kind, OnDisksFailed)
            {
                Durable = epoch =>
                {
                    Span<byte> body = stackalloc byte[8];
                    BinaryPrimitives.WriteUInt64LittleEndian(body, epoch);
                    _control?.TrySend((ushort)ControlMessage.DisksDurable, body, []);
                },
            };
        }
        catch (IOException e)
        {
            _node.Events.Error($"the disks cannot be replicated: {e.Message}");
            _node.Exit(1, orderly: true);
            return;
        }

        var stream = _channels!.Checkpoint.OpenBlocking();
        // Whether the primary still lives is for the heartbeats to tell: between two checkpoints nothing may come for long.
        stream.WaitLimit = TimeSpan.FromDays(1);
        _stream = new LinkCheckpointStream(stream);
        CheckpointReceiver receiver = null!;
        receiver = new CheckpointReceiver(
            _vm.Memory,
            _stream,
            checkpoint => _node.Loop.Post(() => OnComplete(receiver, checkpoint)),
            e => _node.Loop.Post(() => OnReceiverFailed(receiver, e)));
        _receiver = receiver;
        receiver.Start();
    }

    private void OnDisksFailed(string reason)
    {
        if (_phase == SecondaryPhase.Over || _takeover is not null)
            return;
        // The guest goes on at the primary. Trying again at once would end the same way.
        _node.Events.Error($"{reason}; this node cannot be the secondary until that is mended");
        Raise(SecondaryEvent.DisksFailed);
    }

    private void OnReceiverFailed(CheckpointReceiver receiver, Exception e)
    {
        // The end of the connection shows on the other channels too, with better evidence of what happened.
        if (receiver == _receiver && e is not LinkStreamException)
            Raise(SecondaryEvent.StreamBroken, e.Message);
    }

    private void OnComplete(CheckpointReceiver receiver, ReceivedCheckpoint checkpoint)
    {
        if (receiver != _receiver || _phase == SecondaryPhase.Over || _takeover is not null || _disks is not { } disks)
            return;
        long[] marks;
        try
        {
            var reader = new State.StateReader(checkpoint.State.Span, $"checkpoint {checkpoint.Epoch}");
            marks = CheckpointMarks.Read(ref reader, disks.Count);
        }
        catch (FormatException e)
        {
            Raise(SecondaryEvent.StreamBroken, e.Message);
            return;
        }

        // A checkpoint is whole only with what the disks' streams bring up to it.
        disks.WhenReceived(marks, () => OnWhole(receiver, checkpoint, marks));
    }

    private void OnWhole(CheckpointReceiver receiver, ReceivedCheckpoint checkpoint, long[] marks)
    {
        if (receiver != _receiver || _phase == SecondaryPhase.Over || _takeover is not null)
            return;
        FaultPoints.Reach("secondary-before-acknowledgement");
        _loading = true;
        _acknowledged = checkpoint.Epoch;
        // From here on there is no way back to an older state: only forward into this checkpoint.
        if (!checkpoint.First)
            Acknowledge(ControlMessage.CheckpointReceived, checkpoint.Epoch);
        FaultPoints.Reach("secondary-acknowledged");
        var started = MonotonicClock.Now;
        if (checkpoint.First)
            LoadCheckpoint(checkpoint, marks, started);
        else
            // Also its disks' requests: they read into the memory that is about to change.
            _vm.StopAndQuiesce(() => LoadCheckpoint(checkpoint, marks, started));
    }

    private void LoadCheckpoint(ReceivedCheckpoint checkpoint, long[] marks, long startedNs)
    {
        // The pairing has ended while the SVM came to rest: its successor begins anew.
        if (_phase == SecondaryPhase.Over || _receiver is not { } receiver || _disks is not { } disks)
            return;
        _vm.Freeze();
        try
        {
            if (checkpoint.First)
            {
                _vm.Machine.Dirty.Enable();
                _commit.DropEverything();
            }

            _commit.Apply(receiver.Staging, _dirty);
            FaultPoints.Reach("secondary-applied");
            var reader = new State.StateReader(checkpoint.State.Span, $"checkpoint {checkpoint.Epoch}");
            _ = CheckpointMarks.Read(ref reader, disks.Count);
            _vm.Load(ref reader);
            HeldOutput.Read(ref reader, _nics, checkpoint.Epoch);
            reader.Finish();
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or IOException)
        {
            _node.Events.Error($"checkpoint {checkpoint.Epoch} cannot be loaded: {e.Message}");
            // After its acknowledgement there is no older state to go back to, so this node is good for nothing.
            if (checkpoint.First)
                Raise(SecondaryEvent.StreamBroken, "the checkpoint cannot be loaded");
            else
                _node.Exit(1, orderly: false);
            return;
        }

        if (!checkpoint.First)
            _vm.FlushStalePages();
        MemoryProbe.Report("secondary", checkpoint.Epoch, _vm.Memory);
        _epoch = checkpoint.Epoch;
        _vmEnded = null;
        foreach (var nic in _nics)
            nic.Resume();
        _pending.DropBefore(_epoch);
        // The SVM runs on meanwhile; only its disks' requests wait until the images are there.
        _applying = true;
        var (runs, applied) = (false, false);
        disks.Commit(marks, checkpoint.Epoch, () =>
        {
            applied = true;
            if (runs)
                OnLoaded(receiver, checkpoint, startedNs);
        });
        if (checkpoint.First)
            _vm.Machine.Start();
        else
            _vm.Machine.Resume();
        _vm.Thaw();
        _loading = false;
        runs = true;
        if (applied)
            OnLoaded(receiver, checkpoint, startedNs);
        else
            PumpInput();
    }

    /// <summary>Memory, machine and disks are at the checkpoint: it is the state that a takeover would go on from.</summary>
    private void OnLoaded(CheckpointReceiver receiver, ReceivedCheckpoint checkpoint, long startedNs)
    {
        if (_phase == SecondaryPhase.Over || receiver != _receiver)
            return;
        receiver.Loaded();
        _applying = false;
        if (checkpoint.First)
        {
            Acknowledge(ControlMessage.CheckpointReceived, checkpoint.Epoch);
            Raise(SecondaryEvent.FirstLoaded);
        }

        // A primary that was told that this node takes over counts no checkpoints any more.
        if (!TakesOver)
            AcknowledgeLoaded(checkpoint.Epoch, MonotonicClock.Now - startedNs);
        FaultPoints.Reach("secondary-loaded");
        PumpInput();
        if (_deferred is { } deferred)
            BeginTakeover(deferred);
        else if (_phase == SecondaryPhase.Entrusted)
            Raise(SecondaryEvent.Loaded, PlannedSwitchover);
        else if (checkpoint.First && !Connected)
            // That it had ended was put off until this node had everything.
            Raise(SecondaryEvent.LinkLost, "it ended while the first checkpoint was loaded");
    }

    private void Acknowledge(ControlMessage type, ulong epoch)
    {
        Span<byte> body = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(body, epoch);
        _control!.TrySend((ushort)type, body, []);
        _control.Flush();
    }

    private void AcknowledgeLoaded(ulong epoch, long loadNs)
    {
        Span<byte> body = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(body, epoch);
        BinaryPrimitives.WriteInt64LittleEndian(body[8..], loadNs);
        _control!.TrySend((ushort)ControlMessage.CheckpointLoaded, body, []);
        _control.Flush();
    }
}
