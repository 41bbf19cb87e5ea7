using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;

namespace Colo.Monitor;

/// <summary>One client of the control socket, served by a thread of its own until it leaves or breaks the rules.</summary>
internal sealed class ControlConnection
{
    private readonly ControlServer _server;
    private readonly Socket _socket;
    private readonly INodeControl _node;
    private readonly TimeSpan _patience;
    private readonly Thread _thread;
    private readonly byte[] _buffer = new byte[ControlProtocol.RequestLimit];
    private readonly Lock _gate = new();
    private int _length;
    private long _idleSince = Stopwatch.GetTimestamp();
    private bool _closing;
    private bool _isConsole;
    private long _consoleFrom;

    internal ControlConnection(ControlServer server, Socket socket, PeerCredentials peer, INodeControl node, TimeSpan patience)
    {
        _server = server;
        _socket = socket;
        Peer = peer;
        _node = node;
        _patience = patience;
        _thread = new Thread(Serve) { Name = "control client", IsBackground = true };
    }

    internal PeerCredentials Peer { get; }

    /// <summary>When the client was last answered or came; the far future while a command of it is under way.</summary>
    internal long IdleSince => Volatile.Read(ref _idleSince);

    internal void Start() => _thread.Start();

    /// <summary>Ends the connection at once; a receive that is under way returns.</summary>
    internal void Close() => _socket.Dispose();

    /// <summary>Ends the connection now, or after the command that is under way was answered.</summary>
    internal void CloseWhenIdle()
    {
        lock (_gate)
        {
            _closing = true;
            if (_isConsole || IdleSince != long.MaxValue)
                Close();
        }
    }

    /// <summary>Ends the connection if it is a console.</summary>
    internal void CloseConsole()
    {
        if (Volatile.Read(ref _isConsole))
            Close();
    }

    internal void Join(TimeSpan limit) => _thread.Join(limit);

    private void Serve()
    {
        try
        {
            _socket.SendTimeout = (int)_patience.TotalMilliseconds;
            while (ReadLine() is { } line && Begin())
            {
                var reply = Answer(line, out var malformed);
                if (_isConsole)
                {
                    // What came behind the request is for the guest already.
                    _node.Console.Serve(_socket, ControlProtocol.Line(reply, MonitorJson.Default.ControlReply), _consoleFrom, _buffer[.._length]);
                    break;
                }

                Send(reply);
                if (malformed)
                    break;
                lock (_gate)
                {
                    Volatile.Write(ref _idleSince, Stopwatch.GetTimestamp());
                    if (_closing)
                        break;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client has gone, reads nothing or was closed: nobody else is concerned.
        }
        finally
        {
            _socket.Dispose();
            _server.Leave(this);
        }
    }

    private bool Begin()
    {
        lock (_gate)
        {
            if (_closing)
                return false;
            Volatile.Write(ref _idleSince, long.MaxValue);
            return true;
        }
    }

    /// <summary>The next request without its line end; null when the client left or broke the rules.</summary>
    private byte[]? ReadLine()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var end = _buffer.AsSpan(0, _length).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = _buffer[..end];
                _buffer.AsSpan(end + 1, _length - end - 1).CopyTo(_buffer);
                _length -= end + 1;
                return line;
            }

            if (_length == _buffer.Length)
            {
                Refuse($"a request longer than {ControlProtocol.RequestLimit} bytes");
                return null;
            }

            // One limit for the whole line: a byte now and then does not keep a place.
            var remaining = (int)(_patience - clock.Elapsed).TotalMilliseconds;
            if (remaining <= 0 || !Receive(remaining, out var received))
            {
                if (_length > 0)
                    Refuse($"no whole request within {_patience.TotalSeconds:0.#} s");
                return null;
            }

            if (received == 0)
                return null;
            _length += received;
        }
    }

    private bool Receive(int timeoutMilliseconds, out int received)
    {
        received = 0;
        try
        {
            _socket.ReceiveTimeout = timeoutMilliseconds;
            received = _socket.Receive(_buffer.AsSpan(_length));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            return false;
        }
    }

    private void Refuse(string why)
    {
        _server.Warn($"control socket: process {Peer.Pid} of user {Peer.Uid} closed: {why}");
        Send(new() { Error = why, Exit = 2 });
    }

    private void Send(ControlReply reply) =>
        _socket.Send(ControlProtocol.Line(reply, MonitorJson.Default.ControlReply));

    private ControlReply Answer(ReadOnlySpan<byte> line, out bool malformed)
    {
        malformed = false;
        ControlRequest? request = null;
        try
        {
            request = JsonSerializer.Deserialize(line, MonitorJson.Default.ControlRequest);
        }
        catch (JsonException)
        {
            // Answered below.
        }

        if (request?.Command is null)
        {
            malformed = true;
            _server.Warn($"control socket: process {Peer.Pid} of user {Peer.Uid} closed: no request in JSON");
            return new() { Error = "a request is one line like {\"command\":\"status\"}", Exit = 2 };
        }

        try
        {
            return Execute(request);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A fault behind one command is told to its client and must not end the node that runs the guest.
            Log.Error($"control socket: {request.Command}: {e}");
            return new() { Error = e.Message, Exit = 1 };
        }
    }

    private ControlReply Execute(ControlRequest request)
    {
        switch (request.Command)
        {
            case "status":
                return new()
                {
                    Ok = true,
                    Status = JsonSerializer.SerializeToElement(_node.GetStatus(), MonitorJson.Default.NodeStatus),
                };
            case "log":
                return new() { Ok = true, Log = Log.Read(request.After, Most(request)) };
            case "flows":
                return new() { Ok = true, Flows = _node.GetFlows(Most(request)) };
            case "console":
                if (!_node.Console.TryEnter(out _consoleFrom, out var kept))
                    return Reply(ControlResult.Failed($"{GuestConsole.ListenerLimit} consoles are open already; close one of them"));
                Volatile.Write(ref _isConsole, true);
                return new() { Ok = true, From = _consoleFrom, Kept = kept, Error = _node.Console.NoInput() };
            case "failover":
                Log.Info($"failover{(request.Force ? " --force" : "")} asked for by user {Peer.Uid}");
                return Reply(_node.Failover(request.Force));
            case "stop":
                Log.Info($"stop asked for by user {Peer.Uid}");
                return Reply(_node.Stop());
            case "save" when !Peer.IsOwner:
                // The node writes the file with its own rights: a mere member of the group could overwrite any.
                return Reply(ControlResult.Refused("save is for root or the user that the node runs as: the node writes the file with its own rights"));
            case "save" when request.Path is not ['/', ..] || request.Path.Contains('\0', StringComparison.Ordinal):
                return new() { Error = "save needs a full path", Exit = 2 };
            case "save":
                Log.Info($"save to {request.Path} asked for by user {Peer.Uid}");
                return Reply(_node.Save(request.Path));
            default:
                return new() { Error = $"unknown command {Configuration.ConfigurationError.Quote(request.Command!)}", Exit = 2 };
        }
    }

    private static int Most(ControlRequest request) =>
        request.Most <= 0 ? 100 : Math.Min(request.Most, ControlRequest.MostEntries);

    private static ControlReply Reply(ControlResult result) => new() { Ok = result.Ok, Error = result.Error, Exit = result.Exit };
}
