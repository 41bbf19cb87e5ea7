namespace Colo.Tests.Protection.Model;

/// <summary>Visits every state that can be reached within the bounds, breadth first, so that what it finds wrong it shows by a shortest history.</summary>
internal sealed class ModelChecker(ModelRules rules, int limit)
{
    private readonly Dictionary<UInt128, int> _known = [];
    private readonly List<(int From, string Step)> _history = [];

    /// <summary>States visited.</summary>
    internal int States => _history.Count;

    /// <summary>Steps taken between them.</summary>
    internal long Steps { get; private set; }

    /// <summary>States from which it was seen that the guest speaks again when all is mended: every fiftieth in which nobody died.</summary>
    internal int Recoveries { get; private set; }

    /// <summary>Whether everything within the bounds was visited.</summary>
    internal bool Complete { get; private set; }

    /// <summary>Searches.</summary>
    /// <returns>Null, or what is wrong, with the steps that lead there.</returns>
    internal string? Run()
    {
        var queue = new Queue<(int Number, ModelState State)>();
        var first = ModelRules.Start();
        _known.Add(first.Key(), 0);
        _history.Add((-1, "begin"));
        queue.Enqueue((0, first));
        while (queue.TryDequeue(out var item))
        {
            var successors = rules.Successors(item.State);
            foreach (var (name, next) in successors)
            {
                Steps++;
                if (_known.TryAdd(next.Key(), _history.Count))
                {
                    queue.Enqueue((_history.Count, next));
                    _history.Add((item.Number, name));
                }
            }

            if (rules.Violation is null && item.Number % 50 == 0 && item.State.Crashes == 0)
            {
                Recoveries++;
                if (!rules.Recovers(item.State))
                    return $"the guest does not speak again when all is mended\n{Tell(item.Number)}";
                continue;
            }

            if (rules.Violation is { } wrong)
                return $"{wrong}\n{Tell(item.Number)}\n{successors[^1].Name}";
            if (_history.Count >= limit)
                return null;
        }

        Complete = true;
        return null;
    }

    /// <summary>Walks at random, further than all states can be visited.</summary>
    /// <returns>Null, or what is wrong, with the steps that lead there.</returns>
    internal string? Walk(Random random, int steps)
    {
        var state = ModelRules.Start();
        var told = new List<string>();
        for (var n = 0; n < steps; n++)
        {
            var next = rules.Successors(state);
            if (rules.Violation is { } wrong)
                return $"{wrong}\n{string.Join("\n", told)}\n{next[^1].Name}";
            if (next.Count == 0)
                break;
            // Faults are many among the possible steps; most of the time something ordinary happens.
            var ordinary = next.FindIndex(step => step.State.Faults > state.Faults);
            var (name, chosen) = next[random.Next(ordinary > 0 && random.Next(8) != 0 ? ordinary : next.Count)];
            told.Add(name);
            state = chosen;
            _ = state.Key();
            Steps++;
        }

        return state.Crashes > 0 || rules.Recovers(state) ? null : $"the guest does not speak again when all is mended\n{string.Join("\n", told)}";
    }

    private string Tell(int number)
    {
        var steps = new List<string>();
        for (var n = number; n >= 0; n = _history[n].From)
            steps.Add(_history[n].Step);
        steps.Reverse();
        return string.Join("\n", steps);
    }
}
