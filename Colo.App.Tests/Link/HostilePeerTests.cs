using System.Net;
using System.Net.Sockets;
using Colo.Link;

namespace Colo.Tests.Link;

/// <summary>What a peer that holds the key, or somebody on the path, can do after the handshake.</summary>
public sealed class HostilePeerTests : LinkTestBase
{
    private BlockingLinkStream? _stream;

    /// <summary>Makes the handshake over an ordinary socket and returns it with the keys, to send any bytes.</summary>
    private (Socket Socket, RecordCipher? Cipher, Recorder AtB) Open(LinkKind kind, LinkProtection protection)
    {
        var options = new LinkOptions { Protection = protection, PacketProtection = protection, CheckpointProtection = protection };
        var listener = Listen(options);
        var socket = Own(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 10_000 });
        socket.Connect(listener.Address);
        var handshake = LinkHandshake.Dial(Identity(LinkNode.A), options, listener.Address, kind, default);
        while (true)
        {
            var output = handshake.Output.ToArray();
            handshake.Sent(socket.Send(output));
            if (handshake.Completed)
                break;
            handshake.Received(socket.Receive(handshake.Wanted));
            Assert.Null(handshake.Failure);
        }

        var recorder = new Recorder();
        var accepted = TakeAccepted();
        if (kind == LinkKind.Checkpoint)
            _stream = Own(accepted.OpenBlocking());
        else
            B.Get(() => accepted.Open(B.Loop, recorder));
        return (socket, protection == LinkProtection.Sealed ? Own(new RecordCipher(handshake.ChannelKeys().Send)) : null, recorder);
    }

    private static byte[] Frame(uint length, ushort type, ushort flags, int there)
    {
        var frame = new byte[8 + there];
        BitConverter.TryWriteBytes(frame, length);
        BitConverter.TryWriteBytes(frame.AsSpan(4), type);
        BitConverter.TryWriteBytes(frame.AsSpan(6), flags);
        return frame;
    }

    private static byte[] Record(RecordCipher cipher, byte[] content)
    {
        var record = new byte[4 + content.Length + 16];
        BitConverter.TryWriteBytes(record, content.Length);
        content.CopyTo(record, 4);
        cipher.Seal(record.AsSpan(0, 4), record.AsSpan(4, content.Length), record.AsSpan(4 + content.Length));
        return record;
    }

    [Theory]
    [InlineData(LinkKind.Control, 0x8000_0000u)]
    [InlineData(LinkKind.Control, 0xFFFF_FFFFu)]
    [InlineData(LinkKind.Control, 65_537u)]
    [InlineData(LinkKind.Packets, 0x7FFF_FFFFu)]
    [InlineData(LinkKind.Keeper, 131_073u)]
    public void A_length_beyond_the_limit_ends_it_at_once(LinkKind kind, uint length)
    {
        var (socket, _, atB) = Open(kind, LinkProtection.Plain);
        var before = B.Get(GC.GetAllocatedBytesForCurrentThread);
        socket.Send(Frame(length, 1, 0, 0).AsSpan(0, 4));
        var (reason, text) = atB.End();
        Assert.Equal(LinkClosedReason.Protocol, reason);
        Assert.Contains(length.ToString(System.Globalization.CultureInfo.InvariantCulture), text);
        Assert.True(B.Get(GC.GetAllocatedBytesForCurrentThread) - before < 100_000);
    }

    [Theory]
    [InlineData(0x8000_0000u)]
    [InlineData(0u)]
    [InlineData(7u)]
    public void A_record_of_impossible_length_ends_it_at_once(uint length)
    {
        var (socket, _, atB) = Open(LinkKind.Control, LinkProtection.Sealed);
        socket.Send(BitConverter.GetBytes(length));
        Assert.Equal(LinkClosedReason.Protocol, atB.End().Reason);
    }

    [Fact]
    public void Unknown_flags_and_types_end_it()
    {
        var (flags, _, atFlags) = Open(LinkKind.Control, LinkProtection.Plain);
        flags.Send(Frame(0, 1, 4, 0));
        Assert.Equal(LinkClosedReason.Protocol, atFlags.End().Reason);
        var (type, _, atType) = Open(LinkKind.Control, LinkProtection.Plain);
        type.Send(Frame(0, 0xFF77, 0, 0));
        Assert.Equal(LinkClosedReason.Protocol, atType.End().Reason);
    }

    [Fact]
    public void A_frame_longer_than_its_record_ends_it()
    {
        var (socket, cipher, atB) = Open(LinkKind.Control, LinkProtection.Sealed);
        socket.Send(Record(cipher!, [.. Frame(2, 5, 0, 2), .. Frame(3, 6, 0, 2)]));
        Assert.Equal(5, atB.Next().Type);
        Assert.Equal(LinkClosedReason.Protocol, atB.End().Reason);
    }

    [Fact]
    public void A_record_with_part_of_a_header_ends_it()
    {
        var (socket, cipher, atB) = Open(LinkKind.Control, LinkProtection.Sealed);
        socket.Send(Record(cipher!, [.. Frame(0, 5, 0, 0), 1, 2, 3]));
        Assert.Equal(5, atB.Next().Type);
        Assert.Equal(LinkClosedReason.Protocol, atB.End().Reason);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(20)]
    [InlineData(31)]
    public void An_altered_record_is_noticed(int at)
    {
        var (socket, cipher, atB) = Open(LinkKind.Control, LinkProtection.Sealed);
        var record = Record(cipher!, Frame(4, 5, 0, 4));
        // The length: less by one, so that enough bytes are there.
        record[at] ^= (byte)(at == 0 ? 12 ^ 11 : 1);
        socket.Send(record);
        Assert.Equal(LinkClosedReason.Forged, atB.End().Reason);
        Assert.Empty(atB.Messages);
    }

    [Fact]
    public void A_blocking_stream_notices_damage_and_impossible_lengths()
    {
        var (damaged, cipher, _) = Open(LinkKind.Checkpoint, LinkProtection.Sealed);
        var record = Record(cipher!, new byte[100]);
        damaged.Send(record);
        _stream!.ReceiveExactly(new byte[100]);
        damaged.Send(record);
        Assert.Equal(LinkClosedReason.Forged, Assert.Throws<LinkStreamException>(() => _stream.ReceiveExactly(new byte[100])).Reason);
        var (lying, _, _) = Open(LinkKind.Checkpoint, LinkProtection.Sealed);
        lying.Send(BitConverter.GetBytes(0x8000_0000u));
        Assert.Equal(LinkClosedReason.Protocol, Assert.Throws<LinkStreamException>(() => _stream.ReceiveExactly(new byte[100])).Reason);
    }

    [Fact]
    public void A_repeated_record_is_noticed()
    {
        var (socket, cipher, atB) = Open(LinkKind.Packets, LinkProtection.Sealed);
        var record = Record(cipher!, Frame(4, 5, 0, 4));
        socket.Send(record);
        socket.Send(record);
        Assert.Equal(5, atB.Next().Type);
        Assert.Equal(LinkClosedReason.Forged, atB.End().Reason);
        Assert.Empty(atB.Messages);
    }

    [Fact]
    public void A_record_left_out_is_noticed()
    {
        var (socket, cipher, atB) = Open(LinkKind.Packets, LinkProtection.Sealed);
        Record(cipher!, Frame(4, 5, 0, 4));
        socket.Send(Record(cipher!, Frame(4, 6, 0, 4)));
        Assert.Equal(LinkClosedReason.Forged, atB.End().Reason);
    }

    [Theory]
    [InlineData(LinkProtection.Plain)]
    [InlineData(LinkProtection.Sealed)]
    public void Cut_off_at_any_byte_the_part_is_dropped_and_said(LinkProtection protection)
    {
        var whole = 2 * (protection == LinkProtection.Plain ? 12 : 32);
        for (var cut = 0; cut <= whole; cut++)
        {
            var (socket, cipher, atB) = Open(LinkKind.Control, protection);
            byte[] both = protection == LinkProtection.Plain
                ? [.. Frame(4, 5, 0, 4), .. Frame(4, 6, 0, 4)]
                : [.. Record(cipher!, Frame(4, 5, 0, 4)), .. Record(cipher!, Frame(4, 6, 0, 4))];
            socket.Send(both.AsSpan(0, cut));
            socket.Shutdown(SocketShutdown.Send);
            Assert.Equal(cut % (whole / 2) == 0 ? LinkClosedReason.PeerClosed : LinkClosedReason.MidMessage, atB.End().Reason);
            Assert.Equal(cut / (whole / 2), atB.Messages.Count);
        }
    }

    [Fact]
    public void A_goodbye_with_control_characters_is_made_printable()
    {
        var (socket, _, atB) = Open(LinkKind.Control, LinkProtection.Plain);
        socket.Send([.. Frame(5, 0xFFFF, 0, 0), (byte)'a', 0x1B, (byte)'\n', 0xFF, (byte)'b']);
        var (reason, text) = atB.End();
        Assert.Equal(LinkClosedReason.Goodbye, reason);
        Assert.Equal("a??\uFFFDb", text);
    }

    [Fact]
    public void A_reset_is_not_a_goodbye()
    {
        var (socket, _, atB) = Open(LinkKind.Control, LinkProtection.Plain);
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
        Assert.Equal(LinkClosedReason.Reset, atB.End().Reason);
    }
}
