using Colo.Arbiter;
using Colo.Configuration;
using Colo.Linux;
using Colo.Tests.Devices;

namespace Colo.Tests.Arbiter;

/// <summary>A node as the arbiter sees it: a loop of its own and a client, asked from a test's thread.</summary>
internal sealed class ArbiterNode : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly LoopThread _loop = new(new EventLoop());

    internal ArbiterNode(ArbiterConfiguration configuration, string key, NodeId id = NodeId.A, TimeSpan? limit = null)
    {
        Id = id;
        // On the loop's thread, which runs already: a timer that is added from here could come between its looking at them.
        Loop.Invoke(() => Client = new ArbiterClient(Loop, configuration, key, limit ?? TimeSpan.FromSeconds(30)));
    }

    internal ArbiterNode(Uri etcd, string key, NodeId id = NodeId.A, TimeSpan? limit = null)
        : this(new ArbiterConfiguration([etcd], null, null, null), key, id, limit)
    {
    }

    internal EventLoop Loop => _loop.Loop;

    internal ArbiterClient Client { get; private set; } = null!;

    internal NodeId Id { get; }

    internal ArbiterReading Read() => Ask<ArbiterReading>(Client.Read);

    internal ClaimOutcome Claim(ArbiterOwner? expected, ulong generation) =>
        Ask<ClaimOutcome>(done => Client.TryClaim(expected, new(generation, Id), $"run-of-{Id}", done));

    internal ClaimOutcome Resolve() => Ask<ClaimOutcome>(Client.Resolve);

    public void Dispose()
    {
        Loop.Invoke(Client.Dispose);
        _loop.Dispose();
    }

    private T Ask<T>(Action<Action<T>> ask)
        where T : class
    {
        using var done = new ManualResetEventSlim();
        T? answer = null;
        Loop.Invoke(() =>
        {
            ask(a =>
            {
                Assert.True(Loop.IsLoopThread);
                Assert.Null(answer);
                answer = a;
                done.Set();
            });
            Assert.Null(answer);
        });
        Assert.True(done.Wait(Patience), "no answer");
        return answer!;
    }
}
