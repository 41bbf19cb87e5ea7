namespace Colo.Node;

/// <summary>Which boot of this host it is: what was written and not synced is there as long as it is the same.</summary>
internal static class HostBoot
{
    /// <summary>random(4): /proc/sys/kernel/random/boot_id.</summary>
    internal static Guid Id { get; } = Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());
}
