using Colo.Cli;
using Colo.Tests.Block;

namespace Colo.Tests.Packaging;

/// <summary>The completion scripts, in the shells they are for.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-completion-");

    public CompletionTests()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "web1.ini"), "");
        File.WriteAllText(Path.Combine(_folder.FullName, "web two.ini"), "");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    public static TheoryData<string, string> Lines => new()
    {
        { "colo st", "status stop" },
        { "colo run --role ", "auto primary secondary standalone" },
        { "colo run --ro", "--role" },
        { "colo run --config web1", "web1.ini" },
        { "colo run --config web1.ini --role s", "secondary standalone" },
        { "colo completion ", "bash fish zsh" },
    };

    [ToolTheory("bash")]
    [MemberData(nameof(Lines))]
    public void Bash_completes(string line, string expected)
    {
        var script = $$"""
            cd {{_folder.FullName}} && source {{Script("bash")}} && complete -p colo | grep -q _colo || exit 1
            read -ra COMP_WORDS <<<'{{line}}'
            [[ '{{line}}' != *' ' ]] || COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _colo colo
            printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd' '
            """;
        Assert.Equal(expected, Tools.Run("bash", "--norc", "-c", script).Trim());
    }

    [ToolFact("bash")]
    public void Bash_completes_a_value_behind_an_equals_sign_and_a_name_with_a_blank()
    {
        var source = $"cd {_folder.FullName} && source {Script("bash")}; ";
        Assert.Equal("primary", Tools.Run("bash", "--norc", "-c", source + "COMP_WORDS=(colo run --role = pr) COMP_CWORD=4; _colo; echo \"${COMPREPLY[*]}\"").Trim());
        Assert.Equal("1:web two.ini", Tools.Run("bash", "--norc", "-c", source + "COMP_WORDS=(colo run --config 'web t') COMP_CWORD=3; _colo; echo \"${#COMPREPLY[@]}:${COMPREPLY[0]}\"").Trim());
    }

    [ToolTheory("fish")]
    [MemberData(nameof(Lines))]
    public void Fish_completes(string line, string expected)
    {
        var (exit, output, error) = ColoBinary.RunProgram("fish", "--no-config", "-c", $"cd {_folder.FullName}; source {Script("fish")}; complete -C '{line}'");
        Assert.True(exit == 0 && error.Length == 0, error);
        Assert.Equal(expected, string.Join(' ', output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')[0]).Order(StringComparer.Ordinal)));
    }

    /// <summary>zsh completes only at a terminal: one of its own (zpty), in which Tab lists what there is.</summary>
    [ToolFact("zsh")]
    public void Zsh_completes()
    {
        var file = Script("zsh");
        File.Move(file, Path.Combine(_folder.FullName, "_colo"));
        var driver = Path.Combine(_folder.FullName, "driver.zsh");
        File.WriteAllText(driver, $$"""
            zmodload zsh/zpty || exit 3
            # Reads up to the first end of what is waited for; a terminal that says nothing any more ends it as well.
            until_seen() { local text= part; while zpty -r z part; do text+=$part; [[ $text == *$1* ]] && break; done; REPLY=$text; }
            zpty z "env TERM=dumb HOME={{_folder.FullName}} zsh -f -i"
            zpty -w z 'PS1=; PROMPT=; RPS1=; unsetopt zle_bracketed_paste 2>/dev/null; stty -echo columns 200 2>/dev/null'
            zpty -w z "cd {{_folder.FullName}}; fpath=({{_folder.FullName}} \$fpath); autoload -Uz compinit; compinit -u -D"
            zpty -w z 'zstyle ":completion:*" list-separator "--"; LISTMAX=1000; unsetopt auto_menu; setopt no_list_ambiguous'
            # What would be put into the line or the list is printed by the widget instead.
            zpty -w z 'compadd() { local -a found; builtin compadd -A found "$@"; (( $#found )) && print -rl -- FOUND:${^found} >>found; builtin compadd "$@" }'
            zpty -w z 'show() { zle complete-word; print -r -- END >>found }; zle -N show; bindkey "^I" show; print REA""DY'
            until_seen READY
            for line in "$@"; do
                : >found
                zpty -w -n z "$line"$'\t'
                for ((i = 0; i < 400; i++)); do grep -q END found && break; sleep 0.02; done
                print -r -- "$line=$(sed -n 's/^FOUND://p' found | sort -u | paste -sd' ')"
                zpty -w -n z $'\x15'
            done
            zpty -d z
            """);
        string[] lines = [.. Lines.Select(l => (string)l[0])];
        var (exit, output, error) = ColoBinary.RunProgram("zsh", ["-f", "-c", $"cd {_folder.FullName} && source {driver}", "driver", .. lines]);
        Assert.True(exit == 0, error);
        Assert.Equal(Lines.Select(l => $"{l[0]}={l[1]}"), output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Every_command_and_option_that_help_shows_is_in_every_script()
    {
        var root = CommandTree.Create();
        Assert.All((string[])["bash", "zsh", "fish"], shell =>
        {
            var script = File.ReadAllText(Script(shell));
            foreach (var command in root.All())
            {
                Assert.All(command.Path, word => Assert.Contains(word, script, StringComparison.Ordinal));
                Assert.All(command.Options, option => Assert.Contains(shell == "fish" ? $"-l {option.Names[0][2..]} " : option.Names[0], script, StringComparison.Ordinal));
            }
        });
    }

    private string Script(string shell)
    {
        using var output = new StringWriter();
        Assert.Equal(0, ColoCommandLine.Invoke(["completion", shell], output, TextWriter.Null));
        var file = Path.Combine(_folder.FullName, $"completion.{shell}");
        File.WriteAllText(file, output.ToString());
        return file;
    }
}
