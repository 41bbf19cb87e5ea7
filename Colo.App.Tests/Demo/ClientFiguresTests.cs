using System.Diagnostics;
using System.Globalization;
using Colo.Dashboard;
using Colo.Demo;

namespace Colo.Tests.Demo;

/// <summary>What the demo's dashboard and its end say.</summary>
public sealed class ClientFiguresTests
{
    private const long Second = 1_000_000_000;

    [Fact]
    public void The_lines_have_rate_percentile_and_the_longest_gap_of_all_TCP_connections()
    {
        var figures = new ClientFigures(10 * Second);
        figures.Take(Seen(replies: 1000, gapUs: 9_000), 70 * Second, 0);
        var lines = figures.Take(Seen(replies: 3000, gapUs: 9_000), 72 * Second, 43_000);
        Assert.Equal("2 of 2 TCP connections open for 1 m 2 s, 0 errors", lines[0].Text);
        Assert.Equal(Tone.Good, lines[0].Tone);
        Assert.Equal("1,000/s, 99 % within 2.1 ms, longest gap since the start 43.0 ms", lines[1].Text);
    }

    [Fact]
    public void A_connection_that_failed_is_seen()
    {
        var lines = new ClientFigures(0).Take(Seen(replies: 10, gapUs: 50_000, error: "echo 1: reset"), Second, 43_000);
        Assert.Equal("1 of 2 TCP connections open for 1 s, 1 error", lines[0].Text);
        Assert.Equal(Tone.Bad, lines[0].Tone);
        Assert.EndsWith("50.0 ms", lines[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void While_the_terminal_belongs_to_another_nothing_is_printed_and_nothing_is_lost()
    {
        var output = new StringWriter();
        var report = new DemoReport(output);
        report.Say("first");
        report.Hold();
        report.Ok("second");
        report.Check(false, "third", () => "because");
        Assert.DoesNotContain("second", output.ToString(), StringComparison.Ordinal);
        Assert.Equal([true, false], report.Last(2).Select(l => l.Held));
        report.Release();
        report.Say("fourth");
        var text = output.ToString();
        Assert.Matches("(?s)first.*ok +second.*FAILED +third: because.*fourth", text);
        Assert.Equal(1, report.Conclude(() => "the logs"));
        Assert.Matches("(?s)1 did not hold.*third: because.*the logs", output.ToString());
    }

    [Fact]
    public void A_process_that_has_ended_counts_as_gone_also_when_nobody_has_asked_how()
    {
        Assert.True(DemoNetwork.IsAlive(Environment.ProcessId));
        Assert.False(DemoNetwork.IsAlive(0x7fffffff));
        // What the shell becomes never asks about the shell's child.
        using var parent = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "sleep 60 & echo $!; exec tail -f /dev/null"]) { RedirectStandardOutput = true })!;
        try
        {
            var child = int.Parse(parent.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
            Until(() => File.ReadAllText($"/proc/{parent.Id}/comm") == "tail\n", "the shell does not become another program");
            Assert.True(DemoNetwork.IsAlive(child));
            Assert.Equal(0, NativeDemo.kill(child, NativeDemo.SIGKILL));
            Until(() => !DemoNetwork.IsAlive(child), "it counts as alive");
            Assert.True(Directory.Exists($"/proc/{child}"));
        }
        finally
        {
            parent.Kill();
            parent.WaitForExit();
        }
    }

    private static void Until(Func<bool> reached, string otherwise)
    {
        var clock = Stopwatch.StartNew();
        while (!reached())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), otherwise);
            Thread.Sleep(10);
        }
    }

    private static LoadReport Seen(long replies, long gapUs, string? error = null) => new(
        [
            new("echo", 0, replies, replies / 2, 0, 1000, 0, null),
            new("echo", 1, replies, replies - (replies / 2), 0, gapUs, 0, error),
            new("udp", 0, 0, 0, 0, 999_999_999, 0, null),
        ],
        new Dictionary<string, LatencySummary> { ["echo"] = new(replies, 1000, 2_100, 5_000), ["udp"] = new(1, 1, 88_000_000, 1) },
        1, [], error is null ? [] : [error]);
}
