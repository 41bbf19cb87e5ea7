using System.Collections.Concurrent;
using System.Net;
using Colo.Link;

namespace Colo.Tests.Link;

public sealed class PairSessionTests : LinkTestBase
{
    private readonly BlockingCollection<PairSession> _pairs = [];
    private readonly BlockingCollection<LinkChannel> _keepers = [];
    private string? _policy;

    private (LinkListener Listener, PairAcceptor Acceptor) ListenForPairs(TimeSpan? limit = null, IPEndPoint? address = null)
    {
        var acceptor = B.Get(() => new PairAcceptor(B.Loop, 0, limit ?? TimeSpan.FromSeconds(5), _ => _policy, _pairs.Add, _keepers.Add));
        return (Listen(judge: acceptor.Judge, accepted: acceptor.Accept, address: address), acceptor);
    }

    private PairSession TakePair() => _pairs.TryTake(out var pair, Limit) ? pair : throw new TimeoutException("no pair came");

    private PairSession DialPair(IPEndPoint address, LinkIdentity identity, Action<LinkDialResult>? failed = null)
    {
        var done = new TaskCompletionSource<PairSession>(TaskCreationOptions.RunContinuationsAsynchronously);
        A.Loop.Invoke(() => new PairDialer(A.Loop, address, identity, new LinkOptions(), 0, done.SetResult) { AttemptFailed = failed }.Start());
        return done.Task.Wait(Limit) ? done.Task.Result : throw new TimeoutException("no pair was made");
    }

    [Fact]
    public void Both_sides_get_the_three_channels_of_one_session()
    {
        var (listener, _) = ListenForPairs();
        using var mine = DialPair(listener.Address, Identity(LinkNode.A));
        using var theirs = TakePair();
        Assert.Equal((LinkKind.Control, LinkKind.Packets, LinkKind.Checkpoint), (theirs.Control.Peer.Kind, theirs.Packets.Peer.Kind, theirs.Checkpoint.Peer.Kind));
        Assert.Equal((theirs.Peer.Session, theirs.Peer.Session), (mine.Packets.Peer.Session, theirs.Checkpoint.Peer.Session));
        // The same connections, not only the same kinds.
        var atB = new Recorder();
        var a = A.Get(() => mine.Packets.Open(A.Loop, new Recorder()));
        var b = B.Get(() => theirs.Packets.Open(B.Loop, atB));
        A.Loop.Invoke(() => a.TrySend(4, [1], []));
        Assert.Equal(4, atB.Next().Type);
        A.Loop.Invoke(a.Dispose);
        B.Loop.Invoke(b.Dispose);
    }

    [Fact]
    public void A_newer_session_of_the_same_peer_replaces_and_an_older_is_refused()
    {
        var (listener, _) = ListenForPairs();
        var identity = Identity(LinkNode.A);
        using var first = DialPair(listener.Address, identity);
        using var second = DialPair(listener.Address, identity);
        Assert.True(TakePair().Peer.Session.Number < TakePair().Peer.Session.Number);
        var stale = Dial(listener.Address, LinkKind.Control, identity: identity, session: first.Control.Peer.Session);
        Assert.Equal((LinkDialOutcome.Rejected, LinkRefusal.Declined), (stale.Outcome, stale.Failure!.Reason));
        Assert.Contains("older than session", stale.Text);
        // Another start of the peer has numbers of its own.
        var started = Dial(listener.Address, LinkKind.Control, session: new LinkSession(1, 1));
        Assert.Equal(LinkDialOutcome.Connected, started.Outcome);
        started.Channel!.Dispose();
    }

    [Fact]
    public void Channels_of_another_session_are_refused()
    {
        var (listener, _) = ListenForPairs();
        var identity = Identity(LinkNode.A);
        Assert.Equal(LinkDialOutcome.Rejected, Dial(listener.Address, LinkKind.Packets, identity: identity, session: new(1, 1)).Outcome);
        using var control = Dial(listener.Address, LinkKind.Control, identity: identity, session: new(5, 77)).Channel;
        Assert.NotNull(control);
        foreach (var session in new LinkSession[] { new(4, 77), new(5, 78), new(6, 77) })
            Assert.Equal(LinkDialOutcome.Rejected, Dial(listener.Address, LinkKind.Packets, identity: identity, session: session).Outcome);
        Assert.Equal(LinkDialOutcome.Rejected, Dial(listener.Address, LinkKind.Packets, session: new(5, 77)).Outcome);
        using var packets = Dial(listener.Address, LinkKind.Packets, identity: identity, session: new(5, 77)).Channel;
        Assert.NotNull(packets);
        Assert.Equal(LinkDialOutcome.Rejected, Dial(listener.Address, LinkKind.Packets, identity: identity, session: new(5, 77)).Outcome);
        Assert.Empty(_pairs);
        using var checkpoint = Dial(listener.Address, LinkKind.Checkpoint, identity: identity, session: new(5, 77)).Channel;
        TakePair().Dispose();
    }

    [Fact]
    public void An_incomplete_session_is_dropped()
    {
        var (listener, _) = ListenForPairs(TimeSpan.FromMilliseconds(150));
        var recorder = new Recorder();
        var control = Dial(listener.Address, LinkKind.Control, session: new(1, 1)).Channel!;
        var a = A.Get(() => control.Open(A.Loop, recorder));
        Assert.Equal(LinkClosedReason.PeerClosed, recorder.End().Reason);
        Assert.False(A.Get(() => a.IsOpen));
    }

    [Fact]
    public void A_peer_that_is_not_wanted_yet_pairs_when_it_is()
    {
        _policy = "no secondary now";
        var (listener, _) = ListenForPairs();
        using var mine = DialPair(listener.Address, Identity(LinkNode.A), failed =>
        {
            Assert.Contains("no secondary now", failed.Text);
            _policy = null;
        });
        TakePair().Dispose();
        Assert.Null(_policy);
    }

    [Fact]
    public void A_keeper_needs_no_session()
    {
        var (listener, _) = ListenForPairs();
        using var mine = Dial(listener.Address, LinkKind.Keeper).Channel;
        Assert.NotNull(mine);
        Assert.True(_keepers.TryTake(out var theirs, Limit));
        Assert.Equal(LinkKind.Keeper, theirs.Peer.Kind);
        theirs.Dispose();
    }
}
