using System.Numerics;

namespace Colo.Proxy;

/// <summary>
/// The flows by key, bounded. When it is full, a closed flow gives way, else the least recently used one that waits
/// for nothing; its positions are learned again from its next frames.
/// </summary>
internal sealed class FlowTable
{
    /// <summary>Flows looked at for one that can go.</summary>
    private const int EvictionScan = 64;

    private struct List
    {
        public Flow? Head, Tail;
    }

    private readonly Flow?[] _buckets;
    private readonly ulong _seed;
    private readonly int _capacity;
    private readonly Stack<TcpFlow> _tcpPool = new();
    private readonly Stack<DatagramFlow> _datagramPool = new();
    private List _active, _closed;

    public FlowTable(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
        _buckets = new Flow?[BitOperations.RoundUpToPowerOf2((uint)Math.Min(capacity, 1 << 24))];
        Span<byte> seed = stackalloc byte[8];
        System.Security.Cryptography.RandomNumberGenerator.Fill(seed);
        _seed = BitConverter.ToUInt64(seed);
    }

    public int Count { get; private set; }

    /// <summary>Called with a flow that is about to leave the table.</summary>
    public Action<Flow>? Leaving { get; set; }

    public Flow? Find(in FlowKey key)
    {
        uint hash = key.Hash(_seed);
        for (Flow? flow = _buckets[hash & (uint)(_buckets.Length - 1)]; flow != null; flow = flow.HashNext)
        {
            if (flow.Hash == hash && flow.Key == key)
                return flow;
        }
        return null;
    }

    /// <summary>Adds a flow; null when the table is full and every flow looked at waits for something.</summary>
    public Flow? Add(in FlowKey key, out bool evicted)
    {
        evicted = false;
        if (Count >= _capacity)
        {
            if (!EvictOne())
                return null;
            evicted = true;
        }
        Flow flow = key.Kind == FrameKind.Tcp
            ? _tcpPool.TryPop(out TcpFlow? tcp) ? tcp : new TcpFlow()
            : _datagramPool.TryPop(out DatagramFlow? datagram) ? datagram : new DatagramFlow();
        flow.Key = key;
        flow.Hash = key.Hash(_seed);
        ref Flow? bucket = ref _buckets[flow.Hash & (uint)(_buckets.Length - 1)];
        flow.HashNext = bucket;
        bucket = flow;
        Append(ref _active, flow);
        Count++;
        return flow;
    }

    /// <summary>Marks a flow as just used.</summary>
    public void Touch(Flow flow)
    {
        if (flow.InClosedList == flow.Closed && flow.LruNext == null)
            return;
        Unlink(ref flow.InClosedList ? ref _closed : ref _active, flow);
        flow.InClosedList = flow.Closed;
        Append(ref flow.Closed ? ref _closed : ref _active, flow);
    }

    /// <summary>Every flow, in no order.</summary>
    public IEnumerable<Flow> All()
    {
        for (Flow? flow = _active.Head; flow != null; flow = flow.LruNext)
            yield return flow;
        for (Flow? flow = _closed.Head; flow != null; flow = flow.LruNext)
            yield return flow;
    }

    private bool EvictOne() => EvictFrom(ref _closed) || EvictFrom(ref _active);

    private bool EvictFrom(ref List list)
    {
        Flow? flow = list.Head;
        for (int i = 0; i < EvictionScan && flow != null; i++)
        {
            Flow? next = flow.LruNext;
            if (!flow.Waiting)
            {
                Remove(ref list, flow);
                return true;
            }
            // The scan starts with others the next time.
            Unlink(ref list, flow);
            Append(ref list, flow);
            flow = next;
        }
        return false;
    }

    private void Remove(ref List list, Flow flow)
    {
        Unlink(ref list, flow);
        ref Flow? link = ref _buckets[flow.Hash & (uint)(_buckets.Length - 1)];
        while (link != flow)
            link = ref link!.HashNext;
        link = flow.HashNext;
        Count--;
        Leaving?.Invoke(flow);
        flow.Clear();
        if (flow is TcpFlow tcp)
            _tcpPool.Push(tcp);
        else
            _datagramPool.Push((DatagramFlow)flow);
    }

    private static void Append(ref List list, Flow flow)
    {
        flow.LruPrevious = list.Tail;
        flow.LruNext = null;
        if (list.Tail == null)
            list.Head = flow;
        else
            list.Tail.LruNext = flow;
        list.Tail = flow;
    }

    private static void Unlink(ref List list, Flow flow)
    {
        if (flow.LruPrevious == null)
            list.Head = flow.LruNext;
        else
            flow.LruPrevious.LruNext = flow.LruNext;
        if (flow.LruNext == null)
            list.Tail = flow.LruPrevious;
        else
            flow.LruNext.LruPrevious = flow.LruPrevious;
    }
}
