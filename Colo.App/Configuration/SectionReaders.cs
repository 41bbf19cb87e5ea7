namespace Colo.Configuration;

/// <summary>The readers of all sections of one configuration.</summary>
internal sealed class SectionReaders
{
    private readonly Dictionary<IniSection, SectionReader> _bySection = [];
    private readonly List<ConfigurationError> _errors;

    internal SectionReaders(IniInput input, string path, List<ConfigurationError> errors)
    {
        _errors = errors;
        SectionReader One(string kind) => Make(input.Section(kind, path));
        Vm = One("vm");
        Disks = [.. input.Sections.Where(s => s.Kind == "disk").Select(Make)];
        Nics = [.. input.Sections.Where(s => s.Kind == "nic").Select(Make)];
        Link = One("link");
        Checkpoint = One("checkpoint");
        Failover = One("failover");
        Monitor = One("monitor");
    }

    internal SectionReader Vm { get; }

    internal IReadOnlyList<SectionReader> Disks { get; }

    internal IReadOnlyList<SectionReader> Nics { get; }

    internal SectionReader Link { get; }

    internal SectionReader Checkpoint { get; }

    internal SectionReader Failover { get; }

    internal SectionReader Monitor { get; }

    /// <summary>The reader of a section, or null when nobody reads it.</summary>
    internal SectionReader? Of(IniSection section) => _bySection.GetValueOrDefault(section);

    /// <summary>One reader of each kind that is there.</summary>
    internal IEnumerable<(string Kind, SectionReader Reader)> All()
    {
        yield return ("vm", Vm);
        if (Disks.Count > 0)
            yield return ("disk", Disks[0]);
        if (Nics.Count > 0)
            yield return ("nic", Nics[0]);
        yield return ("link", Link);
        yield return ("checkpoint", Checkpoint);
        yield return ("failover", Failover);
        yield return ("monitor", Monitor);
    }

    private SectionReader Make(IniSection section)
    {
        var reader = new SectionReader(section, _errors);
        _bySection.Add(section, reader);
        return reader;
    }
}
