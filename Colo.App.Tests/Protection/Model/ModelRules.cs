using Colo.Protection;

namespace Colo.Tests.Protection.Model;

/// <summary>
/// All that can happen next in a state, with the decisions taken from the tables that the nodes themselves use
/// (<see cref="PrimaryProtection"/>, <see cref="SecondaryProtection"/>, <see cref="Lease"/>). What the nodes do around them, raise
/// events and carry out actions, is said here a second time, in ticks and without bytes.
/// </summary>
internal sealed partial class ModelRules(ModelBounds bounds)
{
    private const byte T = ModelBounds.Timeout;
    private const byte M = ModelBounds.Margin;
    private readonly List<(string Name, ModelState State)> _next = [];
    private ModelState _s = null!;

    /// <summary>The tables: the nodes' own, or broken ones.</summary>
    internal TransitionTable<PrimaryPhase, PrimaryEvent, PrimaryAction> PrimaryTable { get; init; } = PrimaryProtection.Table;

    internal TransitionTable<SecondaryPhase, SecondaryEvent, SecondaryAction> SecondaryTable { get; init; } = SecondaryProtection.Table;

    /// <summary>What the nodes do wrong.</summary>
    internal ModelFlaw Flaw { get; init; }

    /// <summary>The first thing that was found wrong in the last call.</summary>
    internal string? Violation { get; private set; }

    /// <summary>A primary that runs alone, and a secondary that looks for it.</summary>
    internal static ModelState Start()
    {
        var state = new ModelState { World = 1, NextVersion = 2, NextToken = 1 };
        for (var i = 0; i < 2; i++)
        {
            ref var node = ref state.Nodes[i];
            node.Life = Life.Up;
            Forget(ref node);
        }

        state.Nodes[0].IsPrimary = true;
        state.Nodes[0].Has = state.Nodes[0].Releasable = 1;
        return state;
    }

    /// <summary>Whether a node sends as the guest, now, if it has something to send.</summary>
    internal static bool Speaks(in ModelNode node) => node.Life == Life.Up && node.IsPrimary && node.Primary switch
    {
        PrimaryPhase.Alone or PrimaryPhase.Syncing => true,
        var phase when PrimaryProtection.HasLease(phase) => 0 < Lease.SpeaksUntil(-node.EchoAge, T, M),
        // In Offered all output waits for the first checkpoint; after a handover there is silence.
        _ => false,
    };

    internal List<(string Name, ModelState State)> Successors(ModelState state)
    {
        _next.Clear();
        Violation = null;
        if (state.Ended)
            return _next;
        var ready = true;
        for (var i = 0; i < 2 && Violation is null; i++)
            ready &= NodeSteps(state, i);
        if (Violation is null && ready)
            Try(state, "a tick", Tick);
        if (Violation is null)
            FaultSteps(state);
        return _next;
    }

    private void Try(ModelState state, string name, Action step)
    {
        if (Violation is not null)
            return;
        _s = state.Clone();
        step();
        Observe();
        _next.Add((name, _s));
    }

    /// <summary>The steps of one node that are not faults.</summary>
    /// <returns>Whether time may pass: a node that is up and not frozen does what is due first.</returns>
    private bool NodeSteps(ModelState state, int i)
    {
        var node = state.Nodes[i];
        var ready = true;
        var who = i == 0 ? "a" : "b";
        if (state.LinkUp && state.Queues[1 - i].Count > 0 && node.Life == Life.Up)
            Try(state, $"{who} gets {state.Queues[1 - i][0].Type}", () => Deliver(i));
        if (state.Nodes[1 - i].Notice != 0 && state.LinkUp && node.Life == Life.Up)
            Try(state, $"{who} is told by the keeper", () => TakeNotice(i));
        if (node.Life != Life.Up)
            return true;
        if (node.Linked && state.LinkUp && (state.Nodes[1 - i].Life == Life.Down || !state.Nodes[1 - i].Linked))
            Try(state, $"{who}'s link ends", () => LoseLink(i));
        if (node.Call == CallAnswer.Pending)
        {
            ready &= node.CallAge == 0;
            Try(state, $"{who}'s call is answered", () => AnswerCall(i));
        }
        else if (node.Call != CallAnswer.None)
        {
            ready = false;
            Try(state, $"{who} hears {node.Call}", () => HearCall(i));
        }

        if (node.Inquiry == InquiryAnswer.Pending)
        {
            ready &= node.InquiryAge == 0;
            Try(state, $"{who}'s inquiry is answered", () => AnswerInquiry(i));
        }
        else if (node.Inquiry != InquiryAnswer.None)
        {
            ready = false;
            Try(state, $"{who} hears {node.Inquiry}", () => HearInquiry(i));
        }

        ClaimSteps(state, i, who);
        return (node.IsPrimary ? PrimarySteps(state, i, who) : SecondarySteps(state, i, who)) && ready;
    }

    private bool PrimarySteps(ModelState state, int i, string who)
    {
        var node = state.Nodes[i];
        var ready = true;
        if (node.Leaving != 0 && node.Primary == PrimaryPhase.Alone)
        {
            // SIGTERM had come before it had taken over.
            Try(state, $"{who} powers the guest off", () => _s.Ended = true);
            return false;
        }

        if (IsSilent(node) && (!node.Listening || node.Listen == 0) && (node.Primary is PrimaryPhase.Syncing or PrimaryPhase.Offered or PrimaryPhase.Protected or PrimaryPhase.Listening))
        {
            ready = false;
            Try(state, $"{who} finds silence", () => RaisePrimary(i, SilentEvent));
        }

        if (node.Primary == PrimaryPhase.HandedOver && IsSilent(node) && node.Call == CallAnswer.None && node.Inquiry == InquiryAnswer.None)
            Try(state, $"{who} finds silence after the handover", () => RaisePrimary(i, SilentEvent));
        if (node.Dismissing > T)
        {
            ready = false;
            Try(state, $"{who}'s dismissal is not answered", () =>
            {
                _s.Nodes[i].Dismissing = 0;
                RaisePrimary(i, bounds.Third switch
                {
                    ModelThird.None => PrimaryEvent.DismissUnanswered,
                    ModelThird.Arbiter => PrimaryEvent.DismissUnansweredThird,
                    _ => PrimaryEvent.DismissUnansweredFence,
                });
            });
        }

        if (node.Primary == PrimaryPhase.Syncing && node.Linked && Room(state, i))
            Try(state, $"{who} sends the first checkpoint", () => SendCheckpoint(i, 1));
        if (node.Checkpoint == 0 && !state.Nodes[1 - i].Loading && node.Linked && Room(state, i) && PrimaryProtection.HasLease(node.Primary))
        {
            Try(state, $"{who} sends a checkpoint", () => SendCheckpoint(i, 2));
            if (PrimaryTable[node.Primary, PrimaryEvent.SwitchoverAsked].Action == PrimaryAction.TakePlanned && (node.Primary != PrimaryPhase.Asking || Speaks(node)))
                Try(state, $"{who} is asked to hand over", () => SendCheckpoint(i, 3));
        }

        if (node.Renewing && state.Reach[i] && PrimaryProtection.HasLease(node.Primary))
            Try(state, $"{who} renews the token", () => Renew(i));
        if (node.Dismissing == 0 && node.Linked && Room(state, i) && node.Primary is PrimaryPhase.Protected or PrimaryPhase.HandedOver && state.Faults < bounds.Faults)
            Try(state, $"{who} finds the secondary wanting", () =>
            {
                _s.Faults++;
                RaisePrimary(i, PrimaryEvent.SecondaryFails);
            });
        if (node.Primary == PrimaryPhase.Yielded)
        {
            ready = false;
            Try(state, $"{who} begins anew as secondary", () => BeginAnew(i));
        }

        if (state.LinkUp && state.Nodes[1 - i] is { Life: Life.Up, IsPrimary: false, Secondary: SecondaryPhase.Waiting } && Welcome(node))
            Try(state, $"{who} takes a secondary", () => Pair(i));
        return ready;
    }

    private bool SecondarySteps(ModelState state, int i, string who)
    {
        var node = state.Nodes[i];
        if (node.Leaving == 0 && state.Faults < bounds.Faults && Room(state, i))
            Try(state, $"{who} is told to end", () => Terminate(i));
        if (node.Leaving == 1 && node.Claim == ClaimState.None && SecondaryProtection.HasGuest(node.Secondary))
            Try(state, $"{who} leaves after all", () => RaiseSecondary(i, SecondaryEvent.Terminated));
        if (node.Leaving == 2)
            Try(state, $"{who} ends", () => End(i));
        if (node.Loading && node.Secondary != SecondaryPhase.Over)
            Try(state, $"{who} has loaded", () =>
            {
                _s.Nodes[i].Loading = false;
                if (Flaw == ModelFlaw.AnnouncesLate && _s.Nodes[i].Secondary == SecondaryPhase.TakingOver)
                    Send(i, new Message(MessageType.Taken));
                RaiseSecondary(i, SecondaryEvent.Loaded);
            });
        if (node.Secondary == SecondaryPhase.TakingOver)
        {
            // The loading is bounded by nothing: a disk may hang.
            if (!node.Loading)
                Try(state, $"{who} takes over", () => Speak(i));
            return node.Loading;
        }

        if (node.Secondary == SecondaryPhase.Over)
        {
            if (node.Leaving == 0)
                Try(state, $"{who} begins anew", () => BeginAnew(i));
            else if (node.Leaving == 1)
                Try(state, $"{who} ends", () => End(i));
            return false;
        }

        if (node.HeardAge < T || !SecondaryProtection.HasGuest(node.Secondary))
            return true;
        if (bounds.Operator && node.Secondary == SecondaryPhase.Silent && state.Nodes[1 - i] is { Life: Life.Frozen, IsPrimary: true } other && PrimaryProtection.HasLease(other.Primary))
            Try(state, $"the operator has {who} take over", () => RaiseSecondary(i, SecondaryEvent.OperatorTakes));
        if (node.Secondary is SecondaryPhase.Following or SecondaryPhase.Severed)
        {
            Try(state, $"{who} finds silence", () => RaiseSecondary(i, SilenceEvent));
            return false;
        }

        if (node.Inquiry == InquiryAnswer.None && node.Call == CallAnswer.None && !(node.Linked && node.Secondary == SecondaryPhase.Silent))
            Try(state, $"{who} asks what the other is", () => RaiseSecondary(i, SilenceEvent));
        return true;
    }

    private PrimaryEvent SilentEvent => bounds.Third switch
    {
        ModelThird.None => PrimaryEvent.Silent,
        ModelThird.Arbiter => PrimaryEvent.SilentThird,
        _ => PrimaryEvent.SilentFence,
    };

    private SecondaryEvent SilenceEvent => bounds.Third == ModelThird.None ? SecondaryEvent.Silence : SecondaryEvent.SilenceThird;

    private bool IsLateThird(in ModelNode node) =>
        (bounds.Third == ModelThird.Arbiter ? node.Token != 0 : bounds.Third == ModelThird.Fence) && node.EchoAge >= T;

    private static bool IsSilent(in ModelNode node) => node.EchoAge >= T || node.Mute >= T;

    private static bool Room(ModelState state, int i) => state.Queues[i].Count < ModelState.QueueLimit;

    private bool Welcome(in ModelNode node) => node.Primary switch
    {
        PrimaryPhase.HandedOver => node.KnowsPeer,
        PrimaryPhase.Yielded or PrimaryPhase.Ending or PrimaryPhase.Ended => false,
        PrimaryPhase.Alone or PrimaryPhase.Syncing or PrimaryPhase.Offered or PrimaryPhase.OfferedAsking => true,
        _ => node.KnowsPeer || ((!node.Linked || node.HeardAge >= T) && !IsLateThird(node)),
    };

    private void Tick()
    {
        for (var i = 0; i < 2; i++)
        {
            ref var node = ref _s.Nodes[i];
            Age(ref node.EchoAge);
            Age(ref node.HeardAge);
            Age(ref node.EchoOf);
            Age(ref node.WindowAge);
            if (node.Life == Life.Frozen)
                node.FrozenFor = (byte)Math.Min(node.FrozenFor + 1, 2);
            if (node.Listening && node.Listen > 0 && node.Life == Life.Up)
                node.Listen--;
            if (node.Dismissing is > 0 and <= T)
                node.Dismissing++;
            if (node.CallWindow > 0)
                node.CallWindow--;
            if (node.Call == CallAnswer.Pending)
                node.CallAge = 1;
            if (node.Inquiry == InquiryAnswer.Pending)
                node.InquiryAge = 1;
            var messages = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_s.Queues[i]);
            foreach (ref var message in messages)
            {
                if (message.Type == MessageType.Beat)
                    message = message with { Sent = Older(message.Sent), Echo = Older(message.Echo) };
            }
        }

        for (var i = 0; i < 2; i++)
        {
            ref var node = ref _s.Nodes[i];
            if (node.Life != Life.Up)
                continue;
            if (node.Linked && Room(_s, i) && (node.IsPrimary || Echoes(node)))
                _s.Queues[i].Add(new Message(MessageType.Beat, node.EchoAge, 0, node.EchoOf));
            if (node.IsPrimary && !Speaks(node) && PrimaryProtection.HasLease(node.Primary))
                node.Mute = (byte)Math.Min(node.Mute + 1, 15);
            else
                node.Mute = 0;
            // Invariant 6: with no third, a primary is silent no longer than the timeout, and twice that after it stood still itself.
            if (bounds.Third == ModelThird.None && node.Mute > (node.Listening ? (2 * T) + 2 : T + 1))
                Violation ??= $"a primary without a third is silent for {node.Mute} ticks";
        }
    }

    private bool Echoes(in ModelNode secondary) =>
        secondary.Secondary is not (SecondaryPhase.Asking or SecondaryPhase.Claiming or SecondaryPhase.TakingOver or SecondaryPhase.Over) || IsLate(secondary);

    /// <summary>Whether this one takes over and does not say so yet: a mistake.</summary>
    private bool IsLate(in ModelNode secondary) =>
        Flaw == ModelFlaw.AnnouncesLate && secondary is { Loading: true, Secondary: SecondaryPhase.TakingOver };

    private static void Age(ref byte age) => age = Older(age);

    private static byte Older(byte age) => (byte)Math.Min(age + 1, ModelState.Old);

    /// <summary>What the world sees in this state.</summary>
    private void Observe()
    {
        var speakers = 0;
        for (var i = 0; i < 2; i++)
        {
            ref var node = ref _s.Nodes[i];
            if (!Speaks(node))
                continue;
            speakers++;
            node.Mute = 0;
            _s.World = Math.Max(_s.World, node.Releasable);
        }

        if (speakers == 2)
            Violation ??= "two voices";
        if (_s.Crashes == 0 && !_s.Ended && !HasGuest(_s.Nodes[0]) && !HasGuest(_s.Nodes[1]))
            Violation ??= "nobody has the guest any more, and nobody died";
    }

    private static bool HasGuest(in ModelNode node) => node.IsPrimary
        ? node.Primary != PrimaryPhase.Yielded
        : SecondaryProtection.HasGuest(node.Secondary) || node.Secondary is SecondaryPhase.Entrusted or SecondaryPhase.TakingOver;

    /// <summary>
    /// Whether the guest speaks again, and nobody is asked any more, when all is mended from here on: the link, the arbiter and the frozen go on, nothing new
    /// fails, and nobody is asked for anything.
    /// </summary>
    internal bool Recovers(ModelState from)
    {
        var state = from.Clone();
        state.LinkUp = state.Reach[0] = state.Reach[1] = true;
        _s = state;
        for (var i = 0; i < 2; i++)
        {
            if (state.Nodes[i].Life == Life.Frozen)
                Thaw(i);
        }

        // Any order will do, as long as nothing is put off for ever.
        var random = new Random(1);
        for (var round = 0; round < 1000; round++)
        {
            // Who has been fenced meanwhile starts anew, by rules that are tried elsewhere.
            if (state.Ended || state.Crashes > from.Crashes || (round > 60 && (SpeaksUndisturbed(state.Nodes[0]) || SpeaksUndisturbed(state.Nodes[1]))))
                return true;
            var next = Successors(state).Where(step => step.State.Faults == state.Faults && !IsWanton(step.Name)).ToArray();
            state = next[random.Next(next.Length)].State;
        }

        return false;
    }

    /// <summary>Goes on with nothing late: whatever can be delivered is, before time passes. Nothing fails, and nothing is mended.</summary>
    internal ModelState Settle(ModelState from, int ticks)
    {
        var state = from;
        while (ticks > 0)
        {
            var next = Successors(state).Where(step =>
                step.State.Faults == state.Faults && step.State.LinkUp == state.LinkUp && step.State.Reach.AsSpan().SequenceEqual(state.Reach) && !IsWanton(step.Name)).ToArray();
            state = next.FirstOrDefault(step => step.Name != "a tick", next[^1]).State;
            ticks -= next.Any(step => step.Name != "a tick") ? 0 : 1;
        }

        return state;
    }

    private static bool SpeaksUndisturbed(in ModelNode node) => Speaks(node) && node.Primary != PrimaryPhase.Asking;

    private static bool IsWanton(string step) =>
        step.EndsWith("sends a checkpoint", StringComparison.Ordinal) || step.EndsWith("asked to hand over", StringComparison.Ordinal) || step.EndsWith("wanting", StringComparison.Ordinal);
}
