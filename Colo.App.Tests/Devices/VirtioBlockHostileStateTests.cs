using System.Buffers.Binary;
using Colo.Devices.Virtio;
using Colo.State;

namespace Colo.Tests.Devices;

/// <summary>A guest, or a record that came over a wire, lies about requests that are under way.</summary>
public sealed class VirtioBlockHostileStateTests
{
    private const int DiskSize = 64 * 1024;

    [Fact]
    public void A_record_of_version_1_has_nothing_under_way()
    {
        using var side = new DiskSide(2, new byte[DiskSize]);
        side.Offer(0, 4, 0, 0);
        side.Kick();
        side.Backend.CompleteAll();
        side.Reap();
        side.Device.Freeze();
        side.Offer(1, 1, 2, 512);
        using var other = side.Copy(new byte[DiskSize]);
        other.Load(Forge(side.Save(), 1, w => w.U64(DiskSize)));
        other.Device.Thaw();
        Assert.Equal(1024, Assert.Single(other.Backend.Waiting).Offset);
        other.Backend.CompleteAll();
        Assert.Single(other.Reap());
    }

    [Fact]
    public void A_record_that_contradicts_itself_is_refused_and_changes_nothing()
    {
        using var side = new DiskSide(2, new byte[DiskSize]);
        var heads = new[] { side.Offer(0, 4, 0, 0).Head, side.Offer(0, 0, 0, 512).Head };
        var third = side.Offer(1, 0, 0, 512).Head;
        side.Kick();
        side.Device.Freeze();
        var record = side.Save();

        Refused("disk has", 2, w => List(w, DiskSize + 512, (0, heads[0]), (0, heads[1]), (1, third)));
        Refused("descriptor 16 of queue 0", 2, w => List(w, DiskSize, (0, 16), (0, heads[1]), (1, third)));
        Refused("descriptor 65535 of queue 1", 2, w => List(w, DiskSize, (0, heads[0]), (0, heads[1]), (1, 65535)));
        Refused("queue 2", 2, w => List(w, DiskSize, (0, heads[0]), (0, heads[1]), (2, 0)));
        Refused("twice", 2, w => List(w, DiskSize, (0, heads[0]), (0, heads[0]), (1, third)));
        Refused("taken and not given back", 2, w => List(w, DiskSize, (0, heads[0]), (1, third)));
        Refused("taken and not given back", 2, w => List(w, DiskSize, (0, heads[0]), (1, heads[1]), (1, third)));
        Refused("taken and not given back", 1, w => w.U64(DiskSize));
        Refused("requests under way", 2, w => { w.U64(DiskSize); w.U32(uint.MaxValue); });
        Refused("requests under way", 2, w => { w.U64(DiskSize); w.U32(33); });
        Refused("wanted", 2, w => { w.U64(DiskSize); w.U32(3); });
        Refused("too many", 2, w => { List(w, DiskSize, (0, heads[0]), (0, heads[1]), (1, third)); w.U8(0); });
        Refused("version 3", 3, w => List(w, DiskSize, (0, heads[0]), (0, heads[1]), (1, third)));
        // Not active, not in service: active and needs reset come before the queues, each queue begins with ready.
        Refused("requests under way", 2, w => List(w, DiskSize, (0, heads[0]), (0, heads[1]), (1, third)), r => r[24] = 0);
        Refused("requests under way", 2, w => List(w, DiskSize, (0, heads[0]), (0, heads[1]), (1, third)), r => r[25] = 1);
        Refused("not there", 2, w => List(w, DiskSize, (0, heads[0]), (0, heads[1]), (1, third)), r => r[28] = 0);

        void Refused(string why, ushort version, Action<StateWriter> body, Action<byte[]>? change = null)
        {
            using var other = side.Copy(new byte[DiskSize]);
            var forged = Forge(record, version, body);
            change?.Invoke(forged);
            Assert.Contains(why, Assert.Throws<StateFormatException>(() => other.Load(forged)).Message, StringComparison.Ordinal);
            Assert.False(other.Device.Active);
            Assert.False(other.Device.Frozen);
            // A good one is taken afterwards, with nothing left of the bad one.
            other.Load(record);
            other.Device.Thaw();
            Assert.Equal(3, other.Backend.Waiting.Count);
            other.Backend.CompleteAll();
            Assert.Equal(3, other.Reap().Count);
        }
    }

    [Fact]
    public void A_chain_that_is_broken_when_it_is_taken_again_stops_the_device_until_its_reset()
    {
        using var side = new DiskSide(2, new byte[DiskSize]);
        var first = side.Offer(0, 4, 0, 0);
        var second = side.Offer(0, 0, 0, 512);
        // In another queue, but behind the broken one: it is not carried out.
        side.Offer(1, 4, 0, 0);
        side.Kick();
        side.Device.Freeze();
        var record = side.Save();
        using var other = side.Copy(new byte[DiskSize]);
        other.Queues[0].Descriptor(second.Head, 0, 16, 1, second.Head);
        other.Load(record);
        other.Device.Thaw();
        Assert.True(other.Device.NeedsReset);
        Assert.Equal(1, other.Transport.Resets);
        // What was submitted before comes back, and is told to nobody.
        Assert.Equal(1, other.Device.InFlight);
        other.Backend.CompleteAll();
        Assert.Empty(other.Reap());
        Assert.Equal(0xFF, other.Status(first));
        // Such a device is saved with nothing under way, and a reset mends it.
        other.Device.Freeze();
        using var third = other.Follow(new byte[DiskSize]);
        third.Device.Thaw();
        Assert.Empty(third.Backend.Waiting);
        Assert.True(third.Device.NeedsReset);
        foreach (var s in new[] { other, third })
        {
            s.Device.Thaw();
            s.Device.Reset(() => { });
            s.Bring();
            s.Offer(0, 0, 0, 512);
            s.Kick();
            s.Backend.CompleteAll();
            Assert.Single(s.Reap());
        }
    }

    [Fact]
    public void A_request_that_has_become_another_is_judged_anew()
    {
        using var side = new DiskSide(1, new byte[DiskSize]);
        var read = side.Offer(0, 0, 0, 512);
        side.Kick();
        side.Device.Freeze();
        using var other = side.Follow(new byte[DiskSize]);
        // The header, 32 bytes before the buffer: a sector behind the end.
        other.Queues[0].At64(read.Data - 24) = DiskSize / 512;
        other.Device.Thaw();
        Assert.Empty(other.Backend.Waiting);
        Assert.Equal(1, other.Status(read));
        Assert.Equal([(0, read.Head, 1U)], other.Reap());
    }

    [Fact]
    public void A_descriptor_that_is_offered_twice_stops_the_device()
    {
        using var side = new DiskSide(2, new byte[DiskSize]);
        var head = side.Offer(0, 0, 0, 512).Head;
        // The same number in another queue is another request.
        Assert.Equal(head, side.Offer(1, 0, 0, 512).Head);
        side.Kick();
        Assert.Equal(2, side.Device.InFlight);
        side.Queues[0].Offer(head);
        side.Kick();
        Assert.True(side.Device.NeedsReset);
        side.Device.Freeze();
        using var other = side.Follow(new byte[DiskSize]);
        other.Device.Thaw();
        Assert.Empty(other.Backend.Waiting);
        side.Device.Thaw();
        side.Backend.CompleteAll();
        Assert.Equal(0, side.Device.InFlight);
        Assert.Empty(side.Reap());
    }

    [Fact]
    public void A_queue_that_is_stopped_with_requests_under_way_hears_no_more_of_them()
    {
        using var side = new DiskSide(2, new byte[DiskSize]);
        var read = side.Offer(0, 0, 0, 512);
        var flush = side.Offer(1, 4, 0, 0);
        side.Kick();
        side.Device.Queues[0].Stop();
        side.Device.Freeze();
        using (var other = side.Follow(new byte[DiskSize]))
        {
            other.Device.Thaw();
            Assert.Single(other.Backend.Waiting);
        }

        side.Device.Thaw();
        // A new queue, which uses the same descriptor for another request.
        side.Queues[0] = new TestQueue(side.Memory, side.Device.Queues[0], 0x1000, 8, true);
        Assert.True(side.Device.StartQueue(0));
        var again = side.Offer(0, 1, 7, 512);
        Assert.Equal(read.Head, again.Head);
        side.Kick();
        side.Device.Freeze();
        using (var other = side.Follow(new byte[DiskSize]))
        {
            other.Device.Thaw();
            Assert.Equal([0L, 7 * 512], other.Backend.Waiting.Select(r => r.Offset));
            other.Backend.CompleteAll();
            Assert.Equal([(0, again.Head, 1U), (1, flush.Head, 1U)], other.Reap());
        }

        side.Memory.DeviceDirty.Clear();
        side.Device.Thaw();
        side.Backend.Complete(side.Backend.Waiting[0]);
        Assert.Empty(side.Reap());
        Assert.Equal(0xFF, side.Status(read));
        Assert.True(side.Memory.DeviceDirty.IsSet(read.Data / 4096));
        side.Backend.CompleteAll();
        Assert.Equal([(0, again.Head, 1U), (1, flush.Head, 1U)], side.Reap());
    }

    [Fact]
    public void Damaged_records_and_memories_harm_nothing()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var side = new DiskSide(2, new byte[DiskSize]);
        for (var i = 0; i < 8; i++)
            side.Offer(i % 2, i < 4 ? 0U : 1, i, 512, indirect: i % 3 == 0);
        side.Kick();
        side.Device.Freeze();
        side.Backend.Complete(side.Backend.Waiting[3]);
        var record = side.Save();
        var (refused, stopped, fine) = (0, 0, 0);
        for (var i = 0; i < 600; i++)
        {
            using var other = side.Copy(new byte[DiskSize]);
            var bytes = record.ToArray();
            switch (random.Next(3))
            {
                case 0:
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[random.Next(bytes.Length - 50, bytes.Length)] ^= (byte)(1 << random.Next(8));
                    break;
                default:
                    for (var n = random.Next(1, 4); n > 0; n--)
                        other.Bytes(other.Queues[random.Next(2)].Table, 16 * 16)[random.Next(256)] = (byte)random.Next(256);
                    break;
            }

            try
            {
                other.Load(bytes);
            }
            catch (StateFormatException)
            {
                refused++;
                Assert.False(other.Device.Active || other.Device.Frozen, $"seed {seed}, round {i}");
                continue;
            }

            other.Device.Thaw();
            if (other.Device.NeedsReset)
                stopped++;
            else
                fine++;
            other.Backend.CompleteAll();
            Assert.True(other.Device.InFlight == 0, $"seed {seed}, round {i}");
            other.Device.Freeze();
            Assert.True(other.Save().Length > 0, $"seed {seed}, round {i}");
            other.Device.Thaw();
        }

        Assert.True(refused > 100 && stopped > 20 && fine > 20, $"seed {seed}: {refused} refused, {stopped} stopped, {fine} fine");
    }

    private static void List(StateWriter writer, ulong size, params (ushort Queue, ushort Head)[] taken)
    {
        writer.U64(size);
        writer.U32((uint)taken.Length);
        foreach (var (queue, head) in taken)
        {
            writer.U16(queue);
            writer.U16(head);
        }
    }

    /// <summary>The device's record with another record of the disk in it.</summary>
    private static byte[] Forge(byte[] record, ushort version, Action<StateWriter> body)
    {
        var at = record.AsSpan().IndexOf("VBLK"u8);
        Assert.True(at > 0);
        var writer = new StateWriter();
        writer.Raw(record.AsSpan(0, at));
        var mark = writer.Begin("VBLK", version);
        body(writer);
        writer.End(mark);
        var forged = writer.Written.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(forged.AsSpan(8), (uint)forged.Length - 12);
        return forged;
    }
}
