using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Colo.Tests.Support;
using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Tests.Block;

/// <summary>Messages of an NBD client, byte by byte, and how they are answered.</summary>
internal static class NbdRaw
{
    internal static byte[] ClientFlags(uint flags) => Number(flags);

    internal static byte[] Number(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    internal static byte[] Name(string name) => [.. Number((uint)name.Length), .. Encoding.ASCII.GetBytes(name)];

    internal static byte[] Header(uint option, uint length)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, OptionMagic);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8), option);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(12), length);
        return bytes;
    }

    internal static byte[] Option(uint option, params byte[][] data) => [.. Header(option, (uint)data.Sum(d => d.Length)), .. data.SelectMany(d => d)];

    internal static byte[] Request(ushort type, ulong offset, uint length, ulong cookie, ushort flags = 0)
    {
        var bytes = new byte[28];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, RequestMagic);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), flags);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), type);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), cookie);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16), offset);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(24), length);
        return bytes;
    }

    /// <summary>Begins TLS on a fresh connection, as a client that <paramref name="certificates"/> make known.</summary>
    internal static SslStream BeginTls(Socket client, TestCertificates certificates)
    {
        client.Send(ClientFlags(3));
        Receive(client, 18);
        Assert.Equal(ReplyAck, Ask(client, Option(OptionStartTls)));
        return certificates.Secure(client);
    }

    /// <summary>Enters the default export (GO).</summary>
    internal static void Enter(Stream client)
    {
        client.Write(Option(OptionGo, Name(""), [0, 0]));
        Receive(client, 20 + 12 + 20);
    }

    /// <summary>Sends an option that is answered by one reply; the reply's type.</summary>
    internal static uint Ask(Stream client, byte[] option)
    {
        client.Write(option);
        var header = Receive(client, 20);
        Assert.Equal(OptionReplyMagic, BinaryPrimitives.ReadUInt64BigEndian(header));
        Receive(client, BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(16)));
        return BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12));
    }

    internal static uint Ask(Socket client, byte[] option)
    {
        using var stream = new NetworkStream(client, ownsSocket: false);
        return Ask(stream, option);
    }

    internal static byte[] Receive(Stream client, int length)
    {
        var bytes = new byte[length];
        client.ReadExactly(bytes);
        return bytes;
    }

    internal static byte[] Receive(Socket client, int length)
    {
        using var stream = new NetworkStream(client, ownsSocket: false);
        return Receive(stream, length);
    }

    // A reset is an end too: the server had not read everything.
    internal static int ReceiveSome(Socket client, byte[] buffer)
    {
        try
        {
            return client.Receive(buffer);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }
}
