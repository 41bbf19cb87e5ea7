using System.Globalization;

namespace Colo.Configuration;

/// <summary>The written forms of values in colo.ini: pure functions of text.</summary>
public static class ValueParsers
{
    /// <summary>Reads a size in K, M or G (powers of 1024), for example <c>256M</c>.</summary>
    /// <returns>False when the text is no size, or more than fits into 63 bits.</returns>
    public static bool Size(string text, out long bytes)
    {
        bytes = 0;
        if (text.Length < 2)
            return false;
        var shift = text[^1] switch
        {
            'K' or 'k' => 10,
            'M' or 'm' => 20,
            'G' or 'g' => 30,
            _ => 0,
        };
        if (shift == 0 || !Digits(text.AsSpan(0, text.Length - 1), out var count) || count > long.MaxValue >> shift)
            return false;
        bytes = count << shift;
        return true;
    }

    /// <summary>Reads a time in us, ms, s, m or h, for example <c>500ms</c>.</summary>
    /// <returns>False when the text is no time, or longer than a TimeSpan holds.</returns>
    public static bool Time(string text, out TimeSpan time)
    {
        time = default;
        var split = text.Length;
        while (split > 0 && !char.IsAsciiDigit(text[split - 1]))
            split--;
        var ticks = text[split..] switch
        {
            "us" => TimeSpan.TicksPerMicrosecond,
            "ms" => TimeSpan.TicksPerMillisecond,
            "s" => TimeSpan.TicksPerSecond,
            "m" => TimeSpan.TicksPerMinute,
            "h" => TimeSpan.TicksPerHour,
            _ => 0,
        };
        if (ticks == 0 || !Digits(text.AsSpan(0, split), out var count) || count > long.MaxValue / ticks)
            return false;
        time = TimeSpan.FromTicks(count * ticks);
        return true;
    }

    /// <summary>Reads on, off, true or false, without regard to case.</summary>
    public static bool Switch(string text, out bool value)
    {
        value = text.ToUpperInvariant() is "ON" or "TRUE";
        return value || text.ToUpperInvariant() is "OFF" or "FALSE";
    }

    /// <summary>Reads a whole number of digits only.</summary>
    public static bool Number(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <summary>Reads a name that may stand in a path: letters, digits, <c>.</c>, <c>_</c> and <c>-</c>, the first a letter or digit.</summary>
    public static bool Name(string text, int limit, out string name)
    {
        name = text;
        return text.Length > 0 && text.Length <= limit && char.IsAsciiLetterOrDigit(text[0])
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
    }

    /// <summary>A time as colo.ini writes it, in the largest unit that is exact.</summary>
    public static string Write(TimeSpan time) => time.Ticks switch
    {
        var t when t != 0 && t % TimeSpan.TicksPerHour == 0 => $"{t / TimeSpan.TicksPerHour}h",
        var t when t != 0 && t % TimeSpan.TicksPerMinute == 0 => $"{t / TimeSpan.TicksPerMinute}m",
        var t when t % TimeSpan.TicksPerSecond == 0 => $"{t / TimeSpan.TicksPerSecond}s",
        var t when t % TimeSpan.TicksPerMillisecond == 0 => $"{t / TimeSpan.TicksPerMillisecond}ms",
        var t => $"{t / TimeSpan.TicksPerMicrosecond}us",
    };

    /// <summary>A size as colo.ini writes it, in the largest unit that is exact; bytes below K.</summary>
    public static string Write(long bytes) => bytes switch
    {
        not 0 when bytes % (1L << 30) == 0 => $"{bytes >> 30}G",
        not 0 when bytes % (1L << 20) == 0 => $"{bytes >> 20}M",
        not 0 when bytes % (1L << 10) == 0 => $"{bytes >> 10}K",
        _ => $"{bytes} bytes",
    };

    internal static string NameAccepted(int limit) =>
        $"a name of letters, digits, '.', '_' and '-', beginning with a letter or digit, at most {limit} characters";

    private static bool Digits(ReadOnlySpan<char> text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
