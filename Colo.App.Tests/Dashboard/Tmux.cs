using System.Diagnostics;

namespace Colo.Tests.Dashboard;

/// <summary>A terminal with a shell in it, which a test types on and reads.</summary>
internal sealed class Tmux : IDisposable
{
    // Only a dashboard that hangs gets there; a machine may be slow.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _server = $"colo-test-{Environment.ProcessId}-{Guid.NewGuid():N}";

    internal Tmux(int width, int height, string environment = "LANG=C.UTF-8")
    {
        // Nothing of the environment of who runs the tests decides what is seen.
        Run("-f", "/dev/null", "new-session", "-d", "-x", $"{width}", "-y", $"{height}",
            $"env -u NO_COLOR -u LC_ALL -u LC_CTYPE PS1='READY> ' {environment} sh");
        WaitFor("READY>");
    }

    internal void Keys(params string[] keys) => Run(["send-keys", .. keys]);

    /// <summary>Types a text as it is.</summary>
    internal void Type(string text) => Run("send-keys", "-l", text);

    internal void Line(string command)
    {
        Type(command);
        Keys("Enter");
    }

    internal void Resize(int width, int height) => Run("resize-window", "-x", $"{width}", "-y", $"{height}");

    internal string Screen() => Run("capture-pane", "-p");

    /// <summary>The screen with its colours and attributes as escape sequences.</summary>
    internal string ColouredScreen() => Run("capture-pane", "-p", "-e");

    /// <summary>The process id of the program in front.</summary>
    internal int ShellId => int.Parse(Run("display-message", "-p", "#{pane_pid}"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The terminal's device.</summary>
    internal string Device => Run("display-message", "-p", "#{pane_tty}").Trim();

    /// <summary>Waits until the screen has all of the texts, and returns it.</summary>
    internal string WaitFor(params string[] texts) =>
        WaitUntil(s => texts.All(t => s.Contains(t, StringComparison.Ordinal)), $"not seen: {string.Join(" | ", texts)}");

    internal string WaitUntil(Func<string, bool> condition, string otherwise)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var screen = Screen();
            if (condition(screen))
                return screen;
            if (clock.Elapsed > Patience)
                throw new TimeoutException($"{otherwise}\n{screen}");
            Thread.Sleep(50);
        }
    }

    public void Dispose()
    {
        try
        {
            Run("kill-server");
        }
        catch (InvalidOperationException)
        {
            // Its shell has ended, and so has it.
        }
    }

    private string Run(params string[] arguments)
    {
        var result = ColoBinary.RunProgram("tmux", ["-L", _server, .. arguments]);
        return result.Exit == 0 ? result.Output : throw new InvalidOperationException($"tmux {string.Join(' ', arguments)}: {result.Error}");
    }
}
