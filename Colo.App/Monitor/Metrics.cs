namespace Colo.Monitor;

/// <summary>What a node's status is in Prometheus' names: seconds and bytes, counters that end in <c>_total</c>.</summary>
internal static class Metrics
{
    private const double Microsecond = 1e-6;

    private static readonly string[] Roles = ["primary", "secondary", "standalone"];

    private static string[] States(string role) => role switch
    {
        "primary" => ["starting", "unprotected", "syncing", "protected", "stopped"],
        "secondary" => ["waiting", "syncing", "protected"],
        _ => ["starting", "running", "stopped"],
    };

    /// <summary>The text for a scrape.</summary>
    /// <param name="status">What the node does.</param>
    /// <param name="histograms">Its checkpoints; null where there are none (standalone).</param>
    internal static byte[] Write(NodeStatus status, CheckpointHistograms? histograms)
    {
        var text = new MetricsText();
        Node(text, status);
        Peer(text, status.Peer);
        Checkpoints(text, status.Checkpoint, histograms);
        Compare(text, status.Compare);
        Disks(text, status.Disk);
        Nics(text, status.Nic);
        Failovers(text, status.Failover);
        return text.ToBytes();
    }

    private static void Node(MetricsText text, NodeStatus status)
    {
        text.Family("colo_build_info", "gauge", "The program and the guest it runs; always 1.").Sample(1, ("version", status.Version), ("vm", status.Vm));
        OneOf(text.Family("colo_role", "gauge", "What the node is: 1 for the role it has."), "role", Roles, status.Role);
        OneOf(text.Family("colo_state", "gauge", "The state of the role: 1 for the state the node is in."), "state", States(status.Role), status.State);
        text.One("colo_state_since_timestamp_seconds", "gauge", "When this state was entered, Unix time.", Unix(status.Since));
        text.One("colo_uptime_seconds", "gauge", "Seconds since the node started.", status.UptimeS);
        text.One("colo_epoch", "gauge", "The checkpoint that the guest goes on from.", status.Epoch);
        text.One("colo_attention", "gauge", "1 while there is something that the operator should look at (colo status tells what).", status.Attention is null ? 0 : 1);
        text.One("colo_guest_memory_bytes", "gauge", "Memory of the guest.", status.Guests.MemoryBytes);
        text.One("colo_guest_vcpus", "gauge", "vCPUs of the guest.", status.Guests.Cpus);
    }

    private static void Peer(MetricsText text, PeerStatus peer)
    {
        if (peer.Address is not { } address)
            return;
        text.Family("colo_peer_info", "gauge", "Address of the other node; always 1.").Sample(1, ("address", address));
        text.One("colo_peer_connected", "gauge", "1 while the link to the other node is up.", peer.Connected ? 1 : 0);
        if (peer.RttUs is { } rtt)
            text.One("colo_peer_rtt_seconds", "gauge", "Round trip over the link; absent while it is not known.", rtt * Microsecond);
        if (peer.LastHeardMs is { } heard)
            text.One("colo_peer_last_heard_seconds", "gauge", "Seconds since the last sign of life of the other node; absent before the first.", heard * 1e-3);
    }

    private static void Checkpoints(MetricsText text, CheckpointStatus checkpoint, CheckpointHistograms? histograms)
    {
        var reasons = checkpoint.ByReason;
        text.Family("colo_checkpoint_total", "counter", "Checkpoints completed, by what asked for them.")
            .Sample(reasons.Divergence, ("reason", "divergence"))
            .Sample(reasons.Interval, ("reason", "interval"))
            .Sample(reasons.Queue, ("reason", "queue"))
            .Sample(reasons.Planned, ("reason", "planned"))
            .Sample(reasons.Sync, ("reason", "sync"));
        text.One("colo_checkpoint_sent_bytes_total", "counter", "Bytes sent for checkpoints.", checkpoint.BytesSent);
        if (histograms is null)
            return;
        text.Family("colo_checkpoint_pause_seconds", "histogram", "Time in which the primary's vCPUs did not run for a checkpoint; the first sync excluded.")
            .Samples(histograms.PauseUs, Microsecond);
        text.Family("colo_checkpoint_commit_seconds", "histogram", "From the pause's start to the secondary's acknowledgement; the first sync excluded.")
            .Samples(histograms.CommitUs, Microsecond);
        text.Family("colo_checkpoint_dirty_pages", "histogram", "Pages of 4 KiB sent for one checkpoint; the first sync excluded.")
            .Samples(histograms.DirtyPages, 1);
    }

    private static void Compare(MetricsText text, CompareStatus compare)
    {
        text.One("colo_compare_released_total", "counter", "Frames of the guest that left for the network.", compare.Released);
        text.One("colo_compare_matched_total", "counter", "Frames released because the secondary had sent the equivalent.", compare.Matched);
        text.One("colo_compare_diverged_total", "counter", "Divergences found between the outputs of both guests.", compare.Diverged);
        text.One("colo_compare_held_frames", "gauge", "Frames held now until the secondary agrees or a checkpoint covers them.", compare.Held);
        text.One("colo_compare_held_bytes", "gauge", "Bytes in the frames held now.", compare.HeldBytes);
        text.One("colo_compare_flows", "gauge", "Flows of the comparison known now.", compare.Flows);
        text.Family("colo_compare_hold_seconds", "summary", "For how long frames were held.")
            .Sample(compare.HoldUs.P50 * Microsecond, ("quantile", "0.5"))
            .Sample(compare.HoldUs.P99 * Microsecond, ("quantile", "0.99"));
    }

    private static void Disks(MetricsText text, IReadOnlyList<DiskStatus> disks)
    {
        void Each(string name, string type, string help, Func<DiskStatus, double?> value) =>
            Family(text, name, type, help, "disk", disks, d => d.Name, value);

        Each("colo_disk_size_bytes", "gauge", "Size of the disk.", d => d.Size);
        Each("colo_disk_pending_bytes", "gauge", "Bytes written and not yet in a checkpoint of the secondary.", d => d.Pending);
        Each("colo_disk_replicated_bytes_total", "counter", "Bytes sent to the secondary; on a secondary, received.", d => d.Replicated);
        Each("colo_disk_sync_ratio", "gauge", "How much of the secondary's image is equal, 0 to 1.", d => d.SyncPercent / 100);
        Each("colo_disk_sync_bytes_per_second", "gauge", "Rate of a sync under way; 0 without one.", d => d.SyncBytesPerS);
        Each("colo_disk_sync_left_seconds", "gauge", "Seconds that a sync under way will still take; absent while that is not known.", d => d.SyncLeftS);
        Each("colo_disk_changed_bytes", "gauge", "Bytes of the image in which the other node's may differ: what a resync would compare.", d => d.Changed);
    }

    private static void Nics(MetricsText text, IReadOnlyList<NicStatus> nics)
    {
        void Each(string name, string help, Func<NicStatus, double?> value) =>
            Family(text, name, "counter", help, "nic", nics, n => n.Name, value);

        Each("colo_nic_receive_packets_total", "Frames received by the guest.", n => n.RxPackets);
        Each("colo_nic_receive_bytes_total", "Bytes received by the guest.", n => n.RxBytes);
        Each("colo_nic_transmit_packets_total", "Frames sent by the guest.", n => n.TxPackets);
        Each("colo_nic_transmit_bytes_total", "Bytes sent by the guest.", n => n.TxBytes);
        Each("colo_nic_dropped_total", "Frames dropped, in either direction.", n => n.Dropped);
    }

    private static void Failovers(MetricsText text, FailoverStatus failover)
    {
        text.One("colo_failover_total", "counter", "Takeovers and switchovers since the node started.", failover.Count);
        if (failover.Last is not { } last)
            return;
        text.One("colo_failover_last_timestamp_seconds", "gauge", "When the last one was decided, Unix time; absent before the first.", Unix(last.At));
        if (last.DurationUs is { } us)
            text.One("colo_failover_last_duration_seconds", "gauge", "For how long the guest was not heard; absent before the first, and where it is not known.", us * Microsecond);
    }

    private static void OneOf(MetricsText family, string label, string[] known, string now)
    {
        foreach (var name in known)
            family.Sample(name == now ? 1 : 0, (label, name));
        // A state that this list does not know is told all the same.
        if (!known.Contains(now))
            family.Sample(1, (label, now));
    }

    private static void Family<T>(
        MetricsText text, string name, string type, string help, string label, IReadOnlyList<T> items, Func<T, string> key, Func<T, double?> value)
    {
        if (!items.Any(i => value(i) is not null))
            return;
        text.Family(name, type, help);
        foreach (var item in items)
        {
            if (value(item) is { } number)
                text.Sample(number, (label, key(item)));
        }
    }

    private static double Unix(DateTimeOffset at) => at.ToUnixTimeMilliseconds() * 1e-3;
}
