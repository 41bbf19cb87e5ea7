using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block.Nbd;

/// <summary>Where an NBD server listens.</summary>
public abstract record NbdAddress
{
    private NbdAddress()
    {
    }

    /// <summary>The address as NBD clients take it (doc/uri.md), for the default export.</summary>
    public string Uri => UriWith(tls: false);

    /// <summary>As <see cref="Uri"/>.</summary>
    /// <param name="tls">Whether the client is to insist on TLS.</param>
    public abstract string UriWith(bool tls);

    /// <summary>The address as messages name it.</summary>
    internal abstract string Place { get; }

    internal abstract EndPoint EndPoint { get; }

    /// <summary>Connects, waiting for at most <paramref name="limit"/>.</summary>
    /// <exception cref="LinuxException">Nobody listens there, or does not answer in time.</exception>
    public unsafe NbdSocket Connect(TimeSpan limit)
    {
        var fd = FileDescriptor.FromResult(
            NativeSocket.socket(EndPoint.AddressFamily.ToNative(), NativeSocket.SOCK_STREAM | NativeSocket.SOCK_NONBLOCK | NativeSocket.SOCK_CLOEXEC, 0),
            "make an NBD socket");
        try
        {
            var address = EndPoint.Serialize();
            int result;
            fixed (byte* bytes = address.Buffer.Span)
                result = NativeSocket.connect(fd.Number, bytes, (uint)address.Size);
            if (result < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                // A Unix socket whose queue is full says EAGAIN and is not connecting.
                if (errno != Errno.EINPROGRESS)
                    throw new LinuxException($"connect to {Place}", errno);
                WaitConnected(fd, limit);
            }

            return new NbdSocket(fd);
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    private unsafe void WaitConnected(FileDescriptor fd, TimeSpan limit)
    {
        var deadline = MonotonicClock.Now + (limit.Ticks * 100);
        while (true)
        {
            var descriptor = new NativeSocket.PollDescriptor { Fd = fd.Number, Events = NativeSocket.POLLOUT };
            var left = Math.Max(0, (deadline - MonotonicClock.Now + 999_999) / 1_000_000);
            var ready = NativeSocket.poll(&descriptor, 1, (int)Math.Min(left, int.MaxValue));
            if (ready == 0)
                throw new LinuxException($"connect to {Place}", NativeSocket.ETIMEDOUT);
            if (ready < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
                throw LinuxException.FromLastError($"connect to {Place}");
            if (ready <= 0)
                continue;
            int error;
            uint length = sizeof(int);
            LinuxException.ThrowIfNegative(NativeSocket.getsockopt(fd.Number, NativeSocket.SOL_SOCKET, NativeSocket.SO_ERROR, &error, &length), "getsockopt");
            if (error != 0)
                throw new LinuxException($"connect to {Place}", error);
            return;
        }
    }

    /// <summary>A Unix stream socket.</summary>
    /// <param name="Path">Its name in the file system, at most 107 bytes.</param>
    public sealed record Unix(string Path) : NbdAddress
    {
        /// <inheritdoc/>
        public override string UriWith(bool tls) => $"nbd{(tls ? "s" : "")}+unix:///?socket={System.Uri.EscapeDataString(Path).Replace("%2F", "/", StringComparison.Ordinal)}";

        internal override string Place => Path;

        internal override EndPoint EndPoint => new UnixDomainSocketEndPoint(Path);
    }

    /// <summary>A TCP port.</summary>
    /// <param name="Address">IPv4 or IPv6.</param>
    /// <param name="Port">1 to 65535; for a listener also 0, which the system chooses.</param>
    public sealed record Tcp(IPAddress Address, int Port) : NbdAddress
    {
        /// <summary>The port that IANA has given to NBD.</summary>
        public const int DefaultPort = 10809;

        /// <inheritdoc/>
        public override string UriWith(bool tls) => $"nbd{(tls ? "s" : "")}://{new IPEndPoint(Address, Port)}";

        internal override string Place => new IPEndPoint(Address, Port).ToString();

        internal override EndPoint EndPoint => new IPEndPoint(Address, Port);
    }
}

/// <summary>Numbers of address families.</summary>
internal static class AddressFamilies
{
    /// <summary>The kernel's number of a family (bits/socket.h).</summary>
    internal static int ToNative(this AddressFamily family) => family switch
    {
        AddressFamily.Unix => 1,
        AddressFamily.InterNetwork => 2,
        AddressFamily.InterNetworkV6 => 10,
        _ => throw new LinuxException($"address family {family}", NativeSocket.EAFNOSUPPORT),
    };
}
