using Colo.Block;
using Colo.Block.Replication;
using Colo.Configuration;
using Colo.Linux;
using Colo.Node;

namespace Colo.Check;

/// <summary>The images and the node's record of them.</summary>
internal sealed class DiskChecks(ColoConfiguration configuration, NodeRole role, Findings findings)
{
    private const long LittleSpace = 1L << 30;

    internal void Run()
    {
        foreach (var disk in configuration.Disks)
            Image(disk);
        Record();
    }

    private void Image(DiskConfiguration disk)
    {
        var subject = $"disk {disk.Name}";
        if (!File.Exists(disk.Path) && !Directory.Exists(disk.Path))
        {
            Absent(subject, disk);
            return;
        }

        try
        {
            using var image = new ImageFile(disk.Path, 0, disk.ReadOnly, disk.Direct);
            var text = $"{disk.Path}, {HostChecks.Mib(image.Size)}{(disk.ReadOnly ? ", read-only" : "")}";
            if (disk.Size is { } size && size != image.Size)
                findings.Warning(subject, $"{text}; [disk:{disk.Name}] size says {HostChecks.Mib(size)}, and counts for an absent image only", "make the two alike, so that nobody is misled");
            else
                findings.Ok(subject, text);
        }
        catch (IOException e)
        {
            findings.Failed(subject, e, "look into dmesg: the device or file system under it has a fault, perhaps");
            return;
        }

        if (!disk.ReadOnly && role != NodeRole.Standalone)
            Space(subject, disk.Path);
    }

    private void Absent(string subject, DiskConfiguration disk)
    {
        var folder = Path.GetDirectoryName(disk.Path) ?? "/";
        if (!disk.ReadOnly && LostImages.IsKnown(configuration, disk))
        {
            if (role == NodeRole.Secondary)
                findings.Warning(subject, $"{disk.Path}: there is no such image, and the record says that there was: it is made anew and gets everything", "mount its file system, if it is there");
            else
                findings.Failed(subject, $"{disk.Path}: there is no such image, and the record says that there was", "mount its file system; if the image is lost, start this node with --role secondary");
        }
        else if (disk.ReadOnly)
            findings.Failed(subject, $"{disk.Path}: there is no such image, and a read-only one is not made", $"set [disk:{disk.Name}] path");
        else if (!Directory.Exists(folder))
            findings.Failed(subject, $"there is no folder {folder}", $"mkdir -p {folder}, or set [disk:{disk.Name}] path");
        else if (!Access.MayWrite(folder))
            findings.Failed(subject, $"{folder} cannot be written by this user", $"give it to the node's user: chown {Environment.UserName}: {folder}");
        else if (new DriveInfo(folder).AvailableFreeSpace is var free && free < disk.SizeToCreate)
            findings.Warning(subject, $"{disk.Path} is made with {HostChecks.Mib(disk.SizeToCreate)}, sparse; its file system has {HostChecks.Mib(free)} free", "make room before the guest has written that much");
        else
            findings.Ok(subject, $"{disk.Path} is made with {HostChecks.Mib(disk.SizeToCreate)} at the first start");
    }

    private void Space(string subject, string image)
    {
        if (SecondaryDisks.FilesOf(image, configuration.Vm.StateDirectory, configuration.Vm.Name).LogPath is not { } log)
            return;
        var folder = Path.GetDirectoryName(log)!;
        try
        {
            if (!Access.MayWrite(folder))
                findings.Failed(subject, $"{folder} cannot be written by this user; a secondary keeps its log and journal there", $"give it to the node's user: chown {Environment.UserName}: {folder}, or set [vm] state-dir");
            else if (new DriveInfo(folder).AvailableFreeSpace is var free && free < LittleSpace)
                findings.Warning(subject, $"{folder} has {HostChecks.Mib(free)} free; a secondary keeps there what the guest writes between two checkpoints", "make room: protection ends when there is none");
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            findings.Warning(subject, $"{folder}: {e.Message}", "look for yourself whether there is room");
        }
    }

    private void Record()
    {
        var first = configuration.Disks.FirstOrDefault(disk => !disk.ReadOnly);
        if (first is null || role == NodeRole.Standalone)
            return;
        if (NodeHistory.PathOf(configuration) is not { } path)
        {
            findings.Failed("record", $"beside {first.Path} nothing can be kept of what this node's data is worth", "set [vm] state-dir");
            return;
        }

        try
        {
            if (NodeRecord.Peek(path) is not { } data)
                findings.Ok("record", $"none yet; it is made at the first start: {path}");
            else if (NodeHistory.RefusesPrimary(data, path) is { } refusal)
            {
                if (role == NodeRole.Primary)
                    findings.Failed("record", refusal, "or start this node with --role secondary or auto");
                else
                    findings.Ok("record", $"{path}: generation {data.Generation}, this node's data is not current: it will be the secondary");
            }
            else
                findings.Ok("record", $"{path}: generation {data.Generation}, this node's data is current{(data.PeerOutdated ? ", and the other node's is not" : "")}");
        }
        catch (IOException e)
        {
            findings.Failed(
                "record", e.Message,
                e is LinuxException { Errno: Errno.EACCES or Errno.EPERM }
                    ? $"give it, and the folder it lies in, to the node's user: chown {Environment.UserName}: {path}"
                    : "operations.md says when a record may be removed ('Restoring a backup', 'Choosing between two')");
        }
    }
}
