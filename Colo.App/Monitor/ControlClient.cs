using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;

namespace Colo.Monitor;

/// <summary>A request got no answer.</summary>
/// <param name="message">For the operator.</param>
/// <param name="exit">Exit status: 4 when no node is running, else 1.</param>
public sealed class ControlClientException(string message, int exit) : IOException(message)
{
    /// <summary>Exit status for the command: 4 when no node is running, else 1.</summary>
    public int Exit => exit;
}

/// <summary>The side of the control socket that asks.</summary>
public static class ControlClient
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    /// <summary>Sends one request and waits for its answer.</summary>
    /// <param name="path">The control socket.</param>
    /// <param name="request">What to ask.</param>
    /// <param name="timeout">Longest wait; infinite for commands that may take long.</param>
    /// <exception cref="ControlClientException">No node is running, or it gave no proper answer.</exception>
    public static ControlReply Send(string path, ControlRequest request, TimeSpan timeout)
    {
        var clock = Stopwatch.StartNew();
        using var socket = Connect(path, timeout);
        return Ask(socket, path, request, timeout, clock, out _);
    }

    /// <summary>Opens the guest's serial console.</summary>
    /// <param name="path">The control socket.</param>
    /// <param name="timeout">Longest wait for the answer.</param>
    /// <param name="first">What of the console came with the answer.</param>
    /// <param name="noInput">Why what is sent does not reach the guest; null when it does.</param>
    /// <returns>The connection: from now on the guest's bytes, both ways, without a time limit.</returns>
    /// <exception cref="ControlClientException">No node is running, or it opens no console now.</exception>
    public static Socket OpenConsole(string path, TimeSpan timeout, out byte[] first, out string? noInput)
    {
        var clock = Stopwatch.StartNew();
        var socket = Connect(path, timeout);
        try
        {
            var reply = Ask(socket, path, new() { Command = "console" }, timeout, clock, out first);
            if (!reply.Ok)
                throw new ControlClientException(reply.Error ?? "the node opens no console and gave no reason", 1);
            noInput = reply.Error;
            socket.ReceiveTimeout = socket.SendTimeout = 0;
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static ControlReply Ask(Socket socket, string path, ControlRequest request, TimeSpan timeout, Stopwatch clock, out byte[] rest)
    {
        try
        {
            socket.SendTimeout = Remaining(timeout, clock);
            socket.Send(ControlProtocol.Line(request, MonitorJson.Default.ControlRequest));
            var line = ReadLine(socket, path, timeout, clock, out rest);
            return JsonSerializer.Deserialize(line, MonitorJson.Default.ControlReply)
                ?? throw new JsonException("null");
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock or SocketError.TryAgain)
        {
            throw new ControlClientException($"the node at {path} did not answer within {timeout.TotalSeconds:0.#} s", 1);
        }
        catch (SocketException e)
        {
            throw new ControlClientException($"the connection to the node at {path} broke: {e.Message}", 1);
        }
        catch (JsonException)
        {
            throw new ControlClientException($"what answers at {path} is no colo node", 1);
        }
    }

    /// <summary>The status in an answer; null when there is none or it cannot be read.</summary>
    public static NodeStatus? ReadStatus(ControlReply reply)
    {
        try
        {
            return reply.Status is { ValueKind: JsonValueKind.Object } status
                ? status.Deserialize(MonitorJson.Default.NodeStatus)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Socket Connect(string path, TimeSpan timeout)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (!File.Exists(path))
                throw new ControlClientException($"no node is running at {path}", 4);
            // Limits the connect, too: it waits when the node has stopped accepting and its backlog is full.
            socket.SendTimeout = timeout == Timeout.InfiniteTimeSpan ? (int)ConnectLimit.TotalMilliseconds : (int)timeout.TotalMilliseconds;
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw e.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => new ControlClientException($"no node is running at {path} (its socket is left over)", 4),
                SocketError.WouldBlock or SocketError.TryAgain or SocketError.TimedOut => new ControlClientException($"the node at {path} does not answer", 1),
                SocketError.AccessDenied => new ControlClientException($"{path}: permission denied; be root, the node's user or a member of the socket's group", 1),
                _ => new ControlClientException($"{path}: {e.Message}", 1),
            };
        }
        catch (Exception e) when (e is ArgumentException or ControlClientException)
        {
            socket.Dispose();
            throw e as ControlClientException ?? new ControlClientException($"{path}: {e.Message}", 1);
        }
    }

    private static byte[] ReadLine(Socket socket, string path, TimeSpan timeout, Stopwatch clock, out byte[] rest)
    {
        var line = new List<byte>();
        var buffer = new byte[16384];
        while (true)
        {
            socket.ReceiveTimeout = Remaining(timeout, clock);
            var length = socket.Receive(buffer);
            if (length == 0)
                throw new ControlClientException($"the node at {path} ended without an answer", 1);
            var end = buffer.AsSpan(0, length).IndexOf((byte)'\n');
            line.AddRange(buffer.AsSpan(0, end < 0 ? length : end));
            if (line.Count > ControlProtocol.ReplyLimit)
                throw new JsonException("too long");
            if (end >= 0)
            {
                rest = buffer[(end + 1)..length];
                return [.. line];
            }
        }
    }

    // For SO_RCVTIMEO, where 0 means for ever.
    private static int Remaining(TimeSpan timeout, Stopwatch clock) =>
        timeout == Timeout.InfiniteTimeSpan ? 0 : Math.Max(1, (int)(timeout - clock.Elapsed).TotalMilliseconds);
}
