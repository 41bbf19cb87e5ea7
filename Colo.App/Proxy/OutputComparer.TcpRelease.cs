using System.Buffers.Binary;

namespace Colo.Proxy;

// TCP: matching of the two streams and release of what both have produced.
public sealed unsafe partial class OutputComparer
{
    /// <summary>Matches what can be matched, releases what may leave, and sets the timers.</summary>
    private void Progress(TcpFlow flow)
    {
        Advance(flow);
        Drain(flow);
        EmitOwedAck(flow);
        UpdateAckWaits(flow);
        NoteClosed(flow);
        UpdateWait(flow);
    }

    /// <summary>
    /// Compares payload that lies at the matched position with what the other side has stored from there, and moves
    /// the matched position. Both sides' bytes are in wire numbering, so the order of the two does not matter here,
    /// except to the record of a divergence.
    /// </summary>
    private void MatchDirect(TcpFlow flow, ReadOnlySpan<byte> payload, long start, ref RangeStore other)
    {
        long end = start + payload.Length;
        if (flow.Matched == flow.Isn && !flow.SynMatched)
            return;
        while (flow.Matched < end)
        {
            Segment? segment = other.First;
            if (segment == null || segment.Start > flow.Matched || segment.Epoch > _secondaryEpoch)
                return;
            if (segment.End <= flow.Matched)
            {
                FreeFirst(ref other);
                continue;
            }
            int length = (int)(Math.Min(end, segment.End) - flow.Matched);
            var stored = new ReadOnlySpan<byte>(segment.Data + (flow.Matched - segment.Start), length);
            ReadOnlySpan<byte> mine = payload.Slice((int)(flow.Matched - start), length);
            if (!mine.SequenceEqual(stored))
            {
                int common = mine.CommonPrefixLength(stored);
                flow.Matched += common;
                bool fromSecondary = segment.Owned == null;
                ulong a = First8(mine, common), b = First8(stored, common);
                Diverge(flow, DivergenceCause.Payload, flow.Matched - (flow.Isn < 0 ? 0 : flow.Isn + 1),
                    fromSecondary ? b : a, fromSecondary ? a : b);
                return;
            }
            flow.Matched += length;
        }
        TrimMatched(flow);
    }

    private void FreeFirst(ref RangeStore store, bool release = true)
    {
        Segment segment = store.TakeFirst();
        if (segment.Owned != null && release)
            _window.Release(segment.Index);
        Free(segment);
    }

    private void TrimMatched(TcpFlow flow)
    {
        while (flow.PrimaryData.First is { } p && p.End <= flow.Matched)
            FreeFirst(ref flow.PrimaryData);
        while (flow.SecondaryData.First is { } s && s.End <= flow.Matched)
            FreeFirst(ref flow.SecondaryData);
    }

    /// <summary>Moves the matched position over what both sides have stored, and over a FIN that both have sent.</summary>
    private void Advance(TcpFlow flow)
    {
        if (!_synced || flow.Diverged || flow.Stuck || !flow.MatchedValid || !SynDone(flow))
            return;
        for (; ; )
        {
            TrimMatched(flow);
            Segment? p = flow.PrimaryData.First, s = flow.SecondaryData.First;
            if (p != null && s != null && p.Start <= flow.Matched && s.Start <= flow.Matched && p.Epoch <= _secondaryEpoch)
            {
                var mine = new ReadOnlySpan<byte>(p.Data + (flow.Matched - p.Start), (int)(p.End - flow.Matched));
                MatchDirect(flow, mine, flow.Matched, ref flow.SecondaryData);
                if (flow.Diverged)
                    return;
                continue;
            }
            bool primaryFin = flow.PrimaryFin == flow.Matched && flow.PrimaryFinEpoch <= _secondaryEpoch;
            bool secondaryFin = flow.SecondaryFin == flow.Matched;
            if (primaryFin && secondaryFin)
            {
                flow.Matched++;
                if (flow.SecondaryFinIndex != 0)
                    _window.Release(flow.SecondaryFinIndex);
                flow.SecondaryFinIndex = 0;
            }
            else if ((primaryFin && s != null && s.Start <= flow.Matched)
                || (secondaryFin && p != null && p.Start <= flow.Matched && p.Epoch <= _secondaryEpoch))
            {
                Diverge(flow, DivergenceCause.Fin, -1, primaryFin ? 1u : 0, secondaryFin ? 1u : 0);
            }
            return;
        }
    }

    /// <summary>Whether the handshake's own SYN is out of the way.</summary>
    private static bool SynDone(TcpFlow flow) => flow.Isn < 0 || flow.SynMatched;

    /// <summary>Releases held frames from the front as far as both sides agree.</summary>
    private void Drain(TcpFlow flow)
    {
        if (!_synced || flow.Stuck)
            return;
        while (flow.Held.Head is { } held && held.Epoch <= _secondaryEpoch && !flow.Diverged)
        {
            switch (held.Kind)
            {
                case HeldKind.Syn:
                    if (!flow.SynMatched || flow.Matched < held.End)
                        return;
                    EmitHeld(flow, held);
                    break;
                case HeldKind.Rst:
                    if (!MatchRst(flow, held, out uint ack, out ushort window))
                        return;
                    EmitRst(flow, held, ack, window);
                    break;
                case HeldKind.Data:
                    if (held.Info.Has(TcpFlag.Ack) && !View(flow, out _))
                        return;
                    if (held.Info.Has(TcpFlag.Urg) && held.End > held.Start && !UrgentAgrees(flow, held))
                        return;
                    if (flow.Matched < held.End)
                    {
                        // The secondary's VM may wait for the client to acknowledge this much, so it leaves now.
                        if (flow.Matched > held.Start && !held.Info.Has(TcpFlag.Urg))
                            EmitPart(flow, held, flow.Matched);
                        return;
                    }
                    if (held.Split)
                        EmitPart(flow, held, held.End);
                    else
                        EmitHeld(flow, held);
                    break;
                default:
                    return;
            }
            _statistics.Matched++;
            Dequeue(flow);
        }
    }

    private static bool UrgentAgrees(TcpFlow flow, HeldFrame held)
    {
        ReadOnlySpan<byte> frame = held.Frame;
        long urgent = held.Start + BinaryPrimitives.ReadUInt16BigEndian(frame[(held.Info.L4 + 18)..]);
        return flow.SecondaryUrgent == urgent;
    }

    /// <summary>Sends a held frame whole, with what it acknowledges brought up to date.</summary>
    private void EmitHeld(TcpFlow flow, HeldFrame held)
    {
        Span<byte> frame = held.Frame[..held.Info.End];
        Patch(flow, frame, in held.Info, held.Info.Seq);
        Emit(frame);
    }

    /// <summary>
    /// Sends the payload of a held frame up to a position, and with it the FIN if that is the frame's end. The header
    /// then moves up behind what was sent, so that no payload is ever copied.
    /// </summary>
    private void EmitPart(TcpFlow flow, HeldFrame held, long to)
    {
        ref FrameInfo info = ref held.Info;
        bool last = to >= held.End;
        int length = (int)Math.Min(to - held.Start, info.PayloadLength);
        byte flags = info.TcpFlags;
        if (!last)
            flags &= unchecked((byte)~(TcpFlag.Fin | TcpFlag.Psh));
        // "Congestion window reduced" is said once.
        if (held.Split)
            flags &= unchecked((byte)~TcpFlag.Cwr);
        Span<byte> frame = held.Frame;
        int whole = TcpFrameWriter.MakeSegment(frame, in info, (uint)held.Start, flags, length, held.GsoType, held.GsoSize,
            held.Split ? 1 : 0);
        Patch(flow, frame[..whole], in info, (uint)held.Start);
        Emit(frame[..whole]);
        if (last)
            return;
        frame[..info.Payload].CopyTo(frame[length..]);
        held.Offset += length;
        held.Length -= length;
        info.End -= length;
        held.Start += length;
        held.Split = true;
        held.SinceNs = _now;
        if (info.SackBlocks > 0)
        {
            // What was filtered out of the first part is gone from the header.
            info.Sack = info.SackBlocks = 0;
            TcpOptions.Parse(held.Frame, ref info);
        }
    }

    /// <summary>The guest has reset the connection: nothing more is owed to the client.</summary>
    private static void Abort(TcpFlow flow)
    {
        flow.Closed = true;
        flow.Aborted = true;
        flow.AckOwed = flow.SackOwed = false;
        flow.DuplicatesOwed = 0;
    }

    private void EmitRst(TcpFlow flow, HeldFrame held, uint ack, ushort window)
    {
        Span<byte> frame = held.Frame[..held.Info.End];
        if (held.Info.Has(TcpFlag.Ack) && ack != held.Info.Ack || window != held.Info.Window)
        {
            ushort before = TcpFrameWriter.BeginChange(frame, in held.Info);
            if (held.Info.Has(TcpFlag.Ack))
                TcpFrameWriter.SetAck(frame, in held.Info, ack);
            TcpFrameWriter.SetWindow(frame, in held.Info, window);
            TcpFrameWriter.EndChange(frame, in held.Info, before);
        }
        Emit(frame);
        Abort(flow);
    }

    private void ReleaseTcpCommitted(TcpFlow flow, HeldFrame held)
    {
        if (held.Kind == HeldKind.Rst)
            EmitRst(flow, held, held.Info.Ack, held.Info.Window);
        else if (held.Kind == HeldKind.Data && held.Split)
            EmitPart(flow, held, held.End);
        else
            EmitHeld(flow, held);
    }

    /// <summary>Makes both sides of a flow equal, as of the stop of the checkpoint that was committed.</summary>
    private void SyncTcp(TcpFlow flow)
    {
        bool snapshot = _protected && flow.SnapshotSerial != 0 && flow.SnapshotSerial == _committedSerial;
        // The index window starts anew with each epoch: nothing to give back there.
        ForgetSecondary(flow, release: false);
        // The primary's data from before has left, or leaves now; what came after the stop stays.
        while (flow.PrimaryData.First is { } first && (!_protected || first.Epoch < _secondaryEpoch))
            FreeFirst(ref flow.PrimaryData);
        for (Segment? kept = flow.PrimaryData.First; kept?.Next != null;)
        {
            if (kept.Next.Epoch >= _secondaryEpoch)
            {
                kept = kept.Next;
                continue;
            }
            Segment gone = kept.Next;
            kept.Next = gone.Next;
            if (gone.Next == null)
                flow.PrimaryData.Last = kept;
            Free(gone);
        }
        if (!snapshot)
        {
            flow.Matched = flow.PrimaryTop;
            flow.RepeatFloor = long.MinValue;
            flow.SecondaryFin = flow.PrimaryFin;
            flow.Secondary = flow.Primary;
            flow.SynMatched = true;
        }
        else
        {
            if (flow.TakenTopValid)
            {
                flow.Matched = flow.TakenTop;
                flow.RepeatFloor = long.MinValue;
                flow.SynMatched = true;
            }
            flow.SecondaryFin = flow.TakenFin;
            flow.Secondary = flow.TakenAck;
        }
        flow.WindowOfSecondarySyn = ushort.MaxValue;
        flow.HasSecondaryRawIsn = false;
        flow.SecondarySackCount = 0;
        flow.SackOwed = false;
        flow.SecondaryUrgent = -1;
        flow.AckBehindSinceNs = flow.StarvedSinceNs = -1;
        TrimMatched(flow);
    }

    /// <summary>Throws away what the secondary has sent and nothing of the primary matched.</summary>
    private void ForgetSecondary(TcpFlow flow, bool release)
    {
        while (flow.SecondaryData.First != null)
            FreeFirst(ref flow.SecondaryData, release);
        if (flow.SecondarySyn.Present && release)
            _window.Release(flow.SecondarySyn.Index);
        flow.SecondarySyn = default;
        for (int i = 0; i < RstRecords.Count; i++)
        {
            if (flow.SecondaryRst[i].Present && release)
                _window.Release(flow.SecondaryRst[i].Index);
            flow.SecondaryRst[i] = default;
        }
        if (flow.SecondaryAckIndex != 0 && release)
            _window.Release(flow.SecondaryAckIndex);
        flow.SecondaryAckIndex = 0;
        if (flow.SecondaryFinIndex != 0 && release)
            _window.Release(flow.SecondaryFinIndex);
        flow.SecondaryFinIndex = 0;
        flow.SecondaryFin = -1;
    }

    private void ForgetStreams(TcpFlow flow)
    {
        while (flow.PrimaryData.First != null)
            FreeFirst(ref flow.PrimaryData);
        while (flow.SecondaryData.First != null)
            FreeFirst(ref flow.SecondaryData);
    }

    private static bool TcpOutstanding(TcpFlow flow)
    {
        if (!flow.SecondaryData.IsEmpty || flow.SecondarySyn.Present || flow.AckOwed
            || flow.AckBehindSinceNs >= 0 || flow.StarvedSinceNs >= 0 || SecondaryFinAhead(flow))
            return true;
        for (int i = 0; i < RstRecords.Count; i++)
        {
            if (flow.SecondaryRst[i].Present)
                return true;
        }
        return false;
    }

    private static bool SecondaryFinAhead(TcpFlow flow) =>
        flow.SecondaryFin >= 0 && (!flow.MatchedValid || flow.SecondaryFin >= flow.Matched);

    private long TcpWaitsSince(TcpFlow flow, long since, ref DivergenceCause cause)
    {
        if (flow.SecondaryData.First is { } first)
            since = Math.Min(since, first.SinceNs);
        if (flow.SecondarySyn.Present)
            since = Math.Min(since, flow.SecondarySyn.SinceNs);
        if (SecondaryFinAhead(flow))
            since = Math.Min(since, flow.SecondaryFinSinceNs);
        for (int i = 0; i < RstRecords.Count; i++)
        {
            if (flow.SecondaryRst[i].Present)
                since = Math.Min(since, flow.SecondaryRst[i].SinceNs);
        }
        if (flow.AckBehindSinceNs >= 0)
            since = Math.Min(since, flow.AckBehindSinceNs + _ackExtraNs);
        if (flow.StarvedSinceNs >= 0 && flow.StarvedSinceNs + _ackExtraNs < since)
        {
            since = flow.StarvedSinceNs + _ackExtraNs;
            cause = DivergenceCause.Window;
        }
        return since;
    }
}
