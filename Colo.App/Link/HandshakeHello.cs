using System.Buffers.Binary;
using System.Text;

namespace Colo.Link;

/// <summary>The hello of either side (<see cref="LinkProtocol"/>).</summary>
internal sealed record HandshakeHello
{
    internal const int NonceLength = 32;
    internal const int MaxLength = 512;
    private const int NameAt = 73;

    internal required (ushort Oldest, ushort Newest) Versions { get; init; }

    internal required LinkKind Kind { get; init; }

    internal required LinkProtection Protection { get; init; }

    internal required LinkNode Node { get; init; }

    internal required LinkInstance Instance { get; init; }

    internal required LinkSession Session { get; init; }

    internal required byte[] Nonce { get; init; }

    internal required string VmName { get; init; }

    /// <summary>Writes it and returns its length.</summary>
    internal int Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, Versions.Oldest);
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], Versions.Newest);
        to[4] = (byte)Kind;
        to[5] = (byte)Protection;
        to[6] = (byte)Node;
        to[7] = 0;
        BinaryPrimitives.WriteUInt128LittleEndian(to[8..], Instance.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(to[24..], Session.Number);
        BinaryPrimitives.WriteUInt64LittleEndian(to[32..], Session.Token);
        Nonce.CopyTo(to[40..]);
        var length = Encoding.UTF8.GetBytes(VmName, to[NameAt..]);
        to[NameAt - 1] = (byte)length;
        return NameAt + length;
    }

    /// <summary>Reads one, or returns null and what is wrong with it.</summary>
    internal static HandshakeHello? Read(ReadOnlySpan<byte> from, out string wrong)
    {
        wrong = "";
        if (from.Length is < NameAt + 1 or > MaxLength)
        {
            wrong = $"a hello of {from.Length} bytes";
            return null;
        }

        var oldest = BinaryPrimitives.ReadUInt16LittleEndian(from);
        var newest = BinaryPrimitives.ReadUInt16LittleEndian(from[2..]);
        var name = from[NameAt - 1];
        if (oldest == 0 || oldest > newest)
            wrong = $"versions {oldest} to {newest}";
        else if (from[4] is < (byte)LinkKind.Control or > (byte)LinkKind.Inquiry)
            wrong = $"channel kind {from[4]}";
        else if (from[5] > (byte)LinkProtection.Sealed)
            wrong = $"protection {from[5]}";
        else if (from[6] > (byte)LinkNode.B || from[7] != 0)
            wrong = $"node {from[6]}, reserved {from[7]}";
        else if (name is 0 or > LinkProtocol.MaxVmName || NameAt + name > from.Length)
            wrong = $"a VM name of {name} bytes";
        if (wrong.Length > 0)
            return null;
        return new HandshakeHello
        {
            Versions = (oldest, newest),
            Kind = (LinkKind)from[4],
            Protection = (LinkProtection)from[5],
            Node = (LinkNode)from[6],
            Instance = new(BinaryPrimitives.ReadUInt128LittleEndian(from[8..])),
            Session = new(BinaryPrimitives.ReadUInt64LittleEndian(from[24..]), BinaryPrimitives.ReadUInt64LittleEndian(from[32..])),
            Nonce = from.Slice(40, NonceLength).ToArray(),
            VmName = Encoding.UTF8.GetString(from.Slice(NameAt, name)),
        };
    }
}
