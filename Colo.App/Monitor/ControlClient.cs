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
        Begin(path, request, timeout, out var reply).Dispose();
        return reply;
    }

    /// <summary>As <see cref="Send"/>, and the connection stays open.</summary>
    internal static Socket Begin(string path, ControlRequest request, TimeSpan timeout, out ControlReply reply)
    {
        var socket = Connect(path, timeout);
        try
        {
            reply = Ask(socket, path, request, timeout);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static ControlReply Ask(Socket socket, string path, ControlRequest request, TimeSpan timeout)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            socket.SendTimeout = Remaining(timeout, clock);
            socket.Send(ControlProtocol.Line(request, MonitorJson.Default.ControlRequest));
            var line = ReadLine(socket, path, timeout, clock);
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
                ? Whole(status.Deserialize(MonitorJson.Default.NodeStatus)!)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // What an older node does not say is null after reading, whatever the default.
    private static NodeStatus Whole(NodeStatus s) => s with
    {
        Vm = s.Vm ?? "",
        Version = s.Version ?? "",
        Role = s.Role ?? "",
        State = s.State ?? "",
        Peer = s.Peer ?? new(),
        Checkpoint = (s.Checkpoint ?? new()) with { ByReason = s.Checkpoint?.ByReason ?? new() },
        Compare = s.Compare ?? new(),
        Disk = s.Disk ?? [],
        Nic = s.Nic ?? [],
        Failover = (s.Failover ?? new()) with { History = s.Failover?.History ?? [] },
        Guests = (s.Guests ?? new()) with { Here = s.Guests?.Here ?? "unknown", There = s.Guests?.There ?? "unknown" },
    };

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

    private static byte[] ReadLine(Socket socket, string path, TimeSpan timeout, Stopwatch clock)
    {
        var line = new List<byte>();
        var buffer = new byte[16384];
        while (true)
        {
            socket.ReceiveTimeout = Remaining(timeout, clock);
            // What follows the line stays in the socket: after "console" it is the guest's.
            var length = socket.Receive(buffer, SocketFlags.Peek);
            if (length == 0)
                throw new ControlClientException($"the node at {path} ended without an answer", 1);
            var end = buffer.AsSpan(0, length).IndexOf((byte)'\n');
            _ = socket.Receive(buffer.AsSpan(0, end < 0 ? length : end + 1));
            line.AddRange(buffer.AsSpan(0, end < 0 ? length : end));
            if (line.Count > ControlProtocol.ReplyLimit)
                throw new JsonException("too long");
            if (end >= 0)
                return [.. line];
        }
    }

    // For SO_RCVTIMEO, where 0 means for ever.
    private static int Remaining(TimeSpan timeout, Stopwatch clock) =>
        timeout == Timeout.InfiniteTimeSpan ? 0 : Math.Max(1, (int)(timeout - clock.Elapsed).TotalMilliseconds);
}
