using System.Net.Sockets;
using System.Text;
using Colo.Monitor;

namespace Colo.Tests.Monitor;

/// <summary>A node that does what the test tells it to, behind a real control socket.</summary>
internal sealed class ControlFixture : INodeControl, IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("colo-control-");
    private readonly StringBuilder _typed = new();

    internal ControlFixture(TimeSpan? patience = null)
    {
        Socket = Path.Combine(_directory.FullName, "node.sock");
        Server = ControlServer.Start(Socket, this, patience ?? TimeSpan.FromSeconds(10));
    }

    internal ControlServer Server { get; }

    internal string Socket { get; }

    internal string DirectoryPath => _directory.FullName;

    internal NodeStatus Status { get; set; } = Example();

    internal Func<bool, ControlResult> OnFailover { get; set; } = _ => ControlResult.Done;

    internal Func<ControlResult> OnStop { get; set; } = () => ControlResult.Done;

    internal Func<string, ControlResult> OnSave { get; set; } = _ => ControlResult.Done;

    public NodeStatus GetStatus() => Status;

    public ControlResult Failover(bool force) => OnFailover(force);

    public ControlResult Stop() => OnStop();

    internal List<FlowStatus> Flows { get; } = [];

    public GuestConsole Console { get; } = new();

    /// <summary>What was typed at the guest's console, when <see cref="TakeTyped"/> was called before.</summary>
    internal string Typed
    {
        get
        {
            lock (_typed)
                return _typed.ToString();
        }
    }

    /// <summary>Takes what is typed at the guest's console, as a guest does.</summary>
    internal void TakeTyped() => Console.Input = bytes =>
    {
        lock (_typed)
            _typed.Append(Encoding.UTF8.GetString(bytes.Span));
        return bytes.Length;
    };

    /// <summary>What the guest writes on its console.</summary>
    internal void Write(string text)
    {
        foreach (var octet in Encoding.UTF8.GetBytes(text))
            Console.Output(octet);
    }

    internal void WaitForTyped(string expected)
    {
        SpinWait.SpinUntil(() => Typed.Length >= expected.Length, TimeSpan.FromSeconds(60));
        Assert.Equal(expected, Typed);
    }

    public ControlResult Save(string path) => OnSave(path);

    public IReadOnlyList<FlowStatus> GetFlows(int most) => [.. Flows.Take(most)];

    public void Dispose()
    {
        Server.Dispose();
        _directory.Delete(recursive: true);
    }

    private static FailoverEvent Taken { get; } = new() { At = new(2026, 11, 22, 9, 59, 0, TimeSpan.Zero), Reason = "primary lost", DurationUs = 43_000 };

    internal static NodeStatus Example() => new()
    {
        Vm = "web1",
        Version = "0.1.0",
        Role = "primary",
        State = "protected",
        Since = new(2026, 11, 22, 10, 0, 0, TimeSpan.Zero),
        Epoch = 1234,
        UptimeS = 3700,
        Pid = 4321,
        Peer = new() { Address = "192.168.2.88:9990", Connected = true, RttUs = 210, LastHeardMs = 12 },
        Checkpoint = new()
        {
            Count = 16,
            ByReason = new() { Divergence = 1, Interval = 2, Queue = 3, Planned = 4, Sync = 6 },
            PauseUs = new(1100, 900, 2500, 3000),
            CommitUs = new(4100, 3900, 5500, 6000),
            DirtyPages = new(100, 90, 2500, 3000),
            BytesSent = 3 << 20,
        },
        Compare = new() { Released = 1000, Matched = 990, Diverged = 10, Held = 2, HeldBytes = 3000, HoldUs = new(300, 2000), Flows = 5 },
        Disk = [new() { Name = "root", Size = 1 << 30, Pending = 4096, Replicated = 1 << 20, SyncPercent = 99.5 }],
        Nic = [new() { Name = "lan", Mac = "52:54:00:12:34:56", RxPackets = 1, RxBytes = 2, TxPackets = 3, TxBytes = 4, Dropped = 5 }],
        Failover = new() { Count = 1, Last = Taken, History = [Taken] },
        Guests = new() { Here = "running", There = "running", MemoryBytes = 256 << 20, Cpus = 1 },
        Undecided = new("cold", "current"),
        Attention = new("what happened", "what the node did", "what is left to do", new(2026, 11, 22, 9, 59, 0, TimeSpan.Zero)),
    };

    /// <summary>A client that keeps to no rules.</summary>
    internal RawClient Connect() => new(Socket);

    internal ControlReply Ask(string command, bool force = false, string? path = null) =>
        ControlClient.Send(Socket, new() { Command = command, Force = force, Path = path }, TimeSpan.FromSeconds(30));
}

/// <summary>Bytes to and from the control socket.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    internal RawClient(string path)
    {
        _socket.ReceiveTimeout = 30_000;
        _socket.Connect(new UnixDomainSocketEndPoint(path));
    }

    public void Dispose() => _socket.Dispose();

    internal void Send(string text) => Send(Encoding.UTF8.GetBytes(text));

    internal void Send(byte[] bytes) => _socket.Send(bytes);

    /// <summary>Everything up to a line end or the end of the connection.</summary>
    internal string Receive()
    {
        var line = new List<byte>();
        var one = new byte[1];
        try
        {
            while (_socket.Receive(one) == 1)
            {
                if (one[0] == '\n')
                    break;
                line.Add(one[0]);
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // Closed with bytes of ours unread.
        }

        return Encoding.UTF8.GetString([.. line]);
    }
}
