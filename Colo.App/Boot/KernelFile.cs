using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Colo.Block;
using Colo.Linux;
using Microsoft.Win32.SafeHandles;

namespace Colo.Boot;

/// <summary>Reads the files of <c>[vm] kernel</c> and <c>initrd</c>, and says of a file that is no kernel what it is.</summary>
internal static class KernelFile
{
    // Kernels have tens of MiB, initial RAM disks seldom more than a hundred; all of it is held for a reset.
    private const long Most = 1 << 30;

    /// <summary>Reads one.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="key">The key of <c>[vm]</c> that names it.</param>
    /// <exception cref="BootException">It cannot be read, or is no ordinary file, or has more than 1 GiB; the message names key and mend.</exception>
    internal static unsafe byte[] Read(string path, string key)
    {
        BootException Bad(string what) => new($"[vm] {key}: {path} {what}");
        // Without O_NONBLOCK the opening of a pipe would wait for its other end.
        var fd = NativeFile.open(path, NativeFile.O_RDONLY | NativeFile.O_CLOEXEC | NativeFile.O_NONBLOCK, 0);
        if (fd < 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            throw Bad(errno switch
            {
                Errno.ENOENT => "is not there: name a file of this host",
                Errno.EACCES or Errno.EPERM => "may not be read by this user: chmod it, or run as another user",
                _ => $"cannot be opened: {Marshal.GetPInvokeErrorMessage(errno)}",
            });
        }

        using var file = new SafeFileHandle(fd, ownsHandle: true);
        if (!FileStatus.OfOpen(fd, FileStatus.STATX_TYPE, out var status))
            throw Bad($"cannot be looked at: {Marshal.GetLastPInvokeErrorMessage()}");
        switch (status.Type)
        {
            case FileStatus.S_IFREG:
                break;
            case FileStatus.S_IFDIR:
                throw Bad("is a directory: name the file in it");
            default:
                throw Bad("is no ordinary file but a device, pipe or socket: name a file");
        }

        var length = RandomAccess.GetLength(file);
        if (length == 0)
            throw Bad("is empty: copy it anew");
        if (length > Most)
            throw Bad($"has {length} bytes, at most {Most} are taken: is it a disk image? That goes to [disk:NAME] path");
        var bytes = new byte[length];
        for (var done = 0; done < bytes.Length;)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(done), done);
            if (read == 0)
                throw Bad("became shorter while it was read: try again when nobody writes it");
            done += read;
        }

        return bytes;
    }

    /// <summary>Says what a file is that is neither an ELF file nor a bzImage, and what to give instead.</summary>
    internal static string Describe(ReadOnlySpan<byte> file)
    {
        const string wanted = "; a Linux bzImage (often named vmlinuz) or an ELF kernel with a PVH note (vmlinux) is needed";
        if (file.IsEmpty)
            return "the file is empty";
        if (file.Length >= 0x40 && U32(file, 0x38) == 0x644D_5241) // "ARM" 0x64
            return "it is an arm64 Linux Image; a kernel for x86-64 is needed";
        if (file.Length >= 0x40 && U32(file, 0x38) == 0x0543_5352) // "RSC" 0x05
            return "it is a RISC-V Linux Image; a kernel for x86-64 is needed";
        if (Packed(file) is var (format, command))
            return $"it is {format} data; a kernel has to be unpacked: {command} (an initial RAM disk goes to [vm] initrd as it is)";
        var what = file switch
        {
            [(byte)'M', (byte)'Z', ..] =>
                "an EFI (PE) program without a Linux setup header; of a unified kernel image take the kernel out: objcopy -O binary --only-section=.linux FILE vmlinuz",
            [(byte)'0', (byte)'7', (byte)'0', (byte)'7', ..] => "a cpio archive, as initial RAM disks are: give it as [vm] initrd" + wanted,
            [(byte)'Q', (byte)'F', (byte)'I', 0xFB, ..] => "a qcow2 disk image; convert it with qemu-img for [disk:NAME] path" + wanted,
            [(byte)'!', (byte)'<', (byte)'a', (byte)'r', ..] => "a Debian package or another ar archive; unpack it: dpkg -x FILE DIRECTORY, the kernel is in DIRECTORY/boot",
            [0xED, 0xAB, 0xEE, 0xDB, ..] => "an RPM package; unpack it: rpm2cpio FILE | cpio -id",
            [0x27, 0x05, 0x19, 0x56, ..] => "a U-Boot image" + wanted,
            [(byte)'#', (byte)'!', ..] => "a script" + wanted,
            _ when file.Length > 0x8006 && file.Slice(0x8001, 5).SequenceEqual("CD001"u8) => "a CD image; the kernel is a file in it" + wanted,
            _ when file.Length >= 512 && file[510] == 0x55 && file[511] == 0xAA => "a boot sector or disk image" + wanted,
            _ when IsText(file) => "text" + wanted,
            _ when file.Length < 1024 => $"of an unknown kind and, with {file.Length} bytes, too short (it begins with {Start(file)}){wanted}",
            _ => $"of an unknown kind (it begins with {Start(file)}){wanted}",
        };
        return $"it is {what}";
    }

    /// <summary>The name of an ELF machine, for those that a kernel may have been built for.</summary>
    internal static string MachineName(int machine) => machine switch
    {
        3 => "3, i386",
        8 => "8, MIPS",
        20 or 21 => $"{machine}, PowerPC",
        22 => "22, s390",
        40 => "40, ARM",
        62 => "62, x86-64",
        183 => "183, AArch64",
        243 => "243, RISC-V",
        258 => "258, LoongArch",
        _ => $"{machine}",
    };

    private static (string Format, string Command)? Packed(ReadOnlySpan<byte> file) => file switch
    {
        [0x1F, 0x8B, ..] => ("gzip", "gunzip < FILE > vmlinux"),
        [0xFD, (byte)'7', (byte)'z', ..] => ("xz", "xz -d < FILE > vmlinux"),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => ("zstd", "zstd -d < FILE > vmlinux"),
        [(byte)'B', (byte)'Z', (byte)'h', ..] => ("bzip2", "bunzip2 < FILE > vmlinux"),
        [0x02 or 0x04, 0x21 or 0x22, 0x4C or 0x4D, 0x18, ..] => ("lz4", "lz4 -d < FILE > vmlinux"),
        [0x89, (byte)'L', (byte)'Z', (byte)'O', ..] => ("lzop", "lzop -d < FILE > vmlinux"),
        [0x5D, 0, 0, ..] => ("lzma", "unlzma < FILE > vmlinux"),
        _ => null,
    };

    private static bool IsText(ReadOnlySpan<byte> file)
    {
        foreach (var one in file[..Math.Min(file.Length, 512)])
        {
            if (one is (< 0x20 or 0x7F) and not ((byte)'\n' or (byte)'\r' or (byte)'\t'))
                return false;
        }

        return file.Length >= 8;
    }

    private static string Start(ReadOnlySpan<byte> file) => Convert.ToHexString(file[..Math.Min(4, file.Length)]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
