using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>A protected guest serves real clients.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class ServiceTests(ITestOutputHelper output)
{
    [PairFact("redis-benchmark")]
    public void Redis_benchmark_runs_without_error_and_the_guests_agree() => PairFixture.Run(output, f =>
    {
        const int requests = 20_000;
        var before = f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        var (code, text) = f.OnClient("/usr/bin/redis-benchmark",
            ["-h", DemoNetwork.GuestAddress.ToString(), "-t", "ping,set,get", "-n", $"{requests}", "-c", "20", "-P", "4", "-q"], TimeSpan.FromMinutes(4));
        output.WriteLine(text.Replace('\r', '\n'));
        Assert.True(code == 0, $"redis-benchmark ended with {code}:\n{text}");
        Assert.DoesNotContain("error", text, StringComparison.OrdinalIgnoreCase);
        Assert.All((string[])["PING_INLINE:", "PING_MBULK:", "SET:", "GET:"], name => Assert.Contains(name, text));
        var after = f.Pair.WaitProtected('a', TimeSpan.FromSeconds(2));
        var diverged = after.Diverged - before.Diverged;
        output.WriteLine($"{diverged} divergences, {after.Checkpoints - before.Checkpoints} checkpoints, pause p50 {after.PauseP50} us, p99 {after.PauseP99} us");
        Assert.True(diverged < requests * 4 / 100, $"{diverged} divergences in {requests * 4} requests");
    });

    [PairTheory]
    [InlineData(1)]
    [InlineData(8)]
    public void Every_diverging_answer_comes(int connections) => PairFixture.Run(output, f =>
    {
        const int requests = 200;
        using var watch = f.Watch();
        var before = f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        using var load = f.Load(new LoadSettings { Tsc = connections, TscRequests = requests / connections, Interval = TimeSpan.FromMilliseconds(1) });
        Assert.True(load.WaitDone(TimeSpan.FromSeconds(60)), $"{load.Snapshot().Replies} of {requests} answers after 60 s");
        f.AssertClean(load);
        var after = f.Pair.WaitProtected('a', TimeSpan.FromSeconds(2));
        output.WriteLine($"{after.Diverged - before.Diverged} divergences, {after.Checkpoints - before.Checkpoints} checkpoints");
        Assert.True(after.Diverged > before.Diverged, "the comparison never noticed that the answers differ");
        PairFixture.AssertClean(watch);
    });

    [PairFact]
    public void Every_service_answers_while_protected() => PairFixture.Run(output, f =>
    {
        using var watch = f.Watch();
        using var load = f.Load(new LoadSettings { Echo = 8, Resp = 4, Count = 2, Udp = true, Ping = true, MaxBytes = 8_000 });
        f.Pair.Pause(TimeSpan.FromSeconds(3));
        var report = load.Snapshot();
        Assert.All(report.Flows, flow => Assert.True(flow.Replies > 5, $"{flow.Kind} {flow.Index}: {flow.Replies} replies"));
        f.AssertClean(load);
        PairFixture.AssertClean(watch);
    });
}
