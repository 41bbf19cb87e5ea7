using System.Buffers.Binary;

namespace Colo.Proxy;

/// <summary>What to do with a frame of the guest after <see cref="SequenceRewriter.FromGuest"/>.</summary>
public enum RewriteAction
{
    /// <summary>The frame is in wire numbering.</summary>
    Send,
    /// <summary>
    /// A SYN, SYN-ACK or RST of a connection whose wire numbering is not known: to the comparer with
    /// <see cref="SecondaryFrameFlags.SequencePending"/>, unchanged.
    /// </summary>
    SendPending,
    /// <summary>Must not leave: nothing could be told about its numbers. The guest's TCP will send it again.</summary>
    Withhold,
}

/// <summary>The outcome of rewriting a frame of the guest.</summary>
/// <param name="Action">What to do with it.</param>
/// <param name="IsSyn">Whether it is a SYN or SYN-ACK: the primary tells the secondary the values that follow.</param>
/// <param name="Flow">The flow of the SYN.</param>
/// <param name="WireIsn">Its sequence number on the wire.</param>
/// <param name="HasTimestamp">Whether it carries a timestamp.</param>
/// <param name="WireTimestamp">Its TSval on the wire.</param>
public readonly record struct RewriteResult(RewriteAction Action, bool IsSyn, FlowKey Flow, uint WireIsn, bool HasTimestamp, uint WireTimestamp);

/// <summary>
/// Translates between the guest's TCP numbering and the wire's: sequence numbers and timestamps of what the guest
/// sends, acknowledgements, SACK blocks and echoed timestamps of what it gets.
/// </summary>
/// <remarks>
/// The wire's numbering is that of the guest which was primary when the connection opened. A secondary's VM that opens
/// or answers it in the same epoch draws other initial numbers; the primary tells the wire's
/// (<see cref="LearnWireIsn"/>), and the difference is this connection's offset. With the next checkpoint the VM becomes
/// a copy of the primary's and the primary's table, carried in it, replaces this one (<see cref="Load"/>).
/// </remarks>
public sealed class SequenceRewriter
{
    /// <summary>A timestamp clock ticks at most once a millisecond (RFC 7323, 5.4), and a stall is not older than this.</summary>
    private const uint TimestampSlack = 1000;
    /// <summary>Closed connections keep their offsets for late retransmissions.</summary>
    private const long ClosedLingerNs = 120_000_000_000;

    private readonly RewriterTable _table;

    /// <summary>Makes an empty rewriter.</summary>
    /// <param name="live">Whether what the guest sends goes to the wire (primary, standalone) or for comparison.</param>
    /// <param name="capacity">Most connections kept.</param>
    public SequenceRewriter(bool live, int capacity = 65536)
    {
        IsLive = live;
        _table = new RewriterTable(capacity);
    }

    /// <summary>Whether the guest is the one the world talks to.</summary>
    public bool IsLive { get; private set; }

    /// <summary>Connections in the table.</summary>
    public int Count => _table.Count;

    /// <summary>Connections that had no room in the table: they would break at a takeover.</summary>
    public long Refused { get; private set; }

    /// <summary>Bytes that <see cref="Save"/> writes now.</summary>
    public int SaveSize
    {
        get
        {
            int count = 0;
            for (RewriterFlow? flow = _table.Oldest; flow != null; flow = flow.LruNext)
                count += Saved(flow) ? 1 : 0;
            return RewriterRecord.SizeOf(count);
        }
    }

    /// <summary>Translates a frame of the guest to wire numbering, in place.</summary>
    public RewriteResult FromGuest(Span<byte> frame, long nowNs)
    {
        if (!FrameParser.Parse(frame, out FrameInfo info) || info.Kind != FrameKind.Tcp)
            return default;
        bool syn = info.Has(TcpFlag.Syn) && !info.Has(TcpFlag.Rst);
        if (!syn && _table.Count == 0)
            return default;
        FlowKey key = FrameParser.Key(frame, in info, fromGuest: true);
        RewriterFlow? flow = _table.Find(in key);
        if (syn)
            flow = GuestSyn(flow, in key, frame, in info, nowNs);
        if (flow == null)
            return syn ? Result(RewriteAction.Send, frame, in info, in key) : default;
        Use(flow, nowNs);
        if (flow.Pending)
        {
            // Live there is nobody to compare with: the raw SYN goes out, and the client's answer tells the number.
            return syn || info.Has(TcpFlag.Rst)
                ? Result(IsLive ? RewriteAction.Send : RewriteAction.SendPending, frame, in info, in key)
                : new RewriteResult(RewriteAction.Withhold, false, default, 0, false, 0);
        }
        flow.GuestFin |= info.Has(TcpFlag.Fin);
        flow.Reset |= info.Has(TcpFlag.Rst);
        uint timestampDelta = 0;
        if (info.Timestamp != 0)
            timestampDelta = GuestTimestamp(flow, TcpFrameWriter.Timestamp(frame, in info));
        if (flow.Delta != 0 || timestampDelta != 0)
        {
            ushort before = TcpFrameWriter.BeginChange(frame, in info);
            info.Seq += flow.Delta;
            TcpFrameWriter.SetSeq(frame, in info, info.Seq);
            if (timestampDelta != 0)
                TcpFrameWriter.SetTimestamp(frame, in info, TcpFrameWriter.Timestamp(frame, in info) + timestampDelta);
            TcpFrameWriter.EndChange(frame, in info, before);
        }
        return syn ? Result(RewriteAction.Send, frame, in info, in key) : default;
    }

    /// <summary>Translates a frame from the wire to the guest's numbering, in place.</summary>
    public void ToGuest(Span<byte> frame, long nowNs)
    {
        if (!FrameParser.Parse(frame, out FrameInfo info))
            return;
        if (info.Kind == FrameKind.Icmp)
        {
            IcmpError(frame, in info);
            return;
        }
        if (info.Kind != FrameKind.Tcp || (IsLive && _table.Count == 0))
            return;
        FlowKey key = FrameParser.Key(frame, in info, fromGuest: false);
        RewriterFlow? flow = _table.Find(in key);
        if (flow == null)
        {
            // Not live, every connection's echoes are watched: a takeover must go on above them.
            if (IsLive || info.Timestamp == 0 || !info.Has(TcpFlag.Ack) || info.Has(TcpFlag.Syn | TcpFlag.Rst))
                return;
            flow = Add(in key);
            if (flow == null)
                return;
        }
        Use(flow, nowNs);
        flow.ClientFin |= info.Has(TcpFlag.Fin);
        flow.Reset |= info.Has(TcpFlag.Rst);
        if (!info.Has(TcpFlag.Ack))
            return;
        // The message with the wire's number died with the primary: the client's first acknowledgement tells it.
        if (flow.Pending && !info.Has(TcpFlag.Rst))
            Resolve(flow, info.Ack - 1, null);
        if (flow.Pending)
            return;
        uint echo = 0;
        if (info.Timestamp != 0 && !info.Has(TcpFlag.Rst))
        {
            echo = BinaryPrimitives.ReadUInt32BigEndian(frame[(info.Timestamp + 4)..]);
            NoteEcho(flow, echo, nowNs);
        }
        uint guestEcho = echo - flow.TimestampDelta;
        if (flow.TimestampDelta != 0 && flow.HasGuestTimestamp && (int)(guestEcho - flow.GuestTimestamp) > 0)
            guestEcho = flow.GuestTimestamp;
        if (flow.Delta == 0 && guestEcho == echo)
            return;
        ushort before = TcpFrameWriter.BeginChange(frame, in info);
        TcpFrameWriter.SetAck(frame, in info, info.Ack - flow.Delta);
        for (int at = info.Sack; at < info.Sack + info.SackBlocks * 8; at += 4)
        {
            Span<byte> edge = frame[at..];
            BinaryPrimitives.WriteUInt32BigEndian(edge, BinaryPrimitives.ReadUInt32BigEndian(edge) - flow.Delta);
        }
        if (info.Timestamp != 0 && !info.Has(TcpFlag.Rst))
            BinaryPrimitives.WriteUInt32BigEndian(frame[(info.Timestamp + 4)..], guestEcho);
        TcpFrameWriter.EndChange(frame, in info, before);
    }

    /// <summary>
    /// A frame from the wire that waits for the guest: what the client echoes in it counts from now on, not from when the guest gets
    /// it, because a takeover may come before that.
    /// </summary>
    public void NoteArrival(ReadOnlySpan<byte> frame, long nowNs)
    {
        if (IsLive || !FrameParser.Parse(frame, out FrameInfo info) || info.Kind != FrameKind.Tcp
            || info.Timestamp == 0 || !info.Has(TcpFlag.Ack) || info.Has(TcpFlag.Syn | TcpFlag.Rst))
            return;
        FlowKey key = FrameParser.Key(frame, in info, fromGuest: false);
        if ((_table.Find(in key) ?? Add(in key)) is { Pending: false } flow)
            NoteEcho(flow, BinaryPrimitives.ReadUInt32BigEndian(frame[(info.Timestamp + 4)..]), nowNs);
    }

    /// <summary>
    /// Tells the secondary the wire's initial number of a connection. Must reach the rewriter before any frame of the
    /// client that acknowledges it, and after <see cref="Load"/> when it belongs to the epoch that begins there.
    /// </summary>
    /// <param name="key">The flow of the SYN.</param>
    /// <param name="wireIsn">Its sequence number.</param>
    /// <param name="wireTimestamp">Its TSval.</param>
    /// <param name="hasTimestamp">Whether it carries one.</param>
    /// <param name="nowNs">The time.</param>
    public void LearnWireIsn(in FlowKey key, uint wireIsn, uint wireTimestamp, bool hasTimestamp, long nowNs)
    {
        if (key.Kind != FrameKind.Tcp)
            return;
        RewriterFlow? flow = _table.Find(in key) ?? Add(in key);
        if (flow == null)
            return;
        // The client need not have answered: what was on the wire already is what a takeover has to go on above. Of this
        // connection: what was echoed on the same ports before may be of another life of the guest.
        if (hasTimestamp)
            (flow.HasEcho, flow.Echo, flow.EchoNs) = (true, wireTimestamp, nowNs);
        if (flow.Pending)
        {
            Resolve(flow, wireIsn, hasTimestamp ? wireTimestamp : null);
            return;
        }
        // The primary repeats its SYN.
        if (flow.HasWireIsn && flow.WireIsn == wireIsn)
            return;
        flow.HasNext = true;
        flow.NextWireIsn = wireIsn;
        flow.NextHasTimestamp = hasTimestamp;
        flow.NextWireTimestamp = wireTimestamp;
        flow.NextNs = nowNs;
    }

    /// <summary>
    /// Takeover: from now on what the guest sends goes to the wire. Timestamps of each connection go on above the newest
    /// the client has echoed, plus what the dead primary may have sent since.
    /// </summary>
    /// <param name="nowNs">The time.</param>
    /// <param name="stallMs">
    /// For how long what the primary had sent may have been on its way here, in milliseconds: what this node got late it has noted late.
    /// </param>
    public void BecomeLive(long nowNs, uint stallMs = 0)
    {
        if (IsLive)
            return;
        IsLive = true;
        for (RewriterFlow? flow = _table.Oldest; flow != null; flow = flow.LruNext)
        {
            if (!flow.HasEcho)
                continue;
            long elapsedMs = Math.Clamp((nowNs - flow.EchoNs) / 1_000_000, 0, 1 << 30);
            flow.HasFloor = true;
            flow.Floor = flow.Echo + (uint)elapsedMs + TimestampSlack + stallMs;
        }
    }

    /// <summary>
    /// Prepares a frame that the guest sent before the takeover, and that was rewritten then, for sending again: its
    /// timestamp is lifted to where the connection goes on, or the client would drop it as old (RFC 7323, 5.3).
    /// </summary>
    public void PrepareReplay(Span<byte> frame)
    {
        if (!FrameParser.Parse(frame, out FrameInfo info) || info.Kind != FrameKind.Tcp || info.Timestamp == 0)
            return;
        FlowKey key = FrameParser.Key(frame, in info, fromGuest: true);
        if (_table.Find(in key) is not { HasFloor: true } flow
            || (int)(TcpFrameWriter.Timestamp(frame, in info) - flow.Floor) >= 0)
            return;
        ushort before = TcpFrameWriter.BeginChange(frame, in info);
        TcpFrameWriter.SetTimestamp(frame, in info, flow.Floor);
        TcpFrameWriter.EndChange(frame, in info, before);
    }

    /// <summary>Writes the offsets of all connections, as part of a checkpoint.</summary>
    /// <param name="destination">At least <see cref="SaveSize"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public int Save(Span<byte> destination)
    {
        int size = SaveSize;
        if (destination.Length < size)
            throw new ArgumentException($"{size} bytes are needed, {destination.Length} given", nameof(destination));
        Span<byte> record = destination[..size];
        int count = 0;
        for (RewriterFlow? flow = _table.Oldest; flow != null; flow = flow.LruNext)
        {
            if (!Saved(flow))
                continue;
            RewriterRecord.WriteEntry(record[(RewriterRecord.HeaderSize + count * RewriterRecord.EntrySize)..], flow);
            count++;
        }
        RewriterRecord.WriteHeader(record, count);
        RewriterRecord.Seal(record);
        return size;
    }

    /// <summary>
    /// Takes over the offsets of a checkpoint: the guest is now a copy of the one that saved them. What clients have
    /// echoed is kept, for the wire stays the same.
    /// </summary>
    /// <exception cref="InvalidDataException">The record is damaged or of an unknown version; nothing was changed.</exception>
    public void Load(ReadOnlySpan<byte> record)
    {
        int count = RewriterRecord.Check(record, _table.Capacity);
        for (RewriterFlow? flow = _table.Oldest; flow != null;)
        {
            RewriterFlow? next = flow.LruNext;
            flow.Delta = flow.TimestampDelta = 0;
            flow.HasGuestIsn = flow.HasGuestSynTimestamp = flow.HasWireIsn = flow.Pending = flow.HasNext = false;
            flow.HasGuestTimestamp = flow.HasFloor = false;
            if (!flow.HasEcho)
                _table.Remove(flow);
            flow = next;
        }
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = RewriterRecord.Entry(record, i);
            if (!FlowKey.TryRead(entry, out FlowKey key))
                continue;
            RewriterFlow? flow = _table.Find(in key) ?? Add(in key);
            if (flow == null)
                continue;
            flow.Delta = BinaryPrimitives.ReadUInt32BigEndian(entry[FlowKey.Size..]);
            flow.TimestampDelta = BinaryPrimitives.ReadUInt32BigEndian(entry[(FlowKey.Size + 4)..]);
        }
    }

    private static bool Saved(RewriterFlow flow) => flow.Delta != 0 || flow.TimestampDelta != 0;

    private static RewriteResult Result(RewriteAction action, ReadOnlySpan<byte> frame, in FrameInfo info, in FlowKey key) =>
        new(action, info.Has(TcpFlag.Syn), key, info.Seq, info.Timestamp != 0, info.Timestamp != 0 ? TcpFrameWriter.Timestamp(frame, in info) : 0);

    private RewriterFlow? GuestSyn(RewriterFlow? flow, in FlowKey key, ReadOnlySpan<byte> frame, in FrameInfo info, long nowNs)
    {
        if (flow is { HasGuestIsn: true } && flow.GuestIsn == info.Seq)
            return flow;
        if (IsLive && flow is not { HasNext: true })
        {
            // A connection of a live guest: its numbers are the wire's. Not so its clock after a takeover: this may be the
            // repeated SYN of a connection that came with the checkpoint, or the client may remember the one before.
            if (flow is { HasFloor: true })
            {
                flow.Reopen();
                return flow;
            }
            if (flow != null)
                _table.Remove(flow);
            return null;
        }
        flow ??= Add(in key);
        if (flow == null)
            return null;
        flow.Restart();
        flow.HasGuestIsn = true;
        flow.GuestIsn = info.Seq;
        flow.HasGuestSynTimestamp = info.Timestamp != 0;
        if (info.Timestamp != 0)
            flow.GuestSynTimestamp = TcpFrameWriter.Timestamp(frame, in info);
        flow.Pending = true;
        if (flow.HasNext)
        {
            // The wire's clock has gone on since that SYN: this guest may answer much later than the other, or repeat what
            // it has from the checkpoint.
            uint elapsedMs = (uint)Math.Clamp((nowNs - flow.NextNs) / 1_000_000, 0, 1 << 30);
            Resolve(flow, flow.NextWireIsn, flow.NextHasTimestamp ? flow.NextWireTimestamp + elapsedMs : null);
        }
        return flow;
    }

    /// <param name="flow">A pending flow.</param>
    /// <param name="wireIsn">The number of its SYN on the wire.</param>
    /// <param name="wireTimestamp">What the wire's clock showed at the guest's SYN, or later.</param>
    private static void Resolve(RewriterFlow flow, uint wireIsn, uint? wireTimestamp)
    {
        flow.Pending = false;
        flow.HasNext = false;
        flow.HasWireIsn = true;
        flow.WireIsn = wireIsn;
        flow.Delta = wireIsn - flow.GuestIsn;
        // The same number: the connection came with the checkpoint, and its clock with it.
        flow.TimestampDelta = wireTimestamp is { } wire && flow.HasGuestSynTimestamp && flow.Delta != 0 ? wire - flow.GuestSynTimestamp : 0;
    }

    /// <summary>Notes the guest's timestamp; returns what to add to it.</summary>
    private uint GuestTimestamp(RewriterFlow flow, uint value)
    {
        if (!flow.HasGuestTimestamp || (int)(value - flow.GuestTimestamp) > 0)
        {
            flow.HasGuestTimestamp = true;
            flow.GuestTimestamp = value;
        }
        if (IsLive && flow.HasFloor)
        {
            uint wire = value + flow.TimestampDelta;
            if ((int)(wire - flow.Floor) < 0)
                flow.TimestampDelta += flow.Floor - wire;
            else
                flow.HasFloor = (int)(wire - flow.Floor) < 1 << 24;
        }
        return flow.TimestampDelta;
    }

    private static void NoteEcho(RewriterFlow flow, uint echo, long nowNs)
    {
        // Of one value the first time counts: the primary's clock has gone on since it sent that.
        if (flow.HasEcho && (int)(echo - flow.Echo) <= 0)
            return;
        flow.HasEcho = true;
        flow.Echo = echo;
        flow.EchoNs = nowNs;
    }

    /// <summary>An ICMP error carries the start of a segment of the guest, whose sequence number it must recognise.</summary>
    private void IcmpError(Span<byte> frame, in FrameInfo info)
    {
        byte type = frame[info.L4];
        bool error = info.V6 ? type is >= 1 and <= 4 : type is 3 or 11 or 12;
        int inner = info.L4 + 8;
        if (!error || _table.Count == 0 || !FrameParser.InnerTcp(frame[..info.End], inner, info.V6, in info, out int tcp, out FlowKey key))
            return;
        if (_table.Find(in key) is not { Pending: false } flow || flow.Delta == 0)
            return;
        Span<byte> seq = frame.Slice(tcp + 4, 4);
        bool odd = ((tcp + 4 - info.L4) & 1) != 0;
        ushort old = Checksum.Fold(Checksum.Add(0, seq));
        BinaryPrimitives.WriteUInt32BigEndian(seq, BinaryPrimitives.ReadUInt32BigEndian(seq) - flow.Delta);
        ushort now = Checksum.Fold(Checksum.Add(0, seq));
        if (odd)
        {
            old = BinaryPrimitives.ReverseEndianness(old);
            now = BinaryPrimitives.ReverseEndianness(now);
        }
        Span<byte> checksum = frame[(info.L4 + 2)..];
        BinaryPrimitives.WriteUInt16BigEndian(checksum,
            Checksum.Update(BinaryPrimitives.ReadUInt16BigEndian(checksum), old, now));
    }

    private RewriterFlow? Add(in FlowKey key)
    {
        RewriterFlow? flow = _table.Add(in key);
        if (flow == null)
            Refused++;
        return flow;
    }

    private void Use(RewriterFlow flow, long nowNs)
    {
        flow.UsedNs = nowNs;
        _table.Touch(flow);
        if (_table.Oldest is { IsClosed: true } oldest && oldest != flow && nowNs - oldest.UsedNs > ClosedLingerNs)
            _table.Remove(oldest);
    }
}
