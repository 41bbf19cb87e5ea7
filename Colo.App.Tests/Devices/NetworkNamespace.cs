using System.Diagnostics;
using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Tests.Devices;

/// <summary>A test that makes network namespaces: needs root and ip(8).</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute() => Skip = NetworkNamespace.Missing;
}

/// <summary>The same with parameters.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NetworkTheoryAttribute : TheoryAttribute
{
    public NetworkTheoryAttribute() => Skip = NetworkNamespace.Missing;
}

/// <summary>A network namespace of its own, gone when disposed.</summary>
internal sealed partial class NetworkNamespace : IDisposable
{
    private const int CloneNewNet = 0x40000000;
    private static int _count;

    public NetworkNamespace(string what)
    {
        Name = $"virtio-{what}-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";
        Shell($"ip netns add {Name}");
        Ip("link set lo up");
    }

    public static string? Missing =>
        Environment.UserName != "root" ? "needs root for network namespaces"
        : !File.Exists("/usr/sbin/ip") && !File.Exists("/sbin/ip") ? "needs ip (iproute2)"
        : null;

    public string Name { get; }

    public static string Shell(string command, bool check = true)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (check)
            Assert.True(process.ExitCode == 0, $"{command}: {error.Result}{output}");
        return output;
    }

    public string Ip(string arguments) => Shell($"ip -n {Name} {arguments}");

    public string Exec(string command, bool check = true) => Shell($"ip netns exec {Name} {command}", check);

    /// <summary>Runs on a thread inside of the namespace; what it opens stays there.</summary>
    public void Run(Action action) => Start(action).Wait();

    public Task Start(Action action)
    {
        var done = new TaskCompletionSource();
        new Thread(() =>
        {
            try
            {
                using var file = File.OpenHandle($"/var/run/netns/{Name}");
                if (setns((int)file.DangerousGetHandle(), CloneNewNet) < 0)
                    throw LinuxException.FromLastError("setns");
                action();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }) { IsBackground = true }.Start();
        return done.Task;
    }

    public void Dispose() => Shell($"ip netns del {Name}", check: false);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int fd, int type);
}
