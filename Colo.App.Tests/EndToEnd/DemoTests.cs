using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Colo.Demo;
using Colo.Tests.Dashboard;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary><c>colo demo</c>, as a user starts it.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class DemoTests(ITestOutputHelper output)
{
    [PairFact]
    public void The_headless_demo_holds_and_leaves_nothing_behind()
    {
        using var demo = Start();
        var (text, error) = (demo.StandardOutput.ReadToEndAsync(), demo.StandardError.ReadToEndAsync());
        var ended = demo.WaitForExit(TimeSpan.FromSeconds(120));
        if (!ended)
            demo.Kill();
        Task.WaitAll([text, error], 5_000);
        output.WriteLine(text.Result + error.Result);
        Assert.True(ended, "it did not end within 120 s");
        Assert.Equal(0, demo.ExitCode);
        AssertNothingLeft(demo.Id);
    }

    [PairTheory]
    [InlineData(2)]
    [InlineData(15)]
    public void A_signal_ends_the_demo_and_leaves_nothing_behind(int signal)
    {
        using var demo = Start();
        Drain(demo);
        Assert.True(PairFixture.Until(TimeSpan.FromSeconds(30), () => Names(demo.Id).Count == 4), "no namespaces came");
        WaitForNode(demo.Id);
        Assert.Equal(0, Kill(demo.Id, signal));
        Assert.True(demo.WaitForExit(TimeSpan.FromSeconds(20)), "the demo did not end");
        Assert.Equal(1, demo.ExitCode);
        AssertNothingLeft(demo.Id);
    }

    [PairFact]
    public void What_a_killed_demo_left_is_removed_by_the_next()
    {
        using var demo = Start();
        Drain(demo);
        WaitForNode(demo.Id);
        // Without the process that would do it at once.
        Assert.Equal(0, Kill(SweeperOf(demo.Id), 9));
        Assert.Equal(0, Kill(demo.Id, 9));
        demo.WaitForExit();
        Assert.NotEmpty(Names(demo.Id));
        DemoPair.RemoveLeftovers(DemoCommand.Prefix);
        AssertNothingLeft(demo.Id);
    }

    [PairFact]
    public void A_demo_that_is_killed_leaves_nothing_behind()
    {
        using var demo = Start();
        Drain(demo);
        WaitForNode(demo.Id);
        var sweeper = SweeperOf(demo.Id);
        Assert.Equal(0, Kill(demo.Id, 9));
        demo.WaitForExit();
        Assert.True(PairFixture.Until(TimeSpan.FromSeconds(20), () => !DemoNetwork.IsAlive(sweeper)), "the sweeper does not end");
        AssertNothingLeft(demo.Id);
    }

    [PairFact("tmux")]
    public void On_a_terminal_a_key_kills_the_primary_and_the_clients_notice_nothing()
    {
        using var terminal = new Tmux(80, 24);
        terminal.Line($"{PairBinary.Path} demo; echo exit=$?");
        terminal.WaitFor(" PROTECTED ", "26 of 26 TCP connections open", "K kill -9", "a primary, protected");
        var id = DemoOf(terminal);
        terminal.Keys("k");
        terminal.WaitFor(" UNPROTECTED ", "a killed with SIGKILL", "b primary", "takeover in");
        terminal.WaitFor(" PROTECTED ", "protected again: node a follows node b", "26 of 26 TCP connections open", "0 errors");
        terminal.Keys("q");
        output.WriteLine(WaitForEnd(terminal));
        terminal.WaitFor("exit=0", "all of it held");
        AssertNothingLeft(id);
    }

    [PairTheory("tmux")]
    [InlineData("C-c")]
    [InlineData("TERM")]
    [InlineData("hang up")]
    public void However_the_demo_on_a_terminal_ends_it_leaves_nothing_behind(string how)
    {
        int id;
        using (var terminal = new Tmux(80, 24))
        {
            terminal.Line($"{PairBinary.Path} demo; echo exit=$?");
            terminal.WaitFor(" PROTECTED ", "26 of 26");
            id = DemoOf(terminal);
            // In the middle of an act.
            terminal.Keys("k");
            terminal.WaitFor("kill -9 of node a");
            if (how == "TERM")
                Assert.Equal(0, Kill(id, 15));
            else if (how == "C-c")
                terminal.Keys(how);
            if (how != "hang up")
                WaitForEnd(terminal);
        }

        Assert.True(PairFixture.Until(TimeSpan.FromSeconds(20), () => !DemoNetwork.IsAlive(id)), "the demo goes on without its terminal");
        AssertNothingLeft(id);
    }

    private static Process Start()
    {
        var start = new ProcessStartInfo(PairBinary.Path!) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["demo", "--headless", "--duration", "6"])
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private void Drain(Process demo)
    {
        demo.OutputDataReceived += (_, line) => Note(line.Data);
        demo.ErrorDataReceived += (_, line) => Note(line.Data);
        demo.BeginOutputReadLine();
        demo.BeginErrorReadLine();
    }

    private void Note(string? line)
    {
        try
        {
            output.WriteLine(line ?? "");
        }
        catch (InvalidOperationException)
        {
            // The test is over; the last lines have nobody to read them.
        }
    }

    private static void WaitForNode(int demo) => Assert.True(
        PairFixture.Until(TimeSpan.FromSeconds(30), () => NetworkNamespace.List($"colo-demo-{demo}-a").Any(n => new NetworkNamespace(n).Processes().Count > 0)),
        "no node came");

    private static int SweeperOf(int demo) => Children(demo).Single(id => CommandLine(id).Split('\0').ElementAtOrDefault(1) == DemoSweeper.Command);

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            // A program that the demo ran for a moment, and that has ended since it was listed.
            return "";
        }
    }

    // What was typed has "exit=" as well, but no status behind it.
    private static string WaitForEnd(Tmux terminal) =>
        terminal.WaitUntil(s => Regex.IsMatch(s, @"exit=\d"), "the demo does not end");

    // The shell's only child.
    private static int DemoOf(Tmux terminal) => Children(terminal.ShellId).First();

    private static IEnumerable<int> Children(int parent) =>
        from task in Directory.EnumerateDirectories($"/proc/{parent}/task")
        from id in File.ReadAllText(task + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
        select int.Parse(id, CultureInfo.InvariantCulture);

    private static int Kill(int pid, int signal) => NativeDemo.kill(pid, signal);

    private static IReadOnlyList<string> Names(int pid) => NetworkNamespace.List($"colo-demo-{pid}-");

    private static void AssertNothingLeft(int pid)
    {
        Assert.Empty(Names(pid));
        Assert.Empty(Directory.EnumerateDirectories("/run", $"colo-demo-{pid}*"));
    }
}
