using Colo.Block;
using Colo.Block.Replication;
using Colo.Configuration;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>
/// What has to be done to the images of a pair before a guest is made of them, from their record. Each opens images and
/// record for itself, on a loop of its own, and closes them again.
/// </summary>
internal static class PairImages
{
    /// <summary>
    /// Finishes what the node had decided before it ended: a takeover whose log, or a first sync whose journal, is not wholly
    /// applied yet. It may be repeated as often as it is interrupted.
    /// </summary>
    /// <param name="configuration">Names images and record.</param>
    /// <param name="begins">Called when there is something to be done, with what is applied.</param>
    /// <param name="progress">Called each time that some of it is done.</param>
    /// <exception cref="IOException">The images cannot be brought to the decided state; the message says why.</exception>
    /// <exception cref="SafetyException">The host lost power before they were durable.</exception>
    internal static void Replay(ColoConfiguration configuration, Action<string> begins, Action progress) => With(configuration, (history, disks, loop) =>
    {
        var data = history.Data;
        if (data.State != DataState.Replay)
            return;
        // Set aside when all of them were applied and durable, and the guest had gone on.
        bool IsApplied(string image) => data.Replay.Kind == ReplayKind.Log && File.Exists(Files(configuration, image).AppliedLogPath(data.Replay.Id, data.Replay.Epoch));
        if (data.Replay.Boot != Guid.Empty && data.Replay.Boot != HostBoot.Id && !disks.Any(disk => IsApplied(disk.Path)))
        {
            history.LosePower();
            throw new SafetyException(
                $"{history.Path} says that this node had just taken the guest over when its host lost power: the images may lack parts of the last checkpoint. " +
                "If the other node has its images, remove its record and start it as primary; to accept what the images here hold, check them and remove this file");
        }

        begins($"{(data.Replay.Kind == ReplayKind.Log ? "a takeover" : "a first sync")} was decided and not finished: its {data.Replay.Kind.ToString().ToLowerInvariant()} is applied");
        string? wrong = null;
        var left = disks.Length;
        for (var i = 0; i < disks.Length; i++)
        {
            var (name, files, image) = (disks[i].Name, Files(configuration, disks[i].Path), disks[i].Image);
            var applied = IsApplied(disks[i].Path);
            var source = data.Replay.Kind == ReplayKind.Log ? files.LogPath : files.JournalPath;
            if (data.Replay.Kind == ReplayKind.Log)
                // What the log has changed may not be marked yet, and the other node's image lacks it: all is compared once.
                history.Changed(i).MarkAll(error =>
                {
                    if (error == 0)
                        Apply();
                    else
                        Ended(new ReplayResult(error, 0, 0, new LinuxException($"note in {history.Path} what changes", error).Message));
                });
            else
                Apply();

            void Apply()
            {
                if (applied)
                    Ended(new ReplayResult(0, 0, 0, ""));
                else
                    SecondaryDisk.Replay(source, data.Replay.Id, data.Replay.Epoch, image, loop, Ended, progress);
            }

            void Ended(ReplayResult result)
            {
                if (result.Error != 0)
                    wrong ??= result.Text;
                else
                    Log.Info($"disk {name}: {result.Records} writes of {result.Bytes >> 10} KiB applied");
                if (--left == 0)
                    loop.Stop();
            }
        }

        loop.Run();
        if (wrong is not null)
            throw new IOException($"{wrong}; the images are not whole without it");
        history.Replayed();
        foreach (var disk in disks)
        {
            File.Delete(Files(configuration, disk.Path).LogPath);
            File.Delete(Files(configuration, disk.Path).AppliedLogPath(data.Replay.Id, data.Replay.Epoch));
            File.Delete(Files(configuration, disk.Path).JournalPath);
        }
    });

    /// <summary>
    /// The images are about to be changed with nobody noting where, by a guest with no peer: their record, if there is one, says
    /// that this node goes on alone, and that everything may differ.
    /// </summary>
    /// <exception cref="IOException">The record cannot be written.</exception>
    /// <exception cref="SafetyException">The images are no state that a guest can go on from.</exception>
    internal static void Leave(ColoConfiguration configuration) => With(configuration, (history, disks, loop) =>
    {
        if (history.RefusesPrimary() is { } outdated)
            throw new SafetyException(outdated);
        history.BeginPrimary();
        var left = disks.Length;
        var failed = 0;
        for (var i = 0; i < disks.Length; i++)
        {
            history.Changed(i).MarkAll(error =>
            {
                failed = failed == 0 ? error : failed;
                if (--left == 0)
                    loop.Stop();
            });
        }

        loop.Run();
        if (failed != 0)
            throw new LinuxException($"note in {history.Path} that the disks will change", failed);
    });

    private static SecondaryFiles Files(ColoConfiguration configuration, string image) =>
        SecondaryDisks.FilesOf(image, configuration.Vm.StateDirectory, configuration.Vm.Name);

    /// <summary>Does something with images that have a record; nothing where there is none, or an image is new (<see cref="LostImages"/>).</summary>
    private static void With(ColoConfiguration configuration, Action<NodeHistory, (string Name, string Path, IBlockBackend Image)[], EventLoop> action)
    {
        var disks = configuration.Disks.Where(disk => !disk.ReadOnly).ToArray();
        var path = NodeHistory.PathOf(configuration);
        if (disks.Length == 0 || path is null || !File.Exists(path) || disks.Any(disk => !File.Exists(disk.Path)))
            return;
        using var loop = new EventLoop();
        var images = new List<IBlockBackend>();
        try
        {
            foreach (var disk in disks)
                images.Add(new ImageFileBackend(disk.Path, 0, readOnly: false, loop));
            using var history = NodeHistory.Open(
                configuration.Vm.StateDirectory, configuration.Vm.Name, [.. disks.Select((disk, i) => (disk.Path, new RecordDisk(disk.Name, images[i].Size)))], loop);
            action(history, [.. disks.Select((disk, i) => (disk.Name, disk.Path, images[i]))], loop);
        }
        finally
        {
            foreach (var image in images)
                image.Dispose();
        }
    }
}
