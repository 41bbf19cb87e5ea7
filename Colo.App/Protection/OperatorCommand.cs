using System.Text;
using Colo.Linux;

namespace Colo.Protection;

/// <summary>
/// A program of the operator that runs beside the node. It gets no descriptor but 0 (/dev/null), 1 and 2 (a pipe to here),
/// and a process group of its own, which is ended as a whole at its time limit: SIGTERM, and SIGKILL after a grace. What it
/// leaves running in the background when it exits by itself in time goes on, with its output closed.
///
/// Nothing of this waits on the event loop: the start, which may have to read the program from a slow disk, is made on the
/// thread pool; its output is read as it comes, and slowly when it floods. All members are for the loop's thread.
/// </summary>
public sealed unsafe class OperatorCommand : IDisposable
{
    /// <summary>How many bytes of its output are kept: the last ones.</summary>
    public const int OutputLimit = 4096;

    // Beyond this a command does not report but flood, and is read in steps so that the loop has most of its time for others.
    private const int FreeOutput = 64 << 10;
    private const int PipeCapacity = 64 << 10;
    private const int SIGKILL = 9;
    private const int SIGTERM = 15;
    private static readonly TimeSpan FloodPause = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private readonly EventLoop _loop;
    private readonly Action<CommandResult> _done;
    private readonly TimeSpan _grace;
    private readonly long _started = MonotonicClock.Now;
    private readonly LoopTimer _limit;
    private readonly LoopTimer _reading;
    private readonly byte[] _output = new byte[OutputLimit];
    private long _written;
    private ChildProcess? _child;
    private FileDescriptor? _pipe;
    private bool _watching;
    private bool _timedOut;
    private bool _ended;

    private OperatorCommand(EventLoop loop, TimeSpan limit, TimeSpan grace, Action<CommandResult> done)
    {
        _loop = loop;
        _done = done;
        _grace = grace;
        _limit = loop.AddTimer(OnLimit);
        _limit.SetAfter(limit);
        _reading = loop.AddTimer(() => _loop.Modify(_pipe!.Number, EventLoop.Readable));
    }

    /// <summary>The process id; 0 until it is started and when it has ended.</summary>
    internal int ProcessId
    {
        get
        {
            lock (_gate)
                return _child?.Id ?? 0;
        }
    }

    /// <summary>
    /// Starts a command. A program that is not there or cannot be executed is a result like any other.
    /// </summary>
    /// <param name="loop">Its thread is the caller.</param>
    /// <param name="commandLine">The full path of a program, and its arguments, with spaces between them. No quoting: it is not a shell.</param>
    /// <param name="environment">Laid over the environment of this process. Control characters in values become spaces; of a value 1,024 characters count.</param>
    /// <param name="limit">How long it may run.</param>
    /// <param name="done">Called once on the loop's thread, after this has returned, when it has ended and is no zombie; never after <see cref="Dispose"/>.</param>
    public static OperatorCommand Start(
        EventLoop loop, string commandLine, IReadOnlyList<KeyValuePair<string, string>> environment, TimeSpan limit, Action<CommandResult> done) =>
        Start(loop, commandLine, environment, limit, TimeSpan.FromSeconds(2), done);

    /// <summary>As the other, with another time between SIGTERM and SIGKILL.</summary>
    internal static OperatorCommand Start(
        EventLoop loop, string commandLine, IReadOnlyList<KeyValuePair<string, string>> environment, TimeSpan limit, TimeSpan grace, Action<CommandResult> done)
    {
        var command = new OperatorCommand(loop, limit, grace, done);
        var words = commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var variables = CommandEnvironment.Merge(environment);
        ThreadPool.UnsafeQueueUserWorkItem(_ => command.Spawn(words, variables), null);
        return command;
    }

    /// <summary>Ends it if it runs, with SIGKILL to its process group; <c>done</c> is then not called any more.</summary>
    public void Dispose()
    {
        if (Take() is not { } child)
            return;
        child.SignalGroup(SIGKILL);
        // As a rule it is gone by now. If not (a process in the kernel's hands dies later), nobody here waits for it.
        if (child.Reap() is not null)
            child.Dispose();
        else
            ThreadPool.UnsafeQueueUserWorkItem(static child => Bury(child), child, preferLocal: false);
    }

    private static void Bury(ChildProcess child)
    {
        child.WaitForEnd();
        child.Dispose();
    }

    // On a thread of the pool.
    private void Spawn(string[] words, IReadOnlyList<string> environment)
    {
        ChildProcess? child = null;
        FileDescriptor? read = null;
        string? error = null;
        try
        {
            (read, var write) = CommandPipe.Open();
            using (write)
                child = ChildProcess.StartForeign(words[0], words[1..], write.Number, environment);
        }
        catch (IOException e)
        {
            error = e.Message;
        }

        lock (_gate)
        {
            if (!_ended)
            {
                // From here on a Dispose finds the child, also when the loop ends before it comes to what is posted.
                (_child, _pipe) = (child, read);
                child = null;
                read = null;
            }
        }

        read?.Dispose();
        if (child is not null)
        {
            child.SignalGroup(SIGKILL);
            Bury(child);
            return;
        }

        _loop.Post(() => OnSpawned(error));
    }

    private void OnSpawned(string? error)
    {
        if (_ended)
            return;
        if (error is not null)
        {
            Finish(null, error);
            return;
        }

        try
        {
            _loop.Add(_pipe!.Number, EventLoop.Readable, new Handler(ReadOutput));
            _watching = true;
            _loop.Add(_child!.Descriptor, EventLoop.Readable, new Handler(OnEnded));
        }
        catch (LinuxException e)
        {
            var (done, message) = (_done, e.Message);
            Dispose();
            done(Result(null, message));
            return;
        }

        // The limit may have passed before there was anything to end.
        if (_timedOut)
            _child.SignalGroup(SIGTERM);
    }

    private void OnLimit()
    {
        // What comes after the first time is the end of the grace.
        var first = !_timedOut;
        _timedOut = true;
        lock (_gate)
            _child?.SignalGroup(first ? SIGTERM : SIGKILL);
        if (first || ProcessId != 0)
            _limit.SetAfter(_grace);
        else
            Finish(null, "it could not be loaded within its time");
    }

    private void OnEnded()
    {
        var child = _child!;
        // Before its number is given back: those of its group that let SIGTERM pass.
        if (_timedOut)
            child.SignalGroup(SIGKILL);
        if (child.Reap() is not { } status)
            return;
        for (var read = 0; read < PipeCapacity && ReadOnce() is > 0 and var count;)
            read += count;
        Finish(status, null);
    }

    private void ReadOutput()
    {
        if (ReadOnce() == 0)
            StopReading();
        else if (_written > FreeOutput)
        {
            _loop.Modify(_pipe!.Number, 0);
            _reading.SetAfter(FloodPause);
        }
    }

    /// <summary>Takes what is in the pipe, at most 16 KiB; 0 at its end, -1 when there is nothing now.</summary>
    private int ReadOnce()
    {
        if (_pipe is null)
            return 0;
        const int size = 16 << 10;
        var buffer = stackalloc byte[size];
        var count = (int)Native.read(_pipe.Number, buffer, size);
        if (count <= 0)
            return count;
        var bytes = new ReadOnlySpan<byte>(buffer, count);
        // A ring: of what is longer than it, the end.
        bytes = bytes[Math.Max(0, count - OutputLimit)..];
        var at = (int)((_written + count - bytes.Length) % OutputLimit);
        var head = Math.Min(bytes.Length, OutputLimit - at);
        bytes[..head].CopyTo(_output.AsSpan(at));
        bytes[head..].CopyTo(_output);
        _written += count;
        return count;
    }

    private void Finish(int? status, string? error)
    {
        var child = Take();
        child?.Dispose();
        _done(Result(status, error));
    }

    private CommandResult Result(int? status, string? error) => new(
        status is >= 0 and var exited && (exited & 0x7f) == 0 ? (exited >> 8) & 0xff : null,
        status is >= 0 and var killed && (killed & 0x7f) != 0 ? killed & 0x7f : null,
        _timedOut,
        error,
        Text(),
        TimeSpan.FromTicks((MonotonicClock.Now - _started) / 100));

    private string Text()
    {
        if (_written <= OutputLimit)
            return Encoding.UTF8.GetString(_output, 0, (int)_written);
        var at = (int)(_written % OutputLimit);
        return Encoding.UTF8.GetString([.. _output.AsSpan(at), .. _output.AsSpan(0, at)]);
    }

    /// <summary>Ends all watching; the child, which the caller then owns, or null.</summary>
    private ChildProcess? Take()
    {
        ChildProcess? child;
        lock (_gate)
        {
            if (_ended)
                return null;
            _ended = true;
            child = _child;
            _child = null;
        }

        _limit.Dispose();
        StopReading();
        _reading.Dispose();
        if (child is not null && _watching)
            _loop.Remove(child.Descriptor);
        return child;
    }

    private void StopReading()
    {
        _reading.Cancel();
        if (_pipe is not { } pipe)
            return;
        _loop.Remove(pipe.Number);
        pipe.Dispose();
        _pipe = null;
    }

    private sealed class Handler(Action ready) : IEventHandler
    {
        public void OnReady(uint events) => ready();
    }
}
