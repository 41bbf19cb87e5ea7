using System.Net;
using Colo.Linux;

namespace Colo.Link;

/// <summary>
/// The channels of one pairing, authenticated and not opened yet. Their owner opens or disposes each.
/// </summary>
/// <param name="Control">Heartbeats, epochs, handover.</param>
/// <param name="Packets">Frames.</param>
/// <param name="Checkpoint">Pages and state.</param>
public sealed record PairSession(LinkChannel Control, LinkChannel Packets, LinkChannel Checkpoint) : IDisposable
{
    /// <summary>The peer of all three (as its Control channel shows it).</summary>
    public LinkPeer Peer => Control.Peer;

    /// <inheritdoc/>
    public void Dispose()
    {
        Control.Dispose();
        Packets.Dispose();
        Checkpoint.Dispose();
    }
}

/// <summary>
/// The listening side of pairing: collects the channels of one session and hands them over when all are there.
/// Channels of another session than that of the newest Control channel are refused. Give <see cref="Judge"/> and
/// <see cref="Accept"/> to a <see cref="LinkListener"/>; everything on the loop's thread.
/// </summary>
public sealed class PairAcceptor : IDisposable
{
    private readonly Func<LinkPeer, string?> _policy;
    private readonly Action<PairSession> _paired;
    private readonly Action<LinkChannel> _keeper;
    private readonly TimeSpan _limit;
    private readonly LoopTimer _timer;
    private LinkChannel? _control;
    private LinkChannel? _packets;
    private LinkChannel? _checkpoint;
    private LinkPeer? _newest;

    /// <summary>Makes one.</summary>
    /// <param name="loop">The listener's loop.</param>
    /// <param name="limit">Time from the Control channel to the last one.</param>
    /// <param name="policy">Asked for each Control and Keeper channel: null takes it, a text refuses it.</param>
    /// <param name="paired">Gets a complete session, which replaces the one before: close that.</param>
    /// <param name="keeper">Gets the channel of a keeper.</param>
    public PairAcceptor(
        EventLoop loop, TimeSpan limit, Func<LinkPeer, string?> policy, Action<PairSession> paired,
        Action<LinkChannel> keeper)
    {
        _limit = limit;
        _policy = policy;
        _paired = paired;
        _keeper = keeper;
        _timer = loop.AddTimer(Drop);
    }

    /// <summary>Whether a peer's channel is wanted: null, or why not.</summary>
    public string? Judge(LinkPeer peer) => peer.Kind switch
    {
        LinkKind.Keeper => _policy(peer),
        LinkKind.Control when peer.Session.Number == 0 => "a pairing's session has a number above 0",
        LinkKind.Control when IsStale(peer) => $"session {peer.Session.Number} is older than session {_newest!.Session.Number}",
        LinkKind.Control => _policy(peer),
        _ when !Belongs(peer) => $"session {peer.Session.Number} is not the one being paired",
        LinkKind.Packets when _packets is not null => "this session has its Packets channel",
        LinkKind.Checkpoint when _checkpoint is not null => "this session has its Checkpoint channel",
        _ => null,
    };

    /// <summary>Takes a channel that was judged.</summary>
    public void Accept(LinkChannel channel)
    {
        // Things may have moved on since the judgement: a handshake of a newer session may have ended in between.
        switch (channel.Peer.Kind)
        {
            case LinkKind.Keeper:
                _keeper(channel);
                return;
            case LinkKind.Control when !IsStale(channel.Peer):
                Drop();
                _control = channel;
                _newest = channel.Peer;
                _timer.SetAfter(_limit);
                return;
            case LinkKind.Packets when Belongs(channel.Peer) && _packets is null:
                _packets = channel;
                break;
            case LinkKind.Checkpoint when Belongs(channel.Peer) && _checkpoint is null:
                _checkpoint = channel;
                break;
            default:
                channel.Dispose();
                return;
        }

        if (_packets is null || _checkpoint is null)
            return;
        var session = new PairSession(_control!, _packets, _checkpoint);
        _control = _packets = _checkpoint = null;
        _timer.Cancel();
        _paired(session);
    }

    /// <summary>Drops an incomplete session.</summary>
    public void Dispose()
    {
        Drop();
        _timer.Dispose();
    }

    // Sessions of different starts of the peer have no order: who proves the key now is the one that lives.
    private bool IsStale(LinkPeer peer) =>
        _newest is not null && peer.Instance == _newest.Instance && peer.Session.Number <= _newest.Session.Number;

    private bool Belongs(LinkPeer peer) =>
        _control is not null && peer.Session == _control.Peer.Session && peer.Instance == _control.Peer.Instance;

    private void Drop()
    {
        _timer.Cancel();
        _control?.Dispose();
        _packets?.Dispose();
        _checkpoint?.Dispose();
        _control = _packets = _checkpoint = null;
    }
}

/// <summary>
/// The dialling side of pairing: opens the Control channel, then the others, under a session of its own, and begins
/// anew with the next session when one fails. All members on the loop's thread.
/// </summary>
public sealed class PairDialer : IDisposable
{
    private static ulong _sessions;

    private readonly EventLoop _loop;
    private readonly IPEndPoint _address;
    private readonly LinkIdentity _identity;
    private readonly LinkOptions _options;
    private readonly Action<PairSession> _paired;
    private readonly LinkDialer?[] _dialers = new LinkDialer?[3];
    private readonly LinkChannel?[] _channels = new LinkChannel?[3];
    private readonly LoopTimer _timer;
    private LinkSession _session;
    private TimeSpan _pause;
    private bool _disposed;

    /// <summary>Makes one that waits for <see cref="Start"/>.</summary>
    /// <param name="loop">Where everything is called.</param>
    /// <param name="address">The peer's listener.</param>
    /// <param name="identity">Who calls.</param>
    /// <param name="options">Limits.</param>
    /// <param name="paired">Gets the complete session, once.</param>
    public PairDialer(
        EventLoop loop, IPEndPoint address, LinkIdentity identity, LinkOptions options, Action<PairSession> paired)
    {
        _loop = loop;
        _address = address;
        _identity = identity;
        _options = options;
        _paired = paired;
        _pause = options.RetryFirst;
        _timer = loop.AddTimer(Begin);
    }

    /// <summary>Called with each attempt that failed; more follow until <see cref="Dispose"/>.</summary>
    public Action<LinkDialResult>? AttemptFailed { get; set; }

    /// <summary>Begins.</summary>
    public void Start() => Begin();

    /// <summary>Gives up; nothing is called any more.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _timer.Dispose();
        Drop();
    }

    private void Begin()
    {
        _session = LinkSession.After(Interlocked.Increment(ref _sessions) - 1);
        Dial(0, LinkKind.Control);
    }

    private void Dial(int index, LinkKind kind)
    {
        _dialers[index] = new LinkDialer(_loop, _address, _identity, _options, kind, _session, result => OnEnded(index, result));
        _dialers[index]!.Start();
    }

    private void OnEnded(int index, LinkDialResult result)
    {
        if (result.Channel is null)
        {
            Drop();
            AttemptFailed?.Invoke(result);
            if (_disposed)
                return;
            _timer.SetAfter(_pause * (0.8 + (0.4 * Random.Shared.NextDouble())));
            _pause = TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, _options.RetryLast.Ticks));
            return;
        }

        _channels[index] = result.Channel;
        if (index == 0)
        {
            Dial(1, LinkKind.Packets);
            Dial(2, LinkKind.Checkpoint);
            return;
        }

        if (_channels[1] is not { } packets || _channels[2] is not { } checkpoint)
            return;
        // Between the calls the peer's process may have been replaced by a new start of it.
        var control = _channels[0]!;
        if (packets.Peer.Instance != control.Peer.Instance || checkpoint.Peer.Instance != control.Peer.Instance)
        {
            var text = $"{_address}: the peer was started anew while pairing";
            OnEnded(index, new LinkDialResult(LinkDialOutcome.Closed, text, null, control.Peer, null));
            return;
        }

        Array.Clear(_channels);
        _timer.Dispose();
        _paired(new PairSession(control, packets, checkpoint));
    }

    private void Drop()
    {
        for (var i = 0; i < _dialers.Length; i++)
        {
            _dialers[i]?.Dispose();
            _dialers[i] = null;
            _channels[i]?.Dispose();
            _channels[i] = null;
        }
    }
}
