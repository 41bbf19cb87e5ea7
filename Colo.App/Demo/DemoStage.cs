using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Colo.Dashboard;
using Colo.Linux;

namespace Colo.Demo;

/// <summary>
/// What the demo adds to the dashboard: keys that act on the pair, and what its clients see. Acts take seconds and run on
/// a thread of their own, one after the other; another one asks the nodes and the clients.
/// </summary>
internal sealed class DemoStage : IDashboardExtension, IDisposable
{
    private static readonly TimeSpan Alone = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    private readonly DemoPair _pair;
    private readonly DemoActs _acts;
    private readonly DemoReport _report;
    private readonly ClientFigures _clients = new(MonotonicClock.Now);
    private readonly BlockingCollection<(string Name, Action Act)> _orders = new(1);
    private readonly CancellationTokenSource _stop;
    private readonly CancellationTokenSource _ended = new();
    private readonly Thread _actor;
    private readonly Thread _watcher;
    private volatile string? _underWay;
    private volatile IReadOnlyList<ExtraLine> _lines = [];
    private volatile Action? _changed;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Begins to watch; keys are obeyed from now on.</summary>
    /// <param name="pair">The pair, protected.</param>
    /// <param name="acts">Its acts; until <see cref="Stop"/> they belong to this one.</param>
    /// <param name="report">Takes what happens.</param>
    /// <param name="cancel">Ends every act.</param>
    internal DemoStage(DemoPair pair, DemoActs acts, DemoReport report, CancellationToken cancel)
    {
        (_pair, _acts, _report) = (pair, acts, report);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Keys =
        [
            new('K', "kill -9", "kills the primary with SIGKILL; back after 4 s", () => Order("kill -9", () => acts.Kill(Alone))),
            new('S', "switchover", "hands the guest over to the other node, planned", () => Order("the switchover", acts.SwitchOver)),
            new('D', "diverge", "asks for what no two machines answer alike", () => Order("the divergence", acts.Diverge)),
            // The dashboard's own failover would come as a surprise to the checks.
            new('F', "", "", () => Order("the switchover", acts.SwitchOver)),
        ];
        acts.Heed(_stop.Token);
        report.Told = () => _changed?.Invoke();
        _actor = new Thread(Act) { Name = "demo acts", IsBackground = true };
        _watcher = new Thread(Watch) { Name = "demo figures", IsBackground = true };
        _actor.Start();
        _watcher.Start();
    }

    /// <summary>Cancelled when the demo cannot go on.</summary>
    internal CancellationToken Ended => _ended.Token;

    /// <inheritdoc/>
    public string Socket => _pair.Files(_acts.Primary).Socket;

    /// <inheritdoc/>
    public string Leaving => "ends the demo, which then checks all and tells";

    /// <inheritdoc/>
    public string Title => "What the demo's clients see";

    /// <inheritdoc/>
    public IReadOnlyList<ExtraKey> Keys { get; }

    /// <inheritdoc/>
    public IReadOnlyList<ExtraLine> Lines => [.. _lines, .. Events()];

    /// <inheritdoc/>
    public void Begin(Action changed) => _changed = changed;

    /// <summary>Ends the act that is under way, where it waits, and obeys no more keys.</summary>
    internal void Stop()
    {
        _changed = null;
        _report.Told = null;
        _stop.Cancel();
        _actor.Join();
        _watcher.Join();
    }

    /// <summary>Throws what ended the demo; nothing when the user did.</summary>
    internal void ThrowIfFailed() => _failure?.Throw();

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _orders.Dispose();
        _stop.Dispose();
        _ended.Dispose();
    }

    // On the dashboard's thread: it must not wait for an act.
    private void Order(string name, Action act)
    {
        if (_underWay is { } other)
            _report.Say($"{name}: not while {other} is under way");
        else
            _orders.TryAdd((name, act));
    }

    private void Act()
    {
        try
        {
            while (true)
            {
                if (!_orders.TryTake(out var order, (int)Period.TotalMilliseconds, _stop.Token))
                {
                    _acts.Mend(Alone);
                    continue;
                }

                if (_pair.Ask(_acts.Primary) is not { Role: "primary", State: "protected" })
                {
                    _report.Say($"{order.Name}: not now, the pair is not protected");
                    continue;
                }

                _underWay = order.Name;
                order.Act();
                _underWay = null;
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The user has left.
        }
        catch (Exception e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
            _ended.Cancel();
        }
    }

    private void Watch()
    {
        while (!_stop.IsCancellationRequested)
        {
            var nodes = string.Join("    ", ((char[])['a', 'b']).Select(Describe));
            // The load's thread answers at once; only its own end keeps it from that, and it outlives this thread.
            var seen = _acts.Load.Snapshot();
            _lines = [.. _clients.Take(seen, MonotonicClock.Now, _acts.LongestGapUs), new("Nodes", nodes)];
            _changed?.Invoke();
            _stop.Token.WaitHandle.WaitOne(Period);
        }
    }

    private string Describe(char node) =>
        _acts.Absence(node) is { } absence ? $"{node} {absence}"
        : _pair.Ask(node) is { } status ? $"{node} {status.Role}, {status.State}"
        : $"{node} does not answer yet";

    private IEnumerable<ExtraLine> Events()
    {
        var last = _report.Last(2);
        for (var i = 0; i < last.Count; i++)
            yield return new(i == 0 ? "Demo" : "", last[i].Short(), last[i].Held switch { true => Tone.Good, false => Tone.Bad, _ => Tone.Normal });
    }
}
