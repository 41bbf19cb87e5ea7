namespace Colo.Proxy;

/// <summary>How a held frame is released.</summary>
internal enum HeldKind : byte
{
    /// <summary>As it is: datagrams, and TCP frames that cannot be placed.</summary>
    Whole,
    /// <summary>TCP payload or FIN.</summary>
    Data,
    Syn,
    Rst,
}

/// <summary>A frame in a pooled buffer; it waits in its flow's queue and in the order of all held frames.</summary>
internal sealed unsafe class HeldFrame
{
    public byte* Buffer;
    /// <summary>Where the frame begins: what was sent already is cut off in front by moving the header up.</summary>
    public int Offset;
    public int Length;
    /// <summary>The length it counts for in the bounds.</summary>
    public int Charged;
    public byte SizeClass;
    public HeldKind Kind;
    public ulong Epoch;
    /// <summary>For the secondary's frames.</summary>
    public ulong Index;
    public SecondaryFrameFlags Flags;
    public long SinceNs;
    /// <summary>When it came, for the statistics.</summary>
    public long ArrivedNs;
    public FrameInfo Info;
    public Flow? Flow;
    /// <summary>Stream position of the first payload byte not sent yet, and one past the last byte, FIN included.</summary>
    public long Start, End;
    /// <summary>Set once a first part was sent: what remains is no longer the guest's frame.</summary>
    public bool Split;
    /// <summary>The guest's segmentation, kept because parts overwrite it in the header.</summary>
    public byte GsoType;
    public ushort GsoSize;
    public HeldFrame? NextInFlow;
    public HeldFrame? Previous, Next;

    public Span<byte> Frame => new(Buffer + Offset, Length);
}

/// <summary>First-in first-out queue of a flow.</summary>
internal struct FrameQueue
{
    public HeldFrame? Head;
    public HeldFrame? Tail;

    public readonly bool IsEmpty => Head == null;

    public void Add(HeldFrame frame)
    {
        frame.NextInFlow = null;
        if (Tail == null)
            Head = frame;
        else
            Tail.NextInFlow = frame;
        Tail = frame;
    }

    public HeldFrame Take()
    {
        HeldFrame frame = Head!;
        Head = frame.NextInFlow;
        if (Head == null)
            Tail = null;
        frame.NextInFlow = null;
        return frame;
    }
}
