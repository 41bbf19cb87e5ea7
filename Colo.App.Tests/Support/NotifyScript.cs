using System.Globalization;

namespace Colo.Tests.Support;

/// <summary>A <c>notify-command</c> that writes down what it is run for.</summary>
internal sealed class NotifyScript : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-notify-");

    internal NotifyScript()
    {
        var path = Path.Combine(_folder.FullName, "tell");
        File.WriteAllText(path, """
            #!/bin/sh
            echo "$COLO_EVENT|$COLO_VM|$COLO_ROLE|$COLO_STATE|$COLO_PEER|$COLO_EPOCH|$COLO_AT|$COLO_REASON" >>"$1"

            """);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>What a node is started with.</summary>
    internal string SettingFor(char node) => $"failover:notify-command={_folder.FullName}/tell {Of(node)}";

    /// <summary>What a node has told so far, the oldest first.</summary>
    internal IReadOnlyList<Told> Read(char node) => File.Exists(Of(node)) ? [.. File.ReadAllLines(Of(node)).Select(Told.Parse)] : [];

    /// <summary>Waits until a node has told all of these, and nothing else, in this order.</summary>
    /// <param name="node">The node.</param>
    /// <param name="limit">For the last of them to come.</param>
    /// <param name="expected">An event, and the role and the state after it: <c>took-over primary unprotected</c>.</param>
    internal IReadOnlyList<Told> WaitFor(char node, TimeSpan limit, params string[] expected)
    {
        PairFixture.Until(limit, () => Read(node).Count >= expected.Length);
        var told = Read(node);
        Assert.Equal(expected, told.Select(t => $"{t.Event} {t.Role} {t.State}"));
        return told;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Of(char node) => Path.Combine(_folder.FullName, $"node-{node}");

    /// <summary>One run.</summary>
    internal sealed record Told(string Event, string Vm, string Role, string State, string Peer, long Epoch, DateTimeOffset At, string Reason)
    {
        internal static Told Parse(string line)
        {
            var parts = line.Split('|', 8);
            return new Told(
                parts[0], parts[1], parts[2], parts[3], parts[4], long.Parse(parts[5], NumberStyles.None, CultureInfo.InvariantCulture),
                DateTimeOffset.ParseExact(parts[6], "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal), parts[7]);
        }
    }
}
