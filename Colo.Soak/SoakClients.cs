using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Colo.Demo;
using Colo.Linux;
using Colo.Soak.Faults;
using Colo.Soak.Registers;

namespace Colo.Soak;

/// <summary>All clients of the guest, and what is checked of what they see. When the guest is lost by rights its connections are, too, and others follow.</summary>
internal sealed class SoakClients : IDisposable
{
    private const int LastReader = 99;
    private readonly SoakPair _pair;
    private readonly SoakSettings _settings;
    private readonly SoakLog _log;
    private readonly RegisterHistory _history;
    private RegisterClients? _registers;
    private LoadGenerator? _load;
    private long _repliesBefore;
    private int _lives;

    internal SoakClients(SoakPair pair, SoakSettings settings, SoakLog log)
    {
        _pair = pair;
        _settings = settings;
        _log = log;
        _history = new RegisterHistory(log.Start);
    }

    /// <summary>Guests that were served.</summary>
    internal int Lives => _lives;

    /// <summary>Right replies of all loads so far.</summary>
    internal long Replies => _repliesBefore + (_load?.Snapshot().Replies ?? 0);

    /// <summary>Requests to the registers that were answered.</summary>
    internal long Answered => _history.Answered;

    /// <summary>Ends every wait with <see cref="OperationCanceledException"/>, from now on.</summary>
    internal void Heed(CancellationToken cancel)
    {
        if (_load is not null)
            _load.Cancel = cancel;
    }

    /// <summary>Opens all connections to a guest that serves.</summary>
    internal void Connect(CancellationToken cancel)
    {
        var random = new Dice(((ulong)(uint)_settings.Seed << 32) | 0x8000_0000 | (uint)_lives++);
        var load = new LoadSettings
        {
            Seed = random.Next(int.MaxValue),
            Echo = random.Next(4, 13),
            Resp = random.Next(2, 7),
            Count = random.Next(1, 3),
            Tsc = random.Next(2),
            Udp = true,
            Ping = true,
            Interval = TimeSpan.FromMilliseconds(20) * _settings.Patience,
            MaxBytes = random.Next(2) == 0 ? 2_000 : 6_000,
        };
        var pages = random.Next(3) == 0 ? 0 : random.Next(20, 400);
        _log.Say($"clients of guest {_lives}: {load.Echo} echo, {load.Resp} key-value, {load.Count} count, {load.Tsc} that always differ, UDP and ping; the guest writes {pages} pages every {50 * _settings.Patience} ms");
        _load = new LoadGenerator(_pair.Pair.Network.Client, load, cancel);
        if (!_load.WaitConnected(_settings.ReplyLimit))
            _log.Violation("not all connections could be opened to a guest that serves: " + string.Join("; ", _load.Snapshot().Errors.DefaultIfEmpty("no answer")));
        if (pages > 0)
            HaveMemoryWritten(pages);
        if (_registers is null)
            _registers = new RegisterClients(_pair.Pair.Network.Client, _history, new(_settings.Seed, 5, TimeSpan.FromMilliseconds(8) * _settings.Patience, _settings.ReplyLimit * 2));
        else
            _registers.Resume();
    }

    /// <summary>The guest is lost: what its clients have seen until now still counts.</summary>
    internal void Abandon()
    {
        Check();
        _registers!.Abandon();
        _repliesBefore += _load!.Snapshot().Replies;
        _load.Dispose();
        _load = null;
    }

    /// <summary>The longest that a TCP connection waited for a reply since the last call, in milliseconds.</summary>
    internal double Gap() => _load!.Snapshot(reset: true).LongestTcpGapUs / 1000.0;

    /// <summary>Every connection has to go on.</summary>
    internal void GoOn()
    {
        var stuck = _load!.WaitProgress(3, _settings.ReplyLimit);
        if (stuck.Count > 0)
            _log.Violation($"{stuck.Count} connections do not go on: {string.Join("; ", stuck.Take(5))}");
    }

    /// <summary>Judges all that was seen so far; what must not be is told.</summary>
    internal void Check()
    {
        Tell(_load!.Snapshot().Errors);
        Tell(_registers!.TakeErrors());
        Tell(_history.Judge(_registers.Keys));
        Tell(_pair.Watch.Report().Violations.Select(v => "on the wire: " + v));
    }

    /// <summary>One key of the registers is used no more, another one instead.</summary>
    internal void Rotate() => _registers!.Rotate();

    /// <summary>Ends all requests, has every key read once more, and judges everything.</summary>
    internal void Finish()
    {
        if (!_registers!.Stop(_settings.ReplyLimit))
            _log.Violation("a request to the store is never answered");
        var seen = _load!.Stop(_settings.ReplyLimit);
        Tell(seen.Errors);
        try
        {
            _pair.Pair.Network.Client.Run(() =>
            {
                RegisterClients.ReadAll(_history, LastReader, _settings.ReplyLimit);
                return 0;
            });
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            _log.Violation("not every key can be read at the end: " + e.Message);
        }

        Tell(_registers.TakeErrors());
        Judge();
    }

    /// <summary>Judges every key and the wire as they are; for an end before the time.</summary>
    internal void Judge()
    {
        Tell(_history.Judge(_history.Keys()));
        Tell(_pair.Watch.Report().Violations.Select(v => "on the wire: " + v));
        foreach (var key in _history.Blamed())
            File.WriteAllText(Path.Combine(_settings.Folder, $"history-{key.Replace(':', '-')}.txt"), _history.Show(key));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _load?.Dispose();
        _registers?.Dispose();
    }

    private void Tell(IEnumerable<string> violations)
    {
        foreach (var violation in violations)
            _log.Violation(violation);
    }

    // So that checkpoints have something to carry.
    private void HaveMemoryWritten(int pages) => _pair.Pair.Network.Client.Run(() =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = (int)_settings.ReplyLimit.TotalMilliseconds,
            SendTimeout = (int)_settings.ReplyLimit.TotalMilliseconds,
        };
        socket.Connect(new IPEndPoint(DemoNetwork.GuestAddress, 80));
        socket.Send(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"GET /load?pages={pages}&ms={50 * _settings.Patience} HTTP/1.1\r\nHost: guest\r\n\r\n")));
        var buffer = new byte[4096];
        return socket.Receive(buffer);
    });
}
