namespace Colo.Block.Replication;

/// <summary>
/// Puts requests that overlap in order: a range is granted when no earlier one that it overlaps is held or waits. Fair:
/// nobody is passed by a later overlapping range. For a few hundred ranges at once, on one thread; nothing is allocated
/// for a range that is granted at once.
/// </summary>
public sealed class RangeLocks
{
    private readonly List<(long Offset, long Length)> _held = [];
    private readonly List<(long Offset, long Length, Action Granted)> _waiting = [];
    private bool _granting;
    private bool _again;

    /// <summary>Ranges that are held.</summary>
    public int Held => _held.Count;

    /// <summary>Ranges that wait.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Asks for a range. An empty one is granted at once, and overlaps nothing.</summary>
    /// <param name="offset">First byte, not negative.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="granted">Called once, perhaps before this returns; it may ask for and release ranges.</param>
    public void Acquire(long offset, long length, Action granted)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length > 0)
        {
            if (IsTaken(offset, length, _waiting.Count))
            {
                _waiting.Add((offset, length, granted));
                return;
            }

            _held.Add((offset, length));
        }

        granted();
    }

    /// <summary>Gives a range back, exactly as it was granted.</summary>
    /// <exception cref="InvalidOperationException">It is not held.</exception>
    public void Release(long offset, long length)
    {
        if (length == 0)
            return;
        var index = _held.LastIndexOf((offset, length));
        if (index < 0)
            throw new InvalidOperationException($"{length} bytes at {offset} are released and not held");
        _held[index] = _held[^1];
        _held.RemoveAt(_held.Count - 1);
        if (_waiting.Count > 0)
            Grant();
    }

    private void Grant()
    {
        // What is granted may release at once: the outer call goes through the list again.
        _again = true;
        if (_granting)
            return;
        _granting = true;
        try
        {
            while (_again)
            {
                _again = false;
                for (var i = 0; i < _waiting.Count && !_again;)
                {
                    var (offset, length, granted) = _waiting[i];
                    if (IsTaken(offset, length, i))
                    {
                        i++;
                        continue;
                    }

                    _waiting.RemoveAt(i);
                    _held.Add((offset, length));
                    granted();
                }
            }
        }
        finally
        {
            _granting = false;
        }
    }

    private bool IsTaken(long offset, long length, int waitingBefore)
    {
        foreach (var (at, bytes) in _held)
        {
            if (at < offset + length && offset < at + bytes)
                return true;
        }

        for (var i = 0; i < waitingBefore; i++)
        {
            if (_waiting[i].Offset < offset + length && offset < _waiting[i].Offset + _waiting[i].Length)
                return true;
        }

        return false;
    }
}
