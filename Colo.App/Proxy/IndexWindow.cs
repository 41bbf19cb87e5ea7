namespace Colo.Proxy;

/// <summary>
/// Which of the secondary's frames of this epoch are still needed. Counts references by index in a ring; everything
/// up to <see cref="Confirmed"/> is consumed.
/// </summary>
internal sealed class IndexWindow
{
    /// <summary>Most frames between the confirmed index and the newest.</summary>
    public const int Capacity = 65536;

    private readonly byte[] _references = new byte[Capacity];
    private ulong _confirmed;

    /// <summary>The newest index seen.</summary>
    public ulong Newest { get; private set; }

    /// <summary>All frames up to this index are consumed.</summary>
    public ulong Confirmed
    {
        get
        {
            while (_confirmed < Newest && _references[(_confirmed + 1) % Capacity] == 0)
                _confirmed++;
            return _confirmed;
        }
    }

    /// <summary>Whether another frame fits.</summary>
    public bool HasRoom => Newest - _confirmed < Capacity - 1 || Newest - Confirmed < Capacity - 1;

    /// <summary>Takes up the next index.</summary>
    public void Advance()
    {
        Newest++;
        _references[Newest % Capacity] = 0;
    }

    // A frame has few parts that wait on their own (payload pieces, acknowledgement, SYN); 255 is never reached by
    // honest output, and a count that stays at 255 only keeps the frame longer.
    public void Reference(ulong index)
    {
        ref byte count = ref _references[index % Capacity];
        if (count < byte.MaxValue)
            count++;
    }

    public void Release(ulong index)
    {
        ref byte count = ref _references[index % Capacity];
        if (count is > 0 and < byte.MaxValue)
            count--;
    }

    public void Reset()
    {
        Array.Clear(_references);
        _confirmed = 0;
        Newest = 0;
    }
}
