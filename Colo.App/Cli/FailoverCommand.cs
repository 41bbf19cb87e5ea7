using System.CommandLine;
using Colo.Monitor;

namespace Colo.Cli;

/// <summary><c>colo failover</c>: moves the guest's voice to the other node.</summary>
internal static class FailoverCommand
{
    internal static Command Create()
    {
        var node = new NodeOptions();
        var force = new Option<bool>("--force")
        {
            Description = "On a secondary: take over although the primary is alive. It is stopped first if it can be reached",
        };
        var command = new CommandWithExamples(
            "failover",
            "Moves the guest to the other node, or goes on here when that one is lost",
            """
            On a protected primary: a planned switchover, nothing is lost.
            On a secondary: takes over if the primary is gone; refused (exit status 3) while it is alive.
            On a primary whose secondary is lost: goes on alone.
            """,
            """
            colo failover                                  before work on this host
            colo failover --socket /run/colo/web1.sock --force
            """)
        {
            force,
        };
        node.AddTo(command);
        command.SetAction(parsed =>
            node.Send(parsed, new() { Command = "failover", Force = parsed.GetValue(force) }, "failover done"));
        return command;
    }
}
