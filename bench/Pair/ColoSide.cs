using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Colo.Demo;
using Colo.Linux;

namespace Colo.Bench.Pair;

/// <summary>The guest under colo: alone, or on a pair of nodes.</summary>
internal sealed class ColoSide : IGuestSide
{
    private readonly BenchSettings _settings;
    private readonly bool _protected;
    private readonly DemoPair _pair;
    private char _primary = 'a';

    internal ColoSide(BenchSettings settings, bool isProtected, int megabytes, int number, CancellationToken cancel, params string[] overrides)
    {
        (_settings, _protected) = (settings, isProtected);
        _pair = new DemoPair(BenchSettings.Prefix, number, settings.Binary, new PairSettings
        {
            Memory = megabytes.ToString(CultureInfo.InvariantCulture) + "M",
            Overrides =
            [
                // As often as the peer, so that an epoch is as long.
                $"checkpoint:interval={QemuSide.CheckpointMs}ms",
                .. PairSettings.Stretched(settings.Patience), .. overrides,
            ],
        }, cancel);
    }

    public NetworkNamespace Client => _pair.Network.Client;

    public (int Primary, int Secondary) Processes
    {
        get
        {
            var other = _pair.Node(DemoPair.Other(_primary));
            return other.HasExited ? (other.Pid, _pair.Node(_primary).Pid) : (_pair.Node(_primary).Pid, other.Pid);
        }
    }

    public double Start()
    {
        if (_protected)
        {
            StartUnprotected();
            return Protect();
        }

        Start('a', "standalone");
        _pair.WaitServing(_settings.Limit);
        return double.NaN;
    }

    /// <summary>Boots the guest on a primary that has no secondary yet.</summary>
    internal void StartUnprotected()
    {
        Start('a', "primary");
        _pair.WaitServing(_settings.Limit);
    }

    public double Protect()
    {
        var watch = Stopwatch.StartNew();
        Start(DemoPair.Other(_primary), "secondary");
        // Not through `colo status`: starting it for each question would take what is measured.
        while (_pair.Ask(_primary) is not { Role: "primary", State: "protected" })
        {
            if (watch.Elapsed > _settings.Limit)
                throw new PairException($"not protected after {_settings.Limit.TotalSeconds:F0} s\n{_pair.Logs(20)}");
            _pair.Pause(TimeSpan.FromMilliseconds(2));
        }

        return watch.Elapsed.TotalSeconds;
    }

    public Pauses Pauses()
    {
        var status = _pair.Ask(_primary) ?? throw new PairException("the primary does not answer\n" + _pair.Logs(20));
        using var document = JsonDocument.Parse(status.Json);
        var checkpoint = document.RootElement.GetProperty("checkpoint");
        var pause = checkpoint.GetProperty("pause_us");
        double Us(string name) => pause.GetProperty(name).GetDouble();
        return new Pauses(status.Checkpoints, Us("p50"), Us("p99"), Us("max"),
            checkpoint.GetProperty("commit_us").GetProperty("p50").GetDouble(), checkpoint.GetProperty("dirty_pages").GetProperty("p50").GetDouble());
    }

    public long KillPrimary()
    {
        var when = _pair.Kill(_primary);
        _primary = DemoPair.Other(_primary);
        return when;
    }

    /// <summary>After how much silence a node counts the other as lost, in milliseconds: the default, stretched.</summary>
    internal double TimeoutMs => 500 * _settings.Patience;

    /// <summary>The primary's host is gone from one moment to the next: its cables first, then all that runs on it.</summary>
    /// <returns>When the first was cut, in <see cref="MonotonicClock"/> nanoseconds.</returns>
    internal long LosePower()
    {
        var (lost, host) = (_primary, _pair.Network.Host(_primary));
        var running = host.Processes();
        var when = MonotonicClock.Now;
        DemoNetwork.SetPort(_pair.Network, lost, up: false);
        DemoNetwork.SetLink(host, up: false);
        foreach (var pid in running)
            _ = NativeDemo.kill(pid, NativeDemo.SIGKILL);
        _primary = DemoPair.Other(lost);
        return when;
    }

    /// <summary>The host that <see cref="LosePower"/> took away has its cables again; nothing runs on it.</summary>
    internal void GivePower()
    {
        var host = DemoPair.Other(_primary);
        DemoNetwork.SetLink(_pair.Network.Host(host), up: true);
        DemoNetwork.SetPort(_pair.Network, host, up: true);
    }

    public void ProtectAgain()
    {
        _pair.WaitState(_primary, "primary", "unprotected", _settings.Limit);
        Protect();
    }

    public void Dispose() => _pair.Dispose();

    private void Start(char node, string role) =>
        _settings.Pinning.Run(role == "secondary" ? Pinning.Part.Secondary : Pinning.Part.Primary, () => _pair.Start(node, role));

    /// <summary>Starts a node alone and measures until the guest's first serial output can be read.</summary>
    /// <returns>Milliseconds.</returns>
    internal double Boot()
    {
        var begin = MonotonicClock.Now;
        Start('a', "standalone");
        Span<byte> first = stackalloc byte[1];
        while (true)
        {
            try
            {
                using var console = Monitor.ConsoleClient.Open(_pair.Files('a').Socket, _settings.Limit);
                return console.Receive(first) > 0 ? (MonotonicClock.Now - begin) * 1e-6 : throw new PairException("the console was closed\n" + _pair.Logs(20));
            }
            catch (Monitor.ControlClientException) when ((MonotonicClock.Now - begin) * 1e-9 < _settings.Limit.TotalSeconds)
            {
                // The socket is not there yet.
                _pair.Pause(TimeSpan.FromMilliseconds(0.5));
            }
        }
    }
}
