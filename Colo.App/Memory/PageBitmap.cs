using System.Numerics;
using System.Runtime.InteropServices;

namespace Colo.Memory;

/// <summary>One bit a page of guest RAM, outside of the managed heap. Setting is atomic; all else is for one thread at a time.</summary>
public sealed unsafe class PageBitmap : IDisposable
{
    private ulong* _words;

    /// <summary>Makes a clear bitmap.</summary>
    /// <param name="pages">How many pages it covers.</param>
    public PageBitmap(ulong pages)
    {
        Pages = pages;
        WordCount = (int)((pages + 63) / 64);
        _words = (ulong*)NativeMemory.AllocZeroed((nuint)WordCount, sizeof(ulong));
    }

    /// <summary>How many pages it covers.</summary>
    public ulong Pages { get; }

    /// <summary>How many 64-bit words <see cref="Words"/> has.</summary>
    public int WordCount { get; }

    /// <summary>The words; page n is bit n mod 64 of word n / 64, as in KVM_GET_DIRTY_LOG.</summary>
    public Span<ulong> Words => new(_words, WordCount);

    /// <summary>Sets a page's bit, from any thread. A page out of range throws.</summary>
    /// <returns>Whether the bit was clear before.</returns>
    public bool Set(ulong page)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(page, Pages);
        var bit = 1UL << (int)(page % 64);
        // Never by a look alone whether it is set: the processor may look before others see what was written into the page,
        // and whoever clears the bit in between and copies the page would have the page without it, and no bit.
        return (Interlocked.Or(ref _words[page / 64], bit) & bit) == 0;
    }

    /// <summary>Whether a page's bit is set.</summary>
    public bool IsSet(ulong page) => page < Pages && (Volatile.Read(ref _words[page / 64]) >> (int)(page % 64) & 1) != 0;

    /// <summary>Clears all bits.</summary>
    public void Clear() => Words.Clear();

    /// <summary>How many bits are set.</summary>
    public ulong Count()
    {
        ulong count = 0;
        foreach (var word in Words)
            count += (ulong)BitOperations.PopCount(word);
        return count;
    }

    /// <summary>Moves all set bits into <paramref name="target"/> and clears them here; bits set meanwhile stay for the next time.</summary>
    public void MoveTo(PageBitmap target)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Pages, Pages, nameof(target));
        for (var i = 0; i < WordCount; i++)
        {
            if (Volatile.Read(ref _words[i]) != 0)
                target._words[i] |= Interlocked.Exchange(ref _words[i], 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_words);
        _words = null;
    }
}
