using System.Net.Sockets;

namespace Colo.Linux;

/// <summary>The name of a Unix socket in the file system: who may make it, and whether one that is there is in use.</summary>
internal static class UnixSocketFile
{
    /// <summary>Makes look, remove and bind one step for servers that start at once, until the descriptor is closed.</summary>
    /// <exception cref="LinuxException">The folder cannot be opened or locked.</exception>
    internal static FileDescriptor LockFolderOf(string path)
    {
        const int directoryCloseOnExec = 0x10000 | 0x80000;
        var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        var guard = FileDescriptor.FromResult(NativeFile.open(folder, directoryCloseOnExec, 0), $"open {folder}");
        try
        {
            FileLock.Wait(guard.Number, folder);
            return guard;
        }
        catch
        {
            guard.Dispose();
            throw;
        }
    }

    /// <summary>Removes a socket that nobody listens on.</summary>
    /// <param name="path">Where.</param>
    /// <param name="describe">Says who listens there, when somebody does; the socket is connected, or waits to be.</param>
    /// <returns>Null when the name is free; else why it is not.</returns>
    /// <exception cref="SocketException">It could not be found out.</exception>
    internal static string? RemoveStale(string path, Func<Socket, string> describe)
    {
        if (!FileStatus.OfPath(path, FileStatus.STATX_TYPE, out var status))
            return null;
        if (status.Type != FileStatus.S_IFSOCK)
            return "there is a file that is no socket, and it is not removed";
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return null;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress or SocketError.TryAgain)
        {
            // Somebody listens and is too busy to answer: alive.
        }

        return describe(probe);
    }
}
