using System.Diagnostics;
using Colo.Guest;

namespace Colo.Tests.Guest;

/// <summary>The built-in guest under <c>qemu-system-x86_64 -M microvm</c> with TCG: a machine that is not ours, as witness.</summary>
internal sealed class QemuGuest : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("guest-test").FullName;
    private readonly List<string> _console = [];
    private readonly List<string> _options;
    private Process _process;

    public QemuGuest(GuestNetwork? network, string memory = "64M", string? disk = null, string netOptions = "", string diskOptions = "",
        int cpus = 1, string machine = "microvm,acpi=off")
    {
        string kernel = Path.Combine(_directory, "demo.elf");
        File.WriteAllBytes(kernel, BuiltinGuest.Load());
        // Without ACPI, microvm names its virtio devices on the kernel's command line.
        _options =
        [
            "qemu-system-x86_64", "-M", machine, "-accel", "tcg", "-smp", $"{cpus}", "-m", memory, "-kernel", kernel,
            "-append", $"ip={GuestNetwork.GuestAddress}/24", "-global", "virtio-mmio.force-legacy=false",
            "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio",
        ];
        if (network is not null)
        {
            _options.InsertRange(0, ["ip", "netns", "exec", network.Bridge]);
            _options.AddRange(
            [
                "-netdev", "tap,id=n0,ifname=tap0,script=no,downscript=no,vhost=off",
                "-device", "virtio-net-device,netdev=n0,mac=52:54:00:12:34:56" + netOptions,
            ]);
        }
        if (disk is not null)
            _options.AddRange(["-drive", $"file={disk},format=raw,if=none,id=d0", "-device", "virtio-blk-device,drive=d0" + diskOptions]);
        _process = Start();
    }

    /// <summary>Everything that came over the serial port since the last start.</summary>
    public string Console
    {
        get
        {
            lock (_console)
                return string.Join('\n', _console);
        }
    }

    /// <summary>The processor time that QEMU has taken.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Ends QEMU as a power failure would, and boots again.</summary>
    public void KillAndRestart()
    {
        Kill();
        _process.Dispose();
        _process = Start();
    }

    public bool WaitForExit(TimeSpan limit) => _process.WaitForExit(limit);

    public string WaitFor(string text)
    {
        var clock = Stopwatch.StartNew();
        lock (_console)
        {
            while (true)
            {
                string? line = _console.Find(l => l.Contains(text, StringComparison.Ordinal));
                if (line is not null)
                    return line;
                TimeSpan left = TimeSpan.FromSeconds(20) - clock.Elapsed;
                Assert.True(left > TimeSpan.Zero && System.Threading.Monitor.Wait(_console, left), $"no '{text}' on the console:\n{string.Join('\n', _console)}");
            }
        }
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private Process Start()
    {
        lock (_console)
            _console.Clear();
        var p = Process.Start(new ProcessStartInfo(_options[0], _options.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        p.OutputDataReceived += (_, e) => Add(e.Data);
        p.ErrorDataReceived += (_, e) => Add(e.Data);
        p.BeginOutputReadLine();
        p.BeginErrorReadLine();
        WaitFor("ready");
        return p;
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (_console)
        {
            _console.Add(line.TrimEnd('\r'));
            System.Threading.Monitor.PulseAll(_console);
        }
    }

    private void Kill()
    {
        // `ip netns exec` replaces itself: the process is QEMU.
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
    }
}
