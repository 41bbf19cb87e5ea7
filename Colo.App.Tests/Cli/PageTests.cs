using Colo.Cli;
using Colo.Monitor;
using Colo.Tests.Monitor;

namespace Colo.Tests.Cli;

/// <summary>Help and status on terminals of a certain size.</summary>
public sealed class PageTests
{
    private static readonly NodeStatus Status = ControlFixture.Example() with
    {
        Attention = new Attention(string.Join(' ', Enumerable.Repeat("something", 20)), "nothing", "look", ControlFixture.Example().Since),
    };

    [Fact]
    public void Details_are_broken_at_words_whatever_their_lines_in_the_source()
    {
        Assert.Equal("one two\nthree\n\nfour five", HelpWithExamples.Fill("one two three\n\nfour\nfive", 9));
        foreach (var command in CommandTree.Create().All())
        {
            using var output = new StringWriter();
            using var error = new StringWriter();
            Assert.Equal(0, ColoCommandLine.Invoke([.. command.Path, "--help"], output, error));
            var lines = output.ToString().Split('\n').SkipWhile(l => l != "Details:").TakeWhile(l => l != "Examples:").ToArray();
            Assert.All(lines, l => Assert.True(l.Length <= 100, $"{string.Join(' ', command.Path)}: {l}"));
        }
    }

    [Theory]
    [InlineData(80)]
    [InlineData(61)]
    public void A_status_page_is_broken_at_words(int width)
    {
        var whole = StatusPage.Write(Status, Status.Since.AddHours(1));
        Assert.Contains(whole.Split('\n'), l => l.Length > width);
        var page = StatusPage.Write(Status, Status.Since.AddHours(1), width);
        var lines = page.Split('\n');
        Assert.All(lines, l => Assert.True(l.Length <= width || l.Contains("99 %", StringComparison.Ordinal), l));
        // No word is lost or cut, and what goes on stands below what it belongs to.
        Assert.Equal(whole.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries), page.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("            something", lines[Array.FindIndex(lines, l => l.StartsWith("attention ", StringComparison.Ordinal)) + 1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_that_is_too_high_keeps_its_top_and_says_how_much_is_below()
    {
        var page = string.Concat(Enumerable.Range(1, 30).Select(n => $"line {n}\n"));
        var cut = StatusPage.Fit(page, 24).TrimEnd('\n').Split('\n');
        // With the cursor below it fills the screen.
        Assert.Equal(23, cut.Length);
        Assert.Equal(("line 1", "line 22", "... 8 more lines; a larger window shows them"), (cut[0], cut[21], cut[22]));
        Assert.Equal(page, StatusPage.Fit(page, 31));
        Assert.NotEqual(page, StatusPage.Fit(page, 30));
    }
}
