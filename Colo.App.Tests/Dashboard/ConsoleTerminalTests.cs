using Colo.Tests.Monitor;

namespace Colo.Tests.Dashboard;

/// <summary><c>colo console</c> on a real terminal, with a node of the test's behind a real control socket.</summary>
public sealed class ConsoleTerminalTests : IDisposable
{
    private readonly ControlFixture _node = new();

    public ConsoleTerminalTests() => _node.TakeTyped();

    public void Dispose() => _node.Dispose();

    [TmuxFact]
    public void The_terminal_is_raw_while_it_is_the_guests_and_as_before_after_Ctrl_bracket()
    {
        _node.Write("login: ");
        using var terminal = Start();
        terminal.WaitFor("Ctrl-] leaves", "login:");
        var raw = Settings(terminal);
        Assert.All((string[])["-icanon", "-echo", "-isig", "-icrnl", "-ixon", "-opost"], setting => Assert.Contains(setting, raw));
        // What would be a signal, a line or an end of file is a key for the guest.
        terminal.Type("root");
        terminal.Keys("Enter", "C-c", "C-z", "C-d", "C-s");
        _node.WaitForTyped("root\r\u0003\u001a\u0004\u0013");
        // Nothing is echoed but by the guest.
        Assert.DoesNotContain("root", terminal.Screen(), StringComparison.Ordinal);
        _node.Write("welcome\r\n");
        terminal.WaitFor("login: welcome");
        terminal.Keys("C-]");
        terminal.WaitFor("exit=0", "READY>");
        AssertAsBefore(terminal);
        // What is typed now is the shell's.
        Assert.Equal("root\r\u0003\u001a\u0004\u0013", _node.Typed);
    }

    [TmuxFact]
    public void The_terminal_is_as_before_also_when_the_node_ends()
    {
        using var terminal = Start();
        terminal.WaitFor("Ctrl-] leaves");
        Assert.Contains("-icanon", Settings(terminal));
        _node.Server.Dispose();
        terminal.WaitFor("the node has ended, and the console with it", "exit=4");
        AssertAsBefore(terminal);
    }

    [TmuxFact]
    public void The_terminal_is_as_before_also_when_the_command_is_told_to_end()
    {
        using var terminal = Start();
        terminal.WaitFor("Ctrl-] leaves");
        Assert.Contains("-icanon", Settings(terminal));
        var command = File.ReadAllText($"/proc/{terminal.ShellId}/task/{terminal.ShellId}/children").Split(' ')[0];
        Assert.Equal(0, ColoBinary.RunProgram("kill", "-TERM", command).Exit);
        terminal.WaitFor("exit=143");
        AssertAsBefore(terminal);
    }

    private Tmux Start()
    {
        var terminal = new Tmux(100, 30);
        terminal.Line($"stty -g > {_node.DirectoryPath}/before");
        terminal.Line($"{ColoBinary.Path} console --socket {_node.Socket}; echo exit=$?");
        return terminal;
    }

    private void AssertAsBefore(Tmux terminal)
    {
        terminal.Line($"stty -g | cmp - {_node.DirectoryPath}/before && echo SA''ME");
        terminal.WaitFor("SAME");
    }

    private static string[] Settings(Tmux terminal) =>
        ColoBinary.RunProgram("stty", "-F", terminal.Device, "-a").Output.Split([' ', '\n', ';'], StringSplitOptions.RemoveEmptyEntries);
}
