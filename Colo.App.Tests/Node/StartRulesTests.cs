using Colo.Block.Replication;
using Colo.Node;

namespace Colo.Tests.Node;

public sealed class StartRulesTests
{
    private static readonly Guid Cluster = Guid.NewGuid();
    private static readonly Guid Data = Guid.NewGuid();

    /// <summary>A primary that was protected when it died.</summary>
    private static readonly NodeData Protected = NodeData.New.BecomeFirst(Cluster, Data).Offer().Protect();

    /// <summary>Its secondary.</summary>
    private static readonly NodeData Mirror = NodeData.New.Accept(SyncKind.Everything).Synced(Protected);

    [Theory]
    [InlineData("syncing")]
    [InlineData("unprotected")]
    [InlineData("protected")]
    public void Whoever_finds_a_primary_follows_it_and_pairing_judges_the_rest(string state)
    {
        foreach (var own in new[] { null, NodeData.New, Protected, Mirror, Protected.GoAlone(Guid.NewGuid()) })
            Expect(StartDecision.Follow, "peer-leads", own, "primary", state, Protected);
        Expect(StartDecision.Wait, "peer-ends", Mirror, "primary", "stopped", Protected);
    }

    [Fact]
    public void A_primary_that_comes_back_yields_to_the_secondary_that_holds_the_guest_unless_it_went_alone()
    {
        Expect(StartDecision.Yield, "peer-has-all", Protected, "secondary", "protected", Mirror);
        // It had offered, and died before it knew that the offer was taken.
        var offered = NodeData.New.BecomeFirst(Cluster, Data).Offer();
        Expect(StartDecision.Yield, "peer-has-all", offered, "secondary", "protected", NodeData.New.Accept(SyncKind.Everything).Synced(offered));
        // It has yielded, and was started once more.
        Expect(StartDecision.Yield, "peer-has-all", Protected with { State = DataState.Copy }, "secondary", "protected", Mirror);
        Expect(StartDecision.Lead, "peer-outdated", Protected.GoAlone(Guid.NewGuid()), "secondary", "protected", Mirror);
        // Nothing is known: no disks, or a new record.
        Expect(StartDecision.Wait, "peer-holds", null, "secondary", "protected", null);
        Expect(StartDecision.Wait, "peer-holds", NodeData.New, "secondary", "protected", Mirror);
        Expect(StartDecision.Wait, "peer-syncs", Protected, "secondary", "syncing", NodeData.New);
    }

    [Fact]
    public void Two_that_could_both_lead_leave_it_to_node_a()
    {
        var ended = Protected with { State = DataState.Copy, Ended = true };
        foreach (var (own, peer) in new (NodeData?, NodeData?)[] { (null, null), (NodeData.New, null), (NodeData.New, NodeData.New), (ended, ended) })
        {
            Assert.Equal(StartDecision.Lead, StartRules.Decide(true, own, new PeerView("undecided", "waiting", peer)).Decision);
            Assert.Equal(StartDecision.Follow, StartRules.Decide(false, own, new PeerView("undecided", "waiting", peer)).Decision);
            // One that was told to follow is no rival.
            Assert.Equal(StartDecision.Lead, StartRules.Decide(false, own, new PeerView("secondary", "waiting", peer)).Decision);
        }
    }

    [Fact]
    public void After_a_crash_of_both_the_one_that_spoke_last_leads()
    {
        var promoted = Mirror.TakeOver(Guid.NewGuid());
        var alone = Protected.GoAlone(Guid.NewGuid());
        Leads(Protected, Mirror);
        Leads(alone, Mirror);
        Leads(promoted, Protected);
        Leads(promoted, Protected with { State = DataState.Copy });
        Leads(Protected, NodeData.New);
        Leads(alone, Mirror.Leave());
        Expect(StartDecision.Wait, "told-otherwise", Mirror, "secondary", "waiting", Protected);
    }

    [Fact]
    public void What_only_people_can_decide_is_refused_with_what_they_can_do()
    {
        var alone = Protected.GoAlone(Guid.NewGuid());
        foreach (var (x, y, text) in new[]
        {
            (alone, Mirror.TakeOver(Guid.NewGuid()), "without the other"),
            (Protected, NodeData.New.BecomeFirst(Guid.NewGuid(), Guid.NewGuid()), "different guests"),
            (Mirror, Protected with { State = DataState.Copy }, "neither node's data is current"),
            (NodeData.New, Mirror, "neither node's data is current"),
        })
        {
            foreach (var (own, peer) in new[] { (x, y), (y, x) })
            {
                var verdict = Expect(StartDecision.Refuse, "conflict", own, "undecided", "waiting", peer);
                Assert.Contains("remove its record", verdict.Text, StringComparison.Ordinal);
                Assert.Contains(text, verdict.Text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Alone_only_that_one_starts_whose_data_nobody_else_can_have()
    {
        Expect(StartDecision.Lead, "unshared", Protected.GoAlone(Guid.NewGuid()), null, "", null);
        Expect(StartDecision.Lead, "unshared", Mirror.TakeOver(Guid.NewGuid()), null, "", null);
        Expect(StartDecision.Lead, "unshared", NodeData.New.BecomeFirst(Cluster, Data), null, "", null);
        foreach (var own in new[] { null, NodeData.New, Protected, Mirror, NodeData.New.BecomeFirst(Cluster, Data).Offer(), Protected with { State = DataState.Copy, Ended = true } })
        {
            var verdict = Expect(StartDecision.Wait, "cold", own, null, "", null);
            Assert.Contains("colo failover --force", verdict.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_record_is_worth_what_the_rules_make_of_it()
    {
        Assert.Equal("empty", StartRules.Worth(NodeData.New));
        Assert.Equal("current", StartRules.Worth(Protected));
        Assert.Equal("current", StartRules.Worth(Mirror.TakeOver(Guid.NewGuid())));
        Assert.Equal("ended", StartRules.Worth(Protected with { State = DataState.Copy, Ended = true }));
        foreach (var outdated in new[] { Mirror, Mirror.Leave(), Protected with { State = DataState.Copy }, NodeData.New.Accept(SyncKind.Everything) })
            Assert.Equal("outdated", StartRules.Worth(outdated));
    }

    private static void Leads(NodeData one, NodeData other)
    {
        foreach (var isA in new[] { true, false })
        {
            Assert.Equal(StartDecision.Lead, StartRules.Decide(isA, one, new PeerView("undecided", "waiting", other)).Decision);
            Assert.Equal(StartDecision.Follow, StartRules.Decide(!isA, other, new PeerView("undecided", "waiting", one)).Decision);
        }
    }

    private static StartVerdict Expect(StartDecision decision, string rule, NodeData? own, string? role, string state, NodeData? peer)
    {
        StartVerdict verdict = null!;
        foreach (var isA in new[] { true, false })
        {
            verdict = StartRules.Decide(isA, own, new PeerView(role, state, peer));
            Assert.Equal((decision, rule), (verdict.Decision, verdict.Rule));
            Assert.NotEmpty(verdict.Text);
        }

        return verdict;
    }
}
