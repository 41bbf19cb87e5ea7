using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Colo.Demo;
using Xunit.Abstractions;

namespace Colo.Tests.Support;

/// <summary>End-to-end tests share the machine's two or so processors badly: one after the other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class EndToEndCollection
{
    public const string Name = "EndToEnd";
}

/// <summary>
/// A pair of nodes of the published binary for one test. When the test fails, the ends of both nodes' logs go to its
/// output and the whole logs to a folder that the output names.
/// </summary>
internal sealed class PairFixture : IDisposable
{
    internal static readonly TimeSpan ProtectLimit = TimeSpan.FromSeconds(30) * Patience;
    internal static readonly TimeSpan TakeoverLimit = TimeSpan.FromSeconds(10) * Patience;
    internal static readonly TimeSpan ReplyLimit = TimeSpan.FromSeconds(10) * Patience;

    /// <summary>What clients may wait when silence has to tell of a loss: the failover timeout of the configuration and what a shared machine adds.</summary>
    internal static readonly long SilenceGapUs = (500_000 + 300_000) * Patience;

    /// <summary>What they may wait where the loss is told: less than the failover timeout and a heartbeat, so that it was not guessed.</summary>
    internal static readonly long ToldGapUs = 400_000 * Patience;

    private const string Prefix = "colo-e2e-";
    private static int s_number;
    private readonly ITestOutputHelper _output;

    private PairFixture(ITestOutputHelper output, PairSettings settings, string binary)
    {
        _output = output;
        DemoPair.RemoveLeftovers(Prefix);
        Pair = new DemoPair(Prefix, Interlocked.Increment(ref s_number), binary, settings with { Overrides = [.. PairSettings.Stretched(Patience), .. settings.Overrides], StatusLimit = settings.StatusLimit * Patience });
    }

    /// <summary>
    /// By how much everything may take longer: 1, unless COLO_TEST_PATIENCE says that this machine is a slow one (one whose
    /// KVM is itself emulated). The nodes' times are stretched alike.
    /// </summary>
    internal static int Patience =>
        int.TryParse(Environment.GetEnvironmentVariable("COLO_TEST_PATIENCE"), NumberStyles.None, CultureInfo.InvariantCulture, out var factor) ? Math.Clamp(factor, 1, 100) : 1;

    internal DemoPair Pair { get; }

    /// <summary>Decides what is drawn: a number of the moment, or COLO_TEST_SEED.</summary>
    internal int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("COLO_TEST_SEED"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var given) ? given : Environment.TickCount;

    /// <summary>Runs a test on a pair that is protected, node a being the primary.</summary>
    internal static void Run(ITestOutputHelper output, Action<PairFixture> test, PairSettings? settings = null,
        [System.Runtime.CompilerServices.CallerMemberName] string name = "") =>
        Run(output, PairBinary.Path!, f => f.Pair.StartProtected(ProtectLimit), test, settings, name);

    /// <summary>Runs a test with a binary of the caller's choice, on nodes that <paramref name="start"/> starts.</summary>
    internal static void Run(ITestOutputHelper output, string binary, Action<PairFixture> start, Action<PairFixture> test, PairSettings? settings = null,
        [System.Runtime.CompilerServices.CallerMemberName] string name = "")
    {
        using var fixture = new PairFixture(output, settings ?? new PairSettings(), binary);
        output.WriteLine($"seed {fixture.Seed}");
        try
        {
            start(fixture);
            test(fixture);
        }
        catch
        {
            fixture.AttachLogs(name);
            throw;
        }
    }

    /// <summary>Opens connections and waits until all are there and answered.</summary>
    internal LoadGenerator Load(LoadSettings settings)
    {
        var load = new LoadGenerator(Pair.Network.Client, settings with { Seed = Seed });
        if (!load.WaitConnected(ReplyLimit))
            Assert.Fail("not all connections could be opened: " + string.Join("; ", load.Snapshot().Errors.DefaultIfEmpty("no answer")));
        GoOn(load, "at the beginning");
        return load;
    }

    /// <summary>
    /// Watches the wire. On a machine that is too slow a checkpoint holds output for longer than the guest's retransmission time-out,
    /// and what its TCP sends again follows the first copy closely, by rights.
    /// </summary>
    internal WireWatch Watch() => new(Pair.Network, minimumRto: Patience == 1 ? null : TimeSpan.Zero, patience: Patience);

    /// <summary>Every TCP connection gets further replies, or the test fails with those that do not.</summary>
    internal static void GoOn(LoadGenerator load, string when, int replies = 3)
    {
        var stuck = load.WaitProgress(replies, ReplyLimit);
        Assert.True(stuck.Count == 0, $"{when}: {stuck.Count} connections do not go on:\n{string.Join('\n', stuck)}");
    }

    /// <summary>Every reply came, once, in order and right.</summary>
    internal void AssertClean(LoadGenerator load)
    {
        var report = load.Stop(ReplyLimit);
        Print("whole load", report);
        Assert.True(report.Errors.Count == 0, string.Join('\n', report.Errors));
    }

    internal static void AssertClean(WireWatch watch)
    {
        var wire = watch.Report();
        Assert.True(wire.ViolationCount == 0, $"{wire.ViolationCount} violations on the wire:\n{string.Join('\n', wire.Violations)}");
        Assert.True(wire.GuestFrames > 0, "the watch saw no frame of the guest");
    }

    internal void Print(string what, LoadReport report)
    {
        foreach (var (kind, times) in report.ByKind)
        {
            _output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{what}: {kind} {report.Of(kind).Count()} flows, {times.Count} replies in {report.Seconds:F1} s, p50 {times.P50} us, p99 {times.P99} us, longest gap {report.Of(kind).Max(f => f.LongestGapUs)} us"));
        }
    }

    internal void Print(string line) => _output.WriteLine(line);

    /// <inheritdoc cref="GuestHttp.Get"/>
    internal string? Get(string path, bool mayVanish = false) => GuestHttp.Get(Pair.Network.Client, path, mayVanish);

    /// <summary>Connects from the client's host to a TCP port of the guest.</summary>
    internal Socket Connect(int port) => Pair.Network.Client.Run(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000 * Patience, SendTimeout = 30_000 * Patience };
        socket.Connect(new IPEndPoint(DemoNetwork.GuestAddress, port));
        return socket;
    });

    /// <summary>Where both nodes' logs end now.</summary>
    internal (int A, int B) MarkLogs() => (File.ReadLines(Pair.Files('a').Log).Count(), File.ReadLines(Pair.Files('b').Log).Count());

    /// <summary>What both nodes wrote since.</summary>
    internal string LogsSince((int A, int B) mark) => string.Join('\n',
        File.ReadLines(Pair.Files('a').Log).Skip(mark.A).Concat(File.ReadLines(Pair.Files('b').Log).Skip(mark.B)));

    /// <summary>Runs a program on the client's host to its end.</summary>
    internal (int Code, string Output) OnClient(string file, string[] arguments, TimeSpan limit) =>
        Pair.Network.Client.Run(() => ChildProcess.Capture(file, arguments, (int)limit.TotalMilliseconds));

    /// <summary>Waits for a condition; says whether it came.</summary>
    internal static bool Until(TimeSpan limit, Func<bool> reached)
    {
        var end = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (!reached())
        {
            if (Environment.TickCount64 > end)
                return false;
            Thread.Sleep(20);
        }

        return true;
    }

    public void Dispose() => Pair.Dispose();

    private void AttachLogs(string name)
    {
        var folder = Environment.GetEnvironmentVariable("COLO_TEST_LOGS") ?? Path.Combine(AppContext.BaseDirectory, "TestResults", "logs");
        Directory.CreateDirectory(folder);
        foreach (var node in (char[])['a', 'b'])
        {
            var target = Path.Combine(folder, $"{name}-{node}.log");
            File.Copy(Pair.Files(node).Log, target, overwrite: true);
            _output.WriteLine($"whole log of node {node}: {target}");
        }

        _output.WriteLine(Pair.Logs(150));
    }
}
