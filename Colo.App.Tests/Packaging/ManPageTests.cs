using Colo.Cli;
using Colo.Tests.Block;

namespace Colo.Tests.Packaging;

/// <summary>The manual pages, as groff and mandoc judge them.</summary>
public sealed class ManPageTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-man-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void There_is_a_page_for_each_command_that_help_shows_and_none_for_hidden_ones()
    {
        Write();
        var commands = CommandTree.Create().Commands.Select(c => $"colo-{c.Path[^1]}.1").Append("colo.1").Order(StringComparer.Ordinal);
        var pages = Directory.GetFiles(Path.Combine(_folder.FullName, "man1")).Select(Path.GetFileName).Order(StringComparer.Ordinal);
        Assert.Equal(commands, pages!);
        Assert.DoesNotContain("colo-man.1", pages);
        Assert.Contains("colo-run.1", pages);
        using var help = new StringWriter();
        Assert.Equal(0, ColoCommandLine.Invoke(["--help"], help, TextWriter.Null));
        Assert.DoesNotContain(" man ", help.ToString(), StringComparison.Ordinal);
        Assert.Contains("completion", help.ToString(), StringComparison.Ordinal);
    }

    [ToolFact("mandoc")]
    public void Mandoc_has_no_warning() =>
        Each(page => Tools.Run("mandoc", "-Tlint", "-Wwarning", page));

    [ToolFact("groff")]
    public void Groff_has_no_warning() => Each(page =>
    {
        var (exit, output, error) = ColoBinary.RunProgram("groff", "-ww", "-man", "-Tutf8", page);
        Assert.True(exit == 0 && error.Length == 0, $"{page}: {error}");
        Assert.True(output.Length > 500, output);
    });

    [ToolFact("mandoc")]
    public void A_page_says_what_help_says_in_signs_that_can_be_copied()
    {
        Write();
        var run = Tools.Run("mandoc", "-Tascii", "-Owidth=200", Path.Combine(_folder.FullName, "man1", "colo-run.1")).Replace("_\b", "", StringComparison.Ordinal);
        run = System.Text.RegularExpressions.Regex.Replace(run, ".\b", "");
        Assert.Contains("--role ROLE", run, StringComparison.Ordinal);
        Assert.Contains("One of auto, primary, secondary, standalone. Needed.", run, StringComparison.Ordinal);
        Assert.Contains("colo run --role standalone --set vm:memory=512M --set nic:lan:backend=tap:tap0", run, StringComparison.Ordinal);
        Assert.Contains("SIGTERM: a protected primary hands the guest over", run, StringComparison.Ordinal);
        var ini = Tools.Run("mandoc", "-Tascii", "-Owidth=200", Path.Combine(_folder.FullName, "man5", "colo.ini.5"));
        ini = System.Text.RegularExpressions.Regex.Replace(ini, ".\b", "");
        Assert.Contains("[checkpoint]", ini, StringComparison.Ordinal);
        Assert.Contains("Time between two signs of life, 5ms to 10s. Default: 50ms.", ini, StringComparison.Ordinal);
        Assert.DoesNotContain("](", ini, StringComparison.Ordinal);
        Assert.DoesNotContain("| ---", ini, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".dot", "\\&.dot\n")]
    [InlineData("'quote", "\\(aqquote\n")]
    [InlineData("a\\b -x \"y\" … é", "a\\eb \\-x \\(dqy\\(dq \\[u2026] \\[u00E9]\n")]
    public void Text_never_becomes_a_request_and_keeps_its_signs(string text, string expected)
    {
        var page = new Roff("x", 1, new DateOnly(2026, 11, 22), "1", "m");
        var before = page.ToString();
        page.Line(Roff.Text(text));
        Assert.Equal(expected, page.ToString()[before.Length..]);
    }

    private void Each(Action<string> check)
    {
        Write();
        var pages = Directory.GetFiles(_folder.FullName, "*.?", SearchOption.AllDirectories);
        Assert.True(pages.Length > 8, $"{pages.Length} pages");
        foreach (var page in pages)
            check(page);
    }

    private void Write() => Assert.Equal(0, ColoCommandLine.Invoke(["man", "--to", _folder.FullName], TextWriter.Null, TextWriter.Null));
}
