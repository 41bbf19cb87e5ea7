namespace Colo.Block.Replication;

/// <summary>What a node's images are worth. Written to disk and sent to the peer: numbers do not change.</summary>
public enum DataState : byte
{
    /// <summary>The images hold nothing that is known of.</summary>
    Empty = 0,

    /// <summary>This node ran the guest on them last.</summary>
    Current = 1,

    /// <summary>A whole state that the guest once had, perhaps an older one.</summary>
    Copy = 2,

    /// <summary>Kept in step with the peer's; after a crash perhaps a mixture of two states.</summary>
    Mirror = 3,

    /// <summary>Being overwritten; of no use until that is complete.</summary>
    Partial = 4,

    /// <summary>Decided: what <see cref="NodeData.Replay"/> names must be applied before the images are used.</summary>
    Replay = 5,
}

/// <summary>What must be applied to the images. Written to disk: numbers do not change.</summary>
public enum ReplayKind : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The log of the secondary's VM.</summary>
    Log = 1,

    /// <summary>The journal of a first sync.</summary>
    Journal = 2,
}

/// <summary>What must be applied to the images before they are used; applying may be repeated.</summary>
/// <param name="Kind">Log or journal.</param>
/// <param name="Id">Identity that stands in the file.</param>
/// <param name="Epoch">Epoch of the records that count.</param>
/// <param name="Then">State when all is applied: <see cref="DataState.Current"/> after a takeover, <see cref="DataState.Copy"/> after a first sync.</param>
public readonly record struct ReplayTarget(ReplayKind Kind, Guid Id, ulong Epoch, DataState Then)
{
    /// <summary>
    /// The boot of the host (/proc/sys/kernel/random/boot_id) in which the images were as they should be and not durable yet; empty:
    /// they were durable. After another boot of the host they may lack what was never written out, and a replay does not mend that.
    /// </summary>
    public Guid Boot { get; init; }
}

/// <summary>
/// What a node knows of its own images and of its peer's. Immutable; a <see cref="NodeRecord"/> keeps it on disk.
/// The methods are the only changes there are, each to be durable before what its summary names:
/// <code>
/// who        event                             method       durable before
/// primary    starts on images of its own       BecomeFirst* the guest runs
/// primary    runs without a protecting peer    GoAlone      any output leaves that the peer does not hold
/// primary    the sync's first commit is sent   Offer        it is sent
/// primary    the peer has recorded it          Protect      marks are forgotten
/// secondary  a pairing is agreed upon          Accept       an image is touched
/// secondary  the first commit is whole         Synced*      it is acknowledged
/// secondary  ends in order                     Leave*
/// secondary  takes over, is made the primary   TakeOver*    it speaks as the guest
/// both       the replay is applied             Replayed*    the images are used
/// * after the images are synced, or with <see cref="ReplayTarget.Boot"/>: what the kernel holds without a mark must not be lost once the other side has it
/// </code>
/// Why <see cref="Offer"/>: between the sending of the first commit and its acknowledgement the primary does not know
/// whether the peer holds its data. It is recorded that the peer may, so whatever dies then, a primary that goes on alone
/// takes a new identity, and nobody holds the peer's later takeover for a mere continuation of it.
/// </summary>
public sealed record NodeData
{
    /// <summary>A node that knows of nothing.</summary>
    public static NodeData New { get; } = new();

    /// <summary>Identity of the guest, the same on both nodes; <see cref="Guid.Empty"/>: none yet.</summary>
    public Guid Cluster { get; init; }

    /// <summary>Grows at each promotion of a secondary; 0: none yet.</summary>
    public ulong Generation { get; init; }

    /// <summary>Identity of the data; changes whenever a node begins to write what the other does not get.</summary>
    public Guid Data { get; init; }

    /// <summary>Identity of the data that the marks are relative to: images with that data differ at most where marked.</summary>
    public Guid Parent { get; init; }

    /// <summary>What the images are worth.</summary>
    public DataState State { get; init; }

    /// <summary>Nobody else holds <see cref="Data"/> (or, while <see cref="IsOffered"/>, perhaps nobody): this node has spoken as the guest without its peer.</summary>
    public bool PeerOutdated { get; init; }

    /// <summary>The guest ended by its own wish.</summary>
    public bool Ended { get; init; }

    /// <summary>What must be applied, in <see cref="DataState.Replay"/>.</summary>
    public ReplayTarget Replay { get; init; }

    /// <summary>The state that counts between nodes: what a decided replay will lead to.</summary>
    public DataState Resolved => State == DataState.Replay ? Replay.Then : State;

    /// <summary>Whether the peer may hold <see cref="Data"/>, but did not say so yet.</summary>
    public bool IsOffered => PeerOutdated && Parent == Data;

    /// <summary>Whether all fields are values that a node can have; what is read from a disk or a peer is checked by it.</summary>
    public bool IsSound =>
        State <= DataState.Replay &&
        Replay.Kind <= ReplayKind.Journal &&
        (State == DataState.Replay
            ? Replay.Kind != ReplayKind.None && Replay.Then is DataState.Current or DataState.Copy
            : Replay == default) &&
        (State is DataState.Empty or DataState.Partial || (Cluster != Guid.Empty && Data != Guid.Empty && Generation != 0));

    /// <summary>The primary's first start: its images are the guest.</summary>
    /// <param name="cluster">New identity of the guest.</param>
    /// <param name="data">New identity of the data.</param>
    /// <exception cref="InvalidOperationException">The images are no whole state, or already belong to a guest.</exception>
    public NodeData BecomeFirst(Guid cluster, Guid data) => From(DataState.Empty) with
    {
        Cluster = cluster,
        Generation = 1,
        Data = data,
        Parent = Guid.Empty,
        State = DataState.Current,
        PeerOutdated = true,
    };

    /// <summary>The primary runs without a protecting peer. The same record when the peer holds nothing of this data anyway.</summary>
    /// <param name="data">New identity of the data, for when one is needed.</param>
    /// <exception cref="InvalidOperationException">This node's images are not current.</exception>
    public NodeData GoAlone(Guid data)
    {
        From(DataState.Current);
        return PeerOutdated && Parent != Data ? this : this with { Data = data, Parent = Data, PeerOutdated = true };
    }

    /// <summary>The first commit of a sync is about to be sent: from now on the peer may hold this data.</summary>
    /// <exception cref="InvalidOperationException">This node's images are not current.</exception>
    public NodeData Offer() => From(DataState.Current) with { Parent = Data };

    /// <summary>The peer has recorded that it holds this data: the pair is protected.</summary>
    /// <exception cref="InvalidOperationException">Not offered before.</exception>
    public NodeData Protect() => Parent == Data
        ? From(DataState.Current) with { PeerOutdated = false }
        : throw new InvalidOperationException("a node is protected only after it has offered its data");

    /// <summary>
    /// The secondary agrees to a pairing that <see cref="PairingRules"/> allows. A whole state stays one, and what comes must be
    /// held beside the images until <see cref="Synced"/>; otherwise the images are written at once. A mirror of which only what is
    /// marked is written stays one: it goes on to differ at most there, however often that is interrupted.
    /// </summary>
    /// <param name="kind">What will be written.</param>
    /// <exception cref="InvalidOperationException">A replay is to be done before.</exception>
    public NodeData Accept(SyncKind kind) => State switch
    {
        DataState.Mirror when kind == SyncKind.Changed => this,
        DataState.Current or DataState.Copy => this with { State = DataState.Copy, PeerOutdated = false },
        DataState.Empty or DataState.Partial or DataState.Mirror => this with { State = DataState.Partial, PeerOutdated = false },
        _ => throw Wrong(),
    };

    /// <summary>The secondary has all of the first commit, durable.</summary>
    /// <param name="primary">What the primary offered.</param>
    /// <param name="journal">What is to be applied first; default: the images have all.</param>
    /// <exception cref="InvalidOperationException">Nothing was agreed upon.</exception>
    public NodeData Synced(NodeData primary, ReplayTarget journal = default) => (State == DataState.Mirror ? this : From(DataState.Partial, DataState.Copy)) with
    {
        Cluster = primary.Cluster,
        Generation = primary.Generation,
        // The past of what this node holds: a primary that comes back with it (an old backup) is told so.
        Parent = Data == primary.Data ? Parent : Data,
        Data = primary.Data,
        State = journal.Kind == ReplayKind.None ? DataState.Mirror : DataState.Replay,
        Replay = journal,
        PeerOutdated = false,
        Ended = false,
    };

    /// <summary>The secondary ended in order: its images are the last checkpoint, whole.</summary>
    /// <exception cref="InvalidOperationException">It was not in step.</exception>
    public NodeData Leave() => From(DataState.Mirror) with { State = DataState.Copy };

    /// <summary>The secondary becomes the guest.</summary>
    /// <param name="data">New identity of the data.</param>
    /// <param name="log">What is to be applied first; default: the images are as they should be.</param>
    /// <exception cref="InvalidOperationException">Its images are no whole state.</exception>
    public NodeData TakeOver(Guid data, ReplayTarget log = default) => From(DataState.Mirror, DataState.Copy) with
    {
        Generation = checked(Generation + 1),
        Parent = Data,
        Data = data,
        State = log.Kind == ReplayKind.None ? DataState.Current : DataState.Replay,
        Replay = log,
        PeerOutdated = true,
    };

    /// <summary>The replay is applied and the images are synced.</summary>
    /// <exception cref="InvalidOperationException">There was none.</exception>
    public NodeData Replayed() => From(DataState.Replay) with { State = Replay.Then, Replay = default };

    private NodeData From(DataState state, DataState? other = null) => State == state || State == other ? this : throw Wrong();

    private InvalidOperationException Wrong() => new($"not possible for images that are {State}");
}
