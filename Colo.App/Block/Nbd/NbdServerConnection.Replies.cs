using System.Buffers.Binary;
using System.Text;
using Colo.Linux;
using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Block.Nbd;

/// <summary>The replies: made when a request is done, sent many at once at the end of the loop's round.</summary>
internal sealed unsafe partial class NbdServerConnection
{
    private const int MaxVectors = 64;

    private NbdServerRequest? _firstReply;
    private NbdServerRequest? _lastReply;
    private long _replySince;
    private long _replySent;

    private void Answer(NbdServerRequest request, uint error, string text)
    {
        if (IsClosed)
        {
            Release(request);
            return;
        }

        Write(request, error, text);
        request.Next = null;
        if (_firstReply is null)
        {
            _firstReply = request;
            _replySince = MonotonicClock.Now;
        }
        else
        {
            _lastReply!.Next = request;
        }

        _lastReply = request;
        if (!_isChanged)
        {
            _isChanged = true;
            _server.Changed(this);
        }
    }

    private void Write(NbdServerRequest request, uint error, string text)
    {
        var head = new Span<byte>(request.Head, NbdServerRequest.HeadSize);
        request.BodyLength = 0;
        if (!_structured || (!_extended && error == 0 && request.Type is not (CommandRead or CommandBlockStatus)))
        {
            BinaryPrimitives.WriteUInt32BigEndian(head, SimpleReplyMagic);
            BinaryPrimitives.WriteUInt32BigEndian(head[4..], error);
            BinaryPrimitives.WriteUInt64BigEndian(head[8..], request.Cookie);
            request.HeadLength = SimpleReply;
            request.BodyLength = error == 0 && request.Type == CommandRead ? (uint)request.Length : 0;
            return;
        }

        var start = _extended ? ExtendedChunk : StructuredChunk;
        var after = head[start..];
        var fixedPart = 0;
        var type = ChunkNone;
        if (error != 0)
        {
            type = ChunkError;
            var length = Encoding.ASCII.GetBytes(text, after[6..]);
            BinaryPrimitives.WriteUInt32BigEndian(after, error);
            BinaryPrimitives.WriteUInt16BigEndian(after[4..], (ushort)length);
            fixedPart = 6 + length;
        }
        else if (request.Type == CommandRead && request.Length > 0)
        {
            type = ChunkOffsetData;
            BinaryPrimitives.WriteUInt64BigEndian(after, request.WireOffset);
            fixedPart = 8;
            request.BodyLength = (uint)request.Length;
        }
        else if (request.Type == CommandBlockStatus)
        {
            type = _extended ? ChunkBlockStatusExtended : ChunkBlockStatus;
            var count = WriteExtents(request);
            BinaryPrimitives.WriteUInt32BigEndian(after, AllocationId);
            BinaryPrimitives.WriteInt32BigEndian(after[4..], count);
            fixedPart = _extended ? 8 : 4;
        }

        var payload = (uint)fixedPart + request.BodyLength;
        BinaryPrimitives.WriteUInt32BigEndian(head, _extended ? ExtendedReplyMagic : StructuredReplyMagic);
        BinaryPrimitives.WriteUInt16BigEndian(head[4..], ChunkFlagDone);
        BinaryPrimitives.WriteUInt16BigEndian(head[6..], type);
        BinaryPrimitives.WriteUInt64BigEndian(head[8..], request.Cookie);
        if (_extended)
        {
            BinaryPrimitives.WriteUInt64BigEndian(head[16..], request.WireOffset);
            BinaryPrimitives.WriteUInt64BigEndian(head[24..], payload);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(head[16..], payload);
        }

        request.HeadLength = start + fixedPart;
    }

    /// <summary>Writes the extents into the request's buffer, joined where they are alike.</summary>
    private int WriteExtents(NbdServerRequest request)
    {
        var found = request.Extents;
        var count = request.Block.ExtentCount;
        if (count == 0)
        {
            // A backend that does not tell: all of it is data, which is always a true answer.
            found[0] = new BlockExtent(request.Length, false);
            count = 1;
        }

        var size = _extended ? 16 : 8;
        var most = (request.Flags & CommandFlagOneExtent) != 0 ? 1 : NbdServerRequest.MaxExtents;
        var written = 0;
        for (var i = 0; i < count && written < most;)
        {
            var (length, hole) = found[i++];
            while (i < count && found[i].Hole == hole)
                length += found[i++].Length;
            var status = hole ? StatusHole | StatusZero : 0;
            var into = new Span<byte>(request.Buffer + (written++ * size), size);
            if (_extended)
            {
                BinaryPrimitives.WriteInt64BigEndian(into, length);
                BinaryPrimitives.WriteUInt64BigEndian(into[8..], status);
            }
            else
            {
                // The request's length has 32 bits, and no extent goes beyond it.
                BinaryPrimitives.WriteUInt32BigEndian(into, (uint)length);
                BinaryPrimitives.WriteUInt32BigEndian(into[4..], status);
            }
        }

        request.BodyLength = (uint)(written * size);
        return written;
    }

    /// <summary>Sends as much as the socket takes.</summary>
    private void Flush()
    {
        if (_transport.Flush() is < 0 and not -Errno.EAGAIN)
            Close(null);
        else
            FlushHandshake();
        var vectors = stackalloc BlockVector[MaxVectors];
        while (!IsClosed && _outTo == 0 && _firstReply is not null)
        {
            var count = 0;
            var skip = _replySent;
            for (var reply = _firstReply; reply is not null && count < MaxVectors - 1; reply = reply.Next)
            {
                if (skip < reply.HeadLength)
                    vectors[count++] = new BlockVector((nint)(reply.Head + skip), (nuint)(reply.HeadLength - skip));
                var body = Math.Max(0, skip - reply.HeadLength);
                if (reply.BodyLength > body)
                    vectors[count++] = new BlockVector((nint)(reply.Buffer + body), (nuint)(reply.BodyLength - body));
                skip = 0;
            }

            var sent = _transport.Send(vectors, count);
            if (sent < 0)
            {
                if (sent != -Errno.EAGAIN)
                    Close(null);
                break;
            }

            Sent(sent);
        }

        if (IsClosed)
            return;
        if (_draining && _inFlight == 0 && !HasUnsent)
            Close(null);
        else
            UpdateInterest();
    }

    private void Sent(long bytes)
    {
        while (bytes > 0)
        {
            var reply = _firstReply!;
            var rest = reply.HeadLength + reply.BodyLength - _replySent;
            if (bytes < rest)
            {
                _replySent += bytes;
                return;
            }

            bytes -= rest;
            _replySent = 0;
            _replySince = MonotonicClock.Now;
            _firstReply = reply.Next;
            Release(reply);
        }
    }
}
