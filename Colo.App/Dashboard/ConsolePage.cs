namespace Colo.Dashboard;

/// <summary>The guest's serial console: the end of what it wrote, and the place where typing goes.</summary>
internal static class ConsolePage
{
    internal static void Draw(Area area, ConsoleText console)
    {
        var x = area.Rule(0, "Serial console of the guest");
        area.Text(x, 0, console.Trouble is { } trouble ? $" {trouble} " : console.IsOpen ? " open: what you type goes to the guest " : " connecting ",
            console.Trouble is null ? Tone.Good : Tone.Warning);
        var body = area.Below(1);
        var rows = new List<(string Text, bool IsLast)>();
        for (var i = console.Lines.Count - 1; i >= 0 && rows.Count < body.Height; i--)
        {
            var line = console.Lines[i].ToString();
            var isLast = i == console.Lines.Count - 1;
            // The cursor may stand one cell behind a full row.
            var parts = Math.Max(1, (Math.Max(line.Length, isLast ? console.Column + 1 : 0) + body.Width - 1) / body.Width);
            for (var part = parts - 1; part >= 0; part--)
            {
                var from = Math.Min(line.Length, part * body.Width);
                rows.Add((line[from..Math.Min(line.Length, from + body.Width)], isLast && console.Column / body.Width == part));
            }
        }

        if (rows.Count > body.Height)
            rows.RemoveRange(body.Height, rows.Count - body.Height);
        for (var i = 0; i < rows.Count; i++)
        {
            var (y, text) = (rows.Count - 1 - i, rows[i].Text);
            body.Text(0, y, text);
            if (!rows[i].IsLast || !console.IsOpen)
                continue;
            var column = console.Column % body.Width;
            body.Set(column, y, column < text.Length ? text[column] : ' ', Tone.Bar);
        }
    }
}
