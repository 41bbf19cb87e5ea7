using System.CommandLine;
using System.Runtime.InteropServices;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Cli;

/// <summary><c>colo console</c>: the guest's serial console.</summary>
internal static class ConsoleCommand
{
    private const byte Leave = 0x1D;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    // A switchover closes the console, which can be opened again at once.
    private static readonly TimeSpan ReturnLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReturnPause = TimeSpan.FromMilliseconds(200);

    internal static Command Create()
    {
        var node = new NodeOptions();
        var dump = new Option<bool>("--dump") { Description = "Prints what the node has kept of the console, at most 64 KiB, and ends" };
        var command = new CommandWithExamples(
            "console",
            "Opens the guest's serial console; Ctrl-] leaves",
            """
            First comes what the node has kept of it, at most the last 64 KiB. On a secondary the console can be
            read only: what is typed at the primary reaches the secondary's guest with the next checkpoint. Several
            may look on, and type, at once. Where standard input is no terminal, what comes there is typed, and the
            console is shown until the node or the reader ends.
            """,
            """
            colo console
            colo console --dump | tail
            colo console --socket /run/colo/web1.sock
            """)
        {
            dump,
        };
        node.AddTo(command);
        command.SetAction(parsed =>
        {
            var path = node.SocketPath(parsed);
            return parsed.GetValue(dump) ? Dump(path) : Show(path, parsed.InvocationConfiguration.Error);
        });
        return command;
    }

    private static int Dump(string path)
    {
        using var console = ConsoleClient.Open(path, AnswerLimit);
        using var output = Console.OpenStandardOutput();
        var buffer = new byte[4096];
        var left = console.Kept;
        while (left > 0 && console.Receive(buffer.AsSpan(0, Math.Min(buffer.Length, left))) is var length and > 0)
        {
            output.Write(buffer, 0, length);
            left -= length;
        }

        return left == 0 ? ExitStatus.Done : ExitStatus.Failed;
    }

    private static int Show(string path, TextWriter error)
    {
        var console = ConsoleClient.Open(path, AnswerLimit);
        using var raw = RawTerminal.TryEnter();
        // Ended from outside it leaves the terminal as it was, too.
        using var terminate = raw is null ? null : PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => raw.Dispose());
        // In raw mode a line feed is only that.
        var end = raw is null ? "\n" : "\r\n";
        void Say(string text) => error.Write($"{text}{end}");
        if (raw is not null)
            Say("colo: the guest's serial console; Ctrl-] leaves");
        if (console.Remark is { } remark)
            Say($"colo: {remark}");
        var left = false;
        var gate = new Lock();
        new Thread(() =>
        {
            var keys = new byte[1024];
            while (RawTerminal.Read(keys) is var length and > 0)
            {
                var typed = keys.AsSpan(0, length);
                var leave = raw is null ? -1 : typed.IndexOf(Leave);
                lock (gate)
                {
                    _ = console.Send(leave < 0 ? typed : typed[..leave]);
                    if (leave < 0)
                        continue;
                    left = true;
                    console.Dispose();
                    return;
                }
            }
        })
        { IsBackground = true, Name = "keys" }.Start();

        using var output = Console.OpenStandardOutput();
        var buffer = new byte[4096];
        var (shown, skip) = (console.From, 0L);
        while (true)
        {
            while (console.Receive(buffer) is var length and > 0)
            {
                var known = (int)Math.Min(skip, length);
                skip -= known;
                shown += length - known;
                output.Write(buffer, known, length - known);
            }

            lock (gate)
            {
                if (left)
                    break;
            }

            if (Reopen(path, () => left) is not { } again)
            {
                if (left)
                    break;
                Say($"{end}colo: the node has ended, and the console with it");
                return ExitStatus.NotRunning;
            }

            lock (gate)
            {
                console.Dispose();
                console = again;
            }

            // Of what was kept, that which was not shown yet; of another process everything.
            skip = again.From + again.Kept >= shown ? Math.Max(0, shown - again.From) : 0;
            shown = Math.Max(again.From, skip > 0 ? shown : 0);
            Say($"{end}colo: the node has changed its role; the console goes on{(again.Remark is { } text ? $" ({text})" : "")}");
        }

        Say("");
        return ExitStatus.Done;
    }

    private static ConsoleClient? Reopen(string path, Func<bool> left)
    {
        var limit = MonotonicClock.Now + (ReturnLimit.Ticks * 100);
        while (MonotonicClock.Now < limit && !left())
        {
            try
            {
                return ConsoleClient.Open(path, AnswerLimit);
            }
            catch (ControlClientException)
            {
                Thread.Sleep(ReturnPause);
            }
        }

        return null;
    }
}
