using Colo.Block.Replication;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>
/// What this node keeps on disk of itself (<see cref="NodeRecord"/>): which data its images hold, whether they are current,
/// and where the other node's may differ. Each method is one event in the life of a pair and is durable when it returns,
/// which is before the node acts on it. Without disks and without a state directory nothing is kept. On the loop's thread.
/// </summary>
internal sealed class NodeHistory : IDisposable
{
    private readonly NodeRecord? _record;
    private readonly string _path;

    private NodeHistory(NodeRecord? record, string path)
    {
        _record = record;
        _path = path;
    }

    /// <summary>Whether anything is kept.</summary>
    internal bool Kept => _record is not null;

    internal NodeData Data => _record?.Data ?? new NodeData();

    /// <summary>Opens the record of a guest whose images are open.</summary>
    /// <exception cref="IOException">It cannot be made, is in use, damaged, or of other disks.</exception>
    internal static NodeHistory Open(string? stateDirectory, string vmName, GuestVm vm, EventLoop loop)
    {
        var disks = vm.Disks.Where(disk => disk.Replicated).ToArray();
        var path = NodeRecord.PathFor(stateDirectory, vmName, disks.FirstOrDefault()?.Path);
        return path is null
            ? new NodeHistory(null, "")
            : new NodeHistory(NodeRecord.Open(path, [.. disks.Select(disk => new RecordDisk(disk.Name, disk.Size))], loop), path);
    }

    /// <summary>The changed extents of the n-th replicated disk. There is a record where there is such a disk.</summary>
    internal ChangedExtents Changed(int disk) => _record!.Changed(disk);

    /// <summary>Says why this node may not start as the primary: its own record knows that it is outdated. Null when it may.</summary>
    internal string? RefusesPrimary() => Data.State switch
    {
        DataState.Copy when !Data.Ended =>
            $"{_path} says that this node's data is a copy of what the other node has gone on from: it is outdated. Start the other node as primary; " +
            "if that one is lost for good, remove this file to accept what the images hold",
        DataState.Mirror =>
            $"{_path} says that this node was the secondary and ended without taking over: its images may be a mixture. Start the other node as primary; " +
            "if that one is lost for good, check the images, and remove this file to accept what they hold",
        DataState.Partial =>
            $"{_path} says that this node's first sync was never complete: its images are of no use. Start the other node as primary",
        _ => null,
    };

    /// <summary>This node runs the guest from here on, and the peer is not known to follow.</summary>
    internal void GoAlone()
    {
        if (_record is null)
            return;
        var data = _record.Data;
        if (data.State == DataState.Current && data.PeerOutdated && !data.Ended)
            return;
        var first = data.Data == Guid.Empty;
        _record.Write(data with
        {
            Cluster = data.Cluster == Guid.Empty ? Guid.NewGuid() : data.Cluster,
            Generation = first ? 1 : data.Generation,
            // What the peer has keeps its name: the changes are counted from there.
            Parent = data.PeerOutdated ? data.Parent : data.Data,
            Data = Guid.NewGuid(),
            State = DataState.Current,
            PeerOutdated = true,
            Ended = false,
            Replay = default,
        });
    }

    /// <summary>The secondary has all that this node has.</summary>
    internal void PeerIsCurrent()
    {
        if (_record is { Data.PeerOutdated: true })
            _record.Write(_record.Data with { PeerOutdated = false });
    }

    /// <summary>On the secondary: the first sync overwrites the images as it comes; until its end they are of no use.</summary>
    internal void BeginOverwriting() => Change(data => data with { State = DataState.Partial, Ended = false, Replay = default });

    /// <summary>On the secondary: the sealed journals hold the whole first sync; they are applied, whatever happens.</summary>
    internal void ApplyJournals(NodeData primary, Guid journal) => Change(data => Following(data, primary) with
    {
        State = DataState.Replay,
        Replay = new ReplayTarget(ReplayKind.Journal, journal, 0, DataState.Copy),
    });

    /// <summary>On the secondary: its images follow the primary's, checkpoint by checkpoint.</summary>
    internal void BecomeMirror(NodeData primary) => Change(data => Following(data, primary) with { State = DataState.Mirror, Replay = default });

    /// <summary>On the secondary, at a takeover, before it speaks: the guest is this node's, and its log belongs to the images.</summary>
    internal void TakeOver(Guid log, ulong epoch) => Change(data => data with
    {
        Generation = data.Generation + 1,
        Parent = data.Data,
        Data = Guid.NewGuid(),
        State = DataState.Replay,
        PeerOutdated = true,
        Ended = false,
        Replay = new ReplayTarget(ReplayKind.Log, log, epoch, DataState.Current),
    });

    /// <summary>The logs are applied: the images are whole.</summary>
    internal void Replayed() => Change(data => data.State == DataState.Replay ? data with { State = data.Replay.Then, Replay = default } : data);

    /// <summary>The images are whole as they were at a checkpoint, and others go on from there.</summary>
    internal void BecomeCopy() => Change(data => data with { State = DataState.Copy, Replay = default });

    /// <summary>The guest has ended in order and both nodes have all of it.</summary>
    internal void GuestEnded(bool secondary) => Change(data => data with
    {
        State = secondary ? DataState.Copy : data.State,
        Ended = true,
        Replay = default,
    });

    /// <summary>What the peer is told when a pairing begins.</summary>
    internal DiskHistory Tell(int disks) => new(Data, [.. Enumerable.Range(0, disks).Select(i => Changed(i).Runs(DiskHistory.MostRuns))]);

    /// <inheritdoc/>
    public void Dispose() => _record?.Dispose();

    private static NodeData Following(NodeData own, NodeData primary) => own with
    {
        Cluster = primary.Cluster,
        Generation = primary.Generation,
        Data = primary.Data,
        Parent = primary.Parent,
        PeerOutdated = false,
        Ended = false,
    };

    private void Change(Func<NodeData, NodeData> change)
    {
        if (_record is null)
            return;
        var changed = change(_record.Data);
        if (changed != _record.Data)
            _record.Write(changed);
    }
}
