using Colo.Dashboard;
using Colo.Monitor;

namespace Colo.Demo;

/// <summary>Two lines that say what the clients of a demo see at the moment. Not for several threads.</summary>
/// <param name="startNs">When their connections were opened, in nanoseconds of <see cref="Colo.Linux.MonotonicClock"/>.</param>
internal sealed class ClientFigures(long startNs)
{
    private long _repliesBefore = -1;
    private long _timeBefore;
    private double _rate;

    /// <summary>Takes what they saw, and says it.</summary>
    /// <param name="seen">All flows.</param>
    /// <param name="nowNs">When.</param>
    /// <param name="longestBeforeUs">The longest gap of a TCP connection before the time that <paramref name="seen"/> is about.</param>
    internal IReadOnlyList<ExtraLine> Take(LoadReport seen, long nowNs, long longestBeforeUs)
    {
        if (_repliesBefore >= 0 && nowNs > _timeBefore)
            _rate = (seen.Replies - _repliesBefore) / ((nowNs - _timeBefore) * 1e-9);
        (_repliesBefore, _timeBefore) = (seen.Replies, nowNs);
        var connections = seen.Flows.Where(f => f.Kind is not ("udp" or "ping")).ToList();
        var open = connections.Count(f => f.Error is null);
        var times = seen.ByKind.Where(k => k.Key is not ("udp" or "ping")).Select(k => k.Value).ToList();
        var longest = Math.Max(longestBeforeUs, seen.LongestTcpGapUs);
        return
        [
            new("Clients", $"{open} of {connections.Count} TCP connections open for {Figures.Duration((long)((nowNs - startNs) * 1e-9))}, {Figures.Count(seen.Errors.Count)} {(seen.Errors.Count == 1 ? "error" : "errors")}",
                open == connections.Count && seen.Errors.Count == 0 ? Tone.Good : Tone.Bad),
            new("Replies", $"{Figures.Count((long)_rate)}/s, 99 % within {Figures.Time(times.Select(t => t.P99).DefaultIfEmpty().Max())}, longest gap since the start {Figures.Time(longest)}"),
        ];
    }
}
