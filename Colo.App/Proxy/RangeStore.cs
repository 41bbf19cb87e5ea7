namespace Colo.Proxy;

/// <summary>Bytes of a stream that one side has produced and the other not yet, or not yet in order.</summary>
internal sealed unsafe class Segment
{
    public long Start, End;
    public byte* Data;
    /// <summary>The buffer to give back; null when the bytes belong to a held frame.</summary>
    public byte* Owned;
    public byte SizeClass;
    /// <summary>The length it counts for in the bound of the secondary's output.</summary>
    public int Charged;
    public ulong Epoch;
    public ulong Index;
    public long SinceNs;
    public Segment? Next;
}

/// <summary>Segments in the order of the stream, none overlapping another.</summary>
internal struct RangeStore
{
    public Segment? First;
    public Segment? Last;

    public readonly bool IsEmpty => First == null;

    /// <summary>
    /// The first part of [start, end) that the store lacks; false when it has it all. <paramref name="after"/> is the
    /// segment to insert behind, null for the front.
    /// </summary>
    public readonly bool FindGap(ref long start, long end, out long gapEnd, out Segment? after)
    {
        gapEnd = end;
        after = null;
        if (Last == null)
            return start < end;
        // New data almost always goes to the end.
        Segment? next = First;
        if (start >= Last.Start)
        {
            after = Last;
            next = null;
            start = Math.Max(start, Last.End);
            return start < end;
        }
        while (next != null && next.Start <= start)
        {
            start = Math.Max(start, next.End);
            after = next;
            next = next.Next;
        }
        if (start >= end)
            return false;
        if (next != null)
            gapEnd = Math.Min(end, next.Start);
        return start < gapEnd;
    }

    public void Insert(Segment segment, Segment? after)
    {
        if (after == null)
        {
            segment.Next = First;
            First = segment;
        }
        else
        {
            segment.Next = after.Next;
            after.Next = segment;
        }
        if (segment.Next == null)
            Last = segment;
    }

    public Segment TakeFirst()
    {
        Segment segment = First!;
        First = segment.Next;
        if (First == null)
            Last = null;
        segment.Next = null;
        return segment;
    }
}
