namespace Colo.Proxy;

/// <summary>What every flow has: its place in the table, the held frames, and what it waits for.</summary>
internal abstract class Flow
{
    public FlowKey Key;
    public uint Hash;
    public Flow? HashNext;
    /// <summary>Order of use; closed flows have a list of their own.</summary>
    public Flow? LruPrevious, LruNext;
    public bool Closed;
    public bool InClosedList;

    /// <summary>Flows that wait for something, in the order of their deadlines.</summary>
    public Flow? WaitPrevious, WaitNext;
    public bool Waiting;
    /// <summary>The time since which it waits, as the list is sorted; may be older than what it waits for now.</summary>
    public long WaitKeyNs;

    /// <summary>The primary's frames.</summary>
    public FrameQueue Held;
    /// <summary>Nothing leaves until the next commit.</summary>
    public bool Diverged;
    /// <summary>Frames can no longer be placed in the stream: held whole until the next commit.</summary>
    public bool Stuck;
    /// <summary>Divergences since the flow is known.</summary>
    public long Divergences;
    /// <summary>Commits seen, to notice those that happened while the flow was idle.</summary>
    public ulong CommitSerial;

    public virtual void Clear()
    {
        Key = default;
        HashNext = LruPrevious = LruNext = WaitPrevious = WaitNext = null;
        Closed = InClosedList = Waiting = Diverged = Stuck = false;
        Held = default;
        CommitSerial = 0;
        Divergences = 0;
    }
}

/// <summary>A flow of frames that are compared one by one, in order.</summary>
internal sealed class DatagramFlow : Flow
{
    /// <summary>The secondary's frames without a counterpart yet.</summary>
    public FrameQueue Secondary;
    /// <summary>Identification of the last matched fragment on each side.</summary>
    public uint PrimaryFragmentId, SecondaryFragmentId;
    public bool HasFragmentIds;

    public override void Clear()
    {
        base.Clear();
        Secondary = default;
        PrimaryFragmentId = SecondaryFragmentId = 0;
        HasFragmentIds = false;
    }
}
