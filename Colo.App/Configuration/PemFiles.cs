using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Colo.Configuration;

/// <summary>Certificates and keys of the operator's, in files in PEM.</summary>
internal static class PemFiles
{
    /// <summary>Trust in whom these authorities have signed, and in nobody else. Nothing is fetched from anywhere.</summary>
    /// <param name="setting">What the file is to the operator, for messages: an option, or a key and its "=".</param>
    /// <param name="path">One certificate or several.</param>
    /// <exception cref="IOException">It cannot be read, or is something else; the message names setting and file.</exception>
    internal static X509ChainPolicy Trust(string setting, string path)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(Load(setting, path, "a file in PEM", () =>
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(path);
            return all.Count > 0 ? all : throw new InvalidDataException("no certificate in it");
        }));
        return policy;
    }

    /// <summary>A certificate of one's own with its private key, and those between it and the authority if they stand behind it.</summary>
    /// <param name="setting">As for <see cref="Trust"/>.</param>
    /// <param name="path">The certificate first.</param>
    /// <param name="keySetting">What the key's file is to the operator.</param>
    /// <param name="keyPath">The key, not encrypted.</param>
    /// <exception cref="IOException">As for <see cref="Trust"/>.</exception>
    internal static SslStreamCertificateContext Own(string setting, string path, string keySetting, string keyPath) =>
        Load(setting, path, $"a file in PEM, and its private key in {keySetting.TrimEnd(' ', '=')}", () =>
        {
            var certificate = X509Certificate2.CreateFromPemFile(path, keyPath);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(path);
            return SslStreamCertificateContext.Create(certificate, chain, offline: true);
        });

    private static T Load<T>(string setting, string path, string accepted, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or CryptographicException or ArgumentException)
        {
            throw new IOException($"{setting}{path}: {e.Message.TrimEnd('.')}; accepted: {accepted}", e);
        }
    }
}
