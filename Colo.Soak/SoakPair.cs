using System.Diagnostics;
using System.Globalization;
using Colo.Demo;
using Colo.Linux;
using Colo.Soak.Faults;

namespace Colo.Soak;

/// <summary>The pair that a campaign torments: two nodes with <c>--role auto</c>, their disks on file systems of their own, an arbiter if it is to be.</summary>
internal sealed class SoakPair : IDisposable
{
    private const int DiskMegabytes = 192;
    private const int MostRestarts = 5;

    // What a node logs of a guest that ended without having been told to.
    private const string GuestEnded = "; it starts anew";
    private static readonly TimeSpan ServiceDelay = TimeSpan.FromSeconds(1);
    private readonly SoakLog _log;
    private readonly SmallDisk[] _disks = new SmallDisk[2];
    private readonly bool[] _away = new bool[2];
    private readonly bool _twoDisks;
    private readonly Process? _capture;
    private int _unexpected;

    /// <summary>Makes everything, and starts no node.</summary>
    internal SoakPair(SoakSettings settings, SoakLog log, bool arbiter, bool twoDisks, CancellationToken cancel)
    {
        _log = log;
        _twoDisks = twoDisks;
        Pair = new DemoPair(SoakSettings.Prefix, settings.Number, settings.Binary, new PairSettings
        {
            Disk = true,
            DiskSize = "32M",
            LogFolder = settings.Folder,
            Overrides = PairSettings.Stretched(settings.Patience),
        }, cancel);
        try
        {
            foreach (var node in (char[])['a', 'b'])
                _disks[node - 'a'] = new SmallDisk(Path.Combine(Pair.Files(node).Folder, "disk"), DiskMegabytes);
            Arbiter = arbiter ? new ArbiterHost(Pair.Network, Path.Combine(Pair.Folder, "etcd")) : null;
            Watch = new WireWatch(Pair.Network, minimumRto: TimeSpan.Zero, patience: Math.Max(1, settings.Patience / 2.0));
            _capture = settings.Capture ? Capture(Path.Combine(settings.Folder, "wire.pcap")) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal DemoPair Pair { get; }

    internal ArbiterHost? Arbiter { get; }

    /// <summary>
    /// Judges the client's wire. Faults hold output for longer than the guest's retransmission time-out: what its TCP then sends
    /// again may follow the first copy closely, so that only doubled datagrams are told from rightly repeated ones.
    /// </summary>
    internal WireWatch Watch { get; }

    /// <summary>A node that may end by itself with exit status 1 because of what is done to it; null: none.</summary>
    internal char? MayFail { get; set; }

    /// <summary>The file system of a node's disks.</summary>
    internal SmallDisk Disk(char node) => _disks[node - 'a'];

    /// <summary>Starts a node that is not running.</summary>
    internal void Start(char node)
    {
        var folder = Disk(node).Folder;
        List<string> overrides = [$"disk:root:path={Path.Combine(folder, "root.img")}"];
        if (_twoDisks)
            overrides.AddRange([$"disk:data:path={Path.Combine(folder, "data.img")}", "disk:data:size=16M"]);
        if (Arbiter is not null)
            overrides.Add(ArbiterHost.SettingFor(node));
        Pair.Start(node, "auto", overrides);
        _away[node - 'a'] = false;
        _log.Say($"node {node} is started, process {Pair.Node(node).Pid}");
    }

    /// <summary>Kills a node and waits until it is dead.</summary>
    internal void Kill(char node, TimeSpan limit, bool keeperFirst = false)
    {
        _away[node - 'a'] = true;
        // The keeper first: it could still tell in the moment between.
        if (keeperFirst && Pair.Node(node).Keeper() is { } keeper)
            _ = NativeDemo.kill(keeper, NativeDemo.SIGKILL);
        Pair.Kill(node);
        WaitEnd(node, limit);
    }

    /// <summary>Asks a node to stop, and waits until it has.</summary>
    internal void Terminate(char node, TimeSpan limit)
    {
        _away[node - 'a'] = true;
        Pair.Node(node).Signal(NativeDemo.SIGTERM);
        WaitEnd(node, limit);
        if (Pair.Node(node).ExitCode != 0)
            _log.Violation($"node {node} ended with exit status {Pair.Node(node).ExitCode} when it was asked to stop; the end of its log:\n{Pair.Node(node).LogTail(20)}");
    }

    /// <summary>Waits until a node speaks for the guest.</summary>
    /// <exception cref="PairException">It does not in time.</exception>
    internal void WaitPrimary(char node, TimeSpan limit)
    {
        var end = MonotonicClock.Now + (limit.Ticks * 100);
        while (Pair.Ask(node) is not { Role: "primary" })
        {
            if (MonotonicClock.Now > end)
                throw new PairException($"node {node} has not taken the guest over after {Seconds(limit)}; its status: {Pair.Ask(node)?.Json ?? "none"}");
            Pair.Pause(TimeSpan.FromMilliseconds(10));
        }
    }

    /// <summary>Waits until one node is a protected primary and the other its secondary. A node that ends in the meantime is started anew, as the service would.</summary>
    /// <returns>The primary.</returns>
    /// <exception cref="PairException">They are not in time.</exception>
    internal char WaitProtected(TimeSpan limit)
    {
        var end = MonotonicClock.Now + (limit.Ticks * 100);
        while (true)
        {
            if (Protected() is { } primary)
                return primary;
            Revive();
            if (MonotonicClock.Now > end)
                throw new PairException($"the pair is not protected again after {Seconds(limit)}; node a: {Pair.Ask('a')?.Json ?? "no answer"}; node b: {Pair.Ask('b')?.Json ?? "no answer"}");
            Pair.Pause(TimeSpan.FromMilliseconds(20));
        }
    }

    /// <summary>The guest must not end: nothing that the campaign does asks for it.</summary>
    /// <exception cref="PairException">A node's log says that it did; what follows on that proves nothing.</exception>
    internal void CheckGuest()
    {
        foreach (var node in (char[])['a', 'b'])
        {
            if (File.ReadLines(Pair.Files(node).Log).FirstOrDefault(l => l.Contains(GuestEnded, StringComparison.Ordinal)) is { } line)
                throw new PairException($"the guest itself has ended, and with it all its connections: {line}");
        }
    }

    /// <summary>The primary of a pair that is protected; null: it is not.</summary>
    internal char? Protected()
    {
        var (a, b) = (Pair.Ask('a'), Pair.Ask('b'));
        if (a is { Role: "primary", State: "protected" } && b is { Role: "secondary", State: "protected" })
            return 'a';
        return b is { Role: "primary", State: "protected" } && a is { Role: "secondary", State: "protected" } ? 'b' : null;
    }

    /// <summary>Compares the images of both nodes, which have ended.</summary>
    /// <returns>What is wrong.</returns>
    internal IEnumerable<string> CompareImages()
    {
        foreach (var image in _twoDisks ? (string[])["root.img", "data.img"] : ["root.img"])
        {
            if (DemoPair.CompareImages(Path.Combine(Disk('a').Folder, image), Path.Combine(Disk('b').Folder, image), mayBeEmpty: image != "root.img") is { } wrong)
                yield return $"the images {image} of both nodes, after an orderly stop: {wrong}";
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_capture is not null)
        {
            // It writes what it has when it is asked to end, not when it is killed.
            _ = NativeDemo.kill(_capture.Id, NativeDemo.SIGTERM);
            _capture.WaitForExit(5_000);
            _capture.Dispose();
        }

        Watch?.Dispose();
        foreach (var node in (char[])['a', 'b'])
        {
            // The folder cannot be unmounted while its node has files there open: its name goes now, the rest with the process.
            _disks[node - 'a']?.Dispose();
        }

        Arbiter?.Dispose();
        Pair.Dispose();
    }

    private Process Capture(string file) => Pair.Network.Switch.Run(() => Process.Start(new ProcessStartInfo(
        "/usr/bin/tcpdump", ["-i", "any", "-p", "-U", "-s", "120", "-w", file, "-Z", "root"])
    {
        RedirectStandardError = true,
        RedirectStandardOutput = true,
    })!);

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F0} s");

    private void WaitEnd(char node, TimeSpan limit)
    {
        if (!Pair.Node(node).WaitForExit(limit))
            throw new PairException($"the process of node {node} has not ended {Seconds(limit)} after it was told to");
    }

    private void Revive()
    {
        foreach (var node in (char[])['a', 'b'])
        {
            if (_away[node - 'a'] || !Pair.Node(node).HasExited)
                continue;
            var status = Pair.Node(node).ExitCode;
            if (MayFail == node && status == 1)
            {
                _log.Say($"node {node} has ended with exit status 1, as it may");
            }
            else
            {
                _log.Violation($"node {node}, process {Pair.Node(node).Pid}, ended with exit status {status}, which nothing explains that was done to it; the end of its log:\n{Pair.Node(node).LogTail(20)}");
                if (++_unexpected > MostRestarts)
                    throw new PairException("nodes end by themselves again and again");
            }

            Pair.Pause(ServiceDelay);
            Start(node);
        }
    }
}
