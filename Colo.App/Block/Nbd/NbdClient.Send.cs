using System.Buffers.Binary;
using Colo.Linux;
using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Block.Nbd;

/// <summary>Sending: commands and their data in the order in which they were issued, many in one call.</summary>
public sealed unsafe partial class NbdClient
{
    private const int MaxVectors = 64;

    private readonly Queue<NbdClientCommand> _sending;
    private long _sentOfFirst;

    private bool _extended => Session.Extended;

    private int HeaderLength => _extended ? ExtendedRequest : CompactRequest;

    private void Send()
    {
        var vectors = stackalloc BlockVector[MaxVectors];
        var sent = _transport.Flush();
        while (sent >= 0 && _sending.Count > 0)
        {
            var count = 0;
            var skip = _sentOfFirst;
            foreach (var command in _sending)
            {
                if (skip < HeaderLength)
                    vectors[count++] = new BlockVector((nint)(_headers + ((long)(uint)command.Cookie * ExtendedRequest) + skip), (nuint)(HeaderLength - skip));
                if (command.Type == CommandWrite)
                {
                    var done = Math.Max(0, skip - HeaderLength);
                    count += AddData(command, done, command.Length - done, vectors + count, MaxVectors - count, out var all);
                    if (!all)
                        break;
                }

                skip = 0;
                if (count == MaxVectors)
                    break;
            }

            sent = _transport.Send(vectors, count);
            if (sent > 0)
                Sent(sent);
        }

        if (sent < 0 && sent != -Errno.EAGAIN)
        {
            Fail(new LinuxException("send to the NBD server", (int)-sent).Message);
            return;
        }

        var wanted = EventLoop.Readable | (_sending.Count > 0 || _transport.SendPending ? EventLoop.Writable : 0);
        if (wanted == _interest)
            return;
        _interest = wanted;
        _loop.Modify(_descriptor, wanted);
    }

    private void Sent(long bytes)
    {
        while (bytes > 0)
        {
            var command = _sending.Peek();
            var rest = HeaderLength + (command.Type == CommandWrite ? command.Length : 0) - _sentOfFirst;
            if (bytes < rest)
            {
                _sentOfFirst += bytes;
                return;
            }

            bytes -= rest;
            _sentOfFirst = 0;
            command.Sent = true;
            _sending.Dequeue();
        }
    }

    /// <summary>Adds vectors for a part of a command's data.</summary>
    /// <param name="command">The command.</param>
    /// <param name="from">First byte within its data.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="into">Where the vectors go.</param>
    /// <param name="room">How many may be added.</param>
    /// <param name="all">Whether the room sufficed.</param>
    private int AddData(NbdClientCommand command, long from, long length, BlockVector* into, int room, out bool all)
    {
        var count = 0;
        if (command.Zeroes)
        {
            all = room > 0 || length == 0;
            if (room > 0 && length > 0)
                into[count++] = new BlockVector((nint)_zeroes, (nuint)length);
            return count;
        }

        var skip = command.At + from;
        foreach (ref readonly var vector in command.Owner!.Block.Vectors)
        {
            if (length == 0 || count == room)
                break;
            if ((ulong)skip >= vector.Length)
            {
                skip -= (long)vector.Length;
                continue;
            }

            var part = Math.Min((long)vector.Length - skip, length);
            into[count++] = new BlockVector(vector.Pointer + (nint)skip, (nuint)part);
            length -= part;
            skip = 0;
        }

        all = length == 0;
        return count;
    }

    /// <summary>A DISC, where the stream is between two commands; else the end of the stream says it.</summary>
    private void SayGoodbye()
    {
        if (_sentOfFirst != 0)
            return;
        var header = stackalloc byte[ExtendedRequest];
        var text = new Span<byte>(header, ExtendedRequest);
        text.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(text, _extended ? ExtendedRequestMagic : RequestMagic);
        BinaryPrimitives.WriteUInt16BigEndian(text[6..], CommandDisconnect);
        var vector = new BlockVector((nint)header, (nuint)HeaderLength);
        _ = _transport.Send(&vector, 1);
    }
}
