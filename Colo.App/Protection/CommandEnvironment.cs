using Colo.Linux;

namespace Colo.Protection;

/// <summary>What a command of the operator has as environment.</summary>
internal static class CommandEnvironment
{
    private const int ValueLimit = 1024;

    // What the service manager gives to this process alone: a child that used it would speak in the node's name.
    private static readonly string[] Withheld =
        ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "JOURNAL_STREAM"];

    /// <summary>This process's environment with <paramref name="own"/> laid over it, as <c>NAME=VALUE</c>.</summary>
    internal static IReadOnlyList<string> Merge(IReadOnlyList<KeyValuePair<string, string>> own)
    {
        var hidden = Withheld.Concat(own.Select(v => v.Key)).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. ChildProcess.OwnEnvironment().Where(entry => !hidden.Contains(entry.Split('=', 2)[0])),
            .. own.Select(v => $"{v.Key}={Plain(v.Value)}"),
        ];
    }

    // Some of it comes from the peer: a zero would cut it, a line end would make two lines of one in a script's log.
    private static string Plain(string value) =>
        string.Concat(value.Take(ValueLimit).Select(c => char.IsControl(c) ? ' ' : c));
}
