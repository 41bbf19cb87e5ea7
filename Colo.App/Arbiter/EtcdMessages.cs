using System.Text.Json.Serialization;

namespace Colo.Arbiter;

// The messages of etcd's JSON gateway (/v3/kv), as far as they are used: names are etcd's, keys and values are in base64,
// 64-bit numbers may be strings, and what is zero, false or empty is left out.

internal sealed record EtcdHeader
{
    public ulong ClusterId { get; init; }

    public long Revision { get; init; }
}

internal sealed record EtcdKeyValue
{
    public byte[]? Key { get; init; }

    public long ModRevision { get; init; }

    public byte[]? Value { get; init; }
}

/// <summary>POST /v3/kv/range: linearizable unless it says otherwise, and it never does here.</summary>
internal sealed record EtcdRangeRequest
{
    public required byte[] Key { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public bool Serializable { get; init; }
}

/// <summary>Every answer has a header, or it is no answer of an etcd.</summary>
internal interface IEtcdAnswer
{
    EtcdHeader? Header { get; }
}

internal sealed record EtcdRangeAnswer : IEtcdAnswer
{
    public EtcdHeader? Header { get; init; }

    public EtcdKeyValue[]? Kvs { get; init; }
}

/// <summary>One comparison: by <c>MOD</c> with mod_revision, or by <c>VERSION</c> with version (0: the key is absent).</summary>
internal sealed record EtcdCompare
{
    public required byte[] Key { get; init; }

    public required string Target { get; init; }

    public string Result { get; init; } = "EQUAL";

    public long? ModRevision { get; init; }

    public long? Version { get; init; }
}

internal sealed record EtcdPut
{
    public required byte[] Key { get; init; }

    public required byte[] Value { get; init; }
}

internal sealed record EtcdOperation
{
    public EtcdPut? RequestPut { get; init; }

    public EtcdRangeRequest? RequestRange { get; init; }
}

/// <summary>POST /v3/kv/txn.</summary>
internal sealed record EtcdTxnRequest
{
    public required EtcdCompare[] Compare { get; init; }

    public required EtcdOperation[] Success { get; init; }

    public required EtcdOperation[] Failure { get; init; }
}

internal sealed record EtcdOperationAnswer
{
    // Of a put there is nothing to know but that it is there.
    public EtcdPutAnswer? ResponsePut { get; init; }

    public EtcdRangeAnswer? ResponseRange { get; init; }
}

internal sealed record EtcdPutAnswer;

internal sealed record EtcdTxnAnswer : IEtcdAnswer
{
    public EtcdHeader? Header { get; init; }

    public bool Succeeded { get; init; }

    public EtcdOperationAnswer[]? Responses { get; init; }
}

/// <summary>What comes with an HTTP status other than 200.</summary>
internal sealed record EtcdError
{
    public string? Message { get; init; }
}

/// <summary>JSON without reflection. A name given twice is malformed: two readers could take two meanings from it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    AllowDuplicateProperties = false,
    MaxDepth = 16)]
[JsonSerializable(typeof(EtcdRangeRequest))]
[JsonSerializable(typeof(EtcdRangeAnswer))]
[JsonSerializable(typeof(EtcdTxnRequest))]
[JsonSerializable(typeof(EtcdTxnAnswer))]
[JsonSerializable(typeof(EtcdError))]
[JsonSerializable(typeof(ArbiterRecordJson))]
internal sealed partial class EtcdJson : JsonSerializerContext;
