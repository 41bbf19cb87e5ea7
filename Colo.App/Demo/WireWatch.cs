using System.Net;
using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Demo;

/// <summary>
/// Watches the ports of the switch of a <see cref="DemoNetwork"/> and checks <see cref="WireRules"/>. One packet
/// socket for all ports keeps the order in which frames came; it sees a frame as it enters, before the bridge.
/// </summary>
public sealed unsafe class WireWatch : IDisposable, IEventHandler
{
    private const int VnetHeaderBytes = 10;
    private const byte VnetNeedsChecksum = 1;
    private const int ReceiveBufferBytes = 64 << 20;
    private readonly EventLoop _loop = new();
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _ready = new(false);
    private readonly WireRules _rules;
    private readonly byte[] _buffer = new byte[VnetHeaderBytes + 66_000];
    private readonly int[] _ports = new int[3];
    private FileDescriptor? _socket;
    private Exception? _fatal;
    private bool _disposed;

    /// <summary>Begins to watch.</summary>
    /// <param name="network">The network.</param>
    /// <param name="voice">The node that may speak, a or b.</param>
    /// <param name="minimumRto">The shortest time after which the guest's own TCP sends again; null: 150 ms (<see cref="WireRules.MinimumRto"/>).</param>
    /// <param name="patience">By how much a machine is too slow: what a takeover repeats may be older by that (<see cref="WireRules.OldestRepeat"/>).</param>
    public WireWatch(DemoNetwork network, char voice = 'a', TimeSpan? minimumRto = null, double patience = 1)
    {
        ArgumentNullException.ThrowIfNull(network);
        var address = DemoNetwork.GuestAddress.GetAddressBytes();
        _rules = new WireRules(
            (uint)IPAddress.NetworkToHostOrder(BitConverter.ToInt32(address)),
            WireFrame.Mac(Convert.FromHexString(NodeFiles.GuestMac.Replace(":", "", StringComparison.Ordinal))),
            Port(voice))
        { MinimumRto = minimumRto is { } time ? time.Ticks * 100 : WireRules.DefaultMinimumRto, OldestRepeat = (long)(WireRules.DefaultOldestRepeat * patience) };
        _loop.OnError = e => _rules.Violate(RealTime(), "capture", e.ToString());
        _thread = network.Switch.Start("wire watch", Body, Fail);
        _ready.Wait();
        if (_fatal is not null)
            throw new InvalidOperationException("the wire cannot be watched: " + _fatal.Message, _fatal);
    }

    /// <summary>From now on this node may take the guest over. Call it before the other one is killed or stopped.</summary>
    /// <param name="next">a or b.</param>
    /// <param name="lateFrames">Frames that the other node may send after it all the same: 1 when it is frozen, the send under way.</param>
    public void AnnounceTakeover(char next, int lateFrames = 0) => Announce(() => _rules.AnnounceTakeover(Port(next), RealTime(), lateFrames));

    /// <summary>From now on this node may take the guest over, although nothing is done to the other one (<see cref="WireRules.PermitTakeover"/>).</summary>
    public void PermitTakeover(char next) => Announce(() => _rules.PermitTakeover(Port(next)));

    /// <summary>The takeover that was announced did not come, and may no longer. Without effect where it did.</summary>
    public void WithdrawTakeover() => Announce(() => _rules.WithdrawTakeover(RealTime()));

    /// <summary>The guest is lost, and boots anew. Call it when both nodes are dead, before either is started.</summary>
    public void AnnounceBoot() => Announce(_rules.AnnounceBoot);

    /// <summary>What was seen so far.</summary>
    public WireReport Report()
    {
        WireReport? report = null;
        _loop.Invoke(() =>
        {
            Drain();
            CheckLosses();
            report = new WireReport(
                _rules.GuestFrames, _rules.Retransmissions, _rules.TakeoverRepeats, _rules.ViolationCount, [.. _rules.Violations], [.. _rules.FirstFrames], _rules.LateFrames);
        });
        return report!;
    }

    /// <inheritdoc/>
    public void OnReady(uint events) => Drain();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _loop.Stop();
        _thread.Join();
        _loop.Dispose();
        _socket?.Dispose();
        _ready.Dispose();
    }

    // What came before the announcement is judged without it.
    private void Announce(Action announcement) => _loop.Invoke(() =>
    {
        Drain();
        announcement();
    });

    private static SwitchPort Port(char node) => node == 'a' ? SwitchPort.A : SwitchPort.B;

    private static long RealTime()
    {
        Native.Timespec time;
        Native.clock_gettime(NativeDemo.CLOCK_REALTIME, &time);
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }

    private void Body()
    {
        try
        {
            Open();
        }
        catch (Exception e)
        {
            Fail(e);
            return;
        }

        _ready.Set();
        _loop.Run();
    }

    private void Fail(Exception e)
    {
        _fatal = e;
        _ready.Set();
    }

    private void Open()
    {
        const ushort allProtocols = 0x0300; // ETH_P_ALL in network order
        _socket = FileDescriptor.FromResult(
            NativeSocket.socket(NativeSocket.AF_PACKET, NativeSocket.SOCK_RAW | NativeSocket.SOCK_CLOEXEC, 0), "packet socket");
        Set(NativeSocket.SOL_SOCKET, NativeSocket.SO_RCVBUFFORCE, ReceiveBufferBytes, "SO_RCVBUFFORCE");
        Set(NativeSocket.SOL_SOCKET, NativeDemo.SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");
        Set(NativeSocket.SOL_PACKET, NativeSocket.PACKET_VNET_HDR, 1, "PACKET_VNET_HDR");
        Set(NativeSocket.SOL_PACKET, NativeSocket.PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
        var names = (string[])["port-a", "port-b", "port-client"];
        for (var i = 0; i < names.Length; i++)
        {
            _ports[i] = (int)NativeSocket.if_nametoindex(names[i]);
            if (_ports[i] == 0)
                throw LinuxException.FromLastError("if_nametoindex " + names[i]);
        }

        // Bound to every interface of the namespace: one queue, one order.
        var any = new NativeSocket.LinkAddress { Family = NativeSocket.AF_PACKET, Protocol = allProtocols };
        LinuxException.ThrowIfNegative(NativeSocket.bind(_socket.Number, &any, (uint)sizeof(NativeSocket.LinkAddress)), "bind packet socket");
        _loop.Add(_socket.Number, EventLoop.Readable, this);
    }

    private void Set(int level, int name, int value, string what) =>
        LinuxException.ThrowIfNegative(NativeSocket.setsockopt(_socket!.Number, level, name, &value, sizeof(int)), what);

    private void Drain()
    {
        const int dontWait = 0x40;
        const int truncated = 0x20;
        var address = default(NativeSocket.LinkAddress);
        var control = stackalloc byte[64];
        fixed (byte* buffer = _buffer)
        {
            while (true)
            {
                var vector = new IoVector((nint)buffer, (nuint)_buffer.Length);
                var message = new NativeSocket.MessageHeader
                {
                    Name = &address,
                    NameLength = (uint)sizeof(NativeSocket.LinkAddress),
                    Vectors = &vector,
                    VectorCount = 1,
                    Control = control,
                    ControlLength = 64,
                };
                var got = (int)NativeSocket.recvmsg(_socket!.Number, &message, dontWait);
                if (got < 0)
                {
                    var errno = Marshal.GetLastPInvokeError();
                    if (errno is Errno.EAGAIN)
                        return;
                    // A port that goes down while it is watched tells so once.
                    if (errno is Errno.EINTR or Errno.ENETDOWN)
                        continue;
                    throw new LinuxException("recvmsg on packet socket", errno);
                }

                var port = Array.IndexOf(_ports, address.Interface);
                if (port < 0 || got < VnetHeaderBytes)
                    continue;
                var time = Timestamp(message);
                if ((message.Flags & truncated) != 0)
                    _rules.Violate(time, "capture", "a frame longer than the buffer");
                _rules.Check((SwitchPort)port, _buffer.AsSpan(VnetHeaderBytes, got - VnetHeaderBytes), (_buffer[0] & VnetNeedsChecksum) != 0, time);
            }
        }
    }

    private static long Timestamp(in NativeSocket.MessageHeader message)
    {
        // struct cmsghdr: length (8 bytes), level, type; then a struct timespec.
        const int header = 16;
        var at = (byte*)message.Control;
        var left = (long)message.ControlLength;
        while (left >= header)
        {
            var length = *(long*)at;
            if (length < header || length > left)
                break;
            if (*(int*)(at + 8) == NativeSocket.SOL_SOCKET && *(int*)(at + 12) == NativeDemo.SO_TIMESTAMPNS && length >= header + sizeof(Native.Timespec))
            {
                var time = (Native.Timespec*)(at + header);
                return (time->Seconds * 1_000_000_000) + time->Nanoseconds;
            }

            var step = (length + 7) & ~7L;
            at += step;
            left -= step;
        }

        return RealTime();
    }

    private void CheckLosses()
    {
        // struct tpacket_stats: packets, drops; reading it clears it.
        var stats = stackalloc uint[2];
        var size = 8u;
        if (NativeSocket.getsockopt(_socket!.Number, NativeSocket.SOL_PACKET, NativeSocket.PACKET_STATISTICS, stats, &size) == 0 && stats[1] > 0)
            _rules.Violate(RealTime(), "capture", $"{stats[1]} frames were not seen: the capture proves nothing");
    }
}

/// <summary>What a <see cref="WireWatch"/> saw.</summary>
/// <param name="GuestFrames">Frames of the guest that were checked.</param>
/// <param name="Retransmissions">TCP segments that the guest sent again rightly.</param>
/// <param name="TakeoverRepeats">Frames that came again across a takeover.</param>
/// <param name="ViolationCount">What was wrong, in number.</param>
/// <param name="Violations">What was wrong, the first 200.</param>
/// <param name="FirstFrames">When the first frame after each announced takeover came, in nanoseconds of CLOCK_REALTIME.</param>
/// <param name="LateFrames">Frames of a former node that came after a takeover, within what was allowed to it.</param>
public sealed record WireReport(
    long GuestFrames, long Retransmissions, long TakeoverRepeats, long ViolationCount, IReadOnlyList<WireViolation> Violations, IReadOnlyList<long> FirstFrames, long LateFrames);
