using System.Text;
using Terminal.Gui.Drivers;
using Terminal.Gui.Input;

namespace Colo.Dashboard;

/// <summary>Keys of the terminal as the dashboard names them, and as a serial console gets them.</summary>
internal static class KeyNames
{
    /// <summary>The key that leaves the console: Ctrl-], which terminals send as one byte and which then reads as Ctrl-5.</summary>
    internal static bool LeavesConsole(Key key) => key == Key.D5.WithCtrl || key == new Key(']').WithCtrl || key.AsRune.Value == 0x1d;

    /// <summary>The name that <see cref="DashboardScreen.Press"/> knows; empty when there is none.</summary>
    internal static string Name(Key key) => key.KeyCode switch
    {
        KeyCode.Tab => "Tab",
        KeyCode.Tab | KeyCode.ShiftMask => "BackTab",
        KeyCode.CursorUp => "Up",
        KeyCode.CursorDown => "Down",
        KeyCode.CursorLeft => "Left",
        KeyCode.CursorRight => "Right",
        KeyCode.PageUp => "PageUp",
        KeyCode.PageDown => "PageDown",
        KeyCode.Home => "Home",
        KeyCode.End => "End",
        KeyCode.Enter => "Enter",
        KeyCode.Esc => "Esc",
        >= KeyCode.F1 and <= KeyCode.F12 => $"F{key.KeyCode - KeyCode.F1 + 1}",
        KeyCode.C | KeyCode.CtrlMask => "Ctrl-C",
        KeyCode.L | KeyCode.CtrlMask => "Ctrl-L",
        _ when key.IsCtrl || key.IsAlt => "",
        _ => key.AsRune.Value > ' ' ? key.AsRune.ToString() : "",
    };

    /// <summary>What a terminal of the kind vt100 sends for the key; empty for one that it has not.</summary>
    internal static byte[] Bytes(Key key)
    {
        var bare = key.NoAlt;
        var text = bare.NoShift.NoCtrl.KeyCode switch
        {
            KeyCode.Enter => "\r",
            KeyCode.Backspace => "\x7f",
            KeyCode.Tab => bare.IsShift ? "\e[Z" : "\t",
            KeyCode.Esc => "\e",
            KeyCode.CursorUp => "\e[A",
            KeyCode.CursorDown => "\e[B",
            KeyCode.CursorRight => "\e[C",
            KeyCode.CursorLeft => "\e[D",
            KeyCode.Home => "\e[H",
            KeyCode.End => "\e[F",
            KeyCode.Insert => "\e[2~",
            KeyCode.Delete => "\e[3~",
            KeyCode.PageUp => "\e[5~",
            KeyCode.PageDown => "\e[6~",
            KeyCode.F1 => "\eOP",
            KeyCode.F2 => "\eOQ",
            KeyCode.F3 => "\eOR",
            KeyCode.F4 => "\eOS",
            KeyCode.F5 => "\e[15~",
            >= KeyCode.F6 and <= KeyCode.F10 and var f => $"\e[{f - KeyCode.F6 + 17}~",
            KeyCode.F11 => "\e[23~",
            KeyCode.F12 => "\e[24~",
            _ when bare.IsCtrl => Control(bare.NoCtrl.NoShift),
            _ when bare.AsRune.Value >= ' ' => bare.AsRune.ToString(),
            _ => "",
        };
        return text.Length == 0 ? [] : Encoding.UTF8.GetBytes(key.IsAlt ? "\e" + text : text);
    }

    // Terminals send Ctrl-2 to Ctrl-7 for the control characters that have no letter.
    private static string Control(Key key) => key.KeyCode switch
    {
        >= KeyCode.A and <= KeyCode.Z and var letter => ((char)(letter - KeyCode.A + 1)).ToString(),
        KeyCode.Space or KeyCode.D2 => "\0",
        >= KeyCode.D3 and <= KeyCode.D7 and var digit => ((char)(digit - KeyCode.D3 + 0x1b)).ToString(),
        _ => "",
    };
}
