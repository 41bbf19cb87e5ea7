using System.Net;
using System.Net.Sockets;
using Colo.Devices.Net;
using Colo.Devices.Virtio;
using Colo.Linux;
using Colo.Node;
using Colo.Memory;
using Xunit.Abstractions;

namespace Colo.Tests.Devices;

/// <summary>
/// Backends on veth pairs between namespaces, with real kernels' TCP at both ends: the client behind the packet
/// backend, and a "guest" whose network stack is behind a tap and whose driver is <see cref="TestQueue"/>.
/// </summary>
public sealed class BackendTests(ITestOutputHelper output)
{
    private const string GuestMac = "52:54:00:12:34:56";
    private static readonly byte[] ClientMac = [2, 0, 0, 0, 0xC0, 1];

    [NetworkTheory]
    [InlineData("plain")]
    [InlineData("checksum")]
    [InlineData("large")]
    [InlineData("everything")]
    public void Real_tcp_passes_intact_whatever_the_guest_negotiates(string kind)
    {
        const ulong basic = VirtioFeatures.Version1 | VirtioFeatures.EventIndex;
        var features = kind switch
        {
            "plain" => basic,
            "checksum" => basic | VirtioFeatures.NetChecksum | VirtioFeatures.NetGuestChecksum | VirtioFeatures.NetMergeableBuffers,
            "large" => ulong.MaxValue & ~VirtioFeatures.NetMergeableBuffers & ~VirtioFeatures.EventIndex,
            _ => ulong.MaxValue,
        };
        using var net = new Wire();
        using var guest = new TapGuest(net, features);
        Assert.Contains(" 0% packet loss", net.Client.Exec("ping -c 2 -i 0.2 -W 5 10.9.0.2"), StringComparison.Ordinal);
        Assert.Contains(" 0% packet loss", net.Client.Exec("ping -c 2 -i 0.2 -W 5 -s 20000 10.9.0.2"), StringComparison.Ordinal);
        Transfer(net.Client, net.Guest, IPAddress.Parse("10.9.0.2"), 8 << 20);
        Transfer(net.Client, net.Guest, IPAddress.Parse("fd09::2"), 4 << 20);
        output.WriteLine($"{kind}: {guest.Net.Statistics}, large from wire {guest.LargeFromWire}, large from guest {guest.LargeFromGuest}");
        Assert.True(guest.LargeFromWire > 50, "the client's kernel sends large frames");
        if (kind is "plain" or "checksum")
            Assert.Equal(0, guest.LargeFromGuest);
        else
            Assert.True(guest.LargeFromGuest > 50);
        Assert.Equal(0, guest.Net.Statistics.TxDropped);
    }

    [NetworkFact]
    public void Only_frames_for_the_guest_arrive_and_the_hosts_own_traffic_does_not()
    {
        using var net = new Wire();
        using var backend = net.OpenPacket();
        PacketBackend? sender = null;
        net.Client.Run(() => sender = new PacketBackend("c0", ClientMac));
        using var sending = sender!;
        net.Client.Ip("addr flush dev c0");
        net.Host.Ip("addr add 10.9.0.9/24 dev h0");
        byte[][] destinations =
        [
            TestFrames.Mac, [2, 0, 0, 0, 0, 0x77], [0x52, 0x54, 0, 0x12, 0x34, 0x57], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [1, 0, 0x5E, 0, 0, 1], [0x33, 0x33, 0, 0, 0, 1], [0x56, 0x54, 0, 0x12, 0x34, 0x56], TestFrames.Mac,
        ];
        // The host speaks too, to a neighbour: its frames leave through h0 and must not be seen.
        net.Host.Ip("neigh add 10.9.0.1 lladdr 02:00:00:00:c0:01 dev h0");
        net.Host.Exec("ping -c 1 -W 0.1 10.9.0.1", check: false);
        for (var i = 0; i < destinations.Length; i++)
        {
            var frame = TestFrames.Build(4, 17, 100 + i);
            destinations[i].CopyTo(frame.AsSpan(12));
            frame[12 + 12] = 0x88;
            frame[12 + 13] = 0xB5;
            frame.AsSpan(0, 12).Clear();
            sending.Send(frame);
        }

        var got = new List<int>();
        var buffer = new byte[VirtioNet.FrameMaximum];
        while (backend.TryReceive(buffer, out var length))
        {
            if (buffer[24] == 0x88 && buffer[25] == 0xB5)
                got.Add(length - 12 - 14 - 28 - 100);
            else
                Assert.True((buffer[12] & 1) != 0, "unicast that is not the guest's");
        }

        Assert.Equal([0, 3, 4, 5, 7], got);
        Assert.Equal(0, sending.Statistics.SendDropped);
    }

    [NetworkFact]
    public void Vlan_tags_which_the_kernel_takes_out_are_put_back_with_all_offsets()
    {
        using var net = new Wire();
        using var backend = net.OpenPacket();
        PacketBackend? sender = null;
        net.Client.Run(() => sender = new PacketBackend("c0", ClientMac));
        using var sending = sender!;
        byte[][] frames =
        [
            TestFrames.Build(4, 17, 100, vlan: true),
            TestFrames.Build(4, 6, 1000, vlan: true),
            TestFrames.Build(4, 6, 20_000, VirtioNetHeader.GsoTcp4, 1400, vlan: true),
            TestFrames.Build(6, 6, 60_000, VirtioNetHeader.GsoTcp6, 1400, vlan: true),
            TestFrames.Build(4, 17, 20_000, VirtioNetHeader.GsoUdpL4, 1400, vlan: true),
        ];
        frames[1][12 + 12] = 0x88;
        frames[1][12 + 13] = 0xA8;
        var buffer = new byte[VirtioNet.FrameMaximum];
        foreach (var frame in frames)
        {
            sending.Send(frame);
            var length = 0;
            Assert.True(SpinWait.SpinUntil(() => backend.TryReceive(buffer, out length) && buffer[24] is 0x81 or 0x88, 5000));
            var header = VirtioNetHeader.Read(buffer);
            var sent = VirtioNetHeader.Read(frame);
            Assert.Equal(frame[12..], buffer[12..length]);
            Assert.Equal(sent.GsoType, header.GsoType);
            Assert.Equal(sent.GsoSize, header.GsoSize);
            Assert.Equal(sent.Flags, header.Flags);
            Assert.Equal(sent.ChecksumStart, header.ChecksumStart);
            Assert.Equal(sent.ChecksumOffset, header.ChecksumOffset);
            Assert.True(header.Fits(buffer.AsSpan(12, length - 12)));
        }
    }

    [NetworkFact]
    public void A_full_queue_drops_and_counts()
    {
        using var net = new Wire();
        using var backend = net.OpenPacket();
        net.Host.Exec("tc qdisc add dev h0 root tbf rate 8kbit burst 2000 limit 4000");
        var frame = TestFrames.Build(4, 17, 1000);
        for (var i = 0; i < 200; i++)
            backend.Send(frame);
        Assert.InRange(backend.Statistics.SendDropped, 150, 199);

        // Too many for the receive buffer: the kernel drops and tells how many.
        PacketBackend? sender = null;
        net.Client.Run(() => sender = new PacketBackend("c0", ClientMac));
        using var sending = sender!;
        var large = TestFrames.Build(4, 17, 1400);
        for (var i = 0; i < 60_000; i++)
            sending.Send(large);
        // Status tells both, again and again.
        var overflowed = 0L;
        Assert.Equal(backend.Statistics.SendDropped, GuestNic.HostDropped(backend, speaks: false, ref overflowed));
        var dropped = GuestNic.HostDropped(backend, speaks: true, ref overflowed);
        Assert.True(overflowed > 0);
        Assert.Equal(backend.Statistics.SendDropped + overflowed, dropped);
        Assert.Equal(dropped, GuestNic.HostDropped(backend, speaks: true, ref overflowed));
        var buffer = new byte[VirtioNet.FrameMaximum];
        var got = 0;
        while (backend.TryReceive(buffer, out _))
            got++;
        output.WriteLine($"received {got} of 60000");
        Assert.InRange(got, 1000, 59_999);

        // A frame larger than the interface allows is the guest's fault and only its own.
        var before = backend.Statistics.SendDropped;
        net.Host.Exec("tc qdisc del dev h0 root");
        var huge = new byte[9000];
        TestFrames.Mac.CopyTo(huge.AsSpan(12));
        backend.Send(huge);
        backend.Send(new byte[5]);
        Assert.Equal(before + 2, backend.Statistics.SendDropped);
        backend.Send(frame);
        Assert.Equal(before + 2, backend.Statistics.SendDropped);
    }

    [NetworkFact]
    public void An_interface_may_go_down_and_away_and_come_back()
    {
        using var net = new Wire();
        using var backend = net.OpenPacket();
        net.Host.Run(() =>
        {
            var frame = TestFrames.Build(4, 17, 100);
            var buffer = new byte[VirtioNet.FrameMaximum];
            net.Host.Ip("link set h0 down");
            backend.Send(frame);
            backend.Send(frame);
            Assert.Equal(2, backend.Statistics.SendDropped);
            while (backend.TryReceive(buffer, out _))
            {
            }

            net.Host.Ip("link set h0 up");
            Assert.True(SpinWait.SpinUntil(() => net.Host.Ip("link show h0").Contains("state UP", StringComparison.Ordinal), 10_000));
            backend.Send(frame);
            Assert.Equal(2, backend.Statistics.SendDropped);
            Assert.True(Echoes(net, backend));

            net.Host.Ip("link del h0");
            backend.Send(frame);
            Assert.Equal(3, backend.Statistics.SendDropped);
            Assert.False(backend.TryReceive(buffer, out _) && backend.TryReceive(buffer, out _) && false);
            net.Connect();
            Assert.True(SpinWait.SpinUntil(
                () =>
                {
                    backend.TryReceive(buffer, out _);
                    return Echoes(net, backend);
                },
                15_000));
            var dropped = backend.Statistics.SendDropped;
            backend.Send(frame);
            Assert.Equal(dropped, backend.Statistics.SendDropped);
        });
    }

    [NetworkFact]
    public void A_tap_that_goes_down_drops_and_one_that_is_deleted_does_not_keep_the_loop_busy()
    {
        using var net = new Wire();
        TapBackend? opened = null;
        net.Guest.Run(() => opened = new TapBackend("g0", ClientMac));
        using var tap = opened!;
        var frame = TestFrames.Build(4, 17, 100);
        tap.Send(frame);
        Assert.Equal(0, tap.Statistics.SendDropped);
        net.Guest.Ip("link set g0 down");
        tap.Send(frame);
        Assert.Equal(1, tap.Statistics.SendDropped);
        net.Guest.Ip("link set g0 up");
        tap.Send(frame);
        Assert.Equal(1, tap.Statistics.SendDropped);

        using var loop = new LoopThread(new EventLoop());
        var calls = 0;
        var buffer = new byte[VirtioNet.FrameMaximum];
        loop.Do(() => loop.Loop.Add(tap.Descriptor, EventLoop.Readable, new Counter(() =>
        {
            calls++;
            while (tap.TryReceive(buffer, out _))
            {
            }
        })));
        net.Guest.Ip("link del g0");
        Assert.True(SpinWait.SpinUntil(() => { loop.Do(() => tap.Send(frame)); return tap.Statistics.SendDropped > 3; }, 5000));
        var before = calls;
        for (var i = 0; i < 50; i++)
            loop.Do(() => { });
        Assert.Equal(before, calls);
        loop.Do(() => loop.Loop.Remove(tap.Descriptor));
    }

    [NetworkFact]
    public void Backends_that_cannot_be_opened_say_why()
    {
        using var net = new Wire();
        net.Host.Run(() =>
        {
            Assert.Contains("no network interface 'nix'", Fails("packet:nix"), StringComparison.Ordinal);
            Assert.Contains("not a tap", Fails("tap:h0"), StringComparison.Ordinal);
            using var tap = NetworkBackends.Open("tap:t0", TestFrames.Mac);
            Assert.Contains("another process", Fails("tap:t0"), StringComparison.Ordinal);
            using var packet = NetworkBackends.Open("packet:h0", TestFrames.Mac);
            Assert.Contains("promiscuity 1", net.Host.Ip("-d link show h0"), StringComparison.Ordinal);
            packet.Dispose();
            Assert.Contains("promiscuity 0", net.Host.Ip("-d link show h0"), StringComparison.Ordinal);
        });

        static string Fails(string name) =>
            Assert.Throws<NetworkBackendException>(() => NetworkBackends.Open(name, TestFrames.Mac)).Message;
    }

    /// <summary>Whether a frame from the client reaches the backend.</summary>
    private static bool Echoes(Wire net, PacketBackend backend)
    {
        PacketBackend? sender = null;
        net.Client.Run(() => sender = new PacketBackend("c0", ClientMac));
        using var sending = sender!;
        var frame = TestFrames.Build(4, 17, 321);
        sending.Send(frame);
        var buffer = new byte[VirtioNet.FrameMaximum];
        while (backend.TryReceive(buffer, out var length))
        {
            if (length == frame.Length)
                return true;
        }

        return false;
    }

    private static void Transfer(NetworkNamespace client, NetworkNamespace server, IPAddress address, int bytes)
    {
        var up = new byte[bytes];
        var down = new byte[bytes];
        new Random(1).NextBytes(up);
        new Random(2).NextBytes(down);
        using var ready = new ManualResetEventSlim();
        var serving = server.Start(() =>
        {
            using var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(address, 7000));
            listener.Listen();
            ready.Set();
            using var socket = listener.Accept();
            socket.ReceiveTimeout = 20_000;
            Assert.True(up.AsSpan().SequenceEqual(Take(socket, bytes)));
            Give(socket, down);
            socket.Shutdown(SocketShutdown.Send);
            Take(socket, 1, end: true);
        });
        Assert.True(ready.Wait(10_000));
        client.Run(() =>
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.ReceiveTimeout = 20_000;
            socket.SendTimeout = 20_000;
            socket.Connect(address, 7000);
            Give(socket, up);
            Assert.True(down.AsSpan().SequenceEqual(Take(socket, bytes)));
        });
        Assert.True(serving.Wait(20_000));
    }

    private static void Give(Socket socket, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
            at += socket.Send(bytes, at, bytes.Length - at, SocketFlags.None);
    }

    private static byte[] Take(Socket socket, int count, bool end = false)
    {
        var bytes = new byte[count];
        var at = 0;
        while (at < count)
        {
            var got = socket.Receive(bytes, at, count - at, SocketFlags.None);
            if (got == 0)
            {
                Assert.True(end);
                break;
            }

            at += got;
        }

        return bytes;
    }

    private sealed class Counter(Action action) : IEventHandler
    {
        public void OnReady(uint events) => action();
    }

    /// <summary>Namespaces of client, host and guest; a veth pair between the first two.</summary>
    private sealed class Wire : IDisposable
    {
        public Wire()
        {
            try
            {
                Connect();
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public NetworkNamespace Client { get; } = new("c");

        public NetworkNamespace Host { get; } = new("h");

        public NetworkNamespace Guest { get; } = new("g");

        public void Connect()
        {
            NetworkNamespace.Shell($"ip link add c0 netns {Client.Name} address 02:00:00:00:c0:01 type veth peer name h0 netns {Host.Name} address 02:00:00:00:00:77");
            Client.Ip("addr add 10.9.0.1/24 dev c0");
            Client.Ip("addr add fd09::1/64 dev c0 nodad");
            Client.Ip("link set c0 up");
            Host.Ip("link set h0 up");
        }

        public PacketBackend OpenPacket()
        {
            PacketBackend? backend = null;
            Host.Run(() => backend = (PacketBackend)NetworkBackends.Open("packet:h0", TestFrames.Mac));
            return backend!;
        }

        public void Dispose()
        {
            Client.Dispose();
            Host.Dispose();
            Guest.Dispose();
        }
    }

    /// <summary>packet backend, virtio-net, driver, tap, and the network stack of the guest's namespace.</summary>
    private sealed unsafe class TapGuest : INetworkOutput, IDisposable
    {
        private const ulong ReceiveBuffers = 0x100000;
        private const ulong TransmitBuffers = 0x1000000;
        private readonly GuestMemory _memory = GuestMemory.Create(48 << 20);
        private readonly LoopThread _loop = new(new EventLoop());
        private readonly PacketBackend _packet;
        private readonly TapBackend _tap;
        private readonly byte[] _buffer = new byte[VirtioNet.FrameMaximum];
        private readonly byte[] _merged = new byte[VirtioNet.FrameMaximum];
        private readonly uint _bufferSize;
        private TestQueue _rx = null!;
        private TestQueue _tx = null!;

        public TapGuest(Wire net, ulong features)
        {
            _packet = net.OpenPacket();
            TapBackend? tap = null;
            // The tap's filter is for a guest behind it; here it lies the other way round.
            net.Guest.Run(() => tap = new TapBackend("g0", ClientMac));
            _tap = tap!;
            net.Guest.Ip($"link set g0 address {GuestMac} up");
            net.Guest.Ip("addr add 10.9.0.2/24 dev g0");
            net.Guest.Ip("addr add fd09::2/64 dev g0 nodad");

            VirtioNet? device = null;
            _loop.Do(() =>
            {
                device = new VirtioNet(new VirtioNetOptions("t", TestFrames.Mac, 0, _packet.Offloads), _memory, _loop.Loop) { Output = this };
                device.Attach(new TestTransport());
            });
            Net = device!;
            features &= Net.OfferedFeatures;
            var eventIndex = (features & VirtioFeatures.EventIndex) != 0;
            var merge = (features & VirtioFeatures.NetMergeableBuffers) != 0;
            _bufferSize = !merge && (features & VirtioFeatures.NetGuestTso4) != 0 ? 0x11000U : 2048;
            _loop.Do(() =>
            {
                Assert.Null(Net.Negotiate(features));
                _rx = new TestQueue(_memory, Net.Queues[0], 0x1000, 128, eventIndex);
                _tx = new TestQueue(_memory, Net.Queues[1], 0x8000, 128, eventIndex);
                Assert.True(Net.StartQueue(0));
                Assert.True(Net.StartQueue(1));
                for (var i = 0; i < 128; i++)
                    _rx.Add((ReceiveBuffers + ((ulong)i * _bufferSize), _bufferSize, true));
                Net.Start();
                var taken = 0
                    | (Net.Has(VirtioFeatures.NetChecksum) ? NetworkOffloads.ReceiveChecksum : 0)
                    | (Net.Has(VirtioFeatures.NetHostTso4) ? NetworkOffloads.ReceiveTso4 : 0)
                    | (Net.Has(VirtioFeatures.NetHostTso6) ? NetworkOffloads.ReceiveTso6 : 0);
                _tap.SetReceiveOffloads(taken);
                _loop.Loop.Add(_packet.Descriptor, EventLoop.Readable, new Counter(FromWire));
                _loop.Loop.Add(_tap.Descriptor, EventLoop.Readable, new Counter(FromGuest));
            });
        }

        public VirtioNet Net { get; }

        public int LargeFromWire { get; private set; }

        public int LargeFromGuest { get; private set; }

        public bool Transmit(ReadOnlySpan<byte> frame)
        {
            if (VirtioNetHeader.Read(frame).IsLarge)
                LargeFromGuest++;
            _packet.Send(frame);
            return true;
        }

        public void Dispose()
        {
            _loop.Do(() =>
            {
                _loop.Loop.Remove(_packet.Descriptor);
                _loop.Loop.Remove(_tap.Descriptor);
            });
            _loop.Dispose();
            _packet.Dispose();
            _tap.Dispose();
            _memory.Dispose();
        }

        private void FromWire()
        {
            for (var i = 0; i < 64 && _packet.TryReceive(_buffer, out var length); i++)
            {
                if (VirtioNetHeader.Read(_buffer).IsLarge)
                    LargeFromWire++;
                Assert.True(Net.Deliver(_buffer.AsSpan(0, length)));
                while (_rx.UsedIndex != _rx.LastUsed)
                    OneToTap();
                if (_rx.MustKick())
                    Net.Kick(0);
            }
        }

        private void OneToTap()
        {
            var length = 0;
            for (var left = 1; left > 0; left--)
            {
                Assert.True(_rx.TryReap(out var head, out var written));
                var address = _rx.At64(_rx.Table + (16UL * head));
                new Span<byte>(_memory.Base + address, (int)written).CopyTo(_merged.AsSpan(length));
                if (length == 0)
                    left = VirtioNetHeader.Read(_merged).Buffers;
                length += (int)written;
                _rx.Add((address, _bufferSize, true));
            }

            var header = VirtioNetHeader.Read(_merged);
            // The driver must not be given what it has not negotiated.
            Assert.True(header.Flags == 0 || Net.Has(VirtioFeatures.NetGuestChecksum));
            Assert.True(!header.IsLarge || Net.Has(VirtioFeatures.NetGuestTso4));
            _tap.Send(_merged.AsSpan(0, length));
        }

        private void FromGuest()
        {
            for (var i = 0; i < 64 && _tap.TryReceive(_buffer, out var length); i++)
            {
                while (_tx.TryReap(out _, out _))
                {
                }

                var at = TransmitBuffers + ((ulong)(_tx.AvailableIndex % 128) * 0x11000);
                _buffer.AsSpan(0, length).CopyTo(new Span<byte>(_memory.Base + at, length));
                _tx.Add((at, (uint)length, false));
                if (_tx.MustKick())
                    Net.Kick(1);
            }
        }

    }
}
