using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Colo.Demo;
using Colo.Guest;
using Colo.Linux;

namespace Colo.Bench.Pair;

/// <summary>
/// The guest under QEMU's microvm: alone, or with COLO on two QEMUs. The filters of the network come when a secondary does, as
/// QEMU's documentation has it for a primary that runs already.
/// </summary>
internal sealed partial class QemuSide : IGuestSide
{
    /// <summary>Time between two checkpoints, for both sides, in milliseconds.</summary>
    internal const int CheckpointMs = 100;

    /// <summary>Number of the network that the probe for KVM has.</summary>
    internal const int ProbeNumber = 999;

    private const string PrimaryAddress = "10.78.0.1", SecondaryAddress = "10.78.0.2";
    private readonly BenchSettings _settings;
    private readonly QemuAccelerator _accelerator;
    private readonly CancellationToken _cancel;
    private readonly bool _protected;
    private readonly int _megabytes;
    private readonly string _folder;
    private readonly DemoNetwork _network;
    private QemuProcess? _primary, _secondary;
    private int _traceBefore;

    internal QemuSide(BenchSettings settings, QemuAccelerator accelerator, bool isProtected, int megabytes, int number, CancellationToken cancel)
    {
        (_settings, _accelerator, _protected, _megabytes, _cancel) = (settings, accelerator, isProtected, megabytes, cancel);
        _folder = string.Create(CultureInfo.InvariantCulture, $"/run/{BenchSettings.Prefix}{Environment.ProcessId}.{number}");
        _network = new DemoNetwork(BenchSettings.Prefix, number);
        try
        {
            Directory.CreateDirectory(_folder);
            File.WriteAllBytes(Path.Combine(_folder, "demo.elf"), BuiltinGuest.Load());
            foreach (var host in (NetworkNamespace[])[_network.HostA, _network.HostB])
            {
                IpTool.Run("-n", host.Name, "link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0");
                IpTool.Run("-n", host.Name, "link", "set", "br0", "up");
                IpTool.Run("-n", host.Name, "link", "set", "lan0", "master", "br0");
                IpTool.Run("-n", host.Name, "tuntap", "add", "dev", "tap0", "mode", "tap", "vnet_hdr");
                IpTool.Run("-n", host.Name, "link", "set", "tap0", "master", "br0", "up");
                IpTool.Run("-n", host.Name, "link", "set", "lo", "up");
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public NetworkNamespace Client => _network.Client;

    public (int Primary, int Secondary) Processes => (_primary!.Pid, _secondary?.Pid ?? _primary.Pid);

    public double Start()
    {
        _primary = new QemuProcess(_settings, _accelerator, _network.HostA, _folder, "primary", _megabytes);
        WaitServing();
        return _protected ? Protect() : double.NaN;
    }

    public double Protect()
    {
        var control = _primary!.Control;
        foreach (var (id, port, server) in (ReadOnlySpan<(string, int, bool)>)
            [("mirror0", 9003, true), ("compare1", 9004, true), ("compare0", 9001, true), ("compare0-0", 9001, false), ("out", 9005, true), ("out0", 9005, false)])
        {
            control.Execute("chardev-add", Channel(id, id is "mirror0" or "compare1" ? PrimaryAddress : "127.0.0.1", port, server));
        }

        control.Execute("object-add", new() { ["qom-type"] = "filter-mirror", ["id"] = "m0", ["netdev"] = "hn0", ["queue"] = "tx", ["outdev"] = "mirror0", ["vnet_hdr_support"] = true });
        control.Execute("object-add", new() { ["qom-type"] = "filter-redirector", ["id"] = "redire0", ["netdev"] = "hn0", ["queue"] = "rx", ["indev"] = "out", ["vnet_hdr_support"] = true });
        control.Execute("object-add", new() { ["qom-type"] = "filter-redirector", ["id"] = "redire1", ["netdev"] = "hn0", ["queue"] = "rx", ["outdev"] = "compare0", ["vnet_hdr_support"] = true });
        control.Execute("object-add", new() { ["qom-type"] = "iothread", ["id"] = "iothread1" });
        var watch = Stopwatch.StartNew();
        _secondary = new QemuProcess(_settings, _accelerator, _network.HostB, _folder, "secondary", _megabytes,
            "-chardev", $"socket,id=red0,host={PrimaryAddress},port=9003,reconnect=1",
            "-chardev", $"socket,id=red1,host={PrimaryAddress},port=9004,reconnect=1",
            "-object", "filter-redirector,id=f1,netdev=hn0,queue=tx,indev=red0,vnet_hdr_support=on",
            "-object", "filter-redirector,id=f2,netdev=hn0,queue=rx,outdev=red1,vnet_hdr_support=on",
            "-object", "filter-rewriter,id=rew0,netdev=hn0,queue=all,vnet_hdr_support=on",
            "-incoming", $"tcp:{SecondaryAddress}:9998");
        _ = _secondary.Control;
        control.Execute("object-add", new()
        {
            ["qom-type"] = "colo-compare", ["id"] = "comp0", ["primary_in"] = "compare0-0", ["secondary_in"] = "compare1", ["outdev"] = "out0",
            ["iothread"] = "iothread1", ["vnet_hdr_support"] = true,
        });
        var capability = new JsonArray { new JsonObject { ["capability"] = "x-colo", ["state"] = true } };
        control.Execute("migrate-set-capabilities", new() { ["capabilities"] = capability });
        control.Execute("migrate-set-parameters", new() { ["x-checkpoint-delay"] = CheckpointMs, ["max-bandwidth"] = 100L << 30 });
        _traceBefore = _primary.Trace.Count();
        control.Execute("migrate", new() { ["uri"] = $"tcp:{SecondaryAddress}:9998" });
        while (true)
        {
            var status = control.Execute("query-migrate").TryGetProperty("status", out var text) ? text.GetString() : null;
            if (status == "colo")
                return watch.Elapsed.TotalSeconds;
            if (status == "failed" || _secondary.HasExited || watch.Elapsed > _settings.Limit)
                throw new PairException($"QEMU's pair is not there after {watch.Elapsed.TotalSeconds:F1} s: migration {status}; primary: {_primary.LastMessage}; secondary: {_secondary.LastMessage}");
            Pause(2);
        }
    }

    public Pauses Pauses()
    {
        double? stopped = null;
        var pauses = new Figures();
        foreach (var line in _primary!.Trace.Skip(_traceBefore))
        {
            if (StateChange().Match(line) is not { Success: true } change)
                continue;
            var at = double.Parse(change.Groups["at"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
            if (change.Groups["to"].ValueSpan is "stop")
                stopped = at;
            else if (stopped is { } since)
                (_, stopped) = (Added(pauses, (at - since) * 1e6), null);
        }

        return new Pauses(pauses.Count, pauses.Median, pauses.Part(0.99), pauses.Part(1), double.NaN, double.NaN);
    }

    public long KillPrimary()
    {
        var when = MonotonicClock.Now;
        _primary!.Kill();
        // Nothing of QEMU sees that the primary is gone; here it is told at once, as the best script could not.
        var control = _secondary!.Control;
        control.Execute("x-colo-lost-heartbeat");
        foreach (var filter in (string[])["f2", "f1"])
            control.Execute("object-del", new() { ["id"] = filter });
        foreach (var channel in (string[])["red1", "red0"])
            control.Execute("chardev-remove", new() { ["id"] = channel });
        return when;
    }

    public void ProtectAgain()
    {
        // The same guest cannot be taken over a second time: a new pair.
        Stop();
        Start();
    }

    public void Dispose()
    {
        Stop();
        _network.Dispose();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Starts a QEMU alone and measures until the guest's first serial output.</summary>
    /// <returns>Milliseconds.</returns>
    internal double Boot()
    {
        _primary = new QemuProcess(_settings, _accelerator, _network.HostA, _folder, "primary", _megabytes);
        while (_primary.SerialBytes == 0)
        {
            if (_primary.HasExited || (MonotonicClock.Now - _primary.Started) * 1e-9 > _settings.Limit.TotalSeconds)
                throw new PairException("QEMU's guest says nothing: " + _primary.LastMessage);
            Pause(0.5);
        }

        return (MonotonicClock.Now - _primary.Started) * 1e-6;
    }

    private static bool Added(Figures figures, double value)
    {
        figures.Add(value);
        return true;
    }

    private static JsonObject Channel(string id, string host, int port, bool server)
    {
        var data = new JsonObject
        {
            ["addr"] = new JsonObject { ["type"] = "inet", ["data"] = new JsonObject { ["host"] = host, ["port"] = port.ToString(CultureInfo.InvariantCulture) } },
            ["server"] = server,
        };
        // A word that is refused of one that connects.
        if (server)
            data["wait"] = false;
        return new() { ["id"] = id, ["backend"] = new JsonObject { ["type"] = "socket", ["data"] = data } };
    }

    private void WaitServing()
    {
        var watch = Stopwatch.StartNew();
        while (!Client.Run(() => GuestClient.Serves()))
        {
            if (_primary!.HasExited || watch.Elapsed > _settings.Limit)
                throw new PairException($"QEMU's guest does not serve after {watch.Elapsed.TotalSeconds:F0} s: {_primary.LastMessage}");
            Pause(20);
        }
    }

    private void Stop()
    {
        _primary?.Dispose();
        _secondary?.Dispose();
        (_primary, _secondary) = (null, null);
        foreach (var file in Directory.Exists(_folder) ? Directory.EnumerateFiles(_folder, "*ary.*") : [])
            File.Delete(file);
    }

    private void Pause(double ms)
    {
        _cancel.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(ms));
        _cancel.ThrowIfCancellationRequested();
    }

    // "PID@SECONDS.MICROSECONDS:colo_vm_state_change Change 'run' => 'stop'", of QEMU's log of trace events.
    [GeneratedRegex(@"@(?<at>[0-9]+\.[0-9]+):colo_vm_state_change .*'(?<from>\w+)' => '(?<to>\w+)'")]
    private static partial Regex StateChange();
}
