using System.Globalization;
using System.Net.Sockets;
using Colo.Demo;
using Colo.Linux;
using Colo.Soak.Faults;

namespace Colo.Soak.Registers;

/// <summary>
/// Clients that share a few keys of the guest's store: each sets and gets them as it is drawn, over a connection of its own that
/// it opens anew now and then, and notes every request in a <see cref="RegisterHistory"/>. The keys change by and by.
/// </summary>
internal sealed class RegisterClients : IDisposable
{
    private const int LiveKeys = 8;
    private const int OldKeyOdds = 20;
    private readonly Thread[] _threads;
    private readonly RespConnection?[] _connections;
    private readonly RegisterHistory _history;
    private readonly RegisterClientSettings _settings;
    private readonly List<string> _errors = [];
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _goOn = new(true);
    private volatile string[] _keys;
    private volatile int _life;
    private volatile bool _stop;
    private int _made;

    /// <summary>Begins to ask.</summary>
    internal RegisterClients(NetworkNamespace client, RegisterHistory history, RegisterClientSettings settings)
    {
        _history = history;
        _settings = settings;
        _keys = [.. Enumerable.Range(0, LiveKeys).Select(_ => NewKey())];
        _connections = new RespConnection?[settings.Clients];
        _threads = [.. Enumerable.Range(0, settings.Clients).Select(i => client.Start($"register client {i}", () => Run(i), e => Fail($"client {i}: {e.Message}")))];
    }

    /// <summary>The keys that are asked for at the moment.</summary>
    internal IReadOnlyList<string> Keys => _keys;

    /// <summary>What went wrong since the last call: a connection that broke, an answer that is none.</summary>
    internal IReadOnlyList<string> TakeErrors()
    {
        lock (_gate)
        {
            var errors = _errors.ToList();
            _errors.Clear();
            return errors;
        }
    }

    /// <summary>One key is asked for no more, and a new one instead.</summary>
    internal void Rotate()
    {
        var keys = _keys.ToArray();
        keys[_made % keys.Length] = NewKey();
        _keys = keys;
    }

    /// <summary>The guest is lost: all connections are given up, what was asked has no reply, and nothing is asked until <see cref="Resume"/>.</summary>
    internal void Abandon()
    {
        _goOn.Reset();
        _life++;
        lock (_gate)
        {
            foreach (var connection in _connections)
                connection?.Dispose();
        }
    }

    /// <summary>The guest serves again.</summary>
    internal void Resume() => _goOn.Set();

    /// <summary>Has every client finish its request.</summary>
    /// <returns>False when one is still without its reply after <paramref name="limit"/>; it is given up.</returns>
    internal bool Stop(TimeSpan limit)
    {
        _stop = true;
        _goOn.Set();
        var end = MonotonicClock.Now + (limit.Ticks * 100);
        var all = _threads.All(t => t.Join(TimeSpan.FromMilliseconds(Math.Max(0, (end - MonotonicClock.Now) / 1_000_000))));
        Abandon();
        _goOn.Set();
        return all;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop(TimeSpan.Zero);
        foreach (var thread in _threads)
            thread.Join(TimeSpan.FromSeconds(5));
        _goOn.Dispose();
    }

    /// <summary>Reads every key that was ever asked for once more, and notes it; on a thread of the client's namespace.</summary>
    internal static void ReadAll(RegisterHistory history, int client, TimeSpan limit)
    {
        using var connection = RespConnection.Open(limit, () => false)!;
        foreach (var key in history.Keys())
            Read(connection, history, key, client);
    }

    // The seed is in the name: a key of another run on the same guest is not this one's.
    private string NewKey() => string.Create(CultureInfo.InvariantCulture, $"r{_settings.Seed:x}:{_made++}");

    private static void Read(RespConnection connection, RegisterHistory history, string key, int client)
    {
        var place = history.Begin(key, client, isWrite: false, 0, MonotonicClock.Now);
        var text = connection.Get(key);
        history.End(key, place, text is null ? 0 : RegisterValue.Parse(text), MonotonicClock.Now);
    }

    private void Run(int client)
    {
        var random = new Dice(((ulong)(uint)_settings.Seed << 32) | 0xC000_0000 | (uint)client);
        long written = 0;
        while (!_stop)
        {
            _goOn.Wait();
            var life = _life;
            try
            {
                using var connection = RespConnection.Open(_settings.ReplyLimit, () => _stop || _life != life);
                if (connection is null || !Keep(client, connection, life))
                    continue;
                // Some connections live long, some are new: also the opening of one has to outlive a takeover.
                for (var left = random.Next(20, 400); left > 0 && !_stop && _life == life; left--)
                {
                    Ask(connection, client, random, ref written);
                    Thread.Sleep(TimeSpan.FromTicks((long)(_settings.Interval.Ticks * 2 * random.NextDouble())));
                }
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
            {
                if (_life == life && !_stop)
                {
                    Fail($"client {client}, after {written} writes: {(e is SocketException s ? $"the connection broke: {s.SocketErrorCode}" : e.Message)}");
                    Thread.Sleep(100);
                }
            }
            finally
            {
                Keep(client, null, life);
            }
        }
    }

    private void Ask(RespConnection connection, int client, Dice random, ref long written)
    {
        var keys = _keys;
        var key = keys[random.Next(keys.Length)];
        if (random.Next(2) == 0)
        {
            var value = RegisterValue.Number(client + 1, ++written);
            var text = RegisterValue.Text(value);
            var place = _history.Begin(key, client, isWrite: true, value, MonotonicClock.Now);
            connection.Set(key, text);
            _history.End(key, place, value, MonotonicClock.Now);
        }
        else
        {
            // Now and then one that nobody writes any more: it has to stay as it is.
            if (random.Next(OldKeyOdds) == 0 && _history.Keys() is { Count: > 0 } all)
                key = all[random.Next(all.Count)];
            Read(connection, _history, key, client);
        }
    }

    // False when the guest was given up in the meantime.
    private bool Keep(int client, RespConnection? connection, int life)
    {
        lock (_gate)
        {
            _connections[client] = connection;
            return _life == life;
        }
    }

    private void Fail(string error)
    {
        lock (_gate)
        {
            if (_errors.Count < 100)
                _errors.Add(error);
        }
    }
}

/// <summary>What <see cref="RegisterClients"/> do.</summary>
/// <param name="Seed">Decides what is asked.</param>
/// <param name="Clients">How many there are.</param>
/// <param name="Interval">Mean time between a reply and the next request of a client.</param>
/// <param name="ReplyLimit">How long a reply, or the opening of a connection, may take.</param>
internal sealed record RegisterClientSettings(int Seed, int Clients, TimeSpan Interval, TimeSpan ReplyLimit);
