using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using Colo.Linux;
using static Colo.Linux.NativeSocket;

namespace Colo.Link;

/// <summary>Makes and sets up the TCP sockets of the link, and translates addresses.</summary>
internal static unsafe class LinkSocket
{
    internal static FileDescriptor Create(IPEndPoint address) => FileDescriptor.FromResult(
        socket(FamilyOf(address), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket for the link");

    /// <summary>A bound, listening socket.</summary>
    internal static FileDescriptor Listen(IPEndPoint address)
    {
        var fd = Create(address);
        try
        {
            // A restarted node binds at once, while connections of the former one are in TIME_WAIT.
            Set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
            var name = stackalloc byte[AddressLength];
            var length = Write(address, name);
            LinuxException.ThrowIfNegative(bind(fd.Number, name, length), $"bind the link to {address}");
            LinuxException.ThrowIfNegative(listen(fd.Number, 128), $"listen on {address}");
            return fd;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>Sets what every connection has, before or after it is connected.</summary>
    internal static void Configure(FileDescriptor fd, LinkOptions options)
    {
        Set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        // Our own heartbeats say more, sooner, where there are any; the times are for where there are none.
        Set(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
        Set(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)options.IdleProbe.TotalSeconds);
        Set(fd, IPPROTO_TCP, TCP_KEEPINTVL, Math.Max(1, (int)options.IdleProbe.TotalSeconds / 2));
        Set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)options.UserTimeout.TotalMilliseconds);
    }

    /// <summary>Sets what depends on the kind of channel.</summary>
    internal static void Configure(FileDescriptor fd, LinkKind kind)
    {
        if (kind is LinkKind.Checkpoint or LinkKind.Disk)
            return;
        if (kind == LinkKind.Keeper)
            Set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        // After a short break of the path go on at its end, not after an exponential wait; and do not queue behind
        // checkpoint pages and disk data on this host. Both are improvements only: a kernel that lacks them is no error.
        TrySet(fd, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1);
        TrySet(fd, SOL_SOCKET, SO_PRIORITY, 6);
    }

    internal static void Set(FileDescriptor fd, int level, int name, int value) => LinuxException.ThrowIfNegative(
        setsockopt(fd.Number, level, name, &value, sizeof(int)), $"setsockopt {level}/{name} = {value}");

    internal static int PendingError(FileDescriptor fd)
    {
        int error;
        uint length = sizeof(int);
        LinuxException.ThrowIfNegative(getsockopt(fd.Number, SOL_SOCKET, SO_ERROR, &error, &length), "getsockopt SO_ERROR");
        return error;
    }

    internal static IPEndPoint LocalAddress(FileDescriptor fd)
    {
        var name = stackalloc byte[AddressLength];
        uint length = AddressLength;
        LinuxException.ThrowIfNegative(getsockname(fd.Number, name, &length), "getsockname");
        return Read(name);
    }

    internal static void Bind(FileDescriptor fd, IPEndPoint address)
    {
        var name = stackalloc byte[AddressLength];
        var length = Write(address, name);
        LinuxException.ThrowIfNegative(bind(fd.Number, name, length), $"bind the link to {address}");
    }

    /// <summary>Begins to connect; 0, or the errno.</summary>
    internal static int Connect(FileDescriptor fd, IPEndPoint address)
    {
        var name = stackalloc byte[AddressLength];
        var length = Write(address, name);
        return connect(fd.Number, name, length) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>Takes a waiting connection; null with the errno when there is none.</summary>
    internal static FileDescriptor? Accept(FileDescriptor listener, out IPEndPoint address, out int errno)
    {
        var name = stackalloc byte[AddressLength];
        uint length = AddressLength;
        var fd = accept4(listener.Number, name, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        address = fd < 0 ? new IPEndPoint(0, 0) : Read(name);
        return fd < 0 ? null : new FileDescriptor(fd);
    }

    private static int FamilyOf(IPEndPoint address) =>
        address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? AF_INET6 : AF_INET;

    private static void TrySet(FileDescriptor fd, int level, int name, int value) =>
        _ = setsockopt(fd.Number, level, name, &value, sizeof(int));

    // struct sockaddr_in and sockaddr_in6 (netinet/in.h): family in host order, port and address in network order.
    private static uint Write(IPEndPoint address, byte* name)
    {
        var to = new Span<byte>(name, AddressLength);
        to.Clear();
        var family = FamilyOf(address);
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)family);
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)address.Port);
        if (family == AF_INET)
        {
            address.Address.TryWriteBytes(to[4..], out _);
            return 16;
        }

        address.Address.TryWriteBytes(to[8..], out _);
        BinaryPrimitives.WriteUInt32LittleEndian(to[24..], (uint)address.Address.ScopeId);
        return 28;
    }

    private static IPEndPoint Read(byte* name)
    {
        var from = new ReadOnlySpan<byte>(name, AddressLength);
        var port = BinaryPrimitives.ReadUInt16BigEndian(from[2..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(from) == AF_INET)
            return new IPEndPoint(new IPAddress(from.Slice(4, 4)), port);
        var address = new IPAddress(from.Slice(8, 16), BinaryPrimitives.ReadUInt32LittleEndian(from[24..]));
        return new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port);
    }
}
