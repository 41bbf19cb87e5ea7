using System.Net.Sockets;
using Colo.Linux;

namespace Colo.Monitor;

/// <summary>
/// The control socket of a running node (<see cref="ControlProtocol"/>). A thread of its own accepts, and each client
/// has one too: none of them touches the guest's data path or waits for the thread pool, so `colo status` answers
/// also when the rest of the process is in trouble. Clients are few, their requests short and their time limited.
/// </summary>
public sealed unsafe class ControlServer : IDisposable
{
    /// <summary>Most clients at once. One more sends away the one that has been silent longest.</summary>
    public const int ClientLimit = 16;

    private readonly Lock _gate = new();
    private readonly List<ControlConnection> _clients = [];
    private readonly LogLimiter _log = new();
    private readonly EventFd _stop = new();
    private readonly string _path;
    private readonly INodeControl _node;
    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly TimeSpan _patience;
    private bool _disposed;

    private ControlServer(string path, INodeControl node, TimeSpan patience)
    {
        _path = path;
        _node = node;
        _patience = patience;
        _socket = ControlSocketFile.Listen(path);
        _thread = new Thread(AcceptLoop) { Name = "control", IsBackground = true };
        _thread.Start();
    }

    /// <summary>How many clients are connected.</summary>
    public int Clients
    {
        get
        {
            lock (_gate)
                return _clients.Count;
        }
    }

    /// <summary>Opens the socket and answers on it until it is disposed.</summary>
    /// <param name="path">Where; a stale socket there is replaced.</param>
    /// <param name="node">Who is asked.</param>
    /// <exception cref="ControlSocketException">A node is running there already, or the place is not fit.</exception>
    public static ControlServer Start(string path, INodeControl node) => new(path, node, TimeSpan.FromSeconds(10));

    /// <summary>As <see cref="Start(string, INodeControl)"/>, with another time for a request to arrive in.</summary>
    internal static ControlServer Start(string path, INodeControl node, TimeSpan patience) => new(path, node, patience);

    /// <summary>Removes the socket. A command that is being answered gets a second to be so.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
        }

        _stop.Signal();
        _thread.Join();
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Warning($"control socket {_path} cannot be removed: {e.Message}");
        }

        _socket.Dispose();
        ControlConnection[] clients;
        lock (_gate)
            clients = [.. _clients];
        foreach (var client in clients)
            client.CloseWhenIdle();
        var deadline = MonotonicClock.Now + 1_000_000_000;
        foreach (var client in clients)
            client.Join(TimeSpan.FromMilliseconds(Math.Max(0, (deadline - MonotonicClock.Now) / 1_000_000)));
        _stop.Dispose();
    }

    /// <summary>Ends the consoles. Whoever opens one again is told anew whether the guest takes what is typed.</summary>
    internal void CloseConsoles()
    {
        ControlConnection[] clients;
        lock (_gate)
            clients = [.. _clients];
        foreach (var client in clients)
            client.CloseConsole();
    }

    internal void Leave(ControlConnection client)
    {
        lock (_gate)
            _clients.Remove(client);
    }

    private void AcceptLoop()
    {
        while (WaitForClient())
        {
            try
            {
                Admit(_socket.Accept());
            }
            catch (Exception e) when (e is SocketException or OutOfMemoryException)
            {
                // The client left again, or descriptors are short. The pause keeps the latter from eating a CPU.
                Warn($"control socket: accept: {e.Message}");
                var pause = new NativeSocket.PollDescriptor { Fd = _stop.Number, Events = NativeSocket.POLLIN };
                NativeSocket.poll(&pause, 1, 100);
            }
        }
    }

    private bool WaitForClient()
    {
        var fds = stackalloc NativeSocket.PollDescriptor[2];
        fds[0] = new() { Fd = (int)_socket.Handle, Events = NativeSocket.POLLIN };
        fds[1] = new() { Fd = _stop.Number, Events = NativeSocket.POLLIN };
        while (NativeSocket.poll(fds, 2, -1) < 0)
        {
            // EINTR is the only error that poll can give here.
        }

        return fds[1].Returned == 0;
    }

    private void Admit(Socket socket)
    {
        PeerCredentials peer;
        try
        {
            peer = PeerCredentials.Of(socket);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return;
        }

        var group = ControlSocketFile.Group(_path);
        if (!peer.IsOwner && !(group is { } g && peer.Groups.Contains(g)))
        {
            Warn($"control socket: process {peer.Pid} of user {peer.Uid} turned away: neither root, this user nor of the socket's group");
            socket.Dispose();
            return;
        }

        var client = new ControlConnection(this, socket, peer, _node, _patience);
        lock (_gate)
        {
            if (_clients.Count >= ClientLimit && !MakeRoom())
            {
                Warn($"control socket: process {peer.Pid} turned away: {ClientLimit} commands are under way");
                socket.Dispose();
                return;
            }

            _clients.Add(client);
        }

        client.Start();
    }

    // Called with the gate held. Idle clients are in order of arrival, so the first is the one silent longest, near enough.
    private bool MakeRoom()
    {
        var idle = _clients.MinBy(c => c.IdleSince);
        if (idle is null || idle.IdleSince == long.MaxValue)
            return false;
        _clients.Remove(idle);
        idle.Close();
        Warn($"control socket: {ClientLimit} clients; the one silent longest (process {idle.Peer.Pid}) is closed");
        return true;
    }

    internal void Warn(string message)
    {
        lock (_log)
            _log.Warning(message);
    }
}
