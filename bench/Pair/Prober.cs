using System.Net;
using System.Net.Sockets;
using Colo.Demo;
using Colo.Linux;

namespace Colo.Bench.Pair;

/// <summary>
/// Asks the guest's echo a thousand times a second, over UDP and over a TCP connection, and keeps when replies came: the gap is
/// the longest time without one. Both threads live in the client's namespace.
/// </summary>
internal sealed class Prober : IDisposable
{
    private const int MessageBytes = 16;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);
    private readonly List<long> _datagrams = [], _stream = [];
    private readonly Thread[] _threads;
    private volatile bool _over;
    private Exception? _failed;

    internal Prober(NetworkNamespace client)
    {
        _threads = [client.Start("probe-udp", () => Guard(() => Probe(_datagrams, ProtocolType.Udp)), e => _failed = e),
            client.Start("probe-tcp", () => Guard(() => Probe(_stream, ProtocolType.Tcp)), e => _failed = e)];
    }

    /// <summary>The longest time without a reply from a moment on, in milliseconds: over UDP, and over TCP.</summary>
    /// <param name="since">The moment, <see cref="MonotonicClock"/> nanoseconds.</param>
    /// <param name="limit">Ends the wait for replies to go on.</param>
    /// <exception cref="PairException">They do not go on.</exception>
    internal (double Udp, double Tcp) Gap(long since, TimeSpan limit)
    {
        // Half a second of replies on both, or the end of the gap may not be there yet.
        const int Enough = 250;
        var end = since + (limit.Ticks * 100);
        while (After(_datagrams, since).Count < Enough || After(_stream, since).Count < Enough)
        {
            if (_failed is { } failed)
                throw new PairException("a prober ended: " + failed.Message);
            if (MonotonicClock.Now > end)
                throw new PairException($"replies did not go on within {limit.TotalSeconds:F0} s: {After(_datagrams, since).Count} over UDP, {After(_stream, since).Count} over TCP");
            Thread.Sleep(5);
        }

        return (Longest(After(_datagrams, since), since), Longest(After(_stream, since), since));
    }

    /// <summary>Forgets what came so far.</summary>
    internal void Clear()
    {
        foreach (var replies in (List<long>[])[_datagrams, _stream])
        {
            lock (replies)
                replies.Clear();
        }
    }

    public void Dispose()
    {
        _over = true;
        foreach (var thread in _threads)
            thread.Join();
    }

    private static List<long> After(List<long> replies, long since)
    {
        lock (replies)
        {
            // From the last one before it on: the gap begins there.
            var first = replies.FindLastIndex(at => at <= since);
            return replies[Math.Max(0, first)..];
        }
    }

    private static double Longest(List<long> replies, long since)
    {
        long longest = replies[0] > since ? replies[0] - since : 0;
        for (var i = 1; i < replies.Count; i++)
            longest = Math.Max(longest, replies[i] - replies[i - 1]);
        return longest * 1e-6;
    }

    private void Guard(Action probe)
    {
        try
        {
            probe();
        }
        catch (SocketException e)
        {
            _failed = e;
        }
    }

    private void Probe(List<long> replies, ProtocolType protocol)
    {
        var tcp = protocol == ProtocolType.Tcp;
        using var socket = new Socket(AddressFamily.InterNetwork, tcp ? SocketType.Stream : SocketType.Dgram, protocol);
        socket.Connect(new IPEndPoint(DemoNetwork.GuestAddress, 7));
        if (tcp)
            socket.NoDelay = true;
        socket.Blocking = false;
        var (message, buffer, held) = (new byte[MessageBytes], new byte[65536], 0);
        long number = 0;
        for (var next = MonotonicClock.Now; !_over; next += Step.Ticks * 100)
        {
            BitConverter.TryWriteBytes(message, ++number);
            socket.Send(message, SocketFlags.None, out var error);
            // A full queue loses a probe; a stream's loses nothing but the probe's place.
            if (error is not (SocketError.Success or SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable or SocketError.HostUnreachable or SocketError.ConnectionRefused))
                throw new SocketException((int)error);
            while (MonotonicClock.Now < next + (Step.Ticks * 100))
            {
                if (!socket.Poll(Math.Max(0, (int)((next + (Step.Ticks * 100) - MonotonicClock.Now) / 1000)), SelectMode.SelectRead))
                    continue;
                var got = socket.Receive(buffer, SocketFlags.None, out error);
                if (tcp && (got == 0 || error is SocketError.ConnectionReset) && error != SocketError.WouldBlock)
                    throw new SocketException((int)SocketError.ConnectionReset);
                held += error == SocketError.Success ? got : 0;
                if (held < MessageBytes)
                    continue;
                held %= MessageBytes;
                lock (replies)
                    replies.Add(MonotonicClock.Now);
            }

            // Behind after a long wait: not thousands at once.
            next = Math.Max(next, MonotonicClock.Now - (Step.Ticks * 100));
        }
    }
}
