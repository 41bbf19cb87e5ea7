using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Colo.Linux;

/// <summary>
/// Tells the service manager how the service fares: the protocol of sd_notify(3), datagrams of NAME=VALUE lines to the socket
/// that NOTIFY_SOCKET names, and of sd_watchdog_enabled(3). Where nobody asked to be told, nothing is done. Its members are
/// called on the loop's thread, or before there is a loop.
/// </summary>
public sealed partial class ServiceManager : IDisposable
{
    private const string SocketVariable = "NOTIFY_SOCKET";
    private const string PeriodVariable = "WATCHDOG_USEC";
    private const string ProcessVariable = "WATCHDOG_PID";

    // A status is one line of an overview.
    private const int StatusLimit = 256;

    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);

    // Between two steps of something long before the service is up: until then the manager knows no watchdog.
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StepPause = TimeSpan.FromSeconds(1);

    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _manager;
    private LoopTimer? _watch;
    private LoopTimer? _again;
    private string? _status;
    private bool _ready;
    private bool _stopping;
    private long _nextStepNs;

    /// <param name="socket">As in NOTIFY_SOCKET: a full path, or <c>@</c> and an abstract name; null: nobody is told.</param>
    /// <param name="watchdog">Time without a sign of life after which the manager takes this process for stuck; zero: it does not look.</param>
    internal ServiceManager(string? socket, TimeSpan watchdog)
    {
        // Others (a socket of a virtual machine's host, vsock:) are for machines, not for services.
        if (socket is not { Length: > 1 } || socket[0] is not ('/' or '@'))
            return;
        try
        {
            _manager = new UnixDomainSocketEndPoint(socket[0] == '@' ? "\0" + socket[1..] : socket);
        }
        catch (ArgumentOutOfRangeException)
        {
            // Longer than the address of a socket can be: nothing can listen there.
            return;
        }

        // Never waits: the manager may be as slow as it likes, the loop may not.
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        Watchdog = watchdog;
    }

    /// <summary>Whether there is a service manager that wants to be told.</summary>
    public bool IsPresent => _socket is not null;

    /// <summary>The manager's patience between two signs of life; zero: it does not look.</summary>
    public TimeSpan Watchdog { get; }

    /// <summary>The manager that the environment names. What names it is taken out of the environment: children are no services.</summary>
    public static ServiceManager FromEnvironment()
    {
        var socket = Take(SocketVariable);
        var period = Take(PeriodVariable);
        var process = Take(ProcessVariable);
        var watched = (process is null || process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            && long.TryParse(period, NumberStyles.None, CultureInfo.InvariantCulture, out var us) && us is > 0 and < long.MaxValue / TimeSpan.TicksPerMicrosecond
            ? TimeSpan.FromMicroseconds(us)
            : TimeSpan.Zero;
        return new ServiceManager(socket, watched);
    }

    /// <summary>
    /// The service is up, and <paramref name="loop"/> is the heart of it: from now on the loop gives the signs of life that the
    /// manager's watchdog waits for, twice in its period. Again when another loop has taken over.
    /// </summary>
    public void Ready(EventLoop loop)
    {
        if (_socket is null)
            return;
        _watch?.Dispose();
        _again?.Dispose();
        _ready = true;
        _again = loop.AddTimer(TellAll);
        _watch = loop.AddTimer(Live);
        Live();
        TellAll();
    }

    /// <summary>
    /// Something that keeps the loop from giving signs of life has got a step further, and that is one. While the service is not up
    /// yet, its manager is asked for another minute. Called as often as there is a step; told at most once a second.
    /// </summary>
    public void Progress()
    {
        var now = MonotonicClock.Now;
        if (_socket is null || (_ready && Watchdog == TimeSpan.Zero) || now < _nextStepNs)
            return;
        var pause = Watchdog > TimeSpan.Zero && Watchdog / 4 < StepPause ? Watchdog / 4 : StepPause;
        if (Send(_ready ? "WATCHDOG=1" : string.Create(CultureInfo.InvariantCulture, $"EXTEND_TIMEOUT_USEC={(long)StepLimit.TotalMicroseconds}")))
            _nextStepNs = now + (pause.Ticks * 100);
    }

    /// <summary>What the service is doing, in one line.</summary>
    public void Status(string text)
    {
        var line = text.AsSpan(0, Math.Min(text.Length, StatusLimit)).ToString();
        _status = string.Concat(line.Select(c => char.IsControl(c) ? ' ' : c));
        TellAll();
    }

    /// <summary>The service is about to end.</summary>
    public void Stopping()
    {
        _stopping = true;
        TellAll();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch?.Dispose();
        _again?.Dispose();
        _socket?.Dispose();
    }

    private void Live()
    {
        if (Watchdog == TimeSpan.Zero)
            return;
        // One that is lost is made up for by the next.
        _ = Send("WATCHDOG=1");
        _watch!.SetAfter(Watchdog / 2);
    }

    // All of it each time: it is short, saying a thing twice does no harm, and so what did not fit is simply said again.
    private void TellAll()
    {
        if (_socket is null)
            return;
        var state = new StringBuilder();
        if (_ready)
            state.Append("READY=1\n");
        if (_status is not null)
            state.Append("STATUS=").Append(_status).Append('\n');
        if (_stopping)
            state.Append("STOPPING=1\n");
        if (!Send(state.ToString()))
            _again?.SetAfter(Again);
    }

    /// <summary>Sends a datagram; false when the manager's queue is full, so that it has to be sent again.</summary>
    private bool Send(string state)
    {
        try
        {
            // By address each time: the manager may have been restarted and listen on a new socket of the same name.
            _ = _socket!.SendTo(Encoding.UTF8.GetBytes(state), _manager!);
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is not (SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable);
        }
    }

    private static string? Take(string name)
    {
        var value = Environment.GetEnvironmentVariable(name);
        if (value is null)
            return null;
        // The class library works on a copy; children started by posix_spawn get the process's own.
        Environment.SetEnvironmentVariable(name, null);
        _ = unsetenv(name);
        return value;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unsetenv(string name);
}
