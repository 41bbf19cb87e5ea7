using System.Numerics;
using System.Runtime.CompilerServices;
using Colo.Memory;

namespace Colo.Checkpoint;

/// <summary>
/// Loads the pages of a complete checkpoint on the secondary, while its VM stands still: afterwards image and guest
/// mapping both show the checkpoint. A page that the SVM has written has a private copy; going back to the image's page by
/// madvise costs some ten times as much as copying the page over the private one, and the guest's next write another
/// fault. So copies stay where they are and are overwritten, and only when too many have come together are they dropped.
/// </summary>
internal sealed unsafe class ImageCommit : IDisposable
{
    private readonly GuestMemory _memory;
    private readonly PageBitmap _written;
    private readonly PageBitmap _private;
    private readonly ulong _mostPrivate;
    private readonly PageMap? _pageMap;
    private ulong _privateCount;

    /// <param name="memory">Memory with an image.</param>
    /// <param name="usePageMap">False: pages are compared, as where the page tables may not be read.</param>
    internal ImageCommit(GuestMemory memory, bool usePageMap = true)
    {
        _memory = memory;
        try
        {
            _pageMap = usePageMap ? new PageMap(memory) : null;
        }
        catch (Linux.LinuxException)
        {
            // Slower, and as good.
        }

        _written = new PageBitmap(memory.Pages);
        _private = new PageBitmap(memory.Pages);
        // A sixteenth of the guest's memory at most: the secondary stays well below twice the memory.
        _mostPrivate = Math.Max(1024, memory.Pages / 16);
    }

    /// <summary>Pages that have a private copy.</summary>
    internal ulong PrivatePages => _privateCount;

    /// <summary>Pages of which the guest mapping had a copy although nobody had written them.</summary>
    internal long UnloggedCopies { get; private set; }

    /// <summary>Brings image and guest mapping to the checkpoint.</summary>
    /// <param name="staging">The pages of the checkpoint.</param>
    /// <param name="svm">What the SVM and its devices have written since the last commit.</param>
    internal void Apply(Staging staging, IDirtySource svm)
    {
        svm.Harvest(_written);
        var drop = _privateCount + _written.Count() > _mostPrivate;
        var unlogged = false;
        for (var i = 0; i < staging.Count; i++)
        {
            if (!staging.TryGet(i, out var page, out var content))
                continue;
            var offset = page * GuestMemory.PageSize;
            Unsafe.CopyBlock(_memory.Image + offset, content, GuestMemory.PageSize);
            if (!_private.IsSet(page) && !_written.IsSet(page))
                unlogged = true;
            else if (!drop)
                Unsafe.CopyBlock(_memory.Base + offset, content, GuestMemory.PageSize);
        }

        if (unlogged)
            CopyUnlogged(staging, drop);
        if (drop)
        {
            _written.MoveTo(_private);
            DropAll();
            return;
        }

        RevertWritten(staging);
    }

    /// <summary>Before the first checkpoint: drops whatever this node itself has put into the guest's memory.</summary>
    internal void DropEverything() => LinuxMemory.DropPrivate(_memory.Base, (nuint)_memory.Size);

    /// <inheritdoc/>
    public void Dispose()
    {
        _written.Dispose();
        _private.Dispose();
        _pageMap?.Dispose();
    }

    /// <summary>
    /// Brings pages to the checkpoint that have a private copy of which no dirty log tells: where a fault would have to wait, for
    /// a page's lock for example, KVM has a worker bring the page in meanwhile, and that does so for writing, whatever the access
    /// was (async_pf_execute of virt/kvm/async_pf.c). If the vCPU is stopped and given another state before it tries again,
    /// nothing is logged. Called when the image is complete: a copy that is made later is one of the new page.
    /// </summary>
    private void CopyUnlogged(Staging staging, bool drop)
    {
        _pageMap?.Renew();
        for (var i = 0; i < staging.Count; i++)
        {
            if (!staging.TryGet(i, out var page, out var content) || _private.IsSet(page) || _written.IsSet(page))
                continue;
            var offset = page * GuestMemory.PageSize;
            if (_pageMap is { } map ? !map.HasCopy(page) : ShowsImage(offset))
                continue;
            UnloggedCopies++;
            _private.Set(page);
            _privateCount++;
            if (!drop)
                Unsafe.CopyBlock(_memory.Base + offset, content, GuestMemory.PageSize);
        }
    }

    // Without the page tables there is no other way than to look, which brings the page into this process's mapping.
    private bool ShowsImage(ulong offset) =>
        new ReadOnlySpan<byte>(_memory.Base + offset, GuestMemory.PageSize).SequenceEqual(new ReadOnlySpan<byte>(_memory.Image + offset, GuestMemory.PageSize));

    private void RevertWritten(Staging staging)
    {
        var words = _written.Words;
        for (var word = 0; word < words.Length; word++)
        {
            for (var bits = words[word]; bits != 0; bits &= bits - 1)
            {
                var page = ((ulong)word * 64) + (ulong)BitOperations.TrailingZeroCount(bits);
                if (_private.Set(page))
                    _privateCount++;
                if (staging.Holds(page))
                    continue;
                var offset = page * GuestMemory.PageSize;
                Unsafe.CopyBlock(_memory.Base + offset, _memory.Image + offset, GuestMemory.PageSize);
            }

            words[word] = 0;
        }
    }

    private void DropAll()
    {
        ForEachRun(_private, static (memory, first, count) =>
            LinuxMemory.DropPrivate(memory.Base + (first * GuestMemory.PageSize), (nuint)(count * GuestMemory.PageSize)));
        _private.Clear();
        _privateCount = 0;
    }

    private void ForEachRun(PageBitmap bitmap, Action<GuestMemory, ulong, ulong> action)
    {
        ulong first = 0, count = 0;
        for (ulong page = 0; page < bitmap.Pages; page++)
        {
            if (page % 64 == 0 && count == 0 && bitmap.Words[(int)(page / 64)] == 0)
            {
                page += 63;
                continue;
            }

            if (bitmap.IsSet(page))
            {
                if (count++ == 0)
                    first = page;
            }
            else if (count > 0)
            {
                action(_memory, first, count);
                count = 0;
            }
        }

        if (count > 0)
            action(_memory, first, count);
    }
}
