using System.Net;
using System.Net.Sockets;
using Colo.Linux;

namespace Colo.Monitor;

/// <summary>
/// Serves the metrics of a node over HTTP (<c>[monitor] metrics</c>), to anybody who reaches the address. One thread does it
/// all, with poll and sockets that do not block, so that no client, however slow, holds up another or the node; the node is
/// asked only for its status. At most <see cref="ClientLimit"/> clients at once, others wait in the kernel's queue; a client
/// that has not sent its request or taken its answer in time is closed.
/// </summary>
public sealed unsafe class MetricsServer : IDisposable
{
    /// <summary>Most clients at once.</summary>
    public const int ClientLimit = 16;

    private const short POLLIN = 1;
    private const short POLLOUT = 4;

    private readonly INodeControl _node;
    private readonly Func<CheckpointHistograms?> _histograms;
    private readonly TimeSpan _patience;
    private readonly Socket _listener;
    private readonly EventFd _stop = new();
    private readonly Thread _thread;
    private readonly List<MetricsClient> _clients = [];
    private readonly LogLimiter _log = new();

    private MetricsServer(IPEndPoint address, INodeControl node, Func<CheckpointHistograms?> histograms, TimeSpan patience)
    {
        (_node, _histograms, _patience) = (node, histograms, patience);
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        try
        {
            // [::] is all addresses, those of IPv4 too, whatever the host's bindv6only says.
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
                _listener.DualMode = address.Address.Equals(IPAddress.IPv6Any);
            _listener.Bind(address);
            _listener.Listen(128);
        }
        catch (SocketException e)
        {
            _listener.Dispose();
            _stop.Dispose();
            throw new IOException($"[monitor] metrics = {address}: {e.Message}; accepted: an address of this host and a port that nobody listens on", e);
        }

        Address = (IPEndPoint)_listener.LocalEndPoint!;
        _thread = new Thread(Run) { Name = "metrics", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Where it listens; the port in full when 0 was asked for.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Listens and answers until it is disposed.</summary>
    /// <param name="address">An address of this host, or 0.0.0.0 or [::] for all; port 0 for any.</param>
    /// <param name="node">Who is asked, at each scrape, on a thread of the server.</param>
    /// <param name="histograms">The node's checkpoints; null where there are none.</param>
    /// <exception cref="IOException">The address is not this host's, or the port is taken.</exception>
    public static MetricsServer Start(IPEndPoint address, INodeControl node, CheckpointHistograms? histograms = null) =>
        Start(address, node, () => histograms);

    /// <summary>As the other, for a node whose checkpoints may be counted anew.</summary>
    internal static MetricsServer Start(IPEndPoint address, INodeControl node, Func<CheckpointHistograms?> histograms) =>
        new(address, node, histograms, TimeSpan.FromSeconds(5));

    /// <summary>As the other, with another time for a request to come and for an answer to be taken.</summary>
    internal static MetricsServer Start(IPEndPoint address, INodeControl node, CheckpointHistograms? histograms, TimeSpan patience) =>
        new(address, node, () => histograms, patience);

    /// <summary>Closes the address and all clients.</summary>
    public void Dispose()
    {
        if (!_thread.IsAlive)
            return;
        _stop.Signal();
        _thread.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        try
        {
            var fds = stackalloc NativeSocket.PollDescriptor[ClientLimit + 2];
            while (Wait(fds))
                Round(fds);
        }
        finally
        {
            _listener.Dispose();
            foreach (var client in _clients)
                client.Dispose();
        }
    }

    /// <summary>Waits for the next thing to do; false when it is the end.</summary>
    private bool Wait(NativeSocket.PollDescriptor* fds)
    {
        var soonest = long.MaxValue;
        fds[0] = new() { Fd = _stop.Number, Events = POLLIN };
        // While it is full, the kernel keeps who comes.
        fds[1] = new() { Fd = _clients.Count < ClientLimit ? (int)_listener.Handle : -1, Events = POLLIN };
        for (var i = 0; i < _clients.Count; i++)
        {
            fds[i + 2] = new() { Fd = (int)_clients[i].Socket.Handle, Events = _clients[i].Sending ? POLLOUT : POLLIN };
            soonest = Math.Min(soonest, _clients[i].DeadlineNs);
        }

        var left = soonest == long.MaxValue ? -1 : (int)Math.Clamp(((soonest - MonotonicClock.Now) / 1_000_000) + 1, 0, 60_000);
        // An error here is EINTR: nothing has Returned then, and the round finds nothing to do.
        NativeSocket.poll(fds, (nuint)_clients.Count + 2, left);
        return fds[0].Returned == 0;
    }

    private void Round(NativeSocket.PollDescriptor* fds)
    {
        var now = MonotonicClock.Now;
        // Backwards: the places in fds hold while clients are taken out.
        for (var i = _clients.Count - 1; i >= 0; i--)
        {
            var client = _clients[i];
            if ((fds[i + 2].Returned == 0 || client.Advance(Write)) && now < client.DeadlineNs)
                continue;
            _clients.RemoveAt(i);
            client.Dispose();
        }

        if (fds[1].Returned != 0)
            Accept(now);
    }

    private void Accept(long now)
    {
        try
        {
            while (_clients.Count < ClientLimit)
                _clients.Add(new MetricsClient(_listener.Accept(), now + (_patience.Ticks * 100)));
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.ConnectionAborted)
        {
            // Nobody else is there, or not any more.
        }
        catch (SocketException e)
        {
            // Descriptors are short. The pause keeps this thread from eating a CPU.
            _log.Warning($"metrics: accept: {e.Message}");
            var pause = new NativeSocket.PollDescriptor { Fd = _stop.Number, Events = POLLIN };
            NativeSocket.poll(&pause, 1, 100);
        }
    }

    private byte[]? Write()
    {
        try
        {
            return Metrics.Write(_node.GetStatus(), _histograms());
        }
        catch (ObjectDisposedException)
        {
            // The node's loop has ended.
            return null;
        }
        catch (Exception e)
        {
            // Whatever is wrong with a figure, the guest is not to go down with it.
            _log.Warning($"metrics: the node cannot tell its status: {e.Message}");
            return null;
        }
    }
}

/// <summary>One client of the metrics: its request comes in, its answer goes out, and then it is waited for to close.</summary>
internal sealed class MetricsClient : IDisposable
{
    // A client that goes on sending after its request was refused: not read for ever.
    private const int DiscardLimit = 1 << 20;

    private readonly byte[] _request = new byte[MetricsRequest.Limit];
    private int _received;
    private byte[]? _answer;
    private int _sent;
    private bool _answered;
    private int _discarded;

    internal MetricsClient(Socket socket, long deadlineNs)
    {
        Socket = socket;
        Socket.Blocking = false;
        DeadlineNs = deadlineNs;
    }

    internal Socket Socket { get; }

    /// <summary>For all of it.</summary>
    internal long DeadlineNs { get; }

    internal bool Sending => _answer is not null;

    public void Dispose() => Socket.Dispose();

    /// <summary>Does what can be done now; false when the client is done with.</summary>
    internal bool Advance(Func<byte[]?> metrics)
    {
        try
        {
            return _answered ? Discard() : Sending ? Send() : Receive(metrics);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.WouldBlock;
        }
    }

    private bool Receive(Func<byte[]?> metrics)
    {
        var count = Socket.Receive(_request.AsSpan(_received));
        if (count == 0)
            return false;
        _received += count;
        _answer = MetricsRequest.Answer(_request.AsSpan(0, _received), metrics);
        return _answer is null || Send();
    }

    private bool Send()
    {
        _sent += Socket.Send(_answer.AsSpan(_sent));
        if (_sent < _answer!.Length)
            return true;
        // Closing with bytes unread would reset the connection, and the client might lose the answer.
        Socket.Shutdown(SocketShutdown.Send);
        _answered = true;
        _answer = null;
        return true;
    }

    private bool Discard()
    {
        var count = Socket.Receive(_request);
        _discarded += count;
        return count > 0 && _discarded < DiscardLimit;
    }
}
