using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>The primary's side: its VM's writes are received, in order, and held.</summary>
public sealed unsafe partial class SecondaryDisk
{
    // Where held writes need their space, and the mark of the last one that does: a hole is not made there.
    private readonly ExtentIndex _reserved;
    private readonly List<(long Mark, Action Reached)> _marks = [];
    private readonly List<(long Mark, BlockRequest Request)> _mirrorFlushes = [];
    private readonly List<BlockRequest> _mirrorReads = [];
    private readonly Action<DiskOperation> _reservedHeld;
    private readonly Action<DiskOperation> _directZeroed;
    private readonly Action<WriteLogAppend> _journaled;
    private Intake _intake;
    private bool _mirrorClosed;
    private long _submitted;
    private long _directMark;

    private enum Intake
    {
        Direct,
        Journal,
        Memory,
    }

    /// <summary>
    /// Bytes of all modifying requests (writes, zeroes, discards) that are received whole, counted in the order of
    /// submission up to the first that is not: held, with their space reserved in the image; or, in a direct first
    /// synchronisation, in the image.
    /// </summary>
    public long ReceivedBytes => _held.ReadyMark;

    /// <summary>Bytes of all modifying requests that have come, received whole or still under way.</summary>
    public long SubmittedBytes => _submitted;

    /// <summary>Whether all requests up to a mark are received. Never for a mark in the middle of a request.</summary>
    public bool Received(long mark) => mark <= _held.Base || (mark <= ReceivedBytes && _held.CountUpTo(mark) >= 0);

    /// <summary>Tells when <see cref="Received"/> becomes true; perhaps at once. Never after a failure or a takeover.</summary>
    public void WhenReceived(long mark, Action reached)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Received(mark))
            reached();
        else if (!_mirrorClosed)
            _marks.Add((mark, reached));
    }

    /// <summary>
    /// Ends the direct intake of <see cref="FirstSync.Direct"/>: what is submitted from now on is held. The primary has it
    /// called before it takes the first checkpoint's mark, if its VM writes on before that is committed: what reached the
    /// image beyond the mark could not be undone. Nothing in the other modes.
    /// </summary>
    public void BeginHolding()
    {
        if (_intake == Intake.Direct)
            HoldInMemory();
    }

    private void SubmitMirror(BlockRequest request)
    {
        var modifies = request.Operation is BlockOperation.Write or BlockOperation.WriteZeroes or BlockOperation.Discard;
        if (_disposed || _mirrorClosed)
            request.Complete(EIO);
        else if (request.Operation == BlockOperation.Flush)
            FlushMirror(request);
        else if (!IsInRange(request, _image.Size) || (request.Operation == BlockOperation.Write && request.Length > WriteLogRecord.MaxData))
            request.Complete(Errno.EINVAL);
        else if (!modifies && _phase == Phase.Committing)
            _mirrorReads.Add(request);
        else if (!modifies)
            _image.Submit(request);
        else if (request.Length == 0)
            request.Complete(0);
        else
            Take(request);
    }

    private void Take(BlockRequest request)
    {
        var held = TakeHeld();
        held.Offset = request.Offset;
        held.Length = request.Length;
        held.IsZeroes = request.Operation != BlockOperation.Write;
        held.MayUnmap = held.IsZeroes && (request.MayUnmap || request.Operation == BlockOperation.Discard);
        held.Mark = _submitted += request.Length;
        held.IsDirect = _intake == Intake.Direct;
        held.Pending = 1;
        // Zeroes come in slices, each after the completion of the one before: the next request must not get between them.
        // What is no such slice waits when much is under way, or nothing would ever hold up whoever sends small ones.
        var atOnce = held.IsZeroes && (held.Length >= Nbd.NbdServerConnection.Slice || HeldObjects - _freeHeld.Count <= MostUnderWay);
        held.Caller = atOnce ? null : request;
        _held.Add(held);
        _heldMemory += HeldOverhead;
        if (held.IsDirect)
            TakeDirect(held);
        else
            Hold(held, request);
        Step(held, 0);
        if (atOnce)
            request.Complete(_mirrorClosed ? EIO : 0);
    }

    private void Hold(HeldWrite held, BlockRequest request)
    {
        byte* data = null;
        if (!held.IsZeroes)
        {
            data = _buffers.TryRent((uint)held.Length);
            BlockVectors.CopyTo(request.Vectors, 0, data, held.Length);
        }

        var size = held.IsZeroes ? 0 : Nbd.NbdBufferPool.SizeFor((uint)held.Length);
        // In the first synchronisation's journal each request has its record; later only data goes there. (For zeroes a
        // record would be read only to be told what has to be in memory to find it.)
        held.IsJournaled = _intake == Intake.Journal || (!held.IsZeroes && _heldMemory + size > _heldBytes);
        if (held.IsJournaled)
        {
            held.Checksum = data is null ? 0 : WriteLogRecord.Checksum(new ReadOnlySpan<byte>(data, (int)held.Length));
            held.Pending++;
            var operation = !held.IsZeroes ? WriteLogOperation.Write : held.MayUnmap ? WriteLogOperation.Unmap : WriteLogOperation.Zeroes;
            held.DataAt = _journal.Append(operation, held.Offset, held.Length, data, held.Checksum, held, _journaled);
        }
        else
        {
            held.Data = data;
            _heldMemory += size;
        }

        if (held.MayUnmap)
            return;
        _reserved.Set(held.Offset, held.Length, held.Mark);
        if (_allocated.Contains(held.Offset, held.Length))
            return;
        held.Pending++;
        Reserve(held.Offset, held.Length, held, _reservedHeld);
    }

    private void TakeDirect(HeldWrite held)
    {
        _directMark = held.Mark;
        held.Pending++;
        var operation = _operations.Take(0, held, _directZeroed);
        operation.Start = StartDirect;
        _imageLocks.Acquire(held.Offset, held.Length, operation.Granted);
    }

    private void StartDirect(DiskOperation operation)
    {
        var held = (HeldWrite)operation.Owner!;
        if (held.IsZeroes)
        {
            operation.Request.Begin(BlockOperation.WriteZeroes, held.Offset, held.Length);
            operation.Request.MayUnmap = held.MayUnmap;
            if (held.MayUnmap)
                _allocated.Remove(held.Offset, held.Length);
            SubmitToImage(operation);
            return;
        }

        // The caller's own request goes on, with its memory: nothing is copied.
        _operations.GiveBack(operation);
        var request = held.Caller!;
        held.Completion = request.Completion;
        request.Completion = held;
        if (_disposed)
            request.Complete(EIO);
        else
            _image.Submit(request);
    }

    internal void DirectDone(HeldWrite held, BlockRequest request)
    {
        request.Completion = held.Completion!;
        held.Completion = null;
        EndDirect(held, request.Error);
    }

    private void DirectZeroed(DiskOperation operation)
    {
        var (held, error) = ((HeldWrite)operation.Owner!, operation.Request.Error);
        _operations.GiveBack(operation);
        EndDirect(held, error);
    }

    private void EndDirect(HeldWrite held, int error)
    {
        _changes++;
        if (error == 0 && !held.MayUnmap)
            _allocated.Add(held.Offset, held.Length);
        if (error != 0 && !held.IsDropped && !_disposed)
            Fail("write to", _files.ImagePath, error);
        ReleaseImage(held.Offset, held.Length);
        Step(held, error);
    }

    private void ReservedHeld(DiskOperation operation)
    {
        var held = (HeldWrite)operation.Owner!;
        var error = EndReserve(operation);
        if (error != 0 && !held.IsDropped && !_disposed)
        {
            held.Error = error;
            Fail("set space aside in", _files.ImagePath, error);
        }

        Step(held, error);
    }

    private void Journaled(WriteLogAppend append)
    {
        var held = (HeldWrite)append.Owner!;
        if (append.Error != 0 && !held.IsDropped)
        {
            held.Error = append.Error;
            Fail("write the journal", _files.JournalPath, append.Error);
        }

        Step(held, append.Error);
    }

    /// <summary>One of a request's steps is done; after the last it is held.</summary>
    private void Step(HeldWrite held, int error)
    {
        if (error != 0)
            held.Error = error;
        if (--held.Pending > 0)
            return;
        var caller = held.Caller;
        held.Caller = null;
        error = held.Error;
        if (held.IsDropped)
        {
            Recycle(held);
            // A direct one is still with its caller: it went to the image with the caller's memory.
            caller?.Complete(error == 0 ? EIO : error);
            return;
        }

        if (error == 0)
        {
            held.IsReady = true;
            Checkpoint.FaultPoints.Reach("disk-held");
            if (_held.Next == held)
                Advanced();
        }

        caller?.Complete(error);
    }

    private void Advanced()
    {
        while (_held.Next is { IsReady: true } held)
        {
            _held.SettleNext();
            PutBack(held);
        }

        // Direct ones are the first, if there are any: they are in the image, and nothing is left to do.
        while (_held.Ready > 0 && (_held[0].Kind & HeldKind.Direct) != 0)
            Forget(_held.RemoveFirst().Held);
        for (var i = 0; i < _mirrorFlushes.Count;)
        {
            var (mark, request) = _mirrorFlushes[i];
            if (mark > ReceivedBytes)
            {
                i++;
                continue;
            }

            _mirrorFlushes.RemoveAt(i);
            FlushReceived(request);
        }

        for (var i = 0; i < _marks.Count;)
        {
            var (mark, reached) = _marks[i];
            if (!Received(mark))
            {
                i++;
                continue;
            }

            _marks.RemoveAt(i);
            reached();
        }
    }

    private void FlushMirror(BlockRequest request)
    {
        if (ReceivedBytes >= _submitted)
            FlushReceived(request);
        else
            _mirrorFlushes.Add((_submitted, request));
    }

    private void FlushReceived(BlockRequest request)
    {
        if (!Unsynced)
            request.Complete(0);
        else
            Sync(error => request.Complete(error == 0 ? 0 : EIO));
    }

    /// <summary>Answers what waits with EIO, and everything that comes; gives up what is held beyond the first gap.</summary>
    private void CloseMirror()
    {
        if (_mirrorClosed)
            return;
        _mirrorClosed = true;
        _marks.Clear();
        DropHeld(_held.Ready);
        foreach (var (_, request) in _mirrorFlushes.ToArray())
            request.Complete(EIO);
        _mirrorFlushes.Clear();
    }
}
