using System.Text;
using Colo.Monitor;
using Colo.Tests.Block;

namespace Colo.Tests.Monitor;

public sealed class MetricsTests
{
    [Fact]
    public void Every_figure_of_a_status_is_there_in_seconds_and_bytes()
    {
        var text = Parse(ControlFixture.Example(), new());
        Assert.Equal(1, text["colo_build_info{version=\"0.1.0\",vm=\"web1\"}"]);
        Assert.Equal([0, 0, 0, 1, 0], new[] { "starting", "unprotected", "syncing", "protected", "stopped" }.Select(s => text[$"colo_state{{state=\"{s}\"}}"]));
        Assert.Equal((1, 0, 0), (text["colo_role{role=\"primary\"}"], text["colo_role{role=\"secondary\"}"], text["colo_role{role=\"standalone\"}"]));
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 10, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds(), text["colo_state_since_timestamp_seconds"]);
        Assert.Equal((3700, 1234, 1), (text["colo_uptime_seconds"], text["colo_epoch"], text["colo_attention"]));
        Assert.Equal((1, 0.00021, 0.012), (text["colo_peer_connected"], text["colo_peer_rtt_seconds"], text["colo_peer_last_heard_seconds"]));
        Assert.Equal([1, 2, 3, 4, 6], new[] { "divergence", "interval", "queue", "planned", "sync" }.Select(r => text[$"colo_checkpoint_total{{reason=\"{r}\"}}"]));
        Assert.Equal((3 << 20, 1000, 990, 10), (text["colo_checkpoint_sent_bytes_total"], text["colo_compare_released_total"], text["colo_compare_matched_total"], text["colo_compare_diverged_total"]));
        Assert.Equal((2, 3000, 5), (text["colo_compare_held_frames"], text["colo_compare_held_bytes"], text["colo_compare_flows"]));
        Assert.Equal(0.002, text["colo_compare_hold_seconds{quantile=\"0.99\"}"]);
        Assert.Equal((1 << 30, 4096, 0.995), (text["colo_disk_size_bytes{disk=\"root\"}"], text["colo_disk_pending_bytes{disk=\"root\"}"], text["colo_disk_sync_ratio{disk=\"root\"}"]));
        Assert.Equal([1, 2, 3, 4, 5], new[] { "receive_packets", "receive_bytes", "transmit_packets", "transmit_bytes", "dropped" }.Select(n => text[$"colo_nic_{n}_total{{nic=\"lan\"}}"]));
        Assert.Equal((1, 0.043), (text["colo_failover_total"], text["colo_failover_last_duration_seconds"]));
        Assert.DoesNotContain("colo_disk_sync_left_seconds", text.Families);
    }

    [Fact]
    public void A_histogram_counts_a_sample_at_its_bound_and_below_and_keeps_the_sum()
    {
        var histograms = new CheckpointHistograms();
        foreach (var us in new long[] { 0, 500, 501, 1_000, 9_999_999, 10_000_001 })
            histograms.PauseUs.Add(us);
        histograms.DirtyPages.Add(17);
        var text = Parse(ControlFixture.Example(), histograms);
        Assert.Equal(2, text["colo_checkpoint_pause_seconds_bucket{le=\"0.0005\"}"]);
        Assert.Equal(4, text["colo_checkpoint_pause_seconds_bucket{le=\"0.001\"}"]);
        Assert.Equal(5, text["colo_checkpoint_pause_seconds_bucket{le=\"10\"}"]);
        Assert.Equal(6, text["colo_checkpoint_pause_seconds_bucket{le=\"+Inf\"}"]);
        Assert.Equal(20.002001, text["colo_checkpoint_pause_seconds_sum"], 9);
        Assert.Equal((0, 1, 17), (text["colo_checkpoint_dirty_pages_bucket{le=\"16\"}"], text["colo_checkpoint_dirty_pages_bucket{le=\"64\"}"], text["colo_checkpoint_dirty_pages_sum"]));
        Assert.Equal(0, text["colo_checkpoint_commit_seconds_count"]);
    }

    [Fact]
    public void Each_role_has_the_states_of_its_own_and_an_unknown_state_is_told()
    {
        Assert.Equal(1, Parse(ControlFixture.Example() with { Role = "secondary", State = "waiting" }, null)["colo_state{state=\"waiting\"}"]);
        var text = Parse(ControlFixture.Example() with { Role = "standalone", State = "dreaming", Peer = new(), Disk = [], Nic = [], Failover = new() }, null);
        Assert.Equal((0, 1), (text["colo_state{state=\"running\"}"], text["colo_state{state=\"dreaming\"}"]));
        Assert.DoesNotContain(text.Families, f => f.StartsWith("colo_peer", StringComparison.Ordinal) || f.StartsWith("colo_disk", StringComparison.Ordinal) || f.Contains("pause", StringComparison.Ordinal));
    }

    [Fact]
    public void Names_in_labels_are_escaped()
    {
        var status = ControlFixture.Example() with { Vm = "a\"b\\c\nd" };
        Assert.Equal(1, Parse(status, null)["colo_build_info{version=\"0.1.0\",vm=\"a\\\"b\\\\c\\nd\"}"]);
    }

    [Fact]
    public void A_reader_beside_the_writer_never_sees_a_count_go_down()
    {
        var histogram = new Histogram(10, 20, 30);
        using var stop = new CancellationTokenSource();
        var writer = Task.Run(() =>
        {
            for (long i = 0; !stop.IsCancellationRequested; i++)
                histogram.Add(i % 40);
        });
        Span<long> before = stackalloc long[4], now = stackalloc long[4];
        for (var i = 0; i < 10_000; i++)
        {
            histogram.Read(now);
            for (var b = 0; b < 4; b++)
                Assert.True(now[b] >= before[b] && (b == 0 || now[b] >= now[b - 1]));
            now.CopyTo(before);
        }

        stop.Cancel();
        writer.Wait();
    }

    [Fact]
    public void Adding_to_a_histogram_allocates_nothing()
    {
        var histograms = new CheckpointHistograms();
        histograms.PauseUs.Add(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 5000; i++)
            histograms.PauseUs.Add(i);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Throws<ArgumentException>(() => new Histogram(1, 1));
    }

    [ToolFact("promtool")]
    public void Promtool_finds_nothing_to_object_to()
    {
        var histograms = new CheckpointHistograms();
        histograms.PauseUs.Add(1234);
        foreach (var status in new[] { ControlFixture.Example(), ControlFixture.Example() with { Role = "standalone", State = "running", Peer = new(), Disk = [], Nic = [] } })
        {
            var file = Path.GetTempFileName();
            File.WriteAllBytes(file, Metrics.Write(status, histograms));
            var (exit, output, error) = ColoBinary.RunProgram("/bin/sh", "-c", $"/usr/bin/promtool check metrics < {file}");
            File.Delete(file);
            Assert.Equal((0, "", ""), (exit, output, error));
        }
    }

    internal static PrometheusText Parse(NodeStatus status, CheckpointHistograms? histograms) =>
        new(Encoding.UTF8.GetString(Metrics.Write(status, histograms)));
}
