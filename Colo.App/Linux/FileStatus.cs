using System.Runtime.InteropServices;

namespace Colo.Linux;

/// <summary>What the kernel knows of a file: struct statx (linux/stat.h), as far as anything of it is read here.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct FileStatus
{
    internal const uint STATX_TYPE = 1;
    internal const uint STATX_GID = 0x10;
    internal const uint STATX_INO = 0x100;
    internal const uint STATX_DIOALIGN = 0x2000;
    internal const int S_IFMT = 0xF000;
    internal const int S_IFDIR = 0x4000;
    internal const int S_IFREG = 0x8000;
    internal const int S_IFSOCK = 0xC000;

    [FieldOffset(0)]
    internal uint stx_mask;

    [FieldOffset(24)]
    internal uint stx_gid;

    [FieldOffset(28)]
    internal ushort stx_mode;

    [FieldOffset(32)]
    internal ulong stx_ino;

    [FieldOffset(136)]
    internal uint stx_dev_major;

    [FieldOffset(140)]
    internal uint stx_dev_minor;

    [FieldOffset(152)]
    internal uint stx_dio_mem_align;

    [FieldOffset(156)]
    internal uint stx_dio_offset_align;

    /// <summary>One of the S_IF constants.</summary>
    internal readonly int Type => stx_mode & S_IFMT;

    /// <summary>The device's number as stat(2) has it (makedev(3)).</summary>
    internal readonly ulong Device =>
        (stx_dev_major & 0xFFFFF000UL) << 32 | (stx_dev_major & 0xFFFUL) << 8 | (stx_dev_minor & 0xFFFFFF00UL) << 12 | (stx_dev_minor & 0xFFUL);

    /// <summary>Asks for a path, without following a symbolic link at its end.</summary>
    /// <returns>False: errno says why.</returns>
    internal static bool OfPath(string path, uint mask, out FileStatus status)
    {
        const int currentFolder = -100, noFollow = 0x100;
        return Native.statx(currentFolder, path, noFollow, mask, out status) == 0;
    }

    /// <summary>Asks for an open file.</summary>
    /// <inheritdoc cref="OfPath"/>
    internal static bool OfOpen(int fd, uint mask, out FileStatus status)
    {
        const int emptyPath = 0x1000;
        return Native.statx(fd, "", emptyPath, mask, out status) == 0;
    }
}
