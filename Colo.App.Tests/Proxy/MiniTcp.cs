using static Colo.Tests.Proxy.FrameBuilder;

namespace Colo.Tests.Proxy;

/// <summary>
/// A small TCP, enough to notice every mistake in numbers, windows and timestamps: go-back-N, delayed acknowledgements,
/// PAWS. One connection. The source sends bytes and expects each back, changed; the echo answers.
/// </summary>
public sealed class MiniTcp
{
    private const int RetransmitMs = 200;
    private const ushort WindowSize = 20_000;

    private readonly bool _isGuest, _active, _echo;
    private readonly ushort _guestPort, _clientPort;
    private uint _isn, _timestampOffset;
    private Random _random;
    private List<byte> _buffer = [];
    private long _una, _next;
    private uint _peerIsn;
    private long _received = -1;
    private int _peerWindow = 1000;
    private bool _synSent, _established, _closing, _finReceived;
    private long _lastSendMs, _ackDueMs = long.MaxValue;
    private uint _recentTimestamp;
    private bool _hasRecent;

    public MiniTcp(bool isGuest, bool active, bool echo, ushort guestPort, ushort clientPort, int seed)
    {
        (_isGuest, _active, _echo, _guestPort, _clientPort) = (isGuest, active, echo, guestPort, clientPort);
        _random = new Random(seed);
        _isn = (uint)_random.NextInt64(1L << 32);
        _timestampOffset = (uint)_random.NextInt64(1L << 32);
    }

    public List<byte> Received { get; private set; } = [];
    public Queue<byte[]> Output { get; private set; } = new();
    public int PawsDrops { get; private set; }
    public bool Reset { get; private set; }
    public bool Done => _closing && _finReceived && _una == _buffer.Count + 2;
    public string State => $"established {_established} una {_una} next {_next} of {_buffer.Count} received {_received} fin {_finReceived} closing {_closing} window {_peerWindow}";

    /// <summary>An exact copy, as a checkpoint makes one; from there it goes its own way.</summary>
    public MiniTcp Clone(int seed)
    {
        var copy = (MiniTcp)MemberwiseClone();
        copy._buffer = [.. _buffer];
        copy.Received = [.. Received];
        copy.Output = new Queue<byte[]>(Output);
        copy._random = new Random(seed);
        return copy;
    }

    /// <summary>A guest that draws another initial number when it opens.</summary>
    public void Reseed(int seed)
    {
        if (!_synSent)
        {
            var random = new Random(seed);
            _isn = (uint)random.NextInt64(1L << 32);
            _timestampOffset = (uint)random.NextInt64(1L << 32);
        }
    }

    public void Feed(byte[] data) => _buffer.AddRange(data);
    public void Close() => _closing = true;

    public void Tick(long ms)
    {
        if (Reset)
            return;
        if (_active && !_synSent)
            SendSyn(ms);
        if (_synSent && _una < _next && ms - _lastSendMs > RetransmitMs)
        {
            _next = _una;
            if (_next == 0)
                SendSyn(ms);
        }
        SendData(ms);
        if (ms >= _ackDueMs)
            SendAck(ms);
    }

    public void Input(byte[] frame, long ms)
    {
        WireSegment s = WireSegment.Parse(frame)!;
        if (s.SourcePort != (_isGuest ? _clientPort : _guestPort) || s.DestinationPort != (_isGuest ? _guestPort : _clientPort))
            return;
        if (s.Has(Rst))
        {
            Reset = true;
            return;
        }
        if (s.Has(Syn))
        {
            if (_received >= 0 && s.Seq != _peerIsn)
            {
                SendAck(ms);
                return;
            }
            if (_active && (!s.Has(Ack) || s.Ack != _isn + 1))
                return;
            bool again = _received >= 0;
            _peerIsn = s.Seq;
            _peerWindow = s.Window;
            NoteTimestamp(s);
            if (_active)
            {
                _una = Math.Max(_una, 1);
                _next = Math.Max(_next, 1);
                _established = true;
                _received = Math.Max(_received, 1);
                SendAck(ms);
            }
            else if (!_established)
            {
                _received = 1;
                _synSent = true;
                SendSyn(ms);
            }
            else if (again)
            {
                SendAck(ms);
            }
            return;
        }
        if (_received < 0 || !s.Has(Ack))
            return;
        if (_hasRecent && s.TimestampValue is { } value && (int)(value - _recentTimestamp) < 0)
        {
            PawsDrops++;
            SendAck(ms);
            return;
        }
        long ack = _una + (int)(s.Ack - (uint)(_isn + _una));
        if (ack > Math.Max(_next, _una) + 60_000 || ack < _una - 100_000 || (!_established && ack != 1))
        {
            Reset = !_isGuest;
            Send(Rst, s.Ack, 0, [], ms);
            return;
        }
        _established = true;
        if (ack > _una)
        {
            _una = ack;
            _next = Math.Max(_next, _una);
            _lastSendMs = ms;
        }
        _peerWindow = s.Window;
        long seq = _received + (int)(s.Seq - (uint)(_peerIsn + _received));
        if (s.Payload.Length == 0 && !s.Has(Fin))
            return;
        int skip = (int)(_received - seq);
        if (skip < 0 || skip > s.Payload.Length || (skip == s.Payload.Length && !s.Has(Fin)) || (_finReceived && s.Has(Fin)))
        {
            SendAck(ms);
            return;
        }
        NoteTimestamp(s);
        byte[] fresh = s.Payload[skip..];
        Received.AddRange(fresh);
        if (_echo)
            _buffer.AddRange(fresh.Select(b => (byte)(b ^ 0x5a)));
        _received += fresh.Length;
        if (s.Has(Fin))
        {
            _finReceived = true;
            _received++;
            if (_echo)
                _closing = true;
        }
        if (_random.Next(3) == 0)
            SendAck(ms);
        else
            _ackDueMs = Math.Min(_ackDueMs, ms + _random.Next(40));
    }

    private void NoteTimestamp(WireSegment s)
    {
        if (s.TimestampValue is not { } value)
            return;
        _hasRecent = true;
        _recentTimestamp = value;
    }

    private void SendSyn(long ms)
    {
        _synSent = true;
        _next = 1;
        _lastSendMs = ms;
        Output.Enqueue(Tcp(new TcpSpec
        {
            FromGuest = _isGuest,
            GuestPort = _guestPort,
            ClientPort = _clientPort,
            Seq = _isn,
            AckNumber = _active ? 0 : _peerIsn + 1,
            Flags = _active ? Syn : (byte)(Syn | Ack),
            Window = WindowSize,
            Options = SynOptions(0, (uint)ms + _timestampOffset, _recentTimestamp),
        }));
    }

    private void SendData(long ms)
    {
        if (!_established)
            return;
        while (true)
        {
            int at = (int)_next - 1;
            int size = Math.Min(_buffer.Count - at, (int)(_una + _peerWindow - _next));
            size = Math.Min(size, _isGuest && _random.Next(3) == 0 ? 8000 : _random.Next(1, 1449));
            if (size > 0)
            {
                Send(Ack, _isn + (uint)_next, _received, _buffer.GetRange(at, size).ToArray(), ms);
                _next += size;
            }
            else
            {
                break;
            }
        }
        if (_closing && _next == _buffer.Count + 1 && _una + _peerWindow > _next)
        {
            Send(Ack | Fin, _isn + (uint)_next, _received, [], ms);
            _next++;
        }
    }

    private void SendAck(long ms)
    {
        if (_received >= 0)
            Send(Ack, _isn + (uint)_next, _received, [], ms);
    }

    private void Send(byte flags, uint seq, long received, byte[] payload, long ms)
    {
        if (payload.Length > 0 || (flags & Fin) != 0)
        {
            if (_una == _next)
                _lastSendMs = ms;
        }
        _ackDueMs = long.MaxValue;
        Output.Enqueue(Tcp(new TcpSpec
        {
            FromGuest = _isGuest,
            GuestPort = _guestPort,
            ClientPort = _clientPort,
            Seq = seq,
            AckNumber = (flags & Ack) != 0 ? _peerIsn + (uint)received : 0,
            Flags = flags,
            Window = WindowSize,
            Options = Timestamps((uint)ms + _timestampOffset, _recentTimestamp),
            Payload = payload,
            GsoSize = (ushort)(payload.Length > 1448 ? 1448 : 0),
        }));
        if ((flags & (Fin | Rst)) == 0 && payload.Length == 0)
            return;
        if (_next == _una)
            _lastSendMs = ms;
    }
}
