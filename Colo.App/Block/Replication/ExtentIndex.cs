namespace Colo.Block.Replication;

/// <summary>A part of a disk and what an <see cref="ExtentIndex"/> says about it.</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes, above 0.</param>
/// <param name="Value">For positions: where its first byte is, or <see cref="ExtentIndex.Zeroes"/>.</param>
internal readonly record struct IndexedExtent(long Offset, long Length, long Value)
{
    /// <summary>First byte after it.</summary>
    internal long End => Offset + Length;
}

/// <summary>
/// A map from ranges of a disk to values; what is set later hides what was set before. Ranges lie in sorted arrays, one
/// for each MiB of the disk in which there are any, so that a change moves few entries however many there are. A MiB
/// that has one value from end to end, as zeroed disks have, shares its array.
/// </summary>
internal sealed class ExtentIndex
{
    /// <summary>The value of a range that reads as zeroes.</summary>
    internal const long Zeroes = -1;

    private const int RegionShift = 20;
    private const int RegionSize = 1 << RegionShift;
    private const int GroupShift = 10;
    private const int GroupSize = 1 << GroupShift;

    private readonly Region?[]?[] _groups;
    private readonly List<long> _used = [];
    private readonly Stack<Region> _free = new();
    private readonly Region _zeroes = new();
    private readonly bool _positions;

    /// <summary>Makes an empty index.</summary>
    /// <param name="size">Bytes of the disk.</param>
    /// <param name="positions">Values are positions, which advance with the offset; otherwise a value is the same for all of its range.</param>
    internal ExtentIndex(long size, bool positions)
    {
        _groups = new Region?[]?[(size + ((long)RegionSize << GroupShift) - 1) >> (RegionShift + GroupShift)];
        _positions = positions;
        _zeroes.Extents[0] = new Extent(0, RegionSize, Zeroes);
        _zeroes.Count = 1;
    }

    /// <summary>Extents that are stored.</summary>
    internal long Count { get; private set; }

    /// <summary>Sets a range.</summary>
    internal void Set(long offset, long length, long value)
    {
        for (long done = 0; done < length;)
        {
            var start = (int)((offset + done) & (RegionSize - 1));
            var part = (int)Math.Min(length - done, RegionSize - start);
            ref var region = ref RegionAt((offset + done) >> RegionShift);
            if (part == RegionSize && value == Zeroes)
            {
                Recycle(region);
                region = _zeroes;
                Count++;
            }
            else
            {
                region = Own(region);
                Replace(region, start, part, new Extent(start, part, Advance(value, done)), keep: true);
            }

            done += part;
        }
    }

    /// <summary>Takes away what of a range has exactly this value. Not for positions.</summary>
    internal void Remove(long offset, long length, long value)
    {
        for (long done = 0; done < length;)
        {
            var number = (offset + done) >> RegionShift;
            var start = (int)((offset + done) & (RegionSize - 1));
            var end = (int)Math.Min(length - done + start, RegionSize);
            done += end - start;
            if (_groups[number >> GroupShift]?[number & (GroupSize - 1)] is not { Count: > 0 } found)
                continue;
            var region = Own(found);
            _groups[number >> GroupShift]![number & (GroupSize - 1)] = region;
            for (var i = region.FirstEndingAfter(start); i < region.Count && region.Extents[i].Start < end;)
            {
                var extent = region.Extents[i];
                var from = Math.Max(start, extent.Start);
                var to = Math.Min(end, extent.End);
                if (extent.Value == value)
                {
                    Replace(region, from, to - from, default, keep: false);
                    i = region.FirstEndingAfter(to);
                }
                else
                {
                    i++;
                }
            }
        }
    }

    /// <summary>Adds what is known of a range, in order, cut to it and joined where it goes on.</summary>
    internal void Find(long offset, long length, List<IndexedExtent> into)
    {
        for (long done = 0; done < length;)
        {
            var number = (offset + done) >> RegionShift;
            var start = (int)((offset + done) & (RegionSize - 1));
            var end = (int)Math.Min(length - done + start, RegionSize);
            done += end - start;
            if (_groups[number >> GroupShift]?[number & (GroupSize - 1)] is not { } region)
                continue;
            for (var i = region.FirstEndingAfter(start); i < region.Count && region.Extents[i].Start < end; i++)
            {
                var extent = region.Extents[i];
                var from = Math.Max(start, extent.Start);
                Join(into, new IndexedExtent(
                    (number << RegionShift) + from, Math.Min(end, extent.End) - from, Advance(extent.Value, from - extent.Start)));
            }
        }
    }

    /// <summary>Everything that is known, in order.</summary>
    internal List<IndexedExtent> All()
    {
        List<IndexedExtent> all = [];
        _used.Sort();
        foreach (var number in _used)
            Find(number << RegionShift, RegionSize, all);
        return all;
    }

    /// <summary>Forgets everything.</summary>
    internal void Clear()
    {
        foreach (var number in _used)
        {
            ref var region = ref _groups[number >> GroupShift]![number & (GroupSize - 1)];
            Recycle(region);
            region = null;
        }

        _used.Clear();
    }

    private ref Region? RegionAt(long number)
    {
        ref var region = ref (_groups[number >> GroupShift] ??= new Region?[GroupSize])[number & (GroupSize - 1)];
        if (region is null)
            _used.Add(number);
        return ref region;
    }

    /// <summary>A region that may be changed: a new one for none and for the shared one.</summary>
    private Region Own(Region? region)
    {
        if (region is not null && region != _zeroes)
            return region;
        if (!_free.TryPop(out var own))
            own = new Region();
        if (region is not null)
        {
            own.Extents[0] = region.Extents[0];
            own.Count = 1;
        }

        return own;
    }

    private void Recycle(Region? region)
    {
        const int kept = 4096;
        if (region is null)
            return;
        Count -= region.Count;
        if (region == _zeroes)
            return;
        region.Count = 0;
        if (_free.Count < kept)
            _free.Push(region);
    }

    private void Replace(Region region, int start, int length, Extent middle, bool keep)
    {
        var end = start + length;
        var all = region.Extents;
        var first = region.FirstEndingAfter(start);
        var after = first;
        while (after < region.Count && all[after].Start < end)
            after++;
        Span<Extent> now = stackalloc Extent[3];
        var count = 0;
        if (first < after && all[first].Start < start)
            now[count++] = all[first] with { Length = start - all[first].Start };
        else if (keep && first > 0 && Joins(all[first - 1], middle))
            now[count++] = all[--first];
        if (keep)
        {
            if (count > 0 && Joins(now[0], middle))
                now[0] = now[0] with { Length = end - now[0].Start };
            else
                now[count++] = middle;
        }

        Extent? right = null;
        if (after > first && all[after - 1].End > end)
            right = new Extent(end, all[after - 1].End - end, Advance(all[after - 1].Value, end - all[after - 1].Start));
        else if (keep && after < region.Count && Joins(now[count - 1], all[after]))
            right = all[after++];
        if (right is { } rest)
        {
            if (keep && Joins(now[count - 1], rest))
                now[count - 1] = now[count - 1] with { Length = rest.End - now[count - 1].Start };
            else
                now[count++] = rest;
        }

        Count += count - (after - first);
        region.Splice(first, after, now[..count]);
    }

    private bool Joins(Extent left, Extent right) =>
        left.End == right.Start && Advance(left.Value, left.Length) == right.Value;

    private void Join(List<IndexedExtent> list, IndexedExtent extent)
    {
        if (list.Count > 0 && list[^1] is var last && last.End == extent.Offset && Advance(last.Value, last.Length) == extent.Value)
            list[^1] = last with { Length = last.Length + extent.Length };
        else
            list.Add(extent);
    }

    private long Advance(long value, long by) => _positions && value != Zeroes ? value + by : value;

    private readonly record struct Extent(int Start, int Length, long Value)
    {
        internal int End => Start + Length;
    }

    private sealed class Region
    {
        internal Extent[] Extents { get; private set; } = new Extent[4];

        internal int Count { get; set; }

        internal int FirstEndingAfter(int start)
        {
            int low = 0, high = Count;
            while (low < high)
            {
                var middle = (low + high) >> 1;
                if (Extents[middle].End > start)
                    high = middle;
                else
                    low = middle + 1;
            }

            return low;
        }

        internal void Splice(int first, int after, ReadOnlySpan<Extent> with)
        {
            var count = Count + with.Length - (after - first);
            if (count > Extents.Length)
            {
                var larger = new Extent[Math.Max(count, Extents.Length * 2)];
                Extents.AsSpan(0, Count).CopyTo(larger);
                Extents = larger;
            }

            Extents.AsSpan(after, Count - after).CopyTo(Extents.AsSpan(first + with.Length));
            with.CopyTo(Extents.AsSpan(first));
            Count = count;
        }
    }
}
