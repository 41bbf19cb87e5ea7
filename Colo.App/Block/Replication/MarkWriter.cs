using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>Somebody who waits for marks to be durable.</summary>
/// <param name="Disk">Whose; null: waits for all that was changed before.</param>
/// <param name="First">The first extent.</param>
/// <param name="Last">The last extent.</param>
/// <param name="Done">Who is told, with 0 or an errno.</param>
internal readonly record struct MarkRequest(ChangedExtents? Disk, long First, long Last, Action<int> Done);

/// <summary>
/// Writes changed blocks of marks on a thread of its own, one batch at a time: all blocks that are dirty when it begins, then
/// one sync for all disks. What is asked for meanwhile waits for the next. All members are for the loop's thread.
/// </summary>
internal sealed class MarkWriter : IDisposable
{
    // A mark that is cleared on disk late costs comparing after a crash; syncing for each would cost the disk.
    private static readonly TimeSpan s_clearingDelay = TimeSpan.FromSeconds(1);

    private readonly IRecordFile _file;
    private readonly EventLoop _loop;
    private readonly LoopTimer _later;
    private readonly Action _finish;
    private readonly SemaphoreSlim _work = new(0);
    private readonly Thread _thread;
    private readonly List<(ChangedExtents Disk, int Block)> _blocks = [];
    private readonly long[] _blocksAt;
    private List<MarkRequest> _waiting = [];
    private List<MarkRequest> _inBatch = [];
    private List<MarkRequest> _finished = [];
    private ChangedExtents[] _disks = [];
    private byte[] _content = [];
    private bool _running;
    private bool _disposed;
    private volatile bool _stop;
    private volatile int _error;

    /// <summary>Takes over <paramref name="file"/>.</summary>
    /// <param name="file">The record, for the marks only.</param>
    /// <param name="blocksAt">Where each disk's blocks begin in it.</param>
    /// <param name="loop">Where everybody is told.</param>
    internal MarkWriter(IRecordFile file, long[] blocksAt, EventLoop loop)
    {
        _file = file;
        _blocksAt = blocksAt;
        _loop = loop;
        _later = loop.AddTimer(Write);
        _finish = Finish;
        _thread = new Thread(Work) { IsBackground = true, Name = "record" };
    }

    /// <summary>Begins to work for these disks.</summary>
    internal void Start(ChangedExtents[] disks)
    {
        _disks = disks;
        _thread.Start();
        if (disks.Any(disk => disk.IsDirty))
            WriteLater();
    }

    /// <summary>Tells <paramref name="request"/> when what it waits for is durable, perhaps at once.</summary>
    internal void Add(in MarkRequest request)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _waiting.Add(request);
        Write();
    }

    /// <summary>Nobody waits: changed blocks are written with the next marks, or in a while.</summary>
    internal void WriteLater()
    {
        if (_later.DeadlineNs == long.MaxValue)
            _later.SetAfter(s_clearingDelay);
    }

    /// <summary>Waits for the batch under way, writes what is changed still, and closes. Nobody is told any more.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _later.Dispose();
        _stop = true;
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted) is false)
        {
            _work.Release();
            _thread.Join();
        }

        Settle();
        if (Collect())
            _ = WriteBlocks();
        _file.Dispose();
        _work.Dispose();
    }

    private void Write()
    {
        if (_running || _disposed)
            return;
        _later.Cancel();
        if (Collect())
        {
            (_inBatch, _waiting) = (_waiting, _inBatch);
            _running = true;
            _work.Release();
            return;
        }

        // Nothing to write: what they wait for is on disk.
        var told = _waiting;
        _waiting = [];
        TellAll(told, 0);
    }

    private bool Collect()
    {
        _blocks.Clear();
        foreach (var disk in _disks)
        {
            for (var block = 0; disk.IsDirty && block < disk.Blocks; block++)
            {
                if (!disk.IsBlockDirty(block))
                    continue;
                if (_content.Length < (_blocks.Count + 1) * NodeRecordFormat.BlockSize)
                    Array.Resize(ref _content, Math.Max(16, _blocks.Count * 2) * NodeRecordFormat.BlockSize);
                disk.Take(block, Content(_blocks.Count));
                _blocks.Add((disk, block));
            }
        }

        return _blocks.Count != 0;
    }

    private Span<byte> Content(int index) => _content.AsSpan(index * NodeRecordFormat.BlockSize, NodeRecordFormat.BlockSize);

    private void Work()
    {
        while (true)
        {
            _work.Wait();
            if (_stop && !_running)
                return;
            _error = WriteBlocks();
            _loop.Post(_finish);
            if (_stop)
                return;
        }
    }

    // On the thread, while a batch runs: the loop does not touch blocks and content then.
    private int WriteBlocks()
    {
        for (var i = 0; i < _blocks.Count; i++)
        {
            var (disk, block) = _blocks[i];
            if (_file.Write(Content(i), _blocksAt[disk.Number] + ((long)block * NodeRecordFormat.BlockSize)) is not 0 and var errno)
                return errno;
        }

        return _file.Sync();
    }

    /// <summary>Tells the disks how the batch went.</summary>
    private void Settle()
    {
        for (var i = 0; i < _blocks.Count; i++)
        {
            var (disk, block) = _blocks[i];
            if (_error == 0)
                disk.Written(block, Content(i));
            else
                disk.SetBlockDirty(block);
        }

        _blocks.Clear();
    }

    private void Finish()
    {
        if (_disposed)
            return;
        var error = _error;
        Settle();
        _running = false;
        foreach (var request in _inBatch)
        {
            // Cleared while it was written: its maker is to write under a mark all the same.
            if (error == 0 && request.Disk is { } disk && !disk.IsDurable(request.First, request.Last))
            {
                disk.MarkAgain(request.First, request.Last);
                _waiting.Add(request);
            }
            else
            {
                _finished.Add(request);
            }
        }

        _inBatch.Clear();
        if (error == 0)
            TakeDurable();

        // The next batch runs while the makers of this one are told.
        var told = _finished;
        _finished = [];
        if (_waiting.Count != 0)
            Write();
        if (!_running && _disks.Any(disk => disk.IsDirty))
            WriteLater();
        TellAll(told, error);
        _finished = told;
    }

    /// <summary>Who came meanwhile and wants no more than what is on disk now need not wait for another batch.</summary>
    private void TakeDurable()
    {
        var kept = 0;
        for (var i = 0; i < _waiting.Count; i++)
        {
            var request = _waiting[i];
            if (request.Disk is { } disk && disk.IsDurable(request.First, request.Last))
                _finished.Add(request);
            else
                _waiting[kept++] = request;
        }

        CollectionsMarshal.SetCount(_waiting, kept);
    }

    private static void TellAll(List<MarkRequest> requests, int error)
    {
        // Whoever is told may ask for more at once: no list that new requests go to may be given here.
        for (var i = 0; i < requests.Count; i++)
            requests[i].Done(error);
        requests.Clear();
    }
}
