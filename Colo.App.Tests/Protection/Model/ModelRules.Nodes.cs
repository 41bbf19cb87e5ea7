using Colo.Protection;

namespace Colo.Tests.Protection.Model;

/// <content>Events raised at the nodes, and their actions carried out.</content>
internal sealed partial class ModelRules
{
    private void RaisePrimary(int i, PrimaryEvent what)
    {
        ref var node = ref _s.Nodes[i];
        if (!node.IsPrimary)
            return;
        var from = node.Primary;
        var transition = PrimaryTable[from, what];
        node.Primary = transition.Next;
        switch (transition.Action)
        {
            case PrimaryAction.BeginSync:
                break;
            case PrimaryAction.BecomeProtected:
                node.Renewing = bounds.Third == ModelThird.Arbiter;
                if (node.Listening)
                    RaisePrimary(i, PrimaryEvent.StoodStill);
                break;
            case PrimaryAction.GoAlone:
                GoAlone(i, from);
                break;
            case PrimaryAction.Call:
                Call(i, 0);
                break;
            case PrimaryAction.AskPeer:
                Ask(i);
                break;
            case PrimaryAction.AskThird:
                if (Flaw == ModelFlaw.AskingEndsRenewal)
                    node.Renewing = false;
                Claim(i);
                break;
            case PrimaryAction.Rearm:
                node.Token = 0;
                node.Renewing = bounds.Third == ModelThird.Arbiter;
                break;
            case PrimaryAction.Yield:
                node.Renewing = false;
                node.ClaimVoid = node.Claim != ClaimState.None;
                break;
            case PrimaryAction.Dismiss:
                Send(i, new Message(MessageType.Dismiss));
                node.Dismissing = 1;
                break;
            case PrimaryAction.HandOver:
                node.Renewing = false;
                node.ClaimVoid = node.Claim != ClaimState.None;
                Send(i, new Message(MessageType.Handover));
                break;
        }
    }

    /// <summary>Puts a new token at the arbiter, whatever stood there before, and tells the secondary.</summary>
    private void Renew(int i)
    {
        ref var node = ref _s.Nodes[i];
        node.Renewing = false;
        node.Token = _s.Arbiter = _s.NextToken++;
        Send(i, new Message(MessageType.Token, node.Token));
    }

    private void RaiseDied(int i) =>
        RaisePrimary(i, IsLateThird(_s.Nodes[i]) ? PrimaryEvent.DiedLateThird : PrimaryEvent.Died);

    private void GoAlone(int i, PrimaryPhase from)
    {
        ref var node = ref _s.Nodes[i];
        // The one exception: who was handed the guest took over, spoke and died before its word came here; a death notice says no more.
        if (node.Has < _s.World && from != PrimaryPhase.HandedOver)
            Violation ??= $"a primary goes on from version {node.Has}, and the world has seen {_s.World}";
        if (node.Linked)
            Send(i, new Message(MessageType.Goodbye));
        node.ClaimVoid = node.Claim != ClaimState.None;
        Unpair(ref node);
        // What it says from here on nobody shares.
        node.Has = node.Releasable = _s.NextVersion++;
    }

    private void SendCheckpoint(int i, byte kind)
    {
        ref var node = ref _s.Nodes[i];
        if (kind == 1)
            RaisePrimary(i, PrimaryEvent.FirstSent);
        node.Checkpoint = kind;
        node.Has = _s.NextVersion++;
        Send(i, new Message(kind == 1 ? MessageType.FirstCheckpoint : MessageType.Checkpoint, node.Has));
    }

    private void RaiseSecondary(int i, SecondaryEvent what)
    {
        ref var node = ref _s.Nodes[i];
        if (node.IsPrimary)
            return;
        if (node.Secondary is SecondaryPhase.Asking or SecondaryPhase.Claiming)
        {
            var known = node.Claim != ClaimState.None ? SecondaryEvent.ClaimSent : SecondaryEvent.ClaimVoid;
            node.Secondary = SecondaryTable[node.Secondary, known].Next;
        }

        var transition = SecondaryTable[node.Secondary, what];
        node.Secondary = transition.Next;
        switch (transition.Action)
        {
            case SecondaryAction.Call:
                Call(i, (byte)Math.Max(0, Lease.WindowEnd(100 - node.WindowAge, 0, T, M) - 100));
                break;
            case SecondaryAction.AskPeer or SecondaryAction.TellSilence:
                if (!(node.Linked && node.Secondary == SecondaryPhase.Silent))
                    Ask(i);
                break;
            case SecondaryAction.AskThird:
                Ask(i);
                Claim(i);
                break;
            case SecondaryAction.FinishLoading:
                if (!node.Loading)
                    RaiseSecondary(i, SecondaryEvent.Loaded);
                break;
            case SecondaryAction.TakeOver:
                if (!IsLate(node))
                    Send(i, new Message(MessageType.Taken));
                break;
            case SecondaryAction.Restart:
                Send(i, new Message(MessageType.Leave));
                node.ClaimVoid = node.Claim != ClaimState.None;
                break;
            case SecondaryAction.LeaveInOrder:
                Send(i, new Message(MessageType.Leave));
                node.Leaving = 2;
                break;
            case SecondaryAction.AcceptDismissal:
                Send(i, new Message(MessageType.DismissAcknowledged));
                node.ClaimVoid = node.Claim != ClaimState.None;
                break;
        }
    }

    private void Speak(int i)
    {
        ref var node = ref _s.Nodes[i];
        if (node.Has == 0 || node.Has < _s.World)
            Violation ??= $"a secondary takes over with version {node.Has}, and the world has seen {_s.World}";
        RaiseSecondary(i, SecondaryEvent.Settled);
        node.IsPrimary = true;
        node.Primary = PrimaryPhase.Alone;
        node.Secondary = SecondaryPhase.Waiting;
        node.ClaimVoid = node.Claim != ClaimState.None;
        if (node.Linked)
            Send(i, new Message(MessageType.Goodbye));
        Unpair(ref node);
        node.Has = node.Releasable = _s.NextVersion++;
    }

    /// <summary>SIGTERM of a secondary.</summary>
    private void Terminate(int i)
    {
        _s.Faults++;
        _s.Nodes[i].Leaving = 1;
        RaiseSecondary(i, SecondaryEvent.Terminated);
    }

    /// <summary>The process of a secondary ends in order: nobody is told of a death, and a call finds nobody.</summary>
    private void End(int i)
    {
        ref var node = ref _s.Nodes[i];
        if (node.Linked)
            Send(i, new Message(MessageType.Goodbye));
        var (claim, token) = (node.Claim, node.ClaimToken);
        node = default;
        Forget(ref node);
        node.Life = Life.Down;
        KeepClaim(ref node, claim, token);
    }

    /// <summary>A claim that is on its way when its node ends stays there.</summary>
    private static void KeepClaim(ref ModelNode node, ClaimState claim, byte token)
    {
        node.Claim = claim == ClaimState.Sent ? ClaimState.Sent : ClaimState.None;
        node.ClaimToken = node.Claim == ClaimState.Sent ? token : (byte)0;
        node.ClaimVoid = node.Claim != ClaimState.None;
    }

    /// <summary>A pairing is over for this node, or its process is a new one: it looks for a primary, with nothing in its memory.</summary>
    private void BeginAnew(int i)
    {
        ref var node = ref _s.Nodes[i];
        // A former primary's node runs again, with a new instance; a secondary that begins anew keeps its process.
        var asNew = node.IsPrimary;
        if (node.Linked)
            Send(i, new Message(MessageType.Goodbye));
        node.ClaimVoid = node.Claim != ClaimState.None;
        Unpair(ref node);
        node.IsPrimary = false;
        node.Secondary = SecondaryPhase.Waiting;
        node.Has = node.Releasable = 0;
        if (asNew)
            _s.Nodes[1 - i].KnowsPeer = false;
    }

    private void Pair(int p)
    {
        var s = 1 - p;
        ref var primary = ref _s.Nodes[p];
        if (primary.Primary != PrimaryPhase.Alone)
            RaisePrimary(p, PrimaryEvent.Replaced);
        _s.Queues[0].Clear();
        _s.Queues[1].Clear();
        foreach (var i in new[] { p, s })
        {
            ref var node = ref _s.Nodes[i];
            Unpair(ref node);
            node.Linked = node.KnowsPeer = true;
            node.EchoAge = node.HeardAge = 0;
            node.Notice = 0;
        }

        RaisePrimary(p, PrimaryEvent.Paired);
        RaiseSecondary(s, SecondaryEvent.Accepted);
    }

    private void LoseLink(int i)
    {
        _s.Nodes[i].Linked = false;
        _s.Queues[1 - i].Clear();
        if (_s.Nodes[i].IsPrimary)
            RaisePrimary(i, PrimaryEvent.LinkLost);
        else
            RaiseSecondary(i, SecondaryEvent.LinkLost);
    }

    private void Send(int i, Message message)
    {
        if (_s.Nodes[i].Linked)
            _s.Queues[i].Add(message);
    }

    private void Deliver(int i)
    {
        var message = _s.Queues[1 - i][0];
        _s.Queues[1 - i].RemoveAt(0);
        ref var node = ref _s.Nodes[i];
        if (!node.Linked)
            return;
        switch (message.Type)
        {
            case MessageType.Beat:
                Hear(i, message);
                break;
            case MessageType.Goodbye:
                node.Linked = false;
                if (node.IsPrimary)
                    RaisePrimary(i, PrimaryEvent.LinkLost);
                else
                    RaiseSecondary(i, SecondaryEvent.Goodbye);
                break;
            case MessageType.FirstCheckpoint when !node.IsPrimary && node.Secondary == SecondaryPhase.Syncing:
                node.Has = message.Ver;
                Send(i, new Message(MessageType.Received, message.Ver));
                RaiseSecondary(i, SecondaryEvent.FirstLoaded);
                break;
            case MessageType.Checkpoint when !node.IsPrimary && SecondaryProtection.HasGuest(node.Secondary):
                node.Has = message.Ver;
                node.Loading = true;
                Send(i, new Message(MessageType.Received, message.Ver));
                break;
            case MessageType.Token when !node.IsPrimary:
                node.Token = message.Ver;
                break;
            case MessageType.Handover when !node.IsPrimary:
                RaiseSecondary(i, SecondaryEvent.Handover);
                break;
            case MessageType.Dismiss when !node.IsPrimary:
                RaiseSecondary(i, SecondaryEvent.Dismissed);
                break;
            case MessageType.Received when node.IsPrimary && node.Checkpoint != 0 && message.Ver == node.Has:
                var kind = node.Checkpoint;
                node.Checkpoint = 0;
                node.Releasable = message.Ver;
                RaisePrimary(i, PrimaryEvent.FirstReceived);
                if (kind == 3)
                    RaisePrimary(i, PrimaryEvent.PlannedReceived);
                break;
            case MessageType.Taken when node.IsPrimary:
                RaisePrimary(i, PrimaryEvent.TakenOver);
                break;
            case MessageType.Leave or MessageType.DismissAcknowledged when node.IsPrimary:
                RaisePrimary(i, PrimaryEvent.GivenUp);
                break;
        }
    }

    private void Hear(int i, Message beat)
    {
        ref var node = ref _s.Nodes[i];
        node.HeardAge = 0;
        node.EchoOf = Math.Min(node.EchoOf, beat.Sent);
        if (node.IsPrimary)
        {
            node.EchoAge = Math.Min(node.EchoAge, beat.Echo);
            if (node.Listening && node.EchoAge < T && PrimaryProtection.HasLease(node.Primary))
            {
                node.Listening = false;
                node.Listen = 0;
                RaisePrimary(i, PrimaryEvent.HeardOfLate);
            }

            if (node.Claim == ClaimState.None && node.Dismissing == 0 && Lease.SpeaksUntil(-node.EchoAge, T, M) > 0)
                RaisePrimary(i, PrimaryEvent.HeardUnasked);
        }
        else
        {
            // The answer to a beat of this node: the primary has said the age after that beat was sent.
            if (beat.Echo < ModelState.Old)
                node.WindowAge = Math.Min(node.WindowAge, (byte)Math.Min(beat.Echo + beat.Ver, ModelState.Old));
            RaiseSecondary(i, SecondaryEvent.HeardAgain);
        }
    }

    private void TakeNotice(int i)
    {
        var notice = _s.Nodes[1 - i].Notice;
        _s.Nodes[1 - i].Notice = 0;
        if (!_s.Nodes[i].KnowsPeer)
            return;
        if (_s.Nodes[i].IsPrimary)
            RaiseDied(i);
        else
            RaiseSecondary(i, notice == 1 ? SecondaryEvent.NoticeCurrent : SecondaryEvent.NoticeOutdated);
    }

    private static void Unpair(ref ModelNode node)
    {
        Forget(ref node);
        node.Linked = false;
    }

    private static void Forget(ref ModelNode node)
    {
        node.EchoAge = node.HeardAge = node.EchoOf = node.WindowAge = ModelState.Old;
        node.Checkpoint = 0;
        node.Loading = false;
        node.Token = 0;
        node.Renewing = false;
        node.Listening = false;
        node.Listen = 0;
        node.Dismissing = 0;
        node.Call = CallAnswer.None;
        node.CallAge = node.CallWindow = 0;
        node.Inquiry = InquiryAnswer.None;
        node.InquiryAge = 0;
    }
}
