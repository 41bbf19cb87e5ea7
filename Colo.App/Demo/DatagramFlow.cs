using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Colo.Linux;

namespace Colo.Demo;

/// <summary>
/// Numbered datagrams to the guest's UDP echo, or ICMP echo requests. Lost ones are counted, doubled ones are
/// counted with their time (they are allowed across a takeover only), wrong ones fail the flow.
/// </summary>
internal sealed class DatagramFlow : LoadFlow, IEventHandler
{
    private const int HeaderBytes = 16;
    private readonly Socket _socket;
    private readonly int _fd;
    private readonly bool _icmp;
    private readonly ushort _identifier;
    private readonly Dictionary<ulong, long> _waiting = [];
    private readonly byte[] _message = new byte[1500];
    private readonly byte[] _wanted = new byte[1500];
    private long _lastReply;
    private bool _closed;

    internal DatagramFlow(LoadGenerator owner, bool icmp)
        : base(owner, icmp ? "ping" : "udp", 0)
    {
        _icmp = icmp;
        // A lost datagram is never answered and must not keep the next ones back.
        Depth = int.MaxValue;
        _identifier = (ushort)owner.RunId;
        _socket = icmp
            ? new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp)
            : new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        _socket.Blocking = false;
        _socket.Connect(new IPEndPoint(owner.Settings.Target, icmp ? 0 : owner.Settings.EchoPort));
        _fd = (int)_socket.Handle;
        owner.Loop.Add(_fd, EventLoop.Readable, this);
    }

    internal override int Outstanding => _waiting.Count;

    internal override bool IsReady => !_closed;

    // The gap of datagrams is the time between two replies: one lost is no gap, silence is.
    protected override long WaitingSince => _lastReply == 0 ? MonotonicClock.Now : _lastReply;

    public void OnReady(uint events)
    {
        while (!_closed)
        {
            var buffer = Owner.ReceiveBuffer;
            var got = _socket.Receive(buffer, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
                break;
            if (error != SocketError.Success)
            {
                Fail($"receive: {error}");
                return;
            }

            Check(buffer.AsSpan(0, got));
        }

        Owner.Wake();
    }

    internal override void Close()
    {
        if (_closed)
            return;
        _closed = true;
        Owner.Loop.Remove(_fd);
        _socket.Dispose();
    }

    protected override void Send(long now)
    {
        var length = Build(_message, (ulong)Sent, icmpType: 8);
        _waiting[(ulong)Sent] = now;
        _socket.Send(_message.AsSpan(0, length), SocketFlags.None, out var error);
        // A full queue or an unanswered ARP loses the datagram, as a network does.
        if (error is not (SocketError.Success or SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable or SocketError.HostUnreachable or SocketError.HostDown))
            Fail($"send: {error}");
    }

    private void Check(ReadOnlySpan<byte> packet)
    {
        if (_icmp)
        {
            if (packet.Length < 28)
                return;
            packet = packet[((packet[0] & 15) * 4)..];
            // A raw socket sees every ICMP message of the host: only replies with this flow's identifier are its own.
            if (packet.Length < 8 || packet[0] != 0 || BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) != _identifier)
                return;
        }

        var content = _icmp ? packet[8..] : packet;
        var number = content.Length >= HeaderBytes ? BinaryPrimitives.ReadUInt64BigEndian(content) : 0;
        if (number == 0 || number > (ulong)Sent)
        {
            Fail($"a datagram that was never sent: {Convert.ToHexString(content[..Math.Min(24, content.Length)])}");
            return;
        }

        var length = Build(_wanted, number, icmpType: 0);
        // The checksum was checked by the kernel (UDP) or is over the same bytes (ICMP).
        if (!packet.SequenceEqual(_wanted.AsSpan(0, length)))
        {
            var same = packet.CommonPrefixLength(_wanted.AsSpan(0, length));
            Fail($"datagram {number} of {length} bytes came back with {packet.Length}, different from byte {same}");
            return;
        }

        if (_waiting.Remove(number, out var sent))
        {
            Answered(sent, _lastReply == 0 ? sent : _lastReply);
            _lastReply = MonotonicClock.Now;
        }
        else
        {
            Duplicates++;
            Owner.NoteDuplicate();
        }
    }

    // Content follows from the number: a reply can be checked without keeping what was sent.
    private int Build(byte[] target, ulong number, byte icmpType)
    {
        var state = (number * 0x9E3779B97F4A7C15) ^ (uint)Owner.Settings.Seed;
        var start = _icmp ? 8 : 0;
        var length = HeaderBytes + (int)(state % (ulong)(Math.Clamp(Owner.Settings.MaxBytes, 33, 1400) - HeaderBytes));
        var content = target.AsSpan(start, length);
        BinaryPrimitives.WriteUInt64BigEndian(content, number);
        BinaryPrimitives.WriteUInt64BigEndian(content[8..], (ulong)Owner.RunId);
        for (var i = HeaderBytes; i < length; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            content[i] = (byte)state;
        }

        if (_icmp)
        {
            var packet = target.AsSpan(0, 8 + length);
            packet[0] = icmpType;
            packet[1] = packet[2] = packet[3] = 0;
            BinaryPrimitives.WriteUInt16BigEndian(packet[4..], _identifier);
            BinaryPrimitives.WriteUInt16BigEndian(packet[6..], (ushort)number);
            BinaryPrimitives.WriteUInt16BigEndian(packet[2..], InternetChecksum.Of(packet));
        }

        return start + length;
    }
}
