using System.CommandLine;

namespace Colo.Cli;

/// <summary><c>colo save</c>: a complete snapshot of the guest.</summary>
internal static class SaveCommand
{
    internal static Command Create()
    {
        var node = new NodeOptions();
        var to = new Option<string>("--to")
        {
            Description = "The file to write. The node writes it, so it lies on the node's host and belongs to its user",
            HelpName = "FILE",
            Required = true,
        };
        var command = new CommandWithExamples(
            "save",
            "Writes a complete snapshot of the guest to a file",
            """
            The snapshot holds memory, processors and devices, and not what is on the disks; 'colo run --restore'
            goes on from it, with the images as they are then: the guest's memory fits them only as long as nothing
            has been written to them since. It is no backup of a disk.

            The guest stands still while the file is written, which takes as long as the storage needs for the
            guest's memory: save to a fast disk. Only root and the user that the node runs as may save, because the
            node writes the file with its own rights.
            """,
            """
            colo save --to /var/lib/colo/web1/monday.snapshot
            colo run --role standalone --restore /var/lib/colo/web1/monday.snapshot
            """)
        {
            to,
        };
        node.AddTo(command);
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(to);
            if (path.Length == 0)
                throw new UsageException("--to needs the name of a file");
            var full = Path.GetFullPath(path);
            return node.Send(parsed, new() { Command = "save", Path = full }, $"saved to {full}");
        });
        return command;
    }
}
