using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Colo.Linux;
using static Colo.Linux.NativeSocket;

namespace Colo.Link;

/// <summary>Why an open connection ended; the first reason stands.</summary>
public enum LinkClosedReason
{
    /// <summary>This side closed it.</summary>
    Local,

    /// <summary>A newer pairing took its place.</summary>
    Replaced,

    /// <summary>The peer was silent for too long.</summary>
    Silence,

    /// <summary>The peer took its leave; its text says why.</summary>
    Goodbye,

    /// <summary>The connection ended between two messages, without a goodbye: the peer's process died, most likely.</summary>
    PeerClosed,

    /// <summary>The connection ended in the middle of a message, which is dropped.</summary>
    MidMessage,

    /// <summary>Reset by the peer's host, or by something in between.</summary>
    Reset,

    /// <summary>TCP gave up: sent data stayed unacknowledged.</summary>
    TimedOut,

    /// <summary>A message that contradicts the format, or is too long.</summary>
    Protocol,

    /// <summary>A record that the peer has not sealed so: damaged or forged.</summary>
    Forged,

    /// <summary>A system call failed.</summary>
    Error,
}

/// <summary>Gets what comes over a <see cref="LinkConnection"/>, on the loop's thread.</summary>
public interface ILinkHandler
{
    /// <summary>A whole message.</summary>
    /// <param name="connection">Where it came.</param>
    /// <param name="type">Below <see cref="LinkProtocol.FirstReservedType"/>.</param>
    /// <param name="body">Valid during the call. Hostile: a <see cref="FormatException"/> thrown here ends the connection as <see cref="LinkClosedReason.Protocol"/>.</param>
    void OnMessage(LinkConnection connection, ushort type, ReadOnlySpan<byte> body);

    /// <summary>The end, once; nothing comes after it.</summary>
    void OnClosed(LinkConnection connection, LinkClosedReason reason, string text);
}

/// <summary>
/// An authenticated connection on an event loop: whole messages both ways, nothing allocated per message. All members
/// on the loop's thread.
/// </summary>
/// <remarks>
/// Messages wait in a bounded ring and go out together at the end of the loop's round, as one record where the channel
/// is sealed. A failed send is never reported from within <see cref="TrySend"/>: what the peer sent before is
/// delivered first, because at a takeover those frames count.
/// </remarks>
public sealed unsafe partial class LinkConnection : IEventHandler, IDisposable
{
    // Large enough that sealing costs little per message, small enough to be in the cache when it is sent.
    private const int RecordTarget = 32 * 1024;
    private const int ReadsPerRound = 8;

    private readonly EventLoop _loop;
    private readonly FileDescriptor _fd;
    private readonly ILinkHandler _handler;
    private readonly (RecordCipher Send, RecordCipher Receive)? _ciphers;
    private readonly MirroredBuffer _send;
    private readonly MirroredBuffer _receive;
    private readonly Action _flush;
    private readonly int _maxFrame;
    private readonly int _maxRecord;

    // Positions in the rings, in bytes since the start. Send: [head, ready) may go to the socket, [ready, tail) is the
    // open record (sealed channels only). Receive: [head, open) are whole frames, [open, tail) is as it came.
    private long _sendHead;
    private long _sendReady;
    private long _sendTail;
    private long _receiveHead;
    private long _receiveOpen;
    private long _receiveTail;
    private bool _waitsForRoom;
    private bool _closed;
    private bool _sendFailed;
    private bool _dispatching;
    private bool _drainAgain;

    internal LinkConnection(
        EventLoop loop, FileDescriptor fd, LinkPeer peer, ILinkHandler handler, int queueBytes,
        (RecordCipher Send, RecordCipher Receive)? ciphers)
    {
        _loop = loop;
        _fd = fd;
        Peer = peer;
        _handler = handler;
        _ciphers = ciphers;
        _maxFrame = LinkProtocol.MaxFrame(peer.Kind);
        _maxRecord = LinkProtocol.MaxRecord(peer.Kind);
        const int Around = LinkProtocol.RecordHeader + LinkProtocol.TagLength;
        _send = new MirroredBuffer(Math.Max(queueBytes, 2 * (_maxRecord + Around)));
        // Room for one whole record beside a part of the next, so there is always something to read into.
        _receive = new MirroredBuffer(Math.Max(256 * 1024, 2 * (_maxRecord + Around)));
        _flush = FlushQueued;
        loop.Add(fd.Number, EventLoop.Readable, this);
        loop.AddAfterRound(_flush);
    }

    /// <summary>Who is at the other end.</summary>
    public LinkPeer Peer { get; }

    /// <summary>Whether it is open.</summary>
    public bool IsOpen => !_closed;

    /// <summary>Bytes that wait for the socket, with headers.</summary>
    public int QueuedBytes => (int)(_sendTail - _sendHead);

    /// <summary>The most bytes that may wait.</summary>
    public int QueueCapacity => _send.Capacity;

    /// <summary>Bytes handed to the kernel since the start, with headers.</summary>
    public long BytesSent => _sendHead;

    /// <summary>Bytes that came since the start, with headers.</summary>
    public long BytesReceived => _receiveTail;

    /// <summary>Messages taken by <see cref="TrySend"/>.</summary>
    public long MessagesSent { get; private set; }

    /// <summary>Messages handed to the handler.</summary>
    public long MessagesReceived { get; private set; }

    /// <summary>
    /// Bytes of <see cref="BytesSent"/> that the peer's kernel has acknowledged (SIOCOUTQ): how far the path works,
    /// not that the peer's process has read them.
    /// </summary>
    public long BytesAcknowledged
    {
        get
        {
            if (_closed)
                return 0;
            int waiting;
            LinuxException.ThrowIfNegative(ioctl(_fd.Number, SIOCOUTQ, &waiting), "SIOCOUTQ");
            return _sendHead - waiting;
        }
    }

    internal LinkHeartbeat? Heartbeat { get; set; }

    /// <summary>Queues a message of two parts.</summary>
    /// <param name="type">Below <see cref="LinkProtocol.FirstReservedType"/>.</param>
    /// <param name="head">The first part, may be empty.</param>
    /// <param name="body">The rest, may be empty.</param>
    /// <returns>False when the queue has no room, or the connection has ended: nothing of it is queued.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Longer than <see cref="LinkProtocol.MaxFrame"/>, or a type of the link.</exception>
    public bool TrySend(ushort type, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(type, LinkProtocol.FirstReservedType);
        return Put(type, head, body);
    }

    /// <summary>Hands what is queued to the kernel now instead of at the end of the round.</summary>
    public void Flush()
    {
        if (!_closed)
            FlushQueued();
    }

    /// <summary>Reads and delivers all that has already arrived. Within a message's delivery: after it.</summary>
    public void DrainNow() => Receive(int.MaxValue);

    /// <summary>
    /// Takes leave (the peer gets <see cref="LinkClosedReason.Goodbye"/> with the text), sends what the kernel takes
    /// at once, and ends the connection. Does nothing when it has ended.
    /// </summary>
    public void Close(LinkClosedReason reason, string text)
    {
        if (_closed)
            return;
        Span<byte> goodbye = stackalloc byte[LinkProtocol.MaxText];
        Encoding.UTF8.TryGetBytes(text.AsSpan(0, Math.Min(text.Length, LinkProtocol.MaxText)), goodbye, out var length);
        Put(LinkProtocol.GoodbyeType, goodbye[..length], []);
        FlushQueued();
        _ = shutdown(_fd.Number, SHUT_WR);
        Finish(reason, text);
    }

    /// <inheritdoc/>
    public void Dispose() => Close(LinkClosedReason.Local, "closed");

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        if ((events & EventLoop.Writable) != 0)
        {
            WaitForRoom(false);
            FlushQueued();
        }

        if ((events & ~EventLoop.Writable) != 0)
            Receive(ReadsPerRound);
    }

    internal bool Put(ushort type, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        var length = head.Length + body.Length;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _maxFrame, nameof(body));
        if (_closed || _sendFailed)
            return false;
        var frame = LinkProtocol.FrameHeader + length;
        if (!HasRoom(frame))
        {
            if (!_waitsForRoom)
                FlushQueued();
            if (_sendFailed || !HasRoom(frame))
                return false;
        }

        if (_ciphers is not null)
            OpenRecord(frame);
        var to = _send.Span(_sendTail, frame);
        BinaryPrimitives.WriteInt32LittleEndian(to, length);
        BinaryPrimitives.WriteUInt16LittleEndian(to[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(to[6..], 0);
        head.CopyTo(to[LinkProtocol.FrameHeader..]);
        body.CopyTo(to[(LinkProtocol.FrameHeader + head.Length)..]);
        _sendTail += frame;
        if (_ciphers is null)
            _sendReady = _sendTail;
        MessagesSent++;
        return true;
    }

    // Twice what surrounds a record: that of the open one, and that of the one this frame may begin.
    private bool HasRoom(int frame) =>
        _sendTail - _sendHead + frame + (2 * (LinkProtocol.RecordHeader + LinkProtocol.TagLength)) <= _send.Capacity;

    private void OpenRecord(int frame)
    {
        var open = (int)(_sendTail - _sendReady);
        if (open > 0 && open - LinkProtocol.RecordHeader + frame > RecordTarget)
        {
            SealRecord();
            open = 0;
        }

        if (open == 0)
            _sendTail += LinkProtocol.RecordHeader;
    }

    private void SealRecord()
    {
        var length = (int)(_sendTail - _sendReady) - LinkProtocol.RecordHeader;
        var header = _send.Span(_sendReady, LinkProtocol.RecordHeader);
        BinaryPrimitives.WriteInt32LittleEndian(header, length);
        _ciphers!.Value.Send.Seal(
            header,
            _send.Span(_sendReady + LinkProtocol.RecordHeader, length),
            _send.Span(_sendTail, LinkProtocol.TagLength));
        _sendTail += LinkProtocol.TagLength;
        _sendReady = _sendTail;
    }

    private void FlushQueued()
    {
        if (_sendTail == _sendHead || _closed || _sendFailed || _waitsForRoom)
            return;
        if (_sendTail > _sendReady)
            SealRecord();
        while (_sendHead < _sendReady)
        {
            var sent = send(_fd.Number, _send.At(_sendHead), (nuint)(_sendReady - _sendHead), MSG_NOSIGNAL);
            if (sent >= 0)
            {
                _sendHead += sent;
                continue;
            }

            var errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EINTR)
                continue;
            if (errno == Errno.EAGAIN)
                WaitForRoom(true);
            else
                SendFailed(errno);
            return;
        }
    }

    private void WaitForRoom(bool wait)
    {
        if (wait == _waitsForRoom || _closed)
            return;
        _waitsForRoom = wait;
        _loop.Modify(_fd.Number, wait ? EventLoop.Readable | EventLoop.Writable : EventLoop.Readable);
    }

    private void SendFailed(int errno)
    {
        _sendFailed = true;
        _loop.Post(() =>
        {
            DrainNow();
            FinishWithErrno(errno);
        });
    }

    private bool Fail(LinkClosedReason reason, string text)
    {
        Finish(reason, text);
        return false;
    }

    private void FinishAtEnd()
    {
        var part = _receiveTail - _receiveHead;
        if (part > 0)
            Finish(LinkClosedReason.MidMessage, $"closed by the peer in the middle of a message, {part} bytes dropped");
        else
            Finish(LinkClosedReason.PeerClosed, "closed by the peer");
    }

    private void FinishWithErrno(int errno)
    {
        var reason = errno switch
        {
            ECONNRESET or EPIPE => LinkClosedReason.Reset,
            ETIMEDOUT => LinkClosedReason.TimedOut,
            _ => LinkClosedReason.Error,
        };
        Finish(reason, new LinuxException("link", errno).Message);
    }

    private void Finish(LinkClosedReason reason, string text)
    {
        if (_closed)
            return;
        _closed = true;
        Heartbeat?.Dispose();
        _loop.Remove(_fd.Number);
        _fd.Dispose();
        // Not at once: this may run within the loop's pass over that list.
        _loop.Post(() => _loop.RemoveAfterRound(_flush));
        if (!_dispatching)
            FreeMemory();
        _handler.OnClosed(this, reason, text);
    }

    private void FreeMemory()
    {
        _sendHead = _sendTail = _sendReady;
        _send.Dispose();
        _receive.Dispose();
        _ciphers?.Send.Dispose();
        _ciphers?.Receive.Dispose();
    }
}
