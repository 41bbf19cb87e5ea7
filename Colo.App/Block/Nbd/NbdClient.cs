using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Colo.Linux;
using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Block.Nbd;

/// <summary>
/// A disk at an NBD server. Many requests are under way at once, and may be done in any order; a flush covers what was
/// completed before it was submitted. Data goes straight between the socket and the memory that requests name. When the
/// connection breaks or the server breaks the protocol, all that is under way ends with ENOTCONN, and so does all that
/// comes: whoever wants to go on connects anew. All members are for the loop's thread.
/// </summary>
/// <remarks>
/// Errors of the server are errno values of the same name. What the server cannot do is made from what it can: FUA by a
/// flush, zeroes by writing them; a discard is then nothing.
/// </remarks>
public sealed unsafe partial class NbdClient : IBlockBackend, IEventHandler
{
    private const int Sector = 512;
    private const int InSize = 16 << 10;
    private const uint ZeroChunk = 1 << 20;
    private const long CompactLimit = 1L << 30;

    private readonly INbdTransport _transport;
    private readonly EventLoop _loop;
    private readonly int _descriptor;
    private readonly Action _afterRound;
    private readonly NbdClientCommand[] _commands;
    private readonly Stack<int> _freeCommands = new();
    private readonly Stack<NbdClientRequest> _freeRequests = new();
    private readonly Queue<NbdClientRequest> _waiting = new();
    private readonly HashSet<NbdClientRequest> _requests = [];
    private byte* _headers;
    private byte* _in;
    private byte* _zeroes;
    private uint _generation;
    private uint _interest;
    private bool _disposed;

    /// <summary>Takes a stream on which the handshake is done. Before the loop runs, or on its thread.</summary>
    /// <param name="transport">Belongs to the client from now on.</param>
    /// <param name="session">What <see cref="NbdClientHandshake"/> has agreed upon on it.</param>
    /// <param name="loop">Where requests are submitted and completed.</param>
    /// <param name="maxRequests">Commands on the wire at once.</param>
    public NbdClient(INbdTransport transport, NbdSession session, EventLoop loop, int maxRequests = 128)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRequests);
        _transport = transport;
        _loop = loop;
        _descriptor = transport.Descriptor;
        Session = session;
        Size = session.Size & ~(Sector - 1L);
        _commands = new NbdClientCommand[maxRequests];
        _sending = new Queue<NbdClientCommand>(maxRequests);
        for (var i = maxRequests - 1; i >= 0; i--)
        {
            _commands[i] = new NbdClientCommand();
            _freeCommands.Push(i);
        }

        _headers = (byte*)NativeMemory.Alloc((nuint)maxRequests, ExtendedRequest);
        _in = (byte*)NativeMemory.Alloc(InSize);
        _afterRound = AfterRound;
        loop.AddAfterRound(_afterRound);
        _interest = EventLoop.Readable | (transport.SendPending ? EventLoop.Writable : 0);
        loop.Add(_descriptor, _interest, this);
        // What the handshake left in the transport, epoll does not see.
        loop.Post(Receive);
    }

    /// <summary>
    /// Connects and shakes hands. Before the loop runs, or on its thread, which it blocks for as long as the options
    /// allow: a loop that has other work shakes hands on another thread, and makes the client with the outcome.
    /// </summary>
    /// <exception cref="IOException">There is no server, or it refuses.</exception>
    public static NbdClient Connect(NbdAddress address, NbdClientOptions options, EventLoop loop)
    {
        var socket = address.Connect(options.Timeout);
        try
        {
            return new NbdClient(socket, NbdClientHandshake.Run(socket, options), loop, options.MaxRequests);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public long Size { get; }

    /// <inheritdoc/>
    public bool ReadOnly => Session.ReadOnly;

    /// <summary>What was agreed upon.</summary>
    public NbdSession Session { get; }

    /// <summary>Requests that are not completed.</summary>
    public int InFlight => _requests.Count;

    /// <summary>Why the connection has ended; null while it is good.</summary>
    public string? Failure { get; private set; }

    /// <summary>Called once when the connection ends by itself, with the reason, after all requests were completed.</summary>
    public Action<string>? Failed { get; set; }

    /// <inheritdoc/>
    public void Submit(BlockRequest request)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Failure is not null)
        {
            request.Complete(NativeSocket.ENOTCONN);
            return;
        }

        var range = request.Operation != BlockOperation.Flush;
        if (range && (request.Offset < 0 || request.Length < 0 || request.Offset > Size || request.Length > Size - request.Offset
            || ((request.Offset | request.Length) & (Session.MinimumBlock - 1)) != 0))
        {
            request.Complete(Errno.EINVAL);
            return;
        }

        var writes = request.Operation is BlockOperation.Write or BlockOperation.WriteZeroes or BlockOperation.Discard;
        if (writes && ReadOnly)
            request.Complete(Errno.EACCES);
        else if (AnswerWithoutServer(request) is { } answer)
            request.Complete(answer);
        else
            Accept(request);
    }

    /// <summary>Says goodbye and closes. What is under way is not completed any more; let it finish before.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (Failure is null)
        {
            SayGoodbye();
            Close();
        }

        NativeMemory.Free(_headers);
        NativeMemory.Free(_in);
        NativeMemory.Free(_zeroes);
    }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        if ((events & EventLoop.Writable) != 0)
            Send();
        if (Failure is null && !_disposed && (events & ~EventLoop.Writable) != 0)
            Receive();
    }

    private int? AnswerWithoutServer(BlockRequest request) => request.Operation switch
    {
        BlockOperation.Flush when ReadOnly || !Session.Has(TransmitFlush) => 0,
        BlockOperation.Flush => null,
        BlockOperation.Status when Session.AllocationContext is null => (int)ENOTSUP,
        // The protocol has no word for it.
        BlockOperation.Reserve => (int)ENOTSUP,
        BlockOperation.Discard when !Session.Has(TransmitTrim) => 0,
        BlockOperation.WriteZeroes when request.OnlyIfFast && !Session.Has(TransmitFastZero) => (int)ENOTSUP,
        _ => request.Length == 0 ? 0 : null,
    };

    private void Accept(BlockRequest block)
    {
        if (!_freeRequests.TryPop(out var request))
            request = new NbdClientRequest();
        request.Block = block;
        request.Issued = 0;
        request.AllIssued = request.Flushing = false;
        request.Outstanding = 0;
        request.Error = 0;
        if (block.Operation == BlockOperation.Status)
            block.ExtentCount = 0;
        _requests.Add(request);
        _waiting.Enqueue(request);
    }

    /// <summary>Puts what waits on the wire, as far as there are commands free.</summary>
    private void AfterRound()
    {
        if (Failure is not null || _disposed)
            return;
        Issue();
        if (_sending.Count > 0)
            Send();
    }

    private void Issue()
    {
        while (_freeCommands.Count > 0 && _waiting.TryPeek(out var request))
        {
            IssueOne(request);
            if (request.AllIssued)
                _waiting.Dequeue();
        }
    }

    private void IssueOne(NbdClientRequest request)
    {
        var block = request.Block;
        var index = _freeCommands.Pop();
        var command = _commands[index];
        var left = block.Length - request.Issued;
        ushort flags = 0;
        command.Zeroes = false;
        (command.Type, var most) = Plan(request);
        if (command.Type == CommandWriteZeroes)
            flags |= (ushort)((block.MayUnmap ? 0 : CommandFlagNoHole) | (block.OnlyIfFast ? CommandFlagFastZero : 0));
        if (command.Type is CommandWrite or CommandWriteZeroes or CommandTrim)
        {
            flags |= block.Durable && Session.Has(TransmitFua) ? CommandFlagFua : (ushort)0;
            command.Zeroes = command.Type == CommandWrite && block.Operation == BlockOperation.WriteZeroes;
        }

        if (command.Zeroes && _zeroes is null)
            _zeroes = (byte*)NativeMemory.AllocZeroed(ZeroChunk);
        if (_extended && command.Type == CommandWrite)
            flags |= CommandFlagPayloadLength;
        command.Owner = request;
        command.Cookie = ((ulong)++_generation << 32) | (uint)index;
        command.At = request.Issued;
        command.Length = command.Type == CommandFlush ? 0 : Math.Min(left, most);
        command.Offset = command.Type == CommandFlush ? 0 : block.Offset + request.Issued;
        command.Received = 0;
        command.Error = 0;
        command.Sent = false;
        request.Issued += command.Length;
        // Of a status less than the whole range is a good answer.
        request.AllIssued = command.Type is CommandFlush or CommandBlockStatus || request.Issued == block.Length;
        request.Outstanding++;
        WriteHeader(index, command, flags);
        _sending.Enqueue(command);
    }

    /// <summary>The command for what is left of a request, and the most bytes that it may name.</summary>
    private (ushort Type, long Most) Plan(NbdClientRequest request)
    {
        var limit = _extended ? long.MaxValue : CompactLimit;
        return request.Block.Operation switch
        {
            _ when request.Flushing => (CommandFlush, 0),
            BlockOperation.Flush => (CommandFlush, 0),
            BlockOperation.Read => (CommandRead, Session.Payload),
            BlockOperation.Write => (CommandWrite, Session.Payload),
            BlockOperation.Discard => (CommandTrim, limit),
            BlockOperation.Status => (CommandBlockStatus, limit),
            _ when Session.Has(TransmitWriteZeroes) => (CommandWriteZeroes, limit),
            _ => (CommandWrite, Math.Min(ZeroChunk, Session.Payload)),
        };
    }

    private void WriteHeader(int index, NbdClientCommand command, ushort flags)
    {
        var header = new Span<byte>(_headers + (index * ExtendedRequest), ExtendedRequest);
        BinaryPrimitives.WriteUInt32BigEndian(header, _extended ? ExtendedRequestMagic : RequestMagic);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], flags);
        BinaryPrimitives.WriteUInt16BigEndian(header[6..], command.Type);
        BinaryPrimitives.WriteUInt64BigEndian(header[8..], command.Cookie);
        BinaryPrimitives.WriteInt64BigEndian(header[16..], command.Offset);
        if (_extended)
            BinaryPrimitives.WriteInt64BigEndian(header[24..], command.Length);
        else
            BinaryPrimitives.WriteUInt32BigEndian(header[24..], (uint)command.Length);
    }

    private void Finish(NbdClientCommand command)
    {
        var request = command.Owner!;
        command.Owner = null;
        _freeCommands.Push((int)(uint)command.Cookie);
        request.Outstanding--;
        if (command.Error != 0 && request.Error == 0)
            request.Error = command.Error;
        if (request.Error != 0 && !request.AllIssued)
        {
            // The rest of it need not be tried. It is the first that waits: only that one is issued in part.
            request.AllIssued = true;
            _waiting.Dequeue();
        }

        if (!request.AllIssued || request.Outstanding > 0)
            return;
        var block = request.Block;
        if (request.Error == 0 && !request.Flushing && block.Durable && !Session.Has(TransmitFua) && Session.Has(TransmitFlush)
            && block.Operation is BlockOperation.Write or BlockOperation.WriteZeroes or BlockOperation.Discard)
        {
            request.Flushing = true;
            request.AllIssued = false;
            _waiting.Enqueue(request);
            return;
        }

        End(request, request.Error);
    }

    private void End(NbdClientRequest request, int error)
    {
        var block = request.Block;
        request.Block = null!;
        _requests.Remove(request);
        _freeRequests.Push(request);
        block.Complete(error);
    }

    private void Fail(string reason)
    {
        if (Failure is not null || _disposed)
            return;
        Failure = reason;
        Close();
        _waiting.Clear();
        _sending.Clear();
        NbdClientRequest[] all = [.. _requests];
        foreach (var request in all)
            End(request, NativeSocket.ENOTCONN);
        Failed?.Invoke(reason);
    }

    private void Close()
    {
        _loop.Remove(_descriptor);
        _loop.RemoveAfterRound(_afterRound);
        _transport.Dispose();
    }
}
