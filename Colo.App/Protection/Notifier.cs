using System.Globalization;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Protection;

/// <summary>A change of state that the operator's <c>notify-command</c> is told of.</summary>
public sealed record NodeEvent
{
    /// <summary>A word for what happened, such as <c>protected</c>, <c>unprotected</c>, <c>took-over</c>, <c>silent</c>.</summary>
    public required string Event { get; init; }

    /// <summary>Name of the guest.</summary>
    public required string Vm { get; init; }

    /// <summary>The node's role after it.</summary>
    public required string Role { get; init; }

    /// <summary>The node's state after it.</summary>
    public required string State { get; init; }

    /// <summary>Why, in words; may be empty.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Address of the other node; empty when there is none.</summary>
    public string Peer { get; init; } = "";

    /// <summary>The checkpoint that the guest goes on from.</summary>
    public long Epoch { get; init; }

    /// <summary>When it happened: the command may run later.</summary>
    public DateTimeOffset At { get; init; } = DateTimeOffset.UtcNow;

    internal KeyValuePair<string, string>[] Environment() =>
    [
        new("COLO_EVENT", Event),
        new("COLO_VM", Vm),
        new("COLO_ROLE", Role),
        new("COLO_STATE", State),
        new("COLO_REASON", Reason),
        new("COLO_PEER", Peer),
        new("COLO_EPOCH", Epoch.ToString(CultureInfo.InvariantCulture)),
        new("COLO_AT", At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)),
    ];
}

/// <summary>
/// Runs the operator's <c>notify-command</c> for each event, in order and one at a time, so that what a script reports last
/// is what was last. While one runs at most <see cref="Capacity"/> wait; of more the oldest are dropped, counted and logged.
/// A command that fails is logged, once for each event, and not repeated. All members are for the loop's thread.
/// </summary>
public sealed class Notifier : IDisposable
{
    /// <summary>How many events may wait.</summary>
    public const int Capacity = 64;

    private readonly EventLoop _loop;
    private readonly string _commandLine;
    private readonly TimeSpan _limit;
    private readonly Queue<NodeEvent> _waiting = new();
    private OperatorCommand? _running;
    private Action? _finished;
    private long _toldDropped;
    private bool _closed;

    /// <param name="loop">Its thread is the caller.</param>
    /// <param name="commandLine"><c>[failover] notify-command</c>.</param>
    /// <param name="limit">How long one run may take; null: 30 s.</param>
    public Notifier(EventLoop loop, string commandLine, TimeSpan? limit = null)
    {
        _loop = loop;
        _commandLine = commandLine;
        _limit = limit ?? TimeSpan.FromSeconds(30);
    }

    /// <summary>How many events were dropped because the command was slower than they came.</summary>
    public long Dropped { get; private set; }

    /// <summary>True when no command runs and none waits.</summary>
    public bool Idle => _running is null && _waiting.Count == 0;

    /// <summary>Tells the operator. Returns at once; nothing is done after <see cref="Finish"/> or <see cref="Dispose"/>.</summary>
    public void Notify(NodeEvent what)
    {
        if (_closed)
            return;
        if (_waiting.Count == Capacity)
        {
            _waiting.Dequeue();
            Dropped++;
        }

        _waiting.Enqueue(what);
        if (_running is null)
            Next();
    }

    /// <summary>Takes no more events and calls <paramref name="done"/> when all that came are told; at once when that is so already.</summary>
    public void Finish(Action done)
    {
        _closed = true;
        _finished = done;
        if (Idle)
            TellFinished();
    }

    /// <summary>Ends the command that runs; what waits is not told.</summary>
    public void Dispose()
    {
        _closed = true;
        _finished = null;
        _waiting.Clear();
        _running?.Dispose();
        _running = null;
    }

    private void Next()
    {
        // Once for each time that the command falls behind, not for each event.
        if (Dropped != _toldDropped)
        {
            Log.Warning($"notify-command {_commandLine}: slower than the events; {Dropped - _toldDropped} were dropped, the oldest first");
            _toldDropped = Dropped;
        }

        if (!_waiting.TryDequeue(out var next))
        {
            TellFinished();
            return;
        }

        _running = OperatorCommand.Start(_loop, _commandLine, next.Environment(), _limit, result =>
        {
            _running = null;
            if (!result.Succeeded)
                Log.Warning($"notify-command {_commandLine} for {next.Event}: {result}");
            Next();
        });
    }

    private void TellFinished()
    {
        var finished = _finished;
        _finished = null;
        finished?.Invoke();
    }
}
