using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Colo.Block;
using Colo.Block.Nbd;

namespace Colo.Tests.Block;

/// <summary>The server against the clients of libnbd and QEMU.</summary>
public sealed class NbdServerInteropTests : IDisposable
{
    private readonly NbdFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [ToolTheory("nbdinfo")]
    [InlineData(false)]
    [InlineData(true)]
    public void Nbdinfo_sees_what_is_offered(bool tcp)
    {
        var uri = _fixture.Serve(3 << 20, tcp: tcp, change: e => e with { Description = "a disk" }).Uri;
        var export = JsonDocument.Parse(Tools.Run("nbdinfo", "--json", uri)).RootElement.GetProperty("exports")[0];
        Assert.Equal(3 << 20, export.GetProperty("export-size").GetInt64());
        Assert.Equal("a disk", export.GetProperty("description").GetString());
        Assert.Equal("base:allocation", export.GetProperty("contexts")[0].GetString());
        Assert.Equal(32 << 20, export.GetProperty("block_size_maximum").GetInt32());
        foreach (var can in new[] { "can_flush", "can_fua", "can_df", "can_multi_conn", "can_trim", "can_zero", "can_fast_zero" })
            Assert.True(export.GetProperty(can).GetBoolean(), can);
        foreach (var not in new[] { "is_read_only", "can_cache", "is_rotational" })
            Assert.False(export.GetProperty(not).GetBoolean(), not);
        Assert.Contains("export=\"\"", Tools.Run("nbdinfo", "--list", uri), StringComparison.Ordinal);
    }

    [ToolFact("nbdinfo")]
    public void Nbdinfo_maps_the_holes()
    {
        using (var file = File.Create(_fixture.Image))
        {
            file.SetLength(8 << 20);
            file.Position = 2 << 20;
            file.Write(Encoding.ASCII.GetBytes(new string('x', 1 << 20)));
        }

        var map = JsonDocument.Parse(Tools.Run("nbdinfo", "--map", "--json", _fixture.Serve(0, readOnly: true).Uri)).RootElement;
        Assert.Equal(
            [(0, 2 << 20, 3), (2 << 20, 1 << 20, 0), (3 << 20, 5 << 20, 3)],
            map.EnumerateArray().Select(e => (e.GetProperty("offset").GetInt32(), e.GetProperty("length").GetInt32(), e.GetProperty("type").GetInt32())));
    }

    [ToolFact("nbdcopy", "qemu-img", "cmp")]
    public void Nbdcopy_copies_both_ways_and_keeps_the_holes()
    {
        var (from, back) = (_fixture.Path("from.img"), _fixture.Path("back.img"));
        WriteSparse(from, 48 << 20, 11);
        var uri = _fixture.Serve(48 << 20).Uri;
        Tools.Run("nbdcopy", "--connections=4", "--requests=16", "--flush", from, uri);
        Tools.Run("cmp", from, _fixture.Image);
        File.WriteAllBytes(back, []);
        Tools.Run("truncate", "-s", "48M", back);
        Tools.Run("nbdcopy", "--connections=4", uri, back);
        Tools.Run("cmp", from, back);
        Tools.Run("qemu-img", "compare", "-f", "raw", "-F", "raw", uri, from);
        var blocks = long.Parse(Tools.Run("stat", "-c", "%b", _fixture.Image), CultureInfo.InvariantCulture);
        Assert.True(blocks * 512 < 26 << 20, $"{blocks} blocks of 512 bytes for 24 MiB of data");
    }

    [ToolFact("qemu-io")]
    public void Qemu_io_reads_what_it_wrote()
    {
        var uri = _fixture.Serve(32 << 20).Uri;
        var output = Tools.Run(
            "qemu-io", "-f", "raw", uri, "-c", "write -P 0xa5 1M 3M", "-c", "write -f -P 7 513 12345", "-c", "write -z 2M 64k",
            "-c", "write -z -u 3M 64k", "-c", "discard 20M 1M", "-c", "flush", "-c", "read -P 0xa5 1M 1M", "-c", "read -P 0 2M 64k",
            "-c", "read -P 0 3M 64k", "-c", "read -P 7 513 12345", "-c", "aio_write -P 3 10M 4M", "-c", "aio_write -P 4 14M 2M",
            "-c", "aio_flush", "-c", "read -P 3 10M 4M", "-c", "read -P 4 14M 2M");
        Assert.DoesNotContain("failed", output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(7, _fixture.ReadImage()[514]);
    }

    [ToolFact("qemu-io")]
    public void Qemu_io_s_random_writes_are_in_the_image()
    {
        const int size = 16 << 20;
        var uri = _fixture.Serve(size).Uri;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var model = new byte[size];
        var commands = new List<string> { "-f", "raw", uri };
        for (var i = 0; i < 250; i++)
        {
            var length = random.Next(1, random.Next(5) == 0 ? 500_000 : 6000);
            var at = random.Next(size - length);
            var pattern = (byte)random.Next(1, 256);
            model.AsSpan(at, length).Fill(pattern);
            commands.AddRange(["-c", FormattableString.Invariant($"write -q {(random.Next(9) == 0 ? "-f " : "")}-P {pattern} {at} {length}")]);
            if (random.Next(3) == 0)
                commands.AddRange(["-c", FormattableString.Invariant($"read -q -P {pattern} {at} {length}")]);
        }

        commands.AddRange(["-c", "flush"]);
        var output = Tools.Run("qemu-io", [.. commands]);
        Assert.True(!output.Contains("fail", StringComparison.OrdinalIgnoreCase), $"seed {seed}: {output}");
        Assert.True(model.AsSpan().SequenceEqual(_fixture.ReadImage()), $"seed {seed}");
    }

    [ToolFact("qemu-img", "qemu-io")]
    public void Errors_reach_qemu()
    {
        _fixture.Serve(1 << 20);
        var (exit, _, error) = ColoBinary.RunProgram("qemu-img", "info", "nbd+unix:///other?socket=" + _fixture.Path("nbd.sock"));
        Assert.NotEqual(0, exit);
        Assert.Contains("export", error, StringComparison.Ordinal);
    }

    internal static void WriteSparse(string path, int size, int seed)
    {
        var random = new Random(seed);
        using var file = File.Create(path);
        file.SetLength(size);
        var data = new byte[1 << 20];
        for (var at = 0; at < size; at += 2 << 20)
        {
            random.NextBytes(data);
            file.Position = at;
            file.Write(data);
        }
    }
}

/// <summary>The client against the servers of nbdkit and QEMU.</summary>
public sealed class NbdClientInteropTests : IDisposable
{
    private readonly NbdFixture _fixture = new();
    private readonly List<Process> _servers = [];

    public void Dispose()
    {
        foreach (var server in _servers)
        {
            server.Kill();
            server.WaitForExit();
            server.Dispose();
        }

        _fixture.Dispose();
    }

    [ToolTheory("nbdkit")]
    [InlineData("memory", "32M")]
    [InlineData("--filter=nofilter", "memory", "32M")]
    [InlineData("--filter=delay", "memory", "32M", "rdelay=2ms", "wdelay=3ms")]
    [InlineData("--filter=blocksize-policy", "memory", "32M", "blocksize-minimum=512", "blocksize-error-policy=error", "blocksize-maximum=1M")]
    [InlineData("--no-sr", "memory", "32M")]
    [InlineData("--filter=fua", "memory", "32M")]
    [InlineData("--filter=nozero", "memory", "32M")]
    public void Random_requests_to_nbdkit_agree_with_a_model(params string[] args) =>
        Exercise(Connect("nbdkit", ["-f", "-U", _fixture.Path("peer.sock"), .. args]), 32 << 20);

    [ToolFact("qemu-nbd")]
    public void Random_requests_to_qemu_nbd_agree_with_a_model()
    {
        Tools.Run("truncate", "-s", "16M", _fixture.Image);
        var disk = Connect("qemu-nbd", ["-f", "raw", "-t", "-k", _fixture.Path("peer.sock"), "--discard=unmap", _fixture.Image]);
        Exercise(disk, 16 << 20);
        Assert.Equal(0, disk.Zero(0, 16 << 20, unmap: true));
        Assert.All(disk.Status(0, 16 << 20).Extents, extent => Assert.True(extent.Hole));
    }

    [ToolTheory("nbdkit")]
    [InlineData("EIO", 5)]
    [InlineData("ENOSPC", 28)]
    [InlineData("EPERM", 1)]
    public void An_error_of_the_server_is_the_errno_and_the_connection_goes_on(string name, int errno)
    {
        var file = _fixture.Path("inject");
        var disk = Connect("nbdkit", ["-f", "-U", _fixture.Path("peer.sock"), "--filter=error", "memory", "8M", $"error={name}", "error-rate=100%", $"error-file={file}"]);
        Assert.Equal(0, disk.Write(0, new byte[8192]));
        File.WriteAllText(file, "");
        Assert.Equal(errno, disk.Write(0, new byte[8192]));
        Assert.Equal(errno, disk.Error(BlockOperation.Read, 0, new byte[100]));
        Assert.Equal(errno, disk.Discard(0, 4096));
        File.Delete(file);
        Assert.Equal(0, disk.Write(0, new byte[8192]));
        Assert.Null(disk.Client.Failure);
    }

    [ToolFact("nbdkit")]
    public void A_server_that_dies_ends_what_is_under_way()
    {
        var disk = Connect("nbdkit", ["-f", "-U", _fixture.Path("peer.sock"), "--filter=delay", "memory", "8M", "rdelay=60"]);
        var read = Task.Run(() => disk.Error(BlockOperation.Read, 0, new byte[4096]));
        Assert.True(SpinWait.SpinUntil(() => _fixture.On(() => disk.Client.InFlight) == 1, 10_000));
        _servers[0].Kill();
        Assert.Equal(107, read.Result);
        Assert.NotNull(disk.Client.Failure);
        Assert.Equal(107, disk.Write(0, new byte[512]));
    }

    [ToolFact("nbdkit")]
    public void A_server_s_refusal_is_told_with_its_reason()
    {
        Start("nbdkit", ["-f", "-U", _fixture.Path("peer.sock"), "--filter=exportname", "memory", "8M", "exportname=only", "exportname-strict=true"]);
        var error = Assert.Throws<NbdException>(() => _fixture.Connect(new NbdAddress.Unix(_fixture.Path("peer.sock")), new NbdClientOptions { Export = "other" }));
        Assert.Contains("other", error.Message, StringComparison.Ordinal);
    }

    private SyncDisk Connect(string program, string[] args)
    {
        Start(program, args);
        return _fixture.Connect(new NbdAddress.Unix(_fixture.Path("peer.sock")));
    }

    private void Start(string program, string[] args)
    {
        var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true })!;
        _servers.Add(process);
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        Assert.True(SpinWait.SpinUntil(() => process.HasExited || Listens(_fixture.Path("peer.sock")), 20_000));
        Assert.False(process.HasExited, $"{program} {string.Join(' ', args)} has ended");
    }

    private static bool Listens(string path)
    {
        if (!File.Exists(path))
            return false;
        try
        {
            NbdFixture.Raw(new NbdAddress.Unix(path)).Dispose();
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private static void Exercise(SyncDisk disk, int size)
    {
        Assert.Equal(size, disk.Client.Size);
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var model = new byte[size];
        var unit = (int)disk.Client.Session.MinimumBlock;
        for (var i = 0; i < 120; i++)
        {
            var length = unit * random.Next(1, (random.Next(6) == 0 ? 3_000_000 : 20_000) / unit);
            var at = unit * random.Next((size - length) / unit);
            var part = model.AsSpan(at, length);
            switch (random.Next(4))
            {
                case 0 or 1:
                    random.NextBytes(part);
                    Assert.Equal(0, disk.Write(at, part.ToArray(), random.Next(5) == 0, random.Next(1, 8)));
                    break;
                case 2:
                    part.Clear();
                    Assert.Equal(0, disk.Zero(at, length, random.Next(2) == 0));
                    break;
                default:
                    Assert.True(part.SequenceEqual(disk.Read(at, length, random.Next(1, 8))), $"seed {seed}, round {i}");
                    break;
            }
        }

        Assert.Equal(0, disk.Flush());
        Assert.True(model.AsSpan().SequenceEqual(disk.Read(0, size)), $"seed {seed}");
    }
}
