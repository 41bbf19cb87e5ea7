using System.Diagnostics;
using Colo.Demo;
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
        Assert.True(PairFixture.Until(TimeSpan.FromSeconds(30), () => NetworkNamespace.List($"colo-demo-{demo.Id}-a").Any(n => new NetworkNamespace(n).Processes().Count > 0)), "no node came");
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
        Assert.True(PairFixture.Until(TimeSpan.FromSeconds(30), () => NetworkNamespace.List($"colo-demo-{demo.Id}-a").Any(n => new NetworkNamespace(n).Processes().Count > 0)), "no node came");
        Assert.Equal(0, Kill(demo.Id, 9));
        demo.WaitForExit();
        Assert.NotEmpty(Names(demo.Id));
        DemoPair.RemoveLeftovers(DemoCommand.Prefix);
        AssertNothingLeft(demo.Id);
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

    private static int Kill(int pid, int signal) => NativeDemo.kill(pid, signal);

    private static IReadOnlyList<string> Names(int pid) => NetworkNamespace.List($"colo-demo-{pid}-");

    private static void AssertNothingLeft(int pid)
    {
        Assert.Empty(Names(pid));
        Assert.Empty(Directory.EnumerateDirectories("/run", $"colo-demo-{pid}*"));
    }
}
