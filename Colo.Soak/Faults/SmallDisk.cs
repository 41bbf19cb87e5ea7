using System.Globalization;
using Colo.Demo;
using Colo.Linux;

namespace Colo.Soak.Faults;

/// <summary>A file system (tmpfs) of its own for the images of one node, with their logs and journals, that can be made full.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _filler;

    /// <summary>Mounts it.</summary>
    /// <param name="folder">Where; the folder is made.</param>
    /// <param name="megabytes">Its size.</param>
    /// <exception cref="LinuxException">It cannot be mounted.</exception>
    internal SmallDisk(string folder, int megabytes)
    {
        Folder = folder;
        _filler = Path.Combine(folder, "filler");
        Directory.CreateDirectory(folder);
        LinuxException.ThrowIfNegative(
            NativeDemo.mount("colo-soak", folder, "tmpfs", 0, string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m,mode=700")), "mount tmpfs on " + folder);
    }

    /// <summary>Where it is.</summary>
    internal string Folder { get; }

    /// <summary>Takes all space that is left.</summary>
    internal void Fill()
    {
        // Most of it is only reserved, which is quick.
        var at = Most();
        using var handle = File.OpenHandle(_filler, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, FileOptions.None, at);
        var block = new byte[1 << 18];
        // Then ever smaller pieces: the last page has to be taken, too.
        for (var length = block.Length; length >= 4096;)
        {
            try
            {
                RandomAccess.Write(handle, block.AsSpan(0, length), at);
                at += length;
            }
            catch (IOException)
            {
                length /= 2;
            }
        }
    }

    /// <summary>Gives it back.</summary>
    internal void Free() => File.Delete(_filler);

    // A node that takes some in this moment must not make the rest fail.
    private long Most() => Math.Max(0, new DriveInfo(Folder).AvailableFreeSpace - (2 << 20));

    /// <inheritdoc/>
    public void Dispose() => _ = NativeDemo.umount2(Folder, NativeDemo.MNT_DETACH);
}
