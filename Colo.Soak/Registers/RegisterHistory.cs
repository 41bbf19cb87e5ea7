namespace Colo.Soak.Registers;

/// <summary>What all clients asked of all keys, and what they were told. For several threads.</summary>
internal sealed class RegisterHistory(long zero)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<RegisterOperation>> _keys = [];
    private readonly HashSet<string> _blamed = [];
    private long _count;

    /// <summary>Requests with a reply.</summary>
    internal long Answered => Interlocked.Read(ref _count);

    /// <summary>Notes a request before it is sent: others may read its value before its own reply is there.</summary>
    /// <returns>Its place, for <see cref="End"/>.</returns>
    internal int Begin(string key, int client, bool isWrite, long value, long now)
    {
        lock (_gate)
        {
            if (!_keys.TryGetValue(key, out var operations))
                _keys[key] = operations = [];
            operations.Add(new RegisterOperation(client, isWrite, value, now, RegisterOperation.Never));
            return operations.Count - 1;
        }
    }

    /// <summary>Notes its reply.</summary>
    /// <param name="key">The key.</param>
    /// <param name="place">What <see cref="Begin"/> gave.</param>
    /// <param name="value">What was read; of a write, what was written.</param>
    /// <param name="now">When.</param>
    internal void End(string key, int place, long value, long now)
    {
        lock (_gate)
        {
            var operations = _keys[key];
            operations[place] = operations[place] with { Value = value, Returned = now };
            _count++;
        }
    }

    /// <summary>The keys that were asked for so far.</summary>
    internal IReadOnlyList<string> Keys()
    {
        lock (_gate)
            return [.. _keys.Keys];
    }

    /// <summary>Judges each of these keys. A key that was found wrong once is not told again.</summary>
    /// <returns>What cannot be, with the key.</returns>
    internal IReadOnlyList<string> Judge(IEnumerable<string> keys)
    {
        var found = new List<string>();
        foreach (var key in keys)
        {
            List<RegisterOperation> operations;
            lock (_gate)
            {
                if (_blamed.Contains(key) || !_keys.TryGetValue(key, out var all))
                    continue;
                operations = [.. all];
            }

            if (RegisterCheck.Find(operations, zero) is not { } wrong)
                continue;
            lock (_gate)
                _blamed.Add(key);
            found.Add($"key {key} is not linearizable: {wrong}");
        }

        return found;
    }

    /// <summary>All requests to a key, one a line, in the order in which they were sent.</summary>
    internal string Show(string key)
    {
        lock (_gate)
            return string.Join('\n', _keys[key].Select(o => o.Show(zero)));
    }

    /// <summary>The keys that were found wrong.</summary>
    internal IReadOnlyList<string> Blamed()
    {
        lock (_gate)
            return [.. _blamed];
    }
}
