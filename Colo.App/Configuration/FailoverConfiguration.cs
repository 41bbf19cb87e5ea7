namespace Colo.Configuration;

/// <summary>What a secondary does when its primary falls silent and nobody else can be asked.</summary>
public enum SilencePolicy
{
    /// <summary>Waits for the operator: never two voices.</summary>
    Wait,

    /// <summary>Takes over, by the operator's own decision: a broken link alone may then lead to two voices.</summary>
    Takeover,
}

/// <summary>How the loss of a node is found and dealt with: section <c>[failover]</c>.</summary>
/// <param name="Heartbeat">Time between two signs of life, 5 ms to 10 s.</param>
/// <param name="Timeout">Silence after which the peer counts as lost, 20 ms to 60 s, at least three heartbeats.</param>
/// <param name="Arbiter">The etcd that decides who may speak; null without one.</param>
/// <param name="FenceCommand">Command that makes sure that the peer is off; null without one.</param>
/// <param name="Silence">What a secondary does on silence with neither arbiter nor fence command.</param>
/// <param name="Slow">A secondary further behind than this is dismissed, 100 ms to 1 h, at least <paramref name="Timeout"/>.</param>
/// <param name="NotifyCommand">Command run at every change of state; null without one.</param>
public sealed record FailoverConfiguration(
    TimeSpan Heartbeat,
    TimeSpan Timeout,
    ArbiterConfiguration? Arbiter,
    string? FenceCommand,
    SilencePolicy Silence,
    TimeSpan Slow,
    string? NotifyCommand)
{
    internal static FailoverConfiguration Read(SectionReader s) => new(
        s.Time("heartbeat", TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(5), TimeSpan.FromSeconds(10)),
        s.Time("timeout", TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(60)),
        ArbiterConfiguration.Read(s),
        ReadCommand(s, "fence-command"),
        s.Choice("silence", SilencePolicy.Wait, ("wait", SilencePolicy.Wait), ("takeover", SilencePolicy.Takeover)),
        s.Time("slow", TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
        ReadCommand(s, "notify-command"));

    private static string? ReadCommand(SectionReader s, string key) =>
        s.Value(key, (string?)null, "the full path of a program, with arguments if it takes any", (string text, out string? value) =>
        {
            value = text;
            return text.Length is > 1 and <= 4095 && text[0] == '/' && text[1] != ' ';
        });
}
