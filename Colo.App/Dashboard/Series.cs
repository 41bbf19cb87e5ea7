namespace Colo.Dashboard;

/// <summary>The last minutes of one figure, a value a second. Not for several threads.</summary>
/// <param name="mean">True: a second is worth the mean of what was seen in it (rates); false: the most (levels).</param>
internal sealed class Series(bool mean = false)
{
    /// <summary>Seconds that are kept.</summary>
    internal const int Capacity = 600;

    private readonly double[] _values = new double[Capacity];
    private long _second = -1;
    private int _inSecond;

    /// <summary>The newest value; 0 before the first.</summary>
    internal double Now { get; private set; }

    /// <summary>Takes a value.</summary>
    /// <param name="milliseconds">When, by a clock that does not go back.</param>
    /// <param name="value">Not negative.</param>
    internal void Add(long milliseconds, double value)
    {
        var second = milliseconds / 1000;
        Now = value;
        if (second <= _second)
        {
            ref var slot = ref _values[_second % Capacity];
            _inSecond++;
            slot = mean ? slot + (value - slot) / _inSecond : Math.Max(slot, value);
            return;
        }

        // Seconds in which nothing was heard are unknown, not zero. One missed second is no gap: a poll came late.
        var from = _second < 0 ? second : Math.Max(_second + 1, second - Capacity + 1);
        var fill = second - _second == 2 ? value : double.NaN;
        if (_second < 0)
            Array.Fill(_values, double.NaN);
        for (var s = from; s < second; s++)
            _values[s % Capacity] = fill;
        _values[second % Capacity] = value;
        _second = second;
        _inSecond = 1;
    }

    /// <summary>The newest values, the oldest first; NaN where nothing is known.</summary>
    internal double[] Last(int count)
    {
        var last = new double[count];
        for (var i = 0; i < count; i++)
        {
            var second = _second - (count - 1 - i);
            last[i] = _second < 0 || second < 0 || second <= _second - Capacity ? double.NaN : _values[second % Capacity];
        }

        return last;
    }
}
