using System.Net;
using System.Net.Sockets;
using Colo.Demo;
using Colo.Soak;
using Colo.Soak.Faults;
using Colo.Tests.Support;

namespace Colo.Tests.Soak;

/// <summary>What makes the faults, without a guest.</summary>
public sealed class FaultToolsTests
{
    private static int s_number;
    private static int s_mark;

    [SoakFact]
    public void A_deaf_host_sends_and_does_not_hear_until_it_is_mended()
    {
        using var network = new DemoNetwork("colo-soak-test-f", Interlocked.Increment(ref s_number));
        using var a = Udp(network.HostA, "10.78.0.1");
        using var b = Udp(network.HostB, "10.78.0.2");
        // The neighbours know each other before.
        Assert.True(Arrives(a, b, "10.78.0.2") && Arrives(b, a, "10.78.0.1"));
        LinkFaults.Deafen(network.HostB);
        Assert.False(ArrivesAtOnce(a, b, "10.78.0.2"));
        Assert.True(Arrives(b, a, "10.78.0.1"));
        LinkFaults.Undeafen(network.HostB);
        Assert.True(Arrives(a, b, "10.78.0.2"));
    }

    [SoakFact]
    public void A_slow_link_is_slow_until_it_is_mended()
    {
        using var network = new DemoNetwork("colo-soak-test-s", Interlocked.Increment(ref s_number));
        LinkFaults.Slow(network.HostA, 1_000);
        Assert.Contains("rate 1Mbit", network.HostA.Run(() => ChildProcess.Capture("/usr/sbin/tc", ["qdisc", "show", "dev", "link0"]).Output), StringComparison.Ordinal);
        LinkFaults.Unslow(network.HostA);
        Assert.DoesNotContain("tbf", network.HostA.Run(() => ChildProcess.Capture("/usr/sbin/tc", ["qdisc", "show", "dev", "link0"]).Output), StringComparison.Ordinal);
    }

    [SoakFact]
    public void A_full_disk_has_no_room_until_it_is_freed()
    {
        var folder = Directory.CreateTempSubdirectory("colo-soak-disk-").FullName;
        try
        {
            using (var disk = new SmallDisk(Path.Combine(folder, "disk"), 2))
            {
                var file = Path.Combine(disk.Folder, "x");
                File.WriteAllBytes(file, new byte[4096]);
                disk.Fill();
                Assert.Throws<IOException>(() => File.WriteAllBytes(Path.Combine(disk.Folder, "y"), new byte[8192]));
                disk.Free();
                File.WriteAllBytes(Path.Combine(disk.Folder, "y"), new byte[8192]);
            }

            Assert.DoesNotContain(folder, File.ReadAllText("/proc/self/mounts"), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SoakFact]
    public void A_pair_that_is_made_and_ended_leaves_nothing_behind()
    {
        var folder = Directory.CreateTempSubdirectory("colo-soak-logs-").FullName;
        try
        {
            string made;
            using (var log = new SoakLog(TextWriter.Null, Path.Combine(folder, "events.log")))
            using (var pair = new SoakPair(
                new SoakSettings { Seed = 1, Duration = TimeSpan.FromMinutes(1), Binary = PairBinary.Path!, Folder = folder, Number = Interlocked.Increment(ref s_number) },
                log, arbiter: false, twoDisks: true, default))
            {
                made = pair.Pair.Folder;
                Assert.Contains(made, File.ReadAllText("/proc/self/mounts"), StringComparison.Ordinal);
                Assert.NotEmpty(NetworkNamespace.List(SoakSettings.Prefix + Environment.ProcessId));
            }

            Assert.False(Directory.Exists(made));
            Assert.DoesNotContain(made, File.ReadAllText("/proc/self/mounts"), StringComparison.Ordinal);
            Assert.Empty(NetworkNamespace.List(SoakSettings.Prefix + Environment.ProcessId));
            Assert.True(File.Exists(Path.Combine(folder, "node-a.log")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Socket Udp(NetworkNamespace host, string address) => host.Run(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 500 };
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 5_000));
        return socket;
    });

    /// <summary>Whether a datagram of now gets through; on a busy machine it may take several.</summary>
    private static bool Arrives(Socket from, Socket to, string address)
    {
        var until = Environment.TickCount64 + 60_000;
        while (Environment.TickCount64 < until)
        {
            if (ArrivesAtOnce(from, to, address))
                return true;
        }

        return false;
    }

    private static bool ArrivesAtOnce(Socket from, Socket to, string address)
    {
        var mark = BitConverter.GetBytes(Interlocked.Increment(ref s_mark));
        from.SendTo(mark, new IPEndPoint(IPAddress.Parse(address), 5_000));
        try
        {
            var got = new byte[16];
            // Those before it may come late.
            while (to.Receive(got) == mark.Length)
            {
                if (got.AsSpan(0, mark.Length).SequenceEqual(mark))
                    return true;
            }

            return false;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Needs root, ip, nft, tc and the binary; no guest is run.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class SoakFactAttribute : FactAttribute
    {
        public SoakFactAttribute() =>
            Skip = Requirement.Network ?? LinkFaults.Missing ?? (PairBinary.Path is null ? "needs the published binary: COLO_BINARY, or out/colo in the repository" : null);
    }
}
