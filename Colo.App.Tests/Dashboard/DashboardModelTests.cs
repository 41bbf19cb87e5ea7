using Colo.Dashboard;
using Colo.Monitor;
using Colo.Tests.Monitor;

namespace Colo.Tests.Dashboard;

/// <summary>What the dashboard makes of what its node says, without a terminal.</summary>
public sealed class DashboardModelTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 11, 2, 0, TimeSpan.Zero);
    private readonly DashboardModel _model = new();

    [Fact]
    public void Counters_become_rates()
    {
        _model.Take(Status(bytes: 1000, diverged: 5, checkpoints: 10), 1000, Now);
        _model.Take(Status(bytes: 5096, diverged: 6, checkpoints: 12), 3000, Now);
        Assert.Equal(2048, _model.Throughput.Now);
        Assert.Equal(0.5, _model.Divergences.Now);
        Assert.Equal(1, _model.Checkpoints.Now);
    }

    [Fact]
    public void A_second_without_a_checkpoint_has_no_pause()
    {
        _model.Take(Status(checkpoints: 10), 1000, Now);
        _model.Take(Status(checkpoints: 11), 2000, Now);
        Assert.Equal(1100, _model.Pause.Now);
        Assert.Equal(100, _model.DirtyPages.Now);
        _model.Take(Status(checkpoints: 11), 3000, Now);
        Assert.Equal(0, _model.Pause.Now);
        Assert.Equal([1100, 0], _model.Pause.Last(2));
    }

    [Fact]
    public void A_node_that_was_started_anew_gives_no_rates_from_its_last_life()
    {
        _model.Take(Status(bytes: 0, uptime: 100), 1000, Now);
        _model.Take(Status(bytes: 1 << 30, uptime: 0), 2000, Now);
        Assert.Equal(0, _model.Throughput.Now);
        _model.Take(Status(bytes: (1 << 30) - 500, uptime: 1), 3000, Now);
        Assert.Equal(0, _model.Throughput.Now);
    }

    [Fact]
    public void After_a_failure_the_last_status_stays_and_the_next_one_gives_no_rate_over_the_gap()
    {
        _model.Take(Status(bytes: 0), 1000, Now);
        _model.Fail("no node is running");
        Assert.Equal("no node is running", _model.Trouble);
        Assert.NotNull(_model.Status);
        _model.Take(Status(bytes: 1 << 20), 9000, Now);
        Assert.Null(_model.Trouble);
        Assert.Equal(0, _model.Throughput.Now);
        Assert.Equal(7, _model.Throughput.Last(9).Count(double.IsNaN));
    }

    [Fact]
    public void The_log_takes_each_entry_once_and_stays_bounded()
    {
        var entries = Enumerable.Range(1, 300).Select(i => new LogEntry(i, Now.AddSeconds(i), "info", $"event {i}")).ToList();
        _model.Take(entries);
        _model.Take(entries.TakeLast(10).ToList());
        Assert.Equal(300, _model.Log.Count);
        // A new life of the node counts from 1 again.
        _model.Take([new LogEntry(1, Now.AddHours(1), "info", "again")]);
        Assert.Equal("again", _model.Log[^1].Text);
        for (var i = 0; i < 5000; i++)
            _model.Take([new LogEntry(i, Now.AddDays(1), "info", "")]);
        Assert.Equal(2000, _model.Log.Count);
    }

    [Fact]
    public void A_series_keeps_a_value_a_second_and_knows_its_gaps()
    {
        var most = new Series();
        most.Add(1000, 5);
        most.Add(1500, 7);
        most.Add(1900, 6);
        // One second that a poll missed is no gap; more are.
        most.Add(3000, 1);
        most.Add(6000, 2);
        Assert.Equal([7, 1, 1, double.NaN, double.NaN, 2], most.Last(6));
        Assert.Equal([double.NaN, 7], most.Last(7)[..2]);

        var mean = new Series(mean: true);
        mean.Add(1000, 4);
        mean.Add(1500, 8);
        Assert.Equal([6], mean.Last(1));

        var over = new Series();
        for (var s = 0; s < 3 * Series.Capacity; s++)
            over.Add(s * 1000, s);
        Assert.Equal(3 * Series.Capacity - 1, over.Last(1)[0]);
        Assert.True(double.IsNaN(over.Last(Series.Capacity + 1)[0]));
        Assert.Equal(2 * Series.Capacity, over.Last(Series.Capacity)[0]);
        over.Add(100_000_000, 1);
        Assert.Equal(Series.Capacity - 1, over.Last(Series.Capacity).Count(double.IsNaN));
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(3, 5, 4)]
    [InlineData(50, 50, 64)]
    [InlineData(51, 100, 64)]
    [InlineData(1200, 2000, 2048)]
    public void The_scale_of_a_plot_ends_at_a_round_number(double most, double tens, double twos)
    {
        Assert.Equal(tens, Plot.Scale(most, binary: false));
        Assert.Equal(twos, Plot.Scale(most, binary: true));
    }

    [Fact]
    public void What_is_more_than_nothing_is_seen_in_a_plot_and_a_bar_is_full_only_at_the_end()
    {
        Assert.Equal(0, Plot.Steps(0, 100, 8));
        Assert.Equal(1, Plot.Steps(0.01, 100, 8));
        Assert.Equal(8, Plot.Steps(100, 100, 8));
        Assert.Equal("#####.....", Plot.Bar(Charset.Ascii, 50, 10));
        Assert.Equal("#########.", Plot.Bar(Charset.Ascii, 99.99, 10));
        Assert.Equal("##########", Plot.Bar(Charset.Ascii, 100, 10));
        Assert.Equal("99.9 %", Figures.Percent(99.99));
    }

    internal static NodeStatus Status(long bytes = 0, long diverged = 0, long checkpoints = 0, long uptime = 60)
    {
        var example = ControlFixture.Example();
        return example with
        {
            UptimeS = uptime,
            Checkpoint = example.Checkpoint with { Count = checkpoints },
            Compare = example.Compare with { Diverged = diverged },
            Nic = [example.Nic[0] with { RxBytes = bytes / 2, TxBytes = bytes - bytes / 2 }],
        };
    }
}
