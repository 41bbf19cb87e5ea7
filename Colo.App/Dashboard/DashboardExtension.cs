namespace Colo.Dashboard;

/// <summary>
/// What somebody who shows the dashboard adds to it: lines below every page, keys, and which node is shown. All members
/// but <see cref="Begin"/> are called on the dashboard's thread, at every drawing, and must not wait.
/// </summary>
internal interface IDashboardExtension
{
    /// <summary>The control socket of the node to show. When it changes, the other node is shown from then on.</summary>
    string Socket { get; }

    /// <summary>Stands in the rule above the lines.</summary>
    string Title { get; }

    /// <summary>The lines; each has one row.</summary>
    IReadOnlyList<ExtraLine> Lines { get; }

    /// <summary>The keys. They go before those of the dashboard, but not before an open question or the console.</summary>
    IReadOnlyList<ExtraKey> Keys { get; }

    /// <summary>What it means to leave the dashboard, for the help page; at most 50 characters.</summary>
    string Leaving { get; }

    /// <summary>Is called once, before the first drawing.</summary>
    /// <param name="changed">Has everything asked and drawn anew; from any thread, and without waiting.</param>
    void Begin(Action changed);
}

/// <summary>A line of an extension.</summary>
/// <param name="Label">What it is about, at most 10 characters.</param>
/// <param name="Text">Cut where the screen ends.</param>
/// <param name="Tone">How it stands out.</param>
internal sealed record ExtraLine(string Label, string Text, Tone Tone = Tone.Normal);

/// <summary>A key of an extension.</summary>
/// <param name="Key">The letter; capital or not makes no difference.</param>
/// <param name="Label">What it does, for the foot of the screen; empty: it is not shown there.</param>
/// <param name="Help">What it does, for the help page; at most 50 characters; empty: it is not shown there.</param>
/// <param name="Press">Does it, on the dashboard's thread; must not wait.</param>
internal sealed record ExtraKey(char Key, string Label, string Help, Action Press)
{
    /// <summary>Whether a key by this name is meant.</summary>
    internal bool Is(string name) => name.Length == 1 && char.ToUpperInvariant(name[0]) == char.ToUpperInvariant(Key);
}

/// <summary>Draws the lines of an extension.</summary>
internal static class ExtraLines
{
    private const int LabelWidth = 12;

    /// <summary>Draws them at the foot of a part of the screen, and returns what is left above them.</summary>
    internal static Area Draw(Area area, IDashboardExtension extra)
    {
        var lines = extra.Lines;
        // The page keeps at least half: what does not fit is left out from below.
        var rows = Math.Min(lines.Count + 1, area.Height / 2);
        if (rows < 2)
            return area;
        var part = area.Below(area.Height - rows);
        part.Rule(0, extra.Title, Tone.Accent);
        for (var i = 0; i < rows - 1; i++)
        {
            part.Text(1, 1 + i, lines[i].Label, Tone.Dim);
            part.Text(LabelWidth, 1 + i, lines[i].Text, lines[i].Tone);
        }

        return area.Part(0, 0, area.Width, area.Height - rows);
    }
}
