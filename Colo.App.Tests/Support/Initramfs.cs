using System.Globalization;
using System.Text;

namespace Colo.Tests.Support;

/// <summary>An initial RAM disk made of files, in cpio's "newc" format (Linux's Documentation/driver-api/early-userspace/buffer-format.rst).</summary>
internal sealed class Initramfs
{
    private readonly MemoryStream _archive = new();
    private int _number;

    /// <summary>One with busybox, the folders that Linux's own file systems are mounted on, and this as <c>/init</c>.</summary>
    internal static byte[] WithBusybox(string init)
    {
        var archive = new Initramfs();
        foreach (var folder in new[] { "bin", "dev", "proc", "sys" })
            archive.Folder(folder);
        archive.Program("bin/busybox", File.ReadAllBytes(LinuxGuestTheoryAttribute.Busybox));
        archive.Program("init", Encoding.ASCII.GetBytes(init));
        return archive.ToArray();
    }

    internal void Folder(string name) => Add(name, 0x41ED, []);

    internal void Program(string name, byte[] content) => Add(name, 0x81ED, content);

    internal byte[] ToArray()
    {
        Add("TRAILER!!!", 0, []);
        return _archive.ToArray();
    }

    private void Add(string name, int mode, byte[] content)
    {
        int[] fields = [_number++, mode, 0, 0, 1, 0, content.Length, 0, 0, 0, 0, name.Length + 1, 0];
        _archive.Write("070701"u8);
        foreach (var field in fields)
            _archive.Write(Encoding.ASCII.GetBytes(field.ToString("X8", CultureInfo.InvariantCulture)));
        _archive.Write(Encoding.ASCII.GetBytes(name + "\0"));
        Pad();
        _archive.Write(content);
        Pad();
    }

    private void Pad() => _archive.Write(new byte[-_archive.Length & 3]);
}
