using System.Globalization;
using Colo.Arbiter;
using Colo.Boot;
using Colo.Configuration;
using Colo.Kvm;
using Colo.Linux;
using Colo.Memory;
using Colo.Node;

namespace Colo.Check;

/// <summary>What the host has to have whatever the peer does: KVM, memory, processors, the guest's files, commands.</summary>
internal sealed class HostChecks(ColoConfiguration configuration, NodeRole role, Findings findings)
{
    // Programs, queues of held output and input, held disk writes: what a node takes beside the guest's memory.
    private const long ProgramBytes = 256L << 20;

    /// <summary>The CPU that the guest sees on this host, as pairing compares it; empty when KVM cannot tell.</summary>
    internal string GuestCpu { get; private set; } = "";

    internal void Run()
    {
        Kvm();
        Processors();
        Memory();
        Kernel();
        Initrd();
        Command("[failover] fence-command", configuration.Failover.FenceCommand);
        Command("[failover] notify-command", configuration.Failover.NotifyCommand);
        Arbiter();
        Socket();
    }

    private void Arbiter()
    {
        if (configuration.Failover.Arbiter is not { } arbiter || role == NodeRole.Standalone)
            return;
        try
        {
            using var loop = new EventLoop();
            ArbiterHealth? health = null;
            using var watch = new ArbiterWatch(loop, arbiter, ArbiterClient.KeyOf(configuration.Vm.Name, PairId()), result =>
            {
                health = result;
                loop.Stop();
            });
            loop.Run();
            if (health is { Reachable: true })
                findings.Ok("arbiter", string.Create(CultureInfo.InvariantCulture, $"etcd cluster {health.EtcdCluster:x} answers in {health.Latency.TotalMilliseconds:0.#} ms"));
            else
                findings.Failed("arbiter", health?.Reason ?? "no answer", "start it, or mend the network to it, or [failover] arbiter: without it neither node goes on when they lose each other");
        }
        catch (IOException e)
        {
            findings.Failed("arbiter", e, "see the limits of this process: ulimit -n");
        }
    }

    /// <summary>Empty without a usable key, which is told elsewhere.</summary>
    private string PairId()
    {
        try
        {
            return Link.LinkKey.Load(configuration.Link.KeyFile).PairId;
        }
        catch (Link.LinkKeyException)
        {
            return "";
        }
    }

    private void Kvm()
    {
        try
        {
            using var kvm = KvmSystem.Open();
            findings.Ok("/dev/kvm", "usable, with every capability that is needed");
            var ring = kvm.Check(KvmCapability.KVM_CAP_DIRTY_LOG_RING_ACQ_REL) > 0;
            if (!ring)
                findings.Warning("/dev/kvm", "no dirty ring: dirty pages are found by a bitmap of all memory", "use Linux 6.1 or later");
            if (kvm.Check(KvmCapability.KVM_CAP_MAX_VCPUS) is var most && most < configuration.Vm.Cpus)
                findings.Failed("vCPUs", $"[vm] cpus = {configuration.Vm.Cpus}, this host's KVM has at most {most}", $"set cpus to {most} or fewer");
            else if (configuration.Vm.Cpus > 1)
                Counters(kvm);
        }
        catch (IOException e)
        {
            findings.Failed("/dev/kvm", e, "look into dmesg, and whether another hypervisor has the processor");
            return;
        }

        Cpu();

        if (!CpuFlags().Overlaps(["vmx", "svm"]))
        {
            findings.Warning(
                "virtualisation", "the processor shows neither VT-x nor AMD-V: KVM works without them here, and the guest runs slowly",
                "enable VT-x or AMD-V in the firmware, or nested virtualisation on this machine's own host");
        }
        else if (KvmSystem.UsesShadowPaging)
        {
            findings.Warning("virtualisation", "no EPT or NPT: the guest's memory is slow", "use a processor of 2009 or later, or enable nested EPT on this machine's own host");
        }
        else
        {
            findings.Ok("virtualisation", "in hardware, with nested page tables");
        }
    }

    private void Cpu()
    {
        try
        {
            GuestCpu = VmBuilder.CpuOf(configuration, role == NodeRole.Standalone);
            findings.Ok("guest's CPU", GuestCpu);
        }
        catch (IOException e)
        {
            findings.Failed("guest's CPU", e, "look into dmesg; [vm] cpu and cpus say what is asked of KVM");
        }
    }

    // What several vCPUs need of the host's time-stamp counter.
    private void Counters(KvmSystem kvm)
    {
        const string Source = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        var source = File.Exists(Source) ? File.ReadAllText(Source).Trim() : "unknown";
        var exact = kvm.Check(KvmCapability.KVM_CAP_VCPU_ATTRIBUTES) > 0;
        if (source != "tsc")
        {
            findings.Warning(
                "vCPUs", $"{configuration.Vm.Cpus}, and this host's clock is '{source}', not its time-stamp counter: the guest's counters may drift apart",
                "look in dmesg for why the counter is unstable, or set cpus to 1");
        }
        else if (!exact)
        {
            findings.Warning(
                "vCPUs", $"{configuration.Vm.Cpus}; KVM cannot set their time-stamp counters exactly (no KVM_VCPU_TSC_OFFSET), only equal to each other",
                "use Linux 5.16 or later");
        }
        else
        {
            findings.Ok("vCPUs", $"{configuration.Vm.Cpus}, with equal time-stamp counters");
        }
    }

    private void Processors()
    {
        var here = Environment.ProcessorCount;
        if (here <= configuration.Vm.Cpus)
        {
            findings.Warning(
                "processors", $"{here} for {configuration.Vm.Cpus} vCPUs and the node's own threads",
                "give the guest one vCPU less than the host has processors");
        }
        else
        {
            findings.Ok("processors", $"{here} for {configuration.Vm.Cpus} vCPUs and the node's own threads");
        }
    }

    private void Memory()
    {
        if (ReadMemory() is not var (total, available))
        {
            findings.Warning("memory", "/proc/meminfo cannot be read", "look for yourself whether there is enough");
            return;
        }

        var guest = configuration.Vm.Memory;
        var least = guest + ProgramBytes;
        var text = $"{Mib(available)} available of {Mib(total)}; the guest has {Mib(guest)}, the program takes up to {Mib(ProgramBytes)}";
        if (total < least)
            findings.Failed("memory", text, "set [vm] memory lower, or add memory");
        else if (available < least)
            findings.Warning("memory", text, "end what uses the memory, or set [vm] memory lower");
        else if (role != NodeRole.Standalone && available < least + guest)
            findings.Warning("memory", $"{text}; a secondary needs more for each page in which the two VMs differ, at worst {Mib(guest)} again", "keep that much free where the guest changes much memory between two checkpoints");
        else
            findings.Ok("memory", text + (role == NodeRole.Standalone ? "" : $", a secondary at worst {Mib(guest)} more for pages in which the two VMs differ"));
    }

    private void Kernel()
    {
        if (configuration.Vm.KernelIsBuiltin)
            return;
        try
        {
            var file = KernelFile.Read(configuration.Vm.Kernel, "kernel");
            using var memory = GuestMemory.Create((ulong)configuration.Vm.Memory);
            findings.Ok("kernel", $"{configuration.Vm.Kernel}, {Mib(file.Length)}: {BootLoader.Check(file, memory)}");
        }
        catch (IOException e)
        {
            findings.Failed("kernel", e, "give the guest less memory, or the host more");
        }
    }

    private void Initrd()
    {
        if (configuration.Vm.Initrd is not { } path)
            return;
        try
        {
            findings.Ok("initrd", $"{path}, {Mib(KernelFile.Read(path, "initrd").Length)}");
        }
        catch (IOException e)
        {
            findings.Failed("initrd", e, "look into dmesg: the device or file system under it has a fault, perhaps");
        }
    }

    private void Command(string subject, string? command)
    {
        if (command is null)
            return;
        var path = command.Split(' ')[0];
        if (!System.IO.File.Exists(path))
            findings.Failed(subject, $"there is no file {path}", "write the full path of a program");
        else if ((System.IO.File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) == 0)
            findings.Failed(subject, $"{path} is not executable", $"chmod +x {path}");
        else
            findings.Ok(subject, path);
    }

    private void Socket()
    {
        var path = configuration.Monitor.Socket;
        try
        {
            var reply = Monitor.ControlClient.Send(path, new() { Command = "status" }, TimeSpan.FromSeconds(2));
            var status = Monitor.ControlClient.ReadStatus(reply);
            findings.Warning(
                "control socket", $"a node runs at {path} already ({status?.Role ?? "unknown"}, {status?.State ?? "unknown"}): what it uses is shown as in use below",
                "for a check of everything, end it first");
        }
        catch (Monitor.ControlClientException e) when (e.Exit == 4)
        {
            var folder = Path.GetDirectoryName(path)!;
            // The node makes the last folder itself.
            var there = Directory.Exists(folder) ? folder : Path.GetDirectoryName(folder) ?? "/";
            if (Directory.Exists(there) && Access.MayWrite(there))
                findings.Ok("control socket", path);
            else
                findings.Failed("control socket", $"{folder} cannot be written by this user", $"make it, for the node's user: install -d -o {Environment.UserName} {folder}, or set [monitor] socket");
        }
        catch (Monitor.ControlClientException e)
        {
            findings.Failed("control socket", e.Message, "ss -lxp shows who listens there: end it if it is stuck or is no node, or set [monitor] socket");
        }
    }

    internal static string Mib(long bytes) => bytes >= 10L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.#} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{(bytes + (1 << 20) - 1) >> 20} MiB");

    private static HashSet<string> CpuFlags()
    {
        try
        {
            foreach (var line in System.IO.File.ReadLines("/proc/cpuinfo"))
            {
                if (line.StartsWith("flags", StringComparison.Ordinal))
                    return [.. line.Split(' ')];
            }
        }
        catch (IOException)
        {
            // As if it showed none.
        }

        return [];
    }

    private static (long Total, long Available)? ReadMemory()
    {
        try
        {
            var lines = System.IO.File.ReadAllLines("/proc/meminfo");
            return (Of("MemTotal:"), Of("MemAvailable:"));
            long Of(string name) => long.Parse(
                lines.First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }
}
