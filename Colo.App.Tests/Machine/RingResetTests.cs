using Colo.Machine;

namespace Colo.Tests.Machine;

/// <summary>KVM_RESET_DIRTY_RINGS as Linux since 6.16 has it: a signal ends it with a part of the entries reset.</summary>
public sealed class RingResetTests
{
    [Theory]
    [InlineData(new[] { 5000 })]
    [InlineData(new[] { 1, 0, 0, 1234, 0, 3765 })]
    [InlineData(new[] { 0, 0, 0, 0, 0, 4999, 1 })]
    public void Goes_on_until_all_are_reset(int[] results)
    {
        var calls = 0;
        Assert.True(RingReset.Complete(5000, () => results[calls++]));
        Assert.Equal(results.Length, calls);
    }

    [Fact]
    public void Nothing_is_asked_for_nothing() =>
        Assert.True(RingReset.Complete(0, () => throw new InvalidOperationException("called")));

    [Fact]
    public void Fewer_than_handed_back_is_no_signal_when_it_stays_so()
    {
        var calls = 0;
        Assert.False(RingReset.Complete(5000, () => calls++ == 0 ? 4999 : 0));
        Assert.InRange(calls, 10, 1000);
    }

    [Fact]
    public void More_than_handed_back_is_an_overrun() => Assert.False(RingReset.Complete(10, () => 11));

    [Fact]
    public void A_signal_each_time_is_not_given_up_while_it_goes_on()
    {
        var calls = 0;
        Assert.True(RingReset.Complete(1000, () => calls++ % 2));
        Assert.Equal(2000, calls);
    }
}
