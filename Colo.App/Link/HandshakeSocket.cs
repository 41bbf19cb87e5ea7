using System.Net;
using System.Runtime.InteropServices;
using Colo.Linux;
using static Colo.Linux.NativeSocket;

namespace Colo.Link;

/// <summary>Drives one <see cref="LinkHandshake"/> over one connected socket, on an event loop.</summary>
internal sealed unsafe class HandshakeSocket : IEventHandler
{
    private readonly EventLoop _loop;
    private readonly LinkOptions _options;
    private readonly LinkHandshake _handshake;
    private readonly Action<HandshakeSocket> _ended;
    private FileDescriptor? _fd;
    private bool _waitsForRoom;

    /// <param name="loop">Where it runs.</param>
    /// <param name="fd">Connected; owned by this object from now on.</param>
    /// <param name="address">The other end.</param>
    /// <param name="options">For the channel.</param>
    /// <param name="handshake">The machine.</param>
    /// <param name="ended">Called once: with <see cref="Channel"/> or with <see cref="Failure"/>.</param>
    internal HandshakeSocket(
        EventLoop loop, FileDescriptor fd, IPEndPoint address, LinkOptions options, LinkHandshake handshake,
        Action<HandshakeSocket> ended)
    {
        _loop = loop;
        _fd = fd;
        Address = address;
        _options = options;
        _handshake = handshake;
        _ended = ended;
        DeadlineNs = MonotonicClock.Now + (options.HandshakeTimeout.Ticks * 100);
        loop.Add(fd.Number, EventLoop.Readable, this);
    }

    internal IPEndPoint Address { get; }

    internal long DeadlineNs { get; }

    /// <summary>The open channel, after success; its taker owns it.</summary>
    internal LinkChannel? Channel { get; private set; }

    internal LinkFailure? Failure => _handshake.Failure;

    internal LinkPeer? Peer => _handshake.Peer;

    public void OnReady(uint events) => Advance();

    /// <summary>Sends and reads what can be at once.</summary>
    internal void Advance()
    {
        while (_fd is not null)
        {
            if (!Flush())
                return;
            if (_handshake.Completed || _handshake.Failure is not null)
            {
                End();
                return;
            }

            if (!Read())
                return;
        }
    }

    /// <summary>Ends it from outside.</summary>
    internal void Fail(LinkRefusal reason, string text)
    {
        if (_fd is null)
            return;
        _handshake.Fail(reason, text);
        Flush();
        if (_fd is not null)
            End();
    }

    internal void TimedOut() => Fail(
        LinkRefusal.TimedOut, $"no answer within {_options.HandshakeTimeout.TotalMilliseconds:0} ms, {_handshake.Stage}");

    /// <summary>Gives it up without a report.</summary>
    internal void Abandon() => CloseSocket();

    /// <summary>Sends; false when it has to wait, or ended.</summary>
    private bool Flush()
    {
        while (_handshake.Output.Length > 0)
        {
            nint sent;
            fixed (byte* output = _handshake.Output)
                sent = send(_fd!.Number, output, (nuint)_handshake.Output.Length, MSG_NOSIGNAL);
            if (sent >= 0)
            {
                _handshake.Sent((int)sent);
                continue;
            }

            var errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EINTR)
                continue;
            if (errno == Errno.EAGAIN && _handshake.Failure is null)
            {
                WaitForRoom(true);
                return false;
            }

            // What the peer said before it closed is the better reason: read it first.
            if (_handshake.Failure is null && errno is EPIPE or ECONNRESET)
            {
                _handshake.Sent(_handshake.Output.Length);
                return true;
            }

            Broken(errno);
            End();
            return false;
        }

        WaitForRoom(false);
        return true;
    }

    /// <summary>Reads; false when it has to wait.</summary>
    private bool Read()
    {
        var wanted = _handshake.Wanted;
        nint got;
        fixed (byte* into = wanted)
            got = recv(_fd!.Number, into, (nuint)wanted.Length, 0);
        if (got > 0)
        {
            _handshake.Received((int)got);
            return true;
        }

        if (got == 0)
        {
            _handshake.Fail(LinkRefusal.Closed, $"closed by the peer {_handshake.Stage}");
            return true;
        }

        var errno = Marshal.GetLastPInvokeError();
        if (errno == Errno.EAGAIN)
            return false;
        if (errno != Errno.EINTR)
            Broken(errno);
        return true;
    }

    private void Broken(int errno)
    {
        if (errno is EPIPE or ECONNRESET)
            _handshake.Fail(LinkRefusal.Closed, $"reset by the peer {_handshake.Stage}");
        else
            _handshake.Fail(errno == ETIMEDOUT ? LinkRefusal.TimedOut : LinkRefusal.Error, new LinuxException("handshake", errno).Message);
    }

    private void WaitForRoom(bool wait)
    {
        if (wait == _waitsForRoom || _fd is null)
            return;
        _waitsForRoom = wait;
        _loop.Modify(_fd.Number, wait ? EventLoop.Readable | EventLoop.Writable : EventLoop.Readable);
    }

    private void End()
    {
        if (_handshake.Completed && _handshake.Peer is { } peer)
        {
            var fd = _fd!;
            _fd = null;
            _loop.Remove(fd.Number);
            Channel = new LinkChannel(fd, peer, _options, _handshake.ChannelKeys());
        }
        else
        {
            CloseSocket();
        }

        _ended(this);
    }

    private void CloseSocket()
    {
        if (_fd is not { } fd)
            return;
        _fd = null;
        _loop.Remove(fd.Number);
        // Without it a close with bytes unread resets the connection, and a refusal may not arrive.
        _ = shutdown(fd.Number, SHUT_WR);
        fd.Dispose();
    }
}
