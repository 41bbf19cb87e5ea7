using System.Globalization;
using System.Net;
using Colo.Devices.Net;
using Colo.Link;
using Colo.Linux;

namespace Colo.Protection;

/// <summary>
/// The command line of a keeper process: <c>keeper PEER LOCAL VM NODE KEYFILE NIC…</c>. Descriptors 3 and 4 are the shared
/// page and the node's pidfd, from 5 on the NICs' sockets; a NIC is <c>packet:HEADERSIZE</c> or <c>tap</c>.
/// </summary>
internal sealed record KeeperArguments(
    int PageDescriptor, int PidDescriptor, IPEndPoint Peer, IPAddress? Local, string VmName, LinkNode Node, string KeyFile, IReadOnlyList<INetworkBackend> Nics)
{
    private const int FirstNic = 5;

    internal static IReadOnlyList<string> Format(IPEndPoint peer, IPAddress? local, string vmName, LinkNode node, string keyFile, IEnumerable<INetworkBackend> nics) =>
    [
        KeeperProcess.Command, peer.ToString(), local?.ToString() ?? "-", vmName, node.ToString(), keyFile,
        .. nics.Select(nic => nic is PacketBackend packet ? $"packet:{packet.HeaderSize}" : "tap"),
    ];

    internal static KeeperArguments Parse(ReadOnlySpan<string> args)
    {
        if (args.Length < 5 || !Enum.TryParse<LinkNode>(args[3], out var node))
            throw new FormatException("a keeper is started by its node only");
        var nics = new List<INetworkBackend>();
        foreach (var nic in args[5..])
        {
            var descriptor = new FileDescriptor(FirstNic + nics.Count);
            nics.Add(nic.StartsWith("packet:", StringComparison.Ordinal)
                ? PacketBackend.Adopt(descriptor, int.Parse(nic.AsSpan(7), CultureInfo.InvariantCulture))
                : TapBackend.Adopt(descriptor));
        }

        return new KeeperArguments(
            3, 4, IPEndPoint.Parse(args[0]), args[1] == "-" ? null : IPAddress.Parse(args[1]), args[2], node, args[4], nics);
    }
}
