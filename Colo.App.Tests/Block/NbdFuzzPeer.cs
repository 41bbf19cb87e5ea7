using System.Buffers.Binary;

namespace Colo.Tests.Block;

/// <summary>What both generators need: big-endian numbers, and ways to spoil a message.</summary>
internal abstract class NbdFuzzPeer(Random random)
{
    protected Random Random { get; } = random;

    public int Messages { get; protected set; }

    protected static byte[] B16(int value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }

    protected static byte[] B32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    protected static byte[] B64(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }

    protected byte[] Noise(int most)
    {
        var bytes = new byte[Random.Next(most + 1)];
        Random.NextBytes(bytes);
        return bytes;
    }

    protected T Pick<T>(params T[] of) => of[Random.Next(of.Length)];

    protected bool OneIn(int n) => Random.Next(n) == 0;

    /// <summary>Most often as it is; else cut off, with flipped bits, twice, or noise instead.</summary>
    protected byte[] Spoil(byte[] message, int oneIn)
    {
        if (!OneIn(oneIn) || message.Length == 0)
            return message;
        switch (Random.Next(4))
        {
            case 0:
                return message[..Random.Next(message.Length)];
            case 1:
                message = [.. message];
                for (var n = Random.Next(1, 4); n > 0; n--)
                    message[Random.Next(Math.Min(message.Length, 40))] ^= (byte)(1 << Random.Next(8));
                return message;
            case 2:
                return [.. message, .. message];
            default:
                return Noise(64);
        }
    }
}
