using System.Net.Sockets;
using System.Text;

namespace Colo.Tests.Guest;

/// <summary>Requests and replies as bytes.</summary>
internal static class Exchange
{
    /// <summary>Sends all in pieces of the given sizes (each a segment of its own, as Nagle is off), ends the stream and reads to the end.</summary>
    public static byte[] All(Socket socket, ReadOnlyMemory<byte> request, Func<int> pieceSize)
    {
        using (socket)
        {
            var reader = Task.Run(() => ReadToEnd(socket));
            for (int at = 0; at < request.Length;)
            {
                int n = Math.Min(pieceSize(), request.Length - at);
                SendAll(socket, request.Slice(at, n).Span);
                at += n;
            }
            socket.Shutdown(SocketShutdown.Send);
            return reader.GetAwaiter().GetResult();
        }
    }

    public static byte[] All(Socket socket, ReadOnlyMemory<byte> request) => All(socket, request, () => request.Length);

    public static string Text(Socket socket, string request) => Encoding.Latin1.GetString(All(socket, Encoding.Latin1.GetBytes(request)));

    /// <summary>One RESP command.</summary>
    public static byte[] Command(params object[] words)
    {
        using var stream = new MemoryStream();
        stream.Write(Encoding.ASCII.GetBytes($"*{words.Length}\r\n"));
        foreach (object word in words)
        {
            byte[] bytes = word as byte[] ?? Encoding.UTF8.GetBytes(word.ToString()!);
            stream.Write(Encoding.ASCII.GetBytes($"${bytes.Length}\r\n"));
            stream.Write(bytes);
            stream.Write("\r\n"u8);
        }
        return stream.ToArray();
    }

    /// <summary>The replies to some commands, sent together.</summary>
    public static string Resp(GuestNetwork network, params byte[][] commands) =>
        Encoding.Latin1.GetString(All(network.Connect(6379), commands.SelectMany(c => c).ToArray()));

    public static void SendAll(Socket socket, ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
            data = data[socket.Send(data)..];
    }

    public static void ReceiveExactly(Socket socket, Span<byte> data)
    {
        while (data.Length > 0)
        {
            int n = socket.Receive(data);
            Assert.True(n > 0, "the stream ended early");
            data = data[n..];
        }
    }

    private static byte[] ReadToEnd(Socket socket)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[256 * 1024];
        while (socket.Receive(buffer) is > 0 and int n)
            all.Write(buffer, 0, n);
        return all.ToArray();
    }
}
