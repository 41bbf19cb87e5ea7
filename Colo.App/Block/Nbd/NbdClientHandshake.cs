using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Colo.Linux;
using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Block.Nbd;

/// <summary>
/// The client's side of the handshake: fixed newstyle; asks for extended headers, else structured replies, then for
/// base:allocation, then enters by GO, or by EXPORT_NAME where the server knows no GO. Blocks.
/// </summary>
public static class NbdClientHandshake
{
    /// <summary>Shakes hands on a connected stream, on any thread.</summary>
    /// <param name="transport">Stays the caller's. After an exception it is good for nothing.</param>
    /// <param name="options">What to ask for.</param>
    /// <exception cref="NbdException">The server refuses, speaks something else, or takes too long.</exception>
    public static NbdSession Run(INbdTransport transport, NbdClientOptions options) => new Dialogue(transport, options).Run();

    private sealed unsafe class Dialogue(INbdTransport transport, NbdClientOptions options)
    {
        private const int MaxReplyData = 64 << 10;
        private const int MaxReplies = 1024;

        private readonly long _deadline = MonotonicClock.Now + (options.Timeout.Ticks * 100);
        private readonly byte[] _export = Encoding.UTF8.GetBytes(options.Export);
        private NbdSession _session = new() { Size = -1, Flags = 0 };
        private int _replies;

        internal NbdSession Run()
        {
            if (_export.Length > MaxString)
                throw new NbdException($"the export's name has {_export.Length} bytes; {MaxString} are allowed");
            var noZeroes = Greet();
            if (options is { ExtendedHeaders: true, StructuredReplies: true } && Ask(OptionExtendedHeaders, [], null) == ReplyAck)
                _session = _session with { Extended = true, Structured = true };
            else if (options.StructuredReplies && Ask(OptionStructuredReply, [], null) == ReplyAck)
                _session = _session with { Structured = true };
            if (_session.Structured)
                Ask(OptionSetMetaContext, [.. Text(_export), .. Number(1), .. Text(AllocationContext)], TakeContext);
            var result = Ask(OptionGo, [.. Text(_export), 0, 1, 0, (byte)InfoBlockSize], TakeInformation);
            if (result == ReplyErrorUnsupported && !_session.Extended)
                EnterByName(noZeroes);
            else if (result != ReplyAck)
                throw new NbdException($"the server refuses the export \"{options.Export}\": {_lastError}");
            return Check();
        }

        private string _lastError = "";

        private NbdSession Check()
        {
            if (_session.Size < 0)
                throw new NbdException("the server does not tell the export's size");
            if ((_session.Flags & TransmitHasFlags) == 0)
                throw new NbdException("the server's transmission flags are none");
            if (!_session.ReadOnly && !_session.Has(TransmitFlush) && !options.AllowNoFlush)
                throw new NbdException("the server knows no flush: what is written to it is never known to be durable");
            return _session;
        }

        private bool Greet()
        {
            Span<byte> greeting = stackalloc byte[18];
            Receive(greeting[..16]);
            if (BinaryPrimitives.ReadUInt64BigEndian(greeting) != InitMagic)
                throw new NbdException("it is no NBD server");
            if (BinaryPrimitives.ReadUInt64BigEndian(greeting[8..]) != OptionMagic)
                throw new NbdException("it is an NBD server of the old style, which is not supported");
            Receive(greeting[16..]);
            var flags = BinaryPrimitives.ReadUInt16BigEndian(greeting[16..]);
            if ((flags & FlagFixedNewstyle) == 0)
                throw new NbdException("it is an NBD server without the fixed newstyle handshake, which is needed");
            var noZeroes = (flags & FlagNoZeroes) != 0;
            Send(Number(FlagFixedNewstyle | (noZeroes ? (uint)FlagNoZeroes : 0)));
            return noZeroes;
        }

        private void EnterByName(bool noZeroes)
        {
            SendOption(OptionExportName, _export);
            Span<byte> reply = stackalloc byte[134];
            Receive(reply[..(noZeroes ? 10 : 134)]);
            TakeSize(reply);
        }

        private void TakeSize(ReadOnlySpan<byte> data)
        {
            var size = BinaryPrimitives.ReadInt64BigEndian(data);
            if (size < 0)
                throw new NbdException($"the server says that the export has {(ulong)size} bytes");
            _session = _session with { Size = size, Flags = BinaryPrimitives.ReadUInt16BigEndian(data[8..]) };
        }

        private void TakeContext(uint type, ReadOnlySpan<byte> data)
        {
            if (type == ReplyMetaContext && data.Length > sizeof(uint) && data[sizeof(uint)..].SequenceEqual(AllocationContext))
                _session = _session with { AllocationContext = BinaryPrimitives.ReadUInt32BigEndian(data) };
        }

        private void TakeInformation(uint type, ReadOnlySpan<byte> data)
        {
            if (type != ReplyInfo || data.Length < sizeof(ushort))
                throw new NbdException("the server answers GO with something else than information");
            var kind = BinaryPrimitives.ReadUInt16BigEndian(data);
            data = data[sizeof(ushort)..];
            if (kind == InfoExport && data.Length == 10)
            {
                TakeSize(data);
            }
            else if (kind == InfoBlockSize && data.Length == 12)
            {
                var minimum = BinaryPrimitives.ReadUInt32BigEndian(data);
                var payload = BinaryPrimitives.ReadUInt32BigEndian(data[8..]);
                if (minimum is 0 or > 65536 || !System.Numerics.BitOperations.IsPow2(minimum) || payload < minimum)
                    throw new NbdException($"the server says block sizes of {minimum} to {payload} bytes, which cannot be");
                _session = _session with { MinimumBlock = minimum, Payload = Math.Min(payload, MaxPayload) & ~(minimum - 1) };
            }
            else if (kind is InfoExport or InfoBlockSize)
            {
                throw new NbdException($"information {kind} of the server has {data.Length} bytes");
            }
        }

        /// <summary>Sends an option and takes its replies; returns the type of the last.</summary>
        private uint Ask(uint option, byte[] data, ReplyHandler? each)
        {
            SendOption(option, data);
            Span<byte> header = stackalloc byte[OptionReplyHeader];
            while (true)
            {
                Receive(header);
                var type = BinaryPrimitives.ReadUInt32BigEndian(header[12..]);
                var length = BinaryPrimitives.ReadUInt32BigEndian(header[16..]);
                if (BinaryPrimitives.ReadUInt64BigEndian(header) != OptionReplyMagic || BinaryPrimitives.ReadUInt32BigEndian(header[8..]) != option)
                    throw new NbdException($"the server's answer to option {option} does not begin as one");
                if (length > MaxReplyData || ++_replies > MaxReplies)
                    throw new NbdException($"the server answers option {option} with {length} bytes, {_replies} answers in all");
                var reply = new byte[length];
                Receive(reply);
                if ((type & ReplyError) != 0)
                {
                    var said = Encoding.UTF8.GetString(reply.AsSpan(0, Math.Min(reply.Length, 256)));
                    _lastError = $"{Meaning(type)}{(said.Length > 0 ? $" ({said})" : "")}";
                    // Both end the session in every state of it; without TLS nothing else will be answered.
                    if (type is ReplyErrorTlsRequired or ReplyErrorShutdown)
                        throw new NbdException($"the server refuses: {_lastError}");
                    return type;
                }

                if (type == ReplyAck)
                    return type;
                each?.Invoke(type, reply);
            }
        }

        private static string Meaning(uint error) => error switch
        {
            ReplyErrorUnsupported => "it does not know the option",
            ReplyErrorPolicy => "its policy forbids it",
            ReplyErrorTlsRequired => "it wants TLS, which is not supported",
            ReplyErrorUnknown => "there is no such export",
            ReplyErrorShutdown => "it is shutting down",
            _ => $"error {error & ~ReplyError}",
        };

        private void SendOption(uint option, ReadOnlySpan<byte> data)
        {
            var message = new byte[OptionHeader + data.Length];
            BinaryPrimitives.WriteUInt64BigEndian(message, OptionMagic);
            BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(8), option);
            BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(12), data.Length);
            data.CopyTo(message.AsSpan(OptionHeader));
            Send(message);
        }

        private static byte[] Number(uint value)
        {
            var bytes = new byte[sizeof(uint)];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
            return bytes;
        }

        private static byte[] Text(ReadOnlySpan<byte> text) => [.. Number((uint)text.Length), .. text];

        private void Send(ReadOnlySpan<byte> bytes)
        {
            fixed (byte* start = bytes)
            {
                for (var at = 0; at < bytes.Length;)
                {
                    var vector = new BlockVector((nint)(start + at), (nuint)(bytes.Length - at));
                    at += (int)Done(transport.Send(&vector, 1), NativeSocket.POLLOUT);
                }
            }
        }

        private void Receive(Span<byte> into)
        {
            fixed (byte* start = into)
            {
                for (var at = 0; at < into.Length;)
                {
                    // The server answers only what has gone out whole.
                    Done(transport.Flush(), 0);
                    var vector = new BlockVector((nint)(start + at), (nuint)(into.Length - at));
                    var received = transport.Receive(&vector, 1);
                    if (received == 0)
                        throw new NbdException("the server has closed the connection during the handshake");
                    at += (int)Done(received, NativeSocket.POLLIN);
                }
            }
        }

        private nint Done(nint result, short events)
        {
            if (result >= 0)
                return result;
            if (result != -Errno.EAGAIN)
                throw new NbdException(new LinuxException("NBD handshake", (int)-result).Message);
            if (events == 0)
                return 0;
            if (transport.SendPending)
                events |= NativeSocket.POLLOUT;
            var descriptor = new NativeSocket.PollDescriptor { Fd = transport.Descriptor, Events = events };
            var left = Math.Max(0, (_deadline - MonotonicClock.Now + 999_999) / 1_000_000);
            if (left == 0)
                throw new NbdException($"the server's handshake takes longer than {options.Timeout.TotalSeconds:0.#} s");
            if (NativeSocket.poll(&descriptor, 1, (int)Math.Min(left, int.MaxValue)) < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
                throw LinuxException.FromLastError("poll");
            return 0;
        }

        private delegate void ReplyHandler(uint type, ReadOnlySpan<byte> data);
    }
}
