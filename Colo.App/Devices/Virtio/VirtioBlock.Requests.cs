using System.Buffers.Binary;
using Colo.Block;

namespace Colo.Devices.Virtio;

/// <content>Requests: from the descriptor chain to the backend, and back into the used ring.</content>
public sealed partial class VirtioBlock
{
    private const int HeaderSize = 16;
    private const int RangeSize = 16;
    private const byte StatusOk = 0;
    private const byte StatusError = 1;
    private const byte StatusUnsupported = 2;

    // Under way, in the order in which they were taken.
    private Slot? _oldest;
    private Slot? _newest;

    /// <inheritdoc/>
    public void Completed(BlockRequest request)
    {
        var slot = _slots[request];
        if (!slot.UnderWay || slot.Kept)
            throw new InvalidOperationException($"{Name}: the backend completes a request that is not under way");
        if (Frozen)
        {
            slot.Kept = true;
            _kept.Enqueue(slot);
        }
        else
        {
            Handle(slot);
        }
    }

    private void Handle(Slot slot)
    {
        var request = slot.Request;
        Leave(slot);
        // Also of a read that has failed, or that nobody waits for: the backend has written into these pages.
        if (request.Operation == BlockOperation.Read)
            MarkDirty(slot.Chain, (ulong)request.Length);
        if (Active && !NeedsReset && IsWaitedFor(slot))
        {
            if (request.Error != 0)
                Warn($"{request.Operation} of {request.Length} bytes at {request.Offset} fails with errno {request.Error}");
            var read = request.Operation == BlockOperation.Read && request.Error == 0;
            Finish(slot, request.Error == 0 ? StatusOk : StatusError, read ? (uint)request.Length : 0);
        }

        _free.Push(slot);
        if (InFlight == 0)
            BecameQuiet();
        if (_starved && !_quiescing)
        {
            _starved = false;
            Loop.Post(_runAll);
        }
    }

    /// <summary>Carries out or submits a request, and gives the slot back unless it is under way.</summary>
    private void Begin(Slot slot)
    {
        var chain = slot.Chain;
        if (IsUnderWay(slot.Queue, chain.Head))
        {
            // virtio 1.2, 2.7.13: what is on offer is the device's until it is used. Two requests of one name could be
            // told apart neither by the driver nor in a state record.
            _free.Push(slot);
            Queues[slot.Queue].Fail($"descriptor {chain.Head} is offered again before its request is done");
            return;
        }

        if (chain.WritableBytes == 0)
        {
            _free.Push(slot);
            Queues[slot.Queue].Fail("a block request without a status byte");
            return;
        }

        Span<byte> header = stackalloc byte[HeaderSize];
        var type = chain.Read(0, header) == HeaderSize ? BinaryPrimitives.ReadUInt32LittleEndian(header) : uint.MaxValue;
        var sector = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        var status = type switch
        {
            0 => Transfer(slot, BlockOperation.Read, sector),
            1 => Transfer(slot, BlockOperation.Write, sector),
            4 => Flush(slot),
            8 => Identify(slot),
            11 when Has(VirtioFeatures.BlockDiscard) => Range(slot, BlockOperation.Discard),
            13 when Has(VirtioFeatures.BlockWriteZeroes) => Range(slot, BlockOperation.WriteZeroes),
            _ => StatusUnsupported,
        };
        if (status is not { } finished)
            return;
        Finish(slot, finished, type == 8 && finished == StatusOk ? SerialSize : 0u);
        _free.Push(slot);
    }

    private byte? Submit(Slot slot)
    {
        Enter(slot);
        _backend.Submit(slot.Request);
        return null;
    }

    private byte? Transfer(Slot slot, BlockOperation operation, ulong sector)
    {
        var chain = slot.Chain;
        var read = operation == BlockOperation.Read;
        var length = read ? chain.WritableBytes - 1 : chain.ReadableBytes - HeaderSize;
        var capacity = (ulong)_backend.Size / Sector;
        if (length == 0 || length % Sector != 0 || sector > capacity || length / Sector > capacity - sector
            || (!read && _backend.ReadOnly))
        {
            return StatusError;
        }

        slot.Request.Begin(operation, (long)sector * Sector, (long)length);
        slot.Request.Durable = !read && !Has(VirtioFeatures.BlockFlush);
        AddVectors(slot.Request, read ? chain.Writable : chain.Readable, read ? 0UL : HeaderSize, length);
        return Submit(slot);
    }

    private static unsafe void AddVectors(BlockRequest request, ReadOnlySpan<GuestSegment> segments, ulong skip, ulong length)
    {
        foreach (ref readonly var segment in segments)
        {
            if (skip >= segment.Length)
            {
                skip -= segment.Length;
                continue;
            }

            var part = segment.Slice((uint)skip, (uint)Math.Min(length, uint.MaxValue));
            request.Add(new BlockVector((nint)part.Pointer, part.Length));
            skip = 0;
            length -= part.Length;
            if (length == 0)
                return;
        }
    }

    private byte? Flush(Slot slot)
    {
        slot.Request.Begin(BlockOperation.Flush, 0, 0);
        return Submit(slot);
    }

    private byte? Identify(Slot slot)
    {
        if (slot.Chain.WritableBytes < SerialSize + 1)
            return StatusError;
        _ = slot.Chain.Write(Memory, 0, _serial);
        return StatusOk;
    }

    private byte? Range(Slot slot, BlockOperation operation)
    {
        // struct virtio_blk_discard_write_zeroes, one (max_discard_seg): sector, number of sectors, flags.
        Span<byte> range = stackalloc byte[RangeSize];
        if (slot.Chain.ReadableBytes != HeaderSize + RangeSize)
            return StatusError;
        _ = slot.Chain.Read(HeaderSize, range);
        var sector = BinaryPrimitives.ReadUInt64LittleEndian(range);
        var count = BinaryPrimitives.ReadUInt32LittleEndian(range[8..]);
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(range[12..]);
        // virtio 1.2, 5.2.6.2: unknown flags, and unmap with a discard, are unsupported.
        if ((flags & ~1U) != 0 || (flags != 0 && operation == BlockOperation.Discard))
            return StatusUnsupported;
        var capacity = (ulong)_backend.Size / Sector;
        if (count > MostZeroSectors || sector > capacity || count > capacity - sector || _backend.ReadOnly)
            return StatusError;
        slot.Request.Begin(operation, (long)sector * Sector, (long)count * Sector);
        slot.Request.MayUnmap = flags != 0;
        slot.Request.Durable = !Has(VirtioFeatures.BlockFlush);
        return Submit(slot);
    }

    private unsafe void Finish(Slot slot, byte status, uint written)
    {
        // The status is the last writable byte.
        var last = slot.Chain.Writable[^1];
        last.Pointer[last.Length - 1] = status;
        Memory.MarkDirty(last.Address + last.Length - 1, 1);
        Queues[slot.Queue].AddUsed(slot.Chain.Head, written + 1);
        PublishUsed(slot.Queue);
    }

    private void MarkDirty(DescriptorChain chain, ulong length)
    {
        foreach (ref readonly var segment in chain.Writable)
        {
            var part = Math.Min(length, segment.Length);
            Memory.MarkDirty(segment.Address, part);
            length -= part;
        }
    }

    /// <summary>Enters a request into the list of those that are under way.</summary>
    private void Enter(Slot slot)
    {
        slot.UnderWay = true;
        slot.Generation = Queues[slot.Queue].Generation;
        _byHead[Index(slot.Queue, slot.Chain.Head)] = slot;
        slot.Previous = _newest;
        if (_newest is null)
            _oldest = slot;
        else
            _newest.Next = slot;
        _newest = slot;
        InFlight++;
    }

    private void Leave(Slot slot)
    {
        slot.UnderWay = false;
        ref var named = ref _byHead[Index(slot.Queue, slot.Chain.Head)];
        if (ReferenceEquals(named, slot))
            named = null;
        if (slot.Previous is null)
            _oldest = slot.Next;
        else
            slot.Previous.Next = slot.Next;
        if (slot.Next is null)
            _newest = slot.Previous;
        else
            slot.Next.Previous = slot.Previous;
        slot.Previous = slot.Next = null;
        InFlight--;
    }

    private int Index(int queue, ushort head) => (queue * _queueSize) + head;

    private bool IsUnderWay(int queue, ushort head) => _byHead[Index(queue, head)] is { } other && IsWaitedFor(other);

    /// <summary>Whether the queue is still the one from which the request was taken; the guest may have stopped it meanwhile.</summary>
    private bool IsWaitedFor(Slot slot) => slot.Generation == Queues[slot.Queue].Generation;

    private sealed class Slot(BlockRequest request, DescriptorChain chain)
    {
        public BlockRequest Request { get; } = request;

        public DescriptorChain Chain { get; } = chain;

        public int Queue { get; set; }

        /// <summary>The queue's generation when the request was submitted.</summary>
        public uint Generation { get; set; }

        /// <summary>From the submission until the completion is handled: only then is the slot free again.</summary>
        public bool UnderWay { get; set; }

        /// <summary>The backend has finished it while the device was frozen.</summary>
        public bool Kept { get; set; }

        /// <summary>The one under way that was taken before this one.</summary>
        public Slot? Previous { get; set; }

        /// <summary>The one under way that was taken after this one.</summary>
        public Slot? Next { get; set; }
    }
}
