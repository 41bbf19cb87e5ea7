namespace Colo.Proxy;

// TCP: what comes from the secondary.
public sealed unsafe partial class OutputComparer
{
    private void SecondaryTcp(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info, SecondaryFrameFlags flags, ulong index)
    {
        bool pending = (flags & SecondaryFrameFlags.SequencePending) != 0;
        if (info.Has(TcpFlag.Syn) && info.Has(TcpFlag.Fin | TcpFlag.Rst))
        {
            Diverge(flow, DivergenceCause.Syn, -1, 0, info.TcpFlags);
            _window.Reference(index);
        }
        else if (info.Has(TcpFlag.Rst))
        {
            KeepRst(flow, in info, pending, index);
        }
        else if (info.Has(TcpFlag.Syn))
        {
            SecondarySyn(flow, frame, in info, pending, index);
        }
        else if (pending || flow.SecondarySyn.Present || (flow.Isn >= 0 && !flow.SynMatched))
        {
            // The last words of the connection before: nothing of it is compared any more.
            _statistics.SecondaryDropped++;
        }
        else
        {
            UpdateSecondaryAck(flow, frame, in info, index);
            if (info.Has(TcpFlag.Urg))
                flow.SecondaryUrgent = flow.UnwrapSeq(info.Seq) + ((long)frame[info.L4 + 18] << 8 | frame[info.L4 + 19]);
            if (info.PayloadLength > 0 || info.Has(TcpFlag.Fin))
                SecondaryData(flow, frame, in info, flow.UnwrapSeq(info.Seq), index);
        }
        Progress(flow);
    }

    private void UpdateSecondaryAck(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info, ulong index)
    {
        if (!info.Has(TcpFlag.Ack))
            return;
        long ack = flow.UnwrapAck(info.Ack);
        bool progress = !flow.Secondary.Valid || ack > flow.Secondary.Ack;
        if (!Update(ref flow.Secondary, ack, in info, flow.Scale))
            return;
        if (progress)
        {
            flow.AckBehindSinceNs = -1;
            if (flow.SecondaryAckIndex == 0 && (!flow.Sent.Valid || ack > flow.Sent.Ack))
            {
                flow.SecondaryAckIndex = index;
                _window.Reference(index);
            }
            int kept = 0;
            for (int i = 0; i < flow.SecondarySackCount; i++)
            {
                if (flow.SecondarySack[i].Right > ack)
                    flow.SecondarySack[kept++] = flow.SecondarySack[i];
            }
            flow.SecondarySackCount = kept;
        }
        if (info.SackBlocks > 0 && AddSecondarySack(flow, frame, in info) && flow.SackOwed && !flow.AckOwed)
            EmitOwedSack(flow);
    }

    private void SecondaryData(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info, long start, ulong index)
    {
        bool fin = info.Has(TcpFlag.Fin);
        long dataEnd = start + info.PayloadLength;
        if (fin)
        {
            if (flow.SecondaryFin >= 0 && flow.SecondaryFin != dataEnd)
            {
                Diverge(flow, DivergenceCause.Fin, -1, (ulong)flow.SecondaryFin, (ulong)dataEnd);
                _window.Reference(index);
                return;
            }
            if (flow.SecondaryFin < 0)
            {
                flow.SecondaryFin = dataEnd;
                flow.SecondaryFinSinceNs = _now;
                flow.SecondaryFinIndex = 0;
                if (!flow.MatchedValid || dataEnd >= flow.Matched)
                {
                    flow.SecondaryFinIndex = index;
                    _window.Reference(index);
                }
            }
        }
        if (flow.MatchedValid)
        {
            if (dataEnd <= flow.Matched)
                return;
            if (start <= flow.Matched)
                MatchDirect(flow, frame[info.Payload..info.End], start, ref flow.PrimaryData);
            if (flow.Diverged)
            {
                _window.Reference(index);
                return;
            }
        }
        long at = flow.MatchedValid ? Math.Max(start, flow.Matched) : start;
        while (flow.SecondaryData.FindGap(ref at, dataEnd, out long gapEnd, out Segment? after))
        {
            Segment segment = NewSegment();
            int length = (int)(gapEnd - at);
            segment.Owned = segment.Data = _pool.Rent(length, out segment.SizeClass);
            frame.Slice(info.Payload + (int)(at - start), length).CopyTo(new Span<byte>(segment.Data, length));
            segment.Start = at;
            segment.End = gapEnd;
            segment.Charged = length;
            segment.Index = index;
            segment.Epoch = _secondaryEpoch;
            segment.SinceNs = _now;
            _statistics.SecondaryBytes += length;
            _window.Reference(index);
            flow.SecondaryData.Insert(segment, after);
            at = gapEnd;
        }
    }

    private void SecondarySyn(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info, bool pending, ulong index)
    {
        if (flow.Isn >= 0 && flow.SynMatched)
        {
            bool repeat = pending
                ? flow.HasSecondaryRawIsn ? flow.SecondaryRawIsn == info.Seq : (uint)flow.Isn == info.Seq
                : (uint)flow.Isn == info.Seq;
            if (repeat)
            {
                UpdateSecondaryAck(flow, frame, in info, index);
                return;
            }
        }
        ref ControlRecord record = ref flow.SecondarySyn;
        if (record.Present)
        {
            if (record.Seq == info.Seq && record.Pending == pending)
                return;
            _window.Release(record.Index);
        }
        ReadOnlySpan<byte> options = frame[(info.L4 + 20)..info.Payload];
        record = new ControlRecord
        {
            Present = true,
            Pending = pending,
            Flags = info.TcpFlags,
            OptionLength = (byte)options.Length,
            Window = info.Window,
            Seq = info.Seq,
            Ack = info.Ack,
            Index = index,
            SinceNs = _now,
        };
        options.CopyTo(flow.SecondarySynOptions);
        _window.Reference(index);
        if (flow.Isn >= 0 && !flow.SynMatched && flow.Held.Head is { Kind: HeldKind.Syn } head && head.Epoch <= _secondaryEpoch)
        {
            MatchSyn(flow);
            if (flow.SynMatched && info.PayloadLength > 0)
                SecondaryData(flow, frame, in info, flow.Isn + 1, index);
        }
    }

    /// <summary>Compares the held SYN of the primary with the one the secondary has sent.</summary>
    private void MatchSyn(TcpFlow flow)
    {
        const byte compared = TcpFlag.Syn | TcpFlag.Ack | TcpFlag.Ece | TcpFlag.Cwr;
        ref ControlRecord record = ref flow.SecondarySyn;
        HeldFrame held = flow.Held.Head!;
        ref FrameInfo info = ref held.Info;
        ReadOnlySpan<byte> options = held.Frame[(info.L4 + 20)..info.Payload];
        bool agrees = ((record.Flags ^ info.TcpFlags) & compared) == 0
            && (record.Pending || record.Seq == info.Seq)
            && (!info.Has(TcpFlag.Ack) || record.Ack == info.Ack)
            && TcpOptions.Agree(options, ((ReadOnlySpan<byte>)flow.SecondarySynOptions)[..record.OptionLength]);
        if (!agrees)
        {
            Diverge(flow, DivergenceCause.Syn, -1, info.Seq | (ulong)info.TcpFlags << 32, record.Seq | (ulong)record.Flags << 32);
            return;
        }
        flow.SynMatched = true;
        flow.HasSecondaryRawIsn = record.Pending;
        flow.SecondaryRawIsn = record.Seq;
        flow.WindowOfSecondarySyn = record.Window;
        if (info.Has(TcpFlag.Ack))
        {
            flow.Secondary.Valid = true;
            flow.Secondary.Ack = flow.UnwrapAck(record.Ack);
            flow.Secondary.Window = record.Window;
            flow.Secondary.Edge = flow.Secondary.Ack + record.Window;
        }
        _window.Release(record.Index);
        record = default;
        flow.Matched = Math.Max(flow.Matched, flow.Isn + 1);
    }

    private void KeepRst(TcpFlow flow, in FrameInfo info, bool pending, ulong index)
    {
        int free = -1;
        for (int i = 0; i < RstRecords.Count; i++)
        {
            ref ControlRecord record = ref flow.SecondaryRst[i];
            if (!record.Present)
                free = free < 0 ? i : free;
        }
        if (free < 0)
        {
            // More resets than can be told apart: a checkpoint settles them.
            Diverge(flow, DivergenceCause.Rst, -1, 0, info.Seq);
            _window.Reference(index);
            return;
        }
        flow.SecondaryRst[free] = new ControlRecord
        {
            Present = true,
            Pending = pending,
            Flags = info.TcpFlags,
            Window = info.Window,
            Seq = info.Seq,
            Ack = info.Ack,
            Index = index,
            SinceNs = _now,
        };
        _window.Reference(index);
    }

    /// <summary>Looks for the secondary's counterpart of a held RST; a different one instead is a divergence.</summary>
    private bool MatchRst(TcpFlow flow, HeldFrame held, out uint ack, out ushort window)
    {
        ack = held.Info.Ack;
        window = held.Info.Window;
        bool other = false;
        for (int i = 0; i < RstRecords.Count; i++)
        {
            ref ControlRecord record = ref flow.SecondaryRst[i];
            if (!record.Present)
                continue;
            uint seq = record.Pending && flow.HasSecondaryRawIsn && flow.Isn >= 0
                ? record.Seq - flow.SecondaryRawIsn + (uint)flow.Isn
                : record.Seq;
            if (seq != held.Info.Seq || ((record.Flags ^ held.Info.TcpFlags) & TcpFlag.Ack) != 0)
            {
                other = true;
                continue;
            }
            if ((int)(record.Ack - ack) < 0)
                ack = record.Ack;
            window = Math.Min(window, record.Window);
            _window.Release(record.Index);
            record = default;
            return true;
        }
        if (other)
            Diverge(flow, DivergenceCause.Rst, -1, held.Info.Seq, 0);
        return false;
    }

    /// <summary>
    /// Remembers what the secondary's VM has received out of order. Ranges that overlap or touch are joined; when there
    /// are too many, the oldest is forgotten.
    /// </summary>
    private static bool AddSecondarySack(TcpFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        bool grown = false;
        for (int block = info.SackBlocks - 1; block >= 0; block--)
        {
            SackBlock(flow, frame, in info, block, out long left, out long right);
            if (left >= right || right <= flow.Secondary.Ack || right - left > 1 << 30)
                continue;
            bool known = false;
            int kept = 0;
            for (int i = 0; i < flow.SecondarySackCount; i++)
            {
                SackRange range = flow.SecondarySack[i];
                if (range.Left <= left && range.Right >= right)
                    known = true;
                if (range.Right < left || range.Left > right)
                {
                    flow.SecondarySack[kept++] = range;
                    continue;
                }
                left = Math.Min(left, range.Left);
                right = Math.Max(right, range.Right);
            }
            if (kept == SackRanges.Count)
            {
                for (int i = 1; i < kept; i++)
                    flow.SecondarySack[i - 1] = flow.SecondarySack[i];
                kept--;
            }
            flow.SecondarySack[kept] = new SackRange { Left = left, Right = right };
            flow.SecondarySackCount = kept + 1;
            grown |= !known;
        }
        return grown;
    }
}
