using Colo.Monitor;

namespace Colo.Node;

/// <summary>
/// The answer to a command of the operator that takes its time: given on the loop's thread, waited for on the control socket's.
/// The first one counts, and one that comes when nobody waits any more harms nothing.
/// </summary>
internal sealed class PendingAnswer
{
    private readonly TaskCompletionSource<ControlResult> _given = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gives the answer, unless there is one.</summary>
    internal void Give(ControlResult result) => _given.TrySetResult(result);

    /// <summary>Waits for the answer.</summary>
    /// <param name="limit">For how long.</param>
    /// <param name="late">What is answered when there is none by then.</param>
    internal ControlResult Wait(TimeSpan limit, ControlResult late) => _given.Task.Wait(limit) ? _given.Task.Result : late;
}

/// <summary>The commands that wait for this node to become the primary. On the loop's thread.</summary>
internal sealed class TakeoverWaits
{
    private readonly List<PendingAnswer> _waiting = [];

    /// <summary>Has a command wait for the end of what it has begun.</summary>
    internal void Add(PendingAnswer answer) => _waiting.Add(answer);

    /// <summary>This node speaks as the guest.</summary>
    internal void Done() => End(ControlResult.Done);

    /// <summary>It will not, as things stand; nobody waits any more.</summary>
    internal void Failed(string why) => End(ControlResult.Failed(why));

    private void End(ControlResult result)
    {
        foreach (var answer in _waiting)
            answer.Give(result);
        _waiting.Clear();
    }
}
