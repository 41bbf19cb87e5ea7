using System.Collections.Concurrent;
using System.Net;
using Colo.Link;
using Colo.Linux;

namespace Colo.Tests.Link;

/// <summary>Pairing with Disk channels.</summary>
public sealed unsafe class PairDisksTests : LinkTestBase
{
    private readonly BlockingCollection<PairSession> _pairs = [];
    private readonly BlockingCollection<string> _lacking = [];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Both_sides_get_as_many_disk_channels_as_there_are_disks(int disks)
    {
        using var mine = DialPair(ListenForPairs(disks), disks);
        using var theirs = Next(_pairs);
        Assert.Equal((disks, disks), (mine.Disks.Count, theirs.Disks.Count));
        Assert.All(mine.Disks.Concat(theirs.Disks), disk => Assert.Equal((LinkKind.Disk, mine.Peer.Session), (disk.Peer.Kind, disk.Peer.Session)));
        // The same connections, each once, in whatever order.
        var from = mine.Disks.Select(disk => Own(disk.OpenBytes())).ToArray();
        var to = theirs.Disks.Select(disk => Own(disk.OpenBytes())).ToArray();
        for (var i = 0; i < disks; i++)
        {
            var number = (byte)(10 + i);
            var vector = new IoVector((nint)(&number), 1);
            Assert.Equal(1, from[i].Send(&vector, 1));
        }

        Assert.Equal(Enumerable.Range(10, disks), to.Select(stream =>
        {
            byte number = 0;
            Until(() =>
            {
                byte got = 0;
                var vector = new IoVector((nint)(&got), 1);
                var received = stream.Receive(&vector, 1);
                number = got;
                return received == 1;
            }, "nothing came");
            return (int)number;
        }).Order());
    }

    [Theory]
    [InlineData(0, "no disk")]
    [InlineData(2, "2 disks")]
    public void A_caller_with_more_disks_is_refused_before_anything_is_paired(int disks, string said)
    {
        var address = ListenForPairs(disks);
        var done = new TaskCompletionSource<LinkDialResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        PairDialer? dialer = null;
        A.Loop.Invoke(() =>
        {
            dialer = new PairDialer(A.Loop, address, Identity(LinkNode.A), new LinkOptions(), 3, _ => done.TrySetException(new InvalidOperationException("paired")))
            {
                AttemptFailed = result => done.TrySetResult(result),
            };
            dialer.Start();
        });
        Assert.True(done.Task.Wait(Limit));
        A.Loop.Invoke(() => dialer!.Dispose());
        var result = done.Task.Result;
        Assert.Equal((LinkDialOutcome.Rejected, LinkRefusal.Declined), (result.Outcome, result.Failure!.Reason));
        Assert.Contains($"the peer says: the listening node has {said} configured, the calling node more: make the [disk:NAME] sections of the two colo.ini alike", result.Text);
        Assert.Contains(said, TakeFailure().Text);
        Assert.Empty(_pairs);
    }

    [Fact]
    public void A_caller_with_fewer_disks_is_told_when_the_limit_has_passed()
    {
        using var mine = DialPair(ListenForPairs(3, TimeSpan.FromMilliseconds(150)), 1);
        var recorder = new Recorder();
        A.Loop.Invoke(() =>
        {
            // What the listener has not read when it takes its leave must not cost the text.
            var control = mine.Control.Open(A.Loop, recorder);
            control.TrySend(1, new byte[1000], []);
        });
        const string text = "the listening node has 3 disks configured, the calling node 1 disk: make the [disk:NAME] sections of the two colo.ini alike";
        Assert.Equal((LinkClosedReason.Goodbye, text), recorder.End());
        Assert.Equal(text, Next(_lacking));
        Assert.Empty(_pairs);
    }

    [Fact]
    public void The_channels_may_come_in_any_order_and_no_more_than_there_are_disks()
    {
        var address = ListenForPairs(2);
        var identity = Identity(LinkNode.A);
        var session = new LinkSession(5, 77);
        LinkDialResult Call(LinkKind kind, LinkSession of)
        {
            var result = Dial(address, kind, identity: identity, session: of);
            if (result.Channel is { } channel)
                Own(channel);
            return result;
        }

        Assert.Contains("not the one being paired", Call(LinkKind.Disk, session).Text);
        Assert.Equal(LinkDialOutcome.Connected, Call(LinkKind.Control, session).Outcome);
        Assert.Equal(LinkDialOutcome.Connected, Call(LinkKind.Disk, session).Outcome);
        Assert.Equal(LinkDialOutcome.Rejected, Call(LinkKind.Disk, new(5, 78)).Outcome);
        Assert.Equal(LinkDialOutcome.Connected, Call(LinkKind.Checkpoint, session).Outcome);
        Assert.Equal(LinkDialOutcome.Connected, Call(LinkKind.Packets, session).Outcome);
        Assert.Empty(_pairs);
        Assert.Equal(LinkDialOutcome.Connected, Call(LinkKind.Disk, session).Outcome);
        Assert.Equal(2, Own(Next(_pairs)).Disks.Count);
        Assert.Equal(LinkDialOutcome.Rejected, Call(LinkKind.Disk, session).Outcome);
    }

    [Fact]
    public void Both_nodes_must_protect_disks_alike_and_as_they_protect_checkpoints()
    {
        var address = ListenForPairs(1, options: new LinkOptions { CheckpointProtection = LinkProtection.Sealed });
        var result = Dial(address, LinkKind.Disk, new LinkOptions { CheckpointProtection = LinkProtection.Plain }, session: new(1, 1));
        Assert.Equal((LinkDialOutcome.Rejected, LinkRefusal.Protection), (result.Outcome, result.Failure!.Reason));
        Assert.Contains("the Disk channel is Plain at the caller and Sealed here", result.Text);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(9)]
    public void More_than_eight_disks_are_not_paired(int disks)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PairAcceptor(B.Loop, disks, TimeSpan.FromSeconds(1), _ => null, _ => { }, _ => { }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new PairDialer(A.Loop, new IPEndPoint(IPAddress.Loopback, 1), Identity(LinkNode.A), new LinkOptions(), disks, _ => { }));
    }

    private IPEndPoint ListenForPairs(int disks, TimeSpan? limit = null, LinkOptions? options = null)
    {
        var acceptor = B.Get(() => new PairAcceptor(B.Loop, disks, limit ?? TimeSpan.FromSeconds(5), _ => null, _pairs.Add, _ => { })
        {
            LacksDisks = _lacking.Add,
        });
        return Listen(options, judge: acceptor.Judge, accepted: acceptor.Accept).Address;
    }

    private PairSession DialPair(IPEndPoint address, int disks)
    {
        var done = new TaskCompletionSource<PairSession>(TaskCreationOptions.RunContinuationsAsynchronously);
        A.Loop.Invoke(() => new PairDialer(A.Loop, address, Identity(LinkNode.A), new LinkOptions(), disks, done.SetResult).Start());
        return done.Task.Wait(Limit) ? done.Task.Result : throw new TimeoutException("no pair was made");
    }

    private static T Next<T>(BlockingCollection<T> from) =>
        from.TryTake(out var next, Limit) ? next : throw new TimeoutException($"no {typeof(T).Name} came");
}
