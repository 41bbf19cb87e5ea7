using System.Net;

namespace Colo.Demo;

/// <summary>What a <see cref="LoadGenerator"/> asks of the guest, and how often.</summary>
public sealed record LoadSettings
{
    /// <summary>The guest.</summary>
    public IPAddress Target { get; init; } = DemoNetwork.GuestAddress;

    /// <summary>Decides lengths, contents and times; printed so that a run can be repeated.</summary>
    public int Seed { get; init; } = Environment.TickCount;

    /// <summary>TCP connections to the echo service.</summary>
    public int Echo { get; init; }

    /// <summary>TCP connections to the key-value store: SET, GET, INCR in turn.</summary>
    public int Resp { get; init; }

    /// <summary>TCP connections that fetch /count. All the counts together are checked: each once, none missing.</summary>
    public int Count { get; init; }

    /// <summary>TCP connections that fetch /tsc.</summary>
    public int Tsc { get; init; }

    /// <summary>Requests after which each /tsc connection is done; 0: no end.</summary>
    public int TscRequests { get; init; }

    /// <summary>Whether numbered UDP datagrams go to the echo service.</summary>
    public bool Udp { get; init; }

    /// <summary>Whether ICMP echo requests are sent (a raw socket: root).</summary>
    public bool Ping { get; init; }

    /// <summary>Mean time between two requests of a connection. Each is drawn between half of it and one and a half.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>The longest request, in bytes (at least 32).</summary>
    public int MaxBytes { get; init; } = 2_000;

    /// <summary>Requests that a connection sends ahead of their replies.</summary>
    public int Depth { get; init; } = 4;

    /// <summary>TCP and UDP port of the echo service.</summary>
    public int EchoPort { get; init; } = 7;

    /// <summary>Port of the key-value store.</summary>
    public int RespPort { get; init; } = 6379;

    /// <summary>Port of the HTTP service.</summary>
    public int HttpPort { get; init; } = 80;
}

/// <summary>What one flow of a load saw.</summary>
/// <param name="Kind">echo, resp, count, tsc, udp or ping.</param>
/// <param name="Index">The number among those of its kind, from 0.</param>
/// <param name="Sent">Requests sent.</param>
/// <param name="Replies">Replies that came and were right.</param>
/// <param name="Outstanding">Requests without a reply yet.</param>
/// <param name="LongestGapUs">The longest time from a request to its reply, or to now where it has not come; since the last reset, in microseconds.</param>
/// <param name="Duplicates">Datagrams that came again.</param>
/// <param name="Error">What went wrong, or null.</param>
public sealed record FlowReport(
    string Kind, int Index, long Sent, long Replies, long Outstanding, long LongestGapUs, long Duplicates, string? Error);

/// <summary>What a load saw.</summary>
/// <param name="Flows">Each flow.</param>
/// <param name="ByKind">Reply times by kind of flow, since the last reset.</param>
/// <param name="Seconds">Time since the last reset.</param>
/// <param name="DuplicateTimes">When datagrams came again (<see cref="Colo.Linux.MonotonicClock"/>), at most 1,000.</param>
/// <param name="Errors">All that went wrong, with flow, place, expected and got.</param>
public sealed record LoadReport(
    IReadOnlyList<FlowReport> Flows,
    IReadOnlyDictionary<string, LatencySummary> ByKind,
    double Seconds,
    IReadOnlyList<long> DuplicateTimes,
    IReadOnlyList<string> Errors)
{
    /// <summary>The longest gap over all TCP flows, in microseconds.</summary>
    public long LongestTcpGapUs => Flows.Where(f => f.Kind is not ("udp" or "ping")).Select(f => f.LongestGapUs).DefaultIfEmpty().Max();

    /// <summary>Right replies of all flows since the start.</summary>
    public long Replies => Flows.Sum(f => f.Replies);

    /// <summary>Flows of one kind.</summary>
    public IEnumerable<FlowReport> Of(string kind) => Flows.Where(f => f.Kind == kind);
}

/// <summary>Reply times in microseconds.</summary>
/// <param name="Count">Replies.</param>
/// <param name="P50">Median.</param>
/// <param name="P99">What 99 of 100 do not exceed.</param>
/// <param name="Max">The longest.</param>
public sealed record LatencySummary(long Count, long P50, long P99, long Max);
