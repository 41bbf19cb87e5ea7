using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>The secondary's VM: its writes go to the log, its reads see them over the image.</summary>
public sealed unsafe partial class SecondaryDisk
{
    // Copies of the VM's data that are on their way to the log; a guest must not make its host hold more.
    private const long GuestBytes = 64L << 20;

    private readonly ExtentIndex _index;
    private readonly RangeLocks _guestLocks = new();
    private readonly List<BlockRequest> _waiting = [];
    private readonly Queue<GuestRequest> _crowded = new();
    private readonly Stack<GuestRequest> _freeGuest = new();
    private readonly Action<DiskOperation> _reservedGuest;
    private readonly Action<DiskOperation> _patched;
    private readonly Action<DiskOperation> _flushedLog;
    private readonly Action<DiskOperation> _flushedImage;
    private readonly Action<WriteLogAppend> _logged;
    private (ulong Epoch, ulong Records) _logWhole;
    private int _guestUnderWay;
    private long _guestCopied;
    private Action? _guestIdle;
    private bool _guestAtRest;

    /// <summary>Requests of the VM that are being carried out; those that wait are not counted.</summary>
    public int GuestUnderWay => _guestUnderWay;

    /// <summary>The ranges that the VM has written or zeroed since the last commit, in order, joined where they touch.</summary>
    public IReadOnlyList<(long Offset, long Length)> GuestWritten()
    {
        List<(long Offset, long Length)> ranges = [];
        foreach (var extent in _index.All())
        {
            if (ranges.Count > 0 && ranges[^1].Offset + ranges[^1].Length == extent.Offset)
                ranges[^1] = (ranges[^1].Offset, ranges[^1].Length + extent.Length);
            else
                ranges.Add((extent.Offset, extent.Length));
        }

        return ranges;
    }

    private void SubmitGuest(BlockRequest request)
    {
        if (request.Operation is BlockOperation.Status or BlockOperation.Reserve)
        {
            request.Complete(NativeFile.EOPNOTSUPP);
            return;
        }

        if (request.Operation != BlockOperation.Flush && !IsInRange(request, _image.Size))
        {
            request.Complete(Errno.EINVAL);
            return;
        }

        if (_phase != Phase.Running || _broken || _disposed)
        {
            _waiting.Add(request);
            EndWaiting();
            return;
        }

        if (!_freeGuest.TryPop(out var guest))
            guest = new GuestRequest(this);
        _guestUnderWay++;
        guest.Caller = request;
        guest.Done = 0;
        guest.Error = 0;
        guest.Pending = 1;
        if (request.Operation == BlockOperation.Flush)
            FlushGuest(guest);
        else if (request.Length == 0)
            Finish(guest);
        else if (request.Operation == BlockOperation.Read)
            ReadGuest(guest);
        else
            // Order in the log is order in the index, and neither has two that overlap at once.
            _guestLocks.Acquire(request.Offset, request.Length, guest.Granted);
    }

    private void WriteGuest(GuestRequest guest)
    {
        var request = guest.Caller!;
        guest.IsLocked = true;
        var needsSpace = request.Operation == BlockOperation.Write || (request.Operation == BlockOperation.WriteZeroes && !request.MayUnmap);
        if (needsSpace && !_allocated.Contains(request.Offset, request.Length))
        {
            // A takeover applies it to the image, and must not fail for want of space.
            guest.Pending++;
            Reserve(request.Offset, request.Length, guest, _reservedGuest);
        }

        AppendGuest(guest);
    }

    private void AppendGuest(GuestRequest guest)
    {
        var request = guest.Caller!;
        if (request.Operation != BlockOperation.Write)
        {
            var unmap = request.MayUnmap || request.Operation == BlockOperation.Discard;
            _log.Append(unmap ? WriteLogOperation.Unmap : WriteLogOperation.Zeroes, request.Offset, request.Length, null, 0, guest, _logged);
            return;
        }

        var length = Math.Min(request.Length - guest.Done, WriteLogRecord.MaxData);
        if (_guestCopied > 0 && _guestCopied + length > GuestBytes)
        {
            _crowded.Enqueue(guest);
            return;
        }

        // A copy: the guest may change its memory meanwhile, and the checksum has to stay true.
        var data = _buffers.TryRent((uint)length);
        BlockVectors.CopyTo(request.Vectors, guest.Done, data, length);
        _guestCopied += length;
        var checksum = WriteLogRecord.Checksum(new ReadOnlySpan<byte>(data, (int)length));
        _log.Append(WriteLogOperation.Write, request.Offset + guest.Done, length, data, checksum, guest, _logged);
    }

    private void Logged(WriteLogAppend append)
    {
        var guest = (GuestRequest)append.Owner!;
        var record = append.Record;
        var isWrite = record.Operation == WriteLogOperation.Write;
        _guestCopied -= isWrite ? record.Length : 0;
        if (append.Error == 0)
        {
            _logWhole = (record.Epoch, record.Sequence + 1);
            _index.Set(record.Offset, record.Length, isWrite ? append.DataAt : ExtentIndex.Zeroes);
        }
        else
        {
            guest.Error = append.Error;
            Break("write the log", _files.LogPath, append.Error);
        }

        guest.Done += record.Length;
        if (guest.Error == 0 && guest.Done < guest.Caller!.Length)
            AppendGuest(guest);
        else
            Step(guest);
        if (_crowded.TryDequeue(out var next))
            AppendGuest(next);
    }

    private void ReservedGuest(DiskOperation operation)
    {
        var guest = (GuestRequest)operation.Owner!;
        var error = EndReserve(operation);
        if (error != 0 && !_disposed)
        {
            guest.Error = error;
            Break("set space aside in", _files.ImagePath, error);
        }

        Step(guest);
    }

    private void ReadGuest(GuestRequest guest)
    {
        var request = guest.Caller!;
        guest.Extents.Clear();
        _index.Find(request.Offset, request.Length, guest.Extents);
        long covered = 0;
        foreach (var extent in guest.Extents)
            covered += extent.Length;
        if (covered == request.Length)
        {
            PatchGuest(guest);
            return;
        }

        // The request itself goes on, then what the log has is put over it.
        guest.Completion = request.Completion;
        request.Completion = guest;
        _image.Submit(request);
    }

    private void ImageRead(GuestRequest guest, BlockRequest request)
    {
        request.Completion = guest.Completion!;
        guest.Completion = null;
        if (request.Error == 0 && (!_disposed || guest.Extents.Count == 0))
        {
            PatchGuest(guest);
            return;
        }

        // What the log has can be read no more after the end.
        guest.Error = request.Error == 0 ? EIO : request.Error;
        if (!_disposed)
            Break("read", _files.ImagePath, guest.Error);
        Step(guest);
    }

    private void PatchGuest(GuestRequest guest)
    {
        var request = guest.Caller!;
        foreach (var extent in guest.Extents)
        {
            if (extent.Value == ExtentIndex.Zeroes)
            {
                BlockVectors.Clear(request.Vectors, extent.Offset - request.Offset, extent.Length);
                continue;
            }

            guest.Pending++;
            var operation = _operations.Take(request.Vectors.Length, guest, _patched);
            operation.Request.Begin(BlockOperation.Read, extent.Value, extent.Length);
            BlockVectors.Slice(request.Vectors, extent.Offset - request.Offset, extent.Length, operation.Request);
            _log.File.Submit(operation.Request);
        }

        Step(guest);
    }

    private void Patched(DiskOperation operation)
    {
        var (guest, error) = ((GuestRequest)operation.Owner!, operation.Request.Error);
        _operations.GiveBack(operation);
        if (error != 0)
        {
            guest.Error = error;
            Break("read the log", _files.LogPath, error);
        }

        Step(guest);
    }

    private void FlushGuest(GuestRequest guest)
    {
        if (Unsynced)
        {
            // The log alone is no disk: what it is replayed over has to be there.
            guest.Pending++;
            guest.Changes = _changes;
            var image = _operations.Take(0, guest, _flushedImage);
            image.Request.Begin(BlockOperation.Flush, 0, 0);
            _image.Submit(image.Request);
        }

        var log = _operations.Take(0, guest, _flushedLog);
        log.Request.Begin(BlockOperation.Flush, 0, 0);
        _log.File.Submit(log.Request);
    }

    private void FlushedImage(DiskOperation operation)
    {
        var (guest, error) = ((GuestRequest)operation.Owner!, operation.Request.Error);
        _operations.GiveBack(operation);
        guest.Error = error == 0 ? guest.Error : error;
        if (!_disposed)
            Synced(guest.Changes, error);
        Step(guest);
    }

    private void FlushedLog(DiskOperation operation)
    {
        var (guest, error) = ((GuestRequest)operation.Owner!, operation.Request.Error);
        _operations.GiveBack(operation);
        if (error != 0)
        {
            guest.Error = error;
            Break("flush", _files.LogPath, error);
        }

        Step(guest);
    }

    /// <summary>One of a request's steps is done.</summary>
    private void Step(GuestRequest guest)
    {
        if (--guest.Pending > 0)
            return;
        if (guest.IsLocked)
        {
            guest.IsLocked = false;
            var (offset, length) = (guest.Caller!.Offset, guest.Caller.Length);
            var durable = guest.Caller.Durable && guest.Error == 0;
            guest.Pending = 1;
            _guestLocks.Release(offset, length);
            if (durable && !_disposed)
            {
                FlushGuest(guest);
                return;
            }
        }

        Finish(guest);
    }

    private void Finish(GuestRequest guest)
    {
        var (caller, error) = (guest.Caller!, guest.Error);
        guest.Caller = null;
        _freeGuest.Push(guest);
        _guestUnderWay--;
        if (error == 0)
        {
            caller.Complete(0);
        }
        else
        {
            _waiting.Add(caller);
            EndWaiting();
        }

        if (_guestUnderWay == 0 && _guestIdle is { } idle)
        {
            _guestIdle = null;
            idle();
        }
    }

    /// <summary>Submits what waited, if it may go on.</summary>
    private void RunWaiting()
    {
        if (_phase != Phase.Running || _broken || _disposed)
            return;
        foreach (var request in TakeWaiting())
            SubmitGuest(request);
    }

    /// <summary>Ends what waits in vain, when there is nobody whom that could mislead.</summary>
    private void EndWaiting()
    {
        if (!_guestAtRest || !(_broken || _disposed || _phase == Phase.Ended))
            return;
        foreach (var request in TakeWaiting())
            request.Complete(EIO);
    }

    /// <summary>Calls when none of the VM's requests is under way; new ones wait already.</summary>
    private void WhenGuestIdle(Action idle)
    {
        if (_guestUnderWay == 0)
            idle();
        else
            _guestIdle = idle;
    }

    /// <summary>A request of the VM on its way. Reused.</summary>
    private sealed class GuestRequest : IBlockCompletion
    {
        private readonly SecondaryDisk _disk;

        internal GuestRequest(SecondaryDisk disk)
        {
            _disk = disk;
            Granted = () => disk.WriteGuest(this);
        }

        internal Action Granted { get; }

        internal List<IndexedExtent> Extents { get; } = [];

        internal BlockRequest? Caller { get; set; }

        internal IBlockCompletion? Completion { get; set; }

        internal bool IsLocked { get; set; }

        internal long Done { get; set; }

        internal long Changes { get; set; }

        internal int Pending { get; set; }

        internal int Error { get; set; }

        /// <inheritdoc/>
        public void Completed(BlockRequest request) => _disk.ImageRead(this, request);
    }
}
