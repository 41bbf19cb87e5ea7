using System.Diagnostics;

namespace Colo.Tests.Packaging;

/// <summary>etc/ocf/colo, run as Pacemaker runs it, and what it tells the cluster.</summary>
internal sealed class ResourceAgent
{
    private readonly string _folder;
    private readonly Dictionary<string, string> _environment;

    /// <param name="folder">For what belongs to this host: its process file, and what stands for the cluster's own programs.</param>
    /// <param name="binary">The executable.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="log">Where the node's output goes.</param>
    internal ResourceAgent(string folder, string binary, string config, string log)
    {
        _folder = Directory.CreateDirectory(folder).FullName;
        // Promotion scores are written down; an attribute of a host is a file.
        WriteScript("crm_attribute", $$"""
            case " $* " in
            *" -G "*) get=yes ;;
            *" -n "*) get=no ;;
            *)
                echo "$@" >>{{_folder}}/scores
                exit
                ;;
            esac
            while [ "$1" != -N ]; do shift; done
            [ $get = no ] || exec test -e {{_folder}}/noted-$2
            : >{{_folder}}/noted-$2
            """);
        _environment = new()
        {
            ["OCF_RESOURCE_INSTANCE"] = "web1:0",
            ["OCF_RESKEY_binary"] = binary,
            ["OCF_RESKEY_config"] = config,
            ["OCF_RESKEY_log"] = log,
            ["HA_RSCTMP"] = Path.Combine(_folder, "tmp"),
            ["PATH"] = $"{_folder}:{Environment.GetEnvironmentVariable("PATH")}",
        };
    }

    internal static string Script { get; } = Path.Combine(ColoBinary.Repository, "etc", "ocf", "colo");

    /// <summary>The promotion score as the cluster has it; null when there is none.</summary>
    internal string? Score
    {
        get
        {
            var last = File.Exists(Path.Combine(_folder, "scores")) ? File.ReadAllLines(Path.Combine(_folder, "scores"))[^1].Split(' ') : [];
            var value = Array.IndexOf(last, "-v");
            return value < 0 ? null : last[value + 1];
        }
    }

    /// <summary>The process that the agent takes for the node's; null when it knows of none.</summary>
    internal int? Pid =>
        File.Exists(PidFile) && int.TryParse(File.ReadAllText(PidFile).Split(' ')[0], out var pid) && Directory.Exists($"/proc/{pid}") ? pid : null;

    private string PidFile => Path.Combine(_folder, "tmp", "colo-web1_0.pid");

    /// <summary>From now on there is a cluster, of which these hosts are up; the first is this one.</summary>
    internal void Join(params IEnumerable<string> up) => WriteScript("crm_node", $"""
        case $1 in -n) echo {up.First()} ;; -p) echo {string.Join(' ', up)} ;; esac
        """);

    /// <summary>Whether the cluster knows that a node of the pair belongs to a host.</summary>
    internal bool IsNoted(string host) => File.Exists(Noted(host));

    internal void Note(string host) => File.WriteAllText(Noted(host), "");

    /// <summary>As after a boot of the host: nothing is known of a node, and no score of it is left.</summary>
    internal void Forget()
    {
        File.Delete(PidFile);
        File.Delete(Path.Combine(_folder, "scores"));
    }

    /// <summary>Runs an action to its end; its exit status and what it said.</summary>
    internal (int Exit, string Text) Act(string action, TimeSpan timeout, params IEnumerable<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(Script, [action]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OCF_RESKEY_CRM_meta_timeout"] = $"{(long)timeout.TotalMilliseconds}";
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(timeout + TimeSpan.FromSeconds(60)))
        {
            process.Kill();
            throw new TimeoutException($"{action}: {error.Result}");
        }

        return (process.ExitCode, output.Result + error.Result);
    }

    private string Noted(string host) => Path.Combine(_folder, "noted-" + host);

    private void WriteScript(string name, string text)
    {
        File.WriteAllText(Path.Combine(_folder, name), $"#!/bin/sh\n{text}\n");
        File.SetUnixFileMode(Path.Combine(_folder, name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
