using System.Diagnostics;
using Colo.Protection;
using Colo.Tests.Protection.Model;
using Xunit.Abstractions;

namespace Colo.Tests.Protection;

/// <summary>
/// The two tables against each other: whether a history exists in which two nodes speak, somebody goes on from less than the world
/// has seen, the guest is lost though nobody died, or a primary without a third is silent for too long.
/// </summary>
public sealed class ProtectionModelTests(ITestOutputHelper output)
{
    private static int Limit(int usual) => int.TryParse(Environment.GetEnvironmentVariable("COLO_TEST_MODEL_STATES"), out var set) ? set : usual;

    [Theory]
    [InlineData(nameof(ModelThird.None))]
    [InlineData(nameof(ModelThird.Arbiter))]
    [InlineData(nameof(ModelThird.Fence))]
    public void All_short_histories_keep_the_invariants(string third)
    {
        const int Faults = 2;
        var checker = new ModelChecker(new ModelRules(new ModelBounds(Enum.Parse<ModelThird>(third), Faults)), Limit(150_000));
        var watch = Stopwatch.StartNew();
        var wrong = checker.Run();
        output.WriteLine($"{checker.States} states, {checker.Steps} steps, {(checker.Complete ? "all" : "not all")} of up to {Faults} faults, {checker.Recoveries} recoveries, in {watch.Elapsed.TotalSeconds:0.0} s");
        if (wrong is not null)
            Assert.Fail(wrong);
    }

    [Theory]
    [InlineData(nameof(ModelThird.None))]
    [InlineData(nameof(ModelThird.Arbiter))]
    [InlineData(nameof(ModelThird.Fence))]
    public void Long_random_histories_keep_the_invariants(string third)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("COLO_TEST_SEED"), out var set) ? set : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var walks = Limit(150_000) / 150;
        var checker = new ModelChecker(new ModelRules(new ModelBounds(Enum.Parse<ModelThird>(third), 6)), 0);
        for (var n = 0; n < walks; n++)
        {
            if (checker.Walk(new Random(seed + n), 150) is { } wrong)
                Assert.Fail($"seed {seed}, walk {n}: {wrong}");
        }

        output.WriteLine($"{walks} walks, {checker.Steps} steps");
    }

    /// <summary>
    /// Found by the search when a death notice still sufficed after the lease: the secondary is permitted to take over because of a delay,
    /// speaks, and dies, and the primary hears of that before it has noticed the silence.
    /// </summary>
    [Fact]
    public void What_was_said_with_permission_is_not_undone_by_the_death_of_who_said_it()
    {
        string[] history =
        [
            "a takes a secondary", "a sends the first checkpoint", "b gets FirstCheckpoint", "a gets Received", "a renews the token", "b gets Token", "a tick", "a tick", "a tick",
            "b finds silence", "the arbiter judges b's claim", "b hears of its claim", "b takes over", "b dies", "a is told by the keeper",
        ];
        var bounds = new ModelBounds(Third: ModelThird.Arbiter, Faults: 1);
        Assert.Null(Replay(new ModelRules(bounds), history));
        var before = PrimaryProtection.Table.With(PrimaryPhase.Protected, PrimaryEvent.DiedLateThird, PrimaryPhase.Alone, PrimaryAction.GoAlone);
        Assert.Equal("a primary goes on from version 1, and the world has seen 2", Replay(new ModelRules(bounds) { PrimaryTable = before }, history));
    }

    /// <summary>SIGTERM while the arbiter may have permitted this node already: were it to go, the other one would be told that it is outdated.</summary>
    [Fact]
    public void Who_may_have_been_permitted_does_not_leave_before_it_knows()
    {
        string[] history =
        [
            "a takes a secondary", "a sends the first checkpoint", "b gets FirstCheckpoint", "a gets Received", "a renews the token", "b gets Token", "the link is cut", "a tick", "a tick", "a tick",
            "b finds silence", "a finds silence", "the arbiter judges b's claim", "b is told to end",
        ];
        var bounds = new ModelBounds(Third: ModelThird.Arbiter, Faults: 2);
        Assert.Null(Replay(new ModelRules(bounds), [.. history, "b hears of its claim", "b takes over", "b powers the guest off"]));
        var left = SecondaryProtection.Table.With(SecondaryPhase.Claiming, SecondaryEvent.Terminated, SecondaryPhase.Over, SecondaryAction.LeaveInOrder);
        Assert.Equal(
            "nobody has the guest any more, and nobody died",
            Replay(new ModelRules(bounds) { SecondaryTable = left }, [.. history, "b ends", "the arbiter judges a's claim", "a hears of its claim"]));
    }

    /// <summary>A blip of the secondary while the arbiter was away all the time: with both back, the pair is as it was.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_primary_asks_no_longer_when_its_secondary_is_heard_again(bool arbiterBack)
    {
        string[] history =
        [
            "a takes a secondary", "a sends the first checkpoint", "b gets FirstCheckpoint", "a gets Received", "a loses the arbiter", "b freezes", "a tick", "a tick", "a tick",
            "a finds silence", "b thaws", "b gets Beat", "b gets Beat", "b gets Beat",
        ];
        var bounds = new ModelBounds(ModelThird.Arbiter, Faults: 2);
        Assert.Equal(PrimaryPhase.Protected, Settled(new ModelRules(bounds)));
        var table = PrimaryProtection.Table.With(PrimaryPhase.Asking, PrimaryEvent.HeardUnasked, PrimaryPhase.Asking, PrimaryAction.None);
        Assert.Equal(PrimaryPhase.Asking, Settled(new ModelRules(bounds) { PrimaryTable = table, Flaw = ModelFlaw.AskingEndsRenewal }));

        PrimaryPhase Settled(ModelRules rules)
        {
            Assert.Null(Replay(rules, history, out var state));
            state.Reach[0] = arbiterBack;
            state = rules.Settle(state, ticks: 20);
            Assert.Equal(arbiterBack && rules.Flaw == ModelFlaw.None, state.Nodes[0].Token != 0 && state.Nodes[0].Token == state.Nodes[1].Token);
            return state.Nodes[0].Primary;
        }
    }

    /// <summary>The secondary's disk hangs under the checkpoint of a switchover: its beats go on, and nobody would speak for as long.</summary>
    [Fact]
    public void A_guest_that_cannot_be_loaded_after_a_handover_is_taken_back()
    {
        string[] history =
        [
            "a takes a secondary", "a sends the first checkpoint", "b gets FirstCheckpoint", "a gets Received", "a is asked to hand over", "b gets Checkpoint", "a gets Received",
            "b gets Handover", "a finds the secondary wanting", "b gets Dismiss", "a gets DismissAcknowledged",
        ];
        var bounds = new ModelBounds(ModelThird.None, Faults: 1);
        Assert.Null(Replay(new ModelRules(bounds), history, out var state));
        Assert.Equal(PrimaryPhase.Alone, state.Nodes[0].Primary);
        // Loaded before it hears of that: it speaks, and the dismissal is void.
        string[] loaded = [.. history[..^2], "b has loaded", "b gets Dismiss", "b takes over", "a gets Taken"];
        Assert.Null(Replay(new ModelRules(bounds), loaded, out state));
        Assert.Equal(PrimaryPhase.Yielded, state.Nodes[0].Primary);
    }

    /// <summary>
    /// The operator has the secondary take over from a primary that stands still, while a checkpoint is being loaded there: the primary,
    /// awake again, hears of that at once, or at least no echo.
    /// </summary>
    [Fact]
    public void Who_takes_over_says_so_before_a_checkpoint_is_loaded()
    {
        string[] history =
        [
            "a takes a secondary", "a sends the first checkpoint", "b gets FirstCheckpoint", "a gets Received", "a sends a checkpoint", "b gets Checkpoint", "a freezes",
            "a tick", "a tick", "a tick", "b finds silence", "the operator has b take over", "a thaws",
        ];
        var bounds = new ModelBounds(ModelThird.None, Faults: 3, Operator: true);
        Assert.Null(Replay(new ModelRules(bounds), [.. history, "a gets Received"]));
        var checker = new ModelChecker(new ModelRules(bounds), 0);
        for (var n = 0; n < 1000; n++)
        {
            if (checker.Walk(new Random(n), 120) is { } wrong)
                Assert.Fail($"walk {n}: {wrong}");
        }

        string[] awake =
        [
            .. history, "a gets Received", "a gets Beat", "a gets Beat", "a gets Beat", "a tick", "b gets Beat", "a tick", "a gets Beat", "a gets Beat",
        ];
        var late = new ModelRules(bounds) { Flaw = ModelFlaw.AnnouncesLate };
        Assert.Equal("two voices", Replay(late, [.. awake, "b has loaded", "b takes over"]));
    }

    private static string? Replay(ModelRules rules, string[] history) => Replay(rules, history, out _);

    private static string? Replay(ModelRules rules, string[] history, out ModelState state)
    {
        state = ModelRules.Start();
        foreach (var step in history)
        {
            var next = rules.Successors(state);
            Assert.Contains(step, next.Select(one => one.Name));
            state = next.First(one => one.Name == step).State;
            _ = state.Key();
            if (rules.Violation is { } wrong)
                return wrong;
        }

        return null;
    }

    private sealed record Mistake(
        string What, ModelThird Third,
        Func<TransitionTable<PrimaryPhase, PrimaryEvent, PrimaryAction>, TransitionTable<PrimaryPhase, PrimaryEvent, PrimaryAction>>? Primary = null,
        Func<TransitionTable<SecondaryPhase, SecondaryEvent, SecondaryAction>, TransitionTable<SecondaryPhase, SecondaryEvent, SecondaryAction>>? Secondary = null);

    private static readonly Mistake[] s_mistakes =
    [
        new("a secondary that may be permitted gives up when the primary answers", ModelThird.Arbiter, Secondary: table => table
            .With(SecondaryPhase.Claiming, SecondaryEvent.CallAlive, SecondaryPhase.Over, SecondaryAction.Restart)
            .With(SecondaryPhase.Claiming, SecondaryEvent.PeerAlive, SecondaryPhase.Over, SecondaryAction.Restart)),
        new("a primary goes on alone on silence although a third decides", ModelThird.Arbiter, Primary: table => table
            .With(PrimaryPhase.Protected, PrimaryEvent.SilentThird, PrimaryPhase.Alone, PrimaryAction.GoAlone)),
        new("a secondary takes over on silence although a third decides", ModelThird.Arbiter, Secondary: table => table
            .With(SecondaryPhase.Following, SecondaryEvent.SilenceThird, SecondaryPhase.TakingOver, SecondaryAction.TakeOver)),
        new("a primary that has handed over goes on when it hears nothing", ModelThird.Arbiter, Primary: table => table
            .With(PrimaryPhase.HandedOver, PrimaryEvent.SilentThird, PrimaryPhase.Alone, PrimaryAction.GoAlone)),
        new("a refused call counts also when the primary may have gone on alone before", ModelThird.None, Secondary: table => table
            .With(SecondaryPhase.Severed, SecondaryEvent.CallDeadLate, SecondaryPhase.TakingOver, SecondaryAction.TakeOver)
            .With(SecondaryPhase.Silent, SecondaryEvent.CallDeadLate, SecondaryPhase.TakingOver, SecondaryAction.TakeOver)),
        new("a secondary takes over after the notice that it was not current", ModelThird.None, Secondary: table => table
            .With(SecondaryPhase.Following, SecondaryEvent.NoticeOutdated, SecondaryPhase.TakingOver, SecondaryAction.TakeOver)
            .With(SecondaryPhase.Silent, SecondaryEvent.NoticeOutdated, SecondaryPhase.TakingOver, SecondaryAction.TakeOver)),
        new("a primary that hears of a takeover goes on", ModelThird.None, Primary: table => table
            .With(PrimaryPhase.HandedOver, PrimaryEvent.TakenOver, PrimaryPhase.Alone, PrimaryAction.GoAlone)),
        new("a secondary takes over on silence although nobody decides", ModelThird.None, Secondary: table => table
            .With(SecondaryPhase.Following, SecondaryEvent.Silence, SecondaryPhase.TakingOver, SecondaryAction.TakeOver)),
        new("a secondary that was told to end, and has said that it leaves, still takes what it is handed", ModelThird.None, Secondary: table => table
            .With(SecondaryPhase.Following, SecondaryEvent.Terminated, SecondaryPhase.Following, SecondaryAction.LeaveInOrder)),
        new("a primary goes on alone although the secondary may have what was offered, and has this node fenced", ModelThird.Fence, Primary: table => table
            .With(PrimaryPhase.Offered, PrimaryEvent.SilentFence, PrimaryPhase.Alone, PrimaryAction.GoAlone)),
        new("a primary that has handed over goes on when its dismissal is not answered", ModelThird.None, Primary: table => table
            .With(PrimaryPhase.HandedOver, PrimaryEvent.DismissUnanswered, PrimaryPhase.Alone, PrimaryAction.GoAlone)),
        new("a secondary that has said that it takes over accepts a dismissal", ModelThird.None, Secondary: table => table
            .With(SecondaryPhase.TakingOver, SecondaryEvent.Dismissed, SecondaryPhase.Over, SecondaryAction.AcceptDismissal)),
    ];

    public static TheoryData<string> Mistakes => [.. s_mistakes.Select(mistake => mistake.What)];

    /// <summary>A check that finds nothing wrong is worth what it would find.</summary>
    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_in_the_tables_is_found(string what)
    {
        var mistake = s_mistakes.Single(one => one.What == what);
        var primary = mistake.Primary?.Invoke(PrimaryProtection.Table) ?? PrimaryProtection.Table;
        var secondary = mistake.Secondary?.Invoke(SecondaryProtection.Table) ?? SecondaryProtection.Table;
        var checker = new ModelChecker(new ModelRules(new ModelBounds(mistake.Third, 4)) { PrimaryTable = primary, SecondaryTable = secondary }, 0);
        for (var n = 0; n < 20_000; n++)
        {
            if (checker.Walk(new Random(n), 120) is not { } wrong)
                continue;
            output.WriteLine($"found in walk {n}, after {checker.Steps} steps: {wrong.Split('\n')[0]}");
            return;
        }

        Assert.Fail($"not found in {checker.Steps} steps");
    }
}
