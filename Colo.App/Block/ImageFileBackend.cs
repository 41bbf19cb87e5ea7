using Colo.Linux;
using Colo.Monitor;

namespace Colo.Block;

/// <summary>How an image is read and written.</summary>
internal enum ImageEngineKind
{
    /// <summary>io_uring, or threads where the kernel has none for us.</summary>
    Automatic,

    /// <summary>A pool of threads.</summary>
    Threads,

    /// <summary>io_uring, or an error.</summary>
    IoUring,
}

/// <summary>
/// A raw disk image, a file or a block device, read and written by io_uring or, where the kernel has none for us, by a
/// small pool of threads. Locked (flock) while it is open: two writers would destroy it.
/// </summary>
public sealed class ImageFileBackend : IBlockBackend
{
    private static int _told;

    private readonly ImageFile _file;
    private readonly IImageEngine _engine;
    private bool _disposed;

    /// <summary>Opens an image, or makes a sparse one. Before the loop runs, or on its thread.</summary>
    /// <param name="path">A regular file or a block device.</param>
    /// <param name="createSize">Bytes of the image that is made when there is none; 0 makes none.</param>
    /// <param name="readOnly">Opens it for reading; several may do so at once.</param>
    /// <param name="loop">Where requests are completed.</param>
    /// <param name="threads">How many requests are carried out at once where threads do it.</param>
    /// <param name="direct">Past the page cache (O_DIRECT); see <see cref="Alignment"/>.</param>
    /// <exception cref="IOException">It cannot be opened, is in use, or takes no direct I/O; the message names path and mend.</exception>
    public ImageFileBackend(string path, long createSize, bool readOnly, EventLoop loop, int threads = 4, bool direct = false)
        : this(path, createSize, readOnly, loop, threads, direct, ImageEngineKind.Automatic)
    {
    }

    /// <summary>As the public one, with an engine that a test names.</summary>
    internal ImageFileBackend(
        string path, long createSize, bool readOnly, EventLoop loop, int threads, bool direct, ImageEngineKind engine, int capacity = IoUringEngine.DefaultCapacity)
    {
        _file = new ImageFile(path, createSize, readOnly, direct);
        try
        {
            _engine = Start(engine, loop, threads, capacity);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public long Size => _file.Size;

    /// <summary>Bytes at the file's end that are no whole sector and belong to no disk; 0 to 511.</summary>
    public long UnusedTail => _file.UnusedTail;

    /// <inheritdoc/>
    public bool ReadOnly => _file.ReadOnly;

    /// <summary>Whether it was all one hole when it was opened, and so read as zeroes.</summary>
    public bool IsBlank => _file.IsBlank;

    /// <summary>What offsets and lengths have to be multiples of, else EINVAL: 512 with direct I/O, 1 without.</summary>
    public int Alignment => _file.Direct ? ImageFile.Sector : 1;

    /// <summary>The open image.</summary>
    internal ImageFile File => _file;

    /// <summary>Whether io_uring carries requests out.</summary>
    internal bool UsesIoUring => _engine is IoUringEngine;

    /// <summary>Transfers that io_uring has.</summary>
    internal int UnderWayInRing => (_engine as IoUringEngine)?.UnderWay ?? 0;

    /// <inheritdoc/>
    public void Submit(BlockRequest request)
    {
        var range = request.Operation != BlockOperation.Flush;
        if (range && (request.Offset < 0 || request.Length < 0 || request.Offset > Size || request.Length > Size - request.Offset))
        {
            request.Complete(Errno.EINVAL);
            return;
        }

        if (ReadOnly && request.Operation is not (BlockOperation.Read or BlockOperation.Flush or BlockOperation.Status))
        {
            request.Complete(Errno.EACCES);
            return;
        }

        if (_file.Direct && range && request.Operation != BlockOperation.Status && ((request.Offset | request.Length) & (ImageFile.Sector - 1)) != 0)
        {
            request.Complete(Errno.EINVAL);
            return;
        }

        _engine.Submit(request);
    }

    /// <summary>Waits for what is under way, which is not completed any more, and closes the image. On the loop's thread, or after its end.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _engine.Dispose();
        _file.Dispose();
    }

    private IImageEngine Start(ImageEngineKind kind, EventLoop loop, int threads, int capacity)
    {
        if (kind == ImageEngineKind.Threads)
            return new ImageThreadEngine(_file, loop, threads);
        if (IoUringEngine.TryCreate(_file, loop, threads, capacity, out var errno) is { } engine)
            return engine;
        var reason = new LinuxException("io_uring", errno);
        if (kind == ImageEngineKind.IoUring)
            throw reason;
        if (Interlocked.Exchange(ref _told, 1) == 0)
            Log.Debug($"disks are read and written by threads: {reason.Message}");
        return new ImageThreadEngine(_file, loop, threads);
    }
}
