using System.Globalization;
using Colo.Demo;

namespace Colo.Soak.Faults;

/// <summary>What can befall the cable between the two hosts of a <see cref="DemoNetwork"/>, apart from its being cut.</summary>
internal static class LinkFaults
{
    private const string Table = "inet colo_soak";

    /// <summary>Programs that are needed, with their packages; null: all are there.</summary>
    internal static string? Missing { get; } =
        Find("nft") is null ? "nft is missing: apt-get install nftables"
        : Find("tc") is null ? "tc is missing: apt-get install iproute2"
        : null;

    /// <summary>From now on what comes over the link is lost at this host; what it sends arrives.</summary>
    internal static void Deafen(NetworkNamespace host) => Run(host, "nft",
        $"add table {Table}; add chain {Table} in {{ type filter hook input priority 0; }}; add rule {Table} in iifname \"link0\" drop");

    /// <summary>It hears again.</summary>
    internal static void Undeafen(NetworkNamespace host) => Run(host, "nft", $"delete table {Table}");

    /// <summary>From now on this host sends over the link so slowly (tc-tbf(8)).</summary>
    internal static void Slow(NetworkNamespace host, int kilobitsPerSecond) => Run(host, "tc", "qdisc", "add", "dev", "link0", "root", "tbf",
        "rate", kilobitsPerSecond.ToString(CultureInfo.InvariantCulture) + "kbit", "burst", "16kb", "latency", "300ms");

    /// <summary>It is as fast as before.</summary>
    internal static void Unslow(NetworkNamespace host) => Run(host, "tc", "qdisc", "del", "dev", "link0", "root");

    private static void Run(NetworkNamespace host, string program, params string[] arguments)
    {
        var (code, output) = host.Run(() => ChildProcess.Capture(Find(program)!, arguments));
        if (code != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {output.Trim()} (exit status {code})");
    }

    private static string? Find(string program) =>
        ((string[])["/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"]).Select(f => f + program).FirstOrDefault(File.Exists);
}
