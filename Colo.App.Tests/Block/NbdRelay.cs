using System.Net;
using System.Net.Sockets;

namespace Colo.Tests.Block;

/// <summary>Somebody on the path between two nodes: passes one connection on, and cuts it or changes a byte when told.</summary>
internal sealed class NbdRelay : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Thread _thread;
    private Socket? _client;
    private Socket? _server;

    internal NbdRelay(IPEndPoint target)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(1);
        _thread = new Thread(() =>
        {
            try
            {
                _client = _listener.Accept();
                _server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                _client.NoDelay = true;
                _server.Connect(target);
            }
            catch (SocketException)
            {
                return;
            }

            var back = new Thread(() => Pass(_server, _client, ToClient));
            back.Start();
            Pass(_client, _server, ToServer);
            back.Join();
        });
        _thread.Start();
    }

    internal IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    internal Way ToClient { get; } = new();

    internal Way ToServer { get; } = new();

    public void Dispose()
    {
        _listener.Dispose();
        Cut();
        _thread.Join();
        _client?.Dispose();
        _server?.Dispose();
    }

    private void Pass(Socket from, Socket to, Way way)
    {
        var buffer = new byte[64 << 10];
        try
        {
            while (from.Receive(buffer) is > 0 and var received)
            {
                var part = way.Take(buffer.AsSpan(0, received), out var cut);
                to.Send(buffer.AsSpan(0, part));
                if (cut)
                    Cut();
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Cut();
        }
    }

    // What has been passed on still arrives: only the ends are shut.
    private void Cut()
    {
        foreach (var socket in new[] { _client, _server })
        {
            try
            {
                socket?.Shutdown(SocketShutdown.Both);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It has ended by itself.
            }
        }
    }

    /// <summary>One direction.</summary>
    internal sealed class Way
    {
        private readonly Lock _gate = new();
        private long _cutAfter = long.MaxValue;
        private long _changeAt = long.MaxValue;

        /// <summary>After so many more bytes both directions end.</summary>
        internal void CutAfter(long bytes)
        {
            lock (_gate)
                _cutAfter = bytes;
        }

        /// <summary>Changes one bit, so many bytes from now.</summary>
        internal void ChangeAt(long bytes)
        {
            lock (_gate)
                _changeAt = bytes;
        }

        internal int Take(Span<byte> bytes, out bool cut)
        {
            lock (_gate)
            {
                if (_changeAt < bytes.Length)
                    bytes[(int)_changeAt] ^= 0x10;
                _changeAt = _changeAt < bytes.Length || _changeAt == long.MaxValue ? long.MaxValue : _changeAt - bytes.Length;
                cut = _cutAfter < bytes.Length;
                var part = (int)Math.Min(_cutAfter, bytes.Length);
                _cutAfter = _cutAfter == long.MaxValue ? _cutAfter : _cutAfter - part;
                return part;
            }
        }
    }
}
