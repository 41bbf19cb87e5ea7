using Colo.Devices.Legacy;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>What a process remembers of its node while roles and virtual machines come and go. On the loop's thread.</summary>
/// <param name="output">Where the guest's serial output goes; it may block.</param>
internal sealed class NodeLife(Stream output) : IDisposable
{
    private const int HistoryLength = 20;
    private readonly GuestOutput _output = new(output);
    private readonly List<FailoverEvent> _history = [];

    /// <summary>When the process began to be a node; <see cref="MonotonicClock.Now"/>.</summary>
    internal long Started { get; } = MonotonicClock.Now;

    /// <summary>Who started the process, if that wants to know how it fares.</summary>
    internal ServiceManager Service { get; } = ServiceManager.FromEnvironment();

    /// <summary>What asks the node, whatever role it has; null where nothing can.</summary>
    internal NodeFront? Front { get; set; }

    /// <summary>The guest's serial console.</summary>
    internal GuestConsole Console { get; } = new();

    /// <summary>Takeovers and switchovers.</summary>
    internal int Failovers { get; private set; }

    /// <summary>The last 20 of them, the newest first.</summary>
    internal IReadOnlyList<FailoverEvent> History => [.. _history];

    /// <summary>A byte that the guest has sent on its serial port. On a vCPU's thread.</summary>
    internal void OnSerial(byte octet)
    {
        Console.Output(octet);
        _output.Write(octet);
    }

    /// <inheritdoc/>
    public void Dispose() => _output.Dispose();

    /// <summary>What is typed at the console goes to this port from now on.</summary>
    /// <param name="loop">Whose thread the machine belongs to.</param>
    /// <param name="port">Looked up anew for each input, on the loop's thread; null: nobody takes any.</param>
    internal void TypeInto(EventLoop loop, Func<SerialPort?> port) => Console.Input = bytes =>
    {
        var taken = -1;
        try
        {
            loop.Invoke(() => taken = port()?.Input(bytes.Span) ?? -1);
        }
        catch (ObjectDisposedException)
        {
            // The node ends.
        }

        return taken;
    };

    internal void Add(FailoverEvent failover)
    {
        Failovers++;
        _history.Insert(0, failover);
        if (_history.Count > HistoryLength)
            _history.RemoveAt(HistoryLength);
    }
}
