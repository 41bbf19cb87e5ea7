using System.Runtime.InteropServices;

namespace Colo.Demo;

/// <summary>
/// <c>colo demo</c>: a protected pair on this machine, with the built-in guest, and what happens to its clients
/// when a node is killed.
/// </summary>
public static class DemoCommand
{
    /// <summary>Begins the names of all that the demo makes.</summary>
    internal const string Prefix = "colo-demo-";

    /// <summary>Runs the demo. Ctrl-C and SIGTERM end it; whatever happens, all that it made is removed.</summary>
    /// <param name="headless">Tells the story by itself and checks it; otherwise a page that keys act upon.</param>
    /// <param name="duration">How long the load lasts in all, headless; 0 or less: 10 s.</param>
    /// <returns>0 when everything held, 1 when something did not, 2 when the machine lacks something.</returns>
    public static int Run(bool headless, TimeSpan duration)
    {
        if (Missing() is { } missing)
        {
            Console.Error.WriteLine("colo demo: " + missing);
            return 2;
        }

        using var stop = new CancellationTokenSource();
        void OnSignal(PosixSignalContext context)
        {
            // The process goes on to its finally blocks and removes the namespaces.
            context.Cancel = true;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);

        foreach (var name in DemoPair.RemoveLeftovers(Prefix))
            Console.WriteLine($"removed {name}, left by a demo that was killed");
        DemoPair? pair = null;
        try
        {
            pair = new DemoPair(Prefix, 0, Environment.ProcessPath!, new PairSettings { Disk = true }, stop.Token);
            return headless || Console.IsOutputRedirected || Console.IsInputRedirected
                ? new DemoStory(pair, duration > TimeSpan.Zero ? duration : TimeSpan.FromSeconds(10), Console.Out, stop.Token).Run()
                : new DemoPage(pair, stop.Token).Run();
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("colo demo: stopped");
            return 1;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine("colo demo: " + (e is PairException or InvalidOperationException or IOException ? e.Message : e.ToString()));
            if (pair is not null)
                Console.Error.WriteLine(pair.Logs());
            return 1;
        }
        finally
        {
            pair?.Dispose();
        }
    }

    private static string? Missing()
    {
        if (NativeDemo.geteuid() != 0)
            return "it makes network namespaces and therefore needs root: sudo colo demo";
        if (!File.Exists("/dev/kvm"))
            return "/dev/kvm is missing: enable virtualisation in the firmware and load kvm_intel or kvm_amd";
        if (!IpTool.IsInstalled)
            return "ip is missing: apt-get install iproute2";
        return null;
    }
}
