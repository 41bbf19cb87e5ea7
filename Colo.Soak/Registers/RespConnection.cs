using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Colo.Demo;
using Colo.Linux;

namespace Colo.Soak.Registers;

/// <summary>A connection to the guest's key-value store, with one request at a time. To be made on a thread of the client's namespace.</summary>
internal sealed class RespConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[16384];
    private int _length;

    private RespConnection(Socket socket) => _socket = socket;

    /// <summary>Connects, as often as it needs.</summary>
    /// <param name="limit">How long no answer, or an unreachable guest, is borne.</param>
    /// <param name="giveUp">Asked between the attempts.</param>
    /// <returns>Null when <paramref name="giveUp"/> says so.</returns>
    /// <exception cref="SocketException">The guest refuses, or does not answer in time.</exception>
    internal static RespConnection? Open(TimeSpan limit, Func<bool> giveUp)
    {
        var end = MonotonicClock.Now + (limit.Ticks * 100);
        while (!giveUp())
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            {
                NoDelay = true,
                Blocking = false,
                // Where the connection is given up the guest is to hear it at once: no port lingers.
                LingerState = new LingerOption(true, 0),
                ReceiveTimeout = (int)limit.TotalMilliseconds,
                SendTimeout = (int)limit.TotalMilliseconds,
            };
            var error = Connect(socket, end, giveUp);
            if (error == SocketError.Success)
            {
                socket.Blocking = true;
                return new RespConnection(socket);
            }

            socket.Dispose();
            // A guest that was silent for seconds has no neighbour entry any more; that is not its refusal.
            if (error is not (SocketError.HostUnreachable or SocketError.HostDown or SocketError.TimedOut) || MonotonicClock.Now > end)
                throw new SocketException((int)error);
        }

        return null;
    }

    /// <summary>Writes a key.</summary>
    /// <exception cref="IOException">The connection ended, or the answer is none.</exception>
    internal void Set(string key, ReadOnlySpan<byte> value)
    {
        Send("SET", key, value);
        var line = Line();
        if (line != "+OK")
            throw new IOException($"SET {key} was answered {line}");
    }

    /// <summary>Reads a key.</summary>
    /// <returns>Null: there is nothing.</returns>
    /// <exception cref="IOException">The connection ended, or the answer is none.</exception>
    internal byte[]? Get(string key)
    {
        Send("GET", key, default);
        var line = Line();
        if (line == "$-1")
            return null;
        if (!line.StartsWith('$') || !int.TryParse(line.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > 1 << 20)
            throw new IOException($"GET {key} was answered {line}");
        var value = new byte[length + 2];
        for (var at = 0; at < value.Length;)
        {
            if (_length == 0)
                Receive();
            var part = Math.Min(_length, value.Length - at);
            _buffer.AsSpan(0, part).CopyTo(value.AsSpan(at));
            Consume(part);
            at += part;
        }

        return value[..length];
    }

    /// <summary>Ends it, also from another thread that waits for an answer.</summary>
    public void Dispose() => _socket.Dispose();

    private static SocketError Connect(Socket socket, long end, Func<bool> giveUp)
    {
        try
        {
            socket.Connect(new IPEndPoint(DemoNetwork.GuestAddress, 6379));
            return SocketError.Success;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // The poll tells how it goes on.
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }

        while (!socket.Poll(100_000, SelectMode.SelectWrite))
        {
            if (MonotonicClock.Now > end || giveUp())
                return SocketError.TimedOut;
        }

        return (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
    }

    private void Send(string command, string key, ReadOnlySpan<byte> value)
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"*{(command == "SET" ? 3 : 2)}\r\n${command.Length}\r\n{command}\r\n${key.Length}\r\n{key}\r\n");
        var message = new List<byte>(head.Length + value.Length + 16);
        message.AddRange(Encoding.ASCII.GetBytes(head));
        if (command == "SET")
        {
            message.AddRange(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${value.Length}\r\n")));
            message.AddRange(value);
            message.AddRange("\r\n"u8);
        }

        var left = message.ToArray().AsSpan();
        while (!left.IsEmpty)
            left = left[_socket.Send(left)..];
    }

    private string Line()
    {
        while (true)
        {
            var end = _buffer.AsSpan(0, _length).IndexOf("\r\n"u8);
            if (end >= 0)
            {
                var line = Encoding.ASCII.GetString(_buffer, 0, end);
                Consume(end + 2);
                return line;
            }

            if (_length > 512)
                throw new IOException("a line of an answer has no end: " + Encoding.ASCII.GetString(_buffer, 0, 100));
            Receive();
        }
    }

    private void Receive()
    {
        var got = _socket.Receive(_buffer.AsSpan(_length));
        if (got == 0)
            throw new IOException("the guest closed the connection");
        _length += got;
    }

    private void Consume(int count)
    {
        _buffer.AsSpan(count, _length - count).CopyTo(_buffer);
        _length -= count;
    }
}
