using System.CommandLine;
using System.CommandLine.Completions;

namespace Colo.Cli;

/// <summary>What a value is, for those who help to type it.</summary>
internal enum ValueKind
{
    /// <summary>No value: a flag.</summary>
    None,

    /// <summary>Anything.</summary>
    Text,

    /// <summary>One of a few words.</summary>
    Choice,

    /// <summary>The name of a file.</summary>
    File,

    /// <summary>The name of a directory.</summary>
    Directory,
}

/// <summary>A value of the command line.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">How help calls it.</param>
/// <param name="Choices">The words, of a choice.</param>
internal sealed record CommandValue(ValueKind Kind, string Name, IReadOnlyList<string> Choices);

/// <summary>An option, as a reader or a shell sees it.</summary>
/// <param name="Names">Its names, the one to use first.</param>
/// <param name="Description">One line.</param>
/// <param name="Value">What follows it.</param>
/// <param name="Required">Whether the command is refused without it.</param>
/// <param name="Repeats">Whether it may stand more than once.</param>
internal sealed record CommandOption(IReadOnlyList<string> Names, string Description, CommandValue Value, bool Required, bool Repeats);

/// <summary>A value that stands without an option's name.</summary>
/// <param name="Description">One line.</param>
/// <param name="Value">What it is.</param>
/// <param name="Required">Whether the command is refused without it.</param>
/// <param name="Repeats">Whether there may be more than one.</param>
internal sealed record CommandArgument(string Description, CommandValue Value, bool Required, bool Repeats);

/// <summary>
/// A command as its manual page and the completions of shells are made from it: what <c>colo --help</c> shows of the command
/// line's parser, and nothing that is said a second time. Hidden commands and options are left out.
/// </summary>
/// <param name="Path">The words that lead to it, without the program's name; empty for the program itself.</param>
/// <param name="Summary">One line.</param>
/// <param name="Details">What the help page says below the options.</param>
/// <param name="Examples">What the help page ends with.</param>
/// <param name="Options">Its options.</param>
/// <param name="Arguments">Its arguments, in order.</param>
/// <param name="Commands">The commands below it.</param>
internal sealed record CommandTree(
    IReadOnlyList<string> Path,
    string Summary,
    string Details,
    string Examples,
    IReadOnlyList<CommandOption> Options,
    IReadOnlyList<CommandArgument> Arguments,
    IReadOnlyList<CommandTree> Commands)
{
    // Help names values by what they are; these are names of files.
    private static readonly string[] FileNames = ["FILE", "PATH"];
    private static readonly string[] DirectoryNames = ["DIR", "DIRECTORY"];

    /// <summary>The tree of the whole program.</summary>
    internal static CommandTree Create() => Of(ColoCommandLine.CreateRoot(), [], []);

    /// <summary>This command and all below it.</summary>
    internal IEnumerable<CommandTree> All() => Commands.SelectMany(c => c.All()).Prepend(this);

    private static CommandTree Of(Command command, string[] path, IReadOnlyList<Option> inherited)
    {
        var own = command.Options.Concat(inherited).Where(o => !o.Hidden).ToArray();
        var passedOn = command.Options.Where(o => o.Recursive).Concat(inherited).ToArray();
        var known = command as CommandWithExamples;
        return new CommandTree(
            path,
            command.Description ?? "",
            known?.Details ?? HelpWithExamples.General,
            known?.Examples ?? HelpWithExamples.First,
            [.. own.Select(Of)],
            [.. command.Arguments.Where(a => !a.Hidden).Select(a => new CommandArgument(
                a.Description ?? "", Value(a.HelpName ?? a.Name, Words(a.GetCompletions(CompletionContext.Empty))), a.Arity.MinimumNumberOfValues > 0, a.Arity.MaximumNumberOfValues > 1))],
            [.. command.Subcommands.Where(c => !c.Hidden).Select(c => Of(c, [.. path, c.Name], passedOn))]);
    }

    private static CommandOption Of(Option option)
    {
        // Help also answers to the customs of another system (/?, and -?, which shells take for a pattern).
        string[] names = [.. option.Aliases.Prepend(option.Name).Where(n => n.StartsWith('-') && char.IsAsciiLetterOrDigit(n[^1])).OrderByDescending(n => n.Length)];
        var flag = option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool);
        var value = flag
            ? new CommandValue(ValueKind.None, "", [])
            : Value(option.HelpName ?? option.Name.TrimStart('-').ToUpperInvariant(), Words(option.GetCompletions(CompletionContext.Empty)));
        return new CommandOption(names, option.Description ?? "", value, option.Required, option.Arity.MaximumNumberOfValues > 1);
    }

    private static CommandValue Value(string name, string[] choices) =>
        choices.Length > 0 ? new(ValueKind.Choice, name, choices)
        : FileNames.Contains(name) ? new(ValueKind.File, name, [])
        : DirectoryNames.Contains(name) ? new(ValueKind.Directory, name, [])
        : new(ValueKind.Text, name, []);

    private static string[] Words(IEnumerable<CompletionItem> items) => [.. items.Select(i => i.Label).Distinct()];
}
