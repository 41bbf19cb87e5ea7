using System.Net;
using Colo.Configuration;
using Colo.Inquiry;
using Colo.Link;
using Colo.Linux;
using Colo.Node;

namespace Colo.Check;

/// <summary>
/// The link: key, own address, and the peer, which is called and asked. While it waits this check answers a check on the
/// other host, so that two of them compare themselves before anything runs.
/// </summary>
/// <param name="configuration">The node's configuration.</param>
/// <param name="node">Which node this is; null: found by its address.</param>
/// <param name="wait">How long the peer is waited for.</param>
/// <param name="guestCpu">The CPU that the guest sees here; empty when that is not known.</param>
/// <param name="findings">Where to tell.</param>
internal sealed class LinkChecks(ColoConfiguration configuration, NodeId? node, TimeSpan wait, string guestCpu, Findings findings)
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(300);

    // This one knows; the other check may still be about to ask, and is to learn the same.
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    internal void Run()
    {
        LinkKey? key = null;
        try
        {
            key = LinkKey.Load(configuration.Link.KeyFile);
            findings.Ok("key", configuration.Link.KeyFile);
        }
        catch (IOException e)
        {
            findings.Failed("key", e, "look into dmesg: the device or file system under it has a fault, perhaps");
        }

        NodeId own;
        IPEndPoint here, there;
        try
        {
            if ((node ?? OwnAddress.Find(configuration.Link)) is not { } found)
            {
                findings.Failed(
                    "[link]", $"{configuration.Link.NodeA} and {configuration.Link.NodeB}: {OwnAddress.Which(configuration.Link)} of them is an address of this host",
                    "exactly one of node-a and node-b has to be, or say --node a or --node b");
                return;
            }

            own = found;
            here = OwnAddress.Resolve(configuration.Link.Address(own)!);
            there = OwnAddress.Resolve(configuration.Link.Address(own == NodeId.A ? NodeId.B : NodeId.A)!);
            findings.Ok("[link]", $"this is node {(own == NodeId.A ? 'a' : 'b')}, {here}; the peer is {there}");
        }
        catch (IOException e)
        {
            findings.Failed("[link]", e, "write addresses into [link]");
            return;
        }

        if (key is not null)
            Call(own, here, there, key);
    }

    private void Call(NodeId own, IPEndPoint here, IPEndPoint there, LinkKey key)
    {
        using var loop = new EventLoop();
        var identity = new LinkIdentity { VmName = configuration.Vm.Name, Node = own == NodeId.A ? LinkNode.A : LinkNode.B, Instance = LinkInstance.New(), Key = key };
        var options = new LinkOptions { LocalAddress = here.Address, CheckpointProtection = configuration.Link.Tls ? LinkProtection.Sealed : LinkProtection.Plain };
        NodeReport Mine() => ReportBuilder.Of(configuration, "check", "checking", Data(), guestCpu);
        using var server = new InquiryServer(loop, Mine);
        using var listener = Listen(loop, here, identity, options, server);
        var deadline = MonotonicClock.Now + (wait.Ticks * 100);
        InquiryCall? call = null;
        using var end = loop.AddTimer(loop.Stop);
        LoopTimer again = null!;
        again = loop.AddTimer(Begin);
        Begin();
        loop.Run();
        call?.Dispose();
        again.Dispose();

        void Begin() => call = new InquiryCall(loop, there, identity, options, result =>
        {
            if (result.Report is null && result.Outcome != LinkDialOutcome.Rejected && MonotonicClock.Now < deadline)
            {
                again.SetAfter(Again);
                return;
            }

            Told(result, Mine(), there);
            if (listener is not null && (result.Report?.Role == "check" || result.Outcome == LinkDialOutcome.Rejected))
                end.SetAfter(Linger);
            else
                loop.Stop();
        });
    }

    private LinkListener? Listen(EventLoop loop, IPEndPoint here, LinkIdentity identity, LinkOptions options, InquiryServer server)
    {
        try
        {
            var listener = new LinkListener(
                loop, here, identity, options, peer => peer.Kind == LinkKind.Inquiry ? null : "only a check runs here, no node", server.Accept);
            findings.Ok("port", $"{here} is free");
            return listener;
        }
        catch (LinuxException e) when (e.Errno == Errno.EADDRINUSE)
        {
            findings.Warning("port", $"{here} is in use: a node runs here, or another program has it", "a node that starts now would not; ss -ltnp shows who it is");
        }
        catch (IOException e)
        {
            findings.Failed("port", e, Mend(e, here));
        }

        return null;
    }

    private static string Mend(IOException e, IPEndPoint here) => e is not LinuxException { Errno: var errno } ? "" : errno switch
    {
        Errno.EADDRNOTAVAIL => $"{here.Address} is no address of this host: say the right --node, or give the host that address (ip addr)",
        Errno.EACCES or Errno.EPERM => "ports below 1024 need CAP_NET_BIND_SERVICE: take another one in [link] on both hosts, or give the service the right",
        _ => "see ip addr and ss -ltn for what this host has; [link] names address and port",
    };

    private void Told(InquiryResult result, NodeReport mine, IPEndPoint there)
    {
        switch (result)
        {
            case { Report: { } report }:
                findings.Ok("peer", $"{there} answers in {result.RoundTripNs / 1000} us: {Name(report)}");
                // The report was made at some time in the round trip, most likely in its middle.
                var half = TimeSpan.FromTicks(result.RoundTripNs / 200);
                PeerComparison.Compare(mine, report, DateTimeOffset.UtcNow - half, half, findings);
                break;
            case { Failure.Reason: LinkRefusal.WrongKey }:
                findings.Failed("peer", $"{there}: the two nodes hold different link keys", $"copy {configuration.Link.KeyFile} from one host to the other");
                break;
            case { Failure.Reason: LinkRefusal.Malformed, Outcome: LinkDialOutcome.Rejected }:
                findings.Warning("peer", $"{there}: {result.Failure!.Text}", "an older release runs there, perhaps; install the same one on both hosts");
                break;
            case { Outcome: LinkDialOutcome.Rejected }:
                findings.Failed("peer", $"{there}: {result.Failure?.Text ?? result.Text}", "make the two colo.ini alike");
                break;
            case { Outcome: LinkDialOutcome.Refused }:
                findings.Warning("peer", $"{there}: the host answers, and no node runs there", "to compare the two hosts now, run there at the same time: colo check --wait 60");
                break;
            case { Outcome: LinkDialOutcome.Connected }:
                findings.Warning("peer", $"{there}: {result.Text}", "look at the log there");
                break;
            default:
                findings.Failed("peer", result.Text, $"start that host, look at the network between the two (ping {there.Address}), and let TCP port {there.Port} through every firewall, in both directions");
                break;
        }
    }

    private static string Name(NodeReport report) => report.Role switch
    {
        "check" => "a check like this one",
        "undecided" => "a node that waits to learn what it is to be",
        "primary" or "secondary" => $"a {report.Role}, {(report.State.All(char.IsAsciiLetter) ? report.State : "in a state of a later release")}",
        _ => "a node in a role of a later release",
    };

    private Block.Replication.NodeData? Data()
    {
        try
        {
            return NodeHistory.PathOf(configuration) is { } path ? Block.Replication.NodeRecord.Peek(path) : null;
        }
        catch (IOException)
        {
            // Told by the check of the disks.
            return null;
        }
    }
}
