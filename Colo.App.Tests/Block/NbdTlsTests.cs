using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Colo.Block.Nbd;
using Colo.Tests.Support;
using Xunit.Abstractions;
using static Colo.Block.Nbd.NbdProtocol;
using static Colo.Tests.Block.NbdRaw;

namespace Colo.Tests.Block;

/// <summary>TLS over NBD: the clients of libnbd and QEMU, and some that do not keep to the order of things.</summary>
public sealed class NbdTlsTests(ITestOutputHelper output) : IDisposable
{
    private const int Size = 1 << 20;
    private readonly NbdFixture _fixture = new();
    private readonly TestCertificates _certificates = new();
    private NbdAddress.Tcp _address = null!;
    private NbdTls _tls = null!;

    public void Dispose()
    {
        _fixture.Dispose();
        _certificates.Dispose();
    }

    [ToolTheory("nbdinfo")]
    [InlineData(false)]
    [InlineData(true)]
    public void Nbdinfo_is_served_over_tls_only_and_only_if_it_is_known(bool known)
    {
        Start(known);
        Assert.Equal($"{Size}\n", Tools.Run("nbdinfo", "--size", Uri(Folder(_certificates, client: known))));
        var plain = ColoBinary.RunProgram("nbdinfo", ["--size", _address.Uri]);
        Assert.NotEqual(0, plain.Exit);
        Assert.Contains("TLS", plain.Error, StringComparison.OrdinalIgnoreCase);
        var nobody = ColoBinary.RunProgram("nbdinfo", ["--size", Uri(Folder(_certificates, client: false))]);
        Assert.Equal(known, nobody.Exit != 0);
        // Somebody else's authority: the client does not trust the server, and the server not the client.
        using var other = new TestCertificates();
        var strange = Folder(other, client: true);
        Assert.NotEqual(0, ColoBinary.RunProgram("nbdinfo", ["--size", Uri(strange)]).Exit);
        File.Copy(_certificates.Ca, Path.Combine(strange, "ca-cert.pem"), overwrite: true);
        Assert.Equal(known, ColoBinary.RunProgram("nbdinfo", ["--size", Uri(strange)]).Exit != 0);
        StillServes();
    }

    [ToolFact("nbdcopy", "qemu-io", "cmp")]
    public void Nbdcopy_and_qemu_io_read_what_they_wrote()
    {
        Start(known: true, size: 40 << 20);
        var folder = Folder(_certificates, client: true);
        var (from, back) = (_fixture.Path("from.img"), _fixture.Path("back.img"));
        var content = new byte[40 << 20];
        new Random(5).NextBytes(content.AsSpan(1 << 20, 30 << 20));
        File.WriteAllBytes(from, content);
        Tools.Run("nbdcopy", "--connections=4", "--requests=16", "--flush", from, Uri(folder));
        Tools.Run("cmp", from, _fixture.Image);
        using (var file = File.Create(back))
            file.SetLength(40 << 20);
        Tools.Run("nbdcopy", "--connections=4", Uri(folder), back);
        Tools.Run("cmp", from, back);
        var said = Tools.Run(
            "qemu-io", "--object", $"tls-creds-x509,id=tls0,endpoint=client,dir={folder}",
            "--image-opts", $"driver=nbd,host=127.0.0.1,port={_address.Port},tls-creds=tls0",
            "-c", "write -P 0xa5 1M 3M", "-c", "write -f -P 7 513 12345", "-c", "flush", "-c", "read -P 0xa5 1M 3M", "-c", "read -P 7 513 12345");
        Assert.DoesNotContain("failed", said, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(7, _fixture.ReadImage()[514]);
        StillServes();
    }

    [Fact]
    public void Nothing_is_told_before_tls_has_begun_and_it_begins_once()
    {
        Start(known: false);
        using var client = NbdFixture.Raw(_address);
        client.Send(ClientFlags(3));
        Receive(client, 18);
        foreach (var option in new[] { OptionList, OptionStructuredReply, OptionExtendedHeaders, OptionInfo, OptionGo, OptionListMetaContext, OptionSetMetaContext, 99U })
            Assert.Equal(ReplyErrorTlsRequired, Ask(client, Option(option)));
        Assert.Equal(ReplyErrorInvalid, Ask(client, Option(OptionStartTls, new byte[1])));
        Assert.Equal(ReplyAck, Ask(client, Option(OptionStartTls)));
        using var tls = _certificates.Secure(client);
        Assert.Equal(ReplyErrorInvalid, Ask(tls, Option(OptionStartTls)));
        Assert.Equal(ReplyAck, Ask(tls, Option(OptionStructuredReply)));
        Assert.Equal(ReplyErrorUnknown, Ask(tls, Option(OptionGo, Name("other"), [0, 0])));
        Enter(tls);
        tls.Write([.. Request(CommandWrite, 8, 4, 1), 1, 2, 3, 4]);
        Receive(tls, SimpleReply);
        tls.Write(Request(CommandRead, 8, 4, 2));
        Assert.Equal([1, 2, 3, 4], Receive(tls, StructuredChunk + 8 + 4)[^4..]);
        tls.Write(Request(CommandDisconnect, 0, 0, 3));
        Assert.Equal(0, tls.Read(new byte[1]));
        StillServes();
    }

    [Theory]
    [InlineData("name")]
    [InlineData("abort")]
    [InlineData("more than was asked for")]
    [InlineData("no tls")]
    [InlineData("nothing")]
    public void Who_does_not_begin_it_is_closed(string fault)
    {
        Start(known: false, handshake: TimeSpan.FromSeconds(fault == "nothing" ? 1 : 20));
        using var client = NbdFixture.Raw(_address);
        client.Send(ClientFlags(3));
        Receive(client, 18);
        client.Send(fault switch
        {
            "name" => Option(OptionExportName),
            "abort" => Option(OptionAbort),
            // Had somebody on the path put it there, it would be taken for what the client says under TLS.
            "more than was asked for" => [.. Option(OptionStartTls), .. Option(OptionStructuredReply)],
            _ => Option(OptionStartTls),
        });
        if (fault is "no tls" or "nothing")
            Receive(client, 20);
        if (fault == "no tls")
            client.Send(Enumerable.Range(1, 200).Select(i => (byte)i).ToArray());
        var buffer = new byte[4096];
        while (ReceiveSome(client, buffer) > 0)
        {
        }

        StillServes();
    }

    [Fact]
    public void A_connection_that_is_cut_or_changed_at_any_byte_leaves_nothing_behind()
    {
        Start(known: false, handshake: TimeSpan.FromSeconds(2));
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 40; round++)
        {
            using var relay = new NbdRelay(new IPEndPoint(_address.Address, _address.Port));
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 2_000, SendTimeout = 2_000 };
            client.Connect(relay.Address);
            var way = random.Next(2) == 0 ? relay.ToServer : relay.ToClient;
            var at = random.Next(6000);
            if (random.Next(2) == 0)
                way.CutAfter(at);
            else
                way.ChangeAt(at);
            try
            {
                using var tls = BeginTls(client, _certificates);
                Enter(tls);
                // Not for ever: a byte of which nobody takes notice (a version that TLS ignores) may have been the one.
                for (ulong n = 0; n < 1000; n++)
                {
                    tls.Write([.. Request(CommandWrite, 0, 4096, n), .. new byte[4096]]);
                    Receive(tls, SimpleReply);
                }
            }
            catch (Exception e) when (e is IOException or SocketException or AuthenticationException or Xunit.Sdk.XunitException)
            {
                // As it has to be.
            }
        }

        StillServes();
    }

    [Fact]
    public void A_client_that_takes_no_answers_is_left_behind_when_the_server_stops()
    {
        Start(known: false, size: 32 << 20);
        using var client = NbdFixture.Raw(_address);
        using var tls = BeginReading(client);
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, _fixture.Stop());
        Assert.True(_tls.WaitForClosed(TimeSpan.FromSeconds(20)));
        output.WriteLine($"{clock.Elapsed.TotalSeconds:F1} s");
    }

    [Fact]
    public void A_client_that_takes_its_answers_has_them_all_when_the_server_stops()
    {
        Start(known: false, size: 32 << 20);
        using var client = NbdFixture.Raw(_address);
        using var tls = BeginReading(client);
        var stop = Task.Run(_fixture.Stop);
        Assert.Equal(new byte[32 << 20], Receive(tls, 32 << 20));
        Assert.Equal(0, tls.Read(new byte[1]));
        Assert.Equal(0, stop.Result);
        Assert.True(_tls.WaitForClosed(TimeSpan.FromSeconds(20)));
    }

    [Theory]
    [InlineData("cert", "--tls-cert ")]
    [InlineData("key", "--tls-cert ")]
    [InlineData("ca", "--tls-ca ")]
    public void A_file_that_is_none_is_named(string which, string message)
    {
        var none = _fixture.Path("none.pem");
        File.WriteAllText(none, "no certificate");
        foreach (var path in new[] { none, _fixture.Path("missing.pem") })
        {
            var error = Assert.Throws<IOException>(() => NbdTls.Load(
                which == "cert" ? path : _certificates.Certificate("server"), which == "key" ? path : _certificates.Key("server"), which == "ca" ? path : _certificates.Ca));
            output.WriteLine(error.Message);
            Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
            Assert.Contains("accepted: a file in PEM", error.Message, StringComparison.Ordinal);
        }

        // The key of another certificate.
        Assert.Throws<IOException>(() => NbdTls.Load(_certificates.Certificate("server"), _certificates.Key("client"), null));
    }

    private void Start(bool known, long size = Size, TimeSpan? handshake = null)
    {
        _tls = NbdTls.Load(_certificates.Certificate("server"), _certificates.Key("server"), known ? _certificates.Ca : null);
        _address = (NbdAddress.Tcp)_fixture.Serve(
            size, new NbdServerOptions { Tls = _tls, HandshakeLimit = handshake ?? TimeSpan.FromSeconds(20), StopLimit = TimeSpan.FromSeconds(1) }, tcp: true);
    }

    /// <summary>Asks for 32 MiB, and takes no more than the head of the answer.</summary>
    private SslStream BeginReading(Socket client)
    {
        var tls = BeginTls(client, _certificates);
        Enter(tls);
        tls.Write(Request(CommandRead, 0, 32 << 20, 1));
        Receive(tls, SimpleReply);
        return tls;
    }

    private void StillServes()
    {
        Assert.True(SpinWait.SpinUntil(() => _fixture.On(() => _fixture.Server!.Connections) == 0, 20_000));
        Assert.True(_tls.WaitForClosed(TimeSpan.FromSeconds(20)));
        Assert.Equal(0, _fixture.On(() => _fixture.Server!.BytesHeld));
        using var client = NbdFixture.Raw(_address);
        using var tls = BeginTls(client, _certificates);
        Enter(tls);
    }

    private string Uri(string folder) => $"nbds://127.0.0.1:{_address.Port}/?tls-certificates={folder}";

    /// <summary>The files as libnbd and QEMU look for them.</summary>
    private string Folder(TestCertificates of, bool client)
    {
        var folder = Directory.CreateDirectory(_fixture.Path($"pki-{Path.GetFileName(Path.GetDirectoryName(of.Ca))}-{client}")).FullName;
        File.Copy(of.Ca, Path.Combine(folder, "ca-cert.pem"), overwrite: true);
        if (client)
        {
            File.Copy(of.Certificate("client"), Path.Combine(folder, "client-cert.pem"), overwrite: true);
            File.Copy(of.Key("client"), Path.Combine(folder, "client-key.pem"), overwrite: true);
        }

        return folder;
    }
}
