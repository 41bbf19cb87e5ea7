namespace Colo.Block.Nbd;

/// <summary>A disk as an NBD server offers it.</summary>
/// <param name="Name">What a client asks for, at most 4,096 bytes of UTF-8. The empty name is the default export.</param>
/// <param name="Backend">The disk. Whoever made it disposes it, after the server has stopped.</param>
public sealed record NbdExport(string Name, IBlockBackend Backend)
{
    /// <summary>For people; sent to a client that asks.</summary>
    public string Description { get; init; } = "";

    /// <summary>Smallest unit and alignment of a request, a power of two from 1 to 65,536. Other requests are refused with EINVAL.</summary>
    public uint MinimumBlock { get; init; } = 1;

    /// <summary>Whether the backend heeds <see cref="BlockRequest.OnlyIfFast"/>.</summary>
    public bool FastZero { get; init; } = true;

    /// <summary>
    /// Whether several connections may write at once: a flush on one then has to cover what was completed on any. True
    /// for each backend that keeps the promise of <see cref="BlockOperation.Flush"/>.
    /// </summary>
    public bool MultiConnection { get; init; } = true;
}

/// <summary>Limits of an NBD server, which protect it from its clients and them from each other.</summary>
public sealed record NbdServerOptions
{
    /// <summary>Connections at once; one more is closed.</summary>
    public int MaxConnections { get; init; } = 64;

    /// <summary>Requests of one connection at once, answers that are not sent included; more wait in the socket.</summary>
    public int MaxRequests { get; init; } = 128;

    /// <summary>Bytes of data that all connections hold at once; at least 32 MiB. More wait in their sockets.</summary>
    public long MemoryBudget { get; init; } = 256L << 20;

    /// <summary>Bytes of data that one connection holds at once, unless it is a single request.</summary>
    public long ConnectionBudget { get; init; } = 64L << 20;

    /// <summary>From the connection to the end of the handshake.</summary>
    public TimeSpan HandshakeLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a client may be in the middle of one message while others wait for memory. It is then closed.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// TLS, which a client then has to begin (STARTTLS) before it is told or given anything; null: none. Only with
    /// transports that are <see cref="NbdSocket"/>s.
    /// </summary>
    public NbdTls? Tls { get; init; }

    /// <summary>How long a stop waits for clients to take their answers.</summary>
    public TimeSpan StopLimit { get; init; } = TimeSpan.FromSeconds(5);
}
