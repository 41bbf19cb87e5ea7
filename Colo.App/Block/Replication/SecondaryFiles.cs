using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>How a secondary takes the writes of the first synchronisation.</summary>
public enum FirstSync
{
    /// <summary>To the image at once: it holds nothing of use.</summary>
    Direct,

    /// <summary>All in the journal file until the first commit: the image holds the last other whole copy.</summary>
    Journal,
}

/// <summary>The files beside an image in which a secondary keeps what is not in the image.</summary>
/// <param name="LogPath">The writes of the secondary's VM since the last checkpoint.</param>
/// <param name="JournalPath">Writes of the primary's VM that are held and for which there is no memory.</param>
public sealed record SecondaryFiles(string LogPath, string JournalPath)
{
    /// <summary>
    /// Bytes of each file, which are sparse: enough for any epoch, and no more than every file system that is in use can
    /// name. A log that is full is an error like a file system that is.
    /// </summary>
    public const long FileSize = 1L << 40;

    /// <summary>The image's name, for messages.</summary>
    public string ImagePath { get; init; } = "the image";

    /// <summary>Opens one of the files, which is there: path, bytes, loop. Null opens it as an <see cref="ImageFileBackend"/>.</summary>
    public Func<string, long, EventLoop, IBlockBackend>? Open { get; init; }

    /// <summary>
    /// The log's name when it is applied and the node's record cannot say so: under its own name it would be applied again at the next
    /// start, over what the guest has written since. With its identity, so that none of another life is taken for it.
    /// </summary>
    internal string AppliedLogPath(Guid id, ulong epoch) => $"{LogPath}-{id:N}-{epoch}-applied";

    /// <summary>Makes a file anew: what another life of the disk left in it is of no use, and its space is given back.</summary>
    internal IBlockBackend Make(string path, EventLoop loop)
    {
        Remove(path);
        return Open?.Invoke(path, FileSize, loop) ?? new ImageFileBackend(path, FileSize, readOnly: false, loop);
    }

    /// <summary>
    /// Takes a file away, if it is there. Its name is free at once; its blocks, of which a journal may have millions, are
    /// given back by another thread.
    /// </summary>
    /// <exception cref="IOException">It cannot be.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be.</exception>
    internal static void Remove(string path)
    {
        // Who closes a file without a name last gives its blocks back.
        var fd = NativeFile.open(path, NativeFile.O_PATH | NativeFile.O_CLOEXEC, 0);
        try
        {
            File.Delete(path);
        }
        finally
        {
            if (fd >= 0)
                ThreadPool.UnsafeQueueUserWorkItem(static file => file.Dispose(), new FileDescriptor(fd), preferLocal: false);
        }
    }
}
