namespace Colo.Block.Replication;

/// <summary>What a held request is.</summary>
[Flags]
internal enum HeldKind
{
    /// <summary>Data, in memory.</summary>
    None = 0,

    /// <summary>Zeroes, not data.</summary>
    Zeroes = 1,

    /// <summary>Zeroes that may give their space back.</summary>
    MayUnmap = 2,

    /// <summary>It went to the image at once, and nothing of it is held.</summary>
    Direct = 4,

    /// <summary>It is in the journal.</summary>
    Journaled = 8,
}

/// <summary>
/// What is kept of a held request while it rests: nothing else of it is in memory but its data, if that is. There may
/// be millions, of a first synchronisation for example.
/// </summary>
/// <param name="Offset">First byte on the disk.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Mark">The stream's count of bytes after it.</param>
/// <param name="Place">Its data: where it is in the journal, or its address.</param>
/// <param name="Checksum">Of its data, when that is in the journal.</param>
/// <param name="Kind">What it is.</param>
internal readonly record struct HeldRequest(long Offset, long Length, long Mark, long Place, uint Checksum, HeldKind Kind)
{
    /// <summary>Bytes of data.</summary>
    internal long Data => (Kind & HeldKind.Zeroes) != 0 ? 0 : Length;

    /// <summary>Whether it is in the journal.</summary>
    internal bool IsJournaled => (Kind & HeldKind.Journaled) != 0;
}

/// <summary>One modifying request of the primary's VM while something is done with it: on its way in, or to the image. Reused.</summary>
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

    /// <summary>Where its data is there.</summary>
    internal long DataAt { get; set; }

    internal uint Checksum { get; set; }

    /// <summary>Its data, while it is in memory.</summary>
    internal byte* Data { get; set; }

    /// <summary>It is on its way into the image.</summary>
    internal bool IsApplying { get; set; }

    /// <summary>It is in the image.</summary>
    internal bool IsApplied { get; set; }

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

    /// <summary>What is kept of it while it rests; the data goes with that.</summary>
    internal HeldRequest Rest() => new(
        Offset, Length, Mark, IsJournaled ? DataAt : (nint)Data, Checksum,
        (IsZeroes ? HeldKind.Zeroes : 0) | (MayUnmap ? HeldKind.MayUnmap : 0) | (IsDirect ? HeldKind.Direct : 0) | (IsJournaled ? HeldKind.Journaled : 0));

    /// <summary>The reverse.</summary>
    internal void Wake(in HeldRequest rest)
    {
        (Offset, Length, Mark, Checksum) = (rest.Offset, rest.Length, rest.Mark, rest.Checksum);
        IsZeroes = (rest.Kind & HeldKind.Zeroes) != 0;
        MayUnmap = (rest.Kind & HeldKind.MayUnmap) != 0;
        IsJournaled = rest.IsJournaled;
        DataAt = IsJournaled ? rest.Place : 0;
        Data = IsJournaled ? null : (byte*)rest.Place;
    }

    /// <summary>As new: its data belongs to somebody else.</summary>
    internal void Clear()
    {
        Data = null;
        Caller = null;
        Error = 0;
        IsJournaled = IsReady = IsDropped = IsReading = IsApplying = IsApplied = IsDirect = false;
    }
}

/// <summary>
/// The held requests in the order in which they were submitted. The first <see cref="Ready"/> of them are whole: a mark
/// reaches no further, whatever is done first.
/// </summary>
internal sealed class HeldWrites
{
    // Together below what the garbage collector takes for large, so that memory comes and goes with what is held.
    private const int ChunkShift = 10;
    private const int ChunkSize = 1 << ChunkShift;

    private readonly List<Slot[]> _chunks = [];
    private Slot[]? _spare;
    // Chunks before this one are gone: they are taken out of the list together, now and then.
    private int _firstChunk;
    private int _head;

    /// <summary>Requests in it.</summary>
    internal int Count { get; private set; }

    /// <summary>How many from the first on are ready without a gap. They rest, or are on their way to the image.</summary>
    internal int Ready { get; private set; }

    /// <summary>The mark after the last one that was removed in order.</summary>
    internal long Base { get; private set; }

    /// <summary>The mark up to which all is ready.</summary>
    internal long ReadyMark => Ready == 0 ? Base : this[Ready - 1].Mark;

    /// <summary>The first one that is not ready, or was not counted yet.</summary>
    internal HeldWrite? Next => Ready < Count ? At(Ready).Work : null;

    /// <summary>The first one, while something is done with it.</summary>
    internal HeldWrite? First => Count > 0 ? At(0).Work : null;

    /// <summary>A request; of one that is not ready only the mark.</summary>
    internal ref readonly HeldRequest this[int index] => ref At(index).Rest;

    internal void Add(HeldWrite write)
    {
        if (_head + Count == (_chunks.Count - _firstChunk) << ChunkShift)
        {
            _chunks.Add(_spare ?? new Slot[ChunkSize]);
            _spare = null;
        }

        ref var slot = ref At(Count++);
        slot.Work = write;
        slot.Rest = new HeldRequest(0, 0, write.Mark, 0, 0, 0);
    }

    /// <summary><see cref="Next"/> is ready, and rests from now on.</summary>
    internal void SettleNext()
    {
        ref var slot = ref At(Ready++);
        slot.Rest = slot.Work!.Rest();
        slot.Work = null;
    }

    /// <summary>Something is done with one that rests; its data belongs to <paramref name="work"/> from now on.</summary>
    internal void Wake(int index, HeldWrite work)
    {
        ref var slot = ref At(index);
        slot.Work = work;
        work.Wake(in slot.Rest);
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

    /// <summary>Removes the first one, and tells what is kept of it, or who has it.</summary>
    internal (HeldRequest Held, HeldWrite? Work) RemoveFirst()
    {
        ref var slot = ref At(0);
        var removed = (slot.Rest, slot.Work);
        Base = slot.Rest.Mark;
        slot = default;
        Count--;
        Ready = Math.Max(0, Ready - 1);
        if (++_head == ChunkSize)
        {
            _head = 0;
            _spare = _chunks[_firstChunk];
            _chunks[_firstChunk] = null!;
            // Half of the list at a time, so that each is moved once.
            if (++_firstChunk > _chunks.Count / 2)
            {
                _chunks.RemoveRange(0, _firstChunk);
                _firstChunk = 0;
            }
        }

        return removed;
    }

    /// <summary>As <see cref="RemoveFirst"/>, with the last one.</summary>
    internal (HeldRequest Held, HeldWrite? Work) RemoveLast()
    {
        ref var slot = ref At(--Count);
        var removed = (slot.Rest, slot.Work);
        slot = default;
        Ready = Math.Min(Ready, Count);
        if (_head + Count == (_chunks.Count - _firstChunk - 1) << ChunkShift)
        {
            _spare = _chunks[^1];
            _chunks.RemoveAt(_chunks.Count - 1);
        }

        return removed;
    }

    private ref Slot At(int index)
    {
        var at = _head + index;
        return ref _chunks[_firstChunk + (at >> ChunkShift)][at & (ChunkSize - 1)];
    }

    private struct Slot
    {
        internal HeldWrite? Work;
        internal HeldRequest Rest;
    }
}
