using System.Diagnostics;
using Colo.Boot;
using Colo.Memory;

namespace Colo.Tests.Boot;

public sealed class KernelFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("colo-kernel-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("", "empty")]
    [InlineData("1F8B0800", "gunzip")]
    [InlineData("28B52FFD00", "zstd -d")]
    [InlineData("FD377A585A00", "xz -d")]
    [InlineData("04224D18", "lz4 -d")]
    [InlineData("425A6839", "bunzip2")]
    [InlineData("4D5A00", "unified kernel image")]
    [InlineData("303730373031", "[vm] initrd")]
    [InlineData("514649FB", "qcow2")]
    [InlineData("213C617263683E0A", "dpkg -x")]
    [InlineData("EDABEEDB", "rpm2cpio")]
    [InlineData("27051956", "U-Boot")]
    [InlineData("23212F62696E", "script")]
    [InlineData("48656C6C6F2C20776F726C64", "text")]
    [InlineData("41424344", "too short")]
    [InlineData("7F454C46", "cut off")]
    public void Other_files_are_refused_as_what_they_are(string hex, string what) => Refused(Convert.FromHexString(hex), what);

    [Fact]
    public void Other_files_are_known_by_what_stands_further_in_too()
    {
        Refused(With(0x38, "ARM\x64"u8, "MZ"u8), "arm64");
        Refused(With(0x38, "RSC\x05"u8, "MZ"u8), "RISC-V");
        Refused(With(0x8001, "CD001"u8), "CD image");
        Refused(With(510, [0x55, 0xAA]), "disk image");
        Refused(With(100, [1]), "unknown kind");
        var arm = PvhTests.Elf([0xF4]);
        (arm[18], arm[19]) = (183, 0);
        Refused(arm, "AArch64");
    }

    [Fact]
    public void What_is_no_ordinary_file_is_refused_with_key_and_mend()
    {
        Assert.Contains("directory", Unreadable(_folder), StringComparison.Ordinal);
        Assert.Contains("not there", Unreadable(Path.Combine(_folder, "none")), StringComparison.Ordinal);
        Assert.Contains("device", Unreadable("/dev/zero"), StringComparison.Ordinal);
        var file = Path.Combine(_folder, "empty");
        File.WriteAllBytes(file, []);
        Assert.Contains("empty", Unreadable(file), StringComparison.Ordinal);

        // Opened as a file it would wait for a writer.
        var pipe = Path.Combine(_folder, "pipe");
        using (var made = Process.Start("mkfifo", pipe))
            made.WaitForExit();
        Assert.Contains("pipe", Unreadable(pipe), StringComparison.Ordinal);

        using (var sparse = File.OpenHandle(file, FileMode.Open, FileAccess.Write))
            RandomAccess.SetLength(sparse, (1L << 30) + 1);
        Assert.Contains("disk image", Unreadable(file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_read_whole()
    {
        var file = Path.Combine(_folder, "kernel");
        var content = new byte[123_456];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(file, content);
        Assert.Equal(content, KernelFile.Read(file, "kernel"));
        File.CreateSymbolicLink(Path.Combine(_folder, "link"), file);
        Assert.Equal(content, KernelFile.Read(Path.Combine(_folder, "link"), "kernel"));
    }

    private static string Unreadable(string path)
    {
        var message = Assert.Throws<BootException>(() => KernelFile.Read(path, "initrd")).Message;
        Assert.StartsWith($"[vm] initrd: {path} ", message, StringComparison.Ordinal);
        return message;
    }

    private static byte[] With(int at, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> start = default)
    {
        var file = new byte[0x9000];
        start.CopyTo(file);
        bytes.CopyTo(file.AsSpan(at));
        return file;
    }

    private static void Refused(byte[] file, string what)
    {
        using var memory = GuestMemory.Create(4 << 20);
        var message = Assert.Throws<BootException>(() => BootLoader.Load(file, default, "", memory, new Platform(1, false, []))).Message;
        Assert.StartsWith("kernel: ", message, StringComparison.Ordinal);
        Assert.Contains(what, message, StringComparison.Ordinal);
    }
}
