using System.Globalization;
using System.Net;

namespace Colo.Demo;

/// <summary>
/// Two hosts, a client and a switch as network namespaces on one machine:
/// <code>
///  client (client0 10.77.0.1) ── port-client ┐
///  host a (lan0, no address)  ── port-a ─────┤ br0 (namespace -switch)
///  host b (lan0, no address)  ── port-b ─────┘
///  host a (link0 10.78.0.1) ───────────── (link0 10.78.0.2) host b
/// </code>
/// Nothing of it touches the host's own interfaces. Names hold the process id, so several can run side by side, and
/// those of a killed process are known.
/// </summary>
public sealed class DemoNetwork : IDisposable
{
    /// <summary>The guest's address, in a network of 24 bits.</summary>
    public static readonly IPAddress GuestAddress = new([10, 77, 0, 10]);

    /// <summary>The client's address in the guest's network.</summary>
    public static readonly IPAddress ClientAddress = new([10, 77, 0, 1]);

    private readonly List<NetworkNamespace> _made = [];

    /// <summary>Makes all namespaces and wires them.</summary>
    /// <param name="prefix">Begins the names, for example <c>colo-demo-</c>; the process id follows.</param>
    /// <param name="number">Tells networks of one process apart.</param>
    public DemoNetwork(string prefix, int number = 0)
    {
        var stem = prefix + Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + (number == 0 ? "" : "." + number.ToString(CultureInfo.InvariantCulture));
        try
        {
            Switch = Make(stem + "-switch");
            HostA = Make(stem + "-a");
            HostB = Make(stem + "-b");
            Client = Make(stem + "-client");
            Wire();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The host of node a.</summary>
    public NetworkNamespace HostA { get; }

    /// <summary>The host of node b.</summary>
    public NetworkNamespace HostB { get; }

    /// <summary>The client of the guest.</summary>
    public NetworkNamespace Client { get; }

    /// <summary>The switch; its ports are <c>port-a</c>, <c>port-b</c> and <c>port-client</c>.</summary>
    public NetworkNamespace Switch { get; }

    /// <summary>The host of a node.</summary>
    /// <param name="node">a or b.</param>
    public NetworkNamespace Host(char node) => node == 'a' ? HostA : HostB;

    /// <summary>Removes namespaces (and what runs in them) that a process which is no longer alive left behind.</summary>
    /// <returns>The names removed.</returns>
    public static IReadOnlyList<string> RemoveLeftovers(string prefix)
    {
        var removed = new List<string>();
        foreach (var name in NetworkNamespace.List(prefix))
        {
            var digits = name.AsSpan(prefix.Length);
            var end = digits.IndexOfAnyExceptInRange('0', '9');
            if (end <= 0 || !int.TryParse(digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) || IsAlive(pid))
                continue;
            new NetworkNamespace(name).Delete();
            removed.Add(name);
        }

        return removed;
    }

    /// <summary>Whether a process with this id runs. One that has ended and whose parent has not asked how does not.</summary>
    internal static bool IsAlive(int pid)
    {
        try
        {
            // "PID (NAME) STATE ...": the name may hold anything, and so ends at the last parenthesis.
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            var end = stat.LastIndexOf(") ", StringComparison.Ordinal);
            return end < 0 || end + 2 >= stat.Length || stat[end + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            // Not there; or ESRCH, when it ended between opening and reading.
            return false;
        }
    }

    /// <summary>Takes a host's cable to the other host away, or gives it back; the switch is not touched.</summary>
    public static void SetLink(NetworkNamespace host, bool up)
    {
        ArgumentNullException.ThrowIfNull(host);
        IpTool.Run("-n", host.Name, "link", "set", "link0", up ? "up" : "down");
    }

    /// <summary>Takes a host's cable to the switch away at the switch's end, or gives it back.</summary>
    /// <param name="network">The network.</param>
    /// <param name="node">The node of that host, a or b.</param>
    /// <param name="up">Whether it is there.</param>
    public static void SetPort(DemoNetwork network, char node, bool up)
    {
        ArgumentNullException.ThrowIfNull(network);
        IpTool.Run("-n", network.Switch.Name, "link", "set", node == 'a' ? "port-a" : "port-b", up ? "up" : "down");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var made in _made)
            made.Delete();
        _made.Clear();
    }

    private NetworkNamespace Make(string name)
    {
        // Before the namespace is there: a failure half-way still has to remove it.
        _made.Add(new NetworkNamespace(name));
        return NetworkNamespace.Create(name);
    }

    private void Wire()
    {
        var sw = Switch.Name;
        // No spanning tree and no forward delay: a port carries frames at once, as an edge port does.
        IpTool.Run("-n", sw, "link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0");
        IpTool.Run("-n", sw, "link", "set", "br0", "up");
        foreach (var (port, name, host) in new[] { ("port-a", "lan0", HostA), ("port-b", "lan0", HostB), ("port-client", "client0", Client) })
        {
            IpTool.Run("-n", sw, "link", "add", port, "mtu", "1500", "type", "veth", "peer", "name", name, "netns", host.Name);
            IpTool.Run("-n", sw, "link", "set", port, "master", "br0", "up");
            IpTool.Run("-n", host.Name, "link", "set", name, "mtu", "1500", "up");
        }

        IpTool.Run("-n", Client.Name, "addr", "add", ClientAddress + "/24", "dev", "client0");
        IpTool.Run("-n", HostA.Name, "link", "add", "link0", "mtu", "1500", "type", "veth", "peer", "name", "link0", "netns", HostB.Name);
        IpTool.Run("-n", HostA.Name, "addr", "add", "10.78.0.1/24", "dev", "link0");
        IpTool.Run("-n", HostB.Name, "addr", "add", "10.78.0.2/24", "dev", "link0");
        IpTool.Run("-n", HostA.Name, "link", "set", "link0", "up");
        IpTool.Run("-n", HostB.Name, "link", "set", "link0", "up");
    }
}
