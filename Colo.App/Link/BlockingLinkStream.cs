using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Colo.Linux;
using static Colo.Linux.NativeSocket;

namespace Colo.Link;

/// <summary>A blocking stream that ended.</summary>
public sealed class LinkStreamException(LinkClosedReason reason, string message) : IOException(message)
{
    /// <summary>Why.</summary>
    public LinkClosedReason Reason { get; } = reason;
}

/// <summary>
/// The checkpoint channel: a stream of bytes (or of frames) that one thread sends and one receives, blocking, with a
/// limit on each wait. Sending takes scattered guest pages straight from their mapping where the channel is plain.
/// </summary>
/// <remarks>
/// One sender and one receiver at a time, which may be two threads. After an exception the stream is good for nothing
/// but <see cref="Dispose"/>. <see cref="Abort"/> may be called from any thread until then.
/// </remarks>
public sealed unsafe class BlockingLinkStream : IDisposable
{
    // IOV_MAX (linux/uio.h).
    private const int MaxVectors = 1024;

    private readonly FileDescriptor _fd;
    private readonly (RecordCipher Send, RecordCipher Receive)? _ciphers;
    private readonly IoVector* _vectors;
    private readonly byte* _sendRecord;
    private readonly byte* _receiveRecord;
    private readonly int _recordSize;
    private int _openFrom;
    private int _openTo;
    private volatile bool _aborted;
    private bool _disposed;

    internal BlockingLinkStream(FileDescriptor fd, LinkPeer peer, (RecordCipher Send, RecordCipher Receive)? ciphers)
    {
        _fd = fd;
        Peer = peer;
        _ciphers = ciphers;
        _vectors = (IoVector*)NativeMemory.Alloc(MaxVectors, (nuint)sizeof(IoVector));
        _recordSize = LinkProtocol.MaxRecord(peer.Kind);
        if (ciphers is not null)
        {
            var around = LinkProtocol.RecordHeader + LinkProtocol.TagLength;
            _sendRecord = (byte*)NativeMemory.Alloc((nuint)(_recordSize + around));
            _receiveRecord = (byte*)NativeMemory.Alloc((nuint)(_recordSize + around));
        }
    }

    /// <summary>Who is at the other end.</summary>
    public LinkPeer Peer { get; }

    /// <summary>Limit of each single wait for the socket; a transfer that moves on takes as long as it needs.</summary>
    public TimeSpan WaitLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes sent, without what sealing adds.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Bytes received, without what sealing adds.</summary>
    public long BytesReceived { get; private set; }

    /// <summary>Sends bytes.</summary>
    /// <exception cref="LinkStreamException">It ended, or a wait reached <see cref="WaitLimit"/>.</exception>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            var whole = new IoVector((nint)start, (nuint)bytes.Length);
            SendScattered(new ReadOnlySpan<IoVector>(ref whole));
        }
    }

    /// <summary>
    /// Sends scattered memory, in order, without copying it in user space (sealed channels copy once, to encrypt the
    /// copy). The memory may change meanwhile; what arrives is then any mixture.
    /// </summary>
    /// <exception cref="LinkStreamException">It ended, or a wait reached <see cref="WaitLimit"/>.</exception>
    public void SendScattered(ReadOnlySpan<IoVector> parts)
    {
        if (_ciphers is not null)
        {
            SendSealed(parts);
            return;
        }

        while (parts.Length > 0)
        {
            var count = Math.Min(parts.Length, MaxVectors);
            SendAll(parts[..count]);
            parts = parts[count..];
        }
    }

    /// <summary>Sends a frame header and the frame's body.</summary>
    public void SendFrame(ushort type, ReadOnlySpan<byte> body)
    {
        fixed (byte* start = body)
        {
            var whole = new IoVector((nint)start, (nuint)body.Length);
            SendFrame(type, new ReadOnlySpan<IoVector>(ref whole));
        }
    }

    /// <summary>Sends a frame header and the frame's scattered body, at most 1,023 parts.</summary>
    public void SendFrame(ushort type, ReadOnlySpan<IoVector> body)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(body.Length, MaxVectors - 1, nameof(body));
        ulong length = 0;
        foreach (var part in body)
            length += part.Length;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, (ulong)LinkProtocol.MaxFrame(Peer.Kind), nameof(body));
        var header = stackalloc byte[LinkProtocol.FrameHeader];
        var text = new Span<byte>(header, LinkProtocol.FrameHeader);
        BinaryPrimitives.WriteUInt32LittleEndian(text, (uint)length);
        BinaryPrimitives.WriteUInt16LittleEndian(text[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(text[6..], 0);
        Span<IoVector> parts = stackalloc IoVector[1 + body.Length];
        parts[0] = new((nint)header, LinkProtocol.FrameHeader);
        body.CopyTo(parts[1..]);
        SendScattered(parts);
    }

    /// <summary>Receives a frame's header; the caller then receives exactly <paramref name="length"/> bytes.</summary>
    /// <param name="type">The frame's type.</param>
    /// <param name="length">Checked against the channel's limit.</param>
    public void ReceiveFrameHeader(out ushort type, out int length)
    {
        Span<byte> header = stackalloc byte[LinkProtocol.FrameHeader];
        ReceiveExactly(header);
        var said = BinaryPrimitives.ReadUInt32LittleEndian(header);
        type = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        if (said > (uint)LinkProtocol.MaxFrame(Peer.Kind))
            throw new LinkStreamException(LinkClosedReason.Protocol, $"a frame says {said} bytes, {LinkProtocol.MaxFrame(Peer.Kind)} are allowed on {Peer.Kind}");
        if (flags != 0)
            throw new LinkStreamException(LinkClosedReason.Protocol, $"a frame of type {type:x4} has unknown flags {flags:x4}");
        length = (int)said;
    }

    /// <summary>Fills the memory.</summary>
    /// <exception cref="LinkStreamException">It ended, or a wait reached <see cref="WaitLimit"/>.</exception>
    public void ReceiveExactly(Span<byte> into)
    {
        fixed (byte* start = into)
            ReceiveExactly(start, into.Length);
    }

    /// <summary>Fills the memory, which may be guest memory.</summary>
    /// <exception cref="LinkStreamException">It ended, or a wait reached <see cref="WaitLimit"/>.</exception>
    public void ReceiveExactly(byte* into, long length)
    {
        if (_ciphers is null)
        {
            ReceiveAll(into, length);
            BytesReceived += length;
            return;
        }

        while (length > 0)
        {
            if (_openFrom == _openTo)
                ReceiveRecord();
            var part = (int)Math.Min(length, _openTo - _openFrom);
            Buffer.MemoryCopy(_receiveRecord + _openFrom, into, length, part);
            _openFrom += part;
            into += part;
            length -= part;
            BytesReceived += part;
        }
    }

    /// <summary>
    /// Ends sending and receiving at once, with <see cref="LinkClosedReason.Local"/> in the threads that wait. From any
    /// thread.
    /// </summary>
    public void Abort()
    {
        _aborted = true;
        NativeSocket.Abort(_fd);
    }

    /// <summary>Closes it. When no thread uses it any more.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _fd.Dispose();
        _ciphers?.Send.Dispose();
        _ciphers?.Receive.Dispose();
        NativeMemory.Free(_vectors);
        NativeMemory.Free(_sendRecord);
        NativeMemory.Free(_receiveRecord);
    }

    private void SendAll(ReadOnlySpan<IoVector> parts)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        // A copy, because the first element moves on with each partial send.
        parts.CopyTo(new Span<IoVector>(_vectors, MaxVectors));
        var at = 0;
        var count = parts.Length;
        while (at < count)
        {
            if (_vectors[at].Length == 0)
            {
                at++;
                continue;
            }

            MessageHeader message = default;
            message.Vectors = _vectors + at;
            message.VectorCount = (nuint)(count - at);
            var sent = sendmsg(_fd.Number, &message, MSG_NOSIGNAL);
            if (sent < 0)
            {
                Wait(POLLOUT, Marshal.GetLastPInvokeError(), "sent");
                continue;
            }

            BytesSent += sent;
            for (var left = (nuint)sent; left > 0;)
            {
                var part = _vectors[at];
                if (left >= part.Length)
                {
                    left -= part.Length;
                    at++;
                }
                else
                {
                    _vectors[at] = new(part.Address + (nint)left, part.Length - left);
                    left = 0;
                }
            }
        }
    }

    private void SendSealed(ReadOnlySpan<IoVector> parts)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var content = _sendRecord + LinkProtocol.RecordHeader;
        var filled = 0;
        foreach (var part in parts)
        {
            var from = (byte*)part.Address;
            for (var left = part.Length; left > 0;)
            {
                var step = (int)Math.Min(left, (nuint)(_recordSize - filled));
                Buffer.MemoryCopy(from, content + filled, _recordSize - filled, step);
                filled += step;
                from += step;
                left -= (nuint)step;
                if (filled == _recordSize)
                    SendRecord(ref filled);
            }
        }

        if (filled > 0)
            SendRecord(ref filled);
    }

    private void SendRecord(ref int length)
    {
        var header = new Span<byte>(_sendRecord, LinkProtocol.RecordHeader);
        BinaryPrimitives.WriteInt32LittleEndian(header, length);
        var content = new Span<byte>(_sendRecord + LinkProtocol.RecordHeader, length);
        var whole = LinkProtocol.RecordHeader + length + LinkProtocol.TagLength;
        _ciphers!.Value.Send.Seal(
            header, content, new Span<byte>(_sendRecord + whole - LinkProtocol.TagLength, LinkProtocol.TagLength));
        var vector = new IoVector((nint)_sendRecord, (nuint)whole);
        SendAll(new ReadOnlySpan<IoVector>(ref vector));
        BytesSent -= whole - length;
        length = 0;
    }

    private void ReceiveRecord()
    {
        ReceiveAll(_receiveRecord, LinkProtocol.RecordHeader);
        var header = new ReadOnlySpan<byte>(_receiveRecord, LinkProtocol.RecordHeader);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (length == 0 || length > (uint)_recordSize)
            throw new LinkStreamException(LinkClosedReason.Protocol, $"a record says {length} bytes, 1 to {_recordSize} are allowed on {Peer.Kind}");
        ReceiveAll(_receiveRecord + LinkProtocol.RecordHeader, length + LinkProtocol.TagLength);
        var content = new Span<byte>(_receiveRecord + LinkProtocol.RecordHeader, (int)length);
        var tag = new ReadOnlySpan<byte>(_receiveRecord + LinkProtocol.RecordHeader + length, LinkProtocol.TagLength);
        if (!_ciphers!.Value.Receive.Open(header, content, tag))
            throw new LinkStreamException(LinkClosedReason.Forged, "a record is not as the peer sealed it: damaged or forged");
        _openFrom = LinkProtocol.RecordHeader;
        _openTo = LinkProtocol.RecordHeader + (int)length;
    }

    private void ReceiveAll(byte* into, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var whole = length;
        while (length > 0)
        {
            var got = recv(_fd.Number, into, (nuint)length, 0);
            if (got > 0)
            {
                into += got;
                length -= got;
            }
            else if (got < 0)
            {
                Wait(POLLIN, Marshal.GetLastPInvokeError(), "received");
            }
            else if (_aborted)
            {
                ThrowAborted();
            }
            else
            {
                throw length == whole
                    ? new LinkStreamException(LinkClosedReason.PeerClosed, "closed by the peer")
                    : new LinkStreamException(LinkClosedReason.MidMessage, $"closed by the peer, {length} of {whole} bytes missing");
            }
        }
    }

    /// <summary>Deals with a failed call: waits where it would have blocked, throws otherwise.</summary>
    private void Wait(short events, int errno, string what)
    {
        if (_aborted)
            ThrowAborted();
        if (errno == Errno.EINTR)
            return;
        if (errno != Errno.EAGAIN)
        {
            var reason = errno switch
            {
                EPIPE or ECONNRESET => LinkClosedReason.Reset,
                ETIMEDOUT => LinkClosedReason.TimedOut,
                _ => LinkClosedReason.Error,
            };
            throw new LinkStreamException(reason, new LinuxException("link", errno).Message);
        }

        var deadline = MonotonicClock.Now + (WaitLimit.Ticks * 100);
        while (true)
        {
            var descriptor = new PollDescriptor { Fd = _fd.Number, Events = events };
            var left = Math.Max(0, (deadline - MonotonicClock.Now + 999_999) / 1_000_000);
            var ready = poll(&descriptor, 1, (int)Math.Min(left, int.MaxValue));
            if (_aborted)
                ThrowAborted();
            if (ready > 0)
                return;
            if (ready == 0)
                throw new LinkStreamException(LinkClosedReason.Silence, $"nothing could be {what} for {WaitLimit.TotalMilliseconds:0} ms");
            if (Marshal.GetLastPInvokeError() != Errno.EINTR)
                throw new LinkStreamException(LinkClosedReason.Error, LinuxException.FromLastError("poll").Message);
        }
    }

    [DoesNotReturn]
    private static void ThrowAborted() => throw new LinkStreamException(LinkClosedReason.Local, "aborted on this side");
}
