using System.Diagnostics;
using Colo.Linux;
using Colo.Protection;

namespace Colo.Tests.Protection;

/// <summary>A running loop, and a folder with shell scripts that commands are made of.</summary>
internal sealed class CommandFixture : IDisposable
{
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-command-");
    private readonly Thread _thread;

    internal CommandFixture()
    {
        _thread = new Thread(Loop.Run);
        _thread.Start();
    }

    internal EventLoop Loop { get; } = new();

    internal string File(string name) => Path.Combine(_folder.FullName, name);

    internal string Script(string text, string name = "script")
    {
        var path = File(name);
        System.IO.File.WriteAllText(path, "#!/bin/sh\n" + text + "\n");
        System.IO.File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    /// <summary>Runs a command to its end.</summary>
    internal CommandResult Run(string commandLine, TimeSpan? limit = null, TimeSpan? grace = null, params KeyValuePair<string, string>[] environment)
    {
        CommandResult? result = null;
        using var done = new ManualResetEventSlim();
        Loop.Invoke(() => OperatorCommand.Start(Loop, commandLine, environment, limit ?? Patience, grace ?? Patience, r =>
        {
            Assert.True(Loop.IsLoopThread);
            Assert.Null(result);
            result = r;
            done.Set();
        }));
        Assert.True(done.Wait(Patience), "the command did not end");
        return result!;
    }

    internal static void Eventually(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < Patience, what);
            Thread.Sleep(2);
        }
    }

    internal static bool Lives(int pid) =>
        System.IO.File.Exists($"/proc/{pid}/stat") && !State(pid).StartsWith('Z');

    /// <summary>The zombies of such a program that this process has as children now; other tests may have some of others.</summary>
    internal static IReadOnlyList<int> Zombies(string program)
    {
        var own = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)).Select(n => int.Parse(n!, System.Globalization.CultureInfo.InvariantCulture))
            .Where(pid => State(pid) is { Length: > 0 } state && state.Split(' ') is ["Z", var parent, ..] && parent == own && Name(pid) == program)];
    }

    public void Dispose()
    {
        Loop.Stop();
        _thread.Join();
        Loop.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string Name(int pid)
    {
        try
        {
            return System.IO.File.ReadAllText($"/proc/{pid}/comm").TrimEnd();
        }
        catch (IOException)
        {
            return "";
        }
    }

    // From the state on: the name before it may hold anything.
    private static string State(int pid)
    {
        try
        {
            var text = System.IO.File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..];
        }
        catch (IOException)
        {
            return "";
        }
    }
}
