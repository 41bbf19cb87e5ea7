using Colo.Cli;
using Colo.Demo;
using Colo.Protection;

namespace Colo;

/// <summary>The entry point of the one binary.</summary>
public static class Program
{
    /// <summary>Runs one command and returns its exit status (docs/commands.md).</summary>
    public static int Main(string[] args)
    {
        // Processes that colo starts for itself are told apart here, before the user's command line is parsed:
        // they are no part of what `colo --help` offers.
        if (args.Length > 0 && args[0] == KeeperProcess.Command)
            return KeeperProcess.Run(args.AsSpan(1));
        if (args.Length > 0 && args[0] == DemoSweeper.Command)
            return DemoSweeper.Run(args.AsSpan(1));
        return ColoCommandLine.Invoke(args, Console.Out, Console.Error);
    }
}
