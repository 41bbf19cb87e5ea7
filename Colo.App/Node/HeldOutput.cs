using Colo.State;

namespace Colo.Node;

/// <summary>
/// The primary's output that waits for a checkpoint's acknowledgement travels with that checkpoint: between the
/// acknowledgement and the release the primary may die, and then nobody else would send it before the guest's own
/// retransmission, some 200 ms later. The secondary keeps it until the primary confirms the release.
/// <code>
/// "HELD" version 1: per NIC: frames u32, each a length u32 and so many bytes (virtio_net_hdr_v1 and frame, wire numbering)
/// </code>
/// </summary>
internal static class HeldOutput
{
    /// <summary>What is beyond that is left to the guest's TCP: the capture is part of the pause.</summary>
    private const int MostBytes = 1 << 20;
    private const int MostFrames = 4096;

    internal static void Write(StateWriter writer, IReadOnlyList<PrimaryNic> nics)
    {
        var mark = writer.Begin("HELD", 1);
        foreach (var nic in nics)
        {
            int frames = 0, bytes = 0;
            nic.Comparer.ShowHeldForCommit(frame => Count(ref frames, ref bytes, frame.Length));
            writer.U32((uint)frames);
            int left = frames;
            nic.Comparer.ShowHeldForCommit(frame =>
            {
                if (left-- > 0)
                    writer.Bytes(frame);
            });
        }

        writer.End(mark);
    }

    /// <exception cref="StateFormatException">It is damaged.</exception>
    internal static void Read(ref StateReader reader, IReadOnlyList<SecondaryNic> nics, ulong epoch)
    {
        var body = reader.Record("HELD", 1, out _);
        foreach (var nic in nics)
        {
            nic.BeginEpoch(epoch);
            var frames = body.U32();
            if (frames > MostFrames)
                throw body.Bad($"{frames} held frames");
            for (; frames > 0; frames--)
                nic.KeepForPrimary(body.Bytes(GuestNic.MaxFrame));
        }

        body.Finish();
    }

    /// <summary>Counts frames as long as they fit: a beginning of all, so that none is sent before an earlier one.</summary>
    private static void Count(ref int frames, ref int bytes, int length)
    {
        if (bytes > MostBytes || frames == MostFrames)
            return;
        bytes += length;
        if (bytes <= MostBytes)
            frames++;
    }
}
