namespace Colo.Node;

/// <summary>
/// Frames for the SVM that it cannot have yet: of an epoch whose checkpoint it has not loaded, or for which its receive
/// queue has no room. In order, over all NICs; bounded. One thread.
/// </summary>
internal sealed class PendingInput(int mostBytes) : IDisposable
{
    private readonly FrameRing _frames = new(mostBytes);
    private readonly byte[] _frame = new byte[GuestNic.MaxFrame];

    /// <summary>Frames that wait.</summary>
    internal int Count => _frames.Count;

    /// <summary>Keeps a frame or another message of the Packets channel.</summary>
    /// <returns>False when the bound is reached.</returns>
    internal bool TryAdd(ulong epoch, ushort kind, ReadOnlySpan<byte> body) => _frames.TryAdd(epoch, kind, body);

    /// <summary>Looks at the first one.</summary>
    internal bool TryPeek(out ulong epoch, out ushort kind, out ReadOnlySpan<byte> body)
    {
        body = default;
        if (!_frames.TryPeek(out epoch, out kind, out var length))
            return false;
        _frames.CopyFirst(_frame.AsSpan(0, length));
        body = _frame.AsSpan(0, length);
        return true;
    }

    /// <summary>Takes the first one away.</summary>
    internal void RemoveFirst() => _frames.RemoveFirst();

    /// <summary>Drops all of epochs before <paramref name="epoch"/>: the checkpoint contains what they did.</summary>
    internal void DropBefore(ulong epoch)
    {
        while (_frames.TryPeek(out var of, out _, out _) && of < epoch)
            _frames.RemoveFirst();
    }

    /// <inheritdoc/>
    public void Dispose() => _frames.Dispose();
}
