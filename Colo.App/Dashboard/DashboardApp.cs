using System.Runtime.InteropServices;
using System.Text;
using Colo.Monitor;
using Terminal.Gui.App;
using Terminal.Gui.Drivers;
using Terminal.Gui.Input;

namespace Colo.Dashboard;

/// <summary>The dashboard on a terminal: the library, the threads that ask the node, and the signals.</summary>
internal sealed partial class DashboardApp : IDisposable
{
    // Motion of the mouse is of no use here, and without the reports users can mark text as they are used to.
    private const string NoMouse = "\e[?1003l\e[?1015l\e[?1006l";
    private const int IterationsPerSecond = 20;

    private readonly IDashboardExtension? _extra;
    private readonly IApplication _library;
    private readonly DashboardModel _model = new();
    private readonly ConsoleText _consoleText = new();
    private readonly Lock _gate = new();
    private readonly DashboardScreen _screen;
    private readonly DashboardView _view;
    private NodePoller? _poller;
    private volatile bool _left;
    private bool _over;
    private ConsoleLink? _console;
    private string _socket;

    private DashboardApp(string socket, IDashboardExtension? extra)
    {
        (_socket, _extra) = (socket, extra);
        Terminal.Gui.Drivers.Driver.Force16Colors = true;
#pragma warning disable CS0618 // The limit has no other place yet in this release of the library.
        Application.MaximumIterationsPerSecond = IterationsPerSecond;
#pragma warning restore CS0618
        _screen = new(_model, _consoleText, socket, extra);
        _view = new(canvas => _screen.Draw(canvas, DateTimeOffset.UtcNow), Press,
            Charset.FromEnvironment(Environment.GetEnvironmentVariable), Palette.FromEnvironment(Environment.GetEnvironmentVariable));
        _library = Application.Create();
        PatientInput.UseIn(_library);
    }

    /// <summary>Why the dashboard cannot be shown here; null when it can.</summary>
    internal static string? Unfit()
    {
        if (Console.IsInputRedirected || Console.IsOutputRedirected)
            return "the dashboard needs a terminal; without one: colo status --watch";
        return Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb"
            ? "the dashboard needs a terminal that can move its cursor, and TERM names none; without one: colo status --watch"
            : null;
    }

    /// <summary>Shows the dashboard until the user leaves it, and leaves the terminal as it was.</summary>
    /// <param name="socket">The node's control socket.</param>
    /// <param name="leave">Leaves it, too.</param>
    /// <param name="signalled">Takes SIGINT and SIGTERM instead of leaving; may be null.</param>
    internal static void Run(string socket, CancellationToken leave, Action<PosixSignal>? signalled = null) =>
        Run(new DashboardApp(socket, null), leave, signalled);

    /// <summary>As above, with lines and keys of somebody else, who also says which node is shown.</summary>
    /// <param name="extra">The additions.</param>
    /// <param name="leave">Leaves it, too.</param>
    internal static void Run(IDashboardExtension extra, CancellationToken leave) =>
        Run(new DashboardApp(extra.Socket, extra), leave, null);

    private static void Run(DashboardApp dashboard, CancellationToken leave, Action<PosixSignal>? signalled)
    {
        using var app = dashboard;
        // Ahead of the runtime's report, which would go to the alternate screen and be lost.
        UnhandledExceptionEventHandler restore = (_, _) => app._library.Dispose();
        AppDomain.CurrentDomain.UnhandledException += restore;
        try
        {
            app.Show(leave, signalled);
        }
        finally
        {
            AppDomain.CurrentDomain.UnhandledException -= restore;
        }
    }

    public void Dispose()
    {
        _console?.Dispose();
        _poller?.Dispose();
        lock (_gate)
            _over = true;
        _view.Dispose();
        _library.Dispose();
        // Whoever extends the dashboard has things of its own to put away after it.
        _left = _extra is not null;
    }

    private void Show(CancellationToken leave, Action<PosixSignal>? signalled)
    {
        _library.Init();
        _library.Driver!.WriteRaw(NoMouse);
        _library.Driver.ClearedContents += (_, _) => _view.Repaint();
        _library.Paste += (_, e) =>
        {
            if (_screen.Typing)
                _console?.Type(Encoding.UTF8.GetBytes(e.Text));
        };
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            if (context.Signal == PosixSignal.SIGHUP)
                ExitSoon();
            if (signalled is not null && context.Signal is PosixSignal.SIGINT or PosixSignal.SIGTERM)
                signalled(context.Signal);
            else
                _library.Invoke(Leave);
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, OnSignal);
        using var ended = leave.Register(() => _library.Invoke(Leave));
        _poller = new(_socket, _model, Post);
        _extra?.Begin(() => Post(Follow));
        _library.Run(_view);
    }

    // A terminal that has gone can make its last rites fail or wait; the process must not stay.
    private void ExitSoon() => new Thread(() =>
    {
        Thread.Sleep(2000);
        if (!_left)
            _exit(128 + 1);
    }) { IsBackground = true }.Start();

    [LibraryImport("libc")]
    private static partial void _exit(int status);

    private void Leave() => _library.RequestStop(_view);

    // From the threads that ask: on the library's thread, and then drawn.
    private void Post(Action action)
    {
        lock (_gate)
        {
            // What is heard after the end has nowhere to go, and the library refuses it.
            if (_over)
                return;
            _library.Invoke(() =>
            {
                action();
                _view.SetNeedsDraw();
            });
        }
    }

    private void Follow()
    {
        if (_extra!.Socket == _socket)
            return;
        _screen.Socket = _socket = _extra.Socket;
        _poller!.Dispose();
        _model.Turn();
        _poller = new(_socket, _model, Post) { Paused = _screen.Paused, WantsFlows = _screen.Page == Page.Flows };
        if (_console is not null)
        {
            _console.Dispose();
            _console = new(_socket, _consoleText, Post);
        }
    }

    private void Press(Key key)
    {
        if (_screen.Typing && !KeyNames.LeavesConsole(key))
        {
            if (KeyNames.Bytes(key) is { Length: > 0 } bytes)
                _console?.Type(bytes);
            return;
        }

        if (_screen.Typing)
            _screen.LeaveConsole();
        else
            Act(_screen.Press(KeyNames.Name(key)));
        _poller!.Paused = _screen.Paused;
        _poller.WantsFlows = _screen.Page == Page.Flows;
        if (_screen.Page == Page.Console)
        {
            _console ??= new(_socket, _consoleText, Post);
        }
        else
        {
            _console?.Dispose();
            _console = null;
        }

        _view.SetNeedsDraw();
    }

    private void Act(DashboardAction action)
    {
        switch (action)
        {
            case DashboardAction.Quit:
                Leave();
                break;
            case DashboardAction.Repaint:
                _library.ClearScreenNextIteration = true;
                _view.Repaint();
                break;
            case DashboardAction.Failover:
                _screen.Busy = "failover: waiting for the node's answer";
                new Thread(Failover) { Name = "failover", IsBackground = true }.Start();
                break;
        }
    }

    private void Failover()
    {
        var socket = _socket;
        string title = "Failover", text;
        var tone = Tone.Bad;
        try
        {
            // Without a limit: a switchover takes as long as it takes, and its answer must not be missed.
            var reply = ControlClient.Send(socket, new() { Command = "failover" }, System.Threading.Timeout.InfiniteTimeSpan);
            (text, tone) = reply.Ok ? ("Done.", Tone.Good)
                : reply.Exit == 3 ? ($"Refused: {reply.Error ?? "the node gave no reason"}", Tone.Warning)
                : ($"Failed: {reply.Error ?? "the node gave no reason"}", Tone.Bad);
        }
        catch (ControlClientException e)
        {
            text = $"No answer: {e.Message}";
        }

        Post(() =>
        {
            _screen.Busy = null;
            _screen.Tell(title, tone, text);
        });
    }
}
