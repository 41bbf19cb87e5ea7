using System.Globalization;
using System.Net.NetworkInformation;
using Colo.Configuration;
using Colo.Devices.Net;
using Colo.Linux;

namespace Colo.Check;

/// <summary>The host's side of the guest's network cards, and the rights that they need.</summary>
internal sealed class NicChecks(ColoConfiguration configuration, Findings findings)
{
    // include/uapi/linux/capability.h
    private const int CAP_NET_ADMIN = 12;
    private const int CAP_NET_RAW = 13;

    /// <summary>What the packages' service has (AmbientCapabilities), a bit each.</summary>
    internal const ulong ServiceCapabilities = 1UL << CAP_NET_RAW | 1UL << CAP_NET_ADMIN;

    internal void Run()
    {
        Rights();
        foreach (var nic in configuration.Nics)
            Nic(nic);
    }

    private void Rights()
    {
        if (!configuration.Nics.Any())
        {
            findings.Warning("nic", "the guest has no network card", "add a section [nic:NAME] with backend and mac");
            return;
        }

        // A tap needs none when it was made for this user: opening it tells.
        if (!configuration.Nics.Any(nic => nic.Backend.Kind == NicBackendKind.Packet))
            return;
        if (Has(CAP_NET_RAW))
            findings.Ok("rights", "CAP_NET_RAW");
        else
            findings.Failed("rights", "this process lacks CAP_NET_RAW, which packet: backends need", "run as root, or as the service does: AmbientCapabilities=CAP_NET_RAW");
    }

    private void Tap(string subject, string name)
    {
        if (!File.Exists("/dev/net/tun"))
        {
            findings.Failed(subject, "/dev/net/tun is not there", "modprobe tun");
        }
        else if (Directory.Exists($"/sys/class/net/{name}"))
        {
            try
            {
                TapBackend.Try(name);
                findings.Ok(subject, $"tap:{name}, MTU {Inquiry.ReportBuilder.Mtu(name)}");
            }
            catch (LinuxException e) when (e.Errno == Errno.EBUSY)
            {
                findings.Failed(subject, $"tap:{name}: another process uses this tap", "end that one first, a node that runs here already, perhaps; or name another tap");
            }
            catch (IOException e)
            {
                findings.Failed(subject, e, $"make it anew: ip tuntap del dev {name} mode tap; ip tuntap add dev {name} mode tap user {Environment.UserName}");
            }
        }
        else if (Has(CAP_NET_ADMIN))
        {
            findings.Ok(subject, $"tap {name} is made at the start; connect it to a bridge then");
        }
        else
        {
            findings.Failed(
                subject, $"there is no tap {name}, and this process lacks CAP_NET_ADMIN, so it cannot make one",
                $"make it: ip tuntap add dev {name} mode tap user {Environment.UserName}; or run as the service does: AmbientCapabilities=CAP_NET_ADMIN");
        }
    }

    private void Nic(NicConfiguration nic)
    {
        var subject = $"nic {nic.Name}";
        var name = nic.Backend.Interface;
        if (nic.Backend.Kind == NicBackendKind.Tap)
        {
            Tap(subject, name);
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
            findings.Failed(subject, e, $"see ip -d link show {nic.Backend.Interface}, and dmesg");
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

    // Where it cannot be known it is for the opening to tell.
    private static bool Has(int capability) => Effective() is not { } have || (have >> capability & 1) != 0;

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
