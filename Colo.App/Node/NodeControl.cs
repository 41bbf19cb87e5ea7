using Colo.Configuration;
using Colo.Linux;
using Colo.Machine;
using Colo.Memory;
using Colo.Monitor;
using Colo.Proxy;

namespace Colo.Node;

/// <summary>What the control socket asks of a node that is half of a pair. Called on the socket's threads; all is done on the loop's.</summary>
internal sealed class NodeControl(NodeContext node, ColoConfiguration configuration) : INodeControl
{
    private static readonly TimeSpan SwitchoverLimit = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public NodeStatus GetStatus()
    {
        NodeStatus? status = null;
        node.Loop.Invoke(() => status = Build());
        return status!;
    }

    /// <inheritdoc/>
    public ControlResult Failover(bool force)
    {
        using var ended = new ManualResetEventSlim();
        var switched = false;
        ControlResult? result = null;
        node.Loop.Invoke(() =>
        {
            if (node.Undecided is { } undecided)
            {
                var refusal = force ? undecided.Force() : $"it is not decided yet what this node is: {undecided.Verdict.Text}";
                result = refusal is null ? ControlResult.Done : ControlResult.Refused(refusal);
            }
            else if (node.Secondary is { } secondary)
            {
                var refusal = secondary.Failover(force);
                result = refusal is null ? ControlResult.Done : ControlResult.Refused(refusal);
            }
            else if (node.Primary is { } primary)
            {
                if (primary.TrySwitchover(done =>
                    {
                        switched = done;
                        node.OnSwitchedOver(done);
                        ended.Set();
                    }))
                    return;
                result = primary.GoAlone(force)
                    ? ControlResult.Done
                    : ControlResult.Refused(primary.Asking
                        ? "the secondary is silent, and this node has no permission to go on alone yet (colo status says why). If the other host is down for certain: colo failover --force"
                        : primary.State == PrimaryState.Syncing
                            ? "the secondary is still syncing and cannot take the guest over yet"
                            : "there is no protected secondary that could take the guest over");
            }
        });
        if (result is not null)
            return result;
        if (!ended.Wait(SwitchoverLimit))
            return ControlResult.Failed("the switchover did not end in 30 s; see the log");
        return switched ? ControlResult.Done : ControlResult.Failed("the secondary was lost; the guest stays here");
    }

    /// <inheritdoc/>
    public ControlResult Stop()
    {
        ControlResult result = ControlResult.Done;
        node.Loop.Invoke(() =>
        {
            if (node.Undecided is not null)
                result = ControlResult.Refused("no guest runs here, and it is not decided yet what this node is; end the node itself (SIGTERM, systemctl stop)");
            else if (node.Primary is { } primary)
                primary.StopGuest(insist: true);
            else if (node.Secondary is not { } secondary || !secondary.RequestStop())
                result = ControlResult.Refused("the primary cannot be reached, so the guest there cannot be stopped from here");
        });
        return result;
    }

    /// <inheritdoc/>
    public ControlResult Save(string path)
    {
        ControlResult? result = null;
        using var done = new ManualResetEventSlim();
        node.Loop.Invoke(() =>
        {
            if (node.Primary is not { State: not PrimaryState.Stopped })
            {
                result = ControlResult.Refused("only the node that runs the guest for the world can save it");
                done.Set();
                return;
            }

            SnapshotFile.SaveFrom(node.Vm, path, configuration.Vm.Name, saved =>
            {
                result = saved;
                done.Set();
            });
        });
        done.Wait();
        return result!;
    }

    /// <inheritdoc/>
    public IReadOnlyList<FlowStatus> GetFlows(int most)
    {
        IReadOnlyList<FlowStatus> flows = [];
        node.Loop.Invoke(() => flows = StatusParts.Flows(node.Primary, most));
        return flows;
    }

    /// <inheritdoc/>
    public GuestConsole Console => node.Life.Console;

    private NodeStatus Build()
    {
        var now = MonotonicClock.Now;
        var primary = node.Primary;
        var session = primary?.Session;
        var heart = node.Secondary?.Heartbeat?.Beats;
        var heard = session?.LastHeardNs ?? heart?.LastHeardNs;
        return new NodeStatus
        {
            Vm = configuration.Vm.Name,
            Version = StatusParts.Version,
            Role = primary is not null ? "primary" : "secondary",
            State = node.StateName,
            Since = node.Since,
            Epoch = (long)(primary?.Epoch ?? node.Secondary?.Epoch ?? 0),
            UptimeS = (now - node.Life.Started) / 1_000_000_000,
            Peer = new PeerStatus
            {
                Address = node.PeerAddress.ToString(),
                Connected = session?.Connected ?? node.Secondary?.Connected ?? false,
                RttUs = (session?.RoundTripNs ?? heart?.SmoothedRttNs) is { } rtt and > 0 ? rtt / 1000 : null,
                LastHeardMs = heard is { } at ? (now - at) / 1_000_000 : null,
            },
            Checkpoint = StatusParts.Checkpoints(node.Figures),
            Compare = StatusParts.Compare(primary),
            Disk = node.Vm is null ? [] : primary?.Disks.Status(node.Vm) ?? node.Secondary?.Disks?.Status(node.Vm) ?? StatusParts.Disks(node.Vm),
            Nic = node.Vm is null ? [] : StatusParts.Nics(node.Vm, primary is not null, primary),
            Failover = new FailoverStatus { Count = node.Life.Failovers, Last = node.Life.History.FirstOrDefault(), History = node.Life.History },
            Guests = Guests(),
            Attention = node.Attention,
        };
    }

    private GuestsStatus Guests()
    {
        var (here, there) = node.Primary is { } primary
            ? (primary.State == PrimaryState.Stopped ? "stopped" : "running",
                primary.State switch { PrimaryState.Syncing => "loading", PrimaryState.Protected => "running", PrimaryState.Stopped => "unknown", _ => "none" })
            : node.Secondary?.State switch
            {
                SecondaryState.Syncing => ("loading", "running"),
                SecondaryState.Protected => ("running", node.Secondary.Connected ? "running" : "unknown"),
                _ => ("none", "unknown"),
            };
        return node.Vm is null ? new GuestsStatus { There = there } : StatusParts.Guests(node.Vm, here, there);
    }
}
