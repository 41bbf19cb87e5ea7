using System.Text.Json;
using Colo.Configuration;

namespace Colo.Arbiter;

/// <summary>Whom the arbiter's record names: a generation belongs to one node.</summary>
/// <param name="Generation">Grows with every claim, from 1.</param>
/// <param name="Owner">The node that may speak in it.</param>
public readonly record struct ArbiterOwner(ulong Generation, NodeId Owner)
{
    /// <inheritdoc/>
    public override string ToString() => $"generation {Generation} of node {(Owner == NodeId.A ? 'a' : 'b')}";
}

/// <summary>
/// The one record that the arbiter keeps of a pair. As JSON, the value of the pair's key in etcd:
/// <code>
/// {"generation":7,"owner":"a","instance":"5f…","at":"2026-11-26T12:00:00+00:00","claim":"0123…"}
/// </code>
/// Members that this version does not know are passed over; one that is missing, or a value out of its bounds, makes it
/// somebody else's value, which is never overwritten.
/// </summary>
/// <param name="Owner">Generation and node.</param>
/// <param name="Instance">Which run of the node claimed it: 1 to 64 printable ASCII characters.</param>
/// <param name="At">When, by the claimant's clock: for people, never compared.</param>
/// <param name="Claim">128 random bits in hexadecimal, new for each claim: by these a claimant knows its own record again.</param>
public sealed record ArbiterRecord(ArbiterOwner Owner, string Instance, DateTimeOffset At, string Claim)
{
    internal const int InstanceLimit = 64;
    private const int ClaimLength = 32;

    internal static bool IsInstance(string? text) => text is { Length: > 0 and <= InstanceLimit } && text.All(c => c is > ' ' and <= '~');

    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(
        new ArbiterRecordJson
        {
            Generation = Owner.Generation,
            Owner = Owner.Owner == NodeId.A ? "a" : "b",
            Instance = Instance,
            At = At,
            Claim = Claim,
        },
        EtcdJson.Default.ArbiterRecordJson);

    /// <summary>Reads a value; null when it is none of ours.</summary>
    internal static ArbiterRecord? TryParse(ReadOnlySpan<byte> json)
    {
        try
        {
            var read = JsonSerializer.Deserialize(json, EtcdJson.Default.ArbiterRecordJson);
            if (read is not { Generation: > 0, Owner: "a" or "b", At: { } at, Claim.Length: ClaimLength } || !IsInstance(read.Instance) || !read.Claim.All(char.IsAsciiHexDigitLower))
                return null;
            return new(new(read.Generation, read.Owner == "a" ? NodeId.A : NodeId.B), read.Instance!, at, read.Claim);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The record as it is written.</summary>
internal sealed record ArbiterRecordJson
{
    public ulong Generation { get; init; }

    public string? Owner { get; init; }

    public string? Instance { get; init; }

    public DateTimeOffset? At { get; init; }

    public string? Claim { get; init; }
}
