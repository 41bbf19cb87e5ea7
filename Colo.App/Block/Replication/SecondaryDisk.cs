using System.Runtime.InteropServices;
using Colo.Block.Nbd;
using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>
/// One disk of the secondary: the image as it was at the last checkpoint, beside it what the primary's VM has written
/// since (held, in memory up to a bound and else in a journal file), and what the secondary's own VM has written since
/// (in a log file, which can be replayed). A commit applies what is held up to a mark and drops the VM's own writes; a
/// takeover does the reverse. All members are for the event loop's thread.
/// </summary>
/// <remarks>
/// The image has to be the file system's own: what is reserved by fallocate can be written. (On file systems that copy
/// on write the promise is weaker; there a commit may fail for want of space, and the pairing ends with a message.)
/// The first thing that goes wrong ends the pairing: <c>failed</c> is called once, <see cref="Mirror"/> answers EIO, and
/// requests of <see cref="Guest"/> that cannot be carried out stay uncompleted, until <see cref="TakeWaiting"/>: the
/// secondary's guest never sees an error of a file that its primary's guest does not have. What was received before
/// stays, so that a checkpoint that was acknowledged can be committed.
/// </remarks>
public sealed unsafe partial class SecondaryDisk : IDisposable
{
    private const long KeptBuffers = 16L << 20;
    private const int EIO = NativeFile.EIO;
    private const int EBADMSG = 74;

    private readonly string _name;
    private readonly IBlockBackend _image;
    private readonly SecondaryFiles _files;
    private readonly FirstSync _first;
    private readonly EventLoop _loop;
    private readonly Action<string> _failed;
    private readonly long _heldBytes;
    private readonly WriteLogFile _log;
    private readonly WriteLogFile _journal;
    private readonly NbdBufferPool _buffers = new(long.MaxValue, KeptBuffers);
    private readonly DiskOperations _operations = new();
    // All that changes the image, reservations too: a hole that is being made must not take what was just reserved.
    private readonly RangeLocks _imageLocks = new();
    private readonly AllocatedMap _allocated;
    private readonly Action<DiskOperation> _toImage;
    private readonly List<Action> _imageIdle = [];
    private Phase _phase = Phase.Syncing;
    private string? _failure;
    private bool _broken;
    private bool _disposed;
    private bool _keepFiles;
    private long _changes;
    private long _synced;

    /// <summary>Makes the files and an empty disk beside the image. What is in the files is thrown away: replay before.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="image">The image; the caller disposes it, after this.</param>
    /// <param name="files">The files beside it.</param>
    /// <param name="first">What happens to the writes until the first commit.</param>
    /// <param name="loop">The loop of image and files.</param>
    /// <param name="failed">Called once, later, when the disk can go on no more: what, where, why, and the mend.</param>
    /// <param name="heldBytes">Bytes of held data in memory.</param>
    /// <param name="id">Identity of log and journal, for all disks of a node the same, so that one decision names them all; by default a new one.</param>
    /// <exception cref="IOException">A file cannot be made; the message names it.</exception>
    public SecondaryDisk(
        string name, IBlockBackend image, SecondaryFiles files, FirstSync first, EventLoop loop, Action<string> failed, long heldBytes = 64 << 20, Guid? id = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(heldBytes);
        if (image.ReadOnly)
            throw new IOException($"disk {name}: {files.ImagePath} is read-only; a secondary has to write to it");
        _name = name;
        _image = image;
        _files = files;
        _first = first;
        _loop = loop;
        _failed = failed;
        _heldBytes = heldBytes;
        _intake = first == FirstSync.Direct ? Intake.Direct : Intake.Journal;
        _allocated = new AllocatedMap(image.Size);
        _reserved = new ExtentIndex(image.Size, positions: false);
        _index = new ExtentIndex(image.Size, positions: true);
        _toImage = SubmitToImage;
        _reservedHeld = ReservedHeld;
        _journaled = Journaled;
        _directZeroed = DirectZeroed;
        _reservedGuest = ReservedGuest;
        _logged = Logged;
        _patched = Patched;
        _flushedLog = FlushedLog;
        _flushedImage = FlushedImage;
        Mirror = new MirrorFace(this);
        Guest = new GuestFace(this);
        _log = new WriteLogFile(files.LogPath, files.Make(files.LogPath, loop), id ?? Guid.NewGuid(), 0, _buffers);
        try
        {
            _journal = new WriteLogFile(
                files.JournalPath, files.Make(files.JournalPath, loop), id ?? Guid.NewGuid(), 0, _buffers, new JournalSpace());
        }
        catch
        {
            _log.Dispose();
            throw;
        }
    }

    private enum Phase
    {
        /// <summary>Before the first commit: the secondary's VM does not run.</summary>
        Syncing,
        Running,
        Committing,
        TakingOver,
        Ended,
    }

    /// <summary>
    /// What the primary writes to: an export of the NBD server. Writes, zeroes and discards (which are zeroes) are taken in
    /// order; a flush is done when all before it are received and what is in the image is durable there: what is held is as
    /// durable as this process, the pair's durability is the log of the secondary's VM. Reads and Status tell of the image
    /// as it was at the last commit. At most 32 MiB of data in one write.
    /// </summary>
    public IBlockBackend Mirror { get; }

    /// <summary>The disk of the secondary's VM. Its requests wait until the first commit is done, and during each.</summary>
    public IBlockBackend Guest { get; }

    /// <summary>Which log the VM's writes are in, for <see cref="Replay"/>.</summary>
    public Guid LogId => _log.Id;

    /// <summary>The epoch of the last commit; 0 before the first.</summary>
    public ulong Epoch => _log.Epoch;

    /// <summary>Which journal is being written; changes when the journal begins anew.</summary>
    public Guid JournalId => _journal.Id;

    /// <summary>Whether the image has changes of commits, or of a direct first synchronisation, that are not durable.</summary>
    public bool Unsynced => _changes != _synced;

    /// <summary>Bytes of data that are in memory, also of what is on its way to the image or to a file, rounded up to buffers.</summary>
    internal long BufferBytes => _buffers.Rented;

    /// <summary>Why the disk can go on no more; null while it is good.</summary>
    public string? Failure => _failure;

    /// <summary>
    /// A replay of one of the files is recorded, or will be: they are neither written over nor deleted. Set by
    /// <see cref="SealJournal"/> and <see cref="TakeOver"/>; whoever has recorded that no replay is needed any more clears it.
    /// </summary>
    public bool KeepFiles
    {
        get => _keepFiles;
        set
        {
            _keepFiles = value;
            ChooseReuse();
        }
    }

    /// <summary>Makes the image durable, with all commits that are done.</summary>
    /// <param name="done">0 or an errno.</param>
    public void Sync(Action<int> done)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_broken)
        {
            done(EIO);
            return;
        }

        var changes = _changes;
        var operation = _operations.Take(0, null, flushed =>
        {
            var error = flushed.Request.Error;
            _operations.GiveBack(flushed);
            Synced(changes, error);
            done(error);
        });
        operation.Request.Begin(BlockOperation.Flush, 0, 0);
        _image.Submit(operation.Request);
    }

    /// <summary>
    /// Requests of the VM that came while it could not be served, in order; they belong to the caller from now on. To be
    /// asked again: each that comes later waits here too.
    /// </summary>
    public IReadOnlyList<BlockRequest> TakeWaiting()
    {
        BlockRequest[] taken = [.. _waiting];
        _waiting.Clear();
        return taken;
    }

    /// <summary>
    /// The VM is at rest for good, and whoever stops it waits for its requests: those that this disk can carry out no more
    /// end, with EIO, now and whenever it comes to that. The VM never sees it.
    /// </summary>
    public void EndGuest()
    {
        _guestAtRest = true;
        EndWaiting();
    }

    /// <summary>
    /// Tells when nothing of this disk changes the image any more; perhaps at once. Also after <see cref="Dispose"/>, when
    /// it is for good: whoever writes to the image next waits for it.
    /// </summary>
    public void WhenImageIdle(Action idle)
    {
        if (_imageLocks.Held == 0)
            idle();
        else
            _imageIdle.Add(idle);
    }

    /// <summary>
    /// Closes the files and, unless <see cref="KeepFiles"/>, deletes them. Waits only for what their threads are writing.
    /// What the image has under way ends by itself (<see cref="WhenImageIdle"/>); requests that only wait are answered with EIO (<see cref="Mirror"/>) or
    /// not at all (<see cref="Guest"/>).
    /// </summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _log.Dispose();
        _journal.Dispose();
        _replayer?.Cancel();
        CloseMirror();
        DropHeld(0);
        RunMirrorReads();
        _buffers.Dispose();
        if (KeepFiles)
            return;
        Delete(_files.LogPath);
        Delete(_files.JournalPath);
    }

    /// <summary>Deletes a file that is of no use any more, if that is possible.</summary>
    internal static void Delete(string path)
    {
        try
        {
            SecondaryFiles.Remove(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays behind and is made anew by the next pairing.
        }
    }

    /// <summary>
    /// While the journal is being written for a replay, and while that may come, all that is in it stays. From then on until
    /// its end it is nothing but memory: a takeover is a replay of the log.
    /// </summary>
    private void ChooseReuse()
    {
        if (_intake == Intake.Memory && !_keepFiles && !_disposed)
            _journal.BeginReuse();
    }

    private void HoldInMemory()
    {
        _intake = Intake.Memory;
        ChooseReuse();
    }

    private void FreeBuffer(byte* buffer, long length)
    {
        _buffers.Return(buffer, (uint)length);
        // Operations of the image may end after everything else: nothing is kept then.
        if (_disposed)
            _buffers.Dispose();
    }

    private static bool IsInRange(BlockRequest request, long size) =>
        request.Offset >= 0 && request.Length >= 0 && request.Offset <= size && request.Length <= size - request.Offset;

    /// <summary>Sets space aside for a range, after what is being done to it. The caller releases the request's range.</summary>
    private void Reserve(long offset, long length, object owner, Action<DiskOperation> done)
    {
        // Whole blocks, so that the next write beside it finds them known.
        var start = offset & ~(AllocatedMap.Block - 1L);
        var end = Math.Min(_image.Size, (offset + length + AllocatedMap.Block - 1) & ~(AllocatedMap.Block - 1L));
        var operation = _operations.Take(0, owner, done);
        operation.Start = _toImage;
        operation.Request.Begin(BlockOperation.Reserve, start, end - start);
        _imageLocks.Acquire(start, end - start, operation.Granted);
    }

    private void SubmitToImage(DiskOperation operation)
    {
        // The image has another owner then.
        if (_disposed)
            operation.Request.Complete(EIO);
        else
            _image.Submit(operation.Request);
    }

    /// <summary>The end of <see cref="Reserve"/>: what it led to.</summary>
    private int EndReserve(DiskOperation operation)
    {
        var (offset, length, error) = (operation.Request.Offset, operation.Request.Length, operation.Request.Error);
        _operations.GiveBack(operation);
        // A backend that cannot tell is one that cannot fail for it, or no better known.
        if (error == NativeFile.EOPNOTSUPP)
            error = 0;
        if (error == 0)
            _allocated.Add(offset, length);
        ReleaseImage(offset, length);
        return error;
    }

    private void ReleaseImage(long offset, long length)
    {
        _imageLocks.Release(offset, length);
        if (_imageLocks.Held > 0 || _imageIdle.Count == 0)
            return;
        Action[] told = [.. _imageIdle];
        _imageIdle.Clear();
        foreach (var idle in told)
            idle();
    }

    private void Synced(long changes, int error)
    {
        if (error == 0)
        {
            _synced = Math.Max(_synced, changes);
            Checkpoint.FaultPoints.Reach("disk-synced");
        }
        else
        {
            Break("flush", _files.ImagePath, error);
        }
    }

    /// <summary>The primary's side can go on no more; what was received stays.</summary>
    private void Fail(string what, string path, int errno)
    {
        if (_failure is not null)
            return;
        var mend = errno is Errno.ENOSPC or 122 or 27
            ? $"make room in {Path.GetDirectoryName(Path.GetFullPath(path))}, then the nodes can pair anew"
            : errno == EBADMSG
                ? "the storage has changed what was written to it; have it checked, then the nodes can pair anew"
                : "the kernel's log (dmesg) tells more of the device; when it works the nodes can pair anew";
        _failure = $"disk {_name}: {what} {path}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}); {mend}";
        CloseMirror();
        // Later: whoever is told disposes this, perhaps.
        _loop.Post(() =>
        {
            if (!_disposed)
                _failed(_failure);
        });
    }

    /// <summary>As <see cref="Fail"/>, and image or log are not what they have to be: no commit, no takeover.</summary>
    private void Break(string what, string path, int errno)
    {
        _broken = true;
        Fail(what, path, errno);
        EndWaiting();
    }

    private sealed class MirrorFace(SecondaryDisk disk) : IBlockBackend
    {
        public long Size => disk._image.Size;

        public bool ReadOnly => false;

        public void Submit(BlockRequest request) => disk.SubmitMirror(request);

        public void Dispose()
        {
        }
    }

    private sealed class GuestFace(SecondaryDisk disk) : IBlockBackend
    {
        public long Size => disk._image.Size;

        public bool ReadOnly => false;

        public void Submit(BlockRequest request) => disk.SubmitGuest(request);

        public void Dispose()
        {
        }
    }
}
