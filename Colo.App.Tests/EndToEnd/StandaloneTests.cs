using System.Globalization;
using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>One guest alone, by the published binary: the runner, its disk, and going on from a file.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class StandaloneTests : IDisposable
{
    private const string Prefix = "colo-alone-";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10) * PairFixture.Patience;
    private readonly ITestOutputHelper _output;
    private readonly string _folder = Directory.CreateTempSubdirectory("colo-alone-").FullName;
    private readonly DemoNetwork? _network;
    private readonly NodeFiles _files;
    private NodeProcess? _node;

    public StandaloneTests(ITestOutputHelper output)
    {
        _output = output;
        _files = new NodeFiles(_folder, 'a', Path.Combine(_folder, "no.key"), new PairSettings { StatusLimit = TimeSpan.FromSeconds(3) * PairFixture.Patience });
        if (Requirement.Pair is null)
            _network = new DemoNetwork(Prefix);
    }

    private string Image => Path.Combine(_folder, "root.img");

    private string Snapshot => Path.Combine(_folder, "guest.snapshot");

    [PairFact("redis-cli")]
    public void The_store_comes_back_from_the_disk_after_a_kill()
    {
        Start("disk:root:path=" + Image, "disk:root:size=64M");
        Assert.Equal("OK", Redis("SET", "answer", "42"));
        Assert.Equal("1", Redis("INCR", "n"));
        _node!.Signal(9);
        Assert.True(_node.WaitForExit(Limit));
        Start("disk:root:path=" + Image, "disk:root:size=64M");
        Assert.Equal("42", Redis("GET", "answer"));
        Assert.Equal("2", Redis("INCR", "n"));
    }

    [PairFact]
    public void A_guest_goes_on_from_a_file_with_its_open_connections()
    {
        Start();
        using var load = new LoadGenerator(_network!.Client, new LoadSettings { Echo = 20, Resp = 4, Count = 1, Seed = Environment.TickCount });
        _output.WriteLine($"seed {load.Settings.Seed}");
        Assert.True(load.WaitConnected(Limit));
        Assert.Empty(load.WaitProgress(10, Limit));
        // What the guest sends after the snapshot would be news to the restored one: nothing may reach or leave it.
        DemoNetworkCable(up: false);
        Colo("save", "--socket", _files.Socket, "--to", Snapshot);
        _node!.Signal(9);
        Assert.True(_node.WaitForExit(Limit));
        Start(restore: true);
        DemoNetworkCable(up: true);
        Assert.Empty(load.WaitProgress(10, Limit));
        var report = load.Stop(Limit);
        Assert.True(report.Errors.Count == 0, string.Join('\n', report.Errors));
        Assert.DoesNotContain("colo guest: started", RestoredLog(), StringComparison.Ordinal);
    }

    [PairTheory]
    [InlineData(2)]
    [InlineData(4)]
    public void A_guest_of_several_vcpus_answers_under_load_and_goes_on_from_a_file(int cpus)
    {
        Start($"vm:cpus={cpus}");
        Assert.Contains($"{cpus} of {cpus} CPUs run", _node!.LogTail(50), StringComparison.Ordinal);
        using var load = new LoadGenerator(_network!.Client, new LoadSettings { Echo = 20, Resp = 4, Count = 1, Seed = Environment.TickCount });
        _output.WriteLine($"seed {load.Settings.Seed}");
        Assert.True(load.WaitConnected(PairFixture.ReplyLimit));
        GuestHttp.Get(_network.Client, GuestHttp.Load);
        GuestHttp.AwaitWorkers(_network.Client, cpus, "under load");
        Assert.Empty(load.WaitProgress(20, PairFixture.ReplyLimit));
        DemoNetworkCable(up: false);
        Colo("save", "--socket", _files.Socket, "--to", Snapshot);
        _node.Signal(9);
        Assert.True(_node.WaitForExit(Limit));
        Start(restore: true, $"vm:cpus={cpus}");
        DemoNetworkCable(up: true);
        Assert.Empty(load.WaitProgress(10, PairFixture.ReplyLimit));
        GuestHttp.AwaitWorkers(_network.Client, cpus, "restored");
        var report = load.Stop(PairFixture.ReplyLimit);
        Assert.True(report.Errors.Count == 0, string.Join('\n', report.Errors));

        // A reset puts the further ones back to where they wait for their start, and it comes again.
        Assert.DoesNotContain("CPUs run", RestoredLog(), StringComparison.Ordinal);
        Assert.Equal("reset", GuestHttp.Get(_network.Client, "/reset"));
        Assert.True(PairFixture.Until(Limit, () => RestoredLog().Contains($"{cpus} of {cpus} CPUs run", StringComparison.Ordinal)), "not started anew:\n" + _node.LogTail(50));
        _node.Signal(9);
        Assert.True(_node.WaitForExit(Limit));
        var (code, text) = Restore($"vm:cpus={cpus + 1}");
        Assert.True(code == 1 && text.Contains("[vm] cpus", StringComparison.Ordinal), $"{code}: {text}");
    }

    [PairFact]
    public void A_damaged_truncated_or_foreign_file_is_refused_with_the_reason()
    {
        Start();
        Colo("save", "--socket", _files.Socket, "--to", Snapshot);
        _node!.Signal(15);
        Assert.True(_node.WaitForExit(Limit));
        var good = File.ReadAllBytes(Snapshot);
        Refused(good[..(good.Length / 2)], "truncated");
        Refused([.. good[..^100], (byte)(good[^100] ^ 1), .. good[^99..]], "damaged");
        Refused([.. good[..200], (byte)(good[200] ^ 1), .. good[201..]], "damaged");
        Refused("not a snapshot at all, whatever its name says, and longer than a header"u8.ToArray(), "not a snapshot");
        File.WriteAllBytes(Snapshot, good);
        var (code, text) = Restore("vm:memory=32M");
        Assert.True(code == 1 && text.Contains("[vm] memory", StringComparison.Ordinal), $"{code}: {text}");
    }

    public void Dispose()
    {
        if (_node is { HasExited: false })
            _node.Signal(9);
        _node?.Dispose();
        _network?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Start(params string[] settings) => Start(false, settings);

    private void Start(bool restore, params string[] settings)
    {
        _node?.Dispose();
        File.AppendAllText(_files.Log, restore ? "--- restored\n" : "");
        _node = restore
            ? NodeProcess.Start(_network!.HostA, _files, PairBinary.Path!, "standalone", settings, arguments: ["--restore", Snapshot])
            : NodeProcess.Start(_network!.HostA, _files, PairBinary.Path!, "standalone", settings);
        Assert.True(PairFixture.Until(Limit, () => _node.TryStatus() is { State: "running" }), "not running:\n" + _node.LogTail(50));
        if (!restore)
            Assert.True(PairFixture.Until(Limit, () => _node.LogTail(50).Contains("ready", StringComparison.Ordinal)), "the guest is not ready:\n" + _node.LogTail(50));
    }

    private string RestoredLog() => File.ReadAllText(_files.Log).Split("--- restored")[^1];

    private void DemoNetworkCable(bool up) =>
        IpTool.Run("-n", _network!.HostA.Name, "link", "set", "lan0", up ? "up" : "down");

    private void Refused(byte[] content, string reason)
    {
        File.WriteAllBytes(Snapshot, content);
        var (code, text) = Restore();
        Assert.True(code == 1 && text.Contains(reason, StringComparison.Ordinal), $"'{reason}' expected, exit 1; it ended with {code}: {text}");
    }

    private (int Code, string Text) Restore(params string[] sets) => _network!.HostA.Run(() =>
        ChildProcess.Capture(PairBinary.Path!, ["run", "--role", "standalone", "--config", _files.Config, "--restore", Snapshot, .. sets.SelectMany(s => (string[])["--set", s])]));

    private void Colo(params string[] arguments)
    {
        var (code, text) = ChildProcess.Capture(PairBinary.Path!, arguments);
        Assert.True(code == 0, string.Create(CultureInfo.InvariantCulture, $"colo {string.Join(' ', arguments)}: {code}: {text}"));
    }

    private string Redis(params string[] command) => _network!.Client.Run(() =>
    {
        var (code, text) = ChildProcess.Capture("/usr/bin/redis-cli", ["-h", DemoNetwork.GuestAddress.ToString(), .. command]);
        Assert.True(code == 0, text);
        return text.Trim();
    });
}
