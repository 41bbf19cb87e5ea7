using System.Buffers.Binary;
using System.Text;
using Colo.Block;
using Colo.Linux;
using Colo.Memory;

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
/// A freeze waits for none of them: those that the guest has not been told of are part of the device's state.
/// All members are for the event loop's thread.
/// <code>
/// "VBLK" version 2: bytes of the disk u64, requests under way u32, each, in the order in which they were taken:
///                   queue u16, head of its descriptor chain u16
///        version 1: bytes of the disk u64; no request is under way
/// </code>
/// </summary>
public sealed partial class VirtioBlock : VirtioDevice, IBlockCompletion
{
    private const int Sector = 512;
    private const int SerialSize = 20;
    private const uint MostZeroSectors = 1 << 22;

    private readonly IBlockBackend _backend;
    private readonly byte[] _serial = new byte[SerialSize];
    private readonly ushort _queueSize;
    private readonly Stack<Slot> _free = new();
    // By queue and head: what was taken of that queue last under this head and is under way.
    private readonly Slot?[] _byHead;
    private readonly Dictionary<BlockRequest, Slot> _slots;
    private readonly List<Action> _quiesced = [];
    private readonly Action _runAll;
    private bool _quiescing;
    private bool _starved;

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
        _byHead = new Slot?[slots];
        _kept = new Queue<Slot>(slots);
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

    /// <summary>
    /// Requests that were given to the backend and whose end the guest has not been told of; also those that the backend
    /// has finished while the device is frozen.
    /// </summary>
    public int InFlight { get; private set; }

    /// <summary>
    /// Takes no more requests, and tells when none is under way any more; perhaps at once. Then freeze, capture, and
    /// thaw; or go on with <see cref="EndQuiesce"/>. A freeze for a checkpoint needs none of this.
    /// <para>
    /// While the device is frozen nothing that is under way ends: then <paramref name="done"/> is called within or after
    /// the <see cref="VirtioDevice.Thaw"/>, and until then, and until <see cref="EndQuiesce"/> or a later thaw, nothing
    /// new is taken. A thaw ends only a quiesce that has been told. Requests of a loaded state are not under way before
    /// its thaw.
    /// </para>
    /// </summary>
    /// <param name="done">Called once, unless <see cref="EndQuiesce"/> comes before. It may freeze the device.</param>
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
                if (!Running)
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
}
