using System.Net.Sockets;
using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block.Nbd;

/// <summary>The name of an NBD server's Unix socket in the file system: made, replaced when stale, removed.</summary>
internal static class NbdSocketFile
{
    private const uint OwnerOnly = 0b110_000_000;

    /// <summary>Listens at a path, mode 0600. A socket that nobody listens on is replaced; its directory is not made.</summary>
    /// <exception cref="IOException">Somebody listens there, or the place is not fit.</exception>
    internal static FileDescriptor Listen(NbdAddress.Unix address, int backlog)
    {
        var path = address.Path;
        var directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        // Two servers that start at once: the lock makes look, remove and bind one step.
        using var guard = FileDescriptor.FromResult(NativeNbd.open(directory, NativeNbd.O_DIRECTORY_CLOEXEC), $"open {directory}");
        while (NativeNbd.flock(guard.Number, NativeNbd.LOCK_EX) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.EINTR)
                throw LinuxException.FromLastError($"lock {directory}");
        }

        RemoveStale(address);
        // Before listen: until then nobody can connect, so the mode is right from the first connection.
        return NbdListener.Listen(
            address, backlog, () => LinuxException.ThrowIfNegative(NativeNbd.chmod(path, OwnerOnly), $"set the mode of {path}"));
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

    private static void RemoveStale(NbdAddress.Unix address)
    {
        var path = address.Path;
        if (!File.Exists(path) && !Directory.Exists(path))
            return;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(address.EndPoint);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress or SocketError.TryAgain)
        {
            // Somebody listens and is too busy to answer: alive.
        }
        catch (SocketException e)
        {
            throw new IOException(IsSocket(path)
                ? $"socket {path}: {e.Message}"
                : $"socket {path}: there is a file that is no socket, and it is not removed");
        }

        throw new IOException($"socket {path}: another server listens there");
    }

    // A regular file refuses the connection too.
    private static bool IsSocket(string path)
    {
        // A socket cannot be opened (ENXIO); what can be, or is a directory, is none.
        if (Directory.Exists(path))
            return false;
        const int noSuchDevice = 6;
        var fd = NativeNbd.open(path, 0x800 | 0x80000);
        if (fd < 0)
            return Marshal.GetLastPInvokeError() == noSuchDevice;
        new FileDescriptor(fd).Dispose();
        return false;
    }
}
