using Colo.Linux;
using Colo.Protection;

namespace Colo.Tests.Protection;

[Collection("Inherited descriptors")]
public sealed class OperatorCommandTests : IDisposable
{
    private readonly CommandFixture _f = new();

    public void Dispose() => _f.Dispose();

    [Fact]
    public void Arguments_environment_and_exit_status_arrive()
    {
        var result = _f.Run(
            _f.Script("echo \"$#:$1:$2:$COLO_VM:$COLO_REASON:${PATH:+path}\"; echo last >&2; exit 42") + "  one   two ",
            environment: [new("COLO_VM", "web1"), new("COLO_REASON", "a\nb\0c")]);
        Assert.Equal("2:one:two:web1:a b c:path\nlast\n", result.Output);
        Assert.Equal((42, null, false, null), (result.ExitStatus, result.Signal, result.TimedOut, result.StartError));
        Assert.False(result.Succeeded);
        Assert.Contains("exit status 42", result.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("it said: last", result.ToString(), StringComparison.Ordinal);
        Assert.True(_f.Run("/bin/true").Succeeded);
    }

    [Fact]
    public void A_value_of_the_environment_replaces_the_inherited_one_and_the_service_managers_are_withheld()
    {
        Assert.Equal(["PATH=x"], CommandEnvironment.Merge([new("PATH", "x")]).Where(v => v.StartsWith("PATH=", StringComparison.Ordinal)));
        Assert.DoesNotContain(CommandEnvironment.Merge([]), v => v.StartsWith("NOTIFY_SOCKET=", StringComparison.Ordinal));
        Assert.Equal(1024 + "LONG=".Length, CommandEnvironment.Merge([new("LONG", new string('x', 5000))])[^1].Length);
    }

    [Fact]
    public void The_end_by_a_signal_is_told()
    {
        var result = _f.Run(_f.Script("kill -USR1 $$; sleep 1000"));
        Assert.Equal((null, 10, false), (result.ExitStatus, result.Signal, result.Succeeded));
    }

    [Fact]
    public void What_cannot_be_started_is_a_result_that_says_why()
    {
        Assert.Contains("/none/such", _f.Run("/none/such arg").StartError, StringComparison.Ordinal);
        File.WriteAllText(_f.File("plain"), "#!/bin/sh\n");
        var result = _f.Run(_f.File("plain"));
        Assert.Contains("Permission denied", result.StartError, StringComparison.Ordinal);
        Assert.False(result.Succeeded);
    }

    [Fact]
    public void It_inherits_no_descriptor_and_reads_nothing()
    {
        // What a careless starter of this process would have left open: without close-on-exec.
        using var leak = new FileDescriptor(Dup.OfStandardOutput());
        var result = _f.Run(_f.Script("ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/0; cat; grep SigIgn /proc/self/status"));
        // 3 is the directory that ls itself reads.
        Assert.StartsWith("0 1 2 3 /dev/null\nSigIgn:\t", result.Output, StringComparison.Ordinal);
        // But for 32 and 33, which the C library keeps for itself.
        Assert.Equal(0ul, ulong.Parse(result.Output.TrimEnd()[^16..], System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture) & ~0x180000000ul);
    }

    [Fact]
    public void At_its_limit_the_whole_tree_gets_SIGTERM()
    {
        var script = _f.Script($"sleep 1000 & echo $! > {_f.File("pid")}; trap 'echo told; exit 0' TERM; wait");
        var result = _f.Run(script, limit: TimeSpan.FromSeconds(2));
        Assert.True(result.TimedOut);
        // Whatever it returned.
        Assert.Equal((0, false), (result.ExitStatus, result.Succeeded));
        Assert.Equal("told", result.LastLine);
        var child = int.Parse(File.ReadAllText(_f.File("pid")), System.Globalization.CultureInfo.InvariantCulture);
        CommandFixture.Eventually(() => !CommandFixture.Lives(child), "the script's child lives on");
    }

    [Fact]
    public void Who_does_not_heed_SIGTERM_gets_SIGKILL_with_the_whole_tree()
    {
        var script = _f.Script($"trap '' TERM; sleep 1000 & echo $! > {_f.File("pid")}; sleep 1000");
        var result = _f.Run(script, limit: TimeSpan.FromSeconds(2), grace: TimeSpan.FromMilliseconds(100));
        Assert.Equal((true, 9, null), (result.TimedOut, result.Signal, result.ExitStatus));
        var child = int.Parse(File.ReadAllText(_f.File("pid")), System.Globalization.CultureInfo.InvariantCulture);
        CommandFixture.Eventually(() => !CommandFixture.Lives(child), "the script's child lives on");
    }

    [Fact]
    public void A_child_that_outlives_the_leader_at_the_limit_is_ended_too()
    {
        var script = _f.Script($"(trap '' TERM; echo $(exec sh -c 'echo $PPID') > {_f.File("pid")}; while :; do sleep 1; done) & sleep 1000");
        var result = _f.Run(script, limit: TimeSpan.FromSeconds(2));
        Assert.Equal((true, 15), (result.TimedOut, result.Signal));
        var child = int.Parse(File.ReadAllText(_f.File("pid")), System.Globalization.CultureInfo.InvariantCulture);
        CommandFixture.Eventually(() => !CommandFixture.Lives(child), "the script's child lives on");
    }

    [Fact]
    public void What_a_script_leaves_in_the_background_does_not_hold_up_its_result()
    {
        var result = _f.Run(_f.Script($"sleep 1000 & echo $! > {_f.File("pid")}; echo done"));
        Assert.True(result.Succeeded);
        Assert.Equal("done\n", result.Output);
        var child = int.Parse(File.ReadAllText(_f.File("pid")), System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(CommandFixture.Lives(child));
        System.Diagnostics.Process.GetProcessById(child).Kill();
    }

    [Fact]
    public void Of_much_output_the_end_is_kept()
    {
        var result = _f.Run(_f.Script("i=0; while [ $i -lt 3000 ]; do echo line $i of many; i=$((i+1)); done"));
        Assert.Equal(OperatorCommand.OutputLimit, result.Output.Length);
        Assert.EndsWith("line 2998 of many\nline 2999 of many\n", result.Output, StringComparison.Ordinal);
        Assert.Equal("line 2999 of many", result.LastLine);
    }

    [Fact]
    public void A_flood_of_output_leaves_the_loop_to_others()
    {
        OperatorCommand? flood = null;
        _f.Loop.Invoke(() => flood = OperatorCommand.Start(_f.Loop, "/usr/bin/yes", [], CommandFixture.Patience, _ => { }));
        CommandFixture.Eventually(() => flood!.ProcessId != 0, "it does not start");
        var pid = flood!.ProcessId;
        // Asleep in write, because nobody reads as fast as it writes: it would never be seen so by a loop that only reads.
        var seen = 0;
        CommandFixture.Eventually(() =>
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return text[text.LastIndexOf(')') + 2] == 'S' && ++seen == 20;
        }, "yes never waits");

        _f.Loop.Invoke(flood.Dispose);
        CommandFixture.Eventually(() => !CommandFixture.Lives(pid), "yes lives on");
    }

    [Fact]
    public void Disposed_while_it_runs_it_ends_with_its_tree_and_tells_nothing()
    {
        var told = false;
        OperatorCommand? command = null;
        var script = _f.Script($"trap '' TERM; sleep 1000 & echo $! > {_f.File("new")}; mv {_f.File("new")} {_f.File("pid")}; wait");
        _f.Loop.Invoke(() => command = OperatorCommand.Start(_f.Loop, script, [], CommandFixture.Patience, _ => told = true));
        CommandFixture.Eventually(() => File.Exists(_f.File("pid")), "it does not start");
        var pid = command!.ProcessId;
        var child = int.Parse(File.ReadAllText(_f.File("pid")), System.Globalization.CultureInfo.InvariantCulture);
        _f.Loop.Invoke(command.Dispose);
        _f.Loop.Invoke(command.Dispose);
        CommandFixture.Eventually(() => !File.Exists($"/proc/{pid}") && !CommandFixture.Lives(child), "it lives on");
        _f.Loop.Invoke(() => { });
        Assert.False(told);
    }

    [Fact]
    public void Disposed_at_any_moment_nothing_is_left()
    {
        var script = _f.Script($"echo $$ >> {_f.File("pids")}; sleep 1000");
        for (var round = 0; round < 40; round++)
        {
            OperatorCommand? command = null;
            _f.Loop.Invoke(() => command = OperatorCommand.Start(_f.Loop, script, [], CommandFixture.Patience, _ => { }));
            if (round % 2 == 1)
                CommandFixture.Eventually(() => command!.ProcessId != 0, "it does not start");
            _f.Loop.Invoke(command!.Dispose);
        }

        CommandFixture.Eventually(() => CommandFixture.Zombies("script").Count == 0, "zombies are left");
        if (File.Exists(_f.File("pids")))
            Assert.All(File.ReadAllLines(_f.File("pids")), pid => CommandFixture.Eventually(() => !File.Exists($"/proc/{pid}"), $"{pid} lives on"));
    }

    [Fact]
    public void Many_runs_leave_no_descriptor_and_no_zombie()
    {
        // Other tests run beside this one and have pipes of their own: what is left of either kind of run would be far more.
        const int runs = 200, others = runs / 4;
        _f.Run("/bin/true");
        var before = Directory.GetFileSystemEntries("/proc/self/fd").Count(IsPipeOrPidfd);
        for (var i = 0; i < runs; i++)
            Assert.Equal(i % 2 == 0, _f.Run(i % 2 == 0 ? "/bin/true" : "/none/such").Succeeded);
        CommandFixture.Eventually(() => Directory.GetFileSystemEntries("/proc/self/fd").Count(IsPipeOrPidfd) <= before + others, "descriptors are left");
        CommandFixture.Eventually(() => CommandFixture.Zombies("true").Count == 0, "zombies are left");
    }

    private static bool IsPipeOrPidfd(string path) =>
        new FileInfo(path).LinkTarget is { } target && (target.StartsWith("pipe:", StringComparison.Ordinal) || target.Contains("pidfd", StringComparison.Ordinal));

    private static class Dup
    {
        internal static int OfStandardOutput() => dup(1);

        [System.Runtime.InteropServices.DllImport("libc")]
        private static extern int dup(int fd);
    }
}
