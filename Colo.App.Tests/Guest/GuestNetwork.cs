using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Colo.Tests.Guest;

/// <summary>
/// Two network namespaces: a bridge with the guest's tap, and a client behind it. Frames that are dropped on the bridge are
/// lost for both ends without either being told, as on a real network.
/// </summary>
internal sealed partial class GuestNetwork : IDisposable
{
    private static int s_count;

    public const string GuestAddress = "10.9.0.10";
    public string Bridge { get; }
    public string Client { get; }

    public GuestNetwork()
    {
        int n = Interlocked.Increment(ref s_count);
        Bridge = $"guest-b{Environment.ProcessId}-{n}";
        Client = $"guest-c{Environment.ProcessId}-{n}";
        Tool.Run("ip", "netns", "add", Bridge);
        Tool.Run("ip", "netns", "add", Client);
        Ip(Bridge, "link add br0 type bridge");
        Ip(Bridge, "link set br0 up");
        Ip(Bridge, "tuntap add tap0 mode tap");
        Ip(Bridge, "link set tap0 master br0 up");
        Ip(Bridge, $"link add v0 type veth peer name v1 netns {Client}");
        Ip(Bridge, "link set v0 master br0 up");
        Ip(Client, "link set lo up");
        Ip(Client, "link set v1 up");
        Ip(Client, "addr add 10.9.0.1/24 dev v1");
    }

    /// <summary>Drops so many of a hundred TCP packets, each way, on the bridge.</summary>
    public void Lose(int percent)
    {
        Tool.RunWithInput(
            $"table bridge loss {{\n chain f {{\n type filter hook forward priority 0;\n ip protocol tcp numgen random mod 100 < {percent} drop\n }}\n}}\n",
            "ip", "netns", "exec", Bridge, "nft", "-f", "-");
    }

    public void LoseNothing() => Tool.Run("ip", "netns", "exec", Bridge, "nft", "delete", "table", "bridge", "loss");

    /// <summary>Runs a tool as the client and returns its output.</summary>
    public string Run(params string[] command) => Tool.Run("ip", ["netns", "exec", Client, .. command]);

    public Socket Connect(int port)
    {
        return In(Client, () =>
        {
            var s = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 20000, SendTimeout = 20000 };
            s.Connect(IPAddress.Parse(GuestAddress), port);
            return s;
        });
    }

    public Socket Datagram(AddressFamily family = AddressFamily.InterNetwork, SocketType type = SocketType.Dgram, ProtocolType protocol = ProtocolType.Udp) =>
        In(Client, () => new Socket(family, type, protocol) { ReceiveTimeout = 5000 });

    /// <summary>A socket belongs to the namespace of the thread that makes it.</summary>
    public static T In<T>(string ns, Func<T> make)
    {
        T? result = default;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using SafeFileHandle handle = File.OpenHandle($"/run/netns/{ns}");
                if (setns(handle, 0x40000000 /* CLONE_NEWNET */) != 0)
                    throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
                result = make();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result! : throw new InvalidOperationException(failure.Message, failure);
    }

    public void Dispose()
    {
        Tool.TryRun("ip", "netns", "del", Client);
        Tool.TryRun("ip", "netns", "del", Bridge);
    }

    private static void Ip(string ns, string arguments) => Tool.Run("ip", ["-n", ns, .. arguments.Split(' ')]);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeFileHandle fd, int type);
}

/// <summary>Runs a program to its end.</summary>
internal static class Tool
{
    public static string Run(string file, params string[] arguments) => RunWithInput(null, file, arguments);

    public static string RunWithInput(string? input, string file, params string[] arguments)
    {
        (int status, string output, string error) = Start(input, file, arguments);
        Assert.True(status == 0, $"{file} {string.Join(' ', arguments)}: status {status}\n{output}\n{error}");
        return output;
    }

    public static void TryRun(string file, params string[] arguments) => Start(null, file, arguments);

    private static (int, string, string) Start(string? input, string file, string[] arguments)
    {
        var info = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using Process p = Process.Start(info)!;
        if (input is not null)
            p.StandardInput.Write(input);
        p.StandardInput.Close();
        Task<string> error = p.StandardError.ReadToEndAsync();
        string output = p.StandardOutput.ReadToEnd();
        p.WaitForExit();
        return (p.ExitCode, output, error.Result);
    }
}
