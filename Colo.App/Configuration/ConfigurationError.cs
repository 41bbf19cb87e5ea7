using System.Globalization;
using System.Text;

namespace Colo.Configuration;

/// <summary>One thing that is wrong with the configuration, said so that it can be mended.</summary>
/// <param name="Source">The file, or <c>--set</c>.</param>
/// <param name="Line">Line of the file, from 1; null when there is none to point at.</param>
/// <param name="Section">The section, without brackets; empty for the file as a whole.</param>
/// <param name="Key">The key; null for the section as a whole.</param>
/// <param name="Problem">What was found.</param>
/// <param name="Accepted">What is accepted there.</param>
public sealed record ConfigurationError(
    string Source, int? Line, string Section, string? Key, string Problem, string Accepted)
{
    /// <summary>The message, on one line: <c>FILE:LINE: [SECTION] KEY: PROBLEM; accepted: WHAT</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Source);
        if (Line is { } line)
            text.Append(CultureInfo.InvariantCulture, $":{line}");
        text.Append(": ");
        if (Section.Length > 0)
            text.Append(CultureInfo.InvariantCulture, $"[{Printable(Section)}] ");
        if (Key is not null)
            text.Append(CultureInfo.InvariantCulture, $"{Printable(Key)}: ");
        return text.Append(CultureInfo.InvariantCulture, $"{Problem}; accepted: {Accepted}").ToString();
    }

    /// <summary>A value from outside in quotes, short and without control characters, fit for a terminal.</summary>
    internal static string Quote(string text) => $"\"{Printable(text)}\"";

    private static string Printable(string text)
    {
        const int limit = 80;
        var cut = text.Length > limit ? string.Concat(text.AsSpan(0, limit), "...") : text;
        return string.Concat(cut.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));
    }
}

/// <summary>The configuration is wrong: all of its errors at once. Exit status 2.</summary>
public sealed class ConfigurationException : Exception
{
    /// <summary>Makes the exception for one or more errors.</summary>
    public ConfigurationException(IReadOnlyList<ConfigurationError> errors)
        : base(string.Join('\n', errors)) => Errors = errors;

    /// <summary>The errors, those of the file in the order of its lines.</summary>
    public IReadOnlyList<ConfigurationError> Errors { get; }
}
