using System.CommandLine;
using System.Runtime.InteropServices;
using Colo.Configuration;
using Colo.Dashboard;
using Colo.Node;

namespace Colo.Cli;

/// <summary><c>colo run</c>: one node in the foreground.</summary>
internal static class RunCommand
{
    internal static Command Create()
    {
        var role = new Option<string>("--role")
        {
            Description =
                "primary: boots the guest at once and takes a secondary when one comes. secondary: waits for the primary and "
                + "runs the guest beside it. standalone: no link, no protection. auto: for the service, the role follows from "
                + "what both nodes have recorded",
            Required = true,
        }.AcceptOnlyFromAmong("primary", "secondary", "standalone", "auto");
        var node = NodeOption();
        var sets = Sets();
        var restore = new Option<string>("--restore")
        {
            Description = "The guest goes on from this snapshot (colo save) instead of booting; with --role standalone",
            HelpName = "FILE",
        };
        var dashboard = new Option<bool>("--dashboard")
        {
            Description = "Shows the dashboard. The node is a process of its own: it goes on when the dashboard is left or dies",
        };
        var config = NodeOptions.Config();
        var command = new CommandWithExamples(
            "run",
            "Runs one node in the foreground until the guest powers off or the node is stopped",
            """
            Both nodes read the same file. A primary boots the guest at once and takes a secondary when
            one comes; it refuses to start only if its own records say that the other node's guest is newer.

            SIGTERM: a protected primary hands the guest over and ends; an unprotected one powers the
            guest off; a secondary leaves, and the primary goes on without a pause.

            With --dashboard the node's log goes to SOCKET.log beside the control socket, mode 0600. Q leaves
            the dashboard, the node goes on, and the command waits for its end; Ctrl-C or SIGTERM then stop
            the node as above. The exit status is the node's.

            The log goes to standard error: to the journal with its levels, to a file or a pipe with date, time and
            offset. COLO_LOG=debug in the environment adds what helps to find a fault.
            """,
            """
            colo run --role primary --config web1.ini
            colo run --role secondary --config web1.ini
            colo run --role primary --config web1.ini --dashboard
            colo run --role standalone --set vm:memory=512M --set nic:lan:backend=tap:tap0
            colo run --role primary --node a --set link:node-a=127.0.0.1:9990 --set link:node-b=127.0.0.1:9991
            """)
        {
            role, node, config, sets, restore, dashboard,
        };
        command.SetAction(parsed =>
        {
            var options = new RunOptions(
                Role(parsed.GetRequiredValue(role)),
                Node(parsed.GetValue(node)),
                parsed.GetValue(restore) is { } file ? Path.GetFullPath(file) : null);
            if (options is { RestoreFile: not null, Role: not NodeRole.Standalone })
                throw new UsageException("--restore goes with --role standalone only");
            var path = parsed.GetValue(config) ?? ColoConfiguration.DefaultPath;
            var loaded = ColoConfiguration.Load(path, parsed.GetValue(sets) ?? [], options.Role);
            if (!parsed.GetValue(dashboard))
                return NodeRunner.Run(options, loaded);
            if (DashboardApp.Unfit() is { } why)
                throw new UsageException(why);
            var arguments = new List<string> { "--role", parsed.GetRequiredValue(role), "--config", path };
            if (parsed.GetValue(node) is { } name)
                arguments.AddRange(["--node", name]);
            if (options.RestoreFile is { } snapshot)
                arguments.AddRange(["--restore", snapshot]);
            foreach (var set in parsed.GetValue(sets) ?? [])
                arguments.AddRange(["--set", set]);
            return RunBehindDashboard(arguments, loaded.Monitor.Socket, parsed.InvocationConfiguration.Error);
        });
        return command;
    }

    internal static Option<string> NodeOption() => new Option<string>("--node")
    {
        Description = "Which address of [link] is this node's. Without it: the one that is this host's own",
    }.AcceptOnlyFromAmong("a", "b");

    internal static Option<string[]> Sets() => new("--set")
    {
        Description = "Overrides one value of the file, as often as given; the last ':' before the '=' ends the section",
        HelpName = "SECTION:KEY=VALUE",
        Arity = ArgumentArity.OneOrMore,
    };

    internal static NodeId? Node(string? text) => text switch { "a" => NodeId.A, "b" => NodeId.B, _ => null };

    private static int RunBehindDashboard(IReadOnlyList<string> arguments, string socket, TextWriter error)
    {
        using var child = new NodeChild(arguments, socket + ".log");
        DashboardApp.Run(socket, child.Ended, child.Signal);
        void Pass(PosixSignalContext context)
        {
            context.Cancel = true;
            child.Signal(context.Signal);
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Pass);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Pass);
        if (!child.Ended.IsCancellationRequested)
        {
            error.WriteLine($"The node goes on as process {child.Id}; its log is {child.LogFile}.");
            error.WriteLine($"Ctrl-C stops it. To see it again: colo dashboard --socket {socket}");
        }

        var exit = child.WaitForExit();
        error.WriteLine($"The node has ended with exit status {exit}. The end of its log, {child.LogFile}:");
        foreach (var line in child.LastWords())
            error.WriteLine(line);
        return exit;
    }

    internal static NodeRole Role(string text) => text switch
    {
        "primary" => NodeRole.Primary,
        "secondary" => NodeRole.Secondary,
        "auto" => NodeRole.Auto,
        _ => NodeRole.Standalone,
    };
}
