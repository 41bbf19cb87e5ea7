using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Block.Nbd;

/// <summary>Accepts connections to an NBD server on a Unix socket or a TCP port. All members are for the loop's thread, or before it runs.</summary>
public sealed unsafe class NbdListener : IEventHandler, IDisposable
{
    private const int Backlog = 128;
    private const int AddressRoom = 128;

    private readonly EventLoop _loop;
    private readonly Action<NbdSocket, string> _accepted;
    private readonly FileDescriptor _fd;
    private readonly LoopTimer _retry;
    private readonly LogLimiter _log = new();
    private long _count;
    private bool _disposed;

    /// <summary>Listens. A Unix socket has mode 0600; one that nobody listens on is replaced.</summary>
    /// <param name="address">Where.</param>
    /// <param name="loop">Who waits for connections.</param>
    /// <param name="accepted">Gets each connection, and who it is.</param>
    /// <exception cref="IOException">The place is taken or not fit; the message names it.</exception>
    public NbdListener(NbdAddress address, EventLoop loop, Action<NbdSocket, string> accepted)
    {
        _loop = loop;
        _accepted = accepted;
        _fd = address is NbdAddress.Unix unix ? NbdSocketFile.Listen(unix, Backlog) : Listen(address, Backlog);
        Address = address;
        try
        {
            if (address is NbdAddress.Tcp { Port: 0 } tcp)
                Address = tcp with { Port = LocalPort() };
            _retry = loop.AddTimer(() => _loop.Add(_fd.Number, EventLoop.Readable, this));
            loop.Add(_fd.Number, EventLoop.Readable, this);
        }
        catch
        {
            _fd.Dispose();
            throw;
        }
    }

    /// <summary>Where it listens, with the port that the system chose.</summary>
    public NbdAddress Address { get; }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        var address = stackalloc byte[AddressRoom];
        // Few in one round: the connections that are there have their turn.
        for (var left = 16; left > 0; left--)
        {
            uint length = AddressRoom;
            var fd = NativeSocket.accept4(_fd.Number, address, &length, NativeSocket.SOCK_NONBLOCK | NativeSocket.SOCK_CLOEXEC);
            if (fd >= 0)
            {
                _accepted(new NbdSocket(new FileDescriptor(fd)), Name(new ReadOnlySpan<byte>(address, (int)Math.Min(length, AddressRoom))));
                continue;
            }

            var errno = Marshal.GetLastPInvokeError();
            if (errno is NativeSocket.EMFILE or NativeSocket.ENFILE or Errno.ENOBUFS or Errno.ENOMEM)
            {
                // The connection stays in the queue and would wake the loop without end.
                _log.Warning($"nbd: {new LinuxException("accept", errno).Message}; trying again in a second");
                _loop.Remove(_fd.Number);
                _retry.SetAfter(TimeSpan.FromSeconds(1));
                return;
            }

            // Whatever else: that connection is gone, or none is left.
            if (errno == Errno.EAGAIN)
                return;
        }
    }

    /// <summary>Stops listening and removes the socket's name.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _retry.Dispose();
        _loop.Remove(_fd.Number);
        // The name first: whoever finds it gone makes a new one, and that must not be removed.
        if (Address is NbdAddress.Unix unix)
            NbdSocketFile.Remove(unix.Path);
        _fd.Dispose();
    }

    internal static FileDescriptor Listen(NbdAddress address, int backlog, Action? bound = null)
    {
        var fd = FileDescriptor.FromResult(
            NativeSocket.socket(
                address.EndPoint.AddressFamily.ToNative(), NativeSocket.SOCK_STREAM | NativeSocket.SOCK_NONBLOCK | NativeSocket.SOCK_CLOEXEC, 0),
            "make an NBD socket");
        try
        {
            var one = 1;
            if (address is NbdAddress.Tcp)
                _ = NativeSocket.setsockopt(fd.Number, NativeSocket.SOL_SOCKET, NativeSocket.SO_REUSEADDR, &one, sizeof(int));
            var place = address.EndPoint.Serialize();
            fixed (byte* bytes = place.Buffer.Span)
                LinuxException.ThrowIfNegative(NativeSocket.bind(fd.Number, bytes, (uint)place.Size), $"listen on {address.Place}");
            bound?.Invoke();
            LinuxException.ThrowIfNegative(NativeSocket.listen(fd.Number, backlog), $"listen on {address.Place}");
            return fd;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    private string Name(ReadOnlySpan<byte> address)
    {
        _count++;
        if (Address is not NbdAddress.Tcp tcp)
            return string.Create(CultureInfo.InvariantCulture, $"client {_count}");
        var any = new SocketAddress(tcp.Address.AddressFamily, Math.Max(address.Length, 16));
        address.CopyTo(any.Buffer.Span);
        return string.Create(CultureInfo.InvariantCulture, $"client {_count} at {tcp.EndPoint.Create(any)}");
    }

    private int LocalPort()
    {
        var address = stackalloc byte[AddressRoom];
        uint length = AddressRoom;
        LinuxException.ThrowIfNegative(NativeSocket.getsockname(_fd.Number, address, &length), "getsockname");
        // The port stands at the same place for both families, in network order (netinet/in.h).
        return (address[2] << 8) | address[3];
    }
}
