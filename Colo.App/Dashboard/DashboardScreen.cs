using Colo.Monitor;

namespace Colo.Dashboard;

/// <summary>A page of the dashboard.</summary>
internal enum Page
{
    Overview,
    Flows,
    Devices,
    Log,
    Failovers,
    Console,
}

/// <summary>What a key asks for beyond what the screen does by itself.</summary>
internal enum DashboardAction
{
    None,
    Quit,
    Failover,
    Repaint,
}

/// <summary>
/// The state of the screen and the drawing of all of it: frame, pages, questions. Keys come in by name, pictures go out
/// as a <see cref="Canvas"/>; it knows no terminal. Belongs to one thread.
/// </summary>
internal sealed class DashboardScreen(DashboardModel model, ConsoleText console, string socket, IDashboardExtension? extra = null)
{
    /// <summary>The smallest terminal that the pages fit in.</summary>
    internal const int LeastWidth = 80;

    /// <inheritdoc cref="LeastWidth"/>
    internal const int LeastHeight = 24;

    private static readonly string[] Titles = ["Overview", "Flows", "Disks & NICs", "Log", "Failovers", "Console"];

    private readonly int[] _scroll = new int[Titles.Length];
    private Dialog? _dialog;
    private Page _before;

    /// <summary>The control socket of the node that is shown.</summary>
    internal string Socket { get; set; } = socket;

    /// <summary>The page that is shown.</summary>
    internal Page Page { get; private set; }

    /// <summary>True while the figures stand still.</summary>
    internal bool Paused { get; private set; }

    /// <summary>True when keys are for the guest.</summary>
    internal bool Typing => Page == Page.Console && _dialog is null;

    /// <summary>Something that is under way; null: nothing.</summary>
    internal string? Busy { get; set; }

    /// <summary>Opens a dialog that any key closes.</summary>
    internal void Tell(string title, Tone tone, params string[] text) => _dialog = new(title, tone, text, IsQuestion: false);

    /// <summary>Leaves the console for the page before it.</summary>
    internal void LeaveConsole() => Page = _before;

    /// <summary>A key, by name: a character, F1 to F12, Tab, BackTab, Up, Down, PageUp, PageDown, Home, End, Enter, Esc, Ctrl-C or Ctrl-L.</summary>
    internal DashboardAction Press(string key)
    {
        if (key == "Ctrl-L")
            return DashboardAction.Repaint;
        if (key == "Ctrl-C")
            return DashboardAction.Quit;
        if (_dialog is { } open)
        {
            if (open.IsQuestion && key is not ("y" or "Y" or "n" or "N" or "Esc" or "Enter"))
                return DashboardAction.None;
            _dialog = null;
            return open.IsQuestion && key is "y" or "Y" ? DashboardAction.Failover : DashboardAction.None;
        }

        if (extra?.Keys.FirstOrDefault(k => k.Is(key)) is { } added)
        {
            added.Press();
            return DashboardAction.None;
        }

        switch (key)
        {
            case "q" or "Q":
                return DashboardAction.Quit;
            case "p" or "P":
                Paused = !Paused;
                break;
            case "f" or "F" when Busy is null:
                Ask();
                break;
            case "?" or "h" or "H":
                _dialog = HelpPage.Dialog(extra);
                break;
            case "Tab" or "Right":
                Show((int)Page + 1);
                break;
            case "BackTab" or "Left":
                Show((int)Page - 1);
                break;
            case [>= '1' and <= '6'] or ['F', >= '1' and <= '6']:
                Show(key[^1] - '1');
                break;
            default:
                Scroll(key);
                break;
        }

        return DashboardAction.None;
    }

    /// <summary>Draws everything.</summary>
    /// <param name="canvas">An empty one.</param>
    /// <param name="now">The time that is shown.</param>
    internal void Draw(Canvas canvas, DateTimeOffset now)
    {
        var all = canvas.All;
        if (canvas.Width < LeastWidth || canvas.Height < LeastHeight)
        {
            TooSmall(all);
            return;
        }

        Header(all, now);
        Tabs(all.Part(0, 1, all.Width, 1));
        var body = all.Part(0, 2, all.Width, all.Height - 3);
        if (extra is not null)
            body = ExtraLines.Draw(body, extra);
        body = body.Below(Notices.Draw(body, model, Busy, Socket));
        switch (Page)
        {
            case Page.Overview:
                OverviewPage.Draw(body, model, now);
                break;
            case Page.Flows:
                FlowsPage.Draw(body, model, ref _scroll[(int)Page]);
                break;
            case Page.Devices:
                DevicesPage.Draw(body, model, ref _scroll[(int)Page]);
                break;
            case Page.Log:
                LogPage.Draw(body, model, ref _scroll[(int)Page]);
                break;
            case Page.Failovers:
                FailoversPage.Draw(body, model, ref _scroll[(int)Page]);
                break;
            default:
                ConsolePage.Draw(body, console);
                break;
        }

        Foot(all.Part(0, all.Height - 1, all.Width, 1));
        _dialog?.Draw(all);
    }

    private void Show(int page)
    {
        var next = (Page)((page + Titles.Length) % Titles.Length);
        if (next == Page.Console && Page != Page.Console)
            _before = Page;
        Page = next;
    }

    private void Scroll(string key)
    {
        ref var scroll = ref _scroll[(int)Page];
        // The log is read from its end: what is older is above.
        var up = Page == Page.Log ? 1 : -1;
        scroll = key switch
        {
            "Up" or "k" => scroll + up,
            "Down" or "j" => scroll - up,
            "PageUp" => scroll + up * 15,
            "PageDown" => scroll - up * 15,
            "Home" => up > 0 ? int.MaxValue / 2 : 0,
            "End" => up > 0 ? 0 : int.MaxValue / 2,
            _ => scroll,
        };
        scroll = Math.Max(0, scroll);
    }

    private void Ask()
    {
        var role = model.Status?.Role;
        string[] text = role switch
        {
            "primary" when model.Status!.State == "protected" =>
                ["Hand the guest over to the other node?", "A planned switchover: nothing is lost, connections stay open."],
            "primary" => ["Go on alone, without the other node?", "Refused while there is nothing to give up."],
            "secondary" => ["Take the guest over?", "Refused while the primary is heard. One that cannot be reached may live all the same: make sure that its host is off, or two guests speak."],
            _ => ["Ask the node for a failover?"],
        };
        _dialog = new("Failover", Tone.Warning, [.. text, "", "y  yes      n  no"], IsQuestion: true);
    }

    private void Header(Area all, DateTimeOffset now)
    {
        all.Fill(0, 0, all.Width, ' ', Tone.Bar);
        var x = all.Text(1, 0, "colo", Tone.Bar) + 2;
        var clock = now.UtcDateTime.ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture) + " UTC";
        var (badge, tone) = Paused ? ("PAUSED", Tone.WarningBadge)
            : model.Trouble is not null ? ("NO ANSWER", Tone.BadBadge)
            : ("live", Tone.Bar);
        all.Right(all.Width - 1, 0, clock, Tone.Bar);
        all.Right(all.Width - 3 - clock.Length, 0, $" {badge} ", tone);
        if (model.Status is not { } s)
            return;
        var room = all.Part(0, 0, all.Width - clock.Length - badge.Length - 6, 1);
        x = room.Text(x, 0, s.Vm, Tone.Bar) + 2;
        x = room.Text(x, 0, s.Role, Tone.Bar) + 2;
        x = room.Text(x, 0, $" {s.State.ToUpperInvariant()} ", DashboardModel.ToneOf(s.State) switch
        {
            Tone.Good => Tone.GoodBadge,
            Tone.Warning => Tone.WarningBadge,
            _ => Tone.BadBadge,
        });
        room.Text(x, 0, $" for {Figures.Duration((long)(model.At - s.Since).TotalSeconds)}", Tone.Bar);
    }

    private void Tabs(Area line)
    {
        var x = 0;
        for (var i = 0; i < Titles.Length; i++)
        {
            // The page that is shown is in brackets as well: reverse video alone is lost on some terminals.
            var shown = i == (int)Page;
            x = line.Text(x, 0, shown ? $"[{i + 1} {Titles[i]}]" : $" {i + 1} {Titles[i]} ", shown ? Tone.Strong : Tone.Normal);
        }
    }

    private void Foot(Area line)
    {
        line.Fill(0, 0, line.Width, ' ', Tone.Bar);
        if (Page == Page.Console)
        {
            line.Text(1, 0, "All keys go to the guest.   Ctrl-] leaves the console", Tone.Bar);
            return;
        }

        var added = extra?.Keys.Where(k => k.Label.Length > 0).Select(k => $"{k.Key} {k.Label}").ToList() ?? [];
        List<string> keys = [.. added, "1-6 Tab pages", .. extra?.Keys.Any(k => k.Is("F")) == true ? [] : (string[])["F failover"],
            $"P {(Paused ? "go on" : "pause")}", "? help", "Q quit", .. Page is Page.Overview ? [] : (string[])["PgUp PgDn scroll"]];
        // More keys stand closer together.
        line.Text(1, 0, string.Join(added.Count > 0 ? "  " : "   ", keys), Tone.Bar);
    }

    private void TooSmall(Area all)
    {
        var text = new List<string> { $"This terminal has {all.Width} x {all.Height} cells, the dashboard needs {LeastWidth} x {LeastHeight}. Q quits." };
        if (model.Status is { } s)
            text.Add($"{s.Vm}: {s.Role}, {s.State}.");
        if (model.Trouble is { } trouble)
            text.Add(trouble);
        if (model.Status?.Attention is { } attention)
            text.Add($"! {attention.What} {attention.Todo}");
        var y = 0;
        foreach (var line in text.SelectMany(t => Wrap.Lines(t, all.Width)))
            all.Text(0, y++, line);
    }
}

/// <summary>A box over the page.</summary>
/// <param name="Title">In its frame.</param>
/// <param name="Tone">Of its frame.</param>
/// <param name="Text">Its lines.</param>
/// <param name="IsQuestion">True: y and n answer it; false: any key closes it.</param>
internal sealed record Dialog(string Title, Tone Tone, IReadOnlyList<string> Text, bool IsQuestion)
{
    internal void Draw(Area all)
    {
        var lines = Text.SelectMany(t => Wrap.Lines(t, Math.Min(all.Width - 6, 90))).ToList();
        if (!IsQuestion)
            lines.AddRange(["", "any key closes this"]);
        var width = Math.Max(lines.Max(l => l.Length), Title.Length) + 6;
        var height = Math.Min(all.Height, lines.Count + 2);
        var box = all.Part((all.Width - width) / 2, (all.Height - height) / 2, width, height);
        box.Frame(Tone);
        box.Text(2, 0, $" {Title} ", Tone);
        for (var i = 0; i < lines.Count && i < height - 2; i++)
            box.Text(3, 1 + i, lines[i]);
    }
}
