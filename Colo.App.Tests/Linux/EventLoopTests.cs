using System.Diagnostics;
using Colo.Linux;

namespace Colo.Tests.Linux;

public sealed class EventLoopTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public void PostedActionsOfManyThreadsRunOnceEachInOrder()
    {
        using var loop = new EventLoop();
        var thread = Start(loop);
        const int threads = 8, each = 5000;
        var next = new int[threads];
        var wrong = 0;
        var posters = Enumerable.Range(0, threads).Select(t => new Thread(() =>
        {
            for (var n = 0; n < each; n++)
            {
                var number = n;
                loop.Post(() =>
                {
                    if (next[t]++ != number || !loop.IsLoopThread)
                        wrong++;
                });
            }
        })).ToList();
        posters.ForEach(t => t.Start());
        posters.ForEach(t => t.Join());
        loop.Invoke(() => { });
        Assert.Equal(0, wrong);
        Assert.All(next, n => Assert.Equal(each, n));
        End(loop, thread);
    }

    [Fact]
    public void InvokeReturnsWhenTheActionHasRunAndThrowsWhatItThrows()
    {
        using var loop = new EventLoop();
        var thread = Start(loop);
        var sum = 0;
        var callers = Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            for (var n = 0; n < 500; n++)
            {
                var before = -1;
                loop.Invoke(() => before = sum++);
                Assert.NotEqual(-1, before);
            }
        })).ToList();
        callers.ForEach(t => t.Start());
        callers.ForEach(t => t.Join());
        Assert.Equal(4000, sum);
        Assert.Throws<TimeoutException>(() => loop.Invoke(() => throw new TimeoutException()));
        loop.Invoke(() => loop.Invoke(() => sum = 7));
        Assert.Equal(7, sum);
        End(loop, thread);
    }

    [Fact]
    public void InvokeAfterTheEndThrowsInsteadOfHanging()
    {
        using var loop = new EventLoop();
        End(loop, Start(loop));
        var started = Stopwatch.StartNew();
        Assert.Throws<ObjectDisposedException>(() => loop.Invoke(() => { }));
        Assert.True(started.Elapsed < Limit);
    }

    [Fact]
    public void CallersThatRaceWithTheEndAllComeBack()
    {
        for (var round = 0; round < 20; round++)
        {
            using var loop = new EventLoop();
            var thread = Start(loop);
            var callers = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
            {
                try
                {
                    for (var n = 0; n < 1000; n++)
                        loop.Invoke(() => { });
                }
                catch (ObjectDisposedException)
                {
                    // The end came first.
                }
            })).ToList();
            callers.ForEach(t => t.Start());
            End(loop, thread);
            Assert.All(callers, t => Assert.True(t.Join(Limit), "a caller hangs"));
        }
    }

    [Fact]
    public void AnActionThatPostsItselfStarvesNoDescriptor()
    {
        using var loop = new EventLoop();
        using var fd = new EventFd();
        var rounds = 0;
        void Again()
        {
            rounds++;
            loop.Post(Again);
        }

        loop.Add(fd.Number, EventLoop.Readable, new Handler(_ => loop.Stop()));
        loop.Post(Again);
        var thread = Start(loop);
        SpinWait.SpinUntil(() => Volatile.Read(ref rounds) > 100, Limit);
        fd.Signal();
        Assert.True(thread.Join(Limit), "the descriptor was starved");
    }

    [Fact]
    public void TimersFireInTimeOnceAndOnlyWhenArmed()
    {
        using var loop = new EventLoop();
        var fired = new List<(string Name, long At)>();
        var start = MonotonicClock.Now;
        LoopTimer Timer(string name) => loop.AddTimer(() => fired.Add((name, MonotonicClock.Now - start)));
        Timer("30").SetAfter(TimeSpan.FromMilliseconds(30));
        Timer("10").SetAfter(TimeSpan.FromMilliseconds(10));
        var moved = Timer("moved");
        moved.SetAfter(TimeSpan.FromMilliseconds(1));
        moved.SetAt(start + 50_000_000);
        var cancelled = Timer("cancelled");
        cancelled.SetAfter(TimeSpan.FromMilliseconds(5));
        cancelled.Cancel();
        var disposed = Timer("disposed");
        disposed.SetAfter(TimeSpan.FromMilliseconds(5));
        disposed.Dispose();
        Timer("never").SetAfter(TimeSpan.MaxValue);
        loop.AddTimer(loop.Stop).SetAfter(TimeSpan.FromMilliseconds(80));
        loop.Run();
        // By name: on a busy machine several are due in one round, and go in the order in which they were made.
        Assert.Equal(["10", "30", "moved"], fired.Select(f => f.Name).Order(StringComparer.Ordinal));
        Assert.All(fired, f => Assert.True(f.At >= (f.Name == "moved" ? 50 : int.Parse(f.Name, System.Globalization.CultureInfo.InvariantCulture)) * 1_000_000L, $"{f.Name} after {f.At} ns"));
    }

    [Fact]
    public void ATimerMayDisposeItselfAndOthers()
    {
        using var loop = new EventLoop();
        var fired = "";
        LoopTimer[] timers = [];
        timers =
        [
            loop.AddTimer(() =>
            {
                fired += 'a';
                timers![0].Dispose();
                timers[1].Dispose();
            }),
            loop.AddTimer(() => fired += 'b'),
            loop.AddTimer(() => fired += 'c'),
            loop.AddTimer(loop.Stop),
        ];
        var at = MonotonicClock.Now;
        for (var i = 0; i < 3; i++)
            timers[i].SetAt(at + i);
        timers[3].SetAt(at + 30_000_000);
        loop.Run();
        Assert.Equal("ac", fired);
    }

    [Fact]
    public void AHandlerThatAnotherOneRemovedIsNotCalled()
    {
        using var loop = new EventLoop();
        using var one = new EventFd();
        using var two = new EventFd();
        var calls = 0;
        void Remove(EventFd other)
        {
            calls++;
            loop.Remove(other.Number);
            loop.Stop();
        }

        loop.Add(one.Number, EventLoop.Readable, new Handler(_ => Remove(two)));
        loop.Add(two.Number, EventLoop.Readable, new Handler(_ => Remove(one)));
        one.Signal();
        two.Signal();
        loop.Run();
        Assert.Equal(1, calls);
        loop.Remove(12345);
    }

    [Fact]
    public void ADescriptorThatCannotBeAddedLeavesNoTrace()
    {
        using var loop = new EventLoop();
        var closed = new EventFd();
        var number = closed.Number;
        closed.Dispose();
        var handler = new Handler(_ => { });
        if (File.Exists($"/proc/self/fd/{number}"))
            return; // Another test's thread has opened it meanwhile.
        Assert.Throws<LinuxException>(() => loop.Add(999_999, EventLoop.Readable, handler));
        // The second attempt fails for the same reason, not because the number is taken.
        Assert.Throws<LinuxException>(() => loop.Add(999_999, EventLoop.Readable, handler));
    }

    [Fact]
    public void ErrorsGoToOnErrorAndTheLoopGoesOn()
    {
        using var loop = new EventLoop();
        using var fd = new EventFd();
        var errors = new List<string>();
        loop.OnError = e => errors.Add(e.Message);
        loop.Add(fd.Number, EventLoop.Readable, new Handler(_ =>
        {
            fd.Drain();
            throw new InvalidOperationException("handler");
        }));
        fd.Signal();
        loop.Post(() => throw new InvalidOperationException("posted"));
        loop.AddTimer(() => throw new InvalidOperationException("timer")).SetAfter(TimeSpan.FromMilliseconds(1));
        loop.AddTimer(loop.Stop).SetAfter(TimeSpan.FromMilliseconds(20));
        loop.Run();
        Assert.Equal(["handler", "posted", "timer"], errors);
    }

    [Fact]
    public void WithoutOnErrorTheLoopEndsWithTheExceptionAndWaitingCallersComeBack()
    {
        using var loop = new EventLoop();
        loop.Post(() => throw new TimeoutException("x"));
        var ran = false;
        loop.Post(() => ran = true);
        Assert.Throws<TimeoutException>(loop.Run);
        Assert.True(ran, "what was posted before the end did not run");
        Exception? error = null;
        var caller = new Thread(() => error = Record.Exception(() => loop.Invoke(() => { })));
        caller.Start();
        Assert.True(caller.Join(Limit));
        Assert.IsType<ObjectDisposedException>(error);
    }

    private static Thread Start(EventLoop loop)
    {
        var thread = new Thread(loop.Run) { IsBackground = true };
        thread.Start();
        return thread;
    }

    private static void End(EventLoop loop, Thread thread)
    {
        loop.Stop();
        Assert.True(thread.Join(Limit), "the loop does not end");
    }

    private sealed class Handler(Action<uint> action) : IEventHandler
    {
        public void OnReady(uint events) => action(events);
    }
}
