using System.Runtime.InteropServices;
using Colo.Block.Nbd;
using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>
/// A write log that is being written (<see cref="WriteLogRecord"/> has its format). Appends are under way at once and
/// are completed in their order, so that whatever was completed can be replayed: no gap lies before it. The file is
/// sparse and has a fixed size; each epoch begins at byte 0. A journal has one epoch that does not end, and places that are
/// used again (<see cref="JournalSpace"/>).
/// </summary>
/// <param name="path">Its name, for messages.</param>
/// <param name="file">The file. Belongs to this object.</param>
/// <param name="id">Which log it is; a new one for each new file.</param>
/// <param name="epoch">Its first epoch; 0 for a journal.</param>
/// <param name="buffers">Where data of appends goes when they are done.</param>
/// <param name="space">Of a journal: which parts of it are needed.</param>
internal sealed unsafe class WriteLogFile(
    string path, IBlockBackend file, Guid id, ulong epoch, NbdBufferPool buffers, JournalSpace? space = null)
    : IBlockCompletion, IDisposable
{
    // A file that has grown beyond Large gives back what lies beyond Kept when an epoch begins.
    private const long Large = 256L << 20;
    private const long Kept = 16L << 20;

    private readonly Queue<WriteLogAppend> _underWay = new();
    private readonly Queue<WriteLogAppend> _blocked = new();
    private readonly Stack<WriteLogAppend> _free = new();
    private readonly BlockRequest _discard = new(0, null!);
    private bool _discarding;
    private bool _completing;
    private bool _disposed;
    private int _error;

    /// <summary>Its name.</summary>
    internal string Path { get; } = path;

    /// <summary>For reads and flushes.</summary>
    internal IBlockBackend File { get; } = file;

    /// <summary>Which log it is.</summary>
    internal Guid Id { get; private set; } = id;

    /// <summary>Which epoch of it is being written.</summary>
    internal ulong Epoch { get; private set; } = epoch;

    /// <summary>Records that were appended in this epoch, whether written already or not.</summary>
    internal ulong Records { get; private set; }

    /// <summary>Where the last record ends.</summary>
    internal long End { get; private set; }

    /// <summary>Whether nothing in a journal is needed.</summary>
    internal bool IsEmpty => space!.IsEmpty;

    /// <summary>Whether appends are under way.</summary>
    internal bool IsBusy => _underWay.Count > 0;

    /// <summary>Appends a record.</summary>
    /// <param name="operation">What it says.</param>
    /// <param name="offset">First byte on the disk.</param>
    /// <param name="length">Bytes; of a write at most <see cref="WriteLogRecord.MaxData"/>.</param>
    /// <param name="data">A write's data, from the buffer pool; belongs to the log from now on.</param>
    /// <param name="checksum">Of the data.</param>
    /// <param name="owner">For <paramref name="done"/>.</param>
    /// <param name="done">Called when this and all earlier records are written, or have failed.</param>
    /// <returns>Where the data is in the file, or will be.</returns>
    internal long Append(
        WriteLogOperation operation, long offset, long length, byte* data, uint checksum, object owner, Action<WriteLogAppend> done)
    {
        if (!_free.TryPop(out var append))
            append = new WriteLogAppend(this);
        var record = new WriteLogRecord(Id, Epoch, Records++, operation, offset, length, checksum);
        var size = WriteLogRecord.HeaderSize + record.Stored;
        var start = space?.Take(size) ?? End;
        End = start + size;
        append.Record = record;
        append.DataAt = start + WriteLogRecord.HeaderSize;
        append.Data = data;
        append.Owner = owner;
        append.Done = done;
        append.IsWritten = false;
        append.Error = 0;
        record.WriteTo(new Span<byte>(append.Header, WriteLogRecord.HeaderSize));
        var withData = operation == WriteLogOperation.Write && length > 0;
        append.Request.Begin(BlockOperation.Write, start, WriteLogRecord.HeaderSize + (withData ? length : 0));
        append.Request.Add(new BlockVector((nint)append.Header, WriteLogRecord.HeaderSize));
        if (withData)
            append.Request.Add(new BlockVector((nint)data, (nuint)length));
        var at = append.DataAt;
        _underWay.Enqueue(append);
        // Without the blocks that the hole being made would take away again. (In a journal nothing is placed there.)
        if (space is null && _discarding && End > Kept)
            _blocked.Enqueue(append);
        else
            Submit(append);
        return at;
    }

    /// <summary>Begins anew at byte 0. Not while appends are under way.</summary>
    internal void Reset(Guid id, ulong epoch)
    {
        if (IsBusy)
            throw new InvalidOperationException($"{Path} begins anew with writes under way");
        if (space is null && End > Large && !_discarding)
            Discard(Kept, End - Kept);
        (Id, Epoch, Records, End) = (id, epoch, 0, 0);
        space?.Restart();
        GiveBack();
    }

    /// <summary>
    /// No replay of the journal will come any more: its places are used again, by records of another id. There is no way
    /// back: what is needed lies in any order then.
    /// </summary>
    internal void BeginReuse()
    {
        if (space!.Reuse)
            return;
        space.Reuse = true;
        Id = Guid.NewGuid();
        GiveBack();
    }

    /// <summary>A record of the journal is needed no more.</summary>
    /// <param name="dataAt">As <see cref="Append"/> has told.</param>
    /// <param name="data">Bytes of its data.</param>
    internal void Release(long dataAt, long data)
    {
        if (space!.Release(dataAt - WriteLogRecord.HeaderSize, WriteLogRecord.HeaderSize + WriteLogRecord.StoredSize(data)))
            GiveBack();
    }

    /// <summary>The hole is made, or there is none: nobody is harmed by that.</summary>
    public void Completed(BlockRequest request)
    {
        _discarding = false;
        space?.GaveBack(request.Offset);
        while (_blocked.TryDequeue(out var append))
            Submit(append);
        GiveBack();
    }

    /// <summary>Closes the file. Appends that are under way are not completed any more.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        File.Dispose();
        // Only now: the file's threads read from them until then.
        while (_underWay.TryDequeue(out var append))
            Free(append);
        while (_free.TryPop(out var append))
            append.Dispose();
    }

    internal void Written(WriteLogAppend append, int error)
    {
        append.IsWritten = true;
        append.Error = error;
        if (_completing)
            return;
        _completing = true;
        while (!_disposed && _underWay.TryPeek(out var first) && first.IsWritten)
        {
            _underWay.Dequeue();
            // After a gap nothing can be replayed.
            if (_error == 0)
                _error = first.Error;
            first.Error = _error;
            first.Done!(first);
            Free(first);
        }

        _completing = false;
    }

    /// <summary>Makes a hole where nothing is needed; one part after the other, so that writes have threads too.</summary>
    private void GiveBack()
    {
        if (space is not null && !_discarding && !_disposed && space.TryGiveBack(out var at))
            Discard(at, Math.Min(JournalSpace.PartSize, File.Size - at));
    }

    private void Discard(long offset, long length)
    {
        _discarding = true;
        _discard.Begin(BlockOperation.Discard, offset, length);
        _discard.Completion = this;
        File.Submit(_discard);
    }

    private void Submit(WriteLogAppend append)
    {
        // A backend would say EINVAL, which is the wrong word for a file that is full.
        if (append.Request.Offset + append.Request.Length > File.Size)
            Written(append, Errno.ENOSPC);
        else
            File.Submit(append.Request);
    }

    private void Free(WriteLogAppend append)
    {
        if (append.Data is not null)
            buffers.Return(append.Data, (uint)append.Record.Length);
        append.Data = null;
        append.Owner = null;
        append.Done = null;
        if (_disposed)
            append.Dispose();
        else
            _free.Push(append);
    }
}

/// <summary>One record on its way into a <see cref="WriteLogFile"/>. Reused.</summary>
internal sealed unsafe class WriteLogAppend : IBlockCompletion, IDisposable
{
    private readonly WriteLogFile _file;

    internal WriteLogAppend(WriteLogFile file)
    {
        _file = file;
        Request = new BlockRequest(2, this);
        Header = (byte*)NativeMemory.AlignedAlloc(WriteLogRecord.HeaderSize, WriteLogRecord.HeaderSize);
    }

    internal BlockRequest Request { get; }

    internal byte* Header { get; private set; }

    internal WriteLogRecord Record { get; set; }

    internal byte* Data { get; set; }

    /// <summary>Where the data is in the file.</summary>
    internal long DataAt { get; set; }

    internal object? Owner { get; set; }

    internal Action<WriteLogAppend>? Done { get; set; }

    internal bool IsWritten { get; set; }

    /// <summary>0 or an errno: its own, or that of an earlier record.</summary>
    internal int Error { get; set; }

    /// <inheritdoc/>
    public void Completed(BlockRequest request) => _file.Written(this, request.Error);

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(Header);
        Header = null;
    }
}
