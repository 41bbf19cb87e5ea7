using System.Globalization;
using System.Text.Json;
using Colo.Block;
using Colo.Linux;
using Xunit.Abstractions;

namespace Colo.Tests.Block;

/// <summary>The executable as users get it, before the tools that they have: libnbd, QEMU, fio.</summary>
public sealed class NbdBinaryTests(ITestOutputHelper output) : IDisposable
{
    private const int Size = 64 << 20;
    private readonly NbdFixture _fixture = new();
    private readonly List<NbdProcess> _processes = [];

    public void Dispose()
    {
        foreach (var process in _processes)
            process.Dispose();
        _fixture.Dispose();
    }

    [BinaryFact("nbdinfo")]
    public void Nbdinfo_sees_the_image_and_what_can_be_done_with_it()
    {
        var colo = Start("--size", "64M");
        var export = JsonDocument.Parse(Tools.Run("nbdinfo", "--json", colo.Uri)).RootElement.GetProperty("exports")[0];
        Assert.Equal(Size, export.GetProperty("export-size").GetInt64());
        Assert.Equal("base:allocation", export.GetProperty("contexts")[0].GetString());
        foreach (var can in new[] { "can_flush", "can_fua", "can_multi_conn", "can_trim", "can_zero", "can_fast_zero" })
            Assert.True(export.GetProperty(can).GetBoolean(), can);
        Assert.False(export.GetProperty("is_read_only").GetBoolean());
        var map = JsonDocument.Parse(Tools.Run("nbdinfo", "--map", "--json", colo.Uri)).RootElement.EnumerateArray().Single();
        Assert.Equal((Size, 3), (map.GetProperty("length").GetInt32(), map.GetProperty("type").GetInt32()));
        colo.Stop();
    }

    [BinaryFact("nbdcopy", "cmp", "qemu-img")]
    public void A_random_sparse_image_is_copied_in_and_out_byte_for_byte_and_hole_for_hole()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var (from, back) = (_fixture.Path("from.img"), _fixture.Path("back.img"));
        WriteSparse(from, new Random(seed));
        var colo = Start("--size", "64M");
        Tools.Run("nbdcopy", "--connections=4", "--requests=32", "--flush", from, colo.Uri);
        Tools.Run("cmp", from, _fixture.Image);
        Assert.Equal(Extents(from), Extents(_fixture.Image));
        Tools.Run("truncate", "-s", "64M", back);
        Tools.Run("nbdcopy", "--connections=4", "--flush", colo.Uri, back);
        Tools.Run("cmp", from, back);
        Assert.Equal(Extents(from), Extents(back));
        Tools.Run("qemu-img", "compare", "-f", "raw", "-F", "raw", colo.Uri, from);
        var (exit, text, _) = ColoBinary.RunProgram("qemu-img", "compare", "-f", "raw", "-F", "raw", colo.Uri, "/dev/zero");
        Assert.True(exit != 0, text);
        var (source, image) = (Allocated(from), Allocated(_fixture.Image));
        output.WriteLine($"allocated: source {source}, image {image}, copy {Allocated(back)} of {Size}");
        // A file system may take some blocks for the map of the file.
        Assert.InRange(image, source - (256 << 10), source + (256 << 10));
        Assert.True(source < Size / 4 * 3, $"seed {seed}: {source} bytes are no sparse image");

        // And over what was there: an older image's data must not shine through the holes.
        WriteSparse(from, new Random(seed + 1));
        Tools.Run("nbdcopy", "--flush", from, colo.Uri);
        Tools.Run("qemu-img", "compare", "-f", "raw", "-F", "raw", colo.Uri, from);
        Assert.Equal(Extents(from), Extents(_fixture.Image));
        colo.Stop();
    }

    [BinaryFact("qemu-io")]
    public void Qemu_io_reads_what_it_wrote_and_flushed_also_from_the_next_server()
    {
        var colo = Start("--size", "64M");
        var text = Tools.Run("qemu-io", "-f", "raw", colo.Uri, "-c", "write -P 0x5a 1M 2M", "-c", "flush", "-c", "read -P 0x5a 1M 2M", "-c", "read -P 0 3M 1M");
        Assert.DoesNotContain("fail", text, StringComparison.OrdinalIgnoreCase);
        colo.Process.Kill();
        colo.Process.WaitForExit();
        colo = Start();
        text = Tools.Run("qemu-io", "-r", "-f", "raw", colo.Uri, "-c", "read -P 0x5a 1M 2M");
        Assert.DoesNotContain("fail", text, StringComparison.OrdinalIgnoreCase);
        (_, text, _) = ColoBinary.RunProgram("qemu-io", "-r", "-f", "raw", colo.Uri, "-c", "read -P 0x5b 1M 2M");
        Assert.Contains("verification failed", text, StringComparison.OrdinalIgnoreCase);
    }

    [BinaryFact("fio")]
    public void Fio_verifies_what_it_wrote_at_random()
    {
        var colo = Start("--size", "64M");
        string[] common =
        [
            "--ioengine=nbd", $"--uri={colo.Uri}", "--bssplit=4k/60:16k/20:64k/10:256k/10", "--iodepth=32", "--size=64M", "--verify=crc32c",
            "--verify_fatal=1", "--output-format=json",
        ];
        // What was written is read again while more is written, and its checksum compared.
        var job = Fio(["--name=mixed", "--rw=randrw", "--rwmixread=40", "--verify_backlog=64", "--time_based", "--runtime=3", .. common]);
        var (read, written) = (job.GetProperty("read").GetProperty("total_ios").GetInt64(), job.GetProperty("write").GetProperty("total_ios").GetInt64());
        output.WriteLine($"{read} reads, {written} writes");
        Assert.Equal(0, job.GetProperty("error").GetInt32());
        Assert.True(read > 100 && written > 100, $"{read} reads, {written} writes");
        job = Fio(["--name=fsync", "--rw=randwrite", "--fsync=8", "--number_ios=1000", .. common]);
        Assert.Equal(0, job.GetProperty("error").GetInt32());
        colo.Stop();
    }

    [BinaryFact("cc")]
    public void Without_io_uring_threads_serve_the_image_and_the_log_says_so_once()
    {
        var shim = _fixture.Path("shim");
        File.WriteAllText(shim + ".c", """
            #include <errno.h>
            #include <stddef.h>
            #include <unistd.h>
            #include <sys/prctl.h>
            #include <linux/filter.h>
            #include <linux/seccomp.h>
            int main(int argc, char **argv)
            {
                struct sock_filter filter[] = {
                    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 425, 0, 1),
                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                };
                struct sock_fprog program = { 4, filter };
                if (argc < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
                    return 99;
                execv(argv[1], argv + 1);
                return 98;
            }
            """);
        Tools.Run("cc", "-o", shim, shim + ".c");
        var colo = Start([shim], "--size", "64M");
        var disk = _fixture.Connect(colo.Address);
        Assert.Equal(0, disk.Write(4096, [1, 2, 3], durable: true));
        Assert.Equal([1, 2, 3], disk.Read(4096, 3));
        Assert.Equal(1, Count(colo.Stop()));
        colo = Start();
        disk = _fixture.Connect(colo.Address);
        Assert.Equal([1, 2, 3], disk.Read(4096, 3));
        Assert.Equal(ImageHarness.Available ? 0 : 1, Count(colo.Stop()));
    }

    private JsonElement Fio(string[] args)
    {
        var text = Tools.Run("fio", args);
        // It may say something before.
        var start = text.IndexOf('{', StringComparison.Ordinal);
        output.WriteLine(text[..start]);
        return JsonDocument.Parse(text[start..]).RootElement.GetProperty("jobs")[0];
    }

    private static int Count(string log) => log.Split("disks are read and written by threads: io_uring: ").Length - 1;

    private NbdProcess Start(params string[] args) => Start([], args);

    private NbdProcess Start(string[] prefix, params string[] args)
    {
        var process = new NbdProcess(_fixture.Path($"{_processes.Count}.sock"), prefix, ["--image", _fixture.Image, .. args]);
        _processes.Add(process);
        return process;
    }

    private static long Allocated(string path) => 512 * long.Parse(Tools.Run("stat", "-c", "%b", path), CultureInfo.InvariantCulture);

    /// <summary>Where the file has data, as the file system says.</summary>
    private static List<(long From, long To)> Extents(string path)
    {
        using var file = new Microsoft.Win32.SafeHandles.SafeFileHandle(NativeFile.open(path, NativeFile.O_CLOEXEC, 0), ownsHandle: true);
        var number = (int)file.DangerousGetHandle();
        var extents = new List<(long, long)>();
        for (long at = 0; at < Size;)
        {
            var from = NativeFile.lseek(number, at, NativeFile.SEEK_DATA);
            if (from < 0)
                break;
            at = NativeFile.lseek(number, from, NativeFile.SEEK_HOLE);
            extents.Add((from, at));
        }

        return extents;
    }

    // Data and holes of 64 KiB to 4 MiB, in multiples of 64 KiB; none of the data is zeroes, which a copy may take for a hole.
    private static void WriteSparse(string path, Random random)
    {
        const int unit = 64 << 10;
        using var file = File.Create(path);
        file.SetLength(Size);
        var data = new byte[4 << 20];
        for (var at = 0; at < Size;)
        {
            var length = Math.Min(unit * random.Next(1, 65), Size - at);
            if (random.Next(2) == 0)
            {
                random.NextBytes(data.AsSpan(0, length));
                file.Position = at;
                file.Write(data.AsSpan(0, length));
            }

            at += length;
        }
    }

    private sealed class BinaryFactAttribute : FactAttribute
    {
        public BinaryFactAttribute(params string[] tools) =>
            Skip = ColoBinary.Path is null ? "out/colo is not built and COLO_BINARY is not set: run ./build.sh" : Tools.Missing(tools);
    }
}
