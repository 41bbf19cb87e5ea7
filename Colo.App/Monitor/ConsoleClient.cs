using System.Net.Sockets;

namespace Colo.Monitor;

/// <summary>A listener at a node's serial console (<see cref="ControlProtocol"/>).</summary>
public sealed class ConsoleClient : IDisposable
{
    private readonly Socket _socket;

    private ConsoleClient(Socket socket, ControlReply reply)
    {
        _socket = socket;
        From = reply.From ?? 0;
        Kept = Math.Max(0, reply.Kept ?? 0);
        Remark = reply.Error;
    }

    /// <summary>Bytes that the guest had sent before the first that comes.</summary>
    public long From { get; }

    /// <summary>Bytes of the guest's earlier output that come first.</summary>
    public int Kept { get; }

    /// <summary>Why what is sent does not reach the guest now; null when it does.</summary>
    public string? Remark { get; }

    /// <summary>Opens the console of the node behind a control socket.</summary>
    /// <exception cref="ControlClientException">No node is running, or it refuses.</exception>
    public static ConsoleClient Open(string path, TimeSpan timeout)
    {
        var socket = ControlClient.Begin(path, new() { Command = "console" }, timeout, out var reply);
        if (reply.Ok)
        {
            socket.ReceiveTimeout = socket.SendTimeout = 0;
            return new ConsoleClient(socket, reply);
        }

        socket.Dispose();
        throw new ControlClientException(reply.Error ?? "the node gave no reason", reply.Exit is > 0 and <= 255 ? reply.Exit : 1);
    }

    /// <summary>What the guest has sent; 0 when the node has closed the console.</summary>
    public int Receive(Span<byte> buffer)
    {
        try
        {
            return _socket.Receive(buffer);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }

    /// <summary>Sends to the guest.</summary>
    /// <returns>False when the node has closed the console.</returns>
    public bool Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
                bytes = bytes[_socket.Send(bytes)..];
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Leaves; a receive that is under way returns.</summary>
    public void Dispose()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The node has left already.
        }

        _socket.Dispose();
    }
}
