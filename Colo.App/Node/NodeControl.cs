using Colo.Configuration;
using Colo.Linux;
using Colo.Machine;
using Colo.Memory;
using Colo.Monitor;
using Colo.Proxy;

namespace Colo.Node;

/// <summary>What the control socket asks of a node that is half of a pair. Called on the socket's threads; all is done on the loop's.</summary>
internal sealed class NodeControl(NodeContext node, ColoConfiguration configuration) : IPairNode
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
        var answer = new PendingAnswer();
        var late = ControlResult.Done;
        node.Loop.Invoke(() => late = Failover(force, answer));
        return answer.Wait(SwitchoverLimit, late);
    }

    /// <summary>Begins it. What has ended, or cannot begin, is answered at once; the rest when it has ended.</summary>
    /// <returns>What is to be said when that takes too long.</returns>
    private ControlResult Failover(bool force, PendingAnswer answer)
    {
        var seconds = (int)SwitchoverLimit.TotalSeconds;
        if (node.Undecided is { } undecided)
        {
            if (force)
            {
                undecided.Force(refusal =>
                {
                    if (refusal is not null)
                        answer.Give(ControlResult.Refused(refusal));
                    else
                        // Behind what that has posted: the guest's boot.
                        node.Loop.Post(() => answer.Give(node.Primary is null ? ControlResult.Failed("the guest could not be started here; see the log") : ControlResult.Done));
                });
            }
            else
            {
                answer.Give(ControlResult.Refused($"it is not decided yet what this node is: {undecided.Verdict.Text}"));
            }

            return ControlResult.Failed($"the guest has not been started in {seconds} s; see the log");
        }

        if (node.Secondary is { } secondary)
        {
            if (secondary.Failover(force) is { } refusal)
                answer.Give(ControlResult.Refused(refusal));
            else if (node.Primary is not null)
                answer.Give(ControlResult.Done);
            else
                node.Takeovers.Add(answer);
            return secondary.TakesOver
                ? ControlResult.Failed($"the takeover has not ended in {seconds} s; see the log")
                : ControlResult.Refused(
                    $"asked, and not done in {seconds} s: the primary was asked to hand the guest over, and has not; its log says why. " +
                    "It may still do it (colo status); colo failover can be asked there, too");
        }

        if (node.Primary is not { } primary)
            answer.Give(ControlResult.Refused("this node has no guest"));
        else if (!primary.TrySwitchover(done =>
            {
                node.OnSwitchedOver(done);
                answer.Give(done ? ControlResult.Done : ControlResult.Failed("the secondary was lost; the guest stays here"));
            }))
        {
            answer.Give(primary.GoAlone(force)
                ? ControlResult.Done
                : ControlResult.Refused(primary.Asking
                    ? "the secondary is silent, and this node has no permission to go on alone yet (colo status says why). If the other host is down for certain: colo failover --force"
                    : primary.State == PrimaryState.Syncing
                        ? "the secondary is still syncing and cannot take the guest over yet"
                        : "there is no protected secondary that could take the guest over"));
        }

        return ControlResult.Failed($"the switchover did not end in {seconds} s; see the log");
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

    /// <inheritdoc/>
    public EventLoop Loop => node.Loop;

    /// <inheritdoc/>
    public CheckpointHistograms? Histograms => node.Figures.Histograms;

    /// <inheritdoc/>
    public NodeStatus Snapshot() => Build();

    /// <inheritdoc/>
    public void OnTerminate() => node.OnTerminate();

    /// <summary>What a node says of itself before it is anything.</summary>
    internal static NodeStatus Starting(ColoConfiguration configuration, NodeRole role, string peer) => new()
    {
        Vm = configuration.Vm.Name,
        Version = StatusParts.Version,
        Role = role == NodeRole.Primary ? "primary" : "secondary",
        State = role == NodeRole.Primary ? "starting" : "waiting",
        Since = DateTimeOffset.UtcNow,
        Peer = new PeerStatus { Address = peer },
        Guests = new GuestsStatus { There = "unknown" },
    };

    private NodeStatus Build()
    {
        var now = MonotonicClock.Now;
        var primary = node.Primary;
        var session = primary?.Session;
        var heart = node.Secondary?.Heartbeat?.Beats;
        var heard = session?.LastHeardNs ?? heart?.LastHeardNs;
        var status = new NodeStatus
        {
            Vm = configuration.Vm.Name,
            Version = StatusParts.Version,
            Role = primary is not null ? "primary" : "secondary",
            State = node.StateName,
            Since = node.Since,
            Epoch = (long)node.Epoch,
            UptimeS = (now - node.Life.Started) / 1_000_000_000,
            Pid = Environment.ProcessId,
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
            Undecided = node.Undecided is { } undecided ? new UndecidedStatus(undecided.Verdict.Rule, undecided.Worth) : null,
            Attention = node.Attention,
        };
        // The other node speaks as the guest: what is still here of this one's part is on its way out.
        return node.BecomeSecondary
            ? status with { Role = "secondary", State = "waiting", Guests = status.Guests with { Here = "none", There = "running" } }
            : status;
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
