using System.Text.Json;
using System.Text.Json.Serialization;
using Colo.Block.Replication;

namespace Colo.Inquiry;

/// <summary>
/// What a node tells its peer of itself when it is asked (<see cref="Link.LinkKind.Inquiry"/>), whatever it is doing: JSON, so
/// that releases understand as much of each other as they can. A member that the receiver does not know is passed over.
/// The peer is authenticated; what it says is checked all the same.
/// </summary>
public sealed record NodeReport
{
    /// <summary>Bytes of the longest report.</summary>
    internal const int Limit = 60 * 1024;

    /// <summary>Release of the program.</summary>
    public string Version { get; init; } = "";

    /// <summary>Host's name.</summary>
    public string Host { get; init; } = "";

    /// <summary>When the report was made, by the peer's own clock.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary><c>primary</c>, <c>secondary</c>, <c>undecided</c> (<c>--role auto</c> that still waits), <c>check</c> (<c>colo check</c>).</summary>
    public string Role { get; init; } = "";

    /// <summary>The state as <c>colo status</c> names it.</summary>
    public string State { get; init; } = "";

    /// <summary>Bytes of the guest's memory.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Number of vCPUs.</summary>
    public int Cpus { get; init; }

    /// <summary>The CPU that the guest sees there, as pairing compares it (<see cref="Node.PairOffer"/>); empty: not known, or a release that does not say it.</summary>
    public string GuestCpu { get; init; } = "";

    /// <summary>Disks, in the order of the configuration.</summary>
    public IReadOnlyList<ReportedDisk> Disks { get; init; } = [];

    /// <summary>Network cards, in the order of the configuration.</summary>
    public IReadOnlyList<ReportedNic> Nics { get; init; } = [];

    /// <summary>Settings that have to be alike on both nodes, as <c>[section] key</c> and value.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>What its images are worth; null when it keeps no record.</summary>
    public ReportedData? Data { get; init; }

    internal byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, InquiryJson.Default.NodeReport);

    /// <summary>Reads one; a <see cref="FormatException"/> when it is none.</summary>
    internal static NodeReport Read(ReadOnlySpan<byte> body)
    {
        try
        {
            // What is missing, or null, is as good as not said: the reader does not keep the defaults of such members.
            if (JsonSerializer.Deserialize(body, InquiryJson.Default.NodeReport) is { } read)
            {
                var report = read with
                {
                    Version = read.Version ?? "",
                    Host = read.Host ?? "",
                    Role = read.Role ?? "",
                    State = read.State ?? "",
                    GuestCpu = read.GuestCpu ?? "",
                    Disks = read.Disks ?? [],
                    Nics = read.Nics ?? [],
                    Settings = read.Settings ?? new Dictionary<string, string>(),
                };
                if (report.Disks.All(disk => disk?.Name is not null) && report.Nics.All(nic => nic?.Name is not null && nic.Mac is not null) &&
                    report.Settings.All(setting => setting.Value is not null) && report.Data?.Node is null or { IsSound: true })
                    return report;
            }
        }
        catch (JsonException)
        {
            // Told below.
        }

        throw new FormatException("a report that is none");
    }
}

/// <summary>A disk in a <see cref="NodeReport"/>.</summary>
/// <param name="Name">NAME of its section.</param>
/// <param name="Size">Bytes; 0: there is no image yet.</param>
/// <param name="ReadOnly">Whether the guest may only read it.</param>
public sealed record ReportedDisk(string Name, long Size, bool ReadOnly);

/// <summary>A network card in a <see cref="NodeReport"/>.</summary>
/// <param name="Name">NAME of its section.</param>
/// <param name="Mac">The guest's address.</param>
/// <param name="Mtu">MTU of the host's interface; 0: not known.</param>
public sealed record ReportedNic(string Name, string Mac, int Mtu);

/// <summary>A node's record of its data (<see cref="NodeData"/>) in a <see cref="NodeReport"/>.</summary>
public sealed record ReportedData
{
    /// <summary>Identity of the guest.</summary>
    public Guid Cluster { get; init; }

    /// <summary>Grows at each promotion.</summary>
    public ulong Generation { get; init; }

    /// <summary>Identity of the data.</summary>
    public Guid Identity { get; init; }

    /// <summary>Identity of the data that it comes from.</summary>
    public Guid Parent { get; init; }

    /// <summary>What the images are worth once a replay is done: a number of <see cref="DataState"/>.</summary>
    public DataState State { get; init; }

    /// <summary>Whether nobody else can have this data.</summary>
    public bool PeerOutdated { get; init; }

    /// <summary>Whether the guest ended by its own wish.</summary>
    public bool Ended { get; init; }

    internal static ReportedData Of(NodeData data) => new()
    {
        Cluster = data.Cluster,
        Generation = data.Generation,
        Identity = data.Data,
        Parent = data.Parent,
        State = data.Resolved,
        PeerOutdated = data.PeerOutdated,
        Ended = data.Ended,
    };

    [JsonIgnore]
    internal NodeData Node => new()
    {
        Cluster = Cluster,
        Generation = Generation,
        Data = Identity,
        Parent = Parent,
        State = State,
        PeerOutdated = PeerOutdated,
        Ended = Ended,
    };
}

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, MaxDepth = 8)]
[JsonSerializable(typeof(NodeReport))]
internal sealed partial class InquiryJson : JsonSerializerContext;
