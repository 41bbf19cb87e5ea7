namespace Colo.Monitor;

/// <summary>An entry of the log that the process keeps.</summary>
/// <param name="Number">Counts from 1 since the process began.</param>
/// <param name="At">When.</param>
/// <param name="Level"><c>error</c>, <c>warning</c>, <c>info</c> or <c>debug</c>.</param>
/// <param name="Text">One event.</param>
public sealed record LogEntry(long Number, DateTimeOffset At, string Level, string Text);

/// <summary>The last entries of a log. Not safe for several threads at once.</summary>
internal sealed class LogBuffer(int capacity)
{
    private readonly LogEntry[] _entries = new LogEntry[capacity];
    private long _count;

    internal void Add(DateTimeOffset at, string level, string text)
    {
        _count++;
        _entries[_count % _entries.Length] = new LogEntry(_count, at, level, text);
    }

    /// <summary>The newest entries with a greater number than <paramref name="after"/>, at most so many, the oldest first.</summary>
    internal IReadOnlyList<LogEntry> Read(long after, int most)
    {
        var first = Math.Max(Math.Max(after, _count - _entries.Length), _count - Math.Max(0, most));
        var entries = new List<LogEntry>();
        // Not first + 1 before the comparison: what is asked for may be the largest number there is.
        for (var number = first; number < _count; number++)
            entries.Add(_entries[(number + 1) % _entries.Length]);
        return entries;
    }
}
