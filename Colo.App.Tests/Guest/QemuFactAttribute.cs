namespace Colo.Tests.Guest;

/// <summary>A test with the real QEMU and network namespaces; skipped, with the reason, where they are missing.</summary>
internal sealed class QemuFactAttribute : FactAttribute
{
    public QemuFactAttribute(params string[] tools) => Skip = Missing(tools);

    /// <summary>What is missing; null: nothing.</summary>
    internal static string? Missing(params string[] tools)
    {
        if (Environment.UserName != "root")
            return "needs root for network namespaces";
        string[] all = ["qemu-system-x86_64", "ip", "nft", "sysctl", .. tools];
        string? missing = all.FirstOrDefault(tool => !Directories.Any(d => File.Exists(Path.Combine(d, tool))));
        if (missing is not null)
            return $"needs {missing}";
        return File.Exists("/dev/net/tun") ? null : "needs /dev/net/tun";
    }

    private static IEnumerable<string> Directories =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"]);
}

/// <summary>As <see cref="QemuFactAttribute"/>, with data.</summary>
internal sealed class QemuTheoryAttribute : TheoryAttribute
{
    public QemuTheoryAttribute() => Skip = QemuFactAttribute.Missing();
}
