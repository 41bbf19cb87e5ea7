using System.Numerics;

namespace Colo.Proxy;

/// <summary>The rewriter's connections by key, bounded, in the order of use.</summary>
internal sealed class RewriterTable
{
    private const int EvictionScan = 128;
    private readonly RewriterFlow?[] _buckets;
    private readonly Stack<RewriterFlow> _pool = new();
    private readonly ulong _seed;
    private RewriterFlow? _oldest, _newest;

    public RewriterTable(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
        _buckets = new RewriterFlow?[BitOperations.RoundUpToPowerOf2((uint)Math.Min(capacity, 1 << 24))];
        Span<byte> seed = stackalloc byte[8];
        System.Security.Cryptography.RandomNumberGenerator.Fill(seed);
        _seed = BitConverter.ToUInt64(seed);
    }

    public int Capacity { get; }

    public int Count { get; private set; }

    public RewriterFlow? Oldest => _oldest;

    public RewriterFlow? Find(in FlowKey key)
    {
        uint hash = key.Hash(_seed);
        for (RewriterFlow? flow = _buckets[hash & (uint)(_buckets.Length - 1)]; flow != null; flow = flow.HashNext)
        {
            if (flow.Hash == hash && flow.Key == key)
                return flow;
        }
        return null;
    }

    /// <summary>
    /// Adds a connection. A full table gives up a closed one, else one that needs no translation; null when all looked
    /// at are open and translated, for those would break.
    /// </summary>
    public RewriterFlow? Add(in FlowKey key)
    {
        if (Count >= Capacity && !EvictOne())
            return null;
        if (!_pool.TryPop(out RewriterFlow? flow))
            flow = new RewriterFlow();
        flow.Key = key;
        flow.Hash = key.Hash(_seed);
        ref RewriterFlow? bucket = ref _buckets[flow.Hash & (uint)(_buckets.Length - 1)];
        flow.HashNext = bucket;
        bucket = flow;
        Append(flow);
        Count++;
        return flow;
    }

    public void Touch(RewriterFlow flow)
    {
        if (flow == _newest)
            return;
        Unlink(flow);
        Append(flow);
    }

    public void Remove(RewriterFlow flow)
    {
        Unlink(flow);
        ref RewriterFlow? link = ref _buckets[flow.Hash & (uint)(_buckets.Length - 1)];
        while (link != flow)
            link = ref link!.HashNext;
        link = flow.HashNext;
        Count--;
        flow.Clear();
        _pool.Push(flow);
    }

    private bool EvictOne()
    {
        RewriterFlow? identity = null, flow = _oldest;
        for (int i = 0; i < EvictionScan && flow != null; i++, flow = flow.LruNext)
        {
            if (flow.IsClosed)
            {
                Remove(flow);
                return true;
            }
            if (flow.IsIdentity)
                identity ??= flow;
        }
        if (identity == null)
            return false;
        Remove(identity);
        return true;
    }

    private void Append(RewriterFlow flow)
    {
        flow.LruPrevious = _newest;
        flow.LruNext = null;
        if (_newest == null)
            _oldest = flow;
        else
            _newest.LruNext = flow;
        _newest = flow;
    }

    private void Unlink(RewriterFlow flow)
    {
        if (flow.LruPrevious == null)
            _oldest = flow.LruNext;
        else
            flow.LruPrevious.LruNext = flow.LruNext;
        if (flow.LruNext == null)
            _newest = flow.LruPrevious;
        else
            flow.LruNext.LruPrevious = flow.LruPrevious;
    }
}
