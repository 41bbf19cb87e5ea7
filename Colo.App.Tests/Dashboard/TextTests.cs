using System.Text;
using Colo.Dashboard;

namespace Colo.Tests.Dashboard;

/// <summary>What comes from the node, the guest or the network is only ever text on the screen.</summary>
public sealed class TextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\e[31mred\e[0mb", "aredb")]
    [InlineData("a\e]0;title\ab", "ab")]
    [InlineData("a\e]0;title\e\\b", "ab")]
    [InlineData("a\ePdcs\e\\b", "ab")]
    [InlineData("a\e(0b", "ab")]
    [InlineData("a\ecb", "ab")]
    [InlineData("a\u009b31mb", "ab")]
    [InlineData("a\u009d0;title\u009cb", "ab")]
    [InlineData("a\tb\nc\0d", "a b c d")]
    [InlineData("a\e[3\u001821mb", "a21mb")]
    [InlineData("a\e", "a")]
    public void Escape_sequences_and_control_characters_do_not_get_into_a_line(string text, string clean) =>
        Assert.Equal(clean, Charset.OneLine(text));

    [Fact]
    public void A_sequence_that_is_never_ended_does_not_swallow_everything_after_it()
    {
        var text = Charset.OneLine("\e]0;" + new string('x', 5000));
        Assert.InRange(text.Length, 3000, 5000);
    }

    [Fact]
    public void Whatever_is_drawn_the_canvas_holds_no_control_character()
    {
        foreach (var charset in new[] { Charset.Ascii, Charset.Unicode })
        {
            var canvas = new Canvas(256, 256, charset);
            for (var c = 0; c < 65536; c++)
                canvas.Set(c % 256, c / 256, (char)c, Tone.Normal);
            for (var c = 0; c < 65536; c++)
            {
                var drawn = canvas[c % 256, c / 256].Character;
                Assert.False(char.IsControl(drawn) || char.IsSurrogate(drawn) || drawn is '\u200b' or '\u202e' or '\ufeff', $"U+{c:X4}");
                if (charset == Charset.Ascii)
                    Assert.InRange(drawn, ' ', '~');
            }
        }
    }

    [Theory]
    [InlineData(null, null, "C.UTF-8", true)]
    [InlineData(null, null, "de_DE.utf8", true)]
    [InlineData(null, "C", "C.UTF-8", false)]
    [InlineData("en_US.UTF-8", "C", "C", true)]
    [InlineData("", "", "en_US.UTF-8", true)]
    [InlineData("POSIX", "en_US.UTF-8", "en_US.UTF-8", false)]
    [InlineData(null, null, "de_DE.ISO-8859-1", false)]
    [InlineData(null, null, null, false)]
    public void The_locale_decides_which_characters_frames_are_made_of(string? all, string? type, string? lang, bool unicode)
    {
        var variables = new Dictionary<string, string?> { ["LC_ALL"] = all, ["LC_CTYPE"] = type, ["LANG"] = lang };
        Assert.Same(unicode ? Charset.Unicode : Charset.Ascii, Charset.FromEnvironment(variables.GetValueOrDefault));
    }

    [Theory]
    [InlineData("", "xterm-256color", true)]
    [InlineData("1", "xterm-256color", false)]
    [InlineData(null, "vt100", false)]
    [InlineData(null, "linux", true)]
    public void Colours_are_left_out_when_asked_for_and_where_there_are_none(string? noColor, string term, bool colours)
    {
        var palette = Palette.FromEnvironment(name => name == "NO_COLOR" ? noColor : term);
        Assert.Equal(colours, palette.HasColours);
        if (colours)
            return;
        foreach (var tone in Enum.GetValues<Tone>())
            Assert.Equal(palette[Tone.Normal].Foreground, palette[tone].Foreground);
    }

    [Theory]
    [InlineData("one\r\ntwo", "one|two")]
    [InlineData("10%\r20%", "20%")]
    [InlineData("abc\b\bX", "aXc")]
    [InlineData("\b\bx", "x")]
    [InlineData("a\tb", "a       b")]
    [InlineData("\e[2J\e[1;1H\e[1;32mok\e[0m\a", "ok")]
    [InlineData("line\nfeed", "line|feed")]
    [InlineData("\u00e4\u00f6", "\u00e4\u00f6")]
    public void The_console_obeys_line_controls_and_drops_the_rest(string written, string lines)
    {
        var whole = new ConsoleText();
        whole.Write(Encoding.UTF8.GetBytes(written));
        Assert.Equal(lines, string.Join('|', whole.Lines));

        // Byte by byte: a sequence may come in pieces.
        var pieces = new ConsoleText();
        foreach (var octet in Encoding.UTF8.GetBytes(written))
            pieces.Write([octet]);
        Assert.Equal(lines, string.Join('|', pieces.Lines));
    }

    [Fact]
    public void A_guest_that_never_ends_its_line_or_its_output_costs_no_memory()
    {
        var console = new ConsoleText();
        console.Write(Encoding.ASCII.GetBytes(new string('x', 100_000)));
        for (var i = 0; i < 10_000; i++)
            console.Write("y\n"u8);
        Assert.True(console.Lines.Count <= 2000, $"{console.Lines.Count} lines");
        Assert.All(console.Lines, line => Assert.True(line.Length <= 1000));
    }

    [Fact]
    public void Long_texts_break_at_spaces_and_lose_nothing()
    {
        Assert.Equal(["the quick", "brown fox"], Wrap.Lines("the quick brown fox", 10));
        Assert.Equal(["0123456789", "abc"], Wrap.Lines("0123456789abc", 10));
        Assert.Equal([""], Wrap.Lines("", 10));
    }
}
