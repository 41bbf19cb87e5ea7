using System.Text;
using System.Text.RegularExpressions;

namespace Colo.Cli;

/// <summary>
/// colo.ini(5), from docs/configuration.md, which the executable carries: a test holds that page to the keys that are read. Only
/// the Markdown that is used there is understood: headings, paragraphs, blocks of code, tables, code and links in a line.
/// </summary>
internal static partial class ConfigurationPage
{
    internal static string Write(DateOnly date)
    {
        var page = new Roff("colo.ini", 5, date, Node.StatusParts.Version, "File Formats");
        page.Section("NAME");
        page.Line($"colo.ini \\- configuration of a virtual machine that {Roff.Bold("colo")}(1) runs");
        page.Section("DESCRIPTION");
        var afterHeading = true;
        var lines = new Queue<string>(Source().Split('\n'));
        while (lines.TryDequeue(out var line))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                page.Section(Plain(line[3..]));
                afterHeading = true;
                continue;
            }

            // The title stands in NAME.
            if (line.Length == 0 || line.StartsWith("# ", StringComparison.Ordinal))
                continue;
            if (line.StartsWith("```", StringComparison.Ordinal))
                page.Example(Take(lines, l => !l.StartsWith("```", StringComparison.Ordinal), dropEnd: true), afterHeading);
            else if (line[0] == '|')
                Table(page, [line, .. Take(lines, l => l.StartsWith('|'), dropEnd: false)]);
            else
                page.Paragraph(Inline(string.Join(' ', Take(lines, l => l.Length > 0, dropEnd: false).Prepend(line))), afterHeading);
            afterHeading = false;
        }

        page.Section("SEE ALSO");
        page.Line($"{Roff.Bold("colo")}(1), {Roff.Bold("colo-run")}(1)");
        return page.ToString();
    }

    private static List<string> Take(Queue<string> lines, Func<string, bool> wanted, bool dropEnd)
    {
        var taken = new List<string>();
        while (lines.TryPeek(out var next) && wanted(next))
            taken.Add(lines.Dequeue());
        if (dropEnd)
            lines.TryDequeue(out _);
        return taken;
    }

    /// <summary>A row is an item: its first cell the term. A middle cell, of three, is what holds without the key.</summary>
    private static void Table(Roff page, List<string> rows)
    {
        foreach (var row in rows.Skip(2))
        {
            var cells = row.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries);
            var text = Inline(cells[^1]);
            page.Item(Roff.Bold(Plain(cells[0])), cells.Length < 3 || cells[1].Length == 0 ? text : $"{text} Default: {Inline(cells[1])}.");
        }
    }

    private static string Plain(string markdown) => Link().Replace(markdown, "$1").Replace("`", "", StringComparison.Ordinal);

    private static string Inline(string markdown)
    {
        var result = new StringBuilder();
        var code = false;
        foreach (var part in Link().Replace(markdown, "$1").Split('`'))
        {
            result.Append(code ? Roff.Bold(part) : Roff.Text(part));
            code = !code;
        }

        return result.ToString();
    }

    private static string Source()
    {
        using var stream = typeof(ConfigurationPage).Assembly.GetManifestResourceStream("configuration.md")
            ?? throw new InvalidOperationException("configuration.md is missing in the executable");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]+\)")]
    private static partial Regex Link();
}
