namespace Colo.Block.Replication;

/// <summary>What is held, and what that takes.</summary>
public sealed unsafe partial class SecondaryDisk
{
    // What a held request takes besides its data: its place among the held ones, and one in the index of reserved space.
    private const long HeldOverhead = 64;
    // Far more than an NBD server has under way.
    private const int MostUnderWay = 1024;

    private readonly HeldWrites _held = new();
    private readonly Stack<HeldWrite> _freeHeld = new();
    private long _heldMemory;

    /// <summary>Bytes that what is held takes of memory: the data that is not in the journal, and a little for each request.</summary>
    public long HeldMemory => _heldMemory;

    /// <summary>Objects that held requests take, in use or kept for the next ones.</summary>
    internal int HeldObjects { get; private set; }

    /// <summary>Requests that are held.</summary>
    public int HeldRequests => _held.Count;

    /// <summary>Drops the held requests from one on.</summary>
    private void DropHeld(int from)
    {
        List<(BlockRequest Request, int Error)> told = [];
        while (_held.Count > from)
        {
            var (rest, work) = _held.RemoveLast();
            if (work is not { } held)
            {
                Forget(in rest);
                continue;
            }

            held.IsDropped = true;
            if (held.Caller is { } caller && !held.IsDirect)
            {
                held.Caller = null;
                told.Add((caller, held.Error == 0 ? EIO : held.Error));
            }

            if (_disposed && held.IsReading)
            {
                // A closed file does not complete what was under way in it: its place in the image is free all the same.
                var (offset, length) = (held.Offset, held.Length);
                Recycle(held);
                ReleaseImage(offset, length);
            }
            else if (held.Pending == 0 && !held.IsApplying)
            {
                Recycle(held);
            }
        }

        foreach (var (request, error) in told)
            request.Complete(error);
    }

    private HeldWrite TakeHeld()
    {
        if (_freeHeld.TryPop(out var held))
            return held;
        HeldObjects++;
        return new HeldWrite(this);
    }

    /// <summary>Nothing is being done with a request any more; whatever it had belongs to somebody else, or to nobody.</summary>
    private void PutBack(HeldWrite held)
    {
        held.Clear();
        if (_freeHeld.Count < MostUnderWay)
            _freeHeld.Push(held);
        else
            HeldObjects--;
    }

    /// <summary>A request is done, or dropped.</summary>
    private void Recycle(HeldWrite held)
    {
        FreeData(held);
        Forget(held.Rest());
        PutBack(held);
    }

    /// <summary>A request is held no more: what it has of memory and journal is free.</summary>
    private void Forget(in HeldRequest held)
    {
        if (!held.IsJournaled && held.Place != 0)
            FreeHeld((byte*)held.Place, held.Length);
        _heldMemory -= HeldOverhead;
        if (held.IsJournaled)
            _journal.Release(held.Place, held.Data);
        if (_held.Count == 0 && _reserved.Count > 0)
            _reserved.Clear();
    }

    /// <summary>The data of a request with which something is done; what was read from the journal does not count as held.</summary>
    private void FreeData(HeldWrite held)
    {
        if (held.Data is null)
            return;
        if (held.IsJournaled)
            FreeBuffer(held.Data, held.Length);
        else
            FreeHeld(held.Data, held.Length);
        held.Data = null;
    }

    private void FreeHeld(byte* data, long length)
    {
        _heldMemory -= Nbd.NbdBufferPool.SizeFor((uint)length);
        FreeBuffer(data, length);
    }
}
