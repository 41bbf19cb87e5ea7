using Colo.Block.Replication;
using Colo.Cli;
using Colo.Linux;
using Colo.Link;
using Colo.Tests.Devices;
using Colo.Tests.Monitor;

namespace Colo.Tests.Check;

/// <summary>colo check, in set-ups that are broken in one way each.</summary>
public sealed class CheckCommandTests : IDisposable
{
    private static int _ports = 21_000 + (Environment.ProcessId % 1000 * 20);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("colo-check-");
    private readonly int _port = Interlocked.Increment(ref _ports);

    public CheckCommandTests() => LinkKey.Create(At("key"));

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_configuration_that_is_wrong_is_told_whole_with_status_2()
    {
        var (exit, lines) = Check(Write("[vm]\nmemori = 1G\n[failover]\ntimeout = 1ms\n"));
        Assert.Equal(2, exit);
        Assert.Contains(lines, l => l.StartsWith("failed   configuration: ", StringComparison.Ordinal) && l.Contains("memori", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("failed   configuration: ", StringComparison.Ordinal) && l.Contains("timeout", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_as_it_should_be_is_ok_and_nothing_is_made_or_changed()
    {
        File.WriteAllBytes(At("root.img"), new byte[1 << 20]);
        var (_, lines) = Check(Usual());
        Assert.Contains(lines, l => l.StartsWith("ok       disk root: ", StringComparison.Ordinal) && l.Contains("1 MiB", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("ok       record: none yet", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("ok       key: ", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("ok       [link]: this is node a", StringComparison.Ordinal));
        Assert.Equal(["colo.ini", "key", "root.img"], _directory.GetFiles().Select(f => f.Name).Order());
    }

    [Fact]
    public void Without_a_usable_kvm_it_says_why()
    {
        if (File.Exists("/dev/kvm"))
        {
            Assert.Contains(Check(Usual()).Lines, l => l.StartsWith("ok       /dev/kvm", StringComparison.Ordinal));
            return;
        }

        var (exit, lines) = Check(Usual());
        Assert.Equal(1, exit);
        Assert.Contains(lines, l => l.StartsWith("failed   /dev/kvm: ", StringComparison.Ordinal) && l.Contains("kvm_intel", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("vm:memory=900G", "failed   memory: ", "set [vm] memory lower")]
    [InlineData("vm:cpus=64", "warning  processors: ", "one vCPU less")]
    [InlineData("vm:kernel=/nowhere/vmlinux", "failed   kernel: ", "/nowhere/vmlinux")]
    [InlineData("failover:notify-command=/nowhere/tell", "failed   [failover] notify-command: ", "/nowhere/tell")]
    [InlineData("failover:notify-command=/etc/passwd", "failed   [failover] notify-command: ", "not executable")]
    [InlineData("disk:root:path=/nowhere/root.img", "failed   disk root: ", "mkdir -p /nowhere")]
    [InlineData("nic:lan:backend=packet:nosuchif", "failed   nic lan: ", "there is no network interface nosuchif; there are: ")]
    [InlineData("link:node-a=192.0.2.7:9990", "failed   [link]: ", "--node a or --node b")]
    [InlineData("failover:arbiter=etcd:http://127.0.0.1:1", "failed   arbiter: ", "[failover] arbiter")]
    [InlineData("disk:root:path=/etc", "failed   disk root: ", "it is a folder: name the image in it")]
    [InlineData("monitor:socket=/nowhere/there/s.sock", "failed   control socket: ", "[monitor] socket")]
    public void A_set_up_that_is_broken_is_told_with_its_mend(string set, string line, string mend)
    {
        var (exit, lines) = Check(Usual(), "--set", set);
        Assert.Contains(lines, l => l.StartsWith(line, StringComparison.Ordinal) && l.Contains(mend, StringComparison.Ordinal));
        if (line.StartsWith("failed", StringComparison.Ordinal))
            Assert.Equal(1, exit);
    }

    [Fact]
    public void A_key_that_others_can_read_or_that_is_none_is_found()
    {
        File.WriteAllText(At("bad"), "colo-link-key-1 xyz\n");
        File.SetUnixFileMode(At("bad"), UnixFileMode.UserRead);
        Assert.Contains(Check(Usual(), "--set", $"link:key-file={At("bad")}").Lines, l => l.StartsWith("failed   key: ", StringComparison.Ordinal));
        File.SetUnixFileMode(At("key"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains(Check(Usual()).Lines, l => l.StartsWith("failed   key: ", StringComparison.Ordinal) && l.Contains("chmod", StringComparison.Ordinal));
    }

    [Fact]
    public void An_image_in_use_and_a_record_that_refuses_are_found()
    {
        File.WriteAllBytes(At("root.img"), new byte[1 << 20]);
        using var loop = new EventLoop();
        using (new Colo.Block.ImageFileBackend(At("root.img"), 0, readOnly: false, loop))
            Assert.Contains(Check(Usual()).Lines, l => l.StartsWith("failed   disk root: ", StringComparison.Ordinal) && l.Contains("in use by another process; end that one first", StringComparison.Ordinal));
        using (var record = NodeRecord.Open(At("root.img.colo"), [new RecordDisk("root", 1 << 20)], loop))
        {
            var first = NodeData.New.BecomeFirst(Guid.NewGuid(), Guid.NewGuid());
            record.Write(first);
            // Also while a node has the record.
            Assert.Contains(Check(Usual(), "--role", "primary").Lines, l => l.StartsWith("ok       record: ", StringComparison.Ordinal) && l.Contains("generation 1, this node's data is current", StringComparison.Ordinal));
            record.Write(first with { State = DataState.Copy, PeerOutdated = false });
        }

        Assert.Contains(Check(Usual(), "--role", "primary").Lines, l => l.StartsWith("failed   record: ", StringComparison.Ordinal) && l.Contains("outdated", StringComparison.Ordinal));
        Assert.Contains(Check(Usual()).Lines, l => l.StartsWith("ok       record: ", StringComparison.Ordinal) && l.Contains("will be the secondary", StringComparison.Ordinal));
        File.WriteAllText(At("root.img.colo"), "not a record");
        Assert.Contains(Check(Usual()).Lines, l => l.StartsWith("failed   record: ", StringComparison.Ordinal) && l.Contains("damaged", StringComparison.Ordinal));
    }

    [Fact]
    public void A_node_that_runs_already_is_told()
    {
        using var fixture = new ControlFixture();
        Assert.Contains(
            Check(Usual(), "--set", $"monitor:socket={fixture.Socket}").Lines,
            l => l.StartsWith("warning  control socket: a node runs", StringComparison.Ordinal) && l.Contains("primary, protected", StringComparison.Ordinal));
    }

    [Fact]
    public void A_standalone_node_is_not_asked_for_a_peer()
    {
        var (_, lines) = Check(Write("[vm]\nname = web1\n[monitor]\nsocket = " + At("s") + "\n"), "--role", "standalone");
        Assert.DoesNotContain(lines, l => l.Contains("peer", StringComparison.Ordinal) || l.Contains("key", StringComparison.Ordinal));
    }

    [Fact]
    public void Nobody_at_the_other_end_is_told_and_how_to_compare_all_the_same()
    {
        var (_, lines) = Check(Usual());
        Assert.Contains(lines, l => l.StartsWith("warning  peer: ", StringComparison.Ordinal) && l.Contains("colo check --wait", StringComparison.Ordinal));
    }

    [Fact]
    public void An_address_that_is_none_of_this_host_is_told_with_its_mend()
    {
        var (_, lines) = Check(Usual(), "--node", "a", "--set", "link:node-a=192.0.2.7:9990");
        Assert.Contains(lines, l => l.StartsWith("failed   port: ", StringComparison.Ordinal) && l.Contains("192.0.2.7 is no address of this host: say the right --node", StringComparison.Ordinal));
    }

    [NetworkFact]
    public void A_tap_that_was_made_for_the_user_needs_no_rights_and_one_in_use_is_a_case_of_its_own()
    {
        if (Support.PairBinary.Path is not { } binary)
            return;
        using var ns = new NetworkNamespace("checktap");
        var file = Usual("tap:guest0");
        foreach (var path in new[] { _directory.FullName, file })
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        // nobody, without a single capability. What udev does for the device's file is done in the command's own mount namespace.
        string Run(string name = "guest0") => ns.Exec(
            "sh -c 'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200; " +
            $"setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all {binary} check --role auto --node a --set nic:lan:backend=tap:{name} --config {file}'", check: false);
        Assert.Contains("failed   nic lan: there is no tap guest0, and this process lacks CAP_NET_ADMIN, so it cannot make one; make it: ip tuntap add dev guest0 mode tap user nobody", Run(), StringComparison.Ordinal);
        ns.Ip("tuntap add dev guest0 mode tap user 65534");
        var before = ns.Ip("-d link show guest0");
        var text = Run();
        Assert.Contains("ok       nic lan: tap:guest0, MTU 1500", text, StringComparison.Ordinal);
        Assert.DoesNotContain("CAP_NET_ADMIN", text, StringComparison.Ordinal);
        Assert.Contains("failed   nic lan: tap:lo: 'lo' is not a tap interface, ", Run("lo"), StringComparison.Ordinal);
        // Another user's.
        ns.Ip("tuntap add dev root0 mode tap user 0");
        Assert.Contains("failed   nic lan: tap:root0: no permission to use this tap; ", Run("root0"), StringComparison.Ordinal);
        Assert.Equal(before, ns.Ip("-d link show guest0"));
        ns.Run(() =>
        {
            using (new Colo.Devices.Net.TapBackend("guest0", [0x52, 0x54, 0, 0x12, 0x34, 0x56]))
                text = Run();
        });
        Assert.Contains("failed   nic lan: tap:guest0: another process uses this tap; end that one first", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_checks_find_each_other_and_what_differs()
    {
        var file = Usual();
        File.WriteAllBytes(At("root.img"), new byte[1 << 20]);
        File.WriteAllBytes(At("b.img"), new byte[2 << 20]);
        var other = Task.Run(() => Check(file, "--node", "b", "--wait", "120", "--set", $"disk:root:path={At("b.img")}", "--set", "failover:timeout=600ms"));
        var (exit, lines) = Check(file, "--node", "a", "--wait", "120");
        var (otherExit, otherLines) = await other;
        Assert.Equal((1, 1), (exit, otherExit));
        foreach (var side in new[] { lines, otherLines })
        {
            Assert.Contains(side, l => l.StartsWith("ok       peer: ", StringComparison.Ordinal) && l.Contains("a check like this one", StringComparison.Ordinal));
            Assert.Contains(side, l => l.StartsWith("failed   disk root: ", StringComparison.Ordinal) && l.Contains("1048576", StringComparison.Ordinal) && l.Contains("2097152", StringComparison.Ordinal));
            Assert.Contains(side, l => l.StartsWith("failed   [failover] timeout: ", StringComparison.Ordinal));
            Assert.Contains(side, l => l.StartsWith("ok       versions: ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Another_key_and_another_guest_are_found()
    {
        var file = Usual();
        LinkKey.Create(At("key2"));
        foreach (var (set, text) in new[] { ($"link:key-file={At("key2")}", "different link keys"), ("vm:name=web2", "web2") })
        {
            var other = Task.Run(() => Check(file, "--node", "b", "--wait", "120"));
            var (exit, lines) = Check(file, "--node", "a", "--wait", "120", "--set", set);
            Assert.Equal(1, exit);
            // Who calls first learns it; the other one is told so or finds it by itself.
            foreach (var side in new[] { lines, (await other).Lines })
                Assert.Contains(side, l => l.StartsWith("failed   peer: ", StringComparison.Ordinal) && l.Contains(text, StringComparison.Ordinal));
        }
    }

    [NetworkFact]
    public void Interfaces_without_carrier_down_or_with_the_guests_address_are_found()
    {
        if (Support.PairBinary.Path is not { } binary)
            return;
        using var ns = new NetworkNamespace("check");
        ns.Ip("link add lan0 type veth peer name far0");
        var file = Usual("packet:lan0");
        string Run() => ns.Exec($"{binary} check --role auto --node a --config {file}", check: false);
        Assert.Contains("failed   nic lan: lan0 is down; ip link set lan0 up", Run(), StringComparison.Ordinal);
        ns.Ip("link set lan0 up");
        Assert.Contains("failed   nic lan: lan0 has no carrier", Run(), StringComparison.Ordinal);
        ns.Ip("link set far0 up");
        ns.Ip("link set lan0 mtu 1400");
        Assert.Contains("ok       nic lan: packet:lan0, MTU 1400", Run(), StringComparison.Ordinal);
        ns.Ip("link set far0 address 52:54:00:12:34:56");
        Assert.Contains("failed   nic lan: the guest's address 52:54:00:12:34:56 is the host's own, of far0", Run(), StringComparison.Ordinal);
        // Without the rights of root.
        var bare = ns.Exec($"setpriv --bounding-set=-all --inh-caps=-all {binary} check --role auto --node a --config {file}", check: false);
        Assert.Contains("failed   rights: this process lacks CAP_NET_RAW", bare, StringComparison.Ordinal);
    }

    private string At(string name) => Path.Combine(_directory.FullName, name);

    private string Write(string text)
    {
        File.WriteAllText(At("colo.ini"), text);
        return At("colo.ini");
    }

    private string Usual(string backend = "packet:lo") => Write(
        $"""
        [vm]
        name = web1
        memory = 64M
        [disk:root]
        path = {At("root.img")}
        size = 1M
        [nic:lan]
        backend = {backend}
        mac = 52:54:00:12:34:56
        [link]
        node-a = 127.0.0.1:{_port}
        node-b = 127.0.0.2:{_port}
        key-file = {At("key")}
        [monitor]
        socket = {At("s.sock")}

        """);

    private static (int Exit, string[] Lines) Check(string file, params string[] more)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exit = ColoCommandLine.Invoke(["check", "--config", file, .. more], output, error);
        Assert.Equal("", error.ToString());
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines[..^1], l => Assert.Matches("^(ok     |warning|failed ) +[^:]+: .+$", l));
        return (exit, lines);
    }
}
