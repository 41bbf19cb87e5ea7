using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block;

/// <summary>
/// A raw disk image, a file or a block device, read and written by a small pool of threads; the loop is told by an
/// eventfd. Locked (flock) while it is open: two writers would destroy it.
/// <para>Safe because vectors point into memory that their maker keeps until completion, and each call gets a checked range.</para>
/// </summary>
public sealed unsafe class ImageFileBackend : IBlockBackend, IEventHandler
{
    private const int Sector = 512;
    private const int ZeroChunk = 1 << 20;

    private readonly FileDescriptor _file;
    private readonly EventLoop _loop;
    private readonly EventFd _done = new();
    private readonly ConcurrentQueue<BlockRequest> _waiting = new();
    private readonly ConcurrentQueue<BlockRequest> _completed = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly Thread[] _threads;
    private readonly bool _isDevice;
    private volatile bool _stop;
    private volatile bool _syncFailed;

    /// <summary>Opens an image, or makes a sparse one. Before the loop runs, or on its thread.</summary>
    /// <param name="path">A regular file or a block device.</param>
    /// <param name="createSize">Bytes of the image that is made when there is none; 0 makes none.</param>
    /// <param name="readOnly">Opens it for reading; several may do so at once.</param>
    /// <param name="loop">Where requests are completed.</param>
    /// <param name="threads">How many requests are carried out at once.</param>
    /// <exception cref="IOException">It cannot be opened or is in use; the message names path and mend.</exception>
    public ImageFileBackend(string path, long createSize, bool readOnly, EventLoop loop, int threads = 4)
    {
        _loop = loop;
        ReadOnly = readOnly;
        _file = Open(path, createSize, readOnly);
        try
        {
            if (ImageFileNative.flock(_file.Number, (readOnly ? ImageFileNative.LOCK_SH : ImageFileNative.LOCK_EX) | ImageFileNative.LOCK_NB) < 0)
                throw new IOException($"{path}: the image is in use by another process");
            var size = LinuxException.ThrowIfNegative(ImageFileNative.lseek(_file.Number, 0, ImageFileNative.SEEK_END), $"size of {path}");
            Size = size & ~(Sector - 1L);
            UnusedTail = size - Size;
            ulong deviceSize;
            _isDevice = ImageFileNative.ioctl(_file.Number, ImageFileNative.BLKGETSIZE64, &deviceSize) == 0;
            IsBlank = !_isDevice && ImageFileNative.lseek(_file.Number, 0, ImageFileNative.SEEK_DATA) < 0 && Marshal.GetLastPInvokeError() == ImageFileNative.ENXIO;
            if (Size == 0)
                throw new IOException($"{path}: the image is empty; give it a size (size = 1G) and remove the file, or truncate it to one");
            _loop.Add(_done.Number, EventLoop.Readable, this);
        }
        catch
        {
            _file.Dispose();
            _done.Dispose();
            throw;
        }

        _threads = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            _threads[i] = new Thread(Work) { IsBackground = true, Name = "disk" };
            _threads[i].Start();
        }
    }

    /// <inheritdoc/>
    public long Size { get; }

    /// <summary>Bytes at the file's end that are no whole sector and belong to no disk; 0 to 511.</summary>
    public long UnusedTail { get; }

    /// <summary>Whether it was all one hole when it was opened, and so read as zeroes.</summary>
    public bool IsBlank { get; }

    /// <inheritdoc/>
    public bool ReadOnly { get; }

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

        _waiting.Enqueue(request);
        _work.Release();
    }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        _ = _done.Drain();
        while (_completed.TryDequeue(out var request))
            request.Complete(request.Error);
    }

    /// <summary>Waits for what is under way, which is not completed any more, and closes the image. On the loop's thread, or after its end.</summary>
    public void Dispose()
    {
        if (_stop)
            return;
        _stop = true;
        _work.Release(_threads.Length);
        foreach (var thread in _threads)
            thread.Join();
        _loop.Remove(_done.Number);
        _done.Dispose();
        _file.Dispose();
        _work.Dispose();
    }

    private static FileDescriptor Open(string path, long createSize, bool readOnly)
    {
        var flags = (readOnly ? ImageFileNative.O_RDONLY : ImageFileNative.O_RDWR) | ImageFileNative.O_CLOEXEC;
        var fd = ImageFileNative.open(path, flags, 0);
        if (fd >= 0)
            return new FileDescriptor(fd);
        var errno = Marshal.GetLastPInvokeError();
        if (errno != Errno.ENOENT)
            throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(errno)}");
        if (readOnly || createSize <= 0)
            throw new IOException($"{path}: there is no such image; with a size (size = 1G) it is made");
        var file = FileDescriptor.FromResult(
            ImageFileNative.open(path, flags | ImageFileNative.O_CREAT | ImageFileNative.O_EXCL, 0b110_000_000), $"make {path}");
        try
        {
            LinuxException.ThrowIfNegative(
                ImageFileNative.ftruncate(file.Number, (createSize + Sector - 1) & ~(Sector - 1L)), $"make {path} with {createSize} bytes");
            LinuxException.ThrowIfNegative(ImageFileNative.fsync(file.Number), $"make {path}");
            // The name too is durable, before a guest is told that its data is.
            var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
            using var directory = FileDescriptor.FromResult(
                ImageFileNative.open(folder, ImageFileNative.O_RDONLY | ImageFileNative.O_CLOEXEC, 0), $"open {folder}");
            LinuxException.ThrowIfNegative(ImageFileNative.fsync(directory.Number), $"make {path}");
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void Work()
    {
        var vectors = (BlockVector*)NativeMemory.Alloc(ImageFileNative.IOV_MAX, (nuint)sizeof(BlockVector));
        while (true)
        {
            _work.Wait();
            if (_stop)
                break;
            if (!_waiting.TryDequeue(out var request))
                continue;
            request.Error = Execute(request, vectors);
            _completed.Enqueue(request);
            _done.Signal();
        }

        NativeMemory.Free(vectors);
    }

    private int Execute(BlockRequest request, BlockVector* vectors)
    {
        switch (request.Operation)
        {
            case BlockOperation.Read:
                return Transfer(request, vectors, write: false);
            case BlockOperation.Write:
                var error = Transfer(request, vectors, write: true);
                return error == 0 && request.Durable ? Sync() : error;
            case BlockOperation.Flush:
                return Sync();
            case BlockOperation.Discard:
                error = Allocate(ImageFileNative.FALLOC_FL_PUNCH_HOLE | ImageFileNative.FALLOC_FL_KEEP_SIZE, request);
                // Only a wish: a file system that cannot do it is no error.
                error = error is ImageFileNative.EOPNOTSUPP or ImageFileNative.ENODEV ? 0 : error;
                return error == 0 && request.Durable ? Sync() : error;
            case BlockOperation.WriteZeroes:
                // A block device that cannot zero without unmapping has the kernel write zeroes, and does not say so.
                if (request is { OnlyIfFast: true, MayUnmap: false } && _isDevice)
                    return ImageFileNative.EOPNOTSUPP;
                error = Allocate(
                    ImageFileNative.FALLOC_FL_KEEP_SIZE
                        | (request.MayUnmap ? ImageFileNative.FALLOC_FL_PUNCH_HOLE : ImageFileNative.FALLOC_FL_ZERO_RANGE),
                    request);
                if (error is ImageFileNative.EOPNOTSUPP or ImageFileNative.ENODEV)
                    error = request.OnlyIfFast ? ImageFileNative.EOPNOTSUPP : Zero(request);
                return error == 0 && request.Durable ? Sync() : error;
            case BlockOperation.Status:
                return FindExtents(request);
            case BlockOperation.Reserve:
                error = Allocate(ImageFileNative.FALLOC_FL_KEEP_SIZE, request);
                return error is ImageFileNative.EOPNOTSUPP or ImageFileNative.ENODEV ? 0 : error;
            default:
                return Errno.EINVAL;
        }
    }

    private int Sync()
    {
        // After a failed sync the kernel may have dropped the pages: a later success would be a lie.
        if (_syncFailed)
            return ImageFileNative.EIO;
        if (ReadOnly || ImageFileNative.fdatasync(_file.Number) == 0)
            return 0;
        _syncFailed = true;
        return Marshal.GetLastPInvokeError();
    }

    private int Allocate(int mode, BlockRequest request)
    {
        if (request.Length == 0)
            return 0;
        while (ImageFileNative.fallocate(_file.Number, mode, request.Offset, request.Length) < 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR)
                return errno;
        }

        return 0;
    }

    // The file's position, which lseek moves, is used by nobody: reads and writes name theirs.
    private int FindExtents(BlockRequest request)
    {
        var at = request.Offset;
        var end = request.Offset + request.Length;
        for (var count = 0; at < end && count < request.Extents.Length; request.ExtentCount = ++count)
        {
            var data = ImageFileNative.lseek(_file.Number, at, ImageFileNative.SEEK_DATA);
            var errno = data < 0 ? Marshal.GetLastPInvokeError() : 0;
            // ENXIO: no data from here to the end. EINVAL: a file system or device that does not tell.
            if (errno is not (0 or ImageFileNative.ENXIO))
                return errno == Errno.EINVAL ? ImageFileNative.EOPNOTSUPP : errno;
            var next = errno == 0 ? Math.Min(data, end) : end;
            var hole = next > at;
            if (!hole)
            {
                next = ImageFileNative.lseek(_file.Number, at, ImageFileNative.SEEK_HOLE);
                // Somebody else may cut the file or fill the hole between the two calls; data is always a true answer.
                next = next <= at ? end : Math.Min(next, end);
            }

            request.Extents[count] = new BlockExtent(next - at, hole);
            at = next;
        }

        return 0;
    }

    private int Zero(BlockRequest request)
    {
        var zeroes = NativeMemory.AllocZeroed(ZeroChunk);
        try
        {
            for (long at = 0; at < request.Length;)
            {
                var vector = new BlockVector((nint)zeroes, (nuint)Math.Min(ZeroChunk, request.Length - at));
                var done = ImageFileNative.pwritev(_file.Number, &vector, 1, request.Offset + at);
                if (done < 0 && Marshal.GetLastPInvokeError() is not Errno.EINTR and var errno)
                    return errno;
                at += Math.Max(0, done);
            }

            return 0;
        }
        finally
        {
            NativeMemory.Free(zeroes);
        }
    }

    private int Transfer(BlockRequest request, BlockVector* vectors, bool write)
    {
        var all = request.Vectors;
        var offset = request.Offset;
        nuint skip = 0;
        for (var first = 0; first < all.Length;)
        {
            var count = Math.Min(ImageFileNative.IOV_MAX, all.Length - first);
            for (var i = 0; i < count; i++)
                vectors[i] = all[first + i];
            vectors[0] = new BlockVector(vectors[0].Pointer + (nint)skip, vectors[0].Length - skip);
            var done = write
                ? ImageFileNative.pwritev(_file.Number, vectors, count, offset)
                : ImageFileNative.preadv(_file.Number, vectors, count, offset);
            if (done < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.EINTR)
                    continue;
                return errno;
            }

            // The image was cut short by someone else, or the device takes nothing.
            if (done == 0)
                return ImageFileNative.EIO;
            offset += done;
            var left = (nuint)done + skip;
            while (first < all.Length && left >= all[first].Length)
                left -= all[first++].Length;
            skip = left;
        }

        return 0;
    }
}
