using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Colo.Block.Nbd;
using static Colo.Block.Nbd.NbdProtocol;
using static Colo.Tests.Block.NbdRaw;

namespace Colo.Tests.Block;

/// <summary>Clients that break the protocol, stand still or vanish: they are answered or closed, and others are served as before.</summary>
public sealed class NbdHostileClientTests : IDisposable
{
    private const int Size = 1 << 20;
    private readonly NbdFixture _fixture = new();
    private NbdAddress _address = null!;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void A_conversation_that_breaks_off_at_any_byte_leaves_nothing_behind()
    {
        Start();
        byte[] whole =
        [
            .. ClientFlags(3), .. Option(OptionStructuredReply), .. Option(OptionSetMetaContext, Name(""), Number(1), Name("base:allocation")),
            .. Option(OptionGo, Name(""), [0, 1, 0, 3]), .. Request(CommandWrite, 0, 16, 1), .. new byte[16], .. Request(CommandRead, 0, 4096, 2),
            .. Request(CommandBlockStatus, 0, Size, 3), .. Request(CommandDisconnect, 0, 0, 4),
        ];
        for (var length = 0; length < whole.Length; length++)
        {
            using var client = NbdFixture.Raw(_address);
            client.Send(whole.AsSpan(0, length));
        }

        StillServes();
    }

    [Fact]
    public void A_conversation_byte_by_byte_is_understood()
    {
        Start();
        using var client = NbdFixture.Raw(_address);
        byte[] all = [.. ClientFlags(3), .. Option(OptionGo, Name(""), [0, 0]), .. Request(CommandWrite, 8, 4, 1), 1, 2, 3, 4];
        foreach (var each in all)
            client.Send([each]);
        Receive(client, 18 + 20 + 12 + 20);
        Assert.Equal([0x67, 0x44, 0x66, 0x98, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], Receive(client, 16));
        // Only now: what is under way together has no order.
        foreach (var each in Request(CommandRead, 8, 4, 2))
            client.Send([each]);
        Assert.Equal([0x67, 0x44, 0x66, 0x98, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 3, 4], Receive(client, 20));
    }

    [Fact]
    public void Options_that_are_wrong_are_refused_and_the_next_is_understood()
    {
        Start();
        using var client = NbdFixture.Raw(_address);
        client.Send(ClientFlags(3));
        Receive(client, 18);
        Assert.Equal(ReplyErrorUnsupported, Ask(client, Option(0x1234, new byte[100])));
        Assert.Equal(ReplyErrorUnsupported, Ask(client, Option(OptionStartTls)));
        Assert.Equal(ReplyErrorTooBig, Ask(client, Option(OptionGo, new byte[200_000])));
        Assert.Equal(ReplyErrorTooBig, Ask(client, Option(77, new byte[1 << 20])));
        Assert.Equal(ReplyErrorInvalid, Ask(client, Option(OptionList, new byte[1])));
        Assert.Equal(ReplyErrorInvalid, Ask(client, Option(OptionStructuredReply, new byte[1])));
        Assert.Equal(ReplyErrorInvalid, Ask(client, Option(OptionGo)));
        Assert.Equal(ReplyErrorInvalid, Ask(client, Option(OptionGo, Number(uint.MaxValue), [0, 0])));
        Assert.Equal(ReplyErrorInvalid, Ask(client, Option(OptionGo, Name(""), [0, 2, 0, 0])));
        Assert.Equal(ReplyErrorUnknown, Ask(client, Option(OptionGo, Name("other"), [0, 0])));
        Assert.Equal(ReplyErrorInvalid, Ask(client, Option(OptionSetMetaContext, Name(""), Number(1), Name("base:allocation"))));
        Assert.Equal(ReplyAck, Ask(client, Option(OptionStructuredReply)));
        Assert.Equal(ReplyErrorInvalid, Ask(client, Option(OptionStructuredReply)));
        Assert.Equal(ReplyErrorInvalid, Ask(client, Option(OptionSetMetaContext, Name(""), Number(uint.MaxValue))));
        Assert.Equal(ReplyErrorInvalid, Ask(client, Option(OptionSetMetaContext, Name(""), Number(1), Number(4097), new byte[4097])));
        Assert.Equal(ReplyErrorUnknown, Ask(client, Option(OptionListMetaContext, Name("other"), Number(0))));
        Assert.Equal(ReplyAck, Ask(client, Option(OptionExtendedHeaders)));
        Assert.Equal(ReplyErrorInvalid, Ask(client, Option(OptionExtendedHeaders)));
        Assert.Equal(ReplyErrorExtendedHeadersRequired, Ask(client, Option(OptionStructuredReply)));
        Assert.Equal(ReplyAck, Ask(client, Option(OptionAbort)));
        Assert.Equal(0, client.Receive(new byte[1]));
    }

    [Theory]
    [InlineData("magic")]
    [InlineData("flags")]
    [InlineData("huge option")]
    [InlineData("no such name")]
    [InlineData("name after extended headers")]
    [InlineData("garbage request")]
    [InlineData("huge write")]
    public void What_cannot_be_answered_ends_the_connection_and_no_other(string fault)
    {
        Start();
        var other = _fixture.Connect(_address);
        using var client = NbdFixture.Raw(_address);
        byte[] enter = [.. ClientFlags(3), .. Option(OptionGo, Name(""), [0, 0])];
        client.Send(fault switch
        {
            "magic" => [.. ClientFlags(3), .. new byte[16]],
            "flags" => ClientFlags(0x80),
            "huge option" => [.. ClientFlags(3), .. Header(OptionGo, 0xffffffff)],
            "no such name" => [.. ClientFlags(3), .. Option(OptionExportName, Encoding.ASCII.GetBytes("other"))],
            "name after extended headers" => [.. ClientFlags(3), .. Option(OptionExtendedHeaders), .. Option(OptionExportName)],
            "garbage request" => [.. enter, .. Enumerable.Range(0, 28).Select(i => (byte)i)],
            _ => [.. enter, .. Request(CommandWrite, 0, (32 << 20) + 1, 1)],
        });
        var buffer = new byte[4096];
        while (ReceiveSome(client, buffer) > 0)
        {
        }

        Assert.Equal(0, other.Write(0, [1, 2, 3]));
        StillServes(1);
    }

    [Fact]
    public void Requests_that_are_wrong_are_refused_one_by_one()
    {
        Start();
        using var client = NbdFixture.Raw(_address);
        client.Send([.. ClientFlags(3), .. Option(OptionGo, Name(""), [0, 0])]);
        Receive(client, 18 + 20 + 12 + 20);
        uint Error(byte[] request, byte[]? data = null)
        {
            client.Send([.. request, .. data ?? []]);
            var reply = Receive(client, 16);
            Assert.Equal(SimpleReplyMagic, BinaryPrimitives.ReadUInt32BigEndian(reply));
            return BinaryPrimitives.ReadUInt32BigEndian(reply.AsSpan(4));
        }

        Assert.Equal(EINVAL, Error(Request(CommandRead, Size, 1, 1)));
        Assert.Equal(EINVAL, Error(Request(CommandRead, ulong.MaxValue - 10, 20, 1)));
        Assert.Equal(EINVAL, Error(Request(CommandRead, 0, 0xffffffff, 1)));
        Assert.Equal(ENOSPC, Error(Request(CommandWrite, Size - 10, 20, 1), new byte[20]));
        Assert.Equal(ENOSPC, Error(Request(CommandWriteZeroes, Size, 1, 1)));
        Assert.Equal(EINVAL, Error(Request(CommandTrim, Size, 0xffffffff, 1)));
        Assert.Equal(EINVAL, Error(Request(CommandFlush, 1, 0, 1)));
        Assert.Equal(EINVAL, Error(Request(CommandCache, 0, 512, 1)));
        Assert.Equal(EINVAL, Error(Request(CommandBlockStatus, 0, 512, 1)));
        Assert.Equal(EINVAL, Error(Request(999, 0, 512, 1)));
        Assert.Equal(EINVAL, Error(Request(CommandRead, 0, 512, 1, CommandFlagDontFragment)));
        Assert.Equal(EINVAL, Error(Request(CommandWrite, 0, 100, 1, 0x8000), new byte[100]));
        Assert.Equal(0U, Error(Request(CommandWrite, 0, 0, 1)));
        Assert.Equal(0U, Error(Request(CommandRead, 0, 0, 1)));
        Assert.Equal(0U, Error(Request(CommandFlush, 0, 0, 1)));
        Assert.Equal(new byte[100], _fixture.ReadImage()[..100]);
    }

    [Fact]
    public void A_client_that_takes_no_answers_is_bounded_and_harms_nobody()
    {
        Start(new NbdServerOptions { MaxRequests = 8, MemoryBudget = 64 << 20, ConnectionBudget = 8 << 20 });
        using var client = NbdFixture.Raw(_address);
        client.Send([.. ClientFlags(3), .. Option(OptionGo, Name(""), [0, 0])]);
        client.SendTimeout = 300;
        var sent = 0;
        try
        {
            for (; sent < 200_000; sent++)
                client.Send(Request(CommandRead, 0, Size, (ulong)sent));
        }
        catch (SocketException)
        {
            // The server reads no more, and the socket is full: as it should be.
        }

        Assert.True(sent < 200_000);
        Assert.InRange(_fixture.On(() => _fixture.Server!.RequestsHeld), 1, 8);
        Assert.InRange(_fixture.On(() => _fixture.Server!.BytesHeld), 1, 8 << 20);
        var other = _fixture.Connect(_address);
        Assert.Equal(0, other.Write(0, new byte[Size]));
        Assert.Equal(Size, other.Read(0, Size).Length);
    }

    [Fact]
    public void Who_stands_still_in_a_message_while_memory_lacks_is_closed()
    {
        Start(new NbdServerOptions { MemoryBudget = 32 << 20, StallLimit = TimeSpan.FromMilliseconds(500) }, 64 << 20);
        using var client = NbdFixture.Raw(_address);
        client.Send([.. ClientFlags(3), .. Option(OptionGo, Name(""), [0, 0]), .. Request(CommandWrite, 0, 32 << 20, 1), 1]);
        Assert.True(SpinWait.SpinUntil(() => _fixture.On(() => _fixture.Server!.BytesHeld) == 32 << 20, 10_000));
        // It has all the memory; this one waits for it, and gets it.
        Assert.Equal(0, _fixture.Connect(_address).Write(0, new byte[5000]));
        Receive(client, 18 + 20 + 12 + 20);
        Assert.Equal(0, ReceiveSome(client, new byte[1]));
    }

    [Fact]
    public void Who_does_not_end_the_handshake_is_closed_and_one_too_many_too()
    {
        Start(new NbdServerOptions { MaxConnections = 2, HandshakeLimit = TimeSpan.FromSeconds(1) });
        using var first = NbdFixture.Raw(_address);
        using var second = NbdFixture.Raw(_address);
        Receive(first, 18);
        Receive(second, 18);
        using var third = NbdFixture.Raw(_address);
        Assert.Equal(0, ReceiveSome(third, new byte[1]));
        second.Send([.. ClientFlags(3), .. Option(OptionGo, Name(""), [0, 0])]);
        Assert.Equal(0, ReceiveSome(first, new byte[1]));
        Receive(second, 20 + 12 + 20);
        second.Send(Request(CommandFlush, 0, 0, 1));
        Receive(second, 16);
    }

    [Fact]
    public void Random_conversations_harm_nothing()
    {
        Start();
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < 300; i++)
        {
            using var client = NbdFixture.Raw(_address);
            var bytes = new List<byte>(ClientFlags((uint)random.Next(4)));
            for (var n = random.Next(4); n > 0; n--)
                bytes.AddRange(Option((uint)random.Next(13), Name(random.Next(2) == 0 ? "" : "base:allocation"), Number((uint)random.Next(3)), Name("base:allocation")));
            if (random.Next(4) > 0)
                bytes.AddRange(Option(OptionGo, Name(""), [0, 1, 0, 3]));
            for (var n = random.Next(20); n > 0; n--)
            {
                var length = random.Next(3) == 0 ? (uint)random.NextInt64(uint.MaxValue) : (uint)random.Next(4096);
                var type = (ushort)random.Next(10);
                bytes.AddRange(Request(type, (ulong)random.NextInt64(Size * 2), length, (ulong)i, (ushort)(random.Next(3) == 0 ? random.Next(64) : 0)));
                if (type == CommandWrite)
                    bytes.AddRange(new byte[Math.Min(length, 4096)]);
            }

            var all = bytes.ToArray();
            for (var n = random.Next(3); n > 0; n--)
                all[random.Next(all.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                client.Send(all);
                if (random.Next(2) == 0)
                    client.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // Closed by the server meanwhile.
            }
        }

        try
        {
            StillServes();
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}: {e}");
        }
    }

    private void Start(NbdServerOptions? options = null, long size = Size) => _address = _fixture.Serve(size, options);

    private void StillServes(int connections = 0)
    {
        Assert.True(SpinWait.SpinUntil(() => _fixture.On(() => _fixture.Server!.Connections) == connections, 20_000));
        Assert.True(SpinWait.SpinUntil(() => _fixture.On(() => _fixture.Server!.RequestsHeld) == 0, 20_000));
        Assert.Equal(0, _fixture.On(() => _fixture.Server!.BytesHeld));
        var disk = _fixture.Connect(_address);
        Assert.Equal(0, disk.Write(1000, [5, 6, 7]));
        Assert.Equal([5, 6, 7], disk.Read(1000, 3));
    }
}
