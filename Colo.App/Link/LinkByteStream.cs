using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Colo.Linux;
using static Colo.Linux.NativeSocket;

namespace Colo.Link;

/// <summary>
/// An open channel as a stream of bytes that never waits, for a protocol that has its own framing and drives its own
/// readiness. Scattered memory both ways: without a copy where the channel is plain; a sealed one copies once to seal,
/// and hands out what it received after its tag was found right, not before. Nothing is allocated per call.
/// </summary>
/// <remarks>
/// Used by one thread at a time; <see cref="Abort"/> from any. Two things differ from a socket. Bytes may be here that
/// the descriptor knows nothing of: receive until -EAGAIN before waiting. And bytes that <see cref="Send"/> took may
/// still be here (<see cref="SendPending"/>): wait for room and <see cref="Flush"/>.
/// </remarks>
public sealed unsafe class LinkByteStream : IDisposable
{
    // IOV_MAX (linux/uio.h).
    private const int MaxVectors = 1024;
    private const int Around = LinkProtocol.RecordHeader + LinkProtocol.TagLength;

    // Large enough that a record costs little per byte, small enough that it is in the cache from its copy to its sending.
    private const int RecordTarget = 64 * 1024;

    private readonly FileDescriptor _fd;
    private readonly (RecordCipher Send, RecordCipher Receive)? _ciphers;
    private readonly int _maxRecord;
    private readonly int _receiveRoom;
    private byte* _send;
    private byte* _receive;

    // Sealed only. Of the sealed record, [from, to) has not gone out. Of what came, [open, open end) is plaintext whose tag
    // is right, [raw, raw end) is as it came; plaintext lies before the raw part.
    private int _sendFrom;
    private int _sendTo;
    private int _open;
    private int _openEnd;
    private int _raw;
    private int _rawEnd;
    private int _failure;
    private bool _disposed;

    internal LinkByteStream(FileDescriptor fd, LinkPeer peer, (RecordCipher Send, RecordCipher Receive)? ciphers)
    {
        _fd = fd;
        Peer = peer;
        _ciphers = ciphers;
        _maxRecord = LinkProtocol.MaxRecord(peer.Kind);
        if (ciphers is null)
            return;
        // Room for the longest record behind a part of another one, so that few calls bring much.
        _receiveRoom = 2 * (_maxRecord + Around);
        _send = (byte*)NativeMemory.Alloc(RecordTarget + Around);
        _receive = (byte*)NativeMemory.Alloc((nuint)_receiveRoom);
    }

    /// <summary>Who is at the other end.</summary>
    public LinkPeer Peer { get; }

    /// <summary>The descriptor to wait on.</summary>
    public int Descriptor => _fd.Number;

    /// <summary>Whether bytes that <see cref="Send"/> took have not gone to the kernel.</summary>
    public bool SendPending => _sendFrom < _sendTo;

    /// <summary>Bytes that <see cref="Send"/> took, without what sealing adds.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Bytes handed out, without what sealing adds.</summary>
    public long BytesReceived { get; private set; }

    /// <summary>Receives into scattered memory, at most 1,024 parts of it, which together have room for a byte.</summary>
    /// <returns>
    /// Bytes received, above 0. 0 at the end of the stream. -EAGAIN when nothing is there. -EBADMSG for a record that the
    /// peer has not sealed so, or of an impossible length: from then on, for everything. -ECONNRESET also for an end in the
    /// middle of a record, of which nothing is handed out. Else the negative errno of the call.
    /// </returns>
    public nint Receive(IoVector* into, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var received = _ciphers is null ? ReceivePlain(into, count) : ReceiveSealed(into, count);
        if (received > 0)
            BytesReceived += received;
        return received;
    }

    /// <summary>Sends scattered memory.</summary>
    /// <returns>
    /// Bytes taken, which may be fewer than there are, and of which some may be pending: their memory is not needed any
    /// more. Else a negative errno: -EAGAIN when there is no room, -EBADMSG after <see cref="Receive"/> has said so.
    /// </returns>
    public nint Send(IoVector* from, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var sent = _ciphers is null ? SendPlain(from, count) : SendSealed(from, count);
        if (sent > 0)
            BytesSent += sent;
        return sent;
    }

    /// <summary>Hands what is pending to the kernel.</summary>
    /// <returns>0 when nothing is pending any more; else a negative errno, -EAGAIN when there is no room.</returns>
    public nint Flush()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failure != 0)
            return -_failure;
        while (_sendFrom < _sendTo)
        {
            var sent = send(_fd.Number, _send + _sendFrom, (nuint)(_sendTo - _sendFrom), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0)
                _sendFrom += (int)sent;
            else if (Marshal.GetLastPInvokeError() is not Errno.EINTR and var errno)
                return -errno;
        }

        return 0;
    }

    /// <summary>Ends both directions at once, for whoever waits on the descriptor or uses the stream. From any thread.</summary>
    public void Abort() => NativeSocket.Abort(_fd);

    /// <summary>Closes it. What is pending is dropped: <see cref="Flush"/> before, where it matters.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _fd.Dispose();
        _ciphers?.Send.Dispose();
        _ciphers?.Receive.Dispose();
        NativeMemory.Free(_send);
        NativeMemory.Free(_receive);
        _send = _receive = null;
        _sendFrom = _sendTo = 0;
    }

    private nint ReceivePlain(IoVector* into, int count)
    {
        MessageHeader message = default;
        message.Vectors = into;
        message.VectorCount = (nuint)Math.Min(count, MaxVectors);
        while (true)
        {
            var received = recvmsg(_fd.Number, &message, MSG_DONTWAIT);
            if (received >= 0)
                return received;
            if (Marshal.GetLastPInvokeError() is not Errno.EINTR and var errno)
                return -errno;
        }
    }

    private nint SendPlain(IoVector* from, int count)
    {
        MessageHeader message = default;
        message.Vectors = from;
        message.VectorCount = (nuint)Math.Min(count, MaxVectors);
        while (true)
        {
            var sent = sendmsg(_fd.Number, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0)
                return sent;
            if (Marshal.GetLastPInvokeError() is not Errno.EINTR and var errno)
                return -errno;
        }
    }

    private nint SendSealed(IoVector* from, int count)
    {
        nint total = 0;
        nuint used = 0;
        var at = 0;
        while (true)
        {
            // One record at a time: what waits is bounded, and the kernel's buffer is the queue.
            var flushed = Flush();
            if (flushed < 0)
                return total > 0 && flushed == -Errno.EAGAIN ? total : flushed;
            var filled = 0;
            while (at < count && filled < RecordTarget)
            {
                var part = (int)Math.Min(from[at].Length - used, (nuint)(RecordTarget - filled));
                Buffer.MemoryCopy(
                    (byte*)from[at].Address + used, _send + LinkProtocol.RecordHeader + filled, RecordTarget - filled, part);
                filled += part;
                used += (nuint)part;
                if (used < from[at].Length)
                    continue;
                used = 0;
                at++;
            }

            if (filled == 0)
                return total;
            Seal(filled);
            total += filled;
        }
    }

    private void Seal(int length)
    {
        var header = new Span<byte>(_send, LinkProtocol.RecordHeader);
        BinaryPrimitives.WriteInt32LittleEndian(header, length);
        _ciphers!.Value.Send.Seal(
            header,
            new Span<byte>(_send + LinkProtocol.RecordHeader, length),
            new Span<byte>(_send + LinkProtocol.RecordHeader + length, LinkProtocol.TagLength));
        _sendFrom = 0;
        _sendTo = length + Around;
    }

    private nint ReceiveSealed(IoVector* into, int count)
    {
        nint total = 0;
        nuint used = 0;
        var at = 0;
        while (true)
        {
            while (_open < _openEnd && at < count)
            {
                var part = (int)Math.Min(into[at].Length - used, (nuint)(_openEnd - _open));
                Buffer.MemoryCopy(_receive + _open, (byte*)into[at].Address + used, part, part);
                _open += part;
                total += part;
                used += (nuint)part;
                if (used < into[at].Length)
                    continue;
                used = 0;
                at++;
            }

            // 0 would say that the stream is at its end.
            if (at == count)
                return total > 0 ? total : -Errno.EINVAL;
            if (OpenNext())
                continue;
            if (total > 0)
                return total;
            if (_failure != 0)
                return -_failure;
            var got = Fill();
            if (got <= 0)
                return got;
        }
    }

    /// <summary>Opens the next record; false when it is not there whole, or is none.</summary>
    private bool OpenNext()
    {
        var have = _rawEnd - _raw;
        if (_failure != 0 || have < LinkProtocol.RecordHeader)
            return false;
        var record = _receive + _raw;
        var header = new ReadOnlySpan<byte>(record, LinkProtocol.RecordHeader);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        // Before anything else, and as soon as it is there: an impossible length is not waited for.
        if (length == 0 || length > (uint)_maxRecord)
        {
            _failure = EBADMSG;
            return false;
        }

        if (have < length + Around)
            return false;
        var content = new Span<byte>(record + LinkProtocol.RecordHeader, (int)length);
        var tag = new ReadOnlySpan<byte>(record + LinkProtocol.RecordHeader + length, LinkProtocol.TagLength);
        if (!_ciphers!.Value.Receive.Open(header, content, tag))
        {
            _failure = EBADMSG;
            return false;
        }

        _open = _raw + LinkProtocol.RecordHeader;
        _openEnd = _open + (int)length;
        _raw += (int)length + Around;
        return true;
    }

    /// <summary>Takes from the kernel what it has; nothing opened is left when this is called.</summary>
    private nint Fill()
    {
        if (_raw > 0)
        {
            Buffer.MemoryCopy(_receive + _raw, _receive, _receiveRoom, _rawEnd - _raw);
            _rawEnd -= _raw;
            _raw = _open = _openEnd = 0;
        }

        while (true)
        {
            var got = recv(_fd.Number, _receive + _rawEnd, (nuint)(_receiveRoom - _rawEnd), MSG_DONTWAIT);
            if (got > 0)
            {
                _rawEnd += (int)got;
                return got;
            }

            if (got == 0)
            {
                if (_rawEnd == 0)
                    return 0;
                _failure = ECONNRESET;
                return -ECONNRESET;
            }

            if (Marshal.GetLastPInvokeError() is not Errno.EINTR and var errno)
                return -errno;
        }
    }
}
