using Colo.Linux;
using Colo.Monitor;
using Gate = System.Threading.Monitor;

namespace Colo.Node;

/// <summary>
/// What the control socket, the metrics and the signals of a process reach, whatever role it has and while it changes it: they
/// are there for as long as the process. Between two contexts, and while one can answer nobody, a status is the last one that
/// was true, and commands wait. From any thread.
/// </summary>
internal sealed class NodeFront : INodeControl
{
    // A switchover builds an empty virtual machine, which takes a moment; what takes longer is told.
    private static readonly TimeSpan CommandPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LeavePatience = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly NodeLife _life;
    private readonly TimeSpan _patience;
    private IPairNode? _node;
    private IPairNode? _busy;
    private NodeStatus _meanwhile;
    private CheckpointHistograms? _histograms;
    private int _unheard;

    /// <param name="life">Whose console it is.</param>
    /// <param name="starting">The status until there is a context.</param>
    /// <param name="patience">How long a command waits for a context; null: ten seconds.</param>
    internal NodeFront(NodeLife life, NodeStatus starting, TimeSpan? patience = null)
    {
        _life = life;
        _meanwhile = starting;
        _patience = patience ?? CommandPatience;
    }

    /// <summary>What the checkpoints of the present context cost, or of the last one while there is none.</summary>
    internal CheckpointHistograms? Histograms
    {
        get
        {
            lock (_gate)
                return _histograms;
        }
    }

    /// <summary>Whether the process was told to end and no context has heard it.</summary>
    internal bool Unheard
    {
        get
        {
            lock (_gate)
                return _unheard > 0;
        }
    }

    /// <inheritdoc/>
    public GuestConsole Console => _life.Console;

    /// <summary>From now on this context answers, when its loop runs. What nobody has heard yet is told to it.</summary>
    internal void Enter(IPairNode node)
    {
        lock (_gate)
        {
            _node = node;
            _histograms = node.Histograms;
            for (var told = _unheard; told > 0; told--)
                Tell(node);
            Gate.PulseAll(_gate);
        }
    }

    /// <summary>The context's loop has ended. On its thread, while the context is still whole.</summary>
    internal void Leave()
    {
        lock (_gate)
        {
            if (_node is { } node)
                _meanwhile = node.Snapshot();
            _node = null;
            Gate.PulseAll(_gate);
        }
    }

    /// <summary>
    /// The loop has something to do that takes long, in which it answers nobody: until <see cref="Free"/> the status is that of
    /// now. On the loop's thread, or before there is a context.
    /// </summary>
    /// <param name="why">What status says of it.</param>
    internal void Busy(Attention why)
    {
        lock (_gate)
        {
            _busy = _node;
            _meanwhile = (_node?.Snapshot() ?? _meanwhile) with { Attention = why };
            _node = null;
        }
    }

    /// <summary>The loop answers again.</summary>
    internal void Free()
    {
        lock (_gate)
        {
            _node = _busy ?? _node;
            _busy = null;
            _meanwhile = _meanwhile with { Attention = null };
            Gate.PulseAll(_gate);
        }
    }

    /// <summary>The process is told to end (SIGTERM, SIGINT): the context does what its role has for that, the next one if there is none now.</summary>
    internal void Terminate()
    {
        lock (_gate)
        {
            _unheard++;
            if ((_node ?? _busy) is { } node)
                Tell(node);
        }
    }

    /// <inheritdoc/>
    public NodeStatus GetStatus()
    {
        while (true)
        {
            IPairNode node;
            lock (_gate)
            {
                if (_node is not { } now)
                    return _meanwhile with { UptimeS = (MonotonicClock.Now - _life.Started) / 1_000_000_000 };
                node = now;
            }

            try
            {
                return node.GetStatus();
            }
            catch (ObjectDisposedException) when (HasLeft(node))
            {
                // Its loop ended just now.
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<FlowStatus> GetFlows(int most)
    {
        lock (_gate)
        {
            if (_node is null)
                return [];
        }

        return Ask(node => node.GetFlows(most), () => []);
    }

    /// <inheritdoc/>
    public ControlResult Failover(bool force) => Ask(node => node.Failover(force), Changing);

    /// <inheritdoc/>
    public ControlResult Stop() => Ask(node => node.Stop(), Changing);

    /// <inheritdoc/>
    public ControlResult Save(string path) => Ask(node => node.Save(path), Changing);

    private static ControlResult Changing() => ControlResult.Failed("this node is about to begin, or to change its role, and takes no command yet; try again in a moment");

    /// <summary>Has a command carried out by the context of now, or by the next one.</summary>
    private T Ask<T>(Func<INodeControl, T> command, Func<T> otherwise)
    {
        var deadline = MonotonicClock.Now + (_patience.Ticks * 100);
        while (true)
        {
            IPairNode node;
            lock (_gate)
            {
                while (_node is null)
                {
                    var left = (deadline - MonotonicClock.Now) / 1_000_000;
                    if (left <= 0)
                        return otherwise();
                    Gate.Wait(_gate, (int)left);
                }

                node = _node;
            }

            try
            {
                return command(node);
            }
            catch (ObjectDisposedException) when (HasLeft(node))
            {
                // Its loop ended before it could hear the command: the next one does.
            }
        }
    }

    /// <summary>Whether a context whose loop has ended has left: it is about to.</summary>
    private bool HasLeft(IPairNode node)
    {
        var deadline = MonotonicClock.Now + (LeavePatience.Ticks * 100);
        lock (_gate)
        {
            while (_node == node && (deadline - MonotonicClock.Now) / 1_000_000 is var left and > 0)
                Gate.Wait(_gate, (int)left);
            return _node != node;
        }
    }

    // A loop that has ended runs nothing any more: what it was told then counts as unheard.
    private void Tell(IPairNode node) => node.Loop.Post(() =>
    {
        lock (_gate)
        {
            if (_unheard == 0)
                return;
            _unheard--;
        }

        node.OnTerminate();
    });
}

/// <summary>A context, as <see cref="NodeFront"/> knows it: answers when its loop runs, with <see cref="ObjectDisposedException"/> when that has ended.</summary>
internal interface IPairNode : INodeControl
{
    /// <summary>Its loop.</summary>
    EventLoop Loop { get; }

    /// <summary>What its checkpoints cost.</summary>
    CheckpointHistograms? Histograms { get; }

    /// <summary>Its status, on the loop's thread, also when the loop runs no more.</summary>
    NodeStatus Snapshot();

    /// <summary>The process is told to end. On the loop's thread.</summary>
    void OnTerminate();
}
