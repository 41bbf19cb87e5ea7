using System.Globalization;

namespace Colo.Bench.Pair;

/// <summary>Memory of the secondary over the guest's, after a load and after a takeover.</summary>
internal static class MemoryPart
{
    private const int Megabytes = 1024, PagesAnEpoch = 2000;
    private const long GuestBytes = (long)Megabytes << 20;

    internal static void Run(Runner runner)
    {
        var table = new Table(
            string.Create(CultureInfo.InvariantCulture, $"Memory, guest of {Megabytes} MiB that writes {PagesAnEpoch} pages an epoch, after {runner.Settings.MemoryLoad.TotalMinutes:F0} min"),
            "way", "when", "process", "Pss over the guest's memory", "private over it", "beside the guest's memory, MiB");
        foreach (var way in runner.Ways(alone: false, @protected: true))
        {
            void Row(string when, string process, int pid)
            {
                var memory = ProcessMemory.Of(pid, GuestBytes);
                table.Row(way.Name, when, process, Figures.Short(memory.Pss / (double)GuestBytes), Figures.Short(memory.Private / (double)GuestBytes), Figures.Short(memory.BesideGuest / 1048576.0));
            }

            runner.With(way, Megabytes, "memory", (side, _) =>
            {
                // All pages that the guest can write once, so that what is there does not grow by being touched first.
                side.Client.Run(() => GuestClient.Get("/dirty?pages=1000000"));
                side.Client.Run(() => GuestClient.Get($"/load?pages={PagesAnEpoch}&ms={QemuSide.CheckpointMs}"));
                runner.Pause(runner.Settings.MemoryLoad);
                Row("under load", "primary", side.Processes.Primary);
                Row("under load", "secondary", side.Processes.Secondary);
                side.KillPrimary();
                runner.Pause(TimeSpan.FromSeconds(2) * runner.Settings.Patience);
                side.Client.Run(() => GuestClient.Get("/"));
                Row("after a takeover", "survivor", side.Processes.Secondary);
            });
        }

        table.Print(runner.Output);
    }
}

/// <summary>From exec to the guest's first serial output; the executable's size.</summary>
internal static class StartPart
{
    private const int Megabytes = 128;

    internal static void Run(Runner runner)
    {
        var table = new Table(
            string.Create(CultureInfo.InvariantCulture, $"Start, {Megabytes} MiB guest; medians of {runner.Settings.Repeats} (least-greatest)"),
            "way", "exec to the first serial output, ms", "executable, MB");
        foreach (var way in runner.Ways(alone: true, @protected: false))
        {
            var times = new Figures();
            for (var repeat = 0; repeat < runner.Settings.Repeats; repeat++)
            {
                runner.Try($"{way.Name}, start", () =>
                {
                    using var side = way.Make(Megabytes);
                    times.Add(side is ColoSide colo ? colo.Boot() : ((QemuSide)side).Boot());
                });
            }

            var executable = way.IsColo ? runner.Settings.Binary : BenchSettings.Find(runner.Settings.QemuBinary)!;
            // A link's own length would be that of a name.
            var file = new FileInfo(executable).ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? new FileInfo(executable);
            table.Row(way.Name, times.ToString(), Figures.Short(file.Length / 1e6));
        }

        table.Print(runner.Output);
        if (runner.Settings.Qemu)
            runner.Output.WriteLine("Beside its executable QEMU needs shared libraries and firmware, which are not counted.");
    }
}
