using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Text;
using Colo.Link;
using Colo.Linux;
using Colo.Protection;
using Colo.Tests.Link;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.Protection;

/// <summary>A node that can be killed: a small C program that holds the robust mutex as a node does.</summary>
internal sealed unsafe class KillableNode : IDisposable
{
    private const string Source = """
        #define _GNU_SOURCE
        #include <pthread.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <unistd.h>
        /* node: make and hold the mutex of the page at descriptor 3; try: only look whether another process holds it. */
        int main(int argc, char **argv)
        {
            char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
            pthread_mutexattr_t a;
            if (page == MAP_FAILED)
                return 100;
            if (!strcmp(argv[1], "try"))
                return pthread_mutex_trylock((pthread_mutex_t *)page);
            pthread_mutexattr_init(&a);
            pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
            pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
            pthread_mutex_init((pthread_mutex_t *)page, &a);
            pthread_mutex_lock((pthread_mutex_t *)page);
            *(volatile uint64_t *)(page + 4000) = 1;
            for (;;)
                pause();
        }
        """;

    private static readonly Lazy<string> Program = new(Compile);
    private readonly FileDescriptor _memfd;
    private readonly byte* _page;

    internal KillableNode()
    {
        fixed (byte* name = "node\0"u8)
            _memfd = FileDescriptor.FromResult(Native.memfd_create(name, 1), "memfd_create");
        LinuxException.ThrowIfNegative(Native.ftruncate(_memfd.Number, 4096), "ftruncate");
        _page = (byte*)Native.mmap(null, 4096, 3, 1, _memfd.Number, 0);
        Process = ChildProcess.Start(Program.Value, ["node"], [_memfd.Number]);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref *(ulong*)(_page + 4000)) == 1, TimeSpan.FromSeconds(20)));
    }

    internal ChildProcess Process { get; }

    internal int Page => _memfd.Number;

    internal static int TryLock(int page)
    {
        using var child = ChildProcess.Start(Program.Value, ["try"], [page]);
        int? status = null;
        Assert.True(SpinWait.SpinUntil(() => (status = child.Reap()) is not null, TimeSpan.FromSeconds(20)));
        return status!.Value >> 8;
    }

    internal KeeperPage OpenPage() => KeeperPage.Open(TestDescriptors.Duplicate(_memfd.Number));

    /// <summary>SIGKILL; returns the time right before it.</summary>
    internal long Kill()
    {
        var now = MonotonicClock.Now;
        Assert.Equal(0, kill(Process.Id, 9));
        return now;
    }

    public void Dispose()
    {
        _ = kill(Process.Id, 9);
        SpinWait.SpinUntil(() => Process.Reap() is not null, TimeSpan.FromSeconds(20));
        Process.Dispose();
        _ = Native.munmap(_page, 4096);
        _memfd.Dispose();
    }

    [System.Runtime.InteropServices.DllImport("libc")]
    private static extern int kill(int pid, int signal);

    private static string Compile()
    {
        var folder = Directory.CreateTempSubdirectory("colo-node-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var source = Path.Combine(folder, "node.c");
        File.WriteAllText(source, Source);
        var result = ColoBinary.RunProgram("gcc", "-O2", "-pthread", "-o", Path.Combine(folder, "node"), source);
        Assert.True(result.Exit == 0, result.Error);
        return Path.Combine(folder, "node");
    }
}

public sealed class KeeperTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public void ADeadNodesMutexWakesTheWaiterWithinMilliseconds()
    {
        var latencies = new List<double>();
        for (var n = 0; n < 20; n++)
        {
            using var node = new KillableNode();
            using var page = node.OpenPage();
            long woken = 0;
            var waiter = new Thread(() =>
            {
                page.WaitForDeath();
                woken = MonotonicClock.Now;
            });
            waiter.Start();
            SpinWait.SpinUntil(() => (waiter.ThreadState & System.Threading.ThreadState.WaitSleepJoin) != 0, TimeSpan.FromMilliseconds(20));
            Assert.False(waiter.Join(0), "the waiter came back while the node lives");
            var killed = node.Kill();
            Assert.True(waiter.Join(Limit), "the waiter did not notice the death");
            latencies.Add((woken - killed) / 1000.0);
        }

        latencies.Sort();
        output.WriteLine($"death notice after us: median {latencies[10]:0}, worst {latencies[^1]:0}");
        // The kernel needs some 100 us; this bound only tells it from a missed wake-up on a busy machine.
        Assert.True(latencies[10] < 50_000, $"median {latencies[10]:0} us");
    }

    [Fact]
    public void AnodeThatDiedBeforeTheKeeperLookedIsNoticed()
    {
        using var node = new KillableNode();
        node.Kill();
        using var page = node.OpenPage();
        var waiter = new Thread(page.WaitForDeath);
        waiter.Start();
        Assert.True(waiter.Join(Limit));
    }

    [Fact]
    public void TheNodesPageIsHeldFromTheStartForAllProcessesAndAfterDispose()
    {
        const int EBUSY = 16;
        var page = KeeperPage.CreateAndHold();
        Assert.Equal(EBUSY, KillableNode.TryLock(page.Descriptor));
        page.Flags = KeeperPage.NodeFlags.Speaks | KeeperPage.NodeFlags.Protected;
        page.Mirrored = 77;
        page.SessionToken.Fill(5);
        Assert.Equal((KeeperPage.NodeFlags)3, page.Flags);
        Assert.Equal(77ul, page.Mirrored);
        page.Dispose();
        // The thread's robust list still points there.
        Assert.Equal(77ul, page.Mirrored);
    }

    [ColoBinaryFact]
    public void AKeeperTellsTheDeathOfItsNodeWithWhatThePageSays()
    {
        using var run = new KeeperRun();
        using (var page = run.Node.OpenPage())
        {
            BinaryPrimitives.WriteUInt64LittleEndian(page.SessionToken, 11);
            BinaryPrimitives.WriteUInt64LittleEndian(page.SessionToken[8..], 12);
            page.Mirrored = 13;
            page.Flags = KeeperPage.NodeFlags.Protected;
        }

        run.WaitConnected();
        var killed = run.Node.Kill();
        Assert.True(run.Recorder.Messages.TryTake(out var message, Limit), "no death notice came");
        output.WriteLine($"death notice over the link after {(MonotonicClock.Now - killed) / 1000} us");
        Assert.Equal((ushort)KeeperMessage.Death, message.Type);
        Assert.Equal(new DeathNotice(new LinkSession(11, 12), KeeperPage.NodeFlags.Protected, 13), DeathNotice.Read(message.Body));
        Assert.Equal(0, run.EndOfKeeper(sendDone: true));
    }

    /// <summary>Whoever reads the log may have stopped with the node.</summary>
    [ColoBinaryFact]
    public void AKeeperWhoseLogNobodyReadsTellsAllTheSame()
    {
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.In);
        var written = 0;
        new Thread(() =>
        {
            using var full = new System.IO.Pipes.AnonymousPipeClientStream(System.IO.Pipes.PipeDirection.Out, pipe.ClientSafePipeHandle);
            try
            {
                for (; ; written++)
                    full.WriteByte(0);
            }
            catch (IOException)
            {
                // The test has ended.
            }
        })
        { IsBackground = true }.Start();
        for (var before = -1; before != written; Thread.Sleep(300))
            before = written;
        Assert.True(written > 0);
        using var run = new KeeperRun((int)pipe.ClientSafePipeHandle.DangerousGetHandle());
        run.WaitConnected();
        run.Node.Kill();
        Assert.True(run.Recorder.Messages.TryTake(out var message, Limit), "no death notice came");
        Assert.Equal((ushort)KeeperMessage.Death, message.Type);
        Assert.Equal(0, run.EndOfKeeper(sendDone: true));
    }

    /// <summary>The other node may have been between two roles, and nobody read what it was told.</summary>
    [ColoBinaryFact]
    public void AKeeperThatWasNotDismissedTellsAgain()
    {
        using var run = new KeeperRun();
        using (var page = run.Node.OpenPage())
            page.Mirrored = 13;
        run.WaitConnected();
        run.CloseConnection();
        run.WaitConnected();
        run.Node.Kill();
        for (var n = 0; n < 3; n++)
        {
            Assert.True(run.Recorder.Messages.TryTake(out var message, Limit), $"no death notice came, {n} had");
            Assert.Equal(((ushort)KeeperMessage.Death, 13ul), (message.Type, DeathNotice.Read(message.Body).Mirrored));
            if (n < 2)
                run.CloseConnection();
        }

        run.WaitConnected();
        Assert.Equal(0, run.EndOfKeeper(sendDone: true));
    }

    [ColoBinaryFact]
    public void AnOrderlyEndIsNotReported()
    {
        using var run = new KeeperRun();
        using (var page = run.Node.OpenPage())
            page.Flags = KeeperPage.NodeFlags.Orderly | KeeperPage.NodeFlags.Protected;
        run.WaitConnected();
        run.Node.Kill();
        Assert.Equal(0, run.EndOfKeeper(sendDone: false));
        run.Recorder.Closed.Task.Wait(Limit);
        Assert.Empty(run.Recorder.Messages);
    }

    [Fact]
    public void ASupervisorStartsAnotherKeeperAndNoneIsLeftAtTheEnd()
    {
        using var loop = new EventLoop();
        var ids = new HashSet<int>();
        var starts = 0;
        var watch = Stopwatch.StartNew();
        // The test host is no keeper and ends at once, whatever it is told.
        var supervisor = new KeeperSupervisor(loop, 42, () =>
        {
            starts++;
            return (["--none-such"], []);
        });
        supervisor.Start();
        ids.Add(supervisor.ProcessId);
        LoopTimer poll = null!;
        poll = loop.AddTimer(() =>
        {
            if (supervisor.ProcessId != 0)
                ids.Add(supervisor.ProcessId);
            if (starts >= 3 || watch.Elapsed > Limit)
                loop.Stop();
            poll.SetAfter(TimeSpan.FromMilliseconds(1));
        });
        poll.SetAfter(TimeSpan.Zero);
        loop.Run();
        Assert.True(starts >= 3, $"{starts} starts");
        Assert.True(ids.Count >= 2);
        var last = supervisor.ProcessId;
        supervisor.Dispose();
        Assert.False(last != 0 && Directory.Exists($"/proc/{last}"));
        Assert.Equal(0, supervisor.ProcessId);
    }

    [Fact]
    public void DeathNoticesAndArgumentsAreReadAsWritten()
    {
        Span<byte> bytes = stackalloc byte[DeathNotice.Size];
        var notice = new DeathNotice(new LinkSession(1, ulong.MaxValue), KeeperPage.NodeFlags.Speaks, 99);
        notice.Write(bytes);
        Assert.Equal(notice, DeathNotice.Read(bytes));
        Assert.Throws<FormatException>(() => DeathNotice.Read(new byte[31]));
        Assert.Throws<FormatException>(() => DeathNotice.Read(new byte[33]));

        var peer = IPEndPoint.Parse("[fd00::1]:4100");
        var formatted = KeeperArguments.Format(peer, IPAddress.Parse("fd00::2"), "web 1", LinkNode.B, "/etc/a key", []);
        var parsed = KeeperArguments.Parse(formatted.Skip(1).ToArray());
        Assert.Equal((peer, IPAddress.Parse("fd00::2"), "web 1", LinkNode.B, "/etc/a key"), (parsed.Peer, parsed.Local, parsed.VmName, parsed.Node, parsed.KeyFile));
        Assert.Null(KeeperArguments.Parse(KeeperArguments.Format(peer, null, "x", LinkNode.A, "k", []).Skip(1).ToArray()).Local);
        Assert.Throws<FormatException>(() => KeeperArguments.Parse(["a", "b"]));
        Assert.Throws<FormatException>(() => KeeperArguments.Parse(["1.2.3.4:1", "-", "vm", "nobody", "key"]));
    }

    /// <summary>A keeper of the real binary beside a node that can be killed, and the peer that it calls.</summary>
    private sealed class KeeperRun : IDisposable
    {
        private readonly LoopThread _thread = new();
        private readonly LinkListener _listener;
        private readonly string _folder = Directory.CreateTempSubdirectory("colo-keeper-").FullName;
        private readonly ChildProcess _keeper;
        private readonly ManualResetEventSlim _connected = new();
        private LinkConnection? _connection;

        /// <param name="log">A descriptor for its standard error; null: the test's own.</param>
        internal KeeperRun(int? log = null)
        {
            var key = Path.Combine(_folder, "key");
            LinkKey.Create(key);
            var identity = new LinkIdentity { VmName = "web", Node = LinkNode.B, Instance = LinkInstance.New(), Key = LinkKey.Load(key) };
            _listener = _thread.Get(() => new LinkListener(
                _thread.Loop, new IPEndPoint(IPAddress.Loopback, 0), identity, new LinkOptions(), _ => null, channel =>
                {
                    _connection = channel.Open(_thread.Loop, Recorder);
                    _connected.Set();
                }));
            using (var page = Node.OpenPage())
                page.InstanceId.Fill(7);
            var arguments = KeeperArguments.Format(_listener.Address, null, "web", LinkNode.A, key, []);
            _keeper = log is { } standardError
                ? ChildProcess.Start("/bin/sh", ["-c", "exec \"$@\" 2>&5 5>&-", "sh", ColoBinary.Path!, .. arguments], [Node.Page, Node.Process.Descriptor, standardError])
                : ChildProcess.Start(ColoBinary.Path!, arguments, [Node.Page, Node.Process.Descriptor]);
        }

        internal KillableNode Node { get; } = new();

        internal Recorder Recorder { get; } = new();

        internal void WaitConnected() => Assert.True(_connected.Wait(Limit), "the keeper did not call");

        internal void CloseConnection()
        {
            _connected.Reset();
            _thread.Loop.Invoke(() => _connection!.Dispose());
        }

        internal int EndOfKeeper(bool sendDone)
        {
            if (sendDone)
                _thread.Loop.Invoke(() => _connection!.TrySend((ushort)KeeperMessage.Done, [], []));
            int? status = null;
            Assert.True(SpinWait.SpinUntil(() => (status = _keeper.Reap()) is not null, Limit), "the keeper does not end");
            return status!.Value;
        }

        public void Dispose()
        {
            if (_keeper.Reap() is null)
            {
                Process.GetProcessById(_keeper.Id).Kill();
                SpinWait.SpinUntil(() => _keeper.Reap() is not null, Limit);
            }

            _keeper.Dispose();
            _thread.Loop.Invoke(() =>
            {
                _connection?.Dispose();
                _listener.Dispose();
            });
            _thread.Dispose();
            Node.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
