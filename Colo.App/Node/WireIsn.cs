using System.Buffers.Binary;
using Colo.Linux;
using Colo.Proxy;

namespace Colo.Node;

/// <summary>
/// The body of <see cref="PacketMessage.WireIsn"/>: flow key, u32 initial sequence number, u8 whether there is a timestamp,
/// u32 timestamp.
/// </summary>
internal static class WireIsn
{
    private const int Size = FlowKey.Size + 9;

    internal static int Write(Span<byte> target, in RewriteResult syn)
    {
        syn.Flow.Write(target);
        var rest = target[FlowKey.Size..];
        BinaryPrimitives.WriteUInt32LittleEndian(rest, syn.WireIsn);
        rest[4] = syn.HasTimestamp ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(rest[5..], syn.WireTimestamp);
        return Size;
    }

    /// <exception cref="FormatException">It is not one.</exception>
    internal static void Apply(SequenceRewriter rewriter, ReadOnlySpan<byte> body)
    {
        if (body.Length != Size || !FlowKey.TryRead(body, out var key))
            throw new FormatException($"a flow's initial number of {body.Length} bytes");
        var rest = body[FlowKey.Size..];
        rewriter.LearnWireIsn(in key, BinaryPrimitives.ReadUInt32LittleEndian(rest), BinaryPrimitives.ReadUInt32LittleEndian(rest[5..]), rest[4] != 0,
            MonotonicClock.Now);
    }
}
