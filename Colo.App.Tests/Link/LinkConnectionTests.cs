using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Colo.Link;
using Colo.Linux;
using Xunit.Abstractions;

namespace Colo.Tests.Link;

public sealed class LinkConnectionTests(ITestOutputHelper output) : LinkTestBase
{
    [Theory]
    [InlineData(LinkProtection.Plain)]
    [InlineData(LinkProtection.Sealed)]
    public void Messages_of_every_size_arrive_whole_and_in_order(LinkProtection protection)
    {
        var (a, _, b, fromA) = Connect(LinkKind.Packets, protection);
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var max = LinkProtocol.MaxFrame(LinkKind.Packets);
        var sizes = new[] { 0, 1, max, max - 1, 4096 }.Concat(Enumerable.Range(0, 400).Select(_ => random.Next(3) == 0 ? random.Next(max + 1) : random.Next(1600))).ToArray();
        var sent = sizes.Select(n => { var body = new byte[n]; random.NextBytes(body); return body; }).ToArray();
        for (var i = 0; i < sent.Length;)
        {
            // Several in one round, in two parts each.
            i = A.Get(() =>
            {
                var next = i;
                for (var n = 0; n < 10 && next < sent.Length; n++)
                {
                    var cut = sent[next].Length / 3;
                    if (!a.TrySend((ushort)(next % 100), sent[next].AsSpan(0, cut), sent[next].AsSpan(cut)))
                        break;
                    next++;
                }

                return next;
            });
        }

        for (var i = 0; i < sent.Length; i++)
        {
            var (type, body) = fromA.Next();
            Assert.True(type == i % 100 && body.AsSpan().SequenceEqual(sent[i]), $"seed {seed}, message {i} of {sent[i].Length} bytes");
        }

        Assert.Equal(sent.Length, A.Get(() => a.MessagesSent));
        Assert.Equal(sent.Length, B.Get(() => b.MessagesReceived));
        Until(() => A.Get(() => a.BytesAcknowledged == a.BytesSent), "not all was acknowledged");
        Assert.Equal(A.Get(() => a.BytesSent), B.Get(() => b.BytesReceived));
    }

    [Theory]
    [InlineData(LinkProtection.Plain)]
    [InlineData(LinkProtection.Sealed)]
    public void A_full_queue_says_so_and_loses_nothing(LinkProtection protection)
    {
        using var gate = new ManualResetEventSlim(false);
        var count = 0;
        var atB = new Recorder { Also = (_, _, _) => { if (Interlocked.Increment(ref count) == 1) gate.Wait(Limit); } };
        var (a, _, _, _) = Connect(LinkKind.Packets, protection, atB: atB, queue: 1 << 20);
        var body = new byte[60_000];
        var taken = 0;
        // The receiver stands still: the kernel's buffers fill, then the queue.
        Until(
            () => !A.Get(() =>
            {
                BinaryPrimitives.WriteInt32LittleEndian(body, taken);
                var put = a.TrySend(1, body, []);
                taken += put ? 1 : 0;
                return put;
            }),
            "the queue never filled");
        Assert.InRange(A.Get(() => a.QueuedBytes), (1 << 20) - 61_000, 1 << 20);
        gate.Set();
        for (var i = 0; i < taken; i++)
            Assert.Equal(i, BinaryPrimitives.ReadInt32LittleEndian(atB.Next().Body));
        Until(() => A.Get(() => a.QueuedBytes) == 0, "the queue did not empty");
        Assert.True(A.Get(() => a.TrySend(1, body, [])));
        atB.Next();
    }

    [Fact]
    public void Too_long_messages_and_the_links_own_types_are_the_callers_mistake()
    {
        var (a, _, _, _) = Connect(LinkKind.Control, LinkProtection.Sealed);
        A.Loop.Invoke(() =>
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => a.TrySend(1, new byte[LinkProtocol.MaxFrame(LinkKind.Control)], [1]));
            Assert.Throws<ArgumentOutOfRangeException>(() => a.TrySend(0xFF00, [], []));
            Assert.Equal(0, a.QueuedBytes);
        });
    }

    [Fact]
    public void A_close_reaches_the_peer_with_its_reason_after_what_was_sent()
    {
        var (a, fromB, b, fromA) = Connect(LinkKind.Control, LinkProtection.Sealed);
        A.Loop.Invoke(() =>
        {
            Assert.True(a.TrySend(7, "last"u8, []));
            a.Close(LinkClosedReason.Local, "shutting down");
            a.Close(LinkClosedReason.Error, "second");
            Assert.False(a.TrySend(8, [], []));
        });
        Assert.Equal((LinkClosedReason.Local, "shutting down"), fromB.End());
        Assert.Equal(7, fromA.Next().Type);
        Assert.Equal((LinkClosedReason.Goodbye, "shutting down"), fromA.End());
        Assert.False(B.Get(() => b.IsOpen));
        Assert.Equal(1, fromB.ClosedCalls);
    }

    [Fact]
    public void A_handler_may_close_within_a_message_and_gets_no_more()
    {
        var atB = new Recorder { Also = (c, type, _) => { if (type == 2) c.Close(LinkClosedReason.Local, "enough"); } };
        var (a, fromB, _, _) = Connect(LinkKind.Control, LinkProtection.Sealed, atB: atB);
        A.Loop.Invoke(() =>
        {
            for (ushort type = 1; type <= 5; type++)
                Assert.True(a.TrySend(type, [], []));
        });
        Assert.Equal((LinkClosedReason.Goodbye, "enough"), fromB.End());
        Assert.Equal(LinkClosedReason.Local, atB.End().Reason);
        Assert.Equal([1, 2], atB.Messages.Select(m => (int)m.Type));
    }

    [Fact]
    public void A_handler_that_finds_a_body_malformed_ends_this_connection_only()
    {
        var atB = new Recorder { Also = (_, _, _) => throw new FormatException("epoch 7 of 3 bytes") };
        var (a, fromB, _, _) = Connect(LinkKind.Control, LinkProtection.Sealed, atB: atB);
        A.Loop.Invoke(() => a.TrySend(1, [], []));
        Assert.Equal((LinkClosedReason.Protocol, "epoch 7 of 3 bytes"), atB.End());
        Assert.Equal(LinkClosedReason.PeerClosed, fromB.End().Reason);
    }

    [Fact]
    public void DrainNow_delivers_what_has_arrived_although_sending_fails()
    {
        var (a, _, b, fromA) = Connect(LinkKind.Packets, LinkProtection.Sealed);
        B.Loop.Invoke(() =>
        {
            // B is busy while the peer sends messages, no more than the first window takes, and dies.
            A.Loop.Invoke(() =>
            {
                for (var i = 0; i < 30; i++)
                    Assert.True(a.TrySend(3, new byte[1000], []));
                a.Dispose();
            });
            Assert.True(b.TrySend(1, new byte[10], []));
            b.Flush();
            Assert.True(b.TrySend(1, new byte[10], []));
            b.Flush();
            Assert.Empty(fromA.Messages);
            b.DrainNow();
            Assert.Equal(30, fromA.Messages.Count);
            Assert.False(b.IsOpen);
        });
        Assert.Equal(LinkClosedReason.Goodbye, fromA.End().Reason);
        Assert.Equal(1, fromA.ClosedCalls);
    }

    [Theory]
    [InlineData(LinkProtection.Plain)]
    [InlineData(LinkProtection.Sealed)]
    public void Nothing_is_allocated_per_message(LinkProtection protection)
    {
        var sink = new Sink();
        var options = new LinkOptions { Protection = protection, PacketProtection = protection };
        var listener = Listen(options);
        var result = Dial(listener.Address, LinkKind.Packets, options);
        var a = A.Get(() => result.Channel!.Open(A.Loop, new Recorder()));
        var accepted = TakeAccepted();
        var b = B.Get(() => accepted.Open(B.Loop, sink));
        var body = new byte[1500];
        var head = new byte[16];
        void Send(int count)
        {
            var target = Volatile.Read(ref sink.Count) + count;
            var left = count;
            void Some()
            {
                for (var i = 0; i < 32 && left > 0 && a.TrySend(1, head, body); i++)
                    left--;
            }

            while (left > 0)
                A.Loop.Invoke(Some);
            Until(() => Volatile.Read(ref sink.Count) >= target, "messages are missing");
        }

        Send(20_000);
        var sentBytes = A.Get(GC.GetAllocatedBytesForCurrentThread);
        var receivedBytes = B.Get(GC.GetAllocatedBytesForCurrentThread);
        Send(20_000);
        var sent = A.Get(GC.GetAllocatedBytesForCurrentThread) - sentBytes;
        var received = B.Get(GC.GetAllocatedBytesForCurrentThread) - receivedBytes;
        output.WriteLine($"{protection}: {sent} bytes at the sender, {received} at the receiver for 20,000 messages");
        Assert.InRange(sent, 0, 4096);
        Assert.InRange(received, 0, 4096);
        A.Loop.Invoke(a.Dispose);
        B.Loop.Invoke(b.Dispose);
    }

    private sealed class Sink : ILinkHandler
    {
        internal int Count;

        public void OnMessage(LinkConnection connection, ushort type, ReadOnlySpan<byte> body) => Interlocked.Increment(ref Count);

        public void OnClosed(LinkConnection connection, LinkClosedReason reason, string text)
        {
        }
    }
}
