using System.Runtime.ExceptionServices;
using Colo.Linux;

namespace Colo.Demo;

/// <summary>
/// A named network namespace (ip-netns(8)). What runs in it runs on a thread of its own that entered it: a socket
/// belongs to the namespace in which it was made, and a child process to that of the thread that forked it.
/// </summary>
public sealed class NetworkNamespace
{
    private const string Folder = "/run/netns";

    internal NetworkNamespace(string name) => Name = name;

    /// <summary>The name under /run/netns.</summary>
    public string Name { get; }

    /// <summary>Makes one, with its loopback up and IPv6 off (nothing but the guest and the client is to speak there).</summary>
    /// <exception cref="InvalidOperationException">ip(8) refused; the message is its own.</exception>
    public static NetworkNamespace Create(string name)
    {
        IpTool.Run("netns", "add", name);
        var made = new NetworkNamespace(name);
        IpTool.Run("-n", name, "link", "set", "lo", "up");
        made.Run(() =>
        {
            foreach (var scope in (string[])["all", "default"])
            {
                // Absent where the kernel has no IPv6 at all.
                var file = $"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6";
                if (File.Exists(file))
                    File.WriteAllText(file, "1");
            }

            return 0;
        });
        return made;
    }

    /// <summary>The names of all namespaces on this host that begin with <paramref name="prefix"/>.</summary>
    public static IReadOnlyList<string> List(string prefix) =>
        !Directory.Exists(Folder)
            ? []
            : [.. Directory.EnumerateFiles(Folder, prefix + "*").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    /// <summary>Runs something in the namespace and returns its result; it may block. Throws what it throws.</summary>
    public T Run<T>(Func<T> work)
    {
        T? result = default;
        ExceptionDispatchInfo? error = null;
        var thread = Start("netns " + Name, () =>
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                error = ExceptionDispatchInfo.Capture(e);
            }
        }, e => error = ExceptionDispatchInfo.Capture(e));
        thread.Join();
        error?.Throw();
        return result!;
    }

    /// <summary>Starts a thread that lives in the namespace.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="body">Runs after the thread has entered the namespace.</param>
    /// <param name="failed">Gets the reason when it cannot enter.</param>
    public Thread Start(string name, Action body, Action<Exception> failed)
    {
        var thread = new Thread(() =>
        {
            try
            {
                Enter();
            }
            catch (Exception e)
            {
                failed(e);
                return;
            }

            body();
        })
        { Name = name, IsBackground = true };
        thread.Start();
        return thread;
    }

    /// <summary>The processes whose network is this namespace: the nodes, and what they started.</summary>
    public IReadOnlyList<int> Processes()
    {
        var (code, output) = IpTool.Try("netns", "pids", Name);
        if (code != 0)
            return [];
        var own = Environment.ProcessId;
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => int.TryParse(line, out var pid) ? pid : 0).Where(pid => pid > 1 && pid != own)];
    }

    /// <summary>Kills what runs in it and removes it with its interfaces. Never throws: it is the way out.</summary>
    public void Delete()
    {
        foreach (var pid in Processes())
            _ = NativeDemo.kill(pid, NativeDemo.SIGKILL);
        IpTool.Try("netns", "del", Name);
    }

    // Only on a thread that ends in the namespace: a pool thread would carry it along to other work.
    private void Enter()
    {
        using var handle = FileDescriptor.FromResult(
            NativeFile.open($"{Folder}/{Name}", NativeFile.O_RDONLY | NativeFile.O_CLOEXEC, 0), "open namespace " + Name);
        LinuxException.ThrowIfNegative(NativeDemo.setns(handle.Number, NativeDemo.CLONE_NEWNET), "setns " + Name);
    }
}
