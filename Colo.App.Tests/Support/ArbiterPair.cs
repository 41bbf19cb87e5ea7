using Colo.Demo;
using Colo.Soak.Faults;
using Xunit.Abstractions;

namespace Colo.Tests.Support;

/// <summary>A protected pair, node a being the primary, with a real etcd as its arbiter or with none.</summary>
internal static class ArbiterPair
{
    /// <summary>Runs a test on it, and removes all.</summary>
    /// <param name="output">For the seed, and the logs of a failure.</param>
    /// <param name="withArbiter">Whether there is an arbiter.</param>
    /// <param name="test">Gets the pair, and the arbiter's host when there is one.</param>
    /// <param name="name">Names the logs of a failure.</param>
    internal static void Run(ITestOutputHelper output, bool withArbiter, Action<PairFixture, ArbiterHost?> test, string name)
    {
        ArbiterHost? arbiter = null;
        try
        {
            PairFixture.Run(
                output, PairBinary.Path!,
                f =>
                {
                    arbiter = withArbiter ? new ArbiterHost(f.Pair.Network, Directory.CreateTempSubdirectory("colo-arbiter-").FullName) : null;
                    f.Pair.Start('a', "primary", Settings('a', withArbiter));
                    f.Pair.Start('b', "secondary", Settings('b', withArbiter));
                    f.Pair.WaitServing(PairFixture.ProtectLimit);
                    f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
                },
                f => test(f, arbiter), name: name);
        }
        finally
        {
            arbiter?.Dispose();
        }
    }

    /// <summary>What a node has to be started with.</summary>
    internal static string[] Settings(char node, bool withArbiter) => withArbiter ? [ArbiterHost.SettingFor(node)] : [];

    /// <summary>Waits until node <paramref name="primary"/> is protected and has nothing to complain of: both know the arbiter's token.</summary>
    internal static void WaitKnown(PairFixture f, char primary) => f.Pair.Wait(
        primary, "protected with the arbiter", s => s.State == "protected" && s.Json.Contains("\"attention\":null", StringComparison.Ordinal), PairFixture.ProtectLimit);

    /// <summary>Whether a node goes on as the guest without the other.</summary>
    internal static bool GoesOnAlone(PairFixture f, char node) => f.Pair.Node(node).TryStatus() is { Role: "primary", State: "unprotected" or "syncing" };
}
