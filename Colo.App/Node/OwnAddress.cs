using System.Net;
using System.Net.NetworkInformation;
using Colo.Configuration;

namespace Colo.Node;

/// <summary>Which of the two addresses of <c>[link]</c> is this host's.</summary>
internal static class OwnAddress
{
    /// <summary>The node whose address is this host's own; null when that is none of them, or both.</summary>
    /// <exception cref="IOException">A name has no address.</exception>
    internal static NodeId? Find(LinkConfiguration link)
    {
        var (a, b) = Look(link);
        return a == b ? null : a ? NodeId.A : NodeId.B;
    }

    /// <summary><c>none</c> or <c>each</c>, for a message about a failed <see cref="Find"/>.</summary>
    internal static string Which(LinkConfiguration link) => Look(link).A ? "each" : "none";

    /// <exception cref="IOException">The name has no address.</exception>
    internal static IPEndPoint Resolve(HostPort address)
    {
        if (address.Address is { } known)
            return new IPEndPoint(known, address.Port);
        try
        {
            return new IPEndPoint(Dns.GetHostAddresses(address.Host)[0], address.Port);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new IOException($"[link]: {address.Host} has no address: {e.Message}; write it into DNS or /etc/hosts, or an address into [link]", e);
        }
    }

    private static (bool A, bool B) Look(LinkConfiguration link)
    {
        var own = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(i => i.GetIPProperties().UnicastAddresses)
            .Select(a => a.Address)
            .ToHashSet();
        return (own.Contains(Resolve(link.NodeA!).Address), own.Contains(Resolve(link.NodeB!).Address));
    }
}
