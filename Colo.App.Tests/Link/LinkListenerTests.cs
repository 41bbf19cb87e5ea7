using System.Net;
using System.Net.Sockets;
using Colo.Link;
using Xunit.Abstractions;

namespace Colo.Tests.Link;

public sealed class LinkListenerTests(ITestOutputHelper output) : LinkTestBase
{
    private static Socket Raw(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 10_000 };
        socket.Connect(address);
        return socket;
    }

    /// <summary>Reads until the other side ends; a reset counts as the end.</summary>
    private static byte[] ReadToEnd(Socket socket)
    {
        using var all = new MemoryStream();
        var part = new byte[4096];
        try
        {
            for (int got; (got = socket.Receive(part)) > 0;)
                all.Write(part, 0, got);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
        }

        return all.ToArray();
    }

    [Theory]
    [InlineData("127.0.0.1", LinkKind.Control)]
    [InlineData("127.0.0.1", LinkKind.Packets)]
    [InlineData("::1", LinkKind.Checkpoint)]
    [InlineData("::1", LinkKind.Keeper)]
    public void Both_sides_know_kind_instance_session_and_address(string at, LinkKind kind)
    {
        var a = Identity(LinkNode.A);
        var b = Identity(LinkNode.B);
        var listener = Listen(identity: b, address: new IPEndPoint(IPAddress.Parse(at), 0));
        var session = LinkSession.After(41);
        var result = Dial(listener.Address, kind, identity: a, session: session);
        Assert.Equal(LinkDialOutcome.Connected, result.Outcome);
        using var mine = result.Channel!;
        using var theirs = TakeAccepted();
        Assert.Equal((kind, b.Instance, true), (mine.Peer.Kind, mine.Peer.Instance, mine.Peer.Dialled));
        Assert.Equal((kind, a.Instance, session, false), (theirs.Peer.Kind, theirs.Peer.Instance, theirs.Peer.Session, theirs.Peer.Dialled));
        Assert.Equal(IPAddress.Parse(at), theirs.Peer.Address.Address);
        Assert.Equal(listener.Address, mine.Peer.Address);
        Until(() => B.Get(() => listener.HalfOpen) == 0, "the handshake stayed half open");
    }

    [Fact]
    public void A_probe_learns_the_instance_and_opens_nothing()
    {
        var b = Identity(LinkNode.B);
        var listener = Listen(identity: b, judge: _ => throw new InvalidOperationException("a probe is not judged"));
        var result = Dial(listener.Address, LinkKind.Probe);
        Assert.Equal((LinkDialOutcome.Connected, b.Instance), (result.Outcome, result.Peer!.Instance));
        Assert.Null(result.Channel);
        Assert.Empty(Accepted);
    }

    [Fact]
    public void Each_wrong_peer_has_its_own_reason_with_its_address()
    {
        var listener = Listen(judge: _ => "not now");
        foreach (var (identity, options, reason) in new (LinkIdentity, LinkOptions, LinkRefusal)[]
        {
            (Identity(LinkNode.A, LinkKey.Generate()), new(), LinkRefusal.WrongKey),
            (Identity(LinkNode.A, vm: "other"), new(), LinkRefusal.OtherVm),
            (Identity(LinkNode.A) with { Versions = (7, 9) }, new(), LinkRefusal.Version),
            (Identity(LinkNode.B), new(), LinkRefusal.OwnNode),
            (Identity(LinkNode.A), new() { Protection = LinkProtection.Plain }, LinkRefusal.Protection),
            (Identity(LinkNode.A), new(), LinkRefusal.Declined),
        })
        {
            var result = Dial(listener.Address, identity: identity, options: options);
            Assert.Equal((LinkDialOutcome.Rejected, reason), (result.Outcome, result.Failure!.Reason));
            Assert.Contains(listener.Address.ToString(), result.Text);
            var failure = TakeFailure();
            Assert.Equal(reason, failure.Reason);
            Assert.Equal(IPAddress.Loopback, failure.Address.Address);
            Assert.NotEqual(listener.Address.Port, failure.Address.Port);
        }

        Assert.Empty(Accepted);
    }

    [Fact]
    public void Garbage_ends_at_its_first_wrong_byte_and_gets_no_answer()
    {
        var listener = Listen();
        foreach (var garbage in new[] { "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01", "COLL", "C?" })
        {
            using var raw = Raw(listener.Address);
            raw.Send(System.Text.Encoding.Latin1.GetBytes(garbage));
            Assert.Empty(ReadToEnd(raw));
            var failure = TakeFailure();
            Assert.Equal(LinkRefusal.NotThisProtocol, failure.Reason);
            Assert.Equal(raw.LocalEndPoint, failure.Address);
        }
    }

    [Fact]
    public void A_handshake_cut_off_at_any_byte_is_reported_and_harms_nobody()
    {
        var listener = Listen();
        var hello = LinkHandshake.Dial(Identity(LinkNode.A), new LinkOptions(), listener.Address, LinkKind.Control, default).Output.ToArray();
        for (var length = 0; length <= hello.Length; length++)
        {
            using (var raw = Raw(listener.Address))
            {
                raw.Send(hello.AsSpan(0, length));
                raw.Shutdown(SocketShutdown.Send);
                ReadToEnd(raw);
            }

            Assert.Equal(LinkRefusal.Closed, TakeFailure().Reason);
        }

        using var channel = Dial(listener.Address).Channel;
        Assert.NotNull(channel);
        Assert.Equal(0, B.Get(() => listener.HalfOpen));
    }

    [Fact]
    public void Random_bytes_never_get_in()
    {
        var listener = Listen();
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var hello = LinkHandshake.Dial(Identity(LinkNode.A), new LinkOptions(), listener.Address, (LinkKind)random.Next(1, 6), default).Output.ToArray();
            for (var n = random.Next(1, 4); n > 0; n--)
                hello[random.Next(hello.Length)] = (byte)random.Next(256);
            using var raw = Raw(listener.Address);
            raw.Send(hello);
            var more = new byte[random.Next(200)];
            random.NextBytes(more);
            try
            {
                raw.Send(more);
                raw.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // Ended already.
            }

            ReadToEnd(raw);
            TakeFailure();
        }

        Assert.True(Accepted.Count == 0, $"seed {seed}");
        using var channel = Dial(listener.Address).Channel;
        Assert.True(channel is not null, $"seed {seed}");
    }

    [Fact]
    public void Held_open_handshakes_keep_nobody_out_and_run_into_the_limit()
    {
        var options = new LinkOptions { MaxHalfOpen = 8, HandshakeTimeout = TimeSpan.FromMilliseconds(700) };
        var listener = Listen(options);
        var held = new List<Socket>();
        for (var i = 0; i < 20; i++)
            held.Add(Raw(listener.Address));
        for (var i = 0; i < 12; i++)
            Assert.Equal(LinkRefusal.Busy, TakeFailure().Reason);
        Assert.Equal(8, B.Get(() => listener.HalfOpen));

        using var channel = Dial(listener.Address).Channel;
        Assert.NotNull(channel);
        Assert.Equal(LinkRefusal.Busy, TakeFailure().Reason);
        for (var i = 0; i < 7; i++)
            Assert.Equal(LinkRefusal.TimedOut, TakeFailure().Reason);
        Assert.Equal(0, B.Get(() => listener.HalfOpen));
        held.ForEach(s => s.Dispose());
    }

    [Fact]
    public void A_slow_loris_runs_into_the_limit_of_the_whole_handshake()
    {
        var listener = Listen(new LinkOptions { HandshakeTimeout = TimeSpan.FromMilliseconds(400) });
        var hello = LinkHandshake.Dial(Identity(LinkNode.A), new LinkOptions(), listener.Address, LinkKind.Control, default).Output.ToArray();
        using var raw = Raw(listener.Address);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        LinkFailure? failure = null;
        // A byte each 20 ms: no single wait is long.
        for (var i = 0; i < hello.Length && failure is null; i++)
        {
            raw.Send(hello.AsSpan(i, 1));
            Failures.TryTake(out failure, 20);
        }

        Assert.Equal(LinkRefusal.TimedOut, failure!.Reason);
        Assert.InRange(watch.ElapsedMilliseconds, 350, 10_000);
    }

    [Fact]
    public void A_restarted_listener_binds_at_once_while_old_connections_linger()
    {
        var listener = Listen();
        var address = listener.Address;
        using (var channel = Dial(address).Channel)
        {
            // The listening side closes first, so that TIME_WAIT is on its port.
            TakeAccepted().Dispose();
            B.Loop.Invoke(listener.Dispose);
        }

        var again = Listen(address: address);
        using var second = Dial(again.Address).Channel;
        Assert.NotNull(second);
    }

    [Fact]
    public void Hostile_connections_do_not_disturb_an_open_one()
    {
        var options = new LinkOptions();
        var listener = Listen(options);
        var atA = new Recorder();
        var atB = new Recorder();
        var result = Dial(listener.Address, LinkKind.Control, options);
        var a = A.Get(() => result.Channel!.Open(A.Loop, atA));
        var accepted = TakeAccepted();
        var b = B.Get(() => accepted.Open(B.Loop, atB));
        for (var i = 0; i < 50; i++)
        {
            using var raw = Raw(listener.Address);
            raw.Send("XXXX"u8);
            Assert.True(A.Get(() => a.TrySend(1, [(byte)i], [])));
            Assert.Equal((byte)i, atB.Next().Body[0]);
        }

        A.Loop.Invoke(a.Dispose);
        Assert.Equal((LinkClosedReason.Goodbye, "closed"), atB.End());
        B.Loop.Invoke(b.Dispose);
        Assert.Equal(1, atB.ClosedCalls);
    }

    [Fact]
    public void Every_descriptor_is_close_on_exec()
    {
        var (_, _, _, _) = Connect(LinkKind.Control, LinkProtection.Sealed);
        var sockets = 0;
        foreach (var entry in Directory.GetFiles("/proc/self/fdinfo"))
        {
            var target = new FileInfo($"/proc/self/fd/{Path.GetFileName(entry)}").LinkTarget;
            if (target is null || !(target.StartsWith("socket:", StringComparison.Ordinal) || target.Contains("colo-link")))
                continue;
            string flags;
            try
            {
                flags = File.ReadLines(entry).First(l => l.StartsWith("flags:", StringComparison.Ordinal));
            }
            catch (IOException)
            {
                // Another test closed it meanwhile.
                continue;
            }

            var value = Convert.ToInt32(flags["flags:".Length..].Trim(), 8);
            // The test host's own sockets are of .NET, which sets it too.
            Assert.True((value & 0x80000) != 0, $"{target} is inherited");
            sockets++;
        }

        Assert.True(sockets >= 3, $"{sockets} sockets seen");
    }
}
