using System.CommandLine;

namespace Colo.Cli;

/// <summary><c>colo completion</c>: what a shell needs to complete command lines of colo.</summary>
internal static class CompletionCommand
{
    internal static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new CommandWithExamples(
            "completion",
            "Prints the completion script for a shell",
            """
            The packages install all three. The script stands for itself: completing starts no colo and asks
            no node.
            """,
            """
            source <(colo completion bash)                 for this shell
            colo completion fish > ~/.config/fish/completions/colo.fish
            colo completion zsh > /usr/local/share/zsh/site-functions/_colo
            """)
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            var tree = CommandTree.Create();
            parsed.InvocationConfiguration.Output.Write(parsed.GetRequiredValue(shell) switch
            {
                "bash" => CompletionScripts.Bash(tree),
                "zsh" => CompletionScripts.Zsh(tree),
                _ => CompletionScripts.Fish(tree),
            });
            return ExitStatus.Done;
        });
        return command;
    }
}
