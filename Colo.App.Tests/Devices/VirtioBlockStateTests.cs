using Colo.Block;
using Colo.Devices.Virtio;
using Colo.Linux;
using Colo.Memory;
using Colo.State;

namespace Colo.Tests.Devices;

/// <summary>A disk is frozen, saved and loaded with requests under way.</summary>
public sealed class VirtioBlockStateTests
{
    private const int DiskSize = 256 * 1024;

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    public void Both_sides_complete_every_request_once_and_right(int queues, bool atOnce)
    {
        var seed = Environment.TickCount;
        for (var round = 0; round < 30; round++, seed++)
        {
            try
            {
                FreezeInTheMiddle(new Random(seed), queues, atOnce);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }
    }

    [Fact]
    public void A_frozen_disk_touches_nothing_and_tells_at_the_thaw_in_the_order_of_the_backend()
    {
        using var side = new DiskSide(1, Pattern(1));
        var requests = Enumerable.Range(0, 4).Select(i => side.Offer(0, (uint)(i % 2), 4 * i, 1024)).ToArray();
        side.Kick();
        side.Device.Freeze();
        side.Memory.DeviceDirty.Clear();
        var waiting = side.Backend.Waiting.ToArray();
        foreach (var i in new[] { 2, 0, 3 })
            side.Backend.Complete(waiting[i], i == 3 ? 5 : 0);
        side.EndRound();
        Assert.Equal(4, side.Device.InFlight);
        Assert.Empty(side.Reap());
        Assert.All(requests, r => Assert.Equal(0xFF, side.Status(r)));
        Assert.Equal(0, side.Transport.Interrupts);
        Assert.Equal(0UL, side.Memory.DeviceDirty.Count());

        side.Device.Thaw();
        side.EndRound();
        Assert.Equal(1, side.Device.InFlight);
        Assert.Equal(
            [(0, requests[2].Head, 1025U), (0, requests[0].Head, 1025U), (0, requests[3].Head, 1U)], side.Reap());
        Assert.Equal([0, 0xFF, 0, 1], requests.Select(r => (int)side.Status(r)));
        Assert.True(side.Memory.DeviceDirty.IsSet(requests[2].Data / 4096));
        Assert.Equal(1, side.Transport.Interrupts);
    }

    [Fact]
    public void No_interrupt_is_lost_on_either_side()
    {
        using var side = new DiskSide(1, Pattern(2));
        var queue = side.Queues[0];
        for (var i = 0; i < 3; i++)
            side.Offer(0, 0, i, 512);
        side.Kick();
        // The driver has looked, sleeps, and wants to hear of the next entry.
        queue.UsedEvent = queue.LastUsed;
        side.Device.Freeze();
        side.Backend.Complete(side.Backend.Waiting[1]);
        // What the driver offers now is notified, but the device does not look.
        side.Offer(0, 4, 0, 0);
        side.Kick();
        Assert.Equal(3, side.Device.InFlight);
        using var other = side.Follow(Pattern(2));

        side.Device.Thaw();
        side.EndRound();
        Assert.Equal(1, side.Transport.Interrupts);
        Assert.Equal(3, side.Device.InFlight);
        // Told once, and not asked for again.
        side.Backend.CompleteAll();
        side.EndRound();
        Assert.Equal(1, side.Transport.Interrupts);
        Assert.Equal(4, side.Reap().Count);

        other.Device.Thaw();
        other.EndRound();
        Assert.Equal(0, other.Transport.Interrupts);
        // Those of the record come before what is new.
        Assert.Equal(
            [BlockOperation.Read, BlockOperation.Read, BlockOperation.Read, BlockOperation.Flush],
            other.Backend.Waiting.Select(r => r.Operation));
        other.Backend.Complete(other.Backend.Waiting[2]);
        other.EndRound();
        Assert.Equal(1, other.Transport.Interrupts);
        other.Backend.CompleteAll();
        Assert.Equal(4, other.Reap().Count);
        // The driver is notified again: the device waits for what comes next.
        other.Offer(0, 0, 0, 512);
        Assert.True(other.Queues[0].MustKick());
    }

    [Fact]
    public void A_loaded_state_is_handed_on_before_and_after_its_thaw()
    {
        using var first = new DiskSide(2, Pattern(3));
        var requests = new[] { first.Offer(1, 1, 0, 512, Pattern(9)[..512]), first.Offer(0, 0, 8, 512), first.Offer(1, 4, 0, 0) };
        first.Device.Kick(1);
        first.Device.Kick(0);
        first.Device.Freeze();
        using var second = first.Follow(Pattern(3));
        // Not thawed: nothing was submitted, all is still to do.
        Assert.Equal(0, second.Device.InFlight);
        Assert.Equal(first.Save(), second.Save());
        using var third = second.Follow(Pattern(3));
        third.Device.Thaw();
        Assert.Equal(
            [BlockOperation.Write, BlockOperation.Flush, BlockOperation.Read], third.Backend.Waiting.Select(r => r.Operation));
        third.Device.Freeze();
        Assert.Equal(first.Save(), third.Save());
        using var fourth = third.Follow(Pattern(3));
        fourth.Device.Thaw();
        fourth.Backend.CompleteAll();
        Assert.Equal(3, fourth.Reap().Count);
        Assert.All(requests, r => Assert.Equal(0, fourth.Status(r)));
        Assert.Equal(Pattern(9)[..512], fourth.Backend.Content[..512]);
    }

    [Fact]
    public void A_request_object_is_the_backends_until_its_completion_is_handled()
    {
        using var side = new DiskSide(1, Pattern(4));
        for (var i = 0; i < 6; i++)
            side.Offer(0, 4, 0, 0);
        side.Kick();
        var before = side.Backend.Waiting.ToArray();
        side.Device.Freeze();
        side.Backend.Complete(before[0]);
        Assert.Throws<InvalidOperationException>(() => before[0].Complete(0));
        side.Device.Thaw();
        Assert.Throws<InvalidOperationException>(() => before[0].Complete(0));
        Assert.Single(side.Reap());
        side.Offer(0, 4, 0, 0);
        side.Offer(0, 0, 0, 0, indirect: true);
        side.Kick();
        Assert.Equal(side.Device.InFlight, side.Backend.Waiting.Distinct().Count());
        Assert.Subset(side.Backend.Waiting.ToHashSet(), before[1..].ToHashSet());
    }

    [Fact]
    public void Who_waits_for_a_quiet_disk_is_told_after_the_thaw()
    {
        using var side = new DiskSide(1, Pattern(5));
        var early = 0;
        var late = 0;
        side.Offer(0, 1, 0, 512);
        side.Offer(0, 1, 1, 512);
        side.Kick();
        side.Device.Quiesce(() => early++);
        side.Device.Freeze();
        side.Device.Quiesce(() => late++);
        side.Offer(0, 1, 2, 512);
        side.Backend.Complete(side.Backend.Waiting[0]);
        Assert.Equal((0, 0), (early, late));
        side.Device.Thaw();
        // One is left, and nothing new is taken.
        Assert.Equal((0, 0, 1), (early, late, side.Device.InFlight));
        side.Backend.CompleteAll();
        Assert.Equal((1, 1, 0), (early, late, side.Device.InFlight));
        Assert.Equal(2, side.Reap().Count);
        side.Device.EndQuiesce();
        Assert.Equal(1, side.Device.InFlight);
    }

    [Fact]
    public void Who_is_told_within_the_thaw_may_freeze_at_once()
    {
        using var side = new DiskSide(1, Pattern(6));
        side.Offer(0, 0, 0, 512);
        side.Kick();
        side.Device.Freeze();
        side.Device.Quiesce(() => side.Device.Freeze());
        side.Backend.CompleteAll();
        side.Offer(0, 0, 2, 512);
        side.Device.Thaw();
        Assert.True(side.Device.Frozen);
        Assert.Equal(0, side.Device.InFlight);
        Assert.Equal(1, side.Transport.Interrupts);
        Assert.Single(side.Reap());
        using var other = side.Follow(Pattern(6));
        foreach (var s in new[] { side, other })
        {
            s.Device.Thaw();
            s.Backend.CompleteAll();
            Assert.Single(s.Reap());
        }
    }

    [Fact]
    public void A_frozen_disk_with_nothing_under_way_is_quiet_and_so_is_a_loaded_one()
    {
        using var side = new DiskSide(1, Pattern(6));
        side.Offer(0, 0, 0, 512);
        side.Kick();
        side.Device.Freeze();
        using var other = side.Follow(Pattern(6));
        var told = false;
        other.Device.Quiesce(() => told = true);
        // Its backend has nothing to do: it may be loaded anew.
        Assert.True(told);
        other.Load(side.Save());
        other.Device.Thaw();
        Assert.Equal(1, other.Device.InFlight);
        // Now it has: neither loaded nor, while it runs, saved.
        Assert.Throws<InvalidOperationException>(() => other.Save());
        other.Device.Freeze();
        Assert.Throws<InvalidOperationException>(() => other.Load(side.Save()));
        other.Device.Thaw();
        other.Backend.CompleteAll();
        Assert.Single(other.Reap());
    }

    [Fact]
    public void A_reset_under_way_is_done_on_the_other_side_and_goes_on_here()
    {
        using var side = new DiskSide(2, Pattern(7));
        var read = side.Offer(1, 0, 3, 512);
        side.Kick();
        var done = 0;
        side.Device.Reset(() => done++);
        side.Device.Freeze();
        side.Memory.DeviceDirty.Clear();
        side.Backend.CompleteAll();
        Assert.Equal(0, done);
        using var other = side.Follow(Pattern(7));

        Assert.False(other.Device.Active);
        Assert.Equal(0UL, other.Device.Features);
        Assert.All(other.Device.Queues, q => Assert.Equal((false, DiskSide.QueueSize, 0UL), (q.Ready, (ushort)q.Size, q.UsedAddress)));
        other.Device.Thaw();
        Assert.Empty(other.Backend.Waiting);
        other.Bring();
        var again = other.Offer(0, 0, 5, 512);
        other.Kick();
        other.Backend.CompleteAll();
        Assert.Equal(Pattern(7).AsSpan(5 * 512, 512), other.Bytes(again.Data, 512));

        Assert.True(side.Device.Resetting);
        side.Device.Thaw();
        Assert.Equal(1, done);
        Assert.False(side.Device.Resetting);
        Assert.Empty(side.Reap());
        Assert.Equal(0xFF, side.Status(read));
        // The backend has written there all the same: the next checkpoint must hold it.
        Assert.True(side.Memory.DeviceDirty.IsSet(read.Data / 4096));
        side.Bring();
        side.Offer(0, 4, 0, 0);
        side.Kick();
        side.Backend.CompleteAll();
        Assert.Single(side.Reap());
    }

    [Fact]
    public void A_reset_of_a_loaded_disk_forgets_what_was_under_way()
    {
        using var side = new DiskSide(1, Pattern(7));
        side.Offer(0, 1, 3, 512);
        side.Kick();
        side.Device.Freeze();
        using var other = side.Follow(Pattern(7));
        var done = false;
        other.Device.Reset(() => done = true);
        Assert.True(done);
        other.Device.Thaw();
        Assert.Empty(other.Backend.Waiting);
    }

    [Fact]
    public void A_register_reset_under_way_reads_as_done_on_the_other_side()
    {
        using var memory = GuestMemory.Create(1 << 20);
        using var loop = new LoopThread(new EventLoop());
        var backend = new ScriptedDisk(Pattern(8));
        VirtioBlock? disk = null;
        VirtioMmio? mmio = null;
        loop.Do(() =>
        {
            disk = new VirtioBlock(new VirtioBlockOptions("t", QueueSize: 16), backend, memory, loop.Loop);
            mmio = new VirtioMmio(disk, loop.Loop);
        });
        var registers = new TestRegisters(mmio!);
        registers[0x70] = 1;
        registers[0x70] = 3;
        registers[0x24] = 1;
        registers[0x20] = 1;
        registers[0x70] = 11;
        Assert.Equal(11U, registers[0x70]);
        var driver = new TestQueue(memory, new VirtQueue(memory, 16), 0x1000, 16);
        registers[0x38] = 16;
        registers[0x80] = (uint)driver.Table;
        registers[0x90] = (uint)driver.AvailableRing;
        registers[0xA0] = (uint)driver.UsedRing;
        registers[0x44] = 1;
        registers[0x70] = 15;
        driver.At32(0x9000) = 4;
        driver.Add((0x9000, 16, false), (0x9100, 1, true));
        registers[0x50] = 0;
        loop.Do(() => Assert.Equal(1, disk!.InFlight));

        var vcpu = new Thread(() => registers[0x70] = 0);
        vcpu.Start();
        var writer = new StateWriter();
        Assert.True(SpinWait.SpinUntil(() => Get(loop, () => disk!.Resetting), 10_000));
        loop.Do(() =>
        {
            disk!.Freeze();
            backend.CompleteAll();
            mmio!.Save(writer);
        });
        Assert.Equal(15U, registers[0x70]);
        loop.Do(() =>
        {
            var other = new VirtioBlock(new VirtioBlockOptions("o", QueueSize: 16), new ScriptedDisk(Pattern(8)), memory, loop.Loop);
            var otherMmio = new VirtioMmio(other, loop.Loop);
            var reader = new StateReader(writer.Written, "test");
            otherMmio.Load(ref reader);
            other.Thaw();
            var there = new TestRegisters(otherMmio);
            Assert.Equal((0U, 0U, 0U), (there[0x70], there[0x60], there[0x44]));
            Assert.False(other.Active);
            there[0x70] = 0;
            there[0x70] = 1;
            Assert.Equal(1U, there[0x70]);
        });
        loop.Do(() => disk!.Thaw());
        Assert.True(vcpu.Join(10_000));
        Assert.Equal(0U, registers[0x70]);
        Assert.Equal(0U, registers[0x44]);
    }

    private static bool Get(LoopThread loop, Func<bool> what)
    {
        var result = false;
        loop.Do(() => result = what());
        return result;
    }

    private static byte[] Pattern(int seed)
    {
        var content = new byte[DiskSize];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static void FreezeInTheMiddle(Random random, int queues, bool atOnce)
    {
        var content = Pattern(random.Next());
        using var side = new DiskSide(queues, [.. content]);
        var model = content.ToArray();
        var requests = new List<DiskRequest>();
        var written = new Dictionary<DiskRequest, byte[]>();
        // Ranges of their own, in a random order: what is right does not depend on the order of completion.
        var ranges = Enumerable.Range(0, DiskSize / 2048).OrderBy(_ => random.Next()).ToArray();
        for (var i = 0; i < queues * 7; i++)
        {
            var queue = random.Next(queues);
            // Room for the one that comes while the device is frozen.
            if (side.Queues[queue].Free < 7)
                continue;
            var (type, sector, length) = (new uint[] { 0, 0, 1, 1, 4, 13 }[random.Next(6)], ranges[i] * 4L, 512 * random.Next(1, 5));
            byte[]? data = null;
            if (type == 1)
                random.NextBytes(data = new byte[length]);
            var request = side.Offer(queue, type, sector, type == 4 ? 0 : length, data, random.Next(3) == 0);
            if (type is 1 or 13)
                (data ?? new byte[length]).CopyTo(model.AsSpan((int)sector * 512));
            requests.Add(request);
            if (random.Next(2) == 0)
                side.Device.Kick(queue);
        }

        side.Kick();
        Assert.Equal(requests.Count, side.Device.InFlight);
        Assert.Equal(requests.Count, side.Backend.Waiting.Distinct().Count());
        Some(random, side.Backend);
        side.EndRound();
        var taken = side.Backend.Waiting.ToArray();
        var imageThere = side.Backend.Content.ToArray();
        side.Device.Freeze();
        Some(random, side.Backend);
        // One is half done: its data is in memory or on the disk, and nobody knows.
        if (side.Backend.Waiting.Count > 0)
            side.Backend.CarryOut(side.Backend.Waiting[^1]);
        if (random.Next(2) == 0)
            imageThere = side.Backend.Content.ToArray();
        var fresh = side.Offer(0, 0, ranges[^1] * 4L, 512);
        requests.Add(fresh);
        using var other = side.Follow(imageThere);
        var expected = taken.Select(r => (r.Operation, r.Offset, r.Length)).ToArray();

        other.Backend.AtOnce = atOnce;
        side.Device.Thaw();
        other.Device.Thaw();
        if (!atOnce)
            Assert.Equal([.. expected, (BlockOperation.Read, ranges[^1] * 2048L, 512L)], other.Backend.Waiting.Select(r => (r.Operation, r.Offset, r.Length)));
        foreach (var s in new[] { side, other })
        {
            while (s.Backend.Waiting.Count > 0)
                Some(random, s.Backend);
            Assert.Equal(0, s.Device.InFlight);
            Assert.False(s.Device.NeedsReset);
            var told = s.Reap();
            Assert.Equal(requests.Select(r => (r.Queue, r.Head)).Order(), told.Select(t => (t.Queue, t.Head)).Order());
            foreach (var request in requests)
            {
                Assert.Equal(0, s.Status(request));
                Assert.Equal(request.Type == 0 ? (uint)request.Length + 1 : 1, told.Single(t => (t.Queue, t.Head) == (request.Queue, request.Head)).Written);
                if (request.Type == 0)
                {
                    Assert.True(content.AsSpan((int)request.Sector * 512, request.Length).SequenceEqual(s.Bytes(request.Data, request.Length)));
                    // What was done before the freeze has come to the other side with the memory.
                    var here = s == side || request == fresh || taken.Any(r => r.Operation == BlockOperation.Read && r.Offset == request.Sector * 512);
                    Assert.True(!here || s.Memory.DeviceDirty.IsSet(request.Data / 4096));
                }
            }

            Assert.True(model.AsSpan().SequenceEqual(s.Backend.Content));
        }
    }

    /// <summary>Completes some of what is under way, in a random order.</summary>
    private static void Some(Random random, ScriptedDisk disk)
    {
        for (var n = random.Next(disk.Waiting.Count + 1); n > 0; n--)
            disk.Complete(disk.Waiting[random.Next(disk.Waiting.Count)]);
    }
}
