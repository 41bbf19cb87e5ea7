using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Colo.Demo;

/// <summary>One node, run as a process of its own on one of the hosts, with its log kept in a file.</summary>
public sealed class NodeProcess : IDisposable
{
    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Lock _gate = new();
    private readonly string _binary;
    private readonly string _socket;
    private readonly TimeSpan _statusLimit;

    private NodeProcess(NodeFiles files, string binary, Process process)
    {
        Node = files.Node;
        LogFile = files.Log;
        _binary = binary;
        _socket = files.Socket;
        _statusLimit = files.StatusLimit;
        _process = process;
        _log = new StreamWriter(files.Log, append: true) { AutoFlush = true };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>a or b.</summary>
    public char Node { get; }

    /// <summary>The process id of the node itself.</summary>
    public int Pid => _process.Id;

    /// <summary>Where everything that it writes is kept.</summary>
    public string LogFile { get; }

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Its exit status; 128 + the signal's number when a signal ended it.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>
    /// Starts a node on a host. The thread that forks is in the host's namespace and so is the child: its id is the
    /// node's own, with no program in between that a SIGKILL might hit instead.
    /// </summary>
    public static NodeProcess Start(NetworkNamespace host, NodeFiles files, string binary, string role, IEnumerable<string>? settings = null,
        IEnumerable<KeyValuePair<string, string>>? environment = null, IEnumerable<string>? arguments = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(files);
        var start = new ProcessStartInfo(binary)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = files.Folder,
        };
        foreach (var argument in (string[])["run", "--role", role, "--node", files.Node.ToString(), "--config", files.Config])
            start.ArgumentList.Add(argument);
        foreach (var setting in settings ?? [])
        {
            start.ArgumentList.Add("--set");
            start.ArgumentList.Add(setting);
        }

        foreach (var argument in arguments ?? [])
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;
        var process = host.Run(() => Process.Start(start)) ?? throw new InvalidOperationException(binary + " did not start");
        process.StandardInput.Close();
        return new NodeProcess(files, binary, process);
    }

    /// <summary>Asks the node for its status; null while it does not answer.</summary>
    public NodeStatus? TryStatus()
    {
        var (code, output, _) = ChildProcess.CaptureBoth(_binary, ["status", "--json", "--socket", _socket], (int)_statusLimit.TotalMilliseconds);
        if (code != 0)
            return null;
        try
        {
            return NodeStatus.Parse(output);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Sends a signal to the node, and to nothing else.</summary>
    /// <param name="signal">9: kill, 15: terminate, 19: stop, 18: continue.</param>
    public void Signal(int signal)
    {
        if (!_process.HasExited)
            _ = NativeDemo.kill(_process.Id, signal);
    }

    /// <summary>The process id of the node's keeper, which tells the other node of its death; null when there is none at the moment.</summary>
    internal int? Keeper()
    {
        try
        {
            foreach (var task in Directory.EnumerateDirectories($"/proc/{Pid}/task"))
            {
                foreach (var child in File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    if (File.ReadAllText($"/proc/{child}/cmdline").Contains("keeper", StringComparison.Ordinal))
                        return int.Parse(child, CultureInfo.InvariantCulture);
                }
            }
        }
        catch (IOException)
        {
            // A thread or the keeper ended while it was looked at.
        }

        return null;
    }

    /// <summary>Waits until it has ended.</summary>
    /// <returns>False when it still runs after <paramref name="limit"/>.</returns>
    public bool WaitForExit(TimeSpan limit) => _process.WaitForExit(limit);

    /// <summary>The last lines of its log.</summary>
    public string LogTail(int lines)
    {
        lock (_gate)
        {
            return string.Join('\n', File.ReadLines(LogFile).TakeLast(lines));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _ = NativeDemo.kill(_process.Id, NativeDemo.SIGKILL);
            _process.WaitForExit(5_000);
        }

        lock (_gate)
        {
            _log.Dispose();
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_gate)
        {
            // The reader may deliver a last line after Dispose.
            if (_log.BaseStream is { CanWrite: true })
                _log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Node} {_process.Id}] {line}"));
        }
    }
}
