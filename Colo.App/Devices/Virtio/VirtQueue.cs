using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Colo.Memory;

namespace Colo.Devices.Virtio;

/// <summary>
/// The device's side of a split virtqueue (virtio 1.2, 2.7). It belongs to one thread, the device's event loop; only
/// the four registers may be set elsewhere, while the queue is not ready.
/// <para>
/// Everything in the rings is written by the guest, which may change it at any time: each value is read once into a
/// local, then checked, then used. A guest that breaks the format stops its own queue (<see cref="Fault"/>) and
/// nothing else. Unsafe code is safe here because the rings are checked to lie in RAM when the queue becomes ready,
/// slots are masked by the size, and every buffer passes <see cref="GuestMemory.TryGetPointer"/>.
/// </para>
/// </summary>
public sealed unsafe partial class VirtQueue
{
    private const ushort DescriptorNext = 1;
    private const ushort DescriptorWrite = 2;
    private const ushort DescriptorIndirect = 4;
    private const ushort AvailableNoInterrupt = 1;
    private const ushort UsedNoNotify = 1;

    private readonly GuestMemory _memory;
    private Descriptor* _table;
    private byte* _available;
    private byte* _used;
    private uint _mask;
    private bool _eventIndex;
    private bool _indirect;
    private ushort _lastAvailable;
    private ushort _seenAvailable;
    private ushort _usedIndex;
    private ushort _publishedUsed;
    private ushort _signalledUsed;

    /// <summary>Makes a queue that is not ready.</summary>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="maximumSize">Most entries, a power of two up to 32768.</param>
    public VirtQueue(GuestMemory memory, ushort maximumSize)
    {
        if (!System.Numerics.BitOperations.IsPow2(maximumSize) || maximumSize > 32768)
            throw new ArgumentOutOfRangeException(nameof(maximumSize));
        _memory = memory;
        MaximumSize = maximumSize;
        Size = maximumSize;
    }

    /// <summary>struct virtq_desc (virtio 1.2, 2.7.5).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Descriptor
    {
        internal ulong Address;
        internal uint Length;
        internal ushort Flags;
        internal ushort Next;
    }

    /// <summary>Most entries the driver may choose (QueueNumMax).</summary>
    public ushort MaximumSize { get; }

    /// <summary>Entries the driver has chosen (QueueNum). Checked when the queue becomes ready.</summary>
    public uint Size { get; set; }

    /// <summary>Guest-physical address of the descriptor table. Checked when the queue becomes ready.</summary>
    public ulong DescriptorAddress { get; set; }

    /// <summary>Guest-physical address of the available ring. Checked when the queue becomes ready.</summary>
    public ulong AvailableAddress { get; set; }

    /// <summary>Guest-physical address of the used ring. Checked when the queue becomes ready.</summary>
    public ulong UsedAddress { get; set; }

    /// <summary>Whether the driver has put the queue into service.</summary>
    public bool Ready { get; private set; }

    /// <summary>What the guest did wrong, or null. A faulty queue stands still until it is reset.</summary>
    public string? Fault { get; private set; }

    /// <summary>Called once when the queue becomes faulty.</summary>
    internal Action<string>? Faulted { get; set; }

    /// <summary>
    /// Changes whenever the queue leaves service: a chain that was taken before is none of this queue's any more, though
    /// its head may have the number of one that is.
    /// </summary>
    internal uint Generation { get; private set; }

    /// <summary>Chains that are known to be available; <see cref="Refresh"/> looks for more.</summary>
    public int Available => (ushort)(_seenAvailable - _lastAvailable);

    /// <summary>Whether entries of the used ring wait for <see cref="Publish"/>.</summary>
    public bool HasUnpublished => _usedIndex != _publishedUsed;

    /// <summary>Puts the queue into service from index 0, with the registers as they are.</summary>
    /// <returns>Null, or what is wrong with the registers; the queue is then faulty.</returns>
    public string? Start(bool eventIndex, bool indirect)
    {
        var wrong = Check(Size, DescriptorAddress, AvailableAddress, UsedAddress);
        if (wrong is not null)
        {
            Fail(wrong);
            return wrong;
        }

        Map(eventIndex, indirect);
        _lastAvailable = _seenAvailable = _usedIndex = _publishedUsed = _signalledUsed = 0;
        Ready = true;
        return null;
    }

    /// <summary>Takes the queue out of service; the registers stay.</summary>
    public void Stop()
    {
        Ready = false;
        Generation++;
        _table = null;
        _available = null;
        _used = null;
        _lastAvailable = _seenAvailable = _usedIndex = _publishedUsed = _signalledUsed = 0;
    }

    /// <summary>Stops, forgets the fault and sets the registers as after power on.</summary>
    public void Reset()
    {
        Stop();
        Fault = null;
        Size = MaximumSize;
        DescriptorAddress = AvailableAddress = UsedAddress = 0;
    }

    /// <summary>Declares the queue faulty; the device does so for requests that it cannot make sense of.</summary>
    public void Fail(string reason)
    {
        if (Fault is not null)
            return;
        Fault = reason;
        // What was not yet shown to the driver never will be.
        _usedIndex = _publishedUsed;
        Faulted?.Invoke(reason);
    }

    /// <summary>Looks whether the driver has made more chains available.</summary>
    /// <returns>True if there are more than at the last look.</returns>
    public bool Refresh()
    {
        if (!Ready || Fault is not null)
            return false;
        // Acquire: the ring entries and descriptors below are read after the index that publishes them; the driver
        // has a release between writing them and the index (virtio 1.2, 2.7.13.3).
        var index = Volatile.Read(ref Unsafe.AsRef<ushort>(_available + 2));
        if (index == _seenAvailable)
            return false;
        // Also catches an index that went backwards: it looks like a jump of nearly 65536.
        if ((ushort)(index - _lastAvailable) > Size || (ushort)(index - _lastAvailable) < Available)
        {
            Fail($"the available index jumped from {_seenAvailable} to {index}");
            return false;
        }

        _seenAvailable = index;
        return true;
    }

    /// <summary>Takes the next chain.</summary>
    /// <returns>False when there is none, or the guest has broken the format (<see cref="Fault"/>).</returns>
    public bool TryPop(DescriptorChain chain)
    {
        chain.Clear();
        if (!Ready || Fault is not null || (Available == 0 && !Refresh()))
            return false;
        var head = Volatile.Read(ref Unsafe.AsRef<ushort>(_available + 4 + (2 * (_lastAvailable & _mask))));
        if (!TryTake(head, chain))
            return false;
        _lastAvailable++;
        return true;
    }

    /// <summary>
    /// Takes the chain that begins at a descriptor, with the checks of <see cref="TryPop"/> and without a look at the
    /// available ring: for a chain that was taken from there before the state was saved that this queue goes on from.
    /// </summary>
    /// <param name="head">What was <see cref="DescriptorChain.Head"/>; any number, it is checked.</param>
    /// <param name="chain">Filled anew; empty when this returns false.</param>
    /// <returns>False when the queue is not in service, or the guest has broken the format (<see cref="Fault"/>).</returns>
    public bool TryTake(ushort head, DescriptorChain chain)
    {
        chain.Clear();
        if (!Ready || Fault is not null)
            return false;
        var wrong = Walk(head, chain);
        if (wrong is not null)
        {
            chain.Clear();
            Fail(wrong);
            return false;
        }

        chain.Head = head;
        return true;
    }

    /// <summary>Gives back the chain that was taken last: it is taken again by the next <see cref="TryPop"/>.</summary>
    public void UndoPop() => _lastAvailable--;

    /// <summary>Where the queue stands, for <see cref="Rewind"/>.</summary>
    public QueueMark Mark() => new(_lastAvailable, _usedIndex);

    /// <summary>Chains that were available at a mark, with those that came since.</summary>
    public int AvailableSince(QueueMark mark) => (ushort)(_seenAvailable - mark.LastAvailable);

    /// <summary>Goes back to a mark: chains taken since are available again. Only while nothing since was published.</summary>
    public void Rewind(QueueMark mark)
    {
        if (Fault is not null)
            return;
        _lastAvailable = mark.LastAvailable;
        _usedIndex = mark.UsedIndex;
    }

    /// <summary>Enters a chain into the used ring; the driver sees it after <see cref="Publish"/>.</summary>
    /// <param name="head">The chain's <see cref="DescriptorChain.Head"/>.</param>
    /// <param name="written">Bytes written into it, from its first writable byte.</param>
    public void AddUsed(ushort head, uint written)
    {
        if (!Ready || Fault is not null)
            return;
        var offset = 4 + (8 * (_usedIndex & _mask));
        *(uint*)(_used + offset) = head;
        *(uint*)(_used + offset + 4) = written;
        _memory.MarkDirty(UsedAddress + offset, 8);
        _usedIndex++;
    }

    /// <summary>Shows the driver all entries of the used ring. Ask <see cref="ShouldInterrupt"/> afterwards.</summary>
    public void Publish()
    {
        if (!Ready || Fault is not null || _usedIndex == _publishedUsed)
            return;
        // Release: buffers and ring entries are written before the index that publishes them.
        Volatile.Write(ref Unsafe.AsRef<ushort>(_used + 2), _usedIndex);
        _memory.MarkDirty(UsedAddress, 4);
        _publishedUsed = _usedIndex;
    }

    /// <summary>Whether the driver wants an interrupt for what was published since the last call (virtio 1.2, 2.7.7, 2.7.10).</summary>
    public bool ShouldInterrupt()
    {
        if (!Ready || Fault is not null)
            return false;
        // Full barrier: the store of the used index must be visible before used_event or the flags are read. The driver
        // stores used_event, has a full barrier, and then reads the index again: one of both sees the other's store.
        Interlocked.MemoryBarrier();
        var old = _signalledUsed;
        _signalledUsed = _publishedUsed;
        if (old == _publishedUsed)
            return false;
        if (!_eventIndex)
            return (Volatile.Read(ref Unsafe.AsRef<ushort>(_available)) & AvailableNoInterrupt) == 0;
        var wanted = Volatile.Read(ref Unsafe.AsRef<ushort>(_available + 4 + (2 * Size)));
        return (ushort)(_publishedUsed - wanted - 1) < (ushort)(_publishedUsed - old);
    }

    /// <summary>Asks the driver not to notify, while the device looks at the queue by itself.</summary>
    public void DisableNotification()
    {
        // With EVENT_IDX the event index of the last time lies behind: the driver does not notify until it is set anew.
        if (!Ready || Fault is not null || _eventIndex)
            return;
        Volatile.Write(ref Unsafe.AsRef<ushort>(_used), UsedNoNotify);
        _memory.MarkDirty(UsedAddress, 2);
    }

    /// <summary>Asks the driver to notify of chains beyond those that were seen, and looks once more.</summary>
    /// <returns>True if there are more already: for those the driver may not notify.</returns>
    public bool EnableNotification()
    {
        if (!Ready || Fault is not null)
            return false;
        if (_eventIndex)
        {
            var offset = 4 + (8 * Size);
            Volatile.Write(ref Unsafe.AsRef<ushort>(_used + offset), _seenAvailable);
            _memory.MarkDirty(UsedAddress + offset, 2);
        }
        else
        {
            Volatile.Write(ref Unsafe.AsRef<ushort>(_used), 0);
            _memory.MarkDirty(UsedAddress, 2);
        }

        // Full barrier: the wish must be visible before the index is read again. The driver stores the index, has a
        // full barrier, then reads the wish: one of both sees the other's store, so no chain waits for ever.
        Interlocked.MemoryBarrier();
        return Refresh();
    }

    private void Map(bool eventIndex, bool indirect)
    {
        _ = _memory.TryGetPointer(DescriptorAddress, 16UL * Size, out var table);
        _ = _memory.TryGetPointer(AvailableAddress, 6 + (2UL * Size), out _available);
        _ = _memory.TryGetPointer(UsedAddress, 6 + (8UL * Size), out _used);
        _table = (Descriptor*)table;
        _mask = Size - 1;
        _eventIndex = eventIndex;
        _indirect = indirect;
    }

    private string? Check(uint size, ulong descriptors, ulong available, ulong used)
    {
        if (size == 0 || size > MaximumSize || !System.Numerics.BitOperations.IsPow2(size))
            return $"queue size {size} (a power of two up to {MaximumSize})";
        if (descriptors % 16 != 0 || available % 2 != 0 || used % 4 != 0)
            return "a ring is not aligned";
        return _memory.TryGetPointer(descriptors, 16UL * size, out _)
            && _memory.TryGetPointer(available, 6 + (2UL * size), out _)
            && _memory.TryGetPointer(used, 6 + (8UL * size), out _)
            ? null
            : "a ring lies outside of RAM";
    }

    private string? Walk(uint index, DescriptorChain chain)
    {
        var table = _table;
        var count = Size;
        var inIndirect = false;
        // As many steps as the queue has entries, and so many again in an indirect table: a loop ends here.
        for (var steps = 0; steps < Size; steps++)
        {
            if (index >= count)
                return $"descriptor {index} of {count}";
            var entry = table + index;
            // Volatile, so that each field is read once: what was checked is what is used.
            var flags = Volatile.Read(ref entry->Flags);
            var length = Volatile.Read(ref entry->Length);
            var address = Volatile.Read(ref entry->Address);
            var next = Volatile.Read(ref entry->Next);
            if ((flags & DescriptorIndirect) != 0)
            {
                if (!_indirect || inIndirect || (flags & DescriptorNext) != 0)
                    return "an indirect descriptor where none may be";
                if (length == 0 || length % 16 != 0 || !_memory.TryGetPointer(address, length, out var inner))
                    return $"an indirect table of {length} bytes at {address:x}";
                table = (Descriptor*)inner;
                count = length / 16;
                index = 0;
                inIndirect = true;
                steps = -1;
                continue;
            }

            if (!_memory.TryGetPointer(address, length, out var pointer))
                return $"a buffer of {length} bytes at {address:x}";
            if (length != 0)
            {
                var wrong = chain.Add(new GuestSegment(pointer, address, length), (flags & DescriptorWrite) != 0);
                if (wrong is not null)
                    return wrong;
            }

            if ((flags & DescriptorNext) == 0)
                return null;
            index = next;
        }

        return "a chain is longer than the queue, or a loop";
    }
}

/// <summary>A place in a queue to go back to.</summary>
/// <param name="LastAvailable">The next available entry to take.</param>
/// <param name="UsedIndex">The next used entry to fill.</param>
public readonly record struct QueueMark(ushort LastAvailable, ushort UsedIndex);
