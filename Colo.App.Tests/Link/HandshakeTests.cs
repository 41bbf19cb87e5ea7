using System.Net;
using System.Net.Sockets;
using Colo.Link;
using Xunit.Abstractions;

namespace Colo.Tests.Link;

/// <summary>The handshake as a machine: bytes in, bytes out.</summary>
public sealed class HandshakeTests(ITestOutputHelper output)
{
    private static readonly IPEndPoint Somewhere = new(IPAddress.Loopback, 1);
    private static readonly LinkSession Session = LinkSession.After(6);
    private readonly LinkKey _key = LinkKey.Generate();

    private LinkIdentity Identity(LinkNode node, LinkKey? key = null, string vm = "web1", (ushort, ushort)? versions = null) => new()
    {
        VmName = vm,
        Node = node,
        Instance = LinkInstance.New(),
        Key = key ?? _key,
        Versions = versions ?? (1, 1),
    };

    private LinkHandshake Dialler(LinkIdentity? self = null, LinkKind kind = LinkKind.Packets, LinkOptions? options = null) =>
        LinkHandshake.Dial(self ?? Identity(LinkNode.A), options ?? new LinkOptions(), Somewhere, kind, Session);

    private LinkHandshake Listener(LinkIdentity? self = null, Func<LinkPeer, string?>? judge = null) =>
        LinkHandshake.Answer(self ?? Identity(LinkNode.B), new LinkOptions(), Somewhere, judge ?? (_ => null));

    private static byte[] Take(LinkHandshake from)
    {
        var bytes = from.Output.ToArray();
        from.Sent(bytes.Length);
        return bytes;
    }

    private static void Give(LinkHandshake to, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0 && to.Wanted.Length > 0)
        {
            var part = Math.Min(bytes.Length, to.Wanted.Length);
            bytes[..part].CopyTo(to.Wanted);
            to.Received(part);
            bytes = bytes[part..];
        }
    }

    private static List<byte[]> Run(LinkHandshake dialler, LinkHandshake listener)
    {
        var sent = new List<byte[]>();
        for (var turn = 0; turn < 8; turn++)
        {
            var (from, to) = turn % 2 == 0 ? (dialler, listener) : (listener, dialler);
            var bytes = Take(from);
            if (bytes.Length == 0)
                break;
            sent.Add(bytes);
            Give(to, bytes);
        }

        return sent;
    }

    [Fact]
    public void Both_know_each_other_and_hold_matching_keys()
    {
        var a = Identity(LinkNode.A);
        var b = Identity(LinkNode.B);
        var dialler = Dialler(a);
        var listener = Listener(b);
        Assert.Equal(4, Run(dialler, listener).Count);
        Assert.True(dialler.Completed && listener.Completed);
        Assert.Equal((b.Instance, LinkNode.B, LinkKind.Packets, Session), (dialler.Peer!.Instance, dialler.Peer.Node, dialler.Peer.Kind, dialler.Peer.Session));
        Assert.Equal((a.Instance, LinkNode.A, LinkKind.Packets, Session), (listener.Peer!.Instance, listener.Peer.Node, listener.Peer.Kind, listener.Peer.Session));
        var (send, receive) = dialler.ChannelKeys();
        Assert.Equal(send, listener.ChannelKeys().Receive);
        Assert.Equal(receive, listener.ChannelKeys().Send);
        Assert.NotEqual(send, receive);
        Assert.Empty(dialler.Wanted.ToArray());
    }

    [Fact]
    public void Another_key_is_found_by_the_dialler_and_told_to_the_listener()
    {
        var dialler = Dialler(Identity(LinkNode.A, LinkKey.Generate()));
        var listener = Listener();
        Run(dialler, listener);
        Assert.Equal((LinkRefusal.WrongKey, false), (dialler.Failure!.Reason, dialler.Failure.FromPeer));
        Assert.Equal((LinkRefusal.WrongKey, true, false), (listener.Failure!.Reason, listener.Failure.FromPeer, listener.Failure.Authenticated));
        Assert.Null(dialler.Peer);
        Assert.Null(listener.Peer);
    }

    [Fact]
    public void A_caller_without_the_key_that_goes_on_regardless_is_refused()
    {
        var dialler = Dialler();
        var listener = Listener();
        Give(listener, Take(dialler));
        Take(listener);
        Give(listener, [.. "COLO"u8, 3, 0, 32, 0, .. new byte[32]]);
        Assert.Equal((LinkRefusal.WrongKey, false), (listener.Failure!.Reason, listener.Failure.FromPeer));
    }

    [Theory]
    [InlineData(1, 1, 2, 3, false)]
    [InlineData(4, 5, 2, 3, false)]
    [InlineData(1, 2, 2, 3, true)]
    [InlineData(2, 9, 1, 2, true)]
    public void The_highest_common_version_or_none(ushort oldestA, ushort newestA, ushort oldestB, ushort newestB, bool good)
    {
        var dialler = Dialler(Identity(LinkNode.A, versions: (oldestA, newestA)));
        var listener = Listener(Identity(LinkNode.B, versions: (oldestB, newestB)));
        Run(dialler, listener);
        Assert.Equal(good, dialler.Completed);
        if (good)
            Assert.Equal(((ushort)2, (ushort)2), (dialler.Peer!.Version, listener.Peer!.Version));
        else
            Assert.Equal((LinkRefusal.Version, LinkRefusal.Version), (dialler.Failure!.Reason, listener.Failure!.Reason));
    }

    [Fact]
    public void Another_vm_is_refused_by_name()
    {
        var dialler = Dialler(Identity(LinkNode.A, vm: "mail\n7"));
        var listener = Listener();
        Run(dialler, listener);
        Assert.Equal(LinkRefusal.OtherVm, listener.Failure!.Reason);
        Assert.Contains("'mail?7'", listener.Failure.Text);
        Assert.Contains("'web1'", dialler.Failure!.Text);
    }

    [Fact]
    public void A_path_back_to_the_own_node_is_refused()
    {
        var dialler = Dialler();
        var listener = Listener(Identity(LinkNode.A));
        Run(dialler, listener);
        Assert.Equal(LinkRefusal.OwnNode, listener.Failure!.Reason);
        Assert.Equal(LinkRefusal.OwnNode, dialler.Failure!.Reason);
    }

    [Fact]
    public void Different_protection_is_refused()
    {
        var dialler = Dialler(options: new LinkOptions { PacketProtection = LinkProtection.Plain });
        var listener = Listener();
        Run(dialler, listener);
        Assert.Equal(LinkRefusal.Protection, dialler.Failure!.Reason);
    }

    [Fact]
    public void A_declined_peer_is_told_why_with_proof()
    {
        var dialler = Dialler();
        var listener = Listener(judge: peer => $"session {peer.Session.Number} is stale");
        Run(dialler, listener);
        Assert.Equal((LinkRefusal.Declined, "session 7 is stale", true, true), (dialler.Failure!.Reason, dialler.Failure.Text, dialler.Failure.FromPeer, dialler.Failure.Authenticated));
        Assert.Equal(LinkNode.B, dialler.Peer!.Node);
    }

    [Fact]
    public void An_altered_refusal_is_not_believed()
    {
        var dialler = Dialler();
        var listener = Listener(judge: _ => "no");
        Give(listener, Take(dialler));
        Give(dialler, Take(listener));
        Give(listener, Take(dialler));
        var refusal = Take(listener);
        refusal[8 + 4]++;
        Give(dialler, refusal);
        Assert.False(dialler.Failure!.Authenticated);
    }

    [Fact]
    public void Reflected_messages_authenticate_nobody()
    {
        // The attacker has no key: he gives the dialler its own bytes, or the answer of a second, reflected call.
        var dialler = Dialler();
        Give(dialler, Take(dialler));
        Assert.Equal(LinkRefusal.Malformed, dialler.Failure!.Reason);

        // As the listener's client he sends its own proof back as that of a dialler.
        var listener = Listener();
        Give(listener, Take(Dialler()));
        var reply = Take(listener);
        Give(listener, [.. "COLO"u8, 3, 0, 32, 0, .. reply[^32..]]);
        Assert.Equal(LinkRefusal.WrongKey, listener.Failure!.Reason);
    }

    [Fact]
    public void A_replayed_handshake_authenticates_nobody()
    {
        var a = Identity(LinkNode.A);
        var b = Identity(LinkNode.B);
        var recorded = Run(Dialler(a), Listener(b));

        var listener = Listener(b);
        Give(listener, recorded[0]);
        Take(listener);
        Give(listener, recorded[2]);
        Assert.Equal(LinkRefusal.WrongKey, listener.Failure!.Reason);

        var dialler = Dialler(a);
        Take(dialler);
        Give(dialler, recorded[1]);
        Assert.Equal(LinkRefusal.WrongKey, dialler.Failure!.Reason);

        var later = Dialler(a);
        var honest = Listener(b);
        Give(honest, Take(later));
        Give(later, Take(honest));
        Take(later);
        Give(later, recorded[3]);
        Assert.Equal(LinkRefusal.WrongKey, later.Failure!.Reason);
    }

    [Fact]
    public void No_byte_can_be_altered_on_the_way()
    {
        var lengths = Run(Dialler(), Listener()).Select(m => m.Length).ToArray();
        for (var message = 0; message < lengths.Length; message++)
        {
            for (var at = 0; at < lengths[message]; at++)
            {
                foreach (var flip in new byte[] { 0x01, 0x80 })
                {
                    var dialler = Dialler();
                    var listener = Listener();
                    for (var turn = 0; turn < 4; turn++)
                    {
                        var (from, to) = turn % 2 == 0 ? (dialler, listener) : (listener, dialler);
                        var bytes = Take(from);
                        if (turn == message)
                            bytes[at] ^= flip;
                        Give(to, bytes);
                    }

                    // The last message is the listener's: altered, only the dialler can notice.
                    Assert.False(dialler.Completed, $"message {message}, byte {at}, bit {flip:x2}: the dialler took it");
                    Assert.True(message == 3 || !listener.Completed, $"message {message}, byte {at}, bit {flip:x2}: the listener took it");
                }
            }
        }
    }

    [Fact]
    public void A_later_version_may_append_to_its_hello()
    {
        var probe = Take(Dialler());
        var listener = Listener();
        byte[] longer = [.. probe, 1, 2, 3, 4];
        longer[6] += 4;
        Give(listener, longer);
        Assert.Null(listener.Failure);
        Assert.True(listener.Output.Length > 0);
    }

    [Fact]
    public void Random_bytes_never_authenticate_and_never_throw()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var good = Run(Dialler(), Listener());
        for (var round = 0; round < 20_000; round++)
        {
            var dialling = random.Next(2) == 0;
            var machine = dialling ? Dialler() : Listener();
            if (!dialling && random.Next(2) == 0)
                Give(machine, Take(Dialler()));
            Take(machine);
            var bytes = random.Next(3) switch
            {
                0 => new byte[random.Next(1, 400)],
                1 => (byte[])good[random.Next(4)].Clone(),
                _ => [.. "COLO"u8, (byte)random.Next(7), 0, (byte)random.Next(256), (byte)random.Next(5), .. new byte[random.Next(1200)]],
            };
            if (bytes[0] == 0)
                random.NextBytes(bytes);
            for (var n = random.Next(1, 6); n > 0; n--)
                bytes[random.Next(Math.Min(8, bytes.Length), bytes.Length) % bytes.Length] = (byte)random.Next(256);
            Give(machine, bytes);
            Assert.False(machine.Completed, $"seed {seed}, round {round}");
        }
    }
}
