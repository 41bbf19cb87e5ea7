using Colo.Dashboard;
using Colo.Monitor;
using Colo.Node;
using Colo.Tests.Monitor;

namespace Colo.Tests.Dashboard;

/// <summary>The pages as pictures, and the keys, without a terminal.</summary>
public sealed class DashboardScreenTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 11, 2, 0, TimeSpan.Zero);
    private readonly DashboardModel _model = new();
    private readonly ConsoleText _console = new();
    private readonly DashboardScreen _screen;

    public DashboardScreenTests() => _screen = new(_model, _console, "/run/colo/web1.sock");

    [Theory]
    [InlineData(80, 24)]
    [InlineData(200, 60)]
    public void Every_page_has_its_key_figures_whole(int width, int height)
    {
        Take(Full());
        var overview = Picture(width, height);
        foreach (var text in new[] { "web1", "primary", "PROTECTED", "for 1 h 2 m", "CONNECTED", "rtt 210 us", "192.168.2.88:9990", "here running", "there loading", "Pause 1.1 ms", "Dirty pages 100", "Held output 2.9 KiB", "Divergences 0/s", "Throughput 0 B/s", "Checkpoints 16", "1,000 released", "99.5 % in sync", "Failovers" })
            Assert.Contains(text, overview, StringComparison.Ordinal);

        var flows = Picture(width, height, "2");
        Assert.Contains("tcp 192.168.100.20:8080 >", flows, StringComparison.Ordinal);
        Assert.Contains("28.3 KiB", flows, StringComparison.Ordinal);

        var devices = Picture(width, height, "F3");
        foreach (var text in new[] { "1.0 GiB", "99.5 %", "208.0 MiB/s, 1 m 5 s left", "52:54:00:12:34:56", "Dropped" })
            Assert.Contains(text, devices, StringComparison.Ordinal);

        Assert.Contains("the end", Picture(width, height, "4"), StringComparison.Ordinal);
        Assert.Contains("43.0 ms  primary lost", Picture(width, height, "5"), StringComparison.Ordinal);
        Assert.Contains("Ctrl-] leaves", Picture(width, height, "6"), StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_ASCII_is_enough_for_every_page()
    {
        Take(Full() with { Vm = "wéb\e[31m" });
        foreach (var key in new[] { "1", "2", "3", "4", "5", "6" })
            Assert.DoesNotContain(Picture(100, 30, key, Charset.Ascii), c => c is not '\n' and (< ' ' or > '~'));
    }

    [Fact]
    public void No_size_breaks_a_page()
    {
        Take(Full() with { Attention = new(new('x', 500), new('y', 500), new('z', 500), Now) });
        foreach (var key in new[] { "1", "2", "3", "4", "5", "6", "?" })
        {
            _screen.Press(key);
            for (var width = 0; width < 240; width += 13)
            {
                for (var height = 0; height < 80; height += 7)
                    _screen.Draw(new Canvas(width, height, Charset.Unicode), Now);
            }

            if (key == "6")
                _screen.LeaveConsole();
        }
    }

    [Fact]
    public void A_small_terminal_is_told_what_is_needed_and_how_the_node_is()
    {
        Take(Full());
        var picture = Picture(60, 20);
        Assert.Contains("60 x 20 cells, the dashboard needs 80 x 24", picture.Replace('\n', ' '), StringComparison.Ordinal);
        Assert.Contains("web1: primary, protected.", picture, StringComparison.Ordinal);
        Assert.Equal(DashboardAction.Quit, _screen.Press("q"));
    }

    [Fact]
    public void What_needs_attention_is_on_every_page()
    {
        Take(Full() with { Attention = new("the secondary is lost", "it goes on alone", "start the other node", Now) });
        foreach (var key in new[] { "1", "2", "3", "4", "5", "6" })
        {
            var picture = Picture(80, 24, key);
            foreach (var text in new[] { "ATTENTION", "the secondary is lost", "it goes on alone", "start the other node" })
                Assert.Contains(text, picture, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_text_that_is_cut_shows_it_and_those_of_the_node_itself_are_not_cut()
    {
        var verdict = StartRules.Decide(true, null, new PeerView("secondary", "protected", null));
        Assert.Equal("peer-holds", verdict.Rule);
        Take(Full() with { Attention = Attentions.Undecided(verdict.Text) });
        Assert.Contains("colo failover", Picture(80, 24), StringComparison.Ordinal);
        var words = string.Join(' ', Enumerable.Range(100, 100));
        Take(Full() with { Attention = new(words, "nothing", "look", Now) });
        var rows = Picture(80, 24).Split('\n').Where(r => r.Contains(" 100 ", StringComparison.Ordinal) || r.Contains(" 1", StringComparison.Ordinal)).ToArray();
        Assert.Contains(rows, r => r.EndsWith(" …", StringComparison.Ordinal));
        Assert.DoesNotContain("199", Picture(80, 24), StringComparison.Ordinal);
        Assert.Contains("199", Picture(80, 60), StringComparison.Ordinal);
    }

    [Fact]
    public void The_question_before_a_takeover_promises_nothing_that_does_not_hold()
    {
        Take(Full() with { Role = "secondary" });
        _screen.Press("f");
        var picture = Picture(80, 24);
        Assert.Contains("One that cannot be reached may live", picture, StringComparison.Ordinal);
        Assert.Contains("its host is off, or two guests speak", picture, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_does_not_answer_is_said_in_words()
    {
        Assert.Contains("Waiting", Picture(80, 24), StringComparison.Ordinal);
        Take(Full());
        _model.Fail("no node is running at /run/colo/web1.sock");
        var picture = Picture(80, 24);
        Assert.Contains("NO ANSWER", picture, StringComparison.Ordinal);
        Assert.Contains("no node is running at /run/colo/web1.sock", picture, StringComparison.Ordinal);
        Assert.Contains("2026-11-22 11:02:00", picture, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failover_needs_a_yes()
    {
        Take(Full());
        foreach (var no in new[] { "n", "Esc", "Enter" })
        {
            Assert.Equal(DashboardAction.None, _screen.Press("f"));
            Assert.Contains("Hand the guest over", Picture(80, 24), StringComparison.Ordinal);
            Assert.Equal(DashboardAction.None, _screen.Press("x"));
            Assert.Contains("Hand the guest over", Picture(80, 24), StringComparison.Ordinal);
            Assert.Equal(DashboardAction.None, _screen.Press(no));
            Assert.DoesNotContain("Hand the guest over", Picture(80, 24), StringComparison.Ordinal);
        }

        _screen.Press("F");
        Assert.Equal(DashboardAction.Failover, _screen.Press("y"));
        // While one is under way no other is asked for.
        _screen.Busy = "failover";
        _screen.Press("f");
        Assert.Equal(DashboardAction.None, _screen.Press("y"));
    }

    [Fact]
    public void Keys_lead_through_the_pages_and_the_console_gives_the_way_back()
    {
        Assert.Equal(Page.Overview, _screen.Page);
        _screen.Press("Tab");
        Assert.Equal(Page.Flows, _screen.Page);
        _screen.Press("BackTab");
        _screen.Press("BackTab");
        Assert.Equal(Page.Console, _screen.Page);
        Assert.True(_screen.Typing);
        _screen.LeaveConsole();
        Assert.Equal(Page.Overview, _screen.Page);
        _screen.Press("F4");
        Assert.Equal(Page.Log, _screen.Page);
        _screen.Press("p");
        Assert.True(_screen.Paused);
        Assert.Contains("PAUSED", Picture(80, 24), StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_scroll_to_both_ends_and_no_further()
    {
        _model.Take([.. Enumerable.Range(1, 100).Select(i => new LogEntry(i, Now, "info", $"event {i}."))]);
        Assert.Contains("event 100.", Picture(80, 24, "4"), StringComparison.Ordinal);
        Assert.Contains("event 1.", Picture(80, 24, "Home"), StringComparison.Ordinal);
        Assert.DoesNotContain("event 1.", Picture(80, 24, "Down"), StringComparison.Ordinal);
        Assert.Contains("event 100.", Picture(80, 24, "End"), StringComparison.Ordinal);

        _model.Take([.. Enumerable.Range(1, 100).Select(i => new FlowStatus { Nic = "lan", Flow = $"flow {i}." })]);
        Assert.Contains("flow 1.", Picture(80, 24, "2"), StringComparison.Ordinal);
        Assert.Contains("flow 100.", Picture(80, 24, "End"), StringComparison.Ordinal);
        Assert.Contains("of 100", Picture(80, 24), StringComparison.Ordinal);
        Assert.Contains("flow 1.", Picture(80, 24, "Home"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_of_the_console_is_seen_with_its_long_lines_wrapped()
    {
        _console.IsOpen = true;
        for (var i = 0; i < 100; i++)
            _console.Write(System.Text.Encoding.ASCII.GetBytes($"line {i}\r\n"));
        _console.Write(System.Text.Encoding.ASCII.GetBytes(new string('a', 80) + "bcd"));
        var rows = Picture(80, 24, "6").Split('\n');
        Assert.Equal(new string('a', 80), rows[21]);
        Assert.Equal("bcd", rows[22]);
        Assert.Equal("line 99", rows[20]);
    }

    private void Take(NodeStatus status)
    {
        _model.Take(status, 1000, Now);
        _model.Take([new LogEntry(1, Now, "warning", "\e[31mthe end")]);
        _model.Take([new FlowStatus { Nic = "lan", Flow = "tcp 192.168.100.20:8080 > 192.168.100.31:51514", Held = 20, HeldBytes = 28_960, HeldUs = 4200, Diverged = 3 }]);
    }

    internal static NodeStatus Full()
    {
        var example = ControlFixture.Example();
        return example with
        {
            Disk = [example.Disk[0] with { SyncBytesPerS = 208 << 20, SyncLeftS = 65 }],
            Guests = new() { Here = "running", There = "loading", MemoryBytes = 512 << 20, Cpus = 1 },
            Failover = example.Failover with { History = [example.Failover.Last!] },
        };
    }

    private string Picture(int width, int height, string? key = null, Charset? charset = null)
    {
        if (_screen.Page == Page.Console)
            _screen.LeaveConsole();
        if (key is not null)
            _screen.Press(key);
        var canvas = new Canvas(width, height, charset ?? Charset.Unicode);
        _screen.Draw(canvas, Now);
        return canvas.Text();
    }
}
