using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Colo.Monitor;

namespace Colo.Block.Nbd;

/// <summary>Carries one connection of an NBD server between its client, who speaks TLS, and the server, who does not.</summary>
internal sealed class NbdTlsCarrier(SslServerAuthenticationOptions options, Socket outer, Socket inner, string peer, Action<string> warn)
{
    private const int BufferSize = 256 << 10;

    private readonly CancellationTokenSource _abandoned = new();
    private volatile bool _isEstablished;

    /// <summary>The server has closed: what it has sent may take the client a while, and no longer.</summary>
    internal void Abandon() => _abandoned.CancelAfter(_isEstablished ? NbdTls.CloseLimit : TimeSpan.Zero);

    internal async Task Run()
    {
        using (inner)
        {
            await using var tls = new SslStream(new NetworkStream(outer, ownsSocket: true));
            if (!await ShakeHands(tls).ConfigureAwait(false))
                return;
            var up = Up(tls);
            await Down(tls).ConfigureAwait(false);
            await up.ConfigureAwait(false);
        }
    }

    private async Task<bool> ShakeHands(SslStream tls)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_abandoned.Token);
            limit.CancelAfter(NbdTls.HandshakeLimit);
            await tls.AuthenticateAsServerAsync(options, limit.Token).ConfigureAwait(false);
            _isEstablished = true;
            Log.Debug($"nbd: {peer}: {tls.SslProtocol}, {(tls.RemoteCertificate is { } known ? $"certificate of {known.Subject}" : "no certificate")}");
            return true;
        }
        catch (OperationCanceledException)
        {
            // Of a connection that the server has closed it has said why.
            if (!_abandoned.IsCancellationRequested)
                warn($"nbd: {peer} is closed: the handshake of TLS takes longer than {NbdTls.HandshakeLimit.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is AuthenticationException or IOException or InvalidOperationException)
        {
            // The innermost says what happened; those around it, that something did.
            warn($"nbd: {peer} is closed: TLS: {e.GetBaseException().Message.TrimEnd('.')}");
        }

        return false;
    }

    /// <summary>From the client to the server, until the client ends.</summary>
    private async Task Up(SslStream tls)
    {
        var buffer = new byte[BufferSize];
        try
        {
            int received;
            while ((received = await tls.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            {
                for (var at = 0; at < received;)
                    at += await inner.SendAsync(buffer.AsMemory(at, received - at)).ConfigureAwait(false);
            }

            // Answers that are under way still go to the client.
            inner.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Damaged, or one of the two is gone: the server sees the end, and so does the other direction.
            inner.Dispose();
        }
    }

    /// <summary>From the server to the client, until the server closes; then the connection ends.</summary>
    private async Task Down(SslStream tls)
    {
        var buffer = new byte[BufferSize];
        try
        {
            int taken;
            while ((taken = await inner.ReceiveAsync(buffer).ConfigureAwait(false)) > 0)
                await tls.WriteAsync(buffer.AsMemory(0, taken), _abandoned.Token).ConfigureAwait(false);
            await tls.ShutdownAsync().WaitAsync(_abandoned.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // The client is gone, or does not take what it asked for: there is nothing else that could be done for it.
        }

        try
        {
            // Ends the other direction, which may wait for a client that says nothing more. Not by closing: that would reset
            // the connection, and with it lose what is still on its way to the client.
            outer.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }
}
