using System.Text;
using Colo.Configuration;

namespace Colo.Arbiter;

/// <summary>A claim whose request may have been sent: all that is needed to send the very same again.</summary>
/// <param name="Record">What it writes.</param>
/// <param name="ModRevision">It takes effect only while the key has this revision; 0: while it is absent.</param>
internal sealed record PendingClaim(ArbiterRecord Record, long ModRevision)
{
    /// <summary>Whether a request has left, or may have.</summary>
    internal bool Sent { get; set; }
}

/// <summary>
/// The pair's key in etcd: reads and compare-and-set, over all endpoints within a time limit. No member throws for what the
/// arbiter or the network does. One call at a time.
/// </summary>
internal sealed class ArbiterStore : IDisposable
{
    private readonly EtcdGateway _etcd;
    private readonly byte[] _key;
    private readonly string _name;
    private readonly TimeSpan _limit;
    // An attempt that was given up may still be in its last instructions beside the next one.
    private readonly Lock _gate = new();
    private ulong _highest;

    internal ArbiterStore(ArbiterConfiguration configuration, string key, TimeSpan limit)
    {
        _etcd = new EtcdGateway(configuration);
        _key = Encoding.UTF8.GetBytes(key);
        _name = key;
        _limit = limit;
    }

    internal ulong Cluster => _etcd.Cluster;

    internal ulong AgreedCluster
    {
        get => _etcd.AgreedCluster;
        set => _etcd.AgreedCluster = value;
    }

    public void Dispose() => _etcd.Dispose();

    internal async Task<ArbiterReading> Read(CancellationToken cancel)
    {
        try
        {
            return await _etcd.OverEndpoints(Range, _limit, cancel).ConfigureAwait(false);
        }
        catch (EtcdException e)
        {
            return new(ArbiterReadKind.Unknown, null, 0, e.Message);
        }
    }

    internal async Task<(ClaimOutcome Outcome, PendingClaim? Pending)> Claim(ArbiterOwner? expected, ArbiterRecord record, CancellationToken cancel)
    {
        var now = await Read(cancel).ConfigureAwait(false);
        if (now.Kind == ArbiterReadKind.Unknown)
            return (Unknown(now.Reason, mayStill: false), null);
        if (now.Record?.Owner != expected)
            return (Lost(now.Record), null);
        var pending = new PendingClaim(record, now.ModRevision);
        var outcome = await Settle(pending, cancel).ConfigureAwait(false);
        return (outcome, outcome.MayStillTakeEffect ? pending : null);
    }

    /// <summary>
    /// Sends the claim until there is an answer. The request may be repeated at will: it takes effect at most once, since
    /// taking effect changes the revision that it compares with. Whenever it is answered with "not equal", it never will
    /// take effect any more, also a copy of it that is still on its way, for revisions do not come back; and whether an
    /// earlier copy did is told by the record that the same transaction returns.
    /// </summary>
    internal async Task<ClaimOutcome> Settle(PendingClaim claim, CancellationToken cancel)
    {
        try
        {
            return await _etcd.OverEndpoints((endpoint, limit) => CompareAndSet(endpoint, claim, limit), _limit, cancel).ConfigureAwait(false);
        }
        catch (EtcdException e)
        {
            return Unknown(e.Message, mayStill: claim.Sent);
        }
    }

    private async Task<ArbiterReading> Range(Uri endpoint, CancellationToken cancel)
    {
        var answer = await _etcd.Post(
            endpoint, "/v3/kv/range", new EtcdRangeRequest { Key = _key }, EtcdJson.Default.EtcdRangeRequest, EtcdJson.Default.EtcdRangeAnswer, cancel).ConfigureAwait(false);
        return Understand(answer, cancel);
    }

    private async Task<ClaimOutcome> CompareAndSet(Uri endpoint, PendingClaim claim, CancellationToken cancel)
    {
        var request = new EtcdTxnRequest
        {
            Compare = [claim.ModRevision == 0
                ? new() { Key = _key, Target = "VERSION", Version = 0 }
                : new() { Key = _key, Target = "MOD", ModRevision = claim.ModRevision }],
            Success = [new() { RequestPut = new() { Key = _key, Value = claim.Record.ToJson() } }],
            Failure = [new() { RequestRange = new() { Key = _key } }],
        };
        claim.Sent = true;
        var answer = await _etcd.Post(endpoint, "/v3/kv/txn", request, EtcdJson.Default.EtcdTxnRequest, EtcdJson.Default.EtcdTxnAnswer, cancel).ConfigureAwait(false);
        switch (answer)
        {
            case { Succeeded: true, Responses: [{ ResponsePut: not null }] }:
                return Won(claim.Record);
            case { Succeeded: false, Responses: [{ ResponseRange: { } range }] }:
                var now = Understand(range, cancel);
                // The value of somebody else: the revision that was compared with has passed all the same.
                if (now.Kind == ArbiterReadKind.Unknown)
                    return Unknown(now.Reason, mayStill: false);
                if (now.Record is { } record && record.Claim == claim.Record.Claim)
                    return record.Owner == claim.Record.Owner && record.Instance == claim.Record.Instance
                        ? Won(record)
                        : throw new EtcdException($"the record under {_name} has this claim's mark and another content", final: true);
                // "Not equal to absent" and "absent" cannot both be.
                if (now.Kind == ArbiterReadKind.Absent && claim.ModRevision == 0)
                    throw new EtcdException("the answer is not one of an etcd");
                return Lost(now.Record);
            default:
                throw new EtcdException("the answer is not one of an etcd");
        }
    }

    /// <summary>Makes a reading of what came; an exception when no reading can be made of it.</summary>
    private ArbiterReading Understand(EtcdRangeAnswer answer, CancellationToken cancel)
    {
        if (answer.Kvs is { Length: > 0 } && (answer.Kvs is not [{ ModRevision: > 0, Key: { } key }] || !key.AsSpan().SequenceEqual(_key)))
            throw new EtcdException("the answer is not one of an etcd");
        var record = answer.Kvs is [{ } entry] ? ArbiterRecord.TryParse(entry.Value) : null;
        if (answer.Kvs is { Length: > 0 } && record is null)
            return new(ArbiterReadKind.Unknown, null, 0, $"the value under {_name} is not colo's: somebody else uses this key; it is left as it is");
        lock (_gate)
        {
            cancel.ThrowIfCancellationRequested();
            // A cluster that was restored from a backup, or whose key somebody has removed.
            if ((record?.Owner.Generation ?? 0) < _highest)
                throw new EtcdException($"generation {_highest} stood under {_name} and now {record?.Owner.ToString() ?? "nothing"} does: the etcd lost what it had promised to keep, and decides nothing any more", final: true);
            _highest = record?.Owner.Generation ?? 0;
        }

        return record is null ? new(ArbiterReadKind.Absent, null, 0, "") : new(ArbiterReadKind.Found, record, answer.Kvs![0].ModRevision, "");
    }

    private ClaimOutcome Won(ArbiterRecord record)
    {
        lock (_gate)
            _highest = Math.Max(_highest, record.Owner.Generation);
        return new(ClaimKind.Won, record, false, "");
    }

    private static ClaimOutcome Lost(ArbiterRecord? current) =>
        new(ClaimKind.Lost, current, false, current is null ? "the arbiter has no record" : $"the arbiter has {current.Owner}");

    private static ClaimOutcome Unknown(string reason, bool mayStill) => new(ClaimKind.Unknown, null, mayStill, reason);
}
