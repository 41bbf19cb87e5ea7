namespace Colo.Bench.Pair;

/// <summary>Pause and commit at checkpoints: idle, and with pages written in every epoch.</summary>
internal static class PausePart
{
    private const int Megabytes = 256;
    private static readonly int[] Loads = [0, 100, 1000, 10_000];

    internal static void Run(Runner runner)
    {
        var table = new Table(
            $"Pause at a checkpoint, every {QemuSide.CheckpointMs} ms, {Megabytes} MiB guest, ms; medians of {runner.Settings.Repeats} pairs (least-greatest)",
            "pages an epoch", "way", "checkpoints", "pause p50", "p99", "longest", "commit p50", "pages sent", "p50: colo over qemu");
        foreach (var pages in Loads)
        {
            var rows = runner.Ways(alone: false, @protected: true).Select(way => (Way: way, Count: new Figures(), P50: new Figures(), P99: new Figures(), Max: new Figures(), Commit: new Figures(), Pages: new Figures())).ToList();
            for (var repeat = 0; repeat < runner.Settings.Repeats; repeat++)
            {
                foreach (var row in rows)
                {
                    // A new pair each time: its percentiles are then of this load alone.
                    runner.With(row.Way, Megabytes, $"pause with {pages} pages", (side, _) =>
                    {
                        if (pages > 0)
                            side.Client.Run(() => GuestClient.Get($"/load?pages={pages}&ms={QemuSide.CheckpointMs}"));
                        runner.Pause(runner.Settings.Window);
                        var pauses = side.Pauses();
                        row.Count.Add(pauses.Count);
                        row.P50.Add(pauses.P50 / 1000);
                        row.P99.Add(pauses.P99 / 1000);
                        row.Max.Add(pauses.Max / 1000);
                        if (!double.IsNaN(pauses.CommitP50))
                            row.Commit.Add(pauses.CommitP50 / 1000);
                        if (!double.IsNaN(pauses.PagesP50))
                            row.Pages.Add(pauses.PagesP50);
                    });
                }
            }

            var qemu = rows.Find(r => !r.Way.IsColo).P50;
            foreach (var row in rows)
            {
                table.Row(pages.ToString(System.Globalization.CultureInfo.InvariantCulture), row.Way.Name, row.Count.ToString(), row.P50.ToString(), row.P99.ToString(), row.Max.ToString(),
                    row.Commit.ToString(), row.Pages.ToString(), row.Way.IsColo ? Figures.Ratio(row.P50, qemu) : "");
            }
        }

        table.Print(runner.Output);
    }
}

/// <summary>The first sync: how long, and what it costs the guest meanwhile.</summary>
internal static class SyncPart
{
    private const int Megabytes = 1024;

    // Half of the guest's memory is what it gives to /dirty.
    private const int Pages = Megabytes * 256 / 2;

    internal static void Run(Runner runner)
    {
        var table = new Table(
            $"First sync of a guest of {Megabytes} MiB, half of it written; medians of {runner.Settings.Repeats} (least-greatest)",
            "way", "s", "s a GiB written", "echoes/s before", "meanwhile", "kept");
        foreach (var way in runner.Ways(alone: false, @protected: true))
        {
            var (seconds, perGiB, before, during) = (new Figures(), new Figures(), new Figures(), new Figures());
            for (var repeat = 0; repeat < runner.Settings.Repeats; repeat++)
            {
                // Alone first: the secondary's start is what is measured.
                var alone = runner.Ways(alone: true, @protected: true).First(w => w.IsColo == way.IsColo && w.Protected == false);
                runner.Try($"{way.Name}, first sync", () =>
                {
                    using var side = way.IsColo ? Unprotected(runner, way) : alone.Make(Megabytes);
                    if (!way.IsColo)
                        side.Start();
                    side.Client.Run(() => GuestClient.Get($"/dirty?pages={Pages}"));
                    var quiet = side.Client.Run(() => GuestClient.EchoDatagrams(TimeSpan.FromSeconds(1), runner.Cancel));
                    using var over = CancellationTokenSource.CreateLinkedTokenSource(runner.Cancel);
                    (double PerSecond, Figures) meanwhile = default;
                    Exception? failed = null;
                    var thread = side.Client.Start("echo", () => meanwhile = GuestClient.EchoDatagrams(runner.Settings.Limit, over.Token), e => failed = e);
                    double took;
                    try
                    {
                        took = side.Protect();
                    }
                    finally
                    {
                        over.Cancel();
                        thread.Join();
                    }

                    if (failed is not null)
                        throw new IOException("the echo could not be measured: " + failed.Message);
                    seconds.Add(took);
                    perGiB.Add(took / (Pages / 262_144.0));
                    before.Add(quiet.PerSecond);
                    during.Add(meanwhile.PerSecond);
                });
            }

            table.Row(way.Name, seconds.ToString(), perGiB.ToString(), before.ToString(), during.ToString(), Figures.Ratio(during, before));
        }

        table.Print(runner.Output);
    }

    // Of a standalone node there is no way to a pair: a primary that is still alone.
    private static ColoSide Unprotected(Runner runner, Way way)
    {
        var side = (ColoSide)way.Make(Megabytes);
        try
        {
            side.StartUnprotected();
            return side;
        }
        catch
        {
            side.Dispose();
            throw;
        }
    }
}
