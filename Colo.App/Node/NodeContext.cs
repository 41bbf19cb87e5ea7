using System.Net;
using Colo.Arbiter;
using Colo.Configuration;
using Colo.Inquiry;
using Colo.Link;
using Colo.Linux;
using Colo.Machine;
using Colo.Monitor;
using Colo.Protection;

namespace Colo.Node;

/// <summary>What a call to the peer has shown.</summary>
internal enum PeerVerdict
{
    /// <summary>Nobody answers: as good as silence.</summary>
    Unknown,

    /// <summary>The process that was known answers.</summary>
    Alive,

    /// <summary>Nothing listens there, or another process does: the known one is gone.</summary>
    Dead,
}

/// <summary>
/// One node: owns the guest, the link and the keeper, and the role that says what is done with them. Everything on the
/// loop's thread unless a member says otherwise.
/// </summary>
internal sealed partial class NodeContext : IDisposable
{
    // Together far above the time in which the kernel closes the descriptors of a process, and below the failover timeout.
    private const int ProbeTries = 20;
    private static readonly TimeSpan ProbePause = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan RecordAgain = TimeSpan.FromSeconds(1);

    private readonly ColoConfiguration _configuration;
    private readonly List<LinkDialer> _probes = [];
    private readonly List<KeeperChannel> _keepers = [];
    private LinkListener? _listener;
    private readonly ArbiterWatch? _arbiterWatch;
    private PairAcceptor? _acceptor;
    private InquiryServer? _inquiries;
    private InquiryCall? _call;

    internal NodeContext(ColoConfiguration configuration, LinkNode node, IPEndPoint own, IPEndPoint peer, LinkKey key, NodeLife life)
    {
        _configuration = configuration;
        Events = new EventLog(configuration.Vm.Name, () => Epoch);
        Life = life;
        life.TypeInto(Loop, () => Primary is null ? null : Vm.Machine.Serial);
        life.Console.NoInput = () => Primary is null ? "this node's guest follows the primary's: its console can be read here, and typed on at the primary" : null;
        _notifier = configuration.Failover.NotifyCommand is { } command ? new Notifier(Loop, command) : null;
        OwnAddress = own;
        PeerAddress = peer;
        Settings = new NodeSettings(
            configuration.Checkpoint.Interval, configuration.Checkpoint.Minimum, configuration.Failover.Heartbeat, configuration.Failover.Timeout,
            configuration.Failover.Slow, configuration.Failover.Silence == SilencePolicy.Takeover)
        {
            StopTimeout = configuration.Vm.StopTimeout,
            OnCrash = configuration.Vm.OnCrash,
        };
        Identity = new LinkIdentity { VmName = configuration.Vm.Name, Node = node, Instance = LinkInstance.New(), Key = key };
        var failover = configuration.Failover;
        if (failover.Arbiter is { } arbiter)
        {
            var name = configuration.Vm.Name;
            var record = ArbiterClient.KeyOf(name, key.PairId);
            Arbiter = new ArbiterPermission(Loop, arbiter, record, node == LinkNode.A ? NodeId.A : NodeId.B, Identity.Instance.ToString(), Events.Warning);
            _arbiterWatch = new ArbiterWatch(Loop, arbiter, record, OnArbiter);
            Permission = Arbiter;
        }
        else if (failover.FenceCommand is { } fence)
        {
            Permission = new FencePermission(
                Loop, new Fence(Loop, fence, events: Events), configuration.Vm.Name, peer.ToString(), () => Secondary is null ? TimeSpan.Zero : failover.Timeout);
        }

        LinkOptions = new LinkOptions
        {
            LocalAddress = own.Address,
            CheckpointProtection = configuration.Link.Tls ? LinkProtection.Sealed : LinkProtection.Plain,
        };
    }

    internal EventLoop Loop { get; } = new();

    internal NodeSettings Settings { get; }

    internal LinkIdentity Identity { get; }

    internal LinkOptions LinkOptions { get; }

    internal IPEndPoint OwnAddress { get; }

    internal IPEndPoint PeerAddress { get; }

    internal CheckpointFigures Figures { get; } = new();

    internal KeeperSupervisor? Keeper { get; private set; }

    /// <summary>The guest; null while it is not decided what this node is.</summary>
    internal GuestVm Vm { get; private set; } = null!;

    /// <summary>The files beside an image in which a secondary keeps what is not in it.</summary>
    internal Block.Replication.SecondaryFiles FilesOf(string image) => SecondaryDisks.FilesOf(image, _configuration.Vm.StateDirectory, _configuration.Vm.Name);

    /// <summary>What the node keeps of itself on disk.</summary>
    internal NodeHistory History { get; private set; } = null!;

    /// <summary>By whom it is decided who goes on when the other node is silent; null: by the rules for two nodes and no third.</summary>
    internal IPermission? Permission { get; }

    /// <summary>The same, where it is the arbiter.</summary>
    internal ArbiterPermission? Arbiter { get; }

    internal PrimaryRole? Primary { get; private set; }

    internal SecondaryRole? Secondary { get; private set; }

    /// <summary>While it is not decided what this node is.</summary>
    internal AutoStart? Undecided { get; private set; }

    internal NodeLife Life { get; }

    /// <summary>Commands that wait for this node to take the guest over.</summary>
    internal TakeoverWaits Takeovers { get; } = new();

    /// <summary>Whether the node runs again as a secondary when the loop has ended (after a switchover).</summary>
    internal bool BecomeSecondary { get; private set; }

    /// <summary>Starts as primary: the guest boots at once, alone.</summary>
    /// <exception cref="SafetyException">The node's own record says that it is outdated.</exception>
    internal void StartPrimary()
    {
        Listen();
        BeginPrimary();
    }

    private void BeginPrimary()
    {
        LostImages.CheckLeader(_configuration);
        Replay();
        Vm = VmBuilder.Build(_configuration, Loop, VmBuilder.Purpose.Primary, Life.OnSerial);
        OpenHistory();
        if (History.RefusesPrimary() is { } outdated)
            throw new SafetyException(outdated);
        // Until a secondary follows, and whatever happens first, this node's data is another than any other's.
        History.BeginPrimary();
        WatchMachine();
        StartKeeper(KeeperPage.NodeFlags.Speaks);
        Primary = new PrimaryRole(this, Vm, 0, disksReady: true);
        StateChanged("unprotected", "unprotected: the guest runs alone", Attentions.NoSecondaryYet());
        Vm.Machine.Start();
    }

    /// <summary>
    /// Finishes what the node had decided before it ended. It may take long, on the loop's thread: meanwhile status says what is
    /// done, and the service manager gets a sign of life for each step forward.
    /// </summary>
    private void Replay()
    {
        try
        {
            PairImages.Replay(_configuration, what =>
            {
                Events.Info($"{what} to the images");
                Life.Service.Status($"{what} to the images");
                Life.Front?.Busy(Attentions.Replaying(what));
            }, Life.Service.Progress);
        }
        finally
        {
            Life.Front?.Free();
        }
    }

    /// <summary>Starts as secondary: looks for the primary.</summary>
    internal void StartSecondary()
    {
        Listen();
        BeginSecondary();
        StartKeeper(KeeperPage.NodeFlags.None);
    }

    /// <summary>Starts without a role: it follows from what both nodes have recorded (<see cref="StartRules"/>).</summary>
    internal void StartUndecided()
    {
        Listen();
        Undecided = new AutoStart(this, _configuration, verdict =>
        {
            Undecided = null;
            Events.Info(verdict.Text);
            try
            {
                Take(verdict);
            }
            catch (Exception e) when (e is IOException or SafetyException or FormatException)
            {
                Events.Error(e.Message);
                Exit(e is SafetyException ? 3 : 1, orderly: true);
            }
        });
        StateChanged("waiting", "waiting: what this node is follows from what both nodes have recorded", Attentions.Undecided("the other node is asked"));
        Undecided.Start();
    }

    /// <summary>The guest goes on here alone: recorded before the world sees anything that the secondary has not shared.</summary>
    internal void Alone()
    {
        if (Record(History.GoAlone))
            return;
        // Until it is recorded, this node's next run would yield to a secondary that knows less.
        LoopTimer again = null!;
        again = Loop.AddTimer(() =>
        {
            // Not in the middle of a sync, which has offered the data by the identity that it had. A secondary that has it all makes up for it.
            var state = Primary?.State ?? PrimaryState.Stopped;
            if (state is PrimaryState.Protected or PrimaryState.Stopped || (state == PrimaryState.Unprotected && Record(History.GoAlone, quiet: true)))
                Loop.Post(again.Dispose);
            else
                again.SetAfter(RecordAgain);
        });
        again.SetAfter(RecordAgain);
    }

    /// <summary>The secondary is current.</summary>
    internal void PeerIsCurrent() => Record(History.Protect);

    /// <summary>The other node goes on with the guest.</summary>
    internal void Outdated() => Record(History.BecomeCopy);

    /// <summary>The guest has ended in order on both nodes.</summary>
    internal void GuestEnded() => Record(History.GuestEnded);

    private bool Record(Action change, bool quiet = false)
    {
        try
        {
            change();
            return true;
        }
        catch (IOException e)
        {
            // The guest is worth more than the record. Who is current has to be told by people after the next crash.
            if (!quiet)
                Events.Error($"{e.Message}; what this node is could not be recorded");
            return false;
        }
    }

    /// <summary>Calls the peer to see whether the process that was known still lives.</summary>
    internal void Probe(LinkInstance known, Action<PeerVerdict> answer) => Probe(known, ProbeTries, answer);

    private void Probe(LinkInstance known, int tries, Action<PeerVerdict> answer)
    {
        LinkDialer dialer = null!;
        dialer = new LinkDialer(Loop, PeerAddress, Identity, LinkOptions, LinkKind.Probe, default, result =>
        {
            _probes.Remove(dialer);
            if (result.Outcome == LinkDialOutcome.Closed && result.Peer is null && tries > 1)
            {
                // A process that ends: its other descriptors are closed already, and its listener is about to be.
                LoopTimer again = null!;
                again = Loop.AddTimer(() =>
                {
                    Loop.Post(again.Dispose);
                    Probe(known, tries - 1, answer);
                });
                again.SetAfter(ProbePause);
                return;
            }

            var verdict = result.Outcome switch
            {
                LinkDialOutcome.Refused => PeerVerdict.Dead,
                _ when result.Peer is { } peer => peer.Instance == known ? PeerVerdict.Alive : PeerVerdict.Dead,
                _ => PeerVerdict.Unknown,
            };
            Log.Debug($"call to the peer: {result.Text}: {verdict}");
            answer(verdict);
        });
        _probes.Add(dialer);
        dialer.Start();
    }

    /// <summary>The process from which this node took the guest over; null when it did not.</summary>
    internal LinkInstance? TakenFrom { get; private set; }

    /// <summary>The secondary has become the primary.</summary>
    internal void TookOver(SecondaryRole from, PrimaryRole primary, string reason, long durationNs, int replayed)
    {
        if (Secondary != from)
            return;
        TakenFrom = from.PrimaryInstance;
        Secondary = null;
        Primary = primary;
        Life.Add(new FailoverEvent { At = DateTimeOffset.UtcNow, Reason = reason, DurationUs = durationNs / 1000 });
        Keeper?.SetFlags(KeeperPage.NodeFlags.Speaks);
        // Not from within the takeover.
        if (_terminated)
            Loop.Post(OnTerminate);
        StateChanged(
            "took-over", $"TOOK OVER in {durationNs / 1000} us: {reason}; {replayed} frames that were not released are sent; unprotected", Attentions.TookOver(reason));
        Takeovers.Done();
        foreach (var keeper in _keepers)
            keeper.EndSoon();
    }

    /// <summary>A pairing ended without a takeover: begins anew with an empty VM.</summary>
    internal void RestartSecondary(SecondaryRole role, string reason)
    {
        // One that ends does not begin anew: its disks are being left in order.
        if (Secondary != role || _exiting)
            return;
        if (_terminated)
        {
            // Not from within the role that asks for it.
            Loop.Post(() => Exit(0, orderly: true));
            return;
        }

        Events.Info($"begins anew as secondary: {reason}");
        Takeovers.Failed($"the guest was not taken over, and this node begins anew as secondary: {reason}");
        // Not from within the role that asks for it.
        Loop.Post(() =>
        {
            if (Secondary != role)
                return;
            var disks = role.TakeDisks();
            role.Dispose();
            Vm.StopAndQuiesce(() =>
            {
                if (disks is null)
                    Again();
                else
                    disks.Leave(Again);
            },
            atRest: () => disks?.EndGuest());

            void Again()
            {
                disks?.Dispose();
                if (_terminated)
                {
                    // Its disks are left in order.
                    Exit(0, orderly: true);
                    return;
                }

                if (disks?.Failure is { } failure)
                {
                    // The role that would have been told is gone.
                    Events.Error($"{failure}; this node cannot be the secondary until that is mended");
                    Secondary = null;
                    Exit(1, orderly: true);
                    return;
                }

                Vm.Dispose();
                Vm = null!;
                BeginSecondary();
                Keeper?.Renew();
            }
        });
    }

    private void Take(StartVerdict verdict)
    {
        switch (verdict.Decision)
        {
            case StartDecision.Lead:
                BeginPrimary();
                break;
            case StartDecision.Refuse:
                throw new SafetyException(verdict.Text);
            default:
                BeginSecondary(yielding: verdict.Decision == StartDecision.Yield);
                StartKeeper(KeeperPage.NodeFlags.None);
                break;
        }
    }

    private void BeginSecondary(bool yielding = false)
    {
        History?.Dispose();
        LostImages.BeginFollower(_configuration, yielding);
        Replay();
        Vm = VmBuilder.Build(_configuration, Loop, VmBuilder.Purpose.Secondary, Life.OnSerial);
        OpenHistory();
        // Durable before the other node can hear of it: from here on this one never leads with that data.
        if (yielding)
            History.BecomeCopy();
        WatchMachine();
        Secondary = new SecondaryRole(this, Vm);
        StateChanged("waiting", "waiting for the primary", Attentions.NoPrimary("it is being called"));
        Secondary.Start();
    }

    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(History))]
    private void OpenHistory()
    {
        History = NodeHistory.Open(_configuration.Vm.StateDirectory, _configuration.Vm.Name, Vm, Loop);
        History.MarksTold = TellMarks;
    }

    private void WatchMachine() => Vm.Machine.OnEvent = (what, text) =>
    {
        Primary?.OnMachineEvent(what, text);
        Secondary?.OnMachineEvent(what, text);
    };

    private void StartKeeper(KeeperPage.NodeFlags flags)
    {
        Keeper = new KeeperSupervisor(Loop, Identity.Instance.Value, () => (
            KeeperArguments.Format(PeerAddress, LinkOptions.LocalAddress, Identity.VmName, Identity.Node, _configuration.Link.KeyFile, Vm.Nics.Select(nic => nic.Backend)),
            [.. Vm.Nics.Select(nic => nic.Backend.Descriptor)]));
        Keeper.SetFlags(flags);
        Keeper.Start();
    }

    private void Listen()
    {
        _acceptor = new PairAcceptor(Loop, _configuration.Disks.Count(disk => !disk.ReadOnly), TimeSpan.FromSeconds(2), Judge, OnPaired, channel => _keepers.Add(new KeeperChannel(this, channel, _keepers)));
        _inquiries = new InquiryServer(Loop, Report);
        _listener = new LinkListener(
            Loop, OwnAddress, Identity, LinkOptions,
            peer => peer.Kind == LinkKind.Inquiry ? null : _acceptor.Judge(peer),
            channel =>
            {
                if (channel.Peer.Kind == LinkKind.Inquiry)
                    _inquiries.Accept(channel);
                else
                    _acceptor.Accept(channel);
            });
    }

    /// <summary>What the other node is told that asks.</summary>
    private NodeReport Report() => ReportBuilder.Of(
        _configuration,
        Undecided is not null ? "undecided" : Primary is not null || Secondary is { TakesOver: true } ? "primary" : "secondary",
        // One that takes over and has still to load what it goes on from leads already: whoever asks stays silent.
        Secondary is { TakesOver: true } ? "unprotected" : StateName,
        Undecided is { } undecided ? undecided.Data : History?.Recorded, Vm?.Offer.Cpu ?? "");

    /// <summary>Asks the other node what it is and has; a call that is under way is given up.</summary>
    internal void Ask(Action<InquiryResult> answer)
    {
        _call?.Dispose();
        _call = new InquiryCall(Loop, PeerAddress, Identity, LinkOptions, answer);
    }

    /// <summary>The role as `colo status` names it: one that is not decided yet is that of a node without a guest.</summary>
    internal string RoleName => Primary is not null ? "primary" : "secondary";

    /// <summary>The state as `colo status` names it.</summary>
    internal string StateName => Primary is { } primary
        ? primary.State.ToString().ToLowerInvariant()
        : (Secondary?.State ?? SecondaryState.Waiting) switch
        {
            SecondaryState.Syncing => "syncing",
            SecondaryState.Protected => "protected",
            // One whose time is over begins anew, or ends.
            _ => "waiting",
        };

    private string? Judge(LinkPeer peer) => peer.Kind switch
    {
        LinkKind.Keeper => null,
        _ when Primary is null => "this node is not the primary",
        _ => Primary.JudgePairing(peer.Instance),
    };

    private void OnPaired(PairSession channels) => _ = new PrimarySession(this, channels, session =>
    {
        Primary?.Attach(session);
        return Primary;
    });
}
