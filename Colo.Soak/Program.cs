using System.Globalization;
using Colo.Demo;
using Colo.Linux;
using Colo.Soak.Faults;

namespace Colo.Soak;

/// <summary>The program: <c>./build.sh soak [MINUTES] [SEED]</c>.</summary>
internal static class Program
{
    private const double DefaultMinutes = 5;

    private const string Usage = """
        Usage: ./build.sh soak [MINUTES] [SEED] [OPTION]...

        A protected pair on this machine under load, and one fault after the other; docs/soak.md says which, and what is
        checked. Needs root and /dev/kvm. Ends with a summary; exit status 0 when nothing was violated, else 1.

          MINUTES          how long faults are made: 0.1 to 10000, 5 when nothing is said
          SEED             decides which faults come: a whole number; one is drawn when nothing is said
          --arbiter ON     on: etcd decides when the nodes lose each other; off: nobody. As the seed says when nothing is said
          --patience N     stretches all times, for a machine that is N times too slow: 1 to 100
          --faults N       ends after N faults
          --only KIND,...  only faults of these kinds, to look into one; the summary's table names them
          --capture        keeps the heads of all frames as wire.pcap beside the logs (tcpdump)
          --binary FILE    the colo binary (out/colo)
          --logs FOLDER    where events and the nodes' logs are kept (out/soak/SEED)
        """;

    private static int Main(string[] arguments)
    {
        if (arguments is ["-h" or "--help"])
        {
            Console.WriteLine(Usage);
            return 0;
        }

        SoakSettings settings;
        try
        {
            settings = Parse(arguments);
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine($"soak: {e.Message}\n\n{Usage}");
            return 2;
        }

        if (Missing(settings) is not { } missing)
            return Run(settings);
        Console.Error.WriteLine("soak: " + missing);
        return 2;
    }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="FormatException">It is wrong; the message says where, and what is accepted.</exception>
    internal static SoakSettings Parse(IReadOnlyList<string> arguments)
    {
        var (minutes, seed, plain) = (DefaultMinutes, Random.Shared.Next(1, 1_000_000), 0);
        var (binary, patience, most) = (Path.Combine("out", "colo"), 1, int.MaxValue);
        bool? arbiter = null;
        var capture = false;
        string? folder = null;
        FaultKind[]? only = null;
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            string Value() => ++i < arguments.Count ? arguments[i] : throw new FormatException($"{argument} needs a value");
            switch (argument)
            {
                case "--arbiter":
                    arbiter = Value() switch { "on" => true, "off" => false, var other => throw new FormatException($"--arbiter {other}: on or off is accepted") };
                    break;
                case "--patience":
                    patience = Number(argument, Value(), 1, 100);
                    break;
                case "--faults":
                    most = Number(argument, Value(), 1, int.MaxValue);
                    break;
                case "--capture":
                    capture = true;
                    break;
                case "--only":
                    only = [.. Value().Split(',').Select(Kind)];
                    break;
                case "--binary":
                    binary = Value();
                    break;
                case "--logs":
                    folder = Value();
                    break;
                case var option when option.StartsWith('-'):
                    throw new FormatException($"{option}: there is no such option");
                case var text when plain == 0:
                    plain++;
                    if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out minutes) || minutes is not (>= 0.1 and <= 10_000))
                        throw new FormatException($"MINUTES {text}: 0.1 to 10000 is accepted");
                    break;
                case var text when plain == 1:
                    plain++;
                    seed = Number("SEED", text, 0, int.MaxValue);
                    break;
                default:
                    throw new FormatException($"{argument}: nothing is expected after MINUTES and SEED");
            }
        }

        return new SoakSettings
        {
            Seed = seed,
            Duration = TimeSpan.FromMinutes(minutes),
            Binary = Path.GetFullPath(binary),
            Folder = Path.GetFullPath(folder ?? Path.Combine("out", "soak", seed.ToString(CultureInfo.InvariantCulture))),
            Patience = patience,
            Arbiter = arbiter,
            MostFaults = most,
            Only = only,
            Capture = capture,
        };
    }

    private static int Number(string name, string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"{name} {text}: a whole number from {least} to {most} is accepted");

    private static FaultKind Kind(string name) =>
        Enum.GetValues<FaultKind>().Where(k => PlannedFault.Name(k) == name).Select(k => (FaultKind?)k).FirstOrDefault()
        ?? throw new FormatException($"--only {name}: accepted are {string.Join(", ", Enum.GetValues<FaultKind>().Select(PlannedFault.Name))}");

    private static string? Missing(SoakSettings settings) =>
        Native.geteuid() != 0 ? "it makes network namespaces and therefore needs root"
        : !File.Exists("/dev/kvm") ? "/dev/kvm is missing: enable virtualisation in the firmware and load kvm_intel or kvm_amd"
        : !IpTool.IsInstalled ? "ip is missing: apt-get install iproute2"
        : LinkFaults.Missing ?? (
            settings.Arbiter == true && ArbiterHost.Etcd is null ? "etcd is missing: apt-get install etcd-server, or --arbiter off"
            : settings.Capture && !File.Exists("/usr/bin/tcpdump") ? "tcpdump is missing: apt-get install tcpdump"
            : !File.Exists(settings.Binary) ? $"{settings.Binary} is missing: ./build.sh makes it"
            : null);

    private static int Run(SoakSettings settings)
    {
        using var stop = new StopSignals();
        foreach (var name in DemoPair.RemoveLeftovers(SoakSettings.Prefix))
            Console.WriteLine($"removed {name}, left by a campaign that was killed");
        using var sweeper = new DemoSweeper(settings.Binary, SoakSettings.Prefix);
        using var campaign = new Campaign(settings, Console.Out, stop.Token);
        return campaign.Run().Count == 0 ? 0 : 1;
    }
}
