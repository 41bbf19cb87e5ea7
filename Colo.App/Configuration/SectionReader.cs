using System.Text;

namespace Colo.Configuration;

/// <summary>
/// Reads the values of one section. Every method names the key it reads, which is also what makes the key known:
/// what nobody asked for is an error. A wrong value is recorded and the default returned, so that all errors of a
/// file are found at once.
/// </summary>
internal sealed class SectionReader(IniSection section, List<ConfigurationError> errors)
{
    private readonly HashSet<string> _refused = new(StringComparer.OrdinalIgnoreCase);

    internal delegate bool Parser<T>(string text, out T value);

    /// <summary>NAME of <c>[disk:NAME]</c>; empty for a section without a name.</summary>
    internal string Name => section.Name;

    /// <summary>The keys that were asked for, in that order.</summary>
    internal List<string> KnownKeys { get; } = [];

    internal bool Has(string key) => section.Find(key) is not null;

    /// <summary>False when a value of these keys was refused: what rests on it is then not judged.</summary>
    internal bool Valid(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (_refused.Contains(key))
                return false;
        }

        return true;
    }

    internal void Error(string key, string problem, string accepted) =>
        errors.Add(section.Error(key, problem, accepted));

    internal T Value<T>(string key, T fallback, string accepted, Parser<T> parse)
    {
        KnownKeys.Add(key);
        return section.Find(key) is { } entry ? Parse(entry, fallback, accepted, parse) : fallback;
    }

    internal T Required<T>(string key, T placeholder, string accepted, Parser<T> parse)
    {
        KnownKeys.Add(key);
        if (section.Find(key) is { } entry)
            return Parse(entry, placeholder, accepted, parse);
        Error(key, "missing", accepted);
        return placeholder;
    }

    internal bool Switch(string key, bool fallback) =>
        Value(key, fallback, "on, off, true or false", (string t, out bool v) => ValueParsers.Switch(t, out v));

    internal int Number(string key, int fallback, int least, int most) =>
        Value(key, fallback, $"a whole number, {least} to {most}", (string t, out int v) => ValueParsers.Number(t, out v) && v >= least && v <= most);

    internal TimeSpan Time(string key, TimeSpan fallback, TimeSpan least, TimeSpan most) =>
        Value(
            key,
            fallback,
            $"a time with its unit (us, ms, s, m or h), {ValueParsers.Write(least)} to {ValueParsers.Write(most)}",
            (string t, out TimeSpan v) => ValueParsers.Time(t, out v) && v >= least && v <= most);

    internal long Size(string key, long fallback, long least, long most, long multiple) =>
        Size(key, (long?)fallback, least, most, multiple)!.Value;

    internal long? Size(string key, long? fallback, long least, long most, long multiple) =>
        Value(
            key,
            fallback,
            $"a size in K, M or G, {ValueParsers.Write(least)} to {ValueParsers.Write(most)}, a multiple of {ValueParsers.Write(multiple)}",
            (string t, out long? v) =>
            {
                var ok = ValueParsers.Size(t, out var bytes) && bytes >= least && bytes <= most && bytes % multiple == 0;
                v = bytes;
                return ok;
            });

    internal T Choice<T>(string key, T fallback, params ReadOnlySpan<(string Name, T Value)> choices)
    {
        var known = choices.ToArray();
        return Value(key, fallback, string.Join(", ", known[..^1].Select(c => c.Name)) + " or " + known[^1].Name, (string t, out T v) =>
        {
            var index = Array.FindIndex(known, c => c.Name == t);
            v = index < 0 ? fallback : known[index].Value;
            return index >= 0;
        });
    }

    internal string? Text(string key, int limit) =>
        Value(key, (string?)null, $"a text of at most {limit} bytes", (string t, out string? v) =>
        {
            v = t;
            return Encoding.UTF8.GetByteCount(t) <= limit;
        });

    internal string? Path(string key)
    {
        return Value(key, (string?)null, PathAccepted, (string t, out string? v) =>
        {
            var ok = TryPath(key, t, out var full);
            v = full;
            return ok;
        });
    }

    internal string RequiredPath(string key, string accepted) =>
        Required(key, "", accepted, (string t, out string v) => TryPath(key, t, out v));

    /// <summary>Makes a path full: a relative one counts from the directory of the file, or with --set from the working directory.</summary>
    internal bool TryPath(string key, string text, out string full)
    {
        full = "";
        // A path that ends in a slash names a directory's content, never a file that could be opened.
        if (text.Length == 0 || Encoding.UTF8.GetByteCount(text) > 4000)
            return false;
        full = System.IO.Path.GetFullPath(text, section.Find(key)!.BaseDirectory);
        full = full.Length > 1 ? full.TrimEnd('/') : full;
        return true;
    }

    private const string PathAccepted = "the path of a file or directory, relative to this file's directory or in full";

    private T Parse<T>(IniEntry entry, T fallback, string accepted, Parser<T> parse)
    {
        if (!entry.Value.Any(char.IsControl) && parse(entry.Value, out var value))
            return value;
        // The commonest mistake: other readers take a comment behind a value, this one takes it as part of it.
        var hint = entry.Line is not null && (entry.Value.Contains(" ;", StringComparison.Ordinal) || entry.Value.Contains(" #", StringComparison.Ordinal))
            ? " (comments stand on lines of their own)"
            : "";
        _refused.Add(entry.Key);
        Error(entry.Key, $"found {ConfigurationError.Quote(entry.Value)}", accepted + hint);
        return fallback;
    }
}
