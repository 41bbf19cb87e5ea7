namespace Colo.Configuration;

/// <summary>The etcd that decides who may speak when the nodes do not hear each other: <c>[failover] arbiter</c> and its TLS keys.</summary>
/// <param name="Endpoints">One to nine base addresses of one etcd cluster, all http or all https.</param>
/// <param name="CaFile">Full path of the PEM certificates that the etcd's is checked with; null: those the host trusts.</param>
/// <param name="CertificateFile">Full path of this node's own certificate in PEM; null without one.</param>
/// <param name="KeyFile">Full path of its private key in PEM; null without one.</param>
public sealed record ArbiterConfiguration(IReadOnlyList<Uri> Endpoints, string? CaFile, string? CertificateFile, string? KeyFile)
{
    internal const string Accepted = "etcd:http://HOST:PORT or etcd:https://HOST:PORT, with more addresses of the same etcd cluster after commas (at most 9, all http or all https)";
    private const int EndpointLimit = 9;

    /// <summary>Whether the way to it is encrypted.</summary>
    public bool IsTls => Endpoints[0].Scheme == "https";

    /// <summary>Reads the keys; null when there is no arbiter.</summary>
    internal static ArbiterConfiguration? Read(SectionReader s)
    {
        var endpoints = s.Value("arbiter", (IReadOnlyList<Uri>?)null, Accepted, (string t, out IReadOnlyList<Uri>? v) => ParseEndpoints(t, out v));
        var (ca, certificate, key) = (s.Path("arbiter-ca"), s.Path("arbiter-cert"), s.Path("arbiter-key"));
        return endpoints is null ? null : new(endpoints, ca, certificate, key);
    }

    private static bool ParseEndpoints(string text, out IReadOnlyList<Uri>? value)
    {
        value = null;
        const string prefix = "etcd:";
        if (!text.StartsWith(prefix, StringComparison.Ordinal))
            return false;
        var endpoints = new List<Uri>();
        foreach (var item in text[prefix.Length..].Split(',', StringSplitOptions.TrimEntries))
        {
            if (!TryParse(item, out var endpoint) || endpoints.Contains(endpoint))
                return false;
            endpoints.Add(endpoint);
        }

        value = endpoints;
        return endpoints.Count <= EndpointLimit && endpoints.All(e => e.Scheme == endpoints[0].Scheme);
    }

    private static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Uri? value) =>
        Uri.TryCreate(text, UriKind.Absolute, out value)
        && value.Scheme is "http" or "https"
        && value.Host.Length > 0
        && value.UserInfo.Length == 0
        && value.PathAndQuery == "/"
        && value.Fragment.Length == 0;
}
