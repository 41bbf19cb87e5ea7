using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Colo.Link;

/// <summary>Which of the two nodes of the configuration.</summary>
public enum LinkNode : byte
{
    /// <summary>The node of <c>[link] node-a</c>.</summary>
    A = 0,

    /// <summary>The node of <c>[link] node-b</c>.</summary>
    B = 1,
}

/// <summary>
/// One start of a node's process: 16 random bytes. A peer that answers with another one has died since. A keeper
/// presents that of the node it watches.
/// </summary>
/// <param name="Value">The 128 bits.</param>
public readonly record struct LinkInstance(UInt128 Value)
{
    /// <summary>Draws a new one.</summary>
    public static LinkInstance New()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return new(BinaryPrimitives.ReadUInt128LittleEndian(bytes));
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("x32");
}

/// <summary>Ties the channels of one pairing together, so that a channel of an older one is told apart.</summary>
/// <param name="Number">Grows with each pairing that an instance begins; from 1. 0 where there is no pairing (keeper, probe).</param>
/// <param name="Token">Random.</param>
public readonly record struct LinkSession(ulong Number, ulong Token)
{
    /// <summary>The session after <paramref name="number"/> earlier ones.</summary>
    public static LinkSession After(ulong number)
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return new(number + 1, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Number}:{Token:x16}";
}

/// <summary>Who this process is towards its peer.</summary>
public sealed record LinkIdentity
{
    private readonly string _vmName = "";

    /// <summary>The VM, 1 to 64 bytes of UTF-8, equal on both nodes.</summary>
    public required string VmName
    {
        get => _vmName;
        init
        {
            var length = Encoding.UTF8.GetByteCount(value);
            if (length is < 1 or > LinkProtocol.MaxVmName)
                throw new ArgumentException($"a VM's name has 1 to {LinkProtocol.MaxVmName} bytes, not {length}", nameof(value));
            _vmName = value;
        }
    }

    /// <summary>Which node this process belongs to; the peer must be the other one.</summary>
    public required LinkNode Node { get; init; }

    /// <summary>This start of the node.</summary>
    public required LinkInstance Instance { get; init; }

    /// <summary>The key that both hold.</summary>
    public required LinkKey Key { get; init; }

    internal (ushort Oldest, ushort Newest) Versions { get; init; } =
        (LinkProtocol.OldestVersion, LinkProtocol.NewestVersion);
}

/// <summary>Who is at the other end; authenticated wherever the link hands one out.</summary>
public sealed record LinkPeer
{
    /// <summary>What the channel is for.</summary>
    public required LinkKind Kind { get; init; }

    /// <summary>Which node the peer belongs to.</summary>
    public required LinkNode Node { get; init; }

    /// <summary>The start of the peer's node; for a keeper, of the node that it watches.</summary>
    public required LinkInstance Instance { get; init; }

    /// <summary>The pairing that the channel belongs to.</summary>
    public required LinkSession Session { get; init; }

    /// <summary>The version that both speak on this channel.</summary>
    public required ushort Version { get; init; }

    /// <summary>The versions the peer knows.</summary>
    public required (ushort Oldest, ushort Newest) Versions { get; init; }

    /// <summary>What protects the channel.</summary>
    public required LinkProtection Protection { get; init; }

    /// <summary>The peer's address.</summary>
    public required IPEndPoint Address { get; init; }

    /// <summary>Whether this process dialled.</summary>
    public required bool Dialled { get; init; }
}

/// <summary>A handshake that failed.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Text">For the operator, without the address.</param>
/// <param name="Address">The other end.</param>
/// <param name="FromPeer">The peer said so; otherwise this side found it.</param>
/// <param name="Authenticated">The peer said so and proved that it holds the key.</param>
public sealed record LinkFailure(LinkRefusal Reason, string Text, IPEndPoint Address, bool FromPeer, bool Authenticated);

/// <summary>Time limits and sizes of the link.</summary>
public sealed record LinkOptions
{
    /// <summary>Limit of the whole handshake.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Limit of connect(2); above the second after which TCP repeats a lost first packet.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>The first wait before a new attempt; each is twice the one before.</summary>
    public TimeSpan RetryFirst { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait before a new attempt.</summary>
    public TimeSpan RetryLast { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Unfinished handshakes that a listener keeps; one more ends the oldest.</summary>
    public int MaxHalfOpen { get; init; } = 32;

    /// <summary>
    /// TCP_USER_TIMEOUT: sent data that stays unacknowledged for so long ends the connection. Well above the failover
    /// timeout: silence is judged by heartbeats, this only clears dead connections away.
    /// </summary>
    public TimeSpan UserTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// TCP keepalive where nothing is said for days and nobody counts beats (Keeper): after so long without a word the kernel asks
    /// whether the other host still knows the connection, and <see cref="UserTimeout"/> after the last sign of it ends it. A host
    /// that lost its power says no goodbye: each time would leave a descriptor and its rings behind. Whole seconds.
    /// </summary>
    public TimeSpan IdleProbe { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The address to dial from; null: the kernel chooses.</summary>
    public IPAddress? LocalAddress { get; init; }

    /// <summary>Protection of Control, Keeper, Probe and Inquiry: forged beats or death notices would make two nodes speak.</summary>
    public LinkProtection Protection { get; init; } = LinkProtection.Sealed;

    /// <summary>Protection of Packets.</summary>
    public LinkProtection PacketProtection { get; init; } = LinkProtection.Sealed;

    /// <summary>Protection of Checkpoint and Disk.</summary>
    public LinkProtection CheckpointProtection { get; init; } = LinkProtection.Plain;

    /// <summary>Bytes that may wait for the socket on Packets; rounded up to a power of two. Other channels have 1 MiB.</summary>
    public int PacketQueueBytes { get; init; } = 16 * 1024 * 1024;

    internal LinkProtection ProtectionOf(LinkKind kind) => kind switch
    {
        LinkKind.Packets => PacketProtection,
        LinkKind.Checkpoint or LinkKind.Disk => CheckpointProtection,
        _ => Protection,
    };
}
