using System.Net.Sockets;
using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block.Nbd;

/// <summary>
/// A connected stream that carries NBD: a socket, or one that seals what it carries. Whoever made it has authenticated
/// the peer; NBD asks for no key. Non-blocking. Used on one thread at a time.
/// </summary>
public unsafe interface INbdTransport : IDisposable
{
    /// <summary>What an event loop watches. Receiving is tried before waiting: bytes may be here that the descriptor knows nothing of.</summary>
    int Descriptor { get; }

    /// <summary>Receives into scattered memory.</summary>
    /// <returns>
    /// Bytes received, above 0; 0 at the end of the stream; else a negative errno, -EAGAIN when nothing is there, -EBADMSG
    /// when what came is not what the peer sent.
    /// </returns>
    nint Receive(BlockVector* into, int count);

    /// <summary>Sends scattered memory.</summary>
    /// <returns>Bytes taken, whose memory is not needed any more; else a negative errno, -EAGAIN when there is no room.</returns>
    nint Send(BlockVector* from, int count);

    /// <summary>
    /// Whether bytes that <see cref="Send"/> took have not gone out. Whoever uses the transport then waits for room and
    /// calls <see cref="Flush"/> or <see cref="Send"/>: nothing else takes them on.
    /// </summary>
    bool SendPending { get; }

    /// <summary>Sends what is pending.</summary>
    /// <returns>0 when nothing is pending any more; else a negative errno, -EAGAIN when there is no room.</returns>
    nint Flush();
}

/// <summary>A stream socket, Unix or TCP, as it is.</summary>
public sealed unsafe class NbdSocket : INbdTransport
{
    private readonly FileDescriptor _fd;
    private readonly Action? _closed;

    /// <summary>Takes a connected stream socket.</summary>
    /// <param name="fd">Belongs to this object from now on. Whether it is non-blocking does not matter.</param>
    /// <param name="closed">Called when it is closed.</param>
    public NbdSocket(FileDescriptor fd, Action? closed = null)
    {
        _fd = fd;
        _closed = closed;
        // Each fails where it does not apply, or is cut to the system's limit: neither does harm.
        Set(NativeSocket.IPPROTO_TCP, NativeSocket.TCP_NODELAY, 1);
        Set(NativeSocket.SOL_SOCKET, NativeSocket.SO_KEEPALIVE, 1);
        int family;
        uint length = sizeof(int);
        const int soDomain = 39, unix = 1;
        // TCP sizes its own buffers, and better; those of a Unix socket are small.
        if (NativeSocket.getsockopt(fd.Number, NativeSocket.SOL_SOCKET, soDomain, &family, &length) == 0 && family == unix)
        {
            Set(NativeSocket.SOL_SOCKET, NativeSocket.SO_SNDBUF, 1 << 20);
            Set(NativeSocket.SOL_SOCKET, NativeSocket.SO_RCVBUF, 1 << 20);
        }
    }

    /// <inheritdoc/>
    public int Descriptor => _fd.Number;

    /// <inheritdoc/>
    public nint Receive(BlockVector* into, int count)
    {
        NativeSocket.MessageHeader message = default;
        message.Vectors = into;
        message.VectorCount = (nuint)count;
        while (true)
        {
            var received = NativeSocket.recvmsg(_fd.Number, &message, NativeSocket.MSG_DONTWAIT);
            if (received >= 0)
                return received;
            var errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR)
                return -errno;
        }
    }

    /// <inheritdoc/>
    public nint Send(BlockVector* from, int count)
    {
        NativeSocket.MessageHeader message = default;
        message.Vectors = from;
        message.VectorCount = (nuint)count;
        while (true)
        {
            var sent = NativeSocket.sendmsg(_fd.Number, &message, NativeSocket.MSG_DONTWAIT | NativeSocket.MSG_NOSIGNAL);
            if (sent >= 0)
                return sent;
            var errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR)
                return -errno;
        }
    }

    /// <inheritdoc/>
    public bool SendPending => false;

    /// <inheritdoc/>
    public nint Flush() => 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        _fd.Dispose();
        _closed?.Invoke();
    }

    /// <summary>Gives the socket away; this object is then closed.</summary>
    internal SafeSocketHandle Release()
    {
        var number = _fd.Number;
        _fd.SetHandleAsInvalid();
        return new SafeSocketHandle(number, ownsHandle: true);
    }

    private void Set(int level, int name, int value) => _ = NativeSocket.setsockopt(_fd.Number, level, name, &value, sizeof(int));
}
