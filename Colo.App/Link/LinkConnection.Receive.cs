using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Colo.Linux;
using static Colo.Linux.NativeSocket;

namespace Colo.Link;

// The receiving half: from the socket into the ring, from the ring to the handler.
public sealed unsafe partial class LinkConnection
{
    private void Receive(int reads)
    {
        if (_dispatching)
        {
            _drainAgain = true;
            return;
        }

        while (reads-- > 0 && !_closed)
        {
            var room = (nuint)(_receive.Capacity - (_receiveTail - _receiveHead));
            var got = recv(_fd.Number, _receive.At(_receiveTail), room, 0);
            if (got < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.EINTR)
                    continue;
                if (errno != Errno.EAGAIN)
                    FinishWithErrno(errno);
                return;
            }

            if (got == 0)
            {
                FinishAtEnd();
                return;
            }

            _receiveTail += got;
            Dispatch();
            if (_drainAgain)
            {
                _drainAgain = false;
                reads = int.MaxValue;
            }
            else if ((nuint)got < room && reads < ReadsPerRound)
            {
                // Less than there was room for: nothing more is there, or epoll says so again.
                return;
            }
        }
    }

    private void Dispatch()
    {
        _dispatching = true;
        try
        {
            while (!_closed && (_receiveHead < _receiveOpen || OpenNext()))
                Deliver();
        }
        catch (FormatException e)
        {
            Fail(LinkClosedReason.Protocol, e.Message);
        }
        finally
        {
            _dispatching = false;
            if (_closed)
                FreeMemory();
        }
    }

    /// <summary>Makes the next whole frames available at the head; false when they are not there yet.</summary>
    private bool OpenNext()
    {
        var have = _receiveTail - _receiveHead;
        if (_ciphers is not { } ciphers)
        {
            // As soon as the length is there: a wrong one is not waited for.
            if (have < sizeof(uint))
                return false;
            var body = BinaryPrimitives.ReadUInt32LittleEndian(_receive.Span(_receiveHead, 4));
            if (body > (uint)_maxFrame)
                return Fail(LinkClosedReason.Protocol, $"a message says {body} bytes, {_maxFrame} are allowed on {Peer.Kind}");
            if (have < LinkProtocol.FrameHeader + body)
                return false;
            _receiveOpen = _receiveHead + LinkProtocol.FrameHeader + body;
            return true;
        }

        if (have < LinkProtocol.RecordHeader)
            return false;
        var header = _receive.Span(_receiveHead, LinkProtocol.RecordHeader);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (length < LinkProtocol.FrameHeader || length > (uint)_maxRecord)
            return Fail(LinkClosedReason.Protocol, $"a record says {length} bytes, {LinkProtocol.FrameHeader} to {_maxRecord} are allowed on {Peer.Kind}");
        if (have < LinkProtocol.RecordHeader + length + LinkProtocol.TagLength)
            return false;
        var content = _receiveHead + LinkProtocol.RecordHeader;
        if (!ciphers.Receive.Open(
            header, _receive.Span(content, (int)length), _receive.Span(content + length, LinkProtocol.TagLength)))
        {
            return Fail(LinkClosedReason.Forged, "a record is not as the peer sealed it: damaged or forged");
        }

        _receiveHead = content;
        _receiveOpen = content + length;
        return true;
    }

    private void Deliver()
    {
        var left = _receiveOpen - _receiveHead;
        var header = _receive.Span(_receiveHead, (int)Math.Min(left, LinkProtocol.FrameHeader));
        var length = left < LinkProtocol.FrameHeader ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (length > left - LinkProtocol.FrameHeader || length > (uint)_maxFrame)
        {
            Fail(LinkClosedReason.Protocol, "a message is longer than its record");
            return;
        }

        var type = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        if (flags != 0)
        {
            Fail(LinkClosedReason.Protocol, $"a message of type {type:x4} has unknown flags {flags:x4}");
            return;
        }

        // Passed over before the handler runs: what it throws does not bring the message again.
        var body = _receive.Span(_receiveHead + LinkProtocol.FrameHeader, (int)length);
        _receiveHead += LinkProtocol.FrameHeader + length;
        if (_receiveHead == _receiveOpen && _ciphers is not null)
            _receiveHead = _receiveOpen += LinkProtocol.TagLength;
        if (type < LinkProtocol.FirstReservedType)
        {
            MessagesReceived++;
            _handler.OnMessage(this, type, body);
        }
        else
        {
            OnReserved(type, body);
        }
    }

    private void OnReserved(ushort type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case LinkProtocol.GoodbyeType:
                Finish(LinkClosedReason.Goodbye, LinkHandshake.Printable(body));
                break;
            case LinkProtocol.BeatType or LinkProtocol.EchoType:
                // Nobody listens yet while a pairing is being set up.
                if (Heartbeat?.OnMessage(type, body) is { } wrong)
                    Fail(LinkClosedReason.Protocol, wrong);
                break;
            default:
                Fail(LinkClosedReason.Protocol, $"a message of unknown type {type:x4}");
                break;
        }
    }
}
