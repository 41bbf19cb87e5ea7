using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>The ends: the secondary's VM goes on alone, or nobody does.</summary>
public sealed unsafe partial class SecondaryDisk
{
    private LogReplayer? _replayer;
    private bool _takeOverFailed;

    /// <summary>
    /// Makes the image the disk of the secondary's VM: drops what is held, waits for the VM's requests under way (and for a
    /// commit, which is not taken back), applies the log to the image, and makes that durable. The VM's requests that come
    /// from now on wait for <see cref="TakeWaiting"/>. Sets <see cref="KeepFiles"/>.
    /// </summary>
    /// <remarks>
    /// The decision, a replay of <see cref="LogId"/> and <see cref="Epoch"/>, is recorded before, so that a crash in the
    /// middle is mended by <see cref="Replay"/>. A replay needs the image of the last commit to be durable: with
    /// <see cref="Unsynced"/> the caller has to <see cref="Sync"/> before it records, or a power failure may cost more than the
    /// takeover. An earlier failure of log or image is no hindrance, but for that of a commit: whether all that the VM was told
    /// is done can be read and written is found out here.
    /// </remarks>
    /// <param name="done">0, or an errno: the image is of no use until <see cref="TakeOverAgain"/> says 0, or a replay has mended it.</param>
    /// <param name="changes">Called before the image is touched, with the ranges that will change (<see cref="GuestWritten"/>, which is
    /// final only then), and with what goes on.</param>
    /// <exception cref="InvalidOperationException">Before the first commit there is nothing to go on from; or an end is under way.</exception>
    public void TakeOver(Action<int> done, Action<IReadOnlyList<(long Offset, long Length)>, Action>? changes = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_phase == Phase.Syncing || _phase >= Phase.TakingOver || _afterCommit is not null)
            throw new InvalidOperationException($"disk {_name}: a takeover in phase {_phase}");
        KeepFiles = true;
        CloseMirror();
        if (_phase == Phase.Committing)
        {
            _afterCommit = () => BeginTakeOver(done, changes);
            return;
        }

        _phase = Phase.TakingOver;
        BeginTakeOver(done, changes);
    }

    /// <summary>After <see cref="TakeOver"/> has told an error: applies the log anew, all of it.</summary>
    /// <param name="done">0 or an errno, as there.</param>
    /// <exception cref="InvalidOperationException">No takeover has failed.</exception>
    public void TakeOverAgain(Action<int> done)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_takeOverFailed)
            throw new InvalidOperationException($"disk {_name}: no takeover has failed");
        _takeOverFailed = false;
        _imageLocks.Acquire(0, _image.Size, () => ApplyLog(done));
    }

    /// <summary>
    /// The guest has ended on both nodes: makes the image that of the primary, durable, as of a mark; the VM's own writes and
    /// what is held beyond the mark are dropped. Waits for the VM's requests under way; those that come later are not
    /// carried out any more.
    /// </summary>
    /// <param name="mark">The last request of the guest's life; has to be received.</param>
    /// <param name="done">0; EINVAL, and nothing changed: not such a mark; another errno: the image is of no use.</param>
    public void EndInOrder(long mark, Action<int> done)
    {
        CheckEnd();
        if (_intake == Intake.Journal && !_sealed)
            throw new InvalidOperationException($"disk {_name}: an end in order with a journal that is not sealed");
        if (Refuse(mark) is var error && error != 0)
        {
            done(error);
            return;
        }

        _phase = Phase.Ended;
        HoldInMemory();
        WhenGuestIdle(() => Apply(mark, applied =>
        {
            if (applied != 0)
                done(applied);
            else
                DropAll(done);
        }));
    }

    /// <summary>As <see cref="EndInOrder"/>, but nothing is applied: the image stays that of the last commit, and becomes durable.</summary>
    public void Abandon(Action<int> done)
    {
        CheckEnd();
        _phase = Phase.Ended;
        WhenGuestIdle(() => DropAll(done));
    }

    private void CheckEnd()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_phase is not (Phase.Syncing or Phase.Running))
            throw new InvalidOperationException($"disk {_name}: an end in phase {_phase}");
    }

    private void DropAll(Action<int> done)
    {
        if (_disposed)
            return;
        CloseMirror();
        DropHeld(0);
        _index.Clear();
        // A direct write may still be on its way to the image.
        WhenImageIdle(() =>
        {
            if (!_disposed)
                Sync(done);
        });
    }

    private void BeginTakeOver(Action<int> done, Action<IReadOnlyList<(long Offset, long Length)>, Action>? changes)
    {
        if (_disposed)
            return;
        CloseMirror();
        DropHeld(0);
        // After all that is being done to the image: a dropped write may still have its space set aside.
        WhenGuestIdle(() => _imageLocks.Acquire(0, _image.Size, () =>
        {
            // The VM's writes that were under way are in the index only now.
            if (changes is null || _disposed)
                ApplyLog(done);
            else
                changes(GuestWritten(), () => ApplyLog(done));
        }));
    }

    private void ApplyLog(Action<int> done)
    {
        if (_disposed || _phase != Phase.TakingOver)
        {
            ReleaseImage(0, _image.Size);
            // The commit that was waited for has failed: the image is a mixture, and no log mends that.
            _takeOverFailed = true;
            if (!_disposed)
                done(EIO);
            return;
        }

        Checkpoint.FaultPoints.Reach("disk-takeover-begin");
        // What was completed, and is in the index; after a record that failed others may be in the file that the VM was told nothing of.
        var whole = _logWhole.Epoch == _log.Epoch ? _logWhole.Records : 0;
        _replayer = new LogReplayer(_log.File, _log.Path, _log.Id, _log.Epoch, _image, result =>
        {
            _replayer = null;
            ReleaseImage(0, _image.Size);
            if (!_disposed)
                EndTakeOver(result, whole, done);
        }, whole);
        _replayer.Run();
    }

    private void EndTakeOver(ReplayResult result, ulong whole, Action<int> done)
    {
        var error = result.Error;
        // All of it was written, by this process: an end before that is the storage's fault.
        if (error == 0 && result.Records != (long)whole)
            error = EBADMSG;
        _takeOverFailed = error != 0;
        if (error != 0)
            Break("apply to the image", _files.LogPath, error);
        else
            Checkpoint.FaultPoints.Reach("disk-takeover-applied");
        done(error);
    }

    /// <summary>
    /// After a crash: applies a log, or the journal of a first synchronisation, to an image, and makes it durable. May be
    /// repeated: the outcome is the same. The files stay.
    /// </summary>
    /// <param name="path">The log or journal.</param>
    /// <param name="id">As it was recorded.</param>
    /// <param name="epoch">As it was recorded; 0: a journal, which has to be sealed.</param>
    /// <param name="image">Used by nobody else meanwhile.</param>
    /// <param name="loop">The image's loop.</param>
    /// <param name="done">What was done.</param>
    /// <param name="progress">Called each time that something is read or applied, or has become durable.</param>
    public static void Replay(string path, Guid id, ulong epoch, IBlockBackend image, EventLoop loop, Action<ReplayResult> done, Action? progress = null)
    {
        IBlockBackend file;
        try
        {
            file = new ImageFileBackend(path, 0, readOnly: true, loop, threads: 1);
        }
        catch (IOException e)
        {
            var errno = e is LinuxException linux ? linux.Errno : File.Exists(path) ? EIO : Errno.ENOENT;
            var text = $"{path}: the log that has to be replayed cannot be read ({e.Message}); put it back, or the disk is of no use";
            loop.Post(() => done(new ReplayResult(errno, 0, 0, text)));
            return;
        }

        // Closed later: not by a completion of its own.
        var replayer = new LogReplayer(file, path, id, epoch, image, result => loop.Post(() =>
        {
            file.Dispose();
            done(result);
        }), progress: progress);
        replayer.Run();
    }
}
