using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block;

/// <summary>An open raw image, a file or a block device, locked (flock) while it is open: two writers would destroy it.</summary>
internal sealed unsafe class ImageFile : IDisposable
{
    internal const int Sector = 512;
    private const int Page = 4096;

    private readonly FileDescriptor _file;
    private volatile bool _syncFailed;

    /// <exception cref="IOException">It cannot be opened or is in use; the message names path and mend.</exception>
    internal ImageFile(string path, long createSize, bool readOnly, bool direct)
    {
        ReadOnly = readOnly;
        _file = Open(path, createSize, readOnly);
        try
        {
            if (FileLock.Take(_file.Number, shared: readOnly) != 0)
                throw new IOException($"{path}: the image is in use by another process; end that one first (fuser -v {path} shows it)");
            if (direct)
                MakeDirect(path);
            var size = LinuxException.ThrowIfNegative(NativeFile.lseek(_file.Number, 0, NativeFile.SEEK_END), $"size of {path}");
            Size = size & ~(Sector - 1L);
            UnusedTail = size - Size;
            ulong deviceSize;
            IsDevice = NativeFile.ioctl(_file.Number, NativeFile.BLKGETSIZE64, &deviceSize) == 0;
            IsBlank = !IsDevice && NativeFile.lseek(_file.Number, 0, NativeFile.SEEK_DATA) < 0 && Marshal.GetLastPInvokeError() == NativeFile.ENXIO;
            if (Size == 0)
                throw new IOException($"{path}: the image is empty; give it a size (size = 1G) and remove the file, or truncate it to one");
            if (direct)
                TryDirect(path);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    internal int Number => _file.Number;

    /// <summary>Bytes, a multiple of 512.</summary>
    internal long Size { get; }

    /// <summary>Bytes at the file's end that are no whole sector.</summary>
    internal long UnusedTail { get; }

    internal bool ReadOnly { get; }

    /// <summary>Whether it was all one hole when it was opened.</summary>
    internal bool IsBlank { get; }

    internal bool IsDevice { get; }

    /// <summary>For direct I/O, what addresses of memory have to be a multiple of; 0 without it.</summary>
    internal uint MemoryAlignment { get; private set; }

    /// <summary>Whether reads and writes go past the page cache.</summary>
    internal bool Direct => MemoryAlignment != 0;

    /// <summary>After a failed sync the kernel may have dropped the pages: a later success would be a lie.</summary>
    internal bool SyncFailed
    {
        get => _syncFailed;
        set => _syncFailed = value;
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Bytes of an image or block device, a multiple of 512, without locking it.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    internal static long SizeOf(string path)
    {
        using var file = FileDescriptor.FromResult(NativeFile.open(path, NativeFile.O_RDONLY | NativeFile.O_CLOEXEC, 0), $"open {path}");
        return LinuxException.ThrowIfNegative(NativeFile.lseek(file.Number, 0, NativeFile.SEEK_END), $"size of {path}") & ~(Sector - 1L);
    }

    private static FileDescriptor Open(string path, long createSize, bool readOnly)
    {
        var flags = (readOnly ? NativeFile.O_RDONLY : NativeFile.O_RDWR) | NativeFile.O_CLOEXEC;
        var fd = NativeFile.open(path, flags, 0);
        if (fd >= 0)
            return new FileDescriptor(fd);
        var errno = Marshal.GetLastPInvokeError();
        if (errno != Errno.ENOENT)
            throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(errno)}; {Mend(errno, path, readOnly)}");
        if (readOnly || createSize <= 0)
            throw new IOException($"{path}: there is no such image; with a size (size = 1G) it is made");
        var file = FileDescriptor.FromResult(
            NativeFile.open(path, flags | NativeFile.O_CREAT | NativeFile.O_EXCL, 0b110_000_000), $"make {path}");
        try
        {
            LinuxException.ThrowIfNegative(
                NativeFile.ftruncate(file.Number, (createSize + Sector - 1) & ~(Sector - 1L)), $"make {path} with {createSize} bytes");
            LinuxException.ThrowIfNegative(NativeFile.fsync(file.Number), $"make {path}");
            // The name too is durable, before a guest is told that its data is.
            DurableName.SyncFolder(path);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static string Mend(int errno, string path, bool readOnly) => errno switch
    {
        Errno.EACCES or Errno.EPERM =>
            $"the user {Environment.UserName} has to be able to {(readOnly ? "read" : "read and write")} it, and to pass through the folders above it: chown {Environment.UserName}: {path}",
        Errno.EROFS => "its file system is mounted read-only: mount it for writing, or set readonly = true for this disk",
        Errno.EISDIR => "it is a folder: name the image in it",
        Errno.ENOTDIR => "a part of its path is no folder: set the disk's path",
        _ => "look at it with ls -lL, and into dmesg",
    };

    // Not by a flag of open: where that fails with EINVAL it may have made the file before.
    private void MakeDirect(string path)
    {
        var flags = LinuxException.ThrowIfNegative(NativeFile.fcntl(Number, NativeFile.F_GETFL, 0), $"flags of {path}");
        if (NativeFile.fcntl(Number, NativeFile.F_SETFL, flags | NativeFile.O_DIRECT) < 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            throw errno == Errno.EINVAL
                ? new IOException($"{path}: its file system does no direct I/O (O_DIRECT); set direct = off for this disk, or move the image")
                : new LinuxException($"direct I/O with {path}", errno);
        }

        var known = FileStatus.OfOpen(Number, FileStatus.STATX_DIOALIGN, out var status)
            && (status.stx_mask & FileStatus.STATX_DIOALIGN) != 0 && status.stx_dio_mem_align != 0;
        // Kernels before 6.1 do not tell: the block's own size has always been enough.
        MemoryAlignment = known ? status.stx_dio_mem_align : Sector;
    }

    /// <summary>The guest's blocks are of 512 bytes; where the medium's are larger, as of a 4Kn disk, a read of one fails.</summary>
    private void TryDirect(string path)
    {
        var memory = NativeMemory.AlignedAlloc(Page, Page);
        try
        {
            if (NativeFile.pread(Number, memory, Sector, Size - Sector) >= 0)
                return;
            var errno = Marshal.GetLastPInvokeError();
            throw errno == Errno.EINVAL
                ? new IOException($"{path}: its storage takes direct I/O only in blocks of more than {Sector} bytes; set direct = off for this disk")
                : new LinuxException($"read {path}", errno);
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }
}
