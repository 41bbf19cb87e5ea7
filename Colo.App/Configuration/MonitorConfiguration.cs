using System.Net;
using System.Text;

namespace Colo.Configuration;

/// <summary>How a running node is watched and told what to do: section <c>[monitor]</c>.</summary>
/// <param name="Socket">Full path of the control socket, at most 107 bytes (sun_path of unix(7)).</param>
/// <param name="Metrics">Where the Prometheus text format is served; null: not at all.</param>
public sealed record MonitorConfiguration(string Socket, IPEndPoint? Metrics)
{
    private const int SocketPathLimit = 107;

    internal static MonitorConfiguration Read(SectionReader s, string vmName) => new(
        s.Value(
            "socket",
            $"/run/colo/{vmName}.sock",
            $"the path of a socket, at most {SocketPathLimit} bytes in full",
            (string t, out string v) => s.TryPath("socket", t, out v) && Encoding.UTF8.GetByteCount(v) <= SocketPathLimit),
        s.Value("metrics", (IPEndPoint?)null, "ADDRESS:PORT or [IPV6]:PORT of this host", (string t, out IPEndPoint? v) =>
        {
            v = HostPort.TryParse(t, out var parsed) && parsed.Address is { } address ? new(address, parsed.Port) : null;
            return v is not null;
        }));
}
