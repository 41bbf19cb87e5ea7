using System.Security.Cryptography;
using Colo.Configuration;
using Colo.Linux;

namespace Colo.Arbiter;

/// <summary>
/// The third opinion of a pair: one record in etcd, {generation, owner}, with no time to live, that is changed by
/// compare-and-set only.
///
/// What is guaranteed, as long as all nodes use the same key of the same etcd cluster, only nodes write to that key, and etcd
/// keeps its own promise (linearizable, durable):
/// <list type="number">
/// <item>Of all claims that expect the same record at most one is won, whatever is lost, repeated, delayed or
/// frozen on the way. A record that was won stays until a later claim, by a node that expected exactly it, is won.</item>
/// <item><see cref="ClaimKind.Won"/> is said only of a record that stood in etcd as it was claimed, known by 128 random bits.
/// It has no age limit: it stays true until somebody is told Won for a claim on top of it.</item>
/// <item><see cref="ClaimKind.Lost"/> is final: the claim has not taken effect, nor will a copy of its request that is still
/// on its way. (If it took effect and a node that expected it has claimed on top of it since, it is Lost too.)</item>
/// <item>The generation never goes down: a claim of a generation not above the one it expects is refused here, and an etcd
/// that went back (a backup restored) is <see cref="ClaimKind.Unknown"/> for the rest of this client's life.</item>
/// <item>A value under the key that is not colo's is never overwritten.</item>
/// </list>
///
/// <see cref="ClaimKind.Unknown"/> is not Won. With <see cref="ClaimOutcome.MayStillTakeEffect"/> it is not Lost either: the
/// request may be carried out by etcd later, or has been, and only the answer is missing. Others may then find this node to be
/// the owner. Such a node calls <see cref="Resolve"/>, again and again, and does nothing else that rests on the record, until
/// it is told; it is silent meanwhile. If it ends before that, its next run finds by <see cref="Read"/> what stands there, and
/// any claim that it then wins makes the old request void. (Only the removal of the key, which nobody here does, could revive
/// a request that expected no record.)
///
/// All members are for the loop's thread, and so are the callbacks. One operation at a time; each ends within the time limit,
/// on the monotonic clock, tries all endpoints within it, and calls back exactly once, after the call that began it has
/// returned, unless this is disposed.
/// </summary>
public sealed class ArbiterClient : IDisposable
{
    /// <summary>How long an operation may take unless it is told otherwise.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(3);

    private readonly EventLoop _loop;
    private readonly ArbiterStore _store;
    private readonly LoopTimer _limitTimer;
    private readonly TimeSpan _limit;
    private CancellationTokenSource? _busy;
    private PendingClaim? _unresolved;
    private bool _disposed;

    /// <param name="loop">Its thread is the caller.</param>
    /// <param name="configuration">Where the etcd is.</param>
    /// <param name="key">The pair's key, from <see cref="KeyOf"/>; the same on both nodes.</param>
    /// <param name="limit">How long an operation may take; null: <see cref="DefaultLimit"/>.</param>
    /// <exception cref="IOException">A certificate or key cannot be read.</exception>
    public ArbiterClient(EventLoop loop, ArbiterConfiguration configuration, string key, TimeSpan? limit = null)
    {
        _loop = loop;
        _limit = limit ?? DefaultLimit;
        _store = new ArbiterStore(configuration, key, _limit);
        _limitTimer = loop.AddTimer(() => _ = _busy?.CancelAsync());
    }

    /// <summary>Whether an operation is under way.</summary>
    public bool Busy => _busy is not null;

    /// <summary>Whether a claim of this client may still take effect: see <see cref="Resolve"/>.</summary>
    public bool HasUnresolvedClaim => _unresolved is not null;

    /// <summary>Id of the etcd cluster that answered, 0 before the first answer; two nodes of a pair have to see the same.</summary>
    public ulong EtcdCluster => _store.Cluster;

    /// <summary>Which cluster both nodes have to ask: answers of another one count as none. 0: any.</summary>
    internal ulong AgreedCluster
    {
        get => _store.AgreedCluster;
        set => _store.AgreedCluster = value;
    }

    /// <summary>The key of a pair.</summary>
    /// <param name="vm">Name of the guest.</param>
    /// <param name="pairId">The pair's id (<see cref="Link.LinkKey.PairId"/>): two pairs may have guests of one name.</param>
    public static string KeyOf(string vm, string pairId) => $"/colo/{vm}/{pairId}";

    /// <summary>Reads the record.</summary>
    /// <exception cref="InvalidOperationException">An operation is under way.</exception>
    public void Read(Action<ArbiterReading> done) => Begin(_store.Read, done);

    /// <summary>
    /// Claims: writes {<paramref name="claim"/>, <paramref name="instance"/>} if, and only if, the record is
    /// <paramref name="expected"/> until the moment of the writing. See the class for what each outcome means.
    /// </summary>
    /// <param name="expected">Generation and owner that stand there now; null: there is no record.</param>
    /// <param name="claim">The new ones; its generation is above the expected one, and at least 1.</param>
    /// <param name="instance">Which run of this node it is: 1 to 64 printable ASCII characters without a space.</param>
    /// <param name="done">Gets the outcome.</param>
    /// <exception cref="ArgumentException">The generation would not grow, or the instance is no such text.</exception>
    /// <exception cref="InvalidOperationException">An operation is under way, or an earlier claim is unresolved.</exception>
    public void TryClaim(ArbiterOwner? expected, ArbiterOwner claim, string instance, Action<ClaimOutcome> done)
    {
        if (claim.Generation <= (expected?.Generation ?? 0))
            throw new ArgumentException($"a claim of generation {claim.Generation} on {expected?.ToString() ?? "no record"} would not grow", nameof(claim));
        if (!ArbiterRecord.IsInstance(instance))
            throw new ArgumentException("1 to 64 printable ASCII characters", nameof(instance));
        if (_unresolved is not null)
            throw new InvalidOperationException("an earlier claim may still take effect: Resolve it first");
        var record = new ArbiterRecord(claim, instance, DateTimeOffset.UtcNow, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        Begin(cancel => _store.Claim(expected, record, cancel), result =>
        {
            _unresolved = result.Pending;
            done(result.Outcome);
        });
    }

    /// <summary>
    /// Goes on with the claim that was <see cref="ClaimKind.Unknown"/> and may still take effect, by sending the same request
    /// again: it is Won now, or was, or is Lost. Unknown again: to be called again. This pursues the claim; there is no way to
    /// take one back but to find it Lost, or Won and then to leave the next claim to the other node.
    /// </summary>
    /// <exception cref="InvalidOperationException">An operation is under way, or there is no such claim.</exception>
    public void Resolve(Action<ClaimOutcome> done)
    {
        var claim = _unresolved ?? throw new InvalidOperationException("there is no claim to be resolved");
        Begin(cancel => _store.Settle(claim, cancel), outcome =>
        {
            if (!outcome.MayStillTakeEffect)
                _unresolved = null;
            done(outcome);
        });
    }

    /// <summary>Ends the operation under way without a callback. A claim that was sent may take effect nonetheless.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _limitTimer.Dispose();
        _ = _busy?.CancelAsync();
        _busy = null;
        _store.Dispose();
    }

    private void Begin<T>(Func<CancellationToken, Task<T>> work, Action<T> done)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Busy)
            throw new InvalidOperationException("an operation of the arbiter's client is under way");
        var busy = _busy = new CancellationTokenSource();
        _limitTimer.SetAfter(_limit);
        _ = Task.Run(async () =>
        {
            var result = await work(busy.Token).ConfigureAwait(false);
            _loop.Post(() =>
            {
                if (_busy != busy)
                    return;
                _busy = null;
                _limitTimer.Cancel();
                done(result);
            });
        });
    }
}
