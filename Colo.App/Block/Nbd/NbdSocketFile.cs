using System.Net.Sockets;
using Colo.Linux;

namespace Colo.Block.Nbd;

/// <summary>The name of an NBD server's Unix socket in the file system: made, replaced when stale, removed.</summary>
internal static class NbdSocketFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Listens at a path, mode 0600. A socket that nobody listens on is replaced; its directory is not made.</summary>
    /// <exception cref="IOException">Somebody listens there, or the place is not fit.</exception>
    internal static FileDescriptor Listen(NbdAddress.Unix address, int backlog)
    {
        var path = address.Path;
        using var guard = UnixSocketFile.LockFolderOf(path);
        RemoveStale(path);
        // Before listen: until then nobody can connect, so the mode is right from the first connection.
        return NbdListener.Listen(address, backlog, () => File.SetUnixFileMode(path, OwnerOnly));
    }

    internal static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays behind as a stale one, which the next server replaces.
        }
    }

    private static void RemoveStale(string path)
    {
        try
        {
            if (UnixSocketFile.RemoveStale(path, static _ => "another server listens there") is { } wrong)
                throw new IOException($"socket {path}: {wrong}");
        }
        catch (SocketException e)
        {
            throw new IOException($"socket {path}: {e.Message}");
        }
    }
}
