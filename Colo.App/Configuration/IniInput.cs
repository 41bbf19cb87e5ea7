using System.Text;
using Microsoft.Extensions.Configuration.Ini;

namespace Colo.Configuration;

/// <summary>One <c>key = value</c>, with where it came from.</summary>
internal sealed record IniEntry(string Key, string Value, string Source, int? Line, string BaseDirectory);

/// <summary>One section in the order of the file, overrides laid over it.</summary>
internal sealed class IniSection(string kind, string name, string source, int? line)
{
    private readonly List<IniEntry> _entries = [];

    internal string Kind => kind;

    internal string Name => name;

    internal string Title => name.Length == 0 ? kind : $"{kind}:{name}";

    internal IReadOnlyList<IniEntry> Entries => _entries;

    internal IniEntry? Find(string key) => _entries.Find(e => e.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    internal void Put(IniEntry entry)
    {
        var index = _entries.FindIndex(e => e.Key.Equals(entry.Key, StringComparison.OrdinalIgnoreCase));
        if (index >= 0)
            _entries[index] = entry;
        else
            _entries.Add(entry);
    }

    /// <summary>An error of a key, or of the section (null), placed where the key or else the section stands.</summary>
    internal ConfigurationError Error(string? key, string problem, string accepted)
    {
        var entry = key is null ? null : Find(key);
        return new(entry?.Source ?? source, entry is null ? line : entry.Line, Title, key, problem, accepted);
    }
}

/// <summary>
/// The text of the configuration before anything is made of it. Values come from the reader of
/// Microsoft.Extensions.Configuration.Ini; a walk over the same lines by the same rules adds what that reader does
/// not tell: the order of sections, the line of each key, and all faulty lines instead of the first.
/// </summary>
internal sealed class IniInput
{
    // Far beyond any honest file; a device or a mistaken image is not read into memory.
    private const int FileLimit = 1 << 20;

    private readonly List<IniSection> _sections = [];
    private readonly List<ConfigurationError> _errors;

    private IniInput(List<ConfigurationError> errors) => _errors = errors;

    internal IReadOnlyList<IniSection> Sections => _sections;

    /// <summary>Reads the file and lays the overrides over it; what is malformed goes to <paramref name="errors"/>.</summary>
    internal static IniInput Read(string path, IReadOnlyList<string> sets, List<ConfigurationError> errors)
    {
        var input = new IniInput(errors);
        if (input.ReadFile(path) is { } text)
            input.ReadLines(path, text);
        foreach (var set in sets)
            input.Override(set);
        return input;
    }

    /// <summary>The section with this title, or an empty one: a file need not name what it leaves at its defaults.</summary>
    internal IniSection Section(string kind, string path) =>
        _sections.Find(s => s.Kind == kind && s.Name.Length == 0) ?? new IniSection(kind, "", path, null);

    private string? ReadFile(string path)
    {
        const string accepted = "a readable text file in UTF-8, named by --config; colo.ini.example shows one";
        try
        {
            using var stream = File.OpenRead(path);
            var bytes = new byte[FileLimit + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length <= FileLimit)
                return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length).TrimStart('\uFEFF');
            _errors.Add(new(path, null, "", null, "larger than 1M", accepted));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            _errors.Add(new(path, null, "", null, e is DecoderFallbackException ? "not UTF-8" : $"cannot be read: {e.Message.TrimEnd('.')}", accepted));
        }

        return null;
    }

    private void ReadLines(string path, string text)
    {
        // The reader ends a line at CR, LF or both.
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var walk = new Walk(path, Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/");
        for (var i = 0; i < lines.Length; i++)
        {
            // The reader stops at its first fault: it gets the text without those that are known by now.
            if (!ReadLine(walk, i + 1, lines[i].Trim()))
                lines[i] = "";
        }

        TakeValues(walk, string.Join('\n', lines));
    }

    /// <summary>Takes one trimmed line; false when the reader is not to see it.</summary>
    private bool ReadLine(Walk walk, int number, string line)
    {
        if (line.Length == 0 || line[0] is ';' or '#' or '/')
            return false;
        if (line[0] == '[')
        {
            walk.Section = line[^1] == ']' ? OpenSection(walk.Path, number, line[1..^1].Trim()) : Malformed(walk.Path, number, line);
            walk.Prefix = line[1..].TrimEnd(']').Trim();
            walk.Skip = walk.Section is null;
            return !walk.Skip;
        }

        // What stands below a faulty section line belongs to nothing; the fault itself has been told.
        if (walk.Skip)
            return false;
        var separator = line.IndexOf('=', StringComparison.Ordinal);
        var key = separator < 0 ? "" : line[..separator].Trim();
        if (key.Length == 0)
        {
            Malformed(walk.Path, number, line);
            return false;
        }

        if (walk.Section is not { } section)
        {
            _errors.Add(new(walk.Path, number, "", key, "stands before any section", "a key below a [section] line"));
            return false;
        }

        var full = $"{walk.Prefix}:{key}";
        if (!walk.Seen.TryAdd(full, number))
        {
            _errors.Add(new(walk.Path, number, section.Title, key, $"given twice, first in line {walk.Seen[full]}", "each key once in its section"));
            return false;
        }

        walk.Places.Add((section, full, key, number));
        return true;
    }

    private void TakeValues(Walk walk, string text)
    {
        IDictionary<string, string?> values;
        try
        {
            using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
            values = IniStreamConfigurationProvider.Read(stream);
        }
        catch (FormatException e)
        {
            _errors.Add(new(walk.Path, null, "", null, e.Message, "[section] and key = value lines"));
            return;
        }

        foreach (var (section, fullKey, key, line) in walk.Places)
        {
            if (values.TryGetValue(fullKey, out var value))
                section.Put(new(key, value ?? "", walk.Path, line, walk.Directory));
        }
    }

    private IniSection? OpenSection(string path, int line, string title)
    {
        var (kind, name) = Split(title);
        if (Find(kind, name) is not null)
        {
            _errors.Add(new(path, line, title, null, "this section stands twice", "each section once, with all of its keys"));
            return null;
        }

        var section = new IniSection(kind, name, path, line);
        _sections.Add(section);
        return section;
    }

    private IniSection? Malformed(string path, int line, string text)
    {
        _errors.Add(new(path, line, "", null, $"found {ConfigurationError.Quote(text)}", "[section], key = value, or a line that begins with ';'"));
        return null;
    }

    private void Override(string set)
    {
        var equals = set.IndexOf('=', StringComparison.Ordinal);
        var colon = equals < 0 ? -1 : set.LastIndexOf(':', equals);
        if (colon <= 0 || colon + 1 >= equals)
        {
            _errors.Add(new("--set", null, "", null, $"found {ConfigurationError.Quote(set)}", "SECTION:KEY=VALUE, for example checkpoint:interval=500ms or nic:lan:backend=tap:tap0"));
            return;
        }

        var (kind, name) = Split(set[..colon].Trim());
        var section = Find(kind, name);
        if (section is null)
        {
            section = new IniSection(kind, name, "--set", null);
            _sections.Add(section);
        }

        section.Put(new(set[(colon + 1)..equals].Trim(), set[(equals + 1)..].Trim(), "--set", null, Environment.CurrentDirectory));
    }

    private IniSection? Find(string kind, string name) =>
        _sections.Find(s => s.Kind == kind && s.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static (string Kind, string Name) Split(string title)
    {
        var colon = title.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (title.ToLowerInvariant(), "") : (title[..colon].Trim().ToLowerInvariant(), title[(colon + 1)..].Trim());
    }

    /// <summary>Where the walk over the lines of a file is.</summary>
    private sealed class Walk(string path, string directory)
    {
        internal string Path => path;

        internal string Directory => directory;

        internal IniSection? Section { get; set; }

        internal string Prefix { get; set; } = "";

        internal bool Skip { get; set; }

        internal Dictionary<string, int> Seen { get; } = new(StringComparer.OrdinalIgnoreCase);

        internal List<(IniSection Section, string FullKey, string Key, int Line)> Places { get; } = [];
    }
}
