using System.Globalization;
using System.Text;

namespace Colo.Monitor;

/// <summary>
/// Writes the Prometheus text format, version 0.0.4: for each family its HELP and TYPE, then its samples, all together.
/// </summary>
internal sealed class MetricsText
{
    private readonly StringBuilder _text = new(16 << 10);
    private string _family = "";

    /// <summary>Begins a family; its samples follow.</summary>
    /// <param name="name">Its name; a counter's ends in <c>_total</c>.</param>
    /// <param name="type"><c>gauge</c>, <c>counter</c>, <c>histogram</c> or <c>summary</c>.</param>
    /// <param name="help">What it is, in one line.</param>
    internal MetricsText Family(string name, string type, string help)
    {
        _family = name;
        _text.Append("# HELP ").Append(name).Append(' ').Append(Escape(help, quoted: false)).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    /// <summary>A family of one sample.</summary>
    internal void One(string name, string type, string help, double value) => Family(name, type, help).Sample(value);

    /// <summary>A sample of the family.</summary>
    internal MetricsText Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels) => Sample("", value, labels);

    /// <summary>A histogram's samples.</summary>
    /// <param name="histogram">What is written.</param>
    /// <param name="unit">What a sample of 1 is in the family's unit.</param>
    internal void Samples(Histogram histogram, double unit)
    {
        var bounds = histogram.Bounds;
        Span<long> counts = stackalloc long[bounds.Length + 1];
        var sum = histogram.Read(counts);
        for (var i = 0; i < bounds.Length; i++)
            Sample("_bucket", counts[i], ("le", Number(bounds[i] * unit)));
        Sample("_bucket", counts[^1], ("le", "+Inf"));
        Sample("_sum", sum * unit);
        Sample("_count", counts[^1]);
    }

    /// <summary>The whole text.</summary>
    internal byte[] ToBytes() => Encoding.UTF8.GetBytes(_text.ToString());

    private MetricsText Sample(string suffix, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(_family).Append(suffix);
        for (var i = 0; i < labels.Length; i++)
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"").Append(Escape(labels[i].Value, quoted: true)).Append('"');
        if (labels.Length > 0)
            _text.Append('}');
        _text.Append(' ').Append(Number(value)).Append('\n');
        return this;
    }

    // Whole numbers in full; parts of a second as decimals, rounded to where doubles are still exact.
    private static string Number(double value) =>
        value == Math.Floor(value) && Math.Abs(value) < 1e15
            ? ((long)value).ToString(CultureInfo.InvariantCulture)
            : Math.Round(value, 9).ToString("R", CultureInfo.InvariantCulture);

    private static string Escape(string text, bool quoted)
    {
        text = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quoted ? text.Replace("\"", "\\\"", StringComparison.Ordinal) : text;
    }
}
