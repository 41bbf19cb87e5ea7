using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>One open description of the record's file. Tests put theirs between, to fail and to lose what is not synced.</summary>
internal interface IRecordFile : IDisposable
{
    /// <summary>Writes all of <paramref name="data"/>; 0 or an errno.</summary>
    int Write(ReadOnlySpan<byte> data, long offset);

    /// <summary>Makes what was written here durable; 0 or an errno.</summary>
    int Sync();
}

/// <summary>
/// The record's file. Safe because each call gets a pinned span and its own length.
/// <para>The header and the marks have a description each: the kernel tells a failed write-back once to each description
/// at its next sync, so neither can take the other's error away.</para>
/// </summary>
internal sealed unsafe class NodeRecordFile : IRecordFile
{
    private const string Busy = "the node's record is in use by another process";

    private const string MadeJustNow = "another process has made the node's record just now; start only one node of this name and image";

    private readonly FileDescriptor _file;

    private NodeRecordFile(FileDescriptor file) => _file = file;

    /// <summary>Opens and locks a record; null when there is none.</summary>
    /// <exception cref="IOException">It cannot be opened, or another process has it.</exception>
    internal static NodeRecordFile? OpenLocked(string path)
    {
        var fd = NativeFile.open(path, NativeFile.O_RDWR | NativeFile.O_CLOEXEC, 0);
        if (fd < 0)
            return Marshal.GetLastPInvokeError() is Errno.ENOENT ? null : throw Failed(path, "open the node's record");
        var file = new NodeRecordFile(new FileDescriptor(fd));
        try
        {
            file.Lock(path);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Makes and locks a record with its space reserved, durable with its name. It is filled under another name: one of the
    /// right name was once whole, and what is damaged is never taken for new.
    /// </summary>
    /// <param name="path">Where; the last folder is made when it is missing.</param>
    /// <param name="size">Bytes.</param>
    /// <param name="fill">Writes the content, all of it.</param>
    /// <exception cref="IOException">It cannot be made; no half-made record is left under its name.</exception>
    internal static NodeRecordFile Make(string path, long size, Action<NodeRecordFile> fill)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        MakeFolder(path, folder);
        var temporary = path + ".new";
        var fd = NativeFile.open(temporary, NativeFile.O_RDWR | NativeFile.O_CREAT | NativeFile.O_CLOEXEC, 0b110_000_000);
        if (fd < 0)
            throw Failed(path, "make the node's record");
        var file = new NodeRecordFile(new FileDescriptor(fd));
        try
        {
            file.Lock(path);
            // Who finished between our opening and our locking has given this very file its name: it must not be emptied.
            if (File.Exists(path))
                throw new IOException($"{path}: {MadeJustNow}");
            try
            {
                Check(NativeFile.ftruncate(fd, 0) == 0, path, size);
                // Written, too: a range that is only reserved costs a journal commit of the file system at its first sync.
                Check(NativeFile.fallocate(fd, 0, 0, size) == 0 || Marshal.GetLastPInvokeError() == NativeFile.EOPNOTSUPP, path, size);
                fill(file);
                Check(NativeFile.fsync(fd) == 0, path, size);
                Check(NativeFile.link(temporary, path) == 0, path, size);
            }
            finally
            {
                _ = NativeFile.unlink(temporary);
            }

            SyncFolder(path, folder);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens the same file once more.</summary>
    internal NodeRecordFile OpenAgain(string path) =>
        NativeFile.open($"/proc/self/fd/{_file.Number}", NativeFile.O_RDWR | NativeFile.O_CLOEXEC, 0) is >= 0 and var fd
            ? new NodeRecordFile(new FileDescriptor(fd))
            : throw Failed(path, "open the node's record again, by /proc/self/fd");

    internal long Length(string path) =>
        NativeFile.lseek(_file.Number, 0, NativeFile.SEEK_END) is >= 0 and var size ? size : throw Failed(path, "find the size of the node's record");

    /// <summary>Fills <paramref name="target"/>.</summary>
    internal void Read(Span<byte> target, long offset, string path)
    {
        fixed (byte* to = target)
        {
            for (var at = 0; at < target.Length;)
            {
                var done = NativeFile.pread(_file.Number, to + at, (nuint)(target.Length - at), offset + at);
                if (done == 0)
                    throw new IOException($"{path}: the node's record was cut short");
                if (done < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
                    throw Failed(path, "read the node's record");
                at += (int)Math.Max(0, done);
            }
        }
    }

    /// <inheritdoc/>
    public int Write(ReadOnlySpan<byte> data, long offset)
    {
        fixed (byte* from = data)
        {
            for (var at = 0; at < data.Length;)
            {
                var done = NativeFile.pwrite(_file.Number, from + at, (nuint)(data.Length - at), offset + at);
                if (done == 0)
                    return NativeFile.EIO;
                if (done < 0 && Marshal.GetLastPInvokeError() is not Errno.EINTR and var errno)
                    return errno;
                at += (int)Math.Max(0, done);
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    public int Sync() => NativeFile.fdatasync(_file.Number) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Lock(string path)
    {
        switch (FileLock.Take(_file.Number, shared: false))
        {
            case 0:
                return;
            case Errno.EAGAIN:
                throw new IOException($"{path}: {Busy}; stop that one (colo stop), or give this node another image or state-dir");
            default:
                throw Failed(path, "lock the node's record");
        }
    }

    private static void MakeFolder(string path, string folder)
    {
        if (Directory.Exists(folder))
            return;
        if (NativeFile.mkdir(folder, 0b111_000_000) < 0 && Marshal.GetLastPInvokeError() != Errno.EEXIST)
            throw Failed(path, $"make the folder {folder} for the node's record");
        SyncFolder(path, Path.GetDirectoryName(folder) ?? "/");
    }

    private static void SyncFolder(string path, string folder)
    {
        var fd = NativeFile.open(folder, NativeFile.O_RDONLY | NativeFile.O_CLOEXEC, 0);
        if (fd < 0)
            throw Failed(path, $"open {folder} to make the name of the node's record durable");
        using var directory = new FileDescriptor(fd);
        if (NativeFile.fsync(fd) < 0)
            throw Failed(path, $"make the name of the node's record durable in {folder}");
    }

    private static void Check(bool done, string path, long size)
    {
        if (done)
            return;
        throw Marshal.GetLastPInvokeError() switch
        {
            Errno.ENOSPC => new IOException($"{path}: no space for the node's record of {size} bytes: free some there, or set [vm] state-dir to a folder elsewhere"),
            Errno.EEXIST => new IOException($"{path}: {MadeJustNow}"),
            _ => Failed(path, "make the node's record"),
        };
    }

    private static IOException Failed(string path, string what)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new IOException($"{path}: cannot {what}: {Marshal.GetPInvokeErrorMessage(errno)}{Mend(errno)}");
    }

    /// <summary>What to do about an errno, to be put behind the message; empty where the message says it.</summary>
    internal static string Mend(int errno) => errno switch
    {
        Errno.EACCES => ". Give colo the right to write there, or set [vm] state-dir to another folder",
        Errno.ENOSPC => ". Free some space there",
        Errno.ENOENT => ". Make the folder, or set [vm] state-dir to another",
        _ => ". Check the file system there, or set [vm] state-dir to a folder elsewhere",
    };
}
