using System.CommandLine;
using Colo.Link;

namespace Colo.Cli;

/// <summary><c>colo keygen</c>: a new link key.</summary>
internal static class KeygenCommand
{
    internal static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The file to make, mode 0600. One that exists is never overwritten" };
        var command = new CommandWithExamples(
            "keygen",
            "Makes the key by which the two nodes know each other",
            "Both nodes hold the same file ([link] key-file), and nobody else.",
            """
            colo keygen /etc/colo/link.key
            scp -p /etc/colo/link.key root@the-other-node:/etc/colo/link.key
            """)
        {
            file,
        };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(file);
            if (path.Length == 0)
                throw new UsageException("keygen needs the name of a file");
            if (File.Exists(path))
            {
                // The other node may hold this very key.
                parsed.InvocationConfiguration.Error.WriteLine($"colo: {path} exists; remove it first if no node needs it any more");
                return ExitStatus.Refused;
            }

            LinkKey.Create(path);
            parsed.InvocationConfiguration.Output.WriteLine($"{path} made; copy it to the other node, readable by nobody else");
            return ExitStatus.Done;
        });
        return command;
    }
}
