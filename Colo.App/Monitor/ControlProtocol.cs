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
/// {"command":"log","after":41,"most":200}   {"ok":true,"exit":0,"log":[{"number":42,"at":...,"level":"info","text":...}]}
/// {"command":"flows","most":20}             {"ok":true,"exit":0,"flows":[{"nic":"lan","flow":...,"held_bytes":...}]}
/// {"command":"console"}                     {"ok":true,"exit":0,"from":0,"kept":2048}, and then no lines any more: see below
/// </code>
/// After the answer to <c>console</c> the connection is the guest's serial port: what the client sends the guest gets,
/// and what the guest sends comes, first of all what the node kept of it (as many bytes as <c>kept</c> says, at most
/// 64 KiB), until one side closes. A node whose guest takes no input (a secondary's) says so in <c>error</c> beside <c>"ok":true</c> and
/// throws away what is sent; after a takeover it takes it.
///
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
    /// <summary>Most entries that <c>log</c> and <c>flows</c> answer with, whatever is asked for.</summary>
    internal const int MostEntries = 500;

    /// <summary><c>status</c>, <c>failover</c>, <c>stop</c>, <c>save</c>, <c>log</c>, <c>flows</c> or <c>console</c>.</summary>
    public string? Command { get; init; }

    /// <summary>For <c>failover</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Force { get; init; }

    /// <summary>For <c>save</c>: a full path on the node's host.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Path { get; init; }

    /// <summary>For <c>log</c>: only entries with a greater number.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long After { get; init; }

    /// <summary>For <c>log</c> and <c>flows</c>: how many entries at most, 1 to 500; of the log the newest. 0: 100.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Most { get; init; }
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

    /// <summary>Entries of the log, the oldest first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LogEntry>? Log { get; init; }

    /// <summary>For <c>console</c>: how many bytes the guest had sent before those that come first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? From { get; init; }

    /// <summary>For <c>console</c>: bytes of the guest's earlier output that come first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Kept { get; init; }

    /// <summary>Flows.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FlowStatus>? Flows { get; init; }
}

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, MaxDepth = 16)]
[JsonSerializable(typeof(NodeStatus))]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlReply))]
internal sealed partial class MonitorJson : JsonSerializerContext;
