using Colo.Block.Replication;

namespace Colo.Tests.Block.Replication;

public sealed class PairingRulesTests
{
    private static Guid Id(int n) => RecordFixture.Id(n);

    private static NodeData Node(DataState state, int data, int parent, ulong generation = 1, bool outdated = false, int cluster = 1) => new()
    {
        Cluster = Id(cluster),
        Generation = generation,
        Data = Id(data),
        Parent = Id(parent),
        State = state,
        PeerOutdated = outdated,
    };

    private static NodeData Alone(int data, int parent, ulong generation = 1) => Node(DataState.Current, data, parent, generation, outdated: true);

    private static NodeData Protected(int data, ulong generation = 1) => Node(DataState.Current, data, data, generation);

    private static PairingDecision Decides(string rule, SyncKind kind, NodeData primary, NodeData secondary)
    {
        var decision = PairingRules.Judge(primary, secondary);
        Assert.Equal((rule, kind), (decision.Rule, decision.Kind));
        return decision;
    }

    [Theory]
    [InlineData(DataState.Empty)]
    [InlineData(DataState.Copy)]
    [InlineData(DataState.Mirror)]
    [InlineData(DataState.Partial)]
    public void APrimaryWithoutCurrentDataIsNoSource(DataState state) =>
        Decides("primary-not-current", SyncKind.Refuse, Node(state, 10, 10), NodeData.New);

    [Fact]
    public void APrimaryThatHasDecidedToTakeOverIsCurrent()
    {
        var replay = Node(DataState.Mirror, 10, 10).TakeOver(Id(11), new ReplayTarget(ReplayKind.Log, Id(5), 3, DataState.Current));
        Decides("secondary-empty", SyncKind.Everything, replay, NodeData.New);
        Decides("went-alone", SyncKind.Changed, replay, Protected(10));
        Decides("primary-not-current", SyncKind.Refuse, replay with { Replay = replay.Replay with { Then = DataState.Mirror } }, NodeData.New);
    }

    [Fact]
    public void ASecondaryThatHoldsNothingGetsEverything()
    {
        Decides("secondary-empty", SyncKind.Everything, Alone(10, 0), NodeData.New);
        Decides("secondary-empty", SyncKind.Everything, Alone(10, 0), Node(DataState.Partial, 10, 10));
        // Whatever it was once: there is nothing left that could be lost.
        Decides("secondary-empty", SyncKind.Everything, Alone(10, 0), Node(DataState.Partial, 90, 91, generation: 9, cluster: 2));
    }

    [Fact]
    public void AForeignGuestIsNotOverwritten()
    {
        foreach (var state in new[] { DataState.Current, DataState.Copy, DataState.Mirror })
        {
            var decision = Decides("other-guest", SyncKind.Refuse, Alone(10, 0), Node(state, 10, 10, cluster: 2));
            Assert.Contains(Id(2).ToString(), decision.Text);
            Assert.Contains("remove its record", decision.Text);
        }
    }

    [Fact]
    public void AnOutdatedPrimaryDoesNotOverwriteWhoTookOver()
    {
        var secondary = Node(DataState.Mirror, 10, 10).TakeOver(Id(11));
        var decision = Decides("secondary-promoted", SyncKind.Refuse, Protected(10), secondary);
        Assert.Contains("generation 2, here 1", decision.Text);
        Assert.Contains("Start the other node as the primary", decision.Text);
        Decides("secondary-promoted", SyncKind.Refuse, Alone(12, 10), secondary with { State = DataState.Copy });
    }

    [Fact]
    public void ASecondaryThatWasInStepGetsWhatChanged()
    {
        foreach (var state in new[] { DataState.Mirror, DataState.Copy, DataState.Current })
        {
            Decides("same-data", SyncKind.Changed, Protected(10), Node(state, 10, 10));
            Decides("went-alone", SyncKind.Changed, Alone(11, 10), Node(state, 10, 10));
        }
    }

    [Fact]
    public void AnOldPrimaryThatDiedProtectedGetsWhatChanged() =>
        Decides("went-alone", SyncKind.Changed, Node(DataState.Mirror, 10, 9).TakeOver(Id(11)), Protected(10));

    [Fact]
    public void AnOldPrimaryThatDiedAsItsOfferWasTakenGetsWhatChanged()
    {
        // It went alone, offered that data, and died before it could record that the peer has it.
        var primary = Protected(10).GoAlone(Id(11)).Offer();
        Assert.True(primary.IsOffered);
        var secondary = Node(DataState.Copy, 10, 10).Synced(primary);
        Decides("went-alone", SyncKind.Changed, secondary.TakeOver(Id(12)), primary);
    }

    [Fact]
    public void AnOldPrimaryWhoseOfferWasNotTakenIsNotOverwritten()
    {
        var primary = Protected(10).GoAlone(Id(11)).Offer();
        Decides("both-went-alone", SyncKind.Refuse, Node(DataState.Copy, 10, 10).TakeOver(Id(12)), primary);
    }

    [Fact]
    public void TwoNodesThatWentAloneAreLeftToTheOperator()
    {
        var (a, b) = (Protected(10).GoAlone(Id(11)), Node(DataState.Mirror, 10, 10).TakeOver(Id(12)));
        var decision = Decides("both-went-alone", SyncKind.Refuse, b, a);
        Assert.Contains("choose one", decision.Text);
        Assert.Contains("remove its record", decision.Text);
        Decides("secondary-promoted", SyncKind.Refuse, a, b);
        // With its record removed it is a new node, whoever is given up.
        Decides("secondary-empty", SyncKind.Everything, b, NodeData.New);
        Decides("secondary-empty", SyncKind.Everything, a, NodeData.New);
    }

    [Fact]
    public void ASecondaryThatIsMadeFromThisPrimarysDataIsAhead()
    {
        // The primary's image and record come from an old backup.
        var current = Protected(10).GoAlone(Id(11));
        Decides("secondary-ahead", SyncKind.Refuse, Protected(10), current);
        Decides("secondary-ahead", SyncKind.Refuse, Protected(10), Node(DataState.Copy, 10, 10).Synced(current.Offer()));
    }

    [Fact]
    public void UnrelatedDataOfTheSameGenerationIsNotOverwritten() =>
        Decides("same-generation", SyncKind.Refuse, Alone(20, 21), Protected(10));

    [Fact]
    public void AnOldStateIsComparedAsAWhole()
    {
        Decides("secondary-old", SyncKind.Everything, Alone(20, 21), Node(DataState.Copy, 10, 10));
        Decides("secondary-old", SyncKind.Everything, Alone(20, 21), Node(DataState.Mirror, 10, 10));
        Decides("secondary-old", SyncKind.Everything, Alone(20, 21, generation: 3), Protected(10));
    }

    [Fact]
    public void ARecordChangesOnlyAsANodeCan()
    {
        var first = NodeData.New.BecomeFirst(Id(1), Id(10));
        Assert.True(first.IsSound && first is { State: DataState.Current, Generation: 1, PeerOutdated: true });
        // Nobody has its data: it may go on and on under the same identity.
        Assert.Same(first, first.GoAlone(Id(11)));
        var offered = first.Offer();
        Assert.Equal((Id(11), Id(10), true), (offered.GoAlone(Id(11)).Data, offered.GoAlone(Id(11)).Parent, offered.GoAlone(Id(11)).PeerOutdated));
        var secondary = NodeData.New.Accept(SyncKind.Everything).Synced(offered, new ReplayTarget(ReplayKind.Journal, Id(7), 0, DataState.Copy));
        Assert.True(secondary.IsSound && secondary.State == DataState.Replay && secondary.Resolved == DataState.Copy);
        var copy = secondary.Replayed();
        Assert.Equal(DataState.Copy, copy.State);
        Assert.Equal(DataState.Copy, copy.Accept(SyncKind.Everything).State);
        var mirror = NodeData.New.Accept(SyncKind.Everything).Synced(offered);
        Assert.Equal(DataState.Mirror, mirror.State);
        Assert.Equal(DataState.Copy, mirror.Leave().State);
        // Only what is marked is written to it: it stays what it is. Otherwise it is of no use until the sync is complete.
        Assert.Same(mirror, mirror.Accept(SyncKind.Changed));
        Assert.Equal(DataState.Mirror, mirror.Accept(SyncKind.Changed).Synced(offered).State);
        Assert.Equal(DataState.Partial, mirror.Accept(SyncKind.Everything).State);
        Assert.False(offered.Protect().PeerOutdated);
        Assert.Equal(2ul, secondary.Replayed().TakeOver(Id(12)).Generation);

        Assert.Throws<InvalidOperationException>(() => first.Protect());
        Assert.Throws<InvalidOperationException>(() => first.BecomeFirst(Id(1), Id(10)));
        Assert.Throws<InvalidOperationException>(() => first.TakeOver(Id(11)));
        Assert.Throws<InvalidOperationException>(() => first.Synced(offered));
        Assert.Throws<InvalidOperationException>(() => secondary.TakeOver(Id(12)));
        Assert.Throws<InvalidOperationException>(() => secondary.Accept(SyncKind.Changed));
        Assert.Throws<InvalidOperationException>(() => NodeData.New.Accept(SyncKind.Everything).TakeOver(Id(12)));
        Assert.Throws<InvalidOperationException>(() => NodeData.New.Accept(SyncKind.Everything).BecomeFirst(Id(1), Id(2)));
        Assert.Throws<InvalidOperationException>(() => NodeData.New.GoAlone(Id(11)));
        Assert.Throws<InvalidOperationException>(() => first.Replayed());
        Assert.Throws<InvalidOperationException>(() => first.Leave());
    }
}
