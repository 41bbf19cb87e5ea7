using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Colo.Linux;
using Colo.Monitor;
using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Block.Nbd;

/// <summary>
/// Receiving: replies are taken apart step by step. Everything in one is checked against the command that it answers;
/// what does not fit ends the connection, because nothing after it can be trusted.
/// </summary>
public sealed unsafe partial class NbdClient
{
    private const int RoundLimit = 32;
    // Longest chunk of an error: its message may have 4,096 bytes.
    private const int MaxErrorChunk = 8 << 10;

    private readonly LogLimiter _log = new();
    private Part _part = Part.Header;
    private NbdClientCommand? _command;
    private int _from;
    private int _to;
    private ushort _chunk;
    private bool _last;
    private long _left;
    private long _dataAt;

    /// <summary>What the next bytes of the stream are.</summary>
    private enum Part
    {
        Header,
        ChunkStart,
        Data,
        Extents,
    }

    private void Receive()
    {
        for (var round = 0; round < RoundLimit && Failure is null && !_disposed; round++)
        {
            while (Failure is null && !_disposed && Step())
            {
            }

            if (Failure is not null || _disposed || !Fill())
                return;
        }

        // Others have their turn. Posted, because bytes may wait in the transport where epoll does not see them.
        if (Failure is null && !_disposed)
            _loop.Post(Receive);
    }

    private bool Fill()
    {
        if (_from == _to)
        {
            _from = _to = 0;
        }
        else if (_from > 0)
        {
            Buffer.MemoryCopy(_in + _from, _in, InSize, _to - _from);
            _to -= _from;
            _from = 0;
        }

        var vectors = stackalloc BlockVector[MaxVectors];
        var count = 0;
        var tail = true;
        if (_part == Part.Data)
            count = AddData(_command!, _dataAt, _left, vectors, MaxVectors - 1, out tail);
        nuint direct = 0;
        for (var i = 0; i < count; i++)
            direct += vectors[i].Length;
        // What follows the data may come along, but not when the data itself had no room.
        if (tail)
            vectors[count++] = new BlockVector((nint)(_in + _to), (nuint)(InSize - _to));
        var received = _transport.Receive(vectors, count);
        if (received == -Errno.EAGAIN)
            return false;
        if (received <= 0)
        {
            Fail((int)-received switch
            {
                0 => "the NBD server has closed the connection",
                NativeSocket.EBADMSG => "what came from the NBD server is not as it was sealed: damaged or forged",
                var errno => new LinuxException("receive from the NBD server", errno).Message,
            });
            return false;
        }

        var placed = Math.Min(received, (long)direct);
        if (placed > 0)
            TookData(placed);
        _to += (int)(received - placed);
        return true;
    }

    private bool Step()
    {
        var available = _to - _from;
        switch (_part)
        {
            case Part.Header:
                return TakeHeader(available);
            case Part.ChunkStart:
                return TakeChunkStart(available);
            case Part.Data:
                var part = Math.Min(_left, available);
                if (part > 0)
                {
                    CopyData(part);
                    TookData(part);
                }

                if (_left > 0)
                    return false;
                EndChunk();
                return true;
            default:
                return TakeExtent(available);
        }
    }

    private bool TakeHeader(int available)
    {
        if (available < SimpleReply)
            return false;
        var head = new ReadOnlySpan<byte>(_in + _from, available);
        var magic = BinaryPrimitives.ReadUInt32BigEndian(head);
        var length = magic switch
        {
            SimpleReplyMagic when !_extended => SimpleReply,
            StructuredReplyMagic when Session.Structured && !_extended => StructuredChunk,
            ExtendedReplyMagic when _extended => ExtendedChunk,
            _ => 0,
        };
        if (length == 0)
            return Violated("a reply does not begin as one");
        if (available < length)
            return false;
        var cookie = BinaryPrimitives.ReadUInt64BigEndian(head[8..]);
        var index = (uint)cookie;
        if (index >= (uint)_commands.Length || _commands[index] is not { Owner: not null, Sent: true } command || command.Cookie != cookie)
            return Violated("an answer to nothing that was asked");
        _command = command;
        _from += length;
        if (length == SimpleReply)
            return TakeSimple(command, BinaryPrimitives.ReadUInt32BigEndian(head[4..]));
        _last = (BinaryPrimitives.ReadUInt16BigEndian(head[4..]) & ChunkFlagDone) != 0;
        _chunk = BinaryPrimitives.ReadUInt16BigEndian(head[6..]);
        var payload = _extended ? BinaryPrimitives.ReadUInt64BigEndian(head[24..]) : BinaryPrimitives.ReadUInt32BigEndian(head[16..]);
        // The longest that there is: a read's data, or 2^20 extents.
        if (payload > MaxPayload + 8)
            return Violated($"a chunk of {payload} bytes");
        _left = (long)payload;
        _part = Part.ChunkStart;
        return true;
    }

    private bool TakeSimple(NbdClientCommand command, uint error)
    {
        if (command.Type is CommandRead or CommandBlockStatus && Session.Structured)
            return Violated("a simple reply to a command that needs a structured one");
        _last = true;
        if (error != 0)
            command.Error = ToErrno(error);
        if (error != 0 || command.Type != CommandRead)
        {
            EndChunk();
            return true;
        }

        _left = command.Length;
        _dataAt = 0;
        _part = Part.Data;
        return true;
    }

    private bool TakeChunkStart(int available)
    {
        var command = _command!;
        var payload = new ReadOnlySpan<byte>(_in + _from, available);
        switch (_chunk)
        {
            case ChunkNone:
                if (_left != 0 || !_last)
                    return Violated("an empty chunk that is not empty, or not the last");
                EndChunk();
                return true;
            case ChunkOffsetData when command.Type == CommandRead && _left > 8:
                return available >= 8 && TakeDataStart(BinaryPrimitives.ReadInt64BigEndian(payload), _left - 8, hole: false);
            case ChunkOffsetHole when command.Type == CommandRead && _left == 12:
                return available >= 12 && TakeDataStart(BinaryPrimitives.ReadInt64BigEndian(payload), BinaryPrimitives.ReadUInt32BigEndian(payload[8..]), hole: true);
            case ChunkBlockStatus when command.Type == CommandBlockStatus && !_extended && _left > 4 && _left % 8 == 4:
            case ChunkBlockStatusExtended when command.Type == CommandBlockStatus && _extended && _left > 8 && _left % 16 == 8:
                return TakeStatusStart(payload);
            case >= ChunkErrorBit:
                return TakeError(payload);
            default:
                return Violated($"a chunk of type {_chunk} and {_left} bytes to command {command.Type}");
        }
    }

    private bool TakeDataStart(long offset, long length, bool hole)
    {
        var command = _command!;
        if (offset < command.Offset || length == 0 || length > command.Length - (offset - command.Offset) || length > command.Length - command.Received)
            return Violated("data that was not asked for");
        _dataAt = offset - command.Offset;
        _left = length;
        if (!hole)
        {
            _from += 8;
            _part = Part.Data;
            return true;
        }

        _from += 12;
        Clear(command, _dataAt, length);
        command.Received += length;
        EndChunk();
        return true;
    }

    private bool TakeStatusStart(ReadOnlySpan<byte> payload)
    {
        var start = _extended ? 8 : 4;
        if (payload.Length < start)
            return false;
        if (BinaryPrimitives.ReadUInt32BigEndian(payload) != Session.AllocationContext || _command!.Received != 0)
            return Violated("the status of a context that was not asked for, or twice");
        if (_extended && BinaryPrimitives.ReadUInt32BigEndian(payload[4..]) != (_left - 8) / 16)
            return Violated("a status whose count and length do not agree");
        _from += start;
        _left -= start;
        _part = Part.Extents;
        return true;
    }

    private bool TakeExtent(int available)
    {
        var size = _extended ? 16 : 8;
        if (available < size)
            return false;
        var text = new ReadOnlySpan<byte>(_in + _from, size);
        var length = _extended ? BinaryPrimitives.ReadUInt64BigEndian(text) : BinaryPrimitives.ReadUInt32BigEndian(text);
        var status = _extended ? BinaryPrimitives.ReadUInt64BigEndian(text[8..]) : BinaryPrimitives.ReadUInt32BigEndian(text[4..]);
        if (length == 0)
            return Violated("an extent of nothing");
        _from += size;
        _left -= size;
        var command = _command!;
        var block = command.Owner!.Block;
        // The last extent may go beyond what was asked for.
        var part = (long)Math.Min(length, (ulong)(command.Length - command.Received));
        // A hole here reads as zeroes; one that does not is as good as data.
        var hole = (status & (StatusHole | StatusZero)) == (StatusHole | StatusZero);
        if (part > 0 && block.ExtentCount < block.Extents.Length)
            block.Extents[block.ExtentCount++] = new BlockExtent(part, hole);
        command.Received += part;
        if (_left == 0)
            EndChunk();
        return true;
    }

    private bool TakeError(ReadOnlySpan<byte> payload)
    {
        if (_left is < 6 or > MaxErrorChunk)
            return Violated($"an error of {_left} bytes");
        if (payload.Length < _left)
            return false;
        var error = BinaryPrimitives.ReadUInt32BigEndian(payload);
        var length = BinaryPrimitives.ReadUInt16BigEndian(payload[4..]);
        if (length > _left - 6 || error == 0)
            return Violated("an error whose lengths do not agree, or that is none");
        if (length > 0)
        {
            var said = System.Text.Encoding.UTF8.GetString(payload.Slice(6, Math.Min(length, (ushort)256)));
            _log.Warning($"nbd: the server says of command {_command!.Type} at {_command.Offset}: {said.ReplaceLineEndings(" ")}");
        }

        _from += (int)_left;
        _command!.Error = ToErrno(error);
        EndChunk();
        return true;
    }

    private void EndChunk()
    {
        var command = _command!;
        _command = null;
        _part = Part.Header;
        if (!_last)
            return;
        var incomplete = command.Type switch
        {
            CommandRead => command.Received != command.Length,
            CommandBlockStatus => command.Received == 0,
            _ => false,
        };
        if (command.Error == 0 && incomplete)
        {
            Violated("an answer that lacks data");
            return;
        }

        var shutdown = command.Error == (int)ESHUTDOWN;
        Finish(command);
        // The specification has the client leave then; the server does nothing more for it.
        if (shutdown)
            Fail("the NBD server is shutting down");
    }

    private void TookData(long bytes)
    {
        _dataAt += bytes;
        _left -= bytes;
        _command!.Received += bytes;
    }

    private void CopyData(long length)
    {
        var vectors = stackalloc BlockVector[MaxVectors];
        for (long done = 0; done < length;)
        {
            var count = AddData(_command!, _dataAt + done, length - done, vectors, MaxVectors, out _);
            for (var i = 0; i < count; i++)
            {
                Buffer.MemoryCopy(_in + _from, (void*)vectors[i].Pointer, vectors[i].Length, vectors[i].Length);
                _from += (int)vectors[i].Length;
                done += (long)vectors[i].Length;
            }
        }
    }

    private void Clear(NbdClientCommand command, long at, long length)
    {
        var vectors = stackalloc BlockVector[MaxVectors];
        for (long done = 0; done < length;)
        {
            var count = AddData(command, at + done, length - done, vectors, MaxVectors, out _);
            for (var i = 0; i < count; i++)
            {
                NativeMemory.Clear((void*)vectors[i].Pointer, vectors[i].Length);
                done += (long)vectors[i].Length;
            }
        }
    }

    private bool Violated(string what)
    {
        Fail($"the NBD server breaks the protocol: {what}");
        return false;
    }
}
