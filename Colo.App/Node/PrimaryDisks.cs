using System.Buffers.Binary;
using Colo.Block;
using Colo.Block.Nbd;
using Colo.Block.Replication;
using Colo.Checkpoint;
using Colo.Link;
using Colo.Linux;
using Colo.Monitor;
using Colo.State;

namespace Colo.Node;

/// <summary>
/// The primary's replicated disks: the guest's requests, the sync of a new secondary, and the marks of checkpoints. On
/// the loop's thread.
/// </summary>
internal sealed class PrimaryDisks : IDisposable
{
    // Extents that rest and that the secondary has durably are forgotten, so that little has to be compared after a crash.
    private const long ForgetAfterNs = 10_000_000_000;
    private const long ForgetPauseNs = 5_000_000_000;
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);

    private readonly NodeContext _node;
    private readonly GuestDisk[] _guests;
    private readonly GuestDisk[] _readOnly;
    private readonly PrimaryDisk[] _disks;
    private readonly long[] _committed;
    private PrimarySession? _session;
    private DiskSync? _sync;
    private int _syncing;
    private ImageComparison? _comparison;
    private int _compared;
    private LinkInstance? _sameAs;
    private int _waiting;
    private bool _tellWhenReady;
    private ulong _epoch;
    private long _forgetNextNs;

    /// <summary>Takes the guest's disks over.</summary>
    /// <param name="node">Its node.</param>
    /// <param name="vm">The guest.</param>
    /// <param name="epoch">The epoch it runs in.</param>
    /// <param name="connect">Whether the guest's requests go to the images at once; otherwise <see cref="Connect"/> does that.</param>
    internal PrimaryDisks(NodeContext node, GuestVm vm, ulong epoch, bool connect)
    {
        _node = node;
        _guests = [.. vm.Disks.Where(disk => disk.Replicated)];
        _readOnly = [.. vm.Disks.Where(disk => !disk.Replicated)];
        _disks = [.. _guests.Select((disk, i) => new PrimaryDisk(disk.Name, disk.Image, node.History.Changed(i), node.Loop))];
        _committed = new long[_disks.Length];
        Epoch = epoch;
        foreach (var disk in _disks)
        {
            disk.RemoteFailed = OnRemoteFailed;
            disk.Crowded = () => Crowded?.Invoke();
        }

        for (var i = 0; connect && i < _disks.Length; i++)
            Connect(i, []);
        foreach (var disk in _readOnly)
            disk.Front.SetTarget(disk.Image);
    }

    internal int Count => _disks.Length;

    /// <summary>Called with what is wrong when the secondary's disks have failed: it is to be dismissed.</summary>
    internal Action<string>? Failed { get; set; }

    /// <summary>Called when the secondary holds so much that a checkpoint is due.</summary>
    internal Action? Crowded { get; set; }

    /// <summary>Whether a secondary was given up because of its disks, so that no checkpoint may rest on it.</summary>
    internal bool Broken { get; private set; }

    /// <summary>The epoch that writes belong to; at a checkpoint's stop.</summary>
    internal ulong Epoch
    {
        set
        {
            _epoch = value;
            foreach (var disk in _disks)
                disk.Epoch = value;
        }
    }

    /// <summary>Why the guest must not wait for the secondary's disks any longer; null while it may (<see cref="PrimaryDisk.Overdue"/>).</summary>
    internal string? Overdue(long now, long stallNs, long waitNs)
    {
        foreach (var disk in _disks)
        {
            if (disk.Overdue(now, stallNs, waitNs) is { } overdue)
                return overdue;
        }

        return null;
    }

    /// <summary>The guest's requests go to the n-th disk's image from now on.</summary>
    internal void Connect(int disk, IReadOnlyList<BlockRequest> first) => _guests[disk].Front.SetTarget(_disks[disk], first);

    /// <summary>Writes the marks of a checkpoint.</summary>
    internal void WriteMarks(StateWriter writer)
    {
        for (var i = 0; i < _disks.Length; i++)
            _committed[i] = _disks[i].SentBytes;
        CheckpointMarks.Write(writer, _committed);
    }

    /// <summary>
    /// Connects the disks with the secondary's, brings its images to the state of these while the guest runs, and tells
    /// when that is done.
    /// </summary>
    internal void Begin(PrimarySession session)
    {
        _session = session;
        Broken = false;
        FaultPoints.Reach("primary-disks-attach");
        _waiting = 2 * _disks.Length;
        for (var i = 0; i < _disks.Length; i++)
        {
            // Epochs are known of this pairing's writes only.
            _node.History.Changed(i).ForgetEpochs();
            Shake(session, i, session.TakeDiskTransport(i));
            // What either side has changed since they parted, or everything: known on disk before anything is sent.
            // An image that is all holes is a new one, or may be, whatever its record says.
            if (session.Pairing.Kind == SyncKind.Everything || (session.PeerBlank >> i & 1) != 0)
                _node.History.Changed(i).MarkAll(error => OnMarked(session, error));
            else
                _node.History.Changed(i).Merge(session.PeerHistory.Disks[i].Runs, error => OnMarked(session, error));
        }

        if (_disks.Length == 0)
            CompareFirst(session);
    }

    /// <summary>A message about disks on the Control channel.</summary>
    /// <exception cref="FormatException">It is not one, or came at a wrong time.</exception>
    internal void OnControl(PrimarySession session, ControlMessage type, ReadOnlySpan<byte> body)
    {
        if (session != _session)
            return;
        switch (type)
        {
            case ControlMessage.DiskHashes when body.Length >= 9:
                var offset = BinaryPrimitives.ReadInt64LittleEndian(body[1..]);
                if (_comparison is { } comparison && body[0] == _disks.Length + _compared)
                    comparison.OnHashes(offset, body[9..]);
                else if (body[0] == _syncing && _sync is { } sync)
                    sync.OnHashes(offset, body[9..]);
                break;
            case ControlMessage.DisksReady when body.Length == 0 && _tellWhenReady:
                _tellWhenReady = false;
                FaultPoints.Reach("primary-disks-synced");
                session.OnDisksSynced();
                break;
            case ControlMessage.DisksDurable when body.Length == 8:
                var epoch = BinaryPrimitives.ReadUInt64LittleEndian(body);
                if (epoch > _epoch)
                    throw new FormatException($"epoch {epoch} is durable where {_epoch} is the newest");
                Forget(session, epoch);
                break;
            default:
                throw new FormatException($"unexpected message {(ushort)type} of {body.Length} bytes");
        }
    }

    /// <summary>The secondary is gone, or given up: the guest waits for it no longer.</summary>
    internal void Detach()
    {
        _session = null;
        _tellWhenReady = false;
        _sync?.Dispose();
        _sync = null;
        _comparison?.Dispose();
        _comparison = null;
        foreach (var disk in _disks)
            disk.Detach();
    }

    /// <summary>The secondary's disks hold the guest up: it is given up, and the guest goes on at once.</summary>
    internal void GiveUp()
    {
        Broken = true;
        Detach();
    }

    internal DiskStatus[] Status(GuestVm vm)
    {
        var replicated = 0;
        var readOnly = 0;
        return [.. vm.Disks.Select(guest =>
        {
            if (!guest.Replicated)
            {
                var alike = _session is null || readOnly > _compared ? 0 : readOnly < _compared ? guest.Size : _comparison?.DoneBytes ?? 0;
                readOnly++;
                return new DiskStatus { Name = guest.Name, Size = guest.Size, SyncPercent = Math.Round(100.0 * alike / guest.Size, 1) };
            }

            var i = replicated++;
            var disk = _disks[i];
            var sync = i == _syncing ? _sync : null;
            var done = _session is null ? 0.0 : sync is not null ? 100.0 * sync.DoneBytes / Math.Max(1, sync.TotalBytes) : i < _syncing ? 100 : 0;
            return new DiskStatus
            {
                Name = guest.Name,
                Size = guest.Size,
                Pending = disk.Attached ? disk.SentBytes - _committed[i] : 0,
                Replicated = disk.ReplicatedBytes,
                SyncPercent = Math.Round(done, 1),
                SyncBytesPerS = sync?.Rate ?? 0,
                SyncLeftS = sync is { Rate: > 0 } ? (sync.TotalBytes - sync.DoneBytes) / sync.Rate : null,
                Changed = _node.History.Changed(i).CountMarked * ChangedExtents.ExtentBytes,
            };
        })];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Detach();
        foreach (var disk in _disks)
            disk.Dispose();
    }

    private void Shake(PrimarySession session, int disk, INbdTransport transport)
    {
        var options = new NbdClientOptions { Export = _guests[disk].Name, Timeout = HandshakeLimit, MaxRequests = 256 };
        // The handshake blocks its thread; the loop has frames and heartbeats to deal with.
        new Thread(() =>
        {
            NbdSession? agreed = null;
            string? wrong = null;
            try
            {
                agreed = NbdClientHandshake.Run(transport, options);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                wrong = e.Message;
            }

            _node.Loop.Post(() =>
            {
                if (session != _session || agreed is null)
                {
                    transport.Dispose();
                    if (session == _session)
                        session.Fail($"disk {_guests[disk].Name}: {wrong}");
                    return;
                }

                try
                {
                    _disks[disk].Attach(new NbdClient(transport, agreed, _node.Loop, options.MaxRequests));
                }
                catch (IOException e)
                {
                    session.Fail(e.Message);
                    return;
                }

                Step(session);
            });
        })
        { IsBackground = true, Name = "nbd-shake" }.Start();
    }

    private void OnMarked(PrimarySession session, int error)
    {
        if (session != _session)
            return;
        if (error == 0)
            Step(session);
        else
            session.Fail($"what differs cannot be recorded: {new LinuxException("write the node's record", error).Message}");
    }

    private void Step(PrimarySession session)
    {
        if (session != _session || --_waiting > 0)
            return;
        CompareFirst(session);
    }

    /// <summary>
    /// What is not replicated has to be the same already. Looked at once for each process that is the secondary: in it the
    /// images stay open, and locked.
    /// </summary>
    private void CompareFirst(PrimarySession session)
    {
        _syncing = -1;
        _compared = _sameAs == session.Peer.Instance ? _readOnly.Length - 1 : -1;
        CompareNext(session);
    }

    private void CompareNext(PrimarySession session)
    {
        if (session != _session)
            return;
        _comparison = null;
        if (++_compared >= _readOnly.Length)
        {
            _sameAs = session.Peer.Instance;
            if (_disks.Length == 0)
                session.OnDisksSynced();
            else
                SyncNext(session);
            return;
        }

        var disk = _readOnly[_compared];
        Log.Info($"disk {disk.Name}: read-only, {disk.Size >> 20} MiB are compared with the other node's");
        _comparison = new ImageComparison(disk.Name, disk.Image, _node.Loop, Asker(session, (byte)(_disks.Length + _compared)), wrong =>
        {
            if (session != _session)
                return;
            if (wrong is null)
                // Not from within the comparison that ends.
                _node.Loop.Post(() => CompareNext(session));
            else
                session.Refuse(wrong);
        });
        _comparison.Start();
    }

    /// <summary>Asks for the hashes of a disk; those that are not replicated count on from those that are.</summary>
    private static Action<long, int> Asker(PrimarySession session, byte disk)
    {
        var question = new byte[13];
        question[0] = disk;
        return (offset, length) =>
        {
            BinaryPrimitives.WriteInt64LittleEndian(question.AsSpan(1), offset);
            BinaryPrimitives.WriteInt32LittleEndian(question.AsSpan(9), length);
            session.SendControl(ControlMessage.DiskHashRequest, question);
        };
    }

    private void SyncNext(PrimarySession session)
    {
        if (session != _session)
            return;
        _sync = null;
        if (_syncing >= 0)
            _node.History.Changed(_syncing).TouchMarked(_epoch);
        if (++_syncing == _disks.Length)
        {
            FaultPoints.Reach("primary-disks-sent");
            // What it has from here on may be this very data: a primary that goes on alone needs another name for its own.
            try
            {
                _node.History.Offer();
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                // Whatever is wrong with what is recorded, it is no reason for the guest to end.
                session.Fail(e.Message);
                return;
            }

            _tellWhenReady = true;
            var marks = new StateWriter(256);
            WriteMarks(marks);
            session.SendControl(ControlMessage.DisksSent, marks.Written);
            return;
        }

        var disk = _disks[_syncing];
        var plan = _node.History.Changed(_syncing).Runs(int.MaxValue);
        _sync = new DiskSync(
            disk,
            plan,
            (session.PeerBlank >> _syncing & 1) != 0,
            Asker(session, (byte)_syncing),
            wrong =>
            {
                if (session != _session)
                    return;
                if (wrong is not null)
                {
                    session.Fail(wrong);
                    return;
                }

                Log.Info($"disk {disk.Name}: {_sync!.TotalBytes >> 10} KiB compared, {_sync.SentBytes >> 10} KiB sent");
                // Not from within the sync that ends.
                _node.Loop.Post(() => SyncNext(session));
            });
        if (_sync.TotalBytes > 0)
            Log.Info($"disk {disk.Name}: {session.Pairing.Rule}: {_sync.TotalBytes >> 20} MiB of {disk.Size >> 20} MiB are compared");
        FaultPoints.Reach("primary-disks-syncing");
        _sync.Start();
    }

    /// <summary>What the secondary has durably, and this node too, and what rests, need not be compared after a crash.</summary>
    private void Forget(PrimarySession session, ulong epoch)
    {
        var now = MonotonicClock.Now;
        if (now < _forgetNextNs || _disks.Length == 0)
            return;
        _forgetNextNs = now + ForgetPauseNs;
        for (var i = 0; i < _disks.Length; i++)
        {
            var changed = _node.History.Changed(i);
            // Without this node's own flush a power failure here would make a difference that no mark tells of; it covers nothing that is under way.
            var covered = Math.Min(epoch, _disks[i].OldestUnderWay);
            _disks[i].FlushImage(error =>
            {
                if (error == 0 && session == _session)
                    changed.ForgetBefore(covered, ForgetAfterNs, MonotonicClock.Now);
            });
        }
    }

    private void OnRemoteFailed(string reason)
    {
        if (_session is null)
            return;
        GiveUp();
        Failed?.Invoke(reason);
    }
}
