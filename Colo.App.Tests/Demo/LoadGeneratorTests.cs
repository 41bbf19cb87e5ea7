using System.Net;
using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.Demo;

/// <summary>The load is what judges a takeover: each fault that it exists to find is made here by a server on loopback.</summary>
public sealed class LoadGeneratorTests(ITestOutputHelper output)
{
    [Fact]
    public void A_right_echo_passes_and_every_request_is_answered()
    {
        using var server = new EchoServer(IPAddress.Loopback, 0, (_, data) => data);
        var report = Load(server, 8, 200);
        Assert.Empty(report.Errors);
        Assert.All(report.Flows, f => Assert.Equal(f.Sent, f.Replies));
        Assert.All(report.Flows, f => Assert.True(f.Replies > 20, $"flow {f.Index}: {f.Replies} replies"));
    }

    [Theory]
    [InlineData("flip")]
    [InlineData("drop")]
    [InlineData("double")]
    public void One_wrong_byte_is_found_with_its_place(string fault)
    {
        const int at = 40_000;
        using var server = new EchoServer(IPAddress.Loopback, 0, (position, data) =>
        {
            var index = at - position;
            if (index < 0 || index >= data.Length)
                return data;
            var i = (int)index;
            return fault switch
            {
                "flip" => [.. data[..i], (byte)(data[i] ^ 1), .. data[(i + 1)..]],
                "drop" => [.. data[..i], .. data[(i + 1)..]],
                _ => [.. data[..i], data[i], .. data[i..]],
            };
        });
        var report = Load(server, 1, 1_500);
        var error = Assert.Single(report.Errors);
        output.WriteLine(error);
        var place = long.Parse(error.Split("byte ")[1].Split(' ')[0]);
        // A missing or doubled byte shows where the content differs, which random bytes do very soon.
        Assert.InRange(place, at, at + 8);
    }

    [Fact]
    public void A_swallowed_reply_is_missing_at_the_end()
    {
        using var server = new EchoServer(IPAddress.Loopback, 0, (position, data) => position > 20_000 ? [] : data);
        var report = Load(server, 1, 1_000, drainMs: 300);
        Assert.Contains("replies missing", Assert.Single(report.Errors));
        Assert.True(report.LongestTcpGapUs >= 300_000, $"gap {report.LongestTcpGapUs}");
    }

    [Fact]
    public void A_pause_of_the_server_is_the_longest_gap()
    {
        var paused = false;
        using var server = new EchoServer(IPAddress.Loopback, 0, (position, data) =>
        {
            if (position > 20_000 && !paused)
            {
                paused = true;
                Thread.Sleep(250);
            }

            return data;
        });
        var report = Load(server, 1, 2_000);
        Assert.Empty(report.Errors);
        Assert.InRange(report.LongestTcpGapUs, 240_000, 1_500_000);
    }

    [Fact]
    public void A_closed_connection_is_an_error()
    {
        using var server = new EchoServer(IPAddress.Loopback, 0, (position, data) => position > 20_000 ? null : data);
        Assert.NotEmpty(Load(server, 2, 1_000).Errors);
    }

    private LoadReport Load(EchoServer server, int connections, int ms, int drainMs = 3_000)
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        using var load = new LoadGenerator(null, new LoadSettings
        {
            Target = IPAddress.Loopback,
            EchoPort = server.Port,
            Echo = connections,
            Interval = TimeSpan.FromMilliseconds(3),
            Seed = seed,
        });
        Assert.True(load.WaitConnected(TimeSpan.FromSeconds(20)));
        Thread.Sleep(ms);
        return load.Stop(TimeSpan.FromMilliseconds(drainMs));
    }
}
