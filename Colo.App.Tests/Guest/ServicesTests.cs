using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit.Abstractions;

namespace Colo.Tests.Guest;

/// <summary>One guest without a disk for all tests of the services.</summary>
public sealed class RunningGuest : IDisposable
{
    internal GuestNetwork Network { get; } = new();
    internal QemuGuest Qemu { get; }

    public RunningGuest()
    {
        try
        {
            Qemu = new QemuGuest(Network);
        }
        catch
        {
            Network.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Qemu.Dispose();
        Network.Dispose();
    }
}

public sealed class ServicesTests(ITestOutputHelper output) : IDisposable
{
    // Built on first use: on a machine where the tests are skipped nothing must be started.
    private static readonly Lazy<RunningGuest> s_guest = new(() =>
    {
        var guest = new RunningGuest();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => guest.Dispose();
        return guest;
    });

    private static GuestNetwork Network => s_guest.Value.Network;

    public void Dispose()
    {
        if (s_guest.IsValueCreated)
            Assert.DoesNotContain("exception", s_guest.Value.Qemu.Console, StringComparison.Ordinal);
    }

    [QemuFact("ping")]
    public void Ping_is_answered()
    {
        Assert.Contains(" 0% packet loss", Network.Run("ping", "-c", "5", "-i", "0.05", "-s", "1400", GuestNetwork.GuestAddress), StringComparison.Ordinal);
    }

    [QemuFact]
    public void Udp_is_echoed_and_a_closed_port_is_refused()
    {
        using Socket s = Network.Datagram();
        s.Connect(IPAddress.Parse(GuestNetwork.GuestAddress), 7);
        byte[] sent = new byte[1472], got = new byte[2000];
        new Random(1).NextBytes(sent);
        s.Send(sent);
        Assert.Equal(sent, got[..s.Receive(got)]);

        using Socket closed = Network.Datagram();
        closed.Connect(IPAddress.Parse(GuestNetwork.GuestAddress), 9);
        closed.Send(sent);
        Assert.Equal(SocketError.ConnectionRefused, Assert.Throws<SocketException>(() => closed.Receive(got)).SocketErrorCode);
    }

    [QemuFact]
    public void A_closed_tcp_port_is_refused()
    {
        var e = Assert.Throws<InvalidOperationException>(() => Network.Connect(81));
        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(e.InnerException).SocketErrorCode);
    }

    [QemuFact("curl")]
    public void Every_path_answers()
    {
        string Get(string path) => Network.Run("curl", "-sS", "-m", "5", $"http://{GuestNetwork.GuestAddress}{path}");
        Assert.Contains("colo demo guest", Get("/"), StringComparison.Ordinal);
        ulong count = ulong.Parse(Get("/count"));
        Assert.Equal(count + 1, ulong.Parse(Get("/count")));
        Assert.NotEqual(Get("/tsc"), Get("/tsc"));
        Assert.Equal("dirtied 100 pages\n", Get("/dirty?pages=100"));
        Assert.Equal("load 10 pages every 5 ms\n", Get("/load?pages=10&ms=5"));
        Assert.StartsWith("load 0 pages", Get("/load?pages=0"), StringComparison.Ordinal);
        Assert.Contains("\"retransmitted\":", Get("/stats"), StringComparison.Ordinal);
        string pushed = Get("/push?bytes=300000&ms=100");
        Assert.Equal(300000, pushed.Length);
        Assert.All(pushed.Chunk(64).SkipLast(1), line => Assert.Equal(pushed[..64], new string(line)));
        Assert.Equal("404 Not Found\n", Get("/nothing"));
    }

    [QemuFact]
    public void A_reply_does_not_depend_on_how_the_request_was_cut()
    {
        string http = string.Concat(Enumerable.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\n\r\nPOST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde" +
            "GET /push?bytes=70000 HTTP/1.1\r\n\r\n", 3)) + "GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n";
        byte[] big = new byte[100_000];
        new Random(2).NextBytes(big);
        byte[] resp =
        [
            .. Exchange.Command("FLUSHALL"), .. Exchange.Command("SET", "big", big), .. "PING\r\n\r\nset  a 41\r\n"u8, .. Exchange.Command("INCR", "a"),
            .. Exchange.Command("GET", "big"), .. Exchange.Command("GET", "none"), .. Exchange.Command("ECHO", big), .. Exchange.Command("nonsense", "1"),
            .. Exchange.Command("DEL", "a", "b", "big"), .. Exchange.Command("DBSIZE"), .. Exchange.Command("INFO"), .. "*1\r\n$x\r\n"u8,
        ];
        foreach ((int port, byte[] request) in new[] { (80, Encoding.ASCII.GetBytes(http)), (6379, resp) })
        {
            byte[] whole = Exchange.All(Network.Connect(port), request);
            Assert.True(whole.Length > 200_000);
            for (int seed = 1; seed <= 3; seed++)
            {
                var random = new Random(seed);
                byte[] cut = Exchange.All(Network.Connect(port), request, () => random.Next(8) == 0 ? random.Next(1, 30000) : random.Next(1, 40));
                Assert.True(whole.AsSpan().SequenceEqual(cut), $"port {port}, seed {seed}: {cut.Length} bytes instead of {whole.Length}, or others");
            }
        }
    }

    [QemuFact]
    public void Replies_to_bad_requests_are_errors()
    {
        Assert.StartsWith("HTTP/1.1 400 ", Exchange.Text(Network.Connect(80), "nonsense\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431 ", Exchange.Text(Network.Connect(80), "GET / HTTP/1.1\r\nx: " + new string('y', 9000)), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 405 ", Exchange.Text(Network.Connect(80), "PUT / HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 501 ", Exchange.Text(Network.Connect(80), "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("-ERR Protocol error", Exchange.Text(Network.Connect(6379), "*9999999\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("-ERR Protocol error", Exchange.Text(Network.Connect(6379), "*1\r\n$-5\r\n"), StringComparison.Ordinal);
        // More than the guest has: the bytes are read, the answer is an error, and the connection goes on.
        byte[] huge = new byte[60 << 20];
        Assert.Equal("-OOM command not allowed when used memory > 'maxmemory'.\r\n+PONG\r\n", Exchange.Resp(Network, Exchange.Command("SET", "k", huge), Exchange.Command("PING")));
    }

    [QemuFact("redis-cli", "redis-benchmark")]
    public void Redis_tools_work()
    {
        string[] cli = ["redis-cli", "-h", GuestNetwork.GuestAddress];
        Assert.Equal("OK\n", Network.Run([.. cli, "set", "n", "10"]));
        Assert.Equal("11\n", Network.Run([.. cli, "incr", "n"]));
        Assert.Equal("OK\n", Network.Run([.. cli, "flushall"]));
        output.WriteLine(Network.Run("redis-benchmark", "-h", GuestNetwork.GuestAddress, "-t", "ping,set,get", "-n", "20000", "-c", "20", "-P", "4", "-q"));
    }

    [QemuFact]
    public void Three_hundred_connections_at_once()
    {
        var sockets = Enumerable.Range(0, 300).Select(_ => Network.Connect(7)).ToList();
        try
        {
            byte[] got = new byte[100];
            for (int round = 0; round < 3; round++)
            {
                foreach (Socket s in sockets)
                    Exchange.SendAll(s, Encoding.ASCII.GetBytes($"round {round} of {s.LocalEndPoint}"));
                foreach (Socket s in sockets)
                {
                    string sent = $"round {round} of {s.LocalEndPoint}";
                    Exchange.ReceiveExactly(s, got.AsSpan(0, sent.Length));
                    Assert.Equal(sent, Encoding.ASCII.GetString(got, 0, sent.Length));
                }
            }
        }
        finally
        {
            sockets.ForEach(s => s.Dispose());
        }
    }

    [QemuFact]
    public void Hostile_frames_do_no_harm()
    {
        // Frames to the guest that begin well and go wrong somewhere.
        const int seed = 7;
        var random = new Random(seed);
        using Socket raw = Network.Datagram(AddressFamily.Packet, SocketType.Raw, (ProtocolType)0x0300);
        BindPacket(raw, "v1");
        byte[] mac = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
        for (int i = 0; i < 20000; i++)
        {
            byte[] f = new byte[random.Next(14, 200)];
            random.NextBytes(f);
            mac.CopyTo(f, 0);
            f[6] = 2;
            (f[12], f[13]) = random.Next(6) == 0 ? ((byte)8, (byte)6) : ((byte)8, (byte)0);
            if (f[13] == 0 && f.Length >= 54)
            {
                f[14] = (byte)(0x40 | random.Next(3, 8));
                (f[16], f[17]) = ((byte)0, (byte)(random.Next(4) == 0 ? random.Next(256) : f.Length - 14));
                (f[20], f[21]) = (0, 0);
                f[23] = (byte)(random.Next(4) switch { 0 => 1, 1 => 17, _ => 6 });
                (f[26], f[27], f[28], f[29]) = (10, 9, 0, (byte)random.Next(1, 5));
                (f[30], f[31], f[32], f[33]) = (10, 9, 0, 10);
                if (f[23] == 6)
                {
                    (f[36], f[37]) = ((byte)0, (byte)(random.Next(2) == 0 ? 80 : 7));
                    f[46] = (byte)(random.Next(4, 16) << 4);
                }
                (f[24], f[25]) = (0, 0);
                Sum(f, 14, Math.Min((f[14] & 15) * 4, f.Length - 14), 24);
            }
            raw.Send(f);
        }
        Assert.True(Exchange.Text(Network.Connect(80), "GET /stats HTTP/1.1\r\n\r\n").Contains("bad_frames", StringComparison.Ordinal), $"seed {seed}");
    }

    private static void Sum(byte[] f, int start, int length, int field)
    {
        uint sum = 0;
        for (int i = 0; i + 1 < length; i += 2)
            sum += (uint)(f[start + i] << 8 | f[start + i + 1]);
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        (f[field], f[field + 1]) = ((byte)(~sum >> 8), (byte)~sum);
    }

    private static void BindPacket(Socket socket, string name)
    {
        int index = int.Parse(Network.Run("cat", $"/sys/class/net/{name}/ifindex"));
        socket.Bind(new PacketEndPoint(index));
    }

    /// <summary>struct sockaddr_ll, packet(7).</summary>
    private sealed class PacketEndPoint(int index) : EndPoint
    {
        public override AddressFamily AddressFamily => AddressFamily.Packet;

        public override SocketAddress Serialize()
        {
            var address = new SocketAddress(AddressFamily.Packet, 20);
            address[2] = 0;
            address[3] = 3;
            for (int i = 0; i < 4; i++)
                address[4 + i] = (byte)(index >> i * 8);
            return address;
        }

        public override EndPoint Create(SocketAddress socketAddress) => this;
    }
}
