using System.Globalization;
using Colo.Linux;

namespace Colo.Demo;

/// <summary>A line that a demo told.</summary>
/// <param name="Seconds">When, since its start.</param>
/// <param name="Text">The line.</param>
/// <param name="Held">Whether what was checked held; null: nothing was checked.</param>
internal sealed record DemoLine(double Seconds, string Text, bool? Held)
{
    /// <summary>As it is printed.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"[{Seconds,6:F2} s] {(Held is { } held ? held ? "ok      " : "FAILED  " : "")}{Text}");

    /// <summary>For a place where its colour tells that it held.</summary>
    internal string Short() => string.Create(CultureInfo.InvariantCulture, $"{Seconds,5:F1} s  {(Held == false ? "FAILED  " : "")}{Text}");
}

/// <summary>
/// What a demo has to say: its lines with their times, what was checked, and the figures of its end. For several threads;
/// while the terminal belongs to somebody else, lines are kept back.
/// </summary>
internal sealed class DemoReport(TextWriter output)
{
    private const int Kept = 50;

    private readonly Lock _gate = new();
    private readonly long _start = MonotonicClock.Now;
    private readonly List<DemoLine> _last = [];
    private readonly List<string> _failures = [];
    private readonly List<TakeoverFigures> _figures = [];
    private readonly List<string> _heldBack = [];
    private bool _holds;

    /// <summary>Is called after each line, by the thread that told it.</summary>
    internal Action? Told { get; set; }

    /// <summary>Keeps lines back until <see cref="Release"/>.</summary>
    internal void Hold()
    {
        lock (_gate)
            _holds = true;
    }

    /// <summary>Prints what was kept back; from now on lines are printed at once.</summary>
    internal void Release()
    {
        lock (_gate)
        {
            _holds = false;
            foreach (var line in _heldBack)
                output.WriteLine(line);
            _heldBack.Clear();
        }
    }

    /// <summary>The newest lines with a time, the oldest first.</summary>
    internal IReadOnlyList<DemoLine> Last(int count)
    {
        lock (_gate)
            return [.. _last.TakeLast(count)];
    }

    /// <summary>Tells something.</summary>
    internal void Say(string what) => Tell(what, null);

    /// <summary>Tells that something holds.</summary>
    internal void Ok(string what) => Tell(what, true);

    /// <summary>Tells that something holds, or that it does not and why; then the demo has failed.</summary>
    internal void Check(bool held, string what, Func<string> why)
    {
        if (held)
        {
            Ok(what);
            return;
        }

        var reason = why();
        lock (_gate)
            _failures.Add($"{what}: {reason}");
        Tell($"{what}: {reason}", false);
    }

    /// <summary>The first few of many reasons.</summary>
    internal static string Some(IReadOnlyList<string> reasons) =>
        reasons.Count <= 5 ? string.Join("; ", reasons) : string.Join("; ", reasons.Take(5)) + $" and {reasons.Count - 5} more";

    /// <summary>Prints what the clients saw in a part of the demo.</summary>
    internal void Gaps(string phase, LoadReport report)
    {
        Print(string.Create(CultureInfo.InvariantCulture, $"           {phase}, {report.Seconds:F1} s"));
        foreach (var (kind, times) in report.ByKind)
        {
            var flows = report.Of(kind).ToList();
            var gaps = flows.Select(f => f.LongestGapUs).Order().ToList();
            Print(string.Create(CultureInfo.InvariantCulture,
                $"             {kind,-5} {flows.Count,3} clients  {times.Count,7} replies  median {times.P50 / 1000.0,7:F2} ms  p99 {times.P99 / 1000.0,8:F2} ms  longest gap {gaps[0] / 1000.0:F1} to {gaps[^1] / 1000.0:F1} ms"));
        }
    }

    /// <summary>Keeps a line of the table.</summary>
    internal void Add(TakeoverFigures figures)
    {
        lock (_gate)
            _figures.Add(figures);
    }

    /// <summary>Prints the table of all primaries, and whether all held.</summary>
    /// <param name="logs">The nodes' logs, printed when something did not.</param>
    /// <returns>The exit status: 0 when all held, else 1.</returns>
    internal int Conclude(Func<string> logs)
    {
        Print("");
        Print("  primary  checkpoints  pause p50  pause p99  divergences   released   takeover  longest gap");
        foreach (var (node, status, takeover, gap) in _figures)
        {
            Print(string.Create(CultureInfo.InvariantCulture,
                $"  {node,-7}  {status.Checkpoints,11}  {Ms(status.PauseP50),9}  {Ms(status.PauseP99),9}  {status.Diverged,11}  {status.Released,9}  {Ms(takeover),9}  {Ms(gap),11}"));
        }

        Print("");
        if (_failures.Count == 0)
        {
            Say("all of it held");
            return 0;
        }

        Say($"{_failures.Count} did not hold:");
        foreach (var failure in _failures)
            Print("  " + failure);
        Print(logs());
        return 1;
    }

    private static string Ms(long microseconds) =>
        microseconds == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1000.0:F2} ms");

    private void Tell(string what, bool? held)
    {
        var line = new DemoLine((MonotonicClock.Now - _start) * 1e-9, what, held);
        lock (_gate)
        {
            _last.Add(line);
            if (_last.Count > Kept)
                _last.RemoveAt(0);
        }

        Print(line.ToString());
        Told?.Invoke();
    }

    private void Print(string line)
    {
        lock (_gate)
        {
            if (_holds)
                _heldBack.Add(line);
            else
                output.WriteLine(line);
        }
    }
}

/// <summary>The figures of one primary, up to the takeover from it.</summary>
/// <param name="Node">Which node it was.</param>
/// <param name="Status">Its last status.</param>
/// <param name="TakeoverUs">How long the takeover took, in microseconds; 0: none.</param>
/// <param name="GapUs">The longest gap of a client across it, in microseconds; 0: none.</param>
internal sealed record TakeoverFigures(char Node, NodeStatus Status, long TakeoverUs, long GapUs);
