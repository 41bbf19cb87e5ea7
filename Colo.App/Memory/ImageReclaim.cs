using Colo.Linux;

namespace Colo.Memory;

/// <summary>
/// After a takeover: frees the pages of the image that nobody can see any more. The survivor's guest runs on private copies over
/// the image of the last checkpoint; a page that it has written is there twice, and a guest that writes all of its memory would
/// need it twice over. A thread looks through the mapping and punches holes into the image where private copies lie above it;
/// those stay (shmem takes no copies away when it punches, fallocate(2)).
/// <para>
/// Which pages have a copy only the page tables tell (<see cref="PageMap"/>): a dirty log knows of writes, and a write that is
/// logged need not have happened. Once a page has a copy it keeps it, for nothing drops copies of a guest that speaks.
/// </para>
/// </summary>
internal sealed unsafe class ImageReclaim : IDisposable
{
    private const int ChunkPages = 16384;

    // A hole makes KVM forget its translation of the copy above it, and the guest fault it in again: some microseconds each.
    private const int BurstPages = 1024;
    private static readonly TimeSpan AfterBurst = TimeSpan.FromMilliseconds(50), FirstPass = TimeSpan.FromSeconds(2), LeastWait = TimeSpan.FromSeconds(1), MostWait = TimeSpan.FromMinutes(1);

    // Looking costs some 10 ns a page: two hundredths of a processor at most.
    private const int Idleness = 50;

    private readonly GuestMemory _memory;
    private readonly PageMap _pageMap;
    private readonly PageBitmap _freed;
    private readonly ulong[] _entries = new ulong[ChunkPages];
    private readonly ManualResetEventSlim _stop = new();
    private Thread? _thread;
    private int _burst;
    private long _freedPages;

    /// <param name="memory">Memory over an image of which nobody makes use any more. Must outlive this.</param>
    /// <exception cref="LinuxException">The page tables may not be read.</exception>
    internal ImageReclaim(GuestMemory memory)
    {
        _pageMap = new PageMap(memory);
        _memory = memory;
        _freed = new PageBitmap(memory.Pages);
    }

    /// <summary>Pages of the image that are freed.</summary>
    internal long FreedPages => Volatile.Read(ref _freedPages);

    /// <summary>Frees from now on, in the background, until <see cref="Dispose"/> or until nothing is left.</summary>
    /// <param name="failed">Gets, on that thread, why it had to give up; the guest is not harmed.</param>
    internal void Start(Action<string> failed)
    {
        _thread = new Thread(() => Run(failed)) { IsBackground = true, Name = "image-reclaim", Priority = ThreadPriority.BelowNormal };
        _thread.Start();
    }

    /// <summary>Looks at all pages once, and frees what can be freed.</summary>
    /// <returns>False when it was stopped on the way.</returns>
    /// <exception cref="LinuxException">The kernel refuses.</exception>
    internal bool Pass()
    {
        for (ulong first = 0; first < _memory.Pages; first += ChunkPages)
        {
            var count = (int)Math.Min(ChunkPages, _memory.Pages - first);
            if (AllFreed(first, count))
                continue;
            _pageMap.Read(first, _entries.AsSpan(0, count));
            for (var i = 0; i < count;)
            {
                var end = i;
                while (end < count && end - i < BurstPages && PageMap.IsCopy(_entries[end]) && !_freed.IsSet(first + (ulong)end))
                    end++;
                if (end == i)
                {
                    i++;
                    continue;
                }

                Punch(first + (ulong)i, end - i);
                i = end;
                if (_burst >= BurstPages && Rest(AfterBurst))
                    return false;
            }

            if (_stop.IsSet)
                return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Set();
        _thread?.Join();
        _stop.Dispose();
        _pageMap.Dispose();
        _freed.Dispose();
    }

    private void Run(Action<string> failed)
    {
        try
        {
            for (var wait = FirstPass; !_stop.Wait(wait);)
            {
                var began = MonotonicClock.Now;
                if (!Pass() || (ulong)FreedPages == _memory.Pages)
                    return;
                wait = TimeSpan.FromTicks(Math.Clamp((MonotonicClock.Now - began) / 100 * Idleness, LeastWait.Ticks, MostWait.Ticks));
            }
        }
        catch (LinuxException e)
        {
            failed(e.Message);
        }
    }

    private bool Rest(TimeSpan time)
    {
        _burst = 0;
        // A pass that somebody waits for has no reason to be gentle.
        return _thread is not null && _stop.Wait(time);
    }

    private bool AllFreed(ulong first, int count)
    {
        // Chunks are whole words but for the last.
        foreach (var word in _freed.Words.Slice((int)(first / 64), count / 64))
        {
            if (word != ulong.MaxValue)
                return false;
        }

        return count % 64 == 0;
    }

    private void Punch(ulong first, int count)
    {
        _memory.FreeImage(first, (ulong)count);
        for (var page = first; page < first + (ulong)count; page++)
            _freed.Set(page);
        _burst += count;
        Volatile.Write(ref _freedPages, _freedPages + count);
    }
}
