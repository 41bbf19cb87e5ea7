using Colo.Soak;
using Colo.Soak.Faults;

namespace Colo.Tests.Soak;

/// <summary>Which faults a seed brings, and what may come of them.</summary>
public sealed class FaultPlanTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(500);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_seed_repeats_its_decisions_in_whatever_order_they_are_asked_for(bool arbiter)
    {
        var view = new PairView(arbiter);
        var forward = Enumerable.Range(1, 200).Select(n => new FaultPlan(4711, Timeout).Fault(n, view)).ToList();
        var plan = new FaultPlan(4711, Timeout);
        var backward = Enumerable.Range(1, 200).Reverse().Select(n => plan.Fault(n, view)).Reverse().ToList();
        Assert.Equal(forward, backward);
        Assert.NotEqual(forward, Enumerable.Range(1, 200).Select(n => new FaultPlan(4712, Timeout).Fault(n, view)).ToList());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void All_kinds_that_fit_come_and_no_other(bool arbiter)
    {
        var view = new PairView(arbiter);
        var kinds = Faults(view).Select(f => f.Kind).Distinct().Order();
        Assert.Equal(Enum.GetValues<FaultKind>().Where(k => FaultRules.Fits(k, view)), kinds);
    }

    [Fact]
    public void The_details_of_one_kind_differ()
    {
        var both = Faults(new PairView(false)).Where(f => f.Kind == FaultKind.KillBoth).ToList();
        Assert.InRange(both.Count, 50, 500);
        foreach (var detail in (Func<PlannedFault, bool>[])[f => f.FromPrimary, f => f.StartPrimaryFirst, f => f.Between == TimeSpan.Zero, f => f.StartBetween == TimeSpan.Zero])
            Assert.InRange(both.Count(detail), both.Count / 6, both.Count * 5 / 6);
    }

    [Fact]
    public void Every_fault_finds_a_pair_that_has_been_protected_for_a_while()
    {
        var least = Timeout * FaultPlan.LeastHealthy;
        Assert.All(Faults(new PairView(true)), f => Assert.InRange(f.Healthy, least, Timeout * 10));
    }

    [Fact]
    public void A_silence_is_longer_than_the_timeout_and_a_blip_shorter()
    {
        foreach (var fault in Faults(new PairView(true)))
        {
            if (fault.Kind == FaultKind.LinkBlip)
                Assert.InRange(fault.Length, TimeSpan.Zero, Timeout * 0.7);
            else
                Assert.InRange(fault.Length, Timeout * 1.5, Timeout * 10);
        }
    }

    [Fact]
    public void A_node_dies_twice_only_beside_one_that_is_alone_and_speaks() =>
        Assert.All(Faults(new PairView(true)).Where(f => f.KillAgainAfter is not null), f => Assert.True(FaultRules.StartsNodeAnew(f.Kind), f.ToString()));

    [Fact]
    public void Silence_alone_moves_the_guest_only_with_an_arbiter()
    {
        foreach (var kind in (FaultKind[])[FaultKind.LinkDown, FaultKind.FreezePrimary, FaultKind.HalfOpen])
        {
            Assert.False(FaultRules.MayMove(kind, new PairView(HasArbiter: false)));
            Assert.True(FaultRules.MayMove(kind, new PairView(HasArbiter: true)));
            Assert.False(FaultRules.MustMove(kind));
        }

        Assert.True(FaultRules.MustMove(FaultKind.KillPrimary));
        Assert.False(FaultRules.MayMove(FaultKind.KillSecondary, new PairView(HasArbiter: true)));
    }

    [Fact]
    public void Only_the_kinds_that_are_asked_for_come()
    {
        var plan = new FaultPlan(1, Timeout, [FaultKind.HalfOpen, FaultKind.ArbiterAway]);
        Assert.Equal([FaultKind.HalfOpen, FaultKind.ArbiterAway], Enumerable.Range(1, 100).Select(n => plan.Fault(n, new PairView(true)).Kind).Distinct().Order());
        Assert.All(Enumerable.Range(1, 100), n => Assert.Equal(FaultKind.HalfOpen, plan.Fault(n, new PairView(false)).Kind));
        Assert.Throws<ArgumentException>(() => new FaultPlan(1, Timeout, [FaultKind.ArbiterAway]).Fault(1, new PairView(false)));
    }

    [Fact]
    public void A_fault_is_told_in_words()
    {
        var fault = new FaultPlan(1, Timeout).Fault(1, new PairView(false)) with { Kind = FaultKind.HalfOpen, FromPrimary = true, Length = TimeSpan.FromSeconds(1.5) };
        Assert.Equal("half-open from the primary on for 1.5 s", fault.ToString());
    }

    [Fact]
    public void Gaps_are_counted_by_fault_and_a_reboot_ends_a_life()
    {
        var gaps = new GapStatistics();
        gaps.Add(FaultKind.KillPrimary, moved: true, 10, 1);
        gaps.Add(FaultKind.KillPrimary, moved: true, 30, 2);
        gaps.Add(FaultKind.LinkDown, moved: false, 500, 1);
        gaps.AddReboot(FaultKind.KillBoth, 4);
        gaps.Add(FaultKind.SwitchOver, moved: true, 14, 1);
        Assert.Equal((5, 3, 2, 1), (gaps.Faults, gaps.Takeovers, gaps.LongestLife, gaps.Reboots));
        Assert.Equal((30, 14), gaps.TakeoverGaps());
        Assert.Contains("kill-primary", gaps.Table(), StringComparison.Ordinal);
        Assert.Matches(@"kill-both +1 +0 +- +- +4\.0 s", gaps.Table());
    }

    [Fact]
    public void The_median_of_an_even_number_is_the_mean_of_the_two_in_the_middle()
    {
        Assert.Equal(2.5, GapStatistics.Median([4, 1, 3, 2]));
        Assert.Equal(3, GapStatistics.Median([9, 3, 1]));
        Assert.True(double.IsNaN(GapStatistics.Median([])));
    }

    [Fact]
    public void The_command_line_takes_minutes_and_a_seed_and_says_what_is_wrong()
    {
        var settings = Colo.Soak.Program.Parse(["0.5", "77", "--arbiter", "off", "--patience", "6", "--faults", "3"]);
        Assert.Equal((TimeSpan.FromSeconds(30), 77, (bool?)false, 6, 3), (settings.Duration, settings.Seed, settings.Arbiter, settings.Patience, settings.MostFaults));
        Assert.EndsWith("/out/soak/77", settings.Folder, StringComparison.Ordinal);
        Assert.Contains("MINUTES x", Assert.Throws<FormatException>(() => Colo.Soak.Program.Parse(["x"])).Message, StringComparison.Ordinal);
        Assert.Contains("SEED 3.5", Assert.Throws<FormatException>(() => Colo.Soak.Program.Parse(["1", "3.5"])).Message, StringComparison.Ordinal);
        Assert.Equal([FaultKind.KillBoth, FaultKind.HalfOpen], Colo.Soak.Program.Parse(["--only", "kill-both,half-open"]).Only!);
        Assert.Contains("--only nothing", Assert.Throws<FormatException>(() => Colo.Soak.Program.Parse(["--only", "nothing"])).Message, StringComparison.Ordinal);
        Assert.Contains("--fault", Assert.Throws<FormatException>(() => Colo.Soak.Program.Parse(["--fault", "1"])).Message, StringComparison.Ordinal);
        Assert.Contains("needs a value", Assert.Throws<FormatException>(() => Colo.Soak.Program.Parse(["--faults"])).Message, StringComparison.Ordinal);
    }

    private static IEnumerable<PlannedFault> Faults(PairView view) =>
        Enumerable.Range(1, 5).SelectMany(seed => Enumerable.Range(1, 400).Select(n => new FaultPlan(seed, Timeout).Fault(n, view)));
}
