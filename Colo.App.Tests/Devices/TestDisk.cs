using System.Buffers.Binary;
using Colo.Block;
using Colo.Devices.Virtio;
using Colo.Linux;
using Colo.Memory;
using Colo.State;

namespace Colo.Tests.Devices;

/// <summary>A disk in memory that carries out and completes what the test names, when the test says so.</summary>
internal sealed unsafe class ScriptedDisk(byte[] content) : IBlockBackend
{
    public byte[] Content { get; } = content;

    /// <summary>Submitted and not completed, in the order of submission.</summary>
    public List<BlockRequest> Waiting { get; } = [];

    /// <summary>Completes each request before Submit returns.</summary>
    public bool AtOnce { get; set; }

    public long Size => Content.Length;

    public bool ReadOnly => false;

    public void Submit(BlockRequest request)
    {
        Assert.DoesNotContain(request, Waiting);
        Waiting.Add(request);
        if (AtOnce)
            Complete(request);
    }

    /// <summary>Does what a backend's threads do, at any time: moves the data.</summary>
    public void CarryOut(BlockRequest request)
    {
        var at = Content.AsSpan((int)request.Offset, (int)request.Length);
        if (request.Operation == BlockOperation.WriteZeroes)
            at.Clear();
        foreach (var vector in request.Vectors)
        {
            var memory = new Span<byte>((void*)vector.Pointer, (int)vector.Length);
            if (request.Operation == BlockOperation.Read)
                at[..memory.Length].CopyTo(memory);
            else
                memory.CopyTo(at);
            at = at[memory.Length..];
        }
    }

    public void Complete(BlockRequest request, int error = 0)
    {
        Assert.True(Waiting.Remove(request));
        if (error == 0)
            CarryOut(request);
        request.Complete(error);
    }

    public void CompleteAll()
    {
        while (Waiting.Count > 0)
            Complete(Waiting[0]);
    }

    public void Dispose()
    {
    }
}

/// <summary>A request as its driver knows it.</summary>
internal readonly record struct DiskRequest(int Queue, ushort Head, uint Type, long Sector, ulong Data, int Length, ulong Status);

/// <summary>
/// A guest with a disk, or the copy of it that goes on from a state record. The loop does not run: all happens on the
/// test's thread, and <see cref="EndRound"/> does what the loop does at the end of a round.
/// </summary>
internal sealed unsafe class DiskSide : IDisposable
{
    internal const ulong Buffers = 0x10000;
    internal const ushort QueueSize = 16;
    private readonly EventLoop _loop = new();
    private ulong _at = Buffers;

    public DiskSide(int queues, byte[] content)
        : this(queues, content, GuestMemory.Create(256 << 10))
    {
        Bring();
    }

    private DiskSide(int queues, byte[] content, GuestMemory memory)
    {
        Memory = memory;
        Backend = new ScriptedDisk(content);
        Device = new VirtioBlock(new VirtioBlockOptions("t", Queues: queues, QueueSize: QueueSize), Backend, memory, _loop);
        Device.Attach(Transport);
        Queues = new TestQueue[queues];
    }

    public GuestMemory Memory { get; }

    public ScriptedDisk Backend { get; }

    public VirtioBlock Device { get; }

    public TestTransport Transport { get; } = new();

    public TestQueue[] Queues { get; }

    public void Dispose()
    {
        Device.Dispose();
        _loop.Dispose();
        Memory.Dispose();
    }

    /// <summary>The driver starts the device, with rings that are empty.</summary>
    public void Bring()
    {
        Assert.Null(Device.Negotiate(Device.OfferedFeatures));
        for (var i = 0; i < Queues.Length; i++)
        {
            Queues[i] = new TestQueue(Memory, Device.Queues[i], 0x1000 + ((ulong)i * 0x1000), QueueSize, true);
            Assert.True(Device.StartQueue(i));
        }

        Device.Start();
    }

    /// <summary>A second guest with the same memory and driver, over a disk of its own that is loaded with nothing.</summary>
    public DiskSide Copy(byte[] content)
    {
        var memory = GuestMemory.Create(Memory.Size);
        // Behind that nothing was ever written.
        new Span<byte>(Memory.Base, (int)_at).CopyTo(new Span<byte>(memory.Base, (int)_at));
        var copy = new DiskSide(Queues.Length, content, memory) { _at = _at };
        for (var i = 0; i < Queues.Length; i++)
            copy.Queues[i] = Queues[i].Over(memory);
        return copy;
    }

    public byte[] Save()
    {
        var writer = new StateWriter();
        Device.Save(writer);
        return writer.Written.ToArray();
    }

    public void Load(byte[] record)
    {
        var reader = new StateReader(record, "test");
        Device.Load(ref reader);
        reader.Finish();
    }

    /// <summary>A second guest that has loaded what this one, frozen, saves.</summary>
    public DiskSide Follow(byte[] content)
    {
        var copy = Copy(content);
        copy.Load(Save());
        return copy;
    }

    public void Kick()
    {
        for (var i = 0; i < Queues.Length; i++)
            Device.Kick(i);
    }

    public void EndRound() => Device.FlushInterrupts();

    /// <summary>Offers a request: 0 read, 1 write (of <paramref name="data"/>), 4 flush, 13 zeroes.</summary>
    public DiskRequest Offer(int queue, uint type, long sector, int length, byte[]? data = null, bool indirect = false)
    {
        var at = Take(32);
        Queues[queue].At32(at) = type;
        Queues[queue].At64(at + 8) = (ulong)sector;
        var list = new List<(ulong, uint, bool)> { (at, 16, false) };
        var buffer = type == 13 ? at + 16 : Take(length);
        if (type == 13)
        {
            BinaryPrimitives.WriteInt64LittleEndian(Bytes(buffer, 16), sector);
            BinaryPrimitives.WriteInt32LittleEndian(Bytes(buffer, 16)[8..], length / 512);
            Bytes(buffer, 16)[12..].Clear();
            list.Add((buffer, 16, false));
        }
        else if (length > 0)
        {
            data?.CopyTo(Bytes(buffer, length));
            list.Add((buffer, 512, type == 0));
            if (length > 512)
                list.Add((buffer + 512, (uint)length - 512, type == 0));
        }

        var status = Take(1);
        Bytes(status, 1)[0] = 0xFF;
        list.Add((status, 1, true));
        var head = indirect ? Queues[queue].AddIndirect(Take(16 * list.Count), [.. list]) : Queues[queue].Add([.. list]);
        return new DiskRequest(queue, head, type, sector, buffer, length, status);
    }

    public Span<byte> Bytes(ulong at, int length) => new(Memory.Base + at, length);

    public byte Status(DiskRequest request) => Bytes(request.Status, 1)[0];

    /// <summary>What the used rings tell that the driver has not seen.</summary>
    public List<(int Queue, ushort Head, uint Written)> Reap()
    {
        var list = new List<(int, ushort, uint)>();
        for (var i = 0; i < Queues.Length; i++)
        {
            while (Queues[i].TryReap(out var head, out var written))
                list.Add((i, head, written));
        }

        return list;
    }

    // Small pieces, and buffers that share pages: what is written too far is seen.
    private ulong Take(int length)
    {
        var at = _at;
        _at = (_at + (ulong)length + 15) & ~15UL;
        Assert.True(_at <= Memory.Size, "the test has used up its guest's memory");
        return at;
    }
}
