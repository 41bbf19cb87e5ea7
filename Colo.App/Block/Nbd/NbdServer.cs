using Colo.Linux;
using Colo.Monitor;

namespace Colo.Block.Nbd;

/// <summary>
/// Serves disks over NBD to connections that somebody else has accepted and, where that is called for, authenticated.
/// Requests of all connections run in the backends at once; answers go out in the order in which they are done. What
/// the clients make it hold is bounded by <see cref="NbdServerOptions"/>. All members are for the loop's thread.
/// </summary>
public sealed class NbdServer : IDisposable, IBlockCompletion
{
    private const long KeptBuffers = 64L << 20;

    private readonly List<NbdServerConnection> _connections = [];
    private readonly List<NbdServerConnection> _changed = [];
    private readonly List<NbdServerConnection> _changing = [];
    private readonly Queue<NbdServerConnection> _memoryWaiters = new();
    private readonly Stack<NbdServerRequest> _freeRequests = new();
    private readonly LogLimiter _log = new();
    private readonly LoopTimer _timer;
    private readonly Action _afterRound;
    private NbdServerConnection? _woken;
    private Action<int>? _stopped;
    private long _stopDeadline;
    private int _requestsMade;
    private int _flushes;
    private int _stopError;
    private bool _flushed;
    private bool _disposed;

    /// <summary>Makes a server with no connections. Before the loop runs, or on its thread.</summary>
    /// <param name="exports">What it serves; a client that names none gets the first.</param>
    /// <param name="options">Its limits.</param>
    /// <param name="loop">The loop of its connections and backends.</param>
    public NbdServer(IReadOnlyList<NbdExport> exports, NbdServerOptions options, EventLoop loop)
    {
        ArgumentOutOfRangeException.ThrowIfZero(exports.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MemoryBudget, NbdProtocol.MaxPayload, nameof(options));
        Exports = exports;
        Options = options;
        Loop = loop;
        Pool = new NbdBufferPool(options.MemoryBudget, Math.Min(KeptBuffers, options.MemoryBudget));
        _timer = loop.AddTimer(Tick);
        _afterRound = AfterRound;
        loop.AddAfterRound(_afterRound);
    }

    /// <summary>Connections that are open.</summary>
    public int Connections => _connections.Count;

    /// <summary>Requests whose answers are not sent, of all connections, and of closed ones what the backends have not finished.</summary>
    public int RequestsHeld => _requestsMade - _freeRequests.Count;

    /// <summary>Bytes of data held for requests.</summary>
    public long BytesHeld => Pool.Rented;

    internal IReadOnlyList<NbdExport> Exports { get; }

    internal NbdServerOptions Options { get; }

    internal EventLoop Loop { get; }

    internal NbdBufferPool Pool { get; }

    internal bool Stopping => _stopped is not null;

    /// <summary>Begins to serve a connected stream.</summary>
    /// <param name="transport">Belongs to the server from now on.</param>
    /// <param name="peer">Who it is, for the log.</param>
    public void Serve(INbdTransport transport, string peer)
    {
        if (Stopping || _disposed || _connections.Count >= Options.MaxConnections)
        {
            transport.Dispose();
            if (!Stopping && !_disposed)
                Warn($"nbd: {peer} is closed: there are {_connections.Count} connections, as many as may be");
            return;
        }

        var connection = new NbdServerConnection(this, transport, peer);
        _connections.Add(connection);
        if (_timer.DeadlineNs == long.MaxValue)
            _timer.SetAfter(TimeSpan.FromSeconds(1));
        connection.Start();
    }

    /// <summary>
    /// Takes no more requests, finishes those that have come whole, sends their answers, closes the connections, and
    /// flushes the disks. Clients that do not take their answers are closed after the options' limit.
    /// </summary>
    /// <param name="done">Called once, with 0 or the errno of a flush that failed.</param>
    public void Stop(Action<int> done)
    {
        if (Stopping)
            throw new InvalidOperationException("the NBD server is being stopped already");
        _stopped = done;
        _stopDeadline = MonotonicClock.Now + (Options.StopLimit.Ticks * 100);
        _timer.SetAfter(TimeSpan.FromMilliseconds(100));
        foreach (var connection in _connections.ToArray())
            connection.Drain();
        ContinueStop();
    }

    /// <summary>Closes what is open, at once. Not while the backends have requests: stop it before, or dispose it after them.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (var connection in _connections.ToArray())
            connection.Close(null);
        Loop.RemoveAfterRound(_afterRound);
        _timer.Dispose();
        while (_freeRequests.TryPop(out var request))
            request.Dispose();
        Pool.Dispose();
    }

    /// <inheritdoc/>
    public void Completed(BlockRequest request)
    {
        if (request.Error != 0)
            _stopError = request.Error;
        if (--_flushes == 0)
            _stopped!(_stopError);
    }

    internal NbdExport? Find(ReadOnlySpan<byte> name)
    {
        foreach (var export in Exports)
        {
            if (System.Text.Encoding.UTF8.GetByteCount(export.Name) == name.Length && name.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(export.Name)))
                return export;
        }

        return name.IsEmpty ? Exports[0] : null;
    }

    internal void Warn(string message) => _log.Warning(message);

    internal NbdServerRequest TakeRequest()
    {
        if (_freeRequests.TryPop(out var request))
            return request;
        _requestsMade++;
        return new NbdServerRequest();
    }

    internal unsafe void GiveBack(NbdServerRequest request)
    {
        if (request.Buffer is not null)
            Pool.Return(request.Buffer, request.BufferLength);
        request.Buffer = null;
        request.Connection = null;
        request.Next = null;
        if (_disposed)
            request.Dispose();
        else
            _freeRequests.Push(request);
        if (Stopping)
            Loop.Post(ContinueStop);
    }

    /// <summary>Whether a connection may take memory now: not while others have waited for longer.</summary>
    internal bool MayTakeMemory(NbdServerConnection connection) =>
        _memoryWaiters.Count == 0 || connection == _woken;

    /// <summary>Has a connection go on when there is memory.</summary>
    internal void WaitForMemory(NbdServerConnection connection) => _memoryWaiters.Enqueue(connection);

    /// <summary>Has a connection send, and go on, at the end of this round.</summary>
    internal void Changed(NbdServerConnection connection) => _changed.Add(connection);

    internal void Remove(NbdServerConnection connection)
    {
        _connections.Remove(connection);
        if (_connections.Count == 0 && !_disposed)
            Pool.Dispose();
        if (Stopping)
            Loop.Post(ContinueStop);
    }

    private void AfterRound()
    {
        // Sending releases memory, waiters begin requests, and these may be completed at once: until nothing changes.
        for (var left = 8; left > 0; left--)
        {
            _changing.AddRange(_changed);
            _changed.Clear();
            foreach (var connection in _changing)
                connection.GoOn();
            _changing.Clear();
            WakeWaiters();
            if (_changed.Count == 0)
                return;
        }

        Loop.Post(static () => { });
    }

    private void WakeWaiters()
    {
        // In order, and none passes the first: a large request would never have its turn.
        while (_memoryWaiters.TryPeek(out var first))
        {
            if (!first.IsClosed && !Pool.HasRoom(first.MemoryWanted))
                return;
            _memoryWaiters.Dequeue();
            _woken = first;
            first.GoOnWithMemory();
            _woken = null;
        }
    }

    private void Tick()
    {
        var now = MonotonicClock.Now;
        var crowded = _memoryWaiters.Count > 0;
        foreach (var connection in _connections.ToArray())
        {
            if (connection.HandshakeDeadline < now)
                connection.Close("the handshake takes too long");
            else if (crowded && connection.MessageSince < now - (Options.StallLimit.Ticks * 100))
                connection.Close("it stands still in the middle of a message, and others wait for the memory");
            else if (Stopping && _stopDeadline < now)
                connection.Close("it does not take its answers, and the server stops");
        }

        if (Stopping)
            _timer.SetAfter(TimeSpan.FromMilliseconds(100));
        else if (_connections.Count > 0)
            _timer.SetAfter(TimeSpan.FromSeconds(1));
    }

    private void ContinueStop()
    {
        if (_flushed || _disposed || _connections.Count > 0 || RequestsHeld > 0)
            return;
        _flushed = true;
        _timer.Cancel();
        var writable = Exports.Where(export => !export.Backend.ReadOnly).ToArray();
        _flushes = writable.Length;
        if (_flushes == 0)
            _stopped!(0);
        foreach (var export in writable)
        {
            var request = new BlockRequest(1, this);
            request.Begin(BlockOperation.Flush, 0, 0);
            export.Backend.Submit(request);
        }
    }
}
