using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Dashboard;

/// <summary>
/// The node of <c>colo run --dashboard</c>: a process and a session of its own, which goes on whatever becomes of the
/// dashboard and its terminal. What it prints goes to a file.
/// </summary>
internal sealed partial class NodeChild : IDisposable
{
    private const int LastLines = 10;

    private readonly ChildProcess _process;
    private readonly CancellationTokenSource _ended = new();
    private readonly Thread _watch;
    private int _exit;

    /// <summary>Starts <c>colo run</c> with these arguments.</summary>
    /// <param name="arguments">Without <c>--dashboard</c>.</param>
    /// <param name="log">Takes its output; made with mode 0600, added to when it exists.</param>
    /// <exception cref="IOException">The log cannot be written or the process cannot be started.</exception>
    internal NodeChild(IReadOnlyList<string> arguments, string log)
    {
        LogFile = log;
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        using (var output = new FileStream(log, new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            _process = ChildProcess.StartSession(
                Environment.ProcessPath!, ["run", .. arguments], (int)output.SafeFileHandle.DangerousGetHandle());
        }

        _watch = new Thread(Watch) { Name = "node's end", IsBackground = true };
        _watch.Start();
    }

    /// <summary>Its process id.</summary>
    internal int Id => _process.Id;

    /// <summary>Where its output goes.</summary>
    internal string LogFile { get; }

    /// <summary>Cancelled when it has ended.</summary>
    internal CancellationToken Ended => _ended.Token;

    /// <summary>Passes a signal on.</summary>
    internal void Signal(PosixSignal signal)
    {
        // Not to a process that has this id by chance after the node's end.
        if (!_ended.IsCancellationRequested)
            _ = kill(Id, signal == PosixSignal.SIGINT ? 2 : 15);
    }

    /// <summary>Waits for its end; its exit status, or 128 and the signal that killed it.</summary>
    internal int WaitForExit()
    {
        _watch.Join();
        return _exit;
    }

    /// <summary>The last lines of its output.</summary>
    internal IEnumerable<string> LastWords()
    {
        try
        {
            return [.. File.ReadLines(LogFile).TakeLast(LastLines).Select(Charset.OneLine)];
        }
        catch (IOException)
        {
            return [];
        }
    }

    public void Dispose()
    {
        _process.Dispose();
        _ended.Dispose();
    }

    private unsafe void Watch()
    {
        var end = new NativeSocket.PollDescriptor { Fd = _process.Descriptor, Events = NativeSocket.POLLIN };
        int? status;
        while ((status = _process.Reap()) is null)
            NativeSocket.poll(&end, 1, -1);
        // wait(2): the low seven bits are the signal, the next byte is the exit status.
        _exit = status < 0 ? 1 : (status & 0x7f) is var signal and not 0 ? 128 + signal.Value : (status.Value >> 8) & 0xff;
        _ended.Cancel();
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
