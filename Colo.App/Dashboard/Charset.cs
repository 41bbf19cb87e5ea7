using System.Text;

namespace Colo.Dashboard;

/// <summary>Which characters the terminal can show, and which of them frames, bars and plots are made of.</summary>
internal sealed class Charset
{
    private const char Unknown = '?';

    private readonly string _levels;
    private readonly bool _wide;

    private Charset(bool unicode)
    {
        _wide = unicode;
        _levels = unicode ? "▁▂▃▄▅▆▇█" : ".:#";
        (Horizontal, Vertical) = unicode ? ('─', '│') : ('-', '|');
        (TopLeft, TopRight, BottomLeft, BottomRight) = unicode ? ('┌', '┐', '└', '┘') : ('+', '+', '+', '+');
        (Full, Rest) = unicode ? ('█', '░') : ('#', '.');
        Cut = unicode ? '…' : '~';
    }

    /// <summary>Plain ASCII.</summary>
    internal static Charset Ascii { get; } = new(false);

    /// <summary>Lines and blocks of Unicode.</summary>
    internal static Charset Unicode { get; } = new(true);

    internal char Horizontal { get; }

    internal char Vertical { get; }

    internal char TopLeft { get; }

    internal char TopRight { get; }

    internal char BottomLeft { get; }

    internal char BottomRight { get; }

    /// <summary>The done part of a bar, and what is left of it.</summary>
    internal char Full { get; }

    /// <inheritdoc cref="Full"/>
    internal char Rest { get; }

    /// <summary>Stands at the end of a text that did not fit.</summary>
    internal char Cut { get; }

    /// <summary>How many steps one cell of a plot has.</summary>
    internal int Steps => _levels.Length;

    /// <summary>A cell of a plot that is filled to a step, 1 to <see cref="Steps"/>; 0 is empty.</summary>
    internal char Level(int step) => step <= 0 ? ' ' : _levels[Math.Min(step, Steps) - 1];

    /// <summary>As locale(7) has it: the first of LC_ALL, LC_CTYPE and LANG that is not empty decides; UTF-8 is Unicode.</summary>
    internal static Charset FromEnvironment(Func<string, string?> variable)
    {
        var locale = new[] { "LC_ALL", "LC_CTYPE", "LANG" }.Select(variable).FirstOrDefault(v => !string.IsNullOrEmpty(v)) ?? "";
        return locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase) || locale.Contains("utf8", StringComparison.OrdinalIgnoreCase)
            ? Unicode
            : Ascii;
    }

    /// <summary>
    /// The character as it may be drawn. Everything on the screen passes here, so that no control character of a log
    /// line, a name or the guest gets to the terminal; and nothing that is not one cell wide, so that columns stay in line.
    /// </summary>
    internal char Drawable(char c) => c switch
    {
        >= ' ' and <= '~' => c,
        _ when !_wide => Unknown,
        // Latin, Greek, Cyrillic without marks that combine; punctuation and arrows; lines, blocks and shapes.
        >= '\u00a1' and <= '\u02ff' and not '\u00ad' => c,
        >= '\u0370' and <= '\u0482' or >= '\u048a' and <= '\u052f' => c,
        >= '\u2010' and <= '\u2027' or >= '\u2190' and <= '\u21ff' or >= '\u2500' and <= '\u25ff' => c,
        _ => Unknown,
    };

    /// <summary>A text of somebody else on one line: escape sequences are gone, control characters are spaces.</summary>
    internal static string OneLine(string text)
    {
        // The usual case costs nothing.
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.AsSpan().ContainsAnyInRange('\x7f', '\x9f'))
            return text;
        var clean = new StringBuilder(text.Length);
        var escapes = new EscapeFilter();
        foreach (var c in text)
        {
            if (escapes.Passes(c))
                clean.Append(char.IsControl(c) ? ' ' : c);
        }

        return clean.ToString();
    }
}
