using Colo.Block;
using Colo.Block.Replication;
using Colo.Configuration;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>
/// What a node had decided before it ended, and not finished: a takeover whose log, or a first sync whose journal, is not
/// wholly applied to the images yet. Done before anything else; it may be repeated as often as it is interrupted.
/// </summary>
internal static class PendingReplay
{
    /// <exception cref="IOException">The images cannot be brought to the decided state; the message says why.</exception>
    internal static void Run(ColoConfiguration configuration)
    {
        var disks = configuration.Disks.Where(disk => !disk.ReadOnly).ToArray();
        var path = NodeRecord.PathFor(configuration.Vm.StateDirectory, configuration.Vm.Name, disks.FirstOrDefault()?.Path);
        SecondaryFiles Files(string image) => SecondaryDisks.FilesOf(image, configuration.Vm.StateDirectory, configuration.Vm.Name);
        if (path is null || !File.Exists(path) || disks.Any(disk => !File.Exists(disk.Path)))
            return;
        using var loop = new EventLoop();
        var images = new List<IBlockBackend>();
        try
        {
            foreach (var disk in disks)
                images.Add(new ImageFileBackend(disk.Path, 0, readOnly: false, loop));
            using var record = NodeRecord.Open(path, [.. disks.Select((disk, i) => new RecordDisk(disk.Name, images[i].Size))], loop);
            var data = record.Data;
            if (data.State != DataState.Replay)
                return;
            if (data.Replay.Boot != Guid.Empty && data.Replay.Boot != HostBoot.Id)
            {
                record.Write(data with { State = DataState.Mirror, Replay = default });
                throw new SafetyException(
                    $"{path} says that this node had just taken the guest over when its host lost power: the images may lack parts of the last checkpoint. " +
                    "If the other node has its images, remove its record, if it is newer, and start it as primary; to accept what the images here hold, check them and remove this file");
            }

            Log.Info($"{configuration.Vm.Name}: {(data.Replay.Kind == ReplayKind.Log ? "a takeover" : "a first sync")} was decided and not finished: its {data.Replay.Kind.ToString().ToLowerInvariant()} is applied to the images");
            string? wrong = null;
            var left = disks.Length;
            for (var i = 0; i < disks.Length; i++)
            {
                var (disk, files) = (disks[i], Files(disks[i].Path));
                var source = data.Replay.Kind == ReplayKind.Log ? files.LogPath : files.JournalPath;
                var image = images[i];
                if (data.Replay.Kind == ReplayKind.Log)
                    // What the log has changed may not be marked yet, and the other node's image lacks it: all is compared once.
                    record.Changed(i).MarkAll(error =>
                    {
                        if (error == 0)
                            Replay();
                        else
                            Ended(new ReplayResult(error, 0, 0, "what changes cannot be recorded: " + new LinuxException(path, error).Message));
                    });
                else
                    Replay();

                void Replay() => SecondaryDisk.Replay(source, data.Replay.Id, data.Replay.Epoch, image, loop, Ended);

                void Ended(ReplayResult result)
                {
                    if (result.Error != 0)
                        wrong ??= result.Text;
                    else
                        Log.Info($"disk {disk.Name}: {result.Records} writes of {result.Bytes >> 10} KiB applied");
                    if (--left == 0)
                        loop.Stop();
                }
            }

            loop.Run();
            if (wrong is not null)
                throw new IOException($"{wrong}; the images are not whole without it");
            record.Write(data with { State = data.Replay.Then, Replay = default });
            foreach (var disk in disks)
            {
                File.Delete(Files(disk.Path).LogPath);
                File.Delete(Files(disk.Path).JournalPath);
            }
        }
        finally
        {
            foreach (var image in images)
                image.Dispose();
        }
    }
}
