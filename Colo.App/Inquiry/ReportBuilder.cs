using System.Globalization;
using Colo.Block.Replication;
using Colo.Configuration;

namespace Colo.Inquiry;

/// <summary>Makes a node's report from its configuration and what the host says.</summary>
internal static class ReportBuilder
{
    internal static NodeReport Of(ColoConfiguration configuration, string role, string state, NodeData? data, string guestCpu) => new()
    {
        Version = Node.StatusParts.Version,
        Host = Environment.MachineName,
        At = DateTimeOffset.UtcNow,
        Role = role,
        State = state,
        MemoryBytes = configuration.Vm.Memory,
        Cpus = configuration.Vm.Cpus,
        GuestCpu = guestCpu,
        Disks = [.. configuration.Disks.Select(disk => new ReportedDisk(disk.Name, SizeOf(disk.Path), disk.ReadOnly))],
        Nics = [.. configuration.Nics.Select(nic => new ReportedNic(nic.Name, nic.Mac.ToString(), Mtu(nic.Backend.Interface)))],
        Settings = new Dictionary<string, string>
        {
            ["[vm] cpu"] = configuration.Vm.Cpu.ToString(),
            ["[failover] timeout"] = Time(configuration.Failover.Timeout),
            ["[failover] heartbeat"] = Time(configuration.Failover.Heartbeat),
            ["[failover] silence"] = configuration.Failover.Silence.ToString().ToLowerInvariant(),
            ["[failover] arbiter"] = configuration.Failover.Arbiter?.ToString() ?? "",
            ["[link] tls"] = configuration.Link.Tls ? "on" : "off",
        },
        Data = data is null ? null : ReportedData.Of(data),
    };

    /// <summary>Bytes of an image or block device; 0 when it is not there or cannot be read.</summary>
    internal static long SizeOf(string path)
    {
        try
        {
            return Block.ImageFile.SizeOf(path);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>MTU of an interface; 0 when it is not there.</summary>
    internal static int Mtu(string name)
    {
        try
        {
            return int.Parse(File.ReadAllText($"/sys/class/net/{name}/mtu"), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            return 0;
        }
    }

    private static string Time(TimeSpan time) => time.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture) + "ms";
}
