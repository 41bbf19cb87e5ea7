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
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-ocf-");
    private readonly ControlServer _server;

    internal AgentFixture()
    {
        _server = ControlServer.Start(Path("real.sock"), this);
        File.WriteAllText(Path("web1.ini"), $"[vm]\nname = web1\n[monitor]\nsocket = {Path("node.sock")}\n");
        File.WriteAllText(Binary, $$"""
            #!/bin/sh
            [ "$1" = run ] || exec {{ColoBinary.Path}} "$@"
            echo "$@" >>{{Path("calls")}}
            case $3 in primary) echo primary unprotected ;; *) echo secondary waiting ;; esac >{{Path("now")}}
            ln -sf {{Path("real.sock")}} {{Path("node.sock")}}
            trap 'rm -f {{Path("node.sock")}}; exit 0' TERM
            while :; do sleep 0.05; done
            """);
        File.SetUnixFileMode(Binary, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    internal static string Agent { get; } = System.IO.Path.Combine(ColoBinary.Repository, "etc", "ocf", "colo");

    internal string Binary => Path("colo");

    internal string Config => Path("web1.ini");

    /// <summary>Role and state.</summary>
    internal string Now
    {
        get => File.ReadAllText(Path("now")).Trim();
        set => File.WriteAllText(Path("now"), value);
    }

    /// <summary>How <c>colo run</c> was called so far.</summary>
    internal string[] Calls => File.Exists(Path("calls")) ? File.ReadAllLines(Path("calls")) : [];

    internal List<bool> Failovers { get; } = [];

    internal Func<ControlResult> OnFailover { get; set; } = () => ControlResult.Done;

    internal Action OnStatus { get; set; } = () => { };

    public GuestConsole Console { get; } = new();

    public NodeStatus GetStatus()
    {
        OnStatus();
        var words = Now.Split(' ');
        return ControlFixture.Example() with { Role = words[0], State = words[1] };
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

    /// <summary>As if a node ran that somebody else has started.</summary>
    internal void Show(string now)
    {
        Now = now;
        File.CreateSymbolicLink(Path("node.sock"), Path("real.sock"));
    }

    /// <summary>Runs an action as Pacemaker does; its exit status and what it said.</summary>
    internal (int Exit, string Text) Act(string action, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Agent, [action]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OCF_RESOURCE_INSTANCE"] = "web1:0";
        start.Environment["OCF_RESKEY_binary"] = Binary;
        start.Environment["OCF_RESKEY_config"] = Config;
        start.Environment["OCF_RESKEY_log"] = Path("log");
        start.Environment["OCF_RESKEY_CRM_meta_timeout"] = "20000";
        start.Environment["HA_RSCTMP"] = Path("tmp");
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(60_000))
        {
            process.Kill();
            throw new TimeoutException($"{action}: {error.Result}");
        }

        return (process.ExitCode, output.Result + error.Result);
    }

    internal string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    public void Dispose()
    {
        // A test that failed may have left the process.
        foreach (var file in Directory.Exists(Path("tmp")) ? Directory.GetFiles(Path("tmp")) : [])
        {
            if (int.TryParse(File.ReadAllText(file).Split(' ')[0], out var pid) && Directory.Exists($"/proc/{pid}"))
                Process.GetProcessById(pid).Kill();
        }

        _server.Dispose();
        _folder.Delete(recursive: true);
    }
}
