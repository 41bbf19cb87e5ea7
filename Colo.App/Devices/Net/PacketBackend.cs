using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Devices.Net;

/// <summary>
/// A virtual NIC on a host interface through a raw packet socket (packet(7)). The interface is made promiscuous for
/// as long as the socket is open, so that frames for the guest's MAC address arrive though the interface has another;
/// the host's own traffic is not touched. As with macvlan, the host itself and its guest do not reach each other over
/// that interface.
/// <para>
/// Frames are taken one by one: a frame that this process had taken and not yet handled would be lost to the process
/// that goes on reading the socket when this one dies.
/// </para>
/// <para>Safe because every buffer given to the kernel is pinned for the call and its length is the span's.</para>
/// </summary>
public sealed unsafe class PacketBackend : INetworkBackend, IOffloadBackend
{
    private const int ENXIO = 6;
    private const int ENODEV = 19;
    private const int EPERM = 1;
    private const int ShortHeader = 10;
    private const int VlanTag = 4;
    private const int ReceiveBuffer = 8 * 1024 * 1024;
    private const long RebindEveryNs = 1_000_000_000;

    private readonly string _name;
    private readonly FileDescriptor _socket;
    private readonly LogLimiter _limiter = new();
    private readonly int _headerSize;
    private long _receiveDropped;
    private long _sendDropped;
    private string? _trouble;
    private bool _unbound;
    private long _nextRebind;

    /// <summary>Opens a socket on an interface.</summary>
    /// <param name="name">The interface, for example <c>eth0</c>.</param>
    /// <param name="mac">The guest's MAC address, six bytes.</param>
    /// <exception cref="NetworkBackendException">No such interface, or no permission; the message names the mend.</exception>
    public PacketBackend(string name, ReadOnlySpan<byte> mac)
    {
        if (mac.Length != 6)
            throw new ArgumentException("a MAC address has six bytes", nameof(mac));
        _name = name;
        var index = NativeSocket.if_nametoindex(name);
        if (index == 0)
            throw new NetworkBackendException($"packet:{name}: there is no network interface '{name}' (see: ip link)");
        // Protocol 0: nothing arrives before filter and options are set and bind names interface and protocol.
        var fd = NativeSocket.socket(NativeSocket.AF_PACKET, NativeSocket.SOCK_RAW | NativeSocket.SOCK_CLOEXEC | NativeSocket.SOCK_NONBLOCK, 0);
        if (fd < 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            throw errno is EPERM or Errno.EACCES
                ? new NetworkBackendException($"packet:{name}: no permission for raw packet sockets; run as root or with CAP_NET_RAW")
                : new LinuxException("open a packet socket", errno);
        }

        _socket = new FileDescriptor(fd);
        try
        {
            _headerSize = SetHeader(fd);
            Set(fd, NativeSocket.SOL_PACKET, NativeNet.PACKET_AUXDATA, 1, "PACKET_AUXDATA");
            // Missing before Linux 4.20; the filter does the same, only later.
            var one = 1;
            _ = NativeSocket.setsockopt(fd, NativeSocket.SOL_PACKET, NativeSocket.PACKET_IGNORE_OUTGOING, &one, sizeof(int));
            SetBuffer(fd, NativeSocket.SO_RCVBUFFORCE);
            SetBuffer(fd, NativeSocket.SO_SNDBUFFORCE);
            AttachFilter(fd, mac);
            Bind((int)index);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    private PacketBackend(string name, FileDescriptor socket, int headerSize)
    {
        _name = name;
        _socket = socket;
        _headerSize = headerSize;
    }

    /// <summary>Bytes of the virtio-net header that this socket puts before a frame; what <see cref="Adopt"/> needs to know.</summary>
    public int HeaderSize => _headerSize;

    /// <summary>Goes on with the socket of another process, where that one stopped to read.</summary>
    /// <param name="socket">Opened and bound there.</param>
    /// <param name="headerSize">Its <see cref="HeaderSize"/> there: 0, 10 or 12.</param>
    public static PacketBackend Adopt(FileDescriptor socket, int headerSize) =>
        headerSize is 0 or ShortHeader or VirtioNetHeader.Size
            ? new PacketBackend($"descriptor {socket.Number}", socket, headerSize)
            : throw new ArgumentOutOfRangeException(nameof(headerSize));

    /// <inheritdoc/>
    public int Descriptor => _socket.Number;

    /// <inheritdoc/>
    public NetworkOffloads Offloads => _headerSize == 0
        ? NetworkOffloads.None
        : NetworkOffloads.AllTcp | (KernelHasUso ? NetworkOffloads.All : 0);

    /// <inheritdoc/>
    public BackendStatistics Statistics => new(Volatile.Read(ref _receiveDropped), Volatile.Read(ref _sendDropped));

    /// <summary>Frames that the kernel dropped because this process did not read fast enough, since the last call (PACKET_STATISTICS).</summary>
    public uint TakeKernelDrops()
    {
        var statistics = stackalloc uint[2];
        uint length = 2 * sizeof(uint);
        return NativeSocket.getsockopt(_socket.Number, NativeSocket.SOL_PACKET, NativeSocket.PACKET_STATISTICS, statistics, &length) == 0
            ? statistics[1]
            : 0;
    }

    // UDP segmentation through virtio headers came with Linux 6.2.
    private static bool KernelHasUso { get; } = Environment.OSVersion.Version >= new Version(6, 2);

    /// <summary>Does nothing: a packet socket gets frames as the interface has them, and the virtual NIC finishes what its guest does not take.</summary>
    public void SetReceiveOffloads(NetworkOffloads taken)
    {
    }

    /// <inheritdoc/>
    public bool TryReceive(Span<byte> frame, out int length)
    {
        if (_unbound)
            TryRebind();
        var control = stackalloc byte[64];
        while (true)
        {
            nint got;
            NativeSocket.MessageHeader message = default;
            fixed (byte* start = frame)
            {
                var vectors = stackalloc IoVector[2];
                vectors[0] = new IoVector((nint)start, (nuint)_headerSize);
                vectors[1] = new IoVector((nint)(start + VirtioNetHeader.Size), (nuint)(frame.Length - VirtioNetHeader.Size));
                message.Vectors = vectors;
                message.VectorCount = 2;
                message.Control = control;
                message.ControlLength = 64;
                // MSG_TRUNC: the real length, so that a frame that was cut off is noticed.
                got = NativeSocket.recvmsg(_socket.Number, &message, NativeSocket.MSG_TRUNC);
            }

            length = 0;
            if (got < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.EAGAIN)
                    return false;
                if (errno != Errno.EINTR)
                    ReceiveFailed(errno);
                if (errno is Errno.ENETDOWN or Errno.EINTR or Errno.EINVAL)
                    continue;
                return false;
            }

            var bytes = got - _headerSize;
            if (bytes < FrameLayout.EthernetHeader || (message.Flags & NativeSocket.MSG_TRUNC) != 0)
            {
                _receiveDropped++;
                continue;
            }

            if (_headerSize < VirtioNetHeader.Size)
                frame[_headerSize..VirtioNetHeader.Size].Clear();
            length = VirtioNetHeader.Size + (int)bytes;
            if (VlanOf(message, out var tpid, out var tci))
            {
                if (length > frame.Length - VlanTag)
                {
                    _receiveDropped++;
                    continue;
                }

                InsertVlan(frame, length, tpid, tci);
                length += VlanTag;
            }

            return true;
        }
    }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < VirtioNetHeader.Size + FrameLayout.EthernetHeader)
        {
            _sendDropped++;
            return;
        }

        if (_unbound)
            TryRebind();
        fixed (byte* start = frame)
        {
            // A 10-byte header is the same without the last field.
            var vectors = stackalloc IoVector[2];
            vectors[0] = new IoVector((nint)start, (nuint)_headerSize);
            vectors[1] = new IoVector((nint)(start + VirtioNetHeader.Size), (nuint)(frame.Length - VirtioNetHeader.Size));
            var message = new NativeSocket.MessageHeader { Vectors = vectors, VectorCount = 2 };
            while (NativeSocket.sendmsg(_socket.Number, &message, 0) < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.EINTR)
                    continue;
                SendFailed(errno);
                return;
            }
        }

        Recovered();
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static int SetHeader(int fd)
    {
        var size = VirtioNetHeader.Size;
        if (NativeSocket.setsockopt(fd, NativeSocket.SOL_PACKET, NativeNet.PACKET_VNET_HDR_SZ, &size, sizeof(int)) == 0)
            return VirtioNetHeader.Size;
        // Before Linux 6.6: 10 bytes, without the last field.
        Set(fd, NativeSocket.SOL_PACKET, NativeSocket.PACKET_VNET_HDR, 1, "PACKET_VNET_HDR");
        return ShortHeader;
    }

    private static void SetBuffer(int fd, int option)
    {
        // Beyond rmem_max with CAP_NET_ADMIN only; without it the socket has the system's buffer, and works.
        var size = ReceiveBuffer;
        _ = NativeSocket.setsockopt(fd, NativeSocket.SOL_SOCKET, option, &size, sizeof(int));
    }

    private static void Set(int fd, int level, int option, int value, string name) =>
        LinuxException.ThrowIfNegative(NativeSocket.setsockopt(fd, level, option, &value, sizeof(int)), $"setsockopt {name}");

    private static void AttachFilter(int fd, ReadOnlySpan<byte> mac)
    {
        var instructions = PacketFilter.For(mac);
        fixed (NativeNet.FilterInstruction* first = instructions)
        {
            var program = new NativeNet.FilterProgram { Length = (ushort)instructions.Length, Instructions = first };
            LinuxException.ThrowIfNegative(
                NativeSocket.setsockopt(fd, NativeSocket.SOL_SOCKET, NativeNet.SO_ATTACH_FILTER, &program, (uint)sizeof(NativeNet.FilterProgram)),
                "attach the packet filter");
        }
    }

    private static bool VlanOf(in NativeSocket.MessageHeader message, out ushort tpid, out ushort tci)
    {
        tpid = tci = 0;
        if (message.ControlLength < 16 + (nuint)sizeof(NativeNet.AuxiliaryData))
            return false;
        var header = (NativeNet.ControlHeader*)message.Control;
        if (header->Level != NativeSocket.SOL_PACKET || header->Type != NativeNet.PACKET_AUXDATA)
            return false;
        var data = (NativeNet.AuxiliaryData*)((byte*)message.Control + 16);
        if ((data->Status & NativeNet.TP_STATUS_VLAN_VALID) == 0)
            return false;
        tci = data->VlanTci;
        tpid = (data->Status & NativeNet.TP_STATUS_VLAN_TPID_VALID) != 0 ? data->VlanTpid : (ushort)0x8100;
        return true;
    }

    /// <summary>Puts back the tag that the kernel took out of the frame, behind the two addresses.</summary>
    private static void InsertVlan(Span<byte> frame, int length, ushort tpid, ushort tci)
    {
        const int at = VirtioNetHeader.Size + 12;
        frame[at..length].CopyTo(frame[(at + VlanTag)..]);
        BinaryPrimitives.WriteUInt16BigEndian(frame[at..], tpid);
        BinaryPrimitives.WriteUInt16BigEndian(frame[(at + 2)..], tci);
        var header = VirtioNetHeader.Read(frame);
        if ((header.Flags & VirtioNetHeader.NeedsChecksum) != 0)
            header.ChecksumStart += VlanTag;
        if (header.HeaderLength != 0)
            header.HeaderLength += VlanTag;
        header.Write(frame);
    }

    private void Bind(int index)
    {
        var address = new NativeSocket.LinkAddress
        {
            Family = NativeSocket.AF_PACKET,
            Protocol = BinaryPrimitives.ReverseEndianness(NativeNet.ETH_P_ALL),
            Interface = index,
        };
        LinuxException.ThrowIfNegative(
            NativeSocket.bind(_socket.Number, &address, (uint)sizeof(NativeSocket.LinkAddress)), $"bind a packet socket to {_name}");
        var membership = new NativeNet.PacketMembership { Interface = index, Type = NativeNet.PACKET_MR_PROMISC };
        LinuxException.ThrowIfNegative(
            NativeSocket.setsockopt(
                _socket.Number, NativeSocket.SOL_PACKET, NativeNet.PACKET_ADD_MEMBERSHIP, &membership, (uint)sizeof(NativeNet.PacketMembership)),
            $"set {_name} promiscuous");
    }

    private void ReceiveFailed(int errno)
    {
        switch (errno)
        {
            case Errno.ENETDOWN:
                // Told once by the kernel when the interface goes down or away; the socket goes on by itself when it comes up.
                Trouble(errno);
                break;
            case Errno.EINVAL:
                // A kind of large frame that virtio headers cannot describe (a tunnel's).
                _receiveDropped++;
                break;
            default:
                _receiveDropped++;
                _limiter.Warning($"{_name}: receiving fails: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})");
                break;
        }
    }

    private void SendFailed(int errno)
    {
        _sendDropped++;
        switch (errno)
        {
            case Errno.EAGAIN or Errno.ENOBUFS:
                // The interface's queue is full. As on a wire, the frame is lost and the guest's TCP slows down.
                break;
            case Errno.ENETDOWN or ENXIO or ENODEV:
                Trouble(errno);
                break;
            default:
                _limiter.Warning($"{_name}: a frame of the guest is refused: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}); dropped");
                break;
        }
    }

    private void Trouble(int errno)
    {
        var gone = NativeSocket.if_nametoindex(_name) == 0 || errno is ENXIO or ENODEV;
        var trouble = gone ? "is gone" : "is down";
        if (gone)
            _unbound = true;
        if (_trouble == trouble)
            return;
        _trouble = trouble;
        Log.Warning($"interface {_name} {trouble}: frames of the guest are dropped until it comes back");
    }

    private void Recovered()
    {
        if (_trouble is null || _unbound)
            return;
        Log.Info($"interface {_name} is back; {_sendDropped} frames of the guest were dropped so far");
        _trouble = null;
    }

    /// <summary>An interface of the same name that was made anew is another one to the kernel: bind again.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TryRebind()
    {
        var now = MonotonicClock.Now;
        if (now < _nextRebind)
            return;
        _nextRebind = now + RebindEveryNs;
        var index = NativeSocket.if_nametoindex(_name);
        if (index == 0)
            return;
        try
        {
            Bind((int)index);
            _unbound = false;
        }
        catch (LinuxException e)
        {
            _limiter.Warning(e.Message);
        }
    }
}
