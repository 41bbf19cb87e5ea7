using System.Numerics;
using System.Runtime.InteropServices;

namespace Colo.Block.Replication;

/// <summary>Neighbouring extents.</summary>
/// <param name="First">The first one's number.</param>
/// <param name="Count">How many, above 0.</param>
public readonly record struct ExtentRun(uint First, uint Count);

/// <summary>
/// Which extents of a disk may differ from the peer's image. For the event loop's thread only; whoever gives a <c>done</c> is
/// told there, before the call returns if there is nothing to write, and must not throw. A mark is durable before the
/// image is written; that it is gone reaches the disk at some time later, because a mark too many costs comparing only.
/// <para>
/// Two bits an extent: <c>marked</c>, what is wanted, and <c>on disk</c>, that the file has the mark for certain. Writing goes
/// block by block, one batch at a time, from a copy of <c>marked</c> that is taken when the batch begins: then <c>on disk</c>
/// loses what the copy lacks (it may be gone from now on), and when the batch is synced it gains what the copy has. Both
/// bits together let a caller write: an extent that is marked again while its clearing is being written has no
/// <c>on disk</c> until a later batch has written the mark; one whose clearing has not begun yet needs no writing at all.
/// </para>
/// </summary>
public sealed partial class ChangedExtents
{
    /// <summary>Bytes of an extent.</summary>
    public const int ExtentBytes = 1 << 20;

    private const int ExtentShift = 20;
    private const long Fresh = long.MaxValue;

    private readonly ulong[] _marked;
    private readonly ulong[] _onDisk;
    private readonly bool[] _dirty;
    private readonly Stamp[]?[] _stamps;
    private readonly MarkWriter _writer;
    private readonly long _size;
    private int _dirtyCount;

    /// <summary>When an extent was written last; by blocks, made when first needed.</summary>
    private struct Stamp
    {
        /// <summary>The newest epoch plus 1; 0: not known.</summary>
        internal ulong EpochPlus1;

        /// <summary>When that was seen; <see cref="Fresh"/>: not seen yet.</summary>
        internal long SeenNs;
    }

    internal ChangedExtents(RecordDisk disk, int number, MarkWriter writer)
    {
        _writer = writer;
        _size = disk.Size;
        Number = number;
        Extents = NodeRecordFormat.Extents(disk.Size);
        var words = (int)((Extents + 63) / 64);
        _marked = new ulong[words];
        _onDisk = new ulong[words];
        _dirty = new bool[NodeRecordFormat.Blocks(disk.Size)];
        _stamps = new Stamp[]?[_dirty.Length];
    }

    /// <summary>Extents of this disk; the last may be shorter than <see cref="ExtentBytes"/>.</summary>
    public long Extents { get; }

    /// <summary>Extents that are marked.</summary>
    public long CountMarked { get; private set; }

    internal int Number { get; }

    internal bool IsDirty => _dirtyCount != 0;

    internal int Blocks => _dirty.Length;

    /// <summary>Whether all extents of a range are marked and that is durable: the caller may write the image at once.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes; an empty range is covered.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the disk.</exception>
    public bool Covers(long offset, long length) =>
        !TryExtents(offset, length, out var first, out var last) || Unrecorded || IsDurable(first, last);

    /// <summary>
    /// Marks a range. <paramref name="done"/> is called on the loop's thread with 0 when the marks are durable (before this
    /// returns, if they are), or with the errno of what failed: then nothing may be written, unless <see cref="GoUnrecorded"/>; the next call tries anew.
    /// The extents are not forgotten before they are <see cref="Touched"/> once more.
    /// </summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="done">Told of the end; must not throw.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the disk.</exception>
    public void Mark(long offset, long length, Action<int> done)
    {
        if (!TryExtents(offset, length, out var first, out var last))
        {
            done(0);
            return;
        }

        MarkAgain(first, last);
        ForgetEpochs(first, last);
        if (Unrecorded || IsDurable(first, last))
            done(0);
        else
            _writer.Add(new MarkRequest(this, first, last, done));
    }

    /// <summary>Remembers that the extents of a range are written in an epoch; the newest counts. Allocates once for 32 GiB of disk.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="epoch">The epoch to whose checkpoint the write belongs.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the disk.</exception>
    public void Touched(long offset, long length, ulong epoch)
    {
        if (!TryExtents(offset, length, out var first, out var last))
            return;
        for (var extent = first; extent <= last; extent++)
            Touch(extent, epoch);
    }

    /// <summary>
    /// Every marked extent of which no epoch is known (marked before the start, by the peer, by <see cref="MarkAll"/>) counts as
    /// written in this one: for the end of a sync, whose last writes belong to <paramref name="epoch"/>.
    /// </summary>
    public void TouchMarked(ulong epoch)
    {
        for (var word = 0; word < _marked.Length; word++)
        {
            for (var bits = _marked[word]; bits != 0; bits &= bits - 1)
            {
                var extent = ((long)word * 64) + BitOperations.TrailingZeroCount(bits);
                if (_stamps[extent / NodeRecordFormat.BlockExtents]?[extent % NodeRecordFormat.BlockExtents].EpochPlus1 is null or 0)
                    Touch(extent, epoch);
            }
        }
    }

    /// <summary>Forgets all epochs, for a session with a peer whose epochs begin anew; the marks stay, and stay until they are touched.</summary>
    public void ForgetEpochs() => Array.Clear(_stamps);

    /// <summary>
    /// Clears marks of extents whose newest epoch is known and below <paramref name="epoch"/>, and that were not touched for a
    /// while. At once in memory, later on disk. Only for epochs whose writes are durable in both images, this node's
    /// too: else a power failure here makes a difference that no mark tells of.
    /// </summary>
    /// <param name="epoch">The first epoch that is not complete and durable on both sides.</param>
    /// <param name="idleNs">How long an extent must have been left alone, in nanoseconds, counted from the first call after its last
    /// touch: one that is written again and again should keep its mark, which costs a sync to set. 0: do not wait.</param>
    /// <param name="nowNs">The time, on any clock that does not go back.</param>
    /// <returns>How many marks were cleared.</returns>
    public int ForgetBefore(ulong epoch, long idleNs, long nowNs)
    {
        var cleared = 0;
        if (Unrecorded)
            return 0;
        for (var block = 0; block < _stamps.Length; block++)
        {
            if (_stamps[block] is { } stamps)
                cleared += ForgetBefore(block, stamps, epoch, idleNs, nowNs);
        }

        CountMarked -= cleared;
        if (cleared != 0)
            _writer.WriteLater();
        return cleared;
    }

    /// <summary>Clears all marks and all that is known of epochs.</summary>
    /// <param name="done">Told on the loop's thread when that is durable: 0, or an errno.</param>
    public void Clear(Action<int> done)
    {
        for (var word = 0; word < _marked.Length; word++)
        {
            if (_marked[word] == 0)
                continue;
            _marked[word] = 0;
            SetDirty(word);
        }

        CountMarked = 0;
        ForgetEpochs();
        _writer.Add(new MarkRequest(null, 0, 0, done));
    }

    /// <summary>Marks all extents.</summary>
    /// <param name="done">Told on the loop's thread when that is durable: 0, or an errno.</param>
    public void MarkAll(Action<int> done)
    {
        MarkAgain(0, Extents - 1);
        ForgetEpochs();
        _writer.Add(new MarkRequest(this, 0, Extents - 1, done));
    }

    /// <summary>Marks what the peer has marked, as <see cref="Mark"/> does.</summary>
    /// <param name="runs">The peer's runs, in any order.</param>
    /// <param name="done">Told on the loop's thread when that is durable: 0, or an errno.</param>
    /// <exception cref="ArgumentException">A run is not within the disk; nothing was marked.</exception>
    public void Merge(IReadOnlyList<ExtentRun> runs, Action<int> done)
    {
        foreach (var run in runs)
        {
            if (run.Count == 0 || run.First + (long)run.Count > Extents)
                throw new ArgumentException($"a run of {run.Count} changed extents from {run.First} on; the disk has {Extents}", nameof(runs));
        }

        foreach (var run in runs)
        {
            MarkAgain(run.First, run.First + run.Count - 1L);
            ForgetEpochs(run.First, run.First + run.Count - 1L);
        }

        _writer.Add(new MarkRequest(null, 0, 0, done));
    }

    /// <summary>The first run of marked extents at or after an extent; null: there is none.</summary>
    /// <param name="from">An extent; one beyond the end is none.</param>
    public ExtentRun? NextRun(long from)
    {
        var first = Find(_marked, from, set: true);
        if (first >= Extents)
            return null;
        return new ExtentRun((uint)first, (uint)(Find(_marked, first, set: false) - first));
    }

    /// <summary>The marked extents as rising runs; where there are more than <paramref name="most"/>, the smallest gaps count as marked too.</summary>
    /// <param name="most">The most runs, above 0.</param>
    public IReadOnlyList<ExtentRun> Runs(int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        if (NextRun(0) is not { } run)
            return [];
        // The largest gaps are kept, as many as separate so many runs; a gap is named by where the run after it begins.
        var gaps = new PriorityQueue<(long End, uint Next), long>();
        var start = run.First;
        var end = (long)run.First + run.Count;
        while (NextRun(end) is { } next)
        {
            var gap = next.First - end;
            if (gaps.Count < most - 1)
                gaps.Enqueue((end, next.First), gap);
            else if (most > 1)
                gaps.EnqueueDequeue((end, next.First), gap);
            end = (long)next.First + next.Count;
        }

        var kept = gaps.UnorderedItems.Select(item => item.Element).ToArray();
        Array.Sort(kept);
        var runs = new List<ExtentRun>(kept.Length + 1);
        foreach (var (gapAt, next) in kept)
        {
            runs.Add(new ExtentRun(start, (uint)(gapAt - start)));
            start = next;
        }

        runs.Add(new ExtentRun(start, (uint)(end - start)));
        return runs;
    }

    /// <summary>Whether an extent is marked, durable or not.</summary>
    /// <param name="extent">0 to <see cref="Extents"/> − 1; beyond it none is marked.</param>
    public bool IsMarked(long extent) => (ulong)extent < (ulong)Extents && (_marked[extent / 64] >> (int)(extent % 64) & 1) != 0;

    /// <summary>Marks once more, if something cleared it meanwhile.</summary>
    internal void MarkAgain(long first, long last)
    {
        for (var word = (int)(first / 64); word <= last / 64; word++)
        {
            var added = Mask(word, first, last) & ~_marked[word];
            if (added == 0)
                continue;
            _marked[word] |= added;
            CountMarked += BitOperations.PopCount(added);
            SetDirty(word);
        }
    }

    internal bool IsDurable(long first, long last)
    {
        for (var word = (int)(first / 64); word <= last / 64; word++)
        {
            var mask = Mask(word, first, last);
            if ((_marked[word] & _onDisk[word] & mask) != mask)
                return false;
        }

        return true;
    }

    internal bool IsBlockDirty(int block) => _dirty[block];

    internal void SetBlockDirty(int block)
    {
        if (_dirty[block])
            return;
        _dirty[block] = true;
        _dirtyCount++;
    }

    /// <summary>Copies a block to be written; from now on its cleared marks may be gone from the disk.</summary>
    internal void Take(int block, Span<byte> target)
    {
        var from = block * NodeRecordFormat.BlockWords;
        var count = Math.Min(NodeRecordFormat.BlockWords, _marked.Length - from);
        target.Clear();
        MemoryMarshal.AsBytes(_marked.AsSpan(from, count)).CopyTo(target);
        NodeRecordFormat.EndBlock(target, Number, block);
        for (var word = from; word < from + count; word++)
            _onDisk[word] &= _marked[word];
        if (_dirty[block])
            _dirtyCount--;
        _dirty[block] = false;
    }

    /// <summary>A block that was taken is durable, as it was then.</summary>
    internal void Written(int block, ReadOnlySpan<byte> written)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(written[..(NodeRecordFormat.BlockWords * 8)]);
        var from = block * NodeRecordFormat.BlockWords;
        var count = Math.Min(NodeRecordFormat.BlockWords, _onDisk.Length - from);
        for (var word = 0; word < count; word++)
            _onDisk[from + word] |= words[word];
    }

    /// <summary>Sets a block as it was found on disk; one that is damaged has all marks, and is to be written.</summary>
    /// <returns>Whether it was whole.</returns>
    internal bool Load(int block, ReadOnlySpan<byte> found)
    {
        var valid = NodeRecordFormat.IsBlockValid(found, Number, block);
        var words = MemoryMarshal.Cast<byte, ulong>(found[..(NodeRecordFormat.BlockWords * 8)]);
        var from = block * NodeRecordFormat.BlockWords;
        var count = Math.Min(NodeRecordFormat.BlockWords, _marked.Length - from);
        for (var word = from; word < from + count; word++)
        {
            var all = Mask(word, 0, Extents - 1);
            _marked[word] = valid ? words[word - from] & all : all;
            _onDisk[word] = valid ? _marked[word] : 0;
            CountMarked += BitOperations.PopCount(_marked[word]);
        }

        if (!valid)
            SetBlockDirty(block);
        return valid;
    }

    private static ulong Mask(int word, long first, long last)
    {
        var mask = ulong.MaxValue;
        if (first > word * 64L)
            mask <<= (int)(first - (word * 64L));
        if (last < (word * 64L) + 63)
            mask &= ulong.MaxValue >> (int)((word * 64L) + 63 - last);
        return mask;
    }

    /// <returns>False for an empty range.</returns>
    private bool TryExtents(long offset, long length, out long first, out long last)
    {
        if (offset < 0 || length < 0 || offset > _size || length > _size - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{length} bytes at {offset} of a disk of {_size}");
        first = offset >> ExtentShift;
        last = (offset + length - 1) >> ExtentShift;
        return length != 0;
    }

    private void Touch(long extent, ulong epoch)
    {
        ref var stamps = ref _stamps[extent / NodeRecordFormat.BlockExtents];
        stamps ??= new Stamp[Math.Min(NodeRecordFormat.BlockExtents, Extents - (extent / NodeRecordFormat.BlockExtents * NodeRecordFormat.BlockExtents))];
        ref var stamp = ref stamps[extent % NodeRecordFormat.BlockExtents];
        stamp.EpochPlus1 = Math.Max(stamp.EpochPlus1, epoch == ulong.MaxValue ? epoch : epoch + 1);
        stamp.SeenNs = Fresh;
    }

    private void ForgetEpochs(long first, long last)
    {
        for (var extent = first; extent <= last; extent++)
        {
            if (_stamps[extent / NodeRecordFormat.BlockExtents] is { } stamps)
                stamps[extent % NodeRecordFormat.BlockExtents] = default;
        }
    }

    private int ForgetBefore(int block, Stamp[] stamps, ulong epoch, long idleNs, long nowNs)
    {
        var cleared = 0;
        var from = block * NodeRecordFormat.BlockWords;
        for (var word = from; word < Math.Min(from + NodeRecordFormat.BlockWords, _marked.Length); word++)
        {
            // Not yet durable: somebody waits for it, and will write.
            ulong gone = 0;
            for (var bits = _marked[word] & _onDisk[word]; bits != 0; bits &= bits - 1)
            {
                var bit = BitOperations.TrailingZeroCount(bits);
                ref var stamp = ref stamps[((word - from) * 64) + bit];
                if (stamp.EpochPlus1 == 0)
                    continue;
                if (stamp.SeenNs == Fresh && idleNs > 0)
                    stamp.SeenNs = nowNs;
                if (stamp.EpochPlus1 > epoch || (idleNs > 0 && nowNs - stamp.SeenNs < idleNs))
                    continue;
                stamp = default;
                gone |= 1UL << bit;
            }

            if (gone == 0)
                continue;
            _marked[word] &= ~gone;
            cleared += BitOperations.PopCount(gone);
            SetDirty(word);
        }

        return cleared;
    }

    private void SetDirty(int word) => SetBlockDirty(word / NodeRecordFormat.BlockWords);

    private long Find(ulong[] words, long from, bool set)
    {
        if ((ulong)from >= (ulong)Extents)
            return Extents;
        var word = (int)(from / 64);
        var bits = (set ? words[word] : ~words[word]) & (ulong.MaxValue << (int)(from % 64));
        while (bits == 0)
        {
            if (++word == words.Length)
                return Extents;
            bits = set ? words[word] : ~words[word];
        }

        return Math.Min(Extents, ((long)word * 64) + BitOperations.TrailingZeroCount(bits));
    }
}
