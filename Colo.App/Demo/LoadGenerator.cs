using Colo.Linux;

namespace Colo.Demo;

/// <summary>
/// A client of the guest: many conversations at once over the kernel's own TCP, UDP and ICMP, on one thread that
/// waits for all of them, so that the times it measures are those of the guest and not its own.
/// </summary>
public sealed class LoadGenerator : IDisposable
{
    private readonly List<LoadFlow> _flows = [];
    private readonly Dictionary<string, LatencyHistogram> _histograms = [];
    private readonly List<long> _duplicates = [];
    private readonly HashSet<ulong> _counts = [];
    private readonly List<string> _errors = [];
    private readonly LoopTimer _timer;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _started = new(false);
    private Exception? _fatal;
    private long _since = MonotonicClock.Now;
    private ulong _countLow = ulong.MaxValue;
    private ulong _countHigh;
    private bool _disposed;

    /// <summary>Opens the connections and begins to send.</summary>
    /// <param name="where">The namespace of the client; null for the one that this process is in.</param>
    /// <param name="settings">What to ask.</param>
    /// <param name="cancel">Ends every wait with <see cref="OperationCanceledException"/>.</param>
    public LoadGenerator(NetworkNamespace? where, LoadSettings settings, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.MaxBytes, 32);
        Settings = settings;
        Cancel = cancel;
        // Keys and identifiers of two loads on one guest must differ, even with the same seed.
        RunId = HashCode.Combine(settings.Seed, Environment.ProcessId, MonotonicClock.Now) & 0x7FFFFFFF;
        Loop.OnError = e => _errors.Add("load: " + e);
        _timer = Loop.AddTimer(Tick);
        if (where is null)
        {
            _thread = new Thread(Body) { Name = "load", IsBackground = true };
            _thread.Start();
        }
        else
        {
            _thread = where.Start("load", Body, Fail);
        }

        _started.Wait();
        if (_fatal is not null)
            throw new InvalidOperationException("the load could not start: " + _fatal.Message, _fatal);
    }

    /// <summary>What is asked.</summary>
    public LoadSettings Settings { get; }

    /// <summary>Ends every wait from now on with <see cref="OperationCanceledException"/>. Belongs to the thread that waits.</summary>
    internal CancellationToken Cancel { get; set; }

    internal int RunId { get; }

    internal EventLoop Loop { get; } = new();

    internal byte[] ReceiveBuffer { get; } = new byte[65536];

    /// <summary>Waits until every TCP connection is open.</summary>
    /// <returns>False when some is not after <paramref name="limit"/>, or failed.</returns>
    public bool WaitConnected(TimeSpan limit) =>
        Wait(limit, () => _flows.All(f => f.IsReady || f.Error is not null)) && Read(() => _flows.All(f => f.Error is null));

    /// <summary>Waits until every flow that has an end (<see cref="LoadSettings.TscRequests"/>) has reached it.</summary>
    /// <returns>False when some has not after <paramref name="limit"/>.</returns>
    public bool WaitDone(TimeSpan limit) => Wait(limit, () => _flows.All(f => f.IsDone));

    /// <summary>Waits until every TCP flow has got at least this many more replies than now, and so is alive.</summary>
    /// <returns>The flows that have not after <paramref name="limit"/>; empty when all went on.</returns>
    public IReadOnlyList<string> WaitProgress(int replies, TimeSpan limit)
    {
        var goal = Read(() => _flows.Where(f => f is TcpFlow).ToDictionary(f => f, f => f.Replies + replies));
        bool GoesOn(KeyValuePair<LoadFlow, long> item) => item.Key.Error is null && (item.Key.Replies >= item.Value || item.Key.IsDone);
        // What has failed will not recover; the others are waited for all the same.
        Wait(limit, () => goal.All(i => i.Key.Error is not null || GoesOn(i)));
        return Read(() => goal.Where(i => !GoesOn(i))
            .Select(i => i.Key.Error ?? $"{i.Key.Kind} {i.Key.Index}: only {i.Key.Replies} replies, {i.Key.Outstanding} missing").ToList());
    }

    /// <summary>What was seen so far.</summary>
    /// <param name="reset">Whether gaps and reply times begin anew.</param>
    public LoadReport Snapshot(bool reset = false) => Read(() => Report(reset));

    /// <summary>Sends no more requests, waits for the replies that are due, closes, and gives the whole result.</summary>
    /// <param name="limit">How long a missing reply is waited for; after it, it is an error.</param>
    public LoadReport Stop(TimeSpan limit)
    {
        Loop.Invoke(() => _flows.ForEach(f => f.Pause()));
        Wait(limit, () => _flows.All(f => f is DatagramFlow || f.IsDone));
        return Read(() =>
        {
            foreach (var flow in _flows)
            {
                if (flow is TcpFlow && flow.Error is null && flow.Outstanding > 0)
                    _errors.Add($"{flow.Kind} {flow.Index}: {flow.Outstanding} replies missing after {flow.Replies}, {limit.TotalSeconds:F0} s after the last request");
            }

            CheckCounts();
            var report = Report(reset: false);
            _flows.ForEach(f => f.Close());
            return report;
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Loop.Stop();
        _thread.Join();
        Loop.Dispose();
        _started.Dispose();
    }

    internal LatencyHistogram Histogram(string kind)
    {
        if (!_histograms.TryGetValue(kind, out var histogram))
            _histograms[kind] = histogram = new LatencyHistogram();
        return histogram;
    }

    internal void NoteDuplicate()
    {
        if (_duplicates.Count < 1000)
            _duplicates.Add(MonotonicClock.Now);
    }

    /// <summary>Has the flows looked at again in this round: something may be due now.</summary>
    internal void Wake() => _timer.SetAt(0);

    private void Body()
    {
        try
        {
            Open();
        }
        catch (Exception e)
        {
            Fail(e);
            return;
        }

        _started.Set();
        Loop.Run();
        _flows.ForEach(f => f.Close());
    }

    private void Fail(Exception e)
    {
        _fatal = e;
        _started.Set();
    }

    private void Open()
    {
        for (var i = 0; i < Settings.Echo; i++)
            _flows.Add(new EchoFlow(this, i));
        for (var i = 0; i < Settings.Resp; i++)
            _flows.Add(new RespFlow(this, i));
        for (var i = 0; i < Settings.Count; i++)
            _flows.Add(new HttpFlow(this, "count", i, "/count", long.MaxValue, Counted));
        for (var i = 0; i < Settings.Tsc; i++)
            _flows.Add(new HttpFlow(this, "tsc", i, "/tsc", Settings.TscRequests == 0 ? long.MaxValue : Settings.TscRequests, Told));
        if (Settings.Udp)
            _flows.Add(new DatagramFlow(this, icmp: false));
        if (Settings.Ping)
            _flows.Add(new DatagramFlow(this, icmp: true));
        Wake();
    }

    private void Tick()
    {
        var now = MonotonicClock.Now;
        var next = long.MaxValue;
        foreach (var flow in _flows)
            next = Math.Min(next, flow.Tick(now));
        _timer.SetAt(next);
    }

    private void Counted(HttpFlow flow, ulong value)
    {
        if (value <= flow.Last)
            flow.Fail($"/count went from {flow.Last} to {value}");
        else if (!_counts.Add(value))
            flow.Fail($"/count gave {value} twice");
        _countLow = Math.Min(_countLow, value);
        _countHigh = Math.Max(_countHigh, value);
    }

    private static void Told(HttpFlow flow, ulong value)
    {
        if (value == 0 || value == flow.Last)
            flow.Fail($"/tsc went from {flow.Last} to {value}");
    }

    private void CheckCounts()
    {
        // With a failed flow a request may be without its reply, and its count is missing rightly.
        if (_counts.Count == 0 || _flows.Any(f => f.Kind == "count" && (f.Error is not null || f.Outstanding > 0)))
            return;
        var missing = _countHigh - _countLow + 1 - (ulong)_counts.Count;
        if (missing != 0)
            _errors.Add($"/count: {missing} values between {_countLow} and {_countHigh} never came");
    }

    private LoadReport Report(bool reset)
    {
        var now = MonotonicClock.Now;
        var report = new LoadReport(
            [.. _flows.Select(f => f.Report(now, reset))],
            _histograms.ToDictionary(h => h.Key, h => h.Value.Summary()),
            (now - _since) * 1e-9,
            [.. _duplicates],
            [.. _flows.Where(f => f.Error is not null).Select(f => f.Error!), .. _errors]);
        if (reset)
        {
            _since = now;
            foreach (var histogram in _histograms.Values)
                histogram.Clear();
        }

        return report;
    }

    private T Read<T>(Func<T> read)
    {
        T result = default!;
        Loop.Invoke(() => result = read());
        return result;
    }

    private bool Wait(TimeSpan limit, Func<bool> reached)
    {
        var end = MonotonicClock.Now + (limit.Ticks * 100);
        while (!Read(reached))
        {
            if (MonotonicClock.Now >= end)
                return false;
            Cancel.ThrowIfCancellationRequested();
            Thread.Sleep(5);
        }

        return true;
    }
}
