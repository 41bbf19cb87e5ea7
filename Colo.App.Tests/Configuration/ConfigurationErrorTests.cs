using Colo.Configuration;

namespace Colo.Tests.Configuration;

public sealed class ConfigurationErrorTests
{
    private const string Nic = "[nic:lan]\nbackend = packet:eth0\nmac = 52:54:00:12:34:56\n";

    /// <summary>One wrong value, alone in the file: section, key, text, a part of what must be named as accepted.</summary>
    public static TheoryData<string, string, string, string> WrongValues()
    {
        var data = new TheoryData<string, string, string, string>();
        void Add(string section, string key, string accepted, params string[] values)
        {
            foreach (var value in values)
                data.Add(section, key, value, accepted);
        }

        Add("vm", "name", "letters, digits", "", "a b", "../x", ".x", "a/b", new string('x', 65), "tür");
        Add("vm", "memory", "16M to 1024G, a multiple of 2M", "", "256", "256MB", "-2M", "8M", "17M", "2048G", "99999999999999999999G", "9223372036854775807G", "1.5G", "M", "2 M");
        Add("vm", "cpus", "1 to 64", "0", "65", "-1", "two", "1.0", "99999999999", "+1", "");
        Add("vm", "kernel", "builtin:demo, or the path", "", "builtin:other", "builtin:");
        Add("vm", "initrd", "path", "");
        Add("vm", "cmdline", "at most 2047 bytes", new string('x', 2048));
        Add("vm", "state-dir", "path", "");
        Add("vm", "cpu", "host, x86-64-v2 or x86-64-v3", "", "x86-64-v4", "Host");
        Add("vm", "stop-timeout", "0s to 1h", "", "60", "2h", "-1s");
        Add("vm", "on-crash", "restart, stop or keep", "", "reboot");
        Add("vm", "devices", "acpi or cmdline", "", "pci");
        Add("disk:root", "path", "raw disk image", "");
        Add("disk:root", "size", "multiple of 512 bytes", "0K", "512", "1T", "70000G");
        Add("disk:root", "readonly", "on, off, true or false", "", "yes", "1");
        Add("disk:root", "direct", "on, off, true or false", "", "yes", "1");
        Add("nic:lan", "backend", "packet:IF", "", "eth0", "packet:", "tap:", "bridge:br0", "packet:a/b", "packet:..", "packet:a b", "packet:sixteen-letters-", "tap:a:b");
        Add("nic:lan", "mac", "six octets", "", "52:54:00:12:34", "52:54:00:12:34:56:78", "53:54:00:12:34:56", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "52-54-00-12-34-56", "525400123456", "5g:54:00:12:34:56", "52:54:00:12:34: 6");
        Add("link", "node-a", "HOST:PORT or [IPV6]:PORT", "", "192.168.2.33", "192.168.2.33:", "192.168.2.33:0", "192.168.2.33:65536", "192.168.2.33:+1", "192.168.2.300:1", "1:9990", "0x7f.1:9990", ":9990", "::1:9990", "[::1]9990", "[::1]", "[127.0.0.1]:9990", "[::g]:9990", "a_b:9990", "-a:9990", "a..b:1");
        Add("link", "node-b", "HOST:PORT or [IPV6]:PORT", "nowhere");
        Add("link", "key-file", "path", "");
        Add("link", "tls", "on, off, true or false", "maybe");
        Add("checkpoint", "interval", "us, ms, s, m or h), 1ms to 1h", "", "1", "s", "1 s", "1sec", "-1s", "0s", "999us", "61m", "99999999999999999999s", "9223372036854775807h");
        Add("checkpoint", "minimum", "us, ms, s, m or h), 100us to 1m", "0us", "99us", "2M");
        Add("failover", "heartbeat", "5ms to 10s", "4ms", "11s", "fast");
        Add("failover", "timeout", "20ms to 1m", "19ms", "61s", "never");
        Add("failover", "arbiter", "etcd:http://HOST:PORT", "", "etcd", "http://10.0.0.9:2379", "etcd:10.0.0.9:2379", "etcd:ftp://10.0.0.9", "etcd:http://u:p@10.0.0.9", "etcd:http://10.0.0.9/x", "zookeeper:http://10.0.0.9", "etcd:http://a:1,", "etcd:http://a:1,http://a:1", "etcd:http://a:1,https://b:1", "etcd:http://a:1,etcd:http://b:1", "etcd:http://a,http://b,http://c,http://d,http://e,http://f,http://g,http://h,http://i,http://j");
        Add("failover", "arbiter-ca", "path", "");
        Add("failover", "arbiter-cert", "path", "");
        Add("failover", "arbiter-key", "path", "");
        Add("failover", "fence-command", "full path of a program", "", "fence-peer", "./fence", "/", "/ x");
        Add("failover", "silence", "wait or takeover", "", "ask", "Wait");
        Add("failover", "slow", "100ms to 1h", "99ms", "2h", "x");
        Add("failover", "notify-command", "full path of a program", "mail root");
        Add("monitor", "socket", "at most 107 bytes", "", "/" + new string('s', 107));
        Add("monitor", "metrics", "ADDRESS:PORT", "", "9464", "localhost:9464", "127.0.0.1", "127.0.0.1:0");
        return data;
    }

    [Theory]
    [MemberData(nameof(WrongValues))]
    public void A_wrong_value_is_one_error_that_names_section_key_line_finding_and_what_is_accepted(
        string section, string key, string value, string accepted)
    {
        var text = $"; first line\n[{section}]\n{Others(section, key)}{key} = {value}\n";
        var error = Assert.Single(ConfigurationFile.Errors(text, null));
        Assert.Equal(section, error.Section);
        Assert.Equal(key, error.Key);
        Assert.Equal(text.TrimEnd('\n').Count(c => c == '\n') + 1, error.Line);
        Assert.StartsWith("found \"", error.Problem, StringComparison.Ordinal);
        Assert.Contains(accepted, error.Accepted, StringComparison.Ordinal);

        // The same by --set, over a file that is right: the source and the place are the override's.
        var right = $"[{section}]\n{Others(section, key)}";
        var set = Assert.Single(ConfigurationFile.Errors(right, null, $"{section}:{key}={value}"));
        Assert.Equal(("--set", null, section, key), (set.Source, set.Line, set.Section, set.Key));
        Assert.Contains(accepted, set.Accepted, StringComparison.Ordinal);
    }

    // What the section needs beside the key under test.
    private static string Others(string section, string key) => (section, key) switch
    {
        ("disk:root", not "path") => "path = root.img\n",
        ("nic:lan", "mac") => "backend = packet:eth0\n",
        ("nic:lan", "backend") => "mac = 52:54:00:12:34:56\n",
        ("link", "node-a") => "node-b = h:1\n",
        ("link", "node-b") => "node-a = h:1\n",
        _ => "",
    };

    [Theory]
    [InlineData("[disk:root]\n", "disk:root", "path", "raw disk image")]
    [InlineData("[nic:lan]\nmac = 52:54:00:12:34:56\n", "nic:lan", "backend", "packet:IF")]
    [InlineData("[nic:lan]\nbackend = tap:t\n", "nic:lan", "mac", "six octets")]
    [InlineData("[link]\nnode-b = h:1\n", "link", "node-a", "HOST:PORT")]
    [InlineData("[link]\nnode-a = h:1\n", "link", "node-b", "HOST:PORT")]
    public void A_missing_key_is_named(string text, string section, string key, string accepted)
    {
        var error = Assert.Single(ConfigurationFile.Errors(text, null));
        Assert.Equal((section, key, "missing"), (error.Section, error.Key, error.Problem));
        Assert.Contains(accepted, error.Accepted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[checkpoint]\nminimum = 2s\n", "checkpoint", "minimum", 2, "at most the interval (1s)")]
    [InlineData("[checkpoint]\ninterval = 1ms\n", "checkpoint", "interval", 2, "at least the minimum (2ms)")]
    [InlineData("[checkpoint]\ninterval = 1ms\nminimum = 3ms\n", "checkpoint", "minimum", 3, "at most the interval (1ms)")]
    [InlineData("[failover]\nheartbeat = 167ms\n", "failover", "heartbeat", 2, "at most a third of the timeout (500ms)")]
    [InlineData("[failover]\ntimeout = 149ms\n", "failover", "timeout", 2, "at least three heartbeats (150ms)")]
    [InlineData("[failover]\nslow = 499ms\n", "failover", "slow", 2, "at least the timeout (500ms)")]
    [InlineData("[failover]\ntimeout = 6s\n", "failover", "timeout", 2, "at most slow (5s)")]
    [InlineData("[disk:a]\npath = /x/i\n[disk:b]\npath = /x/../x//i\n", "disk:b", "path", 4, "a path of its own")]
    [InlineData("[nic:a]\nbackend = tap:a\nmac = 52:54:00:12:34:5a\n[nic:b]\nbackend = tap:b\nmac = 52:54:00:12:34:5A\n", "nic:b", "mac", 6, "a MAC address of its own")]
    [InlineData("[nic:a]\nbackend = tap:a\nmac = 52:54:00:12:34:01\n[nic:b]\nbackend = packet:a\nmac = 52:54:00:12:34:02\n", "nic:b", "backend", 5, "a host interface of its own")]
    [InlineData("[link]\nnode-a = [::1]:1\nnode-b = [0:0::1]:1\n", "link", "node-b", 3, "two different addresses")]
    [InlineData("[link]\nnode-a = Host:1\nnode-b = host:1\n", "link", "node-b", 3, "two different addresses")]
    [InlineData("[vm]\ninitrd = /x\n", "vm", "initrd", 2, "only with a kernel of your own")]
    [InlineData("[vm]\ndevices = cmdline\n", "vm", "devices", 2, "only with a kernel of your own")]
    [InlineData("[failover]\narbiter-ca = /x\n", "failover", "arbiter-ca", 2, "only with arbiter = etcd:https")]
    [InlineData("[failover]\narbiter = etcd:http://h:1\narbiter-cert = /x\n", "failover", "arbiter-cert", 3, "only with arbiter = etcd:https")]
    [InlineData("[failover]\narbiter = etcd:https://h:1\narbiter-cert = /x\n", "failover", "arbiter-key", 1, "together, or neither")]
    [InlineData("[failover]\narbiter = etcd:https://h:1\narbiter-key = /x\n", "failover", "arbiter-cert", 1, "together, or neither")]
    public void Keys_that_do_not_fit_together(string text, string section, string key, int line, string accepted)
    {
        var error = Assert.Single(ConfigurationFile.Errors(text, null));
        Assert.Equal((section, key, line), (error.Section, error.Key, error.Line));
        Assert.Contains(accepted, error.Accepted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[vm]\nmemroy = 1G\n", "vm", "memroy", "memory is the nearest known key of name, memory")]
    [InlineData("[checkpoint]\nintervall = 1s\n", "checkpoint", "intervall", "interval is the nearest")]
    [InlineData("[checkpoint]\ntimeout = 1s\n", "checkpoint", "timeout", "timeout belongs to [failover]; [checkpoint] knows interval, minimum")]
    [InlineData("[nic:lan]\nbackend = tap:t\nmac = 52:54:00:12:34:56\nmacc = x\n", "nic:lan", "macc", "mac is the nearest")]
    [InlineData("[vm]\nname:x = y\n", "vm", "name:x", "name is the nearest")]
    public void An_unknown_key_has_its_nearest_known_name(string text, string section, string key, string accepted)
    {
        var error = Assert.Single(ConfigurationFile.Errors(text, null));
        Assert.Equal((section, key, "unknown key"), (error.Section, error.Key, error.Problem));
        Assert.Contains(accepted, error.Accepted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[chekpoint]\ninterval = 1s\n", "chekpoint", "[checkpoint] is the nearest known section")]
    [InlineData("[disks:root]\npath = /x\n", "disks:root", "[disk:NAME] is the nearest known section")]
    [InlineData("[vm:web1]\nname = x\n", "vm:web1", "[vm] is the nearest known section")]
    public void An_unknown_section_has_its_nearest_known_name(string text, string section, string accepted)
    {
        var error = Assert.Single(ConfigurationFile.Errors(text, null));
        Assert.Equal((section, null, 1, "unknown section"), (error.Section, error.Key, error.Line, error.Problem));
        Assert.Contains(accepted, error.Accepted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[disk]\npath = /x\n", "disk", "[disk:NAME]")]
    [InlineData("[disk:]\npath = /x\n", "disk", "[disk:NAME]")]
    [InlineData("[disk:a b]\npath = /x\n", "disk:a b", "[disk:NAME]")]
    [InlineData("[disk:twenty-one-characters]\npath = /x\n", "disk:twenty-one-characters", "at most 20")]
    [InlineData("[nic]\nbackend = tap:t\nmac = 52:54:00:12:34:56\n", "nic", "[nic:NAME]")]
    public void Disks_and_nics_need_a_name(string text, string section, string accepted)
    {
        var error = Assert.Single(ConfigurationFile.Errors(text, null));
        Assert.Equal((section, 1), (error.Section, error.Line));
        Assert.Contains(accepted, error.Accepted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("disk", "path = /x/{0}\n")]
    [InlineData("nic", "backend = tap:t{0}\nmac = 52:54:00:12:34:0{0}\n")]
    public void A_ninth_disk_or_nic_is_one_too_many(string kind, string keys)
    {
        var text = string.Concat(Enumerable.Range(0, 9).Select(i => $"[{kind}:n{i}]\n" + string.Format(null, keys, i)));
        var error = Assert.Single(ConfigurationFile.Errors(text, null));
        Assert.Equal($"{kind}:n8", error.Section);
        Assert.Contains("at most 8", error.Accepted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[vm]\nname = a\nNAME = b\n", 3, "vm", "NAME", "given twice, first in line 2", "each key once")]
    [InlineData("[vm]\nname = a\n[link]\n[VM]\ncpus = 1\n", 4, "VM", null, "stands twice", "each section once")]
    [InlineData("name = a\n", 1, "", "name", "before any section", "below a [section] line")]
    [InlineData("[vm]\nname\n", 2, "", null, "found \"name\"", "key = value")]
    [InlineData("[vm]\n= a\n", 2, "", null, "found \"= a\"", "key = value")]
    [InlineData("[vm\nname = a\n", 1, "", null, "found \"[vm\"", "[section]")]
    public void A_malformed_line_is_named(string text, int line, string section, string? key, string problem, string accepted)
    {
        var error = Assert.Single(ConfigurationFile.Errors(text, null));
        Assert.Equal((line, section, key), (error.Line, error.Section, error.Key));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
        Assert.Contains(accepted, error.Accepted, StringComparison.Ordinal);
    }

    [Fact]
    public void All_errors_come_at_once_in_the_order_of_the_lines()
    {
        var errors = ConfigurationFile.Errors(
            "[failover]\ntimeout = soon\n[vm]\nmemory = 1\ncpu = z80\nrubbish\nname = a\nname = b\n[foo]\nx = y\n",
            NodeRole.Primary,
            "checkpoint:interval=1", "nonsense");
        Assert.Equal(
            ["2 failover timeout", "4 vm memory", "5 vm cpu", "6  ", "8 vm name", "9 foo ", " checkpoint interval", " link key-file", " link node-a", " link node-b", "  "],
            [.. errors.Take(6).Concat(errors.Skip(6).OrderBy(e => e.Section == "" ? "~" : e.Section + e.Key, StringComparer.Ordinal))
                .Select(e => $"{e.Line} {e.Section} {e.Key}")]);
    }

    [Theory]
    [InlineData(NodeRole.Primary)]
    [InlineData(NodeRole.Secondary)]
    [InlineData(NodeRole.Auto)]
    public void A_pair_needs_both_addresses_and_the_key_and_a_standalone_node_neither(NodeRole role)
    {
        using var file = new ConfigurationFile("[link]\nkey-file = link.key\n");
        var errors = Assert.Throws<ConfigurationException>(() => ColoConfiguration.Load(file.Path, [], role)).Errors;
        Assert.Equal(["key-file", "node-a", "node-b"], errors.Select(e => e.Key!).Order(StringComparer.Ordinal));
        Assert.Contains("colo keygen", errors.Single(e => e.Key == "key-file").Accepted, StringComparison.Ordinal);
        Assert.Null(ColoConfiguration.Load(file.Path, [], NodeRole.Standalone).Link.NodeA);

        File.WriteAllText(Path.Combine(file.Directory, "link.key"), "");
        var whole = ColoConfiguration.Load(file.Path, ["link:node-a=a:1", "link:node-b=b:1"], role);
        Assert.Equal("b", whole.Link.Address(NodeId.B)!.Host);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("name=x")]
    [InlineData(":name=x")]
    [InlineData("vm:=x")]
    [InlineData("=vm:name")]
    [InlineData("")]
    public void An_override_without_section_key_and_value_says_its_form(string set)
    {
        var error = Assert.Single(ConfigurationFile.Errors("", null, set));
        Assert.Equal("--set", error.Source);
        Assert.Contains("SECTION:KEY=VALUE", error.Accepted, StringComparison.Ordinal);
    }

    [Fact]
    public void An_override_of_an_unknown_section_or_key_is_told_like_one_in_the_file()
    {
        var errors = ConfigurationFile.Errors(Nic, null, "vn:name=x", "nic:lan:bakend=tap:t");
        Assert.Equal(["nic:lan bakend", "vn "], errors.Select(e => $"{e.Section} {e.Key}").Order(StringComparer.Ordinal));
        Assert.All(errors, e => Assert.Equal("--set", e.Source[..5]));
    }

    [Fact]
    public void A_comment_behind_a_value_is_explained()
    {
        var error = Assert.Single(ConfigurationFile.Errors("[vm]\nmemory = 256M ; plenty\n", null));
        Assert.Contains("comments stand on lines of their own", error.Accepted, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refused_value_is_not_judged_a_second_time_against_others() =>
        Assert.Equal("heartbeat", Assert.Single(ConfigurationFile.Errors("[failover]\nheartbeat = x\ntimeout = 100ms\n", null)).Key);

    [Fact]
    public void A_message_stands_on_one_line_and_moves_no_cursor()
    {
        var error = Assert.Single(ConfigurationFile.Errors("[vm]\nname = a\e[2Jb\a\n", null));
        Assert.DoesNotContain(error.ToString(), char.IsControl);
        Assert.Contains("colo.ini:2: [vm] name: found \"a\\u001b[2Jb\\u0007\"; accepted: ", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_used_is_one_error_without_a_section()
    {
        using var file = new ConfigurationFile("");
        void Check(string path, string problem)
        {
            var error = Assert.Single(Assert.Throws<ConfigurationException>(() => ColoConfiguration.Load(path, [])).Errors);
            Assert.Equal((path, null, "", null), (error.Source, error.Line, error.Section, error.Key));
            Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
            Assert.Contains("--config", error.Accepted, StringComparison.Ordinal);
        }

        Check(file.Path + ".absent", "cannot be read");
        Check(file.Directory, "cannot be read");
        Check("/dev/zero", "larger than 1M");
        File.WriteAllBytes(file.Path, [0xff, 0xfe, 0x00, 0xc3, 0x28]);
        Check(file.Path, "not UTF-8");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_files_give_a_configuration_or_errors_and_nothing_else(int salt)
    {
        var seed = Environment.TickCount ^ (salt << 20);
        var random = new Random(seed);
        string[] pieces = ["[vm]", "[disk:a]", "[", "]", "=", "\n", "\r", ";", "memory", "path", " ", "\"", ":", "256M", "\0", "ü", "[link]", "node-a", "[::1]:1", "nic", "mac", "52:54:00:12:34:56"];
        for (var round = 0; round < 500; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                ConfigurationFile.Load(text, string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => pieces[random.Next(pieces.Length)])));
            }
            catch (ConfigurationException e)
            {
                Assert.NotEmpty(e.Errors);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, round {round}: {e}");
            }
        }
    }
}
