using Colo.Linux;

namespace Colo.Check;

/// <summary>How a check has ended.</summary>
public enum FindingLevel
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>The node would run, and not as well as it could, or something could not be checked.</summary>
    Warning,

    /// <summary>The node would not run, or would not protect.</summary>
    Failed,
}

/// <summary>What one check has found.</summary>
/// <param name="Level">How it ended.</param>
/// <param name="Subject">What was looked at, in a word or two.</param>
/// <param name="Text">What was found.</param>
/// <param name="Mend">What to do about it; null when nothing is to be done.</param>
public sealed record Finding(FindingLevel Level, string Subject, string Text, string? Mend = null)
{
    /// <summary>One line.</summary>
    public override string ToString() =>
        $"{Level switch { FindingLevel.Ok => "ok", FindingLevel.Warning => "warning", _ => "failed" },-8} {Subject}: {Text}{(Mend is null ? "" : $"; {Mend}")}";
}

/// <summary>Collects findings in their order, and tells each as it comes.</summary>
internal sealed class Findings(Action<Finding> tell)
{
    private readonly List<Finding> _all = [];

    internal IReadOnlyList<Finding> All => _all;

    internal bool AnyFailed => _all.Exists(finding => finding.Level == FindingLevel.Failed);

    internal void Ok(string subject, string text) => Add(new Finding(FindingLevel.Ok, subject, text));

    internal void Warning(string subject, string text, string mend) => Add(new Finding(FindingLevel.Warning, subject, text, mend));

    internal void Failed(string subject, string text, string mend) => Add(new Finding(FindingLevel.Failed, subject, text, mend));

    /// <summary>For messages of the program that carry their mend already; those of a bare system call do not.</summary>
    /// <param name="subject">What was looked at.</param>
    /// <param name="e">What was met.</param>
    /// <param name="mend">What to do when it was a system call that failed.</param>
    internal void Failed(string subject, Exception e, string mend) => Add(new Finding(FindingLevel.Failed, subject, e.Message, e is LinuxException ? mend : null));

    private void Add(Finding finding)
    {
        _all.Add(finding);
        tell(finding);
    }
}
