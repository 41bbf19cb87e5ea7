using Colo.Demo;
using Colo.Tests.Support;

namespace Colo.Tests.Node;

/// <summary>One voice after a freeze, and a guest that never stays stopped for a secondary that is gone.</summary>
public sealed class FrozenNodeTests
{
    private const int SIGCONT = 18;
    private const int SIGSTOP = 19;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [PairFact]
    public void APrimaryThatWakesUpAfterATakeoverFollowsTheNewOne()
    {
        using var pair = new DemoPair("colo-node-", 1, PairBinary.Path!, new PairSettings());
        pair.StartProtected(Limit);
        pair.Node('a').Signal(SIGSTOP);
        // Beyond the failover timeout: before that, --force asks the primary itself.
        pair.Pause(TimeSpan.FromMilliseconds(900));
        Failover(pair, 'b', "--force");
        try
        {
            pair.WaitState('b', "primary", "unprotected", Limit);
            pair.Node('a').Signal(SIGCONT);
            // It must never have been a primary beside the other one, so it follows without anybody's help.
            pair.WaitProtected('b', Limit);
            AssertAnswers(pair);
            Assert.DoesNotContain("goes on unprotected", pair.Node('a').LogTail(60), StringComparison.Ordinal);
        }
        catch (PairException e)
        {
            Assert.Fail($"{e.Message}\n{pair.Logs()}");
        }
        finally
        {
            pair.Node('a').Signal(SIGCONT);
        }
    }

    [PairFact]
    public void ForceAsksALivingPrimaryAndEndsWhenTheGuestIsHere()
    {
        using var pair = new DemoPair("colo-node-", 3, PairBinary.Path!, new PairSettings());
        pair.StartProtected(Limit);
        try
        {
            Assert.Equal(3, Failover(pair, 'b'));
            Assert.Equal(0, Failover(pair, 'b', "--force"));
            Assert.Equal("primary", pair.Node('b').TryStatus()?.Role);
            AssertAnswers(pair);
        }
        catch (PairException e)
        {
            Assert.Fail($"{e.Message}\n{pair.Logs()}");
        }
    }

    [PairFact]
    public void APrimaryThatIsAskedAndDoesNotHandOverIsNoSuccess()
    {
        // The silence of the frozen primary shows only after the command has given up.
        using var pair = new DemoPair("colo-node-", 4, PairBinary.Path!, new PairSettings { Overrides = ["failover:timeout=60s", "failover:slow=60s"] });
        pair.StartProtected(Limit);
        pair.Node('a').Signal(SIGSTOP);
        try
        {
            Assert.Equal(3, Failover(pair, 'b', "--force"));
            Assert.NotEqual("primary", pair.Node('b').TryStatus()?.Role);
        }
        finally
        {
            pair.Node('a').Signal(SIGCONT);
        }
    }

    [PairFact]
    public void AGuestStoppedForAHandoverRunsOnWhenTheSecondaryDies()
    {
        using var pair = new DemoPair("colo-node-", 2, PairBinary.Path!, new PairSettings());
        pair.StartProtected(Limit);
        pair.Node('b').Signal(SIGSTOP);
        // It waits for an acknowledgement that the frozen secondary cannot give.
        var failover = Task.Run(() => Failover(pair, 'a'));
        try
        {
            pair.Pause(TimeSpan.FromMilliseconds(150));
            pair.Kill('b');
            pair.WaitState('a', "primary", "unprotected", Limit);
            AssertAnswers(pair);
            Assert.True(failover.Wait(TimeSpan.FromSeconds(10)), "the operator's command hangs");
            Assert.NotEqual(0, failover.Result);
            pair.Start('b', "secondary");
            pair.WaitProtected('a', Limit);
        }
        catch (PairException e)
        {
            Assert.Fail($"{e.Message}\n{pair.Logs()}");
        }
    }

    private static int Failover(DemoPair pair, char node, params string[] more) =>
        ColoBinary.RunProgram(PairBinary.Path!, ["failover", "--socket", pair.Files(node).Socket, .. more]).Exit;

    private static void AssertAnswers(DemoPair pair)
    {
        var ping = ColoBinary.RunProgram("ip", "netns", "exec", pair.Network.Client.Name, "ping", "-c", "3", "-i", "0.2", "-W", "3", DemoNetwork.GuestAddress.ToString());
        Assert.True(ping.Exit == 0, $"{ping.Output}\n{pair.Logs()}");
    }
}
