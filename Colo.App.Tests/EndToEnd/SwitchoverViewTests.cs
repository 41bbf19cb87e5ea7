using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Colo.Demo;
using Colo.Monitor;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>A planned switchover is no end of the node: whoever asks it goes on being answered.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class SwitchoverViewTests(ITestOutputHelper output)
{
    private const int MetricsPort = 9464;

    [PairFact]
    public void Status_watch_goes_on_over_a_switchover_to_the_new_role() => PairFixture.Run(output, f =>
    {
        var lines = new List<string>();
        var start = new ProcessStartInfo(PairBinary.Path!, ["status", "--watch", "--json", "--config", f.Pair.Files('a').Config]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var watch = new Process { StartInfo = start };
        watch.OutputDataReceived += (_, line) => Keep(line.Data);
        watch.ErrorDataReceived += (_, line) => Keep(line.Data);
        watch.Start();
        watch.BeginOutputReadLine();
        watch.BeginErrorReadLine();
        try
        {
            Assert.True(PairFixture.Until(PairFixture.ReplyLimit, () => Seen("primary", "protected")), "it shows nothing");
            Assert.Null(f.Pair.HandOver('a', TimeSpan.FromSeconds(30) * PairFixture.Patience));
            f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
            Assert.True(PairFixture.Until(PairFixture.ReplyLimit, () => Seen("secondary", "protected")), "it does not show the new role");
            Assert.False(watch.HasExited, $"it has ended with {(watch.HasExited ? watch.ExitCode : 0)}");
            lock (lines)
                Assert.All(lines, line => Assert.StartsWith("{", line, StringComparison.Ordinal));
        }
        finally
        {
            watch.Kill();
            watch.WaitForExit();
        }

        void Keep(string? line)
        {
            if (line is null)
                return;
            lock (lines)
                lines.Add(line);
        }

        bool Seen(string role, string state)
        {
            lock (lines)
                return lines.Any(l => l.Contains($"\"role\":\"{role}\",\"state\":\"{state}\"", StringComparison.Ordinal));
        }
    });

    [PairFact]
    public void No_question_to_socket_or_metrics_fails_while_the_node_changes_its_role() => PairFixture.Run(output, f =>
    {
        using var over = new CancellationTokenSource();
        var states = new HashSet<string>();
        var asked = Task.Factory.StartNew(() => Ask(f, states, over.Token), TaskCreationOptions.LongRunning);
        var scraped = Task.Factory.StartNew(() => f.Pair.Network.HostA.Run(() => Scrape(over.Token)), TaskCreationOptions.LongRunning);
        try
        {
            for (var round = 0; round < 3; round++)
            {
                Assert.Null(f.Pair.HandOver('a', TimeSpan.FromSeconds(30) * PairFixture.Patience));
                f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
                AssertMeasured(f);
                Assert.Null(f.Pair.HandOver('b', TimeSpan.FromSeconds(30) * PairFixture.Patience));
                f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
            }
        }
        finally
        {
            over.Cancel();
        }

        Assert.True(asked.Result > 10, "status was hardly asked");
        Assert.True(scraped.Result > 10, "the metrics were hardly asked");
        // The states that the contract has, and nothing between them.
        HashSet<string> known =
            ["primary unprotected", "primary syncing", "primary protected", "primary stopped", "secondary waiting", "secondary syncing", "secondary protected"];
        Assert.Subset(known, states);
        Assert.Contains("secondary waiting", states);
    }, new PairSettings { Overrides = [$"monitor:metrics=127.0.0.1:{MetricsPort}"] });

    /// <summary>The node that has handed the guest over knows how long nobody was heard.</summary>
    private static void AssertMeasured(PairFixture f)
    {
        var last = JsonDocument.Parse(f.Pair.Node('a').TryStatus()!.Json).RootElement.GetProperty("failover").GetProperty("last");
        Assert.Equal("planned switchover", last.GetProperty("reason").GetString());
        Assert.InRange(last.GetProperty("duration_us").GetInt64(), 1, 30_000_000L * PairFixture.Patience);
    }

    private static int Ask(PairFixture f, HashSet<string> states, CancellationToken over)
    {
        var asked = 0;
        for (; !over.IsCancellationRequested; asked++)
        {
            var reply = ControlClient.Send(f.Pair.Files('a').Socket, new() { Command = "status" }, TimeSpan.FromSeconds(30) * PairFixture.Patience);
            Assert.True(reply.Ok, reply.Error);
            var status = ControlClient.ReadStatus(reply)!;
            states.Add($"{status.Role} {status.State}");
            Thread.Sleep(2);
        }

        return asked;
    }

    private static int Scrape(CancellationToken over)
    {
        var asked = 0;
        var buffer = new byte[256 << 10];
        for (; !over.IsCancellationRequested; asked++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 * PairFixture.Patience };
            // Refused: the test fails with that.
            socket.Connect(new IPEndPoint(IPAddress.Loopback, MetricsPort));
            socket.Send("GET /metrics HTTP/1.0\r\n\r\n"u8);
            var length = 0;
            while (socket.Receive(buffer.AsSpan(length)) is var got and > 0)
                length += got;
            var text = Encoding.UTF8.GetString(buffer, 0, length);
            Assert.StartsWith("HTTP/1.", text, StringComparison.Ordinal);
            Assert.Contains("\ncolo_role{", text, StringComparison.Ordinal);
            Thread.Sleep(5);
        }

        return asked;
    }
}
