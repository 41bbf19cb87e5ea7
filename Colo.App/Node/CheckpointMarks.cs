using Colo.State;

namespace Colo.Node;

/// <summary>
/// How far the stream of each replicated disk belongs to a checkpoint: bytes of writes, zeroes and discards since the
/// pairing, in the order of the disks. The first record of a checkpoint's state, because it is read before the
/// acknowledgement: what has not arrived is not acknowledged.
/// <code>DMRK 1: count u16, then u64 each</code>
/// </summary>
internal static class CheckpointMarks
{
    internal static void Write(StateWriter writer, ReadOnlySpan<long> marks)
    {
        var mark = writer.Begin("DMRK", 1);
        writer.U16((ushort)marks.Length);
        foreach (var bytes in marks)
            writer.U64((ulong)bytes);
        writer.End(mark);
    }

    /// <exception cref="StateFormatException">It is not one, or not of so many disks.</exception>
    internal static long[] Read(ref StateReader reader, int disks)
    {
        var body = reader.Record("DMRK", 1, out _);
        var count = body.U16();
        if (count != disks)
            throw body.Bad($"{count} replicated disks where {disks} are expected");
        var marks = new long[count];
        for (var i = 0; i < marks.Length; i++)
        {
            var bytes = body.U64();
            marks[i] = bytes <= long.MaxValue ? (long)bytes : throw body.Bad($"a mark of {bytes} bytes");
        }

        body.Finish();
        return marks;
    }
}
