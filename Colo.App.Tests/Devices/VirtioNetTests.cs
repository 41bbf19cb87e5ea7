using Colo.Devices.Net;
using Colo.Devices.Virtio;
using Colo.Linux;
using Colo.Memory;
using Colo.State;
using Xunit.Abstractions;

namespace Colo.Tests.Devices;

public sealed class VirtioNetTests(ITestOutputHelper log) : IDisposable
{
    private const ulong Plain = VirtioFeatures.Version1;
    private const ulong Everything = ulong.MaxValue;
    private const ulong Buffers = 0x100000;
    private readonly GuestMemory _memory = GuestMemory.Create(16 << 20);
    private readonly LoopThread _loop = new(new EventLoop());
    private readonly Sink _sink = new();
    private readonly TestTransport _transport = new();
    private VirtioNet _net = null!;
    private TestQueue _rx = null!;
    private TestQueue _tx = null!;

    public void Dispose()
    {
        _loop.Dispose();
        _memory.Dispose();
    }

    [Fact]
    public void Frames_of_the_guest_reach_the_output_unchanged()
    {
        Start(Everything);
        var frame = TestFrames.Build(4, 6, 5000, VirtioNetHeader.GsoTcp4, 1448);
        Send(frame[..5], frame[5..12], frame[12..500], frame[500..]);
        Send(TestFrames.Build(6, 17, 30));
        Kick(1);
        Assert.Equal(2, _sink.Frames.Count);
        Assert.Equal(frame, _sink.Frames[0]);
        Assert.Equal(TestFrames.Build(6, 17, 30), _sink.Frames[1]);
        Assert.True(_tx.TryReap(out _, out var written));
        Assert.Equal(0U, written);
        Assert.Equal(2, _net.Statistics.TxPackets);
        Assert.Equal(frame.Length - 12 + 14 + 40 + 8 + 30, _net.Statistics.TxBytes);
        Assert.Equal(1, _transport.Interrupts);
    }

    [Fact]
    public void Frames_whose_header_is_wrong_or_not_negotiated_are_dropped_and_given_back()
    {
        Start(Plain | VirtioFeatures.NetChecksum);
        Send(TestFrames.Build(4, 6, 5000, VirtioNetHeader.GsoTcp4, 1448));
        var outside = TestFrames.Build(4, 6, 10);
        new VirtioNetHeader { Flags = 1, ChecksumStart = 100, ChecksumOffset = 16 }.Write(outside);
        Send(outside);
        Send(new byte[20]);
        Send(new byte[12 + 14]);
        Kick(1);
        Assert.Single(_sink.Frames);
        Assert.Equal(4, _tx.UsedIndex);
        Assert.Equal(3, _net.Statistics.TxDropped);
        Assert.False(_net.NeedsReset);
    }

    [Fact]
    public void Back_pressure_leaves_the_frame_in_the_queue_until_resumed()
    {
        Start(Everything);
        _sink.Room = 2;
        for (var i = 0; i < 5; i++)
            Send(TestFrames.Build(4, 17, i));
        Kick(1);
        Assert.Equal(2, _sink.Frames.Count);
        Assert.Equal(2, _tx.UsedIndex);
        Kick(1);
        Assert.Equal(3, _sink.Asked);
        _sink.Room = 2;
        _loop.Do(_net.ResumeTransmit);
        Assert.Equal(4, _sink.Frames.Count);
        // Room that comes from within the refusal is noticed too.
        _sink.OnRefuse = () => { _sink.Room = 9; _sink.OnRefuse = null; _net.ResumeTransmit(); };
        _loop.Do(_net.ResumeTransmit);
        _loop.Do(() => { });
        Assert.Equal(5, _sink.Frames.Count);
        for (var i = 0; i < 5; i++)
            Assert.Equal(TestFrames.Build(4, 17, i), _sink.Frames[i]);
        Assert.True(_tx.AvailableEvent == _tx.AvailableIndex, "the device waits for the next notification");
    }

    [Fact]
    public void Sending_yields_to_the_loop_after_its_budget()
    {
        Start(Everything);
        _loop.Do(() =>
        {
            _net.TransmitBudget = 3;
            for (var i = 0; i < 8; i++)
                Send(TestFrames.Build(4, 17, i));
            _net.Kick(1);
            Assert.Equal(3, _sink.Frames.Count);
        });
        for (var i = 0; i < 4; i++)
            _loop.Do(() => { });
        Assert.Equal(8, _sink.Frames.Count);
        Assert.Equal(8, _tx.UsedIndex);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_frame_is_put_into_as_many_buffers_as_it_takes(bool indirect)
    {
        Start(Everything);
        for (var i = 0; i < 8; i++)
        {
            if (indirect)
                _rx.AddIndirect(0x80000 + ((ulong)i * 64), (Buffers + ((ulong)i * 4096), 6, true), (Buffers + ((ulong)i * 4096) + 6, 1494, true));
            else
                _rx.Add((Buffers + ((ulong)i * 4096), 1500, true));
        }

        var frame = TestFrames.Build(4, 6, 5000, VirtioNetHeader.GsoTcp4, 1448);
        _loop.Do(() => Assert.True(_net.Deliver(frame)));
        var got = new List<byte>();
        var buffers = 0;
        while (_rx.TryReap(out _, out var written))
            got.AddRange(Bytes(Buffers + ((ulong)buffers++ * 4096), (int)written));
        Assert.Equal(4, buffers);
        var header = VirtioNetHeader.Read(got.ToArray());
        Assert.Equal(4, header.Buffers);
        Assert.Equal(VirtioNetHeader.GsoTcp4, header.GsoType);
        Assert.Equal(VirtioNetHeader.NeedsChecksum, header.Flags);
        Assert.Equal(frame[12..], got.ToArray()[12..]);
        Assert.Equal(1, _transport.Interrupts);
        Assert.True(_memory.DeviceDirty.IsSet(Buffers / 4096));
    }

    [Fact]
    public void A_guest_without_offloads_gets_finished_segments()
    {
        Start(Plain);
        AddReceive(64, 2000);
        var frame = TestFrames.Build(4, 6, 5000, VirtioNetHeader.GsoTcp4, 1448, vlan: true);
        _loop.Do(() =>
        {
            Assert.True(_net.Deliver(frame));
            Assert.True(_net.Deliver(TestFrames.Build(6, 17, 33)));
        });
        var payload = new List<byte>();
        for (var i = 0; i < 4; i++)
        {
            var segment = Reap();
            Assert.Equal(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0 }, segment[..12]);
            TestFrames.AssertSound(segment.AsSpan(12));
            payload.AddRange(TestFrames.Payload(segment.AsSpan(12)));
        }

        Assert.Equal(TestFrames.Payload(frame.AsSpan(12)).ToArray(), payload.ToArray());
        var udp = Reap();
        Assert.Equal(0, udp[0]);
        TestFrames.AssertSound(udp.AsSpan(12));
        Assert.Equal(5, _net.Statistics.RxPackets);
    }

    [Fact]
    public void Congestion_marks_are_segmented_for_a_guest_that_does_not_know_them()
    {
        Start(Plain | VirtioFeatures.NetGuestChecksum | VirtioFeatures.NetGuestTso4 | VirtioFeatures.NetMergeableBuffers);
        AddReceive(64, 2000);
        _loop.Do(() => Assert.True(_net.Deliver(
            TestFrames.Build(4, 6, 3000, VirtioNetHeader.GsoTcp4 | VirtioNetHeader.GsoEcn, 1448, tcpFlags: 0x98))));
        Assert.Equal(3, _rx.UsedIndex);
        Assert.Equal(0x98 & ~8, Reap()[12 + 14 + 20 + 13]);
        Assert.Equal(0x10, Reap()[12 + 14 + 20 + 13]);
    }

    [Fact]
    public void Without_a_buffer_a_frame_is_refused_and_called_for_again()
    {
        Start(Everything);
        AddReceive(8, 2000);
        var ready = 0;
        var frame = TestFrames.Build(4, 17, 100);
        _loop.Do(() =>
        {
            _net.ReceiveReady = () => ready++;
            for (var i = 0; i < 8; i++)
                Assert.True(_net.Deliver(frame));
            Assert.False(_net.CanReceive);
            Assert.False(_net.Deliver(frame));
            _net.Kick(0);
        });
        Assert.Equal(1, ready);
        Reap();
        _rx.Add((Buffers, 2000, true));
        Assert.True(_rx.MustKick());
        _loop.Do(() =>
        {
            Assert.True(_net.CanReceive);
            Assert.True(_net.Deliver(frame));
            // Too few buffers for a large frame, where there were more: all or nothing.
            Assert.False(_net.Deliver(frame));
        });
        for (var i = 0; i < 2; i++)
        {
            Reap();
            _rx.Add((Buffers, 2000, true));
        }

        Assert.True(_rx.MustKick());
        var large = TestFrames.Build(4, 6, 9000, VirtioNetHeader.GsoTcp4, 1448);
        _loop.Do(() => { _net.Kick(0); Assert.False(_net.Deliver(large)); });
        Assert.Equal(2, ready);
        Assert.Equal(9, _rx.UsedIndex);
        Assert.Equal(9, _net.Statistics.RxPackets);
        while (_rx.UsedIndex != _rx.LastUsed)
        {
            Reap();
            _rx.Add((Buffers, 2000, true));
        }

        Assert.True(_rx.MustKick());
        _loop.Do(() => { _net.Kick(0); Assert.True(_net.Deliver(large)); });
        Assert.Equal(3, ready);
    }

    [Fact]
    public void A_frame_that_can_never_fit_is_dropped_and_does_not_block()
    {
        Start(Plain);
        AddReceive(4, 200);
        _loop.Do(() =>
        {
            Assert.True(_net.Deliver(TestFrames.Build(4, 17, 1000)));
            Assert.True(_net.Deliver(TestFrames.Build(4, 17, 50)));
            // Five segments for three buffers, and there never were more than four: three arrive.
            Assert.True(_net.Deliver(TestFrames.Build(4, 6, 500, VirtioNetHeader.GsoTcp4, 100)));
        });
        Assert.Equal(2, _net.Statistics.RxDropped);
        Assert.Equal(4, _rx.UsedIndex);
        TestFrames.AssertSound(Reap().AsSpan(12));
        TestFrames.AssertSound(Reap().AsSpan(12));
        Assert.Equal(4, _net.Statistics.RxPackets);
    }

    [Fact]
    public void Frozen_nothing_is_touched_and_thawed_everything_goes_on()
    {
        Start(Everything);
        AddReceive(8, 2000);
        var ready = 0;
        _loop.Do(() =>
        {
            _net.ReceiveReady = () => ready++;
            _net.Freeze();
        });
        _memory.DeviceDirty.Clear();
        Send(TestFrames.Build(4, 17, 10));
        Kick(1);
        Kick(0);
        _loop.Do(() =>
        {
            Assert.False(_net.CanReceive);
            Assert.False(_net.Deliver(TestFrames.Build(4, 17, 10)));
            _net.ResumeTransmit();
        });
        Assert.Empty(_sink.Frames);
        Assert.Equal(0UL, _memory.DeviceDirty.Count());
        Assert.Equal(0, _transport.Interrupts);
        _loop.Do(_net.Thaw);
        Assert.Single(_sink.Frames);
        Assert.Equal(1, ready);
        _loop.Do(() => Assert.True(_net.Deliver(TestFrames.Build(4, 17, 10))));
        Assert.Equal(1, _rx.UsedIndex);
    }

    [Fact]
    public void State_goes_on_in_another_device_in_mid_life()
    {
        Start(Everything);
        AddReceive(8, 2000);
        Send(TestFrames.Build(4, 17, 1));
        Kick(1);
        _loop.Do(() => Assert.True(_net.Deliver(TestFrames.Build(4, 17, 1))));
        var writer = new StateWriter();
        _sink.Room = 1;
        Send(TestFrames.Build(4, 17, 2));
        Send(TestFrames.Build(4, 17, 3));
        _loop.Do(() =>
        {
            _net.Kick(1);
            _net.Freeze();
            _net.Save(writer);
        });
        Assert.Equal(2, _sink.Frames.Count);

        var sink = new Sink();
        VirtioNet? second = null;
        NetworkOffloads? told = null;
        _loop.Do(() =>
        {
            second = new VirtioNet(new VirtioNetOptions("b", TestFrames.Mac, 1500, NetworkOffloads.All), _memory, _loop.Loop)
            {
                Output = sink,
                ReceiveOffloadsChanged = o => told = o,
            };
            second.Attach(_transport);
            var reader = new StateReader(writer.Written, "test");
            second.Load(ref reader);
            Assert.True(second.Frozen);
            Assert.False(second.Deliver(TestFrames.Build(4, 17, 5)));
            second.Thaw();
            Assert.True(second.Deliver(TestFrames.Build(4, 17, 5)));
        });
        Assert.Equal(TestFrames.Build(4, 17, 3), Assert.Single(sink.Frames));
        Assert.Equal(_net.Features, second!.Features);
        Assert.Equal(_net.ReceiveOffloads, told);
        Assert.Equal(2, _rx.UsedIndex);
        Assert.Equal(3, _tx.UsedIndex);

        // A host whose backend can do less refuses by name.
        _loop.Do(() =>
        {
            var weak = new VirtioNet(new VirtioNetOptions("c", TestFrames.Mac, 0, NetworkOffloads.None), _memory, _loop.Loop);
            Assert.Throws<StateFormatException>(() =>
            {
                var reader = new StateReader(writer.Written, "test");
                weak.Load(ref reader);
            });
            Assert.False(weak.Active);
        });
    }

    [Fact]
    public void A_configuration_change_is_told()
    {
        Start(Everything);
        Span<byte> configuration = stackalloc byte[14];
        _net.ReadConfiguration(0, configuration);
        Assert.Equal(TestFrames.Mac, configuration[..6].ToArray());
        Assert.Equal(new byte[] { 1, 0, 1, 0, 0xDC, 5, 0, 0 }, configuration[6..].ToArray());
        _loop.Do(() => _net.LinkUp = false);
        _net.ReadConfiguration(6, configuration[..2]);
        Assert.Equal(0, configuration[0]);
        Assert.Equal(1, _transport.ConfigurationChanges);
    }

    [Theory]
    [InlineData(VirtioFeatures.NetGuestTso4)]
    [InlineData(VirtioFeatures.NetHostTso6)]
    [InlineData(VirtioFeatures.NetGuestChecksum | VirtioFeatures.NetGuestEcn)]
    public void Features_without_those_they_need_are_refused(ulong features)
    {
        Make();
        Assert.NotNull(_net.Negotiate(Plain | features));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frames_are_passed_without_allocation(bool plain)
    {
        Start(plain ? Plain | VirtioFeatures.NetChecksum : Everything);
        var frame = TestFrames.Build(4, 6, 4000, VirtioNetHeader.GsoTcp4, 1448);
        var ordinary = TestFrames.Build(4, 17, 400);
        AddReceive(8, 5000);
        Send(ordinary);
        var output = new Count();
        long allocated = 0;
        long time = 0;
        _loop.Do(() =>
        {
            _net.Output = output;
            for (var i = 0; i < 2000; i++)
            {
                if (i == 1000)
                    (allocated, time) = (GC.GetAllocatedBytesForCurrentThread(), MonotonicClock.Now);
                if (i > 0)
                    _tx.Offer(0);
                _net.Kick(1);
                Assert.True(_net.Deliver(frame));
                Assert.True(_net.Deliver(ordinary));
                _net.FlushInterrupts();
                // The driver gives back what was used; buffers keep their order.
                while (_rx.AvailableIndex != (ushort)(_rx.UsedIndex + 8))
                    _rx.Offer((ushort)(_rx.AvailableIndex % 8));
                _net.Kick(0);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            time = MonotonicClock.Now - time;
        });
        Assert.Equal(2000, output.Frames);
        Assert.Equal(plain ? 8000 : 4000, _net.Statistics.RxPackets);
        Assert.Equal(0, allocated);
        log.WriteLine($"{time / 1000} ns for a 4,000-byte and a 400-byte frame received and one of 400 bytes sent");
    }

    [Fact]
    public unsafe void A_hostile_guest_harms_only_itself()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var resets = 0;
        for (var round = 0; round < 300; round++)
        {
            Start(random.Next(2) == 0 ? Everything : random.Next(2) == 0 ? Plain : Everything & ~VirtioFeatures.EventIndex, 16);
            _sink.Frames.Clear();
            _sink.Room = random.Next(40);
            for (var i = 0; i < 16; i++)
            {
                foreach (var queue in new[] { _rx, _tx })
                {
                    queue.Descriptor(
                        (ushort)i, random.Next(60) == 0 ? (ulong)random.NextInt64() : Buffers + (ulong)random.Next(1 << 18), (uint)random.Next(3000),
                        (ushort)(random.Next(30) == 0 ? random.Next(65536) : (random.Next(2) | (queue == _rx ? 2 : 0))), (ushort)random.Next(17));
                }
            }

            for (var i = 0; i < 60; i++)
            {
                random.NextBytes(new Span<byte>(MemoryAt(Buffers + (ulong)random.Next(1 << 18)), 40));
                _loop.Loop.Invoke(() =>
                {
                    switch (random.Next(6))
                    {
                        case 0:
                            _tx.Offer((ushort)random.Next(random.Next(20) == 0 ? 20 : 16));
                            _net.Kick(1);
                            break;
                        case 1:
                            _rx.Offer((ushort)random.Next(random.Next(20) == 0 ? 20 : 16));
                            _net.Kick(0);
                            break;
                        case 2:
                            _net.Deliver(TestFrames.Build(4, 6, random.Next(6000), VirtioNetHeader.GsoTcp4, (ushort)random.Next(1, 3000)));
                            break;
                        case 3:
                            _sink.Room = random.Next(10);
                            _net.ResumeTransmit();
                            break;
                        case 4:
                            _net.Freeze();
                            _net.Save(new StateWriter());
                            _net.Thaw();
                            break;
                        default:
                            var noise = new byte[random.Next(200)];
                            random.NextBytes(noise);
                            _net.Deliver(noise);
                            break;
                    }
                });
            }

            foreach (var frame in _sink.Frames)
                Assert.True(VirtioNetHeader.Read(frame).Fits(frame.AsSpan(12)), $"seed {seed}");
            if (_net.NeedsReset)
                resets++;
            _loop.Do(() => _net.Reset(() => { }));
        }

        Assert.True(resets is > 20 and < 300, $"seed {seed}: {resets} resets");
    }

    private unsafe void* MemoryAt(ulong address) => _memory.Base + address;

    private void Make() => _loop.Do(() =>
    {
        _net = new VirtioNet(new VirtioNetOptions("t", TestFrames.Mac, 1500, NetworkOffloads.All), _memory, _loop.Loop) { Output = _sink };
        _net.Attach(_transport);
    });

    private void Start(ulong features, ushort size = 64)
    {
        if (_net is null)
            Make();
        features &= _net!.OfferedFeatures;
        _loop.Do(() =>
        {
            Assert.Null(_net.Negotiate(features));
            var eventIndex = (features & VirtioFeatures.EventIndex) != 0;
            _rx = new TestQueue(_memory, _net.Queues[0], 0x1000, size, eventIndex);
            _tx = new TestQueue(_memory, _net.Queues[1], 0x8000, size, eventIndex);
            Assert.True(_net.StartQueue(0));
            Assert.True(_net.StartQueue(1));
            _net.Start();
        });
    }

    private void Kick(int queue) => _loop.Do(() => _net.Kick(queue));

    private unsafe void Send(params byte[][] pieces)
    {
        var at = Buffers + 0x200000 + ((ulong)_tx.AvailableIndex * 0x11000);
        var list = new List<(ulong, uint, bool)>();
        foreach (var piece in pieces)
        {
            piece.CopyTo(new Span<byte>(MemoryAt(at), piece.Length));
            list.Add((at, (uint)piece.Length, false));
            at += (uint)piece.Length + 7;
        }

        _tx.Add([.. list]);
    }

    private void AddReceive(int count, uint length)
    {
        for (var i = 0; i < count; i++)
            _rx.Add((Buffers + ((ulong)i * 4096), length, true));
    }

    private byte[] Reap()
    {
        Assert.True(_rx.TryReap(out var head, out var written));
        return Bytes(_rx.At64(_rx.Table + (16UL * head)), (int)written);
    }

    private unsafe byte[] Bytes(ulong address, int length) => new Span<byte>(MemoryAt(address), length).ToArray();

    private sealed class Count : INetworkOutput
    {
        public int Frames { get; private set; }

        public bool Transmit(ReadOnlySpan<byte> frame)
        {
            Frames++;
            return true;
        }
    }

    private sealed class Sink : INetworkOutput
    {
        public List<byte[]> Frames { get; } = [];

        public int Room { get; set; } = int.MaxValue;

        public int Asked { get; private set; }

        public Action? OnRefuse { get; set; }

        public bool Transmit(ReadOnlySpan<byte> frame)
        {
            Asked++;
            if (Room == 0)
            {
                OnRefuse?.Invoke();
                return false;
            }

            Room--;
            Frames.Add(frame.ToArray());
            return true;
        }
    }
}
