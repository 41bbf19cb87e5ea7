using Colo.Monitor;
using Colo.Protection;

namespace Colo.Tests.Protection;

public sealed class NotifierTests : IDisposable
{
    private readonly CommandFixture _f = new();

    public void Dispose() => _f.Dispose();

    [Fact]
    public void Each_event_is_told_with_its_whole_environment()
    {
        using var all = Finished(_f.Script($"env | grep ^COLO_ | sort >> {_f.File("seen")}"), [new()
        {
            Event = "took-over", Vm = "web1", Role = "primary", State = "unprotected", Reason = "the primary died", Peer = "192.168.2.33:9990", Epoch = 77,
            At = new(2026, 11, 26, 12, 0, 0, TimeSpan.FromHours(1)),
        }]);
        Assert.Equal(
            """
            COLO_AT=2026-11-26T11:00:00.000000Z
            COLO_EPOCH=77
            COLO_EVENT=took-over
            COLO_PEER=192.168.2.33:9990
            COLO_REASON=the primary died
            COLO_ROLE=primary
            COLO_STATE=unprotected
            COLO_VM=web1
            """.Split('\n'),
            File.ReadAllLines(_f.File("seen")).Where(l => !l.StartsWith("COLO_BINARY", StringComparison.Ordinal) && !l.StartsWith("COLO_FAULT", StringComparison.Ordinal) && !l.StartsWith("COLO_LOG", StringComparison.Ordinal)));
    }

    [Fact]
    public void Events_are_told_in_order_and_one_at_a_time()
    {
        var script = _f.Script($"mkdir {_f.File("lock")} || echo OVERLAP >> {_f.File("seen")}; echo $COLO_EVENT >> {_f.File("seen")}; rmdir {_f.File("lock")}");
        using var all = Finished(script, Enumerable.Range(0, 20).Select(Event));
        Assert.Equal(Enumerable.Range(0, 20).Select(n => $"e{n}"), File.ReadAllLines(_f.File("seen")));
        Assert.Equal(0, all.Dropped);
    }

    [Fact]
    public void Of_too_many_events_the_newest_are_kept_and_the_others_counted_and_logged()
    {
        // The first waits until all have come.
        var script = _f.Script($"while ! [ -e {_f.File("go")} ]; do sleep 0.01; done; echo $COLO_EVENT >> {_f.File("seen")}");
        var (notifier, done) = Notify(script, Enumerable.Range(0, 1 + Notifier.Capacity + 7).Select(Event));
        using (notifier)
        {
            Assert.Equal(7, notifier.Dropped);
            File.WriteAllText(_f.File("go"), "");
            Assert.True(done.Wait(CommandFixture.Patience));
        }

        Assert.Equal([0, .. Enumerable.Range(8, Notifier.Capacity)], File.ReadAllLines(_f.File("seen")).Select(l => int.Parse(l[1..], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Contains(Log.Read(0, 1000), e => e.Level == "warning" && e.Text.Contains(script, StringComparison.Ordinal) && e.Text.Contains("7 were dropped", StringComparison.Ordinal));
    }

    [Fact]
    public void A_failure_is_a_warning_each_and_the_next_event_is_told()
    {
        var script = _f.Script($"echo $COLO_EVENT >> {_f.File("seen")}; echo no mail today; exit 3");
        using var all = Finished(script, [Event(0), Event(1)]);
        Assert.Equal(["e0", "e1"], File.ReadAllLines(_f.File("seen")));
        var warnings = Log.Read(0, 1000).Where(e => e.Level == "warning" && e.Text.Contains(script, StringComparison.Ordinal)).ToList();
        Assert.Equal(2, warnings.Count);
        Assert.All(warnings, w => Assert.Contains("no mail today", w.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void A_command_that_hangs_is_ended_at_its_limit_and_the_next_event_is_told()
    {
        var script = _f.Script($"echo $COLO_EVENT >> {_f.File("seen")}; [ $COLO_EVENT = e1 ] || sleep 1000");
        using var all = Finished(script, [Event(0), Event(1)], TimeSpan.FromMilliseconds(500));
        Assert.Equal("e1", File.ReadAllLines(_f.File("seen"))[^1]);
    }

    [Fact]
    public void A_disposed_notifier_tells_nothing_more()
    {
        var script = _f.Script($"echo $COLO_EVENT >> {_f.File("seen")}; sleep 1000");
        var (notifier, done) = Notify(script, [Event(0), Event(1)]);
        CommandFixture.Eventually(() => File.Exists(_f.File("seen")) && File.ReadAllText(_f.File("seen")).Length > 0, "nothing is told");
        _f.Loop.Invoke(notifier.Dispose);
        _f.Loop.Invoke(() => notifier.Notify(Event(2)));
        CommandFixture.Eventually(() => CommandFixture.Zombies("script").Count == 0, "zombies are left");
        Assert.Equal(["e0"], File.ReadAllLines(_f.File("seen")));
        Assert.False(done.IsSet);
        Assert.True(notifier.Idle);
    }

    [Fact]
    public void Only_status_0_in_time_is_a_fenced_peer()
    {
        Assert.True(Fenced(_f.Script("[ \"$COLO_VM:$COLO_PEER:$COLO_REASON\" = 'web1:192.168.2.33:silent for 500 ms' ]")));
        Assert.False(Fenced("/bin/false"));
        Assert.False(Fenced("/none/such"));
        Assert.False(Fenced(_f.Script("kill -9 $$")));
        Assert.False(Fenced(_f.Script("trap 'exit 0' TERM; sleep 1000 & wait"), TimeSpan.FromMilliseconds(500)));
    }

    [Fact]
    public void A_second_request_to_fence_does_not_get_the_result_of_the_first()
    {
        using var fence = new Fence(_f.Loop, "/bin/sleep 1000");
        _f.Loop.Invoke(() => fence.Run("web1", "b", "why", _ => { }));
        Assert.Throws<InvalidOperationException>(() => _f.Loop.Invoke(() => fence.Run("web1", "b", "why", _ => { })));
        _f.Loop.Invoke(fence.Dispose);
        Assert.False(fence.Running);
    }

    private static NodeEvent Event(int number) => new() { Event = $"e{number}", Vm = "web1", Role = "primary", State = "protected" };

    private bool Fenced(string command, TimeSpan? limit = null)
    {
        using var done = new ManualResetEventSlim();
        CommandResult? result = null;
        using var fence = new Fence(_f.Loop, command, limit);
        _f.Loop.Invoke(() => fence.Run("web1", "192.168.2.33", "silent for 500 ms", r =>
        {
            result = r;
            done.Set();
        }));
        Assert.True(done.Wait(CommandFixture.Patience));
        Assert.Contains(Log.Read(0, 1000), e => e.Level == (result!.Succeeded ? "info" : "error") && e.Text.Contains(command, StringComparison.Ordinal));
        return result!.Succeeded;
    }

    private (Notifier Notifier, ManualResetEventSlim Done) Notify(string command, IEnumerable<NodeEvent> events, TimeSpan? limit = null)
    {
        var done = new ManualResetEventSlim();
        Notifier? notifier = null;
        _f.Loop.Invoke(() =>
        {
            notifier = new Notifier(_f.Loop, command, limit);
            foreach (var e in events)
                notifier.Notify(e);
            notifier.Finish(done.Set);
        });
        return (notifier!, done);
    }

    private Notifier Finished(string command, IEnumerable<NodeEvent> events, TimeSpan? limit = null)
    {
        var (notifier, done) = Notify(command, events, limit);
        Assert.True(done.Wait(CommandFixture.Patience));
        return notifier;
    }
}
