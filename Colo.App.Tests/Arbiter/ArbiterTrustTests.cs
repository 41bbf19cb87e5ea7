using System.Net;
using System.Net.Sockets;
using System.Text;
using Colo.Arbiter;
using Colo.Configuration;
using Colo.Linux;
using Colo.Tests.Support;

namespace Colo.Tests.Arbiter;

public sealed class ArbiterTrustTests(EtcdSharedFixture fixture) : IClassFixture<EtcdSharedFixture>
{
    private const string Header = """{"header":{"cluster_id":"1","revision":"1"}""";
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(400);
    private readonly string _key = ArbiterClient.KeyOf("web1", Guid.NewGuid().ToString("N"));

    private EtcdProcess Etcd => fixture.Etcd!;

    [EtcdFact]
    public void Somebody_elses_value_is_an_error_and_stays_as_it_is()
    {
        const string claim = "00112233445566778899aabbccddeeff";
        foreach (var value in new[]
        {
            "", "hello", "{}", "[]", "null", "{\"generation\":1}",
            $$"""{"generation":0,"owner":"a","instance":"i","at":"2026-11-26T12:00:00Z","claim":"{{claim}}"}""",
            $$"""{"generation":-1,"owner":"a","instance":"i","at":"2026-11-26T12:00:00Z","claim":"{{claim}}"}""",
            $$"""{"generation":1,"owner":"c","instance":"i","at":"2026-11-26T12:00:00Z","claim":"{{claim}}"}""",
            $$"""{"generation":1,"owner":"a","instance":"","at":"2026-11-26T12:00:00Z","claim":"{{claim}}"}""",
            $$"""{"generation":1,"owner":"a","instance":"i","claim":"{{claim}}"}""",
            $$"""{"generation":1,"owner":"a","instance":"i","at":"2026-11-26T12:00:00Z","claim":"x"}""",
            $$"""{"generation":1,"generation":2,"owner":"a","instance":"i","at":"2026-11-26T12:00:00Z","claim":"{{claim}}"}""",
        })
        {
            Etcd.Put(_key, value);
            using var a = new ArbiterNode(Etcd.Uri, _key);
            var read = a.Read();
            Assert.Equal(ArbiterReadKind.Unknown, read.Kind);
            Assert.Contains(_key, read.Reason, StringComparison.Ordinal);
            Assert.Contains("somebody else", read.Reason, StringComparison.Ordinal);
            foreach (var outcome in new[] { a.Claim(null, 5), a.Claim(new(1, NodeId.A), 5) })
                Assert.Equal((ClaimKind.Unknown, false), (outcome.Kind, outcome.MayStillTakeEffect));
            Assert.Equal(value, Etcd.Value(_key));
        }

        Etcd.Put(_key, $$"""{"generation":1,"owner":"a","instance":"i","at":"2026-11-26T12:00:00Z","claim":"{{claim}}","later":[{"x":1}] }""");
        using var b = new ArbiterNode(Etcd.Uri, _key, NodeId.B);
        Assert.Equal(ClaimKind.Won, b.Claim(new(1, NodeId.A), 2).Kind);
    }

    [EtcdFact]
    public void A_value_of_somebody_else_that_comes_between_read_and_claim_is_not_overwritten()
    {
        using var relay = new EtcdRelay(Etcd.Address);
        relay.Fault = () =>
        {
            Etcd.Put(_key, "hello");
            return RelayFault.None;
        };
        using var a = new ArbiterNode(relay.Uri, _key);
        var outcome = a.Claim(null, 1);
        Assert.Equal((ClaimKind.Unknown, false), (outcome.Kind, outcome.MayStillTakeEffect));
        Assert.Equal("hello", Etcd.Value(_key));
    }

    [EtcdFact]
    public void An_etcd_that_went_back_decides_nothing_any_more()
    {
        using var a = new ArbiterNode(Etcd.Uri, _key);
        Assert.Equal(ClaimKind.Won, a.Claim(null, 1).Kind);
        var old = Etcd.Value(_key);
        Assert.Equal(ClaimKind.Won, a.Claim(new(1, NodeId.A), 2).Kind);
        // As a restored backup would have it.
        Etcd.Put(_key, old);
        var read = a.Read();
        Assert.Equal(ArbiterReadKind.Unknown, read.Kind);
        Assert.Contains("generation 2 stood under", read.Reason, StringComparison.Ordinal);
        Assert.Equal(ClaimKind.Unknown, a.Claim(new(1, NodeId.A), 3).Kind);
        Assert.Equal(old, Etcd.Value(_key));
    }

    [EtcdFact]
    public void Endpoints_of_two_clusters_are_refused()
    {
        using var other = new EtcdProcess();
        WithinTime.Try(TimeSpan.FromSeconds(1), limit =>
        {
            using var relay = new EtcdRelay(Etcd.Address);
            using var a = new ArbiterNode(new ArbiterConfiguration([relay.Uri, other.Uri], null, null, null), _key, limit: limit);
            Assert.Equal(ArbiterReadKind.Absent, a.Read().Kind);
            relay.Dispose();
            var read = a.Read();
            Assert.Equal(ArbiterReadKind.Unknown, read.Kind);
            Assert.Contains("of one cluster", read.Reason, StringComparison.Ordinal);
        });
    }

    /// <summary>What is no etcd, whatever it says; with each, claims too.</summary>
    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "not one of an etcd")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull", "empty")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "not one of an etcd")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"header\":", "")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "HTTP status 302")]
    [InlineData("HTTP/1.1 503 No\r\nContent-Length: 42\r\n\r\n{\"message\":\"etcdserver: no leader\",\"code\":1", "HTTP status 503")]
    [InlineData("HTTP/1.1 503 No\r\nContent-Length: 45\r\n\r\n{\"message\":\"etcdserver: no leader\",\"code\":14}", "HTTP status 503: etcdserver: no leader")]
    [InlineData("", "")]
    public void What_is_no_etcd_decides_nothing(string answer, string reason) => WithinTime.Try(Short, limit =>
    {
        using var server = new CannedServer(Encoding.ASCII.GetBytes(answer));
        using var a = new ArbiterNode(server.Uri, _key, limit: limit);
        var read = a.Read();
        Assert.Equal(ArbiterReadKind.Unknown, read.Kind);
        Assert.Contains(reason, read.Reason, StringComparison.Ordinal);
        Assert.Equal((ClaimKind.Unknown, false), (a.Claim(null, 1) is var outcome ? outcome.Kind : default, outcome.MayStillTakeEffect));
    });

    /// <summary>An etcd that answers a read and then nonsense: never won, never lost.</summary>
    [Theory]
    [InlineData(",\"succeeded\":true}")]
    [InlineData(",\"succeeded\":true,\"responses\":[]}")]
    [InlineData(",\"succeeded\":true,\"responses\":[{\"response_range\":{}}]}")]
    [InlineData(",\"responses\":[{\"response_range\":{}}]}")]
    [InlineData(",\"responses\":[{\"response_put\":{}}]}")]
    [InlineData(",\"responses\":[{\"response_range\":{\"kvs\":[{\"key\":\"YQ==\",\"mod_revision\":\"5\",\"value\":\"YQ==\"}]}}]}")]
    [InlineData(",\"succeeded\":\"yes\"}")]
    public void An_answer_that_makes_no_sense_is_neither_won_nor_lost(string txn) => WithinTime.Try(Short, limit =>
    {
        using var server = new CannedServer(Http(Header + "}"), Http(Header + txn));
        using var a = new ArbiterNode(server.Uri, _key, limit: limit);
        var outcome = a.Claim(null, 1);
        Assert.Equal((ClaimKind.Unknown, true), (outcome.Kind, outcome.MayStillTakeEffect));
    });

    [Fact]
    public void An_answer_without_end_is_cut_at_its_bound() => WithinTime.Try(Short, limit =>
    {
        using var server = new CannedServer([.. "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n"u8, .. new byte[1 << 20]]);
        using var a = new ArbiterNode(server.Uri, _key, limit: limit);
        Assert.Contains("longer than 65536 bytes", a.Read().Reason, StringComparison.Ordinal);
    });

    [EtcdFact]
    public void With_TLS_both_sides_prove_who_they_are()
    {
        using var ours = new TestCertificates();
        using var others = new TestCertificates();
        using var etcd = new EtcdProcess([
            "--cert-file", ours.Certificate("server"), "--key-file", ours.Key("server"), "--client-cert-auth", "--trusted-ca-file", ours.Ca]);
        ArbiterNode Node(string? ca, TestCertificates? client, TimeSpan limit) =>
            new(new ArbiterConfiguration([etcd.Uri], ca, client?.Certificate("client"), client?.Key("client")), _key, limit: limit);

        using (var right = Node(ours.Ca, ours, TimeSpan.FromSeconds(30)))
            Assert.Equal(ClaimKind.Won, right.Claim(null, 1).Kind);
        WithinTime.Try(Short, limit =>
        {
            using var wrongCa = Node(others.Ca, ours, limit);
            Assert.Contains("certificate", wrongCa.Read().Reason, StringComparison.Ordinal);
        });
        using (var noCa = Node(null, ours, Short))
            Assert.Equal(ArbiterReadKind.Unknown, noCa.Read().Kind);
        using (var wrongClient = Node(ours.Ca, others, Short))
            Assert.Equal(ArbiterReadKind.Unknown, wrongClient.Read().Kind);
        WithinTime.Try(Short, limit =>
        {
            using var noClient = Node(ours.Ca, null, limit);
            var outcome = noClient.Claim(new(1, NodeId.A), 2);
            Assert.Equal((ClaimKind.Unknown, false), (outcome.Kind, outcome.MayStillTakeEffect));
            Assert.Contains("certificate", outcome.Reason, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_file_that_is_no_certificate_is_named_with_its_key()
    {
        using var loop = new EventLoop();
        using var certificates = new TestCertificates();
        IOException Failing(string? ca, string? certificate, string? key) => Assert.Throws<IOException>(() =>
            new ArbiterClient(loop, new([new("https://127.0.0.1:1")], ca, certificate, key), _key));
        Assert.Contains("[failover] arbiter-ca = /none/such", Failing("/none/such", null, null).Message, StringComparison.Ordinal);
        Assert.Contains("no certificate in it", Failing(certificates.Key("client"), null, null).Message, StringComparison.Ordinal);
        Assert.Contains("[failover] arbiter-cert", Failing(null, certificates.Key("client"), certificates.Key("client")).Message, StringComparison.Ordinal);
        Assert.Contains("[failover] arbiter-cert", Failing(null, certificates.Certificate("client"), certificates.Key("server")).Message, StringComparison.Ordinal);
    }

    [EtcdFact]
    public void A_watch_tells_of_loss_and_return()
    {
        using var loop = new EventLoop();
        var thread = new Thread(loop.Run);
        var seen = new System.Collections.Concurrent.BlockingCollection<ArbiterHealth>();
        using var watch = new ArbiterWatch(loop, new([Etcd.Uri], null, null, null), _key, seen.Add, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(500));
        thread.Start();
        ArbiterHealth Until(bool reachable)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            return seen.GetConsumingEnumerable(patience.Token).First(h => h.Reachable == reachable);
        }

        var first = Until(true);
        Assert.Equal(("", null), (first.Reason, first.Record));
        Assert.InRange(first.Latency, TimeSpan.FromTicks(1), TimeSpan.FromMinutes(2));
        Assert.NotEqual(0ul, first.EtcdCluster);
        using (Etcd.Freeze())
            Assert.Contains("no answer in time", Until(false).Reason, StringComparison.Ordinal);
        Assert.Equal("", Until(true).Reason);
        loop.Invoke(watch.Dispose);
        loop.Stop();
        thread.Join();
    }

    [Fact]
    public void A_disposed_client_calls_back_no_more()
    {
        using var server = new CannedServer([]);
        using var loop = new EventLoop();
        var thread = new Thread(loop.Run);
        thread.Start();
        var called = false;
        loop.Invoke(() =>
        {
            var client = new ArbiterClient(loop, new([server.Uri], null, null, null), _key, Short);
            client.Read(_ => called = true);
            Assert.Throws<InvalidOperationException>(() => client.Read(_ => { }));
            client.Dispose();
            Assert.Throws<ObjectDisposedException>(() => client.Read(_ => { }));
        });
        using var later = new ManualResetEventSlim();
        loop.Invoke(() => loop.AddTimer(later.Set).SetAfter(Short * 2));
        later.Wait();
        loop.Stop();
        thread.Join();
        Assert.False(called);
    }

    private static byte[] Http(string json) => Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {json.Length}\r\n\r\n{json}");

    /// <summary>Answers the first request to each path kind (range, txn) with the bytes it has for it and closes; with none it keeps silent.</summary>
    private sealed class CannedServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly List<Socket> _silent = [];
        private readonly Thread _thread;

        internal CannedServer(byte[] range, byte[]? txn = null)
        {
            _listener.Start();
            _thread = new Thread(() =>
            {
                try
                {
                    while (true)
                        Serve(_listener.AcceptSocket(), range, txn ?? range);
                }
                catch (Exception e) when (e is SocketException or InvalidOperationException)
                {
                    // Disposed.
                }
            });
            _thread.Start();
        }

        internal Uri Uri => new($"http://{_listener.LocalEndpoint}");

        public void Dispose()
        {
            _listener.Dispose();
            _thread.Join();
            _silent.ForEach(s => s.Dispose());
        }

        private void Serve(Socket client, byte[] range, byte[] txn)
        {
            try
            {
                var buffer = new byte[64 << 10];
                var count = client.Receive(buffer);
                var answer = buffer.AsSpan(0, count).StartsWith("POST /v3/kv/txn "u8) ? txn : range;
                if (answer.Length == 0)
                {
                    _silent.Add(client);
                    return;
                }

                // Headers and body of the request may come in two pieces; what is unread at the close would reset the connection.
                client.Send(answer);
                client.Shutdown(SocketShutdown.Send);
                while (client.Receive(buffer) > 0)
                {
                }
            }
            catch (SocketException)
            {
                // The client had enough.
            }

            client.Dispose();
        }
    }
}
