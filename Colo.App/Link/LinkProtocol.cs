namespace Colo.Link;

/// <summary>What a connection between the nodes is for. The number is part of the wire format.</summary>
public enum LinkKind : byte
{
    /// <summary>Heartbeats, epochs, handover.</summary>
    Control = 1,

    /// <summary>Mirrored frames one way, the secondary's frames the other.</summary>
    Packets = 2,

    /// <summary>Pages and state of checkpoints.</summary>
    Checkpoint = 3,

    /// <summary>From a node's keeper process to the other node: death notice and forwarded frames.</summary>
    Keeper = 4,

    /// <summary>A call that asks only who answers: the listener ends it after the handshake.</summary>
    Probe = 5,

    /// <summary>A disk's NBD session: the primary is the client, the secondary the server. One for each disk.</summary>
    Disk = 6,

    /// <summary>Asks what the other node is and has, whatever it is doing: before a role is taken, and for <c>colo check</c>.</summary>
    Inquiry = 7,
}

/// <summary>What protects the bytes after the handshake. The number is part of the wire format.</summary>
public enum LinkProtection : byte
{
    /// <summary>Nothing: who controls the network path can read and alter them.</summary>
    Plain = 0,

    /// <summary>AES-256-GCM: neither read nor altered, reordered, repeated or left out unnoticed.</summary>
    Sealed = 1,
}

/// <summary>Why a handshake failed. Numbers below 128 go over the wire.</summary>
public enum LinkRefusal : byte
{
    /// <summary>The bytes are not of this protocol.</summary>
    NotThisProtocol = 1,

    /// <summary>No protocol version is known to both.</summary>
    Version = 2,

    /// <summary>The peer serves another VM.</summary>
    OtherVm = 3,

    /// <summary>The peer does not hold the same link key, or somebody altered the handshake on its way.</summary>
    WrongKey = 4,

    /// <summary>A node was connected with itself.</summary>
    OwnNode = 5,

    /// <summary>The two nodes are configured for different protection of this kind of channel.</summary>
    Protection = 6,

    /// <summary>A handshake message that contradicts its own format.</summary>
    Malformed = 7,

    /// <summary>Authenticated, and not wanted now: the text says why.</summary>
    Declined = 8,

    /// <summary>Too many unfinished handshakes.</summary>
    Busy = 9,

    /// <summary>The handshake took too long (local only).</summary>
    TimedOut = 128,

    /// <summary>The connection ended in the middle of the handshake (local only).</summary>
    Closed = 129,

    /// <summary>A system call failed (local only).</summary>
    Error = 130,
}

/// <summary>Constants of the wire format between two nodes, which is specified here.</summary>
/// <remarks>
/// <para>All integers are little endian. One TCP connection carries one channel (<see cref="LinkKind"/>).</para>
/// <code>
///  dialler                                        listener          fails with
///     │ 1 Hello  versions, kind, who, nonce          │
///     │ ───────────────────────────────────────────► │  format, version, VM name, node, protection
///     │ 2 Reply  chosen version, who, nonce, proof   │
///     │ ◄─────────────────────────────────────────── │
///  wrong key   (the listener is now authenticated)   │
///     │ 3 Proof                                      │
///     │ ───────────────────────────────────────────► │  wrong key, not wanted now (stale session)
///     │ 4 Accepted, or 5 Refused, both with a tag    │
///     │ ◄─────────────────────────────────────────── │
///     │ frames ◄──────────────────────────────────►  │
///
///  states, dialler:  connecting → reply awaited → verdict awaited → open
///  states, listener: hello awaited → proof awaited → open
///  from each of them: failed, after 5 Refused where an answer is due
/// </code>
/// <para>A handshake message:</para>
/// <code>
/// message  := "COLO" type (u8) 0 (u8) length (u16, of the body, at most 1024) body
/// Hello    := hello
/// Reply    := version (u16, chosen) length (u16, of hello) hello proof (32 bytes)
/// Proof    := proof (32 bytes)
/// Accepted := tag (32 bytes)
/// Refused  := code (u8, LinkRefusal) tagged (u8, 0 or 1) length (u16, at most 200) text (UTF-8) tag (32 bytes, else 0)
/// hello    := oldest (u16) newest (u16) kind (u8) protection (u8) node (u8, 0 = a, 1 = b) 0 (u8)
///             instance (16 bytes) session (number u64, random u64) nonce (32 bytes)
///             length (u8, 1 to 64) VM name (UTF-8) what later versions append, at most 512 in all
/// </code>
/// <para>With K the 32 bytes of the link key, H = SHA-256(Hello message, Reply message without its proof):</para>
/// <code>
/// A               = HKDF-SHA256(K, no salt, "colo link 1 authentication")
/// proof(listener) = HMAC-SHA256(A, "colo link 1 listener" 0 H)
/// proof(dialler)  = HMAC-SHA256(A, "colo link 1 dialler" 0 H proof(listener))
/// tag(accepted)   = HMAC-SHA256(A, "colo link 1 accepted" 0 H proof(dialler))
/// tag(refused)    = HMAC-SHA256(A, "colo link 1 refused" 0 H proof(dialler) code text)
/// key(direction)  = HKDF-SHA256(K, salt H, "colo link 1 dialler to listener" or "colo link 1 listener to dialler")
/// </code>
/// <para>
/// Every field of both hellos is under both proofs, so none can be altered: not the kind of channel, not the
/// versions (no downgrade), not the session. Fresh nonces of both sides defeat replay, the role in each proof
/// defeats reflection, and the node letters defeat a path that leads a node's call back to its own listener.
/// Nothing secret is on the wire. A Refused without a tag is a hint and proves nothing about the peer. There is no
/// forward secrecy: who learns the key later can read what he had recorded of a sealed channel.
/// </para>
/// <para>
/// Version rules: the higher of the versions that both know is used. A release knows its own and the one before.
/// Later versions may append to hello; the rest of the handshake never changes with the version.
/// </para>
/// <para>After the handshake:</para>
/// <code>
/// frame   := length (u32, of the body) type (u16) flags (u16, 0) body
/// plain   := frame …
/// sealed  := record …
/// record  := length (u32, of the ciphertext) ciphertext tag (16 bytes)
/// </code>
/// <para>
/// A record's plaintext is whole frames (on the Checkpoint and Disk channels: any bytes of the stream), its nonce four
/// zero bytes and the u64 number of the record in its direction from 0, its additional data the four bytes of the length.
/// The length is checked against the channel's limit before anything else. Types from 0xFF00 belong to the link:
/// 0xFFFF goodbye (body: text), 0xFF01 beat, 0xFF02 echo.
/// </para>
/// <para>
/// A pairing is one Control, one Packets and one Checkpoint channel, and as many Disk channels as there are disks, all
/// with the session of the Control channel, which comes first. The listener takes the others in any order and pairs
/// when it has all; more Disk channels than it has disks are refused (Declined), with fewer the pairing is dropped. A
/// Disk channel has no frames: it carries the NBD protocol from its first byte on, which the listener's side sends if it
/// is the server. Disk channels are alike until the client has named its export. A stream that ends within a record was
/// cut; one that ends between two is at its end.
/// </para>
/// <para>
/// Which channels are sealed is configuration (<see cref="LinkOptions"/>), stated in hello, and refused if the sides
/// differ; Disk has the protection of Checkpoint. By default Control, Packets and Keeper are. Frames of one round of the event loop share a record; measured
/// on a busy 2-core machine, both sides together, sealing costs 2.8 to 3.1 µs of CPU for a frame alone in its record,
/// 0.8 µs for one of 1,500 bytes among 32, 0.1 µs for one of 64 bytes among 32. The Checkpoint channel is plain by
/// default: over loopback sealing takes it from 2.0 to 0.6 GB/s (1.8 to 5.0 µs a page), and its pages change while
/// they are sent, so that a tag over guest memory would not even be right without a copy. On a plain channel the
/// handshake proves who opened it, and a man in the middle can alter what follows: seal it where the path between the
/// nodes is not trusted.
/// </para>
/// </remarks>
public static class LinkProtocol
{
    /// <summary>The oldest protocol version this program speaks.</summary>
    public const ushort OldestVersion = 1;

    /// <summary>The newest protocol version this program speaks.</summary>
    public const ushort NewestVersion = 1;

    /// <summary>The first frame type that belongs to the link itself.</summary>
    public const ushort FirstReservedType = 0xFF00;

    /// <summary>Bytes of a frame's header.</summary>
    public const int FrameHeader = 8;

    /// <summary>The longest VM name, in bytes of UTF-8.</summary>
    public const int MaxVmName = 64;

    /// <summary>The most disks, and so Disk channels, of one pairing.</summary>
    public const int MaxDisks = 8;

    internal const ushort BeatType = 0xFF01;
    internal const ushort EchoType = 0xFF02;
    internal const ushort GoodbyeType = 0xFFFF;
    internal const int RecordHeader = 4;
    internal const int TagLength = 16;
    internal const int MaxText = 200;

    /// <summary>The longest frame body on a channel, in bytes; a longer one ends the connection. 0: it has no frames.</summary>
    public static int MaxFrame(LinkKind kind) => kind switch
    {
        LinkKind.Control or LinkKind.Inquiry => 64 * 1024,
        // A frame with segmentation offload has up to 64 KiB and its headers.
        LinkKind.Packets or LinkKind.Keeper => 128 * 1024,
        LinkKind.Checkpoint => 64 * 1024 * 1024,
        _ => 0,
    };

    /// <summary>The longest ciphertext of a sealed record on a channel.</summary>
    internal static int MaxRecord(LinkKind kind) =>
        kind is LinkKind.Checkpoint or LinkKind.Disk ? 256 * 1024 : MaxFrame(kind) + FrameHeader;
}
