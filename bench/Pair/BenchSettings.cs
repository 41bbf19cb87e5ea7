using System.Globalization;
using Colo.Demo;

namespace Colo.Bench.Pair;

/// <summary>What is measured, how often, and with which programs.</summary>
internal sealed record BenchSettings
{
    /// <summary>Begins the names of all namespaces and folders.</summary>
    internal const string Prefix = "colo-bench-";

    internal const string Usage = """
        Usage: dotnet run -c Release [-- [PART]... [OPTION]...]

        A protected pair against QEMU's, the same guest in both, in one run. Needs root and /dev/kvm, and for the peer
        qemu-system-x86_64. Where KVM refuses QEMU, QEMU runs under TCG, and the output says so.

        Parts (all but memory when none is named):
          pause       vCPUs stopped at a checkpoint, commit and pages: idle, and with 100, 1,000 and 10,000 pages an epoch
          throughput  redis-benchmark, wrk and a UDP echo: alone and protected
          tsc         replies that never agree (/tsc)
          takeover    the gap that a client sees at 1 kHz when the primary is killed, 128 MB and 2 GB of guest memory
          silence     the same when the primary's host is gone: nothing ends, nothing answers any more
          sync        the first sync: seconds a GB, and how much the guest slows meanwhile
          memory      the secondary's memory over the guest's (1 GiB), after a load and after a takeover
          start       from exec to the guest's first serial output; size of the executable

        Options:
          --repeats N     measurements of each figure (5)
          --seconds S     length of one measurement (5)
          --kills N       takeovers of each memory size, and lost hosts (100)
          --minutes M     load before memory is measured (60)
          --patience N    stretches time limits, for a machine that is N times too slow: 1 to 100 (1)
          --pin           primary, secondary and clients on processors of their own, as far as there are enough
          --only SIDE     colo or qemu: nothing of the other
          --binary FILE   the colo executable (out/colo)
          --qemu FILE     the QEMU executable (qemu-system-x86_64)
          --cpu MODEL     the CPU model of QEMU under KVM (host,-arch-capabilities)
        """;

    internal static readonly string[] AllParts = ["pause", "throughput", "tsc", "takeover", "silence", "sync", "memory", "start"];

    internal IReadOnlyList<string> Parts { get; private set; } = [];

    internal int Repeats { get; private set; } = 5;

    internal TimeSpan Window { get; private set; } = TimeSpan.FromSeconds(5);

    internal int Kills { get; private set; } = 100;

    internal TimeSpan MemoryLoad { get; private set; } = TimeSpan.FromHours(1);

    internal int Patience { get; private set; } = 1;

    internal Pinning Pinning { get; private set; } = Pinning.Over(on: false);

    internal bool Colo { get; private set; } = true;

    internal bool Qemu { get; private set; } = true;

    internal string Binary { get; private set; } = Built();

    internal string QemuBinary { get; private set; } = "qemu-system-x86_64";

    internal string QemuCpu { get; private set; } = "host,-arch-capabilities";

    /// <summary>The longest wait for a pair to be protected or a guest to have booted.</summary>
    internal TimeSpan Limit => TimeSpan.FromSeconds(30) * Patience;

    /// <summary>Reads the command line.</summary>
    /// <exception cref="FormatException">It is wrong; the message says where, and what is accepted.</exception>
    internal static BenchSettings Parse(IReadOnlyList<string> arguments)
    {
        var settings = new BenchSettings();
        var parts = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            string Value() => ++i < arguments.Count ? arguments[i] : throw new FormatException($"{argument} needs a value");
            int Number(int least, int most) =>
                int.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                    ? number
                    : throw new FormatException($"{argument} {arguments[i]}: a whole number from {least} to {most} is accepted");
            switch (argument)
            {
                case "--repeats":
                    settings.Repeats = Number(1, 1000);
                    break;
                case "--seconds":
                    settings.Window = TimeSpan.FromSeconds(Number(1, 3600));
                    break;
                case "--kills":
                    settings.Kills = Number(1, 10_000);
                    break;
                case "--minutes":
                    settings.MemoryLoad = TimeSpan.FromMinutes(Number(0, 10_000));
                    break;
                case "--patience":
                    settings.Patience = Number(1, 100);
                    break;
                case "--pin":
                    settings.Pinning = Pinning.Over(on: true);
                    break;
                case "--only":
                    var side = Value();
                    if (side is not ("colo" or "qemu"))
                        throw new FormatException($"--only {side}: colo or qemu is accepted");
                    (settings.Colo, settings.Qemu) = (side == "colo", side == "qemu");
                    break;
                case "--binary":
                    settings.Binary = Path.GetFullPath(Value());
                    break;
                case "--qemu":
                    settings.QemuBinary = Value();
                    break;
                case "--cpu":
                    settings.QemuCpu = Value();
                    break;
                case var part when AllParts.Contains(part):
                    parts.Add(part);
                    break;
                default:
                    throw new FormatException($"{argument}: no part and no option; parts are {string.Join(", ", AllParts)}");
            }
        }

        // An hour of load is nothing that somebody should get without asking.
        settings.Parts = parts.Count > 0 ? parts : [.. AllParts.Where(p => p != "memory")];
        return settings;
    }

    /// <summary>What is missing for this, and how to get it; null when all is there.</summary>
    internal string? Missing() =>
        Linux.Native.geteuid() != 0 ? "it makes network namespaces and therefore needs root"
        : !IpTool.IsInstalled ? "ip is missing: apt-get install iproute2"
        : Colo && !File.Exists("/dev/kvm") ? "/dev/kvm is missing: enable virtualisation in the firmware and load kvm_intel or kvm_amd; --only qemu measures QEMU under TCG"
        : Colo && !File.Exists(Binary) ? $"{Binary} is missing: ./build.sh makes it, --binary names another"
        : Qemu && Find(QemuBinary) is null ? $"{QemuBinary} is missing: apt-get install qemu-system-x86, or --only colo"
        : Parts.Contains("throughput") && Find("redis-benchmark") is null ? "redis-benchmark is missing: apt-get install redis-tools"
        : (Parts.Contains("throughput") || Parts.Contains("tsc")) && Find("wrk") is null ? "wrk is missing: apt-get install wrk"
        : null;

    // As build.sh leaves it, wherever this is started from.
    private static string Built()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "build.sh")))
            folder = folder.Parent;
        return Path.GetFullPath(Path.Combine(folder?.FullName ?? ".", "out", "colo"));
    }

    /// <summary>The path of a program; null when it is in no folder of PATH.</summary>
    internal static string? Find(string program) =>
        program.Contains('/') ? File.Exists(program) ? Path.GetFullPath(program) : null
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
