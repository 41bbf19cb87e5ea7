using Colo.Demo;
using Colo.Tests.Support;

namespace Colo.Tests.EndToEnd;

/// <summary>A Linux guest alone, by the published binary: both ways to boot, both ways to find its devices, its power button and its end.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class LinuxGuestTests : IDisposable
{
    // Emulated machines are slow.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    // Tells what it has found; then does what the command line says: obeys the power button, resets itself once, or crashes.
    private const string Init = """
        #!/bin/busybox sh
        export PATH=/bin
        /bin/busybox --install -s /bin
        mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
        for d in /sys/bus/virtio/devices/*; do echo "FOUND $(cat $d/device)"; done
        echo "FOUND $(cat /sys/class/net/eth0/address)"
        grep -q crash=panic /proc/cmdline && printf '\001' | dd of=/dev/port bs=1 seek=1285 count=1
        grep -q crash=reset /proc/cmdline && reboot -f
        echo LINUX READY
        grep -q deaf /proc/cmdline && sleep 1000
        while set -- $(cat /sys/firmware/acpi/interrupts/ff_pwr_btn) && [ $1 = 0 ]; do usleep 50000; done
        echo BUTTON $1
        poweroff -f
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("colo-linux-").FullName;
    private readonly DemoNetwork? _network;
    private readonly NodeFiles _files;
    private NodeProcess? _node;

    public LinuxGuestTests()
    {
        _files = new NodeFiles(_folder, 'a', Path.Combine(_folder, "no.key"), new PairSettings { Memory = "192M", Disk = true });
        if (Requirement.Pair is null)
            _network = new DemoNetwork("colo-linux-");
    }

    [LinuxGuestTheory]
    [InlineData(false, "acpi")]
    [InlineData(false, "cmdline")]
    [InlineData(true, "acpi")]
    public void It_boots_finds_its_devices_and_obeys_its_power_button(bool pvh, string devices)
    {
        Start(pvh, "", "vm:devices=" + devices);
        Await("LINUX READY");
        var log = Log();
        foreach (var found in new[] { "0x0001", "0x0002", "0x0004", NodeFiles.GuestMac }) // network, block, entropy
            Assert.Contains("FOUND " + found, log, StringComparison.Ordinal);
        Assert.Equal(devices == "cmdline", log.Contains("virtio_mmio.device=", StringComparison.Ordinal));
        Assert.DoesNotMatch("ACPI (BIOS )?(Error|Warning|Exception)|Firmware Bug", log);
        var (code, ping) = _network!.Client.Run(() => ChildProcess.Capture("/usr/bin/ping", ["-c", "1", "-W", "20", DemoNetwork.GuestAddress.ToString()]));
        Assert.True(code == 0, ping);
        _node!.Signal(15);
        Ends(0, "BUTTON 1");
    }

    [LinuxGuestTheory]
    [InlineData("1s")]
    [InlineData("0s")]
    public void One_that_does_not_obey_is_powered_off_in_time(string limit)
    {
        Start(false, "deaf", "vm:stop-timeout=" + limit);
        Await("LINUX READY");
        _node!.Signal(15);
        Ends(0, limit == "0s" ? "LINUX READY" : "has not powered itself off within 1s");
    }

    [LinuxGuestTheory]
    [InlineData("panic", "pvpanic")]
    [InlineData("reset", "asked for a reset")]
    public void One_that_crashes_ends_when_that_is_wanted(string crash, string told)
    {
        Start(false, "crash=" + crash, "vm:on-crash=stop");
        Ends(0, told);
        Assert.DoesNotContain("LINUX READY", Log(), StringComparison.Ordinal);
    }

    [LinuxGuestTheory]
    [InlineData("panic")]
    public void One_that_crashes_stays_to_be_looked_at_when_that_is_wanted(string crash)
    {
        Start(true, "crash=" + crash, "vm:on-crash=keep");
        Await("is kept as it is");
        Assert.Equal("running", _node!.TryStatus()!.State);
        _node.Signal(15);
        Ends(0, "pvpanic");
    }

    public void Dispose()
    {
        if (_node is { HasExited: false })
            _node.Signal(9);
        _node?.Dispose();
        _network?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Start(bool pvh, string commandLine, params string[] settings)
    {
        var initrd = Path.Combine(_folder, "initrd");
        File.WriteAllBytes(initrd, Initramfs.WithBusybox(Init));
        _node = NodeProcess.Start(
            _network!.HostA, _files, PairBinary.Path!, "standalone",
            [
                "vm:kernel=" + (pvh ? GuestFiles.Vmlinux : GuestFiles.BzImage), "vm:initrd=" + initrd,
                $"vm:cmdline=console=ttyS0 ip={DemoNetwork.GuestAddress}::::colo:eth0:off {commandLine}", .. settings,
            ]);
    }

    private string Log() => File.ReadAllText(_files.Log);

    private void Await(string text) =>
        Assert.True(PairFixture.Until(Limit, () => Log().Contains(text, StringComparison.Ordinal) || _node!.HasExited) && Log().Contains(text, StringComparison.Ordinal), $"'{text}' does not come:\n" + _node!.LogTail(80));

    private void Ends(int code, string told)
    {
        Assert.True(_node!.WaitForExit(Limit), "it does not end:\n" + _node.LogTail(50));
        Assert.Contains(told, Log(), StringComparison.Ordinal);
        Assert.True(_node.ExitCode == code, $"exit {_node.ExitCode}:\n" + _node.LogTail(50));
    }
}
