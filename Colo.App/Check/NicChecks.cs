using System.Globalization;
using System.Net.NetworkInformation;
using Colo.Configuration;
using Colo.Devices.Net;

namespace Colo.Check;

/// <summary>The host's side of the guest's network cards, and the rights that they need.</summary>
internal sealed class NicChecks(ColoConfiguration configuration, Findings findings)
{
    // include/uapi/linux/capability.h
    private const int CAP_NET_ADMIN = 12;
    private const int CAP_NET_RAW = 13;

    internal void Run()
    {
        Capabilities();
        foreach (var nic in configuration.Nics)
            Nic(nic);
    }

    private void Capabilities()
    {
        if (!configuration.Nics.Any())
        {
            findings.Warning("nic", "the guest has no network card", "add a section [nic:NAME] with backend and mac");
            return;
        }

        var have = Effective();
        foreach (var (bit, name, kind) in new[] { (CAP_NET_RAW, "CAP_NET_RAW", NicBackendKind.Packet), (CAP_NET_ADMIN, "CAP_NET_ADMIN", NicBackendKind.Tap) })
        {
            if (!configuration.Nics.Any(nic => nic.Backend.Kind == kind))
                continue;
            if (have is null || (have >> bit & 1) != 0)
                findings.Ok("rights", name);
            else
                findings.Failed("rights", $"this process lacks {name}, which {kind.ToString().ToLowerInvariant()}: backends need", $"run as root, or as the service does: AmbientCapabilities={name}");
        }
    }

    private void Nic(NicConfiguration nic)
    {
        var subject = $"nic {nic.Name}";
        var name = nic.Backend.Interface;
        if (nic.Backend.Kind == NicBackendKind.Tap)
        {
            if (!File.Exists("/dev/net/tun"))
                findings.Failed(subject, "/dev/net/tun is not there", "modprobe tun");
            else if (!Directory.Exists($"/sys/class/net/{name}"))
                findings.Ok(subject, $"tap {name} is made at the start; connect it to a bridge then");
            else
                Open(subject, nic);
            return;
        }

        if (!Directory.Exists($"/sys/class/net/{name}"))
        {
            var there = string.Join(", ", NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name).Where(i => i != "lo"));
            findings.Failed(subject, $"there is no network interface {name}; there are: {(there.Length == 0 ? "none" : there)}", $"set [nic:{nic.Name}] backend");
            return;
        }

        if (SameAddress(nic) is { } other)
        {
            findings.Failed(subject, $"the guest's address {nic.Mac} is the host's own, of {other}", $"give the guest another one in [nic:{nic.Name}] mac");
            return;
        }

        if (Read(name, "carrier") != "1")
        {
            var up = (int.Parse(Read(name, "flags")?.Replace("0x", "", StringComparison.Ordinal) ?? "0", NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 1) != 0;
            findings.Failed(
                subject, up ? $"{name} has no carrier: no cable, or nobody at its other end" : $"{name} is down",
                up ? "connect it" : $"ip link set {name} up");
            return;
        }

        Open(subject, nic);
    }

    private void Open(string subject, NicConfiguration nic)
    {
        try
        {
            using (NetworkBackends.Open(nic.Backend.ToString(), Octets(nic.Mac)))
            {
                // That it opens is what was to be known.
            }

            findings.Ok(subject, $"{nic.Backend}, MTU {Inquiry.ReportBuilder.Mtu(nic.Backend.Interface)}");
        }
        catch (IOException e)
        {
            findings.Failed(subject, e);
        }
    }

    private static byte[] Octets(MacAddress mac)
    {
        var octets = new byte[MacAddress.Length];
        mac.CopyTo(octets);
        return octets;
    }

    private static string? SameAddress(NicConfiguration nic) =>
        NetworkInterface.GetAllNetworkInterfaces().FirstOrDefault(i => i.GetPhysicalAddress().GetAddressBytes().AsSpan().SequenceEqual(Octets(nic.Mac)))?.Name;

    private static string? Read(string name, string file)
    {
        try
        {
            return File.ReadAllText($"/sys/class/net/{name}/{file}").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // carrier of an interface that is down: EINVAL.
            return null;
        }
    }

    private static ulong? Effective()
    {
        try
        {
            var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
            return ulong.Parse(line["CapEff:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
