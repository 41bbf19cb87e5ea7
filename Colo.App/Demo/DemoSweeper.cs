using System.Globalization;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Demo;

/// <summary>
/// A process beside the demo, or the campaign of faults, that waits for its death. One that ends by itself removes what it
/// made; one that was killed with SIGKILL cannot, and then this one does. The namespaces would outlive a mere death of the nodes.
/// </summary>
internal sealed class DemoSweeper : IDisposable
{
    /// <summary>The hidden first argument that starts one; the demo's process id follows, and what its names begin with.</summary>
    internal const string Command = "demo-sweeper";

    private const int InvalidArguments = 2;
    private static readonly System.Buffers.SearchValues<char> PrefixCharacters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
    private readonly Linux.ChildProcess _process;

    /// <summary>Starts one for this process.</summary>
    /// <param name="binary">The colo binary; null: this process is one.</param>
    /// <param name="prefix">Begins the names of all that this process makes.</param>
    /// <exception cref="LinuxException">It cannot be started.</exception>
    internal DemoSweeper(string? binary = null, string prefix = DemoCommand.Prefix)
    {
        using var nothing = FileDescriptor.FromResult(NativeFile.open("/dev/null", NativeFile.O_RDWR | NativeFile.O_CLOEXEC, 0), "open /dev/null");
        // In a session of its own: what ends the demo at its terminal must not end this one with it.
        _process = Linux.ChildProcess.StartSession(
            binary ?? Environment.ProcessPath!, [Command, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), prefix], nothing.Number);
    }

    /// <summary>Is the process: waits until its parent, the demo, has ended, and removes what it left.</summary>
    /// <param name="arguments">The demo's process id and the prefix of its names.</param>
    /// <returns>The exit status.</returns>
    internal static unsafe int Run(ReadOnlySpan<string> arguments)
    {
        // Only what begins like this is ever removed: an empty or a common beginning would sweep up what is not ours.
        if (arguments.Length != 2 || !int.TryParse(arguments[0], NumberStyles.None, CultureInfo.InvariantCulture, out var demo)
            || !arguments[1].StartsWith("colo-", StringComparison.Ordinal) || arguments[1].AsSpan(5).ContainsAnyExcept(PrefixCharacters))
            return InvalidArguments;
        // Whom the descriptor means is certain only while the demo is still the parent afterwards.
        var handle = (int)NativeDemo.pidfd_open(NativeDemo.SYS_pidfd_open, demo, 0);
        if (handle >= 0 && NativeDemo.getppid() == demo)
        {
            using var death = FileDescriptor.FromResult(handle, "pidfd_open");
            var end = new NativeSocket.PollDescriptor { Fd = death.Number, Events = NativeSocket.POLLIN };
            while (NativeSocket.poll(&end, 1, -1) < 1)
            {
                // A signal came first.
            }
        }

        // A process that the demo was just starting may still come to a namespace after the first look.
        for (var look = 0; look < 2; look++)
        {
            DemoPair.RemoveLeftovers(arguments[1]);
            Thread.Sleep(200);
        }

        return 0;
    }

    /// <summary>Ends it: everything has been removed.</summary>
    public void Dispose()
    {
        _process.SignalGroup(NativeDemo.SIGKILL);
        _process.WaitForEnd();
        _process.Dispose();
    }
}
