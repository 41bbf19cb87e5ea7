using System.Net;
using System.Net.Sockets;
using Colo.Configuration;
using Colo.Inquiry;
using Colo.Link;
using Colo.Node;
using Colo.Tests.Link;

namespace Colo.Tests.Node;

/// <summary>A node with <c>--role auto</c> that has no role yet, asked and told over its control socket's interface. Needs no guest.</summary>
public sealed class AutoStartTests : IDisposable
{
    private static readonly IPAddress AddressA = IPAddress.Loopback, AddressB = IPAddress.Parse("127.0.0.2");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-auto-");
    private readonly NodeContext _node;
    private readonly NodeControl _control;
    private readonly LinkKey _key;
    private readonly IPEndPoint _peer;
    private readonly Thread _thread;

    public AutoStartTests()
    {
        var (own, peer) = (Free(AddressA), Free(AddressB));
        _peer = peer;
        _key = LinkKey.Create(Path.Combine(_folder.FullName, "link.key"));
        var file = Path.Combine(_folder.FullName, "colo.ini");
        File.WriteAllText(file, $"[vm]\nname = web1\n[link]\nnode-a = {own}\nnode-b = {peer}\nkey-file = {_folder.FullName}/link.key\n");
        var configuration = ColoConfiguration.Load(file, [], NodeRole.Auto);
        _node = new NodeContext(configuration, LinkNode.A, own, peer, _key, new NodeLife(Stream.Null));
        _control = new NodeControl(_node, configuration);
        _node.StartUndecided();
        _thread = new Thread(() => _node.Run());
        _thread.Start();
    }

    public void Dispose()
    {
        _node.Loop.Post(_node.OnTerminate);
        _thread.Join();
        _node.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void The_status_says_by_which_rule_it_waits_and_what_its_record_is_worth()
    {
        WaitRule("cold");
        var status = _control.GetStatus();
        Assert.Equal(("secondary", "waiting", "none", Environment.ProcessId), (status.Role, status.State, status.Undecided!.Record, status.Pid));
        var refused = _control.Failover(force: false);
        Assert.Equal(3, refused.Exit);
        Assert.Contains("not decided", refused.Error, StringComparison.Ordinal);
    }

    /// <summary>What the other node said half a second ago, that it is not there, says nothing: it may come up just now, and be newer.</summary>
    [Fact]
    public void The_other_node_is_asked_once_more_before_the_operators_word_counts()
    {
        WaitRule("cold");
        using var loop = new LoopThread();
        var asked = 0;
        var identity = new LinkIdentity { VmName = "web1", Node = LinkNode.B, Instance = LinkInstance.New(), Key = _key };
        var listener = loop.Get(() =>
        {
            var server = new InquiryServer(loop.Loop, () =>
            {
                Interlocked.Increment(ref asked);
                return new NodeReport { Role = "secondary", State = "protected" };
            });
            return new LinkListener(loop.Loop, _peer, identity, new LinkOptions(), peer => peer.Kind == LinkKind.Inquiry ? null : "no", server.Accept);
        });
        try
        {
            var refused = _control.Failover(force: true);
            Assert.Equal(3, refused.Exit);
            Assert.Contains("the other node answers", refused.Error, StringComparison.Ordinal);
            Assert.True(asked > 0, "it was refused without asking");
            var status = _control.GetStatus();
            Assert.Equal(("secondary", "waiting", "peer-holds"), (status.Role, status.State, status.Undecided?.Rule));
        }
        finally
        {
            loop.Loop.Invoke(listener.Dispose);
        }
    }

    private static IPEndPoint Free(IPAddress address)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    private void WaitRule(string rule) => Assert.True(
        SpinWait.SpinUntil(() => _control.GetStatus().Undecided?.Rule == rule, TimeSpan.FromSeconds(20)), $"not {rule}: {_control.GetStatus().Undecided}");
}
