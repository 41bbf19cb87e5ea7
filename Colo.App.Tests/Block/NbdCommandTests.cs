using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Colo.Block.Nbd;
using Colo.Cli;
using Colo.Tests.Support;

namespace Colo.Tests.Block;

/// <summary><c>colo nbd</c>, as a process.</summary>
public sealed class NbdCommandTests : IDisposable
{
    private readonly NbdFixture _fixture = new();
    private readonly List<Process> _processes = [];

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited)
                process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        _fixture.Dispose();
    }

    [Theory]
    [InlineData(2, "exclude each other", "--image", "x", "--socket", "s", "--listen", "127.0.0.1:1")]
    [InlineData(2, "exclude each other", "--image", "x", "--readonly", "--size", "1M")]
    [InlineData(2, "--size takes", "--image", "x", "--size", "1")]
    [InlineData(2, "--listen takes", "--image", "x", "--listen", "localhost:1")]
    [InlineData(2, "--image", "--readonly")]
    [InlineData(2, "longer than", "--image", "x", "--socket", "/tmp/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345")]
    [InlineData(3, "no loopback address", "--image", "x", "--listen", "0.0.0.0:10809")]
    [InlineData(3, "--tls-ca whose clients", "--image", "x", "--listen", "0.0.0.0:10809", "--tls-cert", "c", "--tls-key", "k")]
    [InlineData(2, "belong together", "--image", "x", "--tls-cert", "c")]
    [InlineData(2, "belong together", "--image", "x", "--tls-key", "k")]
    [InlineData(2, "--tls-ca needs", "--image", "x", "--tls-ca", "c")]
    [InlineData(1, "--tls-cert /nonexistent/c: ", "--image", "x", "--tls-cert", "/nonexistent/c", "--tls-key", "k")]
    [InlineData(1, "--size makes one", "--image", "/nonexistent/x", "--socket", "/tmp/s")]
    public void A_wrong_command_line_says_what_is_wrong(int exit, string message, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(exit, ColoCommandLine.Invoke(["nbd", .. args], output, error));
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [ColoBinaryFact]
    public void It_makes_an_image_serves_it_and_ends_with_a_signal()
    {
        var socket = _fixture.Path("a b.sock");
        var (process, uri) = Start("--image", _fixture.Image, "--size", "8M", "--socket", socket);
        Assert.Equal($"nbd+unix:///?socket={_fixture.Directory}/a%20b.sock", uri);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));
        var disk = _fixture.Connect(new NbdAddress.Unix(socket));
        Assert.Equal(8 << 20, disk.Client.Size);
        Assert.Equal(0, disk.Write(4096, [1, 2, 3]));

        // A live one is refused, also where only the image is taken.
        var second = ColoBinary.Run("nbd", "--image", _fixture.Path("other.img"), "--size", "1M", "--socket", socket);
        Assert.Equal((1, true), (second.Exit, second.Error.Contains("another server listens there", StringComparison.Ordinal)));
        second = ColoBinary.Run("nbd", "--image", _fixture.Image, "--socket", _fixture.Path("c.sock"));
        Assert.Equal((1, true), (second.Exit, second.Error.Contains("in use", StringComparison.Ordinal)));
        Assert.Equal(0, disk.Flush());

        Tools.Run("kill", "-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(process.WaitForExit(20_000));
        Assert.Equal(0, process.ExitCode);
        Assert.False(File.Exists(socket));
        Assert.Equal([1, 2, 3], _fixture.ReadImage()[4096..4099]);
        second = ColoBinary.Run("nbd", "--image", _fixture.Image, "--size", "9M", "--socket", socket);
        Assert.Equal((2, true), (second.Exit, second.Error.Contains("exists with 8M, not 9M", StringComparison.Ordinal)));
    }

    [ColoBinaryFact]
    public void A_stale_socket_is_replaced_and_a_file_is_not()
    {
        var socket = _fixture.Path("s.sock");
        var (first, _) = Start("--image", _fixture.Image, "--size", "1M", "--socket", socket);
        first.Kill();
        first.WaitForExit();
        Assert.True(File.Exists(socket));
        Start("--image", _fixture.Image, "--socket", socket);
        Assert.Equal(1 << 20, _fixture.Connect(new NbdAddress.Unix(socket)).Client.Size);
        var file = _fixture.Path("file");
        File.WriteAllText(file, "precious");
        var refused = ColoBinary.Run("nbd", "--image", _fixture.Path("n.img"), "--size", "1M", "--socket", file);
        Assert.Equal((1, true), (refused.Exit, refused.Error.Contains("is no socket", StringComparison.Ordinal)));
        Assert.Equal("precious", File.ReadAllText(file));
    }

    [ColoBinaryFact]
    public void It_listens_on_loopback_ports()
    {
        using var probe = new TcpListener(IPAddress.IPv6Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var (_, uri) = Start("--image", _fixture.Image, "--size", "1M", "--listen", $"[::1]:{port}");
        Assert.Equal($"nbd://[::1]:{port}", uri);
        Assert.Equal(0, _fixture.Connect(new NbdAddress.Tcp(IPAddress.IPv6Loopback, port)).Write(0, [1]));
    }

    [ColoBinaryFact]
    public void With_an_authority_it_listens_on_any_address_and_ends_in_order_under_load()
    {
        using var certificates = new TestCertificates();
        using var probe = new TcpListener(IPAddress.Any, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var (process, uri) = Start(
            "--image", _fixture.Image, "--size", "64M", "--listen", $"0.0.0.0:{port}",
            "--tls-cert", certificates.Certificate("server"), "--tls-key", certificates.Key("server"), "--tls-ca", certificates.Ca);
        Assert.Equal($"nbds://0.0.0.0:{port}", uri);
        using var client = NbdFixture.Raw(new NbdAddress.Tcp(IPAddress.Loopback, port));
        using var tls = NbdRaw.BeginTls(client, certificates);
        tls.Write([.. NbdRaw.Option(NbdProtocol.OptionGo, NbdRaw.Name(""), [0, 0]), .. NbdRaw.Request(NbdProtocol.CommandRead, 0, 32 << 20, 1)]);
        NbdRaw.Receive(tls, 20 + 12 + 20 + NbdProtocol.SimpleReply);
        // What it has read for the client is still to be delivered.
        Tools.Run("kill", "-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(new byte[32 << 20], NbdRaw.Receive(tls, 32 << 20));
        Assert.Equal(0, tls.Read(new byte[1]));
        Assert.True(process.WaitForExit(20_000));
        Assert.Equal(0, process.ExitCode);
    }

    [ColoBinaryFact]
    public void What_was_flushed_is_in_the_image_when_the_server_is_killed()
    {
        const int block = 4096;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 4; round++)
        {
            var socket = _fixture.Path($"k{round}.sock");
            var (process, _) = Start("--image", _fixture.Image, "--size", "64M", "--socket", socket);
            var disk = _fixture.Connect(new NbdAddress.Unix(socket));
            var flushed = 0;
            var killAt = random.Next(20, 200);
            var killer = Task.Run(() =>
            {
                SpinWait.SpinUntil(() => Volatile.Read(ref flushed) >= killAt, 30_000);
                process.Kill();
            });
            var stamp = (byte)(round + 1);
            for (var i = 0; i < 8192; i++)
            {
                var data = new byte[block];
                Array.Fill(data, stamp);
                if (disk.Write((long)i * block, data) != 0 || disk.Flush() != 0)
                    break;
                Volatile.Write(ref flushed, i + 1);
            }

            killer.Wait();
            process.WaitForExit();
            Assert.True(flushed >= killAt, $"seed {seed}: {flushed} of {killAt}");
            var image = _fixture.ReadImage();
            Assert.True(image.AsSpan(0, flushed * block).IndexOfAnyExcept(stamp) < 0, $"seed {seed}, round {round}");
        }
    }

    private (Process Process, string Uri) Start(params string[] args)
    {
        var process = Process.Start(new ProcessStartInfo(ColoBinary.Path!, ["nbd", .. args]) { RedirectStandardOutput = true })!;
        _processes.Add(process);
        var line = process.StandardOutput.ReadLine();
        Assert.NotNull(line);
        return (process, line);
    }
}
