using System.Globalization;
using Colo.Inquiry;

namespace Colo.Check;

/// <summary>Compares what two nodes say of themselves: pure, and the same from both sides.</summary>
internal static class PeerComparison
{
    private static readonly TimeSpan ClockLimit = TimeSpan.FromSeconds(1);

    /// <summary>Settings whose difference makes the pair refuse or misbehave; of the others it is only strange.</summary>
    private static readonly string[] Hard = ["[vm] cpu", "[failover] timeout", "[link] tls", "[failover] arbiter"];

    /// <param name="mine">This node's report.</param>
    /// <param name="theirs">The peer's.</param>
    /// <param name="between">This node's time when the peer's report was made, as well as it is known.</param>
    /// <param name="uncertainty">By how much that may be wrong.</param>
    /// <param name="findings">Where to tell.</param>
    internal static void Compare(NodeReport mine, NodeReport theirs, DateTimeOffset between, TimeSpan uncertainty, Findings findings)
    {
        if (mine.Version == theirs.Version)
            findings.Ok("versions", $"{mine.Version} on both nodes");
        else
            findings.Warning("versions", $"{mine.Version} here, {Clean(theirs.Version)} there", "install the same release on both: a pair of different ones is meant for the time of an upgrade only");
        Clocks(theirs, between, uncertainty, findings);
        if (mine.MemoryBytes != theirs.MemoryBytes)
            findings.Failed("[vm] memory", $"{HostChecks.Mib(mine.MemoryBytes)} here, {HostChecks.Mib(theirs.MemoryBytes)} there", "make the two colo.ini alike");
        if (mine.Cpus != theirs.Cpus)
            findings.Failed("[vm] cpus", $"{mine.Cpus} here, {theirs.Cpus} there", "make the two colo.ini alike");
        GuestCpu(mine, theirs, findings);
        Disks(mine, theirs, findings);
        Nics(mine, theirs, findings);
        Settings(mine, theirs, findings);
    }

    private static void GuestCpu(NodeReport mine, NodeReport theirs, Findings findings)
    {
        const string Subject = "guest's CPU";
        if (mine.GuestCpu.Length == 0)
            findings.Warning(Subject, "cannot be compared: this host cannot tell which CPU the guest would see", "mend what is said of /dev/kvm above; pairing compares it, and refuses CPUs that differ");
        else if (theirs.GuestCpu.Length == 0)
            findings.Warning(
                Subject, "cannot be compared: the other node does not tell which CPU the guest sees there",
                "compare again when /dev/kvm is usable there, when that node has a role, or with this release there: pairing compares it, and refuses CPUs that differ");
        else if (mine.GuestCpu == theirs.GuestCpu)
            findings.Ok(Subject, "the same on both nodes");
        else
            findings.Failed(
                Subject, $"{mine.GuestCpu} here, {Clean(theirs.GuestCpu)} there: the pair would be refused",
                "set [vm] cpu alike, to x86-64-v2 or x86-64-v3, and run the same kernel on both hosts; if they differ still, use hosts with the same processor");
    }

    private static void Clocks(NodeReport theirs, DateTimeOffset between, TimeSpan uncertainty, Findings findings)
    {
        var off = (theirs.At - between).Duration();
        var text = string.Create(CultureInfo.InvariantCulture, $"the clocks are {off.TotalSeconds:0.###} s apart");
        if (off > ClockLimit + uncertainty)
            findings.Warning("clocks", text, "let both hosts follow the same time servers (chrony): colo decides nothing by them, but the guest's clock and the two logs will differ");
        else
            findings.Ok("clocks", text);
    }

    private static void Disks(NodeReport mine, NodeReport theirs, Findings findings)
    {
        if (!mine.Disks.Select(d => d.Name).SequenceEqual(theirs.Disks.Select(d => d.Name)))
        {
            findings.Failed("disks", $"{Names(mine.Disks.Select(d => d.Name))} here, {Names(theirs.Disks.Select(d => d.Name))} there", "make the [disk:NAME] sections of the two colo.ini alike, in the same order");
            return;
        }

        foreach (var (here, there) in mine.Disks.Zip(theirs.Disks))
        {
            var subject = $"disk {here.Name}";
            if (here.ReadOnly != there.ReadOnly)
                findings.Failed(subject, $"read-only on one node only", "make [disk] readonly alike");
            else if (here.Size == there.Size)
                findings.Ok(subject, here.Size == 0 ? "on neither node yet" : $"{HostChecks.Mib(here.Size)} on both nodes");
            else if (here.Size == 0 || there.Size == 0)
                findings.Ok(subject, $"{HostChecks.Mib(Math.Max(here.Size, there.Size))} on one node; on the other it is still to be made");
            else
                findings.Failed(subject, $"{here.Size} bytes here, {there.Size} bytes there", "make the images equally large: truncate -s, or lvextend, the smaller one while both nodes are stopped");
        }
    }

    private static void Nics(NodeReport mine, NodeReport theirs, Findings findings)
    {
        if (!mine.Nics.Select(n => (n.Name, n.Mac)).SequenceEqual(theirs.Nics.Select(n => (n.Name, n.Mac))))
        {
            findings.Failed(
                "nics", $"{Names(mine.Nics.Select(n => $"{n.Name} {n.Mac}"))} here, {Names(theirs.Nics.Select(n => $"{n.Name} {n.Mac}"))} there",
                "make name and mac of the [nic:NAME] sections of the two colo.ini alike: the guest keeps its address");
            return;
        }

        foreach (var (here, there) in mine.Nics.Zip(theirs.Nics))
        {
            if (here.Mtu == there.Mtu || here.Mtu == 0 || there.Mtu == 0)
                findings.Ok($"nic {here.Name}", here.Mtu == 0 || there.Mtu == 0 ? "its MTU is not known on both nodes" : $"MTU {here.Mtu} on both nodes");
            else
                findings.Failed($"nic {here.Name}", $"MTU {here.Mtu} here, {there.Mtu} there", "ip link set … mtu, the same on both hosts: after a takeover large frames would be lost");
        }
    }

    private static void Settings(NodeReport mine, NodeReport theirs, Findings findings)
    {
        var differs = false;
        foreach (var (key, here) in mine.Settings)
        {
            if (!theirs.Settings.TryGetValue(key, out var there) || there == here)
                continue;
            differs = true;
            var text = $"{(here.Length == 0 ? "not set" : here)} here, {(there.Length == 0 ? "not set" : Clean(there))} there";
            if (Hard.Contains(key))
                findings.Failed(key, text, "it has to be the same on both nodes");
            else
                findings.Warning(key, text, "colo.ini is meant to be the same on both nodes");
        }

        if (!differs)
            findings.Ok("settings", "those that have to be alike are");
    }

    private static string Names(IEnumerable<string> names) => names.Any() ? Clean(string.Join(", ", names)) : "none";

    // The peer is authenticated, and a terminal is no place for its control characters all the same.
    private static string Clean(string text) => new([.. text.Take(200).Select(c => char.IsControl(c) ? '?' : c)]);
}
