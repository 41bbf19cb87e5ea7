using System.Diagnostics;
using System.Globalization;

namespace Colo.Bench.Proxy;

/// <summary>What one round of a load consists of.</summary>
/// <param name="Taken">Frames that the code under test takes, from every side.</param>
/// <param name="Out">Frames of the guest that leave: those of one side.</param>
/// <param name="Bytes">Bytes of those, from the Ethernet header on.</param>
internal readonly record struct Work(long Taken, long Out, long Bytes);

/// <summary>Repeats a load, and prints a row of the table for it.</summary>
/// <param name="repeats">Measurements of each; the median, the least and the greatest are printed.</param>
internal sealed class Bench(int repeats)
{
    /// <summary>Small frames that should leave in a second.</summary>
    private const double GoalFrames = 2e6;

    /// <summary>Bits that should leave in a second in full-size frames.</summary>
    private const double GoalBits = 10e9;

    /// <summary>Something did not go as it was meant: the program's exit status tells it.</summary>
    internal bool Failed { get; private set; }

    internal static void Header() =>
        Console.WriteLine($"{"",-34}{"M frames/s taken",20}{"M frames/s out",16}{"Gbit/s out",12}{"of the goal",13}{"ns a frame",12}{"allocated",11}");

    internal void Measure(string name, Action<int> rounds, int count, Work round)
    {
        // Compiled and warm; what is rented once is rented.
        rounds(Math.Max(1, count / 10));
        var seconds = new double[repeats];
        long allocated = 0;
        for (int i = 0; i < repeats; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long begin = Stopwatch.GetTimestamp();
            rounds(count);
            seconds[i] = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Array.Sort(seconds);
        double median = seconds[repeats / 2];
        double taken = count * (double)round.Taken / median, left = count * (double)round.Out / median, bits = 8.0 * count * round.Bytes / median;
        string spread = string.Create(CultureInfo.InvariantCulture, $"{taken / 1e6:0.00} ({count * (double)round.Taken / seconds[^1] / 1e6:0.00}-{count * (double)round.Taken / seconds[0] / 1e6:0.00})");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-34}{spread,20}{left / 1e6,16:0.00}{bits / 1e9,12:0.00}{Math.Max(left / GoalFrames, bits / GoalBits),13:0.00}{1e9 / taken,12:0}{allocated,11}"));
    }

    internal void Complain(string name, string what)
    {
        Failed = true;
        Console.WriteLine($"  {name} is not as meant: {what}");
    }
}
