namespace Colo.Tests.Guest;

/// <summary>A test with the real QEMU and network namespaces; skipped, with the reason, where they are missing.</summary>
internal sealed class QemuFactAttribute : FactAttribute
{
    public QemuFactAttribute(params string[] tools)
    {
        if (Environment.UserName != "root")
            Skip = "needs root for network namespaces";
        string[] all = ["qemu-system-x86_64", "ip", "nft", "sysctl", .. tools];
        string? missing = all.FirstOrDefault(tool => !Directories.Any(d => File.Exists(Path.Combine(d, tool))));
        if (missing is not null)
            Skip = $"needs {missing}";
        if (!File.Exists("/dev/net/tun"))
            Skip = "needs /dev/net/tun";
    }

    private static IEnumerable<string> Directories =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"]);
}
