using Colo.State;

namespace Colo.Block.Replication;

/// <summary>What a node has marked of a disk.</summary>
/// <param name="Name">The disk's name.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Runs">Its changed extents: rising, not touching each other.</param>
public sealed record DiskMarks(string Name, long Size, IReadOnlyList<ExtentRun> Runs);

/// <summary>
/// What two nodes that meet tell each other of their disks, from which <see cref="PairingRules"/> judges.
/// <code>
/// record "DHST" 1 :=
///   cluster (16 bytes) | generation u64 | data (16) | parent (16) | state u8 | peer outdated bool | ended bool
///   replay: kind u8 | id (16) | epoch u64 | then u8
///   disks u8 (1 to 64), each: name (text, at most 32 bytes) | size u64 | runs u16 (at most 800), each: first u32 | count u32
/// </code>
/// </summary>
/// <param name="Node">The node's record.</param>
/// <param name="Disks">Its disks, in their order.</param>
public sealed record DiskHistory(NodeData Node, IReadOnlyList<DiskMarks> Disks)
{
    /// <summary>The most runs of a disk that are told; more are joined over the smallest gaps.</summary>
    public const int MaxRuns = 800;

    private const string Tag = "DHST";

    /// <summary>What a record says now.</summary>
    public static DiskHistory Of(NodeRecord record) => new(
        record.Data,
        [.. record.Disks.Select((disk, i) => new DiskMarks(disk.Name, disk.Size, record.Changed(i).Runs(MaxRuns)))]);

    /// <summary>What differs between these disks and a node's own, in words; null: nothing.</summary>
    public string? Difference(IReadOnlyList<RecordDisk> own) =>
        RecordDisk.Difference([.. Disks.Select(disk => new RecordDisk(disk.Name, disk.Size))], own);

    /// <summary>Writes the record.</summary>
    /// <exception cref="ArgumentException">More disks or runs than can be read.</exception>
    public void Write(StateWriter to)
    {
        NodeRecordFormat.Check([.. Disks.Select(disk => new RecordDisk(disk.Name, disk.Size))]);
        if (Disks.FirstOrDefault(disk => disk.Runs.Count > MaxRuns) is { } many)
            throw new ArgumentException($"disk '{many.Name}': {many.Runs.Count} runs; at most {MaxRuns} are told");
        var mark = to.Begin(Tag, 1);
        Put(to, Node.Cluster);
        to.U64(Node.Generation);
        Put(to, Node.Data);
        Put(to, Node.Parent);
        to.U8((byte)Node.State);
        to.Bool(Node.PeerOutdated);
        to.Bool(Node.Ended);
        to.U8((byte)Node.Replay.Kind);
        Put(to, Node.Replay.Id);
        to.U64(Node.Replay.Epoch);
        to.U8((byte)Node.Replay.Then);
        to.U8((byte)Disks.Count);
        foreach (var disk in Disks)
        {
            to.Text(disk.Name);
            to.U64((ulong)disk.Size);
            to.U16((ushort)disk.Runs.Count);
            foreach (var run in disk.Runs)
            {
                to.U32(run.First);
                to.U32(run.Count);
            }
        }

        to.End(mark);
    }

    /// <summary>Reads the record.</summary>
    /// <exception cref="StateFormatException">It is damaged, or says what no node can say.</exception>
    public static DiskHistory Read(ref StateReader from)
    {
        var body = from.Record(Tag, 1, out _);
        var node = ReadNode(ref body);
        var count = body.U8();
        if (count is 0 or > NodeRecordFormat.MaxDisks)
            throw body.Bad($"{count} disks; 1 to {NodeRecordFormat.MaxDisks} are possible");
        var disks = new DiskMarks[count];
        for (var i = 0; i < disks.Length; i++)
            disks[i] = ReadDisk(ref body);
        body.Finish();
        return new DiskHistory(node, disks);
    }

    private static NodeData ReadNode(ref StateReader body)
    {
        var cluster = GetGuid(ref body);
        var generation = body.U64();
        var data = GetGuid(ref body);
        var parent = GetGuid(ref body);
        var state = (DataState)body.U8();
        var peerOutdated = body.Bool();
        var ended = body.Bool();
        var kind = (ReplayKind)body.U8();
        var id = GetGuid(ref body);
        var epoch = body.U64();
        var node = new NodeData
        {
            Cluster = cluster,
            Generation = generation,
            Data = data,
            Parent = parent,
            State = state,
            PeerOutdated = peerOutdated,
            Ended = ended,
            Replay = new ReplayTarget(kind, id, epoch, (DataState)body.U8()),
        };
        return node.IsSound ? node : throw body.Bad($"state {(byte)state}, replay {(byte)kind}: no state of a node");
    }

    private static DiskMarks ReadDisk(ref StateReader body)
    {
        var name = body.Text(NodeRecordFormat.NameLimit);
        var size = body.U64();
        if (name.Length == 0 || size is 0 or > (ulong)NodeRecordFormat.MaxDiskSize)
            throw body.Bad($"disk '{name}' of {size} bytes");
        var count = body.U16();
        if (count > MaxRuns)
            throw body.Bad($"{count} runs of changed extents where {MaxRuns} are allowed");
        var extents = NodeRecordFormat.Extents((long)size);
        var runs = new ExtentRun[count];
        long end = -1;
        for (var i = 0; i < runs.Length; i++)
        {
            runs[i] = new ExtentRun(body.U32(), body.U32());
            if (runs[i].Count == 0 || runs[i].First <= end || runs[i].First + (long)runs[i].Count > extents)
                throw body.Bad($"changed extents {runs[i].First}, {runs[i].Count} of them, of {extents}");
            end = (long)runs[i].First + runs[i].Count;
        }

        return new DiskMarks(name, (long)size, runs);
    }

    private static void Put(StateWriter to, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        to.Raw(bytes);
    }

    private static Guid GetGuid(ref StateReader from) => new(from.Raw(16));
}
