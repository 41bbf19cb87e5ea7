using Colo.Monitor;

namespace Colo.Dashboard;

/// <summary>What has to be seen on every page: a node that does not answer, what the operator should look at, what is under way.</summary>
internal static class Notices
{
    private const int LabelWidth = 10;

    /// <summary>Draws them and returns how many rows they took.</summary>
    internal static int Draw(Area area, DashboardModel model, string? busy, string socket)
    {
        var rows = 0;
        if (model.Trouble is { } trouble)
        {
            rows = Text(area, rows, "No answer", trouble, Tone.Bad);
            rows = Text(area, rows, "", model.Status is null
                ? $"Asked again every second at {socket}."
                : $"Asked again every second. What is shown is of {Figures.Moment(model.At)} UTC.", Tone.Normal);
        }
        else if (model.Status is null)
        {
            rows = Text(area, rows, "Waiting", $"for the node at {socket}", Tone.Warning);
        }

        if (model.Status?.Attention is { } attention)
        {
            area.Rule(rows, $"ATTENTION  since {Figures.Moment(attention.Since)} UTC", Tone.Bad);
            rows = Text(area, rows + 1, "What", attention.What, Tone.Bad);
            rows = Text(area, rows, "The node", attention.Did, Tone.Normal);
            rows = Text(area, rows, "To do", attention.Todo, Tone.Strong);
        }

        return busy is null ? rows : Text(area, rows, "Under way", busy, Tone.Warning);
    }

    private static int Text(Area area, int row, string label, string text, Tone tone)
    {
        if (text.Length == 0)
            return row;
        area.Text(1, row, label, tone == Tone.Normal ? Tone.Dim : tone);
        var width = area.Width - LabelWidth - 3;
        var lines = Wrap.Lines(text, width);
        // The page below wants its room, too: less of it on a small screen.
        var most = Math.Max(3, area.Height / 6);
        if (lines.Count > most)
        {
            // What is left out shows as such; all of it is in colo status.
            lines.RemoveRange(most, lines.Count - most);
            var last = lines[^1];
            lines[^1] = $"{(last.Length > width - 2 ? last[..Math.Max(0, width - 2)] : last).TrimEnd()} {area.Charset.Cut}";
        }

        foreach (var line in lines)
            area.Text(LabelWidth + 2, row++, line, tone);
        return row;
    }
}
