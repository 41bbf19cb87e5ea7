using Colo.Monitor;

namespace Colo.Tests.Monitor;

public sealed class PercentileWindowTests
{
    [Fact]
    public void An_empty_window_is_all_zero() => Assert.Equal(default, new PercentileWindow().Read());

    [Fact]
    public void One_sample_is_every_percentile()
    {
        var window = new PercentileWindow();
        window.Add(7);
        Assert.Equal(new(7, 7, 7, 7), window.Read());
    }

    [Fact]
    public void Nearest_rank_over_a_hundred()
    {
        var window = new PercentileWindow();
        for (var i = 100; i >= 1; i--)
            window.Add(i);
        Assert.Equal(new(1, 50, 99, 100), window.Read());
        Assert.Equal(new(50, 99), window.ReadMedianAndTail());
    }

    [Fact]
    public void Only_the_last_thousand_count()
    {
        var window = new PercentileWindow();
        window.Add(1_000_000);
        for (var i = 0; i < PercentileWindow.Capacity - 1; i++)
            window.Add(5);
        Assert.Equal(1_000_000, window.Read().Max);
        window.Add(6);
        Assert.Equal(new(6, 5, 5, 6), window.Read());
        Assert.Equal(1001, window.Count);
    }

    [Fact]
    public void Percentiles_agree_with_their_definition()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 8; round++)
        {
            var window = new PercentileWindow();
            var all = new List<long>();
            for (var i = random.Next(1, 2500); i > 0; i--)
            {
                all.Add(random.Next(1000));
                window.Add(all[^1]);
            }

            var kept = all.TakeLast(PercentileWindow.Capacity).ToList();
            long Definition(int percent) => kept.Distinct().Order().First(v => kept.Count(k => k <= v) * 100 >= kept.Count * percent);
            var expected = new Percentiles(all[^1], Definition(50), Definition(99), kept.Max());
            Assert.True(expected == window.Read(), $"seed {seed}, round {round}: {expected} but {window.Read()}");
        }
    }

    [Fact]
    public void Adding_allocates_nothing()
    {
        var window = new PercentileWindow();
        window.Add(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 5000; i++)
            window.Add(i);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void A_reader_never_sees_what_was_not_added()
    {
        var window = new PercentileWindow();
        using var stop = new CancellationTokenSource();
        var writer = Task.Run(() =>
        {
            for (long i = 1; !stop.IsCancellationRequested; i++)
                window.Add(1000 + (i % 10));
        });
        for (var i = 0; i < 2000; i++)
        {
            var p = window.Read();
            if (p != default)
                Assert.All(new[] { p.Last, p.P50, p.P99, p.Max }, v => Assert.InRange(v, 1000, 1009));
        }

        stop.Cancel();
        writer.Wait();
    }
}
