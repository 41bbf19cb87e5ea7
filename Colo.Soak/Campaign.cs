using System.Globalization;
using System.Net.Sockets;
using Colo.Demo;
using Colo.Linux;
using Colo.Soak.Faults;

namespace Colo.Soak;

/// <summary>
/// The campaign of faults: a pair under load, one fault after the other, and after each of them the question whether all that
/// was promised still holds. Everything that it decides follows from its seed.
/// </summary>
internal sealed partial class Campaign : IDisposable
{
    private const int Attempts = 5;
    private static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(20);
    private readonly SoakSettings _settings;
    private readonly SoakLog _log;
    private readonly CancellationToken _cancel;
    private readonly SoakPair _pair;
    private readonly SoakClients _clients;
    private readonly FaultPlan _plan;
    private readonly PairView _view;
    private readonly GapStatistics _gaps = new();
    private int _falseAlarms;

    /// <summary>Makes the pair; starts no node.</summary>
    /// <param name="settings">What to do.</param>
    /// <param name="console">Gets the events and the summary.</param>
    /// <param name="cancel">Ends it early, with a summary.</param>
    internal Campaign(SoakSettings settings, TextWriter console, CancellationToken cancel)
    {
        _settings = settings;
        _cancel = cancel;
        Directory.CreateDirectory(settings.Folder);
        _log = new SoakLog(console, Path.Combine(settings.Folder, "events.log"));
        try
        {
            var random = new Dice((ulong)(uint)settings.Seed << 32);
            // Drawn whatever is asked for, so that the rest of the seed's decisions stays the same.
            var (arbiter, twoDisks) = (random.Next(2) == 0, random.Next(2) == 0);
            arbiter = settings.Arbiter ?? (arbiter && ArbiterHost.Etcd is not null);
            _view = new PairView(arbiter);
            _plan = new FaultPlan(settings.Seed, settings.Timeout, settings.Only);
            _log.Say(string.Create(CultureInfo.InvariantCulture,
                $"seed {settings.Seed}, {settings.Duration.TotalMinutes:0.##} minutes; {(arbiter ? "etcd is the arbiter" : "no arbiter")}, {(twoDisks ? "two disks" : "one disk")}, timeout {settings.Timeout.TotalMilliseconds:F0} ms; logs in {settings.Folder}"));
            _pair = new SoakPair(settings, _log, arbiter, twoDisks, cancel);
            _clients = new SoakClients(_pair, settings, _log);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Runs it to its end, or until it is cancelled or cannot go on; prints the summary.</summary>
    /// <returns>All violations; empty when everything held.</returns>
    internal IReadOnlyList<string> Run()
    {
        try
        {
            Torment();
            End();
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            _log.Say("stopped before its time: what was seen until now is judged, the images are not compared");
            Judge();
        }
        catch (PairException e)
        {
            _log.Violation(e.Message);
            _log.Say("the campaign cannot go on; the ends of the nodes' logs:");
            _log.Print(_pair.Pair.Logs(30));
            Judge();
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or SocketException)
        {
            // A tool that failed, or a guest that could not be asked: with the summary of what was seen before.
            _log.Violation($"the campaign could not go on: {e.Message}");
            Judge();
        }

        Summarize();
        return _log.Violations;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _clients?.Dispose();
        _pair?.Dispose();
        _log.Dispose();
    }

    private char Primary { get; set; }

    private char Secondary => DemoPair.Other(Primary);

    private void Torment()
    {
        _pair.Start('b');
        _pair.Start('a');
        _pair.Pair.WaitServing(_settings.ProtectLimit);
        Primary = _pair.WaitProtected(_settings.ProtectLimit);
        _log.Say($"protected, node {Primary} is primary");
        _clients.Connect(_cancel);
        var end = MonotonicClock.Now + (_settings.Duration.Ticks * 100);
        for (var number = 1; number <= _settings.MostFaults && MonotonicClock.Now < end; number++)
        {
            var fault = _plan.Fault(number, _view);
            // With an arbiter also a machine that is too slow for the timeout can move the guest, by rights.
            if (_view.HasArbiter)
                _pair.Watch.PermitTakeover(Secondary);
            _pair.Pair.Pause(fault.Healthy);
            WaitHealthy();
            Suffer(fault);
        }
    }

    // A pair that has lost its protection by itself has done no wrong, but costs it: a machine too slow for the timeout, mostly.
    private void WaitHealthy()
    {
        _pair.CheckGuest();
        // The two nodes are asked one after the other, and a busy one may be slow to answer: asked a few times.
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (_pair.Protected() is { } primary && primary == Primary)
                return;
            _pair.Pair.Pause(AttemptDelay);
        }

        _falseAlarms++;
        _log.Say($"the protection was lost without a fault (see the nodes' logs); node a: {_pair.Pair.Ask('a')?.State}, node b: {_pair.Pair.Ask('b')?.State}");
        var now = _pair.WaitProtected(_settings.ProtectLimit);
        if (now != Primary && !_view.HasArbiter)
            _log.Violation($"node {now} leads now, although nothing befell node {Primary}");
        Primary = now;
    }

    private void Suffer(PlannedFault fault)
    {
        _clients.Gap();
        _log.Say($"fault {fault.Number}: {fault}; node {Primary} is primary");
        var former = Primary;
        var since = MonotonicClock.Now;
        if (FaultRules.MayMove(fault.Kind, _view))
            _pair.Watch.AnnounceTakeover(Secondary, FaultRules.LateFrames(fault.Kind));
        else
            _pair.Watch.WithdrawTakeover();
        Inflict(fault);
        if (FaultRules.LosesGuest(fault.Kind))
            _pair.Pair.WaitServing(_settings.ProtectLimit);
        Primary = _pair.WaitProtected(_settings.ProtectLimit);
        _pair.CheckGuest();
        _pair.MayFail = null;
        var seconds = (MonotonicClock.Now - since) * 1e-9;
        if (FaultRules.LosesGuest(fault.Kind))
        {
            _gaps.AddReboot(fault.Kind, seconds);
            _clients.Connect(_cancel);
            _log.Say(string.Create(CultureInfo.InvariantCulture, $"the guest has booted on node {Primary}, protected after {seconds:F1} s"));
        }
        else
        {
            Outlive(fault, former, seconds);
        }

        _clients.Check();
        _clients.Rotate();
    }

    private void Outlive(PlannedFault fault, char former, double seconds)
    {
        var moved = Primary != former;
        if (!moved)
            _pair.Watch.WithdrawTakeover();
        if (moved && !FaultRules.MayMove(fault.Kind, _view))
            _log.Violation($"fault {fault.Number}, {PlannedFault.Name(fault.Kind)}: node {Primary} has taken over, which it must not do for this");
        if (!moved && FaultRules.MustMove(fault.Kind))
            _log.Violation($"fault {fault.Number}, {PlannedFault.Name(fault.Kind)}: node {former} leads again, although the other one was to go on");
        _clients.GoOn();
        _pair.CheckGuest();
        var gap = _clients.Gap();
        _gaps.Add(fault.Kind, moved, gap, seconds);
        _log.Say(string.Create(CultureInfo.InvariantCulture,
            $"node {Primary} is primary{(moved ? " (takeover)" : "")}, protected after {seconds:F1} s; longest gap {gap:F0} ms"));
    }

    private void End()
    {
        _log.Say("the end: every request is waited for, every key read, the guest powered off, the images compared");
        WaitHealthy();
        _clients.Finish();
        _pair.Pair.StopGuest(Primary, _settings.ProtectLimit);
        foreach (var wrong in _pair.CompareImages())
            _log.Violation(wrong);
    }

    private void Judge()
    {
        _pair.Pair.Cancel = CancellationToken.None;
        _clients.Heed(CancellationToken.None);
        _clients.Judge();
    }

    private void Summarize()
    {
        var wire = _pair.Watch.Report();
        var (longest, median) = _gaps.TakeoverGaps();
        var violations = _log.Violations;
        _log.Print(string.Create(CultureInfo.InvariantCulture, $"""

            {_gaps.Table()}

              seed {_settings.Seed}, {(MonotonicClock.Now - _log.Start) * 1e-9 / 60:F1} minutes, {_gaps.Faults} faults; protection lost without a fault {_falseAlarms} times
              {_gaps.Takeovers} takeovers, at most {_gaps.LongestLife} of one guest; the guest was lost by rights {_gaps.Reboots} times
              gap of a takeover: longest {GapStatistics.Ms(longest)}, median {GapStatistics.Ms(median)}
              {_clients.Replies} replies checked, {_clients.Answered} reads and writes judged, {wire.GuestFrames} frames on the wire, {wire.TakeoverRepeats} repeated across takeovers, {wire.LateFrames} late
              violations: {violations.Count}
            """));
        foreach (var violation in violations)
            _log.Print("  " + violation);
    }
}
