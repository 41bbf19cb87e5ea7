using System.CommandLine;
using Colo.Configuration;
using Colo.Monitor;

namespace Colo.Cli;

/// <summary>Which running node a command talks to, and the talking.</summary>
internal sealed class NodeOptions
{
    private readonly Option<string> _config = Config();

    private readonly Option<string> _socket = new("--socket")
    {
        Description = "The node's control socket, instead of the file that names it",
        HelpName = "PATH",
    };

    internal static Option<string> Config() => new("--config")
    {
        Description = $"The configuration. Default: {ColoConfiguration.DefaultPath}",
        HelpName = "FILE",
    };

    internal void AddTo(Command command)
    {
        command.Options.Add(_config);
        command.Options.Add(_socket);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_config) is not null && result.GetResult(_socket) is not null)
                result.AddError("--config and --socket exclude each other: one of them names the node.");
        });
    }

    /// <summary>The control socket that the options name.</summary>
    internal string SocketPath(ParseResult parsed) =>
        parsed.GetValue(_socket) is { } path
            ? Path.GetFullPath(path)
            : ColoConfiguration.Load(parsed.GetValue(_config) ?? ColoConfiguration.DefaultPath, []).Monitor.Socket;

    /// <summary>Sends a command, waits for as long as it takes, and says what went wrong.</summary>
    internal int Send(ParseResult parsed, ControlRequest request, string done)
    {
        var reply = ControlClient.Send(SocketPath(parsed), request, Timeout.InfiniteTimeSpan);
        if (reply.Ok)
        {
            parsed.InvocationConfiguration.Output.WriteLine(done);
            return ExitStatus.Done;
        }

        parsed.InvocationConfiguration.Error.WriteLine($"colo: {Failure(reply)}");
        return Status(reply);
    }

    internal static string Failure(ControlReply reply) => reply.Error ?? "the node gave no reason";

    // A node of another release may know more statuses; none of them may look like success.
    internal static int Status(ControlReply reply) => reply.Exit is > 0 and <= 255 ? reply.Exit : ExitStatus.Failed;
}
