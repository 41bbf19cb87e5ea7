using Colo.Soak.Faults;

namespace Colo.Soak;

/// <summary>What a campaign is to do.</summary>
internal sealed record SoakSettings
{
    /// <summary>Begins the names of all that it makes on this machine.</summary>
    internal const string Prefix = "colo-soak-";

    /// <summary>Decides which faults come, and what the clients ask.</summary>
    public required int Seed { get; init; }

    /// <summary>How long faults are made; the end comes after the last one has been got over.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The colo binary of both nodes.</summary>
    public required string Binary { get; init; }

    /// <summary>Where events and the logs of the nodes are kept.</summary>
    public required string Folder { get; init; }

    /// <summary>By how much everything may take longer: the nodes' times and all limits are stretched by it. 1 to 100.</summary>
    public int Patience { get; init; } = 1;

    /// <summary>Whether an etcd is the arbiter; null: as the seed says, where there is one on this machine.</summary>
    public bool? Arbiter { get; init; }

    /// <summary>Faults after which it ends, if the time has not ended it before.</summary>
    public int MostFaults { get; init; } = int.MaxValue;

    /// <summary>The kinds of faults that may come; null: all that fit the pair.</summary>
    public IReadOnlyList<FaultKind>? Only { get; init; }

    /// <summary>Whether the heads of all frames at the switch are kept as <c>wire.pcap</c> (tcpdump): to look into a violation.</summary>
    public bool Capture { get; init; }

    /// <summary>Tells the campaigns of one process apart.</summary>
    public int Number { get; init; }

    /// <summary>The failover timeout of both nodes.</summary>
    internal TimeSpan Timeout => TimeSpan.FromMilliseconds(500) * Patience;

    /// <summary>How long it may take until the pair is protected again.</summary>
    internal TimeSpan ProtectLimit => TimeSpan.FromSeconds(60) * Patience;

    /// <summary>How long a takeover, or the end of a process, may take.</summary>
    internal TimeSpan TakeoverLimit => TimeSpan.FromSeconds(10) * Patience;

    /// <summary>How long a client may wait for a reply, once the pair is protected again.</summary>
    internal TimeSpan ReplyLimit => TimeSpan.FromSeconds(30) * Patience;
}
