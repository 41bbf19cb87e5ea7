using System.Net.Sockets;
using System.Text;
using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.Packaging;

/// <summary>What a running node tells the manager that started it, in whose place the test is.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class ServiceNotifyTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-ready-");
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = (int)Limit.TotalMilliseconds };

    public void Dispose()
    {
        _manager.Dispose();
        _folder.Delete(recursive: true);
    }

    [PairFact]
    public void A_node_is_ready_when_it_answers_lives_while_it_runs_and_says_that_it_ends()
    {
        _manager.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder.FullName, "notify")));
        using var network = new DemoNetwork("colo-ready-");
        var files = new NodeFiles(_folder.FullName, 'a', Path.Combine(_folder.FullName, "no.key"), new PairSettings());
        using var node = NodeProcess.Start(network.HostA, files, PairBinary.Path!, "standalone", environment: new Dictionary<string, string>
        {
            ["NOTIFY_SOCKET"] = Path.Combine(_folder.FullName, "notify"),
            ["WATCHDOG_USEC"] = "200000",
        });
        try
        {
            Until(text => text.Contains("READY=1", StringComparison.Ordinal));
            Assert.Equal("running", node.TryStatus()?.State);
            for (var i = 0; i < 5; i++)
                Until(text => text == "WATCHDOG=1");
            node.Signal(15);
            Until(text => text.Contains("STOPPING=1", StringComparison.Ordinal));
            Assert.True(node.WaitForExit(Limit));
            Assert.Equal(0, node.ExitCode);
        }
        finally
        {
            output.WriteLine(node.LogTail(30));
            if (!node.HasExited)
                node.Signal(9);
        }
    }

    private void Until(Func<string, bool> wanted)
    {
        var buffer = new byte[4096];
        string text;
        do
        {
            text = Encoding.UTF8.GetString(buffer, 0, _manager.Receive(buffer));
            output.WriteLine(text.TrimEnd().Replace('\n', ' '));
        }
        while (!wanted(text));
    }
}
