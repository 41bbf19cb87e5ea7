using System.Runtime.InteropServices;

namespace Colo.Block.Replication;

/// <summary>A request of the replication's own, and what follows it. Reused, so that nothing is allocated for one.</summary>
internal sealed unsafe class DiskOperation : IBlockCompletion
{
    internal DiskOperation(int vectors)
    {
        Request = new BlockRequest(vectors, this);
        Capacity = vectors;
        Granted = () => Start!(this);
    }

    internal BlockRequest Request { get; }

    /// <summary>Most vectors it can hold.</summary>
    internal int Capacity { get; }

    /// <summary>Calls <see cref="Start"/>; for <see cref="RangeLocks"/>.</summary>
    internal Action Granted { get; }

    internal Action<DiskOperation>? Start { get; set; }

    internal Action<DiskOperation>? Done { get; set; }

    internal object? Owner { get; set; }

    /// <summary>Progress, for operations that take several requests.</summary>
    internal long At { get; set; }

    /// <inheritdoc/>
    public void Completed(BlockRequest request) => Done!(this);
}

/// <summary>Operations that are not in use.</summary>
internal sealed class DiskOperations
{
    private const int Kept = 256;
    private const int FewVectors = 4;
    private const int ManyVectors = 256;

    private readonly Stack<DiskOperation> _few = new();
    private readonly Stack<DiskOperation> _many = new();

    internal DiskOperation Take(int vectors, object? owner, Action<DiskOperation> done)
    {
        var from = vectors <= FewVectors ? _few : _many;
        if (vectors > ManyVectors || !from.TryPop(out var operation))
            operation = new DiskOperation(vectors <= FewVectors ? FewVectors : Math.Max(ManyVectors, vectors));
        operation.Owner = owner;
        operation.Done = done;
        operation.At = 0;
        return operation;
    }

    internal void GiveBack(DiskOperation operation)
    {
        operation.Owner = null;
        operation.Start = null;
        operation.Done = null;
        var to = operation.Capacity == FewVectors ? _few : _many;
        if (operation.Capacity <= ManyVectors && to.Count < Kept)
            to.Push(operation);
    }
}

/// <summary>Parts of scattered memory.</summary>
internal static unsafe class BlockVectors
{
    /// <summary>Adds what names <paramref name="length"/> bytes after the first <paramref name="skip"/>.</summary>
    internal static void Slice(ReadOnlySpan<BlockVector> from, long skip, long length, BlockRequest into)
    {
        foreach (var vector in from)
        {
            if (length == 0)
                return;
            if (skip >= (long)vector.Length)
            {
                skip -= (long)vector.Length;
                continue;
            }

            var part = Math.Min(length, (long)vector.Length - skip);
            into.Add(new BlockVector(vector.Pointer + (nint)skip, (nuint)part));
            length -= part;
            skip = 0;
        }
    }

    /// <summary>Copies out bytes after the first <paramref name="skip"/>.</summary>
    internal static void CopyTo(ReadOnlySpan<BlockVector> from, long skip, byte* to, long length)
    {
        foreach (var vector in from)
        {
            if (length == 0)
                return;
            if (skip >= (long)vector.Length)
            {
                skip -= (long)vector.Length;
                continue;
            }

            var part = Math.Min(length, (long)vector.Length - skip);
            Buffer.MemoryCopy((byte*)vector.Pointer + skip, to, part, part);
            to += part;
            length -= part;
            skip = 0;
        }
    }

    /// <summary>Zeroes bytes after the first <paramref name="skip"/>.</summary>
    internal static void Clear(ReadOnlySpan<BlockVector> vectors, long skip, long length)
    {
        foreach (var vector in vectors)
        {
            if (length == 0)
                return;
            if (skip >= (long)vector.Length)
            {
                skip -= (long)vector.Length;
                continue;
            }

            var part = Math.Min(length, (long)vector.Length - skip);
            NativeMemory.Clear((byte*)vector.Pointer + skip, (nuint)part);
            length -= part;
            skip = 0;
        }
    }
}
