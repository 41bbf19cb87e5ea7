namespace Colo.Tests.Support;

/// <summary>
/// Linux kernels for tests: vmlinux-6.1 and bzImage-6.1 with virtio-mmio, network, block, ext4 and the serial port built in,
/// in the folder that COLO_GUESTS names, or in ../shared/guests beside the repository.
/// </summary>
internal static class GuestFiles
{
    internal static string? Folder { get; } = Find();

    internal static string? Missing { get; } =
        Folder is null ? "needs kernels for tests: vmlinux-6.1 and bzImage-6.1 in the folder COLO_GUESTS, or in ../shared/guests beside the repository" : null;

    internal static string BzImage => Path.Combine(Folder!, "bzImage-6.1");

    internal static string Vmlinux => Path.Combine(Folder!, "vmlinux-6.1");

    /// <summary>Kernels as distributions build them, in the same folder under their own names, for example Debian's <c>vmlinuz-6.1.0-56-cloud-amd64</c> of linux-image-cloud-amd64; there may be none.</summary>
    internal static string[] DistributionKernels => Folder is null ? [] : Directory.GetFiles(Folder, "vmlinuz-*");

    private static string? Find()
    {
        var named = Environment.GetEnvironmentVariable("COLO_GUESTS");
        if (string.IsNullOrEmpty(named))
        {
            var root = AppContext.BaseDirectory;
            while (root is not null && !File.Exists(Path.Combine(root, "Directory.Packages.props")))
                root = Path.GetDirectoryName(root);
            if (root is null)
                return null;
            named = Path.Combine(root, "..", "shared", "guests");
        }

        return File.Exists(Path.Combine(named, "bzImage-6.1")) && File.Exists(Path.Combine(named, "vmlinux-6.1")) ? Path.GetFullPath(named) : null;
    }
}

/// <summary>A test with a real Linux kernel, which is only looked at.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GuestFilesFactAttribute : FactAttribute
{
    public GuestFilesFactAttribute() => Skip = GuestFiles.Missing;
}

/// <summary>A test with distributions' kernels, which are only looked at.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class DistributionKernelFactAttribute : FactAttribute
{
    public DistributionKernelFactAttribute() => Skip = GuestFiles.DistributionKernels.Length > 0 ? null
        : "needs a distribution's kernel, /boot/vmlinuz-VERSION of linux-image-cloud-amd64 for example, beside vmlinux-6.1 and bzImage-6.1";
}

/// <summary>A test that boots a real Linux kernel by the published binary, with busybox as its userland.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxGuestTheoryAttribute : TheoryAttribute
{
    internal const string Busybox = "/bin/busybox";

    public LinuxGuestTheoryAttribute() => Skip = Requirement.Pair ?? GuestFiles.Missing
        ?? (IsStatic(Busybox) ? null : $"needs a {Busybox} without libraries (package busybox-static)")
        ?? (HasHardware ? null : "needs VT-x or AMD-V: without them KVM emulates a kernel's own code, too slowly for Linux");

    // What needs libraries names its loader among its first headers.
    private static bool IsStatic(string program)
    {
        if (!File.Exists(program))
            return false;
        using var file = File.OpenHandle(program);
        var start = new byte[4096];
        var length = RandomAccess.Read(file, start, 0);
        return start.AsSpan(0, length).IndexOf("/ld-"u8) < 0;
    }

    private static bool HasHardware => File.ReadLines("/proc/cpuinfo")
        .Any(line => line.StartsWith("flags", StringComparison.Ordinal) && line.Split(' ').Any(flag => flag is "vmx" or "svm"));
}
