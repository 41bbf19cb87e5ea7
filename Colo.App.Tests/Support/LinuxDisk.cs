using System.Text;
using System.Text.RegularExpressions;
using Colo.Demo;

namespace Colo.Tests.Support;

/// <summary>
/// The root file system of a Linux guest, ext4 on a raw image, made of programs of this machine: busybox as its userland, a
/// redis-server whose every write is flushed, an echo, a web server, and a clock.
/// </summary>
internal static partial class LinuxDisk
{
    /// <summary>TCP port: a line is answered with the guest's uptime in hundredths of a second.</summary>
    internal const int ClockPort = 13;

    /// <summary>TCP port: a connection makes the guest reset itself.</summary>
    internal const int RebootPort = 14;

    /// <summary>What the kernel is told to find it.</summary>
    internal static string CommandLine { get; } = $"console=ttyS0 root=/dev/vda rw init=/init panic=5 ip={DemoNetwork.GuestAddress}::::colo:eth0:off";

    private const string RedisServer = "/usr/bin/redis-server";

    private const string Init = """
        #!/bin/busybox sh
        export PATH=/bin:/usr/bin
        [ -e /bin/mount ] || /bin/busybox --install -s /bin
        mount -t proc proc /proc; mount -t sysfs sys /sys
        [ -e /dev/null ] || mount -t devtmpfs dev /dev
        n=$(($(cat /boots) + 1)); echo $n > /boots; sync
        ifconfig lo up
        echo "LINUX BOOT $n: $(nproc) CPUs, root $(grep ' / ' /proc/mounts | tail -n 1), $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
        redis-server --port 6379 --bind 0.0.0.0 --protected-mode no --dir /data --save "" --appendonly yes --appendfsync always --auto-aof-rewrite-percentage 0 &
        redis=$!
        httpd -p 80 -h /www
        nc -ll -p 7 -e /bin/cat &
        nc -ll -p 13 -e /clock &
        nc -ll -p 14 -e /restart &
        echo "LINUX READY $n"
        while set -- $(cat /sys/firmware/acpi/interrupts/ff_pwr_btn) && [ $1 = 0 ]; do usleep 100000; done
        echo "LINUX BUTTON"
        kill $redis; wait $redis
        sync; mount -o remount,ro /
        poweroff -f
        """;

    private const string Clock = """
        #!/bin/busybox sh
        while read line; do
            read up idle < /proc/uptime
            echo "${up%.*}${up#*.}"
        done
        """;

    private const string Restart = """
        #!/bin/busybox sh
        echo "LINUX RESTART" > /dev/console
        reboot -f
        """;

    /// <summary>What this machine lacks to make one; null: nothing.</summary>
    internal static string? Missing { get; } =
        !File.Exists(RedisServer) ? $"needs {RedisServer} (package redis-server)"
        : !File.Exists("/sbin/mkfs.ext4") ? "needs /sbin/mkfs.ext4 (package e2fsprogs)"
        : null;

    /// <summary>Makes the image.</summary>
    internal static void Make(string image, string size)
    {
        var root = Directory.CreateTempSubdirectory("colo-root-").FullName;
        try
        {
            foreach (var folder in (string[])["bin", "dev", "proc", "sys", "data", "www", "usr/bin", "tmp"])
                Directory.CreateDirectory(Path.Combine(root, folder));
            Program("bin/busybox", File.ReadAllBytes(LinuxGuestTheoryAttribute.Busybox));
            Program("usr/bin/redis-server", File.ReadAllBytes(RedisServer));
            Program("init", Encoding.ASCII.GetBytes(Init));
            Program("clock", Encoding.ASCII.GetBytes(Clock));
            Program("restart", Encoding.ASCII.GetBytes(Restart));
            File.WriteAllText(Path.Combine(root, "boots"), "0\n");
            File.WriteAllText(Path.Combine(root, "www/index.html"), "a page\n");
            var (code, libraries) = ChildProcess.Capture("/usr/bin/ldd", [RedisServer]);
            Assert.True(code == 0, libraries);
            foreach (Match library in Library().Matches(libraries))
                Program(library.Groups[1].Value.TrimStart('/'), File.ReadAllBytes(library.Groups[1].Value));
            (code, var text) = ChildProcess.Capture("/sbin/mkfs.ext4", ["-q", "-F", "-d", root, image, size], 60_000);
            Assert.True(code == 0, text);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }

        void Program(string name, byte[] content)
        {
            var path = Path.Combine(root, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }
    }

    /// <summary>Checks the file system of an image that nobody uses.</summary>
    internal static void Check(string image)
    {
        var (code, text) = ChildProcess.Capture("/sbin/e2fsck", ["-f", "-n", image], 60_000);
        Assert.True(code == 0, text);
    }

    [GeneratedRegex(@"(?:=> )?(/\S+) \(0x")]
    private static partial Regex Library();
}
