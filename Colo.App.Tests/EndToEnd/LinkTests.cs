using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>The link between the nodes: strangers on it, a cut cable, a frozen node.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class LinkTests(ITestOutputHelper output)
{
    private const long MaxGrowthKiB = 200 * 1024;

    [PairTheory]
    [InlineData("garbage", "the bytes are not of this protocol")]
    [InlineData("2 GB length, big endian", "the bytes are not of this protocol")]
    [InlineData("2 GB length, little endian", "the bytes are not of this protocol")]
    [InlineData("half a handshake", "closed by the peer")]
    [InlineData("half-open", "no answer within 2000 ms")]
    public void A_stranger_on_the_link_port_harms_nothing(string attack, string reason) => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(new LoadSettings { Echo = 10, Count = 1, Resp = 2 });
        var before = f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        var memory = Resident(f, 'a') + Resident(f, 'b');
        var mark = f.MarkLogs();
        var reached = 0;
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < 20; i++)
            {
                // From each host to the other: whichever of them listens is reached.
                reached += Connect(f.Pair.Network.HostA, "10.78.0.2", sockets, s => Attack(s, attack, f.Seed + i)) ? 1 : 0;
                reached += Connect(f.Pair.Network.HostB, "10.78.0.1", sockets, s => Attack(s, attack, f.Seed + i)) ? 1 : 0;
            }

            Assert.True(reached > 0, "no link port was reached: the test attacked nothing");
            PairFixture.GoOn(load, "during the attack");
            f.Pair.Wait('a', "making checkpoints during the attack", s => s.State == "protected" && s.Checkpoints > before.Checkpoints + 2, TimeSpan.FromSeconds(10));
            Assert.True(PairFixture.Until(TimeSpan.FromSeconds(15), () => HasReason(f.LogsSince(mark), reason)),
                "no reason in the logs:\n" + f.LogsSince(mark));
        }
        finally
        {
            sockets.ForEach(s => s.Dispose());
        }

        var growth = Resident(f, 'a') + Resident(f, 'b') - memory;
        Assert.True(growth < MaxGrowthKiB, $"the nodes grew by {growth} KiB");
        f.Pair.WaitProtected('a', TimeSpan.FromSeconds(2));
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void A_node_with_another_key_is_refused_and_the_pair_goes_on() => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(new LoadSettings { Echo = 10, Count = 1 });
        IpTool.Run("-n", f.Pair.Network.HostB.Name, "addr", "add", "10.78.0.3/24", "dev", "link0");
        var folder = Path.Combine(f.Pair.Folder, "rogue");
        Directory.CreateDirectory(folder);
        var key = Path.Combine(folder, "other.key");
        Assert.Equal(0, ChildProcess.Capture(PairBinary.Path!, ["keygen", key]).Code);
        var files = new NodeFiles(folder, 'b', key, new PairSettings());
        var mark = f.MarkLogs();
        using var rogue = NodeProcess.Start(f.Pair.Network.HostB, files, PairBinary.Path!, "secondary", ["link:node-b=10.78.0.3:9990"]);
        Assert.True(PairFixture.Until(TimeSpan.FromSeconds(15), () => rogue.LogTail(1_000).Contains("different link keys", StringComparison.Ordinal)),
            $"nobody tells why:\n{f.LogsSince(mark)}\nrogue:\n{rogue.LogTail(1_000)}");
        Assert.True(rogue.HasExited || rogue.TryStatus() is null or { State: "waiting" }, "the node with another key got further than waiting: " + rogue.TryStatus()?.Json);
        PairFixture.GoOn(load, "with a rogue node");
        f.Pair.WaitProtected('a', TimeSpan.FromSeconds(2));
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void When_the_link_is_cut_the_primary_goes_alone_the_secondary_waits_and_they_pair_again() => PairFixture.Run(output, f =>
    {
        // Nothing is announced: any frame of node b is a second voice. Output is held for longer than the guest's own
        // retransmission timeout here, so what its TCP then sends again may follow the first copy closely.
        using var watch = new WireWatch(f.Pair.Network, minimumRto: TimeSpan.Zero, patience: PairFixture.Patience);
        using var load = f.Load(new LoadSettings { Echo = 20, Resp = 4, Count = 1, Udp = true, Ping = true });
        load.Snapshot(reset: true);
        DemoNetwork.SetLink(f.Pair.Network.HostA, up: false);
        f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
        PairFixture.GoOn(load, "with the link cut", replies: 20);
        var report = load.Snapshot(reset: true);
        f.Print("link cut", report);
        Assert.True(report.LongestTcpGapUs <= 1_000_000 * PairFixture.Patience, $"the clients waited {report.LongestTcpGapUs} us");
        // Longer than any time limit of the configuration.
        for (var i = 0; i < 10; i++)
        {
            f.Pair.Pause(TimeSpan.FromMilliseconds(300));
            var status = f.Pair.Node('b').TryStatus();
            Assert.False(f.Pair.Node('b').HasExited, "the secondary ended");
            Assert.True(status is { Role: "secondary" }, "the secondary did not wait: " + status?.Json);
        }

        DemoNetwork.SetLink(f.Pair.Network.HostA, up: true);
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        PairFixture.GoOn(load, "paired again");
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void A_primary_that_was_frozen_is_silent_after_the_takeover() => PairFixture.Run(output, f =>
    {
        const int stop = 19;
        const int go = 18;
        using var watch = f.Watch();
        using var load = f.Load(new LoadSettings { Echo = 20, Count = 1, Udp = true });
        watch.AnnounceTakeover('b');
        f.Pair.Node('a').Signal(stop);
        f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
        PairFixture.GoOn(load, "after the freeze");
        f.Pair.Node('a').Signal(go);
        PairFixture.GoOn(load, "after the frozen node woke", replies: 30);
        f.Pair.Pause(TimeSpan.FromSeconds(2));
        f.AssertClean(load);
        var wire = watch.Report();
        var voices = wire.Violations.Count(v => v.Rule == "voice");
        // The one send that was under way when it froze may finish.
        Assert.True(voices <= 1 && wire.ViolationCount == voices, string.Join('\n', wire.Violations));
    }, new PairSettings { Overrides = ["failover:silence=takeover"] });

    // What the log says of each kind of stranger, in the link's own words, with the stranger's address.
    private static bool HasReason(string log, string reason) =>
        log.Split('\n').Any(line => line.Contains("link: connection from 10.78.0.", StringComparison.Ordinal) && line.Contains(reason, StringComparison.Ordinal));

    private static bool Connect(NetworkNamespace from, string to, List<Socket> sockets, Action<Socket> then) => from.Run(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { SendTimeout = 2_000 };
        sockets.Add(socket);
        try
        {
            socket.Connect(IPAddress.Parse(to), NodeFiles.LinkPort);
        }
        catch (SocketException)
        {
            return false;
        }

        try
        {
            then(socket);
        }
        catch (SocketException)
        {
            // Closed by the node while the attack is being sent: as it should.
        }

        return true;
    });

    private static void Attack(Socket socket, string attack, int seed)
    {
        var data = new byte[65536];
        new Random(seed).NextBytes(data);
        switch (attack)
        {
            case "garbage":
                socket.Send(data);
                break;
            case "2 GB length, big endian":
                for (var i = 0; i < 64; i += 4)
                    ((byte[])[0x7F, 0xFF, 0xFF, 0xFF]).CopyTo(data, i);
                socket.Send(data);
                break;
            case "2 GB length, little endian":
                for (var i = 0; i < 64; i += 4)
                    ((byte[])[0xFF, 0xFF, 0xFF, 0x7F]).CopyTo(data, i);
                socket.Send(data);
                break;
            case "half a handshake":
                socket.Send("COLO"u8);
                socket.Shutdown(SocketShutdown.Send);
                break;
            default:
                // Half-open: connected, and silent from then on.
                break;
        }
    }

    private static long Resident(PairFixture f, char node) =>
        long.Parse(File.ReadLines($"/proc/{f.Pair.Node(node).Pid}/status").First(l => l.StartsWith("RssAnon:", StringComparison.Ordinal))[8..].Replace("kB", "").Trim(), CultureInfo.InvariantCulture);
}
