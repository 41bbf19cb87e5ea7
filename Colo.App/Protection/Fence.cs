using Colo.Linux;
using Colo.Monitor;

namespace Colo.Protection;

/// <summary>
/// Runs the operator's <c>fence-command</c>, which makes sure that the other node is off. Only exit status 0 within the time
/// limit says so; everything else (another status, a signal, a program that is not there, no answer in time) says that the
/// other node may live. A success speaks of a moment between the request and its result: the other node may have been
/// started again since. All members are for the loop's thread.
/// </summary>
public sealed class Fence : IDisposable
{
    /// <summary>How long the command may take unless it is told otherwise.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(30);

    private readonly EventLoop _loop;
    private readonly string _commandLine;
    private readonly TimeSpan _limit;
    private readonly EventLog? _events;
    private OperatorCommand? _running;

    /// <param name="loop">Its thread is the caller.</param>
    /// <param name="commandLine"><c>[failover] fence-command</c>.</param>
    /// <param name="limit">How long it may take; null: <see cref="DefaultLimit"/>.</param>
    /// <param name="events">Where it is told; null: a log that names the guest alone.</param>
    public Fence(EventLoop loop, string commandLine, TimeSpan? limit = null, EventLog? events = null)
    {
        _events = events;
        _loop = loop;
        _commandLine = commandLine;
        _limit = limit ?? DefaultLimit;
    }

    /// <summary>Whether the command is running.</summary>
    public bool Running => _running is not null;

    /// <summary>Fences the other node.</summary>
    /// <param name="vm">Name of the guest.</param>
    /// <param name="peer">Name or address of the node to be fenced.</param>
    /// <param name="reason">Why, in words.</param>
    /// <param name="done">Called once on the loop's thread with how it ended; fenced only if <see cref="CommandResult.Succeeded"/>.</param>
    /// <exception cref="InvalidOperationException">It is running: its result would not speak of this request's time.</exception>
    public void Run(string vm, string peer, string reason, Action<CommandResult> done)
    {
        if (Running)
            throw new InvalidOperationException("the fence-command is running already");
        var events = _events ?? new EventLog(vm);
        events.Warning($"fence-command {_commandLine}: fencing {peer}: {reason}");
        _running = OperatorCommand.Start(_loop, _commandLine, [new("COLO_VM", vm), new("COLO_PEER", peer), new("COLO_REASON", reason)], _limit, result =>
        {
            _running = null;
            if (result.Succeeded)
                events.Info($"fence-command {_commandLine}: {peer} is fenced: {result}");
            else
                events.Error($"fence-command {_commandLine}: {peer} is NOT fenced: {result}");
            done(result);
        });
    }

    /// <summary>Ends the command if it runs; its result is then not told.</summary>
    public void Dispose()
    {
        _running?.Dispose();
        _running = null;
    }
}
