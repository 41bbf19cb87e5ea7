using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Colo.Tests.Arbiter;

/// <summary>What happens to a compare-and-set on its way.</summary>
internal enum RelayFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The request does not arrive; the relay keeps a copy.</summary>
    SwallowRequest,

    /// <summary>It is carried out, and of the answer only the first half comes back.</summary>
    CutAnswer,

    /// <summary>It is carried out, and nothing comes back.</summary>
    SwallowAnswer,
}

/// <summary>Somebody on the path to an etcd, who does something to the transactions; all else passes.</summary>
internal sealed class EtcdRelay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly Thread _thread;
    private readonly List<Socket> _sockets = [];

    internal EtcdRelay(IPEndPoint target)
    {
        _target = target;
        _listener.Start();
        _thread = new Thread(Accept) { IsBackground = true };
        _thread.Start();
    }

    internal Uri Uri => new($"http://{_listener.LocalEndpoint}");

    /// <summary>Asked at each transaction.</summary>
    internal Func<RelayFault> Fault { get; set; } = () => RelayFault.None;

    internal List<byte[]> Swallowed { get; } = [];

    /// <summary>Delivers a swallowed request at last; the whole answer.</summary>
    internal string Deliver(byte[] request)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 60_000 };
        socket.Connect(_target);
        socket.Send(request);
        var buffer = new byte[64 << 10];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_sockets)
            _sockets.ForEach(s => s.Dispose());
        _thread.Join();
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                var client = _listener.AcceptSocket();
                lock (_sockets)
                    _sockets.Add(client);
                new Thread(() => Serve(client)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // Disposed.
        }
    }

    // A request and its answer after the other, as an HTTP/1.1 client of ours makes them; each fits into one buffer.
    private void Serve(Socket client)
    {
        try
        {
            using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            server.Connect(_target);
            while (ReadMessage(client) is { } request)
            {
                var isTxn = request.AsSpan().StartsWith("POST /v3/kv/txn "u8);
                var fault = isTxn ? Fault() : RelayFault.None;
                if (fault == RelayFault.SwallowRequest)
                {
                    lock (Swallowed)
                        Swallowed.Add(request);
                    return;
                }

                server.Send(request);
                if (ReadMessage(server) is not { } answer)
                    return;
                if (fault == RelayFault.SwallowAnswer)
                    return;
                client.Send(fault == RelayFault.CutAnswer ? answer.AsSpan(0, answer.Length / 2) : answer);
                if (fault == RelayFault.CutAnswer)
                    return;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side is gone.
        }
        finally
        {
            client.Dispose();
        }
    }

    /// <summary>Head and body by Content-Length; null at the end.</summary>
    private static byte[]? ReadMessage(Socket socket)
    {
        var buffer = new byte[64 << 10];
        var length = 0;
        while (true)
        {
            var head = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (head >= 0)
            {
                var field = Encoding.ASCII.GetString(buffer, 0, head).Split("\r\n").Single(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
                if (length >= head + 4 + int.Parse(field.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture))
                    return buffer[..length];
            }

            var count = socket.Receive(buffer.AsSpan(length));
            if (count == 0)
                return null;
            length += count;
        }
    }
}
