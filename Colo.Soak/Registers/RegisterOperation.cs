using System.Globalization;

namespace Colo.Soak.Registers;

/// <summary>One request to one key of the guest's store: a SET, or a GET with what it returned.</summary>
/// <param name="Client">Who asked.</param>
/// <param name="IsWrite">SET; else GET.</param>
/// <param name="Value">What was written, unlike any other write to this key; or what was read. 0: nothing, as before the first write.</param>
/// <param name="Invoked">When it was sent, in nanoseconds of one clock for all clients.</param>
/// <param name="Returned">When its reply was there; <see cref="Never"/>: it has none.</param>
internal readonly record struct RegisterOperation(int Client, bool IsWrite, long Value, long Invoked, long Returned)
{
    /// <summary>No reply: a write may have taken effect at any time since, or may not; a read says nothing.</summary>
    internal const long Never = long.MaxValue;

    /// <summary>A value that was never written, for an answer that is none of the values.</summary>
    internal const long Unknown = -1;

    internal bool HasReturned => Returned != Never;

    /// <summary>One line, times in seconds since <paramref name="zero"/>.</summary>
    internal string Show(long zero) => string.Create(CultureInfo.InvariantCulture,
        $"client {Client} {(IsWrite ? "SET" : "GET")} {ShowValue(Value)} [{(Invoked - zero) * 1e-9:F6} s, {(HasReturned ? $"{(Returned - zero) * 1e-9:F6} s" : "no reply")}]");

    internal static string ShowValue(long value) => value switch
    {
        0 => "nothing",
        Unknown => "what nobody wrote",
        _ => string.Create(CultureInfo.InvariantCulture, $"{value >> 40}.{value & 0xFF_FFFF_FFFF}"),
    };
}
