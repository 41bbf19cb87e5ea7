using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Colo.Configuration;

namespace Colo.Arbiter;

/// <summary>Why there is no answer, for the operator.</summary>
internal sealed class EtcdException(string message, bool final = false) : Exception(message)
{
    /// <summary>True when asking again, or somebody else, would change nothing.</summary>
    internal bool Final => final;
}

/// <summary>
/// The HTTP side of an etcd cluster: one request to one of its endpoints, or the same request to one after the other until
/// one answers. Nothing that comes back is trusted: at most <see cref="AnswerLimit"/> bytes, JSON of the known shape, with
/// the header that every answer of an etcd has; all answers have to come from one cluster, because a compare-and-set that
/// is made now in one cluster and now in another decides nothing.
/// </summary>
internal sealed class EtcdGateway : IDisposable
{
    /// <summary>Most bytes of an answer.</summary>
    internal const int AnswerLimit = 64 << 10;

    private readonly HttpClient _http;
    private readonly IReadOnlyList<Uri> _endpoints;
    private int _preferred;
    private ulong _cluster;
    private ulong _agreed;

    /// <exception cref="IOException">A certificate or key cannot be read; the message names the key of the configuration.</exception>
    internal EtcdGateway(ArbiterConfiguration configuration)
    {
        _endpoints = configuration.Endpoints;
        _http = new HttpClient(new SocketsHttpHandler
        {
            // The arbiter is where the configuration says, and nowhere that somebody else sends us.
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 0,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            // A connection that was idle through the failure that is now to be judged may be dead: better a new one.
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2),
            SslOptions = ArbiterTls.Options(configuration),
        })
        {
            DefaultRequestVersion = HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Which cluster answered; 0 before the first answer.</summary>
    internal ulong Cluster => Volatile.Read(ref _cluster);

    /// <summary>The only cluster whose answers count; 0: whichever answers first.</summary>
    internal ulong AgreedCluster
    {
        get => Volatile.Read(ref _agreed);
        set => Volatile.Write(ref _agreed, value);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>
    /// Makes an attempt at one endpoint after the other, over and over, until one succeeds or fails for good or the limit is
    /// reached. An attempt has a share of the limit, so that an endpoint that hangs leaves time for the others.
    /// </summary>
    /// <exception cref="EtcdException">None succeeded; the message tells of each endpoint.</exception>
    internal async Task<T> OverEndpoints<T>(Func<Uri, CancellationToken, Task<T>> attempt, TimeSpan limit, CancellationToken cancel)
    {
        var share = limit / (_endpoints.Count + 1);
        var reasons = new string?[_endpoints.Count];
        while (true)
        {
            for (var n = 0; n < _endpoints.Count && !cancel.IsCancellationRequested; n++)
            {
                var index = (_preferred + n) % _endpoints.Count;
                using var part = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                part.CancelAfter(share);
                try
                {
                    var answer = await attempt(_endpoints[index], part.Token).WaitAsync(part.Token).ConfigureAwait(false);
                    _preferred = index;
                    return answer;
                }
                catch (OperationCanceledException)
                {
                    // Of an attempt that the end cut short the earlier reason tells more.
                    if (reasons[index] is null || !cancel.IsCancellationRequested)
                        reasons[index] = "no answer in time";
                }
                catch (EtcdException e)
                {
                    reasons[index] = e.Message;
                    if (e.Final)
                        throw new EtcdException($"{_endpoints[index]}: {e.Message}", final: true);
                }
            }

            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancel).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                throw new EtcdException(string.Join("; ", _endpoints.Zip(reasons, (endpoint, reason) => $"{endpoint}: {reason ?? "not asked in time"}")));
            }
        }
    }

    /// <summary>One request to one endpoint.</summary>
    internal async Task<TAnswer> Post<TRequest, TAnswer>(
        Uri endpoint, string path, TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancel)
        where TAnswer : class, IEtcdAnswer
    {
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, path));
            message.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(request, requestType));
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
            var body = await ReadBounded(response, cancel).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new EtcdException($"HTTP status {(int)response.StatusCode}{ErrorText(body)}");
            var answer = JsonSerializer.Deserialize(body, answerType) ?? throw new EtcdException("the answer is empty");
            Check(answer.Header);
            return answer;
        }
        catch (JsonException)
        {
            throw new EtcdException("the answer is not one of an etcd");
        }
        catch (Exception e) when (e is not (EtcdException or OperationCanceledException))
        {
            // Name, connection, TLS, HTTP: whatever it was, there is no answer, and whoever asked has to be told so.
            // The innermost says what happened; those around it, that something did.
            throw new EtcdException(e.GetBaseException().Message.TrimEnd('.'));
        }
    }

    /// <summary>What is wrong when the two nodes ask different clusters.</summary>
    internal static string OtherCluster(ulong here, ulong there) =>
        $"the two nodes ask different etcd clusters ({here:x} here, {there:x} there): nobody could decide between them. Make [failover] arbiter alike";

    private void Check(EtcdHeader? header)
    {
        if (header is not { ClusterId: > 0, Revision: > 0 })
            throw new EtcdException("the answer is not one of an etcd");
        var known = Interlocked.CompareExchange(ref _cluster, header.ClusterId, 0);
        if (known != 0 && known != header.ClusterId)
            throw new EtcdException($"belongs to etcd cluster {header.ClusterId:x}, and {known:x} was asked before; all endpoints of [failover] arbiter have to be of one cluster");
        if (AgreedCluster is var agreed && agreed != 0 && agreed != header.ClusterId)
            throw new EtcdException(OtherCluster(header.ClusterId, agreed));
    }

    private static async Task<byte[]> ReadBounded(HttpResponseMessage response, CancellationToken cancel)
    {
        var buffer = new byte[AnswerLimit + 1];
        using var stream = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        return length <= AnswerLimit ? buffer[..length] : throw new EtcdException($"the answer is longer than {AnswerLimit} bytes");
    }

    private static string ErrorText(byte[] body)
    {
        try
        {
            var text = JsonSerializer.Deserialize(body, EtcdJson.Default.EtcdError)?.Message ?? "";
            return text.Length == 0 ? "" : ": " + string.Concat(text.Take(200).Select(c => char.IsControl(c) ? ' ' : c));
        }
        catch (JsonException)
        {
            return "";
        }
    }
}

/// <summary>The certificates of the way to the arbiter.</summary>
internal static class ArbiterTls
{
    internal static SslClientAuthenticationOptions Options(ArbiterConfiguration configuration)
    {
        var options = new SslClientAuthenticationOptions();
        if (configuration.CaFile is { } ca)
            options.CertificateChainPolicy = PemFiles.Trust("[failover] arbiter-ca = ", ca);
        if (configuration.CertificateFile is { } file && configuration.KeyFile is { } key)
            options.ClientCertificateContext = PemFiles.Own("[failover] arbiter-cert = ", file, "arbiter-key", key);
        return options;
    }
}
