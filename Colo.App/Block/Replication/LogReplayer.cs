using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>What a replay has done.</summary>
/// <param name="Error">0 or an errno: ENOENT: no such file; EBADMSG: a journal that is not whole (nothing was applied); EINVAL: it belongs to another image; or that of a read, write or flush.</param>
/// <param name="Records">Records that were applied.</param>
/// <param name="Bytes">Bytes of the image that they cover.</param>
/// <param name="Text">For the log: what was done, or what is wrong and the mend.</param>
public sealed record ReplayResult(int Error, long Records, long Bytes, string Text);

/// <summary>
/// Applies a write log to an image, record by record, until the first that is not the next one, and makes the image
/// durable. A journal is read to its seal before anything of it is applied.
/// </summary>
/// <param name="log">The file.</param>
/// <param name="path">Its name, for messages.</param>
/// <param name="id">Which log.</param>
/// <param name="epoch">Which epoch of it; 0 for a journal.</param>
/// <param name="image">Where it goes.</param>
/// <param name="done">Called once.</param>
/// <param name="limit">The most records of a log that are applied: what else may be there was never completed.</param>
/// <param name="progress">Called each time that something is read or applied, or has become durable; null: nobody waits for that.</param>
internal sealed unsafe class LogReplayer(
    IBlockBackend log, string path, Guid id, ulong epoch, IBlockBackend image, Action<ReplayResult> done, ulong limit = ulong.MaxValue, Action? progress = null)
{
    private const int Chunk = 4 << 20;
    private const int Window = 64;

    // What is told of its progress is made durable in pieces: one flush of all would be no progress for as long as it takes.
    private const long FlushEvery = 64 << 20;
    private const int EBADMSG = 74;

    private readonly DiskOperations _operations = new();
    private readonly RangeLocks _locks = new();
    private byte* _buffer;
    private long _capacity;
    // What is in the buffer, where that is in the file, and how far it is taken apart.
    private long _filled;
    private long _at;
    private long _taken;
    private ulong _sequence;
    private ulong _limit = limit;
    private Stage _stage = epoch == 0 ? Stage.Check : Stage.Apply;
    private int _underWay;
    private int _error;
    private string _fault = "";
    private long _records;
    private long _bytes;
    private long _checkedBytes;
    private bool _reading;
    private bool _flushing;
    private long _unflushed;
    private bool _stepping;
    private bool _again;

    private enum Stage
    {
        /// <summary>A journal is read up to its seal.</summary>
        Check,
        Apply,
        Flush,
        Ended,
    }

    internal void Run()
    {
        Allocate(Math.Min(Chunk, log.Size));
        Step();
    }

    /// <summary>
    /// The log is closed: nothing is read any more, and what is being written ends by itself. It is done, with ECANCELED,
    /// when nothing of it changes the image any more; perhaps at once.
    /// </summary>
    internal void Cancel()
    {
        const int ECANCELED = 125;
        if (_error == 0)
            (_error, _fault) = (ECANCELED, $"{path}: the replay was ended");
        // A closed file completes nothing.
        if (_underWay == 0 || _reading)
            End();
    }

    /// <summary>Goes on. Operations may end within their start, and lead here again.</summary>
    private void Step()
    {
        _again = true;
        if (_stepping)
            return;
        _stepping = true;
        while (_again)
        {
            _again = false;
            GoOn();
        }

        _stepping = false;
    }

    private void GoOn()
    {
        if (_stage is Stage.Flush or Stage.Ended)
            return;
        if (_error != 0)
        {
            if (_underWay == 0)
                End();
            return;
        }

        while (_underWay < Window && _error == 0 && !_flushing && Next() is var (record, data, isThere) && isThere)
        {
            if (_stage == Stage.Check)
                Check(record);
            else
                Apply(record, data);
            if (_stage is Stage.Flush or Stage.Ended)
                return;
        }
    }

    /// <summary>Takes the next record out of the buffer; when there is none yet, has more read, or comes to the end.</summary>
    private (WriteLogRecord Record, nint Data, bool IsThere) Next()
    {
        if (_sequence == _limit)
            return EndOfLog();
        var left = _filled - _taken;
        if (left < WriteLogRecord.HeaderSize)
            return Refill(WriteLogRecord.HeaderSize);
        var header = new ReadOnlySpan<byte>(_buffer + _taken, WriteLogRecord.HeaderSize);
        if (!WriteLogRecord.TryRead(header, id, epoch, _sequence, out var record))
            return EndOfLog();
        var size = WriteLogRecord.HeaderSize + record.Stored;
        if (left < size)
            return Refill(size);
        var data = _buffer + _taken + WriteLogRecord.HeaderSize;
        if (record.Operation == WriteLogOperation.Write
            && WriteLogRecord.Checksum(new ReadOnlySpan<byte>(data, (int)record.Length)) != record.DataChecksum)
        {
            return EndOfLog();
        }

        _taken += size;
        _sequence++;
        return (record, (nint)data, true);
    }

    private (WriteLogRecord, nint, bool) Refill(long need)
    {
        if (need > log.Size - (_at + _taken))
            return EndOfLog();
        // What is being written lies in the buffer.
        if (_underWay > 0)
            return default;
        _at += _taken;
        _taken = 0;
        _filled = 0;
        if (need > _capacity)
            Allocate(need);
        var length = Math.Min(_capacity, log.Size - _at);
        _reading = true;
        Submit(0, BlockOperation.Read, _at, length, (nint)_buffer, log, operation =>
        {
            _reading = false;
            if (operation.Request.Error == 0)
                _filled = operation.Request.Length;
            Finish(operation, $"{path} cannot be read");
        });
        return default;
    }

    private (WriteLogRecord, nint, bool) EndOfLog()
    {
        if (_underWay > 0)
            return default;
        if (_stage == Stage.Check)
        {
            _error = EBADMSG;
            _fault = $"{path} is not a whole journal: after {_sequence} good records there is no seal; nothing was applied, synchronise the disk anew";
            End();
            return default;
        }

        _stage = Stage.Flush;
        Submit(0, BlockOperation.Flush, 0, 0, 0, image, operation =>
        {
            Finish(operation, "the image cannot be made durable");
            End();
        });
        return default;
    }

    private void Check(WriteLogRecord record)
    {
        if (record.Operation != WriteLogOperation.Seal)
        {
            if (IsForeign(record))
                End();
            return;
        }

        // The seal's own number is that of the records before it.
        if (record.Offset > (long)record.Sequence)
        {
            _error = EBADMSG;
            _fault = $"{path}: the journal's seal counts {record.Offset} records and there are {record.Sequence}; synchronise the disk anew";
            End();
            return;
        }

        _limit = (ulong)record.Offset;
        _checkedBytes = record.Length;
        _stage = Stage.Apply;
        _sequence = 0;
        (_at, _taken, _filled) = (0, 0, 0);
    }

    private bool IsForeign(WriteLogRecord record)
    {
        if (record.Offset + record.Length <= image.Size)
            return false;
        _error = Errno.EINVAL;
        _fault = $"{path}: record {record.Sequence} lies beyond the end of the image ({record.Length} bytes at {record.Offset} of {image.Size}); it belongs to another image";
        return true;
    }

    private void Apply(WriteLogRecord record, nint data)
    {
        // A log is never sealed, and what belongs to another image may be in the middle of one.
        if (record.Operation == WriteLogOperation.Seal || IsForeign(record))
        {
            _error = _error == 0 ? EBADMSG : _error;
            _fault = _fault.Length == 0 ? $"{path}: record {record.Sequence} is a seal, where none can be" : _fault;
            if (_underWay == 0)
                End();
            return;
        }

        _records++;
        _bytes += record.Length;
        if (record.Length == 0)
            return;
        var operation = record.Operation switch
        {
            WriteLogOperation.Write => BlockOperation.Write,
            _ => BlockOperation.WriteZeroes,
        };
        Submit(record.Length, operation, record.Offset, record.Length, data, image, Applied, record.Operation == WriteLogOperation.Unmap);
        _unflushed += record.Length;
        if (progress is not null && _unflushed >= FlushEvery)
            FlushPiece();
    }

    private void FlushPiece()
    {
        _unflushed = 0;
        _flushing = true;
        Submit(0, BlockOperation.Flush, 0, 0, 0, image, operation =>
        {
            _flushing = false;
            Finish(operation, "the image cannot be made durable");
        });
    }

    private void Applied(DiskOperation operation)
    {
        var request = operation.Request;
        if (_underWay > 1)
            Checkpoint.FaultPoints.Reach("disk-takeover-middle");
        _locks.Release(request.Offset, request.Length);
        Finish(operation, "the image cannot be written");
    }

    private void Submit(
        long locked, BlockOperation kind, long offset, long length, nint data, IBlockBackend to, Action<DiskOperation> ended, bool unmap = false)
    {
        var operation = _operations.Take(1, this, ended);
        operation.Start = started => to.Submit(started.Request);
        operation.Request.Begin(kind, offset, length);
        operation.Request.MayUnmap = unmap;
        if (kind is BlockOperation.Read or BlockOperation.Write)
            operation.Request.Add(new BlockVector(data, (nuint)length));
        _underWay++;
        _locks.Acquire(offset, locked, operation.Granted);
    }

    private void Finish(DiskOperation operation, string what)
    {
        var error = operation.Request.Error;
        _operations.GiveBack(operation);
        _underWay--;
        if (error != 0 && _error == 0)
        {
            _error = error;
            _fault = $"{what}: {Marshal.GetPInvokeErrorMessage(error)} (errno {error}); when that is mended the replay can be repeated";
        }
        else if (error == 0)
        {
            progress?.Invoke();
        }

        Step();
    }

    private void End()
    {
        if (_stage == Stage.Ended)
            return;
        _stage = Stage.Ended;
        NativeMemory.AlignedFree(_buffer);
        _buffer = null;
        if (_error == 0 && epoch == 0 && _bytes != _checkedBytes)
        {
            _error = EBADMSG;
            _fault = $"{path}: the records of the journal cover {_bytes} bytes, its seal says {_checkedBytes}; synchronise the disk anew";
        }

        done(new ReplayResult(_error, _records, _bytes, _error != 0 ? _fault : $"{path}: {_records} records with {_bytes} bytes applied"));
    }

    private void Allocate(long size)
    {
        NativeMemory.AlignedFree(_buffer);
        _capacity = (size + 4095) & ~4095L;
        _buffer = (byte*)NativeMemory.AlignedAlloc((nuint)_capacity, 4096);
    }
}
