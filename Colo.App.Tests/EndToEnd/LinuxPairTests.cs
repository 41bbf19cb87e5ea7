using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Colo.Demo;
using Colo.Linux;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>A pair that protects Linux: its TCP, its file system on a replicated disk, its clock, and a real redis-server in it.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class LinuxPairTests(ITestOutputHelper output)
{
    private const string DiskSize = "96M";

    // COLO_TEST_KILLS asks for more.
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("COLO_TEST_KILLS"), out var rounds) ? rounds : 4;
    private static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(60) * PairFixture.Patience;

    [LinuxGuestTheory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Redis_on_it_loses_nothing_and_its_connections_and_its_clock_go_on_when_primaries_die(int cpus, bool pvh) => Run(cpus, pvh, f =>
    {
        var random = new Random(f.Seed);
        // Linux sends tail loss probes (RFC 8985) well before its retransmission time-out.
        using var watch = new WireWatch(f.Pair.Network, minimumRto: TimeSpan.Zero, patience: PairFixture.Patience);
        using var load = f.Load(new LoadSettings { Echo = 1, Ping = true, Interval = TimeSpan.FromMilliseconds(10 * PairFixture.Patience) });
        using var clock = new GuestClock(f);
        using (var sets = new AcknowledgedSets(f, 4))
        {
            sets.WaitMore(20, PairFixture.ReplyLimit, "at the beginning");
            var primary = 'a';
            for (var round = 1; round <= Rounds; round++)
            {
                f.Pair.Pause(TimeSpan.FromMilliseconds(random.Next(50, 1_000)));
                clock.Read($"before kill {round}");
                watch.AnnounceTakeover(DemoPair.Other(primary));
                f.Pair.Kill(primary);
                primary = DemoPair.Other(primary);
                clock.Read($"after kill {round}", killed: true);
                PairFixture.GoOn(load, $"after kill {round}");
                sets.WaitMore(10, PairFixture.ReplyLimit, $"after kill {round}");
                f.Pair.Start(DemoPair.Other(primary), "secondary");
                f.Pair.WaitProtected(primary, PairFixture.ProtectLimit);
            }

            sets.Stop();
            sets.AssertNoErrors("with Linux");
            sets.Verify(f, "with Linux");
            output.WriteLine($"{sets.Count} SETs acknowledged, over {Rounds} kills");
            f.AssertClean(load);
            PairFixture.AssertClean(watch);
            f.Pair.StopGuest(primary, BootLimit);
        }

        // It obeyed its power button, on the node that ran it, and had put its file system in order.
        Assert.Contains("LINUX BUTTON", Logs(f), StringComparison.Ordinal);
        Assert.DoesNotContain("LINUX READY 2", Logs(f), StringComparison.Ordinal);
        Assert.Null(f.Pair.CompareImages());
        LinuxDisk.Check(f.Pair.Files('a').DiskImage);
    });

    [LinuxGuestTheory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void It_boots_on_to_its_end_on_the_other_node_when_the_primary_dies_meanwhile(int cpus, bool pvh) => Run(cpus, pvh, f =>
    {
        var random = new Random(f.Seed);
        var primary = 'a';
        var boots = 1;
        var took = TimeSpan.Zero;
        for (var round = 0; round <= Rounds; round++)
        {
            using var load = f.Load(new LoadSettings { Ping = true });
            var mark = f.MarkLogs();
            var start = MonotonicClock.Now;
            f.Connect(LinuxDisk.RebootPort).Dispose();
            // The first one is not disturbed: how long it takes tells when to disturb the others.
            if (round > 0)
            {
                var wait = took * random.NextDouble();
                f.Pair.Pause(wait);
                var last = f.LogsSince(mark).Split('\n').LastOrDefault(line => line.Contains("] ", StringComparison.Ordinal));
                output.WriteLine($"kill {round} after {wait.TotalMilliseconds:F0} ms, at: {last}");
                f.Pair.Kill(primary);
                primary = DemoPair.Other(primary);
            }

            boots++;
            var ready = $"LINUX READY {boots}";
            Assert.True(PairFixture.Until(BootLimit, () => File.ReadAllText(f.Pair.Files(primary).Log).Contains(ready, StringComparison.Ordinal)), $"round {round}: '{ready}' does not come on node {primary}");
            f.Pair.WaitServing(BootLimit);
            if (round == 0)
                took = TimeSpan.FromTicks((MonotonicClock.Now - start) / 100);
            else
                f.Pair.Start(DemoPair.Other(primary), "secondary");
            Assert.True(PairFixture.Until(PairFixture.ReplyLimit, () => load.Snapshot(reset: true) is { } report && report.ByKind.Any(kind => kind.Value.Count > 0)), "no ping is answered");
            f.Pair.WaitProtected(primary, PairFixture.ProtectLimit);
        }

        f.Pair.StopGuest(primary, BootLimit);
        Assert.Null(f.Pair.CompareImages());
        LinuxDisk.Check(f.Pair.Files('a').DiskImage);
    });

    [LinuxGuestTheory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Both_guests_have_the_same_memory_after_each_checkpoint(int cpus, bool pvh) => Run(cpus, pvh, f =>
    {
        using var sets = new AcknowledgedSets(f, 2);
        // More memory to look through at each.
        FaultMemoryTests.AwaitCheckpoints(f, 'a', seconds: 90);
        sets.Stop();
        sets.AssertNoErrors("with Linux");
        FaultMemoryTests.AssertEqual(f, 'a');
    }, probe: true);

    private void Run(int cpus, bool pvh, Action<PairFixture> test, bool probe = false, [System.Runtime.CompilerServices.CallerMemberName] string name = "")
    {
        if (LinuxDisk.Missing is { } missing)
            Assert.Fail(missing);
        if (probe && FaultBinary.Missing is { } binary)
            Assert.Fail(binary);
        PairFixture.Run(output, probe ? FaultBinary.Path! : PairBinary.Path!, f =>
        {
            LinuxDisk.Make(f.Pair.Files('a').DiskImage, DiskSize);
            foreach (var node in (char[])['a', 'b'])
            {
                if (probe)
                    f.Pair.Environment(node)["COLO_MEMORY_PROBE"] = Directory.CreateDirectory(Path.Combine(f.Pair.Folder, $"probe-{node}")).FullName;
            }

            f.Pair.Start('a', "primary");
            f.Pair.Start('b', "secondary");
            f.Pair.WaitServing(BootLimit);
            f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
            var log = Logs(f);
            Assert.Matches($"LINUX BOOT 1: {cpus} CPUs, root /dev/\\S+ / ext4", log);
            Assert.DoesNotMatch("ACPI (BIOS )?(Error|Warning|Exception)|Firmware Bug", log);
            output.WriteLine(log.Split('\n').Last(line => line.Contains("LINUX BOOT", StringComparison.Ordinal)));
        }, f =>
        {
            test(f);
            Assert.DoesNotMatch("Kernel panic|BUG:|WARNING:|Oops|soft lockup|rcu.*stall|EXT4-fs error|I/O error", Logs(f));
        }, new PairSettings
        {
            Memory = "128M",
            Disk = true,
            DiskSize = DiskSize,
            Overrides = ["vm:kernel=" + (pvh ? GuestFiles.Vmlinux : GuestFiles.BzImage), "vm:cmdline=" + LinuxDisk.CommandLine, $"vm:cpus={cpus}"],
        }, name);
    }

    private static string Logs(PairFixture f) => f.LogsSince((0, 0));

    /// <summary>Asks the guest for its time over one connection, and holds it against this machine's.</summary>
    private sealed class GuestClock : IDisposable
    {
        private readonly Socket _socket;
        private readonly byte[] _buffer = new byte[64];
        private long _guestMs = -1;
        private long _sentMs;
        private long _receivedMs;

        internal GuestClock(PairFixture f) => _socket = f.Connect(LinuxDisk.ClockPort);

        /// <summary>It may not go back, nor ahead of this machine's; it may be behind by what a takeover took.</summary>
        internal void Read(string when, bool killed = false)
        {
            var sent = MonotonicClock.Now / 1_000_000;
            _socket.Send("?\n"u8);
            var at = 0;
            while (at == 0 || _buffer[at - 1] != (byte)'\n')
            {
                var got = _socket.Receive(_buffer, at, _buffer.Length - at, SocketFlags.None);
                Assert.True(got > 0, $"{when}: the guest has closed the connection");
                at += got;
            }

            var received = MonotonicClock.Now / 1_000_000;
            var takeover = killed ? received - sent : 0;
            var guest = 10 * long.Parse(Encoding.ASCII.GetString(_buffer, 0, at).Trim(), CultureInfo.InvariantCulture);
            if (_guestMs >= 0)
            {
                // Each answer was made between sending and receiving, and is cut off to hundredths of a second.
                var passed = guest - _guestMs;
                Assert.True(passed >= 0, $"{when}: the guest's clock went back by {-passed} ms");
                Assert.True(passed <= received - _sentMs + 10, $"{when}: the guest's clock went {passed} ms ahead, this machine's {received - _sentMs} ms at most");
                // It stands still from the capture of the last checkpoint to its load, and in the takeover itself.
                var behind = sent - _receivedMs - 10 - passed;
                Assert.True(behind <= takeover + (100 * PairFixture.Patience), $"{when}: the guest's clock went {passed} ms ahead, {behind} ms too little");
            }

            (_guestMs, _sentMs, _receivedMs) = (guest, sent, received);
        }

        public void Dispose() => _socket.Dispose();
    }
}
