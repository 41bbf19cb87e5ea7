using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Colo.Link;

namespace Colo.Tests.Link;

public sealed class LinkDialerTests : LinkTestBase
{
    private static IPEndPoint FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    [Fact]
    public void Nothing_that_listens_is_refused()
    {
        var result = Dial(FreePort());
        Assert.Equal(LinkDialOutcome.Refused, result.Outcome);
    }

    [Fact]
    public void A_process_that_takes_the_connection_and_says_nothing_is_silence()
    {
        // So does a stopped process: its kernel completes the connection.
        using var mute = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        mute.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        mute.Listen();
        var result = Dial((IPEndPoint)mute.LocalEndPoint!, options: new LinkOptions { HandshakeTimeout = TimeSpan.FromMilliseconds(200) });
        Assert.Equal((LinkDialOutcome.TimedOut, LinkRefusal.TimedOut), (result.Outcome, result.Failure!.Reason));
        Assert.Contains("before its reply", result.Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_process_that_closes_before_it_proves_itself_is_neither_dead_nor_alive(bool reset)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var closing = Task.Run(() =>
        {
            using var taken = listener.Accept();
            if (reset)
                taken.LingerState = new LingerOption(true, 0);
            else
                taken.Receive(new byte[512]);
        });
        var result = Dial((IPEndPoint)listener.LocalEndPoint!);
        await closing;
        Assert.Equal(LinkDialOutcome.Closed, result.Outcome);
    }

    [Fact]
    public void Somebody_else_on_the_port_is_rejected()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        listener.BeginAccept(r => listener.EndAccept(r).Send("220 mail.example ESMTP\r\n"u8), null);
        var result = Dial((IPEndPoint)listener.LocalEndPoint!);
        Assert.Equal((LinkDialOutcome.Rejected, LinkRefusal.NotThisProtocol), (result.Outcome, result.Failure!.Reason));
    }

    [Fact]
    public void It_tries_again_with_growing_pauses_until_somebody_listens()
    {
        var address = FreePort();
        var options = new LinkOptions { RetryFirst = TimeSpan.FromMilliseconds(10), RetryLast = TimeSpan.FromMilliseconds(80) };
        var failed = new BlockingCollection<(LinkDialOutcome, long)>();
        var done = new TaskCompletionSource<LinkDialResult>();
        var dialer = A.Get(() => new LinkDialer(A.Loop, address, Identity(LinkNode.A), options, LinkKind.Control, default, done.SetResult)
        {
            Retry = true,
            AttemptFailed = r => failed.Add((r.Outcome, Environment.TickCount64)),
        });
        A.Loop.Invoke(dialer.Start);
        var times = new List<long>();
        for (var i = 0; i < 7; i++)
        {
            Assert.True(failed.TryTake(out var attempt, Limit));
            Assert.Equal(LinkDialOutcome.Refused, attempt.Item1);
            times.Add(attempt.Item2);
        }

        // 10, 20, 40, 80, 80, 80 ms, each less or more by a fifth.
        Assert.InRange(times[^1] - times[^2], 60, 10_000);
        Assert.InRange(times[^1] - times[0], 235, 20_000);
        Listen(address: address);
        Assert.True(done.Task.Wait(Limit));
        Assert.Equal(LinkDialOutcome.Connected, done.Task.Result.Outcome);
        done.Task.Result.Channel!.Dispose();
    }

    [Fact]
    public void A_disposed_dialer_calls_nobody()
    {
        var listener = Listen();
        var called = 0;
        A.Loop.Invoke(() =>
        {
            for (var i = 0; i < 20; i++)
            {
                var dialer = new LinkDialer(A.Loop, listener.Address, Identity(LinkNode.A), new LinkOptions(), LinkKind.Control, default, _ => called++);
                dialer.Start();
                dialer.Dispose();
            }
        });
        using var channel = Dial(listener.Address).Channel;
        Assert.NotNull(channel);
        Assert.Equal(0, called);
    }

    [Fact]
    public void A_peer_that_declines_is_known()
    {
        var b = Identity(LinkNode.B);
        var listener = Listen(identity: b, judge: _ => "outdated");
        var result = Dial(listener.Address);
        Assert.Equal((LinkDialOutcome.Rejected, b.Instance, true), (result.Outcome, result.Peer!.Instance, result.Failure!.Authenticated));
        Assert.Contains("outdated", result.Text);
    }
}
