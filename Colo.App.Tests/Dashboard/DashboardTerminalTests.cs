using System.Diagnostics;
using System.Globalization;
using Colo.Monitor;
using Colo.Tests.Monitor;

namespace Colo.Tests.Dashboard;

/// <summary>The executable's dashboard on a real terminal, with a node of the test's behind a real control socket.</summary>
public sealed class DashboardTerminalTests : IDisposable
{
    private readonly ControlFixture _node = new() { Status = DashboardScreenTests.Full() };

    public DashboardTerminalTests() => _node.TakeTyped();

    public void Dispose() => _node.Dispose();

    [TmuxTheory]
    [InlineData(80, 24, "tmux-256color")]
    [InlineData(200, 60, "xterm-256color")]
    [InlineData(80, 24, "linux")]
    [InlineData(80, 24, "vt100")]
    public void Every_page_is_shown(int width, int height, string term)
    {
        _node.Flows.Add(new() { Nic = "lan", Flow = "tcp 10.1.0.5:80 > 10.1.0.9:51514", Held = 2, HeldBytes = 2896, HeldUs = 340, Diverged = 7 });
        using var terminal = Start(width, height, $"LANG=C.UTF-8 TERM={term}");
        terminal.WaitFor("web1", "primary", "PROTECTED", "CONNECTED", "Pause 1.1 ms", "Held output 2.9 KiB");
        terminal.Keys("2");
        terminal.WaitFor("[2 Flows]", "10.1.0.9:51514", "2.8 KiB");
        terminal.Keys("Tab");
        terminal.WaitFor("[3 Disks", "99.5 %", "52:54:00:12:34:56", "Dropped");
        terminal.Keys("4");
        terminal.WaitFor("[4 Log]", "UTC");
        terminal.Keys("5");
        terminal.WaitFor("[5 Failovers]", "primary lost", "43.0 ms");
        terminal.Keys("6");
        terminal.WaitFor("[6 Console]", "Ctrl-] leaves");
        terminal.Keys("C-]");
        terminal.WaitFor("[5 Failovers]");
        terminal.Keys("?");
        terminal.WaitFor("Help", "any key closes");
        terminal.Keys("Escape");
        terminal.WaitUntil(s => !s.Contains("any key closes", StringComparison.Ordinal), "the help page stays");
        Quit(terminal);
    }

    [TmuxFact]
    public void A_new_size_is_taken_at_once_also_one_that_is_too_small()
    {
        using var terminal = Start(80, 24);
        terminal.WaitFor("[1 Overview]", "Q quit");
        terminal.Resize(60, 15);
        terminal.WaitFor("60 x 15", "protected");
        terminal.Resize(200, 60);
        var screen = terminal.WaitUntil(s => s.TrimEnd().Split('\n') is { Length: 60 } rows && rows[59].Contains("Q quit", StringComparison.Ordinal), "no 60 rows");
        Assert.Contains("NIC        lan", screen, StringComparison.Ordinal);
        Quit(terminal);
    }

    [TmuxFact]
    public void A_failover_is_asked_for_once_and_only_after_a_yes_and_its_refusal_is_shown()
    {
        var calls = 0;
        _node.OnFailover = _ =>
        {
            Interlocked.Increment(ref calls);
            return ControlResult.Refused("disk root is at 41 %");
        };
        using var terminal = Start(80, 24);
        terminal.WaitFor("PROTECTED");
        terminal.Keys("f");
        terminal.WaitFor("Hand the guest over");
        terminal.Keys("n");
        terminal.WaitUntil(s => !s.Contains("Hand the guest over", StringComparison.Ordinal), "the question stays");
        terminal.Keys("f");
        terminal.WaitFor("Hand the guest over");
        Assert.Equal(0, Volatile.Read(ref calls));
        terminal.Keys("y");
        terminal.WaitFor("Refused: disk root is at 41 %");
        Assert.Equal(1, Volatile.Read(ref calls));
        terminal.Keys("Enter");
        Quit(terminal);
    }

    [TmuxFact]
    public void New_figures_come_by_themselves_and_stand_still_while_paused()
    {
        using var terminal = Start(80, 24);
        terminal.WaitFor("PROTECTED");
        _node.Status = _node.Status with { State = "unprotected", Epoch = 777_001 };
        terminal.WaitFor("UNPROTECTED", "777,001");
        terminal.Keys("p");
        terminal.WaitFor("PAUSED");
        _node.Status = _node.Status with { Epoch = 888_002 };
        // Two pages further something would have come, if it were asked for.
        terminal.Keys("4");
        terminal.WaitFor("[4 Log]");
        terminal.Keys("1");
        Assert.Contains("777,001", terminal.WaitFor("[1 Overview]"), StringComparison.Ordinal);
        terminal.Keys("p");
        terminal.WaitFor("888,002");
        Quit(terminal);
    }

    [TmuxFact]
    public void The_console_shows_the_guest_and_typing_reaches_it()
    {
        _node.Write("boot\e[31m ok\e[0m\r\nlogin: ");
        using var terminal = Start(80, 24);
        terminal.WaitFor("PROTECTED");
        terminal.Keys("6");
        terminal.WaitFor("boot ok", "login:", "what you type goes to the guest");
        terminal.Type("rq1");
        terminal.Keys("Enter", "C-c", "Up", "BSpace", "Tab", "Escape");
        _node.WaitForTyped("rq1\r\u0003\e[A\u007f\t\e");
        _node.Write("root\r\nprompt# ");
        terminal.WaitFor("login: root", "prompt#");
        terminal.Keys("C-]");
        terminal.WaitFor("[1 Overview]");
        Quit(terminal);
    }

    [TmuxFact]
    public void A_node_that_dies_and_comes_back_is_followed()
    {
        using var node = new ControlFixture { Status = DashboardScreenTests.Full() };
        using var terminal = Start(80, 24, socket: node.Socket);
        terminal.WaitFor("PROTECTED");
        node.Server.Dispose();
        terminal.WaitFor("NO ANSWER", "no node is running");
        using (ControlServer.Start(node.Socket, node))
        {
            terminal.WaitUntil(s => !s.Contains("NO ANSWER", StringComparison.Ordinal) && s.Contains("live", StringComparison.Ordinal), "it stays away");
            Quit(terminal);
        }
    }

    [TmuxFact]
    public void In_the_C_locale_everything_is_ASCII_and_without_colours_the_state_is_in_words()
    {
        using var terminal = Start(80, 24, "LANG=C NO_COLOR=1");
        terminal.WaitFor("PROTECTED", "Pause");
        foreach (var page in new[] { "1", "2", "3", "4", "5", "6" })
        {
            terminal.Keys(page);
            var screen = terminal.WaitFor($"[{page} ");
            Assert.DoesNotContain(screen, c => c is > '~');
        }

        terminal.Keys("C-]", "1");
        terminal.WaitFor("[1 Overview]");
        Assert.DoesNotMatch("\e\\[[0-9;]*(3[0-7]|4[0-7]|9[0-7]|38|48)[;m]", terminal.ColouredScreen());
        Quit(terminal);
    }

    [TmuxFact]
    public void The_state_has_a_colour_where_there_are_colours()
    {
        using var terminal = Start(80, 24, "LANG=C.UTF-8 TERM=tmux-256color");
        terminal.WaitFor("PROTECTED");
        Assert.Matches("\e\\[[0-9;]*32m[^\e]*(\e\\[[0-9;]*m)*[^\e]* PROTECTED ", terminal.ColouredScreen());
        Quit(terminal);
    }

    [TmuxFact]
    public void Escape_sequences_of_a_log_line_do_not_reach_the_terminal()
    {
        // The log is the process's own: this one's is what the fixture serves.
        var mark = Guid.NewGuid().ToString("N")[..8];
        Log.Warning($"{mark} \e[2J\e[1;1H\e]0;owned\a\e[41mhostile\e[0m\u009b31m end");
        using var terminal = Start(200, 60);
        terminal.WaitFor("PROTECTED");
        terminal.Keys("4");
        var screen = terminal.WaitFor(mark, "hostile end");
        Assert.StartsWith(" colo", screen, StringComparison.Ordinal);
        var line = terminal.ColouredScreen().Split('\n').Single(l => l.Contains(mark, StringComparison.Ordinal));
        Assert.DoesNotContain("\e[41m", line, StringComparison.Ordinal);
        Quit(terminal);
    }

    [TmuxTheory]
    [InlineData("q")]
    [InlineData("C-c")]
    [InlineData("TERM")]
    public void However_it_ends_the_terminal_is_as_before(string how)
    {
        using var terminal = new Tmux(80, 24);
        terminal.Line("stty -g > " + _node.DirectoryPath + "/before");
        terminal.Line(Command(_node.Socket));
        terminal.WaitFor("PROTECTED");
        if (how == "TERM")
            Assert.Equal(0, ColoBinary.RunProgram("kill", "-TERM", $"{DashboardOf(terminal)}").Exit);
        else
            terminal.Keys(how);
        // The shell's own screen is back, with what was on it, and the cursor is seen.
        terminal.WaitFor("READY>", "stty -g", "exit=0");
        terminal.Line("stty -g | cmp - " + _node.DirectoryPath + "/before && echo SA''ME");
        terminal.WaitFor("SAME");
    }

    [TmuxFact]
    public void A_dashboard_that_is_killed_leaves_the_node_alone()
    {
        using var terminal = Start(80, 24);
        terminal.WaitFor("PROTECTED");
        terminal.Keys("6");
        terminal.WaitFor("what you type goes to the guest");
        Assert.Equal(0, ColoBinary.RunProgram("kill", "-KILL", $"{DashboardOf(terminal)}").Exit);
        terminal.WaitFor("exit=137");
        Assert.True(_node.Ask("status").Ok);
    }

    [TmuxFact]
    public void A_dashboard_whose_terminal_goes_away_ends()
    {
        int id;
        using (var terminal = Start(80, 24))
        {
            terminal.WaitFor("PROTECTED");
            id = DashboardOf(terminal);
        }

        var clock = Stopwatch.StartNew();
        while (Directory.Exists($"/proc/{id}"))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "it stays");
            Thread.Sleep(50);
        }
    }

    [TmuxFact]
    public void A_run_with_a_dashboard_ends_with_the_node_and_its_exit_status()
    {
        // This node cannot start: there is no kernel there.
        var config = Path.Combine(_node.DirectoryPath, "node.ini");
        File.WriteAllText(config, $"[vm]\nname = web1\nkernel = {_node.DirectoryPath}/none\n[monitor]\nsocket = {_node.DirectoryPath}/run.sock\n");
        using var terminal = new Tmux(160, 40);
        terminal.Line($"{ColoBinary.Path} run --role standalone --dashboard --config {config}; echo exit=$?");
        var screen = terminal.WaitFor("exit=", "The node has ended with exit status", "run.sock.log");
        Assert.DoesNotContain("exit=0", screen, StringComparison.Ordinal);
    }

    [ColoBinaryFact]
    public void Without_a_terminal_the_way_out_is_named()
    {
        var result = ColoBinary.Run("dashboard", "--socket", _node.Socket);
        Assert.Equal(2, result.Exit);
        Assert.Contains("colo status --watch", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    private Tmux Start(int width, int height, string environment = "LANG=C.UTF-8", string? socket = null)
    {
        var terminal = new Tmux(width, height, environment);
        terminal.Line(Command(socket ?? _node.Socket));
        return terminal;
    }

    private static string Command(string socket) => $"{ColoBinary.Path} dashboard --socket {socket}; echo exit=$?";

    private static void Quit(Tmux terminal)
    {
        terminal.Keys("q");
        terminal.WaitFor("exit=0");
    }

    // The shell's only child.
    private static int DashboardOf(Tmux terminal) => int.Parse(
        File.ReadAllText($"/proc/{terminal.ShellId}/task/{terminal.ShellId}/children").Split(' ')[0], CultureInfo.InvariantCulture);
}
