using System.Globalization;

namespace Colo.Bench.Pair;

/// <summary>Measurements of one thing: the median and the spread are printed, never the best alone.</summary>
internal sealed class Figures
{
    private readonly List<double> _values = [];

    internal int Count => _values.Count;

    internal double Median => Part(0.5);

    internal void Add(double value) => _values.Add(value);

    /// <summary>The value that this part of all does not exceed; NaN when there is none.</summary>
    internal double Part(double part)
    {
        var sorted = _values.Order().ToList();
        return sorted.Count == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(sorted.Count * part) - 1, 0, sorted.Count - 1)];
    }

    /// <summary>Median (least-greatest).</summary>
    public override string ToString() => Count switch
    {
        0 => "-",
        1 => Short(Median),
        _ => $"{Short(Median)} ({Short(Part(0))}-{Short(Part(1))})",
    };

    /// <summary>Three digits that count.</summary>
    internal static string Short(double value) =>
        double.IsNaN(value) ? "-"
        : value == Math.Floor(value) && Math.Abs(value) < 1e15 ? value.ToString("F0", CultureInfo.InvariantCulture)
        : value.ToString(Math.Abs(value) switch { >= 100 => "F0", >= 10 => "F1", _ => "F2" }, CultureInfo.InvariantCulture);

    /// <summary>How a figure compares with another, as a quotient; "-" where one of them is missing.</summary>
    internal static string Ratio(Figures? of, Figures? over) =>
        of is not { Count: > 0 } || over is not { Count: > 0 } || over.Median == 0 ? "-" : Short(of.Median / over.Median);
}

/// <summary>A table in the form that docs/figures.md takes as it is.</summary>
internal sealed class Table(string title, params string[] columns)
{
    private readonly List<string[]> _rows = [];

    internal void Row(params string[] cells) => _rows.Add(cells);

    internal void Print(TextWriter to)
    {
        var all = _rows.Prepend(columns).ToList();
        var widths = columns.Select((_, i) => all.Max(row => i < row.Length ? row[i].Length : 0)).ToArray();
        string Line(string[] row) => "| " + string.Join(" | ", widths.Select((w, i) => (i < row.Length ? row[i] : "").PadRight(w))) + " |";
        to.WriteLine($"\n{title}\n");
        to.WriteLine(Line(columns));
        to.WriteLine("|" + string.Concat(widths.Select(w => new string('-', w + 2) + "|")));
        foreach (var row in _rows)
            to.WriteLine(Line(row));
        to.Flush();
    }
}
