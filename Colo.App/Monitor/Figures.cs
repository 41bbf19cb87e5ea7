using System.Globalization;

namespace Colo.Monitor;

/// <summary>Figures as people read them: short, with their unit, the same on every page.</summary>
internal static class Figures
{
    /// <summary>A count with its thousands parted.</summary>
    internal static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>Microseconds as us, ms or s.</summary>
    internal static string Time(long us) => us switch
    {
        < 1000 => $"{us} us",
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{us / 1e3:0.0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{us / 1e6:0.00} s"),
    };

    /// <summary>Bytes as B, KiB, MiB or GiB.</summary>
    internal static string Size(long bytes) => bytes switch
    {
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 10):0.0} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GiB"),
    };

    /// <summary>Seconds as the two largest of d, h, m and s; never negative.</summary>
    internal static string Duration(long seconds) => Math.Max(0, seconds) switch
    {
        var s and < 60 => $"{s} s",
        var s and < 3600 => $"{s / 60} m {s % 60} s",
        var s and < 86400 => $"{s / 3600} h {s / 60 % 60} m",
        var s => $"{s / 86400} d {s / 3600 % 24} h",
    };

    /// <summary>A percentage with one decimal. Rounded down: 100.0 % is all.</summary>
    internal static string Percent(double percent) =>
        (Math.Floor(Math.Clamp(percent, 0, 100) * 10) / 10).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    /// <summary>A day and a time in UTC.</summary>
    internal static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
