using Colo.Demo;
using Colo.Tests.Support;

namespace Colo.Tests.Demo;

/// <summary>What becomes of the things of a demo that is killed with SIGKILL.</summary>
public sealed class DemoSweeperTests
{
    [NetworkAndBinaryFact]
    public void A_demo_that_is_killed_is_swept_up_at_once_with_what_runs_in_its_namespaces()
    {
        // A shell with a namespace and a folder named after it, as a demo has them, and a process in the namespace.
        var result = ColoBinary.RunProgram("/bin/sh", "-c", $"""
            sh -c 'set -e
                ip netns add {DemoCommand.Prefix}$$-a
                mkdir /run/{DemoCommand.Prefix}$$.0
                ip netns exec {DemoCommand.Prefix}$$-a sleep 600 >/dev/null 2>&1 &
                {ColoBinary.Path} {DemoSweeper.Command} $$ {DemoCommand.Prefix} >/dev/null 2>&1 &
                echo $$ $!
                kill -KILL $$'
            true
            """);
        var ids = result.Output.Split(' ').Select(int.Parse).ToArray();
        Assert.True(PairFixture.Until(TimeSpan.FromSeconds(30), () => !Directory.Exists($"/run/{DemoCommand.Prefix}{ids[0]}.0") && !DemoNetwork.IsAlive(ids[1])),
            "the sweeper still runs, or the folder is still there: " + result.Error);
        Assert.Empty(NetworkNamespace.List($"{DemoCommand.Prefix}{ids[0]}-"));
        Assert.DoesNotContain(Directory.EnumerateDirectories("/proc"), process => IsSleeper(process, ids[0]));
    }

    private static bool IsSleeper(string process, int demo)
    {
        try
        {
            return File.ReadAllText(process + "/cmdline").Contains($"{DemoCommand.Prefix}{demo}-a", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>A test of the executable that makes network namespaces.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class NetworkAndBinaryFactAttribute : FactAttribute
    {
        public NetworkAndBinaryFactAttribute() =>
            Skip = Requirement.Network ?? (ColoBinary.Path is null ? "out/colo is not built and COLO_BINARY is not set: run ./build.sh" : null);
    }
}
