using System.Net;
using System.Net.Sockets;
using System.Text;
using Colo.Monitor;
using Colo.Tests.Block;

namespace Colo.Tests.Monitor;

public sealed class MetricsServerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly ControlFixture _node = new();
    private readonly MetricsServer _server;

    public MetricsServerTests() => _server = Start(Patience);

    public void Dispose()
    {
        _server.Dispose();
        _node.Dispose();
    }

    [ToolFact("curl")]
    public void Curl_gets_metrics_index_and_head()
    {
        var answer = Curl("-i", Url("/metrics?x=y"));
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n", answer, StringComparison.Ordinal);
        var text = new PrometheusText(answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        Assert.Equal(1, text["colo_state{state=\"protected\"}"]);
        Assert.Contains("/metrics", Curl(Url("/")), StringComparison.Ordinal);
        var head = Curl("-I", Url("/metrics"));
        Assert.EndsWith("\r\n\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Content-Length: 0\r\n", head, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 404 ", Curl("-i", Url("/metrics/")), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 405 ", Curl("-i", "-d", "x=y", Url("/metrics")), StringComparison.Ordinal);
        Assert.Contains("\r\nAllow: GET, HEAD\r\n", Curl("-i", "-X", "DELETE", Url("/metrics")), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", Curl("-i", "-0", Url("/metrics")), StringComparison.Ordinal);
    }

    [ToolFact("curl")]
    public void It_listens_on_IPv6_too()
    {
        using var server = MetricsServer.Start(new(IPAddress.IPv6Loopback, 0), _node);
        Assert.Contains("colo_build_info", Curl("-g", $"http://[::1]:{server.Address.Port}/metrics"), StringComparison.Ordinal);
        using var all = MetricsServer.Start(new(IPAddress.IPv6Any, 0), _node);
        Assert.Contains("colo_build_info", Curl($"http://127.0.0.1:{all.Address.Port}/metrics"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("junk\n", "400")]
    [InlineData("GET /metrics HTTP/2.0\r\n", "400")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400")]
    [InlineData("GET metrics HTTP/1.1\r\n", "400")]
    [InlineData("GET  /metrics HTTP/1.1\r\n", "400")]
    [InlineData("G\0T /metrics HTTP/1.1\r\n", "400")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\n", "400")]
    [InlineData("\r\n\r\nGET /metrics HTTP/1.1\nHost: x\n\n", "200")]
    public void What_is_no_request_is_answered_so(string request, string status) =>
        Assert.StartsWith($"HTTP/1.1 {status} ", Ask(_server, Encoding.Latin1.GetBytes(request)), StringComparison.Ordinal);

    [Theory]
    [InlineData(MetricsRequest.Limit)]
    [InlineData(1_000_000)]
    public void A_request_that_is_too_big_is_refused_and_the_answer_arrives(int size)
    {
        var request = new byte[size];
        Array.Fill(request, (byte)'x');
        "GET /metrics HTTP/1.1\r\nX: "u8.CopyTo(request);
        Assert.StartsWith("HTTP/1.1 431 ", Ask(_server, request), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", Ask(_server, "GET /metrics HTTP/1.1\r\n\r\n"u8), StringComparison.Ordinal);
    }

    [Fact]
    public void Random_bytes_harm_nothing()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 50; round++)
        {
            var bytes = new byte[random.Next(1, 3000)];
            random.NextBytes(bytes);
            using var socket = Connect(_server);
            socket.Send(bytes);
        }

        Assert.True(Ask(_server, "GET /metrics HTTP/1.1\r\n\r\n"u8).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal), $"seed {seed}");
    }

    [Fact]
    public void A_request_in_single_bytes_is_understood()
    {
        using var socket = Connect(_server);
        socket.NoDelay = true;
        foreach (var octet in "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray())
            socket.Send([octet]);
        Assert.StartsWith("HTTP/1.1 200 ", Receive(socket), StringComparison.Ordinal);
    }

    [Fact]
    public void Slow_clients_are_closed_in_time_and_hold_up_nobody_for_longer()
    {
        using var server = Start(TimeSpan.FromMilliseconds(300));
        var slow = Enumerable.Range(0, MetricsServer.ClientLimit).Select(_ => Connect(server)).ToList();
        slow.ForEach(s => s.Send("GET /metr"u8));
        // Waits in the kernel's queue until they are gone.
        Assert.StartsWith("HTTP/1.1 200 ", Ask(server, "GET /metrics HTTP/1.1\r\n\r\n"u8), StringComparison.Ordinal);
        Assert.All(slow, s => Assert.Equal("", Receive(s)));
        slow.ForEach(s => s.Dispose());
    }

    [Fact]
    public void A_client_that_does_not_read_is_closed()
    {
        using var server = Start(TimeSpan.FromMilliseconds(300));
        // An answer that no socket buffer takes whole.
        _node.Status = _node.Status with { Disk = [.. Enumerable.Range(0, 100_000).Select(n => new DiskStatus { Name = $"disk{n}" })] };
        using var deaf = Connect(server);
        deaf.ReceiveBufferSize = 4096;
        deaf.Send("GET /metrics HTTP/1.1\r\n\r\n"u8);
        Assert.True(SpinWait.SpinUntil(() =>
        {
            try
            {
                // A reset shows as an error of the socket.
                return deaf.Send("x"u8) == 0;
            }
            catch (SocketException)
            {
                return true;
            }
        }, Patience));
    }

    [Fact]
    public void Fifty_clients_at_once_are_all_answered()
    {
        var answers = new string[50];
        var threads = Enumerable.Range(0, answers.Length).Select(n => new Thread(() => answers[n] = Ask(_server, "GET /metrics HTTP/1.1\r\n\r\n"u8))).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Assert.All(answers, a => Assert.StartsWith("HTTP/1.1 200 ", a, StringComparison.Ordinal));
    }

    [Fact]
    public void A_node_that_cannot_tell_its_status_is_unavailable_and_the_server_lives()
    {
        _node.Status = null!;
        Assert.StartsWith("HTTP/1.1 503 ", Ask(_server, "GET /metrics HTTP/1.1\r\n\r\n"u8), StringComparison.Ordinal);
        _node.Status = ControlFixture.Example();
        Assert.StartsWith("HTTP/1.1 200 ", Ask(_server, "GET /metrics HTTP/1.1\r\n\r\n"u8), StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_is_taken_is_named_and_one_just_closed_can_be_had_again()
    {
        var e = Assert.Throws<IOException>(() => MetricsServer.Start(_server.Address, _node));
        Assert.Contains($"[monitor] metrics = {_server.Address}", e.Message, StringComparison.Ordinal);
        Ask(_server, "GET /metrics HTTP/1.1\r\n\r\n"u8);
        var address = _server.Address;
        _server.Dispose();
        using var again = MetricsServer.Start(address, _node);
        Assert.StartsWith("HTTP/1.1 200 ", Ask(again, "GET /metrics HTTP/1.1\r\n\r\n"u8), StringComparison.Ordinal);
    }

    private MetricsServer Start(TimeSpan patience) => MetricsServer.Start(new(IPAddress.Loopback, 0), _node, new(), patience);

    private string Url(string path) => $"http://{_server.Address}{path}";

    private static string Curl(params string[] arguments) => Tools.Run("/usr/bin/curl", ["-sS", "--max-time", "60", .. arguments]);

    private static Socket Connect(MetricsServer server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 60_000, SendTimeout = 60_000 };
        socket.Connect(server.Address);
        return socket;
    }

    private static string Ask(MetricsServer server, ReadOnlySpan<byte> request)
    {
        using var socket = Connect(server);
        socket.Send(request);
        return Receive(socket);
    }

    private static string Receive(Socket socket)
    {
        var all = new MemoryStream();
        var buffer = new byte[64 << 10];
        try
        {
            while (socket.Receive(buffer) is > 0 and var count)
                all.Write(buffer, 0, count);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // The server is done with it.
        }

        return Encoding.Latin1.GetString(all.ToArray());
    }
}
