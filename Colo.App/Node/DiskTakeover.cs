using Colo.Block.Replication;
using Colo.Checkpoint;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>
/// What a takeover does to the disks while the guest speaks already. In this order, for all of them, each step durable before the next:
/// <code>
/// the VM's requests under way end; what it has written since the checkpoint is marked as changed
///     (a crash before that replays, and marks everything: PairImages.Replay)
/// its log is applied to the image
/// that is recorded: no start replays the log again
///     (where the record cannot be written: the log has another name, by which the next start knows that it is applied)
/// the guest's requests go to the images: not before, or the log would be replayed over what it has written, and flushed, since
/// another secondary can be taken: only when the record says that the images are current
/// </code>
/// What fails is told and tried again. The guest's requests wait meanwhile, as with a disk that hangs: an image that lacks what the guest
/// has flushed is never given to it. On the loop's thread.
/// </summary>
/// <param name="history">The node's record, in which the takeover is decided.</param>
/// <param name="loop">The disks' loop.</param>
/// <param name="disks">The replicated disks; the VM's new requests reach none of them any more.</param>
/// <param name="connect">Lets the guest's requests go to the n-th image.</param>
/// <param name="tell">What the operator has to see to; null: nothing any more.</param>
/// <param name="done">Called once, at the end.</param>
internal sealed class DiskTakeover(
    NodeHistory history, EventLoop loop, IReadOnlyList<(string Name, SecondaryDisk Disk, SecondaryFiles Files)> disks, Action<int> connect, Action<Attention?> tell, Action done)
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private string _told = "";
    private int _left;
    private bool _connected;

    internal void Start()
    {
        _left = disks.Count;
        for (var i = 0; i < disks.Count; i++)
        {
            var disk = i;
            disks[i].Disk.TakeOver(error => OnApplied(disk, error), (changes, go) => Mark(disk, changes, go));
        }

        if (disks.Count == 0)
            done();
    }

    private void Mark(int disk, IReadOnlyList<(long Offset, long Length)> changes, Action go)
    {
        var changed = history.Changed(disk);
        var left = 1;
        var wrong = 0;
        foreach (var (offset, length) in changes)
        {
            left++;
            changed.Mark(offset, length, OnMarked);
        }

        OnMarked(0);

        void OnMarked(int error)
        {
            if (wrong == 0 && error != 0 && !changed.GoUnrecorded(error))
                wrong = error;
            if (--left > 0)
                return;
            if (wrong == 0)
            {
                go();
                return;
            }

            // Unmarked it would be left out of the next sync for ever.
            Tell(Attentions.ReplayFails($"disk {disks[disk].Name}: {new LinuxException($"note in {history.Path} what changes", wrong).Message}"));
            Later(() => Mark(disk, changes, go));
        }
    }

    private void OnApplied(int disk, int error)
    {
        if (error != 0)
        {
            var (name, image, files) = disks[disk];
            Tell(Attentions.ReplayFails(
                $"disk {name}: {new LinuxException($"apply {files.LogPath} to {files.ImagePath}", error).Message}"));
            Later(() => image.TakeOverAgain(again => OnApplied(disk, again)));
            return;
        }

        if (--_left > 0)
            return;
        FaultPoints.Reach("takeover-replayed");
        Record();
    }

    private void Record()
    {
        try
        {
            history.TakenOver();
        }
        catch (IOException e)
        {
            if (PutLogsAside() is { } wrong)
                // Neither is possible: the guest would write what the next start writes over.
                Tell(Attentions.ReplayFails($"{e.Message}; {wrong}"));
            else
            {
                Connect();
                Tell(Attentions.ReplayUnrecorded(e.Message));
            }

            Later(Record);
            return;
        }

        foreach (var (_, disk, files) in disks)
        {
            disk.KeepFiles = false;
            SecondaryDisk.Delete(files.AppliedLogPath(disk.LogId, disk.Epoch));
        }

        Connect();
        if (_told.Length > 0)
        {
            Log.Info("the takeover is complete on the disks, too");
            tell(null);
        }

        done();
    }

    /// <returns>Null, or what is wrong.</returns>
    private string? PutLogsAside()
    {
        try
        {
            foreach (var (_, disk, files) in _connected ? [] : disks)
                DurableName.Move(files.LogPath, files.AppliedLogPath(disk.LogId, disk.Epoch));
            return null;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    private void Connect()
    {
        if (_connected)
            return;
        _connected = true;
        for (var i = 0; i < disks.Count; i++)
            connect(i);
    }

    private void Tell(Attention what)
    {
        if (_told == what.What)
            return;
        _told = what.What;
        Log.Error($"{what.What}; {what.Did}");
        tell(what);
    }

    private void Later(Action step)
    {
        LoopTimer timer = null!;
        timer = loop.AddTimer(() =>
        {
            loop.Post(timer.Dispose);
            step();
        });
        timer.SetAfter(Again);
    }
}
