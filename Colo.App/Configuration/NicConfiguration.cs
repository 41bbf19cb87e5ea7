namespace Colo.Configuration;

/// <summary>How a network card of the guest reaches the host's network.</summary>
public enum NicBackendKind
{
    /// <summary>A raw packet socket on an existing interface (packet(7)).</summary>
    Packet,

    /// <summary>A tap device (tuntap of the kernel's networking documentation).</summary>
    Tap,
}

/// <summary>The host side of a network card.</summary>
/// <param name="Kind">Packet socket or tap.</param>
/// <param name="Interface">Name of the host interface, 1 to 15 bytes (IFNAMSIZ of linux/if.h).</param>
public sealed record NicBackend(NicBackendKind Kind, string Interface)
{
    /// <inheritdoc/>
    public override string ToString() => (Kind == NicBackendKind.Tap ? "tap:" : "packet:") + Interface;

    internal static bool TryParse(string text, out NicBackend backend)
    {
        backend = new(NicBackendKind.Packet, "");
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return false;
        NicBackendKind? kind = text[..colon] switch
        {
            "packet" => NicBackendKind.Packet,
            "tap" => NicBackendKind.Tap,
            _ => null,
        };
        var name = text[(colon + 1)..];
        if (kind is not { } known || !IsInterfaceName(name))
            return false;
        backend = new(known, name);
        return true;
    }

    // dev_valid_name() of the kernel: no slash, colon or white space, not "." or "..".
    private static bool IsInterfaceName(string name) =>
        name.Length is > 0 and <= 15 && name is not ("." or "..")
        && name.All(c => c is > ' ' and < (char)0x7f and not ('/' or ':'));
}

/// <summary>A virtual network card: section <c>[nic:NAME]</c>.</summary>
/// <param name="Name">NAME of the section: letters, digits, <c>.</c>, <c>_</c>, <c>-</c>; at most 20.</param>
/// <param name="Backend">The host side.</param>
/// <param name="Mac">The guest's address.</param>
public sealed record NicConfiguration(string Name, NicBackend Backend, MacAddress Mac)
{
    internal const int NameLimit = 20;

    internal static NicConfiguration Read(SectionReader s) => new(
        s.Name,
        s.Required("backend", new NicBackend(NicBackendKind.Packet, ""), "packet:IF (a host interface) or tap:NAME, the name at most 15 characters", NicBackend.TryParse),
        s.Required("mac", default(MacAddress), "a unicast MAC address of six octets, not all zero, like 52:54:00:12:34:56", MacAddress.TryParse));
}
