using System.Runtime.InteropServices;
using Colo.Memory;

namespace Colo.Checkpoint;

/// <summary>
/// Where the pages of an unfinished checkpoint wait on the secondary, so that its fallback state changes by whole
/// checkpoints only. An append log of pages and, for each guest page, the newest entry. Filled by the receiving thread,
/// read by the loop's thread after the checkpoint is complete; never by both at a time.
/// </summary>
internal sealed unsafe class Staging : IDisposable
{
    /// <summary>Pages of memory that are kept between checkpoints rather than given back: 16 MiB.</summary>
    private const int KeptPages = 4096;

    private readonly ulong _guestPages;
    private readonly NativeArray<ulong> _pageOf = new();
    private readonly NativeArray<PageContent> _content = new();
    private uint* _newest;

    internal Staging(ulong guestPages)
    {
        _guestPages = guestPages;
        _newest = (uint*)NativeMemory.AllocZeroed((nuint)guestPages, sizeof(uint));
    }

    /// <summary>Entries, of which later ones may replace earlier ones.</summary>
    internal int Count => _pageOf.Count;

    /// <summary>The most entries: every page once streamed and once at the stop, and no more.</summary>
    internal ulong Capacity => Math.Min(int.MaxValue / 2, (_guestPages * 2) + 1024);

    /// <summary>Makes room for entries and returns where their content goes. They count only after <see cref="Commit"/>.</summary>
    internal Span<byte> Reserve(int pages)
    {
        if ((ulong)_content.Count + (ulong)pages > Capacity)
            throw new InvalidDataException("checkpoint stream: more pages than the guest has");
        var first = _content.Count;
        if (first + pages > _content.Capacity)
            _content.Reserve(Math.Max(KeptPages, (first + pages) * 2));
        return MemoryMarshal.AsBytes(new Span<PageContent>(_content.Pointer + first, pages));
    }

    /// <summary>Counts the entries whose content was received.</summary>
    internal void Commit(ReadOnlySpan<ulong> pages)
    {
        foreach (var page in pages)
        {
            _pageOf.Add(page);
            _newest[page] = (uint)_pageOf.Count;
        }

        _content.SetCount(_pageOf.Count);
    }

    /// <summary>Whether a guest page has an entry.</summary>
    internal bool Holds(ulong page) => _newest[page] != 0;

    /// <summary>Gives the entry at an index, unless a later one replaces it.</summary>
    internal bool TryGet(int index, out ulong page, out byte* content)
    {
        page = _pageOf.Span[index];
        content = (byte*)(_content.Pointer + index);
        return _newest[page] == (uint)index + 1;
    }

    /// <summary>Drops all entries.</summary>
    internal void Clear()
    {
        foreach (var page in _pageOf.Span)
            _newest[page] = 0;
        _pageOf.Clear();
        _content.Clear();
        _content.ShrinkTo(KeptPages);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pageOf.Dispose();
        _content.Dispose();
        NativeMemory.Free(_newest);
        _newest = null;
    }
}
