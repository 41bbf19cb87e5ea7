using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Colo.Dashboard;

namespace Colo.Cli;

/// <summary>A command whose help page says more than its line in the list, and ends with examples.</summary>
internal sealed class CommandWithExamples(string name, string summary, string details, string examples) : Command(name, summary)
{
    internal string Details => details;

    internal string Examples => examples;
}

/// <summary>The help page, with the examples of the command below it.</summary>
internal sealed class HelpWithExamples(HelpAction page) : SynchronousCommandLineAction
{
    // Longer lines are hard to read, however wide the terminal is.
    private const int WidthLimit = 100;

    private const string Indent = "  ";

    internal const string General =
        """
        Two nodes run the same guest from the same checkpoint and give it the same input; what the
        outside world sees is compared before it leaves. When one node is lost, the other goes on,
        with the guest's connections open.

        Exit status: 0 done; 1 failed; 2 usage or configuration error; 3 refused for safety;
        4 no such node is running.
        """;

    internal const string First =
        """
        colo demo                                      see it work on this machine, as root
        colo keygen /etc/colo/link.key                 make a key; copy it to the other node
        colo run --role primary                        run the guest here
        colo run --role secondary                      protect it there
        colo status                                    what is going on?
        """;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        page.MaxWidth = Math.Min(page.MaxWidth, WidthLimit);
        var status = page.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var command = parseResult.CommandResult.Command as CommandWithExamples;
        Write(output, "Details", Fill(command?.Details ?? General, page.MaxWidth - Indent.Length));
        Write(output, "Examples", command?.Examples ?? First);
        return status;
    }

    /// <summary>Breaks paragraphs anew, as wide as the page is; the lines that they have in the source are no matter, as for man.</summary>
    internal static string Fill(string text, int width) =>
        string.Join("\n\n", text.Split("\n\n").Select(paragraph => string.Join('\n', Wrap.Lines(paragraph.Replace('\n', ' '), width))));

    private static void Write(TextWriter output, string title, string text)
    {
        if (text.Length == 0)
            return;
        output.WriteLine($"{title}:");
        foreach (var line in text.Split('\n'))
            output.WriteLine(line.Length == 0 ? "" : Indent + line);
        output.WriteLine();
    }
}
