namespace Colo.Monitor;

/// <summary>
/// What a node is doing: the object of <c>colo status --json</c>. Names in JSON are these in snake case; times are in
/// microseconds unless the name says otherwise, sizes in bytes. A snapshot, made anew for each question.
/// </summary>
public sealed record NodeStatus
{
    /// <summary>Name of the guest.</summary>
    public string Vm { get; init; } = "";

    /// <summary>Version of the program.</summary>
    public string Version { get; init; } = "";

    /// <summary><c>primary</c>, <c>secondary</c> or <c>standalone</c>: what the node is now.</summary>
    public string Role { get; init; } = "";

    /// <summary>One of the states that docs/commands.md lists for the role.</summary>
    public string State { get; init; } = "";

    /// <summary>When this state was entered.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>The checkpoint that the guest goes on from.</summary>
    public long Epoch { get; init; }

    /// <summary>Seconds since the node started.</summary>
    public long UptimeS { get; init; }

    /// <summary>The node's process id, as its own host counts.</summary>
    public int Pid { get; init; }

    /// <summary>The other node.</summary>
    public PeerStatus Peer { get; init; } = new();

    /// <summary>Checkpoints since the node started.</summary>
    public CheckpointStatus Checkpoint { get; init; } = new();

    /// <summary>The comparison of what both guests send.</summary>
    public CompareStatus Compare { get; init; } = new();

    /// <summary>The disks, in the order of the configuration.</summary>
    public IReadOnlyList<DiskStatus> Disk { get; init; } = [];

    /// <summary>The network cards, in the order of the configuration.</summary>
    public IReadOnlyList<NicStatus> Nic { get; init; } = [];

    /// <summary>Takeovers and switchovers.</summary>
    public FailoverStatus Failover { get; init; } = new();

    /// <summary>The guest's virtual machines, here and on the other node.</summary>
    public GuestsStatus Guests { get; init; } = new();

    /// <summary>Of a node with <c>--role auto</c>: where it stands; null when it is decided what it is.</summary>
    public UndecidedStatus? Undecided { get; init; }

    /// <summary>What the operator should look at; null when all is as it should be.</summary>
    public Attention? Attention { get; init; }
}

/// <summary>A node of which it is not decided yet what it is.</summary>
/// <param name="Rule">The rule of docs/operations.md that keeps it waiting; empty before the other node was asked.</param>
/// <param name="Record">
/// What its images are worth by its own record: <c>current</c>, <c>ended</c> (whole, when the guest powered itself off), <c>outdated</c>
/// (this node is refused the lead), <c>empty</c> (they belong to no guest yet), <c>none</c> (without a writable disk there is no record);
/// empty as the rule.
/// </param>
public sealed record UndecidedStatus(string Rule, string Record);

/// <summary>What the virtual machines of the guest do, each in words: <c>running</c>, <c>stopped</c>, <c>loading</c>, <c>none</c>, <c>unknown</c>.</summary>
public sealed record GuestsStatus
{
    /// <summary>On this node.</summary>
    public string Here { get; init; } = "none";

    /// <summary>On the other node, as far as it is known here.</summary>
    public string There { get; init; } = "none";

    /// <summary>Bytes of the guest's memory.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Number of its vCPUs.</summary>
    public int Cpus { get; init; }
}

/// <summary>Something that is not as it should be: what happened, what the node did by itself, and what is left to the operator.</summary>
/// <param name="What">What happened.</param>
/// <param name="Did">What the node did.</param>
/// <param name="Todo">What the operator should do.</param>
/// <param name="Since">When it began.</param>
public sealed record Attention(string What, string Did, string Todo, DateTimeOffset Since);

/// <summary>One flow of the comparison, as <c>flows</c> on the control socket lists them.</summary>
public sealed record FlowStatus
{
    /// <summary>NAME of the network card's section.</summary>
    public string Nic { get; init; } = "";

    /// <summary>Protocol and both ends, the guest's first, as the log writes them.</summary>
    public string Flow { get; init; } = "";

    /// <summary>Frames held now.</summary>
    public long Held { get; init; }

    /// <summary>Bytes held now.</summary>
    public long HeldBytes { get; init; }

    /// <summary>Microseconds for which the oldest of them is held; 0 when none is.</summary>
    public long HeldUs { get; init; }

    /// <summary>Divergences since the flow is known.</summary>
    public long Diverged { get; init; }
}

/// <summary>The other node, as seen from this one.</summary>
public sealed record PeerStatus
{
    /// <summary>HOST:PORT of the peer; null when there is none (standalone).</summary>
    public string? Address { get; init; }

    /// <summary>True while the link is up.</summary>
    public bool Connected { get; init; }

    /// <summary>Round trip over the link in microseconds; null when it is not known.</summary>
    public long? RttUs { get; init; }

    /// <summary>Milliseconds since the last sign of life; null when there was none.</summary>
    public long? LastHeardMs { get; init; }
}

/// <summary>How many checkpoints there were for each reason.</summary>
public sealed record CheckpointReasons
{
    /// <summary>The outputs differed.</summary>
    public long Divergence { get; init; }

    /// <summary>The longest time between two was over.</summary>
    public long Interval { get; init; }

    /// <summary>Held output or staging had reached its bound.</summary>
    public long Queue { get; init; }

    /// <summary>Before a planned switchover or a snapshot.</summary>
    public long Planned { get; init; }

    /// <summary>The first one to a new secondary.</summary>
    public long Sync { get; init; }
}

/// <summary>Checkpoints; percentiles are over the last 1,000, the first sync excluded.</summary>
public sealed record CheckpointStatus
{
    /// <summary>How many were completed.</summary>
    public long Count { get; init; }

    /// <summary>How many for each reason.</summary>
    public CheckpointReasons ByReason { get; init; } = new();

    /// <summary>Microseconds in which the primary's vCPUs did not run.</summary>
    public Percentiles PauseUs { get; init; }

    /// <summary>Microseconds from the pause's start to the secondary's acknowledgement.</summary>
    public Percentiles CommitUs { get; init; }

    /// <summary>Pages of 4 KiB sent for one checkpoint.</summary>
    public Percentiles DirtyPages { get; init; }

    /// <summary>Bytes sent for checkpoints.</summary>
    public long BytesSent { get; init; }
}

/// <summary>The comparison; counts of frames.</summary>
public sealed record CompareStatus
{
    /// <summary>Frames that left for the network.</summary>
    public long Released { get; init; }

    /// <summary>Frames released because the secondary had sent the equivalent.</summary>
    public long Matched { get; init; }

    /// <summary>Divergences found.</summary>
    public long Diverged { get; init; }

    /// <summary>Frames held now.</summary>
    public long Held { get; init; }

    /// <summary>Bytes held now.</summary>
    public long HeldBytes { get; init; }

    /// <summary>Microseconds for which frames were held.</summary>
    public MedianAndTail HoldUs { get; init; }

    /// <summary>Flows known now.</summary>
    public long Flows { get; init; }
}

/// <summary>One disk.</summary>
public sealed record DiskStatus
{
    /// <summary>NAME of its section.</summary>
    public string Name { get; init; } = "";

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Bytes written and not yet in a checkpoint of the secondary.</summary>
    public long Pending { get; init; }

    /// <summary>Bytes sent to the secondary.</summary>
    public long Replicated { get; init; }

    /// <summary>How much of the secondary's image is equal, 0 to 100.</summary>
    public double SyncPercent { get; init; }

    /// <summary>Bytes a second that a sync under way gets through; 0 when there is none.</summary>
    public long SyncBytesPerS { get; init; }

    /// <summary>Seconds that a sync under way will still take at this rate; null when that is not known.</summary>
    public long? SyncLeftS { get; init; }

    /// <summary>Bytes of the image in which the other node's may differ: what a resync would compare.</summary>
    public long Changed { get; init; }
}

/// <summary>One network card; received and sent as the guest sees it.</summary>
public sealed record NicStatus
{
    /// <summary>NAME of its section.</summary>
    public string Name { get; init; } = "";

    /// <summary>The guest's address.</summary>
    public string Mac { get; init; } = "";

    /// <summary>Frames received.</summary>
    public long RxPackets { get; init; }

    /// <summary>Bytes received.</summary>
    public long RxBytes { get; init; }

    /// <summary>Frames sent.</summary>
    public long TxPackets { get; init; }

    /// <summary>Bytes sent.</summary>
    public long TxBytes { get; init; }

    /// <summary>Frames dropped, in either direction: those that the guest has not taken in time, and those that the host's network has not.</summary>
    public long Dropped { get; init; }
}

/// <summary>Takeovers and switchovers since the node started.</summary>
public sealed record FailoverStatus
{
    /// <summary>How many.</summary>
    public long Count { get; init; }

    /// <summary>The last one; null before the first.</summary>
    public FailoverEvent? Last { get; init; }

    /// <summary>The last ones, at most 20, the newest first.</summary>
    public IReadOnlyList<FailoverEvent> History { get; init; } = [];
}

/// <summary>One takeover or switchover.</summary>
public sealed record FailoverEvent
{
    /// <summary>When it was decided.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Why, in words.</summary>
    public string Reason { get; init; } = "";

    /// <summary>
    /// Microseconds for which the guest was not heard: from the decision, or from its stop for a planned switchover, until it was
    /// again; null where this node cannot know.
    /// </summary>
    public long? DurationUs { get; init; }
}
