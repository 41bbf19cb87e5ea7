namespace Colo.Proxy;

// Held frames, the list of waiting flows with their deadlines, and what a commit or the loss of the secondary does.
public sealed unsafe partial class OutputComparer
{
    private Flow? _waitHead, _waitTail;
    private bool _earlyLost;

    private HeldFrame Copy(ReadOnlySpan<byte> frame)
    {
        if (!_frames.TryPop(out HeldFrame? held))
            held = new HeldFrame();
        held.Buffer = _pool.Rent(frame.Length, out held.SizeClass);
        held.Offset = 0;
        held.Length = held.Charged = frame.Length;
        held.Split = false;
        held.SinceNs = held.ArrivedNs = _now;
        frame.CopyTo(held.Frame);
        return held;
    }

    private void Recycle(HeldFrame frame)
    {
        _pool.Return(frame.Buffer, frame.SizeClass);
        frame.Buffer = null;
        frame.Flow = null;
        frame.NextInFlow = frame.Previous = frame.Next = null;
        _frames.Push(frame);
    }

    /// <summary>Copies a frame of the primary into its flow's queue.</summary>
    private HeldFrame Hold(Flow flow, ReadOnlySpan<byte> frame, in FrameInfo info, HeldKind kind)
    {
        HeldFrame held = Copy(frame);
        held.Kind = kind;
        held.Epoch = _epoch;
        held.Info = info;
        held.Flow = flow;
        held.Start = held.End = 0;
        held.GsoType = frame[VirtioNetHeader.GsoType];
        held.GsoSize = VirtioNetHeader.U16(frame, VirtioNetHeader.GsoSize);
        held.Previous = _heldTail;
        held.Next = null;
        if (_heldTail == null)
            _heldHead = held;
        else
            _heldTail.Next = held;
        _heldTail = held;
        flow.Held.Add(held);
        _statistics.Held++;
        _statistics.HeldBytes += held.Charged;
        return held;
    }

    /// <summary>Takes the first held frame of a flow out of all queues; the caller has released it.</summary>
    private void Dequeue(Flow flow)
    {
        HeldFrame held = flow.Held.Take();
        if (held.Previous == null)
            _heldHead = held.Next;
        else
            held.Previous.Next = held.Next;
        if (held.Next == null)
            _heldTail = held.Previous;
        else
            held.Next.Previous = held.Previous;
        _statistics.Held--;
        _statistics.HeldBytes -= held.Charged;
        _statistics.HoldMicroseconds.Record((_now - held.ArrivedNs) / 1000);
        Recycle(held);
    }

    private Segment NewSegment() => _segments.TryPop(out Segment? segment) ? segment : new Segment();

    private void Free(Segment segment)
    {
        if (segment.Owned != null)
        {
            _pool.Return(segment.Owned, segment.SizeClass);
            _statistics.SecondaryBytes -= segment.Charged;
            segment.Owned = null;
        }
        segment.Data = null;
        segment.Next = null;
        _segments.Push(segment);
    }

    private void KeepEarly(ulong index, SecondaryFrameFlags flags, ReadOnlySpan<byte> frame)
    {
        if (_earlyLost || frame.Length > BufferPool.MaxLength
            || _statistics.SecondaryBytes + frame.Length > _options.MaxSecondaryBytes)
        {
            _earlyLost = true;
            return;
        }
        HeldFrame held = Copy(frame);
        held.Index = index;
        held.Flags = flags;
        _statistics.SecondaryBytes += held.Charged;
        _early.Add(held);
    }

    private void DropEarly()
    {
        while (!_early.IsEmpty)
        {
            HeldFrame frame = _early.Take();
            _statistics.SecondaryBytes -= frame.Charged;
            Recycle(frame);
        }
        _earlyLost = false;
    }

    private long DeadlineOf(long since) => since > long.MaxValue - _timeoutNs ? long.MaxValue : since + _timeoutNs;

    /// <summary>Whether the flow must be looked at by the next commit.</summary>
    private static bool Outstanding(Flow flow)
    {
        if (!flow.Held.IsEmpty || flow.Diverged || flow.Stuck)
            return true;
        return flow switch
        {
            TcpFlow tcp => TcpOutstanding(tcp),
            DatagramFlow datagram => !datagram.Secondary.IsEmpty,
            _ => false,
        };
    }

    /// <summary>Since when the flow has waited for a counterpart; <see cref="long.MaxValue"/> when for none.</summary>
    private long WaitsSince(Flow flow, out DivergenceCause cause)
    {
        cause = DivergenceCause.Timeout;
        long since = long.MaxValue;
        if (flow.Held.Head is { } head && (!_synced || head.Epoch <= _secondaryEpoch))
            since = head.SinceNs;
        if (flow is TcpFlow tcp)
            since = TcpWaitsSince(tcp, since, ref cause);
        else if (((DatagramFlow)flow).Secondary.Head is { } secondary)
            since = Math.Min(since, secondary.SinceNs);
        return since == long.MaxValue ? since : Math.Max(since, _lastCommitNs);
    }

    private void UpdateWait(Flow flow)
    {
        if (!_protected || !Outstanding(flow))
        {
            if (flow.Waiting)
                RemoveWaiting(flow);
            return;
        }
        long since = WaitsSince(flow, out _);
        if (!flow.Waiting || since < flow.WaitKeyNs)
            Reposition(flow, since);
    }

    private void Reposition(Flow flow, long since)
    {
        if (flow.Waiting)
            RemoveWaiting(flow);
        flow.Waiting = true;
        flow.WaitKeyNs = since;
        Flow? after = _waitTail;
        while (after != null && after.WaitKeyNs > since)
            after = after.WaitPrevious;
        flow.WaitPrevious = after;
        flow.WaitNext = after == null ? _waitHead : after.WaitNext;
        if (flow.WaitNext == null)
            _waitTail = flow;
        else
            flow.WaitNext.WaitPrevious = flow;
        if (after == null)
            _waitHead = flow;
        else
            after.WaitNext = flow;
    }

    private void RemoveWaiting(Flow flow)
    {
        if (flow.WaitPrevious == null)
            _waitHead = flow.WaitNext;
        else
            flow.WaitPrevious.WaitNext = flow.WaitNext;
        if (flow.WaitNext == null)
            _waitTail = flow.WaitPrevious;
        else
            flow.WaitNext.WaitPrevious = flow.WaitPrevious;
        flow.WaitPrevious = flow.WaitNext = null;
        flow.Waiting = false;
    }

    /// <summary>Goes on with every flow that waited, building the list anew.</summary>
    private void ForEachWaiting(bool afterCommit)
    {
        Flow? flow = _waitHead;
        _waitHead = _waitTail = null;
        while (flow != null)
        {
            Flow? next = flow.WaitNext;
            flow.WaitPrevious = flow.WaitNext = null;
            flow.Waiting = false;
            if (flow.Stuck)
                Unstick(flow);
            if (afterCommit && flow is DatagramFlow datagram)
                DrainDatagrams(datagram);
            if (flow is TcpFlow tcp)
                Progress(tcp);
            else
                UpdateWait(flow);
            flow = next;
        }
    }

    /// <summary>A flow whose frames could not be placed starts anew once none is left; else it needs another checkpoint.</summary>
    private void Unstick(Flow flow)
    {
        if (!flow.Held.IsEmpty)
        {
            flow.Diverged = true;
            Request(CheckpointReason.Divergence);
            return;
        }
        flow.Stuck = false;
        if (flow is TcpFlow tcp)
        {
            ForgetStreams(tcp);
            tcp.ResetConnection();
        }
    }

    /// <summary>Brings a flow to the newest commit, if that happened while it was idle.</summary>
    private void SyncFlow(Flow flow)
    {
        if (flow.CommitSerial == _commitSerial)
            return;
        flow.CommitSerial = _commitSerial;
        flow.Diverged = false;
        if (flow is TcpFlow tcp)
        {
            SyncTcp(tcp);
            return;
        }
        var datagram = (DatagramFlow)flow;
        datagram.HasFragmentIds = false;
        while (!datagram.Secondary.IsEmpty)
            FreeSecondary(datagram.Secondary.Take());
    }

    private void FreeSecondary(HeldFrame frame)
    {
        _statistics.SecondaryBytes -= frame.Charged;
        Recycle(frame);
    }

    /// <summary>Releases the oldest held frame because a checkpoint covers it, or nobody is left to compare with.</summary>
    private void ReleaseCommitted(HeldFrame held)
    {
        Flow flow = held.Flow!;
        if (flow is TcpFlow tcp && held.Kind != HeldKind.Whole)
            ReleaseTcpCommitted(tcp, held);
        else
            Emit(held.Frame[..held.Info.End]);
        Dequeue(flow);
    }

    private void ReleaseEverything()
    {
        _commitSerial++;
        for (Flow? flow = _waitHead; flow != null; flow = flow.WaitNext)
            SyncFlow(flow);
        while (_heldHead != null)
            ReleaseCommitted(_heldHead);
        ForEachWaiting(afterCommit: false);
    }

    /// <summary>
    /// Shows what is held from before the checkpoint under way, in order: output that its acknowledgement will release. A part
    /// of a frame whose beginning has left already is not shown; the guest's TCP repeats it where it has to.
    /// </summary>
    /// <param name="show">Called for each frame; the span is valid during the call only.</param>
    public void ShowHeldForCommit(Action<ReadOnlySpan<byte>> show)
    {
        for (HeldFrame? held = _heldHead; held != null && held.Epoch < _epoch; held = held.Next)
        {
            if (!held.Split)
                show(held.Frame);
        }
    }
}
