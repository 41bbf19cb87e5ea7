using System.Net;
using System.Text.RegularExpressions;
using Colo.Configuration;

namespace Colo.Tests.Configuration;

public sealed class ColoConfigurationTests
{
    private static readonly string Example = Path.Combine(ColoBinary.Repository, "colo.ini.example");

    [Fact]
    public void An_empty_file_gives_the_defaults()
    {
        var c = ConfigurationFile.Load("");
        Assert.Equal(new VmConfiguration("web1", 256 << 20, 1, "builtin:demo", null, null, null, CpuModel.Host), c.Vm);
        Assert.Empty(c.Disks);
        Assert.Empty(c.Nics);
        Assert.Equal(new LinkConfiguration(null, null, "/etc/colo/link.key", true), c.Link);
        Assert.Equal(new CheckpointConfiguration(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(2)), c.Checkpoint);
        Assert.Equal(
            new FailoverConfiguration(
                TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500), null, null, SilencePolicy.Wait, TimeSpan.FromSeconds(5), null),
            c.Failover);
        Assert.Equal(new MonitorConfiguration("/run/colo/web1.sock", null), c.Monitor);
    }

    [Fact]
    public void Every_key_is_read_into_its_place()
    {
        var c = ConfigurationFile.Load(
            """
            # the reader takes these, too
            / as comments
            [VM]
            Name = "db-2"
            memory = 1G
            cpus = 2
            kernel = /boot/vmlinuz
            initrd = /boot/initrd
            cmdline = console=ttyS0 root=/dev/vda ip=10.77.0.10/24
            state-dir = /var/lib/x/
            cpu = x86-64-v3
            [disk:zeta]
            path = /z.img
            size = 512M
            [disk:Alpha]
            path = /a.img
            readonly = ON
            direct = on
            [nic:wan]
            backend = tap:tap0
            mac = 52:54:00:AB:cd:ef
            [nic:lan]
            backend = packet:enp0s31f6.100
            mac = 02:00:00:00:00:01
            [link]
            node-a = [FE80:0::1]:9990
            node-b = Node-B.example.org:1
            key-file = /k
            tls = off
            [checkpoint]
            interval = 250ms
            minimum = 500us
            [failover]
            heartbeat = 10ms
            timeout = 1m
            arbiter = etcd:https://etcd.example:2379, https://[::1]:2379
            arbiter-ca = /ca.pem
            arbiter-cert = /node.pem
            arbiter-key = /node.key
            fence-command = /sbin/fence --now host
            silence = takeover
            slow = 1h
            notify-command = /bin/tell
            [monitor]
            socket = /tmp/x.sock
            metrics = [::1]:9464
            """);
        Assert.Equal(new VmConfiguration("db-2", 1L << 30, 2, "/boot/vmlinuz", "/boot/initrd", "console=ttyS0 root=/dev/vda ip=10.77.0.10/24", "/var/lib/x", CpuModel.X8664V3), c.Vm);
        Assert.False(c.Vm.KernelIsBuiltin);
        Assert.Equal([new("zeta", "/z.img", 512 << 20, false), new DiskConfiguration("Alpha", "/a.img", null, true, true)], c.Disks.AsEnumerable());
        Assert.Equal([512 << 20, 1L << 30], c.Disks.Select(d => d.SizeToCreate));
        Assert.Equal(["wan tap:tap0 52:54:00:ab:cd:ef", "lan packet:enp0s31f6.100 02:00:00:00:00:01"], c.Nics.Select(n => $"{n.Name} {n.Backend} {n.Mac}"));
        Assert.Equal(new LinkConfiguration(new("fe80::1", 9990), new("node-b.example.org", 1), "/k", false), c.Link);
        Assert.Equal("[fe80::1]:9990", c.Link.NodeA!.ToString());
        Assert.Equal(IPAddress.Parse("fe80::1"), c.Link.NodeA.Address);
        Assert.Null(c.Link.NodeB!.Address);
        Assert.Equal(new CheckpointConfiguration(TimeSpan.FromMilliseconds(250), TimeSpan.FromMicroseconds(500)), c.Checkpoint);
        Assert.Equal(
            new FailoverConfiguration(
                TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1), null, "/sbin/fence --now host", SilencePolicy.Takeover, TimeSpan.FromHours(1), "/bin/tell"),
            c.Failover with { Arbiter = null });
        Assert.Equal(["https://etcd.example:2379/", "https://[::1]:2379/"], c.Failover.Arbiter!.Endpoints.Select(e => e.ToString()));
        Assert.Equal(("/ca.pem", "/node.pem", "/node.key"), (c.Failover.Arbiter.CaFile, c.Failover.Arbiter.CertificateFile, c.Failover.Arbiter.KeyFile));
        Assert.Equal(new MonitorConfiguration("/tmp/x.sock", new(IPAddress.IPv6Loopback, 9464)), c.Monitor);
    }

    [Fact]
    public void A_mac_address_is_written_in_the_order_of_the_wire()
    {
        Assert.True(MacAddress.TryParse("52:54:00:12:34:56", out var mac));
        var octets = new byte[6];
        mac.CopyTo(octets);
        Assert.Equal([0x52, 0x54, 0x00, 0x12, 0x34, 0x56], octets);
    }

    [Fact]
    public void Overrides_replace_add_and_the_later_counts()
    {
        var c = ConfigurationFile.Load(
            "[vm]\nmemory = wrong but overridden\n[nic:b]\nbackend = tap:b\nmac = 02:00:00:00:00:01\n",
            "VM:Memory = 64M",
            "checkpoint:interval=5s",
            "checkpoint:interval=500ms",
            "nic:b:mac=02:00:00:00:00:02",
            "nic:a:backend=packet:eth0",
            "nic:a:mac=02:00:00:00:00:03",
            "vm:cmdline=ip=10.0.0.1/8 a:b=c");
        Assert.Equal(64 << 20, c.Vm.Memory);
        Assert.Equal("ip=10.0.0.1/8 a:b=c", c.Vm.CommandLine);
        Assert.Equal(TimeSpan.FromMilliseconds(500), c.Checkpoint.Interval);
        Assert.Equal(["b 02:00:00:00:00:02", "a 02:00:00:00:00:03"], c.Nics.Select(n => $"{n.Name} {n.Mac}"));
    }

    [Fact]
    public void A_relative_path_counts_from_the_file_and_in_an_override_from_the_working_directory()
    {
        using var file = new ConfigurationFile("[disk:a]\npath = a.img\n[disk:b]\npath = b.img\n");
        var c = ColoConfiguration.Load(file.Path, ["disk:b:path=./b.img"]);
        Assert.Equal([Path.Combine(file.Directory, "a.img"), Path.GetFullPath("b.img")], c.Disks.Select(d => d.Path));
    }

    [Fact]
    public void The_socket_follows_the_name() =>
        Assert.Equal("/run/colo/db.sock", ConfigurationFile.Load("[vm]\nname = db\n").Monitor.Socket);

    [Fact]
    public void Line_ends_of_every_kind_and_a_byte_order_mark_are_taken()
    {
        var c = ConfigurationFile.Load("\uFEFF[vm]\r\nname = x\rcpus = 3\r\n");
        Assert.Equal(("x", 3), (c.Vm.Name, c.Vm.Cpus));
    }

    [Fact]
    public void The_example_is_right_as_it_is_and_with_every_comment_sign_taken_away()
    {
        var plain = ColoConfiguration.Load(Example, []);
        Assert.Equal("/var/lib/colo/web1/root.img", plain.Disks.Single().Path);
        var all = Regex.Replace(File.ReadAllText(Example), "^;(?=[a-z-]+ = )", "", RegexOptions.Multiline);
        var whole = ConfigurationFile.Load(all, "vm:kernel=/boot/vmlinuz");
        Assert.Equal(1 << 30, whole.Disks.Single().Size);
        Assert.NotNull(whole.Monitor.Metrics);
    }

    [Fact]
    public void How_a_guest_ends_and_finds_its_devices_is_read()
    {
        var c = ConfigurationFile.Load("[vm]\nkernel = /boot/vmlinuz\n");
        Assert.Equal((TimeSpan.FromMinutes(1), CrashPolicy.Restart, DeviceDiscovery.Acpi), (c.Vm.StopTimeout, c.Vm.OnCrash, c.Vm.Devices));
        c = ConfigurationFile.Load("[vm]\nkernel = /boot/vmlinuz\nstop-timeout = 0s\non-crash = keep\ndevices = cmdline\n");
        Assert.Equal((TimeSpan.Zero, CrashPolicy.Keep, DeviceDiscovery.CommandLine), (c.Vm.StopTimeout, c.Vm.OnCrash, c.Vm.Devices));
    }

    [Fact]
    public void The_example_and_the_manual_name_every_key_and_no_other()
    {
        var example = File.ReadAllLines(Example);
        var manual = File.ReadAllLines(Path.Combine(ColoBinary.Repository, "docs", "configuration.md"));
        foreach (var (section, keys) in ColoConfiguration.KnownKeys())
        {
            Assert.Equal(keys, Keys(example, line => line.StartsWith($"[{section}", StringComparison.Ordinal), "[", "^;?([a-z-]+) = "));
            Assert.Equal(keys, Keys(manual, line => line.StartsWith($"## [{section}", StringComparison.Ordinal), "## ", @"^\| `([a-z-]+)` \|"));
        }
    }

    private static IEnumerable<string> Keys(string[] lines, Func<string, bool> begins, string next, string pattern) =>
        lines.SkipWhile(l => !begins(l)).Skip(1).TakeWhile(l => !l.StartsWith(next, StringComparison.Ordinal))
            .Select(l => Regex.Match(l, pattern)).Where(m => m.Success).Select(m => m.Groups[1].Value);

    [Theory]
    [InlineData("intervall", "interval")]
    [InlineData("MEMROY", "memory")]
    [InlineData("adn", "and")]
    public void The_nearest_name(string text, string expected) =>
        Assert.Equal(expected, NearestName.Find(text, ["interval", "memory", "minimum", "and", "add-on"]));
}
