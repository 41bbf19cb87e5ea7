namespace Colo.Proxy;

/// <summary>
/// Compares what the primary's and the secondary's VM send and releases what both have produced (docs/invariants,
/// rule 1). Runs on one thread, must not be called from inside its output, and in a steady state allocates nothing.
/// </summary>
/// <remarks>
/// Epochs. Epoch e is the time after checkpoint e. <see cref="CheckpointTaken"/>(e) closes the epoch before: later
/// frames of the primary belong to e and are held, for they rest on a state the secondary does not have yet. Until
/// <see cref="CheckpointCommitted"/>(e) the secondary's VM still runs in the epoch before, and its output may only
/// release output of that epoch: matched against newer output it would vouch for a state that the commit throws away.
/// At the commit everything from before e leaves, and both sides are equal as of the stop.
/// <para>
/// Acknowledgements and windows are state, not frames: what leaves carries the smaller of both sides', a pure
/// acknowledgement that may not leave yet is remembered as owed with its header as a template, and when the secondary
/// catches up the comparer sends it from there.
/// </para>
/// </remarks>
public sealed unsafe partial class OutputComparer : IDisposable
{
    private readonly ComparerOptions _options;
    private readonly IComparerOutput _output;
    private readonly BufferPool _pool = new();
    private readonly FlowTable _table;
    private readonly IndexWindow _window = new();
    private readonly ComparerStatistics _statistics;
    private readonly Stack<HeldFrame> _frames = new();
    private readonly Stack<Segment> _segments = new();
    /// <summary>Frames of flows for which the table has no room; they leave with a commit only.</summary>
    private readonly DatagramFlow _overflow = new();
    private readonly byte* _scratch;
    private readonly byte _scratchClass;
    private readonly long _maxHeldBytes;

    private HeldFrame? _heldHead, _heldTail;
    /// <summary>Frames of the secondary that came before the acknowledgement of their epoch did.</summary>
    private FrameQueue _early;
    private bool _protected, _synced, _takenPending, _requested, _secondaryLost, _disposed;
    private ulong _epoch, _secondaryEpoch;
    private ulong _takenSerial, _committedSerial, _commitSerial;
    private long _timeoutNs, _ackExtraNs, _lastCommitNs = long.MinValue, _now;

    /// <summary>Makes a comparer that is not protected yet.</summary>
    public OutputComparer(ComparerOptions options, IComparerOutput output)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(output);
        _options = options;
        _output = output;
        // One largest frame must always fit, or it could never leave.
        _maxHeldBytes = Math.Max(options.MaxHeldBytes, 2 * BufferPool.MaxLength);
        _table = new FlowTable(options.MaxFlows) { Leaving = OnFlowLeaving };
        _statistics = new ComparerStatistics(options.DivergencesKept);
        _scratch = _pool.Rent(BufferPool.MaxLength, out _scratchClass);
        SetRoundTrip(0);
    }

    /// <summary>Counts; live, not a copy.</summary>
    public ComparerStatistics Statistics => _statistics;

    /// <summary>
    /// All frames of the secondary in the current epoch with an index up to this are consumed; the secondary need not
    /// keep them for a takeover.
    /// </summary>
    public ulong ConfirmedIndex => _window.Confirmed;

    /// <summary>Whether the next <see cref="FromPrimary"/> will take any frame.</summary>
    public bool CanTakePrimary =>
        !_protected || (_statistics.HeldBytes + BufferPool.MaxLength <= _maxHeldBytes && _statistics.Held < _options.MaxHeldFrames);

    /// <summary>Buffers that are out: 0 when nothing is held. For leak tests.</summary>
    internal int RentedBuffers => _pool.Rented - 1;

    internal int WaitingFlows
    {
        get
        {
            int count = 0;
            for (Flow? flow = _waitHead; flow != null; flow = flow.WaitNext)
                count++;
            return count;
        }
    }

    /// <summary>Sets the round-trip time between the nodes, from which the compare time-out follows.</summary>
    /// <param name="roundTripNs">Nanoseconds, smoothed by the caller.</param>
    public void SetRoundTrip(long roundTripNs)
    {
        long wanted = Math.Clamp(roundTripNs, 0, long.MaxValue / 1024) * _options.TimeoutRoundTrips;
        _timeoutNs = Math.Clamp(wanted, _options.TimeoutFloorNs, Math.Max(_options.TimeoutFloorNs, _options.TimeoutCapNs));
        _ackExtraNs = Math.Max(0, _options.AcknowledgementTimeoutNs - _timeoutNs);
    }

    /// <summary>
    /// On: output is held from now, and nothing leaves before the first commit. Off (the secondary is lost, or dismissed):
    /// everything held leaves in order, and later output at once; positions are still tracked.
    /// </summary>
    public void SetProtected(bool on)
    {
        if (on == _protected)
            return;
        _requested = false;
        _secondaryLost = false;
        _takenPending = false;
        _synced = false;
        _window.Reset();
        DropEarly();
        // A new secondary may count from 1 again.
        _epoch = _secondaryEpoch = 0;
        _protected = on;
        if (!on)
            ReleaseEverything();
    }

    /// <summary>Takes a frame of the primary's VM, in wire numbering.</summary>
    /// <param name="frame">virtio-net header and Ethernet frame; copied when it has to be held.</param>
    /// <param name="nowNs">Monotonic time, nanoseconds.</param>
    /// <returns>False when there is no room: nothing happened, a checkpoint is asked for, present the frame again later.</returns>
    public bool FromPrimary(ReadOnlySpan<byte> frame, long nowNs)
    {
        _now = nowNs;
        if (frame.Length > BufferPool.MaxLength || !FrameParser.Parse(frame, out FrameInfo info))
        {
            _statistics.Malformed++;
            return true;
        }
        if (_protected)
        {
            long bytes = _statistics.HeldBytes + frame.Length;
            if (bytes > _maxHeldBytes || _statistics.Held >= _options.MaxHeldFrames)
            {
                Request(CheckpointReason.Queue);
                return false;
            }
            if (bytes > _maxHeldBytes / 2 || _statistics.Held >= _options.MaxHeldFrames / 2)
                Request(CheckpointReason.Queue);
        }
        FlowKey key = FrameParser.Key(frame, in info, fromGuest: true);
        Flow? flow = FindOrAdd(in key);
        if (flow == null)
        {
            // While some wait there, newcomers do too: one flow's frames must not overtake each other.
            _overflow.Stuck = true;
            Hold(_overflow, frame, in info, HeldKind.Whole);
            Diverge(_overflow, DivergenceCause.Table, -1, 0, 0, CheckpointReason.Queue);
            UpdateWait(_overflow);
            return true;
        }
        SyncFlow(flow);
        if (flow is TcpFlow tcp)
        {
            PrimaryTcp(tcp, frame, in info);
        }
        else if (!_protected)
        {
            Emit(frame);
        }
        else
        {
            PrimaryDatagram((DatagramFlow)flow, frame, in info);
        }
        _table.Touch(flow);
        return true;
    }

    /// <summary>Takes a frame of the secondary's VM.</summary>
    /// <param name="epoch">The epoch it was produced in; frames of another than the secondary's are dropped.</param>
    /// <param name="index">Counts up from 1 in an epoch, without gaps.</param>
    /// <param name="flags">Whether the numbering is the guest's own.</param>
    /// <param name="frame">virtio-net header and Ethernet frame.</param>
    /// <param name="nowNs">Monotonic time, nanoseconds.</param>
    public void FromSecondary(ulong epoch, ulong index, SecondaryFrameFlags flags, ReadOnlySpan<byte> frame, long nowNs)
    {
        _now = nowNs;
        if (_protected && _takenPending && epoch == _epoch)
        {
            KeepEarly(index, flags, frame);
            return;
        }
        if (!_protected || !_synced || epoch != _secondaryEpoch || _secondaryLost)
        {
            _statistics.SecondaryDropped++;
            return;
        }
        Secondary(index, flags, frame);
    }

    /// <summary>Observes a frame towards the guest: window scale, end of a connection.</summary>
    public void FromClient(ReadOnlySpan<byte> frame, long nowNs)
    {
        _now = nowNs;
        if (frame.Length > BufferPool.MaxLength || !FrameParser.Parse(frame, out FrameInfo info) || info.Kind != FrameKind.Tcp)
            return;
        if (!info.Has(TcpFlag.Syn | TcpFlag.Fin | TcpFlag.Rst))
            return;
        FlowKey key = FrameParser.Key(frame, in info, fromGuest: false);
        if (_table.Find(in key) is TcpFlow flow)
            ObserveClient(flow, in info);
    }

    /// <summary>The primary's VM has stopped for a checkpoint: its output from here on belongs to <paramref name="epoch"/>.</summary>
    /// <param name="epoch">At least 1, and greater than the one before under the same secondary.</param>
    /// <param name="nowNs">Monotonic time, nanoseconds.</param>
    /// <exception cref="InvalidOperationException">The checkpoint before is not committed yet.</exception>
    public void CheckpointTaken(ulong epoch, long nowNs)
    {
        _now = nowNs;
        if (!_protected)
        {
            _epoch = epoch;
            return;
        }
        if (_takenPending)
            throw new InvalidOperationException($"checkpoint {epoch} taken while {_epoch} is not committed");
        _takenPending = true;
        _takenSerial++;
        _epoch = epoch;
        _requested = false;
    }

    /// <summary>
    /// The secondary has acknowledged the checkpoint: all output from before it leaves, in order; its VM is now equal to
    /// the primary's as of the stop.
    /// </summary>
    public void CheckpointCommitted(ulong epoch, long nowNs)
    {
        _now = nowNs;
        if (!_protected || !_takenPending || epoch != _epoch)
            return;
        _takenPending = false;
        _synced = true;
        _secondaryLost = false;
        _secondaryEpoch = epoch;
        _committedSerial = _takenSerial;
        _commitSerial++;
        _lastCommitNs = nowNs;
        _window.Reset();
        for (Flow? flow = _waitHead; flow != null; flow = flow.WaitNext)
            SyncFlow(flow);
        while (_heldHead != null && _heldHead.Epoch < epoch)
            ReleaseCommitted(_heldHead);
        ForEachWaiting(afterCommit: true);
        FrameQueue early = _early;
        _early = default;
        while (!early.IsEmpty)
        {
            HeldFrame frame = early.Take();
            _statistics.SecondaryBytes -= frame.Charged;
            if (!_secondaryLost)
                Secondary(frame.Index, frame.Flags, frame.Frame);
            Recycle(frame);
        }
        if (_earlyLost)
            LoseSecondary();
        _earlyLost = false;
        if (_statistics.HeldBytes > _maxHeldBytes / 2 || _statistics.Held >= _options.MaxHeldFrames / 2)
            Request(CheckpointReason.Queue);
    }

    /// <summary>When <see cref="OnTimer"/> wants to be called, monotonic nanoseconds; <see cref="long.MaxValue"/> for never.</summary>
    public long NextDeadlineNs =>
        !_synced || _takenPending || _requested || _waitHead == null ? long.MaxValue : DeadlineOf(_waitHead.WaitKeyNs);

    /// <summary>Asks for a checkpoint if output has waited too long for its counterpart.</summary>
    public void OnTimer(long nowNs)
    {
        _now = nowNs;
        while (NextDeadlineNs <= nowNs)
        {
            Flow flow = _waitHead!;
            long since = WaitsSince(flow, out DivergenceCause cause);
            if (since == long.MaxValue || DeadlineOf(since) > nowNs)
            {
                Reposition(flow, since);
                continue;
            }
            _statistics.TimedOut++;
            flow.Divergences++;
            _statistics.Record(new DivergenceRecord(flow.Key, cause, -1, 0, 0, nowNs));
            Request(CheckpointReason.Divergence);
        }
    }

    /// <summary>The flows that matter most: those with the most held bytes, then those that diverged most often.</summary>
    /// <param name="most">How many at most.</param>
    /// <param name="nowNs">Monotonic time, nanoseconds.</param>
    /// <remarks>Looks at every flow and every held frame: for somebody who asks once a second, not for each frame.</remarks>
    public IReadOnlyList<FlowFigures> TopFlows(int most, long nowNs)
    {
        var flows = new PriorityQueue<FlowFigures, (long Bytes, long Divergences)>();
        foreach (Flow flow in _table.All())
        {
            int held = 0;
            long bytes = 0;
            for (HeldFrame? frame = flow.Held.Head; frame != null; frame = frame.NextInFlow)
            {
                held++;
                bytes += frame.Charged;
            }
            long since = flow.Held.Head is { } oldest ? Math.Max(0, nowNs - oldest.ArrivedNs) : 0;
            var figures = new FlowFigures(flow.Key, held, bytes, since, flow.Divergences);
            if (flows.Count < most)
                flows.Enqueue(figures, (bytes, flow.Divergences));
            else if (most > 0)
                flows.EnqueueDequeue(figures, (bytes, flow.Divergences));
        }
        var sorted = new FlowFigures[flows.Count];
        for (int i = sorted.Length - 1; i >= 0; i--)
            sorted[i] = flows.Dequeue();
        return sorted;
    }

    /// <summary>Frees all memory; what is held is lost.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _pool.Dispose();
    }

    private void Secondary(ulong index, SecondaryFrameFlags flags, ReadOnlySpan<byte> frame)
    {
        if (index != _window.Newest + 1)
        {
            _statistics.SecondaryDropped++;
            // A gap: output is missing that can never be compared.
            if (index > _window.Newest)
                LoseSecondary();
            return;
        }
        if (!_window.HasRoom || _statistics.SecondaryBytes + frame.Length > _options.MaxSecondaryBytes)
        {
            LoseSecondary();
            return;
        }
        _window.Advance();
        if (frame.Length > BufferPool.MaxLength || !FrameParser.Parse(frame, out FrameInfo info))
        {
            _statistics.Malformed++;
            return;
        }
        FlowKey key = FrameParser.Key(frame, in info, fromGuest: true);
        Flow? flow = FindOrAdd(in key);
        if (flow == null)
        {
            _window.Reference(index);
            Request(CheckpointReason.Queue);
            return;
        }
        SyncFlow(flow);
        if (flow.Diverged || flow.Stuck)
        {
            _window.Reference(index);
            return;
        }
        if (flow is TcpFlow tcp)
            SecondaryTcp(tcp, frame, in info, flags, index);
        else
            SecondaryDatagram((DatagramFlow)flow, frame, in info, index);
        _table.Touch(flow);
    }

    /// <summary>The secondary's output can no longer be followed: only a checkpoint releases from here.</summary>
    private void LoseSecondary()
    {
        _secondaryLost = true;
        Request(CheckpointReason.Queue);
    }

    private Flow? FindOrAdd(in FlowKey key)
    {
        Flow? flow = _table.Find(in key);
        if (flow != null || !_overflow.Held.IsEmpty)
            return flow;
        flow = _table.Add(in key, out bool evicted);
        if (evicted)
            _statistics.Evicted++;
        _statistics.Flows = _table.Count;
        if (flow == null)
            return null;
        flow.CommitSerial = _commitSerial;
        // It did not exist at the stop: the state as of then is "unknown", not what the next frames bring.
        if (flow is TcpFlow tcp)
            tcp.SnapshotSerial = _takenPending ? _takenSerial : 0;
        return flow;
    }

    private void OnFlowLeaving(Flow flow)
    {
        if (flow is TcpFlow tcp)
            ForgetSecondary(tcp, release: flow.CommitSerial == _commitSerial);
    }

    private void Request(CheckpointReason reason)
    {
        // A checkpoint under way answers whatever is asked before its commit; what remains is found again after it.
        if (_requested || _takenPending)
            return;
        _requested = true;
        _output.RequestCheckpoint(reason);
    }

    private void Diverge(Flow flow, DivergenceCause cause, long offset, ulong primary, ulong secondary,
        CheckpointReason reason = CheckpointReason.Divergence)
    {
        if (!flow.Diverged)
        {
            flow.Diverged = true;
            _statistics.Diverged++;
            flow.Divergences++;
            _statistics.Record(new DivergenceRecord(flow.Key, cause, offset, primary, secondary, _now));
        }
        Request(reason);
    }

    private void Emit(ReadOnlySpan<byte> frame)
    {
        _statistics.Released++;
        _output.Release(frame);
    }
}
