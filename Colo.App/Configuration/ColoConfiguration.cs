using System.Collections.Immutable;

namespace Colo.Configuration;

/// <summary>
/// The configuration of a node: <c>colo.ini</c> and the <c>--set</c> overrides, validated as a whole and immutable.
/// The file is the same on both nodes.
/// </summary>
/// <param name="Path">The file it was read from.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Disks">The disks, in the order in which the guest numbers them.</param>
/// <param name="Nics">The network cards, in the order in which the guest numbers them.</param>
/// <param name="Link">The connection to the other node.</param>
/// <param name="Checkpoint">When checkpoints are taken.</param>
/// <param name="Failover">How the loss of a node is dealt with.</param>
/// <param name="Monitor">How the node is watched.</param>
public sealed record ColoConfiguration(
    string Path,
    VmConfiguration Vm,
    ImmutableArray<DiskConfiguration> Disks,
    ImmutableArray<NicConfiguration> Nics,
    LinkConfiguration Link,
    CheckpointConfiguration Checkpoint,
    FailoverConfiguration Failover,
    MonitorConfiguration Monitor)
{
    /// <summary>The file that is read when the command line names none.</summary>
    public const string DefaultPath = "/etc/colo/colo.ini";

    private const int DeviceLimit = 8;
    private const string DisksAreNamed = "[disk:NAME], at most 20 letters, digits, '.', '_' and '-'";
    private const string NicsAreNamed = "[nic:NAME], at most 20 letters, digits, '.', '_' and '-'";

    private static readonly string[] SectionTitles =
        ["vm", "disk:NAME", "nic:NAME", "link", "checkpoint", "failover", "monitor"];

    /// <summary>Reads and validates the configuration.</summary>
    /// <param name="path">The INI file.</param>
    /// <param name="sets">Overrides <c>SECTION:KEY=VALUE</c>; of two for one key the later counts.</param>
    /// <param name="role">The role the node is to take: all but standalone need a complete <c>[link]</c>. Null when
    /// no node is to run.</param>
    /// <exception cref="ConfigurationException">Something is wrong: holds every error that was found.</exception>
    public static ColoConfiguration Load(string path, IReadOnlyList<string> sets, NodeRole? role = null)
    {
        var errors = new List<ConfigurationError>();
        var input = IniInput.Read(path, sets, errors);
        var (configuration, readers) = Build(path, input, errors);
        CrossChecks.Run(configuration, readers, role);
        if (errors.Count > 0)
            throw new ConfigurationException([.. errors.OrderBy(e => e.Line ?? int.MaxValue)]);
        return configuration;
    }

    /// <summary>The keys each kind of section knows, as they stand in the code that reads them.</summary>
    internal static IReadOnlyDictionary<string, IReadOnlyList<string>> KnownKeys()
    {
        var errors = new List<ConfigurationError>();
        var input = IniInput.Read("/dev/null", ["disk:a:path=a", "nic:a:mac=a"], errors);
        var (_, readers) = Build("/dev/null", input, errors);
        return readers.All().ToDictionary(r => r.Kind, r => (IReadOnlyList<string>)r.Reader.KnownKeys);
    }

    private static (ColoConfiguration Configuration, SectionReaders Readers) Build(string path, IniInput input, List<ConfigurationError> errors)
    {
        var readers = new SectionReaders(input, path, errors);
        var vm = VmConfiguration.Read(readers.Vm);
        var configuration = new ColoConfiguration(
            path,
            vm,
            [.. readers.Disks.Select(DiskConfiguration.Read)],
            [.. readers.Nics.Select(NicConfiguration.Read)],
            LinkConfiguration.Read(readers.Link),
            CheckpointConfiguration.Read(readers.Checkpoint),
            FailoverConfiguration.Read(readers.Failover),
            MonitorConfiguration.Read(readers.Monitor, vm.Name));
        CheckSections(input, errors);
        CheckKeys(input, readers, errors);
        return (configuration, readers);
    }

    private static void CheckSections(IniInput input, List<ConfigurationError> errors)
    {
        foreach (var section in input.Sections)
        {
            switch (section.Kind)
            {
                case "disk" when !ValueParsers.Name(section.Name, DiskConfiguration.NameLimit, out _):
                    errors.Add(section.Error(null, "found no usable NAME", DisksAreNamed));
                    break;
                case "nic" when !ValueParsers.Name(section.Name, NicConfiguration.NameLimit, out _):
                    errors.Add(section.Error(null, "found no usable NAME", NicsAreNamed));
                    break;
                case "disk" or "nic":
                    break;
                case "vm" or "link" or "checkpoint" or "failover" or "monitor" when section.Name.Length == 0:
                    break;
                default:
                    // "vm:x" is nearest to vm, whatever x is.
                    var nearest = NearestName.Find(section.Kind, SectionTitles.Select(t => t.Split(':')[0]));
                    var title = SectionTitles.First(t => t.Split(':')[0] == nearest);
                    errors.Add(section.Error(null, "unknown section", $"[{title}] is the nearest known section of {string.Join(", ", SectionTitles)}"));
                    break;
            }
        }

        foreach (var kind in new[] { "disk", "nic" })
        {
            var many = input.Sections.Where(s => s.Kind == kind).Skip(DeviceLimit).FirstOrDefault();
            if (many is not null)
                errors.Add(many.Error(null, $"one more than {DeviceLimit} [{kind}:NAME] sections", $"at most {DeviceLimit}"));
        }
    }

    private static void CheckKeys(IniInput input, SectionReaders readers, List<ConfigurationError> errors)
    {
        foreach (var section in input.Sections)
        {
            if (readers.Of(section) is not { } reader)
                continue;
            foreach (var entry in section.Entries.Where(e => !reader.KnownKeys.Contains(e.Key, StringComparer.OrdinalIgnoreCase)))
            {
                var elsewhere = readers.All().FirstOrDefault(r => r.Reader.KnownKeys.Contains(entry.Key, StringComparer.OrdinalIgnoreCase));
                var nearest = elsewhere.Kind is { } kind
                    ? $"{entry.Key} belongs to [{kind}]; [{section.Kind}] knows "
                    : $"{NearestName.Find(entry.Key, reader.KnownKeys)} is the nearest known key of ";
                errors.Add(section.Error(entry.Key, "unknown key", nearest + string.Join(", ", reader.KnownKeys)));
            }
        }
    }
}
