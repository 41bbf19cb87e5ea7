using System.Net;
using System.Net.Sockets;
using Colo.Checkpoint;
using Colo.Memory;

namespace Colo.Tests.Checkpoint;

/// <summary>A checkpoint stream over blocking TCP on loopback.</summary>
internal sealed unsafe class SocketCheckpointStream(Socket socket) : ICheckpointStream, IDisposable
{
    /// <summary>Called after the bytes of each <see cref="Send"/> are with the kernel.</summary>
    internal Action<byte[]>? Sent { get; set; }

    internal static (SocketCheckpointStream Sender, SocketCheckpointStream Receiver) Pair()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var a = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        a.Connect(listener.LocalEndPoint!);
        return (new(a), new(listener.Accept()));
    }

    public void SendPages(ReadOnlySpan<byte> head, ReadOnlySpan<nint> pages)
    {
        All(head);
        foreach (var page in pages)
            All(new ReadOnlySpan<byte>((void*)page, GuestMemory.PageSize));
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        All(bytes);
        Sent?.Invoke(bytes.ToArray());
    }

    public void Receive(Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var got = Try(bytes, static (s, b) => s.Receive(b));
            if (got == 0)
                throw new EndOfStreamException("closed by the peer");
            bytes = bytes[got..];
        }
    }

    public void Abort()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Over already.
        }
    }

    public void Dispose() => socket.Dispose();

    private delegate int Call(Socket socket, Span<byte> bytes);

    private int Try(Span<byte> bytes, Call call)
    {
        try
        {
            return call(socket, bytes);
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private void All(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
                bytes = bytes[socket.Send(bytes)..];
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
