using System.Net;
using Colo.Linux;
using static Colo.Linux.NativeSocket;

namespace Colo.Link;

/// <summary>How an attempt to reach the peer ended.</summary>
public enum LinkDialOutcome
{
    /// <summary>The peer answered and is authenticated.</summary>
    Connected,

    /// <summary>
    /// The peer's host says that nothing listens there. Together with an authenticated connection that just closed it
    /// confirms a death; a firewall can say it too.
    /// </summary>
    Refused,

    /// <summary>No answer: to the connection, or (a stopped process) to the handshake. Silence, not death.</summary>
    TimedOut,

    /// <summary>No path: says as much as silence.</summary>
    Unreachable,

    /// <summary>Somebody answers and the handshake fails for the reason in <see cref="LinkDialResult.Failure"/>.</summary>
    Rejected,

    /// <summary>The connection was taken and then closed before it was authenticated: a process that ends, or forgery. Try again.</summary>
    Closed,
}

/// <summary>How an attempt to reach the peer ended.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="Text">For the operator, with the address.</param>
/// <param name="Channel">The open channel when connected, owned by who gets this; null for a probe.</param>
/// <param name="Peer">The authenticated peer; also there when it then declined.</param>
/// <param name="Failure">The failed handshake when rejected or closed.</param>
public sealed record LinkDialResult(
    LinkDialOutcome Outcome, string Text, LinkChannel? Channel, LinkPeer? Peer, LinkFailure? Failure);

/// <summary>
/// Connects to the peer on an event loop: one attempt, or attempts with growing pauses until one succeeds.
/// All members on the loop's thread.
/// </summary>
public sealed class LinkDialer : IEventHandler, IDisposable
{
    private readonly EventLoop _loop;
    private readonly LinkIdentity _identity;
    private readonly LinkOptions _options;
    private readonly LinkKind _kind;
    private readonly LinkSession _session;
    private readonly Action<LinkDialResult> _ended;
    private readonly LoopTimer _timer;
    private FileDescriptor? _fd;
    private HandshakeSocket? _handshake;
    private TimeSpan _pause;
    private bool _disposed;
    private bool _pausing;

    /// <summary>Makes one that waits for <see cref="Start"/>.</summary>
    /// <param name="loop">Where everything is called.</param>
    /// <param name="address">The peer's listener.</param>
    /// <param name="identity">Who calls.</param>
    /// <param name="options">Limits.</param>
    /// <param name="kind">What the channel is for.</param>
    /// <param name="session">The pairing; default for a keeper or a probe.</param>
    /// <param name="ended">Called once, with the last attempt's result; never after <see cref="Dispose"/>.</param>
    public LinkDialer(
        EventLoop loop, IPEndPoint address, LinkIdentity identity, LinkOptions options, LinkKind kind,
        LinkSession session, Action<LinkDialResult> ended)
    {
        _loop = loop;
        Address = address;
        _identity = identity;
        _options = options;
        _kind = kind;
        _session = session;
        _ended = ended;
        _pause = options.RetryFirst;
        _timer = loop.AddTimer(OnTimer);
    }

    /// <summary>The peer's listener.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Tries again after a failure, until connected or disposed.</summary>
    public bool Retry { get; init; }

    /// <summary>Attempts begun.</summary>
    public int Attempts { get; private set; }

    /// <summary>Called after each failed attempt that another one follows.</summary>
    public Action<LinkDialResult>? AttemptFailed { get; set; }

    /// <summary>Begins the first attempt.</summary>
    public void Start() => Attempt();

    /// <summary>The connection is made, or is not.</summary>
    public void OnReady(uint events)
    {
        var fd = _fd!;
        var errno = LinkSocket.PendingError(fd);
        if (errno != 0)
        {
            EndWithErrno(errno);
            return;
        }

        // With nothing listening on a local port that is an ephemeral one, TCP can connect a socket with itself.
        if (LinkSocket.LocalAddress(fd).Equals(Address))
        {
            EndWithErrno(ECONNREFUSED);
            return;
        }

        _fd = null;
        _loop.Remove(fd.Number);
        _handshake = new HandshakeSocket(
            _loop, fd, Address, _options, LinkHandshake.Dial(_identity, _options, Address, _kind, _session), OnHandshakeEnded);
        _timer.SetAt(_handshake.DeadlineNs);
        _handshake.Advance();
    }

    /// <summary>Gives up; nothing is called any more.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _timer.Dispose();
        CloseSocket();
        _handshake?.Abandon();
        _handshake = null;
    }

    private void Attempt()
    {
        Attempts++;
        int errno;
        try
        {
            _fd = LinkSocket.Create(Address);
            LinkSocket.Configure(_fd, _options);
            if (_options.LocalAddress is { } local)
                LinkSocket.Bind(_fd, new IPEndPoint(local, 0));
            errno = LinkSocket.Connect(_fd, Address);
        }
        catch (LinuxException e)
        {
            errno = e.Errno;
        }

        if (errno is not 0 and not Errno.EINPROGRESS and not Errno.EINTR)
        {
            // Not from within Start: the caller does not expect its callback there.
            _loop.Post(() =>
            {
                if (!_disposed)
                    EndWithErrno(errno);
            });
            return;
        }

        _timer.SetAfter(_options.ConnectTimeout);
        _loop.Add(_fd!.Number, EventLoop.Writable, this);
    }

    private void OnTimer()
    {
        if (_pausing)
        {
            _pausing = false;
            Attempt();
        }
        else if (_handshake is not null)
        {
            _handshake.TimedOut();
        }
        else
        {
            EndWithErrno(ETIMEDOUT);
        }
    }

    private void EndWithErrno(int errno)
    {
        var (outcome, text) = errno switch
        {
            ECONNREFUSED => (LinkDialOutcome.Refused, "nothing listens there (connection refused)"),
            ETIMEDOUT or Errno.EAGAIN => (LinkDialOutcome.TimedOut, "no answer to the connection"),
            ECONNRESET or EPIPE => (LinkDialOutcome.Closed, "reset while connecting"),
            _ => (LinkDialOutcome.Unreachable, new LinuxException("connect", errno).Message),
        };
        End(outcome, text, null, null, null);
    }

    private void OnHandshakeEnded(HandshakeSocket socket)
    {
        _handshake = null;
        if (socket.Failure is not { } failure)
        {
            var channel = socket.Channel;
            if (_kind == LinkKind.Probe)
            {
                channel?.Dispose();
                channel = null;
            }

            End(LinkDialOutcome.Connected, "connected", channel, socket.Peer, null);
            return;
        }

        var outcome = failure.Reason switch
        {
            LinkRefusal.TimedOut => LinkDialOutcome.TimedOut,
            LinkRefusal.Closed => LinkDialOutcome.Closed,
            LinkRefusal.Error => LinkDialOutcome.Unreachable,
            _ => LinkDialOutcome.Rejected,
        };
        End(outcome, failure.FromPeer ? $"the peer says: {failure.Text}" : failure.Text, null, socket.Peer, failure);
    }

    private void End(LinkDialOutcome outcome, string text, LinkChannel? channel, LinkPeer? peer, LinkFailure? failure)
    {
        _timer.Cancel();
        CloseSocket();
        var result = new LinkDialResult(outcome, $"{Address}: {text}", channel, peer, failure);
        if (outcome == LinkDialOutcome.Connected || !Retry)
        {
            _timer.Dispose();
            _ended(result);
            return;
        }

        AttemptFailed?.Invoke(result);
        if (_disposed)
            return;
        _pausing = true;
        // Two nodes that call each other must not stay in step.
        _timer.SetAfter(_pause * (0.8 + (0.4 * Random.Shared.NextDouble())));
        _pause = TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, _options.RetryLast.Ticks));
    }

    private void CloseSocket()
    {
        if (_fd is not { } fd)
            return;
        _fd = null;
        _loop.Remove(fd.Number);
        fd.Dispose();
    }
}
