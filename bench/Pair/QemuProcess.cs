using System.Diagnostics;
using Colo.Demo;
using Colo.Linux;

namespace Colo.Bench.Pair;

/// <summary>How QEMU runs guests on this machine.</summary>
/// <param name="Kvm">With KVM; else with TCG.</param>
/// <param name="Why">Why not with KVM; null when it does.</param>
internal sealed record QemuAccelerator(bool Kvm, string? Why)
{
    /// <summary>Boots the guest once under KVM, and looks whether it comes up.</summary>
    internal static QemuAccelerator Probe(BenchSettings settings, CancellationToken cancel)
    {
        if (!File.Exists("/dev/kvm"))
            return new(false, "/dev/kvm is missing");
        try
        {
            using var side = new QemuSide(settings, new(true, null), isProtected: false, 64, QemuSide.ProbeNumber, cancel);
            side.Start();
            return new(true, null);
        }
        catch (PairException e)
        {
            return new(false, $"KVM refuses QEMU (-cpu {settings.QemuCpu}; --cpu names another): {e.Message.Split('\n')[0]}");
        }
    }
}

/// <summary>One QEMU with the built-in guest, on one of the hosts.</summary>
internal sealed class QemuProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _folder;
    private readonly TimeSpan _limit;
    private Qmp? _control;

    /// <param name="settings">Which QEMU.</param>
    /// <param name="accelerator">How.</param>
    /// <param name="host">The namespace in which it runs; a tap there is called tap0.</param>
    /// <param name="folder">For its files; there already, with demo.elf in it.</param>
    /// <param name="name">primary or secondary; tells its files from those of the other.</param>
    /// <param name="megabytes">Guest memory.</param>
    /// <param name="more">Further options.</param>
    internal QemuProcess(BenchSettings settings, QemuAccelerator accelerator, NetworkNamespace host, string folder, string name, int megabytes, params string[] more)
    {
        (_folder, Name, _limit) = (folder, name, settings.Limit);
        var start = new ProcessStartInfo(settings.QemuBinary)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        string[] options =
        [
            "-name", $"{name},debug-threads=on", "-M", "microvm,acpi=off", "-global", "virtio-mmio.force-legacy=false",
            "-accel", accelerator.Kvm ? "kvm" : "tcg", "-cpu", accelerator.Kvm ? settings.QemuCpu : "qemu64", "-m", $"{megabytes}M", "-smp", "1",
            "-kernel", Path.Combine(folder, "demo.elf"), "-append", $"ip={DemoNetwork.GuestAddress}/24",
            "-nodefaults", "-no-user-config", "-display", "none", "-serial", "file:" + File("serial"), "-qmp", $"unix:{File("qmp")},server=on,wait=off",
            "-netdev", "tap,id=hn0,ifname=tap0,script=no,downscript=no,vhost=off",
            "-device", $"virtio-net-device,id=e0,netdev=hn0,mac={NodeFiles.GuestMac}",
            "-msg", "timestamp=on", "-D", File("trace"), "-trace", "colo_vm_state_change",
        ];
        foreach (var option in options.Concat(more))
            start.ArgumentList.Add(option);
        if (!accelerator.Kvm && QemuShim.Library(Path.GetDirectoryName(folder)!) is { } shim)
            start.Environment["LD_PRELOAD"] = shim;
        Started = MonotonicClock.Now;
        _process = settings.Pinning.Run(name == "primary" ? Pinning.Part.Primary : Pinning.Part.Secondary, () => host.Run(() => Process.Start(start))) ?? throw new PairException(settings.QemuBinary + " did not start");
        // Its messages: kept for when it ends, and read so that it never waits.
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    internal string Name { get; }

    internal int Pid => _process.Id;

    internal bool HasExited => _process.HasExited;

    /// <summary>When it was started, <see cref="MonotonicClock"/> nanoseconds.</summary>
    internal long Started { get; }

    /// <summary>What it last had to say.</summary>
    internal string LastMessage { get; private set; } = "no message";

    internal Qmp Control => _control ??= new Qmp(File("qmp"), _limit, () => HasExited ? LastMessage : null);

    /// <summary>Its lines of trace events so far.</summary>
    internal IEnumerable<string> Trace => System.IO.File.Exists(File("trace")) ? System.IO.File.ReadLines(File("trace")) : [];

    /// <summary>Bytes of serial output so far.</summary>
    internal long SerialBytes => new FileInfo(File("serial")) is { Exists: true } file ? file.Length : 0;

    internal void Kill() => _ = NativeDemo.kill(Pid, NativeDemo.SIGKILL);

    public void Dispose()
    {
        _control?.Dispose();
        if (!_process.HasExited)
        {
            Kill();
            _process.WaitForExit(5_000);
        }

        _process.Dispose();
    }

    private string File(string kind) => Path.Combine(_folder, $"{Name}.{kind}");

    private void Keep(string? line)
    {
        if (!string.IsNullOrWhiteSpace(line))
            LastMessage = line.Trim();
    }
}

/// <summary>tcg-shim.c, compiled: without it QEMU's COLO stands still under TCG.</summary>
internal static class QemuShim
{
    private static string? s_library;

    /// <summary>The library; null when there is no gcc.</summary>
    internal static string? Library(string folder)
    {
        if (s_library is not null && File.Exists(s_library))
            return s_library;
        if (BenchSettings.Find("gcc") is not { } gcc)
            return null;
        var library = Path.Combine(folder, "tcg-shim.so");
        var (code, output) = Demo.ChildProcess.Capture(gcc, ["-O2", "-shared", "-fPIC", "-o", library, Path.Combine(AppContext.BaseDirectory, "tcg-shim.c"), "-ldl"]);
        if (code != 0)
            throw new PairException("tcg-shim.c: " + output);
        return s_library = library;
    }
}
