namespace Colo.Demo;

/// <summary>
/// The story of the headless demo: protection, load, divergence, kill -9 of the primary, takeover, a new secondary,
/// the same once more, and the comparison of both disks after the end. It checks every step; one that failed does not
/// keep the next from being tried, as long as there is a guest.
/// </summary>
internal sealed class DemoStory(DemoPair pair, TimeSpan duration, TextWriter output)
{
    internal int Run()
    {
        var report = new DemoReport(output);
        using var acts = new DemoActs(pair, report);
        acts.Protect();
        acts.Connect();
        pair.Pause(duration * 0.3);
        report.Gaps("protected", acts.Window());

        acts.Diverge();
        for (var takeover = 0; takeover < 2; takeover++)
        {
            // At a moment that nothing else in the story is in step with.
            pair.Pause(TimeSpan.FromMilliseconds(new Random(acts.Seed + takeover).Next(1, 200)));
            acts.Kill(duration * 0.15);
            pair.Pause(duration * 0.2);
            report.Gaps("new protection", acts.Window());
        }

        acts.Finish();
        acts.Disks();
        return report.Conclude(() => pair.Logs());
    }
}
