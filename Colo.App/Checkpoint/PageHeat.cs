using System.Runtime.InteropServices;
using Colo.Memory;

namespace Colo.Checkpoint;

/// <summary>
/// Which pages are worth streaming before the stop. A page that is written again after it was streamed was sent for
/// nothing; a page to which that happened twice waits for the stop until it has cooled down. Each page is streamed at
/// most once an epoch, which bounds the traffic to twice the pages dirtied. One thread at a time.
/// </summary>
internal sealed unsafe class PageHeat : IDisposable
{
    private const byte StreamedFlag = 0x80;
    private const byte Hottest = 3;
    private const byte Hot = 2;
    private const int EpochsToCoolAll = 64;

    private readonly ulong _pages;
    private readonly NativeArray<ulong> _streamed = new();
    private byte* _heat;
    private ulong _cooled;

    internal PageHeat(ulong pages)
    {
        _pages = pages;
        _heat = (byte*)NativeMemory.AllocZeroed((nuint)pages);
    }

    /// <summary>Asks for a dirty page whether to stream it now; if so, it counts as streamed in this epoch.</summary>
    internal bool TakeForStream(ulong page)
    {
        ref var heat = ref _heat[page];
        if (heat >= Hot)
            return false;
        heat |= StreamedFlag;
        _streamed.Add(page);
        return true;
    }

    /// <summary>At a stop: learns which streamed pages were sent for nothing, and lets some others cool down.</summary>
    internal void EndEpoch(PageBitmap remainder)
    {
        foreach (var page in _streamed.Span)
        {
            var heat = (byte)(_heat[page] & ~StreamedFlag);
            _heat[page] = remainder.IsSet(page)
                ? Math.Min(Hottest, (byte)(heat + 1))
                : (byte)Math.Max(0, heat - 1);
        }

        _streamed.Clear();
        for (var n = (_pages / EpochsToCoolAll) + 1; n > 0; n--)
        {
            if (_heat[_cooled] > 0)
                _heat[_cooled]--;
            _cooled = (_cooled + 1) % _pages;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _streamed.Dispose();
        NativeMemory.Free(_heat);
        _heat = null;
    }
}
