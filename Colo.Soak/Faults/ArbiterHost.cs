using System.Diagnostics;
using Colo.Demo;

namespace Colo.Soak.Faults;

/// <summary>A third host with an etcd, and a cable of its own to each node.</summary>
internal sealed class ArbiterHost : IDisposable
{
    private readonly DemoNetwork _network;
    private readonly NetworkNamespace _host;
    private readonly string _folder;
    private readonly Process _etcd;

    /// <summary>Makes the host and starts etcd on it.</summary>
    /// <param name="network">The network of the pair.</param>
    /// <param name="folder">For etcd's data; it is made, and goes with this object.</param>
    internal ArbiterHost(DemoNetwork network, string folder)
    {
        _network = network;
        _folder = folder;
        Directory.CreateDirectory(folder);
        // The name begins as the other namespaces' do, so that it is swept up with them.
        _host = NetworkNamespace.Create($"{network.Client.Name}-etcd");
        foreach (var node in (char[])['a', 'b'])
        {
            IpTool.Run("-n", _host.Name, "link", "add", $"node-{node}", "type", "veth", "peer", "name", "arb0", "netns", network.Host(node).Name);
            IpTool.Run("-n", _host.Name, "addr", "add", $"{AddressFor(node)}/24", "dev", $"node-{node}");
            IpTool.Run("-n", _host.Name, "link", "set", $"node-{node}", "up");
            IpTool.Run("-n", network.Host(node).Name, "addr", "add", $"10.79.{(node == 'a' ? 1 : 2)}.2/24", "dev", "arb0");
            IpTool.Run("-n", network.Host(node).Name, "link", "set", "arb0", "up");
        }

        _etcd = _host.Run(() => Process.Start(new ProcessStartInfo(Etcd!, [
            "--data-dir", Path.Combine(folder, "data"), "--listen-client-urls", "http://0.0.0.0:2379", "--advertise-client-urls", "http://127.0.0.1:2379",
            "--listen-peer-urls", "http://127.0.0.1:2380", "--initial-advertise-peer-urls", "http://127.0.0.1:2380", "--initial-cluster", "default=http://127.0.0.1:2380"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!);
        _etcd.BeginErrorReadLine();
        _etcd.BeginOutputReadLine();
    }

    /// <summary>The etcd of this machine; null: there is none.</summary>
    internal static string? Etcd { get; } = ((string[])["/usr/bin/etcd", "/usr/local/bin/etcd"]).FirstOrDefault(File.Exists);

    /// <summary>What <c>[failover] arbiter</c> has to be on this node.</summary>
    internal static string SettingFor(char node) => $"failover:arbiter=etcd:http://{AddressFor(node)}:2379";

    /// <summary>Where a node reaches it.</summary>
    private static string AddressFor(char node) => $"10.79.{(node == 'a' ? 1 : 2)}.1";

    /// <summary>Takes a node's cable to it away.</summary>
    internal void Cut(char node) => IpTool.Run("-n", _network.Host(node).Name, "link", "set", "arb0", "down");

    /// <summary>Gives both cables back.</summary>
    internal void Mend()
    {
        foreach (var node in (char[])['a', 'b'])
            IpTool.Run("-n", _network.Host(node).Name, "link", "set", "arb0", "up");
    }

    /// <summary>From now on it answers nobody.</summary>
    internal void Freeze() => _ = NativeDemo.kill(_etcd.Id, NativeDemo.SIGSTOP);

    /// <summary>It answers again.</summary>
    internal void Thaw() => _ = NativeDemo.kill(_etcd.Id, NativeDemo.SIGCONT);

    /// <inheritdoc/>
    public void Dispose()
    {
        _etcd.Kill();
        _etcd.WaitForExit();
        _etcd.Dispose();
        _host.Delete();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }
}
