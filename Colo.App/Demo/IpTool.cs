using System.Diagnostics;

namespace Colo.Demo;

/// <summary>Calls ip(8) of iproute2, which makes namespaces and interfaces.</summary>
public static class IpTool
{
    private static readonly string? Binary =
        ((string[])["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"]).FirstOrDefault(File.Exists);

    /// <summary>Whether iproute2 is installed.</summary>
    public static bool IsInstalled => Binary is not null;

    /// <summary>Runs <c>ip</c> with these arguments.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds the command and its complaint.</exception>
    public static string Run(params string[] arguments)
    {
        var (code, output) = Try(arguments);
        return code == 0
            ? output
            : throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {output.Trim()} (exit status {code})");
    }

    /// <summary>Runs <c>ip</c> and returns its exit status with what it wrote.</summary>
    public static (int Code, string Output) Try(params string[] arguments)
    {
        if (Binary is null)
            return (127, "ip is not installed: apt-get install iproute2");
        return ChildProcess.Capture(Binary, arguments);
    }
}

/// <summary>Runs a short-lived program to its end.</summary>
internal static class ChildProcess
{
    /// <summary>Runs it and returns its exit status and both outputs together; -1 when it outlived the limit and was killed.</summary>
    internal static (int Code, string Output) Capture(string file, IEnumerable<string> arguments, int limitMs = 10_000)
    {
        var (code, output, error) = CaptureBoth(file, arguments, limitMs);
        return (code, output + error);
    }

    /// <summary>Runs it and returns its exit status and its outputs; -1 when it outlived the limit and was killed.</summary>
    internal static (int Code, string Output, string Error) CaptureBoth(string file, IEnumerable<string> arguments, int limitMs)
    {
        var start = new ProcessStartInfo(file)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start) ?? throw new InvalidOperationException(file + " did not start");
        process.StandardInput.Close();
        // On threads of their own: those of the pool may all be busy for longer than anybody waits here.
        var output = new OutputReader(process.StandardOutput);
        var error = new OutputReader(process.StandardError);
        if (!process.WaitForExit(limitMs))
        {
            process.Kill();
            process.WaitForExit();
            return (-1, "", $"{Path.GetFileName(file)} did not end within {limitMs} ms\n");
        }

        return (process.ExitCode, output.Take(), error.Take());
    }

    /// <summary>Reads what a program writes, as it comes.</summary>
    private sealed class OutputReader
    {
        // A grandchild may hold the pipe open: what the program itself wrote is there by now, and is read in no time.
        private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
        private readonly System.Text.StringBuilder _text = new();
        private readonly Thread _thread;

        internal OutputReader(StreamReader from)
        {
            _thread = new Thread(() =>
            {
                var buffer = new char[4096];
                try
                {
                    while (from.Read(buffer) is var length and > 0)
                    {
                        lock (_text)
                            _text.Append(buffer, 0, length);
                    }
                }
                catch (Exception e) when (e is IOException or ObjectDisposedException)
                {
                    // Given up by who waited for it.
                }
            })
            { IsBackground = true, Name = "program output" };
            _thread.Start();
        }

        internal string Take()
        {
            _thread.Join(Limit);
            lock (_text)
                return _text.ToString();
        }
    }
}
