using System.Text.Json;
using System.Text.Json.Serialization;

namespace Colo.Monitor;

/// <summary>
/// The control socket's protocol. A Unix stream socket; each request is one line of JSON, each answer one line of
/// JSON; several requests may follow each other on a connection. The answer names the exit status of the command.
/// <code>
/// {"command":"status"}                      {"ok":true,"exit":0,"status":{...}}
/// {"command":"failover","force":false}      {"ok":false,"error":"the primary is alive","exit":3}
/// {"command":"stop"}                        {"ok":true,"exit":0}
/// {"command":"save","path":"/full/path"}    {"ok":true,"exit":0}
/// </code>
/// A member that the receiver does not know is passed over, so that the two may be of different releases. What is no
/// such line is answered with an error, and the connection is closed.
/// </summary>
public static class ControlProtocol
{
    /// <summary>Longest request in bytes, its line end included.</summary>
    public const int RequestLimit = 8192;

    /// <summary>Longest answer in bytes, its line end included.</summary>
    public const int ReplyLimit = 1 << 20;

    internal static byte[] Line<T>(T message, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(message, type), (byte)'\n'];
}

/// <summary>A request on the control socket.</summary>
public sealed record ControlRequest
{
    /// <summary><c>status</c>, <c>failover</c>, <c>stop</c> or <c>save</c>.</summary>
    public string? Command { get; init; }

    /// <summary>For <c>failover</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Force { get; init; }

    /// <summary>For <c>save</c>: a full path on the node's host.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Path { get; init; }
}

/// <summary>An answer on the control socket.</summary>
public sealed record ControlReply
{
    /// <summary>True when the command is done.</summary>
    public bool Ok { get; init; }

    /// <summary>What went wrong.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>Exit status for the command.</summary>
    public int Exit { get; init; }

    /// <summary>The object of <see cref="NodeStatus"/>, kept as it came: a newer node may say more.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Status { get; init; }
}

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, MaxDepth = 16)]
[JsonSerializable(typeof(NodeStatus))]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlReply))]
internal sealed partial class MonitorJson : JsonSerializerContext;
