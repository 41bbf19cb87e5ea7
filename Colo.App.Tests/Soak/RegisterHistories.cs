using Colo.Soak.Registers;

namespace Colo.Tests.Soak;

/// <summary>Makes histories of one key that are linearizable because they were made from their order, and spoils them.</summary>
internal static class RegisterHistories
{
    /// <summary>How a right history is spoiled.</summary>
    internal enum Change
    {
        /// <summary>A read returns what was overwritten before it was sent.</summary>
        Stale,

        /// <summary>A read returns nothing after a write was acknowledged.</summary>
        Lost,

        /// <summary>A read returns what nobody wrote.</summary>
        Nowhere,

        /// <summary>A read returns what is written later only.</summary>
        Early,
    }

    /// <summary>A right history: each request has its moment, and begins and ends around it.</summary>
    internal static List<RegisterOperation> Right(Random random, int count)
    {
        var history = new List<RegisterOperation>();
        long value = 0;
        for (var i = 1; i <= count; i++)
        {
            var moment = i * 1_000L;
            // Some are quick, some overlap with dozens of others.
            var reach = random.Next(4) == 0 ? 40_000 : 1_500;
            var (from, to) = (moment - random.Next(reach), moment + random.Next(reach));
            switch (random.Next(10))
            {
                case 0:
                    // Without a reply: happened,
                    history.Add(new RegisterOperation(i, true, value = i, from, RegisterOperation.Never));
                    break;
                case 1:
                    // or not.
                    history.Add(new RegisterOperation(i, true, i, from, RegisterOperation.Never));
                    break;
                case 2 or 3 or 4:
                    history.Add(new RegisterOperation(i, true, value = i, from, to));
                    break;
                default:
                    history.Add(new RegisterOperation(i, false, value, from, to));
                    break;
            }
        }

        // In the order in which they were sent, as clients note them.
        return [.. history.OrderBy(o => o.Invoked)];
    }

    /// <summary>The same with one read that cannot be.</summary>
    internal static List<RegisterOperation> Changed(Random random, List<RegisterOperation> history, Change kind)
    {
        var changed = history.ToList();
        var writes = history.Where(o => o.IsWrite && o.HasReturned).ToList();
        // Not from the beginning, where no read may have returned before the newer write, nor from the end.
        var old = writes[random.Next(writes.Count / 10, writes.Count / 2)];
        var newer = writes.First(w => w.Invoked > old.Returned);
        var candidates = Enumerable.Range(0, history.Count).Where(i => !history[i].IsWrite && kind switch
        {
            Change.Early => history[i].Returned < newer.Invoked,
            _ => history[i].Invoked > newer.Returned,
        }).ToList();
        var at = candidates[random.Next(candidates.Count)];
        changed[at] = changed[at] with
        {
            Value = kind switch
            {
                Change.Stale => old.Value,
                Change.Lost => 0,
                Change.Early => newer.Value,
                _ => RegisterOperation.Unknown,
            },
        };
        return changed;
    }
}
