using System.Text.Json;
using Colo.Monitor;

namespace Colo.Tests.Monitor;

public sealed class NodeStatusTests
{
    // The names that scripts rely on (docs/commands.md).
    private static readonly string[] Names =
    [
        "vm", "version", "role", "state", "since", "epoch", "uptime_s", "pid",
        "peer.address", "peer.connected", "peer.rtt_us", "peer.last_heard_ms",
        "checkpoint.count",
        "checkpoint.by_reason.divergence", "checkpoint.by_reason.interval", "checkpoint.by_reason.queue",
        "checkpoint.by_reason.planned", "checkpoint.by_reason.sync",
        "checkpoint.pause_us.last", "checkpoint.pause_us.p50", "checkpoint.pause_us.p99", "checkpoint.pause_us.max",
        "checkpoint.commit_us.last", "checkpoint.commit_us.p50", "checkpoint.commit_us.p99", "checkpoint.commit_us.max",
        "checkpoint.dirty_pages.last", "checkpoint.dirty_pages.p50", "checkpoint.dirty_pages.p99", "checkpoint.dirty_pages.max",
        "checkpoint.bytes_sent",
        "compare.released", "compare.matched", "compare.diverged", "compare.held", "compare.held_bytes",
        "compare.hold_us.p50", "compare.hold_us.p99", "compare.flows",
        "disk[].name", "disk[].size", "disk[].pending", "disk[].replicated", "disk[].sync_percent",
        "disk[].sync_bytes_per_s", "disk[].sync_left_s", "disk[].changed",
        "nic[].name", "nic[].mac", "nic[].rx_packets", "nic[].rx_bytes", "nic[].tx_packets", "nic[].tx_bytes", "nic[].dropped",
        "failover.count", "failover.last.at", "failover.last.reason", "failover.last.duration_us",
        "failover.history[].at", "failover.history[].reason", "failover.history[].duration_us",
        "guests.here", "guests.there", "guests.memory_bytes", "guests.cpus",
        "undecided.rule", "undecided.record",
        "attention.what", "attention.did", "attention.todo", "attention.since",
    ];

    [Fact]
    public void The_json_has_exactly_the_names_of_the_contract()
    {
        var json = JsonSerializer.SerializeToElement(ControlFixture.Example(), MonitorJson.Default.NodeStatus);
        Assert.Equal(Names, Leaves(json, ""));
    }

    [Fact]
    public void A_node_that_has_just_started_has_the_same_shape()
    {
        var json = JsonSerializer.SerializeToElement(new NodeStatus(), MonitorJson.Default.NodeStatus);
        Assert.Equal(
            Names.Where(n => !n.Contains("[]", StringComparison.Ordinal) && !n.StartsWith("failover.last.", StringComparison.Ordinal)
                && !n.StartsWith("attention.", StringComparison.Ordinal) && !n.StartsWith("undecided.", StringComparison.Ordinal))
                .Concat(["failover.last", "undecided", "attention"]).Order(),
            Leaves(json, "").Order());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("peer").GetProperty("rtt_us").ValueKind);
        Assert.Equal(0, json.GetProperty("disk").GetArrayLength());
    }

    [Fact]
    public void Values_are_plain_json()
    {
        var json = JsonSerializer.SerializeToElement(ControlFixture.Example(), MonitorJson.Default.NodeStatus);
        Assert.Equal("2026-11-22T10:00:00+00:00", json.GetProperty("since").GetString());
        Assert.Equal(2500, json.GetProperty("checkpoint").GetProperty("pause_us").GetProperty("p99").GetInt64());
        Assert.Equal(99.5, json.GetProperty("disk")[0].GetProperty("sync_percent").GetDouble());
        Assert.True(json.GetProperty("peer").GetProperty("connected").GetBoolean());
    }

    [Fact]
    public void A_status_with_more_or_less_in_it_can_be_read()
    {
        var reply = new ControlReply { Ok = true, Status = JsonDocument.Parse("""{"vm":"x","new":{"a":1},"checkpoint":{"count":3}}""").RootElement };
        var status = ControlClient.ReadStatus(reply)!;
        Assert.Equal(("x", 3), (status.Vm, status.Checkpoint.Count));
        // Also what an older node does not say can be shown.
        Assert.NotEmpty(Colo.Cli.StatusPage.Write(status, DateTimeOffset.UnixEpoch));
        Assert.Equal((0, 0, "unknown"), (status.Disk.Count, status.Failover.History.Count, status.Guests.There));
        Assert.Null(ControlClient.ReadStatus(new() { Ok = true, Status = JsonDocument.Parse("""{"vm":7}""").RootElement }));
        Assert.Null(ControlClient.ReadStatus(new() { Ok = true }));
    }

    [Fact]
    public void A_duration_that_is_not_known_is_null_and_no_figure_anywhere()
    {
        FailoverEvent last = new() { At = new(2026, 11, 22, 9, 59, 0, TimeSpan.Zero), Reason = "planned switchover" };
        var status = ControlFixture.Example() with { Failover = new() { Count = 1, Last = last, History = [last] } };
        var json = JsonSerializer.SerializeToElement(status, MonitorJson.Default.NodeStatus);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("failover").GetProperty("last").GetProperty("duration_us").ValueKind);
        Assert.Contains("planned switchover\n", Colo.Cli.StatusPage.Write(status, DateTimeOffset.UnixEpoch), StringComparison.Ordinal);
        var metrics = System.Text.Encoding.UTF8.GetString(Metrics.Write(status, null));
        Assert.Contains("\ncolo_failover_last_timestamp_seconds ", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("colo_failover_last_duration_seconds", metrics, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Leaves(JsonElement element, string name) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => Leaves(p.Value, name.Length == 0 ? p.Name : $"{name}.{p.Name}")),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(e => Leaves(e, name + "[]")),
        _ => [name],
    };
}
