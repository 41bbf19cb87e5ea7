using System.Globalization;
using Colo.Demo;

namespace Colo.Bench.Pair;

/// <summary>
/// Runs the guest in each of its ways and gives it to what measures. The ways take turns within a repetition, so that what else
/// the machine does falls on all. A way that fails is said and left out of that figure; nothing is made up for it.
/// </summary>
internal sealed class Runner(BenchSettings settings, QemuAccelerator? accelerator, TextWriter output, CancellationToken cancel)
{
    private int _number;

    internal BenchSettings Settings => settings;

    internal TextWriter Output => output;

    internal CancellationToken Cancel => cancel;

    /// <summary>How often something could not be measured.</summary>
    internal int Failures { get; private set; }

    /// <summary>QEMU's name in the tables.</summary>
    internal string QemuName => accelerator is { Kvm: false } ? "qemu (TCG)" : "qemu";

    /// <summary>The ways that were asked for: each of colo's before the same of QEMU.</summary>
    internal IReadOnlyList<Way> Ways(bool alone, bool @protected)
    {
        var ways = new List<Way>();
        foreach (var isProtected in (bool[])[false, true])
        {
            if (isProtected ? !@protected : !alone)
                continue;
            var kind = isProtected ? "protected" : "alone";
            if (settings.Colo)
                ways.Add(new($"colo {kind}", isProtected, true, megabytes => new ColoSide(settings, isProtected, megabytes, ++_number, cancel)));
            if (accelerator is not null)
                ways.Add(new($"{QemuName} {kind}", isProtected, false, megabytes => new QemuSide(settings, accelerator, isProtected, megabytes, ++_number, cancel)));
        }

        return ways;
    }

    /// <summary>Colo on a pair whose secondary takes over by silence alone, as with an arbiter or the operator's word; null when colo is not asked for.</summary>
    internal Way? TakesOverBySilence() => !settings.Colo
        ? null
        : new("colo protected", true, true, megabytes => new ColoSide(settings, true, megabytes, ++_number, cancel, "failover:silence=takeover"));

    /// <summary>Starts the guest in one way, and measures; a failure is told, and counts.</summary>
    /// <param name="way">The way.</param>
    /// <param name="megabytes">Guest memory.</param>
    /// <param name="what">What is measured, for the message.</param>
    /// <param name="measure">Gets the guest, which serves, and what <see cref="IGuestSide.Start"/> returned.</param>
    internal void With(Way way, int megabytes, string what, Action<IGuestSide, double> measure) =>
        Try($"{way.Name}, {what}", () =>
        {
            using var side = way.Make(megabytes);
            measure(side, side.Start());
        });

    /// <summary>Does something that may fail with a message.</summary>
    internal void Try(string what, Action work)
    {
        cancel.ThrowIfCancellationRequested();
        // Tables come at the end of a part, which may be long.
        Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {what}");
        try
        {
            work();
        }
        catch (Exception e) when (e is PairException or System.Net.Sockets.SocketException or IOException or Colo.Linux.LinuxException)
        {
            Failures++;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"not measured: {what}: {e.Message}"));
        }
    }

    /// <summary>Waits; ends early with <see cref="OperationCanceledException"/> on ctrl-C.</summary>
    internal void Pause(TimeSpan time)
    {
        cancel.WaitHandle.WaitOne(time);
        cancel.ThrowIfCancellationRequested();
    }
}
