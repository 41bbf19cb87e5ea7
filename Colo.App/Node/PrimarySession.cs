using System.Buffers.Binary;
using System.Net;
using Colo.Block.Nbd;
using Colo.Block.Replication;
using Colo.Checkpoint;
using Colo.Link;
using Colo.Linux;
using Colo.Monitor;
using Colo.Proxy;
using Colo.State;

namespace Colo.Node;

/// <summary>
/// The primary's end of one pairing: heartbeats, messages and frames on the loop's thread, and the sender of checkpoints.
/// What goes wrong ends it once, with the first reason.
/// </summary>
internal sealed class PrimarySession : ILinkHandler, IDisposable
{
    /// <summary>Until a secondary that has opened its channels has said what it is.</summary>
    private static readonly TimeSpan PairingLimit = TimeSpan.FromSeconds(5);

    private readonly NodeContext _node;
    private readonly LoopTimer _pairing;
    private readonly LinkConnection _control;
    private readonly LinkConnection _packets;
    private readonly LinkCheckpointStream _stream;
    private readonly LinkHeartbeat _heartbeat;
    private readonly byte[] _head = new byte[PacketHead.Size];
    private readonly byte[] _body = new byte[256];
    private readonly Func<PrimarySession, PrimaryRole?> _accept;
    private readonly IReadOnlyList<LinkChannel> _diskChannels;
    private PrimaryRole? _role;
    private bool _closed;
    private bool _roomWanted;

    internal PrimarySession(NodeContext node, PairSession channels, Func<PrimarySession, PrimaryRole?> accept)
    {
        _node = node;
        _accept = accept;
        _control = channels.Control.Open(node.Loop, this);
        _packets = channels.Packets.Open(node.Loop, this);
        _stream = new LinkCheckpointStream(channels.Checkpoint.OpenBlocking());
        _diskChannels = channels.Disks;
        var beats = new Heartbeat(node.Settings.Heartbeat, node.Settings.Timeout, TimeSpan.FromTicks(node.Settings.MarginNs / 100), MonotonicClock.Now);
        StartedNs = MonotonicClock.Now;
        _pairing = node.Loop.AddTimer(Dispose);
        _pairing.SetAfter(PairingLimit);
        _heartbeat = new LinkHeartbeat(node.Loop, _control, beats, Status, static () => { })
        {
            Echoed = () => _role?.OnEcho(),
        };
    }

    internal long StartedNs { get; }

    internal LinkPeer Peer => _control.Peer;

    internal IPEndPoint Address => _control.Peer.Address;

    internal CheckpointSender? Sender { get; private set; }

    /// <summary>What the secondary's images held when it came.</summary>
    internal DiskHistory PeerHistory { get; private set; } = DiskHistory.None;

    /// <summary>A bit for each replicated disk whose image there is all zeroes.</summary>
    internal byte PeerBlank { get; private set; }

    /// <summary>What of the images has to be compared.</summary>
    internal PairingDecision Pairing { get; private set; } = new(SyncKind.Everything, "", "");

    /// <summary>Whether the first sync has little left, so that checkpoints can be taken.</summary>
    internal bool MemorySynced { get; set; }

    /// <summary>Whether the secondary gets what the PVM gets: from the stop of the first checkpoint on.</summary>
    internal bool Mirroring { get; set; }

    /// <summary>The sending time of the newest echoed beat; before the first one, when the session began.</summary>
    internal long LastEchoedSendNs => Math.Max(StartedNs, _heartbeat.Beats.LastEchoedSendTimeNs);

    internal long RoundTripNs => _heartbeat.Beats.SmoothedRttNs;

    internal long LastHeardNs => _heartbeat.Beats.LastHeardNs;

    internal bool Connected => !_closed;

    /// <summary>Mirrored frames that the kernel has taken; counts on only when nothing waits.</summary>
    internal ulong MirroredSent { get; private set; }

    /// <summary>The token of the session, for the keeper.</summary>
    internal ReadOnlySpan<byte> Token
    {
        get
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_body, Peer.Session.Number);
            BinaryPrimitives.WriteUInt64LittleEndian(_body.AsSpan(8), Peer.Session.Token);
            return _body.AsSpan(0, 16);
        }
    }

    private ulong Mirrored { get; set; }

    /// <summary>Begins the first sync: first the disks, which may take long, then the memory.</summary>
    internal void Start(PrimaryRole role)
    {
        _pairing.Cancel();
        _role = role;
        role.Disks.Begin(this);
    }

    /// <summary>The stream of one Disk channel, to be opened once.</summary>
    internal INbdTransport TakeDiskTransport(int index) => new LinkNbdTransport(_diskChannels[index].OpenBytes());

    /// <summary>The secondary's images are as the primary's: the memory follows.</summary>
    internal void OnDisksSynced()
    {
        if (_closed || _role is not { } role)
            return;
        _node.Vm.Machine.Dirty.Enable();
        Sender = new CheckpointSender(
            _node.Vm.Memory,
            new MachineDirtySource(_node.Vm.Machine.Dirty),
            _stream,
            () => _node.Loop.Post(() => role.OnMemorySynced(this)),
            e => _node.Loop.Post(() => Fail($"sending a checkpoint: {e.Message}")));
        Sender.Start();
    }

    /// <summary>Delivers what has already arrived on the Control channel.</summary>
    internal void DrainControl() => _control.DrainNow();

    /// <summary>Whether a frame of so many bytes can be mirrored now; if not, <see cref="TakeRoom"/> tells when.</summary>
    internal bool CanSendFrame(int length)
    {
        if (_packets.QueuedBytes + length + 4096 <= _packets.QueueCapacity)
            return true;
        _roomWanted = true;
        return false;
    }

    /// <summary>Whether there is room again after <see cref="CanSendFrame"/> had said no.</summary>
    internal bool TakeRoom()
    {
        if (_packets.QueuedBytes == 0)
            MirroredSent = Mirrored;
        if (!_roomWanted || _packets.QueuedBytes > _packets.QueueCapacity / 2)
            return false;
        _roomWanted = false;
        return true;
    }

    internal void SendFrame(ulong epoch, int nic, ReadOnlySpan<byte> frame)
    {
        PacketHead.Write(_head, epoch, nic, 0);
        Mirrored++;
        if (!_packets.TrySend((ushort)PacketMessage.Frame, _head, frame))
            Fail("the queue of mirrored frames is full");
    }

    internal void SendWireIsn(ulong epoch, int nic, in RewriteResult result)
    {
        PacketHead.Write(_head, epoch, nic, 0);
        var length = WireIsn.Write(_body, in result);
        if (!_packets.TrySend((ushort)PacketMessage.WireIsn, _head, _body.AsSpan(0, length)))
            Fail("the queue of mirrored frames is full");
    }

    internal void SendConfirmed(ulong epoch, int nic, ulong index)
    {
        PacketHead.Write(_head, epoch, nic, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(_body, index);
        // Lost for want of room it only makes the secondary keep more: the next one tells all.
        _ = _packets.TrySend((ushort)PacketMessage.Confirmed, _head, _body.AsSpan(0, 8));
    }

    internal void SendControl(ControlMessage type, ReadOnlySpan<byte> body)
    {
        if (!_control.TrySend((ushort)type, body, []))
            Fail("the control channel's queue is full");
        _packets.Flush();
        _control.Flush();
    }

    /// <summary>Ends the session for a fault of the peer or of the link; the peer's process may live.</summary>
    internal void Fail(string reason)
    {
        if (_closed)
            return;
        _closed = true;
        _node.Events.Warning($"the session with the secondary ended: {reason}");
        _control.Close(LinkClosedReason.Protocol, reason);
        _packets.Close(LinkClosedReason.Protocol, reason);
        _role?.OnSessionClosed(this, reason);
    }

    /// <summary>Ends the session, and has the secondary end: it is of no use as it is, and told why.</summary>
    internal void Refuse(string reason)
    {
        if (_closed)
            return;
        _closed = true;
        SendRefusal(reason);
        _packets.Close(LinkClosedReason.Local, "does not fit");
        _role?.OnSessionClosed(this, reason);
        _node.Primary?.TellRefused(Address, reason);
    }

    /// <inheritdoc/>
    public void OnMessage(LinkConnection connection, ushort type, ReadOnlySpan<byte> body)
    {
        // The Control channel is heard to its end, also after the others have ended.
        if (_closed && (connection != _control || (ControlMessage)type != ControlMessage.HandoverTaken))
            return;
        if (_role is null)
        {
            Pair(connection, type, body);
            return;
        }

        if (connection == _control)
        {
            _role.OnControl(this, (ControlMessage)type, body);
            return;
        }

        if ((PacketMessage)type != PacketMessage.Output || body.Length < PacketHead.Size + 8 ||
            !PacketHead.TryRead(body, _node.Vm.Nics.Count, out var epoch, out var nic, out var flags))
            throw new FormatException($"unexpected message {type} of {body.Length} bytes on the Packets channel");
        var index = BinaryPrimitives.ReadUInt64LittleEndian(body[PacketHead.Size..]);
        var frame = body[(PacketHead.Size + 8)..];
        if (frame.Length > GuestNic.MaxFrame)
            throw new FormatException($"a frame of {frame.Length} bytes, {GuestNic.MaxFrame} are allowed");
        _role.OnOutput(epoch, nic, (SecondaryFrameFlags)flags, index, frame);
    }

    /// <inheritdoc/>
    public void OnClosed(LinkConnection connection, LinkClosedReason reason, string text)
    {
        if (_closed)
            return;
        // The other channel may hold the peer's last word, that it speaks as the guest: that counts before the end does.
        if (connection != _control)
            _control.DrainNow();
        if (_closed)
            return;
        _closed = true;
        if (_role is { } role)
            role.OnSessionClosed(this, text);
        else
            // Nobody else knows this session. Not from within the connection's own call.
            _node.Loop.Post(Dispose);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _closed = true;
        _pairing.Dispose();
        Sender?.Dispose();
        _stream.Dispose();
        _heartbeat.Dispose();
        _control.Dispose();
        _packets.Dispose();
        foreach (var channel in _diskChannels)
            channel.Dispose();
    }

    /// <summary>The first message: what the secondary's VM is made of.</summary>
    private void Pair(LinkConnection connection, ushort type, ReadOnlySpan<byte> body)
    {
        if (connection != _control || (ControlMessage)type != ControlMessage.PairRequest)
            throw new FormatException($"message {type} before the pairing request");
        var reader = new StateReader(body, "pairing request");
        var wrong = _node.Vm.Offer.Differs(PairOffer.Read(ref reader));
        PeerHistory = DiskHistory.Read(ref reader);
        PeerBlank = reader.U8();
        reader.Finish();
        if (wrong is null && PeerHistory.Disks.Count != _diskChannels.Count)
            throw reader.Bad($"{PeerHistory.Disks.Count} replicated disks and {_diskChannels.Count} channels for them");
        if (wrong is null && _diskChannels.Count > 0)
        {
            Pairing = PairingRules.Judge(_node.History.Data, PeerHistory.Node);
            wrong = Pairing.Kind == SyncKind.Refuse ? Pairing.Text : null;
        }

        // Asked before the channels were opened, too; things may have moved on since.
        if (_node.Primary?.JudgePairing(Peer.Instance) is { } refusal)
        {
            _control.Close(LinkClosedReason.Local, refusal);
            return;
        }

        if (wrong is null)
        {
            var accept = new StateWriter(512);
            new DiskHistory(_node.History.Data, []).Write(accept);
            accept.U8((byte)Pairing.Kind);
            _control.TrySend((ushort)ControlMessage.PairAccept, accept.Written, []);
            _role = _accept(this);
            return;
        }

        SendRefusal(wrong);
        _node.Primary?.TellRefused(Address, wrong);
    }

    private void SendRefusal(string wrong)
    {
        _node.Events.Warning($"the secondary at {Address} does not fit: {wrong}");
        _control.TrySend((ushort)ControlMessage.PairRefuse, System.Text.Encoding.UTF8.GetBytes(wrong), []);
        _control.Close(LinkClosedReason.Local, "does not fit");
    }

    private HeartbeatStatus Status() => _role is { } role ? role.BeatStatus(this) : default;
}
