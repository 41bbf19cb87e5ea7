using Colo.Configuration;

namespace Colo.Cli;

/// <summary>A manual page.</summary>
/// <param name="Name">What <c>man</c> finds it by.</param>
/// <param name="Section">1: commands, 5: files.</param>
/// <param name="Text">The page, in roff.</param>
internal sealed record ManPage(string Name, int Section, string Text)
{
    /// <summary>As the directories of manuals have it.</summary>
    internal string FileName => $"{Name}.{Section}";
}

/// <summary>
/// The manual: colo(1) and a page for each command, from the tree of commands, and colo.ini(5), from docs/configuration.md.
/// </summary>
internal static class ManPages
{
    private const string Manual = "User Commands";

    private static readonly (int Status, string Meaning)[] ExitStatuses =
    [
        (ExitStatus.Done, "Done."),
        (ExitStatus.Failed, "Failed while running."),
        (ExitStatus.Usage, "Usage or configuration error; the message says what is accepted."),
        (ExitStatus.Refused, "Refused for safety."),
        (ExitStatus.NotRunning, "No such node is running."),
    ];

    internal static IEnumerable<ManPage> All(CommandTree root, DateOnly date)
    {
        foreach (var command in root.All())
            yield return new ManPage(Name(command), 1, Write(command, root, date));
        yield return new ManPage("colo.ini", 5, ConfigurationPage.Write(date));
    }

    private static string Name(CommandTree command) => string.Join('-', command.Path.Prepend("colo"));

    private static string Write(CommandTree command, CommandTree root, DateOnly date)
    {
        var page = new Roff(Name(command), 1, date, Node.StatusParts.Version, Manual);
        page.Section("NAME");
        page.Line($"{Roff.Text(Name(command))} \\- {Roff.Text(command.Summary.TrimEnd('.'))}");
        page.Section("SYNOPSIS");
        page.Line(Synopsis(command));
        page.Section("DESCRIPTION");
        // The list of exit statuses has a section of its own here.
        var paragraphs = command.Details.Split("\n\n").Where(p => !p.StartsWith("Exit status:", StringComparison.Ordinal)).ToArray();
        for (var i = 0; i < paragraphs.Length; i++)
            page.Paragraph(Roff.Text(paragraphs[i].Replace('\n', ' ')), first: i == 0);
        if (command.Commands.Count > 0)
        {
            page.Section("COMMANDS");
            foreach (var child in command.Commands)
                page.Item($"{Roff.Bold(Name(child))}(1)", Sentence(child.Summary));
        }

        if (command.Arguments.Count > 0)
        {
            page.Section("ARGUMENTS");
            foreach (var argument in command.Arguments)
                page.Item(Roff.Italic(argument.Value.Name), Sentence(argument.Description) + Choices(argument.Value));
        }

        page.Section("OPTIONS");
        foreach (var option in command.Options)
            page.Item(Term(option), Sentence(option.Description) + Choices(option.Value) + (option.Required ? " Needed." : ""));
        page.Section("EXIT STATUS");
        foreach (var (status, meaning) in ExitStatuses)
            page.Item(Roff.Bold($"{status}"), Roff.Text(meaning));
        if (command.Path.Count == 0)
        {
            page.Section("FILES");
            page.Item(Roff.Italic(ColoConfiguration.DefaultPath), "The configuration that commands read unless they are told of another.");
            page.Item($"{Roff.Italic("/etc/colo/")}NAME{Roff.Italic(".ini")}", $"The configuration of the service {Roff.Bold("colo@")}NAME{Roff.Bold(".service")}.");
            page.Item($"{Roff.Italic("/run/colo/")}NAME{Roff.Italic(".sock")}", "The control socket of a running node, NAME being that of its virtual machine.");
        }

        if (command.Examples.Length > 0)
        {
            page.Section("EXAMPLES");
            page.Example(command.Examples.Split('\n'), first: true);
        }

        page.Section("SEE ALSO");
        var others = root.All().Where(c => c != command).Select(c => $"{Roff.Bold(Name(c))}(1)");
        page.Line(string.Join(", ", others.Append($"{Roff.Bold("colo.ini")}(5)")));
        return page.ToString();
    }

    private static string Synopsis(CommandTree command)
    {
        var parts = new List<string> { Roff.Bold(string.Join(' ', command.Path.Prepend("colo"))) };
        if (command.Commands.Count > 0)
            parts.Add(Roff.Italic("COMMAND"));
        foreach (var option in command.Options)
        {
            var text = Roff.Bold(option.Names[0]) + (option.Value.Kind == ValueKind.None ? "" : "\\ " + Roff.Italic(option.Value.Name));
            parts.Add((option.Required ? text : $"[{text}]") + (option.Repeats ? "..." : ""));
        }

        foreach (var argument in command.Arguments)
        {
            var text = Roff.Italic(argument.Value.Name);
            parts.Add((argument.Required ? text : $"[{text}]") + (argument.Repeats ? "..." : ""));
        }

        return string.Join(' ', parts);
    }

    private static string Term(CommandOption option) =>
        string.Join(", ", option.Names.Select(Roff.Bold)) + (option.Value.Kind == ValueKind.None ? "" : " " + Roff.Italic(option.Value.Name));

    private static string Choices(CommandValue value) =>
        value.Kind == ValueKind.Choice ? $" One of {string.Join(", ", value.Choices.Select(Roff.Bold))}." : "";

    // Descriptions of options are written as help shows them: without the last full stop.
    private static string Sentence(string text) => Roff.Text(text.Length == 0 || text[^1] is '.' or '!' or '?' ? text : text + ".");
}
