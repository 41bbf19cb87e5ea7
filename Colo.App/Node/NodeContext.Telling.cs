using Colo.Arbiter;
using Colo.Monitor;
using Colo.Protection;

namespace Colo.Node;

/// <content>What the operator is told, and how: the log, the service manager, the notify-command, and what status shows.</content>
internal sealed partial class NodeContext
{
    private readonly Notifier? _notifier;
    private Attention? _arbiterAway;
    private Attention? _attention;
    private Attention? _kept;
    private Attention? _disks;
    private Attention? _marks;

    /// <summary>The lines of the log that an operator reads.</summary>
    internal EventLog Events { get; }

    /// <summary>The checkpoint that the guest goes on from.</summary>
    internal ulong Epoch => Primary?.Epoch ?? Secondary?.Epoch ?? 0;

    /// <summary>When the state was entered.</summary>
    internal DateTimeOffset Since { get; private set; } = DateTimeOffset.UtcNow;

    /// <summary>What the operator should look at; null when all is as it should be.</summary>
    internal Attention? Attention
    {
        // Alone it is the reason why no secondary can be taken; with one, what that one does comes first.
        get => _kept ?? _disks ?? (Primary?.State == PrimaryState.Unprotected ? _marks ?? _attention : _attention ?? _marks) ?? _arbiterAway;
        set => _attention = value;
    }

    /// <summary>
    /// One line in the log for each change of state, and one run of the operator's notify-command. The line is a warning when the
    /// state is one that status shows an attention for: what reads warnings alone misses no loss of protection.
    /// </summary>
    /// <param name="what">The event in a word.</param>
    /// <param name="text">For the log.</param>
    /// <param name="attention">What the operator should look at from now on; null: nothing.</param>
    internal void StateChanged(string what, string text, Attention? attention = null)
    {
        StateEntered();
        if (attention is null)
            Events.Info(text);
        else
            Events.Warning(text);
        Tell(what, text, attention);
    }

    /// <summary>The state is another one from now on, and nobody has to be told.</summary>
    internal void StateEntered() => Since = DateTimeOffset.UtcNow;

    /// <summary>What changes for the operator within a state; whoever tells it writes its line in the log.</summary>
    internal void Tell(string what, string text, Attention? attention)
    {
        Attention = attention;
        Life.Service.Status(text);
        _notifier?.Notify(new NodeEvent
        {
            Event = what,
            Vm = _configuration.Vm.Name,
            Role = RoleName,
            State = StateName,
            Reason = text,
            Peer = PeerAddress.ToString(),
            Epoch = (long)Epoch,
        });
    }

    /// <summary>Permission to go on without the other node cannot be had for now; logged once for each reason.</summary>
    internal void TellNoPermission(string what, string consequence, string why)
    {
        if (Attention?.What is { } told && !told.Contains(why, StringComparison.Ordinal))
            Events.Error($"{what}: {why}. {consequence}. If the other host is down for certain: colo failover --force here");
        Attention = Attentions.NoPermission(why);
    }

    /// <summary>Which parts of the disks change cannot be recorded; null: it can be again.</summary>
    private void TellMarks(string? wrong)
    {
        var what = wrong is null ? null : Attentions.MarksUnrecorded(wrong);
        _marks = what;
        var text = what?.What ?? "the node's record can be written again";
        if (what is null)
            Events.Info(text);
        else
            Events.Error($"{text}; {what.Did}");
        Tell(wrong is null ? "record-whole" : "record-fails", text, _attention);
    }

    /// <summary>The disks of a guest that was taken over are not what they have to be; null: they are now.</summary>
    internal void TellDisks(Attention? what)
    {
        _disks = what;
        Tell(what is null ? "disks-whole" : "disks-fail", what?.What ?? "the disks are whole", _attention);
    }

    /// <summary>The guest has crashed and stays as it is: whatever becomes of the pair, that is what the operator has to see to.</summary>
    internal void TellKept(string text)
    {
        _kept = Attentions.GuestKept(text);
        Tell("guest-kept", $"the guest has ended by itself and is kept: {text}", _attention);
    }

    /// <summary>The arbiter was looked for: its absence changes nothing but what the operator is told.</summary>
    private void OnArbiter(ArbiterHealth health)
    {
        if (health.Reachable && CompareArbiters())
            return;
        if (health.Reachable)
        {
            if (_arbiterAway is not null)
                Events.Info(FormattableString.Invariant($"the arbiter answers again (in {health.Latency.TotalMilliseconds:0.0} ms)"));
            _arbiterAway = null;
        }
        else if (_arbiterAway is null)
        {
            Events.Warning($"the arbiter cannot be asked: {health.Reason}; should the nodes lose each other now, neither may go on alone without the operator");
            _arbiterAway = Attentions.ArbiterAway(health.Reason);
        }
    }

    /// <summary>Tells when the other node asks another etcd cluster than this one does: then nobody could decide between the two.</summary>
    /// <returns>Whether it is so, as far as it is known.</returns>
    internal bool CompareArbiters()
    {
        if (_arbiterWatch?.Last is not { EtcdCluster: > 0 and var here } || Arbiter is not { AgreedCluster: > 0 and var there } || here == there)
            return false;
        var text = EtcdGateway.OtherCluster(here, there);
        if (_arbiterAway?.What.Contains(text, StringComparison.Ordinal) != true)
            Events.Error(text);
        _arbiterAway = Attentions.ArbiterAway(text);
        return true;
    }
}
