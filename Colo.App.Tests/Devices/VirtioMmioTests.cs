using Colo.Devices.Virtio;
using Colo.Linux;
using Colo.Memory;
using Colo.State;

namespace Colo.Tests.Devices;

public sealed class VirtioMmioTests : IDisposable
{
    private readonly GuestMemory _memory = GuestMemory.Create(1 << 20);
    private readonly LoopThread _loop = new(new EventLoop());
    private readonly TestLine _line = new();
    private readonly List<EventFd> _kicks = [new(), new()];
    private readonly Echo _device;
    private readonly VirtioMmio _mmio;
    private readonly TestRegisters _registers;

    public VirtioMmioTests()
    {
        Echo? device = null;
        VirtioMmio? mmio = null;
        _loop.Do(() =>
        {
            device = new Echo(_memory, _loop.Loop);
            mmio = new VirtioMmio(device, _loop.Loop);
            mmio.Connect(_line, _kicks);
        });
        _device = device!;
        _mmio = mmio!;
        _registers = new TestRegisters(_mmio);
    }

    public void Dispose()
    {
        _loop.Do(_mmio.Disconnect);
        _loop.Dispose();
        _kicks.ForEach(k => k.Dispose());
        _memory.Dispose();
    }

    [Fact]
    public void The_whole_life_as_a_driver_sees_it()
    {
        Assert.Equal(0x74726976U, _registers[0]);
        Assert.Equal(2U, _registers[4]);
        Assert.Equal(63U, _registers[8]);
        var driver = Bring();
        Assert.Equal(15U, _registers[0x70]);

        driver.At32(0x9000) = 1234;
        driver.Add((0x9000, 4, false), (0x9100, 4, true));
        Kick(0);
        Assert.True(driver.TryReap(out _, out var written));
        Assert.Equal(4U, written);
        Assert.Equal(1234U, driver.At32(0x9100));
        Assert.Equal(1, _line.Edges);
        Assert.Equal(1U, _registers[0x60]);

        // Not acknowledged yet: the next one raises an edge all the same.
        driver.UsedEvent = driver.LastUsed;
        driver.Add((0x9000, 4, false), (0x9100, 4, true));
        Kick(0);
        Assert.Equal(2, _line.Edges);
        _registers[0x64] = 1;
        Assert.Equal(0U, _registers[0x60]);

        // Reset: all registers as at the start.
        _registers[0x70] = 0;
        Assert.Equal(0U, _registers[0x70]);
        _registers[0x30] = 0;
        Assert.Equal(0U, _registers[0x44]);
        Assert.False(_device.Active);
        Assert.Equal(0UL, _device.Features);
        var again = Bring();
        again.Add((0x9000, 4, false), (0x9100, 4, true));
        Kick(0);
        Assert.True(again.TryReap(out _, out _));
    }

    [Fact]
    public void Features_that_are_not_offered_or_without_version_1_are_refused()
    {
        _registers[0x70] = 1;
        _registers[0x70] = 3;
        SetFeatures(VirtioFeatures.Version1 | (1UL << 40));
        _registers[0x70] = 11;
        Assert.Equal(3U, _registers[0x70]);
        SetFeatures(VirtioFeatures.EventIndex);
        _registers[0x70] = 11;
        Assert.Equal(3U, _registers[0x70]);
        // DRIVER_OK is not to be had without FEATURES_OK.
        _registers[0x70] = 7;
        Assert.Equal(3U, _registers[0x70]);
        SetFeatures(VirtioFeatures.Version1);
        _registers[0x70] = 11;
        Assert.Equal(11U, _registers[0x70]);
        // Too late.
        SetFeatures(VirtioFeatures.Version1 | VirtioFeatures.EventIndex);
        Assert.Equal(VirtioFeatures.Version1, _device.Features);
        // A bit that is set stays set.
        _registers[0x70] = 1;
        Assert.Equal(11U, _registers[0x70]);
    }

    [Fact]
    public void A_guest_that_breaks_the_format_is_told_to_reset_and_can()
    {
        var driver = Bring();
        driver.Offer(driver.Size);
        Kick(0);
        Assert.Equal(15U | 64, _registers[0x70]);
        Assert.Equal(2U, _registers[0x60] & 2);
        driver.Add((0x9000, 4, false), (0x9100, 4, true));
        Kick(0);
        Assert.Equal(0, driver.UsedIndex);
        _registers[0x70] = 0;
        var again = Bring();
        again.Add((0x9000, 4, false), (0x9100, 4, true));
        Kick(0);
        Assert.Equal(1, again.UsedIndex);
    }

    [Fact]
    public void A_queue_that_makes_no_sense_needs_a_reset()
    {
        Negotiate();
        _registers[0x30] = 0;
        _registers[0x38] = 3;
        _registers[0x44] = 1;
        Assert.Equal(0U, _registers[0x44]);
        Assert.Equal(64U, _registers[0x70] & 64);
    }

    [Fact]
    public void Registers_stay_as_they_are_while_a_queue_is_in_service()
    {
        var driver = Bring();
        _registers[0x30] = 0;
        _registers[0x80] = 0;
        _registers[0x38] = 2;
        Assert.Equal(driver.Table, _device.Queues[0].DescriptorAddress);
        _registers[0x30] = 77;
        Assert.Equal(0U, _registers[0x34]);
        _registers[0x44] = 1;
        _registers[0x50] = 77;
        Span<byte> one = stackalloc byte[1];
        _mmio.Read(0x70, one);
        Assert.Equal(0, one[0]);
        _mmio.Read(0x10000, one);
        _mmio.Write(0x71, [0, 0, 0, 0]);
        Assert.Equal(15U, _registers[0x70]);
    }

    [Fact]
    public void State_in_mid_life_is_taken_over_with_the_interrupt_and_the_notification_it_owes()
    {
        var driver = Bring();
        driver.Add((0x9000, 4, false), (0x9100, 4, true));
        Kick(0);
        driver.UsedEvent = driver.UsedIndex;
        var writer = new StateWriter();
        _loop.Do(() =>
        {
            _device.Freeze();
            // A chain whose notification was not yet served.
            driver.Add((0x9000, 4, false), (0x9200, 4, true));
            _mmio.Save(writer);
        });
        using var loop = new LoopThread(new EventLoop());
        var line = new TestLine();
        Echo? device = null;
        loop.Do(() =>
        {
            device = new Echo(_memory, loop.Loop);
            var mmio = new VirtioMmio(device, loop.Loop);
            mmio.Connect(line, []);
            var reader = new StateReader(writer.Written, "test");
            mmio.Load(ref reader);
            Assert.Equal(1, driver.UsedIndex);
            Assert.Equal(0, line.Edges);
            device.Thaw();
            Assert.Equal(1, line.Edges);
        });
        Assert.Equal(2, driver.UsedIndex);
        Assert.Equal(2, line.Edges);
    }

    [Fact]
    public void A_damaged_state_is_refused_and_changes_nothing()
    {
        var driver = Bring();
        var writer = new StateWriter();
        _loop.Do(() => { _device.Freeze(); _mmio.Save(writer); _device.Thaw(); });
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var refused = 0;
        for (var i = 0; i < 2000; i++)
        {
            var bytes = writer.Written.ToArray();
            if (random.Next(2) == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            else
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            using var memory = GuestMemory.Create(1 << 20);
            using var loop = new EventLoop();
            var device = new Echo(memory, loop);
            var mmio = new VirtioMmio(device, loop);
            try
            {
                var reader = new StateReader(bytes, "test");
                mmio.Load(ref reader);
                device.Thaw();
            }
            catch (StateFormatException)
            {
                refused++;
                Assert.False(device.Active, $"seed {seed}");
                Assert.False(device.Frozen, $"seed {seed}");
            }
        }

        Assert.True(refused > 1000, $"seed {seed}: {refused}");
        // Bytes behind the device's record.
        var longer = writer.Written.ToArray().Append((byte)0).ToArray();
        longer[8]++;
        using (var memory = GuestMemory.Create(1 << 20))
        using (var loop = new EventLoop())
        {
            var device = new Echo(memory, loop);
            var mmio = new VirtioMmio(device, loop);
            Assert.Throws<StateFormatException>(() =>
            {
                var reader = new StateReader(longer, "test");
                mmio.Load(ref reader);
            });
            Assert.False(device.Active);
        }

        driver.Add((0x9000, 4, false), (0x9100, 4, true));
        Kick(0);
        Assert.Equal(1, driver.UsedIndex);
    }

    [Fact]
    public void Random_register_writes_harm_nothing()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var offset = (ulong)(random.Next(10) == 0 ? random.Next(0x300) : random.Next(0x42) * 4);
            var value = random.Next(4) == 0 ? (uint)random.NextInt64() : (uint)random.Next(16) * (random.Next(2) == 0 ? 1U : 0x1000);
            if (random.Next(3) == 0)
                _ = _registers[offset];
            else
                _registers[offset] = value;
        }

        _registers[0x70] = 0;
        var driver = Bring();
        driver.Add((0x9000, 4, false), (0x9100, 4, true));
        Kick(0);
        Assert.True(driver.UsedIndex == 1, $"seed {seed}");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void No_notification_and_no_interrupt_is_lost_between_two_threads(bool eventIndex)
    {
        const int Requests = 200_000;
        _withEventIndex = eventIndex;
        using var interrupt = new SemaphoreSlim(0);
        _line.OnRaise = () => interrupt.Release();
        var driver = Bring();
        var random = new Random(3);
        var sent = 0;
        var done = 0;
        var waits = 0;
        while (done < Requests)
        {
            for (var batch = random.Next(1, 4); batch > 0 && sent < Requests && driver.Free >= 2; batch--, sent++)
                driver.Add((0x9000, 4, false), (0x9100, 4, true));
            if (driver.MustKick())
                _kicks[0].Signal();
            while (driver.TryReap(out _, out _))
                done++;
            if (done == Requests || (driver.Free >= 2 && sent < Requests && random.Next(3) != 0))
                continue;
            // Ask for an interrupt, look once more, and wait: as a driver does (virtio 1.2, 2.7.14).
            driver.UsedEvent = driver.LastUsed;
            Interlocked.MemoryBarrier();
            if (driver.UsedIndex != driver.LastUsed)
                continue;
            if (sent == done)
                continue;
            waits++;
            Assert.True(interrupt.Wait(10_000), $"lost after {done} of {sent} sent, {waits} waits");
            _registers[0x64] = _registers[0x60];
        }

        Assert.True(waits > 100, $"{waits} waits: the threads did not meet");
        _line.OnRaise = null;
    }

    private bool _withEventIndex = true;

    private void Kick(int queue)
    {
        _kicks[queue].Signal();
        _loop.Do(() => { });
        _loop.Do(() => { });
    }

    private void SetFeatures(ulong features)
    {
        _registers[0x24] = 0;
        _registers[0x20] = (uint)features;
        _registers[0x24] = 1;
        _registers[0x20] = (uint)(features >> 32);
    }

    private void Negotiate()
    {
        _registers[0x70] = 1;
        _registers[0x70] = 3;
        _registers[0x14] = 1;
        var features = (ulong)_registers[0x10] << 32;
        _registers[0x14] = 0;
        features |= _registers[0x10];
        Assert.Equal(_device.OfferedFeatures, features);
        if (!_withEventIndex)
            features &= ~VirtioFeatures.EventIndex;
        SetFeatures(features);
        _registers[0x70] = 11;
        Assert.Equal(11U, _registers[0x70]);
    }

    private TestQueue Bring()
    {
        Negotiate();
        var scratch = new VirtQueue(_memory, 64);
        var driver = new TestQueue(_memory, scratch, 0x1000, 8, _withEventIndex);
        _registers[0x30] = 0;
        Assert.Equal(0U, _registers[0x44]);
        Assert.Equal(64U, _registers[0x34]);
        _registers[0x38] = 8;
        _registers[0x80] = (uint)driver.Table;
        _registers[0x84] = 0;
        _registers[0x90] = (uint)driver.AvailableRing;
        _registers[0x94] = 0;
        _registers[0xA0] = (uint)driver.UsedRing;
        _registers[0xA4] = 0;
        _registers[0x44] = 1;
        Assert.Equal(1U, _registers[0x44]);
        _registers[0x70] = 15;
        return driver;
    }

    /// <summary>Copies what it reads into what it may write.</summary>
    private sealed class Echo(GuestMemory memory, EventLoop loop) : VirtioDevice("echo", memory, loop, [64, 64])
    {
        private readonly DescriptorChain _chain = new(64);
        private readonly byte[] _buffer = new byte[4096];

        public override uint DeviceId => 63;

        public override ulong OfferedFeatures => VirtioFeatures.Version1 | VirtioFeatures.EventIndex | VirtioFeatures.IndirectDescriptors;

        public override void ReadConfiguration(uint offset, Span<byte> data) => CopyConfiguration([1, 2, 3, 4], offset, data);

        protected override void OnKick(int queue)
        {
            var buffer = _buffer;
            Queues[queue].DisableNotification();
            do
            {
                while (Queues[queue].TryPop(_chain))
                {
                    var length = _chain.Read(0, buffer);
                    Queues[queue].AddUsed(_chain.Head, (uint)_chain.Write(Memory, 0, buffer.AsSpan(0, length)));
                }
            }
            while (Queues[queue].EnableNotification());
            PublishUsed(queue);
        }
    }
}
