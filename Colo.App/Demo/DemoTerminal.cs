using Colo.Dashboard;

namespace Colo.Demo;

/// <summary>
/// The demo on a terminal: the pair and its load on the dashboard, until the user has seen enough. Then the same checks
/// and the same figures as those of the headless story.
/// </summary>
/// <param name="pair">The pair; no node has been started.</param>
/// <param name="duration">How long the load runs; null: until the user leaves.</param>
/// <param name="output">The terminal.</param>
/// <param name="cancel">Ends it early, without checks.</param>
internal sealed class DemoTerminal(DemoPair pair, TimeSpan? duration, TextWriter output, CancellationToken cancel)
{
    internal int Run()
    {
        var report = new DemoReport(output);
        using var acts = new DemoActs(pair, report);
        acts.Protect();
        acts.Connect();
        report.Gaps("the connections were opened", acts.Window());
        using (var stage = new DemoStage(pair, acts, report, cancel))
        {
            using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancel, stage.Ended);
            if (duration is { } time)
                leave.CancelAfter(time);
            report.Hold();
            try
            {
                DashboardApp.Run(stage, leave.Token);
            }
            finally
            {
                // First the acts: what they still tell belongs before what follows.
                stage.Stop();
                report.Release();
            }

            stage.ThrowIfFailed();
        }

        acts.Heed(cancel);
        cancel.ThrowIfCancellationRequested();
        report.Gaps("the end", acts.Window());
        acts.Finish();
        if (pair.Ask(acts.Primary) is { State: "protected" } && pair.Ask(DemoPair.Other(acts.Primary)) is { State: "protected" })
            acts.Disks();
        else
            report.Say("the disk: not compared, because the demo was left while the pair was not protected");
        return report.Conclude(() => pair.Logs());
    }
}
