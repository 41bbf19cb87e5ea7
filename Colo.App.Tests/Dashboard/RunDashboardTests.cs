using System.Globalization;
using Colo.Link;
using Colo.Monitor;

namespace Colo.Tests.Dashboard;

/// <summary>
/// <c>colo run --dashboard</c>: the node is a process of its own, whatever becomes of the dashboard. The node is one that waits
/// for the other one to say what it is, which needs no guest and no /dev/kvm.
/// </summary>
public sealed class RunDashboardTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-run-");
    private readonly List<int> _nodes = [];

    public RunDashboardTests()
    {
        LinkKey.Create(At("link.key"));
        File.WriteAllText(At("node.ini"), $"""
            [vm]
            name = web1
            state-dir = {_folder.FullName}
            [link]
            node-a = 127.0.0.1:{FreePort()}
            node-b = 127.0.0.2:{FreePort()}
            key-file = {At("link.key")}
            [monitor]
            socket = {At("node.sock")}

            """);
    }

    public void Dispose()
    {
        foreach (var node in _nodes.Where(Lives))
            ColoBinary.RunProgram("kill", "-KILL", $"{node}");
        _folder.Delete(recursive: true);
    }

    [TmuxFact]
    public void Q_leaves_the_node_goes_on_and_Ctrl_C_then_ends_it_with_its_exit_status()
    {
        using var terminal = Start();
        var node = NodeOf(terminal);
        terminal.Keys("q");
        terminal.WaitFor($"The node goes on as process {node}", "colo dashboard --socket");
        Assert.Equal("waiting", Status()?.State);
        // Left, not ended: the command waits for the node.
        Assert.DoesNotMatch("exit=[0-9]", terminal.Screen());
        terminal.Keys("C-c");
        terminal.WaitFor("The node has ended with exit status 0", "exit=0");
        Assert.False(Lives(node), "the node lives on");
        Assert.Null(Status());
    }

    [TmuxFact]
    public void After_Q_a_node_that_ends_by_itself_ends_the_command()
    {
        using var terminal = Start();
        var node = NodeOf(terminal);
        terminal.Keys("q");
        terminal.WaitFor("The node goes on as process");
        Assert.Equal(0, ColoBinary.RunProgram("kill", "-KILL", $"{node}").Exit);
        terminal.WaitFor("The node has ended with exit status 137", "exit=137");
    }

    [TmuxFact]
    public void A_dashboard_that_is_killed_leaves_the_node_alone()
    {
        using var terminal = Start();
        var node = NodeOf(terminal);
        Assert.Equal(0, ColoBinary.RunProgram("kill", "-KILL", $"{CommandOf(terminal)}").Exit);
        terminal.WaitFor("exit=137");
        AssertGoesOn(node);
    }

    [TmuxFact]
    public void A_terminal_that_goes_away_leaves_the_node_alone()
    {
        int node;
        using (var terminal = Start())
            node = NodeOf(terminal);
        AssertGoesOn(node);
    }

    /// <summary>It answers now and later, and ends when it is told to.</summary>
    private void AssertGoesOn(int node)
    {
        for (var i = 0; i < 5; i++)
        {
            Assert.True(Lives(node), "the node has gone with it");
            Assert.Equal("waiting", Status()?.State);
            Thread.Sleep(200);
        }

        Assert.Equal(0, ColoBinary.RunProgram("kill", "-TERM", $"{node}").Exit);
        Assert.True(SpinWait.SpinUntil(() => !Lives(node), Patience), "the node does not end");
    }

    private Tmux Start()
    {
        var terminal = new Tmux(100, 30);
        terminal.Line($"{ColoBinary.Path} run --role auto --node a --dashboard --config {At("node.ini")}; echo exit=$?");
        terminal.WaitFor("web1", "WAITING", "[1 Overview]");
        return terminal;
    }

    // The shell's only child.
    private static int CommandOf(Tmux terminal) => Children(terminal.ShellId).Single();

    private int NodeOf(Tmux terminal)
    {
        var node = Children(CommandOf(terminal)).Single();
        _nodes.Add(node);
        return node;
    }

    private static IReadOnlyList<int> Children(int process) =>
    [
        .. Directory.GetDirectories($"/proc/{process}/task")
            .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
    ];

    // One that nobody has reaped yet has ended, too.
    private static bool Lives(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[stat.LastIndexOf(')') + 2] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    private NodeStatus? Status()
    {
        try
        {
            return ControlClient.ReadStatus(ControlClient.Send(At("node.sock"), new() { Command = "status" }, Patience));
        }
        catch (ControlClientException)
        {
            return null;
        }
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);

    private static int FreePort()
    {
        using var socket = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        socket.Start();
        return ((System.Net.IPEndPoint)socket.LocalEndpoint).Port;
    }
}
