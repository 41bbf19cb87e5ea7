using System.Globalization;

namespace Colo.Bench.Pair;

/// <summary>The gap that clients see when the primary's process is killed.</summary>
internal static class TakeoverPart
{
    internal static void Run(Runner runner)
    {
        var table = new Table(
            "Gap at SIGKILL of the primary, replies at 1 kHz, ms (of QEMU without the time to detect it: it is told at once)",
            ["guest memory", "way", "kills", "guest lost", .. Gaps.Columns]);
        foreach (var megabytes in (int[])[128, 2048])
        {
            foreach (var way in runner.Ways(alone: false, @protected: true))
            {
                var (udp, tcp) = (new Figures(), new Figures());
                // A guest that does not come back ends the pair: the next kill is of a new one.
                var lost = 0;
                while (udp.Count + lost < runner.Settings.Kills)
                {
                    var before = runner.Failures;
                    runner.With(way, megabytes, $"takeover at {megabytes} MiB", (side, _) => Kill(runner, side, udp, tcp, runner.Settings.Kills - lost));
                    lost += runner.Failures - before;
                }

                table.Row([$"{megabytes} MiB", way.Name, (udp.Count + lost).ToString(CultureInfo.InvariantCulture), lost.ToString(CultureInfo.InvariantCulture), .. Gaps.Cells(udp, tcp)]);
            }
        }

        table.Print(runner.Output);
    }

    private static void Kill(Runner runner, IGuestSide side, Figures udp, Figures tcp, int kills)
    {
        // All of the guest's memory that a load can reach is there: what the kernel has to free at the kill.
        side.Client.Run(() => GuestClient.Get("/dirty?pages=1000000"));
        Gaps.Measure(runner, side, udp, tcp, kills, side.KillPrimary, side.ProtectAgain);
    }
}

/// <summary>The gap when the primary's host is gone: its peer has nothing to go by but silence.</summary>
internal static class SilencePart
{
    private const int Megabytes = 128;

    internal static void Run(Runner runner)
    {
        var table = new Table(
            $"Gap when the primary's host is gone, {Megabytes} MiB guest, replies at 1 kHz, ms",
            ["way", "hosts lost", "time-out", .. Gaps.Columns]);
        if (runner.TakesOverBySilence() is { } way)
        {
            var (udp, tcp, timeout) = (new Figures(), new Figures(), 0.0);
            runner.With(way, Megabytes, "silence", (side, _) =>
            {
                var colo = (ColoSide)side;
                timeout = colo.TimeoutMs;
                Gaps.Measure(runner, side, udp, tcp, runner.Settings.Kills, colo.LosePower, () =>
                {
                    colo.GivePower();
                    colo.ProtectAgain();
                });
            });
            table.Row([way.Name, udp.Count.ToString(CultureInfo.InvariantCulture), Figures.Short(timeout), .. Gaps.Cells(udp, tcp)]);
        }

        table.Print(runner.Output);
        runner.Output.WriteLine("With [failover] silence = takeover. TCP: the client's own retransmissions come 200 ms after its first loss, then twice as late each time. QEMU's COLO has no heartbeat: nothing would end its gap.");
    }
}

/// <summary>Gaps of one guest, one takeover after the other.</summary>
internal static class Gaps
{
    /// <summary>What <see cref="Cells"/> gives.</summary>
    internal static readonly string[] Columns = ["UDP p50", "p99", "longest", "TCP p50", "p99", "longest"];

    /// <summary>Medians, tails and longest gaps, as cells of a table.</summary>
    internal static string[] Cells(Figures udp, Figures tcp) =>
        [.. ((Figures[])[udp, tcp]).SelectMany(figures => ((double[])[0.5, 0.99, 1]).Select(part => Figures.Short(figures.Part(part))))];

    /// <summary>Adds gaps until there are as many as wanted.</summary>
    /// <param name="runner">Ends it early.</param>
    /// <param name="side">A protected guest.</param>
    /// <param name="udp">Gaps over UDP, milliseconds.</param>
    /// <param name="tcp">The same over TCP.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="lose">Takes the primary away, and tells when.</param>
    /// <param name="mend">Makes the guest protected again.</param>
    internal static void Measure(Runner runner, IGuestSide side, Figures udp, Figures tcp, int count, Func<long> lose, Action mend)
    {
        var random = new Random(1);
        while (udp.Count < count)
        {
            using (var prober = new Prober(side.Client))
            {
                runner.Pause(TimeSpan.FromMilliseconds(random.Next(500, 1500)));
                prober.Clear();
                runner.Pause(TimeSpan.FromMilliseconds(50));
                var (overUdp, overTcp) = prober.Gap(lose(), runner.Settings.Limit);
                udp.Add(overUdp);
                tcp.Add(overTcp);
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  gap {udp.Count}: {overUdp:F1} ms over UDP, {overTcp:F1} ms over TCP"));
            }

            if (udp.Count < count)
                mend();
        }
    }
}

