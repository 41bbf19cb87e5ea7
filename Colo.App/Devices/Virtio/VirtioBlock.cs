using System.Buffers.Binary;
using System.Text;
using Colo.Block;
using Colo.Linux;
using Colo.Memory;
using Colo.State;

namespace Colo.Devices.Virtio;

/// <summary>What a virtual disk is made with.</summary>
/// <param name="Name">For the log.</param>
/// <param name="Serial">What the guest reads as the disk's serial number; up to 20 bytes.</param>
/// <param name="Queues">Request queues, 1 to 16.</param>
/// <param name="QueueSize">Most entries of each queue, a power of two.</param>
public sealed record VirtioBlockOptions(string Name, string Serial = "", int Queues = 1, ushort QueueSize = 128);

/// <summary>
/// The virtio block device (virtio 1.2, 5.2). Many requests may be under way in the backend, which reads and writes
/// guest memory directly. A guest that does not negotiate FLUSH gets every write durable before it is completed.
/// All members are for the event loop's thread.
/// </summary>
public sealed class VirtioBlock : VirtioDevice, IBlockCompletion
{
    private const int Sector = 512;
    private const int HeaderSize = 16;
    private const int SerialSize = 20;
    private const int RangeSize = 16;
    private const uint MostZeroSectors = 1 << 22;
    private const byte StatusOk = 0;
    private const byte StatusError = 1;
    private const byte StatusUnsupported = 2;

    private readonly IBlockBackend _backend;
    private readonly byte[] _serial = new byte[SerialSize];
    private readonly ushort _queueSize;
    private readonly Stack<Slot> _free = new();
    private readonly Dictionary<BlockRequest, Slot> _slots;
    private readonly List<Action> _quiesced = [];
    private readonly Action _runAll;
    private bool _quiescing;
    private bool _starved;
    private Action? _reset;

    /// <summary>Makes a disk. Before the loop runs, or on its thread.</summary>
    /// <param name="options">Name, serial number, queues.</param>
    /// <param name="backend">Where the data is; the caller disposes it after the device has stopped.</param>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="loop">The loop to whose thread device and backend belong.</param>
    public VirtioBlock(VirtioBlockOptions options, IBlockBackend backend, GuestMemory memory, EventLoop loop)
        : base($"disk {options.Name}", memory, loop, Sizes(options))
    {
        _backend = backend;
        _queueSize = options.QueueSize;
        var serial = Encoding.ASCII.GetBytes(options.Serial);
        serial.AsSpan(0, Math.Min(serial.Length, SerialSize)).CopyTo(_serial);
        var slots = options.QueueSize * options.Queues;
        _slots = new Dictionary<BlockRequest, Slot>(slots);
        for (var i = 0; i < slots; i++)
        {
            var slot = new Slot(new BlockRequest(options.QueueSize, this), new DescriptorChain(options.QueueSize));
            _slots.Add(slot.Request, slot);
            _free.Push(slot);
        }

        OfferedFeatures = VirtioFeatures.Version1 | VirtioFeatures.IndirectDescriptors | VirtioFeatures.EventIndex
            | VirtioFeatures.BlockSegmentsMaximum | VirtioFeatures.BlockSize | VirtioFeatures.BlockTopology | VirtioFeatures.BlockFlush
            | (options.Queues > 1 ? VirtioFeatures.BlockMultiQueue : 0)
            | (backend.ReadOnly ? VirtioFeatures.BlockReadOnly : VirtioFeatures.BlockDiscard | VirtioFeatures.BlockWriteZeroes);
        _runAll = RunAll;
    }

    /// <inheritdoc/>
    public override uint DeviceId => 2;

    /// <inheritdoc/>
    public override ulong OfferedFeatures { get; }

    /// <summary>Requests that are under way in the backend.</summary>
    public int InFlight { get; private set; }

    /// <summary>
    /// Takes no more requests, and tells when none is under way any more; perhaps at once. Then freeze, capture, and
    /// thaw; or go on with <see cref="EndQuiesce"/>.
    /// </summary>
    public void Quiesce(Action done)
    {
        _quiescing = true;
        if (InFlight == 0)
            done();
        else
            _quiesced.Add(done);
    }

    /// <summary>Takes requests again, without a freeze.</summary>
    public void EndQuiesce()
    {
        if (!_quiescing)
            return;
        _quiescing = false;
        _quiesced.Clear();
        if (!Frozen)
            RunAll();
    }

    /// <inheritdoc/>
    public override void ReadConfiguration(uint offset, Span<byte> data)
    {
        // struct virtio_blk_config (virtio 1.2, 5.2.4).
        Span<byte> configuration = stackalloc byte[60];
        configuration.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(configuration, _backend.Size / Sector);
        // Header and status take two descriptors.
        BinaryPrimitives.WriteUInt32LittleEndian(configuration[12..], (uint)Math.Max(1, _queueSize - 2));
        BinaryPrimitives.WriteUInt32LittleEndian(configuration[20..], Sector);
        // Physical blocks of 8 sectors, which are also the smallest good transfer.
        configuration[24] = 3;
        BinaryPrimitives.WriteUInt16LittleEndian(configuration[26..], 8);
        BinaryPrimitives.WriteUInt16LittleEndian(configuration[34..], (ushort)Queues.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(configuration[36..], MostZeroSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(configuration[40..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(configuration[44..], 8);
        BinaryPrimitives.WriteUInt32LittleEndian(configuration[48..], MostZeroSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(configuration[52..], 1);
        configuration[56] = 1;
        CopyConfiguration(configuration, offset, data);
    }

    /// <inheritdoc/>
    public void Completed(BlockRequest request)
    {
        var slot = _slots[request];
        InFlight--;
        if (_reset is null && !NeedsReset)
        {
            if (request.Error != 0)
                Warn($"{request.Operation} of {request.Length} bytes at {request.Offset} fails with errno {request.Error}");
            var read = request.Operation == BlockOperation.Read && request.Error == 0;
            if (read)
                MarkDirty(slot.Chain, (ulong)request.Length);
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

    /// <inheritdoc/>
    protected override void OnKick(int queue)
    {
        if (_quiescing)
            return;
        var ring = Queues[queue];
        ring.DisableNotification();
        // Bounded: a guest must not keep the loop with requests that need no backend.
        for (var left = 2 * _queueSize; ; left--)
        {
            if (left == 0)
            {
                Loop.Post(_runAll);
                break;
            }

            if (_free.Count == 0)
            {
                _starved = true;
                break;
            }

            var slot = _free.Pop();
            if (ring.TryPop(slot.Chain))
            {
                slot.Queue = queue;
                Begin(slot);
                if (NeedsReset)
                    break;
                continue;
            }

            _free.Push(slot);
            if (!ring.EnableNotification())
                break;
            ring.DisableNotification();
        }

        PublishUsed(queue);
    }

    /// <inheritdoc/>
    protected override void OnReset(Action quiet)
    {
        // The backend still reads and writes guest memory: the reset is done when it has finished.
        if (InFlight == 0)
            quiet();
        else
            _reset = quiet;
    }

    /// <inheritdoc/>
    protected override void OnFreeze()
    {
        if (InFlight != 0)
            throw new InvalidOperationException($"{Name} is frozen with {InFlight} requests under way; quiesce it before");
    }

    /// <inheritdoc/>
    protected override void OnThaw() => _quiescing = false;

    /// <inheritdoc/>
    protected override void LoadDevice(ref StateReader reader)
    {
        if (InFlight != 0)
            throw new InvalidOperationException($"{Name} is loaded with {InFlight} requests under way; quiesce it before");
        var record = reader.Record("VBLK", 1, out _);
        var size = record.U64();
        record.Finish();
        if (size != (ulong)_backend.Size)
            throw record.Bad($"{Name}: the disk has {size} bytes there and {_backend.Size} here");
    }

    /// <inheritdoc/>
    protected override void SaveDevice(StateWriter writer)
    {
        if (InFlight != 0)
            throw new InvalidOperationException($"{Name} is saved with {InFlight} requests under way; quiesce it before");
        var mark = writer.Begin("VBLK", 1);
        writer.U64((ulong)_backend.Size);
        writer.End(mark);
    }

    private static ushort[] Sizes(VirtioBlockOptions options)
    {
        if (options.Queues is < 1 or > 16)
            throw new ArgumentOutOfRangeException(nameof(options), options.Queues, "a disk has 1 to 16 queues");
        var sizes = new ushort[options.Queues];
        Array.Fill(sizes, options.QueueSize);
        return sizes;
    }

    private void RunAll()
    {
        for (var i = 0; i < Queues.Count; i++)
            Kick(i);
    }

    private void BecameQuiet()
    {
        if (_reset is { } reset)
        {
            _reset = null;
            reset();
        }

        if (_quiesced.Count == 0)
            return;
        Action[] told = [.. _quiesced];
        _quiesced.Clear();
        foreach (var done in told)
            done();
    }

    /// <summary>Carries out or submits a request, and gives the slot back unless it is under way.</summary>
    private void Begin(Slot slot)
    {
        var chain = slot.Chain;
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
        InFlight++;
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

    private sealed class Slot(BlockRequest request, DescriptorChain chain)
    {
        public BlockRequest Request { get; } = request;

        public DescriptorChain Chain { get; } = chain;

        public int Queue { get; set; }
    }
}
