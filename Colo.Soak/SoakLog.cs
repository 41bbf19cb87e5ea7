using System.Globalization;
using Colo.Linux;

namespace Colo.Soak;

/// <summary>What happened in a campaign, with the seconds since its start and the time of day that the nodes' logs have: on the console, and in a file. For several threads.</summary>
internal sealed class SoakLog : IDisposable
{
    private readonly TextWriter _console;
    private readonly StreamWriter _file;
    private readonly Lock _gate = new();
    private readonly List<string> _violations = [];
    private readonly HashSet<string> _told = [];

    /// <summary>Begins a log; an older one with this name is overwritten.</summary>
    internal SoakLog(TextWriter console, string file)
    {
        _console = console;
        _file = new StreamWriter(file) { AutoFlush = true };
    }

    /// <summary>When it began, in nanoseconds of <see cref="MonotonicClock"/>.</summary>
    internal long Start { get; } = MonotonicClock.Now;

    /// <summary>All violations, in order.</summary>
    internal IReadOnlyList<string> Violations
    {
        get
        {
            lock (_gate)
                return [.. _violations];
        }
    }

    /// <summary>Tells an event.</summary>
    internal void Say(string what) => Write(what);

    /// <summary>Tells something that must not be; the same thing once only.</summary>
    internal void Violation(string what)
    {
        lock (_gate)
        {
            if (!_told.Add(what))
                return;
            _violations.Add(what);
        }

        Write("VIOLATION " + what);
    }

    /// <summary>Prints lines without a time.</summary>
    internal void Print(string lines)
    {
        lock (_gate)
        {
            _console.WriteLine(lines);
            _file.WriteLine(lines);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Write(string what)
    {
        var now = (MonotonicClock.Now - Start) * 1e-9;
        lock (_gate)
        {
            _console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{now,8:F2} s] {what}"));
            _file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{now,8:F2} s] {DateTimeOffset.Now:yyyy-MM-ddTHH:mm:ss.ffffffzzz} {what}"));
        }
    }
}
