using System.Buffers.Binary;
using System.Globalization;

namespace Colo.Demo;

/// <summary>
/// What the outside world may see of one guest that lives on two nodes, checked frame by frame at the ports of the
/// switch. A pure function of frames and times, given in the order in which they came.
/// <list type="bullet">
/// <item>mac: the guest's address is one MAC's, and that MAC's frames are no other address's.</item>
/// <item>voice: only the announced node's port sends as the guest; after a takeover was announced the next node's
/// may begin, and from its first frame the former is silent (but for the send that was under way when it was frozen). A guest
/// that boots anew speaks from whichever port comes first.</item>
/// <item>checksum: IPv4, TCP, UDP and ICMP checksums are right, or marked as not yet made.</item>
/// <item>doubled: no TCP segment, UDP or ICMP message twice, except across a takeover. A TCP segment that is sent
/// again no sooner than a retransmission time-out after it was sent, or after three duplicate acknowledgements, is a
/// retransmission and counted as such.</item>
/// <item>stale: what a takeover repeats is of the last moments; an older datagram is one that was answered long before.</item>
/// <item>content: the same sequence numbers carry the same bytes, always; nothing is acknowledged that the client
/// has not sent.</item>
/// <item>clock: the TCP timestamps of a flow never decrease.</item>
/// </list>
/// </summary>
public sealed class WireRules
{
    /// <summary>
    /// The shortest time after which a guest may send a segment again, in nanoseconds. The default is below the 200 ms
    /// that TCP stacks have as their shortest time-out; a guest that sends tail loss probes (RFC 8985, Linux) needs less.
    /// </summary>
    public long MinimumRto { get; init; } = DefaultMinimumRto;

    /// <summary>
    /// The longest time after which a takeover may repeat a datagram, in nanoseconds. The survivor's guest answers again what it had
    /// not answered in its own epoch yet.
    /// </summary>
    public long OldestRepeat { get; init; } = DefaultOldestRepeat;

    /// <summary>How long after a takeover repeated frames belong to it, in nanoseconds: late retransmissions of the client's kernel included.</summary>
    public const long TakeoverWindow = 2_000_000_000;

    /// <summary>What the two times are when nobody says otherwise, in nanoseconds.</summary>
    internal const long DefaultMinimumRto = 150_000_000, DefaultOldestRepeat = 3_000_000_000;

    private const int MaxViolations = 200;
    private const int MaxRemembered = 500_000;

    private readonly uint _guestIp;
    private readonly ulong _guestMac;
    private readonly Dictionary<FlowKey, Flow> _flows = [];
    private readonly Dictionary<ulong, long> _messages = [];
    private readonly Queue<ulong> _messageOrder = new();
    private readonly List<WireViolation> _violations = [];
    private SwitchPort? _voice;
    private SwitchPort? _next;
    private SwitchPort? _former;
    private int _lateLeft;
    private long _windowStart = long.MinValue;
    private long _windowEnd = long.MinValue;

    /// <summary>Makes the rules for one guest.</summary>
    /// <param name="guestIp">IPv4 address, as a number in host order.</param>
    /// <param name="guestMac">MAC address, in the lower 48 bits.</param>
    /// <param name="voice">The port of the node that speaks at the beginning.</param>
    public WireRules(uint guestIp, ulong guestMac, SwitchPort voice)
    {
        _guestIp = guestIp;
        _guestMac = guestMac;
        _voice = voice;
    }

    /// <summary>What was wrong, at most 200 entries.</summary>
    public IReadOnlyList<WireViolation> Violations => _violations;

    /// <summary>All that was wrong.</summary>
    public long ViolationCount { get; private set; }

    /// <summary>Frames of the guest that were checked.</summary>
    public long GuestFrames { get; private set; }

    /// <summary>TCP segments that the guest sent again rightly.</summary>
    public long Retransmissions { get; private set; }

    /// <summary>Frames that came again across a takeover.</summary>
    public long TakeoverRepeats { get; private set; }

    /// <summary>When each announced takeover's first frame came, in nanoseconds.</summary>
    public IReadOnlyList<long> FirstFrames => _firstFrames;

    private readonly List<long> _firstFrames = [];

    /// <summary>Frames of a former node that came after the takeover, within what was allowed to it.</summary>
    public long LateFrames { get; private set; }

    /// <summary>From now on the node at this port may take the guest over. Call it before the other one is killed.</summary>
    /// <param name="next">The port of the node that may begin.</param>
    /// <param name="timeNs">When, in nanoseconds of the clock of the capture.</param>
    /// <param name="lateFrames">Frames that the other node may send after it all the same: 1 when it is frozen, the send under way.</param>
    public void AnnounceTakeover(SwitchPort next, long timeNs, int lateFrames = 0)
    {
        _next = next;
        _lateLeft = lateFrames;
        _windowStart = timeNs;
        _windowEnd = long.MaxValue;
    }

    /// <summary>
    /// From now on the node at this port may take the guest over, although nothing is done to the other one: with an arbiter a
    /// false alarm can move the guest. Until it does, nothing may be doubled.
    /// </summary>
    public void PermitTakeover(SwitchPort next)
    {
        _next = next;
        _lateLeft = 0;
        _windowStart = _windowEnd = long.MaxValue;
    }

    /// <summary>The takeover that was announced did not come, and may no longer. Without effect where it did.</summary>
    public void WithdrawTakeover(long timeNs)
    {
        if (_next is null)
            return;
        _next = null;
        _windowEnd = timeNs;
    }

    /// <summary>The guest is lost, and boots anew: all its connections are forgotten, and the next port that speaks has the voice.</summary>
    public void AnnounceBoot()
    {
        _voice = _next = _former = null;
        _windowStart = _windowEnd = long.MinValue;
        _flows.Clear();
        _messages.Clear();
        _messageOrder.Clear();
    }

    /// <summary>Checks one frame that entered the switch.</summary>
    /// <param name="port">Where.</param>
    /// <param name="frame">From the Ethernet header on.</param>
    /// <param name="partial">Whether the sender left the transport checksum to the hardware.</param>
    /// <param name="timeNs">When, in nanoseconds of the clock of the capture.</param>
    public void Check(SwitchPort port, ReadOnlySpan<byte> frame, bool partial, long timeNs)
    {
        var parsed = new WireFrame(frame);
        if (port == SwitchPort.Client)
        {
            FromClient(parsed);
            if (parsed.SourceMac == _guestMac || parsed.SourceIp == _guestIp)
                Violate(timeNs, "mac", "the client's port sends as the guest: " + parsed.Digest());
            return;
        }

        var isGuest = parsed.SourceMac == _guestMac || parsed.SourceIp == _guestIp || parsed.SenderMac == _guestMac;
        if (!isGuest)
            return;
        GuestFrames++;
        CheckMac(parsed, timeNs);
        // What came late was sent before: it says nothing new, and comes when its like came long ago.
        if (!CheckVoice(port, parsed, timeNs) || !parsed.IsIpv4)
            return;
        CheckChecksums(parsed, partial, timeNs);
        if (parsed.IsTcp)
            CheckSegment(parsed, timeNs);
        else
            CheckMessage(parsed, timeNs);
    }

    /// <summary>Notes something that the capture itself found.</summary>
    internal void Violate(long timeNs, string rule, string detail)
    {
        ViolationCount++;
        if (_violations.Count < MaxViolations)
            _violations.Add(new WireViolation(timeNs, rule, detail));
    }

    private bool InTakeover(long timeNs) => timeNs >= _windowStart && timeNs <= _windowEnd;

    private void CheckMac(in WireFrame frame, long timeNs)
    {
        if (frame.SourceMac != _guestMac)
            Violate(timeNs, "mac", $"the guest's address is used by {frame.SourceMac:x12}: {frame.Digest()}");
        else if (frame.SenderMac != 0 && frame.SenderMac != _guestMac)
            Violate(timeNs, "mac", $"ARP names {frame.SenderMac:x12}: {frame.Digest()}");
        else if (frame.SourceIp != 0 && frame.SourceIp != _guestIp && frame.EtherType != 0x8035)
            Violate(timeNs, "mac", $"the guest's MAC speaks for {WireFrame.Ip(frame.SourceIp)}: {frame.Digest()}");
    }

    // False for a frame that was allowed to come late.
    private bool CheckVoice(SwitchPort port, in WireFrame frame, long timeNs)
    {
        _voice ??= port;
        if (port == _voice)
            return true;
        if (port == _former && _next is null && _lateLeft > 0)
        {
            _lateLeft--;
            LateFrames++;
            return false;
        }

        if (port != _next)
        {
            Violate(timeNs, "voice", $"node {port} speaks while node {_voice} has the voice: {frame.Digest()}");
            return true;
        }

        _former = _voice;
        _voice = port;
        _next = null;
        _windowStart = Math.Min(_windowStart, timeNs);
        _windowEnd = timeNs + TakeoverWindow;
        _firstFrames.Add(timeNs);
        return true;
    }

    private void CheckChecksums(in WireFrame frame, bool partial, long timeNs)
    {
        if (InternetChecksum.Of(frame.IpHeader) != 0)
            Violate(timeNs, "checksum", "IPv4 header: " + frame.Digest());
        if (partial || frame.IsFragment)
            return;
        var wrong = frame.Protocol switch
        {
            1 => frame.Payload.Length < 8 || InternetChecksum.Of(frame.Payload) != 0,
            17 when frame.Payload.Length >= 8 && BinaryPrimitives.ReadUInt16BigEndian(frame.Payload[6..]) == 0 => false,
            6 or 17 => InternetChecksum.Of(frame.Payload,
                InternetChecksum.PseudoHeader(frame.Packet[12..20], frame.Protocol, frame.Payload.Length)) != 0,
            _ => false,
        };
        if (wrong)
            Violate(timeNs, "checksum", "transport: " + frame.Digest());
    }

    private void CheckSegment(in WireFrame frame, long timeNs)
    {
        var flow = FlowOf(new FlowKey(frame.DestinationIp, (frame.Ports << 16) | (frame.Ports >> 16)), create: true)!;
        var isSyn = (frame.Flags & 2) != 0;
        var hasAck = (frame.Flags & 16) != 0;
        if (hasAck && flow.ClientKnown && (int)(frame.Acknowledgement - flow.ClientNext) > 0)
            Violate(timeNs, "content", $"acknowledges {frame.Acknowledgement - flow.ClientNext} bytes that the client has not sent: {frame.Digest()}");
        CheckTimestamp(flow, frame, timeNs);

        // Pure acknowledgements may come again: TCP repeats them for lost data, and probes need an answer.
        var length = (uint)frame.Data.Length + (isSyn ? 1u : 0) + ((frame.Flags & 1) != 0 ? 1u : 0);
        if (length == 0)
            return;
        var end = frame.Sequence + length;
        var key = ((ulong)frame.Sequence << 32) | end;
        var hash = WireFrame.Hash(frame.Data);
        if (!flow.Sent.TryGetValue(key, out var before))
        {
            flow.Remember(key, new Seen(timeNs, hash));
            return;
        }

        flow.Sent[key] = new Seen(timeNs, hash);
        if (before.Hash != hash)
            Violate(timeNs, "content", "other bytes for the same sequence numbers: " + frame.Digest());
        else if (InTakeover(timeNs))
            TakeoverRepeats++;
        else if (timeNs - before.TimeNs >= MinimumRto || (flow.DuplicateAcks >= 3 && flow.ClientAck == frame.Sequence))
            Retransmissions++;
        else
            Violate(timeNs, "doubled", string.Create(CultureInfo.InvariantCulture, $"{(timeNs - before.TimeNs) / 1000} us after the first: {frame.Digest()}"));
    }

    private void CheckTimestamp(Flow flow, in WireFrame frame, long timeNs)
    {
        if (frame.Timestamp is not { } value || (frame.Flags & 4) != 0)
            return;
        var id = BinaryPrimitives.ReadUInt16BigEndian(frame.IpHeader[4..]);
        // Both identifications: they tell a clock that went back from a frame that was overtaken on its way.
        if (flow.TimestampKnown && (int)(value - flow.Timestamp) < 0)
            Violate(timeNs, "clock", $"TCP timestamp {value} after {flow.Timestamp} (IP identification {id} after {flow.TimestampId}): {frame.Digest()}");
        flow.Timestamp = value;
        flow.TimestampId = id;
        flow.TimestampKnown = true;
    }

    private void CheckMessage(in WireFrame frame, long timeNs)
    {
        // Without the time to live and the identification: a copy made by the other node has its own.
        var hash = WireFrame.Hash(frame.Payload) ^ (((ulong)frame.DestinationIp << 8) | frame.Protocol);
        if (frame.IsFragment)
            hash ^= (ulong)BinaryPrimitives.ReadUInt16BigEndian(frame.IpHeader[6..]) << 40;
        if (_messages.TryGetValue(hash, out var before))
        {
            if (!InTakeover(timeNs))
                Violate(timeNs, "doubled", string.Create(CultureInfo.InvariantCulture, $"{(timeNs - before) / 1000} us after the first: {frame.Digest()}"));
            // The takeover itself may have taken long.
            else if (_windowStart - before > OldestRepeat)
                Violate(timeNs, "stale", string.Create(CultureInfo.InvariantCulture, $"first sent {(_windowStart - before) / 1_000_000} ms before the takeover: {frame.Digest()}"));
            else
                TakeoverRepeats++;
            return;
        }

        _messages[hash] = timeNs;
        _messageOrder.Enqueue(hash);
        if (_messageOrder.Count > MaxRemembered)
            _messages.Remove(_messageOrder.Dequeue());
    }

    private void FromClient(in WireFrame frame)
    {
        if (!frame.IsTcp || frame.DestinationIp != _guestIp)
            return;
        var key = new FlowKey(frame.SourceIp, frame.Ports);
        var isSyn = (frame.Flags & 18) == 2;
        // A port that is used again begins anew.
        if (isSyn && FlowOf(key, create: false) is { ClientKnown: true } old && old.ClientInitial != frame.Sequence)
            _flows.Remove(key);
        var flow = FlowOf(key, create: true)!;
        var next = frame.Sequence + (uint)frame.Data.Length + ((frame.Flags & 2) != 0 ? 1u : 0) + ((frame.Flags & 1) != 0 ? 1u : 0);
        if (isSyn)
            flow.ClientInitial = frame.Sequence;
        if (!flow.ClientKnown || (int)(next - flow.ClientNext) > 0)
        {
            flow.ClientNext = next;
            // Without its SYN the flow began before the capture: what is in flight is not known.
            flow.ClientKnown |= isSyn;
        }

        if ((frame.Flags & 16) == 0)
            return;
        if (frame.Acknowledgement == flow.ClientAck && frame.Data.IsEmpty)
        {
            flow.DuplicateAcks++;
        }
        else
        {
            flow.DuplicateAcks = 0;
            flow.ClientAck = frame.Acknowledgement;
        }
    }

    private Flow? FlowOf(FlowKey key, bool create)
    {
        if (!_flows.TryGetValue(key, out var flow) && create)
            _flows[key] = flow = new Flow();
        return flow;
    }

    // The client's address and, as the client's segments have them, both ports.
    private readonly record struct FlowKey(uint ClientIp, uint Ports);

    private readonly record struct Seen(long TimeNs, ulong Hash);

    private sealed class Flow
    {
        private readonly Queue<ulong> _order = new();

        internal Dictionary<ulong, Seen> Sent { get; } = [];

        internal bool ClientKnown { get; set; }

        internal uint ClientInitial { get; set; }

        internal uint ClientNext { get; set; }

        internal uint ClientAck { get; set; }

        internal int DuplicateAcks { get; set; }

        internal bool TimestampKnown { get; set; }

        internal uint Timestamp { get; set; }

        /// <summary>The IP identification of the segment that had it.</summary>
        internal ushort TimestampId { get; set; }

        internal void Remember(ulong key, Seen seen)
        {
            Sent[key] = seen;
            _order.Enqueue(key);
            // More than a window's worth of segments lies between a segment and any legal copy of it.
            if (_order.Count > 4096)
                Sent.Remove(_order.Dequeue());
        }
    }
}
