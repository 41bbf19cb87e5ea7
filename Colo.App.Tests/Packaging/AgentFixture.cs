using System.Diagnostics;
using Colo.Monitor;
using Colo.Tests.Monitor;

namespace Colo.Tests.Packaging;

/// <summary>
/// The resource agent with the real executable and a real control socket. Only what needs /dev/kvm is not there: behind
/// <c>colo run</c> stands a process that shows the socket as long as it lives; the node's answers are the test's.
/// </summary>
internal sealed class AgentFixture : INodeControl, IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-ocf-");
    private readonly ControlServer _server;

    internal AgentFixture()
    {
        _server = ControlServer.Start(Path("real.sock"), this);
        File.WriteAllText(Path("web1.ini"), $"[vm]\nname = web1\n[monitor]\nsocket = {Path("node.sock")}\n");
        // What it does at SIGTERM is in a file: "ignore" does nothing. With "refuse" it does not run at all.
        File.WriteAllText(Binary, $$"""
            #!/bin/sh
            [ "$1" = run ] || exec {{ColoBinary.Path}} "$@"
            echo "$@" >>{{Path("calls")}}
            if [ -e {{Path("refuse")}} ]; then cat {{Path("refuse")}}; exit 3; fi
            case $3 in auto) echo secondary waiting cold current ;; *) echo secondary waiting ;; esac >{{Path("now")}}
            echo $$ >{{Path("pid")}}
            ln -sf {{Path("real.sock")}} {{Path("node.sock")}}
            trap 'echo TERM >>{{Path("signals")}}; [ -e {{Path("ignore")}} ] || { rm -f {{Path("node.sock")}}; exit 0; }' TERM
            while :; do sleep 0.05; done
            """);
        File.SetUnixFileMode(Binary, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Agent = new ResourceAgent(Path("host"), Binary, Config, Path("log"));
    }

    internal ResourceAgent Agent { get; }

    internal string Binary => Path("colo");

    internal string Config => Path("web1.ini");

    /// <summary>Role and state; and the rule and the worth of the record while it is undecided what the node is.</summary>
    internal string Now
    {
        get => File.ReadAllText(Path("now")).Trim();
        set => File.WriteAllText(Path("now"), value);
    }

    /// <summary>How <c>colo run</c> was called so far.</summary>
    internal string[] Calls => Lines("calls");

    /// <summary>Signals that the process has got.</summary>
    internal string[] Signals => Lines("signals");

    /// <summary>Milliseconds since the other node was heard.</summary>
    internal long Heard { get; set; } = 5_000;

    internal List<bool> Failovers { get; } = [];

    internal Func<ControlResult> OnFailover { get; set; } = () => ControlResult.Done;

    internal Action OnStatus { get; set; } = () => { };

    public GuestConsole Console { get; } = new();

    public NodeStatus GetStatus()
    {
        OnStatus();
        var words = Now.Split(' ');
        return ControlFixture.Example() with
        {
            Role = words[0],
            State = words[1],
            Peer = new PeerStatus { Address = "192.168.2.88:9990", Connected = true, LastHeardMs = Heard },
            Undecided = words.Length > 3 ? new UndecidedStatus(words[2], words[3]) : null,
            // The test's own process, where no other shows the socket.
            Pid = File.Exists(Path("pid")) ? int.Parse(File.ReadAllText(Path("pid")), System.Globalization.CultureInfo.InvariantCulture) : Environment.ProcessId,
        };
    }

    public ControlResult Failover(bool force)
    {
        lock (Failovers)
            Failovers.Add(force);
        return OnFailover();
    }

    public ControlResult Stop() => throw new InvalidOperationException("the agent never stops the guest on both nodes");

    public ControlResult Save(string path) => throw new InvalidOperationException("the agent saves nothing");

    public IReadOnlyList<FlowStatus> GetFlows(int most) => [];

    /// <summary>As if a node ran whose process is none of this host's (it cannot be found by its number).</summary>
    internal void Show(string now)
    {
        Now = now;
        ShowSocket();
    }

    /// <summary>A node that somebody else has started, and that shows this.</summary>
    internal Process RunForeign(string now)
    {
        var process = Process.Start(Binary, ["run", "--role", "auto", "--config", Config]);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path("node.sock")), TimeSpan.FromSeconds(20)), "it does not come up");
        Now = now;
        return process;
    }

    internal void ShowSocket() => File.CreateSymbolicLink(Path("node.sock"), Path("real.sock"));

    internal void HideSocket() => File.Delete(Path("node.sock"));

    /// <summary>The process lets SIGTERM pass from now on, or not any more.</summary>
    internal void IgnoreTerm(bool ignore)
    {
        if (ignore)
            File.WriteAllText(Path("ignore"), "");
        else
            File.Delete(Path("ignore"));
    }

    /// <summary>From now on <c>colo run</c> says this and ends with exit status 3.</summary>
    internal void RefuseToRun(string why) => File.WriteAllText(Path("refuse"), why + "\n");

    /// <summary>Runs an action as Pacemaker does; its exit status and what it said.</summary>
    internal (int Exit, string Text) Act(string action, params (string Name, string Value)[] environment) => Agent.Act(action, Timeout, environment);

    /// <summary>As the cluster asks again and again.</summary>
    /// <param name="role">What it takes the node for.</param>
    internal (int Exit, string Text) Monitor(string role) => Act("monitor", ("OCF_RESKEY_CRM_meta_interval", "5000"), ("OCF_RESKEY_CRM_meta_role", role));

    internal string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    public void Dispose()
    {
        // A test that failed may have left the process.
        if (Agent.Pid is { } pid)
            Process.GetProcessById(pid).Kill();
        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    private string[] Lines(string file) => File.Exists(Path(file)) ? File.ReadAllLines(Path(file)) : [];
}
