using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Block.Nbd;

/// <summary>The handshake: options are answered one after the other, the next when the answers to the last are sent.</summary>
internal sealed unsafe partial class NbdServerConnection
{
    private const long MaxSkippedOption = 1 << 20;
    private const int MaxOptions = 4096;
    private const uint AllocationId = 1;

    private byte* _out = (byte*)NativeMemory.Alloc(4096);
    private int _outRoom = 4096;
    private int _outFrom;
    private int _outTo;
    private uint _option;
    private int _options;
    private bool _noZeroes;
    private bool _structured;
    private bool _extended;
    private NbdExport? _contextExport;
    private NbdExport? _export;
    private bool _tellsAllocation;
    private bool _startsTls;
    private bool _isSealed;

    private void Greet()
    {
        var greeting = Append(18);
        BinaryPrimitives.WriteUInt64BigEndian(greeting, InitMagic);
        BinaryPrimitives.WriteUInt64BigEndian(greeting[8..], OptionMagic);
        BinaryPrimitives.WriteUInt16BigEndian(greeting[16..], FlagFixedNewstyle | FlagNoZeroes);
        FlushHandshake();
    }

    private bool TakeClientFlags()
    {
        var flags = BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));
        if ((flags & ~(uint)(FlagFixedNewstyle | FlagNoZeroes)) != 0)
        {
            Close($"unknown client flags {flags:x}");
            return false;
        }

        _noZeroes = (flags & FlagNoZeroes) != 0;
        _phase = Phase.Option;
        return true;
    }

    private bool TakeOptionHeader()
    {
        var header = Take(OptionHeader);
        _option = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        _left = BinaryPrimitives.ReadUInt32BigEndian(header[12..]);
        if (BinaryPrimitives.ReadUInt64BigEndian(header) != OptionMagic)
            Close("an option does not begin as one");
        else if (++_options > MaxOptions)
            Close($"more than {MaxOptions} options");
        else if (_left > MaxSkippedOption || (_left > MaxOptionData && _option == OptionExportName))
            Close($"option {_option} with {_left} bytes");
        else
            _phase = _left > MaxOptionData ? Phase.SkippedOption : Phase.OptionData;
        return !IsClosed;
    }

    private bool EndSkippedOption()
    {
        Refuse(ReplyErrorTooBig, "the option is too long");
        EndOption();
        return true;
    }

    private bool TakeOption()
    {
        var data = Take((int)_left);
        var mustBeSealed = _server.Options.Tls is not null && !_isSealed;
        switch (_option)
        {
            case OptionExportName when mustBeSealed:
                // It cannot be refused.
                Close("EXPORT_NAME without TLS");
                return false;
            case not (OptionStartTls or OptionAbort) when mustBeSealed:
                Refuse(ReplyErrorTlsRequired, "TLS has to begin before (STARTTLS)");
                break;
            case OptionStartTls when mustBeSealed && data.IsEmpty:
                Reply(ReplyAck, []);
                _startsTls = true;
                break;
            case OptionStartTls when _server.Options.Tls is not null:
                Refuse(ReplyErrorInvalid, _isSealed ? "TLS has begun already" : "the option takes no data");
                break;
            case OptionExportName:
                EnterByName(data);
                return !IsClosed;
            case OptionAbort:
                Reply(ReplyAck, []);
                FlushHandshake();
                Drain();
                return false;
            case OptionList when data.IsEmpty:
                ListExports();
                break;
            case OptionStructuredReply when data.IsEmpty:
                if (_extended)
                    Refuse(ReplyErrorExtendedHeadersRequired, "extended headers are agreed upon");
                else if (_structured)
                    Refuse(ReplyErrorInvalid, "structured replies are agreed upon already");
                else
                    Reply(ReplyAck, []);
                _structured = true;
                break;
            case OptionExtendedHeaders when data.IsEmpty:
                if (_extended)
                    Refuse(ReplyErrorInvalid, "extended headers are agreed upon already");
                else
                    Reply(ReplyAck, []);
                _extended = _structured = true;
                break;
            case OptionList or OptionStructuredReply or OptionExtendedHeaders:
                Refuse(ReplyErrorInvalid, "the option takes no data");
                break;
            case OptionInfo or OptionGo:
                Inform(data);
                break;
            case OptionListMetaContext or OptionSetMetaContext:
                ChooseContexts(data);
                break;
            default:
                Refuse(ReplyErrorUnsupported, "unknown option");
                break;
        }

        EndOption();
        return !IsClosed;
    }

    private void EndOption()
    {
        if (_phase != Phase.Request)
            _phase = Phase.Option;
        FlushHandshake();
    }

    /// <summary>The answer that allows TLS has gone out: from now on all is sealed.</summary>
    private void StartTls()
    {
        _startsTls = false;
        if (_from != _to)
        {
            // Who sends on without TLS is not the one with whom TLS would be spoken, or would have it executed as if it were.
            Close("more came after STARTTLS and before TLS");
            return;
        }

        if (_interest != 0)
            _server.Loop.Remove(_descriptor);
        _interest = 0;
        try
        {
            _transport = _server.Options.Tls!.Start((NbdSocket)_transport, _peer, message => _server.Loop.Post(() => _server.Warn(message)));
        }
        catch (Linux.LinuxException e)
        {
            Close(e.Message);
            return;
        }

        _descriptor = _transport.Descriptor;
        _isSealed = true;
        // Nothing that was agreed upon before counts: somebody else may have asked for it.
        _structured = _extended = false;
        _contextExport = null;
    }

    private void EnterByName(ReadOnlySpan<byte> name)
    {
        if (_extended || name.Length > MaxString || _server.Find(name) is not { } export)
        {
            Close(_extended ? "EXPORT_NAME after EXTENDED_HEADERS" : "there is no such export");
            return;
        }

        Enter(export);
        var reply = Append(_noZeroes ? 10 : 134);
        reply.Clear();
        BinaryPrimitives.WriteInt64BigEndian(reply, export.Backend.Size);
        BinaryPrimitives.WriteUInt16BigEndian(reply[8..], TransmissionFlags(export));
        FlushHandshake();
    }

    private void Enter(NbdExport export)
    {
        _export = export;
        _tellsAllocation = _contextExport == export;
        _phase = Phase.Request;
        HandshakeDeadline = long.MaxValue;
    }

    private ushort TransmissionFlags(NbdExport export) => (ushort)(
        TransmitHasFlags | TransmitFlush | TransmitFua
        | (export.Backend.ReadOnly ? TransmitReadOnly : TransmitTrim | TransmitWriteZeroes | (export.FastZero ? TransmitFastZero : 0))
        | (_structured ? TransmitDontFragment : 0)
        | (export.MultiConnection || export.Backend.ReadOnly ? TransmitMultiConnection : 0));

    private void ListExports()
    {
        foreach (var export in _server.Exports)
        {
            var name = Encoding.UTF8.GetBytes(export.Name);
            var description = Encoding.UTF8.GetBytes(export.Description);
            var reply = Reply(ReplyServer, sizeof(uint) + name.Length + description.Length);
            BinaryPrimitives.WriteInt32BigEndian(reply, name.Length);
            name.CopyTo(reply[sizeof(uint)..]);
            description.CopyTo(reply[(sizeof(uint) + name.Length)..]);
        }

        Reply(ReplyAck, []);
    }

    private void Inform(ReadOnlySpan<byte> data)
    {
        if (!TakeString(ref data, out var name) || data.Length < sizeof(ushort)
            || data.Length != sizeof(ushort) + (sizeof(ushort) * BinaryPrimitives.ReadUInt16BigEndian(data)))
        {
            Refuse(ReplyErrorInvalid, "the option's lengths do not agree");
            return;
        }

        if (_server.Find(name) is not { } export)
        {
            Refuse(ReplyErrorUnknown, "there is no such export");
            return;
        }

        // Once each, however often it is asked for.
        var wanted = 0;
        for (data = data[sizeof(ushort)..]; !data.IsEmpty; data = data[sizeof(ushort)..])
        {
            var kind = BinaryPrimitives.ReadUInt16BigEndian(data);
            wanted |= kind is InfoName or InfoDescription or InfoBlockSize ? 1 << kind : 0;
        }

        var size = Reply(ReplyInfo, 12);
        BinaryPrimitives.WriteUInt16BigEndian(size, InfoExport);
        BinaryPrimitives.WriteInt64BigEndian(size[2..], export.Backend.Size);
        BinaryPrimitives.WriteUInt16BigEndian(size[10..], TransmissionFlags(export));
        if ((wanted & (1 << InfoName)) != 0)
            InformText(InfoName, export.Name);
        if ((wanted & (1 << InfoDescription)) != 0)
            InformText(InfoDescription, export.Description);
        if ((wanted & (1 << InfoBlockSize)) != 0)
        {
            var block = Reply(ReplyInfo, 14);
            BinaryPrimitives.WriteUInt16BigEndian(block, InfoBlockSize);
            BinaryPrimitives.WriteUInt32BigEndian(block[2..], export.MinimumBlock);
            BinaryPrimitives.WriteUInt32BigEndian(block[6..], Math.Max(4096, export.MinimumBlock));
            BinaryPrimitives.WriteUInt32BigEndian(block[10..], MaxPayload);
        }

        Reply(ReplyAck, []);
        if (_option == OptionGo)
            Enter(export);
    }

    private void InformText(ushort kind, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var reply = Reply(ReplyInfo, sizeof(ushort) + bytes.Length);
        BinaryPrimitives.WriteUInt16BigEndian(reply, kind);
        bytes.CopyTo(reply[sizeof(ushort)..]);
    }

    private void ChooseContexts(ReadOnlySpan<byte> data)
    {
        var set = _option == OptionSetMetaContext;
        if (set)
            _contextExport = null;
        if (!TakeString(ref data, out var name) || data.Length < sizeof(uint))
        {
            Refuse(ReplyErrorInvalid, "the option's lengths do not agree");
            return;
        }

        var count = BinaryPrimitives.ReadUInt32BigEndian(data);
        data = data[sizeof(uint)..];
        var chosen = count == 0 && !set;
        for (; count > 0; count--)
        {
            if (!TakeString(ref data, out var query))
            {
                Refuse(ReplyErrorInvalid, "the option's lengths do not agree");
                return;
            }

            chosen |= query.SequenceEqual(AllocationContext) || (!set && query.SequenceEqual("base:"u8));
        }

        if (!data.IsEmpty)
            Refuse(ReplyErrorInvalid, "the option's lengths do not agree");
        else if (!_structured && set)
            Refuse(ReplyErrorInvalid, "it needs structured replies");
        else if (_server.Find(name) is not { } export)
            Refuse(ReplyErrorUnknown, "there is no such export");
        else
            AnswerContexts(export, chosen, set);
    }

    private void AnswerContexts(NbdExport export, bool chosen, bool set)
    {
        if (chosen)
        {
            var reply = Reply(ReplyMetaContext, sizeof(uint) + AllocationContext.Length);
            BinaryPrimitives.WriteUInt32BigEndian(reply, set ? AllocationId : 0);
            AllocationContext.CopyTo(reply[sizeof(uint)..]);
            if (set)
                _contextExport = export;
        }

        Reply(ReplyAck, []);
    }

    /// <summary>Takes a length and a string of that length off the front.</summary>
    private static bool TakeString(ref ReadOnlySpan<byte> data, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (data.Length < sizeof(uint))
            return false;
        var length = BinaryPrimitives.ReadUInt32BigEndian(data);
        if (length > MaxString || length > (uint)(data.Length - sizeof(uint)))
            return false;
        text = data.Slice(sizeof(uint), (int)length);
        data = data[(sizeof(uint) + (int)length)..];
        return true;
    }

    private void Refuse(uint error, string reason) => Reply(error, Encoding.UTF8.GetBytes(reason));

    private void Reply(uint type, ReadOnlySpan<byte> data) => data.CopyTo(Reply(type, data.Length));

    private Span<byte> Reply(uint type, int length)
    {
        var reply = Append(OptionReplyHeader + length);
        BinaryPrimitives.WriteUInt64BigEndian(reply, OptionReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(reply[8..], _option);
        BinaryPrimitives.WriteUInt32BigEndian(reply[12..], type);
        BinaryPrimitives.WriteInt32BigEndian(reply[16..], length);
        return reply[OptionReplyHeader..];
    }

    /// <summary>Room at the end of what is to be sent. Valid until the next call.</summary>
    private Span<byte> Append(int length)
    {
        if (_outTo + length > _outRoom)
        {
            // Bounded by what one option's answers hold: the next option waits until they are sent.
            _outRoom = Math.Max(_outRoom * 2, _outTo + length);
            _out = (byte*)NativeMemory.Realloc(_out, (nuint)_outRoom);
        }

        _outTo += length;
        return new Span<byte>(_out + _outTo - length, length);
    }

    /// <summary>Sends answers of the handshake as far as they go.</summary>
    private void FlushHandshake()
    {
        while (_outFrom < _outTo)
        {
            var vector = new BlockVector((nint)(_out + _outFrom), (nuint)(_outTo - _outFrom));
            var sent = _transport.Send(&vector, 1);
            if (sent < 0)
            {
                if (sent != -Linux.Errno.EAGAIN)
                    Close(null);
                return;
            }

            _outFrom += (int)sent;
        }

        _outFrom = _outTo = 0;
        if (_startsTls)
            StartTls();
    }
}
