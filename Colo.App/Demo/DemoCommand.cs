using System.Runtime.InteropServices;
using Colo.Dashboard;
using Colo.Linux;

namespace Colo.Demo;

/// <summary>
/// <c>colo demo</c>: a protected pair on this machine, with the built-in guest, and what happens to its clients
/// when a node is killed.
/// </summary>
public static class DemoCommand
{
    /// <summary>Begins the names of all that the demo makes.</summary>
    internal const string Prefix = "colo-demo-";

    /// <summary>How long the load of the headless story runs when nothing is said about it.</summary>
    internal static readonly TimeSpan DefaultDuration = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Runs the demo. Ctrl-C, SIGTERM and the end of its terminal end it; whatever happens, all that it made is removed.
    /// </summary>
    /// <param name="headless">Tells the story by itself, also where there is a terminal to show the dashboard on.</param>
    /// <param name="duration">How long the load lasts in all. Null: <see cref="DefaultDuration"/>, and on the dashboard until it is left.</param>
    /// <returns>0 when everything held, 1 when something did not, 2 when the machine lacks something.</returns>
    public static int Run(bool headless, TimeSpan? duration)
    {
        if (Missing() is { } missing)
        {
            Console.Error.WriteLine("colo demo: " + missing);
            return 2;
        }

        using var stop = new StopSignals(PosixSignal.SIGQUIT);
        foreach (var name in DemoPair.RemoveLeftovers(Prefix))
            Console.WriteLine($"removed {name}, left by a demo that was killed");
        using var sweeper = new DemoSweeper();
        DemoPair? pair = null;
        try
        {
            pair = new DemoPair(Prefix, 0, Environment.ProcessPath!, new PairSettings { Disk = true }, stop.Token);
            return headless || DashboardApp.Unfit() is not null
                ? new DemoStory(pair, duration ?? DefaultDuration, Console.Out).Run()
                : new DemoTerminal(pair, duration, Console.Out, stop.Token).Run();
        }
        catch (OperationCanceledException)
        {
            Complain("stopped", null);
            return 1;
        }
        catch (Exception e)
        {
            Complain(e is PairException or InvalidOperationException or IOException ? e.Message : e.ToString(), pair);
            return 1;
        }
        finally
        {
            pair?.Dispose();
            if (stop.HungUp)
            {
                // What the runtime does with the terminal at its end can fail or wait now that there is none.
                sweeper.Dispose();
                NativeDemo._exit(1);
            }
        }
    }

    private static void Complain(string what, DemoPair? pair)
    {
        try
        {
            Console.Error.WriteLine("colo demo: " + what);
            if (pair is not null)
                Console.Error.WriteLine(pair.Logs());
        }
        catch (IOException)
        {
            // Nobody reads it any more; all that was made is to be removed all the same.
        }
    }

    private static string? Missing()
    {
        if (Native.geteuid() != 0)
            return "it makes network namespaces and therefore needs root: sudo colo demo";
        if (!File.Exists("/dev/kvm"))
            return "/dev/kvm is missing: enable virtualisation in the firmware and load kvm_intel or kvm_amd";
        if (!IpTool.IsInstalled)
            return "ip is missing: apt-get install iproute2";
        return null;
    }
}
