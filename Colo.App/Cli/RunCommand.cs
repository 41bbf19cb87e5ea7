using System.CommandLine;
using Colo.Configuration;
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
        var node = new Option<string>("--node")
        {
            Description = "Which address of [link] is this node's. Without it: the one that is this host's own",
        }.AcceptOnlyFromAmong("a", "b");
        var sets = Sets();
        var restore = new Option<string>("--restore")
        {
            Description = "The guest goes on from this snapshot (colo save) instead of booting; with --role standalone",
            HelpName = "FILE",
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
            """,
            """
            colo run --role primary --config web1.ini
            colo run --role secondary --config web1.ini
            colo run --role standalone --set vm:memory=512M --set nic:lan:backend=tap:tap0
            colo run --role primary --node a --set link:node-a=127.0.0.1:9990 --set link:node-b=127.0.0.1:9991
            """)
        {
            role, node, config, sets, restore,
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
            return NodeRunner.Run(options, ColoConfiguration.Load(path, parsed.GetValue(sets) ?? [], options.Role));
        });
        return command;
    }

    internal static Option<string[]> Sets() => new("--set")
    {
        Description = "Overrides one value of the file, as often as given; the last ':' before the '=' ends the section",
        HelpName = "SECTION:KEY=VALUE",
        Arity = ArgumentArity.OneOrMore,
    };

    internal static NodeId? Node(string? text) => text switch { "a" => NodeId.A, "b" => NodeId.B, _ => null };

    internal static NodeRole Role(string text) => text switch
    {
        "primary" => NodeRole.Primary,
        "secondary" => NodeRole.Secondary,
        "auto" => NodeRole.Auto,
        _ => NodeRole.Standalone,
    };
}
