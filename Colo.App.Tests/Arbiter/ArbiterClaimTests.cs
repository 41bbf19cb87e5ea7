using System.Diagnostics;
using Colo.Arbiter;
using Colo.Configuration;

namespace Colo.Tests.Arbiter;

public sealed class ArbiterClaimTests(EtcdSharedFixture fixture) : IClassFixture<EtcdSharedFixture>
{
    private string _key = NewKey();

    private EtcdProcess Etcd => fixture.Etcd!;

    [EtcdFact]
    public void A_first_claim_is_won_on_no_record_and_read_by_both()
    {
        using var a = new ArbiterNode(Etcd.Uri, _key);
        using var b = new ArbiterNode(Etcd.Uri, _key, NodeId.B);
        Assert.Equal((ArbiterReadKind.Absent, null), (a.Read().Kind, a.Read().Record));
        var won = a.Claim(null, 1);
        Assert.Equal((ClaimKind.Won, false, ""), (won.Kind, won.MayStillTakeEffect, won.Reason));
        var seen = b.Read();
        Assert.Equal(won.Current, seen.Record);
        Assert.Equal((new ArbiterOwner(1, NodeId.A), "run-of-A"), (seen.Record!.Owner, seen.Record.Instance));
        Assert.InRange(DateTimeOffset.UtcNow - seen.Record.At, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        Assert.Equal(a.Client.EtcdCluster, b.Client.EtcdCluster);
        Assert.NotEqual(0ul, a.Client.EtcdCluster);
    }

    [EtcdFact]
    public void A_claim_that_expects_another_record_is_lost_and_told_what_is_there()
    {
        using var a = new ArbiterNode(Etcd.Uri, _key);
        using var b = new ArbiterNode(Etcd.Uri, _key, NodeId.B);
        Assert.Equal(ClaimKind.Won, a.Claim(null, 3).Kind);
        foreach (var expected in new ArbiterOwner?[] { null, new(2, NodeId.A), new(3, NodeId.B), new(4, NodeId.A) })
        {
            var lost = b.Claim(expected, 9);
            Assert.Equal((ClaimKind.Lost, new ArbiterOwner(3, NodeId.A), false), (lost.Kind, lost.Current!.Owner, lost.MayStillTakeEffect));
            Assert.Contains("generation 3 of node a", lost.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(1, Etcd.Version(_key));
        Assert.Equal(ClaimKind.Won, b.Claim(new(3, NodeId.A), 4).Kind);
        using var c = new ArbiterNode(Etcd.Uri, _key + "x", NodeId.B);
        Assert.Equal((ClaimKind.Lost, null), (c.Claim(new(1, NodeId.A), 2).Kind, c.Read().Record));
    }

    [EtcdFact]
    public void A_generation_that_would_not_grow_is_never_asked_for()
    {
        using var a = new ArbiterNode(Etcd.Uri, _key);
        Assert.Throws<ArgumentException>(() => a.Claim(null, 0));
        Assert.Throws<ArgumentException>(() => a.Claim(new(5, NodeId.B), 5));
        Assert.Throws<ArgumentException>(() => a.Claim(new(5, NodeId.B), 4));
        Assert.False(a.Client.Busy);
    }

    [EtcdFact]
    public void Of_two_hundred_races_each_has_exactly_one_winner_and_the_generation_only_grows()
    {
        using var a = new ArbiterNode(Etcd.Uri, _key);
        using var b = new ArbiterNode(Etcd.Uri, _key, NodeId.B);
        using var watcher = new ArbiterNode(Etcd.Uri, _key);
        using var stop = new CancellationTokenSource();
        var generations = new List<ulong>();
        var watching = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
                generations.Add(watcher.Read().Record?.Owner.Generation ?? 0);
        });
        watching.Start();
        ArbiterOwner? now = null;
        var winners = new HashSet<NodeId>();
        for (ulong generation = 1; generation <= 200; generation++)
        {
            var (first, second) = Race(a, b, now, generation);
            Assert.Equal([ClaimKind.Won, ClaimKind.Lost], new[] { first.Kind, second.Kind }.Order());
            // The loser is told of the winner's record.
            Assert.Equal(first.Current, second.Current);
            now = first.Current!.Owner;
            winners.Add(now.Value.Owner);
        }

        stop.Cancel();
        watching.Join();
        Assert.Equal(200, Etcd.Version(_key));
        Assert.Equal(generations.Order(), generations);
        Assert.Equal(2, winners.Count);
    }

    [EtcdFact]
    public void Races_through_a_network_that_cuts_answers_and_loses_requests_have_at_most_one_winner()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var relay = new EtcdRelay(Etcd.Address);
        relay.Fault = () =>
        {
            lock (random)
                return (RelayFault)random.Next(4);
        };
        using var a = new ArbiterNode(relay.Uri, _key);
        using var b = new ArbiterNode(relay.Uri, _key, NodeId.B);
        ArbiterOwner? now = null;
        for (ulong generation = 1; generation <= 12; generation++)
        {
            var (first, second) = Race(a, b, now, generation);
            Assert.True(new[] { first.Kind, second.Kind }.Order().SequenceEqual([ClaimKind.Won, ClaimKind.Lost]), $"seed {seed}, generation {generation}: {first}, {second}");
            now = first.Current!.Owner;
        }

        // Whatever was thought lost comes at last, and changes nothing.
        relay.Swallowed.ForEach(request => relay.Deliver(request));
        Assert.True(a.Read().Record!.Owner == now, $"seed {seed}");
        Assert.Equal(12, Etcd.Version(_key));
    }

    [EtcdFact]
    public void A_claim_whose_answer_was_cut_is_known_by_its_mark()
    {
        using var relay = new EtcdRelay(Etcd.Address);
        var faults = new Queue<RelayFault>([RelayFault.CutAnswer, RelayFault.SwallowAnswer]);
        relay.Fault = () => faults.TryDequeue(out var fault) ? fault : RelayFault.None;
        using var a = new ArbiterNode(relay.Uri, _key);
        var won = a.Claim(null, 1);
        Assert.Equal(ClaimKind.Won, won.Kind);
        Assert.Empty(faults);
        // Written by the first request, and not again by those that repeated it.
        Assert.Equal(1, Etcd.Version(_key));
        Assert.Equal(won.Current, a.Read().Record);
    }

    [EtcdFact]
    public void A_claim_that_is_never_answered_is_unknown_and_resolved_later() => WithinTime.Try(TimeSpan.FromSeconds(1), limit =>
    {
        _key = NewKey();
        using var relay = new EtcdRelay(Etcd.Address);
        relay.Fault = () => RelayFault.SwallowAnswer;
        using var a = new ArbiterNode(relay.Uri, _key, limit: limit);
        var clock = Stopwatch.StartNew();
        var unknown = a.Claim(null, 1);
        Assert.Equal((ClaimKind.Unknown, true, null), (unknown.Kind, unknown.MayStillTakeEffect, unknown.Current));
        Assert.InRange(clock.Elapsed, limit * 0.9, limit + TimeSpan.FromSeconds(60));
        Assert.True(a.Client.HasUnresolvedClaim);
        Assert.Throws<InvalidOperationException>(() => a.Claim(null, 2));
        Assert.Equal(ClaimKind.Unknown, a.Resolve().Kind);
        // It took effect: others see it.
        Assert.Equal(new ArbiterOwner(1, NodeId.A), a.Read().Record!.Owner);
        relay.Fault = () => RelayFault.None;
        Assert.Equal(ClaimKind.Won, a.Resolve().Kind);
        Assert.False(a.Client.HasUnresolvedClaim);
        Assert.Throws<InvalidOperationException>(() => a.Resolve());
        Assert.Equal(1, Etcd.Version(_key));
    });

    [EtcdFact]
    public void A_lost_claim_stays_lost_also_when_its_request_arrives_at_last() => WithinTime.Try(TimeSpan.FromSeconds(1), limit =>
    {
        _key = NewKey();
        using var relay = new EtcdRelay(Etcd.Address);
        relay.Fault = () => RelayFault.SwallowRequest;
        using var a = new ArbiterNode(relay.Uri, _key, limit: limit);
        using var b = new ArbiterNode(Etcd.Uri, _key, NodeId.B);
        Assert.Equal((ClaimKind.Unknown, true), (a.Claim(null, 1) is var unknown ? unknown.Kind : default, unknown.MayStillTakeEffect));
        Assert.Equal(ClaimKind.Won, b.Claim(null, 1).Kind);
        relay.Fault = () => RelayFault.None;
        var lost = a.Resolve();
        Assert.Equal((ClaimKind.Lost, new ArbiterOwner(1, NodeId.B)), (lost.Kind, lost.Current!.Owner));
        Assert.NotEmpty(relay.Swallowed);
        Assert.All(relay.Swallowed, request => Assert.DoesNotContain("\"succeeded\":true", relay.Deliver(request), StringComparison.Ordinal));
        Assert.Equal(new ArbiterOwner(1, NodeId.B), a.Read().Record!.Owner);
    });

    [EtcdFact]
    public void A_frozen_etcd_is_unknown_in_time_and_the_truth_is_found_when_it_thaws() => WithinTime.Try(TimeSpan.FromSeconds(1), limit =>
    {
        _key = NewKey();
        using var a = new ArbiterNode(Etcd.Uri, _key, limit: limit);
        using var relay = new EtcdRelay(Etcd.Address);
        using var b = new ArbiterNode(relay.Uri, _key, NodeId.B, limit);
        Assert.Equal(ClaimKind.Won, a.Claim(null, 1).Kind);
        IDisposable? frozen = null;
        // Between b's read and its compare-and-set.
        relay.Fault = () =>
        {
            frozen ??= Etcd.Freeze();
            return RelayFault.None;
        };
        var unknown = b.Claim(new(1, NodeId.A), 2);
        Assert.Equal((ClaimKind.Unknown, true), (unknown.Kind, unknown.MayStillTakeEffect));
        Assert.Contains("no answer in time", unknown.Reason, StringComparison.Ordinal);
        var clock = Stopwatch.StartNew();
        var read = a.Read();
        Assert.Equal(ArbiterReadKind.Unknown, read.Kind);
        Assert.InRange(clock.Elapsed, limit * 0.9, limit + TimeSpan.FromSeconds(60));
        frozen!.Dispose();
        // The requests lie in its sockets: it carries them out now, or finds that it has.
        ClaimOutcome outcome;
        while ((outcome = b.Resolve()).Kind == ClaimKind.Unknown)
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), outcome.Reason);
        Assert.Equal(ClaimKind.Won, outcome.Kind);
        Assert.Equal(2, Etcd.Version(_key));
        Assert.Equal(new ArbiterOwner(2, NodeId.B), a.Read().Record!.Owner);
    });

    [EtcdFact]
    public void Of_several_endpoints_those_that_live_are_used() => WithinTime.Try(TimeSpan.FromMilliseconds(300), limit =>
    {
        _key = NewKey();
        var dead = new Uri($"http://127.0.0.1:{EtcdProcess.FreePort()}");
        using var a = new ArbiterNode(new ArbiterConfiguration([dead, Etcd.Uri], null, null, null), _key);
        Assert.Equal(ClaimKind.Won, a.Claim(null, 1).Kind);
        using var b = new ArbiterNode(dead, _key, limit: limit);
        var unknown = b.Claim(null, 1);
        // Nothing was sent.
        Assert.Equal((ClaimKind.Unknown, false), (unknown.Kind, unknown.MayStillTakeEffect));
        Assert.Contains("refused", unknown.Reason, StringComparison.Ordinal);
        Assert.Contains(dead.Authority, unknown.Reason, StringComparison.Ordinal);
    });

    private static string NewKey() => ArbiterClient.KeyOf("web1", Guid.NewGuid().ToString("N"));

    private static (ClaimOutcome Won, ClaimOutcome Other) Race(ArbiterNode a, ArbiterNode b, ArbiterOwner? now, ulong generation)
    {
        ClaimOutcome? ofA = null, ofB = null;
        using var start = new Barrier(2);
        ClaimOutcome Run(ArbiterNode node)
        {
            start.SignalAndWait();
            var outcome = node.Claim(now, generation);
            while (outcome.MayStillTakeEffect)
                outcome = node.Resolve();
            return outcome;
        }

        // What goes wrong with either is this test's failure, and not the end of the process with all others in it.
        Exception? errorOfB = null;
        var other = new Thread(() => errorOfB = Record.Exception(() => ofB = Run(b)));
        other.Start();
        var errorOfA = Record.Exception(() => ofA = Run(a));
        other.Join();
        if ((errorOfA ?? errorOfB) is { } error)
            throw new InvalidOperationException($"the race could not be run: {errorOfA?.Message ?? "a was right"}; {errorOfB?.Message ?? "b was right"}", error);
        return ofA!.Kind == ClaimKind.Won ? (ofA, ofB!) : (ofB!, ofA);
    }
}

/// <summary>One etcd for all tests of a class; none where it is not installed.</summary>
public sealed class EtcdSharedFixture : IDisposable
{
    /// <summary>The etcd.</summary>
    public EtcdProcess? Etcd { get; } = EtcdProcess.Binary is null ? null : new EtcdProcess();

    /// <inheritdoc/>
    public void Dispose() => Etcd?.Dispose();
}
