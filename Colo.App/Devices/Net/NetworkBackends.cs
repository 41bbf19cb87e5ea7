namespace Colo.Devices.Net;

/// <summary>A network backend that cannot be opened; the message names the mend.</summary>
public sealed class NetworkBackendException(string message) : IOException(message);

/// <summary>Opens network backends as colo.ini names them: <c>packet:INTERFACE</c> or <c>tap:NAME</c>.</summary>
public static class NetworkBackends
{
    /// <summary>Checks a name without opening anything.</summary>
    /// <param name="text">What stands in the configuration.</param>
    /// <param name="kind">"packet" or "tap".</param>
    /// <param name="name">The interface.</param>
    /// <returns>Null, or what is wrong and what is accepted.</returns>
    public static string? Parse(string text, out string kind, out string name)
    {
        var colon = text.IndexOf(':');
        kind = colon < 0 ? "" : text[..colon];
        name = colon < 0 ? "" : text[(colon + 1)..];
        if (kind is not ("packet" or "tap"))
            return $"'{text}': a backend is packet:INTERFACE or tap:NAME";
        // net/core/dev.c, dev_valid_name: 1 to 15 bytes, no slash, colon or space, not "." or "..".
        if (name.Length is 0 or > 15 || name is "." or ".." || name.Any(c => c is '/' or ':' or <= ' ' or > '~'))
            return $"'{text}': '{name}' is not an interface name (1 to 15 characters, no space, slash or colon)";
        return null;
    }

    /// <summary>Opens a backend.</summary>
    /// <param name="text"><c>packet:INTERFACE</c> or <c>tap:NAME</c>.</param>
    /// <param name="mac">The guest's MAC address, six bytes.</param>
    /// <exception cref="NetworkBackendException">The name is wrong, there is no such interface, or no permission.</exception>
    public static INetworkBackend Open(string text, ReadOnlySpan<byte> mac)
    {
        var wrong = Parse(text, out var kind, out var name);
        if (wrong is not null)
            throw new NetworkBackendException(wrong);
        return kind == "tap" ? new TapBackend(name, mac) : new PacketBackend(name, mac);
    }
}
