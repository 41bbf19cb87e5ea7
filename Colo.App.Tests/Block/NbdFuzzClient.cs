using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Colo.Block.Nbd;
using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Tests.Block;

/// <summary>A client that breaks the protocol.</summary>
internal sealed class NbdFuzzClient(Random random, int size) : NbdFuzzPeer(random)
{
    private readonly byte[] _waste = new byte[64 << 10];
    private readonly Stopwatch _call = new();

    /// <summary>Bytes that the server answered.</summary>
    public long Answers { get; private set; }

    /// <summary>One conversation; the server has to end it when this has nothing more to say.</summary>
    public void Run(NbdAddress address)
    {
        using var socket = NbdFixture.Raw(address);
        try
        {
            // Not so wrong that nothing gets as far as to the disk.
            Send(socket, Spoil(B32(OneIn(30) ? (uint)Random.Next() : 3), 50));
            for (var n = Random.Next(4); n > 0; n--)
                Send(socket, Spoil(OneIn(30) ? Request(false) : Option(), 25));
            var extended = OneIn(2);
            if (extended)
                Send(socket, Option(OptionExtendedHeaders, []));
            Send(socket, OneIn(20) ? Option(OptionExportName, []) : Option(OptionGo, [0, 0, 0, 0, 0, 1, 0, 3]));
            for (var n = Random.Next(60); n > 0; n--)
                Send(socket, Spoil(OneIn(100) ? Option() : Request(OneIn(100) ? !extended : extended), 40));
            if (OneIn(6))
            {
                // Gone at once, with a reset.
                socket.LingerState = new LingerOption(true, 0);
                return;
            }

            socket.Shutdown(SocketShutdown.Send);
            _call.Restart();
            for (var received = 1; received > 0;)
                Answers += received = socket.Receive(_waste);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted
            || (e.SocketErrorCode == SocketError.TimedOut && _call.Elapsed < TimeSpan.FromSeconds(10)))
        {
            // The server has had enough. A timeout is not caught, it would be a hang; but the runtime also calls it one when
            // the kernel took a part of a message before the peer closed, and that is at once.
        }
    }

    private void Send(Socket socket, byte[] message)
    {
        Messages++;
        for (var at = 0; at < message.Length;)
        {
            // In pieces, as a network may deliver it.
            var part = OneIn(4) ? Random.Next(1, message.Length - at + 1) : message.Length - at;
            _call.Restart();
            at += socket.Send(message.AsSpan(at, part));
        }

        // Now and then its answers are left to pile up.
        while (!OneIn(5) && socket.Available > 0)
        {
            var received = socket.Receive(_waste);
            Answers += received;
            if (received == 0)
                break;
        }
    }

    private byte[] Option()
    {
        byte[] Name(string name) => [.. B32(OneIn(15) ? (uint)Random.Next() : (uint)name.Length), .. Encoding.ASCII.GetBytes(name)];
        var option = (uint)(OneIn(10) ? Random.Next() : OneIn(12) ? Random.Next(3) : Random.Next(3, 11));
        byte[] data = option switch
        {
            OptionGo or OptionInfo => [.. Name(Pick("", "", "other", new string('x', 5000))), .. B16(Random.Next(4)), .. Noise(8)],
            OptionSetMetaContext or OptionListMetaContext =>
                [.. Name(Pick("", "", "other")), .. B32((uint)(OneIn(6) ? Random.Next() : Random.Next(3))), .. Name("base:allocation"), .. Name(Pick("base:", "qemu:dirty-bitmap:x"))],
            OptionExportName => [.. Encoding.ASCII.GetBytes(Pick("", "other"))],
            _ => OneIn(2) ? [] : Noise(50),
        };
        return OneIn(25) ? Option(option, data, Pick<uint>(0, 1, (uint)data.Length + 1, 1 << 20, (1 << 20) + 1, int.MaxValue, uint.MaxValue)) : Option(option, data);
    }

    private static byte[] Option(uint option, byte[] data, uint? length = null) =>
        [.. B64(OptionMagic), .. B32(option), .. B32(length ?? (uint)data.Length), .. data];

    private byte[] Request(bool extended)
    {
        var type = OneIn(15) ? Random.Next(65536) : OneIn(60) ? CommandDisconnect : Pick<int>(CommandRead, CommandRead, CommandWrite, CommandWrite, CommandFlush, CommandTrim, CommandCache, CommandWriteZeroes, CommandBlockStatus);
        var offset = OneIn(6) ? (ulong)Random.NextInt64(long.MinValue, long.MaxValue) : (ulong)Random.NextInt64(size + 4096);
        var length = Random.Next(40) switch
        {
            0 => (ulong)Random.NextInt64(uint.MaxValue),
            < 8 => (ulong)Random.Next(size / 2),
            8 => Pick<ulong>(0, 1, MaxPayload, MaxPayload + 1, uint.MaxValue, ulong.MaxValue, long.MaxValue),
            _ => (ulong)Random.Next(8192),
        };
        var flags = OneIn(4) ? Random.Next(65536) & Pick(63, 65535) : 0;
        if (extended && type == CommandWrite && !OneIn(30))
            flags |= CommandFlagPayloadLength;
        byte[] head = extended
            ? [.. B32(ExtendedRequestMagic), .. B16(flags), .. B16(type), .. B64((ulong)Random.NextInt64()), .. B64(offset), .. B64(length)]
            : [.. B32(RequestMagic), .. B16(flags), .. B16(type), .. B64((ulong)Random.NextInt64()), .. B64(offset), .. B32((uint)length)];
        if (type != CommandWrite && (flags & CommandFlagPayloadLength) == 0)
            return head;
        // As much as it says, or less: then the next message is taken for its data.
        var data = new byte[Math.Min(length, OneIn(25) ? 100UL : 1 << 20)];
        return [.. head, .. data];
    }
}
