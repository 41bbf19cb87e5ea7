using Colo.Monitor;
using Colo.Tests.Block;

namespace Colo.Tests.Packaging;

/// <summary>etc/ocf/colo, action by action.</summary>
public sealed class ResourceAgentTests : IDisposable
{
    private const int Success = 0, Generic = 1, Installed = 5, Configured = 6, NotRunning = 7, RunningPromoted = 8;
    private readonly AgentFixture _f = new();

    public void Dispose() => _f.Dispose();

    [ToolFact("shellcheck")]
    public void Shellcheck_has_nothing_to_say() => Tools.Run("shellcheck", "-s", "sh", AgentFixture.Agent);

    [ColoBinaryFact]
    public void Where_nothing_runs_monitor_says_so_and_stop_is_content()
    {
        Assert.Equal(NotRunning, _f.Act("monitor").Exit);
        Assert.Equal(Success, _f.Act("stop").Exit);
        Assert.Equal(NotRunning, _f.Act("monitor", ("OCF_RESKEY_binary", "/none/such")).Exit);
        Assert.Equal(Success, _f.Act("stop", ("OCF_RESKEY_config", "/none/such")).Exit);
        Assert.Equal(Installed, _f.Act("start", ("OCF_RESKEY_binary", "/none/such")).Exit);
        Assert.Equal(Installed, _f.Act("validate-all", ("OCF_RESKEY_config", "/none/such")).Exit);
        Assert.Equal(Configured, _f.Act("validate-all", ("OCF_RESKEY_node", "c")).Exit);
        Assert.Equal(3, _f.Act("reload").Exit);
        File.AppendAllText(_f.Config, "[vn]\n");
        var (exit, text) = _f.Act("validate-all");
        Assert.Equal(Configured, exit);
        Assert.Contains("[vn]", text, StringComparison.Ordinal);
    }

    [ColoBinaryFact]
    public void Monitor_says_what_the_node_is()
    {
        _f.Show("secondary waiting");
        foreach (var (now, expected) in ((string, int)[])[("secondary waiting", Success), ("secondary syncing", Success), ("secondary protected", Success),
            ("primary unprotected", RunningPromoted), ("primary syncing", RunningPromoted), ("primary protected", RunningPromoted),
            ("primary stopped", NotRunning), ("standalone running", Generic)])
        {
            _f.Now = now;
            var (exit, text) = _f.Act("monitor");
            Assert.True(exit == expected, $"{now}: {exit}: {text}");
        }
    }

    /// <summary>Else the cluster would recover, that is power off, the survivor.</summary>
    [ColoBinaryFact]
    public void A_secondary_that_took_over_by_itself_is_no_fault_for_the_recurring_monitor()
    {
        _f.Show("primary unprotected");
        Assert.Equal(Success, _f.Act("monitor", ("OCF_RESKEY_CRM_meta_interval", "10000"), ("OCF_RESKEY_CRM_meta_role", "Unpromoted")).Exit);
        Assert.Equal(RunningPromoted, _f.Act("monitor", ("OCF_RESKEY_CRM_meta_interval", "5000"), ("OCF_RESKEY_CRM_meta_role", "Promoted")).Exit);
        Assert.Equal(RunningPromoted, _f.Act("monitor", ("OCF_RESKEY_CRM_meta_interval", "0")).Exit);
        Assert.Equal(Success, _f.Act("promote").Exit);
        Assert.Empty(_f.Failovers);
    }

    [ColoBinaryFact]
    public void Promoting_a_protected_secondary_is_a_takeover_that_is_asked_for_again_but_never_forced()
    {
        _f.Show("secondary protected");
        _f.OnFailover = () =>
        {
            if (_f.Failovers.Count < 3)
                return ControlResult.Refused("the primary is alive");
            _f.Now = "primary unprotected";
            return ControlResult.Done;
        };
        var (exit, text) = _f.Act("promote");
        Assert.True(exit == Success, text);
        Assert.Equal([false, false, false], _f.Failovers);
    }

    [ColoBinaryFact]
    public void What_cannot_be_promoted_is_said_in_time_with_the_reason()
    {
        _f.Show("secondary protected");
        _f.OnFailover = () => ControlResult.Refused("the primary is alive");
        var (exit, text) = _f.Act("promote", ("OCF_RESKEY_CRM_meta_timeout", "1000"));
        Assert.Equal(Generic, exit);
        Assert.Contains("the primary is alive", text, StringComparison.Ordinal);
        _f.Failovers.Clear();
        _f.Now = "secondary syncing";
        (exit, text) = _f.Act("promote", ("OCF_RESKEY_CRM_meta_timeout", "1000"));
        Assert.Equal(Generic, exit);
        Assert.Contains("syncing", text, StringComparison.Ordinal);
        Assert.Empty(_f.Failovers);
    }

    [ColoBinaryFact]
    public void Demoting_a_primary_waits_for_its_secondary_and_hands_the_guest_over()
    {
        _f.Show("primary syncing");
        var asked = 0;
        _f.OnStatus = () =>
        {
            if (++asked == 3)
                _f.Now = "primary protected";
        };
        _f.OnFailover = () =>
        {
            _f.Now = "secondary waiting";
            return ControlResult.Done;
        };
        var (exit, text) = _f.Act("demote");
        Assert.True(exit == Success, text);
        Assert.Equal([false], _f.Failovers);
        Assert.Equal(Success, _f.Act("demote").Exit);
        Assert.Single(_f.Failovers);
    }

    [ColoBinaryFact]
    public void A_life_in_a_cluster()
    {
        Assert.Equal(Success, _f.Act("start").Exit);
        Assert.Equal(Success, _f.Act("start").Exit);
        Assert.Equal([$"run --role secondary --config {_f.Config}"], _f.Calls);
        Assert.Equal(Success, _f.Act("monitor").Exit);
        // There is no guest anywhere: it begins here.
        var (exit, text) = _f.Act("promote", ("OCF_RESKEY_node", "b"));
        Assert.True(exit == Success, text);
        Assert.Equal($"run --role primary --config {_f.Config} --node b", _f.Calls[^1]);
        Assert.Equal(RunningPromoted, _f.Act("monitor").Exit);
        // Nobody to hand it over to.
        Assert.Equal(Success, _f.Act("demote").Exit);
        Assert.Equal($"run --role secondary --config {_f.Config}", _f.Calls[^1]);
        Assert.Equal(Success, _f.Act("stop").Exit);
        Assert.Equal(NotRunning, _f.Act("monitor").Exit);
        Assert.Equal(Success, _f.Act("stop").Exit);
        Assert.Equal(3, _f.Calls.Length);
        Assert.Empty(_f.Failovers);
    }

    [ColoBinaryFact]
    public void A_node_that_the_cluster_did_not_start_is_not_ended_by_it()
    {
        _f.Show("primary unprotected");
        var (exit, text) = _f.Act("stop");
        Assert.Equal(Generic, exit);
        Assert.Contains("not started by the cluster", text, StringComparison.Ordinal);
    }

    /// <summary>The tester of the package resource-agents.</summary>
    [OcfTesterFact]
    public void Ocf_tester_is_content()
    {
        // It looks whether also nobody, who may not be able to read the repository, can have the meta-data.
        var folder = Directory.CreateTempSubdirectory("colo-ocf-tester-");
        try
        {
            var agent = Path.Combine(folder.FullName, "colo");
            File.Copy(AgentFixture.Agent, agent);
            const UnixFileMode read = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
            const UnixFileMode enter = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
            File.SetUnixFileMode(folder.FullName, read | enter | UnixFileMode.UserWrite);
            File.SetUnixFileMode(agent, read | enter | UnixFileMode.UserWrite);
            Judge(agent);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private void Judge(string agent)
    {
        var (exit, output, error) = ColoBinary.RunProgram("/usr/sbin/ocf-tester", "-n", "web1", "-o", $"binary={_f.Binary}", "-o", $"config={_f.Config}",
            "-o", $"log={_f.Path("log")}", agent);
        Assert.True(exit == 0, output + error);
        Assert.Contains("passed all tests", output, StringComparison.Ordinal);
    }
}

[AttributeUsage(AttributeTargets.Method)]
internal sealed class OcfTesterFactAttribute : FactAttribute
{
    public OcfTesterFactAttribute() => Skip =
        ColoBinary.Path is null ? "out/colo is not built and COLO_BINARY is not set: run ./build.sh"
        : !File.Exists("/usr/sbin/ocf-tester") ? "needs ocf-tester (package resource-agents)"
        : !File.Exists("/usr/bin/xmllint") ? "needs xmllint (package libxml2-utils)"
        : null;
}
