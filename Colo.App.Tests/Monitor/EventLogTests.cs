using Colo.Configuration;
using Colo.Link;
using Colo.Monitor;
using Colo.Node;
using Colo.Tests.Configuration;

namespace Colo.Tests.Monitor;

/// <summary>What an operator who reads the log sees of a node.</summary>
public sealed class EventLogTests
{
    [Fact]
    public void A_line_names_the_guest_and_the_epoch_of_its_moment()
    {
        var epoch = 41ul;
        var events = new EventLog("web1", () => epoch);
        Assert.Equal("web1: protected (epoch 41)", events.Line("protected"));
        epoch++;
        Assert.Equal("web1: protected (epoch 42)", events.Line("protected"));
        Assert.Equal("web1: running", new EventLog("web1").Line("running"));
    }

    /// <summary>journalctl -p warning has every loss of protection in it.</summary>
    [Fact]
    public void A_change_of_state_that_needs_a_look_is_a_warning_and_another_one_is_not()
    {
        var mark = Guid.NewGuid().ToString("N");
        WithNode(node =>
        {
            node.StateChanged("unprotected", $"the secondary is lost: {mark}; the guest goes on unprotected", Attentions.SecondaryLost("why"));
            Assert.Equal(("warning", $"web1: the secondary is lost: {mark}; the guest goes on unprotected (epoch 0)"), Last(mark));
            Assert.Contains("the secondary is lost: why", node.Attention!.What, StringComparison.Ordinal);
            node.StateChanged("took-over", $"TOOK OVER {mark}", Attentions.TookOver("why"));
            Assert.Equal(("warning", $"web1: TOOK OVER {mark} (epoch 0)"), Last(mark));
            node.StateChanged("protected", $"protected {mark}");
            Assert.Equal(("info", $"web1: protected {mark} (epoch 0)"), Last(mark));
            Assert.Null(node.Attention);
        });
    }

    [Fact]
    public void A_node_that_is_nothing_yet_waits_as_the_contract_has_it()
    {
        WithNode(node =>
        {
            Assert.Equal(("secondary", "waiting"), (node.RoleName, node.StateName));
            Assert.Null(node.Attention);
        });
    }

    private static (string Level, string Text) Last(string mark)
    {
        var entry = Log.Read(0, 1000).Last(e => e.Text.Contains(mark, StringComparison.Ordinal));
        return (entry.Level, entry.Text);
    }

    // Nothing of it is started: it needs no /dev/kvm.
    private static void WithNode(Action<NodeContext> test)
    {
        using var file = new ConfigurationFile("[vm]\nname = web1\n[link]\nnode-a = 127.0.0.1:9990\nnode-b = 127.0.0.2:9990\n");
        var configuration = ColoConfiguration.Load(file.Path, []);
        using var node = new NodeContext(configuration, LinkNode.A, new(System.Net.IPAddress.Loopback, 9990), new(System.Net.IPAddress.Loopback, 9991), LinkKey.Generate(), new NodeLife(Stream.Null));
        test(node);
    }
}
