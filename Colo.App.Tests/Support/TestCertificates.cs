using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Colo.Tests.Support;

/// <summary>A certificate authority with one server on loopback and one client, as PEM files.</summary>
internal sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset From = DateTimeOffset.UtcNow.AddDays(-1);
    private static readonly DateTimeOffset Until = DateTimeOffset.UtcNow.AddDays(1);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-ca-");

    internal TestCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=ca {Guid.NewGuid()}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        using var ca = request.CreateSelfSigned(From, Until);
        File.WriteAllText(Ca, ca.ExportCertificatePem());
        Issue(ca, "server");
        Issue(ca, "client");
    }

    internal string Ca => Path.Combine(_folder.FullName, "ca.pem");

    internal string Certificate(string name) => Path.Combine(_folder.FullName, name + ".pem");

    internal string Key(string name) => Path.Combine(_folder.FullName, name + ".key");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Begins TLS as the client on a connection to the server, both proving who they are.</summary>
    internal SslStream Secure(Socket client)
    {
        var tls = new SslStream(new NetworkStream(client, ownsSocket: false));
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(Ca);
        tls.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            CertificateChainPolicy = policy,
            ClientCertificates = [X509Certificate2.CreateFromPemFile(Certificate("client"), Key("client"))],
        });
        return tls;
    }

    private void Issue(X509Certificate2 ca, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        // The server's serves as client's too: etcd's gateway dials its own server with it.
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")], false));
        using var certificate = request.Create(ca, From, Until, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Certificate(name), certificate.ExportCertificatePem());
        File.WriteAllText(Key(name), key.ExportPkcs8PrivateKeyPem());
    }
}
