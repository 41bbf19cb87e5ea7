using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Colo.Linux;

/// <summary>Gets the readiness of one descriptor in an <see cref="EventLoop"/>.</summary>
public interface IEventHandler
{
    /// <summary>Called on the loop's thread.</summary>
    /// <param name="events">EPOLLIN (1), EPOLLOUT (4), EPOLLERR (8), EPOLLHUP (16), EPOLLRDHUP (0x2000) bits.</param>
    void OnReady(uint events);
}

/// <summary>
/// One thread that waits on epoll and runs handlers, timers and posted actions, one at a time. All state of the
/// data path belongs to its loop's thread, so the data path needs no lock. Level triggered: a handler may leave
/// work behind and is called again.
/// </summary>
public sealed unsafe class EventLoop : IDisposable
{
    /// <summary>EPOLLIN: readable.</summary>
    public const uint Readable = 1;

    /// <summary>EPOLLOUT: writable.</summary>
    public const uint Writable = 4;

    private const int MaxEvents = 64;

    private readonly FileDescriptor _epoll =
        FileDescriptor.FromResult(Native.epoll_create1(Native.EPOLL_CLOEXEC), "epoll_create1");

    private readonly EventFd _wake = new();
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly Dictionary<int, IEventHandler> _handlers = [];
    private readonly List<LoopTimer> _timers = [];
    private readonly List<Action> _afterRound = [];
    private volatile bool _stop;
    private volatile bool _ended;
    private int _threadId;

    /// <summary>Makes a loop; it runs when a thread calls <see cref="Run"/>.</summary>
    public EventLoop() => Control(Native.EPOLL_CTL_ADD, _wake.Number, Readable);

    /// <summary>Called on the loop's thread when a handler, timer or action throws; without it the loop ends with the exception.</summary>
    public Action<Exception>? OnError { get; set; }

    /// <summary>Whether the caller is on the loop's thread.</summary>
    public bool IsLoopThread => Environment.CurrentManagedThreadId == _threadId;

    /// <summary>
    /// Whether the actions of <see cref="AddAfterRound"/> are still to run before the loop waits again: a batch begun now
    /// goes out with them. Read on the loop's thread, or before <see cref="Run"/>.
    /// </summary>
    public bool InRound { get; private set; }

    /// <summary>Watches a descriptor. On the loop's thread, or before <see cref="Run"/>.</summary>
    public void Add(int fd, uint events, IEventHandler handler)
    {
        _handlers.Add(fd, handler);
        try
        {
            Control(Native.EPOLL_CTL_ADD, fd, events);
        }
        catch (LinuxException)
        {
            // Or the next descriptor of this number could not be added.
            _handlers.Remove(fd);
            throw;
        }
    }

    /// <summary>Changes what is waited for. On the loop's thread.</summary>
    public void Modify(int fd, uint events) => Control(Native.EPOLL_CTL_MOD, fd, events);

    /// <summary>Stops watching; call it before the descriptor is closed. On the loop's thread. Unknown numbers are ignored.</summary>
    public void Remove(int fd)
    {
        if (_handlers.Remove(fd))
        {
            Native.EpollEvent none = default;
            _ = Native.epoll_ctl(_epoll.Number, Native.EPOLL_CTL_DEL, fd, &none);
        }
    }

    /// <summary>Adds an action that runs at the end of each round (flush of batches). Before <see cref="Run"/> or on the loop's thread.</summary>
    public void AddAfterRound(Action action) => _afterRound.Add(action);

    /// <summary>Takes an action of <see cref="AddAfterRound"/> away.</summary>
    public void RemoveAfterRound(Action action) => _afterRound.Remove(action);

    /// <summary>Makes a timer that is not armed.</summary>
    public LoopTimer AddTimer(Action elapsed)
    {
        var timer = new LoopTimer(this, elapsed);
        _timers.Add(timer);
        return timer;
    }

    /// <summary>Runs an action on the loop's thread, later; never when the loop has ended meanwhile. From any thread.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        // A thread that has worked for the loop may be done only after its end, and then nobody waits for it.
        _wake.TrySignal();
    }

    /// <summary>
    /// Runs an action on the loop's thread and returns when it has run; at once when called there. Throws what the
    /// action throws; <see cref="ObjectDisposedException"/> when the loop has ended and will never run it.
    /// </summary>
    public void Invoke(Action action)
    {
        if (IsLoopThread)
        {
            action();
            return;
        }

        using var done = new ManualResetEventSlim(false);
        Exception? error = null;
        Post(() =>
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                error = e;
            }

            done.Set();
        });
        while (!done.Wait(100))
        {
            // The loop may have ended between the post and its last round.
            if (_ended && !done.Wait(100))
                throw new ObjectDisposedException(nameof(EventLoop));
        }

        if (error is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
    }

    /// <summary>Ends <see cref="Run"/> after the round under way. From any thread.</summary>
    public void Stop()
    {
        _stop = true;
        _wake.Signal();
    }

    /// <summary>Waits for and runs handlers until <see cref="Stop"/>. Its caller is the loop's thread.</summary>
    public void Run()
    {
        _threadId = Environment.CurrentManagedThreadId;
        var events = stackalloc Native.EpollEvent[MaxEvents];
        try
        {
            while (!_stop)
                Round(events);
            RunPosted();
        }
        finally
        {
            _ended = true;
            RunPosted();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        _epoll.Dispose();
        _wake.Dispose();
    }

    internal void Forget(LoopTimer timer) => _timers.Remove(timer);

    private void Round(Native.EpollEvent* events)
    {
        var ready = Wait(events);
        InRound = true;
        for (var i = 0; i < ready; i++)
        {
            var fd = (int)events[i].Data;
            if (fd == _wake.Number)
                _wake.Drain();
            // A handler may have removed another one whose event is still in this batch.
            else if (_handlers.TryGetValue(fd, out var handler))
                Guard(handler, events[i].Events);
        }

        RunPosted();
        RunTimers();
        InRound = false;
        for (var i = 0; i < _afterRound.Count; i++)
            Guard(_afterRound[i]);
    }

    private int Wait(Native.EpollEvent* events)
    {
        var deadline = long.MaxValue;
        foreach (var timer in _timers)
            deadline = Math.Min(deadline, timer.DeadlineNs);
        Native.Timespec timeout = default;
        if (deadline != long.MaxValue && _posted.IsEmpty)
        {
            var left = Math.Max(0, deadline - MonotonicClock.Now);
            timeout.Seconds = left / 1_000_000_000;
            timeout.Nanoseconds = left % 1_000_000_000;
        }

        var wait = deadline == long.MaxValue && _posted.IsEmpty ? null : &timeout;
        var count = Native.epoll_pwait2(Native.SYS_epoll_pwait2, _epoll.Number, events, MaxEvents, wait, null, 0);
        if (count < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
            throw LinuxException.FromLastError("epoll_pwait2");
        return (int)Math.Max(0, count);
    }

    private void RunPosted()
    {
        // Only what is there now: an action that posts again must not starve the descriptors.
        for (var n = _posted.Count; n > 0 && _posted.TryDequeue(out var action); n--)
            Guard(action);
    }

    private void RunTimers()
    {
        if (_timers.Count == 0)
            return;
        var now = MonotonicClock.Now;
        for (var i = 0; i < _timers.Count; i++)
        {
            var timer = _timers[i];
            if (timer.DeadlineNs > now)
                continue;
            timer.DeadlineNs = long.MaxValue;
            Guard(timer.Elapsed);
        }
    }

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (OnError is not null)
        {
            OnError(e);
        }
    }

    private void Guard(IEventHandler handler, uint events)
    {
        try
        {
            handler.OnReady(events);
        }
        catch (Exception e) when (OnError is not null)
        {
            OnError(e);
        }
    }

    private void Control(int operation, int fd, uint events)
    {
        var entry = new Native.EpollEvent { Events = events, Data = (ulong)fd };
        LinuxException.ThrowIfNegative(Native.epoll_ctl(_epoll.Number, operation, fd, &entry), "epoll_ctl");
    }
}
