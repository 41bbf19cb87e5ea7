namespace Colo.Block.Replication;

/// <summary>
/// Which blocks of an image are known to have their space, so that a block that is written again and again is reserved
/// once. One bit for 4 KiB, 32 KiB of memory for each GiB in which there is any. Not knowing is always right.
/// </summary>
/// <param name="size">Bytes of the image.</param>
internal sealed class AllocatedMap(long size)
{
    /// <summary>Bytes that one bit stands for.</summary>
    internal const int Block = 4096;

    private const int PageShift = 18;
    private const int PageBlocks = 1 << PageShift;

    private readonly ulong[]?[] _pages = new ulong[]?[((size + Block - 1) / Block + PageBlocks - 1) >> PageShift];

    /// <summary>Whether all blocks that the range touches are known to have their space.</summary>
    internal bool Contains(long offset, long length)
    {
        var end = (offset + length + Block - 1) / Block;
        for (var block = offset / Block; block < end;)
        {
            if (_pages[block >> PageShift] is not { } page)
                return false;
            var word = page[(block & (PageBlocks - 1)) >> 6];
            var mask = Mask(block, end, out var next);
            if ((word & mask) != mask)
                return false;
            block = next;
        }

        return true;
    }

    /// <summary>The blocks that lie wholly in the range have their space; of the last one of the image, what there is of it.</summary>
    internal void Add(long offset, long length)
    {
        var end = offset + length == size ? (size + Block - 1) / Block : (offset + length) / Block;
        for (var block = (offset + Block - 1) / Block; block < end;)
        {
            var page = _pages[block >> PageShift] ??= new ulong[PageBlocks / 64];
            var mask = Mask(block, end, out var next);
            page[(block & (PageBlocks - 1)) >> 6] |= mask;
            block = next;
        }
    }

    /// <summary>The blocks that the range touches may have lost their space.</summary>
    internal void Remove(long offset, long length)
    {
        var end = (offset + length + Block - 1) / Block;
        for (var block = offset / Block; block < end;)
        {
            var mask = Mask(block, end, out var next);
            if (_pages[block >> PageShift] is { } page)
                page[(block & (PageBlocks - 1)) >> 6] &= ~mask;
            block = next;
        }
    }

    /// <summary>The bits of one word from a block on, and the first block of the next word.</summary>
    private static ulong Mask(long block, long end, out long next)
    {
        next = Math.Min(end, (block | 63) + 1);
        var count = (int)(next - block);
        return (count == 64 ? ulong.MaxValue : (1UL << count) - 1) << (int)(block & 63);
    }
}
