using Colo.Monitor;
using Colo.Tests.Block;

namespace Colo.Tests.Packaging;

/// <summary>etc/ocf/colo, action by action.</summary>
public sealed class ResourceAgentTests : IDisposable
{
    private const int Success = 0, Generic = 1, Arguments = 2, Installed = 5, Configured = 6, NotRunning = 7, RunningPromoted = 8;
    private static readonly (string, string) Hurry = ("OCF_RESKEY_CRM_meta_timeout", "1000");

    /// <summary>A start waits for the other node for a part of its time.</summary>
    private static readonly (string, string) Short = ("OCF_RESKEY_CRM_meta_timeout", "20000");
    private readonly AgentFixture _f = new();

    public void Dispose() => _f.Dispose();

    [ToolFact("shellcheck")]
    public void Shellcheck_has_nothing_to_say() => Tools.Run("shellcheck", "-s", "sh", ResourceAgent.Script);

    [ColoBinaryFact]
    public void Where_nothing_runs_monitor_says_so_and_stop_is_content()
    {
        Assert.Equal(NotRunning, _f.Act("monitor").Exit);
        Assert.Equal(Success, _f.Act("stop").Exit);
        Assert.Equal(NotRunning, _f.Act("monitor", ("OCF_RESKEY_binary", "/none/such")).Exit);
        Assert.Equal(Success, _f.Act("stop", ("OCF_RESKEY_config", "/none/such")).Exit);
        var broken = _f.Path("broken");
        File.WriteAllText(broken, "#!/none/such\n");
        File.SetUnixFileMode(broken, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Equal(NotRunning, _f.Act("monitor", ("OCF_RESKEY_binary", broken)).Exit);
        Assert.Equal(Success, _f.Act("stop", ("OCF_RESKEY_binary", broken)).Exit);
        Assert.Equal(Installed, _f.Act("start", ("OCF_RESKEY_binary", "/none/such")).Exit);
        Assert.Equal(Installed, _f.Act("validate-all", ("OCF_RESKEY_config", "/none/such")).Exit);
        Assert.Equal(Configured, _f.Act("validate-all", ("OCF_RESKEY_node", "c")).Exit);
        Assert.Equal(3, _f.Act("reload").Exit);
        File.AppendAllText(_f.Config, "[vn]\n");
        // This host's file, so nothing that would keep the other host from running.
        var (exit, text) = _f.Act("validate-all");
        Assert.Equal(Arguments, exit);
        Assert.Contains("[vn]", text, StringComparison.Ordinal);
        Assert.Contains("ocf-exit-reason:", text, StringComparison.Ordinal);
        Assert.Equal(Arguments, _f.Act("start").Exit);
        Assert.Equal(Success, _f.Act("stop").Exit);
    }

    [ColoBinaryFact]
    public void Monitor_says_what_the_node_is()
    {
        _f.Show("secondary waiting");
        foreach (var (now, expected) in ((string, int)[])[("secondary waiting", Success), ("secondary waiting cold current", Success), ("secondary syncing", Success),
            ("secondary protected", Success), ("primary unprotected", RunningPromoted), ("primary syncing", RunningPromoted), ("primary protected", RunningPromoted),
            ("primary stopped", Generic), ("standalone running", Generic)])
        {
            _f.Now = now;
            var (exit, text) = _f.Act("monitor", Hurry);
            Assert.True(exit == expected, $"{now}: {exit}: {text}");
        }
    }

    /// <summary>The node that can prove that its data is current comes first; one that cannot go on must not be chosen whatever its host is preferred by.</summary>
    [ColoBinaryFact]
    public void The_cluster_is_told_who_can_go_on()
    {
        _f.Show("secondary waiting");
        foreach (var (now, score) in ((string, string)[])[("primary unprotected", "1000"), ("primary syncing", "1000"), ("primary protected", "1000"),
            ("secondary protected", "500"), ("secondary syncing", "-INFINITY"),
            // It follows, or waits for a primary that it knows of.
            ("secondary waiting", "-INFINITY"),
            ("secondary waiting unshared current", "100"),
            ("secondary waiting cold current", "10"), ("secondary waiting cold ended", "10"), ("secondary waiting cold none", "10"),
            ("secondary waiting cold outdated", "-INFINITY"), ("secondary waiting cold empty", "-INFINITY"),
            // The other node answers: the two decide between themselves, or the operator does.
            ("secondary waiting peer-holds none", "-INFINITY"), ("secondary waiting told-otherwise outdated", "-INFINITY"), ("secondary waiting peer-syncs current", "-INFINITY")])
        {
            _f.Now = now;
            _f.Act("monitor");
            Assert.True(_f.Agent.Score == score, $"{now}: {_f.Agent.Score}");
        }

        _f.HideSocket();
        Assert.Equal(NotRunning, _f.Act("monitor").Exit);
        Assert.Null(_f.Agent.Score);
    }

    /// <summary>Else the cluster would recover, that is power off, the survivor; or a node that leads since its start.</summary>
    [ColoBinaryFact]
    public void A_secondary_that_took_over_by_itself_is_no_fault_for_the_recurring_monitor()
    {
        _f.Show("primary unprotected");
        Assert.Equal(Success, _f.Monitor("Unpromoted").Exit);
        Assert.Equal(RunningPromoted, _f.Monitor("Promoted").Exit);
        Assert.Equal(RunningPromoted, _f.Act("monitor", ("OCF_RESKEY_CRM_meta_interval", "0")).Exit);
        Assert.Equal(Success, _f.Act("promote").Exit);
        Assert.Empty(_f.Failovers);
    }

    [ColoBinaryFact]
    public void Monitor_waits_for_a_node_that_is_between_two_roles()
    {
        Decide("primary protected");
        Assert.Equal(Success, _f.Act("start").Exit);
        _f.HideSocket();
        using (Later(_f.ShowSocket))
            Assert.Equal(RunningPromoted, _f.Monitor("Promoted").Exit);
        BetweenRoles(() => Assert.Equal(Success, _f.Monitor("Unpromoted").Exit));
        // But not for ever, and not for one that is gone.
        _f.HideSocket();
        var (exit, text) = _f.Act("monitor", Hurry);
        Assert.Equal(Generic, exit);
        Assert.Contains("nothing answers", text, StringComparison.Ordinal);
        System.Diagnostics.Process.GetProcessById(_f.Agent.Pid!.Value).Kill();
        Assert.Equal(NotRunning, _f.Monitor("Promoted").Exit);
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

    /// <summary>Asked for again and again, a takeover would fall into the first moment in which the primary is held up.</summary>
    [ColoBinaryFact]
    public void Beside_a_living_primary_a_takeover_is_not_even_asked_for()
    {
        _f.Show("secondary protected");
        _f.Heard = 12;
        var (exit, text) = _f.Act("promote", Hurry);
        Assert.Equal(Generic, exit);
        Assert.Contains("the primary is alive: it was heard 12 ms ago", text, StringComparison.Ordinal);
        Assert.Empty(_f.Failovers);
    }

    [ColoBinaryFact]
    public void What_cannot_be_promoted_is_said_in_time_with_the_reason()
    {
        _f.Show("secondary protected");
        _f.OnFailover = () => ControlResult.Refused("the primary is alive");
        var (exit, text) = _f.Act("promote", Hurry);
        Assert.Equal(Generic, exit);
        Assert.Contains("the primary is alive", text, StringComparison.Ordinal);
        _f.Failovers.Clear();
        _f.Now = "secondary syncing";
        (exit, text) = _f.Act("promote", Hurry);
        Assert.Equal(Generic, exit);
        Assert.Contains("syncing", text, StringComparison.Ordinal);
        Assert.Empty(_f.Failovers);
    }

    /// <summary>
    /// The primary was killed, the other node took over and wrote, both hosts booted again: whatever the cluster wants to promote, the
    /// node with the old data is not started as the primary.
    /// </summary>
    [ColoBinaryFact]
    public void A_node_that_follows_is_not_promoted_and_never_started_as_the_primary()
    {
        Decide("secondary waiting");
        Assert.Equal(Success, _f.Act("start").Exit);
        var (exit, text) = _f.Act("promote", Hurry);
        Assert.Equal(Generic, exit);
        Assert.Contains("waits for the other one", text, StringComparison.Ordinal);
        Assert.Equal([$"run --role auto --config {_f.Config}"], _f.Calls);
        Assert.Empty(_f.Failovers);
        Assert.Equal("-INFINITY", _f.Agent.Score);
    }

    /// <summary>The same while it is not decided yet: the node looks whether the other one answers, and what its record says.</summary>
    [ColoBinaryFact]
    public void A_node_that_waits_is_promoted_by_force_only_where_the_node_itself_may_lead()
    {
        _f.Show("secondary waiting peer-holds none");
        Assert.Equal(Generic, _f.Act("promote", Hurry).Exit);
        _f.Now = "secondary waiting told-otherwise outdated";
        Assert.Equal(Generic, _f.Act("promote", Hurry).Exit);
        // A new node without the other: perhaps a replaced one, which would begin with an empty disk.
        _f.Now = "secondary waiting cold empty";
        var (exit, text) = _f.Act("promote", Hurry);
        Assert.Equal(Generic, exit);
        Assert.Contains("knows of no guest", text, StringComparison.Ordinal);
        Assert.Empty(_f.Failovers);
        _f.Now = "secondary waiting cold current";
        _f.OnFailover = () => ControlResult.Refused("the other node answers: it runs the guest");
        (exit, text) = _f.Act("promote", Hurry);
        Assert.Equal(Generic, exit);
        Assert.Contains("the other node answers", text, StringComparison.Ordinal);
        Assert.NotEmpty(_f.Failovers);
        Assert.All(_f.Failovers, Assert.True);
        // The other host is down.
        _f.OnFailover = () =>
        {
            _f.Now = "primary unprotected";
            return ControlResult.Done;
        };
        (exit, text) = _f.Act("promote");
        Assert.True(exit == Success, text);
        Assert.Equal("1000", _f.Agent.Score);
    }

    /// <summary>It was not fenced: its node may only fail to start, or the link between the two be cut, and its data be newer.</summary>
    [ColoBinaryFact]
    public void While_the_other_nodes_host_is_up_its_silence_is_no_reason_to_go_on()
    {
        _f.Agent.Join("host-a", "host-b", "host-c");
        Assert.Equal(Success, _f.Act("start", Short).Exit);
        // A cluster of three, in which nobody has seen the other node yet.
        Assert.True(_f.Agent.IsNoted("host-a"));
        Assert.Equal("10", _f.Agent.Score);
        _f.Agent.Note("host-b");
        Assert.Equal(Success, _f.Monitor("Unpromoted").Exit);
        Assert.Equal("-INFINITY", _f.Agent.Score);
        var (exit, text) = _f.Act("promote", Hurry);
        Assert.Equal(Generic, exit);
        Assert.Contains("host-b is up", text, StringComparison.Ordinal);
        Assert.Empty(_f.Failovers);
        // It is fenced.
        _f.Agent.Join("host-a", "host-c");
        Assert.Equal(Success, _f.Monitor("Unpromoted").Exit);
        Assert.Equal("10", _f.Agent.Score);
        _f.OnFailover = () =>
        {
            _f.Now = "primary unprotected";
            return ControlResult.Done;
        };
        (exit, text) = _f.Act("promote");
        Assert.True(exit == Success, text);
        Assert.Equal([true], _f.Failovers);
    }

    [ColoBinaryFact]
    public void A_start_waits_for_the_two_nodes_to_find_out_who_leads()
    {
        var asked = 0;
        _f.OnStatus = () =>
        {
            if (++asked == 4)
                _f.Now = "primary unprotected";
        };
        var (exit, text) = _f.Act("start");
        Assert.True(exit == Success, text);
        Assert.Equal("1000", _f.Agent.Score);
        Assert.Equal(4, asked);
        Assert.Equal([$"run --role auto --config {_f.Config}"], _f.Calls);
        Assert.Equal(Success, _f.Act("stop").Exit);
        // But not for ever: the other one may not come.
        _f.OnStatus = () => { };
        Assert.Equal(Success, _f.Act("start", Short).Exit);
        Assert.Equal("10", _f.Agent.Score);
    }

    [ColoBinaryFact]
    public void A_node_that_ends_at_its_start_is_a_failure_with_its_last_words()
    {
        _f.RefuseToRun("both nodes have run the guest without the other");
        var (exit, text) = _f.Act("start");
        Assert.Equal(Generic, exit);
        Assert.Contains("status 3: both nodes have run the guest", text, StringComparison.Ordinal);
        Assert.Equal(Success, _f.Act("stop").Exit);
    }

    [ColoBinaryFact]
    public void Demoting_a_primary_waits_for_its_secondary_and_hands_the_guest_over()
    {
        Decide("primary syncing");
        Assert.Equal(Success, _f.Act("start").Exit);
        var asked = 0;
        _f.OnStatus = () =>
        {
            if (++asked == 3)
                _f.Now = "primary protected";
        };
        // The real node says for a moment that its guest has stopped, then nothing at all, and begins anew as the secondary.
        IDisposable? later = null;
        _f.OnFailover = () =>
        {
            _f.Now = "primary stopped";
            later = Later(_f.HideSocket, () => _f.Now = "secondary waiting", _f.ShowSocket);
            return ControlResult.Done;
        };
        var (exit, text) = _f.Act("demote");
        Assert.True(exit == Success, text);
        later!.Dispose();
        Assert.Equal([false], _f.Failovers);
        Assert.Equal("-INFINITY", _f.Agent.Score);
        Assert.Equal(Success, _f.Act("demote").Exit);
        Assert.Single(_f.Failovers);
        Assert.Equal([$"run --role auto --config {_f.Config}"], _f.Calls);
    }

    [ColoBinaryFact]
    public void Demoting_does_not_wait_for_a_node_that_has_died()
    {
        Decide("primary protected");
        Assert.Equal(Success, _f.Act("start").Exit);
        _f.OnFailover = () =>
        {
            _f.HideSocket();
            System.Diagnostics.Process.GetProcessById(_f.Agent.Pid!.Value).Kill();
            return ControlResult.Done;
        };
        Assert.Equal(NotRunning, _f.Act("demote").Exit);
    }

    [ColoBinaryFact]
    public void A_life_in_a_cluster()
    {
        Decide("secondary waiting");
        Assert.Equal(Success, _f.Act("start").Exit);
        Assert.Equal(Success, _f.Act("start").Exit);
        Assert.Equal([$"run --role auto --config {_f.Config}"], _f.Calls);
        Assert.Equal(Success, _f.Act("monitor").Exit);
        _f.Now = "primary unprotected";
        Assert.Equal(Success, _f.Act("promote").Exit);
        Assert.Equal(RunningPromoted, _f.Act("monitor").Exit);
        // Nobody to hand it over to. It must not begin again by itself.
        Assert.Equal(Success, _f.Act("demote").Exit);
        Assert.Equal($"run --role secondary --config {_f.Config}", _f.Calls[^1]);
        Assert.Equal("100", _f.Agent.Score);
        // The cluster wants it again: whether it may lead it finds out like any other.
        Decide("primary unprotected");
        var (exit, text) = _f.Act("promote", ("OCF_RESKEY_node", "b"));
        Assert.True(exit == Success, text);
        Assert.Equal($"run --role auto --config {_f.Config} --node b", _f.Calls[^1]);
        Assert.Equal(Success, _f.Act("demote").Exit);
        Assert.Equal($"run --role secondary --config {_f.Config}", _f.Calls[^1]);
        // It has found a primary since, and lost it again: now it is no better than any secondary.
        _f.Now = "secondary syncing";
        Assert.Equal(Success, _f.Act("monitor").Exit);
        _f.Now = "secondary waiting";
        Assert.Equal(Success, _f.Act("monitor").Exit);
        Assert.Equal("-INFINITY", _f.Agent.Score);
        Assert.Equal(Success, _f.Act("stop").Exit);
        Assert.Null(_f.Agent.Score);
        Assert.Equal(NotRunning, _f.Act("monitor").Exit);
        Assert.Equal(Success, _f.Act("stop").Exit);
        Assert.Equal(4, _f.Calls.Length);
        Assert.Empty(_f.Failovers);
    }

    [ColoBinaryFact]
    public void A_node_that_somebody_else_started_is_the_clusters_as_soon_as_it_sees_it()
    {
        using var node = _f.RunForeign("secondary protected");
        var (exit, text) = _f.Act("start");
        Assert.True(exit == Success, text);
        Assert.Contains("not started by the cluster", text, StringComparison.Ordinal);
        Assert.Equal(node.Id, _f.Agent.Pid);
        Assert.Equal(Success, _f.Act("stop").Exit);
        Assert.True(node.WaitForExit(1_000), "it still runs");
        // Also one that the agent sees first when it is to end it.
        using var another = _f.RunForeign("secondary protected");
        Assert.Equal(Success, _f.Act("stop").Exit);
        Assert.True(another.WaitForExit(1_000), "it still runs");
    }

    [ColoBinaryFact]
    public void A_node_whose_process_cannot_be_found_is_neither_started_nor_ended()
    {
        _f.Show("primary unprotected");
        foreach (var action in new[] { "start", "stop" })
        {
            var (exit, text) = _f.Act(action);
            Assert.Equal(Generic, exit);
            Assert.Contains("not started by the cluster", text, StringComparison.Ordinal);
        }
    }

    [ColoBinaryFact]
    public void A_node_that_cannot_be_asked_any_more_runs_all_the_same_and_is_stopped()
    {
        foreach (var (name, value) in new[] { ("OCF_RESKEY_binary", "/none/such"), ("OCF_RESKEY_config", "/none/such") })
        {
            Decide("secondary protected");
            Assert.Equal(Success, _f.Act("start").Exit);
            var pid = _f.Agent.Pid;
            var (exit, text) = _f.Act("monitor", (name, value));
            Assert.Equal(Generic, exit);
            Assert.Contains($"process {pid} runs", text, StringComparison.Ordinal);
            Assert.Equal(Success, _f.Act("stop", (name, value)).Exit);
            Assert.Equal(NotRunning, _f.Act("monitor").Exit);
        }

        Decide("secondary protected");
        Assert.Equal(Success, _f.Act("start").Exit);
        File.AppendAllText(_f.Config, "[vn]\n");
        Assert.Equal(Generic, _f.Act("monitor").Exit);
        Assert.Equal(Success, _f.Act("stop").Exit);
        Assert.Null(_f.Agent.Pid);
    }

    [ColoBinaryFact]
    public void A_guest_that_could_not_be_handed_over_is_powered_off_by_a_second_signal()
    {
        Decide("primary protected");
        Assert.Equal(Success, _f.Act("start").Exit);
        _f.IgnoreTerm(true);
        // The secondary is lost in the middle of it.
        _f.OnStatus = () =>
        {
            if (_f.Signals.Length == 1)
            {
                _f.Now = "primary unprotected";
                _f.IgnoreTerm(false);
            }
        };
        var (exit, text) = _f.Act("stop");
        Assert.True(exit == Success, text);
        Assert.Contains("powered off", text, StringComparison.Ordinal);
        Assert.Equal(["TERM", "TERM"], _f.Signals);
    }

    /// <summary>Its death lets the secondary go on; powered off, the guest would be gone on both.</summary>
    [ColoBinaryFact]
    public void A_protected_primary_that_does_not_end_is_killed_and_not_powered_off()
    {
        Decide("primary protected");
        Assert.Equal(Success, _f.Act("start").Exit);
        _f.IgnoreTerm(true);
        var (exit, text) = _f.Act("stop", ("OCF_RESKEY_CRM_meta_timeout", "13000"));
        Assert.True(exit == Success, text);
        Assert.Contains("killed", text, StringComparison.Ordinal);
        Assert.Equal(["TERM"], _f.Signals);
        Assert.Null(_f.Agent.Pid);
    }

    [ColoBinaryFact]
    public void The_meta_data_names_the_version_of_the_interface_whose_role_names_it_uses()
    {
        var (exit, text) = _f.Act("meta-data");
        Assert.Equal(Success, exit);
        Assert.Contains("<version>1.1</version>", text, StringComparison.Ordinal);
        Assert.Contains("role=\"Promoted\"", text, StringComparison.Ordinal);
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
            File.Copy(ResourceAgent.Script, agent);
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
        _f.OnFailover = () =>
        {
            _f.Now = "primary unprotected";
            return ControlResult.Done;
        };
        // Some twenty actions, of which two starts wait for another node.
        var (exit, output, error) = Colo.Demo.ChildProcess.CaptureBoth(
            "/usr/sbin/ocf-tester", ["-n", "web1", "-o", $"binary={_f.Binary}", "-o", $"config={_f.Config}", "-o", $"log={_f.Path("log")}", agent], 300_000);
        Assert.True(exit == 0, output + error);
        Assert.Contains("passed all tests", output, StringComparison.Ordinal);
    }

    /// <summary>What the node becomes as soon as it is asked after its next start.</summary>
    private void Decide(string now) => _f.OnStatus = () =>
    {
        if (_f.Now.StartsWith("secondary waiting cold", StringComparison.Ordinal))
            _f.Now = now;
    };

    /// <summary>As a real node after a switchover: its guest has stopped, then nothing answers, then it is the secondary.</summary>
    private void BetweenRoles(Action meanwhile)
    {
        _f.Now = "primary stopped";
        using (Later(_f.HideSocket, () => _f.Now = "secondary waiting", _f.ShowSocket))
            meanwhile();
    }

    /// <summary>Does one after the other, each after a while; what is left at the end is waited for.</summary>
    private static Waiting Later(params Action[] steps)
    {
        var thread = new Thread(() =>
        {
            foreach (var step in steps)
            {
                Thread.Sleep(700);
                step();
            }
        });
        thread.Start();
        return new Waiting(thread);
    }

    private sealed class Waiting(Thread thread) : IDisposable
    {
        public void Dispose() => thread.Join();
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
