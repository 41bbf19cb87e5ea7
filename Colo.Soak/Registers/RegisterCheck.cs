namespace Colo.Soak.Registers;

/// <summary>
/// Whether a history of one key is linearizable: whether each request can be given a moment between its sending and its
/// reply, so that each read returns what was written last before it. Pure, exact, and no dearer than sorting.
/// <para>
/// In general that question needs a search; here every write has a value of its own, and then it does not (Gibbons and Korach,
/// "Testing shared memories", 1997). A value's cluster is its write with the reads that returned it. In any right order a
/// cluster stands together. Let f be the earliest reply of a cluster and s its latest sending. With f before s some request of
/// it ended before another began: from f to s the key held this value (a forward zone). Else all its requests were under way
/// together from s to f, and it fits in at any moment of that (a backward zone). The history is linearizable if and only if
/// no read ended before its write began, no two forward zones overlap, and no backward zone lies within a forward one.
/// </para>
/// <para>
/// A write without a reply may have happened at any time since, or never. If nobody read its value it bounds nothing and is
/// left out; else its reply counts as infinitely late. A read without a reply says nothing. Before all else stands a write of
/// "nothing". A request came before another only if its reply was there before the other was sent: equal times are under way
/// together.
/// </para>
/// </summary>
internal static class RegisterCheck
{
    /// <summary>Looks for what cannot be.</summary>
    /// <param name="operations">All requests to one key, in any order.</param>
    /// <param name="zero">What times in the answer count from, in nanoseconds.</param>
    /// <returns>Null when the history is linearizable; else why not, with the requests that show it.</returns>
    /// <exception cref="ArgumentException">A value was written twice.</exception>
    internal static string? Find(IReadOnlyList<RegisterOperation> operations, long zero = 0)
    {
        var clusters = new Dictionary<long, Cluster> { [0] = new(new(0, true, 0, long.MinValue, long.MinValue)) };
        foreach (var operation in operations)
        {
            if (operation.IsWrite && !clusters.TryAdd(operation.Value, new(operation)))
                throw new ArgumentException($"{RegisterOperation.ShowValue(operation.Value)} was written twice", nameof(operations));
        }

        foreach (var read in operations)
        {
            if (read.IsWrite || !read.HasReturned)
                continue;
            if (!clusters.TryGetValue(read.Value, out var cluster))
                return $"a value from nowhere: {read.Show(zero)}";
            if (read.Returned < cluster.Write.Invoked)
                return $"a value was read before it was written: {read.Show(zero)}; {cluster.Write.Show(zero)}";
            cluster.Add(read);
        }

        return FindOverlap([.. clusters.Values.Where(c => c.HasEffect)], zero);
    }

    private static string? FindOverlap(List<Cluster> clusters, long zero)
    {
        var forward = clusters.Where(c => c.IsForward).OrderBy(c => c.First.Returned).ToList();
        for (var i = 1; i < forward.Count; i++)
        {
            if (forward[i].First.Returned < forward[i - 1].Last.Invoked)
                return Explain("was there", forward[i], forward[i - 1], zero);
        }

        var starts = forward.Select(c => c.First.Returned).ToList();
        foreach (var cluster in clusters.Where(c => !c.IsForward))
        {
            // Forward zones do not overlap: only the last that begins before it can hold it.
            var at = starts.BinarySearch(cluster.Last.Invoked);
            at = (at < 0 ? ~at : FirstOf(starts, at)) - 1;
            if (at >= 0 && cluster.First.Returned < forward[at].Last.Invoked)
                return Explain("was there for a moment", cluster, forward[at], zero);
        }

        return null;
    }

    private static int FirstOf(List<long> starts, int at)
    {
        while (at > 0 && starts[at - 1] == starts[at])
            at--;
        return at;
    }

    private static string Explain(string how, Cluster one, Cluster other, long zero) =>
        $"{RegisterOperation.ShowValue(one.Write.Value)} {how} while the key held {RegisterOperation.ShowValue(other.Write.Value)}:\n" +
        $"  {RegisterOperation.ShowValue(one.Write.Value)}: written by {Show(one.Write, zero)}; first known by {Show(one.First, zero)}; last by {Show(one.Last, zero)}\n" +
        $"  {RegisterOperation.ShowValue(other.Write.Value)}: written by {Show(other.Write, zero)}; first known by {Show(other.First, zero)}; last by {Show(other.Last, zero)}";

    private static string Show(in RegisterOperation operation, long zero) =>
        operation.Invoked == long.MinValue ? "nobody (before the first write)" : operation.Show(zero);

    private sealed class Cluster(RegisterOperation write)
    {
        internal RegisterOperation Write { get; } = write;

        /// <summary>The request with the earliest reply.</summary>
        internal RegisterOperation First { get; private set; } = write;

        /// <summary>The request that was sent last.</summary>
        internal RegisterOperation Last { get; private set; } = write;

        internal bool IsForward => First.Returned < Last.Invoked;

        internal bool HasEffect => Write.HasReturned || First.HasReturned;

        internal void Add(in RegisterOperation read)
        {
            if (read.Returned < First.Returned)
                First = read;
            if (read.Invoked > Last.Invoked)
                Last = read;
        }
    }
}
