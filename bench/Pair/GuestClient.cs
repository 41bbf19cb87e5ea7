using System.Net;
using System.Net.Sockets;
using System.Text;
using Colo.Demo;
using Colo.Linux;

namespace Colo.Bench.Pair;

/// <summary>What a client asks of the guest. All of it runs on a thread in the client's namespace.</summary>
internal static class GuestClient
{
    private const int EchoPort = 7, HttpPort = 80;

    /// <summary>Whether the guest has booted.</summary>
    internal static bool Serves() => DemoPair.Answers(HttpPort);

    /// <summary>Fetches a page and returns its body.</summary>
    /// <exception cref="PairException">The answer is not 200.</exception>
    internal static string Get(string path)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 120_000, SendTimeout = 120_000 };
        socket.Connect(new IPEndPoint(DemoNetwork.GuestAddress, HttpPort));
        socket.Send(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: guest\r\nConnection: close\r\n\r\n"));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        for (int got; (got = socket.Receive(buffer)) > 0;)
            answer.Append(Encoding.ASCII.GetString(buffer, 0, got));
        var text = answer.ToString();
        return text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal)
            ? text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]
            : throw new PairException($"the guest answers {path} with: {text.Split('\r')[0]}");
    }

    /// <summary>One datagram after the other to the UDP echo, each after the reply to the one before.</summary>
    /// <returns>Replies a second; and the reply times, in microseconds.</returns>
    internal static (double PerSecond, Figures Times) EchoDatagrams(TimeSpan window, CancellationToken cancel)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 1000 };
        socket.Connect(new IPEndPoint(DemoNetwork.GuestAddress, EchoPort));
        var times = new Figures();
        var message = new byte[64];
        var reply = new byte[64];
        var begin = MonotonicClock.Now;
        for (long number = 0, now = begin; now - begin < window.Ticks * 100 && !cancel.IsCancellationRequested; number++)
        {
            BitConverter.TryWriteBytes(message, number);
            socket.Send(message);
            try
            {
                // Late ones of an earlier number are passed over.
                do
                    socket.Receive(reply);
                while (BitConverter.ToInt64(reply) != number);
                times.Add((MonotonicClock.Now - now) * 1e-3);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                // A lost one counts as what it cost: time.
            }

            now = MonotonicClock.Now;
        }

        return (times.Count / ((MonotonicClock.Now - begin) * 1e-9), times);
    }
}
