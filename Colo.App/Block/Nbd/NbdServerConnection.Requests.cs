using System.Buffers.Binary;
using Colo.Linux;
using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Block.Nbd;

/// <summary>The requests: each is checked whole before anything of it is done.</summary>
internal sealed unsafe partial class NbdServerConnection
{
    // Zeroing and trimming go in slices, so that one request does not hold a disk thread for a terabyte of zeroes.
    internal const long Slice = 256L << 20;

    private NbdServerRequest? _current;
    private long _payloadSince;
    private int _inFlight;
    private long _held;
    private (uint Error, string Text) _refusal;

    private bool TakeRequest()
    {
        var header = new ReadOnlySpan<byte>(_in + _from, _extended ? ExtendedRequest : CompactRequest);
        if (BinaryPrimitives.ReadUInt32BigEndian(header) != (_extended ? ExtendedRequestMagic : RequestMagic))
        {
            Close("a request does not begin as one");
            return false;
        }

        var flags = BinaryPrimitives.ReadUInt16BigEndian(header[4..]);
        var type = BinaryPrimitives.ReadUInt16BigEndian(header[6..]);
        var offset = BinaryPrimitives.ReadUInt64BigEndian(header[16..]);
        var length = _extended ? BinaryPrimitives.ReadUInt64BigEndian(header[24..]) : BinaryPrimitives.ReadUInt32BigEndian(header[24..]);
        if (type == CommandDisconnect)
        {
            Drain();
            return false;
        }

        var payload = HasPayload(type, flags) ? length : 0;
        if (payload > MaxPayload)
            Close($"a request with {payload} bytes of data; {MaxPayload} are allowed");
        else if (_extended && type == CommandWrite && (flags & CommandFlagPayloadLength) == 0)
            Close("a write in an extended request that does not say whether data follows");
        if (IsClosed)
            return false;

        _refusal = Check(type, flags, offset, length);
        var buffer = _refusal.Error != 0 ? 0U : type switch
        {
            CommandRead or CommandWrite => (uint)length,
            CommandBlockStatus => NbdServerRequest.MaxExtents * 16,
            _ => 0U,
        };
        // Not taken off the input before there is room for it.
        if (!HasRoom(buffer))
            return false;
        var request = _server.TakeRequest();
        request.Connection = this;
        request.Type = type;
        request.Flags = flags;
        request.Cookie = BinaryPrimitives.ReadUInt64BigEndian(header[8..]);
        request.WireOffset = offset;
        request.Offset = (long)offset;
        request.Length = (long)length;
        request.Done = 0;
        request.BufferLength = buffer;
        request.Buffer = buffer == 0 ? null : _server.Pool.TryRent(buffer);
        _held += buffer == 0 ? 0 : NbdBufferPool.SizeFor(buffer);
        _inFlight++;
        _from += header.Length;
        if (payload == 0)
        {
            Begin(request);
            return true;
        }

        _current = request;
        _payloadSince = MonotonicClock.Now;
        _left = (long)payload;
        _phase = _refusal.Error == 0 ? Phase.Payload : Phase.SkippedPayload;
        return true;
    }

    private bool HasPayload(ushort type, ushort flags) =>
        _extended ? (flags & CommandFlagPayloadLength) != 0 : type == CommandWrite;

    private bool HasRoom(uint buffer)
    {
        if (_inFlight >= _server.Options.MaxRequests
            || (buffer > 0 && _held > 0 && _held + NbdBufferPool.SizeFor(buffer) > _server.Options.ConnectionBudget))
        {
            _waitsForOwn = true;
            return false;
        }

        if (buffer == 0 || (_server.MayTakeMemory(this) && _server.Pool.HasRoom(buffer)))
            return true;
        MemoryWanted = buffer;
        _waitsForMemory = true;
        _server.WaitForMemory(this);
        return false;
    }

    /// <summary>What is wrong with a request; 0 for nothing.</summary>
    private (uint Error, string Text) Check(ushort type, ushort flags, ulong offset, ulong length)
    {
        var backend = _export!.Backend;
        var allowed = type switch
        {
            CommandRead => CommandFlagFua | (_structured ? CommandFlagDontFragment : 0),
            CommandWrite => CommandFlagFua | (_extended ? CommandFlagPayloadLength : 0),
            CommandWriteZeroes => CommandFlagFua | CommandFlagNoHole | (_export.FastZero ? CommandFlagFastZero : 0),
            CommandBlockStatus => CommandFlagFua | CommandFlagOneExtent,
            CommandFlush or CommandTrim => (int)CommandFlagFua,
            _ => -1,
        };
        if (allowed < 0 || (type == CommandBlockStatus && !_tellsAllocation))
            return (EINVAL, allowed < 0 ? "unknown command" : "base:allocation was not asked for");
        if ((flags & ~allowed) != 0)
            return (EINVAL, "flags that the command does not have");
        if (type == CommandFlush)
            return offset == 0 && length == 0 ? default : (EINVAL, "a flush of a part");
        var writes = type is CommandWrite or CommandTrim or CommandWriteZeroes;
        if (writes && backend.ReadOnly)
            return (EPERM, "the export is read-only");
        if (offset > (ulong)backend.Size || length > (ulong)backend.Size - offset)
            return (type is CommandWrite or CommandWriteZeroes ? ENOSPC : EINVAL, "beyond the end of the export");
        if (type == CommandRead && length > MaxPayload)
            return (_structured ? EOVERFLOW : EINVAL, "more than 32 MiB");
        if (((offset | length) & (_export.MinimumBlock - 1)) != 0)
            return (EINVAL, "not aligned to the minimum block size");
        return default;
    }

    private bool TakePayload()
    {
        var part = (int)Math.Min(_left, _to - _from);
        if (part > 0)
        {
            Buffer.MemoryCopy(_in + _from, _current!.Buffer + (_current.BufferLength - _left), _left, part);
            _from += part;
            _left -= part;
        }

        return _left == 0 && EndPayload();
    }

    private bool EndPayload()
    {
        var request = _current!;
        _current = null;
        _phase = Phase.Request;
        Begin(request);
        return true;
    }

    private void Begin(NbdServerRequest request)
    {
        if (_refusal.Error != 0)
        {
            Answer(request, _refusal.Error, _refusal.Text);
            return;
        }

        if (request.Length == 0 && request.Type != CommandFlush)
        {
            // The specification leaves it open; harmless is best.
            Answer(request, request.Type == CommandBlockStatus ? EINVAL : 0, "nothing is asked for");
            return;
        }

        Submit(request);
    }

    private void Submit(NbdServerRequest request)
    {
        var block = request.Block;
        var durable = request.IsWrite && (request.Flags & CommandFlagFua) != 0;
        switch (request.Type)
        {
            case CommandRead or CommandWrite:
                block.Begin(request.Type == CommandRead ? BlockOperation.Read : BlockOperation.Write, request.Offset, request.Length);
                block.Add(new BlockVector((nint)request.Buffer, (nuint)request.Length));
                block.Durable = durable;
                break;
            case CommandFlush:
                block.Begin(BlockOperation.Flush, 0, 0);
                break;
            case CommandBlockStatus:
                block.Begin(BlockOperation.Status, request.Offset, request.Length);
                block.Extents = request.Extents;
                break;
            default:
                var length = Math.Min(Slice, request.Length - request.Done);
                block.Begin(
                    request.Type == CommandTrim ? BlockOperation.Discard : BlockOperation.WriteZeroes, request.Offset + request.Done, length);
                block.MayUnmap = (request.Flags & CommandFlagNoHole) == 0;
                block.OnlyIfFast = (request.Flags & CommandFlagFastZero) != 0;
                // One sync at the end makes all slices durable.
                block.Durable = durable && request.Done + length == request.Length;
                break;
        }

        _export!.Backend.Submit(block);
    }

    /// <summary>A backend has done a request, or a slice of it. Perhaps within Submit.</summary>
    internal void OnCompleted(NbdServerRequest request)
    {
        if (request.Type is CommandTrim or CommandWriteZeroes && request.Block.Error == 0)
        {
            request.Done += request.Block.Length;
            if (request.Done < request.Length && !IsClosed)
            {
                Submit(request);
                return;
            }
        }

        Answer(request, ToWire(request.Type == CommandBlockStatus && request.Block.Error == (int)ENOTSUP ? 0 : request.Block.Error), "");
    }

    /// <summary>Gives a request's place and memory back.</summary>
    private void Release(NbdServerRequest request)
    {
        _inFlight--;
        _held -= request.BufferLength == 0 ? 0 : NbdBufferPool.SizeFor(request.BufferLength);
        _waitsForOwn = false;
        _server.GiveBack(request);
    }
}
