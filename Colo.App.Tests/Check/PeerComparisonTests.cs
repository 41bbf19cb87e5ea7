using System.Text;
using Colo.Block.Replication;
using Colo.Check;
using Colo.Inquiry;

namespace Colo.Tests.Check;

public sealed class PeerComparisonTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 1, 0, 0, TimeSpan.Zero);

    private static readonly NodeReport Mine = new()
    {
        Version = "0.1.0",
        At = Now,
        MemoryBytes = 256 << 20,
        Cpus = 1,
        GuestCpu = "0123456789abcdef/xsave 4096",
        Disks = [new("root", 1 << 30, false), new("cd", 1 << 20, true)],
        Nics = [new("lan", "52:54:00:12:34:56", 1500)],
        Settings = new Dictionary<string, string> { ["[failover] timeout"] = "500ms", ["[failover] silence"] = "wait", ["[vm] cpu"] = "x86-64-v2" },
    };

    [Fact]
    public void Two_nodes_that_are_alike_have_nothing_but_ok() =>
        Assert.All(Compare(Mine with { At = Now.AddMilliseconds(300) }), finding => Assert.Equal(FindingLevel.Ok, finding.Level));

    public static TheoryData<string, string> Differences => new()
    {
        { "version", "warning  versions: 0.1.0 here, 0.2.0? there; " },
        { "clock", "warning  clocks: the clocks are 90 s apart; " },
        { "memory", "failed   [vm] memory: 256 MiB here, 512 MiB there; " },
        { "cpus", "failed   [vm] cpus: 1 here, 2 there; " },
        { "cpu", "failed   guest's CPU: 0123456789abcdef/xsave 4096 here, fedcba9876543210/xsave 4096 there: the pair would be refused; " },
        { "model", "failed   [vm] cpu: x86-64-v2 here, host there; " },
        { "older", "warning  guest's CPU: cannot be compared: the other node does not tell " },
        { "names", "failed   disks: root, cd here, cd, root there; " },
        { "none", "failed   disks: root, cd here, none there; " },
        { "size", "failed   disk root: 1073741824 bytes here, 1073741312 bytes there; " },
        { "kind", "failed   disk cd: read-only on one node only; " },
        { "mac", "failed   nics: lan 52:54:00:12:34:56 here, lan 52:54:00:12:34:57 there; " },
        { "mtu", "failed   nic lan: MTU 1500 here, 9000 there; " },
        { "timeout", "failed   [failover] timeout: 500ms here, 400ms there; " },
        { "silence", "warning  [failover] silence: wait here, not set there; " },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public void A_difference_is_told_with_its_mend_and_nothing_else_is(string what, string line)
    {
        var theirs = what switch
        {
            "version" => Mine with { Version = "0.2.0\e" },
            "clock" => Mine with { At = Now.AddSeconds(90) },
            "memory" => Mine with { MemoryBytes = 512 << 20 },
            "cpus" => Mine with { Cpus = 2 },
            "cpu" => Mine with { GuestCpu = "fedcba9876543210/xsave 4096" },
            "model" => Mine with { Settings = new Dictionary<string, string>(Mine.Settings) { ["[vm] cpu"] = "host" } },
            "older" => NodeReport.Read(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Mine.Write()).Replace("guest_cpu", "not_yet", StringComparison.Ordinal))),
            "names" => Mine with { Disks = [Mine.Disks[1], Mine.Disks[0]] },
            "none" => Mine with { Disks = [] },
            "size" => Mine with { Disks = [new("root", (1 << 30) - 512, false), Mine.Disks[1]] },
            "kind" => Mine with { Disks = [Mine.Disks[0], new("cd", 1 << 20, false)] },
            "mac" => Mine with { Nics = [new("lan", "52:54:00:12:34:57", 1500)] },
            "mtu" => Mine with { Nics = [new("lan", "52:54:00:12:34:56", 9000)] },
            "timeout" => Mine with { Settings = new Dictionary<string, string>(Mine.Settings) { ["[failover] timeout"] = "400ms" } },
            _ => Mine with { Settings = new Dictionary<string, string>(Mine.Settings) { ["[failover] silence"] = "" } },
        };
        var bad = Assert.Single(Compare(theirs), finding => finding.Level != FindingLevel.Ok);
        Assert.StartsWith(line, bad.ToString(), StringComparison.Ordinal);
        Assert.False(string.IsNullOrWhiteSpace(bad.Mend));
    }

    [Fact]
    public void An_image_that_is_still_to_be_made_and_a_clock_that_cannot_be_read_better_are_no_faults()
    {
        var theirs = Mine with { At = Now.AddSeconds(1.5), Disks = [new("root", 0, false), Mine.Disks[1]] };
        Assert.All(Compare(theirs, TimeSpan.FromSeconds(1)), finding => Assert.Equal(FindingLevel.Ok, finding.Level));
    }

    [Fact]
    public void A_host_that_cannot_tell_its_own_guests_CPU_says_so()
    {
        var findings = new Findings(_ => { });
        PeerComparison.Compare(Mine with { GuestCpu = "" }, Mine, Now, TimeSpan.Zero, findings);
        var finding = Assert.Single(findings.All, f => f.Level != FindingLevel.Ok);
        Assert.Contains("this host cannot tell", finding.Text, StringComparison.Ordinal);
        Assert.NotNull(finding.Mend);
    }

    [Fact]
    public void A_report_arrives_as_it_left()
    {
        var report = Mine with
        {
            Data = ReportedData.Of(NodeData.New.BecomeFirst(Guid.NewGuid(), Guid.NewGuid())),
            Role = "primary",
            State = "protected",
        };
        var read = NodeReport.Read(report.Write());
        Assert.Equal(report with { Disks = read.Disks, Nics = read.Nics, Settings = read.Settings }, read);
        Assert.Equal(report.Disks, read.Disks);
        Assert.Equal(report.Nics, read.Nics);
        Assert.Equal(report.Settings, read.Settings);
        Assert.Equal(report.Data.Node, read.Data!.Node);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"version\":7}")]
    [InlineData("{\"disks\":[null]}")]
    [InlineData("{\"disks\":[{\"name\":null,\"size\":1}]}")]
    [InlineData("{\"nics\":[{\"name\":\"a\"}]}")]
    [InlineData("{\"settings\":{\"a\":null}}")]
    [InlineData("{\"data\":{\"state\":9}}")]
    [InlineData("{\"data\":{\"state\":1}}")]
    [InlineData("{\"data\":{\"state\":5,\"generation\":1}}")]
    public void What_is_no_report_is_refused(string json) =>
        Assert.Throws<FormatException>(() => NodeReport.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void A_report_with_less_or_more_in_it_can_be_read()
    {
        var report = NodeReport.Read("""{"version":"x","role":null,"later":{"a":[1]}}"""u8);
        Assert.Equal(("x", "", 0, 0, 0), (report.Version, report.Role, report.Disks.Count, report.Nics.Count, report.Settings.Count));
    }

    private static IReadOnlyList<Finding> Compare(NodeReport theirs, TimeSpan uncertainty = default)
    {
        var findings = new Findings(_ => { });
        PeerComparison.Compare(Mine, theirs, Now, uncertainty, findings);
        return findings.All;
    }
}
