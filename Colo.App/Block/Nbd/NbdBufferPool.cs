using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block.Nbd;

/// <summary>
/// Buffers for the data of requests, outside the garbage-collected heap, page-aligned, in powers of two from 4 KiB to
/// 32 MiB, within a budget: what all connections of a server may hold at once. Freed ones are kept for reuse, up to an
/// amount. Used on the loop's thread.
/// </summary>
/// <param name="budget">Bytes that may be out at once; at least <see cref="NbdProtocol.MaxPayload"/>.</param>
/// <param name="keep">Bytes of unused buffers that are kept.</param>
internal sealed unsafe class NbdBufferPool(long budget, long keep) : IDisposable
{
    private const int SmallestShift = 12;
    private const int Classes = 14;
    private const nuint Page = 4096;

    // From here on malloc would map each of them, too; smaller ones share its heap, and are in a core.
    private const long Large = 128 << 10;

    private readonly Stack<nint>[] _free = [.. Enumerable.Range(0, Classes).Select(_ => new Stack<nint>())];
    private long _kept;

    /// <summary>Bytes that are out now, rounded up to the buffers' sizes.</summary>
    internal long Rented { get; private set; }

    /// <summary>Whether a buffer for so many bytes can be taken now.</summary>
    internal bool HasRoom(uint length) => Rented + SizeFor(length) <= budget;

    /// <summary>What a buffer for so many bytes takes from the budget.</summary>
    internal static long SizeFor(uint length) => 1L << (SmallestShift + ClassOf(length));

    /// <summary>Takes a buffer.</summary>
    /// <param name="length">1 to <see cref="NbdProtocol.MaxPayload"/>.</param>
    /// <returns>Null when the budget is used up; there will be one when others have been returned.</returns>
    internal byte* TryRent(uint length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, NbdProtocol.MaxPayload);
        var kind = ClassOf(length);
        var size = 1L << (SmallestShift + kind);
        if (Rented + size > budget)
            return null;
        Rented += size;
        if (!_free[kind].TryPop(out var buffer))
            return size < Large ? (byte*)NativeMemory.AlignedAlloc((nuint)size, Page) : UndumpedMemory.Map((nuint)size);
        _kept -= size;
        return (byte*)buffer;
    }

    /// <summary>Gives a buffer back.</summary>
    /// <param name="buffer">From <see cref="TryRent"/>.</param>
    /// <param name="length">The same as there.</param>
    internal void Return(byte* buffer, uint length)
    {
        var kind = ClassOf(length);
        var size = 1L << (SmallestShift + kind);
        Rented -= size;
        if (_kept + size > keep)
        {
            Free(buffer, size);
            return;
        }

        _kept += size;
        _free[kind].Push((nint)buffer);
    }

    /// <summary>Frees what is kept.</summary>
    public void Dispose()
    {
        for (var kind = 0; kind < Classes; kind++)
        {
            while (_free[kind].TryPop(out var buffer))
                Free((byte*)buffer, 1L << (SmallestShift + kind));
        }

        _kept = 0;
    }

    private static void Free(byte* buffer, long size)
    {
        if (size < Large)
            NativeMemory.AlignedFree(buffer);
        else
            UndumpedMemory.Unmap(buffer, (nuint)size);
    }

    private static int ClassOf(uint length) =>
        Math.Max(0, 32 - SmallestShift - System.Numerics.BitOperations.LeadingZeroCount(Math.Max(1, length) - 1));
}
