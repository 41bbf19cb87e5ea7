namespace Colo.Dashboard;

/// <summary>A column of a table.</summary>
/// <param name="Title">Its head.</param>
/// <param name="Width">In cells; 0: the one column that takes what is left and breaks its text into lines.</param>
/// <param name="Right">Figures stand at the right.</param>
internal sealed record Column(string Title, int Width, bool Right = false);

/// <summary>A row of a table: a text for each column, and a tone.</summary>
internal sealed record TableRow(Tone Tone, params string[] Cells);

/// <summary>Draws tables that can be scrolled by lines.</summary>
internal static class Table
{
    // Where two cells would push a column out of the screen, one has to do.
    private const int WideGap = 2;

    /// <summary>Draws the head and as many lines as fit.</summary>
    /// <param name="area">Where.</param>
    /// <param name="columns">The columns; at most one of them without a width.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="scroll">Lines hidden above, or, when it follows the end, below; brought into its bounds.</param>
    /// <param name="fromEnd">True: the last line is the one that is seen without scrolling.</param>
    internal static void Draw(Area area, IReadOnlyList<Column> columns, IReadOnlyList<TableRow> rows, ref int scroll, bool fromEnd = false)
    {
        const int leastFlexible = 36;
        var widths = columns.Sum(c => c.Width);
        var gap = area.Width - 2 - widths - WideGap * (columns.Count - 1) < leastFlexible ? 1 : WideGap;
        var flexible = Math.Max(8, area.Width - 2 - widths - gap * (columns.Count - 1));
        var x = 1;
        var places = columns.Select(c =>
        {
            var place = (Left: x, Width: c.Width == 0 ? flexible : c.Width);
            x += place.Width + gap;
            return place;
        }).ToArray();

        area.Fill(0, 0, area.Width, ' ', Tone.Bar);
        for (var i = 0; i < columns.Count; i++)
            Cell(area, places[i], 0, columns[i].Title, columns[i].Right, Tone.Bar);

        var lines = new List<(TableRow Row, int Part, List<string> Long)>();
        foreach (var row in rows)
        {
            var at = columns.TakeWhile(c => c.Width != 0).Count();
            var text = at < columns.Count ? Wrap.Lines(row.Cells[at], flexible) : [""];
            for (var part = 0; part < text.Count; part++)
                lines.Add((row, part, text));
        }

        // The last row says where in the table one is, when it does not fit.
        var body = lines.Count > area.Height - 1 ? area.Part(0, 1, area.Width, area.Height - 2) : area.Below(1);
        var hidden = Math.Max(0, lines.Count - body.Height);
        scroll = Math.Clamp(scroll, 0, hidden);
        var first = fromEnd ? hidden - scroll : scroll;
        for (var y = 0; y < body.Height && first + y < lines.Count; y++)
        {
            var (row, part, text) = lines[first + y];
            for (var i = 0; i < columns.Count; i++)
            {
                var cell = columns[i].Width == 0 ? text[part] : part == 0 ? row.Cells[i] : "";
                Cell(body, places[i], y, cell, columns[i].Right, row.Tone);
            }
        }

        if (hidden > 0)
            area.Right(area.Width - 1, area.Height - 1, $"lines {first + 1} to {first + body.Height} of {lines.Count}", Tone.Dim);
    }

    private static void Cell(Area area, (int Left, int Width) place, int y, string text, bool right, Tone tone)
    {
        var part = area.Part(place.Left, y, place.Width, 1);
        if (right && text.Length <= place.Width)
            part.Right(place.Width, 0, text, tone);
        else
            part.Text(0, 0, text, tone);
    }
}
