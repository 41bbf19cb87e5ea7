using System.Net;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Link;

/// <summary>
/// The channels of one pairing, authenticated and not opened yet. Their owner opens or disposes each.
/// </summary>
/// <param name="Control">Heartbeats, epochs, handover.</param>
/// <param name="Packets">Frames.</param>
/// <param name="Checkpoint">Pages and state.</param>
/// <param name="Disks">One for each disk that is configured, in no order: the NBD client names the disk.</param>
public sealed record PairSession(
    LinkChannel Control, LinkChannel Packets, LinkChannel Checkpoint, IReadOnlyList<LinkChannel> Disks) : IDisposable
{
    /// <summary>The peer of all of them (as its Control channel shows it).</summary>
    public LinkPeer Peer => Control.Peer;

    /// <inheritdoc/>
    public void Dispose()
    {
        Control.Dispose();
        Packets.Dispose();
        Checkpoint.Dispose();
        foreach (var disk in Disks)
            disk.Dispose();
    }
}

/// <summary>
/// The listening side of pairing: collects the channels of one session and hands them over when all are there.
/// Channels of another session than that of the newest Control channel are refused. Give <see cref="Judge"/> and
/// <see cref="Accept"/> to a <see cref="LinkListener"/>; everything on the loop's thread.
/// </summary>
public sealed class PairAcceptor : IDisposable
{
    private readonly EventLoop _loop;
    private readonly int _diskCount;
    private readonly LogLimiter _log = new();
    private readonly Func<LinkPeer, string?> _policy;
    private readonly Action<PairSession> _paired;
    private readonly Action<LinkChannel> _keeper;
    private readonly TimeSpan _limit;
    private readonly LoopTimer _timer;
    private LinkChannel? _control;
    private LinkChannel? _packets;
    private LinkChannel? _checkpoint;
    private List<LinkChannel> _disks = [];
    private LinkPeer? _newest;

    /// <summary>Makes one.</summary>
    /// <param name="loop">The listener's loop.</param>
    /// <param name="disks">Disk channels that a session has, 0 to <see cref="LinkProtocol.MaxDisks"/>: this node's disks.</param>
    /// <param name="limit">Time from the Control channel to the last one.</param>
    /// <param name="policy">Asked for each Control and Keeper channel: null takes it, a text refuses it.</param>
    /// <param name="paired">Gets a complete session, which replaces the one before: close that.</param>
    /// <param name="keeper">Gets the channel of a keeper.</param>
    public PairAcceptor(
        EventLoop loop, int disks, TimeSpan limit, Func<LinkPeer, string?> policy, Action<PairSession> paired,
        Action<LinkChannel> keeper)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(disks);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(disks, LinkProtocol.MaxDisks);
        _loop = loop;
        _diskCount = disks;
        _limit = limit;
        _policy = policy;
        _paired = paired;
        _keeper = keeper;
        _timer = loop.AddTimer(OnLimit);
    }

    /// <summary>Called when a session is dropped because it lacks Disk channels, with the text that was logged and told to the peer.</summary>
    public Action<string>? LacksDisks { get; set; }

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
        LinkKind.Disk when _disks.Count == _diskCount =>
            $"the listening node has {Disks(_diskCount)} configured, the calling node more: make the [disk:NAME] sections of the two colo.ini alike",
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
            case LinkKind.Disk when Belongs(channel.Peer) && _disks.Count < _diskCount:
                _disks.Add(channel);
                break;
            default:
                channel.Dispose();
                return;
        }

        if (_packets is null || _checkpoint is null || _disks.Count < _diskCount)
            return;
        var session = new PairSession(_control!, _packets, _checkpoint, _disks);
        _disks = [];
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

    private static string Disks(int count) => count switch
    {
        0 => "no disk",
        1 => "1 disk",
        _ => $"{count} disks",
    };

    private void OnLimit()
    {
        // The caller had all that it opens taken, so it waits for an answer: with fewer disks it does not know better.
        if (_control is { } control && _packets is not null && _checkpoint is not null && _disks.Count < _diskCount)
        {
            var text = $"the listening node has {Disks(_diskCount)} configured, the calling node {Disks(_disks.Count)}: make the [disk:NAME] sections of the two colo.ini alike";
            _log.Warning($"link: the pairing of {control.Peer.Address} is dropped: {text}");
            LacksDisks?.Invoke(text);
            _control = null;
            TakeLeave(control, text);
        }

        Drop();
    }

    private void TakeLeave(LinkChannel control, string text)
    {
        var connection = control.Open(_loop, new Deaf());
        // What has come is read first: closed with bytes unread, the connection is reset, and that can overtake the text.
        connection.DrainNow();
        connection.Close(LinkClosedReason.Local, text);
    }

    private void Drop()
    {
        _timer.Cancel();
        _control?.Dispose();
        _packets?.Dispose();
        _checkpoint?.Dispose();
        foreach (var disk in _disks)
            disk.Dispose();
        _disks.Clear();
        _control = _packets = _checkpoint = null;
    }

    private sealed class Deaf : ILinkHandler
    {
        public void OnMessage(LinkConnection connection, ushort type, ReadOnlySpan<byte> body)
        {
        }

        public void OnClosed(LinkConnection connection, LinkClosedReason reason, string text)
        {
        }
    }
}

/// <summary>
/// The dialling side of pairing: opens the Control channel, then those of the disks, then the others, under a session of
/// its own, and begins anew with the next session when one fails. All members on the loop's thread.
/// </summary>
public sealed class PairDialer : IDisposable
{
    private const int Control = 0;
    private const int Packets = 1;
    private const int Checkpoint = 2;
    private const int FirstDisk = 3;

    private static ulong _sessions;

    private readonly EventLoop _loop;
    private readonly IPEndPoint _address;
    private readonly LinkIdentity _identity;
    private readonly LinkOptions _options;
    private readonly Action<PairSession> _paired;
    private readonly LinkDialer?[] _dialers;
    private readonly LinkChannel?[] _channels;
    private readonly LoopTimer _timer;
    private LinkSession _session;
    private TimeSpan _pause;
    private bool _disposed;

    /// <summary>Makes one that waits for <see cref="Start"/>.</summary>
    /// <param name="loop">Where everything is called.</param>
    /// <param name="address">The peer's listener.</param>
    /// <param name="identity">Who calls.</param>
    /// <param name="options">Limits.</param>
    /// <param name="disks">Disk channels to open, 0 to <see cref="LinkProtocol.MaxDisks"/>: this node's disks. The peer must have as many.</param>
    /// <param name="paired">Gets the complete session, once.</param>
    public PairDialer(
        EventLoop loop, IPEndPoint address, LinkIdentity identity, LinkOptions options, int disks, Action<PairSession> paired)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(disks);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(disks, LinkProtocol.MaxDisks);
        _dialers = new LinkDialer?[FirstDisk + disks];
        _channels = new LinkChannel?[FirstDisk + disks];
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
        Dial(Control, LinkKind.Control);
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
        var disks = _channels.AsSpan(FirstDisk);
        if (index == Control)
        {
            for (var disk = 0; disk < disks.Length; disk++)
                Dial(FirstDisk + disk, LinkKind.Disk);
        }

        // The disks first: a peer with fewer of them says so while the session is not complete at its side.
        if (_dialers[Packets] is null && !disks.Contains(null))
        {
            Dial(Packets, LinkKind.Packets);
            Dial(Checkpoint, LinkKind.Checkpoint);
        }

        if (_channels.AsSpan().Contains(null))
            return;
        // Between the calls the peer's process may have been replaced by a new start of it.
        var control = _channels[Control]!;
        if (_channels.Any(channel => channel!.Peer.Instance != control.Peer.Instance))
        {
            var text = $"{_address}: the peer was started anew while pairing";
            OnEnded(index, new LinkDialResult(LinkDialOutcome.Closed, text, null, control.Peer, null));
            return;
        }

        var session = new PairSession(control, _channels[Packets]!, _channels[Checkpoint]!, [.. _channels[FirstDisk..]!]);
        Array.Clear(_channels);
        _timer.Dispose();
        _paired(session);
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
