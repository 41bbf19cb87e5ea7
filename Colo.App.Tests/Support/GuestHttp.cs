using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Colo.Demo;

namespace Colo.Tests.Support;

/// <summary>Single HTTP requests to the built-in guest, each over a connection of its own.</summary>
internal static class GuestHttp
{
    /// <summary>Has the guest write its memory; slower where everything is: several vCPUs that write would leave a slow machine nothing for the nodes.</summary>
    internal static string Load { get; } = string.Create(CultureInfo.InvariantCulture, $"/load?pages={500 / PairFixture.Patience}&ms={5 * PairFixture.Patience}");

    /// <summary>GET; the body. Null when the guest closed without an answer and that is allowed.</summary>
    internal static string? Get(NetworkNamespace client, string path, bool mayVanish = false) => client.Run(() =>
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 5_000 * PairFixture.Patience, SendTimeout = 5_000 * PairFixture.Patience };
            // No answer to a SYN is repeated for minutes by default.
            var connect = socket.BeginConnect(new IPEndPoint(DemoNetwork.GuestAddress, 80), null, null);
            if (!connect.AsyncWaitHandle.WaitOne(5_000 * PairFixture.Patience))
                throw new SocketException((int)SocketError.TimedOut);
            socket.EndConnect(connect);
            socket.Send(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: guest\r\n\r\n"));
            var text = "";
            var buffer = new byte[8192];
            while (true)
            {
                var got = socket.Receive(buffer);
                if (got == 0)
                    return mayVanish ? null : throw new IOException($"GET {path}: closed after {text.Length} bytes");
                text += Encoding.ASCII.GetString(buffer, 0, got);
                var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                if (head < 0)
                    continue;
                var length = text[..head].Split("\r\n").Where(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                    .Select(l => int.Parse(l[15..].Trim(), CultureInfo.InvariantCulture)).FirstOrDefault();
                if (text.Length >= head + 4 + length)
                    return text.Substring(head + 4, length).Trim();
            }
        }
        catch (SocketException) when (mayVanish)
        {
            return null;
        }
    });

    /// <summary>The pages that each of the guest's CPUs has written, from <c>/stats</c>.</summary>
    internal static long[] LoadWritten(NetworkNamespace client)
    {
        using var last = JsonDocument.Parse(Get(client, "/stats")!.Split('\n')[^1]);
        return [.. last.RootElement.GetProperty("load_written").EnumerateArray().Select(pages => pages.GetInt64())];
    }

    /// <summary>Waits until each worker of a guest with so many CPUs has written further pages.</summary>
    internal static void AwaitWorkers(NetworkNamespace client, int cpus, string when)
    {
        var before = LoadWritten(client);
        Assert.Equal(cpus, before.Length);
        var now = before;
        Assert.True(
            PairFixture.Until(PairFixture.ReplyLimit, () =>
            {
                now = LoadWritten(client);
                return Enumerable.Range(1, cpus - 1).All(cpu => now[cpu] > before[cpu]);
            }),
            $"{when}: not each worker writes: {string.Join(' ', before)}, later {string.Join(' ', now)}");
    }
}
