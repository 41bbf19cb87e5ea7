using System.CommandLine;
using Colo.Configuration;

namespace Colo.Cli;

/// <summary><c>colo demo</c>: a protected pair on this machine.</summary>
internal static class DemoCommand
{
    internal static Command Create()
    {
        var headless = new Option<bool>("--headless")
        {
            Description = "The story runs by itself, without the dashboard. So it does where there is no terminal",
        };
        var duration = new Option<string>("--duration")
        {
            Description = "How long the load runs, in seconds (or with a unit: 90s, 5m). Headless: 20; else until Q",
            HelpName = "S",
        };
        duration.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !TryDuration(result.Tokens[0].Value, out _))
                result.AddError("--duration takes seconds, 1 to 86400, or a time with its unit like 5m.");
        });
        var command = new CommandWithExamples(
            "demo",
            "Shows a protected pair on this machine, and kills its primary",
            """
            Two network namespaces are the hosts, a third is the client, and the built-in guest is served to
            it: load, a divergence, a kill -9 of the primary, the takeover, and a new secondary. Needs root
            and /dev/kvm, nothing else, and leaves nothing behind.

            On a terminal the dashboard shows it, with more keys: K kills the primary, S is a planned
            switchover, D a divergence, Q ends. The node that is gone comes back after four seconds as the
            secondary. At the end all replies, the wire and both disks are checked: exit status 0 or 1.
            """,
            """
            colo demo
            colo demo --headless --duration 60
            """)
        {
            headless, duration,
        };
        command.SetAction(parsed =>
        {
            return Demo.DemoCommand.Run(
                parsed.GetValue(headless),
                parsed.GetValue(duration) is { } text && TryDuration(text, out var time) ? time : null);
        });
        return command;
    }

    private static bool TryDuration(string text, out TimeSpan time)
    {
        if (ValueParsers.Number(text, out var seconds))
            time = TimeSpan.FromSeconds(seconds);
        else if (!ValueParsers.Time(text, out time))
            return false;
        return time >= TimeSpan.FromSeconds(1) && time <= TimeSpan.FromDays(1);
    }
}
