using System.Runtime.InteropServices;
using Colo.Linux;
using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Block.Nbd;

/// <summary>
/// One client of an <see cref="NbdServer"/>: what comes in is taken apart step by step, as far as limits and memory
/// allow, and the rest stays in the socket. This part holds the stream and its states; the handshake, the requests and
/// the replies have files of their own.
/// </summary>
internal sealed unsafe partial class NbdServerConnection : IEventHandler
{
    private const int InSize = 16 << 10;
    private const int MaxOptionData = 12 << 10;
    private const int RoundLimit = 16;

    private readonly NbdServer _server;
    private readonly string _peer;
    private readonly Action _work;
    private INbdTransport _transport;
    private int _descriptor;
    private byte* _in = (byte*)NativeMemory.Alloc(InSize);
    private int _from;
    private int _to;
    private long _left;
    private Phase _phase = Phase.ClientFlags;
    private uint _interest;
    private bool _workPosted;
    private bool _isChanged;
    private bool _waitsForMemory;
    private bool _waitsForOwn;
    private bool _draining;

    internal NbdServerConnection(NbdServer server, INbdTransport transport, string peer)
    {
        _server = server;
        _transport = transport;
        _peer = peer;
        _descriptor = transport.Descriptor;
        _work = () =>
        {
            _workPosted = false;
            Work();
        };
        HandshakeDeadline = MonotonicClock.Now + (server.Options.HandshakeLimit.Ticks * 100);
    }

    /// <summary>What the next bytes of the stream are.</summary>
    private enum Phase
    {
        ClientFlags,
        Option,
        OptionData,
        SkippedOption,
        Request,
        Payload,
        SkippedPayload,
    }

    internal bool IsClosed { get; private set; }

    /// <summary>When the handshake has to be done; <see cref="long.MaxValue"/> when it is.</summary>
    internal long HandshakeDeadline { get; private set; }

    /// <summary>Since when it has been in the middle of one message, in either direction; <see cref="long.MaxValue"/> when it is not.</summary>
    internal long MessageSince => Math.Min(_current is null ? long.MaxValue : _payloadSince, _firstReply is null ? long.MaxValue : _replySince);

    /// <summary>Bytes it waits for, while it waits for memory.</summary>
    internal uint MemoryWanted { get; private set; }

    internal void Start()
    {
        Greet();
        Work();
    }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        if ((events & EventLoop.Writable) != 0)
            Flush();
        if (!IsClosed)
            Work();
    }

    /// <summary>Sends what there is and goes on with what came. At the end of a round in which something changed.</summary>
    internal void GoOn()
    {
        _isChanged = false;
        if (IsClosed)
            return;
        Flush();
        if (!IsClosed)
            Work();
    }

    internal void GoOnWithMemory()
    {
        _waitsForMemory = false;
        if (!IsClosed)
            Work();
    }

    /// <summary>Takes no more requests; closes when all answers are sent.</summary>
    internal void Drain()
    {
        if (IsClosed || _draining)
            return;
        _draining = true;
        if (_current is { } partial)
        {
            _current = null;
            Release(partial);
        }

        if (_inFlight == 0 && !HasUnsent)
            Close(null);
        else
            UpdateInterest();
    }

    /// <summary>Closes at once. What the backend has under way ends by itself.</summary>
    /// <param name="fault">What the client did wrong, for the log; null when nothing.</param>
    internal void Close(string? fault)
    {
        if (IsClosed)
            return;
        IsClosed = true;
        if (fault is not null)
            _server.Warn($"nbd: {_peer} is closed: {fault}");
        if (_interest != 0)
            _server.Loop.Remove(_descriptor);
        _transport.Dispose();
        NativeMemory.Free(_in);
        _in = null;
        NativeMemory.Free(_out);
        _out = null;
        if (_current is { } partial)
        {
            _current = null;
            Release(partial);
        }

        while (_firstReply is { } reply)
        {
            _firstReply = reply.Next;
            Release(reply);
        }

        _server.Remove(this);
    }

    /// <summary>Whether there is something to send beside the replies: they count as requests under way.</summary>
    private bool HasUnsent => _outTo > 0 || _transport.SendPending;

    private bool MayRead =>
        !IsClosed && !_draining && !_waitsForMemory && !_waitsForOwn && _outTo == 0;

    private void Work()
    {
        for (var round = 0; MayRead; round++)
        {
            while (MayRead && Step())
            {
            }

            if (!MayRead)
                break;
            if (round == RoundLimit)
            {
                // Others have their turn. Posted, because bytes may wait in the transport where epoll does not see them.
                if (!_workPosted)
                {
                    _workPosted = true;
                    _server.Loop.Post(_work);
                }

                break;
            }

            if (!Fill())
                break;
        }

        if (!IsClosed)
            UpdateInterest();
    }

    /// <summary>Takes one thing out of the input; false when more has to come in first.</summary>
    private bool Step()
    {
        var available = _to - _from;
        switch (_phase)
        {
            case Phase.ClientFlags:
                return available >= sizeof(uint) && TakeClientFlags();
            case Phase.Option:
                return available >= OptionHeader && TakeOptionHeader();
            case Phase.OptionData:
                return available >= _left && TakeOption();
            case Phase.SkippedOption:
                return Skip() && EndSkippedOption();
            case Phase.Request:
                return available >= (_extended ? ExtendedRequest : CompactRequest) && TakeRequest();
            case Phase.Payload:
                return TakePayload();
            default:
                return Skip() && EndPayload();
        }
    }

    private bool Skip()
    {
        var part = (int)Math.Min(_left, _to - _from);
        _from += part;
        _left -= part;
        return _left == 0;
    }

    /// <summary>Receives; data goes straight to its buffer, what follows it to the input.</summary>
    private bool Fill()
    {
        if (_from == _to)
        {
            _from = _to = 0;
        }
        else if (_from > 0)
        {
            Buffer.MemoryCopy(_in + _from, _in, InSize, _to - _from);
            _to -= _from;
            _from = 0;
        }

        var vectors = stackalloc BlockVector[2];
        var count = 0;
        long direct = 0;
        if (_phase == Phase.Payload)
        {
            direct = _left;
            vectors[count++] = new BlockVector((nint)(_current!.Buffer + (_current.BufferLength - _left)), (nuint)direct);
        }

        vectors[count++] = new BlockVector((nint)(_in + _to), (nuint)(InSize - _to));
        var received = _transport.Receive(vectors, count);
        if (received == -Errno.EAGAIN)
            return false;
        if (received <= 0)
        {
            // At its end the stream may still take answers; after an error it takes nothing.
            if (received == 0)
                Drain();
            else
                Close(received == -NativeSocket.EBADMSG ? "what came is not as it was sealed: damaged or forged" : null);
            return false;
        }

        var placed = Math.Min(received, direct);
        if (placed > 0)
            _left -= placed;
        _to += (int)(received - placed);
        return true;
    }

    private void UpdateInterest()
    {
        var wanted = (MayRead ? EventLoop.Readable : 0) | (HasUnsent || _firstReply is not null ? EventLoop.Writable : 0);
        if (wanted == _interest)
            return;
        // Without interest it is not watched at all: a hang-up would be told again and again.
        if (wanted == 0)
            _server.Loop.Remove(_descriptor);
        else if (_interest == 0)
            _server.Loop.Add(_descriptor, wanted, this);
        else
            _server.Loop.Modify(_descriptor, wanted);
        _interest = wanted;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        var taken = new ReadOnlySpan<byte>(_in + _from, length);
        _from += length;
        return taken;
    }
}
