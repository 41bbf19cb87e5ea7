using Colo.Monitor;
using Colo.Proxy;

namespace Colo.Node;

/// <summary>The parts of a status that all roles share.</summary>
internal static class StatusParts
{
    internal static string Version { get; } = typeof(StatusParts).Assembly.GetName().Version?.ToString(3) ?? "0";

    internal static CheckpointStatus Checkpoints(CheckpointFigures figures) => new()
    {
        Count = figures.Count,
        ByReason = new CheckpointReasons
        {
            Divergence = figures.ByReason(CheckpointReason.Divergence),
            Interval = figures.ByReason(CheckpointReason.Interval),
            Queue = figures.ByReason(CheckpointReason.Queue),
            Planned = figures.ByReason(CheckpointReason.Planned),
            Sync = figures.ByReason(CheckpointReason.Sync),
        },
        PauseUs = figures.PauseUs.Read(),
        CommitUs = figures.CommitUs.Read(),
        DirtyPages = figures.Pages.Read(),
        BytesSent = figures.BytesSent,
    };

    internal static CompareStatus Compare(PrimaryRole? primary)
    {
        var status = new CompareStatus();
        if (primary is null)
            return status;
        var hold = new HoldHistogram();
        foreach (var nic in primary.Nics)
        {
            var figures = nic.Comparer.Statistics;
            hold.Add(figures.HoldMicroseconds);
            status = status with
            {
                Released = status.Released + figures.Released,
                Matched = status.Matched + figures.Matched,
                Diverged = status.Diverged + figures.Diverged,
                Held = status.Held + figures.Held,
                HeldBytes = status.HeldBytes + figures.HeldBytes,
                Flows = status.Flows + figures.Flows,
            };
        }

        return status with { HoldUs = new MedianAndTail(hold.Percentile(0.5), hold.Percentile(0.99)) };
    }

    internal static IReadOnlyList<FlowStatus> Flows(PrimaryRole? primary, int most)
    {
        var now = Linux.MonotonicClock.Now;
        return primary is null
            ? []
            : [.. primary.Nics.SelectMany(nic => nic.Comparer.TopFlows(most, now).Select(flow => new FlowStatus
            {
                Nic = nic.Name,
                Flow = flow.Key.ToString(),
                Held = flow.Held,
                HeldBytes = flow.HeldBytes,
                HeldUs = flow.HeldNs / 1000,
                Diverged = flow.Divergences,
            })).OrderByDescending(flow => flow.HeldBytes).ThenByDescending(flow => flow.Diverged).Take(most)];
    }

    internal static GuestsStatus Guests(GuestVm vm, string here, string there) => new()
    {
        Here = here,
        There = there,
        MemoryBytes = (long)vm.Memory.Size,
        Cpus = vm.Machine.VcpuCount,
    };

    /// <summary>Disks that nobody follows.</summary>
    internal static DiskStatus[] Disks(GuestVm vm) => [.. vm.Disks.Select(disk => new DiskStatus { Name = disk.Name, Size = disk.Size })];

    /// <summary>The network cards. On the loop's thread.</summary>
    /// <param name="vm">The guest.</param>
    /// <param name="speaks">Whether the node speaks as the guest.</param>
    /// <param name="primary">Whose gate may have been full; null: there is none.</param>
    internal static NicStatus[] Nics(GuestVm vm, bool speaks, PrimaryRole? primary = null) => [.. vm.Nics.Select(nic =>
    {
        var figures = nic.Device.Statistics;
        return new NicStatus
        {
            Name = nic.Name,
            Mac = string.Join(':', nic.Mac.Select(octet => octet.ToString("x2", System.Globalization.CultureInfo.InvariantCulture))),
            RxPackets = figures.RxPackets,
            RxBytes = figures.RxBytes,
            TxPackets = figures.TxPackets,
            TxBytes = figures.TxBytes,
            Dropped = figures.Dropped + nic.HostDropped(speaks) + (primary?.Nics[nic.Index].Dropped ?? 0),
        };
    })];
}
