using System.Net.Sockets;
using Colo.Linux;

namespace Colo.Monitor;

/// <summary>The control socket cannot be had, because a node holds it or because the place is not fit. Exit status 1.</summary>
public sealed class ControlSocketException(string message) : IOException(message);

/// <summary>The name of the control socket in the file system: made, replaced when stale, removed.</summary>
internal static class ControlSocketFile
{
    private const UnixFileMode SocketMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private const UnixFileMode DirectoryMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Listens at <paramref name="path"/>, mode 0660. A socket that nobody listens on is replaced.</summary>
    /// <exception cref="ControlSocketException">A node listens there already (it is named), or the place is not fit.</exception>
    internal static Socket Listen(string path)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        try
        {
            Directory.CreateDirectory(directory, DirectoryMode);
            using var guard = UnixSocketFile.LockFolderOf(path);
            if (UnixSocketFile.RemoveStale(path, probe => Describe(path, probe)) is { } wrong)
                throw new ControlSocketException($"control socket {path}: {wrong}");
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Bind(new UnixDomainSocketEndPoint(path));
                // Before listen: until then nobody can connect, so the mode is right from the first connection.
                File.SetUnixFileMode(path, SocketMode);
                socket.Listen(64);
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is (IOException or UnauthorizedAccessException or SocketException or ArgumentException) and not ControlSocketException)
        {
            throw new ControlSocketException($"control socket {path}: {e.Message} ([monitor] socket names another place)");
        }
    }

    /// <summary>The group of the socket file; null when there is none.</summary>
    internal static uint? Group(string path) => FileStatus.OfPath(path, FileStatus.STATX_GID, out var status) ? status.stx_gid : null;

    // The refusal names what runs there, as far as it answers.
    private static string Describe(string path, Socket probe)
    {
        var pid = "";
        try
        {
            pid = probe.Connected ? $" (process {PeerCredentials.Of(probe).Pid})" : "";
            var reply = ControlClient.Send(path, new ControlRequest { Command = "status" }, TimeSpan.FromSeconds(1));
            if (ControlClient.ReadStatus(reply) is { } status)
                return $"a node is running there: {status.Vm}, {status.Role}, {status.State}{pid}";
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // A node that does not answer is still a node.
        }

        return $"a node is running there that does not answer{pid}";
    }
}
