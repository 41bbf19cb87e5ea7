using System.Buffers.Binary;
using System.Text;
using Colo.Block;
using Colo.Devices.Virtio;
using Colo.Linux;
using Colo.Memory;
using Colo.State;

namespace Colo.Tests.Devices;

/// <summary>The same over threads, where io_uring is what an image gets.</summary>
public sealed class VirtioBlockOverThreadsTests : VirtioBlockTests
{
    private protected override ImageEngineKind Engine => ImageEngineKind.Threads;
}

public unsafe class VirtioBlockTests : IDisposable
{
    private const ulong Buffers = 0x100000;
    private const long DiskSize = 4 << 20;
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"colo-test-{Guid.NewGuid():N}.img");
    private readonly GuestMemory _memory = GuestMemory.Create(16 << 20);
    private readonly LoopThread _loop = new(new EventLoop());
    private readonly TestTransport _transport = new();
    private ImageFileBackend? _image;
    private Gate? _gate;
    private VirtioBlock _disk = null!;
    private TestQueue _queue = null!;
    private int _at;

    private protected virtual ImageEngineKind Engine => ImageEngineKind.Automatic;

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _loop.Do(() => _image?.Dispose());
        _loop.Dispose();
        _memory.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void What_is_written_is_read_back_in_pieces_and_is_in_the_file()
    {
        Start();
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var model = new byte[DiskSize];
        for (var i = 0; i < 400; i++)
        {
            var sectors = random.Next(1, 40);
            var sector = random.Next((int)(DiskSize / 512) - sectors);
            var pieces = Cut(random, sectors * 512);
            if (random.Next(2) == 0)
            {
                random.NextBytes(model.AsSpan(sector * 512, sectors * 512));
                Assert.Equal(0, Write(sector, model.AsSpan(sector * 512, sectors * 512), pieces));
            }
            else
            {
                Assert.True(model.AsSpan(sector * 512, sectors * 512).SequenceEqual(Read(sector, pieces)), $"seed {seed}, round {i}");
            }
        }

        Assert.Equal(0, Simple(4));
        _loop.Do(() => _image!.Dispose());
        Assert.True(model.AsSpan().SequenceEqual(File.ReadAllBytes(_path)), $"seed {seed}");
    }

    [Fact]
    public void Many_requests_are_under_way_at_once()
    {
        Start();
        var data = new byte[512];
        for (var i = 0; i < 20; i++)
        {
            data.AsSpan().Fill((byte)i);
            Submit(1, (ulong)i, data, 0);
        }

        _loop.Do(() => _disk.Kick(0));
        WaitUsed(20);
        Assert.Equal(0, _disk.InFlight);
        for (var i = 0; i < 20; i++)
            Assert.Equal((byte)i, Read(i, [512])[511]);
    }

    [Fact]
    public void Discarded_and_zeroed_ranges()
    {
        Start();
        var data = new byte[64 * 512];
        data.AsSpan().Fill(0xEE);
        Assert.Equal(0, Write(0, data, [data.Length]));
        Assert.Equal(0, Range(13, 8, 8, 0));
        Assert.Equal(0, Range(13, 24, 8, 1));
        Assert.Equal(0, Range(11, 40, 8, 0));
        var back = Read(0, [data.Length]);
        for (var i = 0; i < 64; i++)
        {
            if (i is >= 40 and < 48)
                continue;
            Assert.Equal(i is (>= 8 and < 16) or (>= 24 and < 32) ? 0 : 0xEE, back[i * 512]);
        }

        Assert.Equal(2, Range(11, 0, 8, 1));
        Assert.Equal(2, Range(13, 0, 8, 2));
        Assert.Equal(1, Range(13, (DiskSize / 512) - 1, 2, 0));
        Assert.Equal(1, Range(13, 0, uint.MaxValue, 0));
    }

    [Fact]
    public void Errors_are_answered_and_serial_and_configuration_are_told()
    {
        Start();
        var sector = new byte[512];
        Assert.Equal(1, Write(DiskSize / 512, sector, [512]));
        Assert.Equal(1, Write(long.MaxValue, sector, [512]));
        Assert.Equal(1, Write(0, sector.AsSpan(0, 100), [100]));
        Assert.Equal(2, Simple(99));
        Assert.False(_disk.NeedsReset);

        var id = Slot();
        Put(id, 8, 0);
        _queue.Add((id, 16, false), (id + 0x1000, 20, true), (id + 0x2000, 1, true));
        Go();
        Assert.Equal("disk-1", Encoding.ASCII.GetString(At(id + 0x1000, 20)).TrimEnd('\0'));
        Assert.Equal(0, *(byte*)(_memory.Base + id + 0x2000));

        var configuration = new byte[64];
        _disk.ReadConfiguration(0, configuration);
        Assert.Equal(DiskSize / 512, BinaryPrimitives.ReadInt64LittleEndian(configuration));
        Assert.Equal(512, BinaryPrimitives.ReadInt32LittleEndian(configuration.AsSpan(20)));

        // No room for the status.
        _queue.Add((id, 16, false));
        _loop.Do(() => _disk.Kick(0));
        Assert.True(_disk.NeedsReset);
    }

    [Fact]
    public void A_read_only_image_refuses_writes()
    {
        File.WriteAllBytes(_path, new byte[DiskSize]);
        Start(readOnly: true);
        Assert.True(_disk.Has(VirtioFeatures.BlockReadOnly));
        Assert.Equal(1, Write(0, new byte[512], [512]));
        Assert.Equal(512, Read(0, [512]).Length);
        Assert.Equal(0, Simple(4));
    }

    [Fact]
    public void An_image_is_opened_once_and_errors_name_it()
    {
        Start();
        _loop.Do(() =>
        {
            Assert.Contains("in use", Assert.Throws<IOException>(() => new ImageFileBackend(_path, 0, false, _loop.Loop)).Message, StringComparison.Ordinal);
            Assert.Contains(_path + "x", Assert.Throws<IOException>(() => new ImageFileBackend(_path + "x", 0, false, _loop.Loop)).Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Quiesce_waits_for_what_is_under_way_and_takes_nothing_more()
    {
        Start(gated: true);
        Submit(1, 0, new byte[512], 0);
        Submit(1, 1, new byte[512], 0);
        var quiet = 0;
        _loop.Do(() =>
        {
            _disk.Kick(0);
            Assert.Equal(2, _disk.InFlight);
            _disk.Quiesce(() => quiet++);
            Assert.Throws<InvalidOperationException>(() => _disk.Save(new StateWriter()));
        });
        Submit(1, 2, new byte[512], 0);
        _loop.Do(() =>
        {
            _disk.Kick(0);
            Assert.Equal(2, _disk.InFlight);
            _gate!.Release(1);
            Assert.Equal(0, quiet);
            _gate.Release(1);
            Assert.Equal(1, quiet);
            _disk.Freeze();
        });
        Assert.Equal(2, _queue.UsedIndex);
        var writer = new StateWriter();
        _loop.Do(() => _disk.Save(writer));
        _loop.Do(() =>
        {
            _disk.Thaw();
            Assert.Equal(1, _disk.InFlight);
            _gate!.Release(1);
        });
        Assert.Equal(3, _queue.UsedIndex);

        // The saved state, in another device, submits the third request at its thaw.
        _loop.Do(() =>
        {
            var gate = new Gate();
            var second = new VirtioBlock(new VirtioBlockOptions("b"), gate, _memory, _loop.Loop);
            var reader = new StateReader(writer.Written, "test");
            second.Load(ref reader);
            second.Thaw();
            Assert.Equal(1, second.InFlight);
            Assert.Equal(1024, gate.Waiting.Peek().Offset);
        });
    }

    [Fact]
    public void A_disk_that_was_quiet_before_its_driver_came_works()
    {
        _loop.Do(() =>
        {
            _disk = new VirtioBlock(new VirtioBlockOptions("t"), _gate = new Gate(), _memory, _loop.Loop);
            var quiet = false;
            _disk.Quiesce(() => quiet = true);
            Assert.True(quiet);
            _disk.Freeze();
            _disk.Thaw();
        });
        Bring(0);
        Submit(0, 0, null, 512);
        _loop.Do(() =>
        {
            _disk.Kick(0);
            Assert.Equal(1, _disk.InFlight);
        });
    }

    [Fact]
    public void A_reset_waits_for_what_is_under_way()
    {
        Start(gated: true);
        Submit(0, 0, null, 512);
        var done = false;
        _loop.Do(() =>
        {
            _disk.Kick(0);
            _disk.Reset(() => done = true);
            Assert.False(done);
            _gate!.Release(1);
            Assert.True(done);
        });
        Assert.Equal(0, _queue.UsedIndex);
        Assert.Equal(0, _disk.InFlight);
    }

    [Fact]
    public void Without_flush_every_write_is_durable()
    {
        Start(gated: true, without: VirtioFeatures.BlockFlush);
        Submit(1, 0, new byte[512], 0);
        _loop.Do(() =>
        {
            _disk.Kick(0);
            Assert.True(_gate!.Waiting.Peek().Durable);
            _gate.Release(1);
        });
    }

    [Fact]
    public void A_failed_request_is_an_error_to_the_guest_and_no_more()
    {
        Start(gated: true);
        Submit(0, 0, null, 512);
        _loop.Do(() => { _disk.Kick(0); _gate!.Release(1, 5); });
        Assert.Equal(1, _queue.UsedIndex);
        Assert.Equal(1, Status());
        Assert.False(_disk.NeedsReset);
    }

    [Fact]
    public void A_hostile_guest_harms_only_itself()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        Start();
        var resets = 0;
        for (var round = 0; round < 200; round++)
        {
            for (var i = 0; i < 64; i++)
            {
                _queue.Descriptor(
                    (ushort)i, random.Next(100) == 0 ? (ulong)random.NextInt64() : Buffers + (ulong)random.Next(1 << 18),
                    random.Next(3) == 0 ? 16U : (uint)random.Next(5) * 512, (ushort)(random.Next(4) | (random.Next(50) == 0 ? 4 : 0)), (ushort)(i + 1));
            }

            for (var i = 0; i < 200; i++)
                Put(Buffers + (ulong)random.Next(1 << 18), (uint)random.Next(14), (ulong)random.Next(9000));
            for (var i = 0; i < 30; i++)
                _queue.Offer((ushort)random.Next(64));
            _loop.Do(() => _disk.Kick(0));
            if (_disk.NeedsReset)
                resets++;
            using var done = new ManualResetEventSlim();
            _loop.Do(() => _disk.Reset(done.Set));
            Assert.True(done.Wait(10_000), $"seed {seed}");
            Bring(0);
        }

        Assert.True(resets > 20, $"seed {seed}: {resets}");
        Assert.Equal(512, Read(0, [512]).Length);
    }

    [Fact]
    public void Random_bytes_come_at_a_bounded_rate()
    {
        VirtioRng? rng = null;
        TestQueue? queue = null;
        _loop.Do(() =>
        {
            rng = new VirtioRng(_memory, _loop.Loop, 8192);
            rng.Attach(_transport);
            Assert.Null(rng.Negotiate(rng.OfferedFeatures));
            queue = new TestQueue(_memory, rng.Queues[0], 0x1000, 64, true);
            Assert.True(rng.StartQueue(0));
            rng.Start();
            for (var i = 0; i < 4; i++)
                queue.Add((Buffers + ((ulong)i * 8192), 8192, true));
            rng.Kick(0);
            Assert.Equal(2, queue.UsedIndex);
        });
        Assert.True(queue!.TryReap(out _, out var written));
        Assert.Equal(4096U, written);
        Assert.True(At(Buffers, 4096).Distinct().Count() > 200);
        Assert.Equal(0, At(Buffers + 4096, 1)[0]);
        // The rest comes with time.
        Assert.True(SpinWait.SpinUntil(() => queue.UsedIndex == 4, 10_000));
    }

    private void Start(bool readOnly = false, bool gated = false, ulong without = 0)
    {
        _loop.Do(() =>
        {
            IBlockBackend backend = gated ? _gate = new Gate() : _image = new ImageFileBackend(_path, DiskSize, readOnly, _loop.Loop, 4, false, Engine);
            _disk = new VirtioBlock(new VirtioBlockOptions("t", "disk-1"), backend, _memory, _loop.Loop);
            _disk.Attach(_transport);
        });
        Bring(without);
    }

    private void Bring(ulong without) => _loop.Do(() =>
    {
        Assert.Null(_disk.Negotiate(_disk.OfferedFeatures & ~without));
        _queue = new TestQueue(_memory, _disk.Queues[0], 0x1000, 64, true);
        Assert.True(_disk.StartQueue(0));
        _disk.Start();
    });

    private ulong Slot() => Buffers + 0x80000 + ((ulong)(_at++ % 64) * 0x10000);

    private void Put(ulong at, uint type, ulong sector)
    {
        _queue.At32(at) = type;
        _queue.At64(at + 8) = sector;
    }

    private byte[] At(ulong address, int length) => new Span<byte>(_memory.Base + address, length).ToArray();

    private byte Status() => *(_memory.Base + _status);

    private ulong _status;

    private void Submit(uint type, ulong sector, byte[]? data, int read, int[]? pieces = null)
    {
        var at = Slot();
        Put(at, type, sector);
        var list = new List<(ulong, uint, bool)> { (at, 16, false) };
        var where = at + 32;
        data?.CopyTo(new Span<byte>(_memory.Base + where, data.Length));
        foreach (var piece in pieces ?? (data is null && read == 0 ? [] : [data?.Length ?? read]))
        {
            list.Add((where, (uint)piece, data is null));
            where += (uint)piece;
        }

        _status = where;
        *(_memory.Base + where) = 0xFF;
        list.Add((where, 1, true));
        _queue.Add([.. list]);
    }

    private void Go()
    {
        var target = (ushort)(_queue.UsedIndex + 1);
        _queue.UsedEvent = _queue.UsedIndex;
        _loop.Do(() => _disk.Kick(0));
        Assert.True(SpinWait.SpinUntil(() => _queue.UsedIndex == target, 10_000));
        while (_queue.TryReap(out _, out _))
        {
        }
    }

    private void WaitUsed(ushort count)
    {
        Assert.True(SpinWait.SpinUntil(() => _queue.UsedIndex == count, 10_000));
        // The round in which the last one was completed has ended.
        _loop.Do(() => { });
        while (_queue.TryReap(out _, out _))
        {
        }
    }

    private byte Write(long sector, ReadOnlySpan<byte> data, int[] pieces)
    {
        Submit(1, (ulong)sector, data.ToArray(), 0, pieces);
        Go();
        return Status();
    }

    private byte[] Read(long sector, int[] pieces)
    {
        var length = pieces.Sum();
        Submit(0, (ulong)sector, null, length, pieces);
        _memory.DeviceDirty.Clear();
        Go();
        Assert.Equal(0, Status());
        for (var page = (_status - (ulong)length) / 4096; page <= _status / 4096; page++)
            Assert.True(_memory.DeviceDirty.IsSet(page));
        return At(_status - (ulong)length, length);
    }

    private byte Simple(uint type)
    {
        Submit(type, 0, null, 0);
        Go();
        return Status();
    }

    private byte Range(uint type, long sector, uint count, uint flags)
    {
        var range = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(range, sector);
        BinaryPrimitives.WriteUInt32LittleEndian(range.AsSpan(8), count);
        BinaryPrimitives.WriteUInt32LittleEndian(range.AsSpan(12), flags);
        Submit(type, 0, range, 0);
        Go();
        return Status();
    }

    private static int[] Cut(Random random, int length)
    {
        var pieces = new List<int>();
        while (length > 0)
        {
            var piece = Math.Min(length, pieces.Count > 20 ? length : random.Next(1, 3000));
            pieces.Add(piece);
            length -= piece;
        }

        return [.. pieces];
    }

    /// <summary>A backend that completes requests when told.</summary>
    private sealed class Gate : IBlockBackend
    {
        public Queue<BlockRequest> Waiting { get; } = new();

        public long Size => DiskSize;

        public bool ReadOnly => false;

        public void Submit(BlockRequest request) => Waiting.Enqueue(request);

        public void Release(int count, int error = 0)
        {
            for (; count > 0; count--)
                Waiting.Dequeue().Complete(error);
        }

        public void Dispose()
        {
        }
    }
}
