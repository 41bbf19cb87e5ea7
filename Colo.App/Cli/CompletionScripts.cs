using System.Globalization;
using System.Text;

namespace Colo.Cli;

/// <summary>Completion scripts for shells, from the tree of commands.</summary>
internal static class CompletionScripts
{
    /// <summary>For bash 4.4 and later; needs nothing of the package bash-completion.</summary>
    internal static string Bash(CommandTree root)
    {
        var places = new StringBuilder();
        var values = new StringBuilder();
        var words = new StringBuilder();
        foreach (var command in root.All())
        {
            var place = Place(command);
            if (command.Path.Count > 0)
                places.Append(CultureInfo.InvariantCulture, $"            '{place}') place='{place}' ;;\n");
            foreach (var option in command.Options.Where(o => o.Value.Kind != ValueKind.None))
            {
                var pattern = string.Join(" | ", option.Names.Select(n => $"'{place} {n}'"));
                values.Append(CultureInfo.InvariantCulture, $"        {pattern}) {BashValue(option.Value)}; return ;;\n");
            }

            // Options are offered where they are asked for, or where there is nothing else.
            var asked = command.Commands.Count + command.Arguments.Count > 0 ? "[[ $current != -* ]] || " : "";
            words.Append(CultureInfo.InvariantCulture, $"        '{place}')\n            {asked}_colo_words '{string.Join(' ', command.Options.SelectMany(o => o.Names))}'\n");
            if (command.Commands.Count > 0)
                words.Append(CultureInfo.InvariantCulture, $"            [[ $current == -* ]] || _colo_words '{string.Join(' ', command.Commands.Select(c => c.Path[^1]))}'\n");
            foreach (var argument in command.Arguments.Where(a => a.Value.Kind != ValueKind.Text))
                words.Append(CultureInfo.InvariantCulture, $"            [[ $current == -* ]] || {BashValue(argument.Value)}\n");
            words.Append("            ;;\n");
        }

        return $$"""
            # bash completion for colo(1), made by: colo completion bash

            _colo_words() { mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$1" -- "$current"); }
            _colo_files() { compopt -o filenames 2>/dev/null; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen "$1" -- "$current"); }

            _colo() {
                local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} place='' i
                COMPREPLY=()
                # --option=value comes as three words.
                if [[ $current == = ]]; then
                    current=
                elif [[ $before == = ]]; then
                    before=${COMP_WORDS[COMP_CWORD - 2]}
                fi
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case "$place ${COMP_WORDS[i]}" in
            {{places.ToString().TrimEnd()}}
                    esac
                done
                case "$place $before" in
            {{values.ToString().TrimEnd()}}
                esac
                case $place in
            {{words.ToString().TrimEnd()}}
                esac
            }

            complete -F _colo colo

            """;
    }

    /// <summary>For zsh: a function of its completion system, named _colo in a directory of fpath.</summary>
    internal static string Zsh(CommandTree root)
    {
        var script = new StringBuilder("#compdef colo\n# zsh completion for colo(1), made by: colo completion zsh\n");
        foreach (var command in root.All())
            ZshFunction(script, command);
        // Loaded by the first completion, which also wants its answer; or by hand.
        script.Append("\nif [[ $funcstack[1] == _colo ]]; then\n    _colo \"$@\"\nelse\n    compdef _colo colo\nfi\n");
        return script.ToString();
    }

    /// <summary>For fish 3 and later.</summary>
    internal static string Fish(CommandTree root)
    {
        var script = new StringBuilder("# fish completion for colo(1), made by: colo completion fish\n\ncomplete -c colo -f\n");
        foreach (var command in root.All())
        {
            var here = FishCondition(command);
            script.Append('\n');
            foreach (var child in command.Commands)
                script.Append(CultureInfo.InvariantCulture, $"complete -c colo -n {here} -a {FishQuote(child.Path[^1])} -d {FishQuote(child.Summary)}\n");
            foreach (var option in command.Options)
            {
                var names = string.Concat(option.Names.Select(n => n.StartsWith("--", StringComparison.Ordinal) ? $" -l {n[2..]}" : $" -s {n[1..]}"));
                script.Append(CultureInfo.InvariantCulture, $"complete -c colo -n {here}{names}{FishValue(option.Value)} -d {FishQuote(Brief(option.Description))}\n");
            }

            foreach (var argument in command.Arguments.Where(a => a.Value.Kind != ValueKind.Text))
                script.Append(CultureInfo.InvariantCulture, $"complete -c colo -n {here}{FishValue(argument.Value).Replace(" -r", "", StringComparison.Ordinal).Replace(" -x", "", StringComparison.Ordinal)} -d {FishQuote(Brief(argument.Description))}\n");
        }

        return script.ToString();
    }

    // A leading blank before each word, so that the place of the program itself is the empty one.
    private static string Place(CommandTree command) => string.Concat(command.Path.Select(p => " " + p));

    private static string BashValue(CommandValue value) => value.Kind switch
    {
        ValueKind.Choice => $"_colo_words '{string.Join(' ', value.Choices)}'",
        ValueKind.File => "_colo_files -f",
        ValueKind.Directory => "_colo_files -d",
        _ => ":",
    };

    private static void ZshFunction(StringBuilder script, CommandTree command)
    {
        script.Append(CultureInfo.InvariantCulture, $"\n{ZshName(command)}() {{\n");
        if (command.Commands.Count > 0)
            script.Append("    local context state state_descr line\n    typeset -A opt_args\n");
        script.Append("    _arguments -S");
        if (command.Commands.Count > 0)
            script.Append(" -C");
        foreach (var option in command.Options)
        {
            foreach (var name in option.Names)
            {
                // One name given, the others are not offered any more; nor is itself, unless it may be repeated.
                var excluded = option.Repeats ? "*" : option.Names.Count > 1 ? $"({string.Join(' ', option.Names)})" : "";
                var equals = option.Value.Kind != ValueKind.None && name.StartsWith("--", StringComparison.Ordinal) ? "=" : "";
                script.Append(CultureInfo.InvariantCulture, $" \\\n        '{excluded}{name}{equals}[{ZshText(Brief(option.Description))}]{(option.Value.Kind == ValueKind.None ? "" : $":{ZshText(option.Value.Name)}:{ZshAction(option.Value)}")}'");
            }
        }

        foreach (var argument in command.Arguments)
            script.Append(CultureInfo.InvariantCulture, $" \\\n        '{(argument.Repeats ? "*" : "")}:{ZshText(argument.Value.Name)}:{ZshAction(argument.Value)}'");
        if (command.Commands.Count == 0)
        {
            script.Append("\n}\n");
            return;
        }

        script.Append(" \\\n        '1:command:->command' \\\n        '*::argument:->argument'\n    case $state in\n    command)\n        local -a commands=(");
        foreach (var child in command.Commands)
            script.Append(CultureInfo.InvariantCulture, $"\n            '{ZshText(child.Path[^1])}:{ZshText(child.Summary)}'");
        script.Append("\n        )\n        _describe -t commands command commands\n        ;;\n    argument)\n        case $line[1] in");
        foreach (var child in command.Commands)
            script.Append(CultureInfo.InvariantCulture, $"\n        {child.Path[^1]}) {ZshName(child)} ;;");
        script.Append("\n        esac\n        ;;\n    esac\n}\n");
    }

    private static string ZshName(CommandTree command) => "_colo" + string.Concat(command.Path.Select(p => "_" + p));

    private static string ZshAction(CommandValue value) => value.Kind switch
    {
        ValueKind.Choice => $"({string.Join(' ', value.Choices)})",
        ValueKind.File => "_files",
        ValueKind.Directory => "_files -/",
        _ => " ",
    };

    private static string ZshText(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal)
            .Replace(":", "\\:", StringComparison.Ordinal).Replace("'", "'\\''", StringComparison.Ordinal);

    private static string FishCondition(CommandTree command)
    {
        var seen = string.Join("; and ", command.Path.Select(p => $"__fish_seen_subcommand_from {p}"));
        var notYet = command.Commands.Count > 0 ? $"not __fish_seen_subcommand_from {string.Join(' ', command.Commands.Select(c => c.Path[^1]))}" : "";
        return FishQuote(string.Join("; and ", ((string[])[seen, notYet]).Where(c => c.Length > 0)));
    }

    private static string FishValue(CommandValue value) => value.Kind switch
    {
        ValueKind.None => "",
        ValueKind.Choice => $" -x -a {FishQuote(string.Join(' ', value.Choices))}",
        ValueKind.File => " -r -F",
        ValueKind.Directory => " -x -a '(__fish_complete_directories)'",
        _ => " -x",
    };

    private static string FishQuote(string text) =>
        "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";

    /// <summary>The first sentence: what fits beside a word that is offered.</summary>
    private static string Brief(string text)
    {
        var end = text.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? text : text[..end];
    }
}
