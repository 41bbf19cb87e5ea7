using System.CommandLine;
using Colo.Monitor;

namespace Colo.Cli;

/// <summary><c>colo status</c>: what the local node is doing.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(1);

    internal static Command Create()
    {
        var node = new NodeOptions();
        var json = new Option<bool>("--json") { Description = "One JSON object on one line, for scripts; with --watch one a second" };
        var watch = new Option<bool>("--watch") { Description = "Again each second, until Ctrl-C or the node's end" };
        var command = new CommandWithExamples(
            "status",
            "Shows what the local node is doing",
            """
            Role and state, the peer, checkpoints, held output, disks and NICs. Percentiles are over the last
            1,000 checkpoints. Exit status 4 when no node is running.
            """,
            """
            colo status
            colo status --watch --socket /run/colo/web1.sock
            colo status --json | jq .state
            """)
        {
            json, watch,
        };
        node.AddTo(command);
        command.SetAction(parsed =>
        {
            var socket = node.SocketPath(parsed);
            var output = parsed.InvocationConfiguration.Output;
            var terminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
            if (!parsed.GetValue(watch))
                return Show(parsed, socket, parsed.GetValue(json), terminal, again: false);

            while (true)
            {
                var status = Show(parsed, socket, parsed.GetValue(json), terminal, again: true);
                if (status != ExitStatus.Done)
                    return status;
                Thread.Sleep(WatchPeriod);
            }
        });
        return command;
    }

    private static int Show(ParseResult parsed, string socket, bool json, bool terminal, bool again)
    {
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        var reply = ControlClient.Send(socket, new() { Command = "status" }, AnswerLimit);
        if (!reply.Ok || ControlClient.ReadStatus(reply) is not { } status)
        {
            error.WriteLine($"colo: {(reply.Ok ? $"what answers at {socket} is of a release that is not understood" : NodeOptions.Failure(reply))}");
            return reply.Ok ? ExitStatus.Failed : NodeOptions.Status(reply);
        }

        if (json)
            output.Write(reply.Status!.Value.GetRawText() + "\n");
        else if (!terminal)
            output.Write(StatusPage.Write(status, DateTimeOffset.UtcNow));
        else
            output.Write(OnTerminal(status, again));
        output.Flush();
        return ExitStatus.Done;
    }

    /// <summary>A terminal is written over from its corner again and again; elsewhere the pages follow each other.</summary>
    private static string OnTerminal(NodeStatus status, bool again)
    {
        // One that does not know its size says 0.
        var (width, height) = (Console.WindowWidth, Console.WindowHeight);
        var page = StatusPage.Write(status, DateTimeOffset.UtcNow, width < 40 ? int.MaxValue : width);
        return again ? "\e[H\e[J" + (height < 5 ? page : StatusPage.Fit(page, height)) : page;
    }
}
