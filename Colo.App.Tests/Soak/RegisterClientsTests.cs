using Colo.Demo;
using Colo.Linux;
using Colo.Soak.Registers;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.Soak;

/// <summary>The clients of the registers against a store that is right, that breaks, and that lies.</summary>
public sealed class RegisterClientsTests(ITestOutputHelper output)
{
    private static int s_number;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [NetworkFact]
    public void A_store_that_is_right_passes_also_when_it_breaks_by_rights() => Run((store, clients, history) =>
    {
        WaitMore(history, 500);
        clients.Rotate();
        clients.Abandon();
        store.Break();
        store.Listen();
        clients.Resume();
        WaitMore(history, 500);
        Assert.Empty(clients.TakeErrors());
        Assert.Empty(history.Judge(clients.Keys));
        Assert.Equal(9, history.Keys().Count);
    });

    [NetworkFact]
    public void A_connection_that_breaks_and_must_not_is_told() => Run((store, clients, history) =>
    {
        WaitMore(history, 100);
        store.Break();
        store.Listen();
        Assert.True(PairFixture.Until(Limit, () => clients.TakeErrors() is [var error, ..] && error.Contains("broke", StringComparison.Ordinal)), "nobody tells");
    });

    [NetworkFact]
    public void A_store_that_returns_an_overwritten_value_is_found() => Run((store, clients, history) =>
    {
        WaitMore(history, 200);
        Assert.Empty(history.Judge(clients.Keys));
        store.StaleEach = 50;
        WaitMore(history, 1_000);
        var found = history.Judge(clients.Keys);
        Assert.NotEmpty(found);
        output.WriteLine(found[0]);
        Assert.Contains("is not linearizable", found[0], StringComparison.Ordinal);
        Assert.Equal(found.Count, history.Blamed().Count);
        Assert.Contains("GET", history.Show(history.Blamed()[0]), StringComparison.Ordinal);
    });

    [Fact]
    public void A_text_that_is_not_whole_is_no_value()
    {
        foreach (var value in (long[])[RegisterValue.Number(1, 1), RegisterValue.Number(5, 29), RegisterValue.Number(3, 123_456)])
        {
            var text = RegisterValue.Text(value);
            Assert.Equal(value, RegisterValue.Parse(text));
            Assert.Equal(RegisterOperation.Unknown, RegisterValue.Parse(text.AsSpan(0, text.Length - 1)));
            Assert.Equal(RegisterOperation.Unknown, RegisterValue.Parse((byte[])[.. text, (byte)'x']));
        }

        Assert.Equal(RegisterOperation.Unknown, RegisterValue.Parse(default));
        Assert.Equal(RegisterOperation.Unknown, RegisterValue.Parse("-5:"u8));
    }

    private static void WaitMore(RegisterHistory history, long more)
    {
        var goal = history.Answered + more;
        Assert.True(PairFixture.Until(Limit, () => history.Answered >= goal), $"only {history.Answered} of {goal} were answered");
    }

    private static void Run(Action<LyingStore, RegisterClients, RegisterHistory> test)
    {
        using var network = new DemoNetwork("colo-soak-test-", Interlocked.Increment(ref s_number));
        using var store = new LyingStore(network);
        var history = new RegisterHistory(MonotonicClock.Now);
        using var clients = new RegisterClients(network.Client, history, new(Environment.TickCount, 4, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(20)));
        test(store, clients, history);
    }
}
