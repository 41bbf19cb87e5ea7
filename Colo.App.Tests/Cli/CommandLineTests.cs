using Colo.Cli;
using Colo.Monitor;
using Colo.Tests.Configuration;
using Colo.Tests.Monitor;
using Colo.Tests.Support;

namespace Colo.Tests.Cli;

public sealed class CommandLineTests
{
    private static (int Exit, string Output, string Error) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        return (ColoCommandLine.Invoke(args, output, error), output.ToString(), error.ToString());
    }

    [Theory]
    [InlineData("Required command", "colo --help")]
    [InlineData("statsu", "colo --help", "statsu")]
    [InlineData("--role", "colo run --help", "run")]
    [InlineData("'secondary'", "colo run --help", "run", "--role", "both")]
    [InlineData("'a'", "colo run --help", "run", "--role", "primary", "--node", "c")]
    [InlineData("--set", "colo run --help", "run", "--role", "standalone", "--set")]
    [InlineData("FILE", "colo keygen --help", "keygen")]
    [InlineData("--to", "colo save --help", "save")]
    [InlineData("seconds", "colo demo --help", "demo", "--duration", "0")]
    [InlineData("seconds", "colo demo --help", "demo", "--duration", "long")]
    [InlineData("exclude each other", "colo status --help", "status", "--config", "x", "--socket", "y")]
    [InlineData("exclude each other", "colo stop --help", "stop", "--config", "x", "--socket", "y")]
    [InlineData("--forse", "colo failover --help", "failover", "--forse")]
    [InlineData("@file", "colo --help", "@file")]
    public void A_wrong_command_line_says_what_is_wrong_and_where_help_is(string message, string help, params string[] args)
    {
        var (exit, output, error) = Run(args);
        Assert.Equal((2, ""), (exit, output.Trim().Split('\n')[0].StartsWith('\'') ? "" : output.Trim()));
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Contains($"See: {help}\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Restoring_goes_with_a_standalone_node_only()
    {
        var (exit, _, error) = Run("run", "--role", "primary", "--restore", "x");
        Assert.Equal(2, exit);
        Assert.Contains("--role standalone", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_command_has_a_help_page_with_examples_that_begin_with_colo()
    {
        var root = ColoCommandLine.CreateRoot();
        Assert.Equal(
            ["check", "completion", "console", "dashboard", "demo", "failover", "keygen", "nbd", "run", "save", "status", "stop"],
            root.Subcommands.Where(c => !c.Hidden).Select(c => c.Name).Order(StringComparer.Ordinal));
        foreach (var command in root.Subcommands.Select(c => c.Name).Prepend(""))
        {
            var (exit, output, _) = Run(command.Length == 0 ? ["--help"] : [command, "--help"]);
            Assert.Equal(0, exit);
            var examples = output[output.IndexOf("Examples:\n", StringComparison.Ordinal)..];
            Assert.Contains($"\n  colo {command}", examples, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_manual_names_every_command_and_option()
    {
        var manual = File.ReadAllText(Path.Combine(ColoBinary.Repository, "docs", "commands.md"));
        foreach (var command in ColoCommandLine.CreateRoot().Subcommands.Where(c => !c.Hidden))
        {
            var from = manual.IndexOf($"\n## colo {command.Name}\n", StringComparison.Ordinal);
            Assert.True(from >= 0, command.Name);
            var section = manual[from..].Split("\n## ")[1];
            Assert.All(command.Options, o => Assert.Contains($"`{o.Name}", section, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_wrong_configuration_is_exit_status_2_with_every_error_on_its_line()
    {
        using var file = new ConfigurationFile("[vm]\nmemory = 1\n[foo]\n");
        foreach (var command in new[] { new[] { "run", "--role", "standalone" }, ["status"], ["stop"], ["failover"] })
        {
            var (exit, output, error) = Run([.. command, "--config", file.Path]);
            Assert.Equal((2, ""), (exit, output));
            var lines = error.TrimEnd('\n').Split('\n');
            Assert.Equal(2, lines.Length);
            Assert.StartsWith($"colo: {file.Path}:2: [vm] memory: found \"1\"; accepted: ", lines[0], StringComparison.Ordinal);
            Assert.StartsWith($"colo: {file.Path}:3: [foo] unknown section; accepted: ", lines[1], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_role_decides_what_the_configuration_needs()
    {
        using var file = new ConfigurationFile("");
        var (exit, _, error) = Run("run", "--role", "secondary", "--config", file.Path, "--set", "link:key-file=none");
        Assert.Equal(2, exit);
        Assert.Contains("[link] node-a: missing", error, StringComparison.Ordinal);
        Assert.Contains("[link] key-file: no file", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("status", "--json")]
    [InlineData("status", "--watch")]
    [InlineData("failover")]
    [InlineData("failover", "--force")]
    [InlineData("stop")]
    [InlineData("save", "--to", "x")]
    public void No_node_running_is_exit_status_4(params string[] args)
    {
        using var file = new ConfigurationFile("[monitor]\nsocket = node.sock\n");
        var (exit, output, error) = Run([.. args, "--config", file.Path]);
        Assert.Equal((4, ""), (exit, output));
        Assert.Contains($"no node is running at {file.Directory}/node.sock", error, StringComparison.Ordinal);
        Assert.Equal(4, Run([.. args, "--socket", Path.Combine(file.Directory, "other.sock")]).Exit);
    }

    [Fact]
    public void Status_is_a_page_or_json()
    {
        using var fixture = new ControlFixture();
        var (exit, page, error) = Run("status", "--socket", fixture.Socket);
        Assert.Equal((0, ""), (exit, error));
        foreach (var part in new[]
        {
            "web1        primary, protected for ", "epoch 1,234", "up 1 h 1 m", "192.168.2.88:9990, connected, round trip 210 us, heard 12 ms ago",
            "16, 3.0 MiB sent (divergence 1, interval 2, queue 3, planned 4, sync 6)", "pause            1.1 ms    900 us    2.5 ms    3.0 ms",
            "1,000 released, 990 matched, 10 diverged; 5 flows", "2 frames, 2.9 KiB; held for 300 us (99 %: 2.0 ms)",
            "root: 1.0 GiB, 99.5 % in sync, 4.0 KiB pending", "lan: 52:54:00:12:34:56, received 1 (2 B), sent 3 (4 B), dropped 5",
            "1; the last at 2026-11-22 09:59:00 UTC: primary lost, 43.0 ms",
        })
            Assert.Contains(part, page, StringComparison.Ordinal);

        (exit, var json, _) = Run("status", "--json", "--socket", fixture.Socket);
        Assert.Equal(0, exit);
        Assert.Single(json.TrimEnd('\n').Split('\n'));
        Assert.Equal("protected", System.Text.Json.JsonDocument.Parse(json).RootElement.GetProperty("state").GetString());
    }

    [Fact]
    public void Watching_ends_with_the_node()
    {
        var fixture = new ControlFixture();
        using var output = new SharedText();
        using var error = new StringWriter();
        var watch = Task.Run(() => ColoCommandLine.Invoke(["status", "--watch", "--json", "--socket", fixture.Socket], output, error));
        using (fixture)
            Assert.True(SpinWait.SpinUntil(() => output.ToString().Count(c => c == '\n') >= 2, 30_000));
        Assert.Equal(4, watch.Result);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void The_node_s_answer_is_the_exit_status(int exit)
    {
        var answer = new ControlResult(exit == 0, exit == 0 ? null : "because", exit);
        string? saved = null;
        bool? forced = null;
        using var fixture = new ControlFixture
        {
            OnFailover = force =>
            {
                forced = force;
                return answer;
            },
            OnStop = () => answer,
            OnSave = path =>
            {
                saved = path;
                return answer;
            },
        };
        foreach (var args in new[] { new[] { "failover" }, ["failover", "--force"], ["stop"], ["save", "--to", "x.snapshot"] })
        {
            var result = Run([.. args, "--socket", fixture.Socket]);
            Assert.Equal(exit, result.Exit);
            Assert.Equal(exit == 0 ? "" : "colo: because\n", result.Error);
            Assert.Equal(exit == 0, result.Output.Length > 0);
            if (args[0] == "failover")
                Assert.Equal(args.Length == 2, forced);
        }

        Assert.Equal(Path.GetFullPath("x.snapshot"), saved);
    }

    [Fact]
    public void A_key_is_never_overwritten()
    {
        using var file = new ConfigurationFile("precious");
        var (exit, _, error) = Run("keygen", file.Path);
        Assert.Equal(3, exit);
        Assert.Contains("exists", error, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(file.Path));
    }

    [Fact]
    public void Main_returns_the_exit_status() => Assert.Equal(2, Program.Main(["run"]));

    [ColoBinaryFact]
    public void The_executable_answers_with_its_version_its_help_and_exit_statuses()
    {
        Assert.Equal(new(0, "0.1.0\n", ""), ColoBinary.Run("--version"));
        Assert.Contains("Examples:", ColoBinary.Run("run", "--help").Output, StringComparison.Ordinal);
        Assert.Equal(2, ColoBinary.Run("run").Exit);
        Assert.Equal(4, ColoBinary.Run("status", "--socket", "/nonexistent/node.sock").Exit);
        using var file = new ConfigurationFile("[vm]\nmemory = 1\n");
        var wrong = ColoBinary.Run("run", "--role", "standalone", "--config", file.Path, "--set", "link:node-a=x");
        Assert.Equal(2, wrong.Exit);
        Assert.Contains($"{file.Path}:2: [vm] memory:", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("--set: [link] node-a:", wrong.Error, StringComparison.Ordinal);
    }

    [ColoBinaryFact]
    public void The_executable_talks_to_a_node()
    {
        using var fixture = new ControlFixture { OnFailover = _ => ControlResult.Refused("the primary is alive") };
        var status = ColoBinary.Run("status", "--json", "--socket", fixture.Socket);
        Assert.Equal(0, status.Exit);
        Assert.Equal("web1", System.Text.Json.JsonDocument.Parse(status.Output).RootElement.GetProperty("vm").GetString());
        Assert.Contains("primary, protected", ColoBinary.Run("status", "--socket", fixture.Socket).Output, StringComparison.Ordinal);
        Assert.Equal(new(3, "", "colo: the primary is alive\n"), ColoBinary.Run("failover", "--socket", fixture.Socket));
    }
}
