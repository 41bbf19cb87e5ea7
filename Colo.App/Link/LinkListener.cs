using System.Net;
using Colo.Linux;
using Colo.Monitor;
using static Colo.Linux.NativeSocket;

namespace Colo.Link;

/// <summary>
/// Accepts connections of the peer on an event loop. Whoever else connects costs a bounded number of descriptors and
/// log lines for a bounded time, and disturbs no connection that is open.
/// </summary>
public sealed class LinkListener : IEventHandler, IDisposable
{
    private readonly EventLoop _loop;
    private readonly LinkIdentity _identity;
    private readonly LinkOptions _options;
    private readonly Func<LinkPeer, string?> _judge;
    private readonly Action<LinkChannel> _accepted;
    private readonly FileDescriptor _fd;
    private readonly List<HandshakeSocket> _halfOpen = [];
    private readonly Dictionary<LinkRefusal, LogLimiter> _log = [];
    private readonly LoopTimer _timer;
    private bool _paused;
    private bool _disposed;

    /// <summary>Binds and listens. On the loop's thread, or before the loop runs.</summary>
    /// <param name="loop">Where everything is called.</param>
    /// <param name="address">Where to listen; port 0: the kernel chooses (see <see cref="Address"/>).</param>
    /// <param name="identity">Who answers.</param>
    /// <param name="options">Limits.</param>
    /// <param name="judge">Asked for each authenticated peer: null takes it, a text (at most 200 bytes) refuses it and is told to it.</param>
    /// <param name="accepted">Gets each taken channel and owns it from then on.</param>
    /// <exception cref="LinuxException">The address cannot be bound.</exception>
    public LinkListener(
        EventLoop loop, IPEndPoint address, LinkIdentity identity, LinkOptions options,
        Func<LinkPeer, string?> judge, Action<LinkChannel> accepted)
    {
        _loop = loop;
        _identity = identity;
        _options = options;
        _judge = judge;
        _accepted = accepted;
        _fd = LinkSocket.Listen(address);
        Address = LinkSocket.LocalAddress(_fd);
        _timer = loop.AddTimer(OnTimer);
        loop.Add(_fd.Number, EventLoop.Readable, this);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Unfinished handshakes.</summary>
    public int HalfOpen => _halfOpen.Count;

    /// <summary>Handshakes that failed.</summary>
    public long Failures { get; private set; }

    /// <summary>Called with each failure, after it is logged (and also where the log left it out).</summary>
    public Action<LinkFailure>? Failed { get; set; }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        // A bound for one round, so that a flood of connections does not hold up the frames of the open ones.
        for (var i = 0; i < _options.MaxHalfOpen && !_disposed; i++)
        {
            var fd = LinkSocket.Accept(_fd, out var address, out var errno);
            if (fd is null)
            {
                if (errno is Errno.EINTR or ECONNABORTED)
                    continue;
                if (errno != Errno.EAGAIN)
                    Pause(errno);
                return;
            }

            Begin(fd, address);
        }
    }

    /// <summary>Stops listening and drops unfinished handshakes; open channels stay. On the loop's thread.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _timer.Dispose();
        _loop.Remove(_fd.Number);
        _fd.Dispose();
        foreach (var socket in _halfOpen)
            socket.Abandon();
        _halfOpen.Clear();
    }

    private void Begin(FileDescriptor fd, IPEndPoint address)
    {
        // The oldest goes, not the newest: an honest handshake takes a round trip, one that is held open to keep
        // others out takes longer.
        if (_halfOpen.Count >= _options.MaxHalfOpen)
            _halfOpen[0].Fail(LinkRefusal.Busy, $"more than {_options.MaxHalfOpen} unfinished handshakes");
        try
        {
            LinkSocket.Configure(fd, _options);
        }
        catch (LinuxException e)
        {
            fd.Dispose();
            Report(new LinkFailure(LinkRefusal.Error, e.Message, address, FromPeer: false, Authenticated: false));
            return;
        }

        var handshake = LinkHandshake.Answer(_identity, _options, address, Judge);
        _halfOpen.Add(new HandshakeSocket(_loop, fd, address, _options, handshake, OnEnded));
        ArmTimer();
    }

    private string? Judge(LinkPeer peer) => peer.Kind == LinkKind.Probe ? null : _judge(peer);

    private void OnEnded(HandshakeSocket socket)
    {
        _halfOpen.Remove(socket);
        ArmTimer();
        if (socket.Failure is { } failure)
            Report(failure);
        else if (socket.Channel is { } channel && channel.Peer.Kind == LinkKind.Probe)
            channel.Dispose();
        else
            _accepted(socket.Channel!);
    }

    private void Report(LinkFailure failure)
    {
        Failures++;
        if (!_log.TryGetValue(failure.Reason, out var log))
            _log.Add(failure.Reason, log = new LogLimiter());
        log.Warning($"link: connection from {failure.Address} ended: {(failure.FromPeer ? "the peer says: " : "")}{failure.Text}");
        Failed?.Invoke(failure);
    }

    // Out of descriptors or memory: the listening socket stays readable, so look away for a moment.
    private void Pause(int errno)
    {
        Report(new LinkFailure(LinkRefusal.Error, new LinuxException("accept4", errno).Message, Address, FromPeer: false, Authenticated: false));
        _paused = true;
        _loop.Modify(_fd.Number, 0);
        _timer.SetAfter(TimeSpan.FromMilliseconds(100));
    }

    private void ArmTimer()
    {
        if (!_paused)
            _timer.SetAt(_halfOpen.Count > 0 ? _halfOpen[0].DeadlineNs : long.MaxValue);
    }

    private void OnTimer()
    {
        if (_paused)
        {
            _paused = false;
            _loop.Modify(_fd.Number, EventLoop.Readable);
        }

        while (_halfOpen.Count > 0 && _halfOpen[0].DeadlineNs <= MonotonicClock.Now)
            _halfOpen[0].TimedOut();
        ArmTimer();
    }
}
