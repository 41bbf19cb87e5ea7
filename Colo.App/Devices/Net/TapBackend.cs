using System.Globalization;
using System.Runtime.InteropServices;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Devices.Net;

/// <summary>
/// A virtual NIC behind a tap interface of the host (Documentation/networking/tuntap.rst), which is made if there is
/// none of that name. The kernel segments and checksums what the guest does not take.
/// <para>Safe because every buffer given to the kernel is pinned for the call and its length is the span's.</para>
/// </summary>
public sealed unsafe class TapBackend : INetworkBackend, IOffloadBackend
{
    private const int EPERM = 1;
    private const int EBADFD = 77;
    private const int NameMaximum = 15;

    private readonly string _name;
    private readonly FileDescriptor _tap;
    private readonly LogLimiter _limiter = new();
    private long _receiveDropped;
    private long _sendDropped;
    private bool _down;
    private EventFd? _inert;

    /// <summary>Opens a tap interface, or makes it and sets it up.</summary>
    /// <param name="name">The interface, up to 15 characters.</param>
    /// <param name="mac">The guest's MAC address: the kernel passes on only unicast for it, and all multicast.</param>
    /// <exception cref="NetworkBackendException">No permission, busy, or not a tap; the message names the mend.</exception>
    public TapBackend(string name, ReadOnlySpan<byte> mac)
    {
        if (mac.Length != 6)
            throw new ArgumentException("a MAC address has six bytes", nameof(mac));
        _name = name;
        var existed = NativeSocket.if_nametoindex(name) != 0;
        _tap = OpenDevice(name);
        try
        {
            if (Attach(_tap.Number, name, existed, (short)(NativeNet.IFF_TAP | NativeNet.IFF_NO_PI | NativeNet.IFF_VNET_HDR)) == Errno.EBUSY)
                throw new NetworkBackendException($"tap:{name}: another process uses this tap");
            var size = VirtioNetHeader.Size;
            LinuxException.ThrowIfNegative(NativeSocket.ioctl(_tap.Number, NativeNet.TUNSETVNETHDRSZ, &size), $"tap:{name}: TUNSETVNETHDRSZ");
            SetReceiveOffloads(NetworkOffloads.None);
            SetFilter(mac);
            if (!existed)
                SetUp();
        }
        catch
        {
            _tap.Dispose();
            throw;
        }
    }

    private TapBackend(FileDescriptor tap)
    {
        _name = $"descriptor {tap.Number}";
        _tap = tap;
    }

    /// <summary>
    /// Whether a tap that is there can be opened by this process: attaches to it as it is, and lets it go. Nothing that would stay
    /// is set: neither the filter, nor the size of headers, nor the flags.
    /// </summary>
    /// <exception cref="LinuxException">EBUSY: another process uses it.</exception>
    /// <exception cref="IOException">It cannot be opened; the message names the mend.</exception>
    internal static void Try(string name)
    {
        using var device = OpenDevice(name);
        if (Attach(device.Number, name, existed: true, FlagsOf(name)) == Errno.EBUSY)
            throw new LinuxException($"tap:{name}", Errno.EBUSY);
    }

    /// <summary>The flags that an interface has, of those that a node sets too; others would be refused to it.</summary>
    private static short FlagsOf(string name)
    {
        const int multiQueue = 0x100;
        try
        {
            var text = File.ReadAllText($"/sys/class/net/{name}/tun_flags").Trim();
            var flags = int.Parse(text.Replace("0x", "", StringComparison.Ordinal), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if ((flags & (NativeNet.IFF_TAP | multiQueue)) == NativeNet.IFF_TAP)
                return (short)(flags & (NativeNet.IFF_TAP | NativeNet.IFF_NO_PI | NativeNet.IFF_VNET_HDR));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            // No tun_flags: it is another kind of interface.
        }

        throw NoTap(name);
    }

    private static NetworkBackendException NoTap(string name) => new(
        $"tap:{name}: '{name}' is not a tap interface, or one with multiple queues; make one: ip tuntap add dev NAME mode tap user USER");

    /// <summary>Goes on with the tap of another process, where that one stopped to read.</summary>
    public static TapBackend Adopt(FileDescriptor tap) => new(tap);

    /// <inheritdoc/>
    public int Descriptor => _tap.Number;

    /// <inheritdoc/>
    public NetworkOffloads Offloads => NetworkOffloads.AllTcp | (KernelHasUso ? NetworkOffloads.All : 0);

    /// <inheritdoc/>
    public BackendStatistics Statistics => new(Volatile.Read(ref _receiveDropped), Volatile.Read(ref _sendDropped));

    // UDP segmentation through virtio headers came with Linux 6.2.
    private static bool KernelHasUso { get; } = Environment.OSVersion.Version >= new Version(6, 2);

    /// <inheritdoc/>
    public void SetReceiveOffloads(NetworkOffloads taken)
    {
        uint flags = 0;
        if ((taken & NetworkOffloads.ReceiveChecksum) != 0)
        {
            flags = NativeNet.TUN_F_CSUM
                | Flag(NetworkOffloads.ReceiveTso4, NativeNet.TUN_F_TSO4)
                | Flag(NetworkOffloads.ReceiveTso6, NativeNet.TUN_F_TSO6);
            if ((flags & (NativeNet.TUN_F_TSO4 | NativeNet.TUN_F_TSO6)) != 0)
                flags |= Flag(NetworkOffloads.ReceiveEcn, NativeNet.TUN_F_TSO_ECN);
            // The kernel takes both USO flags or none.
            if ((taken & NetworkOffloads.ReceiveUso4) != 0 && (taken & NetworkOffloads.ReceiveUso6) != 0)
                flags |= NativeNet.TUN_F_USO4 | NativeNet.TUN_F_USO6;
        }

        if (NativeSocket.ioctl(_tap.Number, NativeNet.TUNSETOFFLOAD, (void*)flags) < 0)
        {
            // Without it the kernel keeps the earlier setting, and the virtual NIC finishes frames in software.
            _limiter.Warning($"tap {_name}: offloads {flags:x} are refused: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }

        uint Flag(NetworkOffloads offload, uint flag) => (taken & offload) != 0 ? flag : 0;
    }

    /// <inheritdoc/>
    public bool TryReceive(Span<byte> frame, out int length)
    {
        length = 0;
        while (_inert is null)
        {
            nint got;
            fixed (byte* start = frame)
                got = Native.read(_tap.Number, start, (nuint)frame.Length);
            length = (int)Math.Max(0, got);
            if (got >= VirtioNetHeader.Size + FrameLayout.EthernetHeader)
                return true;
            if (got >= 0)
            {
                _receiveDropped++;
                continue;
            }

            var errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EINTR)
                continue;
            if (errno == Errno.EINVAL)
            {
                // A frame that does not fit or that virtio headers cannot describe; it is gone.
                _receiveDropped++;
                continue;
            }

            if (errno != Errno.EAGAIN)
                Failed(errno);
            return false;
        }

        return false;
    }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame)
    {
        if (_inert is not null)
        {
            _sendDropped++;
            return;
        }

        while (true)
        {
            nint sent;
            fixed (byte* start = frame)
                sent = Native.write(_tap.Number, start, (nuint)frame.Length);
            if (sent >= 0)
            {
                if (_down)
                    Log.Info($"interface {_name} is back; {_sendDropped} frames of the guest were dropped so far");
                _down = false;
                return;
            }

            var errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EINTR)
                continue;
            _sendDropped++;
            if (errno is not (Errno.EAGAIN or Errno.ENOBUFS))
                Failed(errno);
            return;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tap.Dispose();
        _inert?.Dispose();
    }

    private static void SetName(NativeNet.InterfaceRequest* request, string name)
    {
        for (var i = 0; i < Math.Min(name.Length, NameMaximum); i++)
            request->Name[i] = (byte)name[i];
    }

    private static FileDescriptor OpenDevice(string name)
    {
        var fd = NativeFile.open("/dev/net/tun", NativeFile.O_RDWR | NativeFile.O_NONBLOCK | NativeFile.O_CLOEXEC, 0);
        if (fd >= 0)
            return new FileDescriptor(fd);
        var errno = Marshal.GetLastPInvokeError();
        throw errno switch
        {
            Errno.ENOENT => new NetworkBackendException($"tap:{name}: there is no /dev/net/tun (modprobe tun)"),
            Errno.EACCES or EPERM => new NetworkBackendException(
                $"tap:{name}: no permission to open /dev/net/tun; its mode is 0666 as udev makes it (chmod 666 /dev/net/tun), or run as root"),
            _ => new LinuxException("open /dev/net/tun", errno),
        };
    }

    /// <returns>0, or EBUSY.</returns>
    private static int Attach(int fd, string name, bool existed, short flags)
    {
        NativeNet.InterfaceRequest request = default;
        SetName(&request, name);
        request.Flags = flags;
        if (NativeSocket.ioctl(fd, NativeNet.TUNSETIFF, &request) >= 0)
            return 0;
        var errno = Marshal.GetLastPInvokeError();
        return errno switch
        {
            Errno.EBUSY => errno,
            EPERM => throw new NetworkBackendException(existed
                ? $"tap:{name}: no permission to use this tap; run as root, or make it with: ip tuntap add dev {name} mode tap user USER"
                : $"tap:{name}: no permission to make a tap; run as root or with CAP_NET_ADMIN"),
            Errno.EINVAL when existed => throw NoTap(name),
            _ => throw new LinuxException($"tap:{name}: TUNSETIFF", errno),
        };
    }

    private void SetFilter(ReadOnlySpan<byte> mac)
    {
        // struct tun_filter: flags (TUN_FLT_ALLMULTI 1), count, addresses.
        var filter = stackalloc byte[10];
        filter[0] = 1;
        filter[2] = 1;
        mac.CopyTo(new Span<byte>(filter + 4, 6));
        LinuxException.ThrowIfNegative(NativeSocket.ioctl(_tap.Number, NativeNet.TUNSETTXFILTER, filter), $"tap:{_name}: TUNSETTXFILTER");
    }

    private void SetUp()
    {
        using var socket = FileDescriptor.FromResult(
            NativeSocket.socket(NativeSocket.AF_INET, NativeSocket.SOCK_DGRAM | NativeSocket.SOCK_CLOEXEC, 0), "socket");
        NativeNet.InterfaceRequest request = default;
        SetName(&request, _name);
        LinuxException.ThrowIfNegative(NativeSocket.ioctl(socket.Number, NativeNet.SIOCGIFFLAGS, &request), $"tap:{_name}: SIOCGIFFLAGS");
        request.Flags |= NativeNet.IFF_UP;
        LinuxException.ThrowIfNegative(NativeSocket.ioctl(socket.Number, NativeNet.SIOCSIFFLAGS, &request), $"tap:{_name}: set up");
    }

    /// <summary>
    /// The interface was deleted under us. Its descriptor would be ready with an error for ever and keep the loop
    /// busy: something that is never ready takes its number.
    /// </summary>
    private void Gone()
    {
        if (_inert is not null)
            return;
        _inert = new EventFd();
        _ = NativeNet.dup3(_inert.Number, _tap.Number, NativeFile.O_CLOEXEC);
        Log.Error($"tap {_name} is gone: the guest is without this network until the node is started again");
    }

    private void Failed(int errno)
    {
        if (errno == EBADFD)
        {
            Gone();
        }
        else if (errno == NativeFile.EIO)
        {
            if (!_down)
                Log.Warning($"tap {_name} is down: frames of the guest are dropped until it is up again");
            _down = true;
        }
        else
        {
            _limiter.Warning($"tap {_name}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}); a frame is dropped");
        }
    }
}
