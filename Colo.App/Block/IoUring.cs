using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block;

/// <summary>
/// A submission and a completion ring shared with the kernel (io_uring(7)), without a polling thread of the kernel: it
/// reads the one only within <see cref="Enter"/>. For one thread at a time. Nothing is registered but an eventfd: a
/// registered buffer would pin pages of the guest (docs/architecture.md).
/// <para>Safe because the offsets come from the kernel, indices are masked, and what the entries point to is kept by the
/// caller until the completion that names it.</para>
/// </summary>
internal sealed unsafe class IoUring : IDisposable
{
    private const int ReadWrite = 3, SharedPopulate = 0x8001;

    private const uint Needed = IoUringValue.IORING_FEAT_SINGLE_MMAP | IoUringValue.IORING_FEAT_NODROP
        | IoUringValue.IORING_FEAT_SUBMIT_STABLE | IoUringValue.IORING_FEAT_FAST_POLL;

    private readonly FileDescriptor _fd;
    private readonly byte* _rings;
    private readonly nuint _ringsSize;
    private readonly io_uring_sqe* _entries;
    private readonly nuint _entriesSize;
    private readonly uint* _submitTail;
    private readonly uint _submitMask;
    private readonly uint* _completeHead;
    private readonly uint* _completeTail;
    private readonly uint _completeMask;
    private readonly io_uring_cqe* _completions;
    private uint _tail;

    private IoUring(FileDescriptor fd, io_uring_params* parameters)
    {
        _fd = fd;
        Capacity = (int)parameters->sq_entries;
        var sq = &parameters->sq_off;
        var cq = &parameters->cq_off;
        _ringsSize = Math.Max(sq->array + (parameters->sq_entries * sizeof(uint)), cq->cqes + (parameters->cq_entries * (uint)sizeof(io_uring_cqe)));
        _entriesSize = parameters->sq_entries * (nuint)sizeof(io_uring_sqe);
        _rings = Map(_ringsSize, IoUringValue.IORING_OFF_SQ_RING);
        try
        {
            _entries = (io_uring_sqe*)Map(_entriesSize, IoUringValue.IORING_OFF_SQES);
        }
        catch
        {
            _ = Native.munmap(_rings, _ringsSize);
            throw;
        }

        _submitTail = (uint*)(_rings + sq->tail);
        _submitMask = *(uint*)(_rings + sq->ring_mask);
        _completeHead = (uint*)(_rings + cq->head);
        _completeTail = (uint*)(_rings + cq->tail);
        _completeMask = *(uint*)(_rings + cq->ring_mask);
        _completions = (io_uring_cqe*)(_rings + cq->cqes);
        _tail = *_submitTail;
        // The ring holds indices of entries; each place has its own for good.
        for (uint i = 0; i < parameters->sq_entries; i++)
            ((uint*)(_rings + sq->array))[i] = i;
    }

    /// <summary>Entries. As many may be under way; the completion ring has room for all of them.</summary>
    internal int Capacity { get; }

    /// <summary>Entries that the kernel has not taken.</summary>
    internal uint Pending { get; private set; }

    /// <summary>Makes the rings.</summary>
    /// <param name="capacity">Requests that may be under way, a power of 2.</param>
    /// <param name="wake">Counts up with completions.</param>
    /// <param name="errno">Why there is none: ENOSYS without it, EPERM where it is forbidden (seccomp, kernel.io_uring_disabled),
    /// EOPNOTSUPP where it is older than Linux 5.7, ENOMEM at a limit of locked memory.</param>
    internal static IoUring? TryCreate(int capacity, EventFd wake, out int errno)
    {
        errno = 0;
        // The kernel runs the ends of requests when this thread enters it anyway, and does not interrupt it for them (Linux 5.19).
        var parameters = new io_uring_params { flags = IoUringValue.IORING_SETUP_COOP_TASKRUN };
        var fd = IoUringNative.io_uring_setup(IoUringNative.SYS_io_uring_setup, (uint)capacity, &parameters);
        if (fd < 0 && Marshal.GetLastPInvokeError() == Errno.EINVAL)
        {
            parameters = default;
            fd = IoUringNative.io_uring_setup(IoUringNative.SYS_io_uring_setup, (uint)capacity, &parameters);
        }

        if (fd < 0)
        {
            errno = Marshal.GetLastPInvokeError();
            return null;
        }

        var file = new FileDescriptor((int)fd);
        try
        {
            if ((parameters.features & Needed) != Needed)
                throw new LinuxException("io_uring_setup", NativeFile.EOPNOTSUPP);
            var number = wake.Number;
            LinuxException.ThrowIfNegative(
                IoUringNative.io_uring_register(
                    IoUringNative.SYS_io_uring_register, file.Number, IoUringValue.IORING_REGISTER_EVENTFD, &number, 1),
                "io_uring_register");
            return new IoUring(file, &parameters);
        }
        catch (LinuxException e)
        {
            file.Dispose();
            errno = e.Errno;
            return null;
        }
    }

    /// <summary>The next entry, cleared, which the next <see cref="Enter"/> submits. The caller has fewer than <see cref="Capacity"/> under way.</summary>
    internal io_uring_sqe* Add()
    {
        if (Pending == (uint)Capacity)
            throw new InvalidOperationException("the submission ring is full");
        var entry = &_entries[_tail++ & _submitMask];
        *entry = default;
        Pending++;
        return entry;
    }

    /// <summary>Gives the pending entries to the kernel, and waits for completions.</summary>
    /// <param name="wait">How many have to be there before it returns, if all entries were taken.</param>
    /// <returns>0, or EAGAIN or EBUSY: some are still pending, for want of the kernel's memory.</returns>
    /// <exception cref="LinuxException">The ring is of no use.</exception>
    internal int Enter(uint wait)
    {
        while (true)
        {
            // Release: the kernel, which reads the tail with acquire, sees whole entries up to it.
            Volatile.Write(ref *_submitTail, _tail);
            var taken = IoUringNative.io_uring_enter(
                IoUringNative.SYS_io_uring_enter, _fd.Number, Pending, wait, wait > 0 ? IoUringValue.IORING_ENTER_GETEVENTS : 0, null, 0);
            if (taken >= 0)
            {
                Pending -= (uint)taken;
                // An entry that is refused ends the batch; the rest is submitted by another call.
                if (Pending == 0 || taken == 0)
                    return Pending == 0 ? 0 : Errno.EAGAIN;
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR:
                    continue;
                case Errno.EAGAIN or Errno.EBUSY:
                    return Errno.EAGAIN;
                default:
                    throw LinuxException.FromLastError("io_uring_enter");
            }
        }
    }

    /// <summary>Takes the next completion; false when there is none.</summary>
    /// <param name="userData">What the entry had.</param>
    /// <param name="result">Bytes, 0, or a negative errno.</param>
    internal bool TryTake(out ulong userData, out int result)
    {
        // Only this thread moves the head. Acquire of the tail: the completion before it is read after it.
        var head = *_completeHead;
        if (head == Volatile.Read(ref *_completeTail))
        {
            (userData, result) = (0, 0);
            return false;
        }

        var completion = &_completions[head & _completeMask];
        (userData, result) = (completion->user_data, completion->res);
        // Release: the kernel may use the place again only when it was read.
        Volatile.Write(ref *_completeHead, head + 1);
        return true;
    }

    /// <summary>Frees the rings. What is under way goes on in the kernel: the caller has waited for it.</summary>
    public void Dispose()
    {
        if (_fd.IsClosed)
            return;
        _ = Native.munmap(_entries, _entriesSize);
        _ = Native.munmap(_rings, _ringsSize);
        _fd.Dispose();
    }

    private byte* Map(nuint size, uint offset)
    {
        var address = Native.mmap(null, size, ReadWrite, SharedPopulate, _fd.Number, offset);
        return (nint)address != -1 ? (byte*)address : throw LinuxException.FromLastError("mmap of io_uring");
    }
}
