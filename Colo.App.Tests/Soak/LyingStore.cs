using System.Net;
using System.Net.Sockets;
using System.Text;
using Colo.Demo;

namespace Colo.Tests.Soak;

/// <summary>A key-value store (SET and GET of RESP) at the guest's address of a network, which can be made to lie.</summary>
internal sealed class LyingStore : IDisposable
{
    private readonly Dictionary<string, List<byte[]>> _values = [];
    private readonly List<Socket> _open = [];
    private readonly NetworkNamespace _host;
    private Socket? _listener;

    internal LyingStore(DemoNetwork network)
    {
        _host = network.HostA;
        IpTool.Run("-n", _host.Name, "addr", "add", $"{DemoNetwork.GuestAddress}/24", "dev", "lan0");
        Listen();
    }

    /// <summary>From now on each n-th GET returns the value before the last; 0: none does.</summary>
    internal int StaleEach { get; set; }

    private int Gets { get; set; }

    /// <summary>All connections break, and none is taken until <see cref="Listen"/>; what was written stays.</summary>
    internal void Break()
    {
        _listener!.Dispose();
        lock (_values)
        {
            foreach (var socket in _open)
            {
                socket.LingerState = new LingerOption(true, 0);
                socket.Dispose();
            }

            _open.Clear();
        }
    }

    /// <summary>Takes connections.</summary>
    internal void Listen() => _listener = _host.Run(() =>
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(DemoNetwork.GuestAddress, 6379));
        listener.Listen();
        new Thread(() => Accept(listener)) { IsBackground = true }.Start();
        return listener;
    });

    public void Dispose() => Break();

    private void Accept(Socket listener)
    {
        try
        {
            while (true)
            {
                var socket = listener.Accept();
                lock (_values)
                    _open.Add(socket);
                new Thread(() => Serve(socket)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private void Serve(Socket socket)
    {
        try
        {
            using var reader = new StreamReader(new NetworkStream(socket), Encoding.ASCII);
            while (reader.ReadLine() is { } head)
            {
                var words = new string[int.Parse(head.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture)];
                for (var i = 0; i < words.Length; i++)
                {
                    reader.ReadLine();
                    words[i] = reader.ReadLine()!;
                }

                socket.Send(Answer(words));
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or NullReferenceException)
        {
            // The client is gone, or the test has broken the connection.
        }
    }

    private byte[] Answer(string[] words)
    {
        lock (_values)
        {
            if (!_values.TryGetValue(words[1], out var values))
                _values[words[1]] = values = [];
            if (words[0] == "SET")
            {
                values.Add(Encoding.ASCII.GetBytes(words[2]));
                return "+OK\r\n"u8.ToArray();
            }

            var lie = StaleEach > 0 && ++Gets % StaleEach == 0 && values.Count > 1;
            if (values.Count == 0)
                return "$-1\r\n"u8.ToArray();
            var value = values[^(lie ? 2 : 1)];
            return [.. Encoding.ASCII.GetBytes($"${value.Length}\r\n"), .. value, .. "\r\n"u8];
        }
    }
}
