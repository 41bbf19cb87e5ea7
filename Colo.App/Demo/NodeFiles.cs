using System.Globalization;
using System.Text;

namespace Colo.Demo;

/// <summary>What can be chosen about the pair of a demo or a test.</summary>
public sealed record PairSettings
{
    /// <summary>Guest memory, as in [vm] memory.</summary>
    public string Memory { get; init; } = "64M";

    /// <summary>Whether the guest has a disk; its key-value store is then kept on it.</summary>
    public bool Disk { get; init; }

    /// <summary>The size of the disk.</summary>
    public string DiskSize { get; init; } = "64M";

    /// <summary>Where the logs of the nodes go, as <c>node-a.log</c> and <c>node-b.log</c>; null: into the folder of each, which goes with the pair.</summary>
    public string? LogFolder { get; init; }

    /// <summary>SECTION:KEY=VALUE items that both nodes get by --set.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    /// <summary>What the nodes are told on a machine that is too slow for the defaults: all times of [failover] stretched alike.</summary>
    /// <param name="patience">By how much, 1 to 100; 1 gives nothing.</param>
    public static IReadOnlyList<string> Stretched(int patience) => patience == 1 ? [] :
    [
        string.Create(CultureInfo.InvariantCulture, $"failover:timeout={500 * patience}ms"),
        string.Create(CultureInfo.InvariantCulture, $"failover:heartbeat={50 * patience}ms"),
        string.Create(CultureInfo.InvariantCulture, $"failover:slow={5 * patience}s"),
    ];

    /// <summary>How long <c>colo status</c> may take before a node counts as one that does not answer.</summary>
    public TimeSpan StatusLimit { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>The folder of one node: its colo.ini, control socket, state, disk and log.</summary>
public sealed class NodeFiles
{
    /// <summary>The MAC address of the guest.</summary>
    public const string GuestMac = "52:54:00:77:00:0a";

    /// <summary>The port of the link on both hosts.</summary>
    public const int LinkPort = 9990;

    /// <summary>Makes the folder and writes the configuration.</summary>
    /// <param name="root">A folder that is there, mode 0700; short enough for a socket path of 107 bytes.</param>
    /// <param name="node">a or b.</param>
    /// <param name="keyFile">The link key.</param>
    /// <param name="settings">What differs from the defaults.</param>
    public NodeFiles(string root, char node, string keyFile, PairSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Node = node;
        StatusLimit = settings.StatusLimit;
        Folder = Path.Combine(root, node.ToString());
        Directory.CreateDirectory(Path.Combine(Folder, "state"));
        Config = Path.Combine(Folder, "colo.ini");
        Socket = Path.Combine(Folder, "node.sock");
        Log = settings.LogFolder is { } logs ? Path.Combine(logs, $"node-{node}.log") : Path.Combine(Folder, "node.log");
        File.WriteAllText(Config, Render(keyFile, settings));
        File.WriteAllText(Log, "");
    }

    /// <summary>a or b.</summary>
    public char Node { get; }

    /// <summary>The folder of the node.</summary>
    public string Folder { get; }

    /// <summary>colo.ini.</summary>
    public string Config { get; }

    /// <inheritdoc cref="PairSettings.StatusLimit"/>
    public TimeSpan StatusLimit { get; }

    /// <summary>The control socket.</summary>
    public string Socket { get; }

    /// <summary>The node's log; a restarted node goes on in the same file.</summary>
    public string Log { get; }

    /// <summary>The disk image, when there is one.</summary>
    public string DiskImage => Path.Combine(Folder, "root.img");

    private string Render(string keyFile, PairSettings settings)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            [vm]
            name = demo
            memory = {settings.Memory}
            cpus = 1
            kernel = builtin:demo
            cmdline = ip={DemoNetwork.GuestAddress}/24
            state-dir = {Path.Combine(Folder, "state")}

            [nic:lan]
            backend = packet:lan0
            mac = {GuestMac}

            [link]
            node-a = 10.78.0.1:{LinkPort}
            node-b = 10.78.0.2:{LinkPort}
            key-file = {keyFile}

            [monitor]
            socket = {Socket}

            """);
        if (settings.Disk)
        {
            text.Append(CultureInfo.InvariantCulture, $"""

                [disk:root]
                path = {DiskImage}
                size = {settings.DiskSize}

                """);
        }

        return text.ToString();
    }
}
