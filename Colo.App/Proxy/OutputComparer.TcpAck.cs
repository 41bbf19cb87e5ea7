using System.Buffers.Binary;

namespace Colo.Proxy;

// TCP: acknowledgements, windows, SACK and timestamps of what leaves.
public sealed unsafe partial class OutputComparer
{
    /// <summary>What both sides have acknowledged and can take; false while one side's is not known.</summary>
    private bool View(TcpFlow flow, out AckState view)
    {
        AckState primary = flow.Primary;
        if (_protected)
        {
            view = default;
            if (!_synced)
                return false;
            if (_takenPending && flow.SnapshotSerial == _takenSerial)
                primary = flow.TakenAck;
            if (!primary.Valid || !flow.Secondary.Valid)
                return false;
            view.Valid = true;
            view.Ack = Math.Min(primary.Ack, flow.Secondary.Ack);
            view.Window = Math.Min(primary.Window, flow.Secondary.Window);
            view.Edge = Math.Min(primary.Edge, flow.Secondary.Edge);
            return true;
        }
        view = primary;
        return primary.Valid;
    }

    /// <summary>
    /// The window field for a view. Without a known scale the smaller field is right whatever the scale is: the
    /// acknowledgement is the smaller one too.
    /// </summary>
    private static ushort WindowField(TcpFlow flow, in AckState view) =>
        flow.Scale < 0 ? (ushort)view.Window : (ushort)Math.Clamp((view.Edge - view.Ack) >> flow.Scale, 0, ushort.MaxValue);

    /// <summary>
    /// Makes a frame fit to leave: acknowledgement and window of the view, SACK blocks that both sides have, a
    /// timestamp that does not go back. Notes what was sent.
    /// </summary>
    private void Patch(TcpFlow flow, Span<byte> frame, in FrameInfo info, uint seq)
    {
        ushort before = TcpFrameWriter.BeginChange(frame, in info);
        bool changed = seq != info.Seq;
        if (changed)
            TcpFrameWriter.SetSeq(frame, in info, seq);
        if (info.Has(TcpFlag.Ack) && View(flow, out AckState view))
        {
            ushort window = info.Has(TcpFlag.Syn) ? (ushort)Math.Min(info.Window, view.Window) : WindowField(flow, in view);
            // The bytes in the frame count, not what was parsed: an earlier part of it may have been changed already.
            TcpFrameWriter.SetAck(frame, in info, (uint)view.Ack);
            TcpFrameWriter.SetWindow(frame, in info, window);
            changed = true;
            NoteSent(flow, in view, window, info.Has(TcpFlag.Syn));
        }
        else if (info.Has(TcpFlag.Syn) && _protected && flow.WindowOfSecondarySyn < info.Window)
        {
            TcpFrameWriter.SetWindow(frame, in info, (ushort)flow.WindowOfSecondarySyn);
            changed = true;
        }
        if (info.SackBlocks > 0 && _protected)
            changed |= FilterSack(flow, frame, in info);
        if (info.Timestamp != 0)
        {
            uint value = TcpFrameWriter.Timestamp(frame, in info);
            if (flow.HasTimestamp && (int)(value - flow.NewestTimestamp) < 0)
            {
                TcpFrameWriter.SetTimestamp(frame, in info, flow.NewestTimestamp);
                changed = true;
            }
            else
            {
                NoteTimestamp(flow, value);
            }
        }
        if (changed)
            TcpFrameWriter.EndChange(frame, in info, before);
    }

    private static void NoteTimestamp(TcpFlow flow, uint value)
    {
        if (flow.HasTimestamp && (int)(value - flow.NewestTimestamp) < 0)
            return;
        flow.HasTimestamp = true;
        flow.NewestTimestamp = value;
    }

    private void NoteSent(TcpFlow flow, in AckState view, ushort window, bool syn)
    {
        flow.Sent.Valid = true;
        flow.Sent.Ack = view.Ack;
        flow.Sent.Window = window;
        flow.Sent.Edge = view.Ack + ((long)window << (syn || flow.Scale < 0 ? 0 : flow.Scale));
        if (flow.AckOwed && view.Ack >= flow.AckOwedAt && flow.DuplicatesOwed == 0)
            flow.AckOwed = false;
        if (flow.SecondaryAckIndex != 0 && flow.Sent.Ack >= flow.Secondary.Ack)
        {
            _window.Release(flow.SecondaryAckIndex);
            flow.SecondaryAckIndex = 0;
        }
    }

    /// <summary>Sends a frame of the primary that was not held; it is copied only if it must be changed.</summary>
    private void EmitPatched(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info, uint seq)
    {
        frame = frame[..info.End];
        if (!NeedsPatch(flow, frame, in info, seq))
        {
            if (View(flow, out AckState view))
                NoteSent(flow, in view, info.Window, info.Has(TcpFlag.Syn));
            if (info.Timestamp != 0)
                NoteTimestamp(flow, TcpFrameWriter.Timestamp(frame, in info));
            Emit(frame);
            return;
        }
        var copy = new Span<byte>(_scratch, frame.Length);
        frame.CopyTo(copy);
        Patch(flow, copy, in info, seq);
        // What the frame promised and the wire was not told yet will be owed.
        KeepTemplate(flow, frame, in info);
        Emit(copy);
    }

    private bool NeedsPatch(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info, uint seq)
    {
        if (seq != info.Seq || info.Has(TcpFlag.Syn))
            return true;
        if (info.Has(TcpFlag.Ack)
            && (!View(flow, out AckState view) || (uint)view.Ack != info.Ack || WindowField(flow, in view) != info.Window))
            return true;
        if (info.SackBlocks > 0 && !SackAgrees(flow, frame, in info))
            return true;
        return info.Timestamp != 0 && flow.HasTimestamp
            && (int)(TcpFrameWriter.Timestamp(frame, in info) - flow.NewestTimestamp) < 0;
    }

    private void KeepTemplate(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (info.Payload > HeaderBytes.Capacity)
            return;
        frame[..info.Payload].CopyTo(flow.Template);
        flow.TemplateInfo = info;
        flow.TemplateInfo.End = info.Payload;
        flow.TemplateLength = info.Payload;
        flow.TemplateEpoch = _epoch;
    }

    /// <summary>
    /// Sends the acknowledgement or window that the primary has given and the secondary has now reached: the primary
    /// will not send it again.
    /// </summary>
    private void EmitOwedAck(TcpFlow flow)
    {
        if (flow.TemplateLength == 0 || flow.Diverged || flow.Stuck || !SynDone(flow) || flow.Aborted || !View(flow, out AckState view))
            return;
        bool owed = flow.AckOwed && view.Ack >= flow.AckOwedAt && (!_protected || flow.TemplateEpoch <= _secondaryEpoch);
        int count = 0;
        if (owed)
        {
            count = 1 + flow.DuplicatesOwed;
            flow.AckOwed = false;
            flow.DuplicatesOwed = 0;
        }
        else if (flow.Sent.Valid ? view.Ack > flow.Sent.Ack : flow.AckOwed || flow.Held.IsEmpty)
        {
            count = 1;
        }
        else if (flow.Sent.Valid)
        {
            long edge = EffectiveEdge(flow, in view);
            long growth = edge - flow.Sent.Edge;
            long open = flow.Sent.Edge - flow.Sent.Ack;
            // Not each byte of window is worth a frame: the client is told when it is shut, or by segments.
            if (growth > 0 && (open < flow.Mss || growth >= 2 * flow.Mss || flow.Scale < 0))
                count = 1;
        }
        for (; count > 0; count--)
            EmitFromTemplate(flow);
    }

    private static long EffectiveEdge(TcpFlow flow, in AckState view) =>
        view.Ack + ((long)WindowField(flow, in view) << Math.Max(0, flow.Scale));

    private void EmitOwedSack(TcpFlow flow)
    {
        if (flow.TemplateLength == 0 || flow.TemplateInfo.SackBlocks == 0 || flow.Diverged || flow.Stuck
            || !MatchesNow || !SynDone(flow) || !View(flow, out AckState view) || (uint)view.Ack != flow.TemplateInfo.Ack)
            return;
        if (SackAgrees(flow, flow.Template, in flow.TemplateInfo))
            flow.SackOwed = false;
        EmitFromTemplate(flow);
    }

    private void EmitFromTemplate(TcpFlow flow)
    {
        var frame = new Span<byte>(_scratch, flow.TemplateLength);
        ((ReadOnlySpan<byte>)flow.Template)[..flow.TemplateLength].CopyTo(frame);
        FrameInfo info = flow.TemplateInfo;
        // Congestion experienced is echoed until the client answers; everything else belongs to the data.
        info.TcpFlags = (byte)(TcpFlag.Ack | (info.TcpFlags & TcpFlag.Ece));
        uint seq = flow.MatchedValid ? (uint)flow.Matched : info.Seq;
        TcpFrameWriter.MakeSegment(frame, in info, seq, info.TcpFlags, 0, VirtioNetHeader.GsoNone, 0, 0);
        Patch(flow, frame, in info, seq);
        _statistics.Acknowledgements++;
        Emit(frame);
    }

    private void UpdateAckWaits(TcpFlow flow)
    {
        if (!MatchesNow || flow.Aborted || !SynDone(flow))
        {
            flow.AckBehindSinceNs = flow.StarvedSinceNs = -1;
            return;
        }
        bool behind = flow.Primary.Valid && (!flow.Secondary.Valid || flow.Primary.Ack > flow.Secondary.Ack);
        if (!behind)
            flow.AckBehindSinceNs = -1;
        else if (flow.AckBehindSinceNs < 0)
            flow.AckBehindSinceNs = _now;
        bool starved = false;
        if (View(flow, out AckState view))
        {
            starved = flow.Scale < 0
                ? view.Window == 0 && flow.Primary.Window > 0
                : view.Edge - view.Ack < flow.Mss && flow.Primary.Edge - flow.Primary.Ack >= flow.Mss;
        }
        if (!starved)
            flow.StarvedSinceNs = -1;
        else if (flow.StarvedSinceNs < 0)
            flow.StarvedSinceNs = _now;
    }

    private static void SackBlock(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info, int block, out long left, out long right)
    {
        left = flow.UnwrapAck(BinaryPrimitives.ReadUInt32BigEndian(frame[(info.Sack + block * 8)..]));
        right = flow.UnwrapAck(BinaryPrimitives.ReadUInt32BigEndian(frame[(info.Sack + block * 8 + 4)..]));
    }

    /// <summary>
    /// The part of a SACK block that the secondary's VM has received too. SACK is advice (RFC 2018, 8: the receiver may
    /// renege), but a sender that believes it repairs the loss only after its retransmission timer, so a takeover would
    /// stall the connection; and a sender that gets none repairs at once.
    /// </summary>
    private static bool SackPart(TcpFlow flow, ref long left, ref long right)
    {
        if (left >= right)
            return false;
        if (right <= flow.Secondary.Ack)
            return flow.Secondary.Valid;
        for (int i = 0; i < flow.SecondarySackCount; i++)
        {
            SackRange range = flow.SecondarySack[i];
            long from = Math.Max(left, range.Left), to = Math.Min(right, range.Right);
            if (from < to)
            {
                left = from;
                right = to;
                return true;
            }
        }
        return false;
    }

    private bool SackAgrees(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (!_protected)
            return true;
        for (int block = 0; block < info.SackBlocks; block++)
        {
            SackBlock(flow, frame, in info, block, out long left, out long right);
            long from = left, to = right;
            if (!SackPart(flow, ref from, ref to) || from != left || to != right)
                return false;
        }
        return true;
    }

    /// <summary>Leaves only what both have; the option's bytes that become free are filled with NOPs.</summary>
    private static bool FilterSack(TcpFlow flow, Span<byte> frame, in FrameInfo info)
    {
        bool changed = false;
        int kept = 0;
        for (int block = 0; block < info.SackBlocks; block++)
        {
            SackBlock(flow, frame, in info, block, out long left, out long right);
            long from = left, to = right;
            if (!SackPart(flow, ref from, ref to))
            {
                changed = true;
                continue;
            }
            changed |= from != left || to != right || kept != block;
            Span<byte> place = frame.Slice(info.Sack + kept * 8, 8);
            BinaryPrimitives.WriteUInt32BigEndian(place, (uint)from);
            BinaryPrimitives.WriteUInt32BigEndian(place[4..], (uint)to);
            kept++;
        }
        if (kept == info.SackBlocks)
            return changed;
        int option = info.Sack - 2, end = info.Sack + info.SackBlocks * 8;
        if (kept > 0)
            frame[option + 1] = (byte)(2 + kept * 8);
        frame[(kept > 0 ? info.Sack + kept * 8 : option)..end].Fill(1);
        return true;
    }
}
