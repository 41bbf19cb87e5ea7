using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Demo;

/// <summary>Something that the pair should have done, and did not; the message tells what, with the state of both nodes.</summary>
public sealed class PairException(string message) : Exception(message);

/// <summary>
/// Two nodes of one guest on a <see cref="DemoNetwork"/>, with their folders. All that it makes is gone when it is
/// disposed; what a killed process left goes at the next <see cref="RemoveLeftovers"/>.
/// </summary>
public sealed class DemoPair : IDisposable
{
    private const string Parent = "/run";
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);
    private readonly string _binary;
    private readonly PairSettings _settings;
    private readonly NodeProcess?[] _nodes = new NodeProcess?[2];
    private readonly NodeFiles[] _files;
    private readonly Dictionary<string, string>[] _environment = [[], []];

    /// <summary>Makes network, folders and key; starts no node.</summary>
    /// <param name="prefix">Begins all names, for example <c>colo-demo-</c>.</param>
    /// <param name="number">Tells the pairs of one process apart.</param>
    /// <param name="binary">The colo binary.</param>
    /// <param name="settings">What differs from the defaults.</param>
    /// <param name="cancel">Ends every wait with <see cref="OperationCanceledException"/>.</param>
    public DemoPair(string prefix, int number, string binary, PairSettings settings, CancellationToken cancel = default)
    {
        _binary = binary;
        _settings = settings;
        Cancel = cancel;
        Folder = Path.Combine(Parent, string.Create(CultureInfo.InvariantCulture, $"{prefix}{System.Environment.ProcessId}.{number}"));
        Network = new DemoNetwork(prefix, number);
        try
        {
            // 0700: it holds the key and the control sockets.
            LinuxException.ThrowIfNegative(NativeDemo.mkdir(Folder, 0x1C0), "mkdir " + Folder);
            var key = Path.Combine(Folder, "link.key");
            var (code, output) = ChildProcess.Capture(binary, ["keygen", key]);
            if (code != 0)
                throw new PairException($"colo keygen {key}: {output.Trim()} (exit status {code})");
            _files = [new NodeFiles(Folder, 'a', key, settings), new NodeFiles(Folder, 'b', key, settings)];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The folder of both nodes and the key.</summary>
    public string Folder { get; }

    /// <summary>Ends every wait from now on with <see cref="OperationCanceledException"/>. Belongs to the thread that waits.</summary>
    internal CancellationToken Cancel { get; set; }

    /// <summary>The hosts, the client and the switch.</summary>
    public DemoNetwork Network { get; }

    /// <summary>Removes what killed processes left: namespaces, what ran in them, folders.</summary>
    /// <returns>The names of what was removed.</returns>
    public static IReadOnlyList<string> RemoveLeftovers(string prefix)
    {
        var removed = new List<string>(DemoNetwork.RemoveLeftovers(prefix));
        foreach (var folder in Directory.EnumerateDirectories(Parent, prefix + "*"))
        {
            var digits = Path.GetFileName(folder.AsSpan())[prefix.Length..];
            var end = digits.IndexOfAnyExceptInRange('0', '9');
            if (end > 0 && int.TryParse(digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && !DemoNetwork.IsAlive(pid))
            {
                DeleteFolder(folder);
                removed.Add(folder);
            }
        }

        return removed;
    }

    /// <summary>The other node.</summary>
    public static char Other(char node) => node == 'a' ? 'b' : 'a';

    /// <summary>The files of a node.</summary>
    public NodeFiles Files(char node) => _files[Index(node)];

    /// <summary>The process of a node; it may have ended.</summary>
    /// <exception cref="InvalidOperationException">It was never started.</exception>
    public NodeProcess Node(char node) =>
        _nodes[Index(node)] ?? throw new InvalidOperationException($"node {node} was not started");

    /// <summary>Environment variables that this node gets in addition, from its next start on.</summary>
    public Dictionary<string, string> Environment(char node) => _environment[Index(node)];

    /// <summary>Starts a node, again where it has ended.</summary>
    public NodeProcess Start(char node, string role, params IEnumerable<string> overrides)
    {
        _nodes[Index(node)]?.Dispose();
        var process = NodeProcess.Start(Network.Host(node), Files(node), _binary, role, [.. _settings.Overrides, .. overrides], Environment(node));
        _nodes[Index(node)] = process;
        return process;
    }

    /// <summary>Kills a node with SIGKILL: the process itself, at once, and nothing else.</summary>
    /// <returns>When, in <see cref="MonotonicClock"/> nanoseconds.</returns>
    public long Kill(char node)
    {
        var now = MonotonicClock.Now;
        Node(node).Signal(NativeDemo.SIGKILL);
        return now;
    }

    /// <summary>What a node says of itself; null while it does not answer. From any thread.</summary>
    internal NodeStatus? Ask(char node)
    {
        try
        {
            var reply = ControlClient.Send(Files(node).Socket, new() { Command = "status" }, AnswerLimit);
            return reply is { Ok: true, Status: { } status } ? NodeStatus.Parse(status.GetRawText()) : null;
        }
        catch (ControlClientException)
        {
            return null;
        }
    }

    /// <summary>Asks a protected primary to hand the guest over.</summary>
    /// <returns>Null when it has; else why not.</returns>
    internal string? HandOver(char primary, TimeSpan limit)
    {
        try
        {
            var reply = ControlClient.Send(Files(primary).Socket, new() { Command = "failover" }, limit);
            return reply.Ok ? null : reply.Error ?? "the node gave no reason";
        }
        catch (ControlClientException e)
        {
            return e.Message;
        }
    }

    /// <summary>Powers the guest off and waits until both nodes have ended.</summary>
    /// <exception cref="PairException">A node goes on, or ended with an error.</exception>
    public void StopGuest(char primary, TimeSpan limit)
    {
        var (code, text) = ChildProcess.Capture(_binary, ["stop", "--config", Files(primary).Config]);
        if (code != 0)
            throw new PairException($"colo stop: {text.Trim()} (exit status {code})");
        foreach (var node in (char[])['a', 'b'])
        {
            if (!Node(node).WaitForExit(limit))
                throw new PairException($"node {node} goes on after colo stop");
            if (Node(node).ExitCode != 0)
                throw new PairException($"node {node} ended with status {Node(node).ExitCode} after colo stop");
        }
    }

    /// <summary>Compares the disk images of both nodes, which have ended.</summary>
    /// <returns>Null when they are alike and not empty, else what is wrong.</returns>
    public string? CompareImages() => CompareImages(Files('a').DiskImage, Files('b').DiskImage, mayBeEmpty: false);

    /// <summary>Compares two images that nobody writes.</summary>
    /// <param name="imageA">That of node a.</param>
    /// <param name="imageB">That of node b.</param>
    /// <param name="mayBeEmpty">Whether all zeroes are right.</param>
    /// <returns>Null when they are alike, else what is wrong.</returns>
    internal static string? CompareImages(string imageA, string imageB, bool mayBeEmpty)
    {
        using var a = File.OpenRead(imageA);
        using var b = File.OpenRead(imageB);
        if (a.Length != b.Length)
            return $"{a.Length} bytes on node a, {b.Length} on node b";
        var (left, right) = (new byte[1 << 20], new byte[1 << 20]);
        var empty = true;
        for (long at = 0; at < a.Length;)
        {
            var length = a.ReadAtLeast(left, (int)Math.Min(left.Length, a.Length - at));
            b.ReadExactly(right.AsSpan(0, length));
            var same = left.AsSpan(0, length).CommonPrefixLength(right.AsSpan(0, length));
            if (same < length)
                return $"they differ from byte {at + same} on";
            empty &= !left.AsSpan(0, length).ContainsAnyExcept((byte)0);
            at += length;
        }

        return empty && !mayBeEmpty ? "they are all zeroes" : null;
    }

    /// <summary>Starts a as primary and b as secondary and waits until they are protected.</summary>
    public void StartProtected(TimeSpan limit)
    {
        Start('a', "primary");
        Start('b', "secondary");
        WaitServing(limit);
        WaitProtected('a', limit);
    }

    /// <summary>Waits until the guest has booted: its three TCP services take connections from the client.</summary>
    /// <exception cref="PairException">One does not within <paramref name="limit"/>.</exception>
    public void WaitServing(TimeSpan limit)
    {
        var end = MonotonicClock.Now + (limit.Ticks * 100);
        foreach (var port in (int[])[7, 80, 6379])
        {
            while (!Network.Client.Run(() => Answers(port)))
            {
                if (MonotonicClock.Now > end)
                    throw new PairException($"the guest does not answer on TCP port {port} after {limit.TotalSeconds:F1} s");
                Pause(TimeSpan.FromMilliseconds(20));
            }
        }
    }

    /// <summary>Waits until this node is a protected primary and the other one its secondary.</summary>
    /// <returns>The primary's status.</returns>
    /// <exception cref="PairException">It is not within <paramref name="limit"/>, or a node ended.</exception>
    public NodeStatus WaitProtected(char primary, TimeSpan limit)
    {
        var status = WaitState(primary, "primary", "protected", limit);
        WaitState(Other(primary), "secondary", "protected", limit);
        return status;
    }

    /// <summary>Waits until a node is in a state.</summary>
    /// <returns>Its status.</returns>
    /// <exception cref="PairException">It is not within <paramref name="limit"/>, or it ended.</exception>
    public NodeStatus WaitState(char node, string role, string state, TimeSpan limit) =>
        Wait(node, $"{role}, {state}", s => s.Role == role && s.State == state, limit);

    /// <summary>Waits until a node's status fulfils a condition.</summary>
    /// <exception cref="PairException">It does not within <paramref name="limit"/>, or it ended.</exception>
    public NodeStatus Wait(char node, string what, Func<NodeStatus, bool> reached, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(reached);
        var end = MonotonicClock.Now + (limit.Ticks * 100);
        var process = Node(node);
        NodeStatus? last = null;
        while (true)
        {
            var ended = process.HasExited;
            if (process.TryStatus() is { } status)
            {
                last = status;
                if (reached(status))
                    return status;
            }

            if (ended)
                throw new PairException($"node {node} ended with status {process.ExitCode} before it was {what}");
            if (MonotonicClock.Now > end)
                throw new PairException($"node {node} is not {what} after {limit.TotalSeconds:F1} s; its status: {last?.Json ?? "none"}");
            Pause(TimeSpan.FromMilliseconds(20));
        }
    }

    /// <summary>Waits; ends early with <see cref="OperationCanceledException"/> when the caller cancels.</summary>
    public void Pause(TimeSpan time)
    {
        Cancel.WaitHandle.WaitOne(time);
        Cancel.ThrowIfCancellationRequested();
    }

    /// <summary>The last lines of both nodes' logs.</summary>
    public string Logs(int lines = 60)
    {
        var text = new System.Text.StringBuilder();
        foreach (var node in (char[])['a', 'b'])
        {
            if (_nodes[Index(node)] is not { } process)
                continue;
            var end = process.HasExited ? $"ended with status {process.ExitCode}" : "runs";
            text.Append(CultureInfo.InvariantCulture, $"--- node {node}, process {process.Pid}, {end}; last lines of its log:\n{process.LogTail(lines)}\n");
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var node in _nodes)
            node?.Dispose();
        Network.Dispose();
        DeleteFolder(Folder);
    }

    /// <summary>
    /// Whether the guest takes TCP connections at a port, asked on a thread in the client's namespace. A new socket each time,
    /// with a short limit: the kernel repeats a SYN after a whole second only.
    /// </summary>
    internal static bool Answers(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        try
        {
            socket.Connect(new IPEndPoint(DemoNetwork.GuestAddress, port));
        }
        catch (SocketException)
        {
            // Under way, or refused: the poll tells.
        }

        return socket.Poll(200_000, SelectMode.SelectWrite)
            && (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! == 0;
    }

    // What was mounted below it (the campaign's small file systems) would keep the folder.
    private static void Unmount(string folder)
    {
        foreach (var line in File.ReadLines("/proc/self/mounts"))
        {
            var fields = line.Split(' ');
            if (fields.Length > 1 && fields[1].StartsWith(folder + "/", StringComparison.Ordinal))
                _ = NativeDemo.umount2(fields[1], NativeDemo.MNT_DETACH);
        }
    }

    private static int Index(char node) => node is 'a' or 'b' ? node - 'a' : throw new ArgumentOutOfRangeException(nameof(node));

    private static void DeleteFolder(string folder)
    {
        try
        {
            Unmount(folder);
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Warning($"{folder} could not be removed: {e.Message}");
        }
    }
}
