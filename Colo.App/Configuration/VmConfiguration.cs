namespace Colo.Configuration;

/// <summary>The CPU that the guest sees; both hosts must be able to give it.</summary>
public enum CpuModel
{
    /// <summary>What the host has.</summary>
    Host,

    /// <summary>The level x86-64-v2 of the psABI (SSE4.2, POPCNT).</summary>
    X8664V2,

    /// <summary>The level x86-64-v3 of the psABI (AVX2, BMI, FMA).</summary>
    X8664V3,
}

/// <summary>How a kernel of the user's own learns of its virtio devices.</summary>
public enum DeviceDiscovery
{
    /// <summary>From ACPI tables (LNRO0005).</summary>
    Acpi,

    /// <summary>From <c>virtio_mmio.device=</c> on its command line.</summary>
    CommandLine,
}

/// <summary>What becomes of a guest that asks for a reset, ends in a triple fault, or says that it has crashed.</summary>
public enum CrashPolicy
{
    /// <summary>It starts anew.</summary>
    Restart,

    /// <summary>It ends, on both nodes.</summary>
    Stop,

    /// <summary>It stays stopped as it is, to be saved and looked at.</summary>
    Keep,
}

/// <summary>The virtual machine: section <c>[vm]</c>.</summary>
/// <param name="Name">Name of the guest: letters, digits, <c>.</c>, <c>_</c>, <c>-</c>; at most 64.</param>
/// <param name="Memory">Guest memory in bytes, a multiple of 2 MiB, at least 16 MiB.</param>
/// <param name="Cpus">Number of vCPUs, 1 to 64.</param>
/// <param name="Kernel"><c>builtin:demo</c>, or the full path of an ELF with a PVH note or a bzImage.</param>
/// <param name="Initrd">Full path of an initial RAM disk; null without one.</param>
/// <param name="CommandLine">Kernel command line; null when the file gives none.</param>
/// <param name="StateDirectory">Directory of the node's own records; null: beside the first disk.</param>
/// <param name="Cpu">The CPU model.</param>
public sealed record VmConfiguration(
    string Name,
    long Memory,
    int Cpus,
    string Kernel,
    string? Initrd,
    string? CommandLine,
    string? StateDirectory,
    CpuModel Cpu)
{
    /// <summary>How long the guest has for its shutdown after its power button was pressed, before it is powered off; 0: it is at once.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What becomes of a guest that crashes or asks for a reset.</summary>
    public CrashPolicy OnCrash { get; init; }

    /// <summary>How a kernel that is no built-in one learns of its virtio devices.</summary>
    public DeviceDiscovery Devices { get; init; }

    /// <summary>The kernel that comes with the program.</summary>
    public const string BuiltinDemo = "builtin:demo";

    private const long Mebi = 1 << 20;

    /// <summary>True for a kernel that comes with the program, false for a file.</summary>
    public bool KernelIsBuiltin => Kernel == BuiltinDemo;

    internal static VmConfiguration Read(SectionReader s) => new(
        s.Value("name", "web1", ValueParsers.NameAccepted(64), (string t, out string v) => ValueParsers.Name(t, 64, out v)),
        s.Size("memory", 256 * Mebi, 16 * Mebi, 1L << 40, 2 * Mebi),
        s.Number("cpus", 1, 1, 64),
        Kernel: ReadKernel(s),
        s.Path("initrd"),
        s.Text("cmdline", 2047),
        s.Path("state-dir"),
        s.Choice("cpu", CpuModel.Host, ("host", CpuModel.Host), ("x86-64-v2", CpuModel.X8664V2), ("x86-64-v3", CpuModel.X8664V3)))
    {
        StopTimeout = s.Time("stop-timeout", TimeSpan.FromSeconds(60), TimeSpan.Zero, TimeSpan.FromHours(1)),
        OnCrash = s.Choice("on-crash", CrashPolicy.Restart, ("restart", CrashPolicy.Restart), ("stop", CrashPolicy.Stop), ("keep", CrashPolicy.Keep)),
        Devices = s.Choice("devices", DeviceDiscovery.Acpi, ("acpi", DeviceDiscovery.Acpi), ("cmdline", DeviceDiscovery.CommandLine)),
    };

    private static string ReadKernel(SectionReader s)
    {
        const string accepted = "builtin:demo, or the path of an ELF with a PVH note or of a Linux bzImage";
        return s.Value("kernel", BuiltinDemo, accepted, (string text, out string value) =>
        {
            value = text;
            if (text == BuiltinDemo)
                return true;
            return !text.StartsWith("builtin:", StringComparison.Ordinal) && s.TryPath("kernel", text, out value);
        });
    }
}
