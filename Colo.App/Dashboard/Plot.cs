using Colo.Monitor;

namespace Colo.Dashboard;

/// <summary>Bars and plots made of characters.</summary>
internal static class Plot
{
    private const int LabelWidth = 9;

    /// <summary>
    /// A title line and a plot below it, a column a second, the newest at the right. The scale begins at 0 and ends at
    /// a round number above the most that is seen.
    /// </summary>
    /// <param name="area">Where; at least three rows.</param>
    /// <param name="title">What is plotted.</param>
    /// <param name="now">Its value now, with its unit.</param>
    /// <param name="note">What else is to say of it.</param>
    /// <param name="series">The values.</param>
    /// <param name="format">Writes a value of the scale.</param>
    /// <param name="binary">True for bytes: round numbers are powers of two.</param>
    internal static void Draw(Area area, string title, string now, string note, Series series, Func<long, string> format, bool binary = false)
    {
        area.Rule(0, "");
        var x = area.Text(1, 0, $" {title} ", Tone.Accent);
        x = area.Text(x, 0, $"{now} ", Tone.Strong);
        if (note.Length > 0 && area.Width - x >= note.Length + 3)
            area.Right(area.Width - 1, 0, $" {note} ", Tone.Dim);
        var body = area.Part(LabelWidth + 1, 1, area.Width - LabelWidth - 2, area.Height - 1);
        if (body.Height < 1 || body.Width < 1)
            return;
        var values = series.Last(body.Width);
        var most = values.Where(v => !double.IsNaN(v)).DefaultIfEmpty(0).Max();
        var top = Scale(most, binary);
        area.Right(LabelWidth, 1, format((long)top), Tone.Dim);
        if (body.Height > 1)
            area.Right(LabelWidth, body.Height, "0", Tone.Dim);
        for (var y = 0; y < body.Height; y++)
            area.Set(LabelWidth, 1 + y, area.Charset.Vertical, Tone.Dim);
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsNaN(values[i]))
                continue;
            var steps = Steps(values[i], top, body.Height * body.Charset.Steps);
            for (var y = 0; y < body.Height; y++)
                body.Set(i, body.Height - 1 - y, body.Charset.Level(steps - y * body.Charset.Steps), Tone.Good);
        }
    }

    /// <summary>How many steps of a column a value fills; what is more than nothing is seen.</summary>
    internal static int Steps(double value, double top, int steps) =>
        value <= 0 ? 0 : Math.Clamp((int)Math.Round(value / top * steps), 1, steps);

    /// <summary>The round number at or above a value: 1, 2 or 5 times a power of ten, or a power of two; at least 1.</summary>
    internal static double Scale(double most, bool binary)
    {
        var top = 1.0;
        if (binary)
        {
            while (top < most)
                top *= 2;
            return top;
        }

        while (true)
        {
            foreach (var factor in (ReadOnlySpan<double>)[1, 2, 5])
            {
                if (top * factor >= most)
                    return top * factor;
            }

            top *= 10;
        }
    }

    /// <summary>A bar of progress; full only at 100.</summary>
    internal static string Bar(Charset charset, double percent, int width)
    {
        var done = Math.Clamp((int)(percent / 100 * width), 0, percent < 100 ? Math.Max(0, width - 1) : width);
        return new string(charset.Full, done) + new string(charset.Rest, width - done);
    }
}
