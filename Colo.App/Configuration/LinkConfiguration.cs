namespace Colo.Configuration;

/// <summary>The connection between the two nodes: section <c>[link]</c>.</summary>
/// <param name="NodeA">Address of node a; null only in a file without a pair (standalone).</param>
/// <param name="NodeB">Address of node b; null only in a file without a pair (standalone).</param>
/// <param name="KeyFile">Full path of the key that both nodes hold (<c>colo keygen</c>).</param>
/// <param name="Tls">True when the link is encrypted.</param>
public sealed record LinkConfiguration(HostPort? NodeA, HostPort? NodeB, string KeyFile, bool Tls)
{
    /// <summary>Where the key lies unless the file says otherwise.</summary>
    public const string DefaultKeyFile = "/etc/colo/link.key";

    /// <summary>The address of one of the nodes; null when there is no pair.</summary>
    public HostPort? Address(NodeId node) => node == NodeId.A ? NodeA : NodeB;

    internal static LinkConfiguration Read(SectionReader s) => new(
        s.Value("node-a", (HostPort?)null, HostPort.Accepted, (string t, out HostPort? v) => Parse(t, out v)),
        s.Value("node-b", (HostPort?)null, HostPort.Accepted, (string t, out HostPort? v) => Parse(t, out v)),
        s.Path("key-file") ?? DefaultKeyFile,
        s.Switch("tls", true));

    private static bool Parse(string text, out HostPort? value)
    {
        var ok = HostPort.TryParse(text, out var parsed);
        value = parsed;
        return ok;
    }
}
