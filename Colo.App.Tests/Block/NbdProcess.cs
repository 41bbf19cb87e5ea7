using System.Diagnostics;
using System.Globalization;
using Colo.Block.Nbd;

namespace Colo.Tests.Block;

/// <summary><c>colo nbd</c> as a process, killed at the end.</summary>
internal sealed class NbdProcess : IDisposable
{
    private readonly Task<string> _error;

    /// <summary>Starts the executable as users get it and waits until it listens.</summary>
    /// <param name="socket">Its socket.</param>
    /// <param name="prefix">A program that starts it, with arguments.</param>
    /// <param name="args">What follows <c>colo nbd --socket</c>.</param>
    public NbdProcess(string socket, string[] prefix, params string[] args)
    {
        string[] all = [.. prefix, ColoBinary.Path!, "nbd", "--socket", socket, .. args];
        var start = new ProcessStartInfo(all[0], all[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["COLO_LOG"] = "debug";
        Address = new NbdAddress.Unix(socket);
        Process = Process.Start(start)!;
        _error = Process.StandardError.ReadToEndAsync();
        Uri = Process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"{string.Join(' ', all)}: {_error.Result}");
    }

    public Process Process { get; }

    public NbdAddress Address { get; }

    public string Uri { get; }

    /// <summary>Most memory that it has had so far, in bytes.</summary>
    public long PeakMemory => 1024 * long.Parse(
        File.ReadLines($"/proc/{Process.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    /// <summary>Ends it in order, which has to work; what it wrote to standard error.</summary>
    public string Stop()
    {
        Tools.Run("kill", "-TERM", Process.Id.ToString(CultureInfo.InvariantCulture));
        Assert.True(Process.WaitForExit(20_000));
        Assert.True(Process.ExitCode == 0, _error.Result);
        return _error.Result;
    }

    public void Dispose()
    {
        if (!Process.HasExited)
            Process.Kill();
        Process.WaitForExit();
        Process.Dispose();
    }
}
