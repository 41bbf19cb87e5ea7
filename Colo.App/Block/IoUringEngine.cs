using Colo.Linux;

namespace Colo.Block;

/// <summary>
/// Reads and writes of up to 64 KiB, which is nearly all that guests ask for, are given to the kernel by io_uring, together
/// at the end of the loop's round, and completed on the loop's thread when its eventfd says so.
/// <para>The rest is left to threads. What the kernel cannot do without waiting (fdatasync, fallocate) io_uring hands to
/// threads of the kernel: with busy vCPUs a write with its flush took two to three times as long that way. A large transfer
/// would be copied, or its pages taken, within the loop's call. Extents, and zeroes where the file system has none, are
/// many calls.</para>
/// </summary>
internal sealed unsafe class IoUringEngine : IImageEngine, IEventHandler
{
    internal const int DefaultCapacity = 128;

    private const int Large = 64 << 10;

    private readonly ImageFile _image;
    private readonly EventLoop _loop;
    private readonly EventFd _done;
    private readonly IoUring _ring;
    private readonly Action _afterRound;
    private readonly Slot[] _slots;
    private readonly Stack<int> _free;
    private readonly Queue<BlockRequest> _waiting = new();
    private readonly ImageThreadEngine _threads;
    private bool _stop;
    private bool _closed;

    private IoUringEngine(ImageFile image, EventLoop loop, IoUring ring, EventFd done, int threads)
    {
        (_image, _loop, _ring, _done) = (image, loop, ring, done);
        _afterRound = Flush;
        _slots = new Slot[ring.Capacity];
        _free = new Stack<int>(ring.Capacity);
        for (var i = ring.Capacity - 1; i >= 0; i--)
        {
            _slots[i].Transfer = new ImageTransfer(image);
            _free.Push(i);
        }

        loop.Add(done.Number, EventLoop.Readable, this);
        _threads = new ImageThreadEngine(image, loop, threads);
        loop.AddAfterRound(_afterRound);
    }

    private struct Slot
    {
        internal ImageTransfer Transfer;
        internal BlockRequest? Request;
        internal bool Write;
    }

    /// <summary>Transfers that have a place in the ring.</summary>
    internal int UnderWay => _slots.Length - _free.Count;

    /// <summary>Makes one; null and the reason where the kernel has no io_uring for us.</summary>
    /// <param name="image">Stays open until this is disposed; belongs to the caller.</param>
    /// <param name="loop">Where requests are completed.</param>
    /// <param name="threads">How many requests are carried out at once by threads.</param>
    /// <param name="capacity">Requests that are carried out at once, a power of 2; more of them wait in order.</param>
    /// <param name="errno">See <see cref="IoUring.TryCreate"/>.</param>
    internal static IoUringEngine? TryCreate(ImageFile image, EventLoop loop, int threads, int capacity, out int errno)
    {
        var done = new EventFd();
        var ring = IoUring.TryCreate(capacity, done, out errno);
        try
        {
            if (ring is not null)
                return new IoUringEngine(image, loop, ring, done, threads);
        }
        catch
        {
            ring!.Dispose();
            done.Dispose();
            throw;
        }

        done.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public void Submit(BlockRequest request)
    {
        if (!ForRing(request))
        {
            _threads.Submit(request);
            return;
        }

        // First come, first served, also among those that wait.
        if (_free.Count == 0 || _waiting.Count > 0)
            _waiting.Enqueue(request);
        else
            Start(request);
        // Begun after the loop's last look at batches, or before it runs, it would wait for an event that may never come.
        if (_free.Count == 0 || !_loop.InRound)
            Flush();
    }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        // First the counter: a completion after this look counts it up again.
        _ = _done.Drain();
        Take();
        while (!_stop && _free.Count > 0 && _waiting.TryDequeue(out var request))
            Start(request);
    }

    /// <summary>Waits for what is under way, which is not completed any more. On the loop's thread, or after its end.</summary>
    public void Dispose()
    {
        if (_stop)
            return;
        _stop = true;
        _waiting.Clear();
        while (UnderWay > 0)
        {
            // The kernel writes to memory that its owner is about to free: nothing but the completion ends the wait.
            if (_ring.Enter(wait: 1) != 0 && UnderWay == (int)_ring.Pending)
                break;
            Take();
        }

        _threads.Dispose();
        _loop.RemoveAfterRound(_afterRound);
        _loop.Remove(_done.Number);
        _closed = true;
        _ring.Dispose();
        _done.Dispose();
        foreach (var slot in _slots)
            slot.Transfer.Dispose();
    }

    private bool ForRing(BlockRequest request) => request.Length <= Large && request.Operation switch
    {
        BlockOperation.Read => true,
        BlockOperation.Write => !request.Durable,
        _ => false,
    };

    private void Start(BlockRequest request)
    {
        var index = _free.Pop();
        ref var slot = ref _slots[index];
        slot.Request = request;
        slot.Write = request.Operation == BlockOperation.Write;
        slot.Transfer.Begin(request, slot.Write);
        Go(index);
    }

    /// <summary>Puts what is left of a transfer into the ring.</summary>
    private void Go(int index)
    {
        ref var slot = ref _slots[index];
        if (slot.Transfer.Finished)
        {
            End(index, 0);
            return;
        }

        var count = slot.Transfer.Prepare();
        var entry = _ring.Add();
        entry->opcode = (byte)(slot.Write ? IoUringValue.IORING_OP_WRITEV : IoUringValue.IORING_OP_READV);
        entry->fd = _image.Number;
        entry->off = (ulong)slot.Transfer.Offset;
        entry->addr = (ulong)slot.Transfer.Vectors;
        entry->len = (uint)count;
        entry->user_data = (ulong)index;
    }

    private void End(int index, int error)
    {
        var request = _slots[index].Request!;
        _slots[index].Request = null;
        _free.Push(index);
        if (!_stop)
            request.Complete(error);
    }

    private void Take()
    {
        // A completion's receiver may dispose this.
        while (!_closed && _ring.TryTake(out var index, out var result))
            Took((int)index, result);
    }

    private void Took(int index, int result)
    {
        var error = Math.Max(0, -result);
        if (error == 0)
            error = _slots[index].Transfer.Advance(result);
        else if (error == Errno.EINTR)
            error = 0;
        // What is left, or all of it again.
        if (error == 0)
            Go(index);
        else
            End(index, error);
    }

    private void Flush()
    {
        // The kernel lacks memory for now: by the own eventfd there is a next round, which tries again.
        if (_ring.Pending > 0 && _ring.Enter(wait: 0) != 0)
            _done.Signal();
    }
}
