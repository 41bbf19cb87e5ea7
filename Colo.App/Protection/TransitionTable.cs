namespace Colo.Protection;

/// <summary>What follows from an event in a phase.</summary>
/// <param name="Next">The phase from now on.</param>
/// <param name="Action">What is done.</param>
/// <param name="Why">The reason, for the table in the documentation.</param>
internal readonly record struct Transition<TPhase, TAction>(TPhase Next, TAction Action, string Why)
    where TPhase : struct, Enum
    where TAction : struct, Enum;

/// <summary>
/// Phases, events and actions in one place: for each pair of a phase and an event exactly one transition, also where nothing
/// is to be done. Immutable once built.
/// </summary>
/// <typeparam name="TPhase">The phases.</typeparam>
/// <typeparam name="TEvent">The events.</typeparam>
/// <typeparam name="TAction">The actions; 0 is "nothing".</typeparam>
internal sealed class TransitionTable<TPhase, TEvent, TAction>
    where TPhase : struct, Enum
    where TEvent : struct, Enum
    where TAction : struct, Enum
{
    private readonly Dictionary<(TPhase Phase, TEvent Event), Transition<TPhase, TAction>> _cells = [];

    /// <summary>The transition of a pair.</summary>
    /// <exception cref="KeyNotFoundException">The table has a hole: a defect that a test over all pairs finds.</exception>
    internal Transition<TPhase, TAction> this[TPhase phase, TEvent what] => _cells[(phase, what)];

    /// <summary>Pairs that have a transition.</summary>
    internal int Count => _cells.Count;

    /// <summary>A table that differs in one transition: by it is seen whether a check would find that.</summary>
    internal TransitionTable<TPhase, TEvent, TAction> With(TPhase phase, TEvent what, TPhase next, TAction action)
    {
        var copy = new TransitionTable<TPhase, TEvent, TAction>();
        foreach (var (key, cell) in _cells)
            copy._cells.Add(key, cell);
        copy._cells[(phase, what)] = new(next, action, "for a check");
        return copy;
    }

    /// <summary>Begins the rows of an event.</summary>
    internal Rows On(TEvent what) => new(this, what);

    /// <summary>The rows of one event.</summary>
    internal readonly struct Rows(TransitionTable<TPhase, TEvent, TAction> table, TEvent what)
    {
        /// <summary>In these phases: the action, and the next phase.</summary>
        internal Rows Go(ReadOnlySpan<TPhase> phases, TPhase next, TAction action, string why)
        {
            foreach (var phase in phases)
                table.Add(phase, what, new(next, action, why));
            return this;
        }

        /// <summary>In these phases: the action; the phase stays.</summary>
        internal Rows Do(ReadOnlySpan<TPhase> phases, TAction action, string why)
        {
            foreach (var phase in phases)
                table.Add(phase, what, new(phase, action, why));
            return this;
        }

        /// <summary>In all phases without a row of this event: nothing.</summary>
        internal void ElseNothing(string why)
        {
            foreach (var phase in Enum.GetValues<TPhase>())
            {
                if (!table._cells.ContainsKey((phase, what)))
                    table.Add(phase, what, new(phase, default, why));
            }
        }
    }

    private void Add(TPhase phase, TEvent what, Transition<TPhase, TAction> transition)
    {
        if (!_cells.TryAdd((phase, what), transition))
            throw new InvalidOperationException($"two transitions of {phase} at {what}");
    }
}
