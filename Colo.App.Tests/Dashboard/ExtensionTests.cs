using Colo.Dashboard;
using Colo.Monitor;
using Colo.Tests.Monitor;

namespace Colo.Tests.Dashboard;

/// <summary>What others add to the dashboard: lines, keys, and another node to look at.</summary>
public sealed class ExtensionTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 11, 2, 0, TimeSpan.Zero);
    private readonly Added _added = new();
    private readonly DashboardModel _model = new();
    private readonly DashboardScreen _screen;

    public ExtensionTests() => _screen = new(_model, new ConsoleText(), _added.Socket, _added);

    [Theory]
    [InlineData(80, 24)]
    [InlineData(200, 60)]
    public void Its_lines_are_on_every_page_and_its_keys_at_the_foot(int width, int height)
    {
        Take();
        foreach (var page in new[] { "1", "2", "3", "4", "5", "6" })
        {
            _screen.Press(page);
            var rows = Picture(width, height).Split('\n');
            Assert.Equal(height, rows.Length);
            Assert.Contains(" Added ", rows[height - 4], StringComparison.Ordinal);
            Assert.StartsWith(" Clients    26 open", rows[height - 3], StringComparison.Ordinal);
            Assert.StartsWith(" Nodes      a, b", rows[height - 2], StringComparison.Ordinal);
            Assert.StartsWith(page == "6" ? " All keys go to the guest" : " K kill  H hand over  1-6 Tab pages  F failover  P pause  ? help  Q quit", rows[height - 1], StringComparison.Ordinal);
            if (page == "6")
                _screen.LeaveConsole();
        }
    }

    [Fact]
    public void Its_keys_go_before_those_of_the_dashboard_but_not_before_a_question()
    {
        Take();
        Assert.Equal(DashboardAction.None, _screen.Press("k"));
        Assert.Equal(DashboardAction.None, _screen.Press("K"));
        Assert.Equal(2, _added.Kills);
        // H is the help page, where nobody claims it.
        _screen.Press("h");
        Assert.Equal(1, _added.HandOvers);
        Assert.DoesNotContain("any key closes", Picture(80, 24), StringComparison.Ordinal);

        _screen.Press("f");
        _screen.Press("k");
        Assert.Equal(2, _added.Kills);
        Assert.Equal(DashboardAction.Failover, _screen.Press("y"));
        Assert.Equal(DashboardAction.Quit, _screen.Press("q"));
    }

    [Fact]
    public void The_help_page_has_its_keys_and_fits_into_the_least_terminal()
    {
        _screen.Press("?");
        var picture = Picture(80, 24);
        foreach (var text in new[] { "K                   kills the primary", "Q, Ctrl-C           ends it", "guest receives and sends.", "any key closes this", "F                   failover" })
            Assert.Contains(text, picture, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_the_size_and_the_number_of_lines_the_page_keeps_its_half()
    {
        Take();
        _added.More = 100;
        for (var width = 0; width < 200; width += 13)
        {
            for (var height = 0; height < 70; height += 7)
                _screen.Draw(new Canvas(width, height, Charset.Ascii), Now);
        }

        Assert.Contains("Other node", Picture(80, 24), StringComparison.Ordinal);
    }

    [Fact]
    public void With_another_node_the_plots_go_on_and_the_log_and_the_flows_are_its_own()
    {
        _model.Take(DashboardModelTests.Status(bytes: 1000, checkpoints: 3), 1000, Now);
        _model.Take(DashboardModelTests.Status(bytes: 3000, checkpoints: 4), 2000, Now);
        _model.Take([new LogEntry(1, Now, "info", "of the first")]);
        _model.Take([new FlowStatus { Nic = "lan", Flow = "x" }]);
        _model.Fail("killed");
        _model.Turn();
        Assert.Null(_model.Trouble);
        Assert.NotNull(_model.Status);
        Assert.Empty(_model.Log);
        Assert.Empty(_model.Flows);
        // Its counters have nothing to do with those of the first.
        _model.Take(DashboardModelTests.Status(bytes: 1 << 30, checkpoints: 900, uptime: 90), 3000, Now);
        Assert.Equal(0, _model.Throughput.Now);
        Assert.Equal([0.0, 2000, 0], _model.Throughput.Last(3));
        _model.Take([new LogEntry(1, Now, "info", "of the second")]);
        Assert.Equal("of the second", Assert.Single(_model.Log).Text);
    }

    [TmuxFact]
    public void On_a_terminal_its_keys_act_and_the_other_node_is_shown()
    {
        var full = DashboardScreenTests.Full();
        using var first = new ControlFixture { Status = full with { Vm = "first", Attention = null } };
        using var second = new ControlFixture { Status = full with { Vm = "second", State = "unprotected", Attention = null } };
        using var terminal = new Tmux(80, 24);
        terminal.Line($"dotnet exec {typeof(ExtensionHost).Assembly.Location} {first.Socket} {second.Socket}; echo exit=$?");
        terminal.WaitFor("first", " PROTECTED ", "Added by the test", "0 so far", "K count  X turn");
        terminal.Keys("k", "K");
        terminal.WaitFor("2 so far");
        // The first one goes, and with it what would answer a poll that is under way.
        first.Server.Dispose();
        terminal.WaitFor("NO ANSWER");
        terminal.Keys("x");
        terminal.WaitFor("second", "UNPROTECTED", "live", Path.GetFileName(second.DirectoryPath));
        second.Status = second.Status with { Epoch = 777_001 };
        terminal.WaitFor("777,001");
        terminal.Keys("6");
        terminal.WaitFor("what you type goes to the guest", "2 so far");
        terminal.Keys("C-]");
        terminal.WaitFor("[1 Overview]");
        terminal.Keys("z");
        terminal.WaitFor("left after 2 presses", "exit=0");
    }

    private void Take()
    {
        _model.Take(DashboardScreenTests.Full(), 1000, Now);
        _model.Take([new LogEntry(1, Now, "info", "entry")]);
        _model.Take([new FlowStatus { Nic = "lan", Flow = "flow" }]);
    }

    private string Picture(int width, int height)
    {
        var canvas = new Canvas(width, height, Charset.Ascii);
        _screen.Draw(canvas, Now);
        return canvas.Text();
    }

    private sealed class Added : IDashboardExtension
    {
        internal int Kills { get; private set; }

        internal int HandOvers { get; private set; }

        internal int More { get; set; }

        public string Socket => "/run/a.sock";

        public string Title => "Added";

        public string Leaving => "ends it";

        public IReadOnlyList<ExtraLine> Lines =>
            [new("Clients", "26 open", Tone.Good), new("Nodes", "a, b"), .. Enumerable.Repeat(new ExtraLine("More", "and more"), More)];

        public IReadOnlyList<ExtraKey> Keys =>
            [new('K', "kill", "kills the primary", () => Kills++), new('H', "hand over", "", () => HandOvers++), new('W', "", "", () => { })];

        public void Begin(Action changed)
        {
        }
    }
}
