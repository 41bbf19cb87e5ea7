using System.Diagnostics;
using Colo.Monitor;

namespace Colo.Dashboard;

/// <summary>
/// Asks the node on a thread of its own, so that the screen never waits for the socket, and hands what it hears to the
/// thread that owns the model.
/// </summary>
internal sealed class NodePoller : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    private const int MostLog = 500;
    private const int MostFlows = 100;

    private readonly string _socket;
    private readonly DashboardModel _model;
    private readonly Action<Action> _post;
    private readonly AutoResetEvent _wake = new(false);
    private readonly Thread _thread;
    private volatile bool _stopping;
    private volatile bool _paused;
    private volatile bool _wantsFlows;
    private long _lastEntry;
    private long _uptime;

    /// <summary>Begins.</summary>
    /// <param name="socket">The node's control socket.</param>
    /// <param name="model">Is changed only by what is handed to <paramref name="post"/>.</param>
    /// <param name="post">Runs an action on the thread that owns the model; from any thread.</param>
    internal NodePoller(string socket, DashboardModel model, Action<Action> post)
    {
        (_socket, _model, _post) = (socket, model, post);
        _thread = new Thread(Loop) { Name = "node poller", IsBackground = true };
        _thread.Start();
    }

    /// <summary>True: nothing is asked.</summary>
    internal bool Paused
    {
        set
        {
            if (_paused == value)
                return;
            _paused = value;
            _wake.Set();
        }
    }

    /// <summary>True while flows are shown: only then they are asked for.</summary>
    internal bool WantsFlows
    {
        set
        {
            if (_wantsFlows == value)
                return;
            _wantsFlows = value;
            _wake.Set();
        }
    }

    /// <summary>Stops asking; an answer that is waited for is not waited for any longer.</summary>
    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
    }

    private void Loop()
    {
        while (!_stopping)
        {
            var pause = Period;
            if (!_paused)
            {
                try
                {
                    Ask();
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    // Whatever it is, it is told and tried again: the dashboard must not end because of its node.
                    pause = RetryPeriod;
                    _lastEntry = 0;
                    Post(() => _model.Fail(e.Message));
                }
            }

            _wake.WaitOne(pause);
        }
    }

    private void Ask()
    {
        var reply = Send(new() { Command = "status" });
        if (ControlClient.ReadStatus(reply) is not { } status)
            throw new ControlClientException($"what answers at {_socket} is of a release that is not understood", 1);
        var (at, milliseconds) = (DateTimeOffset.UtcNow, Stopwatch.GetTimestamp() * 1000 / Stopwatch.Frequency);
        // Started anew, its log counts from 1 again.
        if (status.UptimeS < _uptime)
            _lastEntry = 0;
        _uptime = status.UptimeS;

        var log = Send(new() { Command = "log", After = _lastEntry, Most = MostLog }).Log ?? [];
        if (log.Count > 0)
            _lastEntry = log[^1].Number;
        var flows = _wantsFlows ? Send(new() { Command = "flows", Most = MostFlows }).Flows ?? [] : null;
        Post(() =>
        {
            _model.Take(status, milliseconds, at);
            _model.Take(log);
            if (flows is not null)
                _model.Take(flows);
        });
    }

    // An answer that comes after the end is of a node that is not shown any more.
    private void Post(Action action) => _post(() =>
    {
        if (!_stopping)
            action();
    });

    private ControlReply Send(ControlRequest request)
    {
        var reply = ControlClient.Send(_socket, request, AnswerLimit);
        return reply.Ok ? reply : throw new ControlClientException(reply.Error ?? "the node gave no reason", 1);
    }
}
