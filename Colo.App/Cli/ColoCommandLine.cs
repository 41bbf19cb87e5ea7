using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Colo.Configuration;
using Colo.Monitor;

namespace Colo.Cli;

/// <summary>The command line: parses it, runs the command, and turns errors into messages and exit statuses.</summary>
public static class ColoCommandLine
{
    /// <summary>Runs the command that <paramref name="args"/> name and returns its exit status.</summary>
    public static int Invoke(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        var invocation = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            // Signals belong to the command that runs: a node hands its guest over at SIGTERM.
            ProcessTerminationTimeout = null,
        };
        // A value may begin with '@'; short options are few and not bundled.
        var parser = new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null };
        var parsed = CreateRoot().Parse(args, parser);
        if (parsed.Action is ParseErrorAction wrong)
        {
            wrong.ShowHelp = false;
            parsed.Invoke(invocation);
            var command = parsed.CommandResult.Command;
            error.WriteLine($"See: colo{(command is RootCommand ? "" : " " + command.Name)} --help");
            return ExitStatus.Usage;
        }

        try
        {
            return parsed.Invoke(invocation);
        }
        catch (ConfigurationException e)
        {
            foreach (var each in e.Errors)
                error.WriteLine($"colo: {each}");
            return ExitStatus.Usage;
        }
        catch (UsageException e)
        {
            error.WriteLine($"colo: {e.Message}");
            return ExitStatus.Usage;
        }
        catch (ControlClientException e)
        {
            error.WriteLine($"colo: {e.Message}");
            return e.Exit;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"colo: {e.Message}");
            return ExitStatus.Failed;
        }
    }

    internal static RootCommand CreateRoot()
    {
        var root = new RootCommand("Keeps a virtual machine running, connections included, when its host dies.")
        {
            RunCommand.Create(),
            CheckCommand.Create(),
            StatusCommand.Create(),
            DashboardCommand.Create(),
            FailoverCommand.Create(),
            StopCommand.Create(),
            ConsoleCommand.Create(),
            SaveCommand.Create(),
            NbdCommand.Create(),
            KeygenCommand.Create(),
            DemoCommand.Create(),
            CompletionCommand.Create(),
            ManCommand.Create(),
        };
        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction help })
                option.Action = new HelpWithExamples(help);
        }

        return root;
    }
}

/// <summary>The command line is wrong in a way that the parser cannot see. Exit status 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
