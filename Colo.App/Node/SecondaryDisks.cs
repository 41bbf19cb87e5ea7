using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Colo.Block;
using Colo.Block.Nbd;
using Colo.Block.Replication;
using Colo.Checkpoint;
using Colo.Link;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>
/// The secondary's replicated disks, one pairing long: the primary's writes are held beside the images until their
/// checkpoint commits, the SVM's go to a log beside them, and a takeover makes the log the truth. On the loop's thread.
/// </summary>
internal sealed class SecondaryDisks : IDisposable
{
    private const int MostHashing = 16;
    private static readonly TimeSpan SyncPause = TimeSpan.FromMilliseconds(500);

    private readonly NodeHistory _history;
    private readonly EventLoop _loop;
    private readonly GuestDisk[] _guests;
    private readonly GuestDisk[] _readOnly;
    private readonly SecondaryDisk[] _disks;
    private readonly SecondaryFiles[] _files;
    private readonly NbdServer? _server;
    private readonly NodeData _primary;
    private readonly Guid _id;
    private readonly FirstSync _first;
    private readonly LoopTimer _syncTimer;
    private readonly Action<string> _failed;
    private int _hashing;
    private int _busy;
    private bool _following;
    private bool _syncing;
    private readonly Queue<Action> _whenIdle = new();
    private Action? _leave;
    private bool _disposed;
    private ulong _committed;
    private ulong _durable;

    /// <summary>Begins to serve the disks to the primary.</summary>
    /// <param name="node">Its node.</param>
    /// <param name="vm">The guest; nothing of it has run.</param>
    /// <param name="channels">Disk channels of the pairing.</param>
    /// <param name="primary">What the primary's record says.</param>
    /// <param name="kind">What of the images will be overwritten.</param>
    /// <param name="failed">Called with what is wrong when an image or a log fails: this node is good for nothing then.</param>
    /// <exception cref="IOException">A log or the record cannot be written.</exception>
    internal SecondaryDisks(NodeContext node, GuestVm vm, IReadOnlyList<LinkChannel> channels, NodeData primary, SyncKind kind, Action<string> failed)
        : this(node.History, node.Loop, node.FilesOf, vm.Disks, channels, primary, kind, failed)
    {
    }

    /// <summary>As the other one, of the parts that it needs.</summary>
    internal SecondaryDisks(
        NodeHistory history, EventLoop loop, Func<string, SecondaryFiles> filesOf, IReadOnlyList<GuestDisk> disks, IReadOnlyList<LinkChannel> channels, NodeData primary,
        SyncKind kind, Action<string> failed)
    {
        _history = history;
        _loop = loop;
        _guests = [.. disks.Where(disk => disk.Replicated)];
        _readOnly = [.. disks.Where(disk => !disk.Replicated)];
        _primary = primary;
        _failed = failed;
        _id = Guid.NewGuid();
        _syncTimer = loop.AddTimer(Sync);
        // A whole copy, perhaps the last one, stays as it is until the new one is whole. Others are of no use as they are.
        _first = history.Accept(kind) ? FirstSync.Journal : FirstSync.Direct;
        _files = [.. _guests.Select(guest => filesOf(guest.Path))];
        _disks = new SecondaryDisk[_guests.Length];
        try
        {
            for (var i = 0; i < _guests.Length; i++)
            {
                var guest = _guests[i];
                _disks[i] = new SecondaryDisk(guest.Name, guest.Image, _files[i], _first, loop, OnFailed, id: _id);
                guest.Front.SetTarget(_disks[i].Guest);
            }
        }
        catch
        {
            foreach (var disk in _disks)
                disk?.Dispose();
            throw;
        }

        foreach (var disk in _readOnly)
            disk.Front.SetTarget(disk.Image);
        if (_guests.Length == 0)
            return;
        _server = new NbdServer(
            [.. _guests.Select((guest, i) => new NbdExport(guest.Name, _disks[i].Mirror) { MinimumBlock = 512, MultiConnection = false })],
            new NbdServerOptions { MaxRequests = 512 },
            loop);
        foreach (var channel in channels)
            _server.Serve(new LinkNbdTransport(channel.OpenBytes()), "the primary");
    }

    internal int Count => _disks.Length;

    /// <summary>Why an image or a log is good for nothing any more; null while all are good.</summary>
    internal string? Failure { get; private set; }

    /// <summary>The n-th replicated disk.</summary>
    internal SecondaryDisk this[int disk] => _disks[disk];

    /// <summary>Where a disk keeps what is not in its image: beside it, or where that is a device, beside the node's record.</summary>
    /// <param name="image">The image.</param>
    /// <param name="stateDirectory">[vm] state-dir, which a device needs.</param>
    /// <param name="vmName">The guest.</param>
    internal static SecondaryFiles FilesOf(string image, string? stateDirectory, string vmName)
    {
        var beside = stateDirectory is not null && image.StartsWith("/dev/", StringComparison.Ordinal)
            ? Path.Combine(stateDirectory, $"{vmName}{image.Replace('/', '-')}")
            : image;
        return new SecondaryFiles(beside + ".colo-log", beside + ".colo-journal") { ImagePath = image };
    }

    /// <summary>The primary asks for hashes of an image.</summary>
    /// <exception cref="FormatException">The question makes no sense.</exception>
    internal void OnHashRequest(ReadOnlySpan<byte> body, LinkConnection control)
    {
        if (body.Length != 13 || body[0] >= _disks.Length + _readOnly.Length)
            throw new FormatException($"a question for hashes of {body.Length} bytes");
        var disk = body[0];
        var offset = BinaryPrimitives.ReadInt64LittleEndian(body[1..]);
        var length = BinaryPrimitives.ReadInt32LittleEndian(body[9..]);
        if (offset < 0 || offset % BlockHashes.Block != 0 || length is <= 0 or > DiskSync.Chunk || offset > Guest(disk).Size - length || _hashing == MostHashing)
            throw new FormatException($"hashes of {length} bytes at {offset} of disk {Guest(disk).Name}");
        _hashing++;
        new HashQuestion(this, control, disk, offset, length).Begin();
    }

    /// <summary>The primary has sent all that the images lack: makes them so, and tells when it is done.</summary>
    internal void OnSent(long[] marks, Action ready)
    {
        // What has come beyond the mark by another path than this message is part of it too: it is in the image.
        for (var i = 0; i < _disks.Length; i++)
        {
            _disks[i].BeginHolding();
            marks[i] = Math.Max(marks[i], _disks[i].SubmittedBytes);
        }

        WhenReceived(marks, () =>
        {
            if (_disposed)
                return;
            FaultPoints.Reach("secondary-disks-received");
            if (_first == FirstSync.Direct)
            {
                CommitFirst(marks, ready);
                return;
            }

            var i = 0;
            Each((disk, done) => disk.SealJournal(done, marks[i++]), "the journal cannot be made durable", () =>
            {
                // From here on a crash ends in the new state: the journals are applied at the next start.
                _history.ApplyJournals(_primary, _id);
                FaultPoints.Reach("secondary-disks-sealed");
                CommitFirst(marks, ready);
            });
        });
    }

    /// <summary>Calls when all that the primary had written up to the marks is here.</summary>
    internal void WhenReceived(long[] marks, Action received)
    {
        var left = 1;
        for (var i = 0; i < _disks.Length; i++)
        {
            if (_disks[i].Received(marks[i]))
                continue;
            left++;
            _disks[i].WhenReceived(marks[i], Arrived);
        }

        Arrived();

        void Arrived()
        {
            if (--left == 0)
                received();
        }
    }

    /// <summary>
    /// Sets the disks to a checkpoint. The SVM has no request under way; those that it makes meanwhile wait. The disks count
    /// one more than the epoch: the first is the end of the sync, which comes before any checkpoint.
    /// </summary>
    internal void Commit(long[] marks, ulong epoch, Action done)
    {
        if (_disks.Length == 0)
        {
            done();
            return;
        }

        var i = 0;
        Each((disk, committed) => disk.Commit(marks[i++], epoch + 1, committed), "a checkpoint cannot be applied", () =>
        {
            FaultPoints.Reach("secondary-disks-committed");
            // Not before: a sync that begins in the middle makes only a part of it durable.
            _committed = epoch;
            if (!_syncing)
                _syncTimer.SetAfter(SyncPause);
            done();
        });
    }

    /// <summary>
    /// The guest is this node's: records it, durable, before anything is said; then <see cref="BecomePrimary"/>.
    /// </summary>
    internal void Decide(ulong epoch)
    {
        _syncTimer.Cancel();
        if (_disks.Length == 0)
            return;
        try
        {
            _history.TakeOver(_id, epoch + 1, _disks.All(disk => !disk.Unsynced));
        }
        catch (IOException e)
        {
            // The guest would be lost otherwise. Who is current has to be told by people after the next crash.
            Log.Error($"the takeover could not be recorded: {e.Message}; the guest goes on all the same");
        }

        FaultPoints.Reach("takeover-recorded");
    }

    /// <summary>The logs become the images' content; the guest's requests wait until then.</summary>
    /// <param name="connect">Gets a disk's number and the requests that wait: the guest's go to the image from now on.</param>
    /// <param name="tell">What the operator has to see to; null: nothing any more.</param>
    /// <param name="done">Called when all are handed over: the images are whole, and that is recorded.</param>
    internal void BecomePrimary(Action<int, IReadOnlyList<BlockRequest>> connect, Action<Attention?> tell, Action done)
    {
        _server?.Dispose();
        foreach (var guest in _guests)
            guest.Front.SetTarget(null);
        new DiskTakeover(_history, _loop, [.. _guests.Select((guest, i) => (guest.Name, _disks[i], _files[i]))], n => connect(n, _disks[n].TakeWaiting()), tell, done).Start();
    }

    /// <summary>
    /// The guest has ended in order: both nodes have the same images. A commit under way is finished first; after a failure it is never done.
    /// </summary>
    internal void End(long[] marks, Action done) => WhenReceived(marks, () => WhenIdle(() =>
    {
        if (Failure is not null || _disposed)
            return;
        var i = 0;
        Each((disk, ended) => disk.EndInOrder(marks[i++], ended), "the guest's last writes cannot be applied", () =>
        {
            _history.GuestEnded();
            _following = false;
            done();
        });
    }));

    /// <summary>
    /// Leaves the pairing with whole images: those of the last checkpoint. Perhaps at once; a commit under way is finished.
    /// </summary>
    internal void Leave(Action done)
    {
        if (!_following || Failure is not null)
        {
            done();
            return;
        }

        if (_busy > 0)
        {
            _whenIdle.Enqueue(() => Leave(done));
            return;
        }

        _following = false;
        // Told also when it fails.
        _leave = done;
        Each((disk, left) => disk.Abandon(left), "the last checkpoint cannot be made durable", () =>
        {
            _history.BecomeCopy();
            _leave = null;
            done();
        });
    }

    /// <summary>The SVM is at rest for good: of its requests none waits for a disk that has failed.</summary>
    internal void EndGuest()
    {
        foreach (var disk in _disks)
            disk.EndGuest();
    }

    internal DiskStatus[] Status(GuestVm vm)
    {
        var replicated = 0;
        return [.. vm.Disks.Select(guest => new DiskStatus
        {
            Name = guest.Name,
            Size = guest.Size,
            Pending = guest.Replicated ? _disks[replicated].HeldMemory : 0,
            Replicated = guest.Replicated ? _disks[replicated++].ReceivedBytes : 0,
            SyncPercent = _following || !guest.Replicated ? 100 : 0,
        })];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _syncTimer.Dispose();
        _server?.Dispose();
        foreach (var disk in _disks)
            disk.Dispose();
    }

    /// <summary>A disk as questions for hashes count them: those that are replicated first.</summary>
    private GuestDisk Guest(int index) => index < _guests.Length ? _guests[index] : _readOnly[index - _guests.Length];

    private void CommitFirst(long[] marks, Action ready)
    {
        var i = 0;
        Each((disk, done) => disk.Commit(marks[i++], 1, done), "the first sync cannot be applied", () =>
            Each((disk, done) => disk.Sync(done), "the first sync cannot be made durable", () =>
            {
                FaultPoints.Reach("secondary-disks-applied");
                _history.Follow(_primary);
                foreach (var disk in _disks)
                    disk.KeepFiles = false;
                _following = true;
                // Its own marks told where it differed from this data: now it does not.
                for (var k = 0; k < _disks.Length; k++)
                    _history.Changed(k).Clear(static _ => { });
                FaultPoints.Reach("secondary-disks-recorded");
                ready();
            }));
    }

    /// <summary>Has images durable now and then, and tells the primary, which may then forget what it has noted.</summary>
    private void Sync()
    {
        if (_disposed || _syncing || _committed == _durable)
            return;
        _syncing = true;
        var epoch = _committed;
        Each((disk, done) => disk.Sync(done), "an image cannot be made durable", () =>
        {
            _syncing = false;
            _durable = epoch;
            FaultPoints.Reach("secondary-disks-durable");
            Durable?.Invoke(epoch);
            if (_committed != epoch)
                _syncTimer.SetAfter(SyncPause);
        }, counts: false);
    }

    /// <summary>Called with an epoch whose disks are durable.</summary>
    internal Action<ulong>? Durable { get; set; }

    private void Each(Action<SecondaryDisk, Action<int>> start, string what, Action done, bool counts = true)
    {
        var left = _disks.Length;
        var failed = 0;
        _busy += counts ? 1 : 0;
        if (left == 0)
            End();
        foreach (var disk in _disks)
        {
            start(disk, error =>
            {
                failed = failed == 0 ? error : failed;
                if (--left == 0)
                    End();
            });
        }

        void End()
        {
            _busy -= counts ? 1 : 0;
            if (_disposed)
                return;
            if (failed != 0)
            {
                OnFailed($"{what}: {Marshal.GetPInvokeErrorMessage(failed)}");
                return;
            }

            try
            {
                done();
            }
            catch (IOException e)
            {
                OnFailed(e.Message);
                return;
            }

            while (_busy == 0 && _whenIdle.TryDequeue(out var next))
                next();
        }
    }

    /// <summary>Does something when nothing is being done to the images, perhaps at once; also after a failure, which it has to look for.</summary>
    private void WhenIdle(Action action)
    {
        if (_busy > 0)
            _whenIdle.Enqueue(action);
        else
            action();
    }

    private void OnFailed(string reason)
    {
        if (_disposed || Failure is not null)
            return;
        Failure = reason;
        _failed(reason);
        // Whoever waits to leave, or leaves, does so with images of which nothing is claimed.
        var leave = _leave;
        _leave = null;
        leave?.Invoke();
        while (_whenIdle.TryDequeue(out var next))
            next();
    }

    /// <summary>One answer to a question for hashes: read, hashed on the pool, sent.</summary>
    private sealed unsafe class HashQuestion : IBlockCompletion
    {
        private readonly SecondaryDisks _owner;
        private readonly LinkConnection _control;
        private readonly BlockRequest _request;
        private readonly byte[] _answer;
        private readonly byte* _data;

        internal HashQuestion(SecondaryDisks owner, LinkConnection control, byte disk, long offset, int length)
        {
            _owner = owner;
            _control = control;
            _request = new BlockRequest(1, this);
            _answer = new byte[9 + (BlockHashes.Count(length) * BlockHashes.Size)];
            _answer[0] = disk;
            BinaryPrimitives.WriteInt64LittleEndian(_answer.AsSpan(1), offset);
            _data = (byte*)NativeMemory.AlignedAlloc((nuint)length, BlockHashes.Block);
            _request.Begin(BlockOperation.Read, offset, length);
            _request.Add(new BlockVector((nint)_data, (nuint)length));
        }

        internal void Begin()
        {
            var source = _answer[0] < _owner._disks.Length ? _owner._disks[_answer[0]].Mirror : _owner.Guest(_answer[0]).Image;
            source.Submit(_request);
        }

        public void Completed(BlockRequest request)
        {
            if (request.Error != 0)
            {
                NativeMemory.AlignedFree(_data);
                _owner.OnFailed($"disk {_owner.Guest(_answer[0]).Name}: the image cannot be read: {Marshal.GetPInvokeErrorMessage(request.Error)}");
                return;
            }

            ThreadPool.UnsafeQueueUserWorkItem(static question => question.Hash(), this, preferLocal: false);
        }

        private void Hash()
        {
            BlockHashes.Compute(new ReadOnlySpan<byte>(_data, (int)_request.Length), _answer.AsSpan(9));
            NativeMemory.AlignedFree(_data);
            _owner._loop.Post(() =>
            {
                _owner._hashing--;
                if (!_owner._disposed)
                    _control.TrySend((ushort)ControlMessage.DiskHashes, _answer, []);
            });
        }
    }
}
