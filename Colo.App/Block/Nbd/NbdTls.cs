using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Colo.Configuration;
using Colo.Linux;

namespace Colo.Block.Nbd;

/// <summary>
/// TLS 1.2 or 1.3 for the connections of an NBD server. The server goes on at one end of a pair of sockets; between the
/// other end and the client bytes are carried, sealed and opened, on threads of the pool. Thread-safe.
/// </summary>
/// <remarks>
/// A stream that is cut off without the alert that ends it in order looks to the server like one that has ended, as without
/// TLS: what did not come whole is not carried out.
/// </remarks>
public sealed class NbdTls
{
    /// <summary>How long a client may take for its handshake.</summary>
    internal static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(20);

    /// <summary>How long a client may take for what was sent before the server closed.</summary>
    internal static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly HashSet<Task> _carried = [];

    private readonly SslServerAuthenticationOptions _options;

    private NbdTls(SslServerAuthenticationOptions options) => _options = options;

    /// <summary>Reads certificates and key.</summary>
    /// <param name="certificate">The server's certificate, in PEM, with those between it and its authority behind it.</param>
    /// <param name="key">Its private key, in PEM, not encrypted.</param>
    /// <param name="authorities">Whose clients may connect, in PEM; null: everybody who can reach the server.</param>
    /// <exception cref="IOException">A file cannot be read, or is something else; the message names it.</exception>
    public static NbdTls Load(string certificate, string key, string? authorities) => new(new SslServerAuthenticationOptions
    {
        ServerCertificateContext = PemFiles.Own("--tls-cert ", certificate, "--tls-key", key),
        ClientCertificateRequired = authorities is not null,
        CertificateChainPolicy = authorities is null ? null : PemFiles.Trust("--tls-ca ", authorities),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,
    });

    /// <summary>Begins TLS as its server.</summary>
    /// <param name="client">The connection, from which nothing of TLS has been read. Belongs to this object from now on.</param>
    /// <param name="peer">Who it is, for messages.</param>
    /// <param name="warn">Told why it failed; on any thread.</param>
    /// <returns>What the client sends, opened, and what to send it.</returns>
    /// <exception cref="LinuxException">No more sockets can be made.</exception>
    internal unsafe NbdSocket Start(NbdSocket client, string peer, Action<string> warn)
    {
        var pair = stackalloc int[2];
        LinuxException.ThrowIfNegative(
            NativeSocket.socketpair(AddressFamily.Unix.ToNative(), NativeSocket.SOCK_STREAM | NativeSocket.SOCK_CLOEXEC | NativeSocket.SOCK_NONBLOCK, 0, pair), "make a pair of sockets");
        var carrier = new NbdTlsCarrier(_options, new Socket(client.Release()), new Socket(new SafeSocketHandle(pair[1], ownsHandle: true)), peer, warn);
        lock (_carried)
        {
            var task = Task.Run(carrier.Run);
            _carried.Add(task);
            _ = task.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return new NbdSocket(new FileDescriptor(pair[0]), carrier.Abandon);
    }

    /// <summary>Waits until all that servers have sent is with the clients, or has been given up.</summary>
    /// <returns>Whether it is so; else more than the limit had gone by.</returns>
    public bool WaitForClosed(TimeSpan limit)
    {
        Task[] left;
        lock (_carried)
            left = [.. _carried];
        return Task.WaitAll(left, limit);
    }

    private void Forget(Task task)
    {
        lock (_carried)
            _carried.Remove(task);
    }
}
