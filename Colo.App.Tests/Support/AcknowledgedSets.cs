using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Colo.Demo;

namespace Colo.Tests.Support;

/// <summary>
/// Clients that write to the guest's key-value store and remember what it acknowledged: each connection sets one new key
/// after the other and waits for every answer. The connections stay open over takeovers.
/// </summary>
internal sealed class AcknowledgedSets : IDisposable
{
    private readonly Socket[] _sockets;
    private readonly Thread[] _threads;
    private readonly long[] _acknowledged;
    private readonly string?[] _errors;
    private readonly int _seed;
    private volatile bool _stop;

    internal AcknowledgedSets(PairFixture f, int connections, int valueBytes = 200)
    {
        _seed = f.Seed;
        ValueBytes = valueBytes;
        _sockets = new Socket[connections];
        _acknowledged = new long[connections];
        _errors = new string?[connections];
        for (var i = 0; i < connections; i++)
            _sockets[i] = f.Connect(6379);
        _threads = [.. Enumerable.Range(0, connections).Select(i => new Thread(() => Write(i)) { IsBackground = true })];
        foreach (var thread in _threads)
            thread.Start();
    }

    internal int ValueBytes { get; }

    /// <summary>How many SETs were acknowledged so far.</summary>
    internal long Count
    {
        get
        {
            long count = 0;
            for (var i = 0; i < _acknowledged.Length; i++)
                count += Interlocked.Read(ref _acknowledged[i]);
            return count;
        }
    }

    /// <summary>Waits until so many more were acknowledged.</summary>
    internal void WaitMore(long more, TimeSpan limit, string when)
    {
        var goal = Count + more;
        Assert.True(PairFixture.Until(limit, () => Count >= goal || _errors.Any(e => e is not null)), $"{when}: {Count} of {goal} SETs were acknowledged");
        AssertNoErrors(when);
    }

    internal void AssertNoErrors(string when) =>
        Assert.True(_errors.All(e => e is null), $"{when}: {string.Join('\n', _errors.Where(e => e is not null))}");

    /// <summary>Lets every connection finish its request, and closes them.</summary>
    internal void Stop()
    {
        _stop = true;
        foreach (var thread in _threads)
            Assert.True(thread.Join(TimeSpan.FromSeconds(30) * PairFixture.Patience), "a SET is never answered");
    }

    /// <summary>Reads every acknowledged key back, over a connection of its own.</summary>
    internal void Verify(PairFixture f, string when)
    {
        using var socket = f.Connect(6379);
        for (var connection = 0; connection < _sockets.Length; connection++)
        {
            var count = Interlocked.Read(ref _acknowledged[connection]);
            for (long first = 1; first <= count; first += 200)
            {
                var last = Math.Min(count, first + 199);
                var request = new StringBuilder();
                var reply = new StringBuilder();
                for (var n = first; n <= last; n++)
                {
                    Command(request, "GET", Key(connection, n));
                    var value = Value(connection, n);
                    reply.Append(CultureInfo.InvariantCulture, $"${value.Length}\r\n{value}\r\n");
                }

                socket.Send(Encoding.ASCII.GetBytes(request.ToString()));
                var expected = Encoding.ASCII.GetBytes(reply.ToString());
                var got = new byte[expected.Length];
                for (var at = 0; at < got.Length;)
                {
                    var part = socket.Receive(got, at, got.Length - at, SocketFlags.None);
                    Assert.True(part > 0, $"{when}: the store closed the connection");
                    at += part;
                    // A missing one is a short answer: what follows would never come.
                    var same = got.AsSpan(0, at).CommonPrefixLength(expected.AsSpan(0, at));
                    if (same < at)
                    {
                        var (from, upTo) = (Math.Max(0, same - 300), Math.Min(at, same + 300));
                        Assert.Fail($"{when}: GET {first} to {last} of {count} acknowledged SETs of connection {connection}: the answer is wrong from byte {same} of {expected.Length} on:\n" +
                            $"got      {Encoding.ASCII.GetString(got, from, upTo - from)}\nexpected {Encoding.ASCII.GetString(expected, from, Math.Min(expected.Length, upTo) - from)}");
                    }
                }
            }
        }
    }

    public void Dispose()
    {
        _stop = true;
        foreach (var socket in _sockets)
            socket?.Dispose();
        foreach (var thread in _threads)
            thread.Join(TimeSpan.FromSeconds(10));
    }

    private void Write(int connection)
    {
        var socket = _sockets[connection];
        var buffer = new byte[64];
        try
        {
            for (long n = 1; !_stop; n++)
            {
                var request = new StringBuilder();
                Command(request, "SET", Key(connection, n), Value(connection, n));
                socket.Send(Encoding.ASCII.GetBytes(request.ToString()));
                var at = 0;
                while (at < 5)
                {
                    var got = socket.Receive(buffer, at, buffer.Length - at, SocketFlags.None);
                    if (got == 0)
                        throw new IOException("closed by the guest");
                    at += got;
                }

                if (!buffer.AsSpan(0, at).SequenceEqual("+OK\r\n"u8))
                    throw new IOException($"answered {Encoding.ASCII.GetString(buffer, 0, at)}");
                Interlocked.Exchange(ref _acknowledged[connection], n);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            if (!_stop)
                _errors[connection] = $"connection {connection} after {_acknowledged[connection]} SETs: {e.Message}";
        }
    }

    private static string Key(int connection, long n) => string.Create(CultureInfo.InvariantCulture, $"set:{connection}:{n}");

    private string Value(int connection, long n)
    {
        var random = new Random(unchecked((_seed * 31) + (connection * 104729) + (int)n));
        var bytes = new byte[random.Next(1, Math.Max(2, ValueBytes / 2))];
        random.NextBytes(bytes);
        return Convert.ToHexString(bytes);
    }

    private static void Command(StringBuilder text, params ReadOnlySpan<string> words)
    {
        text.Append(CultureInfo.InvariantCulture, $"*{words.Length}\r\n");
        foreach (var word in words)
            text.Append(CultureInfo.InvariantCulture, $"${word.Length}\r\n{word}\r\n");
    }
}
