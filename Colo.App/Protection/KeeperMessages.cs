using System.Buffers.Binary;
using Colo.Link;

namespace Colo.Protection;

/// <summary>Messages of the Keeper channel, from a keeper to the node on the other host. Little endian.</summary>
internal enum KeeperMessage : ushort
{
    /// <summary>The watched node is dead; body: <see cref="DeathNotice"/>.</summary>
    Death = 1,

    /// <summary>u8 NIC, then a frame that came for the guest after its node's death.</summary>
    Frame = 2,

    /// <summary>Node to keeper: nothing more is wanted; the keeper ends.</summary>
    Done = 3,
}

/// <summary>What a keeper tells of the node whose death it saw. A statement, where silence would be none.</summary>
/// <param name="Session">The pairing in which that node counted its peer as current.</param>
/// <param name="Flags">What the node was.</param>
/// <param name="Mirrored">Frames that it had mirrored in that pairing and the kernel had taken.</param>
internal readonly record struct DeathNotice(LinkSession Session, KeeperPage.NodeFlags Flags, ulong Mirrored)
{
    internal const int Size = 32;

    internal void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, Session.Number);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], Session.Token);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], (ulong)Flags);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], Mirrored);
    }

    /// <exception cref="FormatException">It is not one.</exception>
    internal static DeathNotice Read(ReadOnlySpan<byte> body) => body.Length == Size
        ? new DeathNotice(
            new LinkSession(BinaryPrimitives.ReadUInt64LittleEndian(body), BinaryPrimitives.ReadUInt64LittleEndian(body[8..])),
            (KeeperPage.NodeFlags)BinaryPrimitives.ReadUInt64LittleEndian(body[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(body[24..]))
        : throw new FormatException($"a death notice of {body.Length} bytes");
}
