using System.CommandLine;
using Colo.Dashboard;

namespace Colo.Cli;

/// <summary><c>colo dashboard</c>: the local node on a screen that keeps itself up to date.</summary>
internal static class DashboardCommand
{
    internal static Command Create()
    {
        var node = new NodeOptions();
        var command = new CommandWithExamples(
            "dashboard",
            "Shows the local node live: state, plots, flows, disks, log, and the guest's console",
            """
            Needs a terminal of at least 80 x 24. Keys stand at the foot of the screen, ? shows all of them.
            Leaving it (Q) leaves the node alone, and so does its death. A node that ends or comes back is
            seen as such. Plain ASCII where LANG is not UTF-8; no colours with NO_COLOR.
            """,
            """
            colo dashboard
            colo dashboard --socket /run/colo/web1.sock
            """);
        node.AddTo(command);
        command.SetAction(parsed =>
        {
            if (DashboardApp.Unfit() is { } why)
                throw new UsageException(why);
            DashboardApp.Run(node.SocketPath(parsed), CancellationToken.None);
            return ExitStatus.Done;
        });
        return command;
    }
}
