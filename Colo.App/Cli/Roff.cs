using System.Globalization;
using System.Text;

namespace Colo.Cli;

/// <summary>Writes a manual page with the macros of man(7), in the part of them that groff and mandoc agree on.</summary>
internal sealed class Roff
{
    private readonly StringBuilder _page = new();

    internal Roff(string name, int section, DateOnly date, string version, string manual)
    {
        _page.Append(".\\\" Made by: colo man\n");
        _page.Append(CultureInfo.InvariantCulture, $".TH \"{Text(name.ToUpperInvariant())}\" {section} {date:yyyy-MM-dd} \"colo {version}\" \"{manual}\"\n");
    }

    internal void Section(string title) => _page.Append(CultureInfo.InvariantCulture, $".SH \"{Text(title)}\"\n");

    /// <summary>A paragraph, or the first of a section.</summary>
    /// <param name="roff">With its escapes.</param>
    /// <param name="first">Whether it follows a heading at once.</param>
    internal void Paragraph(string roff, bool first)
    {
        if (!first)
            _page.Append(".PP\n");
        Line(roff);
    }

    /// <summary>A term, and what there is to say of it.</summary>
    internal void Item(string term, string description)
    {
        _page.Append(".TP\n");
        Line(term);
        Line(description.Length == 0 ? "\\&" : description);
    }

    /// <summary>Lines as they are.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="first">Whether they follow a heading at once.</param>
    internal void Example(IEnumerable<string> lines, bool first)
    {
        if (!first)
            _page.Append(".PP\n");
        _page.Append(".RS 4\n.EX\n");
        foreach (var line in lines)
            Line(Text(line));
        _page.Append(".EE\n.RE\n");
    }

    /// <summary>One line, which is no request however it begins.</summary>
    internal void Line(string roff)
    {
        if (roff.StartsWith('.') || roff.StartsWith('\''))
            _page.Append("\\&");
        _page.Append(roff).Append('\n');
    }

    internal static string Bold(string text) => $"\\fB{Text(text)}\\fR";

    internal static string Italic(string text) => $"\\fI{Text(text)}\\fR";

    /// <summary>Text, with every sign that roff takes for its own written so that the reader gets, and can copy, the sign itself.</summary>
    internal static string Text(string text)
    {
        var result = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\\' => result.Append("\\e"),
                '-' => result.Append("\\-"),
                '\'' => result.Append("\\(aq"),
                '"' => result.Append("\\(dq"),
                '`' => result.Append("\\(ga"),
                '^' => result.Append("\\(ha"),
                '~' => result.Append("\\(ti"),
                > 126 => result.Append(CultureInfo.InvariantCulture, $"\\[u{rune.Value:X4}]"),
                _ => result.Append(rune),
            };
        }

        return result.ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => _page.ToString();
}
