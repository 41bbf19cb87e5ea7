using System.Text.Json;

namespace Colo.Demo;

/// <summary>What the demo reads of <c>colo status --json</c> (times in microseconds). A missing member reads as 0 or "".</summary>
public sealed record NodeStatus
{
    /// <summary>primary, secondary or standalone.</summary>
    public string Role { get; init; } = "";

    /// <summary>The state, as docs/interface.md names it.</summary>
    public string State { get; init; } = "";

    /// <summary>Checkpoints so far.</summary>
    public long Checkpoints { get; init; }

    /// <summary>Median pause of the primary's vCPUs.</summary>
    public long PauseP50 { get; init; }

    /// <summary>The pause that 99 of 100 do not exceed.</summary>
    public long PauseP99 { get; init; }

    /// <summary>Frames released to the network.</summary>
    public long Released { get; init; }

    /// <summary>Frames on which both guests agreed.</summary>
    public long Matched { get; init; }

    /// <summary>Outputs on which the guests differed.</summary>
    public long Diverged { get; init; }

    /// <summary>Takeovers of this node.</summary>
    public long Failovers { get; init; }

    /// <summary>How long the last takeover took, from the notice to the first frame.</summary>
    public long TakeoverMicroseconds { get; init; }

    /// <summary>The whole answer.</summary>
    public string Json { get; init; } = "";

    /// <summary>Reads the JSON text of a status.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static NodeStatus Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        return new NodeStatus
        {
            Role = Text(root, "role"),
            State = Text(root, "state"),
            Checkpoints = Number(root, "checkpoint", "count"),
            PauseP50 = Number(root, "checkpoint", "pause_us", "p50"),
            PauseP99 = Number(root, "checkpoint", "pause_us", "p99"),
            Released = Number(root, "compare", "released"),
            Matched = Number(root, "compare", "matched"),
            Diverged = Number(root, "compare", "diverged"),
            Failovers = Number(root, "failover", "count"),
            TakeoverMicroseconds = Number(root, "failover", "last", "duration_us"),
            Json = json,
        };
    }

    private static JsonElement? Find(JsonElement root, ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(name, out var next))
                return null;
            root = next;
        }

        return root;
    }

    private static string Text(JsonElement root, params ReadOnlySpan<string> path) =>
        Find(root, path) is { ValueKind: JsonValueKind.String } value ? value.GetString() ?? "" : "";

    private static long Number(JsonElement root, params ReadOnlySpan<string> path) =>
        Find(root, path) is { ValueKind: JsonValueKind.Number } value ? (long)value.GetDouble() : 0;
}
