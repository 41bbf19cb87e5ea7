using System.Buffers.Binary;
using Colo.Devices;
using Colo.Devices.Virtio;
using Colo.Linux;
using Colo.Memory;

namespace Colo.Tests.Devices;

/// <summary>The driver's side of a split queue, over plain guest memory, as a guest kernel writes it.</summary>
internal sealed unsafe class TestQueue
{
    private readonly GuestMemory _memory;
    private readonly Stack<ushort> _free = new();
    private readonly Dictionary<ushort, ushort[]> _chains = [];
    private readonly bool _eventIndex;
    private ushort _kicked;

    public TestQueue(GuestMemory memory, VirtQueue queue, ulong at, ushort size, bool eventIndex = false)
    {
        _memory = memory;
        _eventIndex = eventIndex;
        Size = size;
        Table = at;
        AvailableRing = at + (16UL * size);
        UsedRing = (AvailableRing + 6 + (2UL * size) + 3) & ~3UL;
        End = UsedRing + 6 + (8UL * size);
        new Span<byte>(memory.Base + at, (int)(End - at)).Clear();
        queue.Size = size;
        queue.DescriptorAddress = Table;
        queue.AvailableAddress = AvailableRing;
        queue.UsedAddress = UsedRing;
        for (var i = size - 1; i >= 0; i--)
            _free.Push((ushort)i);
    }

    private TestQueue(TestQueue other, GuestMemory memory)
    {
        _memory = memory;
        _eventIndex = other._eventIndex;
        _free = new Stack<ushort>(other._free.Reverse());
        _chains = new Dictionary<ushort, ushort[]>(other._chains);
        _kicked = other._kicked;
        (Size, Table, AvailableRing, UsedRing, End) = (other.Size, other.Table, other.AvailableRing, other.UsedRing, other.End);
        (AvailableIndex, LastUsed) = (other.AvailableIndex, other.LastUsed);
    }

    public ushort Size { get; }

    public ulong Table { get; }

    public ulong AvailableRing { get; }

    public ulong UsedRing { get; }

    public ulong End { get; }

    public ushort AvailableIndex { get; set; }

    public ushort LastUsed { get; private set; }

    public int Free => _free.Count;

    /// <summary>The same driver in a guest that goes on from here, over a copy of the memory.</summary>
    public TestQueue Over(GuestMemory memory) => new(this, memory);

    public ref ushort At16(ulong address) => ref *(ushort*)(_memory.Base + address);

    public ref uint At32(ulong address) => ref *(uint*)(_memory.Base + address);

    public ref ulong At64(ulong address) => ref *(ulong*)(_memory.Base + address);

    public ushort UsedIndex => Volatile.Read(ref At16(UsedRing + 2));

    public ref ushort UsedEvent => ref At16(AvailableRing + 4 + (2UL * Size));

    public ref ushort AvailableEvent => ref At16(UsedRing + 4 + (8UL * Size));

    public bool NoNotify => (At16(UsedRing) & 1) != 0;

    public void Descriptor(ushort index, ulong address, uint length, ushort flags, ushort next, ulong table = 0)
    {
        var at = (table == 0 ? Table : table) + (16UL * index);
        At64(at) = address;
        At32(at + 8) = length;
        At16(at + 12) = flags;
        At16(at + 14) = next;
    }

    /// <summary>Makes a chain available: pieces (address, length, writable).</summary>
    public ushort Add(params (ulong Address, uint Length, bool Writable)[] pieces)
    {
        var indices = new ushort[pieces.Length];
        for (var i = 0; i < pieces.Length; i++)
            indices[i] = _free.Pop();
        for (var i = 0; i < pieces.Length; i++)
        {
            var last = i == pieces.Length - 1;
            Descriptor(
                indices[i], pieces[i].Address, pieces[i].Length,
                (ushort)((last ? 0 : 1) | (pieces[i].Writable ? 2 : 0)), last ? (ushort)0 : indices[i + 1]);
        }

        _chains[indices[0]] = indices;
        Offer(indices[0]);
        return indices[0];
    }

    /// <summary>Makes a chain available through an indirect table.</summary>
    public ushort AddIndirect(ulong table, params (ulong Address, uint Length, bool Writable)[] pieces)
    {
        for (ushort i = 0; i < pieces.Length; i++)
        {
            var last = i == pieces.Length - 1;
            Descriptor(
                i, pieces[i].Address, pieces[i].Length,
                (ushort)((last ? 0 : 1) | (pieces[i].Writable ? 2 : 0)), (ushort)(i + 1), table);
        }

        var head = _free.Pop();
        Descriptor(head, table, (uint)(16 * pieces.Length), 4, 0);
        _chains[head] = [head];
        Offer(head);
        return head;
    }

    public void Offer(ushort head)
    {
        At16(AvailableRing + 4 + (2UL * (uint)(AvailableIndex & (Size - 1)))) = head;
        AvailableIndex++;
        Volatile.Write(ref At16(AvailableRing + 2), AvailableIndex);
    }

    /// <summary>Whether a driver would notify the device now (virtio 1.2, 2.7.13.4).</summary>
    public bool MustKick()
    {
        Interlocked.MemoryBarrier();
        var old = _kicked;
        _kicked = AvailableIndex;
        return _eventIndex
            ? (ushort)(AvailableIndex - AvailableEvent - 1) < (ushort)(AvailableIndex - old)
            : !NoNotify;
    }

    /// <summary>Takes the next used entry.</summary>
    public bool TryReap(out ushort head, out uint written)
    {
        head = 0;
        written = 0;
        if (UsedIndex == LastUsed)
            return false;
        var at = UsedRing + 4 + (8UL * (uint)(LastUsed & (Size - 1)));
        head = (ushort)At32(at);
        written = At32(at + 4);
        LastUsed++;
        foreach (var index in _chains[head])
            _free.Push(index);
        _chains.Remove(head);
        return true;
    }
}

/// <summary>A transport that only counts.</summary>
internal sealed class TestTransport : IVirtioTransport
{
    public int Interrupts { get; set; }

    public int ConfigurationChanges { get; private set; }

    public int Resets { get; private set; }

    public void NotifyUsed() => Interrupts++;

    public void NotifyConfiguration() => ConfigurationChanges++;

    public void RequireReset() => Resets++;

    public void Resumed()
    {
    }
}

/// <summary>An interrupt line that counts edges.</summary>
internal sealed class TestLine : IInterruptLine
{
    private int _edges;

    public int Edges => Volatile.Read(ref _edges);

    public Action? OnRaise { get; set; }

    public void Raise()
    {
        Interlocked.Increment(ref _edges);
        OnRaise?.Invoke();
    }
}

/// <summary>An event loop on a thread of its own.</summary>
internal sealed class LoopThread : IDisposable
{
    private readonly Thread _thread;
    private Exception? _error;

    public LoopThread(EventLoop loop)
    {
        Loop = loop;
        _thread = new Thread(() =>
        {
            try
            {
                loop.Run();
            }
            catch (Exception e)
            {
                _error = e;
            }
        });
        _thread.Start();
    }

    public EventLoop Loop { get; }

    /// <summary>Runs on the loop, and lets the round end (interrupts are flushed).</summary>
    public void Do(Action action)
    {
        Loop.Invoke(action);
        Loop.Invoke(() => { });
    }

    /// <summary>The same for something that is asked.</summary>
    public T Get<T>(Func<T> value)
    {
        T result = default!;
        Do(() => result = value());
        return result;
    }

    public void Dispose()
    {
        Loop.Stop();
        _thread.Join();
        Loop.Dispose();
        Assert.Null(_error);
    }
}

/// <summary>The guest's view of a device's registers.</summary>
internal sealed class TestRegisters(IRegisterDevice device)
{
    public uint this[ulong offset]
    {
        get
        {
            Span<byte> data = stackalloc byte[4];
            device.Read(offset, data);
            return BinaryPrimitives.ReadUInt32LittleEndian(data);
        }

        set
        {
            Span<byte> data = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(data, value);
            device.Write(offset, data);
        }
    }
}
