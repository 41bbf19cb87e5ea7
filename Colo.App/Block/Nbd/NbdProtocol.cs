using Colo.Linux;

namespace Colo.Block.Nbd;

/// <summary>
/// The NBD protocol, as far as server and client speak it: doc/proto.md of NetworkBlockDevice/nbd, with the extension
/// EXTENDED_HEADERS. All numbers are big-endian. Fixed newstyle only.
/// </summary>
/// <remarks>
/// <code>
/// Handshake
///   S: u64 INIT_PASSWD "NBDMAGIC", u64 "IHAVEOPT", u16 handshake flags
///   C: u32 client flags
///   C: u64 "IHAVEOPT", u32 option, u32 length, data            as often as it likes
///   S: u64 0x3e889045565a9, u32 option, u32 type, u32 length, data
///   EXPORT_NAME is answered with u64 size, u16 transmission flags, 124 zeroes unless NO_ZEROES
///   STARTTLS has no data; after its ACK all is TLS, and options begin anew
///
/// Option data
///   GO, INFO                u32 n, n bytes of name, u16 count, count times u16 information wanted
///   SET/LIST_META_CONTEXT   u32 n, n bytes of name, u32 count, count times (u32 n, n bytes of query)
/// Reply data
///   REP_SERVER              u32 n, n bytes of name, description
///   REP_INFO                u16 kind; EXPORT: u64 size, u16 flags; BLOCK_SIZE: u32 minimum, u32 preferred, u32 payload
///   REP_META_CONTEXT        u32 id, name
///
/// Transmission
///   request, compact        u32 0x25609513, u16 flags, u16 type, u64 cookie, u64 offset, u32 length     (28)
///   request, extended       u32 0x21e41c71, u16 flags, u16 type, u64 cookie, u64 offset, u64 length     (32)
///   a WRITE is followed by its data; in an extended request the flag PAYLOAD_LEN says that data follows
///   reply, simple           u32 0x67446698, u32 error, u64 cookie                                       (16)
///   chunk, structured       u32 0x668e33ef, u16 flags, u16 type, u64 cookie, u32 length                 (20)
///   chunk, extended         u32 0x6e8a278c, u16 flags, u16 type, u64 cookie, u64 offset, u64 length     (32)
/// Chunk payloads
///   OFFSET_DATA             u64 offset, data
///   OFFSET_HOLE             u64 offset, u32 length
///   BLOCK_STATUS            u32 context, n times (u32 length, u32 status)
///   BLOCK_STATUS_EXT        u32 context, u32 n, n times (u64 length, u64 status)
///   ERROR                   u32 error, u16 n, n bytes of message
///   ERROR_OFFSET            as ERROR, then u64 offset
/// </code>
/// </remarks>
internal static class NbdProtocol
{
    internal const ulong InitMagic = 0x4e42444d41474943;
    internal const ulong OptionMagic = 0x49484156454f5054;
    internal const ulong OptionReplyMagic = 0x0003e889045565a9;
    internal const uint RequestMagic = 0x25609513;
    internal const uint ExtendedRequestMagic = 0x21e41c71;
    internal const uint SimpleReplyMagic = 0x67446698;
    internal const uint StructuredReplyMagic = 0x668e33ef;
    internal const uint ExtendedReplyMagic = 0x6e8a278c;

    // Handshake flags of the server, and of the client with the same meanings.
    internal const ushort FlagFixedNewstyle = 1;
    internal const ushort FlagNoZeroes = 2;

    internal const ushort TransmitHasFlags = 1 << 0;
    internal const ushort TransmitReadOnly = 1 << 1;
    internal const ushort TransmitFlush = 1 << 2;
    internal const ushort TransmitFua = 1 << 3;
    internal const ushort TransmitTrim = 1 << 5;
    internal const ushort TransmitWriteZeroes = 1 << 6;
    internal const ushort TransmitDontFragment = 1 << 7;
    internal const ushort TransmitMultiConnection = 1 << 8;
    internal const ushort TransmitFastZero = 1 << 11;

    internal const uint OptionExportName = 1;
    internal const uint OptionAbort = 2;
    internal const uint OptionList = 3;
    internal const uint OptionStartTls = 5;
    internal const uint OptionInfo = 6;
    internal const uint OptionGo = 7;
    internal const uint OptionStructuredReply = 8;
    internal const uint OptionListMetaContext = 9;
    internal const uint OptionSetMetaContext = 10;
    internal const uint OptionExtendedHeaders = 11;

    internal const uint ReplyAck = 1;
    internal const uint ReplyServer = 2;
    internal const uint ReplyInfo = 3;
    internal const uint ReplyMetaContext = 4;
    internal const uint ReplyError = 1U << 31;
    internal const uint ReplyErrorUnsupported = ReplyError + 1;
    internal const uint ReplyErrorPolicy = ReplyError + 2;
    internal const uint ReplyErrorInvalid = ReplyError + 3;
    internal const uint ReplyErrorTlsRequired = ReplyError + 5;
    internal const uint ReplyErrorUnknown = ReplyError + 6;
    internal const uint ReplyErrorShutdown = ReplyError + 7;
    internal const uint ReplyErrorTooBig = ReplyError + 9;
    internal const uint ReplyErrorExtendedHeadersRequired = ReplyError + 10;

    internal const ushort InfoExport = 0;
    internal const ushort InfoName = 1;
    internal const ushort InfoDescription = 2;
    internal const ushort InfoBlockSize = 3;

    internal const ushort CommandRead = 0;
    internal const ushort CommandWrite = 1;
    internal const ushort CommandDisconnect = 2;
    internal const ushort CommandFlush = 3;
    internal const ushort CommandTrim = 4;
    internal const ushort CommandCache = 5;
    internal const ushort CommandWriteZeroes = 6;
    internal const ushort CommandBlockStatus = 7;

    internal const ushort CommandFlagFua = 1 << 0;
    internal const ushort CommandFlagNoHole = 1 << 1;
    internal const ushort CommandFlagDontFragment = 1 << 2;
    internal const ushort CommandFlagOneExtent = 1 << 3;
    internal const ushort CommandFlagFastZero = 1 << 4;
    internal const ushort CommandFlagPayloadLength = 1 << 5;

    internal const ushort ChunkFlagDone = 1;
    internal const ushort ChunkNone = 0;
    internal const ushort ChunkOffsetData = 1;
    internal const ushort ChunkOffsetHole = 2;
    internal const ushort ChunkBlockStatus = 5;
    internal const ushort ChunkBlockStatusExtended = 6;
    internal const ushort ChunkErrorBit = 1 << 15;
    internal const ushort ChunkError = ChunkErrorBit + 1;
    internal const ushort ChunkErrorOffset = ChunkErrorBit + 2;

    // Status of base:allocation.
    internal const uint StatusHole = 1;
    internal const uint StatusZero = 2;

    internal const uint EPERM = 1;
    internal const uint EIO = 5;
    internal const uint ENOMEM = 12;
    internal const uint EINVAL = 22;
    internal const uint ENOSPC = 28;
    internal const uint EOVERFLOW = 75;
    internal const uint ENOTSUP = 95;
    internal const uint ESHUTDOWN = 108;

    internal const int OptionHeader = 16;
    internal const int OptionReplyHeader = 20;
    internal const int CompactRequest = 28;
    internal const int ExtendedRequest = 32;
    internal const int SimpleReply = 16;
    internal const int StructuredChunk = 20;
    internal const int ExtendedChunk = 32;

    /// <summary>Most bytes of data in one READ or WRITE: what a peer may expect when nothing is said.</summary>
    internal const uint MaxPayload = 32 << 20;

    /// <summary>Longest string that the protocol allows.</summary>
    internal const int MaxString = 4096;

    internal static ReadOnlySpan<byte> AllocationContext => "base:allocation"u8;

    /// <summary>The protocol's error for an errno of a backend. What has none is EIO: the client can do nothing else with it.</summary>
    internal static uint ToWire(int errno) => errno switch
    {
        0 => 0,
        EpermErrno or Errno.EACCES or ErofsErrno => EPERM,
        Errno.ENOMEM => ENOMEM,
        Errno.EINVAL => EINVAL,
        Errno.ENOSPC or EdquotErrno or EfbigErrno => ENOSPC,
        (int)ENOTSUP => ENOTSUP,
        (int)ESHUTDOWN => ESHUTDOWN,
        _ => EIO,
    };

    /// <summary>The errno for an error of the protocol, whose values are those of Linux; unknown ones are EINVAL, as the specification asks.</summary>
    internal static int ToErrno(uint error) => error switch
    {
        0 => 0,
        EPERM or EIO or ENOMEM or EINVAL or ENOSPC or EOVERFLOW or ENOTSUP or ESHUTDOWN => (int)error,
        _ => Errno.EINVAL,
    };

    private const int EpermErrno = 1;
    private const int ErofsErrno = 30;
    private const int EfbigErrno = 27;
    private const int EdquotErrno = 122;
}
