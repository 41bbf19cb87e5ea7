using System.Runtime.InteropServices;

namespace Colo.Linux;

/// <summary>Names in a folder that are durable when these return, or not there. Safe because the kernel gets strings and numbers only.</summary>
internal static class DurableName
{
    /// <summary>Makes a small file; one of that name is written over.</summary>
    /// <exception cref="IOException">It is not there for certain; the message names the path.</exception>
    internal static void Make(string path, string content)
    {
        try
        {
            // Created, or emptied and written: either way it has this content when it is synced.
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
            file.Write(System.Text.Encoding.UTF8.GetBytes(content));
            file.Flush();
            LinuxException.ThrowIfNegative(NativeFile.fsync((int)file.SafeFileHandle.DangerousGetHandle()), $"make {path} durable");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }

        SyncFolder(path);
    }

    /// <summary>Renames a file within its folder.</summary>
    /// <exception cref="IOException">It has not its new name for certain; the message names the path.</exception>
    internal static void Move(string from, string to)
    {
        if (NativeFile.rename(from, to) < 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            // Repeated after a failure of the sync it has its new name already.
            if (errno != Errno.ENOENT || !File.Exists(to))
                throw new LinuxException($"rename {from} to {to}", errno);
        }

        SyncFolder(to);
    }

    /// <summary>Makes the name of a file that was just made durable.</summary>
    /// <exception cref="IOException">It is not for certain; the message names the path.</exception>
    internal static void SyncFolder(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        using var directory = FileDescriptor.FromResult(NativeFile.open(folder, NativeFile.O_RDONLY | NativeFile.O_CLOEXEC, 0), $"open {folder}");
        LinuxException.ThrowIfNegative(NativeFile.fsync(directory.Number), $"make {path} durable in its folder");
    }
}
