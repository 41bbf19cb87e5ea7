using System.Net;
using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.Demo;

/// <summary>The network, the load and the wire watch together, with the host's kernel in the guest's place.</summary>
public sealed class DemoNetworkTests(ITestOutputHelper output)
{
    private const string Prefix = "colo-test-";

    [NetworkFact]
    public void The_client_reaches_a_host_and_the_wire_is_watched()
    {
        using var network = new DemoNetwork(Prefix, 1);
        BecomeGuest(network.HostA);
        using var server = network.HostA.Run(() => new EchoServer(DemoNetwork.GuestAddress, 7, (_, data) => data));
        using var watch = new WireWatch(network);
        using var load = new LoadGenerator(network.Client, new LoadSettings { Echo = 10, Ping = true, Interval = TimeSpan.FromMilliseconds(5) });
        Assert.True(load.WaitConnected(TimeSpan.FromSeconds(3)));
        Thread.Sleep(500);
        var report = load.Stop(TimeSpan.FromSeconds(3));
        output.WriteLine($"seed {load.Settings.Seed}, {report.Replies} replies, echo {report.ByKind["echo"]}, ping {report.ByKind["ping"]}");
        Assert.Empty(report.Errors);
        Assert.All(report.Flows, f => Assert.True(f.Replies > 20, $"{f.Kind} {f.Index}: {f.Replies}"));
        var wire = watch.Report();
        Assert.Empty(wire.Violations);
        Assert.True(wire.GuestFrames > report.Replies / 2, $"{wire.GuestFrames} frames");

        // The other host takes the guest's address with nothing announced.
        BecomeGuest(network.HostB);
        IpTool.Run("-n", network.HostA.Name, "addr", "flush", "dev", "lan0");
        var (code, _) = IpTool.Try("netns", "exec", network.Client.Name, "ip", "neigh", "flush", "all");
        Assert.Equal(0, code);
        using var later = new LoadGenerator(network.Client, new LoadSettings { Ping = true });
        Assert.True(SpinWait.SpinUntil(() => watch.Report().Violations.Any(v => v.Rule == "voice"), 5_000), "the second voice was not noticed");
    }

    [NetworkFact]
    public void Nothing_is_left_behind()
    {
        string name;
        using (var network = new DemoNetwork(Prefix, 2))
        {
            name = network.HostA.Name;
            Assert.Equal(4, NetworkNamespace.List(name[..^1]).Count);
        }

        Assert.Empty(NetworkNamespace.List(name[..^1]));
    }

    [NetworkFact]
    public void What_a_killed_process_left_is_removed_and_what_a_living_one_has_is_kept()
    {
        // Above the largest process id there can be (PID_MAX_LIMIT, 2^22).
        var dead = NetworkNamespace.Create(Prefix + "left-4999999-a");
        var alive = NetworkNamespace.Create(Prefix + "left-1-a");
        try
        {
            Assert.Equal([dead.Name], DemoNetwork.RemoveLeftovers(Prefix + "left-"));
            Assert.Equal([alive.Name], NetworkNamespace.List(Prefix + "left-"));
        }
        finally
        {
            dead.Delete();
            alive.Delete();
        }
    }

    private static void BecomeGuest(NetworkNamespace host)
    {
        IpTool.Run("-n", host.Name, "link", "set", "lan0", "address", NodeFiles.GuestMac);
        IpTool.Run("-n", host.Name, "addr", "add", DemoNetwork.GuestAddress + "/24", "dev", "lan0");
    }
}
