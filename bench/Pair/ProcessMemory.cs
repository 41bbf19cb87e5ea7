using System.Globalization;
using System.Text.RegularExpressions;

namespace Colo.Bench.Pair;

/// <summary>The memory of a process, from /proc/PID/smaps, in bytes.</summary>
/// <param name="Pss">Its share of all that is resident: what is shared is divided among those who share it.</param>
/// <param name="Private">What goes when it goes.</param>
/// <param name="BesideGuest">The share outside of the mappings of the guest's memory, which are known by their size.</param>
internal readonly partial record struct ProcessMemory(long Pss, long Private, long BesideGuest)
{
    /// <summary>Reads it.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="guestBytes">The guest's memory: mappings of at least a quarter of it are taken for it.</param>
    internal static ProcessMemory Of(int pid, long guestBytes)
    {
        long pss = 0, own = 0, beside = 0, size = 0;
        foreach (var line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/smaps")))
        {
            if (Field().Match(line) is not { Success: true } field)
                continue;
            var bytes = long.Parse(field.Groups["kb"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) * 1024;
            switch (field.Groups["name"].Value)
            {
                case "Size":
                    size = bytes;
                    break;
                case "Pss":
                    pss += bytes;
                    beside += size < guestBytes / 4 ? bytes : 0;
                    break;
                case "Private_Clean" or "Private_Dirty":
                    own += bytes;
                    break;
            }
        }

        return new(pss, own, beside);
    }

    [GeneratedRegex(@"^(?<name>\w+):\s+(?<kb>[0-9]+) kB")]
    private static partial Regex Field();
}
