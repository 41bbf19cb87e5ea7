using Colo.Protection;

namespace Colo.Tests.Protection.Model;

/// <content>Calls, inquiries, the arbiter, and faults.</content>
internal sealed partial class ModelRules
{
    private void Call(int i, byte window)
    {
        ref var node = ref _s.Nodes[i];
        if (node.Call != CallAnswer.None || (!node.IsPrimary && node.Inquiry != InquiryAnswer.None))
            return;
        node.Call = CallAnswer.Pending;
        node.CallAge = 0;
        node.CallWindow = window;
    }

    private void Ask(int i)
    {
        ref var node = ref _s.Nodes[i];
        if (!node.IsPrimary && (node.Inquiry != InquiryAnswer.None || node.Call != CallAnswer.None))
            return;
        node.Inquiry = InquiryAnswer.Pending;
        node.InquiryAge = 0;
    }

    /// <summary>What the other node says, at the moment at which it says it; it is heard later.</summary>
    private void AnswerCall(int i)
    {
        ref var node = ref _s.Nodes[i];
        var other = _s.Nodes[1 - i];
        node.Call = !_s.LinkUp || other.Life == Life.Frozen ? CallAnswer.Unanswered
            : other.Life == Life.Down || !node.KnowsPeer ? CallAnswer.Dead
            : CallAnswer.Alive;
    }

    private void HearCall(int i)
    {
        ref var node = ref _s.Nodes[i];
        var answer = node.Call;
        node.Call = CallAnswer.None;
        var window = node.CallWindow > 0;
        node.CallWindow = 0;
        if (node.IsPrimary)
        {
            if (answer == CallAnswer.Dead)
                RaiseDied(i);
            else
                RaisePrimary(i, answer == CallAnswer.Alive ? PrimaryEvent.CallAlive : PrimaryEvent.CallUnanswered);
        }
        else
        {
            RaiseSecondary(i, answer switch
            {
                CallAnswer.Dead when window => SecondaryEvent.CallDeadInWindow,
                CallAnswer.Dead => SecondaryEvent.CallDeadLate,
                CallAnswer.Alive => SecondaryEvent.CallAlive,
                _ => SecondaryEvent.CallUnanswered,
            });
        }
    }

    private void AnswerInquiry(int i)
    {
        ref var node = ref _s.Nodes[i];
        var other = _s.Nodes[1 - i];
        node.Inquiry = !_s.LinkUp || other.Life != Life.Up ? InquiryAnswer.Unanswered
            : !other.IsPrimary && other.Secondary == SecondaryPhase.TakingOver && !IsLate(other) ? InquiryAnswer.LeadsAlone
            : !other.IsPrimary ? InquiryAnswer.DoesNotLead
            : other.Primary is PrimaryPhase.Alone or PrimaryPhase.Syncing or PrimaryPhase.Offered ? InquiryAnswer.LeadsAlone
            : InquiryAnswer.LeadsOtherwise;
    }

    private void HearInquiry(int i)
    {
        ref var node = ref _s.Nodes[i];
        var answer = node.Inquiry;
        node.Inquiry = InquiryAnswer.None;
        if (node.IsPrimary)
            RaisePrimary(i, answer is InquiryAnswer.LeadsAlone or InquiryAnswer.LeadsOtherwise ? PrimaryEvent.PeerLeads : PrimaryEvent.PeerDoesNotLead);
        else
            RaiseSecondary(i, answer switch
            {
                InquiryAnswer.LeadsAlone => SecondaryEvent.PeerWentAlone,
                InquiryAnswer.LeadsOtherwise when node.KnowsPeer => SecondaryEvent.PeerAlive,
                _ => SecondaryEvent.PeerUnknown,
            });
    }

    /// <summary>Asks the arbiter, on the token that both know; without one no answer can be had. Or has the other node fenced.</summary>
    private void Claim(int i)
    {
        ref var node = ref _s.Nodes[i];
        // An earlier question that is void is settled first; the model leaves that one out, and the node without an answer.
        if ((bounds.Third == ModelThird.Arbiter && node.Token == 0) || node.Claim != ClaimState.None || !_s.Reach[i])
            return;
        node.Claim = ClaimState.Sent;
        node.ClaimToken = node.Token;
        node.ClaimVoid = false;
    }

    private void ClaimSteps(ModelState state, int i, string who)
    {
        var node = state.Nodes[i];
        switch (node.Claim)
        {
            case ClaimState.Sent when bounds.Third == ModelThird.Fence:
                if (state.Reach[i])
                {
                    Try(state, $"{who} has the other one fenced", () =>
                    {
                        _s.Nodes[i].Claim = ClaimState.Won;
                        SwitchOff(1 - i);
                    });
                }

                Try(state, $"{who}'s fence-command fails", () =>
                {
                    _s.Nodes[i].Claim = ClaimState.None;
                    _s.Nodes[i].ClaimVoid = false;
                });
                break;
            case ClaimState.Sent:
                if (state.Reach[i])
                {
                    Try(state, $"the arbiter judges {who}'s claim", () =>
                    {
                        ref var claimant = ref _s.Nodes[i];
                        var won = _s.Arbiter == claimant.ClaimToken;
                        if (won)
                            _s.Arbiter = _s.NextToken++;
                        claimant.Claim = won ? ClaimState.Won : ClaimState.Lost;
                    });
                }

                break;
            case ClaimState.Won or ClaimState.Lost when state.Reach[i]:
                Try(state, $"{who} hears of its claim", () => HearClaim(i));
                break;
            case ClaimState.None when state.Reach[i] && (node.Token != 0 || bounds.Third == ModelThird.Fence) &&
                (node.IsPrimary ? node.Primary is PrimaryPhase.Asking or PrimaryPhase.OfferedAsking : node.Secondary is SecondaryPhase.Asking or SecondaryPhase.Claiming):
                Try(state, $"{who} asks again", () => Claim(i));
                break;
        }
    }

    private void HearClaim(int i)
    {
        ref var node = ref _s.Nodes[i];
        var won = node.Claim == ClaimState.Won;
        var isVoid = node.ClaimVoid;
        node.Claim = ClaimState.None;
        node.ClaimToken = 0;
        node.ClaimVoid = false;
        if (isVoid)
            return;
        node.Token = 0;
        if (!node.IsPrimary)
            RaiseSecondary(i, won ? SecondaryEvent.PermissionGiven : SecondaryEvent.PermissionDenied);
        else if (!won)
            RaisePrimary(i, PrimaryEvent.PermissionDenied);
        else if (node.Dismissing != 0 || IsSilent(node))
            RaisePrimary(i, PrimaryEvent.PermissionGiven);
        else
            RaisePrimary(i, PrimaryEvent.PermissionSpent);
    }

    private void FaultSteps(ModelState state)
    {
        for (var n = 0; n < 2; n++)
        {
            var i = n;
            var who = i == 0 ? "a" : "b";
            var life = state.Nodes[i].Life;
            if (life == Life.Frozen)
                Try(state, $"{who} thaws", () => Thaw(i));
            if (life == Life.Down)
                Try(state, $"{who} is started again", () => Restart(i));
            if (!state.Reach[i] && bounds.Third != ModelThird.None)
                Try(state, $"{who} reaches the arbiter again", () => _s.Reach[i] = true);
            if (state.Faults >= bounds.Faults)
                continue;
            if (life != Life.Down && !bounds.Operator)
            {
                Try(state, $"{who} dies", () => Crash(i, notice: true));
                Try(state, $"{who} and its keeper die", () => Crash(i, notice: false));
            }

            if (life == Life.Up)
            {
                Try(state, $"{who} freezes", () =>
                {
                    _s.Faults++;
                    _s.Nodes[i].Life = Life.Frozen;
                    _s.Nodes[i].FrozenFor = 0;
                });
            }

            if (state.Reach[i] && bounds.Third != ModelThird.None)
            {
                Try(state, $"{who} loses the arbiter", () =>
                {
                    _s.Faults++;
                    _s.Reach[i] = false;
                });
            }

            if (state.Nodes[i].Linked && life == Life.Up && !bounds.Operator)
            {
                // A forged or a real reset: this end sees it at once, the other when it hears of it.
                Try(state, $"{who}'s link is reset", () =>
                {
                    _s.Faults++;
                    LoseLink(i);
                });
            }
        }

        if (!state.LinkUp)
            Try(state, "the link heals", () => _s.LinkUp = true);
        else if (state.Faults < bounds.Faults && !bounds.Operator)
            Try(state, "the link is cut", () =>
            {
                _s.Faults++;
                _s.LinkUp = false;
                // What the keepers had to say is lost with it.
                _s.Nodes[0].Notice = _s.Nodes[1].Notice = 0;
            });
    }

    /// <summary>A fence-command has its way with a node: nothing of it is left, nor of what it has sent.</summary>
    private void SwitchOff(int i)
    {
        if (_s.Nodes[i].Life != Life.Down)
        {
            Crash(i, notice: false);
            _s.Faults--;
        }

        _s.Nodes[i].Claim = ClaimState.None;
        _s.Nodes[i].ClaimVoid = false;
        _s.Nodes[i].Notice = 0;
    }

    private void Crash(int i, bool notice)
    {
        _s.Faults++;
        _s.Crashes++;
        ref var node = ref _s.Nodes[i];
        var current = node.IsPrimary
            ? PrimaryProtection.MayBeSucceeded(node.Primary) || node.Primary == PrimaryPhase.HandedOver
            : SecondaryProtection.HasGuest(node.Secondary);
        var told = notice && _s.LinkUp && _s.Nodes[1 - i].KnowsPeer;
        var (claim, token) = (node.Claim, node.ClaimToken);
        var isPrimary = node.IsPrimary;
        node = default;
        Forget(ref node);
        node.Life = Life.Down;
        node.IsPrimary = isPrimary;
        KeepClaim(ref node, claim, token);
        node.Notice = told ? current ? (byte)1 : (byte)2 : (byte)0;
    }

    /// <summary>The process runs again; what was the guest's memory is gone. Its record makes it follow (the rules of the start are tried elsewhere).</summary>
    private void Restart(int i)
    {
        ref var node = ref _s.Nodes[i];
        node.Life = Life.Up;
        node.IsPrimary = false;
        node.Secondary = SecondaryPhase.Waiting;
        node.Primary = default;
        _s.Nodes[1 - i].KnowsPeer = false;
    }

    private void Thaw(int i)
    {
        ref var node = ref _s.Nodes[i];
        node.Life = Life.Up;
        if (node.FrozenFor >= 2 && node.IsPrimary)
        {
            node.Listening = true;
            node.Listen = T;
            RaisePrimary(i, PrimaryEvent.StoodStill);
        }

        node.FrozenFor = 0;
    }
}
