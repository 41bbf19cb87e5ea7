using System.Net;
using System.Net.Sockets;

namespace Colo.Tests.Support;

/// <summary>Echoes what a function makes of each piece; null closes.</summary>
internal sealed class EchoServer : IDisposable
{
    private readonly TcpListener _listener;

    internal EchoServer(IPAddress address, int port, Func<long, byte[], byte[]?> change)
    {
        _listener = new TcpListener(address, port);
        _listener.Start();
        new Thread(() =>
        {
            while (true)
            {
                Socket socket;
                try
                {
                    socket = _listener.AcceptSocket();
                }
                catch (SocketException)
                {
                    return;
                }

                new Thread(() => Serve(socket, change)) { IsBackground = true }.Start();
            }
        })
        { IsBackground = true }.Start();
    }

    internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose() => _listener.Dispose();

    private static void Serve(Socket socket, Func<long, byte[], byte[]?> change)
    {
        using (socket)
        {
            var buffer = new byte[4096];
            long position = 0;
            try
            {
                while (true)
                {
                    var got = socket.Receive(buffer);
                    if (got == 0 || change(position, buffer[..got]) is not { } reply)
                        return;
                    position += got;
                    socket.Send(reply);
                }
            }
            catch (SocketException)
            {
                // The client is gone.
            }
        }
    }
}
