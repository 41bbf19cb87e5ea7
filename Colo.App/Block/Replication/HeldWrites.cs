namespace Colo.Block.Replication;

/// <summary>One modifying request of the primary's VM that is held beside the image.</summary>
internal sealed unsafe class HeldWrite(SecondaryDisk disk) : IBlockCompletion
{
    internal long Offset { get; set; }

    internal long Length { get; set; }

    /// <summary>Zeroes, not data.</summary>
    internal bool IsZeroes { get; set; }

    /// <summary>Zeroes that may give their space back.</summary>
    internal bool MayUnmap { get; set; }

    /// <summary>The stream's count of bytes after it.</summary>
    internal long Mark { get; set; }

    /// <summary>It goes to the image at once, and is not held.</summary>
    internal bool IsDirect { get; set; }

    /// <summary>It is in the journal.</summary>
    internal bool IsJournaled { get; set; }

    /// <summary>Its record's number there.</summary>
    internal ulong Sequence { get; set; }

    /// <summary>Where its data is there.</summary>
    internal long DataAt { get; set; }

    internal uint Checksum { get; set; }

    /// <summary>Its data, while it is in memory.</summary>
    internal byte* Data { get; set; }

    /// <summary>What the data takes of the memory for held writes; 0 when it is in the journal.</summary>
    internal long Memory { get; set; }

    /// <summary>It is on its way into the image.</summary>
    internal bool IsApplying { get; set; }

    /// <summary>The journal is being read into <see cref="Data"/>.</summary>
    internal bool IsReading { get; set; }

    /// <summary>Whom to answer; null when that is done.</summary>
    internal BlockRequest? Caller { get; set; }

    /// <summary>The caller's completion, while its own request is with the image.</summary>
    internal IBlockCompletion? Completion { get; set; }

    /// <summary>Steps that are under way.</summary>
    internal int Pending { get; set; }

    /// <summary>What went wrong.</summary>
    internal int Error { get; set; }

    /// <summary>It is held, and its space is reserved.</summary>
    internal bool IsReady { get; set; }

    /// <summary>Nobody wants it any more.</summary>
    internal bool IsDropped { get; set; }

    /// <inheritdoc/>
    public void Completed(BlockRequest request) => disk.DirectDone(this, request);
}

/// <summary>
/// The held requests in the order in which they were submitted. The first <see cref="Ready"/> of them are whole: a mark
/// reaches no further, whatever is done first.
/// </summary>
internal sealed class HeldWrites
{
    private HeldWrite[] _ring = new HeldWrite[64];
    private int _head;

    /// <summary>Requests in it.</summary>
    internal int Count { get; private set; }

    /// <summary>How many from the first on are ready without a gap.</summary>
    internal int Ready { get; private set; }

    /// <summary>The mark after the last one that was removed in order.</summary>
    internal long Base { get; private set; }

    /// <summary>The mark up to which all is ready.</summary>
    internal long ReadyMark => Ready == 0 ? Base : this[Ready - 1].Mark;

    internal HeldWrite this[int index] => _ring[(_head + index) & (_ring.Length - 1)];

    internal void Add(HeldWrite write)
    {
        if (Count == _ring.Length)
        {
            var larger = new HeldWrite[_ring.Length * 2];
            for (var i = 0; i < Count; i++)
                larger[i] = this[i];
            (_ring, _head) = (larger, 0);
        }

        _ring[(_head + Count++) & (_ring.Length - 1)] = write;
    }

    /// <summary>Counts what has become ready; whether anything has.</summary>
    internal bool Advance()
    {
        var before = Ready;
        while (Ready < Count && this[Ready].IsReady)
            Ready++;
        return Ready > before;
    }

    /// <summary>How many of the ready ones belong to a mark; -1 when it is not the mark after one of them.</summary>
    internal int CountUpTo(long mark)
    {
        if (mark == Base)
            return 0;
        int low = 0, high = Ready;
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (this[middle].Mark >= mark)
                high = middle;
            else
                low = middle + 1;
        }

        return low < Ready && this[low].Mark == mark ? low + 1 : -1;
    }

    internal HeldWrite RemoveFirst()
    {
        var first = this[0];
        Base = first.Mark;
        _ring[_head] = null!;
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        Ready = Math.Max(0, Ready - 1);
        return first;
    }

    internal HeldWrite RemoveLast()
    {
        var last = this[Count - 1];
        _ring[(_head + --Count) & (_ring.Length - 1)] = null!;
        Ready = Math.Min(Ready, Count);
        return last;
    }
}
