using Colo.Devices.Virtio;
using Colo.Memory;
using Colo.State;

namespace Colo.Tests.Devices;

public sealed class VirtQueueTests : IDisposable
{
    private const ulong Rings = 0x1000;
    private const ulong Data = 0x10000;
    private readonly GuestMemory _memory = GuestMemory.Create(1 << 20);
    private readonly DescriptorChain _chain = new(64);

    public void Dispose() => _memory.Dispose();

    private (VirtQueue Device, TestQueue Driver) Make(ushort size = 8, bool eventIndex = false, bool indirect = true)
    {
        var queue = new VirtQueue(_memory, 64);
        var driver = new TestQueue(_memory, queue, Rings, size, eventIndex);
        Assert.Null(queue.Start(eventIndex, indirect));
        return (queue, driver);
    }

    [Fact]
    public void Chains_go_round_the_ring_many_times_and_the_indices_wrap()
    {
        var (queue, driver) = Make();
        Span<byte> read = stackalloc byte[8];
        for (var i = 0; i < 70_000; i++)
        {
            driver.At32(Data) = (uint)i;
            var head = driver.Add((Data, 4, false), (Data + 100, 8, true));
            Assert.True(queue.TryPop(_chain));
            Assert.Equal(head, _chain.Head);
            Assert.Equal(4UL, _chain.ReadableBytes);
            Assert.Equal(8UL, _chain.WritableBytes);
            Assert.Equal(4, _chain.Read(0, read));
            Assert.Equal(8, _chain.Write(_memory, 0, read));
            Assert.Equal((uint)i, driver.At32(Data + 100));
            queue.AddUsed(head, 8);
            queue.Publish();
            Assert.True(queue.ShouldInterrupt());
            Assert.True(driver.TryReap(out var reaped, out var written));
            Assert.Equal(head, reaped);
            Assert.Equal(8U, written);
            Assert.False(queue.TryPop(_chain));
        }
    }

    [Fact]
    public void A_chain_is_taken_again_by_its_head_and_the_ring_stands_still()
    {
        var (queue, driver) = Make();
        var first = driver.Add((Data, 4, false), (Data + 100, 8, true));
        var second = driver.AddIndirect(0x8000, (Data + 200, 4, false), (Data + 300, 512, true), (Data + 900, 1, true));
        Assert.True(queue.TryPop(_chain));
        Assert.True(queue.TryTake(second, _chain));
        Assert.Equal((second, 4UL, 513UL, 2), (_chain.Head, _chain.ReadableBytes, _chain.WritableBytes, _chain.Writable.Length));
        Assert.True(queue.TryTake(first, _chain));
        Assert.Equal((first, 4UL, 8UL), (_chain.Head, _chain.ReadableBytes, _chain.WritableBytes));
        Assert.Equal(Data + 100, _chain.Writable[0].Address);
        // The next one on offer is still the second.
        Assert.True(queue.TryPop(_chain));
        Assert.Equal(second, _chain.Head);
        Assert.False(queue.TryPop(_chain));
        Assert.Null(queue.Fault);
    }

    [Fact]
    public void What_is_taken_by_its_head_is_checked_like_what_is_popped()
    {
        foreach (var head in new ushort[] { 8, 9, ushort.MaxValue })
        {
            var (queue, _) = Make();
            Assert.False(queue.TryTake(head, _chain));
            Assert.Contains("descriptor", queue.Fault!, StringComparison.Ordinal);
        }

        var (looped, driver) = Make();
        driver.Descriptor(0, Data, 4, 1, 1);
        driver.Descriptor(1, Data, 4, 1, 0);
        Assert.False(looped.TryTake(0, _chain));
        Assert.Contains("loop", looped.Fault!, StringComparison.Ordinal);
        Assert.Equal(0UL, _chain.ReadableBytes);
        // A faulty queue, and one out of service, give nothing.
        driver.Descriptor(2, Data, 4, 0, 0);
        Assert.False(looped.TryTake(2, _chain));
        looped.Reset();
        Assert.False(looped.TryTake(2, _chain));
        Assert.Null(looped.Fault);
    }

    [Fact]
    public void Everything_the_device_writes_is_marked_dirty()
    {
        var (queue, driver) = Make(eventIndex: true);
        _memory.DeviceDirty.Clear();
        driver.Add((Data + 4090, 12, true));
        Assert.True(queue.TryPop(_chain));
        Assert.Equal(0UL, _memory.DeviceDirty.Count());
        _chain.Write(_memory, 0, new byte[12]);
        Assert.True(_memory.DeviceDirty.IsSet(Data / 4096));
        Assert.True(_memory.DeviceDirty.IsSet((Data / 4096) + 1));
        Assert.Equal(2UL, _memory.DeviceDirty.Count());
        queue.AddUsed(_chain.Head, 12);
        Assert.True(_memory.DeviceDirty.IsSet(driver.UsedRing / 4096));
        _memory.DeviceDirty.Clear();
        queue.Publish();
        Assert.True(_memory.DeviceDirty.IsSet(driver.UsedRing / 4096));
        _memory.DeviceDirty.Clear();
        queue.EnableNotification();
        Assert.True(_memory.DeviceDirty.IsSet(driver.UsedRing / 4096));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(65_530)]
    public void Event_index_interrupts_exactly_when_the_wanted_entry_is_passed(int start)
    {
        var (queue, driver) = Make(eventIndex: true);
        void One()
        {
            driver.Add((Data, 4, true));
            Assert.True(queue.TryPop(_chain));
            queue.AddUsed(_chain.Head, 0);
            queue.Publish();
            Assert.True(driver.TryReap(out _, out _));
        }

        for (var i = 0; i < start; i++)
        {
            driver.UsedEvent = (ushort)(driver.LastUsed - 100);
            One();
            Assert.False(queue.ShouldInterrupt());
        }

        // The driver wants to hear of the third entry from here.
        driver.UsedEvent = (ushort)(driver.LastUsed + 2);
        One();
        Assert.False(queue.ShouldInterrupt());
        One();
        Assert.False(queue.ShouldInterrupt());
        One();
        Assert.True(queue.ShouldInterrupt());
        One();
        Assert.False(queue.ShouldInterrupt());
        // Several at once count as passed too, and only once.
        driver.UsedEvent = (ushort)(driver.LastUsed + 1);
        One();
        One();
        One();
        Assert.True(queue.ShouldInterrupt());
        Assert.False(queue.ShouldInterrupt());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_driver_notifies_only_when_the_device_waits(bool eventIndex)
    {
        var (queue, driver) = Make(eventIndex: eventIndex);
        Assert.False(queue.EnableNotification());
        driver.Add((Data, 4, true));
        Assert.True(driver.MustKick());
        queue.DisableNotification();
        Assert.True(queue.TryPop(_chain));
        driver.Add((Data, 4, true));
        Assert.False(driver.MustKick());
        // What came while notifications were off is seen when they are asked for.
        Assert.True(queue.EnableNotification());
        Assert.True(queue.TryPop(_chain));
        Assert.False(queue.EnableNotification());
        driver.Add((Data, 4, true));
        Assert.True(driver.MustKick());
    }

    [Fact]
    public void Without_event_index_the_drivers_flag_suppresses_interrupts()
    {
        var (queue, driver) = Make();
        driver.At16(driver.AvailableRing) = 1;
        driver.Add((Data, 4, true));
        Assert.True(queue.TryPop(_chain));
        queue.AddUsed(_chain.Head, 0);
        queue.Publish();
        Assert.False(queue.ShouldInterrupt());
    }

    [Fact]
    public void Indirect_tables_also_behind_direct_descriptors()
    {
        var (queue, driver) = Make();
        driver.AddIndirect(0x8000, (Data, 10, false), (Data + 10, 6, false), (Data + 100, 5, true));
        Assert.True(queue.TryPop(_chain));
        Assert.Equal(2, _chain.Readable.Length);
        Assert.Equal(1, _chain.Writable.Length);
        Assert.Equal(16UL, _chain.ReadableBytes);

        driver.Descriptor(6, Data, 4, 1, 5);
        driver.Descriptor(5, 0x8000, 48, 4, 0);
        driver.Offer(6);
        Assert.True(queue.TryPop(_chain));
        Assert.Equal(20UL, _chain.ReadableBytes);
        Assert.Equal(5UL, _chain.WritableBytes);
    }

    public static TheoryData<string> Hostile => new(
        "head", "next", "loop", "outside", "hole", "wraps", "order", "indirect-not-negotiated", "indirect-nested",
        "indirect-next", "indirect-length", "indirect-outside", "indirect-loop", "jump", "back", "four-gigabytes");

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Nonsense_stops_the_queue_once(string kind)
    {
        var (queue, driver) = Make(indirect: kind != "indirect-not-negotiated");
        var faults = 0;
        queue.Faulted = _ => faults++;
        switch (kind)
        {
            case "head":
                driver.Offer(8);
                break;
            case "next":
                driver.Descriptor(0, Data, 4, 1, 8);
                driver.Offer(0);
                break;
            case "loop":
                driver.Descriptor(0, Data, 4, 1, 1);
                driver.Descriptor(1, Data, 4, 1, 0);
                driver.Offer(0);
                break;
            case "outside":
                driver.Descriptor(0, (1 << 20) - 2, 4, 0, 0);
                driver.Offer(0);
                break;
            case "hole":
                driver.Descriptor(0, 0xC000_0000, 4, 0, 0);
                driver.Offer(0);
                break;
            case "wraps":
                driver.Descriptor(0, ulong.MaxValue - 1, 4, 0, 0);
                driver.Offer(0);
                break;
            case "order":
                driver.Descriptor(0, Data, 4, 3, 1);
                driver.Descriptor(1, Data, 4, 0, 0);
                driver.Offer(0);
                break;
            case "indirect-not-negotiated":
                driver.AddIndirect(0x8000, (Data, 4, false));
                break;
            case "indirect-nested":
                driver.AddIndirect(0x8000, (Data, 4, false));
                driver.Descriptor(0, 0x8000, 16, 4, 0, 0x8000);
                break;
            case "indirect-next":
                driver.AddIndirect(0x8000, (Data, 4, false));
                driver.Descriptor(0, 0x8000, 16, 5, 0);
                break;
            case "indirect-length":
                driver.Descriptor(0, 0x8000, 17, 4, 0);
                driver.Offer(0);
                break;
            case "indirect-outside":
                driver.Descriptor(0, (1 << 20) - 16, 32, 4, 0);
                driver.Offer(0);
                break;
            case "indirect-loop":
                driver.AddIndirect(0x8000, (Data, 4, false), (Data, 4, false));
                driver.Descriptor(1, Data, 4, 1, 0, 0x8000);
                break;
            case "jump":
                driver.At16(driver.AvailableRing + 2) = 9;
                break;
            case "back":
                driver.Descriptor(0, Data, 4, 0, 0);
                driver.At16(driver.AvailableRing + 2) = 2;
                queue.Refresh();
                driver.At16(driver.AvailableRing + 2) = 1;
                queue.Refresh();
                break;
            case "four-gigabytes":
                using (var large = GuestMemory.Create(1UL << 32))
                {
                    var other = new VirtQueue(large, 8) { Faulted = _ => faults++ };
                    var hostile = new TestQueue(large, other, Rings, 8);
                    Assert.Null(other.Start(false, false));
                    hostile.Add((0, 0xC000_0000, false), (0, 0xC000_0000, false));
                    Assert.False(other.TryPop(_chain));
                    Assert.Contains("4 GiB", other.Fault, StringComparison.Ordinal);
                }

                Assert.Equal(1, faults);
                return;
        }

        Assert.False(queue.TryPop(_chain));
        Assert.False(queue.TryPop(_chain));
        Assert.NotNull(queue.Fault);
        Assert.Equal(1, faults);
        var before = driver.UsedIndex;
        queue.AddUsed(0, 0);
        queue.Publish();
        Assert.Equal(before, driver.UsedIndex);
        Assert.False(queue.ShouldInterrupt());
    }

    [Theory]
    [InlineData(0u, 0x1000ul, 0x2000ul, 0x3000ul)]
    [InlineData(6u, 0x1000ul, 0x2000ul, 0x3000ul)]
    [InlineData(128u, 0x1000ul, 0x2000ul, 0x3000ul)]
    [InlineData(0x10008u, 0x1000ul, 0x2000ul, 0x3000ul)]
    [InlineData(8u, 0x1008ul, 0x2000ul, 0x3000ul)]
    [InlineData(8u, 0x1000ul, 0x2001ul, 0x3000ul)]
    [InlineData(8u, 0x1000ul, 0x2000ul, 0x3002ul)]
    [InlineData(8u, 0xFFFF0ul, 0x2000ul, 0x3000ul)]
    [InlineData(8u, 0x1000ul, 0xFFFF0ul, 0x3000ul)]
    [InlineData(8u, 0x1000ul, 0x2000ul, 0xFFFFFFFFFFFFFFFCul)]
    public void A_queue_whose_registers_make_no_sense_does_not_start(uint size, ulong table, ulong available, ulong used)
    {
        var queue = new VirtQueue(_memory, 64) { Size = size, DescriptorAddress = table, AvailableAddress = available, UsedAddress = used };
        Assert.NotNull(queue.Start(true, true));
        Assert.False(queue.Ready);
        Assert.False(queue.TryPop(_chain));
    }

    [Fact]
    public void State_goes_on_in_another_queue_in_mid_life()
    {
        var (queue, driver) = Make(eventIndex: true);
        for (var i = 0; i < 13; i++)
        {
            driver.Add((Data, 4, true));
            Assert.True(queue.TryPop(_chain));
            queue.AddUsed(_chain.Head, 0);
            queue.Publish();
            driver.TryReap(out _, out _);
        }

        Assert.True(queue.ShouldInterrupt());
        driver.UsedEvent = driver.LastUsed;
        var waiting = driver.Add((Data, 4, true));

        var writer = new StateWriter();
        queue.Save(writer);
        var reader = new StateReader(writer.Written, "test");
        var second = new VirtQueue(_memory, 64);
        second.Apply(second.ReadState(ref reader), true, true);
        reader.Finish();
        Assert.True(second.TryPop(_chain));
        Assert.Equal(waiting, _chain.Head);
        second.AddUsed(_chain.Head, 0);
        second.Publish();
        Assert.True(second.ShouldInterrupt());
        Assert.True(driver.TryReap(out var head, out _));
        Assert.Equal(waiting, head);
    }

    [Fact]
    public void Rings_written_at_random_never_throw_and_never_leave_memory()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        // 64 pages of RAM; every piece that comes out must lie in it.
        using var memory = GuestMemory.Create(64 * 4096);
        var faults = 0;
        var popped = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var size = (ushort)(1 << random.Next(0, 7));
            var queue = new VirtQueue(memory, 64);
            var driver = new TestQueue(memory, queue, 0x1000, size);
            Assert.Null(queue.Start(random.Next(2) == 0, random.Next(4) != 0));
            for (ushort i = 0; i < size; i++)
                driver.Descriptor(i, RandomAddress(random), RandomLength(random), RandomFlags(random), (ushort)random.Next(size + (random.Next(20) == 0 ? 2 : 0)));
            for (ulong at = 0x8000; at < 0x8400; at += 16)
            {
                driver.At64(at) = RandomAddress(random);
                driver.At32(at + 8) = RandomLength(random);
                driver.At32(at + 12) = (uint)(RandomFlags(random) | (random.Next(66) << 16));
            }

            for (var i = 0; i < size; i++)
                driver.At16(driver.AvailableRing + 4 + (2UL * (uint)i)) = (ushort)random.Next(size + (random.Next(20) == 0 ? 1 : 0));
            driver.At16(driver.AvailableRing + 2) = (ushort)random.Next(size + (random.Next(10) == 0 ? 5 : 1));
            while (queue.TryPop(_chain))
            {
                popped++;
                ulong total = 0;
                foreach (var segment in _chain.Readable)
                    total += Check(memory, segment, seed);
                Assert.Equal(total, _chain.ReadableBytes);
                foreach (var segment in _chain.Writable)
                    total += Check(memory, segment, seed);
                Assert.Equal(total, _chain.ReadableBytes + _chain.WritableBytes);
                queue.AddUsed(_chain.Head, 0);
            }

            queue.Publish();
            queue.ShouldInterrupt();
            if (queue.Fault is not null)
                faults++;
        }

        Assert.True(faults > 1000 && popped > 1000, $"seed {seed}: {faults} faults, {popped} chains: the input is not mixed");
    }

    private static unsafe ulong Check(GuestMemory memory, GuestSegment segment, int seed)
    {
        Assert.True(
            segment.Length > 0 && segment.Pointer >= memory.Base && segment.Pointer + segment.Length <= memory.Base + memory.Size
                && segment.Pointer == memory.Base + segment.Address,
            $"seed {seed}: {segment.Address:x} + {segment.Length}");
        return segment.Length;
    }

    private static ulong RandomAddress(Random random) => random.Next(40) switch
    {
        0 => (ulong)random.NextInt64(),
        1 => ulong.MaxValue - (ulong)random.Next(100),
        2 => (64 * 4096) - (ulong)random.Next(100),
        < 15 => 0x8000,
        _ => (ulong)random.Next(60 * 4096),
    };

    private static uint RandomLength(Random random) => random.Next(40) switch
    {
        0 => uint.MaxValue,
        1 => (uint)random.Next(),
        < 15 => (uint)(16 * random.Next(8)),
        _ => (uint)random.Next(2000),
    };

    private static ushort RandomFlags(Random random) => random.Next(12) switch
    {
        0 => (ushort)random.Next(65536),
        1 => 4,
        < 5 => 1,
        < 8 => 2,
        8 => 3,
        _ => 0,
    };
}
