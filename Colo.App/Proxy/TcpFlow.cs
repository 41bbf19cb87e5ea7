using System.Runtime.CompilerServices;

namespace Colo.Proxy;

/// <summary>How far one side has acknowledged, and its window.</summary>
internal struct AckState
{
    public bool Valid;
    /// <summary>Position in the client's stream.</summary>
    public long Ack;
    /// <summary>The window field as sent.</summary>
    public int Window;
    /// <summary>The first position the client may not send; meaningful once the scale is known.</summary>
    public long Edge;
}

/// <summary>Bytes kept in a flow.</summary>
[InlineArray(Capacity)]
internal struct HeaderBytes
{
    public const int Capacity = 192;
    private byte _first;
}

/// <summary>TCP options of a SYN.</summary>
[InlineArray(40)]
internal struct OptionBytes
{
    private byte _first;
}

/// <summary>A range of the client's stream that the secondary's VM has reported in SACK blocks.</summary>
internal struct SackRange
{
    public long Left, Right;
}

[InlineArray(Count)]
internal struct SackRanges
{
    public const int Count = 6;
    private SackRange _first;
}

/// <summary>A SYN or RST of the secondary's VM for which the primary's has not come yet.</summary>
internal struct ControlRecord
{
    public bool Present;
    public bool Pending;
    public byte Flags;
    public byte OptionLength;
    public ushort Window;
    public uint Seq, Ack;
    public ulong Index;
    public long SinceNs;
}

[InlineArray(Count)]
internal struct RstRecords
{
    public const int Count = 4;
    private ControlRecord _first;
}

/// <summary>
/// One TCP connection. Stream positions are 64-bit numbers of which the low 32 bits are the sequence number on the wire.
/// </summary>
internal sealed class TcpFlow : Flow
{
    /// <summary>Position given to the first sequence number seen, so that none gets negative.</summary>
    private const long Origin = 1L << 40;

    /// <summary>Initial sequence number; -1 when the SYN was not seen.</summary>
    public long Isn;
    /// <summary>The primary's SYN has its counterpart (or needs none).</summary>
    public bool SynMatched;
    /// <summary>The secondary's own initial number when its SYN came before it knew the wire's.</summary>
    public bool HasSecondaryRawIsn;
    public uint SecondaryRawIsn;
    public ControlRecord SecondarySyn;
    public OptionBytes SecondarySynOptions;
    public RstRecords SecondaryRst;
    public int WindowOfSecondarySyn;

    /// <summary>Up to here both have produced the same stream (or a commit made it so).</summary>
    public long Matched;
    public bool MatchedValid;
    /// <summary>Positions from here to <see cref="Matched"/> are known to have left; a repeat of older ones is not known.</summary>
    public long RepeatFloor;
    /// <summary>One past the last position the primary has produced, and the positions of both FINs (-1: none).</summary>
    public long PrimaryTop, PrimaryFin, SecondaryFin;
    public ulong PrimaryFinEpoch, SecondaryFinIndex;
    public long SecondaryFinSinceNs;
    public RangeStore PrimaryData, SecondaryData;
    /// <summary>A reference of stream and acknowledgement positions to unwrap by.</summary>
    public long SeqReference, AckReference;
    public bool HasSeqReference, HasAckReference;
    /// <summary>Where the secondary's urgent data ends; -1 when none.</summary>
    public long SecondaryUrgent;

    public AckState Primary, Secondary;
    /// <summary>What the wire has seen.</summary>
    public AckState Sent;
    public bool HasTimestamp;
    public uint NewestTimestamp;
    /// <summary>Window scale of guest and client as their SYNs had it: -1 no option, -2 no SYN seen.</summary>
    public sbyte GuestScale, ClientScale;
    /// <summary>The scale that holds; -1 when not known.</summary>
    public int Scale;
    public int Mss;

    /// <summary>The header of the primary's newest frame that did not leave as it was, to make acknowledgements from.</summary>
    public HeaderBytes Template;
    public FrameInfo TemplateInfo;
    public int TemplateLength;
    public ulong TemplateEpoch;
    /// <summary>A pure acknowledgement of the primary waits, with this number of duplicates.</summary>
    public bool AckOwed;
    public int DuplicatesOwed;
    /// <summary>SACK blocks wait for the secondary's VM to report the same.</summary>
    public bool SackOwed;
    public long AckOwedAt;
    public SackRanges SecondarySack;
    public int SecondarySackCount;
    /// <summary>Since when the secondary's acknowledgement is behind without progress, or its window shut; -1: not.</summary>
    public long AckBehindSinceNs, StarvedSinceNs;
    /// <summary>The secondary's frame whose acknowledgement the wire has not seen; 0 none.</summary>
    public ulong SecondaryAckIndex;

    /// <summary>The primary's state at the stop of the checkpoint under way.</summary>
    public ulong SnapshotSerial;
    public AckState TakenAck;
    public long TakenTop, TakenFin;
    public bool TakenTopValid;

    public bool ClientFinSeen;
    /// <summary>The guest's RST has left.</summary>
    public bool Aborted;

    public TcpFlow() => ResetConnection();

    public long UnwrapSeq(uint seq)
    {
        if (!HasSeqReference)
        {
            HasSeqReference = true;
            SeqReference = Origin + seq;
        }
        return SeqReference + (int)(seq - (uint)SeqReference);
    }

    public long UnwrapAck(uint ack)
    {
        if (!HasAckReference)
        {
            HasAckReference = true;
            AckReference = Origin + ack;
        }
        return AckReference + (int)(ack - (uint)AckReference);
    }

    /// <summary>Forgets everything about the connection; stores and queues must be empty.</summary>
    public void ResetConnection()
    {
        Isn = -1;
        SynMatched = HasSecondaryRawIsn = MatchedValid = HasSeqReference = HasAckReference = false;
        SecondarySyn = default;
        SecondaryRst = default;
        WindowOfSecondarySyn = 0;
        Matched = PrimaryTop = RepeatFloor = 0;
        PrimaryFin = SecondaryFin = SecondaryUrgent = -1;
        PrimaryData = SecondaryData = default;
        Primary = Secondary = Sent = TakenAck = default;
        HasTimestamp = false;
        GuestScale = ClientScale = -2;
        Scale = -1;
        Mss = 536;
        TemplateLength = 0;
        AckOwed = SackOwed = false;
        DuplicatesOwed = SecondarySackCount = 0;
        AckBehindSinceNs = StarvedSinceNs = -1;
        SecondaryAckIndex = 0;
        SnapshotSerial = 0;
        TemplateEpoch = 0;
        TakenTopValid = false;
        TakenFin = -1;
        ClientFinSeen = Aborted = false;
        Closed = false;
    }

    public override void Clear()
    {
        base.Clear();
        ResetConnection();
    }
}
