using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Colo.Linux;

namespace Colo.Demo;

/// <summary>
/// A TCP connection of the client's own kernel to the guest. What comes back is checked byte by byte; the first
/// wrong byte, a reset or an early end fails the flow.
/// </summary>
internal abstract class TcpFlow : LoadFlow, IEventHandler
{
    private readonly Socket _socket;
    private readonly int _fd;
    private readonly Queue<Pending> _pending = new();
    private byte[] _output = new byte[8192];
    private int _outputStart;
    private int _outputEnd;
    private bool _connected;
    private bool _closed;

    private protected TcpFlow(LoadGenerator owner, string kind, int index, int port)
        : base(owner, kind, index)
    {
        Depth = owner.Settings.Depth;
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false, NoDelay = true };
        _fd = (int)_socket.Handle;
        try
        {
            _socket.Connect(new IPEndPoint(owner.Settings.Target, port));
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // It goes on while the loop waits for it to become writable.
        }

        owner.Loop.Add(_fd, EventLoop.Readable | EventLoop.Writable, this);
    }

    internal override int Outstanding => _pending.Count;

    internal override bool IsReady => _connected;

    protected override long WaitingSince => _pending.TryPeek(out var first) ? first.SentNs : MonotonicClock.Now;

    /// <summary>Bytes of the reply stream that were checked.</summary>
    protected long Position { get; private set; }

    public void OnReady(uint events)
    {
        if (_closed)
            return;
        try
        {
            if (!_connected)
            {
                FinishConnect();
                return;
            }

            if ((events & EventLoop.Writable) != 0)
                Flush();
            if ((events & ~EventLoop.Writable) != 0)
                Receive();
        }
        catch (SocketException e)
        {
            Fail($"{e.SocketErrorCode} after {Position} bytes of replies");
        }
    }

    internal override void Close()
    {
        if (_closed)
            return;
        _closed = true;
        Owner.Loop.Remove(_fd);
        _socket.Dispose();
    }

    /// <summary>Makes the next request with <see cref="Write"/>.</summary>
    protected abstract void Request();

    /// <summary>Checks what came; calls <see cref="Complete"/> for each whole reply.</summary>
    protected abstract void Consume(ReadOnlySpan<byte> data);

    protected override void Send(long now)
    {
        _pending.Enqueue(new Pending(now, Sent));
        Request();
        try
        {
            Flush();
        }
        catch (SocketException e)
        {
            Fail($"{e.SocketErrorCode} after {Position} bytes of replies");
        }
    }

    protected void Write(ReadOnlySpan<byte> data)
    {
        if (_output.Length - _outputEnd < data.Length)
        {
            var left = _outputEnd - _outputStart;
            var target = left + data.Length > _output.Length ? new byte[Math.Max(_output.Length * 2, left + data.Length)] : _output;
            _output.AsSpan(_outputStart, left).CopyTo(target);
            (_output, _outputStart, _outputEnd) = (target, 0, left);
        }

        data.CopyTo(_output.AsSpan(_outputEnd));
        _outputEnd += data.Length;
    }

    /// <summary>The oldest request has its whole reply. False when none was asked.</summary>
    protected bool Complete()
    {
        if (!_pending.TryDequeue(out var first))
        {
            Fail($"a reply that was not asked for, at byte {Position}");
            return false;
        }

        Answered(first.SentNs, first.SentNs);
        return true;
    }

    /// <summary>Names the place of a wrong byte, with what should have come and what came.</summary>
    protected void FailAt(long position, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> got) =>
        Fail(string.Create(CultureInfo.InvariantCulture,
            $"byte {position} of the replies: expected {Show(expected)}, got {Show(got)}"));

    private static string Show(ReadOnlySpan<byte> data) =>
        data.IsEmpty ? "nothing" : Convert.ToHexString(data[..Math.Min(data.Length, 24)]) + (data.Length > 24 ? "…" : "");

    private void FinishConnect()
    {
        var error = (int)_socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        if (error != 0)
        {
            Fail($"connect: {(SocketError)error}");
            return;
        }

        _connected = true;
        Owner.Loop.Modify(_fd, EventLoop.Readable);
        Owner.Wake();
    }

    private void Flush()
    {
        while (_outputStart < _outputEnd)
        {
            var sent = _socket.Send(_output.AsSpan(_outputStart, _outputEnd - _outputStart), SocketFlags.None, out var error);
            if (error is SocketError.WouldBlock)
            {
                Owner.Loop.Modify(_fd, EventLoop.Readable | EventLoop.Writable);
                return;
            }

            if (error != SocketError.Success)
                throw new SocketException((int)error);
            _outputStart += sent;
        }

        _outputStart = _outputEnd = 0;
        Owner.Loop.Modify(_fd, EventLoop.Readable);
    }

    private void Receive()
    {
        while (!_closed)
        {
            var buffer = Owner.ReceiveBuffer;
            var got = _socket.Receive(buffer, SocketFlags.None, out var error);
            if (error is SocketError.WouldBlock)
                return;
            if (error != SocketError.Success)
                throw new SocketException((int)error);
            if (got == 0)
            {
                Fail($"the guest closed the connection after {Position} bytes of replies, {Outstanding} replies missing");
                return;
            }

            Consume(buffer.AsSpan(0, got));
            Position += got;
            if (got < buffer.Length)
                break;
        }

        Owner.Wake();
    }

    private readonly record struct Pending(long SentNs, long Number);
}
