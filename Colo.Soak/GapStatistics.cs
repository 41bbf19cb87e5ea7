using System.Globalization;
using Colo.Soak.Faults;

namespace Colo.Soak;

/// <summary>How long clients waited for a reply, by the fault that they waited through. Pure.</summary>
internal sealed class GapStatistics
{
    private readonly List<(FaultKind Kind, bool Moved, double GapMs, double ProtectedS)> _faults = [];
    private int _life;

    /// <summary>Faults that were got over.</summary>
    internal int Faults => _faults.Count;

    /// <summary>How often the guest went on at the other node.</summary>
    internal int Takeovers { get; private set; }

    /// <summary>The most takeovers of one guest, from its boot on.</summary>
    internal int LongestLife { get; private set; }

    /// <summary>How often the guest booted anew because both nodes had died.</summary>
    internal int Reboots { get; private set; }

    /// <summary>Adds a fault that the guest outlived.</summary>
    /// <param name="kind">What it was.</param>
    /// <param name="moved">Whether the guest went on at the other node.</param>
    /// <param name="gapMs">The longest that any TCP connection waited for a reply, in milliseconds.</param>
    /// <param name="protectedS">From the fault to the protection, in seconds.</param>
    internal void Add(FaultKind kind, bool moved, double gapMs, double protectedS)
    {
        _faults.Add((kind, moved, gapMs, protectedS));
        if (!moved)
            return;
        Takeovers++;
        LongestLife = Math.Max(LongestLife, ++_life);
    }

    /// <summary>Adds the death of both nodes.</summary>
    internal void AddReboot(FaultKind kind, double protectedS)
    {
        _faults.Add((kind, false, double.NaN, protectedS));
        Reboots++;
        _life = 0;
    }

    /// <summary>The middle one; of an even number, the mean of the two in the middle. NaN of none.</summary>
    internal static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? double.NaN : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    /// <summary>Longest and median gap of all takeovers, in milliseconds.</summary>
    internal (double Longest, double Median) TakeoverGaps()
    {
        var gaps = _faults.Where(f => f.Moved).Select(f => f.GapMs).ToList();
        return (gaps.DefaultIfEmpty(double.NaN).Max(), Median(gaps));
    }

    /// <summary>A line for each kind of fault.</summary>
    internal string Table()
    {
        var lines = new List<string> { "  fault                      times  takeovers   median gap  longest gap  protected again after (median, longest)" };
        foreach (var kind in _faults.GroupBy(f => f.Kind).OrderBy(g => g.Key))
        {
            var gaps = kind.Select(f => f.GapMs).Where(g => !double.IsNaN(g)).ToList();
            lines.Add(string.Create(CultureInfo.InvariantCulture,
                $"  {PlannedFault.Name(kind.Key),-25} {kind.Count(),6}  {kind.Count(f => f.Moved),9}  {Ms(Median(gaps)),11}  {Ms(gaps.DefaultIfEmpty(double.NaN).Max()),11}  {Median(kind.Select(f => f.ProtectedS)):F1} s, {kind.Max(f => f.ProtectedS):F1} s"));
        }

        return string.Join('\n', lines);
    }

    /// <summary>In milliseconds; "-" of none.</summary>
    internal static string Ms(double value) => double.IsNaN(value) ? "-" : string.Create(CultureInfo.InvariantCulture, $"{value:F0} ms");
}
