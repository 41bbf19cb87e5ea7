using System.Globalization;
using System.Text.RegularExpressions;

namespace Colo.Tests.Monitor;

/// <summary>A strict reader of the Prometheus text format 0.0.4; what is not exactly right is an exception.</summary>
internal sealed partial class PrometheusText
{
    private readonly Dictionary<string, string> _types = [];
    private readonly Dictionary<string, double> _samples = [];

    internal PrometheusText(string text)
    {
        Require(text.EndsWith('\n') && !text.Contains('\r', StringComparison.Ordinal), "lines end in \\n");
        string? family = null, helped = null;
        foreach (var line in text[..^1].Split('\n'))
        {
            if (Help().Match(line) is { Success: true } help)
            {
                helped = help.Groups["name"].Value;
                Require(!_types.ContainsKey(helped), $"{helped} stands twice");
            }
            else if (Type().Match(line) is { Success: true } type)
            {
                family = type.Groups["name"].Value;
                Require(family == helped, $"TYPE of {family} does not follow its HELP");
                Require(_types.TryAdd(family, type.Groups["type"].Value), $"{family} stands twice");
                Require(type.Groups["type"].Value != "counter" || family.EndsWith("_total", StringComparison.Ordinal), $"counter {family}");
            }
            else
            {
                var sample = SampleLine().Match(line);
                Require(sample.Success, $"malformed: {line}");
                var name = sample.Groups["name"].Value;
                var allowed = family is not null && _types[family] == "histogram"
                    ? name == family + "_bucket" || name == family + "_sum" || name == family + "_count"
                    : name == family;
                Require(allowed, $"{name} below {family}");
                var value = double.Parse(sample.Groups["value"].Value, NumberStyles.Float, CultureInfo.InvariantCulture);
                Require(_samples.TryAdd(name + sample.Groups["labels"].Value, value), $"twice: {line}");
            }
        }

        foreach (var histogram in _types.Where(t => t.Value == "histogram").Select(t => t.Key))
            CheckHistogram(histogram);
    }

    internal double this[string sample] => _samples.TryGetValue(sample, out var value) ? value : throw new KeyNotFoundException(sample);

    internal IEnumerable<string> Families => _types.Keys;

    internal IEnumerable<string> Samples => _samples.Keys;

    private void CheckHistogram(string name)
    {
        var buckets = _samples.Where(s => s.Key.StartsWith(name + "_bucket{le=\"", StringComparison.Ordinal))
            .Select(s => (Bound: s.Key[(name.Length + "_bucket{le=\"".Length)..^2], s.Value)).ToList();
        var bounds = buckets.Select(b => b.Bound == "+Inf" ? double.PositiveInfinity : double.Parse(b.Bound, CultureInfo.InvariantCulture)).ToList();
        Require(bounds.Count > 1 && bounds[^1] == double.PositiveInfinity && bounds.SequenceEqual(bounds.Order()), $"bounds of {name}");
        Require(buckets.Select(b => b.Value).SequenceEqual(buckets.Select(b => b.Value).Order()), $"{name} does not grow");
        Require(this[name + "_count"] == buckets[^1].Value, $"count of {name}");
        _ = this[name + "_sum"];
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
            throw new FormatException(what);
    }

    [GeneratedRegex("""^# HELP (?<name>[a-z_][a-z0-9_]*) (?<text>([^\\\n]|\\\\|\\n)+)$""")]
    private static partial Regex Help();

    [GeneratedRegex("""^# TYPE (?<name>[a-z_][a-z0-9_]*) (?<type>gauge|counter|histogram|summary)$""")]
    private static partial Regex Type();

    [GeneratedRegex("""^(?<name>[a-z_][a-z0-9_]*)(?<labels>\{[a-z_]+="([^"\\\n]|\\\\|\\"|\\n)*"(,[a-z_]+="([^"\\\n]|\\\\|\\"|\\n)*")*\})? (?<value>-?[0-9]+(\.[0-9]+)?(E[-+]?[0-9]+)?)$""")]
    private static partial Regex SampleLine();
}
