using System.Net.Sockets;
using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Monitor;

/// <summary>Who is at the other end of a Unix socket, by the kernel's word (SO_PEERCRED, SO_PEERGROUPS of unix(7)).</summary>
/// <param name="Pid">Process that connected, or that listens.</param>
/// <param name="Uid">Its effective user.</param>
/// <param name="Groups">Its effective group, and the supplementary ones.</param>
internal sealed record PeerCredentials(int Pid, uint Uid, uint[] Groups)
{
    // More groups than that: the kernel answers ERANGE, and only the effective group counts.
    private const int GroupLimit = 256;

    /// <summary>May do everything: root, or the user the node runs as.</summary>
    internal bool IsOwner => Uid == 0 || Uid == Native.geteuid();

    /// <summary>Asks the kernel.</summary>
    /// <exception cref="SocketException">The socket is no longer connected.</exception>
    internal static PeerCredentials Of(Socket socket)
    {
        // struct ucred: pid, uid, gid, each of 32 bits.
        Span<byte> raw = stackalloc byte[12];
        if (socket.GetRawSocketOption(NativeSocket.SOL_SOCKET, NativeSocket.SO_PEERCRED, raw) != raw.Length)
            throw new SocketException((int)SocketError.NotConnected);
        var ids = MemoryMarshal.Cast<byte, uint>(raw);
        return new((int)ids[0], ids[1], [ids[2], .. Supplementary(socket)]);
    }

    private static uint[] Supplementary(Socket socket)
    {
        Span<byte> raw = stackalloc byte[GroupLimit * sizeof(uint)];
        try
        {
            var length = socket.GetRawSocketOption(NativeSocket.SOL_SOCKET, NativeSocket.SO_PEERGROUPS, raw);
            return MemoryMarshal.Cast<byte, uint>(raw[..length]).ToArray();
        }
        catch (SocketException)
        {
            return [];
        }
    }
}
