using Colo.Monitor;

namespace Colo.Dashboard;

/// <summary>
/// What the dashboard knows of its node: the last status, the figures of the last minutes, flows and log. Knows no
/// terminal, no socket and no clock. Belongs to one thread.
/// </summary>
internal sealed class DashboardModel
{
    private const int LogLimit = 2000;

    private readonly List<LogEntry> _log = [];
    private readonly HashSet<(long, DateTimeOffset)> _known = [];
    private long _lastMs = -1;

    /// <summary>The last status; null before the first answer.</summary>
    internal NodeStatus? Status { get; private set; }

    /// <summary>When it was given.</summary>
    internal DateTimeOffset At { get; private set; }

    /// <summary>Why there is no newer status; null while the node answers.</summary>
    internal string? Trouble { get; private set; }

    /// <summary>Checkpoint pauses in microseconds; 0 in a second without a checkpoint.</summary>
    internal Series Pause { get; } = new();

    /// <summary>Pages sent for a checkpoint; 0 in a second without one.</summary>
    internal Series DirtyPages { get; } = new();

    /// <summary>Bytes of held output.</summary>
    internal Series Held { get; } = new();

    /// <summary>Divergences a second.</summary>
    internal Series Divergences { get; } = new(mean: true);

    /// <summary>Bytes a second that the guest receives and sends.</summary>
    internal Series Throughput { get; } = new(mean: true);

    /// <summary>Checkpoints a second.</summary>
    internal Series Checkpoints { get; } = new(mean: true);

    /// <summary>The flows as last asked for.</summary>
    internal IReadOnlyList<FlowStatus> Flows { get; private set; } = [];

    /// <summary>The log, the oldest entry first.</summary>
    internal IReadOnlyList<LogEntry> Log => _log;

    /// <summary>Takes a status.</summary>
    /// <param name="status">What the node says.</param>
    /// <param name="milliseconds">When, by a clock that does not go back.</param>
    /// <param name="at">When, for people.</param>
    internal void Take(NodeStatus status, long milliseconds, DateTimeOffset at)
    {
        var before = Status;
        // A node that was started anew counts from 0 again: differences to its last life mean nothing.
        var same = before is not null && _lastMs >= 0 && milliseconds > _lastMs && status.UptimeS >= before.UptimeS;
        var seconds = (milliseconds - _lastMs) / 1000.0;
        double Rate(Func<NodeStatus, long> counter) => same ? Math.Max(0, counter(status) - counter(before!)) / seconds : 0;

        var checkpoints = Rate(s => s.Checkpoint.Count);
        Pause.Add(milliseconds, checkpoints > 0 ? status.Checkpoint.PauseUs.Last : 0);
        DirtyPages.Add(milliseconds, checkpoints > 0 ? status.Checkpoint.DirtyPages.Last : 0);
        Checkpoints.Add(milliseconds, checkpoints);
        Held.Add(milliseconds, status.Compare.HeldBytes);
        Divergences.Add(milliseconds, Rate(s => s.Compare.Diverged));
        Throughput.Add(milliseconds, Rate(s => s.Nic.Sum(n => n.RxBytes + n.TxBytes)));
        (Status, At, Trouble, _lastMs) = (status, at, null, milliseconds);
    }

    /// <summary>The node gave no answer. What is known of it stays.</summary>
    /// <param name="why">For the operator.</param>
    internal void Fail(string why)
    {
        Trouble = why;
        _lastMs = -1;
    }

    /// <summary>
    /// From now on another node of the same guest is heard. The plots go on, and the last status stands until there is a new
    /// one; the log and the flows are the node's own.
    /// </summary>
    internal void Turn()
    {
        (Trouble, _lastMs, Flows) = (null, -1, []);
        _log.Clear();
        _known.Clear();
    }

    /// <summary>Takes entries of the log; those that are known already are passed over.</summary>
    internal void Take(IReadOnlyList<LogEntry> entries)
    {
        foreach (var entry in entries)
        {
            if (_known.Add((entry.Number, entry.At)))
                _log.Add(entry);
        }

        if (_log.Count <= LogLimit)
            return;
        foreach (var old in _log.Take(_log.Count - LogLimit))
            _known.Remove((old.Number, old.At));
        _log.RemoveRange(0, _log.Count - LogLimit);
    }

    /// <summary>Takes the flows.</summary>
    internal void Take(IReadOnlyList<FlowStatus> flows) => Flows = flows;

    /// <summary>How a state is to be taken, in a tone.</summary>
    internal static Tone ToneOf(string state) => state switch
    {
        "protected" or "running" => Tone.Good,
        "syncing" or "starting" or "waiting" or "loading" => Tone.Warning,
        _ => Tone.Bad,
    };
}
