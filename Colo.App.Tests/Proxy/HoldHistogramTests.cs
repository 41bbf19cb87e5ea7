using Colo.Proxy;

namespace Colo.Tests.Proxy;

public sealed class HoldHistogramTests
{
    [Fact]
    public void Two_that_are_added_up_have_the_percentiles_of_all_their_times()
    {
        var (quick, slow, all) = (new HoldHistogram(), new HoldHistogram(), new HoldHistogram());
        for (var i = 0; i < 90; i++)
            quick.Record(5);
        for (var i = 0; i < 10; i++)
            slow.Record(1_000);
        all.Add(quick);
        Assert.Equal((90, 5, 5), (all.Count, all.Percentile(0.5), all.Percentile(0.99)));
        all.Add(slow);
        Assert.Equal((100, 5, 5), (all.Count, all.Percentile(0.5), all.Percentile(0.9)));
        Assert.Equal(slow.Percentile(0.5), all.Percentile(0.99));
        Assert.InRange(all.Percentile(0.99), 1_000, 1_070);
        Assert.Equal((90, 10), (quick.Count, slow.Count));
    }
}
