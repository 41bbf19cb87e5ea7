using System.Globalization;

namespace Colo.Soak.Faults;

/// <summary>One fault, with all that was drawn about it.</summary>
/// <param name="Number">Its place in the plan, from 1.</param>
/// <param name="Kind">What happens.</param>
/// <param name="Healthy">How long the pair is protected before.</param>
/// <param name="Length">How long it lasts, where it lasts.</param>
/// <param name="FromPrimary">Where one of two is hit: whether it is the primary (half-open: its frames are lost; both killed: it dies first).</param>
/// <param name="Between">Between the two deaths, when both are killed.</param>
/// <param name="StartPrimaryFirst">Which of two dead nodes is started first.</param>
/// <param name="StartBetween">Between the two starts.</param>
/// <param name="RestartAfter">How long a dead node stays away.</param>
/// <param name="KillAgainAfter">How long after its start it is killed once more, in the middle of what it is at; null: it is not.</param>
/// <param name="KilobitsPerSecond">What a slow link carries.</param>
internal sealed record PlannedFault(
    int Number,
    FaultKind Kind,
    TimeSpan Healthy,
    TimeSpan Length,
    bool FromPrimary,
    TimeSpan Between,
    bool StartPrimaryFirst,
    TimeSpan StartBetween,
    TimeSpan RestartAfter,
    TimeSpan? KillAgainAfter,
    int KilobitsPerSecond)
{
    /// <summary>One line.</summary>
    public override string ToString() => Kind switch
    {
        FaultKind.KillBoth => Text($"{Name(Kind)}, {(FromPrimary ? "primary" : "secondary")} first, {Between.TotalMilliseconds:F0} ms between; {(StartPrimaryFirst ? "primary" : "secondary")} starts first, {StartBetween.TotalSeconds:F1} s between"),
        FaultKind.HalfOpen => Text($"{Name(Kind)} from the {(FromPrimary ? "primary" : "secondary")} on for {Length.TotalSeconds:F1} s"),
        FaultKind.SlowLink => Text($"{Name(Kind)}, {KilobitsPerSecond} kbit/s for {Length.TotalSeconds:F1} s"),
        FaultKind.SwitchOver or FaultKind.StopPrimary or FaultKind.StopSecondary => Name(Kind) + Again,
        FaultKind.KillPrimary or FaultKind.KillPrimaryAndKeeper or FaultKind.KillSecondary or FaultKind.ArbiterAwayKillPrimary =>
            Text($"{Name(Kind)}, back after {RestartAfter.TotalSeconds:F1} s{Again}"),
        _ => Text($"{Name(Kind)} for {Length.TotalSeconds:F1} s"),
    };

    /// <summary>The kind in words with hyphens.</summary>
    internal static string Name(FaultKind kind) => string.Concat(kind.ToString().Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "-") + char.ToLowerInvariant(c) : c.ToString()));

    private string Again => KillAgainAfter is { } again ? Text($", and killed again {again.TotalMilliseconds:F0} ms after its start") : "";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// Which faults hit the pair, one after the other. The n-th follows from the seed, n and what the pair is, not from when the
/// earlier ones ended: a seed repeats its decisions on any machine. Each one is meant for a pair that is protected, for
/// <see cref="PlannedFault.Healthy"/> already: two faults at once would be one more than two nodes are made for. Only a node that
/// has just been started beside a primary that is alone may die a second time. Pure.
/// </summary>
/// <param name="seed">Decides everything.</param>
/// <param name="timeout">The failover timeout of the pair: most times are multiples of it.</param>
/// <param name="only">The kinds that may come; null: all.</param>
internal sealed class FaultPlan(int seed, TimeSpan timeout, IReadOnlyList<FaultKind>? only = null)
{
    /// <summary>The least time for which a pair is protected before it is hit again, as a part of the timeout.</summary>
    internal const double LeastHealthy = 0.5;

    private static readonly (FaultKind Kind, int Weight)[] Weights =
    [
        (FaultKind.KillPrimary, 20), (FaultKind.KillPrimaryAndKeeper, 8), (FaultKind.KillSecondary, 10),
        (FaultKind.FreezePrimary, 8), (FaultKind.FreezeSecondary, 6),
        (FaultKind.LinkDown, 6), (FaultKind.LinkBlip, 5), (FaultKind.HalfOpen, 8), (FaultKind.SlowLink, 6),
        (FaultKind.FullDisk, 5), (FaultKind.PowerLoss, 5),
        (FaultKind.SwitchOver, 8), (FaultKind.StopPrimary, 5), (FaultKind.StopSecondary, 4),
        (FaultKind.ArbiterAway, 3), (FaultKind.ArbiterAwayKillPrimary, 5), (FaultKind.ArbiterAwayLinkDown, 4),
        (FaultKind.KillBoth, 6),
    ];

    /// <summary>The n-th fault, n from 1.</summary>
    internal PlannedFault Fault(int number, PairView view)
    {
        // A generator for each: what is drawn for one does not depend on what another needed.
        var random = new Dice(((ulong)(uint)seed << 32) | (uint)number);
        var kind = Draw(random, view);
        var longSilence = Times(random, 1.6, 4);
        var healthy = Times(random, LeastHealthy, 6);
        var fault = new PlannedFault(
            number, kind, healthy,
            Length: kind switch
            {
                FaultKind.LinkBlip => Times(random, 0.1, 0.6),
                FaultKind.SlowLink => Times(random, 3, 8),
                FaultKind.FullDisk => Times(random, 4, 10),
                _ => longSilence,
            },
            FromPrimary: random.Next(2) == 0,
            Between: random.Next(3) == 0 ? TimeSpan.Zero : Times(random, 0, 1.5),
            StartPrimaryFirst: random.Next(2) == 0,
            StartBetween: random.Next(3) == 0 ? TimeSpan.Zero : Times(random, 0, 5),
            RestartAfter: random.Next(4) == 0 ? TimeSpan.Zero : Times(random, 0, 3),
            KillAgainAfter: random.Next(4) == 0 ? Times(random, 0, 2.5) : null,
            KilobitsPerSecond: (int)(1_000 * Math.Pow(10, 1.7 * random.NextDouble())));
        return FaultRules.StartsNodeAnew(kind) ? fault : fault with { KillAgainAfter = null };
    }

    private FaultKind Draw(Dice random, PairView view)
    {
        var weights = Weights.Where(w => FaultRules.Fits(w.Kind, view) && only?.Contains(w.Kind) != false).ToList();
        if (weights.Count == 0)
            throw new ArgumentException("none of the faults that were asked for fits this pair", nameof(view));
        var left = random.Next(weights.Sum(w => w.Weight));
        foreach (var (kind, weight) in weights)
        {
            if (left < weight)
                return kind;
            left -= weight;
        }

        throw new InvalidOperationException("the weights do not add up");
    }

    private TimeSpan Times(Dice random, double least, double most) => timeout * (least + ((most - least) * random.NextDouble()));
}
