namespace Colo.Proxy;

// TCP: what comes from the primary and from the client.
public sealed unsafe partial class OutputComparer
{
    /// <summary>Whether output of the primary produced now may be matched at once.</summary>
    private bool MatchesNow => _synced && !_takenPending;

    private void PrimaryTcp(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        Snapshot(flow);
        if (!_protected)
        {
            TrackUnprotected(flow, frame, in info);
            Emit(frame);
            return;
        }
        bool odd = info.Has(TcpFlag.Syn) && info.Has(TcpFlag.Fin | TcpFlag.Rst);
        if (odd && !flow.Stuck)
            MakeStuck(flow, DivergenceCause.Syn);
        if (flow.Stuck)
        {
            Hold(flow, frame, in info, HeldKind.Whole);
            UpdateWait(flow);
            return;
        }
        if (info.Has(TcpFlag.Rst))
        {
            HeldFrame held = Hold(flow, frame, in info, HeldKind.Rst);
            held.Start = held.End = info.Seq;
            Progress(flow);
            return;
        }
        if (info.Has(TcpFlag.Syn))
        {
            PrimarySyn(flow, frame, in info);
            return;
        }
        bool repeatsAck = flow.Primary.Valid && info.Has(TcpFlag.Ack) && flow.UnwrapAck(info.Ack) == flow.Primary.Ack;
        UpdatePrimaryAck(flow, in info);
        if (info.PayloadLength == 0 && !info.Has(TcpFlag.Fin))
            PrimaryPureAck(flow, frame, in info, repeatsAck);
        else
            PrimaryData(flow, frame, in info, flow.UnwrapSeq(info.Seq));
    }

    /// <summary>Keeps the flow's state as of the stop before the first frame after it changes it.</summary>
    private void Snapshot(TcpFlow flow)
    {
        if (!_takenPending || flow.SnapshotSerial == _takenSerial)
            return;
        flow.SnapshotSerial = _takenSerial;
        flow.TakenAck = flow.Primary;
        flow.TakenTop = flow.PrimaryTop;
        flow.TakenTopValid = flow.MatchedValid;
        flow.TakenFin = flow.PrimaryFin;
    }

    private void TrackUnprotected(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (info.Has(TcpFlag.Rst))
        {
            Abort(flow);
            return;
        }
        if (info.Has(TcpFlag.Syn) && (flow.Isn < 0 || (uint)flow.Isn != info.Seq))
        {
            StartConnection(flow, in info);
            flow.SynMatched = true;
        }
        UpdatePrimaryAck(flow, in info);
        long start = flow.UnwrapSeq(info.Seq) + (info.Has(TcpFlag.Syn) ? 1 : 0);
        long end = start + info.PayloadLength + (info.Has(TcpFlag.Fin) ? 1 : 0);
        if (info.Has(TcpFlag.Fin))
            flow.PrimaryFin = end - 1;
        if (!flow.MatchedValid || end > flow.PrimaryTop)
        {
            flow.PrimaryTop = end;
            flow.SeqReference = end;
        }
        flow.Matched = flow.PrimaryTop;
        flow.MatchedValid = true;
        flow.RepeatFloor = long.MinValue;
        flow.Sent = flow.Primary;
        if (info.Timestamp != 0)
            NoteTimestamp(flow, TcpFrameWriter.Timestamp(frame, in info));
        NoteClosed(flow);
    }

    private void ObserveClient(TcpFlow flow, in FrameInfo info)
    {
        if (info.Has(TcpFlag.Syn))
        {
            // The answer to the guest's own SYN settles the scale; an offer is settled by the guest's answer.
            if (info.Has(TcpFlag.Ack) && flow.Scale < 0 && flow.GuestScale != -2)
                flow.Scale = info.WindowScale >= 0 && flow.GuestScale >= 0 ? flow.GuestScale : 0;
        }
        if (info.Has(TcpFlag.Fin))
            flow.ClientFinSeen = true;
        // Only a hint for the flow table: the guest may find the reset out of its window.
        if (info.Has(TcpFlag.Rst))
            flow.Closed = true;
        else
            NoteClosed(flow);
    }

    private static void NoteClosed(TcpFlow flow)
    {
        if (flow.ClientFinSeen && flow.PrimaryFin >= 0 && flow.MatchedValid && flow.Matched > flow.PrimaryFin)
            flow.Closed = true;
    }

    private static void UpdatePrimaryAck(TcpFlow flow, in FrameInfo info)
    {
        if (!info.Has(TcpFlag.Ack))
        {
            flow.Primary.Window = info.Window;
            return;
        }
        long ack = flow.UnwrapAck(info.Ack);
        if (Update(ref flow.Primary, ack, in info, flow.Scale))
            flow.AckReference = ack;
    }

    /// <summary>Takes over an acknowledgement and window unless they are older than what is known.</summary>
    private static bool Update(ref AckState state, long ack, in FrameInfo info, int scale)
    {
        if (state.Valid && ack < state.Ack)
            return false;
        state.Valid = true;
        state.Ack = ack;
        state.Window = info.Window;
        // The window of a SYN is not scaled (RFC 7323, 2.2).
        state.Edge = ack + ((long)info.Window << (info.Has(TcpFlag.Syn) || scale < 0 ? 0 : scale));
        return true;
    }

    private void StartConnection(TcpFlow flow, in FrameInfo info)
    {
        ControlRecord syn = flow.SecondarySyn;
        RstRecords rst = flow.SecondaryRst;
        if (flow.SecondaryAckIndex != 0)
            _window.Release(flow.SecondaryAckIndex);
        if (flow.SecondaryFinIndex != 0)
            _window.Release(flow.SecondaryFinIndex);
        ForgetStreams(flow);
        flow.ResetConnection();
        flow.SecondarySyn = syn;
        flow.SecondaryRst = rst;
        flow.SnapshotSerial = _takenPending ? _takenSerial : 0;
        flow.Isn = flow.UnwrapSeq(info.Seq);
        flow.Matched = flow.RepeatFloor = flow.Isn;
        flow.MatchedValid = true;
        flow.PrimaryTop = flow.Isn + 1;
        flow.GuestScale = info.WindowScale;
        // An answer without the option, or with it, settles the scale; an offer with it does not yet.
        if (info.WindowScale < 0)
            flow.Scale = 0;
        else if (info.Has(TcpFlag.Ack))
            flow.Scale = info.WindowScale;
    }

    private void PrimarySyn(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (flow.Isn >= 0 && (uint)flow.Isn == info.Seq)
        {
            UpdatePrimaryAck(flow, in info);
            if (!flow.SynMatched)
            {
                _statistics.RepeatsDropped++;
            }
            else if (MatchesNow && !flow.Diverged)
            {
                EmitPatched(flow, frame, in info, info.Seq);
            }
            else
            {
                HeldFrame repeat = Hold(flow, frame, in info, HeldKind.Syn);
                repeat.Start = flow.Isn;
                repeat.End = flow.Isn + 1;
            }
            Progress(flow);
            return;
        }
        if (!flow.Held.IsEmpty || !flow.SecondaryData.IsEmpty)
        {
            MakeStuck(flow, DivergenceCause.Reuse);
            Hold(flow, frame, in info, HeldKind.Whole);
            UpdateWait(flow);
            return;
        }
        StartConnection(flow, in info);
        UpdatePrimaryAck(flow, in info);
        HeldFrame held = Hold(flow, frame, in info, HeldKind.Syn);
        held.Start = flow.Isn;
        held.End = flow.Isn + 1 + info.PayloadLength;
        AddPrimaryData(flow, held, flow.Isn + 1, held.End);
        flow.PrimaryTop = held.End;
        if (MatchesNow && flow.SecondarySyn.Present)
            MatchSyn(flow);
        Progress(flow);
    }

    private void PrimaryPureAck(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info, bool repeatsAck)
    {
        long ack = info.Has(TcpFlag.Ack) ? flow.UnwrapAck(info.Ack) : 0;
        bool leaves = MatchesNow && !flow.Diverged && info.Has(TcpFlag.Ack) && flow.Secondary.Valid
            && ack <= flow.Secondary.Ack && SynDone(flow);
        if (info.Payload > HeaderBytes.Capacity && !(leaves && info.SackBlocks == 0))
        {
            // Longer headers than any honest stack sends: too long to make an acknowledgement from later.
            Hold(flow, frame, in info, HeldKind.Whole);
            Progress(flow);
            return;
        }
        bool agreed = info.SackBlocks == 0 || SackAgrees(flow, frame, in info);
        if (leaves && agreed)
        {
            flow.SackOwed = false;
            // Data before it may still be held: in front of that, the acknowledgement would lie beyond what the
            // client expects.
            uint seq = info.Seq;
            if (flow.MatchedValid && (int)(seq - (uint)flow.Matched) > 0)
                seq = (uint)flow.Matched;
            _statistics.Matched++;
            EmitPatched(flow, frame, in info, seq);
        }
        else
        {
            KeepTemplate(flow, frame, in info);
            if (leaves)
            {
                flow.SackOwed = true;
            }
            else
            {
                if (!flow.AckOwed || !repeatsAck)
                    flow.DuplicatesOwed = 0;
                else if (flow.DuplicatesOwed < 3)
                    flow.DuplicatesOwed++;
                flow.AckOwed = true;
                flow.AckOwedAt = ack;
                flow.SackOwed = info.SackBlocks != 0;
            }
        }
        Progress(flow);
    }

    private void PrimaryData(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info, long start)
    {
        bool fin = info.Has(TcpFlag.Fin);
        long dataEnd = start + info.PayloadLength, end = dataEnd + (fin ? 1 : 0);
        bool finKnown = flow.PrimaryFin >= 0;
        if (fin && finKnown ? flow.PrimaryFin != dataEnd : finKnown && end > flow.PrimaryFin + 1)
        {
            // A second FIN elsewhere, or data behind the FIN.
            MakeStuck(flow, DivergenceCause.Fin);
            Hold(flow, frame, in info, HeldKind.Whole);
            UpdateWait(flow);
            return;
        }
        if (!flow.MatchedValid)
        {
            // Nothing is known of the flow, so neither side has sent in it since both were equal.
            flow.MatchedValid = true;
            flow.Matched = start;
            flow.PrimaryTop = start;
            flow.RepeatFloor = start;
        }
        if (fin && !finKnown)
        {
            flow.PrimaryFin = dataEnd;
            flow.PrimaryFinEpoch = _epoch;
        }
        if (end > flow.PrimaryTop)
        {
            flow.PrimaryTop = end;
            flow.SeqReference = end;
        }
        if (start < flow.RepeatFloor)
        {
            // It claims to repeat what nobody has seen: only a checkpoint vouches for it.
            Hold(flow, frame, in info, HeldKind.Whole);
            UpdateWait(flow);
            return;
        }
        if (MatchesNow && !flow.Diverged)
        {
            bool urgent = info.Has(TcpFlag.Urg) && end > flow.Matched;
            if (flow.Held.IsEmpty && start <= flow.Matched && end > flow.Matched && !urgent)
            {
                MatchDirect(flow, frame[info.Payload..info.End], start, ref flow.SecondaryData);
                if (!flow.Diverged)
                    Advance(flow);
                if (flow.Matched >= end && !flow.Diverged && SynDone(flow) && View(flow, out _))
                {
                    _statistics.Matched++;
                    _statistics.HoldMicroseconds.Record(0);
                    EmitPatched(flow, frame, in info, info.Seq);
                    Progress(flow);
                    return;
                }
            }
            else if (end <= flow.Matched && SynDone(flow) && View(flow, out _))
            {
                // A repeat of what has left.
                EmitPatched(flow, frame, in info, info.Seq);
                Progress(flow);
                return;
            }
        }
        if (end > flow.Matched && !(fin && !finKnown) && !Lacks(flow, start, dataEnd))
        {
            // A repeat of what is held: that will leave. Its acknowledgement is noted.
            _statistics.RepeatsDropped++;
            KeepTemplate(flow, frame, in info);
            Progress(flow);
            return;
        }
        HeldFrame held = Hold(flow, frame, in info, HeldKind.Data);
        held.Start = start;
        held.End = end;
        AddPrimaryData(flow, held, start, dataEnd);
        KeepTemplate(flow, frame, in info);
        Progress(flow);
    }

    /// <summary>Whether some of [start, end) is neither matched nor held.</summary>
    private static bool Lacks(TcpFlow flow, long start, long end)
    {
        start = Math.Max(start, flow.Matched);
        return start < end && flow.PrimaryData.FindGap(ref start, end, out _, out _);
    }

    private void AddPrimaryData(TcpFlow flow, HeldFrame held, long start, long end)
    {
        byte* payload = held.Buffer + held.Info.Payload;
        long at = Math.Max(start, flow.MatchedValid ? flow.Matched : start);
        while (flow.PrimaryData.FindGap(ref at, end, out long gapEnd, out Segment? after))
        {
            Segment segment = NewSegment();
            segment.Start = at;
            segment.End = gapEnd;
            segment.Data = payload + (at - start);
            segment.Epoch = _epoch;
            segment.SinceNs = _now;
            flow.PrimaryData.Insert(segment, after);
            at = gapEnd;
        }
    }

    private void MakeStuck(TcpFlow flow, DivergenceCause cause)
    {
        flow.Stuck = true;
        Diverge(flow, cause, -1, 0, 0);
    }
}
