using System.Runtime.InteropServices;
using Colo.Block;
using Colo.Block.Replication;
using Colo.Configuration;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>
/// Images that are not there and that the node's record knows: deleted, or on a file system that is not mounted. An absent image is made
/// anew, empty, and what the record says of the old one must not be said of that: a guest would boot from an empty disk and the other node's
/// good copy be overwritten by it, or only what changed lately be copied to it. So a node does not lead without its images; and before one
/// that follows makes them anew, its record says that they are of no use.
/// <para>
/// An absent image of a disk that the record does not know, or that has no record, is new, and is made as ever.
/// </para>
/// </summary>
internal static class LostImages
{
    /// <summary>Whether the image of a disk is absent and its record says that it held something.</summary>
    internal static bool IsKnown(ColoConfiguration configuration, DiskConfiguration disk)
    {
        try
        {
            return Find(configuration) is { } found && found.Disks.Contains(disk);
        }
        catch (IOException)
        {
            // A record that cannot be read is told of elsewhere.
            return false;
        }
    }

    /// <summary>Says why this node may not run the guest: its images are lost. Null when they are not.</summary>
    internal static string? RefusesLeader(ColoConfiguration configuration)
    {
        if (Find(configuration) is not { } found)
            return null;
        return $"{Names(found.Disks)}: no such image, and {found.Path} says that this node had it: its file system may not be mounted. An empty disk is never taken for it. " +
            $"Bring the image back; if it is lost for good, {(StartRules.IsUnshared(found.Data) ? $"remove {found.Path} and " : "")}start this node with --role secondary: " +
            $"everything is copied from the other node then. To begin anew with an empty disk, remove {found.Path} on both nodes";
    }

    /// <summary>Before a node boots the guest from its images.</summary>
    /// <exception cref="SafetyException">One is lost.</exception>
    internal static void CheckLeader(ColoConfiguration configuration)
    {
        if (RefusesLeader(configuration) is { } refusal)
            throw new SafetyException(refusal);
    }

    /// <summary>Before a node follows: what is lost is made anew, and everything of it is going to be copied.</summary>
    /// <param name="configuration">Names images and record.</param>
    /// <param name="yielding">Whether the other node goes on with what this one's record names.</param>
    /// <exception cref="SafetyException">Nobody else has the data that was lost, as far as the record knows.</exception>
    /// <exception cref="IOException">The record cannot be written, or the image cannot be made.</exception>
    internal static void BeginFollower(ColoConfiguration configuration, bool yielding)
    {
        if (Find(configuration) is not { } found)
            return;
        if (StartRules.IsUnshared(found.Data))
        {
            throw new SafetyException(
                $"{Names(found.Disks)}: no such image, and {found.Path} says that this node ran the guest last, alone, so that nobody else has its data: its file system " +
                $"may not be mounted. Bring the image back; if it is lost for good, remove {found.Path} and start this node again: then everything is copied from the other node");
        }

        foreach (var disk in found.Disks)
        {
            var folder = Path.GetDirectoryName(disk.Path) ?? "/";
            if (!Directory.Exists(folder))
                throw new IOException($"{disk.Path}: there is no folder {folder}, and the image was there: mount its file system, or make the folder");
        }

        // First the record: a crash between the two would leave it saying of the empty image what was true of the lost one.
        Forget(configuration, found, yielding);
        foreach (var disk in found.Disks)
        {
            var size = SizeOf(disk, found);
            using (new ImageFile(disk.Path, size, readOnly: false, direct: false))
                Log.Warning($"disk {disk.Name}: {disk.Path} was lost: it is made anew with {size} bytes, and everything is copied from the other node");
        }
    }

    private static void Forget(ColoConfiguration configuration, Found found, bool yielding)
    {
        using var loop = new EventLoop();
        using var history = NodeHistory.Open(
            configuration.Vm.StateDirectory, configuration.Vm.Name, [.. Replicated(configuration).Select(disk => (disk.Path, new RecordDisk(disk.Name, SizeOf(disk, found))))], loop);
        var disks = Replicated(configuration).ToArray();
        var left = 1;
        var failed = 0;
        // Whatever the state says, then or later: all of it may differ from the other node's.
        for (var i = 0; i < disks.Length; i++)
        {
            if (!found.Disks.Contains(disks[i]))
                continue;
            left++;
            history.Changed(i).MarkAll(Marked);
        }

        loop.Post(() => Marked(0));
        loop.Run();
        if (failed != 0)
            throw new LinuxException($"note in {found.Path} that an image is lost", failed);
        history.LoseImages(yielding);

        void Marked(int error)
        {
            failed = failed == 0 ? error : failed;
            if (--left == 0)
                loop.Stop();
        }
    }

    private static long SizeOf(DiskConfiguration disk, Found found) =>
        !IsAbsent(disk.Path) ? ImageFile.SizeOf(disk.Path)
        : disk.Size is { } size ? size
        : found.Recorded.FirstOrDefault(recorded => recorded.Name == disk.Name) is { Name: not null } known ? known.Size
        : disk.SizeToCreate;

    private static Found? Find(ColoConfiguration configuration)
    {
        var absent = Replicated(configuration).Where(disk => IsAbsent(disk.Path)).ToArray();
        if (absent.Length == 0 || NodeHistory.PathOf(configuration) is not { } path || NodeRecord.PeekSlot(path) is not { } record || record.Data.State == DataState.Empty)
            return null;
        var lost = absent.Where(disk => record.Disks.Any(recorded => recorded.Name == disk.Name)).ToArray();
        return lost.Length == 0 ? null : new Found(path, record.Data, record.Disks, lost);
    }

    private static IEnumerable<DiskConfiguration> Replicated(ColoConfiguration configuration) => configuration.Disks.Where(disk => !disk.ReadOnly);

    /// <summary>Only what is not there: one that cannot be looked at for another reason is an error, told when it is opened.</summary>
    private static bool IsAbsent(string path)
    {
        var number = NativeFile.open(path, NativeFile.O_RDONLY | NativeFile.O_CLOEXEC | NativeFile.O_NONBLOCK, 0);
        if (number < 0)
            return Marshal.GetLastPInvokeError() == Errno.ENOENT;
        using (new FileDescriptor(number))
            return false;
    }

    private static string Names(IEnumerable<DiskConfiguration> disks) => string.Join(", ", disks.Select(disk => $"{disk.Path} ([disk:{disk.Name}])"));

    private sealed record Found(string Path, NodeData Data, IReadOnlyList<RecordDisk> Recorded, DiskConfiguration[] Disks);
}
