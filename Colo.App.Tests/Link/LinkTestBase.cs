using System.Collections.Concurrent;
using System.Net;
using System.Runtime.InteropServices;
using Colo.Link;
using Colo.Linux;

namespace Colo.Tests.Link;

/// <summary>An event loop on a thread of its own, in the test's network namespace or in a named one.</summary>
internal sealed partial class LoopThread : IDisposable
{
    private readonly Thread _thread;

    internal LoopThread(string? networkNamespace = null)
    {
        using var ready = new ManualResetEventSlim(false);
        _thread = new Thread(() =>
        {
            if (networkNamespace is not null)
                EnterNamespace(networkNamespace);
            ready.Set();
            Loop.Run();
        });
        Loop.OnError = Errors.Enqueue;
        _thread.Start();
        ready.Wait();
    }

    internal EventLoop Loop { get; } = new();

    internal ConcurrentQueue<Exception> Errors { get; } = new();

    internal T Get<T>(Func<T> get)
    {
        T value = default!;
        Loop.Invoke(() => value = get());
        return value;
    }

    public void Dispose()
    {
        Loop.Stop();
        _thread.Join();
        Loop.Dispose();
        Assert.Empty(Errors);
    }

    // Only the calling thread changes, and it ends with the loop.
    private static void EnterNamespace(string name)
    {
        using var file = File.OpenHandle($"/run/netns/{name}");
        if (setns((int)file.DangerousGetHandle(), 0x40000000) != 0)
            throw LinuxException.FromLastError($"setns {name}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int fd, int type);
}

/// <summary>Keeps what a connection delivers.</summary>
internal sealed class Recorder : ILinkHandler
{
    internal BlockingCollection<(ushort Type, byte[] Body)> Messages { get; } = [];

    internal TaskCompletionSource<(LinkClosedReason Reason, string Text)> Closed { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal int ClosedCalls;

    internal Action<LinkConnection, ushort, byte[]>? Also { get; init; }

    public void OnMessage(LinkConnection connection, ushort type, ReadOnlySpan<byte> body)
    {
        var copy = body.ToArray();
        Also?.Invoke(connection, type, copy);
        Messages.Add((type, copy));
    }

    public void OnClosed(LinkConnection connection, LinkClosedReason reason, string text)
    {
        Interlocked.Increment(ref ClosedCalls);
        Closed.TrySetResult((reason, text));
    }

    internal (ushort Type, byte[] Body) Next() =>
        Messages.TryTake(out var message, LinkTestBase.Limit) ? message : throw new TimeoutException("no message came");

    internal (LinkClosedReason Reason, string Text) End() =>
        Closed.Task.Wait(LinkTestBase.Limit) ? Closed.Task.Result : throw new TimeoutException("the connection did not end");
}

/// <summary>A listener as node b and calls as node a, over loopback.</summary>
public abstract class LinkTestBase : IDisposable
{
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly List<IDisposable> _owned = [];

    private protected LinkTestBase()
    {
        A = Own(new LoopThread());
        B = Own(new LoopThread());
    }

    internal LinkKey Key { get; } = LinkKey.Generate();

    private protected LoopThread A { get; }

    private protected LoopThread B { get; }

    internal BlockingCollection<LinkFailure> Failures { get; } = [];

    internal BlockingCollection<LinkChannel> Accepted { get; } = [];

    public virtual void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
        GC.SuppressFinalize(this);
    }

    internal T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    internal LinkIdentity Identity(LinkNode node, LinkKey? key = null, string vm = "web1") => new()
    {
        VmName = vm,
        Node = node,
        Instance = LinkInstance.New(),
        Key = key ?? Key,
    };

    internal LinkListener Listen(
        LinkOptions? options = null, LinkIdentity? identity = null, IPEndPoint? address = null,
        Func<LinkPeer, string?>? judge = null, Action<LinkChannel>? accepted = null)
    {
        var listener = B.Get(() => new LinkListener(
            B.Loop, address ?? new IPEndPoint(IPAddress.Loopback, 0), identity ?? Identity(LinkNode.B),
            options ?? new LinkOptions(), judge ?? (_ => null), accepted ?? Accepted.Add)
        {
            Failed = Failures.Add,
        });
        Own(new OnLoop(B.Loop, listener.Dispose));
        return listener;
    }

    internal LinkDialResult Dial(
        IPEndPoint address, LinkKind kind = LinkKind.Control, LinkOptions? options = null,
        LinkIdentity? identity = null, LinkSession session = default)
    {
        var done = new TaskCompletionSource<LinkDialResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        A.Loop.Invoke(() => new LinkDialer(
            A.Loop, address, identity ?? Identity(LinkNode.A), options ?? new LinkOptions(), kind, session,
            done.SetResult).Start());
        return done.Task.Wait(Limit) ? done.Task.Result : throw new TimeoutException("the call did not end");
    }

    internal (LinkConnection A, Recorder FromB, LinkConnection B, Recorder FromA) Connect(
        LinkKind kind, LinkProtection protection, Recorder? atA = null, Recorder? atB = null, int queue = 16 * 1024 * 1024)
    {
        var options = new LinkOptions { Protection = protection, PacketProtection = protection, PacketQueueBytes = queue };
        var listener = Listen(options);
        var result = Dial(listener.Address, kind, options);
        Assert.True(result.Outcome == LinkDialOutcome.Connected, result.Text);
        atA ??= new Recorder();
        atB ??= new Recorder();
        var a = A.Get(() => result.Channel!.Open(A.Loop, atA));
        var accepted = TakeAccepted();
        var b = B.Get(() => accepted.Open(B.Loop, atB));
        Own(new OnLoop(A.Loop, a.Dispose));
        Own(new OnLoop(B.Loop, b.Dispose));
        return (a, atA, b, atB);
    }

    internal LinkChannel TakeAccepted() =>
        Accepted.TryTake(out var channel, Limit) ? channel : throw new TimeoutException("no channel was accepted");

    internal LinkFailure TakeFailure() =>
        Failures.TryTake(out var failure, Limit) ? failure : throw new TimeoutException("no failure was reported");

    internal static void Until(Func<bool> condition, string what)
    {
        Assert.True(SpinWait.SpinUntil(condition, Limit), what);
    }

    private sealed class OnLoop(EventLoop loop, Action action) : IDisposable
    {
        public void Dispose() => loop.Invoke(action);
    }
}
