using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Colo.Configuration;

/// <summary>A host and a TCP port, written <c>HOST:PORT</c> or <c>[IPV6]:PORT</c>.</summary>
/// <param name="Host">An IPv4 or IPv6 address (without brackets) or a host name.</param>
/// <param name="Port">1 to 65535.</param>
public sealed record HostPort(string Host, int Port)
{
    /// <summary>What <see cref="TryParse"/> takes, for messages.</summary>
    public const string Accepted = "HOST:PORT or [IPV6]:PORT, HOST an address or a name, PORT 1 to 65535";

    /// <summary>The address, or null when <see cref="Host"/> is a name that has to be looked up.</summary>
    public IPAddress? Address => IPAddress.TryParse(Host, out var address) ? address : null;

    /// <summary>Reads the written form.</summary>
    public static bool TryParse(string text, out HostPort result)
    {
        result = new("", 0);
        string host;
        int colon;
        if (text.StartsWith('['))
        {
            var close = text.IndexOf(']', StringComparison.Ordinal);
            if (close < 0 || close + 1 >= text.Length || text[close + 1] != ':')
                return false;
            host = text[1..close];
            colon = close + 1;
            if (!IPAddress.TryParse(host, out var v6) || v6.AddressFamily != AddressFamily.InterNetworkV6)
                return false;
            // One spelling for one address, so that two of them can be compared; the scope is kept as written.
            var scope = host.IndexOf('%', StringComparison.Ordinal);
            host = scope < 0 ? v6.ToString() : host;
        }
        else
        {
            colon = text.LastIndexOf(':');
            if (colon <= 0)
                return false;
            host = text[..colon].ToLowerInvariant();
            if (!IsIPv4(host) && !IsHostName(host))
                return false;
        }

        if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port is < 1 or > 65535)
            return false;
        result = new(host, port);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    // IPAddress also reads "1" and "0x7f.1"; here an address has four decimal parts and nothing else.
    private static bool IsIPv4(string host) =>
        IPAddress.TryParse(host, out var v4) && v4.AddressFamily == AddressFamily.InterNetwork && v4.ToString() == host;

    // RFC 1123, section 2.1. The last label is not all digits, or it would be a mistyped address.
    private static bool IsHostName(string host)
    {
        var labels = host.Split('.');
        return host.Length <= 253
            && labels.All(l => l.Length is > 0 and <= 63 && l.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && l[0] != '-' && l[^1] != '-')
            && !labels[^1].All(char.IsAsciiDigit);
    }
}
