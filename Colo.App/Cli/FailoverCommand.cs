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
            Description =
                "Also where it is refused otherwise. A secondary that hears the primary asks it for the guest, and nothing is lost; one that "
                + "does not takes over against an arbiter or fence-command without whose permission it is silent. A primary that asks those for "
                + "permission goes on alone without it. A node with --role auto that waits leads, unless the other one answers or its own record "
                + "forbids it. Never a secondary that is still syncing",
        };
        var command = new CommandWithExamples(
            "failover",
            "Moves the guest to the other node, or goes on here when that one is lost",
            """
            On a protected primary: a planned switchover, nothing is lost.

            On a secondary: takes the guest over when the primary is not heard. Refused (exit status 3) while it is
            heard, and where an arbiter or a fence-command has given no permission. An unreachable primary cannot be
            told from a dead one: with the link cut it may live, and then two guests speak. Make sure first that its
            host is off, or cut from the clients.

            On a primary that has handed the guest over to a node that does not answer: goes on alone.

            The command ends when it is done: when the other node, or this one, speaks as the guest. Exit status 3, too,
            when the primary was asked by --force and has not handed the guest over in 30 seconds.
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
