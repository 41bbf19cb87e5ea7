namespace Colo.Dashboard;

/// <summary>Breaks texts into lines.</summary>
internal static class Wrap
{
    /// <summary>Lines of at most <paramref name="width"/> characters, broken at spaces where there are some; at least one line.</summary>
    internal static List<string> Lines(string text, int width)
    {
        var lines = new List<string>();
        var rest = Charset.OneLine(text).TrimEnd();
        width = Math.Max(1, width);
        while (rest.Length > width)
        {
            var space = rest.LastIndexOf(' ', width);
            // A word longer than half a line is cut: a ragged column reads worse than a cut word.
            var cut = space > width / 2 ? space : width;
            lines.Add(rest[..cut].TrimEnd());
            rest = rest[cut..].TrimStart();
        }

        lines.Add(rest);
        return lines;
    }
}
