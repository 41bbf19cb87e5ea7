using Colo.Demo;

namespace Colo.Bench.Pair;

/// <summary>A protected pair against QEMU's in one run; <see cref="BenchSettings.Usage"/> says what is measured.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (arguments is ["-h" or "--help"])
        {
            Console.WriteLine(BenchSettings.Usage);
            return 0;
        }

        BenchSettings settings;
        try
        {
            settings = BenchSettings.Parse(arguments);
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine($"bench: {e.Message}\n\n{BenchSettings.Usage}");
            return 2;
        }

        if (settings.Missing() is not { } missing)
            return Run(settings);
        Console.Error.WriteLine("bench: " + missing);
        return 2;
    }

    private static int Run(BenchSettings settings)
    {
        using var stop = new StopSignals();
        foreach (var name in DemoPair.RemoveLeftovers(BenchSettings.Prefix))
            Console.WriteLine($"removed {name}, left by a run that was killed");
        try
        {
            var accelerator = settings.Qemu ? QemuAccelerator.Probe(settings, stop.Token) : null;
            if (accelerator is { Kvm: false })
                Console.WriteLine($"QEMU runs under TCG, not KVM: {accelerator.Why}. Its figures tell its protocol's cost beside a slow guest, and are no match for KVM's.");
            var runner = new Runner(settings, accelerator, Console.Out, stop.Token);
            foreach (var part in settings.Parts)
            {
                Action<Runner> run = part switch
                {
                    "pause" => PausePart.Run,
                    "throughput" => ThroughputPart.Run,
                    "tsc" => TscPart.Run,
                    "takeover" => TakeoverPart.Run,
                    "silence" => SilencePart.Run,
                    "sync" => SyncPart.Run,
                    "memory" => MemoryPart.Run,
                    _ => StartPart.Run,
                };
                run(runner);
            }

            if (runner.Failures > 0)
                Console.WriteLine($"\n{runner.Failures} times something could not be measured: see above.");
            return runner.Failures == 0 ? 0 : 1;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("bench: ended; what it made is gone");
            return 130;
        }
        catch (Exception e) when (e is PairException or IOException or Colo.Linux.LinuxException)
        {
            Console.Error.WriteLine("bench: " + e.Message);
            return 1;
        }
    }
}
