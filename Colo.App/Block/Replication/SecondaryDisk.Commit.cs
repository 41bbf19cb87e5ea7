using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>Checkpoints: what is held goes to the image.</summary>
public sealed unsafe partial class SecondaryDisk
{
    private const int ApplyWindow = 32;
    private const long ApplyBytes = 32L << 20;

    private readonly List<IndexedExtent> _kept = [];
    private int _applyNext;
    private int _applyCount;
    private int _applying;
    private long _applyingBytes;
    private int _applyError;
    private bool _applies;
    private bool _pumping;
    private bool _sealed;
    private Action<int>? _applied;
    private Action? _afterCommit;

    /// <summary>
    /// Makes the journal of a first synchronisation durable and replayable by <see cref="JournalId"/> and epoch 0. Before
    /// the first commit; what comes later is not part of it. Sets <see cref="KeepFiles"/>.
    /// </summary>
    /// <param name="done">0 or an errno; EINVAL: the mark is not received.</param>
    /// <param name="mark">The last request that a replay shall apply; by default all that are received.</param>
    public void SealJournal(Action<int> done, long? mark = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_intake != Intake.Journal || _sealed)
            throw new InvalidOperationException($"disk {_name}: there is no journal to be sealed");
        var count = Received(mark ?? ReceivedBytes) ? _held.CountUpTo(mark ?? ReceivedBytes) : -1;
        if (count < 0)
        {
            done(Errno.EINVAL);
            return;
        }

        if (_mirrorClosed)
        {
            done(EIO);
            return;
        }

        _sealed = true;
        KeepFiles = true;
        // The number of a record in the journal is that of the request: all are in it.
        var bytes = count == 0 ? 0 : _held[count - 1].Mark - _held.Base;
        _journal.Append(WriteLogOperation.Seal, count, bytes, null, 0, this, append =>
        {
            // It counts while all of the journal does.
            _journal.Release(append.DataAt, 0);
            if (append.Error == 0)
                FlushJournal(done);
            else
                EndSeal(append.Error, done);
        });
    }

    private void FlushJournal(Action<int> done)
    {
        var operation = _operations.Take(0, null, flushed =>
        {
            var error = flushed.Request.Error;
            _operations.GiveBack(flushed);
            EndSeal(error, done);
        });
        operation.Request.Begin(BlockOperation.Flush, 0, 0);
        _journal.File.Submit(operation.Request);
    }

    private void EndSeal(int error, Action<int> done)
    {
        if (error != 0)
            Fail("write the journal", _files.JournalPath, error);
        else
            Checkpoint.FaultPoints.Reach("disk-journal-sealed");
        done(error);
    }

    /// <summary>
    /// Makes the image that of a checkpoint: applies the held requests up to its mark, in order, drops the VM's own writes,
    /// and begins the log anew. What is held beyond the mark stays held. The VM's requests wait meanwhile. Not yet durable:
    /// <see cref="Sync"/>.
    /// </summary>
    /// <param name="mark">Of the checkpoint; has to be received.</param>
    /// <param name="epoch">Of the checkpoint; higher than the one before, and than 0.</param>
    /// <param name="done">0; EINVAL, and nothing changed: the mark is not one that is received, or a direct first
    /// synchronisation has gone beyond it; another errno: the disk has failed, its image is of no use.</param>
    /// <exception cref="InvalidOperationException">The VM's requests are under way, or a commit or an end is, or the journal
    /// of the first synchronisation is not sealed.</exception>
    public void Commit(long mark, ulong epoch, Action<int> done)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(epoch, Epoch);
        if (_phase is not (Phase.Syncing or Phase.Running))
            throw new InvalidOperationException($"disk {_name}: a commit in phase {_phase}");
        if (_guestUnderWay > 0)
            throw new InvalidOperationException($"disk {_name}: a commit with {_guestUnderWay} requests of the VM under way");
        if (_intake == Intake.Journal && !_sealed)
            throw new InvalidOperationException($"disk {_name}: a commit of a journal that is not sealed");
        if (Refuse(mark) is var error && error != 0)
        {
            done(error);
            return;
        }

        _phase = Phase.Committing;
        HoldInMemory();
        Checkpoint.FaultPoints.Reach("disk-commit-begin");
        Apply(mark, applied => EndCommit(epoch, applied, done));
    }

    private int Refuse(long mark) =>
        _broken ? EIO
        : mark < _held.Base || !Received(mark) || (_phase == Phase.Syncing && mark < _directMark) ? Errno.EINVAL
        : 0;

    private void EndCommit(ulong epoch, int error, Action<int> done)
    {
        var after = _afterCommit;
        _afterCommit = null;
        if (error == 0)
        {
            _index.Clear();
            _log.Reset(_log.Id, epoch);
            Checkpoint.FaultPoints.Reach("disk-commit-applied");
        }

        // A commit that has failed leaves no image to run on: the VM's requests wait for good.
        _phase = error != 0 ? Phase.Ended : after is null ? Phase.Running : Phase.TakingOver;
        done(error);
        after?.Invoke();
        RunMirrorReads();
        RunWaiting();
        EndWaiting();
    }

    private void RunMirrorReads()
    {
        BlockRequest[] reads = [.. _mirrorReads];
        _mirrorReads.Clear();
        foreach (var read in reads)
            SubmitMirror(read);
    }

    /// <summary>Applies the held requests up to a mark that is received.</summary>
    private void Apply(long mark, Action<int> applied)
    {
        _applyNext = 0;
        _applyCount = _held.CountUpTo(mark);
        _applies = _applyCount > 0;
        _applyError = 0;
        _applied = applied;
        Pump();
    }

    private void Pump()
    {
        // Operations may end within their start.
        if (_pumping)
            return;
        _pumping = true;
        while (!_disposed && _applyError == 0 && _applyNext < _applyCount && _applying < ApplyWindow
            && (_applying == 0 || _applyingBytes + _held[_applyNext].Data <= ApplyBytes))
        {
            var held = TakeHeld();
            _held.Wake(_applyNext++, held);
            held.IsApplying = true;
            _applying++;
            _applyingBytes += held.IsZeroes ? 0 : held.Length;
            var operation = _operations.Take(0, held, held.IsZeroes ? ZeroedPart : WrittenHeld);
            operation.Start = held.IsZeroes ? ZeroPart : held.IsJournaled ? ReadHeld : WriteHeld;
            // Taken in order, so overlapping ones are applied in order.
            _imageLocks.Acquire(held.Offset, held.Length, operation.Granted);
        }

        _pumping = false;
        if (_applying > 0 || _disposed || _applied is not { } applied)
            return;
        _applied = null;
        _changes += _applies ? 1 : 0;
        if (_journal is { IsEmpty: true, IsBusy: false, End: > 0 } && !KeepFiles)
            _journal.Reset(Guid.NewGuid(), 0);
        applied(_applyError);
    }

    private void ReadHeld(DiskOperation operation)
    {
        var held = (HeldWrite)operation.Owner!;
        if (_disposed)
        {
            EndApply(operation, 0);
            return;
        }

        held.Data = _buffers.TryRent((uint)held.Length);
        held.IsReading = true;
        var read = _operations.Take(1, operation, ReadDone);
        read.Request.Begin(BlockOperation.Read, held.DataAt, held.Length);
        read.Request.Add(new BlockVector((nint)held.Data, (nuint)held.Length));
        _journal.File.Submit(read.Request);
    }

    private void ReadDone(DiskOperation read)
    {
        var operation = (DiskOperation)read.Owner!;
        var held = (HeldWrite)operation.Owner!;
        var error = read.Request.Error;
        _operations.GiveBack(read);
        held.IsReading = false;
        if (error == 0 && WriteLogRecord.Checksum(new ReadOnlySpan<byte>(held.Data, (int)held.Length)) != held.Checksum)
            error = EBADMSG;
        if (error == 0)
        {
            WriteHeld(operation);
            return;
        }

        Break("read the journal", _files.JournalPath, error);
        EndApply(operation, error);
    }

    private void WriteHeld(DiskOperation operation)
    {
        var held = (HeldWrite)operation.Owner!;
        operation.Request.Begin(BlockOperation.Write, held.Offset, held.Length);
        operation.Request.Add(new BlockVector((nint)held.Data, (nuint)held.Length));
        SubmitToImage(operation);
    }

    private void WrittenHeld(DiskOperation operation)
    {
        var (held, error) = ((HeldWrite)operation.Owner!, operation.Request.Error);
        if (error != 0 && !_disposed)
            Break("apply a checkpoint to", _files.ImagePath, error);
        EndApply(operation, error);
    }

    /// <summary>
    /// Zeroes a range, piece by piece: what may be a hole becomes one, except where a later write that is still held has
    /// its space.
    /// </summary>
    private void ZeroPart(DiskOperation operation)
    {
        var held = (HeldWrite)operation.Owner!;
        var offset = held.Offset + operation.At;
        var length = held.Length - operation.At;
        var unmap = held.MayUnmap;
        if (unmap && _reserved.Count > 0)
        {
            _kept.Clear();
            _reserved.Find(offset, length, _kept);
            foreach (var kept in _kept)
            {
                if (kept.Value < held.Mark)
                    continue;
                unmap = kept.Offset > offset;
                length = unmap ? kept.Offset - offset : kept.Length;
                break;
            }
        }

        operation.Request.Begin(BlockOperation.WriteZeroes, offset, length);
        operation.Request.MayUnmap = unmap;
        if (unmap)
            _allocated.Remove(offset, length);
        SubmitToImage(operation);
    }

    private void ZeroedPart(DiskOperation operation)
    {
        var (held, error) = ((HeldWrite)operation.Owner!, operation.Request.Error);
        operation.At += operation.Request.Length;
        if (error != 0 && !_disposed)
            Break("apply a checkpoint to", _files.ImagePath, error);
        if (error == 0 && operation.At < held.Length)
            ZeroPart(operation);
        else
            EndApply(operation, error);
    }

    private void EndApply(DiskOperation operation, int error)
    {
        var held = (HeldWrite)operation.Owner!;
        _operations.GiveBack(operation);
        held.IsApplying = false;
        held.IsApplied = error == 0;
        _applying--;
        _applyingBytes -= held.IsZeroes ? 0 : held.Length;
        if (_applyError == 0)
            _applyError = error;
        if (!held.MayUnmap)
            _reserved.Remove(held.Offset, held.Length, held.Mark);
        var (offset, length) = (held.Offset, held.Length);
        // At once, not when the whole checkpoint is applied: that may be larger than memory, and more comes meanwhile.
        FreeData(held);
        if (held.IsDropped)
            Recycle(held);
        else
            RemoveApplied();
        if (_applyNext < _applyCount || _applying > 0)
            Checkpoint.FaultPoints.Reach("disk-commit-middle");
        ReleaseImage(offset, length);
        Pump();
    }

    /// <summary>What is applied without a gap is held no more.</summary>
    private void RemoveApplied()
    {
        while (_held.First is { IsApplied: true } first)
        {
            _held.RemoveFirst();
            _applyNext--;
            _applyCount--;
            Recycle(first);
        }
    }
}
