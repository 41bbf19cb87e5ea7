using System.CommandLine;

namespace Colo.Cli;

/// <summary><c>colo stop</c>: powers the guest off on both nodes.</summary>
internal static class StopCommand
{
    internal static Command Create()
    {
        var node = new NodeOptions();
        var command = new CommandWithExamples(
            "stop",
            "Powers the guest off on both nodes",
            """
            The guest's power button is pressed; a guest that has not powered itself off after [vm] stop-timeout is
            powered off, and so is one that is stopped a second time, or that does not listen to the button.

            To empty only this host, use 'colo failover' and then end the node, or just 'systemctl stop' it.
            """,
            """
            colo stop
            colo stop --config web1.ini
            """);
        node.AddTo(command);
        command.SetAction(parsed => node.Send(parsed, new() { Command = "stop" }, "stopping"));
        return command;
    }
}
