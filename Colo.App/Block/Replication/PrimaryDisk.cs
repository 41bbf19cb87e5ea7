using Colo.Block.Nbd;
using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>
/// The primary's half of a replicated disk: the guest's requests go to the local image and, while a secondary is
/// attached, its writes also to the secondary, in the order in which they begin. All members are for the loop's thread.
/// </summary>
/// <remarks>
/// <para>
/// A write is carried out from one copy of its data, because a guest may change a buffer while it is written, and the
/// two images would differ. Writes that overlap one under way wait for it, for the same reason. A discard zeroes: a
/// range that may read as anything would not read alike on both sides.
/// </para>
/// <para>
/// A write is completed when the local image has it; that the secondary has it too is what a flush waits for, and what
/// the marks of checkpoints tell (<see cref="SentBytes"/>). Before the local image is touched, its extents are durably
/// marked as changed (<see cref="ChangedExtents"/>), so that after any crash it is known where the two may differ.
/// </para>
/// </remarks>
public sealed unsafe partial class PrimaryDisk : IBlockBackend
{
    /// <summary>Bytes that may be on their way to the secondary; further writes wait.</summary>
    public const long MostOutstanding = 64L << 20;

    /// <summary>Bytes of an epoch after which a checkpoint is due: the secondary holds them until then, most of them on its disk.</summary>
    public const long MostHeldBytes = 1L << 30;

    // For direct I/O, which would otherwise copy once more.
    private const nuint Alignment = 4096;

    private readonly IBlockBackend _image;
    private readonly ChangedExtents _changed;
    private readonly RangeLocks _locks;
    private readonly Stack<Write> _free = new();
    private readonly Stack<FlushWait> _freeFlushes = new();
    private readonly Queue<Write> _remote = new();
    private readonly Queue<Write> _wantRoom = new();
    private readonly List<FlushWait> _flushes = [];
    // Few: the guest's own requests, which its queue bounds.
    private readonly List<Write> _durable = [];
    private NbdClient? _client;
    private ulong _sent;
    private ulong _answered;
    private long _answeredNs;
    private ulong _epoch;
    private ulong _epochSent;
    private long _epochBytes;
    private bool _crowded;
    // What is on its way to the local image, in the order in which it began.
    private Write? _oldest;
    private Write? _newest;

    /// <summary>Makes one with no secondary attached.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="image">The local image; belongs to the caller.</param>
    /// <param name="changed">The record of what the peer may not have.</param>
    /// <param name="loop">The loop to whose thread all belongs.</param>
    public PrimaryDisk(string name, IBlockBackend image, ChangedExtents changed, EventLoop loop)
    {
        Name = name;
        _image = image;
        _changed = changed;
        Loop = loop;
        _locks = new RangeLocks();
    }

    /// <summary>For messages.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public long Size => _image.Size;

    /// <inheritdoc/>
    public bool ReadOnly => _image.ReadOnly;

    /// <summary>The epoch that writes belong to from now on; at a checkpoint's stop.</summary>
    public ulong Epoch
    {
        get => _epoch;
        set
        {
            _epoch = value;
            BeginEpoch();
        }
    }

    /// <summary>
    /// Requests of an epoch after which a checkpoint is due: the secondary keeps something of each in memory, also where it has
    /// no data.
    /// </summary>
    public int MostHeldRequests { get; init; } = 256 << 10;

    /// <summary>
    /// Called once an epoch, on the loop, when the secondary holds more of it than it should: only a checkpoint lets it go.
    /// </summary>
    public Action? Crowded { get; set; }

    /// <summary>
    /// Bytes of all writes, zeroes and discards that were begun towards the secondary since it was attached: the mark of
    /// a checkpoint. The secondary counts the same as they arrive, however they are split on the way.
    /// </summary>
    public long SentBytes { get; private set; }

    /// <summary>Bytes on their way that the secondary has not answered yet.</summary>
    public long OutstandingBytes { get; private set; }

    /// <summary>
    /// The epoch of the oldest write that is on its way to the local image; <see cref="ulong.MaxValue"/>: none. No flush covers it yet: its mark
    /// must not be forgotten, however long the secondary has had it.
    /// </summary>
    public ulong OldestUnderWay => _oldest?.Epoch ?? ulong.MaxValue;

    /// <summary>Bytes of data that the secondary has got since this was made.</summary>
    public long ReplicatedBytes { get; private set; }

    /// <summary>Whether a secondary is attached.</summary>
    public bool Attached => _client is not null;

    /// <summary>When the guest began to wait for the secondary alone (monotonic, ns); <see cref="long.MaxValue"/> when it does not.</summary>
    public long WaitingSinceNs
    {
        get
        {
            var since = long.MaxValue;
            foreach (var flush in _flushes)
                since = Math.Min(since, flush.LocalDone ? flush.SinceNs : long.MaxValue);
            foreach (var write in _durable)
                since = Math.Min(since, write.SinceNs);
            return _wantRoom.TryPeek(out var first) ? Math.Min(since, first.SinceNs) : since;
        }
    }

    /// <summary>
    /// Why the guest must not wait for the secondary any longer; null while it may. One that stalls answers nothing. One that is
    /// only slow, because a burst of writes takes its time on the link, answers one after the other, and may take longer.
    /// </summary>
    /// <param name="now">Monotonic, ns.</param>
    /// <param name="stallNs">For how long the guest waits without any answer.</param>
    /// <param name="waitNs">For how long it waits at all.</param>
    public string? Overdue(long now, long stallNs, long waitNs)
    {
        var since = WaitingSinceNs;
        if (since == long.MaxValue)
            return null;
        var silent = now - Math.Max(since, _answeredNs);
        return silent >= stallNs ? $"the secondary's disk {Name} has not answered for {silent / 1_000_000} ms"
            : now - since >= waitNs ? $"the guest has waited for the secondary's disk {Name} for {(now - since) / 1_000_000} ms"
            : null;
    }

    /// <summary>Called once when the secondary refused a write, or its connection ended; then it is detached already.</summary>
    public Action<string>? RemoteFailed { get; set; }

    /// <summary>The image, for the sync.</summary>
    internal IBlockBackend Image => _image;

    /// <summary>What a sync and the guest's writes keep from each other.</summary>
    internal RangeLocks Locks => _locks;

    internal EventLoop Loop { get; }

    /// <summary>All writes that begin from now on go to the secondary too.</summary>
    /// <param name="client">Belongs to this disk from now on.</param>
    public void Attach(NbdClient client)
    {
        if (_client is not null)
            throw new InvalidOperationException($"disk {Name}: a secondary is attached already");
        if (client.Size != Size)
            throw new IOException($"disk {Name}: {Size} bytes here and {client.Size} at the secondary");
        _client = client;
        client.Failed = reason => Lost($"disk {Name}: {reason}");
        SentBytes = 0;
        BeginEpoch();
    }

    /// <summary>The secondary is gone: whoever waits for it goes on at once. Its answers count no more.</summary>
    public void Detach()
    {
        if (_client is not { } client)
            return;
        _client = null;
        client.Failed = null;
        // Its requests are not completed any more.
        client.Dispose();
        while (_remote.TryDequeue(out var write))
        {
            if (write.RemoteDone)
                continue;
            write.RemoteDone = true;
            write.Remote.Error = NativeSocket.ENOTCONN;
            write.Finish();
        }

        OutstandingBytes = 0;
        _answered = _sent;
        ReleaseRoom();
        CompleteFlushes();
    }

    /// <inheritdoc/>
    public void Submit(BlockRequest request)
    {
        switch (request.Operation)
        {
            case BlockOperation.Write or BlockOperation.WriteZeroes or BlockOperation.Discard when request.Length > 0 && !ReadOnly:
                var write = TakeWrite();
                write.Begin(request);
                _locks.Acquire(request.Offset, request.Length, write.Granted);
                break;
            case BlockOperation.Flush:
                var flush = _freeFlushes.TryPop(out var kept) ? kept : new FlushWait(this);
                _flushes.Add(flush);
                flush.Begin(request, _sent);
                _image.Submit(flush.Local);
                break;
            default:
                _image.Submit(request);
                break;
        }
    }

    /// <summary>
    /// Sends a part of the image to the secondary, as the sync does: the caller holds the range's lock and keeps the data
    /// until <paramref name="done"/>.
    /// </summary>
    /// <param name="offset">Bytes.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="data">The data; 0 for zeroes.</param>
    /// <param name="done">Gets 0 or an errno; ENOTCONN when the secondary was detached meanwhile.</param>
    internal void SendForSync(long offset, long length, nint data, Action<int> done)
    {
        if (_client is null)
        {
            done(NativeSocket.ENOTCONN);
            return;
        }

        var write = TakeWrite();
        write.BeginSync(offset, length, data, done);
        SendRemote(write, offset, length);
    }

    /// <summary>Makes the local image durable.</summary>
    /// <param name="done">Gets 0 or an errno.</param>
    internal void FlushImage(Action<int> done)
    {
        var request = new BlockRequest(0, new Done(done));
        request.Begin(BlockOperation.Flush, 0, 0);
        _image.Submit(request);
    }

    /// <summary>Nothing of its own but the connection; the image belongs to the caller.</summary>
    public void Dispose() => Detach();

    private Write TakeWrite() => _free.TryPop(out var write) ? write : new Write(this);

    private void SendRemote(Write write, long offset, long length)
    {
        write.Sequence = ++_sent;
        SentBytes += length;
        OutstandingBytes += length;
        _remote.Enqueue(write);
        if (!_crowded && (SentBytes - _epochBytes > MostHeldBytes || _sent - _epochSent > (ulong)MostHeldRequests))
        {
            _crowded = true;
            // Later: a checkpoint begins with a stop, and this is the guest's request.
            if (Crowded is { } crowded)
                Loop.Post(crowded);
        }

        _client!.Submit(write.Remote);
    }

    private void BeginEpoch()
    {
        _epochSent = _sent;
        _epochBytes = SentBytes;
        _crowded = false;
    }

    private void RemoteAnswered(Write write)
    {
        _answeredNs = MonotonicClock.Now;
        OutstandingBytes -= write.Remote.Length;
        ReplicatedBytes += write.Remote.Error == 0 ? write.Remote.Length : 0;
        while (_remote.TryPeek(out var first) && first.RemoteDone)
        {
            _answered = first.Sequence;
            _remote.Dequeue();
            first.LeftQueue();
        }

        ReleaseRoom();
        CompleteFlushes();
    }

    private void ReleaseRoom()
    {
        while (OutstandingBytes < MostOutstanding && _wantRoom.TryDequeue(out var write))
            write.Go();
    }

    private void CompleteFlushes()
    {
        for (var i = 0; i < _flushes.Count;)
        {
            var flush = _flushes[i];
            if (!flush.LocalDone || _answered < flush.Barrier)
            {
                i++;
                continue;
            }

            _flushes.RemoveAt(i);
            var request = flush.Request!;
            flush.Request = null;
            _freeFlushes.Push(flush);
            request.Complete(flush.Local.Error);
        }
    }

    private void Lost(string reason)
    {
        if (_client is null)
            return;
        Detach();
        RemoteFailed?.Invoke(reason);
    }
}
