using Colo.Protection;
using Xunit.Abstractions;

namespace Colo.Tests.Protection;

public sealed class ProtectionTableTests(ITestOutputHelper output)
{
    private static readonly (PrimaryPhase Phase, PrimaryEvent What, Transition<PrimaryPhase, PrimaryAction> Cell)[] Primary =
        [.. from phase in Enum.GetValues<PrimaryPhase>() from what in Enum.GetValues<PrimaryEvent>() select (phase, what, PrimaryProtection.Table[phase, what])];

    private static readonly (SecondaryPhase Phase, SecondaryEvent What, Transition<SecondaryPhase, SecondaryAction> Cell)[] Secondary =
        [.. from phase in Enum.GetValues<SecondaryPhase>() from what in Enum.GetValues<SecondaryEvent>() select (phase, what, SecondaryProtection.Table[phase, what])];

    [Fact]
    public void Every_pair_of_a_phase_and_an_event_has_one_transition_with_a_reason()
    {
        Assert.Equal(Enum.GetValues<PrimaryPhase>().Length * Enum.GetValues<PrimaryEvent>().Length, PrimaryProtection.Table.Count);
        Assert.Equal(Enum.GetValues<SecondaryPhase>().Length * Enum.GetValues<SecondaryEvent>().Length, SecondaryProtection.Table.Count);
        Assert.All(Primary, pair => Assert.NotEmpty(pair.Cell.Why));
        Assert.All(Secondary, pair => Assert.NotEmpty(pair.Cell.Why));
        output.WriteLine($"{Primary.Length} pairs of the primary, {Secondary.Length} of the secondary");
    }

    [Fact]
    public void Actions_and_phases_that_belong_together_come_together()
    {
        Assert.All(Primary, pair =>
        {
            if (pair.Cell.Next != pair.Phase || pair.Cell.Action != PrimaryAction.None)
                Assert.Equal(pair.Cell.Next == PrimaryPhase.Alone, pair.Cell.Action == PrimaryAction.GoAlone);
            if (pair.Cell.Next != pair.Phase)
            {
                Assert.Equal(pair.Cell.Next == PrimaryPhase.Yielded, pair.Cell.Action == PrimaryAction.Yield);
                Assert.Equal(pair.Cell.Next == PrimaryPhase.HandedOver, pair.Cell.Action == PrimaryAction.HandOver);
                Assert.Equal(pair.Cell.Next == PrimaryPhase.OfferedAsking || (pair.Cell.Next == PrimaryPhase.Asking && pair.Phase != PrimaryPhase.OfferedAsking), pair.Cell.Action == PrimaryAction.AskThird);
                Assert.Equal(pair.Cell.Next == PrimaryPhase.Ended, pair.Cell.Action == PrimaryAction.End);
            }
        });
        Assert.All(Secondary, pair =>
        {
            if (pair.Cell.Next != pair.Phase)
                Assert.Equal(pair.Cell.Next == SecondaryPhase.TakingOver, pair.Cell.Action == SecondaryAction.TakeOver);
        });
        foreach (var action in Enum.GetValues<PrimaryAction>())
            Assert.Contains(Primary, pair => pair.Cell.Action == action);
        foreach (var action in Enum.GetValues<SecondaryAction>().Where(action => action != SecondaryAction.None))
            Assert.Contains(Secondary, pair => pair.Cell.Action == action);
    }

    [Fact]
    public void What_has_ended_stays_ended()
    {
        Assert.All(Primary.Where(pair => pair.Phase is PrimaryPhase.Yielded or PrimaryPhase.Ended), pair => Assert.Equal((pair.Phase, PrimaryAction.None), (pair.Cell.Next, pair.Cell.Action)));
        Assert.All(Secondary.Where(pair => pair.Phase == SecondaryPhase.Over), pair => Assert.Equal((pair.Phase, SecondaryAction.None), (pair.Cell.Next, pair.Cell.Action)));
        // Nothing stops a takeover that is decided, but for the disks that it needs.
        Assert.All(
            Secondary.Where(pair => pair.Phase == SecondaryPhase.TakingOver && pair.What is not (SecondaryEvent.Settled or SecondaryEvent.DisksFailed)),
            pair => Assert.Equal((pair.Phase, SecondaryAction.None), (pair.Cell.Next, pair.Cell.Action)));
    }

    [Fact]
    public void A_secondary_that_does_not_have_everything_never_takes_over() =>
        Assert.All(
            Secondary.Where(pair => pair.Phase is SecondaryPhase.Waiting or SecondaryPhase.Syncing),
            pair => Assert.NotEqual(SecondaryPhase.TakingOver, pair.Cell.Next));

    [Fact]
    public void Where_a_third_decides_silence_alone_lets_nobody_go_on_who_could_meet_the_other()
    {
        Assert.All(
            Primary.Where(pair => pair.What is PrimaryEvent.SilentThird or PrimaryEvent.DismissUnansweredThird && pair.Phase is not (PrimaryPhase.Alone or PrimaryPhase.Syncing or PrimaryPhase.Offered)),
            pair => Assert.NotEqual(PrimaryPhase.Alone, pair.Cell.Next));
        // A fence-command gives its permission to whoever calls it first, also to one that has just been offered everything.
        Assert.All(
            Primary.Where(pair => pair.What is PrimaryEvent.SilentFence or PrimaryEvent.DismissUnansweredFence && pair.Phase is not (PrimaryPhase.Alone or PrimaryPhase.Syncing)),
            pair => Assert.NotEqual(PrimaryPhase.Alone, pair.Cell.Next));
        Assert.All(Secondary.Where(pair => pair.What == SecondaryEvent.SilenceThird && pair.Phase != SecondaryPhase.TakingOver), pair => Assert.NotEqual(SecondaryPhase.TakingOver, pair.Cell.Next));
        // What may have been permitted is given up on an answer only, or on proof that it was not.
        Assert.All(
            Secondary.Where(pair => pair.Phase == SecondaryPhase.Claiming && pair.Cell.Next == SecondaryPhase.Over),
            pair => Assert.Contains(pair.What, new[]
            {
                SecondaryEvent.PermissionDenied, SecondaryEvent.PeerWentAlone, SecondaryEvent.NoticeOutdated, SecondaryEvent.GuestEnded, SecondaryEvent.DisksFailed,
            }));
    }

    [Fact]
    public void Who_has_given_the_voice_away_takes_it_back_on_proof_or_the_operators_word_only() =>
        Assert.Equal(
            [PrimaryEvent.Replaced, PrimaryEvent.GivenUp, PrimaryEvent.Died, PrimaryEvent.DiedLateThird, PrimaryEvent.OperatorAlone, PrimaryEvent.OperatorAloneForced],
            Primary.Where(pair => pair.Phase == PrimaryPhase.HandedOver && pair.Cell.Next == PrimaryPhase.Alone).Select(pair => pair.What));

    [Fact]
    public void Until_it_has_said_that_it_takes_over_a_secondary_gives_a_guest_back_that_was_handed_to_it() =>
        Assert.Equal(
            [SecondaryEvent.Dismissed, SecondaryEvent.Terminated, SecondaryEvent.DisksFailed],
            new[] { SecondaryEvent.Dismissed, SecondaryEvent.Terminated, SecondaryEvent.DisksFailed }.Where(what => SecondaryProtection.Table[SecondaryPhase.Entrusted, what].Next == SecondaryPhase.Over));

    [Fact]
    public void A_primary_without_a_third_never_stays_in_doubt_when_it_hears_nothing() =>
        Assert.All(
            new[] { PrimaryPhase.Syncing, PrimaryPhase.Offered, PrimaryPhase.Protected, PrimaryPhase.Listening, PrimaryPhase.Confirming },
            from =>
            {
                var phase = PrimaryProtection.Table[from, PrimaryEvent.Silent].Next;
                Assert.Equal(PrimaryPhase.Alone, phase == PrimaryPhase.Confirming ? PrimaryProtection.Table[phase, PrimaryEvent.PeerDoesNotLead].Next : phase);
            });

    [Fact]
    public void The_manual_shows_the_tables_as_they_are()
    {
        var path = Path.Combine(ColoBinary.Repository, "docs", "protection.md");
        var text = File.ReadAllText(path);
        var begin = text.IndexOf(ProtectionDocument.Begin, StringComparison.Ordinal);
        var end = text.IndexOf(ProtectionDocument.End, StringComparison.Ordinal);
        Assert.True(begin >= 0 && end > begin, "docs/protection.md lacks its marks");
        begin += ProtectionDocument.Begin.Length;
        var made = ProtectionDocument.Make();
        if (Environment.GetEnvironmentVariable("COLO_UPDATE_DOCS") == "1")
            File.WriteAllText(path, string.Concat(text.AsSpan(0, begin), "\n", made, text.AsSpan(end)));
        else
            Assert.Equal("\n" + made, text[begin..end]);
    }
}
