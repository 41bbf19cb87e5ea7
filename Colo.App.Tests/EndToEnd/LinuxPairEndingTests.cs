using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>A pair whose Linux guest hears its power button and does nothing: what the operator's stop comes to.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class LinuxPairEndingTests(ITestOutputHelper output)
{
    // The kernel has the button's driver, and so listens to it; nobody in the guest obeys.
    private const string Init = """
        #!/bin/busybox sh
        export PATH=/bin
        /bin/busybox --install -s /bin
        mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
        echo LINUX READY
        while set -- $(cat /sys/firmware/acpi/interrupts/ff_pwr_btn) && [ $1 = 0 ]; do usleep 50000; done
        echo DEAF TO THE BUTTON
        sleep 100000
        """;

    private static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(60) * PairFixture.Patience;

    [LinuxGuestTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_guest_that_is_deaf_to_its_button_is_powered_off_on_both_nodes_in_time(int cpus) => Run(cpus, 2, f =>
    {
        f.Pair.StopGuest('a', BootLimit);
        var log = f.LogsSince((0, 0));
        Assert.Contains("DEAF TO THE BUTTON", log, StringComparison.Ordinal);
        Assert.Contains("has not powered itself off within", log, StringComparison.Ordinal);
        Assert.DoesNotContain("TOOK OVER", log, StringComparison.Ordinal);
    });

    [LinuxGuestTheory]
    [InlineData(1)]
    public void A_survivor_goes_on_with_a_stop_that_the_dead_primary_was_asked_for(int cpus) => Run(cpus, 10, f =>
    {
        var stop = new Thread(() => f.OnClient(PairBinary.Path!, ["stop", "--config", f.Pair.Files('a').Config], BootLimit)) { IsBackground = true };
        stop.Start();
        // The secondary's guest has heard it, too, so the checkpoint that carries the button has been loaded.
        Assert.True(
            PairFixture.Until(BootLimit, () => File.ReadAllText(f.Pair.Files('b').Log).Contains("DEAF TO THE BUTTON", StringComparison.Ordinal)),
            "the secondary's guest does not see its button");
        f.Pair.Kill('a');
        Assert.True(f.Pair.Node('b').WaitForExit(BootLimit), "the survivor lets the guest run on");
        Assert.Equal(0, f.Pair.Node('b').ExitCode);
        var log = File.ReadAllText(f.Pair.Files('b').Log);
        Assert.Contains("was pressed on the other node", log, StringComparison.Ordinal);
        Assert.Contains("has not powered itself off within", log, StringComparison.Ordinal);
        stop.Join();
    });

    private void Run(int cpus, int stopSeconds, Action<PairFixture> test, [System.Runtime.CompilerServices.CallerMemberName] string name = "")
    {
        var initrd = Path.Combine(Path.GetTempPath(), $"colo-initrd-{Environment.ProcessId}-{cpus}");
        File.WriteAllBytes(initrd, Initramfs.WithBusybox(Init));
        try
        {
            PairFixture.Run(output, PairBinary.Path!, f =>
            {
                f.Pair.Start('a', "primary");
                f.Pair.Start('b', "secondary");
                Assert.True(
                    PairFixture.Until(BootLimit, () => File.ReadAllText(f.Pair.Files('a').Log).Contains("LINUX READY", StringComparison.Ordinal)),
                    "Linux does not boot");
                f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
            }, test, new PairSettings
            {
                Memory = "128M",
                Overrides =
                [
                    "vm:kernel=" + GuestFiles.BzImage, "vm:initrd=" + initrd, "vm:cmdline=console=ttyS0", $"vm:cpus={cpus}",
                    $"vm:stop-timeout={stopSeconds * PairFixture.Patience}s",
                ],
            }, name);
        }
        finally
        {
            File.Delete(initrd);
        }
    }
}
