using Colo.Block.Replication;
using Colo.Configuration;
using Colo.Linux;

namespace Colo.Node;

/// <summary>
/// What this node keeps on disk of itself (<see cref="NodeRecord"/>): which data its images hold, whether they are current,
/// and where the other node's may differ. Each method is one event in the life of a pair (<see cref="NodeData"/>) and is
/// durable when it returns, which is before the node acts on it. Without disks nothing is kept: nothing could be outdated.
/// On the loop's thread.
/// </summary>
internal sealed class NodeHistory : IDisposable
{
    private readonly NodeRecord? _record;

    private NodeHistory(NodeRecord? record) => _record = record;

    internal NodeData Data => Recorded ?? NodeData.New;

    /// <summary>Where the record is; empty when nothing is kept.</summary>
    internal string Path => _record?.Path ?? "";

    /// <summary>What the peer is told when a pairing begins.</summary>
    internal DiskHistory Tell => _record is null ? DiskHistory.None : DiskHistory.Of(_record);

    /// <summary>What is recorded; null when nothing is kept.</summary>
    internal NodeData? Recorded => _record?.Data;

    /// <summary>Where a configuration's record is; null when none is kept.</summary>
    internal static string? PathOf(ColoConfiguration configuration) =>
        configuration.Disks.FirstOrDefault(disk => !disk.ReadOnly) is { } first
            ? NodeRecord.PathFor(configuration.Vm.StateDirectory, configuration.Vm.Name, first.Path)
            : null;

    /// <summary>Opens the record of a guest whose images are open.</summary>
    /// <exception cref="IOException">It cannot be made, is in use, damaged, or of other disks.</exception>
    internal static NodeHistory Open(string? stateDirectory, string vmName, GuestVm vm, EventLoop loop) =>
        Open(stateDirectory, vmName, [.. vm.Disks.Where(disk => disk.Replicated).Select(disk => (disk.Path, new RecordDisk(disk.Name, disk.Size)))], loop);

    /// <summary>Opens the record of images.</summary>
    /// <exception cref="IOException">It cannot be made, is in use, damaged, or of other disks.</exception>
    internal static NodeHistory Open(
        string? stateDirectory, string vmName, IReadOnlyList<(string Path, RecordDisk Disk)> images, EventLoop loop, Func<IRecordFile, IRecordFile>? wrap = null)
    {
        if (images.Count == 0)
            return new NodeHistory(null);
        var path = NodeRecord.PathFor(stateDirectory, vmName, images[0].Path) ??
            throw new IOException($"[disk:{images[0].Disk.Name}] path: beside {images[0].Path} nothing can be kept; say with [vm] state-dir where this node's records are to be");
        var record = NodeRecord.Open(path, [.. images.Select(image => image.Disk)], loop, wrap);
        if (record.Repaired is { } repaired)
            Monitor.Log.Warning($"{record.Path}: {repaired}");
        var history = new NodeHistory(record);
        for (var i = 0; i < images.Count; i++)
        {
            record.Changed(i).NoteBeside(images[i].Path, loop, history.OnUnrecorded);
            PairMark.Set(images[i].Path, record.Path);
        }

        return history;
    }

    /// <summary>Told why marks of changed extents cannot be recorded, and, with null, that all are recorded again.</summary>
    internal Action<string?>? MarksTold { get; set; }

    /// <summary>The changed extents of the n-th replicated disk.</summary>
    internal ChangedExtents Changed(int disk) => _record!.Changed(disk);

    /// <summary>Says why this node may not start as the primary: its own record knows that it is outdated. Null when it may.</summary>
    internal string? RefusesPrimary() => RefusesPrimary(Data, Path);

    /// <summary>Says why a node with this record may not start as the primary; null when it may.</summary>
    internal static string? RefusesPrimary(NodeData data, string path) => data.State switch
    {
        DataState.Copy when !data.Ended =>
            $"{path} says that this node's images are a copy of what the other node has gone on from: it is outdated. Start the other node as primary; " +
            "if that one is lost for good, remove this file to accept what the images hold",
        DataState.Mirror =>
            $"{path} says that this node was the secondary and ended without taking over: its images may be a mixture of two checkpoints. Start the other node as " +
            "primary; if that one is lost for good, check the images, and remove this file to accept what they hold",
        DataState.Partial =>
            $"{path} says that this node's first sync was never complete: its images are of no use. Start the other node as primary",
        _ => null,
    };

    /// <summary>This node starts as the primary: until a secondary follows, its data is another than any other's.</summary>
    internal void BeginPrimary() => Change(data => data.State == DataState.Empty
        ? data.BecomeFirst(Guid.NewGuid(), Guid.NewGuid())
        : (data with { State = DataState.Current, Ended = false }).GoAlone(Guid.NewGuid()));

    /// <summary>This node goes on without the secondary.</summary>
    internal void GoAlone() => Change(data => data.State == DataState.Current ? data.GoAlone(Guid.NewGuid()) : data);

    /// <summary>The secondary is about to have all that this node has on its disks.</summary>
    internal void Offer() => Change(data => data.Offer());

    /// <summary>The secondary is current.</summary>
    internal void Protect() => Change(data => data.PeerOutdated ? data.Protect() : data);

    /// <summary>The secondary agrees to the pairing.</summary>
    /// <returns>Whether what comes must be held beside the images, because they are a whole copy.</returns>
    internal bool Accept(SyncKind kind)
    {
        var whole = Data.State is DataState.Current or DataState.Copy;
        Change(data => data.Accept(kind));
        return whole;
    }

    /// <summary>On the secondary: the sealed journals hold the whole first sync; they are applied, whatever happens.</summary>
    internal void ApplyJournals(NodeData primary, Guid journal) =>
        Change(data => data.Synced(primary, new ReplayTarget(ReplayKind.Journal, journal, 0, DataState.Copy)));

    /// <summary>On the secondary: its images follow the primary's, checkpoint by checkpoint.</summary>
    internal void Follow(NodeData primary) => Change(data =>
        data.State == DataState.Replay ? data with { State = DataState.Mirror, Replay = default } : data.Synced(primary));

    /// <summary>On the secondary, at a takeover, before it speaks: the guest is this node's, and its log belongs to the images.</summary>
    /// <param name="log">The log.</param>
    /// <param name="epoch">Its epoch.</param>
    /// <param name="durable">Whether the images are durable as of the last checkpoint.</param>
    internal void TakeOver(Guid log, ulong epoch, bool durable) => Change(data => data.TakeOver(
        Guid.NewGuid(), new ReplayTarget(ReplayKind.Log, log, epoch, DataState.Current) { Boot = durable ? Guid.Empty : HostBoot.Id }));

    /// <summary>The host lost power before the images were durable: nothing can be claimed of them.</summary>
    internal void LosePower() => Change(data => data with { State = DataState.Mirror, Replay = default });

    /// <summary>The logs are applied, durable: the images are whole.</summary>
    internal void Replayed() => Change(data => data.State == DataState.Replay ? data.Replayed() : data);

    /// <summary>
    /// The takeover is complete on the disks. Also where <see cref="TakeOver"/> could not be recorded: late, for the guest has spoken, but
    /// without it this node would go on to say that it follows.
    /// </summary>
    internal void TakenOver() => Change(data => data.State switch
    {
        DataState.Replay => data.Replayed(),
        DataState.Mirror => data.TakeOver(Guid.NewGuid()),
        _ => data,
    });

    /// <summary>The images are whole as they were at a checkpoint, or when this node stopped; the other goes on.</summary>
    internal void BecomeCopy() => Change(data => data.State switch
    {
        DataState.Mirror => data.Leave(),
        DataState.Current => data with { State = DataState.Copy, PeerOutdated = false },
        _ => data,
    });

    /// <summary>An image is lost: whatever is said of the images is not true any more, and must not come true of those made in their place.</summary>
    /// <param name="yields">What is said of this node stays true, and the other node has to hear it: that it went on with nothing which that one lacks.</param>
    internal void LoseImages(bool yields) => Change(data => data with
    {
        State = yields ? DataState.Copy : DataState.Partial,
        PeerOutdated = false,
        Ended = false,
        Replay = default,
    });

    /// <summary>The guest has ended in order and both nodes have all of it.</summary>
    internal void GuestEnded()
    {
        BecomeCopy();
        Change(data => data with { Ended = true });
    }

    /// <inheritdoc/>
    public void Dispose() => _record?.Dispose();

    private void OnUnrecorded(ChangedExtents disk, string? wrong)
    {
        if (wrong is not null || !Enumerable.Range(0, _record!.Disks.Count).Any(i => _record.Changed(i).Unrecorded))
            MarksTold?.Invoke(wrong);
    }

    private void Change(Func<NodeData, NodeData> change)
    {
        if (_record is null)
            return;
        var changed = change(_record.Data);
        if (changed != _record.Data)
            _record.Write(changed);
    }
}
