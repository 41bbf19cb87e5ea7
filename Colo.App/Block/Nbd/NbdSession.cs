using static Colo.Block.Nbd.NbdProtocol;

namespace Colo.Block.Nbd;

/// <summary>What an NBD client asks for.</summary>
public sealed record NbdClientOptions
{
    /// <summary>The export; empty: the server's default.</summary>
    public string Export { get; init; } = "";

    /// <summary>Limit of the connection and the handshake together.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Asks for 64-bit requests (EXTENDED_HEADERS); a server that does not know them is used without.</summary>
    public bool ExtendedHeaders { get; init; } = true;

    /// <summary>Asks for structured replies; without them allocation is not known.</summary>
    public bool StructuredReplies { get; init; } = true;

    /// <summary>
    /// Takes also a server that can be written to and knows no flush, where nothing is ever known to be durable. A flush
    /// is then answered at once.
    /// </summary>
    public bool AllowNoFlush { get; init; }

    /// <summary>Requests on the wire at once; more wait here.</summary>
    public int MaxRequests { get; init; } = 128;
}

/// <summary>What client and server have agreed upon.</summary>
public sealed record NbdSession
{
    /// <summary>Bytes of the export.</summary>
    public required long Size { get; init; }

    /// <summary>Transmission flags (NBD_FLAG_*).</summary>
    public required ushort Flags { get; init; }

    /// <summary>Structured replies.</summary>
    public bool Structured { get; init; }

    /// <summary>Extended headers.</summary>
    public bool Extended { get; init; }

    /// <summary>The id of base:allocation; null when the server does not tell allocation.</summary>
    public uint? AllocationContext { get; init; }

    /// <summary>Smallest unit of a request, a power of two from 1 to 65,536.</summary>
    public uint MinimumBlock { get; init; } = 1;

    /// <summary>Most bytes of data in one request; at most 32 MiB.</summary>
    public uint Payload { get; init; } = MaxPayload;

    /// <summary>Whether writes are refused.</summary>
    public bool ReadOnly => Has(TransmitReadOnly);

    internal bool Has(ushort flag) => (Flags & flag) != 0;
}

/// <summary>A server that does not speak as NBD asks, refuses, or has gone.</summary>
public sealed class NbdException(string message) : IOException(message);
