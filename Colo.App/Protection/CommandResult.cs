using System.Globalization;

namespace Colo.Protection;

/// <summary>How a command of the operator ended.</summary>
/// <param name="ExitStatus">0 to 255; null when it did not exit by itself, or nobody knows how.</param>
/// <param name="Signal">The signal that ended it; null without one.</param>
/// <param name="TimedOut">It was still running at its limit, and was ended. Whatever it then returned, it has not succeeded.</param>
/// <param name="StartError">Why it could not be started; null when it ran.</param>
/// <param name="Output">What it wrote last to standard output and standard error, at most <see cref="OperatorCommand.OutputLimit"/> bytes.</param>
/// <param name="Took">From the request to its end.</param>
public sealed record CommandResult(int? ExitStatus, int? Signal, bool TimedOut, string? StartError, string Output, TimeSpan Took)
{
    /// <summary>True when it ended by itself, in time, with exit status 0.</summary>
    public bool Succeeded => ExitStatus == 0 && !TimedOut && StartError is null;

    /// <summary>The last line that it wrote and that is not empty, without control characters, at most 200 of them; empty without one.</summary>
    public string LastLine
    {
        get
        {
            var line = Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
            line = string.Concat(line.Select(c => char.IsControl(c) ? ' ' : c));
            return line.Length <= 200 ? line : line[..200];
        }
    }

    /// <summary>For the log: how it ended, and what it said last.</summary>
    public override string ToString()
    {
        var seconds = Took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        var how = StartError ?? (TimedOut ? $"no end within its time, ended after {seconds} s"
            : ExitStatus is { } status ? $"exit status {status} after {seconds} s"
            : Signal is { } signal ? $"killed by signal {signal} after {seconds} s"
            : $"ended after {seconds} s, nobody knows how");
        return LastLine.Length == 0 ? how : $"{how}; it said: {LastLine}";
    }
}
