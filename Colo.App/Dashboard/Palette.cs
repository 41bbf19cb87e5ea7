using Terminal.Gui.Drawing;
using Attribute = Terminal.Gui.Drawing.Attribute;

namespace Colo.Dashboard;

/// <summary>What a tone looks like on the terminal. The background stays the user's own.</summary>
internal sealed class Palette(bool colours)
{
    // https://no-color.org, and terminals that never had colours.
    internal static Palette FromEnvironment(Func<string, string?> variable)
    {
        var term = variable("TERM") ?? "";
        var plain = !string.IsNullOrEmpty(variable("NO_COLOR"))
            || term.StartsWith("vt1", StringComparison.Ordinal) || term.StartsWith("vt2", StringComparison.Ordinal)
            || term.EndsWith("-m", StringComparison.Ordinal) || term.EndsWith("-mono", StringComparison.Ordinal);
        return new(!plain);
    }

    internal bool HasColours => colours;

    internal Attribute this[Tone tone] => tone switch
    {
        Tone.Normal => new(Color.None, Color.None),
        Tone.Dim => new(Color.None, Color.None, TextStyle.Faint),
        Tone.Strong => new(Color.None, Color.None, TextStyle.Bold),
        Tone.Bar => new(Color.None, Color.None, TextStyle.Reverse),
        Tone.Good => Of(ColorName16.Green, TextStyle.None),
        Tone.Warning => Of(ColorName16.Yellow, TextStyle.None),
        Tone.Bad => Of(ColorName16.Red, TextStyle.Bold),
        Tone.Accent => Of(ColorName16.Cyan, TextStyle.None),
        Tone.GoodBadge => Of(ColorName16.Green, TextStyle.Bold | TextStyle.Reverse),
        Tone.WarningBadge => Of(ColorName16.Yellow, TextStyle.Bold | TextStyle.Reverse),
        _ => Of(ColorName16.Red, TextStyle.Bold | TextStyle.Reverse),
    };

    private Attribute Of(ColorName16 colour, TextStyle style) =>
        new(colours ? new Color(colour) : Color.None, Color.None, style);
}
