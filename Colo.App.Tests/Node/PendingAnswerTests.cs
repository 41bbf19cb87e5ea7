using Colo.Monitor;
using Colo.Node;

namespace Colo.Tests.Node;

public sealed class PendingAnswerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly ControlResult Late = ControlResult.Refused("asked, and not done");

    [Fact]
    public void The_first_answer_counts_and_a_late_one_harms_nothing()
    {
        var answer = new PendingAnswer();
        Assert.Equal(Late, answer.Wait(TimeSpan.FromMilliseconds(1), Late));
        answer.Give(ControlResult.Done);
        answer.Give(ControlResult.Failed("too late"));
        Assert.Equal(ControlResult.Done, answer.Wait(TimeSpan.Zero, Late));
    }

    [Fact]
    public async Task A_command_is_answered_when_the_takeover_has_ended_and_not_before()
    {
        var takeovers = new TakeoverWaits();
        var (one, two) = (new PendingAnswer(), new PendingAnswer());
        takeovers.Add(one);
        takeovers.Add(two);
        var waiting = Task.Run(() => one.Wait(Patience, Late));
        await Task.Delay(50);
        Assert.False(waiting.IsCompleted);
        takeovers.Done();
        Assert.Equal(ControlResult.Done, await waiting);
        Assert.Equal(ControlResult.Done, two.Wait(Patience, Late));
    }

    [Fact]
    public void A_takeover_that_comes_to_nothing_is_a_failure_and_says_why_to_those_that_wait_for_it_alone()
    {
        var takeovers = new TakeoverWaits();
        var (before, after) = (new PendingAnswer(), new PendingAnswer());
        takeovers.Add(before);
        takeovers.Failed("the primary lives");
        takeovers.Add(after);
        takeovers.Done();
        Assert.Equal(ControlResult.Failed("the primary lives"), before.Wait(Patience, Late));
        Assert.Equal(ControlResult.Done, after.Wait(Patience, Late));
    }
}
